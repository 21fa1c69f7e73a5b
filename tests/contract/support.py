"""What every contract test needs: a server of its own, an HTTP client that checks each answer, users.

Only the standard library here; sockets.py has the WebSocket side.
"""
import base64
import gzip
import hashlib
import hmac
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import uuid

import schema

ROOT = pathlib.Path(__file__).resolve().parents[2]
API = "/api/v1"
SECRET_KEY = "kX4s9-contract-tests-only-Qv7mB2nL8wZ3cR6tY1uP0a"
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
REQUEST_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
PASSWORD = "vellum-otter-quartz-91"
program = {"path": None}  # set by run.py
START_S = 90 if "CANARA_MEMCHECK" in os.environ else 20  # for a start, or a stop


def problem_table():
    """name -> (status, title) out of docs/api.md, the list that clients are promised."""
    rows = {}
    for line in (ROOT / "docs" / "api.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) == 5 and cells[1].isdigit():
            rows[cells[0]] = (int(cells[1]), cells[2])
    return rows


PROBLEMS = problem_table()


class Server:
    """One running server in a directory of its own, on a port that the system chose."""

    def __init__(self, env=None, start=True, **settings):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="canara-contract-"))
        self.data = self.dir / "data"
        self.settings = {"DEBUG": "True", "PORT": "0", "DATA_DIR": str(self.data), "SECRET_KEY": SECRET_KEY,
                         "LOGIN_PER_ADDRESS": "0", "REGISTER_PER_ADDRESS": "0", "MPIN_PER_ADDRESS": "0",
                         "CONNECTIONS_PER_ADDRESS": "0", "EVENTS_PER_SECOND": "0"}
        for name, value in settings.items():
            if value is None:
                self.settings.pop(name, None)
            else:
                self.settings[name] = str(value)
        self.env = dict(env or {})
        self.process = None
        self.port = None
        self.log = self.dir / "log"
        if start:
            try:
                self.start()
            except BaseException:
                self.remove()
                raise

    def command(self):
        out = [program["path"], "serve"]
        for name, value in self.settings.items():
            out += ["--set", f"{name}={value}"]
        return out

    def spawn(self):
        self.data.mkdir(mode=0o700, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.dir, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT,
                                            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), **self.env})

    def start(self, wait_s=START_S):
        skip = self.log.stat().st_size if self.log.exists() else 0
        self.spawn()
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log_text()[-3000:]}")
            if self.port is None or skip is not None:
                said = re.search(r"listening on https?://[^\s\"]*?:(\d+)", self.log_text()[skip or 0:])
                if said:
                    self.port, skip = int(said.group(1)), None
            if skip is None and self.is_ready():
                return
            time.sleep(0.02)
        self.stop(signal.SIGKILL)
        raise AssertionError(f"the server was not ready in {wait_s} s:\n{self.log_text()[-3000:]}")

    def is_ready(self):
        try:
            return self.call("GET", "/health/ready", check=False).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self, how=signal.SIGTERM, wait_s=START_S):
        """End the process by its own id; returns its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(wait_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        status, self.process = self.process.returncode, None
        return status

    def restart(self, how=signal.SIGTERM):
        status = self.stop(how)
        self.start()
        return status

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def call(self, method, path, body=None, token=None, headers=None, check=True, raw=None):
        """One request on a connection of its own; every answer is checked against the contract."""
        sent = dict(headers or {})
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        if token is not None:
            sent["Authorization"] = "Bearer " + token
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            link.request(method, path, body=data, headers={k: v for k, v in sent.items() if v is not None})
            got = link.getresponse()
            answer = Answer(method, path, got.status, got.getheaders(), got.read())
        finally:
            link.close()
        if check:
            answer.check()
        return answer

    def get(self, path, token=None, **more):
        return self.call("GET", API + path, token=token, **more)

    def post(self, path, body=None, token=None, **more):
        return self.call("POST", API + path, body=body, token=token, **more)

    def delete(self, path, token=None, **more):
        return self.call("DELETE", API + path, token=token, **more)

    def raw(self, data, wait_s=5):
        """Send bytes as they are and read until the server closes or `wait_s` passes."""
        out = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as link:
            try:
                link.sendall(data)
                while True:
                    part = link.recv(65536)
                    if not part:
                        return out, True
                    out += part
            except (ConnectionResetError, BrokenPipeError):
                return out, True
            except socket.timeout:
                return out, False

    def buffer_path(self, session_id):
        return self.data / "session_buffers" / f"{session_id}.jsonl"

    def buffer(self, user, lines=0, wait_s=10):
        """The lines of a session's buffer file, once it has at least `lines`."""
        deadline = time.monotonic() + wait_s
        path = self.buffer_path(user.session_id)
        while True:
            text = path.read_text() if path.exists() else ""
            whole = text[:text.rfind("\n") + 1]
            out = [json.loads(line) for line in whole.splitlines()]
            if len(out) >= lines or time.monotonic() > deadline:
                return out
            time.sleep(0.05)


