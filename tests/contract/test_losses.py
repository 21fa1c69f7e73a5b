"""Files that were lost or damaged while the server was down: nothing turns from asked to allowed without a word."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import unittest
from contextlib import closing

from support import Case, User, event, program


class Losses(Case):
    def setUp(self):
        self.mine = self.own()

    def run_command(self, *words):
        sets = [part for name, value in self.mine.settings.items() for part in ("--set", f"{name}={value}")]
        done = subprocess.run([program["path"], *words, *sets], cwd=self.mine.dir, capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin"}, check=False, timeout=30)
        return done.returncode, done.stdout + done.stderr

    def start_command(self, *words):
        """The same, with a pipe at its stdout that holds one page."""
        sets = [part for name, value in self.mine.settings.items() for part in ("--set", f"{name}={value}")]
        return subprocess.Popen([program["path"], *words, *sets], cwd=self.mine.dir, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                bufsize=0, pipesize=4096, env={"PATH": "/usr/bin:/bin"})

    def challenged(self):
        """A customer with events whose MPIN is asked for, and a server that has stopped in order."""
        user = User(self.mine)
        for i in range(20):
            user.events([event("scroll", pixels=10 * i + k) for k in range(10)])
        user.rehearse(0.75)
        user.summary()
        self.assertTrue(user.status()["mpin_required"])
        self.assertEqual(self.mine.stop(), 0)
        return user

    def newest(self):
        return max((self.mine.data / "journal").glob("*.cjl"))

    def refusal(self):
        """Why the start was refused, in one line."""
        skip = len(self.mine.log_text())
        with self.assertRaises(AssertionError):
            self.mine.start()
        lines = [line for line in self.mine.log_text()[skip:].splitlines() if line.startswith("canara serve: ")]
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def cut(self):
        os.truncate(self.newest(), self.newest().stat().st_size - 4096)

    def zero(self):
        data = self.newest().read_bytes()
        self.newest().write_bytes(data[:len(data) * 3 // 10] + bytes(len(data) - len(data) * 3 // 10))

    def flip_last(self):
        data = bytearray(self.newest().read_bytes())
        del data[data.rindex(b"\xffcjl"):]  # an empty frame, which says that the end was orderly
        data[data.rindex(b"\xffcjl") + 60] ^= 1
        self.newest().write_bytes(bytes(data))

    def empty(self):
        for path in (self.mine.data / "journal").iterdir():
            path.unlink()

    def remove(self):
        shutil.rmtree(self.mine.data / "journal")


def loses(spoil):
    def test(self):
        user = self.challenged()
        spoil(self)
        left = {path.name: path.read_bytes() for path in (self.mine.data / "journal").glob("*.cjl")}
        lines = self.mine.buffer(user)
        for _ in range(2):  # the second start finds what the first found
            self.assertRegex(self.refusal(), r"journal: it ends before what was durable.* at byte \d+, says sess.*canara accept-loss")
        self.assertEqual({path.name: path.read_bytes() for path in (self.mine.data / "journal").glob("*.cjl")}, left)
        code, said = self.run_command("accept-loss")
        self.assertEqual(code, 0, said)
        self.assertIn("1 sessions ended", said)
        self.mine.start()
        self.refused(user.get("/auth/session-status"), 401, "unauthorized")
        self.refused(self.mine.call("POST", "/api/v1/auth/refresh", {"refresh_token": user.refresh_token}), 401, "invalid-refresh-token")
        user.login()
        self.assertTrue(user.status()["mpin_required"])
        user.events([event("scroll", pixels=1)])
        user.summary()
        old = [line for line in lines if line["session_id"] != user.session_id]
        self.assertEqual(len(old), len(lines))
        path = self.mine.buffer_path(lines[0]["session_id"])
        self.assertEqual(len(path.read_text().splitlines()), len(lines))
        self.mine.restart()
        self.assertTrue(user.status()["is_active"])
        self.assertEqual(self.run_command("audit", "verify")[0], 0)
        self.assertIn("operator.journal_loss", self.run_command("audit", "show")[1])
    return test


class Journal(Losses):
    test_a_newest_segment_that_was_cut_is_refused = loses(Losses.cut)
    test_a_newest_segment_whose_end_became_zeros_is_refused = loses(Losses.zero)
    test_a_last_frame_that_is_damaged_is_refused = loses(Losses.flip_last)
    test_a_journal_without_segments_is_refused = loses(Losses.empty)
    test_a_journal_that_is_gone_is_refused = loses(Losses.remove)

    def test_a_whole_journal_is_not_given_up(self):
        user = self.challenged()
        code, said = self.run_command("accept-loss")
        self.assertEqual((code, "nothing was changed" in said), (0, True), said)
        self.mine.start()
        self.assertTrue(user.status()["mpin_required"])

    def test_a_start_removes_no_segment_before_the_view_has_said_what_it_needs(self):
        user = self.challenged()
        lines = self.mine.buffer(user)
        self.mine.start()
        user.events([event("scroll", pixels=1)])
        self.assertEqual(self.mine.stop(), 0)
        segments = sorted((self.mine.data / "journal").glob("*.cjl"))
        self.assertGreater(len(segments), 1)
        os.truncate(segments[0], 2 << 30)  # a hole: more than may be kept, and nothing is written
        self.mine.settings["JOURNAL_MAX_GB"] = "1"
        shutil.rmtree(self.mine.data / "session_buffers")
        self.assertEqual(self.run_command("accept-loss")[0], 0)
        self.assertEqual(sorted((self.mine.data / "journal").glob("*.cjl")), segments)
        self.mine.start()
        self.assertEqual(self.mine.buffer(user, len(lines) + 1)[:len(lines)], lines)

    def test_nothing_is_given_up_with_the_pepper_of_another_installation(self):
        self.challenged()
        self.cut()
        pepper = self.mine.data / "pepper"
        mine = pepper.read_bytes()
        pepper.write_bytes((self.own().data / "pepper").read_bytes())
        code, said = self.run_command("accept-loss")
        self.assertEqual((code, "pepper" in said), (1, True), said)
        pepper.write_bytes(mine)
        self.assertEqual(self.run_command("accept-loss")[0], 0)
        self.assertEqual(self.run_command("audit", "verify")[0], 0)

    def test_a_running_server_is_not_given_up(self):
        self.assertEqual(self.run_command("accept-loss")[0], 1)

    def test_buffer_files_alone_say_it_too(self):
        self.challenged()
        for path in self.mine.data.glob("sessions.checkpoint*"):
            path.unlink()
        self.remove()
        self.assertIn("says session_buffers/position", self.refusal())

    def position(self):
        return self.mine.data / "session_buffers" / "position"

    def test_a_damaged_position_accuses_nobody_and_is_told_of(self):
        user = self.challenged()
        lines = self.mine.buffer(user)
        text = bytearray(self.position().read_bytes())
        for at in (0, len(b"canara-view 2 "), len(text) - 2):  # name, number, checksum
            with self.subTest(at=at):
                self.mine.stop()
                skip = len(self.mine.log_text())
                text = bytearray(self.position().read_bytes())
                text[at] = ord("9") if text[at] != ord("9") else ord("8")
                self.position().write_bytes(bytes(text))
                self.mine.start()
                self.assertIn("view.place_damaged", self.mine.log_text()[skip:])
                self.assertTrue(user.status()["mpin_required"])
                user.summary()
                self.assertEqual(self.mine.buffer(user)[:len(lines)], lines)

    def test_a_position_without_a_checksum_accuses_nobody(self):
        user = self.challenged()
        self.position().write_text("canara-view 1 99999\n")
        self.mine.start()
        self.assertTrue(user.status()["mpin_required"])
        self.assertNotIn("view.place_damaged", self.mine.log_text())
        self.assertEqual(self.mine.stop(), 0)
        self.assertRegex(self.position().read_text(), r"^canara-view 2 \d+ [0-9a-f]{8}\n$")

    def test_a_position_from_elsewhere_is_what_to_look_at_first(self):
        user = self.challenged()
        other = self.own()
        busy = User(other)
        for i in range(60):
            busy.events([event("scroll", pixels=i)])
        self.assertEqual(other.stop(), 0)
        self.position().write_bytes((other.data / "session_buffers" / "position").read_bytes())
        self.assertRegex(self.refusal(), r"says session_buffers/position alone, and sessions.checkpoint misses nothing: look at that file first.*canara accept-loss")
        self.position().unlink()
        self.mine.start()
        self.assertTrue(user.status()["mpin_required"])

    def test_frames_that_were_lost_behind_the_newest_checkpoint_are_still_missed(self):
        user = self.challenged()
        before = {path: path.read_bytes() for path in self.mine.data.glob("sessions.checkpoint*")}
        self.assertTrue(before)
        self.mine.start()
        held = len(self.newest().read_bytes().rstrip(b"\0"))
        for i in range(10):
            user.events([event("scroll", pixels=i) for _ in range(10)])
        user.summary()
        self.assertEqual(self.mine.stop(signal.SIGTERM), 0)
        for path, data in before.items():
            path.write_bytes(data)
        segments = sorted((self.mine.data / "journal").glob("*.cjl"))
        if len(segments) == 1:
            os.truncate(segments[0], held)
        else:
            segments[-1].unlink()
        self.assertRegex(self.refusal(), r"says session_buffers/position alone, .*if not, restore what is missing")
        self.assertEqual(self.run_command("accept-loss")[0], 0)
        self.mine.start()
        self.refused(user.get("/auth/session-status"), 401, "unauthorized")

    def test_sessions_that_no_journal_knows_are_over_and_their_files_stay(self):
        user = self.challenged()
        lines = self.mine.buffer(user)
        for path in [*self.mine.data.glob("sessions.checkpoint*"), self.mine.data / "session_buffers" / "position"]:
            path.unlink()
        self.remove()
        self.mine.start()
        self.refused(user.get("/auth/session-status"), 401, "unauthorized")
        self.assertEqual(self.mine.buffer(user), lines)


class Damage(Losses):
    def old_frame(self):
        """Flip a bit in a frame of events, long before the newest checkpoint's place."""
        data = bytearray(self.newest().read_bytes())
        frames = [at for at in range(len(data) - 3) if data[at:at + 4] == b"\xffcjl"]
        data[frames[len(frames) // 2] + 100] ^= 1
        self.newest().write_bytes(bytes(data))

    def test_an_old_frame_that_is_damaged_ends_nobodys_buffer_files(self):
        user = self.challenged()
        lines = self.mine.buffer(user)
        self.old_frame()
        self.mine.start()
        self.assertTrue(user.status()["mpin_required"])
        fresh = User(self.mine)
        for who in (user, fresh):
            who.events([event("scroll", pixels=i) for i in range(5)])
            self.assertEqual(who.summary()["total_events"], 205 if who is user else 5)
        self.assertEqual(self.mine.buffer(user)[:len(lines)], lines)
        self.assertIn("view.journal_damaged", self.mine.log_text())

    def test_lines_of_a_damaged_frame_are_marked_and_counted(self):
        user = self.challenged()
        lines = self.mine.buffer(user)
        self.old_frame()
        shutil.rmtree(self.mine.data / "session_buffers")
        self.mine.start()
        user.events([event("scroll", pixels=1)])
        user.summary()
        again = self.mine.buffer(user)
        lost = [i for i, line in enumerate(again) if line["event_type"] == "session_line_lost"]
        self.assertGreaterEqual(len(lost), 1)
        self.assertEqual([line for i, line in enumerate(again[:len(lines)]) if i not in lost],
                         [line for i, line in enumerate(lines) if i not in lost])
        self.assertIn("canara_journal_frames_lost_total 1\n", self.mine.call("GET", "/metrics").body.decode())
        self.assertRegex(self.mine.log_text(), r'"view.journal_damaged","file":"\d+\.cjl","offset":\d+')

    def test_where_a_start_needs_it_it_is_refused_with_file_and_byte(self):
        self.challenged()
        self.old_frame()
        for path in self.mine.data.glob("sessions.checkpoint*"):
            data = bytearray(path.read_bytes())
            data[-3] ^= 1
            path.write_bytes(bytes(data))
        self.assertRegex(self.refusal(), r"journal: .*damaged.*, file \d+\.cjl at byte \d+")


class Database(Losses):
    def lose(self):
        for path in self.mine.data.glob("canara.db*"):
            path.unlink()

    def test_a_missing_database_is_no_new_one(self):
        self.challenged()
        self.lose()
        self.assertRegex(self.refusal(), "canara.db: is missing, and DATA_DIR has known a database")
        self.assertFalse((self.mine.data / "canara.db").exists())

    def test_nor_where_nobody_has_logged_in(self):
        user = User(self.mine, login=False)
        self.assertEqual(self.mine.stop(), 0)
        self.assertEqual(list((self.mine.data / "journal").glob("*.cjl")), [])
        self.lose()
        self.assertRegex(self.refusal(), "is missing")
        self.assertIsNotNone(user)

    def test_nor_where_a_data_dir_of_before_the_note_has_frames(self):
        self.challenged()
        self.lose()
        (self.mine.data / "database.known").unlink()
        for path in self.mine.data.glob("sessions.checkpoint*"):
            path.unlink()
        shutil.rmtree(self.mine.data / "session_buffers")
        self.assertRegex(self.refusal(), "is missing")

    def test_a_disk_that_is_not_mounted_is_no_new_database(self):
        disk = self.mine.dir / "disk"
        disk.mkdir(mode=0o700)
        mine = self.own(DATABASE_URL=f"sqlite:///{disk}/bank.db")
        user = User(mine)
        self.assertEqual(mine.stop(), 0)
        disk.rename(self.mine.dir / "elsewhere")
        disk.mkdir(mode=0o700)
        self.mine.stop()
        self.mine = mine
        self.assertRegex(self.refusal(), r"disk/bank.db: is missing")
        disk.rmdir()
        (disk.parent / "elsewhere").rename(disk)
        mine.start()
        self.assertTrue(user.status()["is_active"])

    def test_a_start_that_failed_before_there_was_one_is_no_loss(self):
        mine = self.own(start=False, DATABASE_URL=f"sqlite:///{self.mine.dir}/not-there/bank.db")
        with self.assertRaises(AssertionError):
            mine.start()
        (self.mine.dir / "not-there").mkdir(mode=0o700)
        mine.start()
        self.assertTrue(User(mine).status()["is_active"])

    def test_a_backup_is_restored_into_an_empty_data_dir(self):
        user = self.challenged()
        aside = self.mine.dir / "aside"
        self.mine.data.rename(aside)
        self.mine.data.mkdir(mode=0o700)
        shutil.copytree(aside / "journal", self.mine.data / "journal")
        for name in ("canara.db", "pepper"):
            shutil.copy2(aside / name, self.mine.data / name)
        self.mine.start()
        self.assertTrue(user.status()["mpin_required"])
        self.assertGreater(user.summary()["total_events"], 100)


class Owner(Losses):
    def twin(self):
        """Another DATA_DIR with the same database."""
        twin = self.own(start=False, DATABASE_URL=f"sqlite:///{self.mine.data}/canara.db")
        twin.data.mkdir(mode=0o700)
        shutil.copy2(self.mine.data / "pepper", twin.data)
        return twin

    def test_a_database_has_one_server_whatever_its_data_dir(self):
        user = User(self.mine)
        twin = self.twin()
        for _ in range(2):
            with self.assertRaisesRegex(AssertionError, "canara.db: another server is running on it"):
                twin.start()
        self.assertTrue(user.status()["is_active"])
        self.mine.stop(signal.SIGKILL)  # the lock goes with the process
        twin.start()
        with self.assertRaisesRegex(AssertionError, "another server is running on it"):
            self.mine.start()

    def test_offline_commands_read_beside_it(self):
        User(self.mine)
        for words in (("audit", "verify"), ("audit", "show")):
            code, said = self.run_command(*words)
            self.assertEqual(code, 0, said)

    def test_who_only_looks_brings_no_database_up_to_date(self):
        """A program that was installed and not started yet must not change what the running one serves from."""
        User(self.mine)
        with closing(sqlite3.connect(self.mine.data / "canara.db")) as base:
            with base:
                base.execute("DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations)")
            before = base.execute("SELECT * FROM migrations").fetchall()
            for words in (("audit", "verify"), ("audit", "show"), ("clock", "show")):
                code, said = self.run_command(*words)
                self.assertEqual(code, 0, said)
            self.assertEqual(base.execute("SELECT * FROM migrations").fetchall(), before)

    def test_whoever_reads_the_audit_slowly_holds_no_log_of_the_database(self):
        user = User(self.mine)
        for _ in range(40):
            user.login()
        show = self.start_command("audit", "show", "--last", "1000000")
        try:
            first = show.stdout.read(1)  # it has begun, and stands with a full pipe
            user.login()
            with closing(sqlite3.connect(self.mine.data / "canara.db", timeout=2)) as base:
                busy, size, folded = base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.assertEqual((busy, size, folded), (0, 0, 0))
            shown = [json.loads(line) for line in (first + show.stdout.read()).splitlines()]
        finally:
            show.kill()
            show.communicate()
        self.assertEqual([line["seq"] for line in shown], list(range(1, shown[-1]["seq"] + 1)))


if __name__ == "__main__":
    unittest.main()
