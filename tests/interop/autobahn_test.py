#!/usr/bin/env python3
"""The cases of the Autobahn fuzzing client, sections 1 to 7, 9 and 10, against our echo server.

    autobahn_test.py WS_ECHO [SECTION ...]      SECTION: the beginning of case numbers, "6.4" or "9"

Written from the published descriptions of the cases; numbers are Autobahn's. Expectations are its
strict ones: what arrived before the fault is echoed, then exactly the right close code comes, then
the server ends the connection. Sections 12 and 13 (compression) do not apply: we never take it up.
"""
import os
import socket
import struct
import subprocess
import sys
import time

TIMEOUT = 20.0
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NAMES = {TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class Wrong(Exception):
    """The server did something else than it should."""


def xor(payload, mask):
    n = len(payload)
    if n == 0:
        return b""
    key = (mask * (n // 4 + 1))[:n]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(n, "big")


def frame(op, payload=b"", fin=True, rsv=0):
    mask = os.urandom(4)
    n = len(payload)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | op])
    if n < 126:
        head += bytes([0x80 | n])
    elif n < 65536:
        head += struct.pack(">BH", 0x80 | 126, n)
    else:
        head += struct.pack(">BQ", 0x80 | 127, n)
    return head + mask + xor(payload, mask)


def pieces(op, payload, size):
    """A message in fragments of `size` bytes."""
    parts = [payload[i:i + size] for i in range(0, len(payload), size)] or [b""]
    return [frame(op if i == 0 else CONT, p, i == len(parts) - 1) for i, p in enumerate(parts)]


class Client:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""
        self.sock.sendall((f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
                           f"Connection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n"
                           "Sec-WebSocket-Version: 13\r\n\r\n").encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.sock.recv(1)
            if not byte:
                raise Wrong(f"no upgrade: {head!r}")
            head += byte
        if not head.startswith(b"HTTP/1.1 101 ") or ACCEPT not in head:
            raise Wrong(f"no upgrade: {head!r}")

    def send(self, data, chop=0):
        try:
            if chop == 0:
                self.sock.sendall(data)
            for i in range(0, len(data) if chop else 0, chop or 1):
                self.sock.sendall(data[i:i + chop])
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server has failed the connection already: its close frame tells why

    def take(self, n):
        parts, have = [self.held], len(self.held)
        while have < n:
            more = self.sock.recv(1 << 20)
            if not more:
                return None
            parts.append(more)
            have += len(more)
        whole = b"".join(parts)
        self.held = whole[n:]
        return whole[:n]

    def receive(self):
        """The next frame as (name, payload), or ("end", b"")."""
        head = self.take(2)
        if head is None:
            if self.held:
                raise Wrong("connection ended inside a frame")
            return ("end", b"")
        if head[0] & 0x70 or not head[0] & 0x80 or (head[0] & 15) not in NAMES or head[1] & 0x80:
            raise Wrong(f"server sent a bad header {head!r}")
        n = head[1]
        if n == 126:
            n = struct.unpack(">H", self.take(2))[0]
        elif n == 127:
            n = struct.unpack(">Q", self.take(8))[0]
        payload = self.take(n)
        if payload is None:
            raise Wrong("connection ended inside a frame")
        return (NAMES[head[0] & 15], payload)

    def expect(self, *events):
        for want in events:
            got = self.receive()
            if got != want:
                raise Wrong(f"got {got[0]} of {len(got[1])} bytes {got[1][:40]!r}, "
                            f"want {want[0]} of {len(want[1])} bytes {want[1][:40]!r}")

    def expect_close(self, code):
        name, payload = self.receive()
        got = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
        if name != "close" or got != code:
            raise Wrong(f"got {name} {got}, want close {code}")
        payload[2:].decode("utf-8", "strict")
        self.expect(("end", b""))

    def finish(self):
        """We close; the server answers with the same code and ends the connection."""
        self.send(frame(CLOSE, struct.pack(">H", 1000)))
        self.expect_close(1000)


def script(frames, events, end=None, chop=0, each=False):
    """Send frames (in one piece, each by itself, or chopped), expect events, then the end:
    None: we close cleanly; a number: the server fails the connection with this code."""
    def run(client):
        if each:
            for f in frames:
                client.send(f)
        else:
            client.send(b"".join(frames), chop)
        client.expect(*events)
        if end is None:
            client.finish()
        else:
            client.expect_close(end)
    return run


def echo(op, payload, chop=0, fragment=0):
    frames = pieces(op, payload, fragment) if fragment else [frame(op, payload)]
    return script(frames, [(NAMES[op], payload)], chop=chop)


def section_1():
    sizes = [0, 125, 126, 127, 128, 65535, 65536]
    for part, op, byte in ((1, TEXT, b"*"), (2, BINARY, b"\xfe")):
        for i, size in enumerate(sizes, 1):
            yield f"1.{part}.{i}", echo(op, byte * size)
        yield f"1.{part}.8", echo(op, byte * 65536, chop=997)


def section_2():
    def ping(payload, chop=0):
        return script([frame(PING, payload)], [("pong", payload)], chop=chop)
    yield "2.1", ping(b"")
    yield "2.2", ping(b"Hello, world!")
    yield "2.3", ping(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff")
    yield "2.4", ping(b"\xfe" * 125)
    yield "2.5", script([frame(PING, b"\xfe" * 126)], [], 1002)
    yield "2.6", ping(b"\xfe" * 125, chop=1)
    yield "2.7", script([frame(PONG)], [])
    yield "2.8", script([frame(PONG, b"unsolicited pong payload")], [])
    yield "2.9", script([frame(PONG, b"unsolicited pong payload"), frame(PING, b"ping payload")],
                        [("pong", b"ping payload")])
    many = [b"payload-%d" % i for i in range(10)]
    for number, chop in (("2.10", 0), ("2.11", 1)):
        yield number, script([frame(PING, p) for p in many], [("pong", p) for p in many], chop=chop)


HELLO = b"Hello, world!"
HEARD = ("text", HELLO)


def section_3():
    yield "3.1", script([frame(TEXT, HELLO, rsv=1)], [], 1002)
    for number, rsv, chop, each in (("3.2", 2, 0, False), ("3.3", 3, 0, True), ("3.4", 4, 1, False)):
        yield number, script([frame(TEXT, HELLO), frame(TEXT, HELLO, rsv=rsv), frame(PING)],
                             [HEARD], 1002, chop=chop, each=each)
    yield "3.5", script([frame(BINARY, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", rsv=5)], [], 1002)
    yield "3.6", script([frame(PING, HELLO, rsv=6)], [], 1002)
    yield "3.7", script([frame(CLOSE, b"\x03\xe8", rsv=7)], [], 1002)


def section_4():
    for part, first in ((1, 3), (2, 11)):
        yield f"4.{part}.1", script([frame(first)], [], 1002)
        yield f"4.{part}.2", script([frame(first + 1, b"reserved opcode payload")], [], 1002)
        for i, (payload, chop, each) in enumerate(((b"", 0, False), (b"payload", 0, True),
                                                   (b"payload", 1, False)), 3):
            bad = frame(first + i - 1, payload)
            yield f"4.{part}.{i}", script([frame(TEXT, HELLO), bad, frame(PING)], [HEARD], 1002,
                                          chop=chop, each=each)


def slow_fragments(client):
    client.send(frame(TEXT, b"fragment1", False) + frame(CONT, b"fragment2", False) +
                frame(PING, b"pongme 1!"))
    client.expect(("pong", b"pongme 1!"))
    time.sleep(1.0)
    client.send(frame(CONT, b"fragment3", False) + frame(CONT, b"fragment4", False) +
                frame(PING, b"pongme 2!") + frame(CONT, b"fragment5"))
    client.expect(("pong", b"pongme 2!"),
                  ("text", b"fragment1fragment2fragment3fragment4fragment5"))
    client.finish()


def section_5():
    ways = ((0, False), (0, True), (1, False))  # one piece, frame by frame, octet by octet
    yield "5.1", script([frame(PING, b"fragment1", False), frame(CONT, b"fragment2")], [], 1002)
    yield "5.2", script([frame(PONG, b"fragment1", False), frame(CONT, b"fragment2")], [], 1002)
    one, two = frame(TEXT, b"fragment1", False), frame(CONT, b"fragment2")
    whole = ("text", b"fragment1fragment2")
    for i, (chop, each) in enumerate(ways):
        yield f"5.{3 + i}", script([one, two], [whole], chop=chop, each=each)
    for i, (chop, each) in enumerate(ways):
        yield f"5.{6 + i}", script([one, frame(PING, b"ping payload"), two],
                                   [("pong", b"ping payload"), whole], chop=chop, each=each)
    for base, fin in ((9, True), (12, False)):
        for i, (chop, each) in enumerate(ways):
            yield f"5.{base + i}", script([frame(CONT, b"non-continuation payload", fin),
                                           frame(TEXT, HELLO)], [], 1002, chop=chop, each=each)
    yield "5.15", script([one, two, frame(CONT, b"fragment3", False), frame(TEXT, b"fragment4")],
                         [whole], 1002)
    for number, fin in (("5.16", False), ("5.17", True)):
        again = [frame(CONT, b"fragment1", fin), frame(TEXT, b"fragment2", False),
                 frame(CONT, b"fragment3")]
        yield number, script(again * 2, [], 1002)
    yield "5.18", script([one, frame(TEXT, b"fragment2")], [], 1002)
    yield "5.19", slow_fragments
    fragments = [frame(TEXT if i == 1 else CONT, b"fragment%d" % i, i == 5) for i in range(1, 6)]
    yield "5.20", script(fragments[:2] + [frame(PING, b"pongme 1!")] + fragments[2:4] +
                         [frame(PING, b"pongme 2!"), fragments[4]],
                         [("pong", b"pongme 1!"), ("pong", b"pongme 2!"),
                          ("text", b"fragment1fragment2fragment3fragment4fragment5")], each=True)


def fail_fast(parts, in_one_frame):
    """Send all parts but the last; the server must have failed the connection by then."""
    def run(client):
        sent = [frame(TEXT if i == 0 else CONT, p, i == len(parts) - 1)
                for i, p in enumerate(parts)]
        if in_one_frame:
            whole, ends = frame(TEXT, b"".join(parts)), []
            for p in reversed(parts):
                ends.insert(0, whole[len(whole) - len(p):])
                whole = whole[:len(whole) - len(p)]
            sent = [whole + ends[0]] + ends[1:]
        for data in sent[:-1]:
            client.send(data)
            time.sleep(0.02)
        client.expect_close(1007)
    return run


KOSME = "\u03ba\u1f79\u03c3\u03bc\u03b5".encode()


def utf8_table():
    """(section, payloads): Markus Kuhn's stress test, in Autobahn's order."""
    h = bytes.fromhex
    yield 5, [b"hello$world", h("68656c6c6fc2a2776f726c64"), h("68656c6c6fe282ac776f726c64"),
              h("68656c6c6ff0a4ada2776f726c64"), KOSME]
    yield 6, [KOSME[:i] for i in range(1, 12)]
    yield 7, [h(x) for x in ("00", "c280", "e0a080", "f0908080")]
    yield 8, [h(x) for x in ("f888808080", "fc8480808080")]
    yield 9, [h(x) for x in ("7f", "dfbf", "efbfbf", "f48fbfbf")]
    yield 10, [h(x) for x in ("f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf")]
    yield 11, [h(x) for x in ("ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080")]
    yield 12, [h(x) for x in ("80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80",
                              "80bf80bf80bf")] + [bytes(range(0x80, 0xc0))]
    yield 13, [b"".join(bytes([c, 0x20]) for c in range(*r)) for r in
               ((0xc0, 0xe0), (0xe0, 0xf0), (0xf0, 0xf8), (0xf8, 0xfc), (0xfc, 0xfe))]
    missing = [h(x) for x in ("c0", "e080", "f08080", "f8808080", "fc80808080",
                              "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf")]
    yield 14, missing
    yield 15, [b"".join(missing)]
    yield 16, [h(x) for x in ("fe", "ff", "fefeffff")]
    yield 17, [h(x) for x in ("c0af", "e080af", "f08080af", "f8808080af", "fc80808080af")]
    yield 18, [h(x) for x in ("c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf")]
    yield 19, [h(x) for x in ("c080", "e08080", "f0808080", "f880808080", "fc8080808080")]
    yield 20, [h(x) for x in ("eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf")]
    yield 21, [h(x) for x in ("eda080edb080", "eda080edbfbf", "edadbfedb080", "edadbfedbfbf",
                              "edae80edb080", "edae80edbfbf", "edafbfedb080", "edafbfedbfbf")]
    yield 22, [chr(plane << 16 | low).encode() for plane in range(17) for low in (0xfffe, 0xffff)]
    yield 23, [chr(c).encode() for c in range(0xfff9, 0x10000)]


def is_utf8(payload):
    try:
        payload.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return False
    return True


def section_6():
    yield "6.1.1", echo(TEXT, b"")
    yield "6.1.2", script([frame(TEXT, b"", False), frame(CONT, b"", False), frame(CONT)],
                          [("text", b"")])
    yield "6.1.3", script([frame(TEXT, b"", False), frame(CONT, b"middle frame payload", False),
                           frame(CONT)], [("text", b"middle frame payload")])
    text = "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!".encode()
    yield "6.2.1", echo(TEXT, text)
    yield "6.2.2", script([frame(TEXT, text[:8], False), frame(CONT, text[8:])], [("text", text)])
    yield "6.2.3", echo(TEXT, text, fragment=1)
    yield "6.2.4", echo(TEXT, KOSME, fragment=1)
    bad = KOSME + b"\xed\xa0\x80edited"
    yield "6.3.1", script([frame(TEXT, bad)], [], 1007)
    yield "6.3.2", script(pieces(TEXT, bad, 1), [], 1007)
    by_text = [KOSME, b"\xf4\x90\x80\x80", b"edited"]
    by_octet = [KOSME + b"\xf4", b"\x90", b"\x80\x80edited"]
    yield "6.4.1", fail_fast(by_text, False)
    yield "6.4.2", fail_fast(by_octet, False)
    yield "6.4.3", fail_fast(by_text, True)
    yield "6.4.4", fail_fast(by_octet, True)
    for part, payloads in utf8_table():
        for i, payload in enumerate(payloads, 1):
            good = is_utf8(payload)
            yield f"6.{part}.{i}", (echo(TEXT, payload) if good
                                    else script([frame(TEXT, payload)], [], 1007))


def close_with(payload, want):
    return script([frame(CLOSE, payload)], [], want)


def close_without_code(client):
    client.send(frame(CLOSE))
    client.expect(("close", b""), ("end", b""))


def close_echoed(payload):
    def run(client):
        client.send(frame(CLOSE, payload))
        client.expect(("close", payload), ("end", b""))
    return run


def section_7():
    normal = frame(CLOSE, b"\x03\xe8")
    yield "7.1.1", script([frame(TEXT, HELLO)], [HEARD])
    yield "7.1.2", script([normal, normal], [], 1000)
    yield "7.1.3", script([normal, frame(PING)], [], 1000)
    yield "7.1.4", script([normal, frame(TEXT, HELLO)], [], 1000)
    yield "7.1.5", script([frame(TEXT, b"fragment1", False), normal, frame(CONT, b"fragment2")],
                          [], 1000)
    big = b"BAsd7&jh23" * 26214
    yield "7.1.6", script([frame(TEXT, big), normal, frame(PING)], [("text", big)], 1000)
    yield "7.3.1", close_without_code
    yield "7.3.2", close_with(b"\x03", 1002)
    yield "7.3.3", close_echoed(b"\x03\xe8")
    yield "7.3.4", close_echoed(b"\x03\xe8Hello World!")
    yield "7.3.5", close_echoed(b"\x03\xe8" + b"*" * 123)
    yield "7.3.6", close_with(b"\x03\xe8" + b"*" * 124, 1002)
    yield "7.5.1", close_with(b"\x03\xe8" + KOSME + b"\xed\xa0\x80edited", 1007)
    for i, code in enumerate((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999,
                              4000, 4999), 1):
        yield f"7.7.{i}", close_echoed(struct.pack(">H", code))
    for i, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield f"7.9.{i}", close_with(struct.pack(">H", code), 1002)
    yield "7.13.1", close_with(struct.pack(">H", 5000), 1002)
    yield "7.13.2", close_with(struct.pack(">H", 65535), 1002)


def round_trips(op, payload, count):
    def run(client):
        data = frame(op, payload)
        want = (NAMES[op], payload)
        for _ in range(count):
            client.send(data)
            client.expect(want)
        client.finish()
    return run


def section_9():
    kinds = ((TEXT, b"BAsd7&jh23456789"), (BINARY, b"\x00\xfe\x80\xff01234567\xc0\xc1\xf5\x7f"))
    for offset, (op, pattern) in enumerate(kinds):
        data = pattern * (1 << 20)
        for i, kib in enumerate((64, 256, 1024, 4096, 8192, 16384), 1):
            yield f"9.{1 + offset}.{i}", echo(op, data[:kib * 1024])
        for i, size in enumerate((64, 256, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20,
                                  1 << 22), 1):
            yield f"9.{3 + offset}.{i}", echo(op, data[:1 << 22], fragment=size)
        for i, chop in enumerate((64, 128, 256, 512, 1024, 2048), 1):
            yield f"9.{5 + offset}.{i}", echo(op, data[:1 << 20], chop=chop)
        for i, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            yield f"9.{7 + offset}.{i}", round_trips(op, data[:size], 1000)


def section_10():
    yield "10.1.1", echo(TEXT, b"*" * 65536, fragment=1300)


SECTIONS = (section_1, section_2, section_3, section_4, section_5, section_6, section_7, section_9,
            section_10)


def number_of(name):
    return [int(part) for part in name.split(".")]


def run_case(port, name, run):
    client = None
    try:
        client = Client(port)
        run(client)
        return True
    except (Wrong, OSError, UnicodeDecodeError) as e:
        print(f"FAILED {name}: {type(e).__name__} {e}")
        return False
    finally:
        if client is not None:
            client.sock.close()


def run_all(port, wanted):
    passed, failed = 0, []
    cases = [c for section in SECTIONS for c in section()] if not wanted else [
        c for section in SECTIONS for c in section()
        if any(number_of(c[0])[:len(number_of(w))] == number_of(w) for w in wanted)]
    for name, run in sorted(cases, key=lambda c: number_of(c[0])):
        if run_case(port, name, run):
            passed += 1
        else:
            failed.append(name)
    return passed, failed


def main(argv):
    if len(argv) < 2:
        print(__doc__)
        return 2
    server = subprocess.Popen([argv[1], "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        words = server.stdout.readline().split()
        if words[:2] != ["listening", "on"]:
            print("the server did not start")
            return 1
        began = time.monotonic()
        passed, failed = run_all(int(words[2]), argv[2:])
        took = time.monotonic() - began
    finally:
        server.terminate()
        status = server.wait(TIMEOUT)
    print(f"{passed} passed, {len(failed)} failed, {took:.1f} s")
    if status != 0:
        print(f"the server ended with {status}")
    return 0 if passed > 0 and not failed and status == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
