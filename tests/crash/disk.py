"""A disk that forgets what was not synced: what the library disk/ has written down is played onto a
model of the folder, and a power cut leaves of it what was synced, and by chance some of the rest.

A sync of a file makes its content durable, not its name; names are made durable by a sync of their
folder (POSIX promises no more). What was not synced may survive or not, in any order, by sectors.
"""
import copy
import mmap
import os
import pathlib
import shutil
import stat
import struct

RECORD = struct.Struct("<IIQQQII")
MAGIC = 0x4B534443
(CREATE, WRITE, ZERO, TRUNCATE, SYNC, SYNCED, SYNC_LOST, RENAME, UNLINK, LINK, MKDIR, RMDIR,
 MAPPED) = range(1, 14)
KINDS = {"open": 1, "write": 2, "sync": 4, "rename": 8, "truncate": 16, "allocate": 32, "unlink": 64,
         "mkdir": 128, "memory": 256, "sqlite": 512}
PAGE_BYTES = 232
SECTOR = 512
# How the power goes; each cut draws one.
MANNERS = ("nothing", "all", "prefix", "some", "torn", "names", "contents")


class Wrong(Exception):
    """The model and the folder differ: the library has missed a call."""


class Content:
    """The bytes of a file; zeros behind `data` up to `size`."""

    def __init__(self, data=b"", size=None):
        self.data, self.size = bytearray(data), len(data) if size is None else size

    def copy(self):
        return Content(self.data, self.size)

    def write(self, at, data):
        if at > len(self.data):
            self.data.extend(bytes(at - len(self.data)))
        self.data[at:at + len(data)] = data
        self.size = max(self.size, at + len(data))

    def zero(self, at, size):
        inside = max(0, min(len(self.data) - at, size))
        self.data[at:at + inside] = bytes(inside)
        self.size = max(self.size, at + size)

    def truncate(self, size):
        del self.data[size:]
        self.size = size

    def apply(self, op):
        what, at, value = op
        if what == WRITE:
            self.write(at, value)
        elif what == ZERO:
            self.zero(at, value)
        else:
            self.truncate(value)

    def equals(self, path):
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size != self.size:
                return False
            if file.read(len(self.data)) != self.data:
                return False
            try:
                file.seek(len(self.data), os.SEEK_DATA)
            except OSError:
                return True  # nothing but a hole
            return not file.read().strip(b"\0")

    def store(self, path):
        with open(path, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(self.data)
            file.truncate(self.size)


class File:
    def __init__(self):
        self.now, self.safe = Content(), Content()
        self.pending = []  # (serial, op), not durable
        self.lost = False  # a sync has failed: some of `now` will never be durable
        self.mapped = False

    def add(self, serial, op):
        self.now.apply(op)
        self.pending.append((serial, op))

    def synced(self, before, lost):
        while self.pending and self.pending[0][0] < before:
            _, op = self.pending.pop(0)
            if lost:
                self.lost = True
            else:
                self.safe.apply(op)

    @property
    def is_dirty(self):
        return bool(self.pending) or self.lost

    def settle(self, content):
        self.now, self.safe, self.pending, self.lost = content, content.copy(), [], False


def name_change(names, op):
    what, name, value = op
    if what == "set":
        names[name] = value
    elif what == "del":
        names.pop(name, None)
    else:
        to, child = value
        if names.get(name) is child:
            del names[name]
        names[to] = child


class Folder:
    def __init__(self):
        self.now, self.safe = {}, {}
        self.pending = []

    def add(self, serial, op):
        name_change(self.now, op)
        self.pending.append((serial, op))

    def synced(self, before, lost):
        while self.pending and self.pending[0][0] < before:
            _, op = self.pending.pop(0)
            if not lost:
                name_change(self.safe, op)


class Disk:
    """The folder `root`, empty at the beginning, and the log of what is done to it."""

    def __init__(self, root, log):
        self.root, self.log = pathlib.Path(root), pathlib.Path(log)
        self.top, self.inodes = Folder(), {}
        self.serial = self.syncs = 0
        self.touched = set()  # files changed since the last comparison
        self.lost_ops = self.kept_ops = 0

    # ---- names

    def folder(self, path):
        at = self.top
        for name in filter(None, path.split("/")):
            at = at.now[name]
        return at

    def place(self, path):
        head, _, name = path.rpartition("/")
        return self.folder(head), name

    def walk(self, folder=None, path=""):
        """(path, file or folder) of all there is."""
        for name, child in sorted((folder or self.top).now.items()):
            below = f"{path}/{name}" if path else name
            yield below, child
            if isinstance(child, Folder):
                yield from self.walk(child, below)

    # ---- the log

    def play(self):
        """Take in what the log says, and empty it; a last record cut short by a kill was never done."""
        if not self.log.exists():
            return
        data = memoryview(self.log.read_bytes())
        at, begun = 0, {}
        while at + RECORD.size <= len(data):
            magic, op, file, where, size, length, _ = RECORD.unpack_from(data, at)
            if magic != MAGIC:
                raise Wrong(f"the log is damaged at byte {at}")
            end = at + RECORD.size + length
            if end > len(data):
                break
            self.serial += 1
            self.take(op, file, where, size, data[at + RECORD.size:end], begun)
            at = end
        del data
        os.truncate(self.log, 0)

    def take(self, op, file, where, size, payload, begun):
        if op == WRITE:
            self.change(file, (WRITE, where, bytes(payload)))
        elif op == ZERO:
            self.change(file, (ZERO, where, size))
        elif op == TRUNCATE:
            self.change(file, (TRUNCATE, 0, size))
        elif op == SYNC:
            begun[size] = (self.serial, file, bytes(payload).decode())
        elif op in (SYNCED, SYNC_LOST):
            self.sync(begun.pop(size), op == SYNC_LOST)
        elif op == MAPPED:
            self.inodes[file].mapped = True
        else:
            self.name(op, file, [part.decode() for part in bytes(payload).split(b"\0")])

    def change(self, file, op):
        self.inodes[file].add(self.serial, op)
        self.touched.add(self.inodes[file])

    def sync(self, begun, lost):
        before, file, path = begun
        self.syncs += 1
        if file:
            self.inodes[file].synced(before, lost)
        elif path != "*":
            self.folder(path).synced(before, lost)
        else:
            for one in [self.top, *(child for _, child in self.walk()), *self.inodes.values()]:
                one.synced(before, lost)

    def name(self, op, file, paths):
        folder, name = self.place(paths[0])
        if op == CREATE:
            self.inodes[file] = File()
            folder.add(self.serial, ("set", name, self.inodes[file]))
        elif op == MKDIR:
            folder.add(self.serial, ("set", name, Folder()))
        elif op in (UNLINK, RMDIR):
            if name in folder.now:  # else a socket
                folder.add(self.serial, ("del", name, None))
        else:
            child = folder.now[name]
            other, to = self.place(paths[1])
            if op == LINK:
                other.add(self.serial, ("set", to, child))
            elif other is folder:
                folder.add(self.serial, ("move", name, (to, child)))
            else:
                raise Wrong(f"a rename from folder to folder is not modelled: {paths}")

    # ---- the folder as it is

    def differences(self):
        """What the folder holds against what the model says it holds, as far as it was touched."""
        model = dict(self.walk())
        found = {}
        for base, folders, files in os.walk(self.root):
            for name in folders + files:
                path = pathlib.Path(base) / name
                mode = path.lstat().st_mode
                if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                    found[str(path.relative_to(self.root))] = path
        wrong = [path for path in model if path not in found] + [path for path in found if path not in model]
        wrong += [path for path, child in model.items() if path in found and isinstance(child, File)
                  and child in self.touched and not child.mapped and not child.now.equals(found[path])]
        self.touched.clear()
        return sorted(wrong)

    def check(self):
        """At rest: the library has seen everything."""
        self.play()
        wrong = self.differences()
        if wrong:
            raise Wrong(f"changed without a record: {wrong[:5]}")

    def adopt(self):
        """After a kill: the one call that was on its way may be done and not be written down."""
        self.play()
        wrong = self.differences()
        if len(wrong) > 2:  # a rename is two
            raise Wrong(f"changed without a record: {wrong[:5]}")
        if wrong:
            # Undo it in the folder: nobody was told that it was done.
            self.write_back(set(wrong))

    # ---- power

    def cut(self, dice, manner=None):
        """The power goes: the folder becomes what the disk has kept. Returns the manner."""
        self.play()
        manner = manner or dice.choice(MANNERS)
        upto = dice.randint(0, self.serial) if manner != "prefix" else self.cut_point(dice)
        share = dice.choice((0.1, 0.5, 0.9))
        before = {path: child for path, child in self.walk()}
        rewritten = set()
        for folder in [self.top] + [child for child in before.values() if isinstance(child, Folder)]:
            self.cut_folder(folder, manner, upto, share, dice)
        files = {child for child in list(before.values()) + [c for _, c in self.walk()] if isinstance(child, File)}
        for file in files:
            if file.is_dirty:
                rewritten.add(file)
                self.cut_file(file, manner, upto, share, dice)
        after = {path: child for path, child in self.walk()}
        self.write_back({path for path, child in after.items() if before.get(path) is not child or child in rewritten}
                        | (before.keys() - after.keys()))
        return manner

    def cut_point(self, dice):
        """One of the operations that are not durable: it and what came before survives."""
        open_ones = [serial for _, child in self.walk() for serial, _ in child.pending]
        return dice.choice(open_ones) if open_ones else self.serial

    def survives(self, serial, manner, upto, share, dice, is_name):
        kept = {"nothing": False, "all": True, "prefix": serial <= upto, "names": is_name,
                "contents": not is_name}.get(manner)
        kept = dice.random() < share if kept is None else kept
        if kept:
            self.kept_ops += 1
        else:
            self.lost_ops += 1
        return kept

    def cut_folder(self, folder, manner, upto, share, dice):
        for serial, op in folder.pending:
            if self.survives(serial, manner, upto, share, dice, True):
                name_change(folder.safe, op)
        folder.now, folder.pending = dict(folder.safe), []

    def cut_file(self, file, manner, upto, share, dice):
        out = file.safe
        grown = max([file.now.size] + [out.size])
        for serial, op in file.pending:
            if manner == "torn" and op[0] == WRITE:
                self.write_sectors(out, op, share, dice)
            elif self.survives(serial, manner, upto, share, dice, False):
                out.apply(op)
        if manner in ("torn", "names") and out.size < grown and dice.random() < 0.5:
            # The size was written, the content was not: zeros, or what was there long ago.
            old = out.size
            out.zero(old, grown - old)
            if dice.random() < 0.5:
                out.write(old, dice.randbytes(min(grown - old, 1 << 16)))
        file.settle(out)

    def write_sectors(self, out, op, share, dice):
        _, at, data = op
        end = at + len(data)
        while at < end:
            stop = min(end, (at // SECTOR + 1) * SECTOR)
            if dice.random() < share:
                out.write(at, data[at - op[1]:stop - op[1]])
                self.kept_ops += 1
            else:
                self.lost_ops += 1
            at = stop

    def write_back(self, paths):
        """Make the folder hold what the model says, for these paths; later inodes are other ones."""
        model = dict(self.walk())
        for path in sorted(paths, reverse=True):
            real = self.root / path
            if real.is_dir() and not isinstance(model.get(path), Folder):
                shutil.rmtree(real)
            elif not real.is_dir() and os.path.lexists(real):
                real.unlink()
        for path in sorted(paths & model.keys()):
            real = self.root / path
            if isinstance(model[path], Folder):
                real.mkdir(0o700, exist_ok=True)
            else:
                model[path].now.store(real)
        self.find_inodes()

    def find_inodes(self):
        self.inodes = {(self.root / path).stat().st_ino: child for path, child in self.walk()
                       if isinstance(child, File)}

    def copy_to(self, root, log):
        """The same disk once more, in another folder; no program may run on this one."""
        other = copy.deepcopy(self)
        other.root, other.log = pathlib.Path(root), pathlib.Path(log)
        other.write_back({path for path, _ in other.walk()})
        return other


class Control:
    """The page that the library shares with us: what is to fail, and what has."""

    FORMAT = struct.Struct("<QQQIIIIII")

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(PAGE_BYTES))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), PAGE_BYTES)

    def close(self):
        self.page.close()

    def set(self, kinds=0, fail_at=0, number=0, stays=False):
        """Count these kinds of calls from now on, and let number `fail_at` of them fail."""
        self.page[48:PAGE_BYTES] = bytes(PAGE_BYTES - 48)
        struct.pack_into("<QQQIII", self.page, 0, 0, fail_at, 0, kinds, number, int(stays))

    def full(self, yes):
        struct.pack_into("<I", self.page, 36, int(yes))

    def sync_us(self, most):
        struct.pack_into("<I", self.page, 40, most)

    @property
    def calls(self):
        return self.FORMAT.unpack_from(self.page)[0]

    @property
    def each(self):
        """Calls by their kind."""
        return dict(zip(KINDS, struct.unpack_from("<10Q", self.page, 152)))

    @property
    def fired(self):
        return self.FORMAT.unpack_from(self.page)[2]

    @property
    def refused(self):
        return self.FORMAT.unpack_from(self.page)[8]

    @property
    def what(self):
        return self.page[48:152].split(b"\0")[0].decode(errors="replace")


def environment(library, root=None, log=None, control=None):
    """What a program is started with, so that the library stands before it."""
    out = dict(os.environ, LD_PRELOAD=str(library), ASAN_OPTIONS="verify_asan_link_order=0")
    for name, value in (("ROOT", root), ("LOG", log), ("CONTROL", control)):
        if value is not None:
            out["CANARA_DISK_" + name] = os.path.realpath(value)
    return out


__all__ = ["Control", "Disk", "KINDS", "MANNERS", "Wrong", "environment"]
