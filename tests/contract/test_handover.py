"""A new version takes over by SIGUSR2: no connection is refused, nothing acknowledged is lost."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import websockets

from sockets import Refused, Socket
from support import Case, Server, User, event, program


class Copied(Server):
    """A server whose program is a file of its own, which a test may replace."""

    def command(self):
        self.binary = self.dir / "canara"
        if not self.binary.exists():
            shutil.copy2(program["path"], self.binary)
        return [str(self.binary), *super().command()[1:]]

    def hand_over(self):
        self.process.send_signal(signal.SIGUSR2)

    def wait_log(self, pattern, wait_s=30):
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            found = re.findall(pattern, self.log_text())
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{pattern} did not come:\n{self.log_text()[-3000:]}")

    def adopt(self):
        """The new process is nobody's child of ours: find it by the DATA_DIR that it was given."""
        self.process.wait(30)
        for folder in pathlib.Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
            except OSError:
                continue
            if f"DATA_DIR={self.data}".encode() in words:
                self.process = Adopted(int(folder.name))
                return
        raise AssertionError("no process goes on")


class Adopted:
    """As much of subprocess.Popen as Server uses, for a process that is not our child."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None

    def send_signal(self, how):
        os.kill(self.pid, how)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def poll(self):
        try:
            state = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            state = "Z"
        self.returncode = 0 if state == "Z" else None
        return self.returncode

    def wait(self, wait_s=None):
        deadline = time.monotonic() + (wait_s or 30)
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("canara", wait_s)
            time.sleep(0.02)
        return self.returncode


class Handover(Case):
    def copied(self, **settings):
        server = Copied(**settings)
        self.addCleanup(server.remove)
        return server

    def test_no_connection_is_refused_and_every_acknowledged_event_is_there(self):
        server = self.copied(LOOPS=2, REPLAY_MEMORY_MB=0)
        users = [User(server) for _ in range(3)]
        acked, stop, failures, looks = [0] * len(users), threading.Event(), [], [0]

        def stream(place):
            user, seq = users[place], 0
            while not stop.is_set():
                try:
                    with Socket(user) as link:
                        seq = max(seq, link.hello["last_seq"] or 0)
                        while not stop.is_set():
                            seq += 1
                            link.send({**event("scroll", pixels=seq), "seq": seq})
                            acked[place] = max(acked[place], link.receive_type("data_received")["seq"])
                except (websockets.exceptions.ConnectionClosed, ConnectionResetError, BrokenPipeError, EOFError, AssertionError, TimeoutError):
                    seq = acked[place]
                except websockets.exceptions.InvalidMessage:
                    seq = acked[place]  # the stop came between the connection and its upgrade
                except Refused as fault:
                    if fault.status != 503 or "Retry-After" not in fault.headers:
                        failures.append(f"upgrade: {fault!r}")
                    seq = acked[place]
                    time.sleep(0.05)
                except ConnectionRefusedError as fault:
                    failures.append(f"socket: {fault!r}")

        def connect():
            while not stop.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link:
                        link.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        answer = link.recv(4096)
                        if not answer.startswith(b"HTTP/1.1 200"):
                            failures.append(f"answer: {answer[:40]!r}")
                        looks[0] += 1
                except OSError as fault:
                    failures.append(f"connect: {fault!r}")

        threads = [threading.Thread(target=stream, args=(i,)) for i in range(len(users))] + [threading.Thread(target=connect) for _ in range(2)]
        for thread in threads:
            thread.start()
        pauses = []
        try:
            for _ in range(3):
                time.sleep(0.6)
                done = len(re.findall("handover.done", server.log_text()))
                server.hand_over()
                server.adopt()
                pauses = server.wait_log(r'"handover\.done","pause_ms":(\d+)')
                self.assertEqual(len(pauses), done + 1)
            time.sleep(0.6)
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
        self.assertEqual(failures, [])
        self.assertGreater(looks[0], 20)
        for user, last in zip(users, acked):
            self.assertGreater(last, 5)
            user.summary()
            lines = [line["data"]["pixels"] for line in server.buffer(user, last) if line["event_type"] == "scroll"]
            self.assertGreaterEqual(len(lines), last)
            self.assertEqual(lines, list(range(1, len(lines) + 1)))

    def test_risk_challenge_and_token_go_over(self):
        server = self.copied()
        user, challenged = User(server), User(server)
        user.events([{**event("rapid_clicks", clicks_per_second=9), "seq": 1}])
        challenged.rehearse(0.75)
        before = user.status()
        server.hand_over()
        server.adopt()
        after = user.status()
        for name in ("session_id", "behavioral_events_count", "risk_level", "mpin_attempts"):
            self.assertEqual(after[name], before[name], name)
        self.assertTrue(challenged.status()["mpin_required"])
        self.assertEqual(challenged.verify().status, 200)

    def test_the_old_one_goes_on_when_the_new_program_is_missing_or_will_not_run(self):
        server = self.copied()
        user = User(server)
        old = server.process.pid
        for what in ("missing", "no program", "ends at once"):
            with self.subTest(what):
                server.binary.unlink(missing_ok=True)
                if what != "missing":
                    server.binary.write_text("what" if what == "no program" else "#!/bin/false\n")
                    server.binary.chmod(0o755)
                failed = len(re.findall("handover.failed", server.log_text()))
                server.hand_over()
                deadline = time.monotonic() + 20
                while len(re.findall("handover.failed", server.log_text())) == failed and time.monotonic() < deadline:
                    time.sleep(0.02)
                self.assertEqual(len(re.findall("handover.failed", server.log_text())), failed + 1)
                self.assertEqual(user.status()["is_active"], True)
                self.assertEqual(server.process.pid, old)
                self.assertIsNone(server.process.poll())
        server.binary.unlink(missing_ok=True)
        shutil.copy2(program["path"], server.binary)
        server.hand_over()
        server.adopt()
        self.assertEqual(user.status()["is_active"], True)

    def test_the_old_one_takes_everything_back_when_the_new_one_fails_on_the_data(self):
        server = self.copied()
        user = User(server)
        user.events([{**event("scroll", pixels=1), "seq": 1}])
        model = server.dir / "model"
        server.binary.unlink()
        # Settings are fine, and it dies as soon as DATA_DIR is its own.
        server.binary.write_text("#!/bin/sh\n"
                                 "IFS= read -r x < /dev/null\n"
                                 "eval \"exec 9<&$((3 + CANARA_HANDOVER)) 8>&$((3 + CANARA_HANDOVER))\"\n"
                                 "printf p >&8\n"
                                 "dd bs=1 count=1 <&9 >/dev/null 2>&1\n"
                                 f"touch {model}\n"
                                 "exit 1\n")
        server.binary.chmod(0o755)
        server.hand_over()
        server.wait_log("handover.taken_back")
        deadline = time.monotonic() + 20
        while not server.is_ready() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertTrue(model.exists())
        self.assertEqual(user.status()["behavioral_events_count"], 1)
        self.assertEqual(user.events([{**event("scroll", pixels=2), "seq": 2}]).status, 200)

    def slow_successor(self, server, after_go):
        """A new program that is prepared, and then does something else than to answer."""
        server.binary.unlink(missing_ok=True)
        server.binary.write_text("#!/bin/sh\n"
                                 f"trap 'touch {server.dir}/asked; exit 0' TERM\n"
                                 f"echo $$ > {server.dir}/child\n"
                                 "eval \"exec 9<&$((3 + CANARA_HANDOVER)) 8>&$((3 + CANARA_HANDOVER))\"\n"
                                 "printf p >&8\n"
                                 f"touch {server.dir}/prepared\n"
                                 f"{after_go}\n"
                                 "while :; do sleep 0.05; done\n")
        server.binary.chmod(0o755)

    def wait_file(self, path, wait_s=20):
        deadline = time.monotonic() + wait_s
        while not path.exists():
            self.assertLess(time.monotonic(), deadline, f"{path.name} did not come")
            time.sleep(0.01)

    def back_to_life(self, server, user, events):
        server.binary.unlink()
        server.start()
        self.assertEqual(user.status()["behavioral_events_count"], events)

    def test_nobody_comes_between_into_the_database(self):
        server = self.copied()
        User(server)
        between = Server(start=False, DATABASE_URL=f"sqlite:///{server.data}/canara.db")
        self.addCleanup(between.remove)
        between.data.mkdir(mode=0o700)
        shutil.copy2(server.data / "pepper", between.data)

        def comes_between():
            with self.assertRaisesRegex(AssertionError, "another server is running on it"):
                between.start()

        self.slow_successor(server, f"dd bs=1 count=1 <&9 >/dev/null 2>&1; touch {server.dir}/paused\n"
                                    f"while ! test -e {server.dir}/go; do sleep 0.05; done; exit 1")
        server.hand_over()
        self.wait_file(server.dir / "paused")
        comes_between()
        (server.dir / "go").touch()
        server.wait_log("handover.taken_back")
        comes_between()
        server.binary.unlink()
        server.command()
        server.hand_over()
        server.adopt()
        comes_between()
        server.stop()
        between.start()

    def test_a_stop_in_the_pause_stops_the_new_one_too_and_in_order(self):
        server = self.copied()
        user = User(server)
        user.events([{**event("scroll", pixels=1), "seq": 1}])
        self.slow_successor(server, f"dd bs=1 count=1 <&9 >/dev/null 2>&1; touch {server.dir}/paused")
        server.hand_over()
        self.wait_file(server.dir / "paused")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(20), 0)
        self.assertTrue((server.dir / "asked").exists())
        self.assertFalse(pathlib.Path(f"/proc/{(server.dir / 'child').read_text().strip()}").exists())
        self.assertNotIn("handover.taken_back", server.log_text())
        self.back_to_life(server, user, 1)

    def test_a_stop_at_any_moment_of_a_handover_leaves_nobody_behind(self):
        server = self.copied()
        user = User(server)
        for turn in range(6):
            user.events([{**event("scroll", pixels=1), "seq": turn + 1}])
            for name in ("prepared", "asked", "child"):
                (server.dir / name).unlink(missing_ok=True)
            self.slow_successor(server, ":")
            with socket.create_connection(("127.0.0.1", server.port), timeout=20):  # a stop waits a little for its request
                server.hand_over()
                self.wait_file(server.dir / "prepared")
                time.sleep(0.04 * turn)
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(server.process.wait(20), 0)
            self.assertFalse(pathlib.Path(f"/proc/{(server.dir / 'child').read_text().strip()}").exists())
            self.back_to_life(server, user, turn + 1)

    def test_a_second_wish_during_a_handover_changes_nothing(self):
        server = self.copied()
        user = User(server)
        server.binary.unlink()
        server.binary.write_text("#!/bin/sh\nsleep 1\nexit 1\n")
        server.binary.chmod(0o755)
        server.hand_over()
        server.wait_log("handover.begun")
        server.hand_over()
        server.wait_log("handover.refused")
        server.wait_log("handover.failed")
        self.assertEqual(user.status()["is_active"], True)

    def test_sockets_of_a_service_manager_are_used(self):
        server = Server(start=False)
        self.addCleanup(server.remove)
        server.data.mkdir(mode=0o700)
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
            port = listening.getsockname()[1]
            early = socket.create_connection(("127.0.0.1", port), timeout=20)  # before there is a server
            early.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            number = listening.fileno()

            def before_exec():
                os.dup2(number, 3)
                os.set_inheritable(3, True)  # it may have been 3 before
                os.environ["LISTEN_PID"] = str(os.getpid())

            script = 'export LISTEN_PID=$$; exec "$@"'
            with open(server.log, "ab") as log:
                server.process = subprocess.Popen(["/bin/sh", "-c", script, "sh", *server.command()], cwd=server.dir, stdin=subprocess.DEVNULL,
                                                  stdout=log, stderr=subprocess.STDOUT, close_fds=False, preexec_fn=before_exec,
                                                  env={"PATH": "/usr/bin:/bin", "LISTEN_FDS": "1"})
            self.assertTrue(early.recv(4096).startswith(b"HTTP/1.1 200"))
            early.close()
        server.port = port
        self.assertEqual(User(server).status()["is_active"], True)


if __name__ == "__main__":
    unittest.main()
