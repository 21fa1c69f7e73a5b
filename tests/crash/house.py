"""The server under test, one life after another on the same data, and a small HTTP client for it."""
import asyncio
import ctypes
import http
import json
import os
import re
import signal
import subprocess
import time

API = "/api/v1"
START_S = 60     # a start that takes longer has failed
ANSWER_S = 30    # so has an answer
STOP_S = 30
LISTENING = re.compile(rb"^listening on http://([0-9.]+):(\d+)")
DIE_WITH_PARENT = (1, signal.SIGKILL)  # prctl(PR_SET_PDEATHSIG, SIGKILL)


class Fault(Exception):
    """The server broke a promise."""


class Unanswered(Exception):
    """The server was killed before the whole answer came. `sent`: it may have acted all the same."""

    def __init__(self, sent):
        super().__init__("no answer")
        self.sent = sent


def leave_no_orphan():
    """In the child, before exec: should this test be killed itself, its server goes too."""
    ctypes.CDLL(None).prctl(*DIE_WITH_PARENT)


class Life:
    """One run of the server, from its start to its end."""

    def __init__(self, process, log):
        self.process, self.log = process, log
        self.host = self.port = None
        self.start_ms = None
        self.ending = False   # we have killed it, or asked it to stop
        self.wanted = None    # kill at once when this happens: see happened()
        self.draining = False  # clients finish what they have begun and leave

    @property
    def is_open(self):
        """Whether clients should go on."""
        return not (self.ending or self.draining)

    async def ready(self, began):
        """Wait for the line that says where it listens; False when it was killed meanwhile."""
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), START_S)
            found = LISTENING.match(line)
            if found:
                self.host, self.port = found.group(1).decode(), int(found.group(2))
                self.start_ms = (time.monotonic() - began) * 1000
                return True
            if not line:
                if self.ending:
                    return False
                status = await self.process.wait()
                raise Fault(f"the server did not start: status {status}, see {self.log}")

    def kill(self):
        """kill -9, the whole process group that only this server is in."""
        if not self.ending:
            self.ending = True
            if self.process.returncode is None:
                os.killpg(self.process.pid, signal.SIGKILL)

    def happened(self, what):
        """An answer came. Some lives end with the first one of a kind, before anything can settle."""
        if what == self.wanted:
            self.kill()

    async def buried(self):
        """Wait for the end of a killed server; it must not have ended by itself before."""
        while await self.process.stdout.read(65536):
            pass
        status = await self.process.wait()
        if status != -signal.SIGKILL:
            raise Fault(f"the server ended by itself with status {status}, see {self.log}")

    async def stop(self):
        """A clean stop, status 0."""
        if self.process.returncode is not None:
            raise Fault(f"the server ended by itself with status {self.process.returncode}, see {self.log}")
        self.ending = True
        self.process.send_signal(signal.SIGTERM)
        try:
            status = await asyncio.wait_for(self.process.wait(), STOP_S)
        except asyncio.TimeoutError:
            raise Fault(f"the server did not stop in {STOP_S} s") from None
        if status != 0:
            raise Fault(f"a clean stop ended with status {status}, see {self.log}")

    async def ask(self, method, path, body=None, token=None):
        """One request on a connection of its own: (status, decoded body)."""
        sent = False
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection(self.host, self.port)
                try:
                    sent = True
                    writer.write(self.request(method, path, body, token))
                    return self.judged(method, path, *await answer(reader))
                finally:
                    writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as fault:
            if self.ending:
                raise Unanswered(sent) from None
            raise Fault(f"{method} {path}: no answer from a living server: {fault!r}") from None

    def request(self, method, path, body, token):
        data = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} {API}{path} HTTP/1.1", f"Host: {self.host}:{self.port}", "Connection: close"]
        if body is not None:
            head += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        if token is not None:
            head.append("Authorization: Bearer " + token)
        return ("\r\n".join(head) + "\r\n\r\n").encode() + data

    @staticmethod
    def judged(method, path, status, body):
        if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            raise Unanswered(True)  # busy: it says nothing about what was done
        if status >= 500 or status == http.HTTPStatus.TOO_MANY_REQUESTS:
            raise Fault(f"{method} {path} -> {status} {body}")
        return status, body


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    data = await reader.readexactly(int(length.group(1))) if length else b""
    return status, json.loads(data) if data else {}


class House:
    """The data directory and how the server is started on it."""

    def __init__(self, canara, root, settings, data=None, environment=None):
        self.canara, self.root, self.settings = canara, root, settings
        self.data = data or root / "data"
        self.environment = environment  # of the server; None: ours
        self.log = root / "server.log"

    async def start(self):
        """A new life; call ready() on it."""
        command = [self.canara, "serve", "--set", f"DATA_DIR={self.data}"]
        for name, value in self.settings.items():
            command += ["--set", f"{name}={value}"]
        with open(self.log, "ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                env=self.environment, start_new_session=True, preexec_fn=leave_no_orphan)
        return Life(process, self.log)

    async def verify_journal(self, when):
        process = await asyncio.create_subprocess_exec(
            self.canara, "journal", "verify", "--data-dir", str(self.data), cwd=self.root,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = await process.communicate()
        if process.returncode != 0:
            raise Fault(f"canara journal verify ({when}) ended with {process.returncode}: {said.decode()[:500]}")

    def buffer_path(self, session_id):
        return self.data / "session_buffers" / f"{session_id}.jsonl"
