#!/usr/bin/env python3
"""The forgetful disk itself: programs that forget to sync lose their work, programs that sync keep it."""
import argparse
import errno
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import disk  # noqa: E402

LIBRARY = None
# What the little programs below share; they run with the library before them.
PROLOGUE = """
import os, sys
os.chdir(sys.argv[1])
def put(name, data, flags=os.O_WRONLY | os.O_CREAT, sync=True):
    fd = os.open(name, flags, 0o600)
    os.write(fd, data)
    if sync:
        os.fsync(fd)
    return fd
def sync_folder(name="."):
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)
"""


class Forgetful(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory(prefix="canara-disk-")
        folder = pathlib.Path(self.place.name)
        self.root = folder / "disk"
        self.root.mkdir(0o700)
        self.control = disk.Control(folder / "control")
        self.log = folder / "log"
        self.disk = disk.Disk(self.root, self.log)

    def tearDown(self):
        self.control.close()
        self.place.cleanup()

    def run_program(self, text, status=0):
        done = subprocess.run([sys.executable, "-S", "-c", PROLOGUE + text, str(self.root)], check=False,
                              env=disk.environment(LIBRARY, self.root, self.log, self.control.path),
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stderr)
        self.disk.check()
        return done.stdout.strip()

    def cut(self, manner, seed=1):
        self.disk.cut(random.Random(seed), manner)
        return {str(p.relative_to(self.root)): p.read_bytes() for p in self.root.rglob("*") if p.is_file()}

    def test_what_is_synced_with_its_name_is_kept_in_every_manner(self):
        self.run_program("put('a', b'x' * 5000); sync_folder()")
        for manner in disk.MANNERS:
            self.assertEqual(self.cut(manner), {"a": b"x" * 5000}, manner)

    def test_a_file_without_a_sync_is_lost(self):
        self.run_program("put('a', b'new', sync=False); sync_folder()")
        self.assertEqual(self.cut("nothing"), {"a": b""})

    def test_a_name_without_a_sync_of_its_folder_is_lost(self):
        self.run_program("put('a', b'new')")
        self.assertEqual(self.cut("nothing"), {})

    def test_a_write_after_the_sync_is_lost(self):
        self.run_program("fd = put('a', b'old'); sync_folder(); os.pwrite(fd, b'NEW', 0)")
        self.assertEqual(self.cut("nothing"), {"a": b"old"})

    def test_a_rename_is_lost_or_kept_whole(self):
        self.run_program("put('a', b'old'); sync_folder(); put('b', b'new'); sync_folder(); os.rename('b', 'a')")
        self.assertEqual(self.cut("nothing"), {"a": b"old", "b": b"new"})
        self.run_program("os.rename('b', 'a'); sync_folder()")
        self.assertEqual(self.cut("nothing"), {"a": b"new"})

    def test_a_rename_of_a_file_that_was_never_synced_leaves_an_empty_one(self):
        self.run_program("put('a', b'old'); sync_folder(); put('b', b'new', sync=False); os.rename('b', 'a')")
        self.assertIn(self.cut("names")["a"], (b"", b"\0\0\0"))

    def test_an_unlink_and_a_truncation_without_a_sync_come_back(self):
        self.run_program("put('a', b'one'); put('b', b'two'); sync_folder(); os.unlink('a')\n"
                         "fd = os.open('b', os.O_WRONLY); os.ftruncate(fd, 0)")
        self.assertEqual(self.cut("nothing"), {"a": b"one", "b": b"two"})

    def test_a_folder_and_what_is_in_it_need_their_own_syncs(self):
        self.run_program("os.mkdir('f', 0o700); put('f/a', b'x'); sync_folder('f')")
        self.assertEqual(self.cut("nothing"), {})
        self.run_program("os.mkdir('f', 0o700); sync_folder(); put('f/a', b'x'); sync_folder('f')")
        self.assertEqual(self.cut("nothing"), {"f/a": b"x"})

    def test_a_link_gives_a_second_name(self):
        self.run_program("put('a', b'x'); os.link('a', 'b'); os.unlink('a'); sync_folder()")
        self.assertEqual(self.cut("nothing"), {"b": b"x"})

    def test_writes_survive_out_of_order_and_by_sectors(self):
        self.run_program("fd = put('a', bytes(8192)); sync_folder()\n"
                         "os.pwrite(fd, b'1' * 4096, 0); os.pwrite(fd, b'2' * 4096, 4096)")
        content = self.cut("torn", seed=3)["a"]
        sectors = [content[i:i + 512] for i in range(0, 8192, 512)]
        self.assertTrue(all(s in (bytes(512), b"1" * 512, b"2" * 512) for s in sectors))
        self.assertTrue(any(s[0] == 0 for s in sectors) and any(s[0] != 0 for s in sectors))

    def test_a_prefix_is_what_came_first(self):
        self.run_program("fd = put('a', b'0'); sync_folder()\nfor i in range(1, 10): os.pwrite(fd, b'%d' % i, i)")
        self.assertTrue(b"0123456789".startswith(self.cut("prefix", seed=5)["a"]))

    def test_appending_truncating_and_zeros_are_modelled(self):
        self.run_program("fd = put('a', b'one', os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
                         "os.write(fd, bytes(100000)); os.write(fd, b'end'); os.ftruncate(fd, 100005)\n"
                         "os.posix_fallocate(fd, 0, 100100); os.fdatasync(fd); sync_folder()\n"
                         "put('a', b'', os.O_WRONLY | os.O_TRUNC, sync=False)")
        self.assertEqual(self.cut("nothing"), {"a": b"one" + bytes(100000) + b"en" + bytes(95)})

    def test_a_failed_sync_loses_what_was_before_it_for_good(self):
        self.run_program("put('a', b'old'); sync_folder()")
        self.control.set(disk.KINDS["sync"], fail_at=1, number=errno.EIO)
        said = self.run_program("fd = os.open('a', os.O_WRONLY); os.pwrite(fd, b'NEW', 0)\n"
                                "try: os.fsync(fd)\nexcept OSError as e: print(e.errno)\n"
                                "os.fsync(fd)\n")
        self.assertEqual((said, self.control.fired), (str(errno.EIO), 1))
        self.assertIn("sync a", self.control.what)
        self.assertEqual(self.cut("all"), {"a": b"old"})

    def test_the_call_asked_for_fails_and_a_failing_write_is_torn(self):
        self.control.set(disk.KINDS["write"], fail_at=2, number=errno.ENOSPC)
        said = self.run_program("fd = put('a', b'one'); sync_folder()\n"
                                "try: os.pwrite(fd, b'xxxx', 3)\nexcept OSError as e: print(e.errno)\n"
                                "os.pwrite(fd, b'!', 5)")
        self.assertEqual(said, str(errno.ENOSPC))
        self.assertEqual(self.control.calls, 3)
        self.assertEqual(self.cut("all"), {"a": b"onexx!"})

    def test_on_a_full_disk_nothing_grows_and_nothing_is_made(self):
        self.run_program("put('a', b'1234'); sync_folder()")
        self.control.full(True)
        said = self.run_program("fd = os.open('a', os.O_WRONLY); print(os.pwrite(fd, b'abcd', 0))\n"
                                "try: os.pwrite(fd, b'x', 4)\nexcept OSError as e: print(e.errno)\n"
                                "try: put('b', b'')\nexcept OSError as e: print(e.errno)")
        self.assertEqual(said.split(), ["4", str(errno.ENOSPC), str(errno.ENOSPC)])
        self.control.full(False)
        self.run_program("put('b', b'x'); os.unlink('a')")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--disk", required=True, help="the library")
    chosen, rest = parser.parse_known_args()
    LIBRARY = str(pathlib.Path(chosen.disk).resolve())
    unittest.main(argv=[sys.argv[0], *rest])
