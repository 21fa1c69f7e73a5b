"""What an operator does to a running server through its control socket, seen from a customer's side."""
import json
import os
import stat
import subprocess
import unittest

from sockets import Socket
from support import Case, User, program


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
