"""A clock behind the time on record stops the start and the logins, says so, and an operator has the last word."""
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
