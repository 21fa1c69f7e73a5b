"""What an operator does to a running server through its control socket, seen from a customer's side."""
import json
import os
import pty
import select
import signal
import stat
import subprocess
import time
import unittest

from sockets import Socket
from support import SECRET_KEY, Case, User, program


class Operator(Case):
    def setUp(self):
        self.mine = self.own()

    def ctl(self, *words):
        done = subprocess.run([program["path"], "ctl", "--data-dir", str(self.mine.data), "--json", *words], cwd=self.mine.dir, capture_output=True,
                              text=True, env={"PATH": "/usr/bin:/bin"}, check=False, timeout=20)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def test_the_control_socket_is_private(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.mine.data / "control.sock").st_mode), 0o600)

    def test_unlock_forgets_the_failures_and_the_lock(self):
        user = User(self.mine)
        for _ in range(3):
            user.verify("9021")
        self.ctl("unlock", "--email", user.email)
        user.login()
        self.assertEqual(user.verify().status, 200)
        self.assertEqual(user.status()["mpin_attempts"], 0)

    def reset(self, user, line):
        """`canara ctl reset-mpin` with the MPIN in a pipe."""
        return subprocess.run([program["path"], "ctl", "--data-dir", str(self.mine.data), "reset-mpin", "--email", user.email],
                              cwd=self.mine.dir, input=line, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"},
                              check=False, timeout=20)

    def audit(self):
        done = subprocess.run([program["path"], "audit", "show", "--data-dir", str(self.mine.data), "--set", f"SECRET_KEY={SECRET_KEY}",
                               "--set", "DEBUG=True"], cwd=self.mine.dir, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"},
                              check=False, timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def asked_at_login(self, user):
        said = user.try_login().json()
        user.take(said)
        return said["mpin_required"]

    def test_a_customer_who_has_forgotten_the_mpin_gets_a_new_one_and_it_outlives_kill_9(self):
        self.mine.remove()
        self.mine = self.own(MPIN_LENGTH=12, LOG_LEVEL="debug")
        user = User(self.mine, mpin="804715962338")
        other = user.again()
        link = Socket(other)
        user.rehearse(0.75)
        self.assertTrue(self.asked_at_login(user))
        self.assertTrue(self.asked_at_login(user))
        self.refused(user.post("/auth/change-mpin", {"mpin": "111111111111", "new_mpin": "917350284466"}), 403, "mpin-required")
        self.refused(user.verify("594027130041"), 401, "invalid-mpin")
        done = self.reset(user, "917350284466\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "new MPIN set, 4 sessions ended\n", ""))
        self.assertEqual(link.receive_type("session_blocked")["reason"], "Session ended by administrator")
        self.assertEqual(link.closed()[0], 4403)
        for session in (user, other):
            self.refused(session.post("/ws/ticket"), 401, "unauthorized")
            self.refused(self.mine.post("/auth/refresh", {"refresh_token": session.refresh_token}), 401, "invalid-refresh-token")
            self.refused(session.verify("917350284466"), 403, "session-blocked")
        self.assertTrue(self.asked_at_login(user))
        self.refused(user.post("/auth/change-password", {"password": user.password, "new_password": "another one 7"}), 403, "mpin-required")
        for owed in (True, False):
            self.assertEqual(self.asked_at_login(user), owed)
            self.refused(user.verify("804715962338"), 401, "invalid-mpin", "Invalid MPIN. 2 attempts remaining")
            self.assertEqual(user.verify("917350284466").status, 200)
            self.mine.restart(signal.SIGKILL)
        kinds = [row["kind"] for row in self.audit()]
        self.assertLess(kinds.index("operator.reset_mpin"), kinds.index("mpin.reset"))
        reset = [row for row in self.audit() if row["kind"] == "mpin.reset"]
        self.assertEqual([row["detail"] for row in reset], [{"by": "operator", "ended": 4}])
        self.mine.stop()
        for path in [self.mine.log, *self.mine.data.rglob("*")]:
            if path.is_file():
                self.assertNotIn(b"917350284466", path.read_bytes(), path)

    def test_a_kill_9_while_the_mpin_is_reset_leaves_all_of_before_or_all_of_after(self):
        for wait_s in (0.0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.09, 0.15):
            user = User(self.mine)
            user.rehearse(0.75)
            other = user.again()
            going = subprocess.Popen([program["path"], "ctl", "--data-dir", str(self.mine.data), "reset-mpin", "--email", user.email],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={"PATH": "/usr/bin:/bin"})
            going.stdin.write("5926\n")
            going.stdin.close()
            time.sleep(wait_s)
            self.mine.restart(signal.SIGKILL)
            told = going.stdout.read()
            going.stdout.close()
            going.wait()
            reset = other.post("/ws/ticket").status == 401
            self.assertTrue(reset or told == "")
            self.assertTrue(self.asked_at_login(user))
            self.assertEqual(user.verify("5926").status, 200 if reset else 401)
            if not reset:
                self.assertEqual(user.verify("1234").status, 200)
            self.assertFalse(self.asked_at_login(user))

    def test_a_new_mpin_is_refused_in_the_words_of_a_registration(self):
        user = User(self.mine)
        for line, said in (("592\n", "canara ctl: MPIN must be exactly 4 digits\n"), ("\n", "canara ctl: MPIN must be exactly 4 digits\n"),
                           ("592a\n", "canara ctl: MPIN must be exactly 4 digits\n"), ("5926 \n", "canara ctl: MPIN must be exactly 4 digits\n"),
                           ("1111\n", "  mpin: is too easy to guess\n"), ("", "canara ctl: no MPIN was given\n"),
                           ("9" * 129, "canara ctl: the MPIN is longer than 128 bytes\n")):
            done = self.reset(user, line)
            self.assertEqual((done.returncode, done.stdout), (1, ""), line)
            self.assertTrue(done.stderr.endswith(said), done.stderr)
        known, user.email = user.email, "nobody@example.com"
        done = self.reset(user, "5926\n")
        self.assertEqual((done.returncode, done.stderr), (1, "canara ctl: Account not found\n"))
        user.email = known
        self.assertEqual(user.verify().status, 200)

    def test_an_operator_types_a_new_mpin_twice_and_sees_nothing_of_it(self):
        user = User(self.mine)
        self.assertEqual(self.typed(user, "5926", "5926"), (0, "New MPIN: \r\nNew MPIN, once more: \r\nnew MPIN set, 1 session ended\r\n"))
        self.assertEqual(self.typed(user, "8047", "8074"),
                         (1, "New MPIN: \r\nNew MPIN, once more: \r\ncanara ctl: the two are not the same; nothing has changed\r\n"))
        user.login()
        self.assertEqual(user.verify("5926").status, 200)

    def at_terminal(self, *words):
        pid, desk = pty.fork()
        if pid == 0:
            os.execve(program["path"], ["canara", "ctl", "--data-dir", str(self.mine.data), *words], {"PATH": "/usr/bin:/bin"})
        return pid, desk

    def test_whoever_waits_at_a_terminal_for_a_stopped_server_is_told(self):
        self.mine.process.send_signal(signal.SIGSTOP)
        try:
            pid, desk = self.at_terminal("status")
            quiet = subprocess.Popen([program["path"], "ctl", "--data-dir", str(self.mine.data), "status"], stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, env={"PATH": "/usr/bin:/bin"})
            self.assertEqual(select.select([desk], [], [], 1)[0], [])
            self.assertTrue(select.select([desk], [], [], 20)[0])
            shown = os.read(desk, 4096).decode()
            self.assertEqual(shown, "canara ctl: waiting for the server\r\n")
        finally:
            self.mine.process.send_signal(signal.SIGCONT)
        out, err = quiet.communicate(timeout=20)
        self.assertEqual((quiet.returncode, err), (0, ""))
        self.assertIn("ready", out)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        os.close(desk)

    def typed(self, user, *lines):
        """What a terminal shows of `reset-mpin`, and how it ends."""
        pid, desk = self.at_terminal("reset-mpin", "--email", user.email)
        shown, left, deadline = "", list(lines), time.monotonic() + 20
        while time.monotonic() < deadline:
            if left and shown.count("MPIN") > len(lines) - len(left) and shown.endswith(": "):
                os.write(desk, left.pop(0).encode() + b"\n")
            if select.select([desk], [], [], 0.1)[0]:
                try:
                    part = os.read(desk, 4096)
                except OSError:
                    break
                shown += part.decode()
        os.close(desk)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown

    def test_the_log_names_the_session_of_an_act_and_none_where_there_is_none(self):
        user = User(self.mine)
        self.ctl("end", "--session", user.session_id)
        self.ctl("reload")
        acts = {kind: line for line in self.mine.log_text().splitlines() if "operator.act" in line
                for kind in ("operator.end", "operator.reload") if kind in line}
        self.assertIn(user.session_id, acts["operator.end"])
        self.assertNotIn("session", acts["operator.reload"])

    def test_ending_a_session_is_told_and_closes_4403(self):
        user = User(self.mine)
        link = Socket(user)
        self.ctl("end", "--session", user.session_id)
        self.assertEqual(link.receive_type("session_blocked")["reason"], "Session ended by administrator")
        self.assertEqual(link.closed()[0], 4403)
        self.refused(user.post("/ws/ticket"), 401, "unauthorized")

    def test_ending_all_sessions_of_a_customer_leaves_others_alone(self):
        user, stranger = User(self.mine), User(self.mine)
        other = user.again()
        self.ctl("end", "--email", user.email)
        for session in (user, other):
            self.refused(session.post("/ws/ticket"), 401, "unauthorized")
        self.assertEqual(stranger.status()["is_active"], True)

    def test_status_and_sessions_answer(self):
        user = User(self.mine)
        self.assertTrue(self.ctl("status"))
        self.assertIn(user.session_id, json.dumps(self.ctl("sessions", "--email", user.email)))

    def test_an_external_fact_raises_the_risk(self):
        user = User(self.mine)
        self.ctl("fact", "--session", user.session_id, "--nats", "4.2", "--source", "fraud-desk")
        user.summary()
        lines = [line for line in self.mine.buffer(user, 1) if line["event_type"] == "external_fact"]
        self.assertEqual(len(lines), 1)
        self.assertEqual(user.status()["risk_level"], "challenge")

    def replay(self, *words):
        done = subprocess.run([program["path"], "replay", *words], cwd=self.mine.dir, capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin"}, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return {line["session_id"]: line for line in map(json.loads, done.stdout.splitlines())}, done.stderr

    def test_the_batch_path_scores_buffer_files_and_tells_the_server(self):
        calm, ended, robot = User(self.mine), User(self.mine), User(self.mine)
        keys = [{"down": n * 8, "up": n * 8 + 3, "class": "letter"} for n in range(40)]
        robot.events([{"event_type": "keystrokes", "data": {"field": "search", "keys": keys}}] * 2)
        for user in (calm, ended):
            user.events([{"event_type": "scroll", "data": {"pixels": 300, "velocity": 900}}])
        for user in (calm, ended, robot):
            user.summary()
            self.mine.buffer(user, 1)
        ended.post("/auth/logout")
        buffers = str(self.mine.data / "session_buffers")
        results, _ = self.replay(buffers)
        self.assertEqual(results[calm.session_id]["risk_level"], "normal")
        self.assertGreater(results[robot.session_id]["risk_score"], 0.5)
        self.assertTrue(results[robot.session_id]["reasons"][0]["name"].startswith("bot."))
        _, said = self.replay("--apply", "--data-dir", str(self.mine.data), buffers)
        self.assertIn("results applied", said)
        lines = [line for line in self.mine.buffer(calm, 2) if line["event_type"] == "ml_analysis_result"]
        self.assertEqual(len(lines), 1)
        self.assertAlmostEqual(lines[0]["data"]["predicted_risk_score"], results[calm.session_id]["risk_score"], places=5)

    def test_drain_stops_cleanly(self):
        link = Socket(User(self.mine))
        self.ctl("drain")
        self.assertEqual(link.closed()[0], 1001)
        self.assertEqual(self.mine.process.wait(15), 0)


if __name__ == "__main__":
    unittest.main()
