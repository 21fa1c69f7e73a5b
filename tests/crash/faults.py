#!/usr/bin/env python3
"""Every call to the disk and every allocation of a server fails once, in turn: it goes on, refuses, or
stops with a word, and the next start has everything that was acknowledged.

One case is one failing call: a small day (start, register, log in, events, MPIN, log out, stop) on a
disk of ours whose call number N fails, then, half of the time after a power cut, a start on a sound
disk that is asked for every promise. The day is the first on an empty disk, or one after a kill.

With --sweep it is every single allocation: all of the program's own in both days, and all of SQLite's
in a shorter day, from when the server listens. (Those of a start are src/store/store_fault_test.c's.)
"""
import argparse
import asyncio
import collections
import concurrent.futures
import copy
import errno
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import disk  # noqa: E402
from house import LISTENING, Fault, House, answer  # noqa: E402
from kill_nine import SETTINGS, Progress  # noqa: E402
from people import MPIN, PASSWORD  # noqa: E402
from streams import event, read_lines  # noqa: E402

BATCH, BATCHES = 7, 3
ANSWER_S, END_S = 20, 30
# What is made to fail, and how, by turns. A write that fails is torn.
ERRORS = {"open": (errno.EIO, errno.ENOSPC), "write": (errno.EIO, errno.ENOSPC), "sync": (errno.EIO,),
          "rename": (errno.EIO, errno.ENOSPC), "truncate": (errno.EIO,), "allocate": (errno.ENOSPC,),
          "unlink": (errno.EIO,), "mkdir": (errno.EIO, errno.ENOSPC), "memory": (errno.ENOMEM,),
          "sqlite": (errno.ENOMEM,)}
MEMORY = {"memory": b"program", "sqlite": b"sqlite"}  # whose allocations
DAYS = ("first", "after-a-kill")
SWEPT = (("first", "memory"), ("after-a-kill", "memory"), ("short", "sqlite"))
FAULT_SETTINGS = dict(SETTINGS, REPLAY_MEMORY_MB="1", LOOPS="1", HASH_WORKERS="1", SESSION_EXPIRE_MINUTES="600")


class Promises:
    """What one person was told."""

    def __init__(self, email):
        self.email = email
        self.registered = False
        self.sessions = {}   # id: token, of acknowledged logins
        self.gone = set()    # acknowledged logouts
        self.leaving = set()  # asked to log out
        self.sent, self.acked = collections.Counter(), collections.Counter()
        self.failures = {0}  # of the MPIN: one of these
        self.answers = collections.Counter()
        self.main = None     # the session that works


class Visit:
    """A small day: every answer is kept, none is demanded."""

    def __init__(self, life, promises):
        self.life, self.promises = life, promises

    async def ask(self, method, path, body=None, token=None):
        """(status, body); status 0: no answer."""
        status, said = 0, {}
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection(self.life.host, self.life.port)
                try:
                    writer.write(self.life.request(method, path, body, token))
                    status, said = await answer(reader)
                finally:
                    writer.close()
        except TimeoutError:
            if self.life.process.returncode is None:
                self.promises.answers["late"] += 1
        except (OSError, asyncio.IncompleteReadError, json.JSONDecodeError):
            pass
        self.promises.answers[status] += 1
        return status, said

    async def short_day(self):
        """Each kind of request that writes, once."""
        p = self.promises
        status, _ = await self.ask("POST", "/auth/register", {"email": p.email, "password": PASSWORD, "mpin": MPIN})
        p.registered = p.registered or status == 200
        await self.login("phone")
        await self.events()
        await self.mpin("2222")
        await self.mpin(MPIN)
        await self.summary()

    async def day(self):
        p = self.promises
        status, _ = await self.ask("POST", "/auth/register", {"email": p.email, "password": PASSWORD, "mpin": MPIN})
        p.registered = p.registered or status == 200
        await self.login("phone")
        for batch in range(BATCHES):
            await self.events()
            if batch == 0:
                await self.mpin("2222")
        await self.summary()
        await self.mpin(MPIN)
        await self.mpin("3333")
        second = await self.login("tablet")
        if second is not None:
            p.leaving.add(second)
            status, _ = await self.ask("POST", "/auth/logout", token=p.sessions[second])
            if status == 200:
                p.gone.add(second)
        await self.events()

    async def login(self, device):
        status, said = await self.ask("POST", "/auth/login", {"email": self.promises.email, "password": PASSWORD,
                                                              "device_id": device})
        if status == 200:
            self.promises.sessions[said["session_id"]] = said["session_token"]
            if device != "tablet" and self.promises.main is None:
                self.promises.main = said["session_id"]
            return said["session_id"]
        return None

    async def events(self):
        p, id_ = self.promises, self.promises.main
        if id_ is None:
            return
        first = p.acked[id_] + 1
        p.sent[id_] = max(p.sent[id_], p.acked[id_] + BATCH)
        status, said = await self.ask("POST", f"/ws/sessions/{id_}/events",
                                      [event(n, True) for n in range(first, first + BATCH)], p.sessions[id_])
        if status == 200:
            if said["accepted"] != BATCH:
                raise Fault(f"events {first} to {first + BATCH - 1} answered {said}")
            p.acked[id_] = first + BATCH - 1

    async def mpin(self, mpin):
        p, id_ = self.promises, self.promises.main
        if id_ is None:
            return
        before = p.failures
        status, said = await self.ask("POST", "/auth/verify-mpin", {"mpin": mpin}, p.sessions[id_])
        after = {0} if mpin == MPIN else {f + 1 for f in before}
        spent = {f + 1 for f in before}  # a guess is spent before it is looked at
        p.failures = after if status in (200, 401) else before | after | spent
        if status == 200 and mpin != MPIN or status == 401 and mpin == MPIN and "MPIN" in str(said):
            raise Fault(f"MPIN {mpin} answered {status} {said}")

    async def summary(self):
        if self.promises.main is not None:
            id_ = self.promises.main
            await self.ask("GET", f"/ws/sessions/{id_}/behavior-summary", token=self.promises.sessions[id_])


