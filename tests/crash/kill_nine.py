#!/usr/bin/env python3
"""kill -9 at random moments under load: nothing acknowledged may be lost, doubled or reordered.

Every cycle starts the server on the same data, lets clients stream events, log in and out, and
guess MPINs, and kills it: after a random time, on the way up, or with the first answer of some
kind. After the next start the clients compare what they were promised with what they find.
Every 50 cycles, and at the end, the buffer files and the journal are read and checked as a whole.
"""
import argparse
import asyncio
import os
import pathlib
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import streams  # noqa: E402
from guesses import ATTEMPTS, Owner, Tally, Thieves, must_be_locked  # noqa: E402
from house import Fault, House, Unanswered  # noqa: E402
from people import Person, Visitor, logout  # noqa: E402

CHECK_EVERY = 50
LEAVE_S = 40         # for clients to notice that the server is gone
WHILE_STARTING = 0.15  # share of kills before the server is ready
AT_AN_ANSWER = 0.25    # share of kills right after an answer of some kind
ANSWERS = ("ack", "login", "register", "logout", "wrong", "right", "challenge", "lock")
LOCKED_SAMPLE = (10, 100)  # locked accounts tried again at a check, and at the end
SETTINGS = {"DEBUG": "True", "PORT": "0", "LOOPS": "2", "HASH_WORKERS": "2", "LOG_LEVEL": "warn",
            "MAX_MPIN_ATTEMPTS": ATTEMPTS, "MPIN_LOCKOUT_MINUTES": "1440", "SESSION_EXPIRE_MINUTES": "4",
            "LOGIN_PER_ACCOUNT": "0", "LOGIN_PER_ADDRESS": "0", "REGISTER_PER_ADDRESS": "0",
            "MPIN_PER_ADDRESS": "0", "EVENTS_PER_SECOND": "0", "CONNECTIONS_PER_ADDRESS": "0",
            "LOGIN_SUCCESS_PER_ACCOUNT": "0", "REPLAY_MEMORY_MB": "0"}  # the streams send alike on purpose; replay has tests of its own