class Answer:
    """What came back, and the rules that hold for every answer."""

    def __init__(self, method, path, status, headers, body):
        self.method, self.path, self.status, self.body = method, path, status, body
        self.header_list = headers
        self.headers = {}
        for name, value in headers:
            name = name.lower()
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value

    def json(self):
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)

    @property
    def detail(self):
        return self.json().get("detail")

    @property
    def problem(self):
        """Name of the problem type, or None."""
        return self.json()["type"].rsplit(":", 1)[1] if self.status >= 400 and self.body else None

    @property
    def errors(self):
        return [(e["field"], e["message"]) for e in self.json().get("errors", [])]

    def check(self):
        at = f"{self.method} {self.path} -> {self.status} {self.body[:300]!r}"
        names = [n.lower() for n, _ in self.header_list]
        for name in ("content-length", "content-type", "x-request-id", "date"):
            assert names.count(name) <= 1, f"{at}: {name} is sent twice"
        assert REQUEST_ID.match(self.headers.get("x-request-id", "")), f"{at}: no X-Request-Id"
        assert self.headers.get("x-content-type-options") == "nosniff", f"{at}: no nosniff"
        assert "frame-ancestors 'none'" in self.headers.get("content-security-policy", ""), f"{at}: frame-ancestors"
        assert self.headers.get("referrer-policy"), f"{at}: no Referrer-Policy"
        assert self.headers.get("access-control-allow-origin") != "*", f"{at}: CORS *"
        if self.path.startswith(API) and not self.path.startswith((API + "/openapi", API + "/asyncapi")):
            assert "no-store" in self.headers.get("cache-control", ""), f"{at}: no no-store"
        if self.status == 401:
            assert self.headers.get("www-authenticate", "").startswith('Bearer realm="canara"'), f"{at}: challenge"
        if self.status == 405:
            assert self.headers.get("allow"), f"{at}: no Allow"
        if self.status in (429, 503):
            assert int(self.headers.get("retry-after", "0")) >= 1, f"{at}: no Retry-After"
        if self.status >= 400 and self.method != "HEAD":
            self.check_problem(at)
        if self.method not in ("HEAD", "OPTIONS"):
            schema.documents().check_answer(self)

    def check_problem(self, at):
        assert self.headers.get("content-type") == "application/problem+json", f"{at}: content type"
        problem = self.json()
        name = problem["type"].removeprefix("urn:canara:problem:")
        assert name in PROBLEMS, f"{at}: unknown problem type"
        assert PROBLEMS[name] == (self.status, problem["title"]), f"{at}: {name} is {PROBLEMS[name]}"
        assert problem["status"] == self.status, at
        assert problem["detail"], at
        # A message that breaks HTTP is refused before its path is believed.
        unread = self.status in (408, 413, 414, 417, 431) or name == "invalid-http"
        assert problem["instance"] in ([self.path.split("?")[0]] + ([""] if unread else [])), at
        assert problem["request_id"] == self.headers["x-request-id"], at
        assert ("errors" in problem) == (name == "invalid-request"), at


numbers = itertools.count(1)