class Case:
    def __init__(self, chosen, root, dice):
        self.chosen, self.root, self.dice = chosen, root, dice
        self.folder = root / "disk"
        self.folder.mkdir(0o700)
        self.control = disk.Control(root / "control")
        self.disk = disk.Disk(self.folder, root / "log")
        self.house = House(str(pathlib.Path(chosen.canara).resolve()), root, FAULT_SETTINGS, self.folder / "data",
                           self.environment(False))
        self.promises = Promises("anna@example.com")
        self.outcome = self.trace = None

    def environment(self, with_memory):
        libraries = [chosen for chosen in (self.chosen.memory if with_memory else None, self.chosen.disk) if chosen]
        out = disk.environment(":".join(str(pathlib.Path(l).resolve()) for l in libraries), self.folder,
                               self.root / "log", self.control.path)
        if with_memory and self.trace:
            out["CANARA_DISK_TRACE"] = self.trace
        return out

    def log_size(self):
        return self.house.log.stat().st_size if self.house.log.exists() else 0

    async def start(self):
        """A life, or None when the server said why it cannot start."""
        at = self.log_size()
        life = await self.house.start()
        while True:
            line = await asyncio.wait_for(life.process.stdout.readline(), END_S)
            found = LISTENING.match(line)
            if found:
                life.host, life.port = found.group(1).decode(), int(found.group(2))
                life.log_at = at
                return life
            if not line:
                await self.ended(life, at)
                return None

    async def ended(self, life, at):
        """It ended by itself: with a status and a word, not by a signal."""
        status = await asyncio.wait_for(life.process.wait(), END_S)
        said = self.house.log.read_bytes()[at:] if self.house.log.exists() else b""
        if status == -signal.SIGTERM and b"canara serve: " in said:
            return 1  # our signal met it when it had said why it ends
        if status < 0 or b"ERROR: AddressSanitizer" in said or b"runtime error" in said:
            raise Fault(f"the server died: status {status}: {said[-600:].decode(errors='replace')}")
        if status != 0 and not said.strip():
            raise Fault(f"the server ended with status {status} and no word")
        return status

    async def stop(self, life):
        """Ask for a clean stop; the status."""
        if life.process.returncode is None:
            life.process.send_signal(signal.SIGTERM)
        while await life.process.stdout.read(65536):
            pass
        return await self.ended(life, life.log_at)

    async def prepare(self, day):
        """The day before, sound, ended by a kill."""
        if day != "after-a-kill":
            return
        if self.chosen.before is not None:
            self.disk = self.chosen.before.disk.copy_to(self.folder, self.root / "log")
            self.promises = copy.deepcopy(self.chosen.before.promises)
            return
        life = await self.start()
        await Visit(life, self.promises).day()
        life.kill()
        await life.buried()
        self.disk.adopt()

    async def play(self, day, kinds, at, number, power):
        await self.prepare(day)
        with_memory = kinds >= disk.KINDS["memory"]
        self.house.environment = self.environment(with_memory)
        if day != "short":
            self.control.set(kinds, at, number)
        life = await self.start()
        if life is None:
            self.outcome = "did not start"
        else:
            try:
                visit = Visit(life, self.promises)
                if day == "short":
                    self.control.set(kinds, at, number)
                await (visit.short_day() if day == "short" else visit.day())
                status = await self.stop(life)
            finally:
                life.kill()
            self.outcome = f"ended with status {status}" if status != 0 else (
                "refused something" if any(s >= 500 or s == 0 for s in self.promises.answers if s != "late")
                else "went on")
        self.calls, self.each = self.control.calls, self.control.each
        self.what, self.fired = self.control.what, self.control.fired
        self.control.set()
        self.house.environment = self.environment(False)
        self.disk.adopt()
        if power:
            self.disk.cut(self.dice)
        await self.look()

    async def look(self):
        """A sound start has everything that was promised, and takes more."""
        p = self.promises
        life = await self.start()
        if life is None:
            raise Fault("the next start failed: " + self.house.log.read_text(errors="replace")[-600:])
        try:
            visit = Visit(life, p)
            await self.look_at_sessions(visit)
            if not p.registered:
                status, said = await visit.ask("POST", "/auth/register",
                                               {"email": p.email, "password": PASSWORD, "mpin": MPIN})
                if status not in (200, 400):
                    raise Fault(f"register on a sound disk: {status} {said}")
            if await visit.login("watch") is None:
                raise Fault("no login on a sound disk")
            await self.look_at_file(visit)
            status = await self.stop(life)
            if status != 0:
                raise Fault(f"a clean stop on a sound disk: status {status}")
        finally:
            life.kill()
        self.disk.check()
        await self.house.verify_journal("at the end")

    async def look_at_sessions(self, visit):
        p = self.promises
        for id_, token in p.sessions.items():
            status, said = await visit.ask("GET", "/auth/session-status", token=token)
            if id_ in p.gone and status != 401:
                raise Fault(f"a session that was logged out answers {status} {said}")
            if id_ not in p.leaving and status != 200:
                raise Fault(f"a session whose login was acknowledged answers {status} {said}")
            if id_ == p.main and not p.acked[id_] <= said["behavioral_events_count"] <= p.sent[id_]:
                raise Fault(f"{p.acked[id_]} events acknowledged, {p.sent[id_]} sent: {said}")
            if id_ == p.main and said["mpin_attempts"] not in p.failures:
                raise Fault(f"{said['mpin_attempts']} failures, possible are {sorted(p.failures)}")

    async def look_at_file(self, visit):
        """What came in durably and was not acknowledged comes again; then 1 to the last, once each."""
        p, id_ = self.promises, self.promises.main
        await visit.events()
        status, said = await visit.ask("GET", f"/ws/sessions/{id_}/behavior-summary", token=p.sessions[id_])
        session = type("Session", (), {"id": id_})
        path = self.house.buffer_path(id_)
        found = read_lines(id_, path.read_bytes() if path.exists() else b"", session, p.email)
        if status != 200 or found != list(range(1, p.acked[id_] + 1)):
            raise Fault(f"summary {status}; {p.acked[id_]} events acknowledged, the file has {found}")