def options(says=__doc__):
    parser = argparse.ArgumentParser(description=says, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canara", required=True, help="the program")
    parser.add_argument("--cycles", type=int, default=20, help="how often to kill (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="of moments, sizes and guesses (default 1)")
    parser.add_argument("--connections", type=int, default=5, help="streams of events (default 5)")
    parser.add_argument("--seconds-per-cycle", type=float, default=0.3,
                        help="longest time from ready to kill (default 0.3)")
    parser.add_argument("--max-seconds", type=float, default=None,
                        help="stop, as a failure, after this time (default 60 and 2 a cycle)")
    return parser


def choose(parser):
    chosen = parser.parse_args()
    if not os.access(chosen.canara, os.X_OK):
        parser.error(f"{chosen.canara} is no program")
    if chosen.cycles < 1 or chosen.connections < 1:
        parser.error("--cycles and --connections are at least 1")
    return chosen


class Progress:
    """One line that changes on a terminal; a line every 50 cycles elsewhere."""

    def __init__(self):
        self.terminal = sys.stdout.isatty()

    def say(self, text, keep=False):
        if self.terminal:
            sys.stdout.write("\r\033[K" + text + ("\n" if keep else ""))
        elif keep:
            print(text)
        sys.stdout.flush()


class Run:
    check_every = CHECK_EVERY

    def __init__(self, chosen, root):
        self.chosen, self.root = chosen, root
        self.house = self.make_house()
        self.dice = random.Random(chosen.seed)
        self.tally, self.locked, self.kept = Tally(), [], []
        self.streams, self.visitors, self.guessers = [], [], []
        self.starts, self.checks, self.killed_starting = [], 0, 0
        self.passed = 0
        self.life = None
        self.began = time.monotonic()

    def make_house(self):
        return House(str(pathlib.Path(self.chosen.canara).resolve()), self.root, SETTINGS)

    async def bury(self, life):
        """A killed server is gone: what happens to its data before the next start."""
        await life.buried()

    def stopped(self):
        """The same after a clean stop."""

    @property
    def acknowledged(self):
        return sum(s.acknowledged for s in self.streams)

    def own_dice(self):
        return random.Random(self.dice.random())

    async def begin(self, kill_after=None):
        """Start the server; None when it was killed before it was ready."""
        began = time.monotonic()
        life = self.life = await self.house.start()
        killer = None
        if kill_after is not None:
            killer = asyncio.get_running_loop().call_later(kill_after, life.kill)
        up = await life.ready(began)
        if killer is not None:
            killer.cancel()
        if up:
            self.starts.append(life.start_ms)
        if life.ending:
            await self.bury(life)
            return None
        return life

    async def settle(self):
        life = await self.begin()
        self.streams = await streams.make(life, self.chosen.connections, self.own_dice())
        self.visitors = [Visitor(Person())]
        self.guessers = [Thieves(self.house, self.own_dice(), self.tally, self.locked),
                         Owner(self.house, self.own_dice(), self.tally, self.locked)]

    async def everyone(self, life, who):
        """All clients until the server's end (or theirs); the first fault comes up."""
        lives = [asyncio.create_task(one.live(life)) for one in who]
        try:
            done, late = await asyncio.wait(lives, timeout=LEAVE_S, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
            if late:
                raise Fault(f"{len(late)} clients did not end in {LEAVE_S} s")
        finally:
            for task in lives:
                task.cancel()
            await asyncio.gather(*lives, return_exceptions=True)

    async def cycle(self):
        """One life and its violent end. The first begins where settle() has left."""
        life = self.life if self.life is not None and self.life.is_open else None
        way = self.dice.random()
        if life is None and way < WHILE_STARTING:
            usual = statistics.median(self.starts[-20:]) / 1000
            life = await self.begin(kill_after=self.dice.uniform(0, 1.3 * usual))
            if life is None:
                self.killed_starting += 1
                return
        elif life is None:
            life = await self.begin()
        if way > 1 - AT_AN_ANSWER:
            life.wanted = self.dice.choice(ANSWERS)
        moment = self.dice.uniform(0, self.chosen.seconds_per_cycle)
        killer = asyncio.get_running_loop().call_later(moment, life.kill)
        await self.everyone(life, self.streams + self.visitors + self.guessers)
        killer.cancel()
        life.kill()
        await self.bury(life)

    async def check(self, last):
        """Start cleanly, let every stream come to rest, and read what is on disk."""
        life = self.life if self.life is not None and self.life.is_open else await self.begin()
        life.draining = True
        await self.everyone(life, self.streams + self.visitors + self.guessers)
        for stream in self.streams:
            self.kept.append(await stream.check_file(life, self.house))
            await logout(life, stream.session)
            await stream.begin(life)
        for guesser in self.guessers:
            await guesser.retire(life)
        for person in self.dice.sample(self.locked, min(len(self.locked), LOCKED_SAMPLE[last])):
            await must_be_locked(life, person)
        await self.house.verify_journal("beside the running server")
        await life.stop()
        self.stopped()
        await self.house.verify_journal("after a clean stop")
        if last:
            for kept in self.kept:
                kept.check()
        self.checks += 1

    async def all(self, progress):
        limit = self.chosen.max_seconds or 60 + 2 * self.chosen.cycles
        async with asyncio.timeout(limit):
            await self.settle()
            while self.passed < self.chosen.cycles:
                await self.cycle()
                self.passed += 1
                check = self.passed % self.check_every == 0 or self.passed == self.chosen.cycles
                if check:
                    await self.check(self.passed == self.chosen.cycles)
                progress.say(self.line(), keep=check)

    def line(self):
        past = time.monotonic() - self.began
        return (f"{self.passed:5}/{self.chosen.cycles} cycles  {self.acknowledged:9,} acknowledged  "
                f"{self.tally.locks:4} locks  start {statistics.median(self.starts):.0f}/{max(self.starts):.0f} ms  "
                f"{self.passed / past:.1f} cycles/s")

    def report(self):
        t = self.tally
        resent, logins = sum(s.resent for s in self.streams), sum(v.logins for v in self.visitors)
        print(f"kills          {self.passed}, {self.killed_starting} of them before the server was ready")
        print(f"events         {self.acknowledged:,} acknowledged, {resent:,} sent again, "
              f"{len(self.kept)} buffer files whole, in order, none lost or doubled")
        print(f"MPINs          {t.wrong} wrong, {t.right} right, {t.refused} refused, {t.unanswered} unanswered; "
              f"{t.locks} accounts locked for good")
        print(f"logins         {logins} acknowledged and ended by an acknowledged logout")
        print(f"checks         {self.checks} of buffer files, journal and locks")
        if self.starts:
            print(f"time to ready  {statistics.median(self.starts):.0f} ms median, {max(self.starts):.0f} ms at most, "
                  f"{len(self.starts)} starts")


async def guarded(run, progress):
    """The run; what went wrong, or None."""
    me = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, me.cancel)
    try:
        await run.all(progress)
        return None
    except Fault as fault:
        return str(fault)
    except Unanswered:
        return "the server was too busy to answer during a check"
    except TimeoutError:
        return "the time is up"
    except asyncio.CancelledError:
        return "interrupted"
    finally:
        if run.life is not None:
            run.life.kill()


def play(kind, chosen):
    """One run from its beginning to its report; the exit status."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="canara-crash-"))
    progress = Progress()
    print(f"{chosen.cycles} cycles, seed {chosen.seed}, {chosen.connections} streams, "
          f"killed within {chosen.seconds_per_cycle} s")
    run = kind(chosen, root)
    wrong = asyncio.run(guarded(run, progress))
    if progress.terminal:
        print()
    run.report()
    if wrong is None:
        shutil.rmtree(root, ignore_errors=True)
        print(f"{run.passed} passed, 0 failed")
        return 0
    print(f"cycle {run.passed + 1}: {wrong}")
    print(f"the server's data and log are kept in {root}")
    print(f"{run.passed} passed, 1 failed")
    return 1


if __name__ == "__main__":
    sys.exit(play(Run, choose(options())))
