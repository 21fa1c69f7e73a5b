#!/usr/bin/python3
"""What TLS costs: memory of an idle connection, CPU of a handshake, CPU of an event.

usage: bench/tls.py [--build build/release] [--rounds 5] [--connections 2000] [--seconds 2]

Two servers of the same build, one plain and one with TLS (a P-256 and an RSA certificate, made by
openssl), asked in turn: idle connections and kinds of handshakes by one client of Python's ssl,
everything else by `canara loadtest`, on learnt profiles. Server CPU of all threads from
/proc/PID/task/*/schedstat, memory as the difference of RssAnon. Medians of the rounds. Bounded in
time and count; loopback only; stops what it starts."""
import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What both servers are asked by `canara loadtest run`: a name, options, what is divided by.
LOADS = (("event, 64 connections, 1 in flight", ["--mix", "events"], "event"),
         ("event, 1000 connections, 1 in flight", ["--mix", "events", "--connections", "1000"], "event"),
         ("event, 64 connections, 16 in flight", ["--mix", "events", "--depth", "16"], "event"),
         ("event, in arrays of 32", ["--mix", "batches", "--depth", "2"], "event"),
         ("GET session-status, 64 kept connections", ["--mix", "status"], "answer"),
         ("connect, upgrade, greeting, 16 at a time", ["--mix", "storm", "--connections", "16"], "answer"))


def cpu_ns(pid):
    """CPU time of every thread of a process."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def anonymous_bytes(pid):
    """Resident memory that is the process's own: heap and stacks, not mapped files."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("no RssAnon")


class Server:
    """A canara with its throttles off, as DEBUG=True on loopback allows."""

    def __init__(self, build, data, more):
        self.canara, self.data = str(build / "canara"), data
        subprocess.run([self.canara, "loadtest", "prepare", "--accounts", "1000", "--sessions", "1000", str(data)],
                       check=True, stdout=subprocess.DEVNULL, cwd=data.parent)
        command = [self.canara, "serve", "--set", f"DATA_DIR={data}", "--set", "PORT=0",
                   "--set", "DEBUG=True", "--set", "LOG_LEVEL=error"]
        for name in ("EVENTS_PER_SECOND", "CONNECTIONS_PER_ADDRESS", "LOGIN_PER_ACCOUNT", "LOGIN_PER_ADDRESS",
                     "LOGIN_SUCCESS_PER_ACCOUNT", "REGISTER_PER_ADDRESS"):
            command += ["--set", f"{name}=0"]
        self.p = subprocess.Popen(command + more, cwd=data.parent, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        line = self.p.stdout.readline()
        if "listening on" not in line:
            raise SystemExit(f"canara did not start: {line!r}")
        self.port = int(line.strip().rsplit(":", 1)[-1])

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        try:
            self.p.wait(20)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()


def certificates(work):
    for kind, how in (("ec", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
                      ("rsa", ["-newkey", "rsa:2048"])):
        subprocess.run(["openssl", "req", "-x509", *how, "-nodes", "-keyout", str(work / f"{kind}.key"),
                        "-out", str(work / f"{kind}.pem"), "-days", "30", "-subj", "/CN=localhost"],
                       check=True, capture_output=True)
        (work / f"{kind}.key").chmod(0o600)
    return ["--set", f"TLS_CERT_FILE={work}/ec.pem", "--set", f"TLS_KEY_FILE={work}/ec.key",
            "--set", f"TLS_CERT_FILE_2={work}/rsa.pem", "--set", f"TLS_KEY_FILE_2={work}/rsa.key"]


def context(version=None, sigalgs=None):
    """Python cannot choose signature algorithms; a cipher of TLS 1.2 chooses the key."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if version is not None:
        c.minimum_version = c.maximum_version = version
    if sigalgs is not None:
        c.set_ciphers(sigalgs)
    return c


def connect(port, ctx, session=None):
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s if ctx is None else ctx.wrap_socket(s, session=session)


def read_answer(s):
    """One whole answer; its head and body."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = s.recv(65536)
        if not more:
            raise SystemExit("the server hung up")
        got += more
    head, body = got.split(b"\r\n\r\n", 1)
    length = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
              if line.lower().startswith(b"content-length:")]
    while length and len(body) < length[0]:
        body += s.recv(65536)
    return head, body


def ask(s, method, path, body=None, token=None):
    text = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(text)}\r\n"
    head += "Content-Type: application/json\r\n" if body is not None else ""
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    s.sendall(head.encode() + b"\r\n" + text)
    return read_answer(s)