async def play_one(chosen, day, kind, at, number, power, trace=None):
    """The case that was played; raises Fault."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="canara-fault-"))
    case = Case(chosen, root, random.Random(f"{chosen.seed} {day} {kind} {at} {number}"))
    kinds, case.trace = disk.KINDS.get(kind, disk.KINDS["memory"] - 1), trace  # "disk": all but the two of memory
    try:
        await case.play(day, kinds, at, number, power)
    except (Fault, disk.Wrong, TimeoutError, KeyError, json.JSONDecodeError) as wrong:
        what = getattr(case, "what", case.control.what)
        raise Fault(f"{day} day, {kind} number {at} fails with {errno.errorcode.get(number, 0)} ({what or 'none'})"
                    f"{', then the power' if power else ''}: {wrong!r}; kept in {root}") from None
    shutil.rmtree(root, ignore_errors=True)
    case.control.close()
    return case


async def allocations(chosen, day, kind, dice):
    """Numbers of allocations: of each place in the code its first, its last and one between."""
    with tempfile.NamedTemporaryFile(prefix="canara-trace-") as trace:
        calls = (await play_one(chosen, day, kind, 0, 0, False, trace.name)).calls
        places = collections.defaultdict(list)
        for at, place in enumerate((p for p in trace.read().split() if p.startswith(MEMORY[kind])), 1):
            places[place].append(at)
    print(f"{day:14} {kind:9} {calls} calls from {len(places)} places", flush=True)
    return sorted({at for all_of in places.values() for at in (all_of[0], all_of[-1], dice.choice(all_of))})


async def sweep(chosen, dice):
    """Every allocation."""
    cases = []
    for day, kind in SWEPT:
        if kind in (chosen.only or ERRORS):
            calls = (await play_one(chosen, day, kind, 0, 0, False)).calls
            print(f"{day:14} {kind:9} {calls} calls", flush=True)
            cases += [(day, kind, at, errno.ENOMEM, dice.random() < 0.5) for at in range(1, calls + 1)]
    return cases


async def plan(chosen, dice):
    """All the cases, in the order in which they are played."""
    cases = await sweep(chosen, dice) if chosen.sweep else await by_kind(chosen, dice)
    total = len(cases)
    dice.shuffle(cases)  # so that an early end has seen some of all
    return cases[:chosen.sample or total], total


async def by_kind(chosen, dice):
    """Every call to the disk, and allocations of each place."""
    cases = []
    for day in DAYS:
        calls = (await play_one(chosen, day, "disk", 0, 0, False)).each
        print(f"{day:14} " + ", ".join(f"{calls[kind]} {kind}" for kind in ERRORS if kind not in MEMORY), flush=True)
        for kind in chosen.only or ERRORS:
            if kind not in MEMORY:
                numbers = range(1, calls[kind] + 1)
            else:
                numbers = await allocations(chosen, day, kind, dice) if chosen.memory else []
            if chosen.at:
                numbers = [at for at in numbers if at in chosen.at]
            cases += [(day, kind, at, ERRORS[kind][at % len(ERRORS[kind])], chosen.power or dice.random() < 0.5)
                      for at in numbers]
    return cases


async def run(chosen):
    chosen.before, dice = None, random.Random(chosen.seed)
    cases, total = await plan(chosen, dice)
    print(f"{len(cases)} of {total} cases")
    with tempfile.TemporaryDirectory(prefix="canara-fault-before-") as before:
        return await play_all(chosen, cases, pathlib.Path(before))


HERE = argparse.Namespace()  # of a process of the pool: what was chosen, which is too much to send with each case


def begin_here(chosen):
    HERE.chosen = chosen


def play_here(case):
    """In a process of its own: (outcome, calls that failed as planned, fault or None)."""
    try:
        done = asyncio.run(play_one(HERE.chosen, *case))
        return done.outcome, done.fired, None
    except Fault as fault:
        return "broke a promise", 1, str(fault)


class Sums:
    def __init__(self, cases):
        self.cases, self.progress, self.outcomes = cases, Progress(), collections.Counter()
        self.played = self.fired = self.failed = 0

    def add(self, outcome, fired, fault):
        self.played += 1
        self.outcomes[outcome] += 1
        self.fired += fired
        if fault is not None:
            self.failed += 1
            print(f"FAILED {fault}", flush=True)
        self.progress.say(f"{self.played}/{self.cases} cases, {self.failed} failed", keep=self.played % 200 == 0)

    def say(self):
        for outcome, count in self.outcomes.most_common():
            print(f"{count:6} {outcome}")
        print(f"{self.fired} calls failed as planned")
        print(f"{self.played - self.failed} passed, {self.failed} failed")


async def play_all(chosen, cases, before):
    case = Case(chosen, before, random.Random(chosen.seed))
    await case.prepare(DAYS[1])
    case.control.close()
    chosen.before = argparse.Namespace(disk=case.disk, promises=case.promises)  # the same for all: what they differ in comes after
    sums, until = Sums(len(cases)), time.monotonic() + chosen.max_seconds
    fork = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(chosen.jobs, fork, begin_here, (chosen,)) as pool:
        left, running = list(reversed(cases)), set()
        while left or running:
            while left and len(running) < 2 * chosen.jobs and time.monotonic() < until:
                running.add(pool.submit(play_here, left.pop()))
            done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for one in done:
                sums.add(*one.result())
            if left and not running:
                print(f"the time is up after {sums.played} cases")
                break
    sums.say()
    return 1 if sums.failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canara", required=True, help="the program")
    parser.add_argument("--disk", required=True, help="the library libcanara_disk.so")
    parser.add_argument("--memory", help="the library libcanara_memory.so; without it no allocation fails")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=0, help="only so many cases, drawn by the seed")
    parser.add_argument("--sweep", action="store_true", help="every allocation")
    parser.add_argument("--jobs", type=int, default=1, help="so many at once")
    parser.add_argument("--only", action="append", choices=ERRORS, help="only this kind of call")
    parser.add_argument("--at", action="append", type=int, metavar="N", help="only call number N of each kind and day")
    parser.add_argument("--power", action="store_true", help="the power goes in every case, not in every second")
    parser.add_argument("--max-seconds", type=float, default=3600)
    chosen = parser.parse_args()
    if chosen.sweep and not chosen.memory:
        parser.error("--sweep needs --memory")
    if not os.access(chosen.canara, os.X_OK):
        parser.error(f"{chosen.canara} is no program")
    return asyncio.run(run(chosen))


if __name__ == "__main__":
    sys.exit(main())
