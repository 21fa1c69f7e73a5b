"""A new version takes over by SIGUSR2: no connection is refused, nothing acknowledged is lost."""
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

import websockets

from sockets import Refused, Socket
from support import ROOT, Case, Server, User, event, program


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

    def equipped(self):
        """A server with a pepper, a model and a certificate in files, and what spoils each of them."""
        server = self.copied()
        server.stop()
        for path in server.data.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        files = {name: server.dir / name for name in ("pepper", "other-pepper", "model", "cert.pem", "cert.key")}
        for name in ("pepper", "other-pepper"):
            subprocess.run([program["path"], "keygen", "pepper", str(files[name])], check=True, capture_output=True)
        shutil.copy(ROOT / "models" / "simulated.canara", files["model"])
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                        "-keyout", str(files["cert.key"]), "-out", str(files["cert.pem"])], check=True, capture_output=True)
        files["cert.key"].chmod(0o600)
        server.settings.update(PEPPER_FILE=str(files["pepper"]), MODEL_FILE=str(files["model"]))
        return server, files

    def test_the_old_one_lets_go_of_nothing_before_the_new_one_has_read_every_file(self):
        server, files = self.equipped()
        server.start()
        user = User(server)
        old = server.process.pid
        database = server.data / "canara.db"
        good = {name: path.read_bytes() for name, path in files.items()}
        cases = (("a half-written model", lambda: files["model"].write_bytes(good["model"][:1000]), "MODEL_FILE"),
                 ("another pepper", lambda: files["pepper"].write_bytes(good["other-pepper"]), "PEPPER_FILE lacks a pepper"),
                 ("a pepper that others read", lambda: files["pepper"].chmod(0o644), "PEPPER_FILE"),
                 ("a database that others read", lambda: database.chmod(0o644), "canara.db"),
                 ("a directory that others enter", lambda: server.data.chmod(0o755), "DATA_DIR"),
                 ("a setting that is wrong", lambda: (server.dir / ".env").write_text("BACKEND_CORS_ORIGINS=*\n"), "CORS"))
        for turn, (what, spoil, word) in enumerate(cases):
            with self.subTest(what):
                said = len(server.log_text())
                spoil()
                server.hand_over()
                deadline = time.monotonic() + 20
                while len(re.findall("handover.failed", server.log_text())) <= turn and time.monotonic() < deadline:
                    time.sleep(0.02)
                self.assertIn(word, server.log_text()[said:])
                self.assertIn("handover.failed", server.log_text()[said:])
                self.assertEqual(user.status()["is_active"], True)
                self.assertEqual(server.process.pid, old)
                self.assertIsNone(server.process.poll())
            files["model"].write_bytes(good["model"])
            files["pepper"].write_bytes(good["pepper"])
            files["pepper"].chmod(0o600)
            database.chmod(0o600)
            server.data.chmod(0o700)
            (server.dir / ".env").unlink(missing_ok=True)
        self.assertNotIn("handover.taken_back", server.log_text())
        status = subprocess.run([program["path"], "ctl", "status", "--data-dir", str(server.data)], capture_output=True, text=True, check=True)
        self.assertIn("handover     failed\n", status.stdout)
        server.hand_over()
        server.adopt()
        self.assertEqual(user.status()["is_active"], True)
        self.assertEqual(user.verify().status, 200)

    def test_what_is_in_memory_needs_no_file_when_it_is_taken_back(self):
        server, files = self.equipped()
        server.start()
        user = User(server)
        spoil = "; ".join(f"echo x > {files[name]}" for name in ("pepper", "model"))
        self.slow_successor(server, f"dd bs=1 count=1 <&9 >/dev/null 2>&1; {spoil}; exit 1")
        server.hand_over()
        server.wait_log("handover.taken_back")
        self.wait_ready(server)
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(user.status()["is_active"], True)

    def tls_answers(self, server):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as link, context.wrap_socket(link) as secured:
            secured.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return secured.recv(4096).startswith(b"HTTP/1.1 200")

    def test_a_certificate_that_is_half_written_stops_no_service(self):
        server, files = self.equipped()
        server.settings.update(TLS_CERT_FILE=str(files["cert.pem"]), TLS_KEY_FILE=str(files["cert.key"]))
        server.spawn()
        server.port = int(server.wait_log(r"listening on https://[^\s]*?:(\d+)")[0])
        good = files["cert.pem"].read_bytes()
        files["cert.pem"].write_bytes(good[:200])
        server.hand_over()
        server.wait_log("handover.failed")
        self.assertTrue(self.tls_answers(server))
        files["cert.pem"].write_bytes(good)
        self.slow_successor(server, f"dd bs=1 count=1 <&9 >/dev/null 2>&1; echo x > {files['cert.pem']}; exit 1")
        server.hand_over()
        server.wait_log("handover.taken_back")
        self.assertTrue(self.tls_answers(server))
        self.assertIsNone(server.process.poll())

    def test_what_cannot_be_taken_back_yet_is_tried_again_until_it_can(self):
        server = self.copied()
        user = User(server)
        database = server.data / "canara.db"
        self.slow_successor(server, f"dd bs=1 count=1 <&9 >/dev/null 2>&1; chmod 644 {database}; exit 1")
        server.hand_over()
        server.wait_log("handover.cannot_take_back.*0600")
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as early:  # nobody is refused meanwhile
            early.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            database.chmod(0o600)
            self.assertTrue(early.recv(4096).startswith(b"HTTP/1.1 200"))
        self.assertEqual(user.status()["is_active"], True)
        database.chmod(0o600)
        (server.dir / "prepared").unlink()
        self.slow_successor(server, f"dd bs=1 count=1 <&9 >/dev/null 2>&1; chmod 644 {database}; touch {server.dir}/spoilt; exit 1")
        server.hand_over()
        self.wait_file(server.dir / "spoilt")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(20), 0)  # a stop is heard
        database.chmod(0o600)
        self.back_to_life(server, user, 0)

    def wait_ready(self, server, wait_s=20):
        deadline = time.monotonic() + wait_s
        while not server.is_ready():
            self.assertLess(time.monotonic(), deadline, "it is not ready")
            time.sleep(0.02)

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

    def test_a_wish_in_a_start_is_heard_after_it_and_ends_nobody(self):
        """We are the server before: the new one waits for us, with all that it has read, before it watches signals."""
        server = Server(start=False)
        self.addCleanup(server.remove)
        server.data.mkdir(mode=0o700)
        listening, (ours, theirs) = socket.create_server(("127.0.0.1", 0)), socket.socketpair()
        self.addCleanup(listening.close)
        self.addCleanup(ours.close)
        listening.setblocking(False)
        server.port = listening.getsockname()[1]
        high = [fcntl.fcntl(end.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for end in (listening, theirs)]
        theirs.close()
        script = "import os, sys; [os.dup2(int(fd), 3 + i) for i, fd in enumerate(sys.argv[1:3])]; os.execv(sys.argv[3], sys.argv[3:])"
        with open(server.log, "ab") as log:
            server.process = subprocess.Popen([sys.executable, "-c", script, *map(str, high), *server.command()], cwd=server.dir,
                                              stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, pass_fds=high,
                                              env={"PATH": "/usr/bin:/bin", "CANARA_HANDOVER": "1"})
        for end in high:
            os.close(end)
        ours.settimeout(20)
        self.assertEqual(ours.recv(1), b"p", server.log_text())
        for wish in (signal.SIGHUP, signal.SIGUSR1):
            server.process.send_signal(wish)
        time.sleep(0.1)
        self.assertIsNone(server.process.poll())
        ours.sendall(b"g")
        self.assertEqual(ours.recv(1), b"a", server.log_text())
        deadline = time.monotonic() + 20
        while "server.reload" not in server.log_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertIn("server.reload", server.log_text())
        server.process.send_signal(signal.SIGUSR1)
        while "signal.ignored" not in server.log_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertIn("signal.ignored", server.log_text())
        self.assertTrue(server.is_ready())
        self.assertEqual(server.stop(), 0)

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


class Unread(Case):
    """Nobody reads what the server says, and the pipe is full from the beginning: stdout and stderr are the same one, as they mostly are."""

    def full_pipe(self):
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
        filling = os.open(f"/proc/self/fd/{theirs}", os.O_WRONLY | os.O_NONBLOCK)
        for size in (1024, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(filling, b"\n" * size)
        os.close(filling)
        return ours, theirs

    def unheard(self, **settings):
        """A server that has said READY to its service manager, and to nobody else."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = Copied(start=False, PORT=port, **settings)
        self.addCleanup(server.remove)
        (server.dir / ".env").write_text("NO_SUCH_SETTING=1\n")  # a warning
        server.data.mkdir(mode=0o700)
        server.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(server.manager.close)
        server.manager.bind(str(server.dir / "notify"))
        server.manager.settimeout(20)
        server.ours, server.theirs = self.full_pipe()
        server.process = subprocess.Popen(server.command(), cwd=server.dir, stdin=subprocess.DEVNULL, stdout=server.theirs, stderr=server.theirs,
                                          env={"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": str(server.dir / "notify")})
        server.port = port
        self.expect(server, "READY=1")
        return server

    def expect(self, server, word):
        self.assertTrue(server.manager.recv(256).decode().startswith(word), word)

    def end(self, server):
        server.process.wait(20)
        self.assertIsNotNone(server.process.poll())
        self.assertEqual(fcntl.fcntl(server.theirs, fcntl.F_GETFL) & os.O_NONBLOCK, 0)  # others may want to wait

    def test_it_gets_ready_and_stops_by_a_signal(self):
        server = self.unheard()
        self.assertTrue(server.is_ready())
        self.assertEqual(server.stop(), 0)

    def test_it_hands_over_and_the_next_one_drains(self):
        server = self.unheard()
        user = User(server)
        old = server.process
        server.hand_over()
        self.expect(server, "READY=1")
        self.expect(server, "MAINPID=")
        server.adopt()
        self.assertEqual(old.returncode, 0)
        self.assertTrue(server.is_ready())
        self.assertEqual(user.status()["is_active"], True)
        done = subprocess.run([program["path"], "ctl", "drain", "--data-dir", str(server.data)], capture_output=True, text=True, check=False, timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.expect(server, "STOPPING=1")
        self.end(server)

    def test_a_start_that_is_refused_ends(self):
        for wrong in ("PORT=99999", "NO_SUCH_SETTING=1", "DATA_DIR=/proc/nowhere"):
            with self.subTest(wrong):
                _, theirs = self.full_pipe()
                done = subprocess.run([program["path"], "serve", "--set", "DEBUG=True", "--set", wrong], stdin=subprocess.DEVNULL, stdout=theirs,
                                      stderr=theirs, env={"PATH": "/usr/bin:/bin"}, cwd="/", check=False, timeout=20)
                self.assertNotEqual(done.returncode, 0)

    def test_who_reads_in_time_has_every_line_whole(self):
        server = Copied(start=False)
        self.addCleanup(server.remove)
        server.data.mkdir(mode=0o700)
        with subprocess.Popen(server.command(), cwd=server.dir, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env={"PATH": "/usr/bin:/bin"}, text=True) as process:
            server.process = process
            said = [process.stdout.readline() for _ in range(5)]
            self.assertRegex(said[0], r"^listening on http://127\.0\.0\.1:\d+\n$")
            base = said[0].split()[2]
            self.assertEqual(said[1:], [f"  documentation  {base}/docs\n", f"  health         {base}/health\n", f"  metrics        {base}/metrics\n",
                                        f"  data           {server.data}\n"])
            self.assertEqual(server.stop(), 0)
            self.assertEqual(process.stdout.read(), "")


if __name__ == "__main__":
    unittest.main()
