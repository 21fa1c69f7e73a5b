"""What the tests of TLS and of proxies share: certificates, a server with them, clients in Python."""
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "contract"))

import support  # noqa: E402

API = support.API
PASSWORD = support.PASSWORD
WAIT_S = 20


def run(*command, stdin=b"", timeout=WAIT_S, check=True):
    done = subprocess.run([str(c) for c in command], input=stdin, capture_output=True, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout.decode()} {done.stderr.decode()}")
    return done


class Certificates:
    """An authority, and certificates of both kinds for localhost, in a directory of their own."""

    def __init__(self):
        self.held = tempfile.TemporaryDirectory(prefix="canara-certificates-")
        self.dir = pathlib.Path(self.held.name)
        self.serial = 0
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            self.dir / "ca.key", "-out", self.dir / "ca.pem", "-days", "2", "-subj", "/CN=Tests of Canara")

    def make(self, name, kind, days=2):
        """NAME.pem and NAME.key, mode 0600; kind: ec or rsa; they end in so many days."""
        how = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self.serial += 1
        (self.dir / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
        run("openssl", "req", *how, "-nodes", "-keyout", self.dir / f"{name}.key", "-out", self.dir / "request",
            "-subj", "/CN=localhost")
        run("openssl", "x509", "-req", "-in", self.dir / "request", "-CA", self.dir / "ca.pem", "-CAkey",
            self.dir / "ca.key", "-set_serial", self.serial, "-days", str(days), "-extfile", self.dir / "names", "-out",
            self.dir / f"{name}.pem")
        (self.dir / f"{name}.key").chmod(0o600)

    def path(self, name):
        return self.dir / name

    def settings(self, *names):
        out = {}
        for i, name in enumerate(names):
            end = "" if i == 0 else f"_{i + 1}"
            out[f"TLS_CERT_FILE{end}"] = self.path(f"{name}.pem")
            out[f"TLS_KEY_FILE{end}"] = self.path(f"{name}.key")
        return out

    def context(self, version=None, ciphers=None):
        """A client that believes the authority and nobody else."""
        context = ssl.create_default_context(cafile=str(self.path("ca.pem")))
        if version is not None:
            context.minimum_version = context.maximum_version = version
        if ciphers is not None:
            context.set_ciphers(ciphers)
        return context


class Server(support.Server):
    """A server that is ready when its port takes connections: who may ask is what is tested."""

    def is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def ctl(self, *words):
        return run(support.program["path"], "ctl", *words, "--data-dir", self.data, check=False)


class Link:
    """One HTTP connection over a socket that is there already."""

    def __init__(self, sock):
        self.sock = sock
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def ask(self, method, path, body=None, headers=None):
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n"
        if body is not None:
            head += "Content-Type: application/json\r\n"
        for name, value in (headers or {}).items():
            head += f"{name}: {value}\r\n"
        self.sock.sendall(head.encode() + b"\r\n" + data)
        return self.read()

    def read(self):
        """Status, headers in small letters, body."""
        while b"\r\n\r\n" not in self.held:
            self.more()
        head, self.held = self.held.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        want = int(headers.get("content-length", 0))
        while len(self.held) < want:
            self.more()
        body, self.held = self.held[:want], self.held[want:]
        return int(first.split()[1]), headers, body

    def more(self):
        part = self.sock.recv(65536)
        if not part:
            raise ConnectionError("the connection ended")
        self.held += part


def connect(port, context=None, source=None, session=None):
    sock = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S,
                                    source_address=(source, 0) if source else None)
    if context is None:
        return Link(sock)
    return Link(context.wrap_socket(sock, server_hostname="localhost", session=session))


def login(link, email="ann@example.com"):
    """A new customer's session: its id and its token."""
    status, _, body = link.ask("POST", API + "/auth/register",
                               {"email": email, "password": PASSWORD, "mpin": "8305"})
    assert status == 201 or status == 200, body
    status, _, body = link.ask("POST", API + "/auth/login",
                               {"email": email, "password": PASSWORD, "device_id": "phone"})
    assert status == 200, body
    got = json.loads(body)
    return got["session_id"], got["session_token"]


def fail_login(link, **headers):
    """A wrong password; the status says whether the address is throttled yet."""
    return link.ask("POST", API + "/auth/login",
                    {"email": f"nobody{time.monotonic_ns()}@example.com", "password": "wrong-horse-1",
                     "device_id": "phone"}, headers)[0]


def main(usage):
    """Run the tests of the calling file: CANARA [unittest's arguments]."""
    if len(sys.argv) < 2:
        raise SystemExit(usage)
    support.program["path"] = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(module="__main__", verbosity=2)