class User:
    """An account with one open session."""

    def __init__(self, server, mpin="1234", device="device-a", login=True):
        self.server, self.mpin, self.device = server, mpin, device
        self.email = f"user{next(numbers)}.{uuid.uuid4().hex[:8]}@example.com"
        self.password = PASSWORD
        answer = server.post("/auth/register", {"email": self.email, "password": self.password, "mpin": mpin})
        assert answer.status == 200, answer.body
        if login:
            self.login(device)

    def try_login(self, device=None, password=None, **more):
        return self.server.post("/auth/login", {"email": self.email, "password": password or self.password,
                                                "device_id": device or self.device, **more})

    def login(self, device=None):
        answer = self.try_login(device)
        assert answer.status == 200, answer.body
        self.take(answer.json())
        return self

    def take(self, said):
        self.token, self.session_id = said["session_token"], said["session_id"]
        self.refresh_token = said["refresh_token"]

    def again(self, device="device-b"):
        """A second session of the same account, as an object of its own."""
        other = object.__new__(User)
        other.__dict__.update(self.__dict__)
        other.device = device
        return other.login(device)

    def get(self, path, **more):
        return self.server.get(path, token=self.token, **more)

    def post(self, path, body=None, **more):
        return self.server.post(path, body, token=self.token, **more)

    def verify(self, mpin=None):
        return self.post("/auth/verify-mpin", {"mpin": self.mpin if mpin is None else mpin})

    def challenge(self, mpin=None, session_id=None):
        return self.post("/auth/mpin-challenge", {"session_id": session_id or self.session_id,
                                                  "mpin": self.mpin if mpin is None else mpin})

    def status(self):
        answer = self.get("/auth/session-status")
        assert answer.status == 200, answer.body
        return answer.json()

    def summary(self):
        answer = self.get(f"/ws/sessions/{self.session_id}/behavior-summary")
        assert answer.status == 200, answer.body
        return answer.json()

    def rehearse(self, score=None):
        """Play a score through the policy."""
        return self.post(f"/ws/sessions/{self.session_id}/simulate-ml-analysis",
                         None if score is None else {"predicted_risk_score": score})

    def events(self, events):
        return self.post(f"/ws/sessions/{self.session_id}/events", events)


shared_servers = {}


def shared(**settings):
    """A server that several tests use; the same settings give the same one."""
    key = tuple(sorted(settings.items()))
    if key not in shared_servers:
        shared_servers[key] = Server(**settings)
    return shared_servers[key]


def stop_shared():
    for server in shared_servers.values():
        server.remove()
    shared_servers.clear()


class Case(unittest.TestCase):
    """A test whose server is shared unless it starts its own with self.own()."""

    maxDiff = None
    settings = {}
    is_long = False  # a class that takes half a minute begins first

    @property
    def server(self):
        return shared(**self.settings)

    def own(self, **settings):
        server = Server(**settings)
        self.addCleanup(server.remove)
        return server

    def user(self, server=None, **more):
        return User(server or self.server, **more)

    def refused(self, answer, status, name, detail=None):
        """The answer is this problem."""
        self.assertEqual((answer.status, answer.problem), (status, name), answer.body)
        if detail is not None:
            self.assertEqual(answer.detail, detail)
        return answer


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(head, claims, key=SECRET_KEY, digest=hashlib.sha256):
    """A JWT over the given bytes, whatever they are."""
    text = b64(head) + "." + b64(claims)
    return text + "." + b64(hmac.new(key.encode(), text.encode(), digest).digest())


def event(kind="mouse_movement", **data):
    return {"event_type": kind, "data": data or {"movement_speed": 120.5, "click_pattern": "normal", "idle_time": 2.1}}


def keys(count, first=0.0, hold=90.0, gap=160.0, klass="letter"):
    """Plausible key presses: uneven, so that no rule against machines sees a pattern."""
    out, at = [], first
    for i in range(count):
        out.append({"down": round(at, 1), "up": round(at + hold + 23 * ((i * 7) % 5) / 3, 1), "class": klass})
        at += gap + 61 * ((i * 11) % 7) / 2
    return out
