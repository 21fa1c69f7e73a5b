"""What lies in the memory of a process that a test has started: the pages that it can write."""
import re
import time
import unittest

MAP = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$")
PIECE = 16  # bytes; whoever has 31 bytes of a secret in a row has one of its pieces


def pieces(secret):
    """What to look for: a copy that has lost its first or last bytes is a copy, too."""
    text = secret.encode()
    size = min(PIECE, max(8, len(text) // 2))
    return {text[at:at + size] for at in range(0, len(text) - size + 1, size)} | {text[-size:]}


def areas(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps:
        for line in maps:
            begin, end, rights, name = MAP.match(line.rstrip("\n")).groups()
            if rights.startswith("rw"):
                yield int(begin, 16), int(end, 16), name


def whole(memory, begin, end):
    """What can be read of an area from its beginning: it may be going, and a read may stop before its end."""
    parts = []
    try:
        memory.seek(begin)
        while begin < end:
            part = memory.read(end - begin)
            if not part:
                break
            parts.append(part)
            begin += len(part)
    except OSError:
        pass
    return b"".join(parts)


def find(pid, secrets):
    """[(secret, where)] for each piece of a secret that is there."""
    found = []
    wanted = [(secret, piece) for secret in secrets for piece in pieces(secret)]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for begin, end, name in areas(pid):
            bytes_there = whole(memory, begin, end)
            for secret, piece in wanted:
                at = bytes_there.find(piece)
                if at >= 0:
                    around = bytes_there[max(0, at - 48):at + 64]
                    found.append((secret, f"{name or 'anonymous'} {begin:x}+{at:x} {around!r}"))
    return found


def may_be_read(pid):
    try:
        with open(f"/proc/{pid}/mem", "rb") as memory:
            memory.seek(next(areas(pid))[0])
            return len(memory.read(1)) == 1
    except PermissionError:
        return False


class Reader(unittest.TestCase):
    """Mixed into a test whose `process` is the server."""

    def read_or_skip(self):
        if not may_be_read(self.process.pid):
            self.skipTest("this system lets nobody read the memory of a child (kernel.yama.ptrace_scope)")

    def is_there(self, *secrets):
        """All of them: what says that a search can find something."""
        there = {secret for secret, _ in find(self.process.pid, secrets)}
        self.assertEqual(there, set(secrets))

    def is_gone(self, *secrets, wait_s=5):
        """None of them, once whoever is still at it is done."""
        deadline = time.monotonic() + wait_s
        while True:
            found = find(self.process.pid, secrets)
            if not found:
                return
            if time.monotonic() > deadline:
                self.fail("in the server's memory:\n" + "\n".join(f"{secret[:24]}: {where}" for secret, where in found))
            time.sleep(0.05)