def idle(server, ctx, count):
    """Bytes of ours for each of `count` connections that have asked once and are silent since."""
    with connect(server.port, ctx) as s:
        ask(s, "GET", "/health/live")
    before = anonymous_bytes(server.p.pid)
    held = []
    for _ in range(count):
        s = connect(server.port, ctx)
        ask(s, "GET", "/health/live")
        held.append(s)
    time.sleep(0.5)
    grown = anonymous_bytes(server.p.pid) - before
    for s in held:
        s.close()
    time.sleep(0.5)
    return grown / count


def handshakes(server, ctx, count, resume):
    """Server CPU of one connection that shakes hands, asks nothing and closes, in us."""
    session = None
    if resume:
        with connect(server.port, ctx) as s:
            ask(s, "GET", "/health/live")  # the ticket of 1.3 comes behind the handshake
            session = s.session
    before = cpu_ns(server.p.pid)
    for _ in range(count):
        s = connect(server.port, ctx, session)
        if ctx is not None and s.session_reused is not resume:
            raise SystemExit("resumed or not, against what was asked for")
        s.close()
    time.sleep(0.05)
    return (cpu_ns(server.p.pid) - before) / 1000 / count


def load(server, how, what, seconds, trust):
    """Server CPU of one event or answer in us, and how many came a second."""
    scheme = "https" if trust else "http"
    done = subprocess.run([server.canara, "loadtest", "run", "--json", "--quiet", "--tokens", server.data / "tokens",
                           "--server-pid", str(server.p.pid), "--duration", str(seconds), *trust, *how,
                           f"{scheme}://127.0.0.1:{server.port}"], stdout=subprocess.PIPE, text=True, check=True)
    said = json.loads(done.stdout)
    if said["troubles"] or said["challenges"]:
        raise SystemExit(f"{how}: troubles {said['troubles']}, challenges {said['challenges']}")
    return said[f"server_us_per_{what}"], said["answers" if what == "answer" else "events"] / said["seconds"]


def row(name, values, unit, note=""):
    print(f"{name:<50} {statistics.median(values):>9.1f} {unit:<7} "
          f"({min(values):.1f} to {max(values):.1f}) {note}", flush=True)


def measure(args, plain, tls):
    new, old = context(), context(ssl.TLSVersion.TLSv1_2)
    kinds = [("handshake, plain: accept, close", plain, None, False),
             ("handshake, TLS 1.3, P-256", tls, new, False),
             ("handshake, TLS 1.3, ticket", tls, new, True),
             ("handshake, TLS 1.2, P-256", tls, old, False),
             ("handshake, TLS 1.2, RSA-2048", tls,
              context(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-GCM-SHA256"), False),
             ("handshake, TLS 1.2, ticket", tls, old, True)]
    spent = {name: [] for name, *_ in kinds}
    loads = {(name, server): [] for name, *_ in LOADS for server in (plain, tls)}
    trust = {plain: [], tls: ["--ca", tls.data.parent / "ec.pem", "--tls-name", "localhost"]}
    for _ in range(args.rounds):
        for name, server, ctx, resume in kinds:
            spent[name].append(handshakes(server, ctx, 300, resume))
        for name, how, what in LOADS:
            for server in (plain, tls):
                loads[name, server].append(load(server, how, what, args.seconds, trust[server]))
    for name, *_ in kinds:
        row(name, spent[name], "us CPU")
    for name, *_ in LOADS:
        for server, kind in ((plain, "plain"), (tls, "TLS 1.3")):
            row(f"{name}, {kind}", [cpu for cpu, _ in loads[name, server]], "us CPU",
                f"{statistics.median(rate for _, rate in loads[name, server]):.0f}/s")
        row("  TLS less plain, of the same round",
            [t[0] - p[0] for p, t in zip(loads[name, plain], loads[name, tls])], "us CPU")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=2000)
    args = parser.parse_args()
    build = pathlib.Path(args.build).resolve()
    work = pathlib.Path(tempfile.mkdtemp(prefix="canara-tls-"))
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    print(f"commit {commit}, {os.cpu_count()} cores, {platform.machine()}, {time.strftime('%Y-%m-%d')}, "
          f"{ssl.OPENSSL_VERSION}, load {os.getloadavg()[0]:.1f}")
    servers = []
    try:
        more = certificates(work)
        for name, settings, ctx in (("plain", [], None), ("TLS 1.3", more, context()),
                                    ("TLS 1.2", more, context(ssl.TLSVersion.TLSv1_2))):
            server = Server(build, work / f"idle {name}", settings)
            servers.append(server)
            row(f"idle connection, {args.connections} of them, {name}", [idle(server, ctx, args.connections)],
                "bytes")
            servers.pop().stop()
        for name, settings in (("plain", []), ("tls", more)):
            servers.append(Server(build, work / name, settings))
        measure(args, *servers)
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
