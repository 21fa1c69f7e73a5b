"""A clock behind the time on record stops the start and the logins, says so, and an operator has the last word."""
import signal
import sqlite3
import struct
import subprocess
import time
import unittest

from support import Case, User, program

DAY_MS = 24 * 3600 * 1000


class Clock(Case):
    def setUp(self):
        self.mine = self.own()

    def record(self, ahead_ms):
        """As if an earlier run had vouched for a time that is to come."""
        with sqlite3.connect(self.mine.data / "canara.db") as base:
            base.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('clock.newest', ?)", (struct.pack("<q", time.time_ns() // 1000000 + ahead_ms),))
        base.close()

    def canara(self, *words):
        sets = [part for name, value in self.mine.settings.items() for part in ("--set", f"{name}={value}")]
        return subprocess.run([program["path"], *words, *sets], cwd=self.mine.dir, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"},
                              check=False, timeout=20)

    def test_a_start_behind_the_record_is_refused_until_the_time_is_accepted(self):
        user = User(self.mine)
        self.assertEqual(self.canara("clock", "show").returncode, 0)
        self.mine.stop()
        self.record(DAY_MS)
        with self.assertRaisesRegex(AssertionError, "canara clock accept"):
            self.mine.start()
        self.mine.stop()
        shown = self.canara("clock", "show")
        self.assertEqual(shown.returncode, 1, shown.stdout + shown.stderr)
        self.assertIn("canara clock accept", shown.stdout)
        self.assertEqual(self.canara("clock").returncode, 2)
        self.assertEqual(self.canara("clock", "believe").returncode, 2)
        accepted = self.canara("clock", "accept")
        self.assertEqual(accepted.returncode, 0, accepted.stdout + accepted.stderr)
        self.assertEqual(self.canara("clock", "show").returncode, 0)
        self.mine.start()
        self.assertEqual(user.status()["is_active"], True)
        user.login()
        self.assertIn('"clock.accepted"', self.canara("audit", "show").stdout)
        self.assertEqual(self.canara("audit", "verify").returncode, 0)

    def newest(self):
        with sqlite3.connect(self.mine.data / "canara.db") as base:
            row = base.execute("SELECT value FROM meta WHERE key = 'clock.newest'").fetchone()
        base.close()
        return struct.unpack("<q", row[0])[0]

    def hand_over_in_vain(self):
        failed = self.mine.log_text().count("handover.failed")
        self.mine.process.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + 20
        while self.mine.log_text().count("handover.failed") == failed and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.mine.log_text().count("handover.failed"), failed + 1)
        self.assertNotIn("handover.taken_back", self.mine.log_text())
        self.assertIsNone(self.mine.process.poll())

    def test_the_newest_time_is_on_record_before_anybody_compares_with_it(self):
        self.mine.stop()
        self.record(-1000)  # a time is known from the start on, and was put on record a moment ago
        self.mine.start()
        time.sleep(3)
        (self.mine.dir / ".env").write_text("BACKEND_CORS_ORIGINS=*\n")
        before = time.time_ns() // 1000000
        self.hand_over_in_vain()
        self.assertGreaterEqual(self.newest(), before - 3500)  # without it 4 s and more

    def test_a_server_whose_clock_was_set_back_is_not_handed_over(self):
        user = User(self.mine)
        self.record(DAY_MS)  # a start would be refused; who runs goes on with the sessions that are open
        checked = self.canara("check-config")
        self.assertEqual(checked.returncode, 1, checked.stdout + checked.stderr)
        self.assertIn("canara ctl accept-clock", checked.stderr)
        self.hand_over_in_vain()
        self.assertIn("canara serve: clock: the time is earlier", self.mine.log_text())
        self.assertEqual(user.status()["is_active"], True)

    def test_nothing_is_accepted_with_the_pepper_of_another_installation(self):
        User(self.mine)
        self.mine.stop()
        other = self.own()
        pepper = self.mine.data / "pepper"
        pepper.write_bytes((other.data / "pepper").read_bytes())
        for words in (("clock", "accept"),):
            done = self.canara(*words)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("pepper", done.stderr)

    def test_a_running_server_that_accepts_its_clock_notes_it(self):
        User(self.mine)
        done = subprocess.run([program["path"], "ctl", "--data-dir", str(self.mine.data), "accept-clock"], cwd=self.mine.dir, capture_output=True,
                              text=True, env={"PATH": "/usr/bin:/bin"}, check=False, timeout=20)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('"clock.accepted"', self.canara("audit", "show").stdout)
        self.assertIn("on record", self.canara("clock", "show").stdout)
        beside = self.canara("clock", "accept")  # it would be written over by what the server knows
        self.assertEqual(beside.returncode, 1, beside.stdout + beside.stderr)
        self.assertIn("canara ctl accept-clock", beside.stderr)
        self.mine.restart()
        User(self.mine)


if __name__ == "__main__":
    unittest.main()
