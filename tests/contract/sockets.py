"""Two WebSocket clients: python3-websockets behind plain calls, and raw frames over a plain socket."""
import asyncio
import base64
import json
import os
import socket
import struct
import threading
import time

import websockets

import schema
from support import API

WAIT_S = 10
loop_holder = []


def loop():
    """The one event loop, in a thread of its own, that all sockets live on."""
    if not loop_holder:
        made = asyncio.new_event_loop()
        threading.Thread(target=made.run_forever, daemon=True).start()
        loop_holder.append(made)
    return loop_holder[0]


def run(coroutine, wait_s=WAIT_S):
    return asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, wait_s), loop()).result(wait_s + 5)


class Refused(Exception):
    """The upgrade was answered with an HTTP status."""

    def __init__(self, status, headers):
        super().__init__(f"upgrade refused with {status}")
        self.status, self.headers = status, headers


async def opened(url, **more):
    return await websockets.connect(url, **more)


def address(server, session_id, query=""):
    return f"ws://127.0.0.1:{server.port}{API}/ws/behavior/{session_id}{query}"


class Socket:
    """A behaviour socket. Every message received is checked against asyncapi.json."""

    def __init__(self, user, query=None, headers=None, subprotocols=None, origin=None, session_id=None, hello=True,
                 server=None):
        server = server or user.server
        if query is None and headers is None and subprotocols is None:
            headers = {"Authorization": "Bearer " + user.token}
        url = address(server, session_id or user.session_id, query or "")
        try:
            self.link = run(opened(url, extra_headers=headers, subprotocols=subprotocols, origin=origin, max_size=None,
                                   ping_interval=None, close_timeout=2, open_timeout=WAIT_S))
        except websockets.exceptions.InvalidStatusCode as fault:
            raise Refused(fault.status_code, fault.headers) from None
        self.hello = self.receive() if hello else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send_text(self, text):
        run(self.link.send(text))

    def send(self, message):
        self.send_text(json.dumps(message))

    def receive(self, wait_s=WAIT_S):
        text = run(self.link.recv(), wait_s)
        assert isinstance(text, str), "a binary frame came"
        message = json.loads(text)
        schema.documents().check_message(message)
        return message

    def receive_type(self, kind, wait_s=WAIT_S):
        """The next message of this type; others before it are passed over."""
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            message = self.receive(max(0.1, deadline - time.monotonic()))
            if message["type"] == kind:
                return message
        raise AssertionError(f"no {kind} in {wait_s} s")

    def ask(self, message):
        """Send and wait for the acknowledgement or the error of it."""
        self.send(message)
        return self.outcome()

    def ask_text(self, text):
        self.send_text(text)
        return self.outcome()

    def outcome(self):
        while True:
            message = self.receive()
            if message["type"] in ("data_received", "error"):
                return message

    def closed(self, wait_s=WAIT_S):
        """Read what is left and return (close code, messages before it)."""
        left = []
        try:
            while True:
                left.append(self.receive(wait_s))
        except websockets.exceptions.ConnectionClosed:
            return self.link.close_code, left

    def close(self):
        try:
            run(self.link.close())
        except (asyncio.TimeoutError, OSError):
            pass


def upgrade_request(server, session_id, headers=(), query=""):
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {API}/ws/behavior/{session_id}{query} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Upgrade: websocket",
             "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(opcode, payload, fin=True, masked=True, reserved=0):
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    mark = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([mark | len(payload)])
    elif len(payload) < 65536:
        head += bytes([mark | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([mark | 127]) + struct.pack(">Q", len(payload))
    if not masked:
        return head + payload
    mask = os.urandom(4)
    repeated = (mask * (len(payload) // 4 + 1))[:len(payload)]
    mixed = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
    return head + mask + mixed


class RawSocket:
    """A socket whose frames are made by hand, to break the rules with."""

    def __init__(self, user, session_id=None):
        self.link = socket.create_connection(("127.0.0.1", user.server.port), timeout=WAIT_S)
        self.link.sendall(upgrade_request(user.server, session_id or user.session_id,
                                          ["Authorization: Bearer " + user.token]))
        self.bytes = b""
        while b"\r\n\r\n" not in self.bytes:
            self.more()
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101 "), head

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()

    def more(self):
        part = self.link.recv(65536)
        if not part:
            raise EOFError
        self.bytes += part

    def send(self, data):
        self.link.sendall(data)

    def next_frame(self):
        """(opcode, payload) of the next frame."""
        while True:
            if len(self.bytes) >= 2:
                length, at = self.bytes[1] & 0x7f, 2
                if length == 126 and len(self.bytes) >= 4:
                    length, at = struct.unpack(">H", self.bytes[2:4])[0], 4
                elif length == 127 and len(self.bytes) >= 10:
                    length, at = struct.unpack(">Q", self.bytes[2:10])[0], 10
                if not self.bytes[1] & 0x80 and (length < 126 or at > 2) and len(self.bytes) >= at + length:
                    opcode, payload = self.bytes[0] & 15, self.bytes[at:at + length]
                    self.bytes = self.bytes[at + length:]
                    return opcode, payload
            self.more()

    def close_code(self):
        """Read up to the close frame and return its code; None when there was none."""
        try:
            while True:
                opcode, payload = self.next_frame()
                if opcode == 8:
                    return struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
        except (EOFError, OSError):
            return None
