"""People who guess MPINs while the server is killed: no kill may give a guess for free.

Every comparison is spent on the account before it is made, so the failures of an account never go
down without a success, no number of remaining attempts is said twice, and a lock stays a lock.
"""
import asyncio

from house import Fault, Unanswered
from people import MPIN, Person, logout, status_of

ATTEMPTS = 5        # MAX_MPIN_ATTEMPTS of the server under test
PAUSE_S = 0.04      # between guesses, so that a row of them outlives some kills
THIEVES = 3         # sessions that guess at once on one account
LOGINS = 8          # beside the session of an owner: what a kill leaves of them must not end that one


class Tally:
    """What all guessers saw together."""

    def __init__(self):
        self.wrong = self.unanswered = self.right = self.locks = self.refused = 0


def remaining(said):
    return int(said["detail"].split()[2])


def problem(said):
    return said["type"].rsplit(":", 1)[1]


async def try_mpin(life, session, mpin):
    """("right", None), ("wrong", failures by now), ("locked", None) or ("blocked", None)."""
    status, said = await life.ask("POST", "/auth/verify-mpin", {"mpin": mpin}, session.token)
    if status == 200:
        return "right", None
    name = problem(said)
    if (status, name) == (401, "invalid-mpin"):
        return "wrong", ATTEMPTS - remaining(said)
    if (status, name) == (403, "account-locked"):
        return "locked", None
    if (status, name) == (403, "session-blocked"):
        return "blocked", None
    raise Fault(f"verify-mpin of session {session.id} -> {status} {said}")


async def must_be_locked(life, person):
    """A new login, and even the right MPIN is refused without a comparison."""
    session = await person.login(life, "after-the-lock")
    failures = (await status_of(life, session))["mpin_attempts"]
    if failures != ATTEMPTS:
        raise Fault(f"{person.email} was locked, and shows {failures} failures")
    outcome, _ = await try_mpin(life, session, MPIN)
    if outcome != "locked":
        raise Fault(f"{person.email} was locked, and the MPIN is {outcome}")
    await logout(life, session)


class Guesser:
    """One account at a time; a locked one is handed to `locked` and replaced."""

    def __init__(self, house, dice, tally, locked):
        self.house, self.dice, self.tally, self.locked = house, dice, tally, locked
        self.renew()

    def renew(self):
        self.person, self.sessions, self.is_locked = Person(), [], False
        self.serial = 0

    async def settle(self, life, count):
        """Registered, with `count` sessions."""
        await self.person.register(life)
        while len(self.sessions) < count:
            self.serial += 1
            self.sessions.append(await self.person.login(life, f"device-{self.serial}"))

    def wrong_mpin(self):
        return f"{self.dice.randint(2000, 7999)}"

    async def live(self, life):
        try:
            await self.come_back(life)
            while life.is_open:
                await self.act(life)
        except Unanswered:
            pass

    async def come_back(self, life):
        """After a kill: the old account is as it was."""
        if self.sessions and not self.is_locked:
            said = await status_of(life, self.sessions[0])
            self.look(said)
            if said["mpin_attempts"] == ATTEMPTS:
                self.found_locked(life)
            else:
                await self.log_in_anew(life)
        if self.is_locked:
            await self.see_sessions_blocked(life)
            await must_be_locked(life, self.person)
            await self.check_lines(life)
            self.locked.append(self.person)
            self.renew()

    async def log_in_anew(self, life):
        """Beside the session that is there."""

    async def see_sessions_blocked(self, life):
        for session in self.sessions:
            if not (await status_of(life, session))["is_blocked"]:
                raise Fault(f"{self.person.email} is locked, but its session {session.id} is open after the start")

    def found_locked(self, life):
        if not self.is_locked:
            self.is_locked = True
            self.tally.locks += 1
        life.happened("lock")

    async def check_lines(self, life):
        """No more comparisons were written down than were allowed."""

    async def retire(self, life):
        """Leave this account, so that old sessions do not pile up."""
        for session in self.sessions:
            await logout(life, session)
        self.renew()


class Thieves(Guesser):
    """Several devices guess on one account at the same time, never rightly."""

    def renew(self):
        super().renew()
        self.said = set()    # failures that a wrong guess was answered with
        self.blocked = set()
        self.floor = self.spent = 0

    def look(self, said):
        failures = said["mpin_attempts"]
        if not self.floor <= failures <= min(self.spent, ATTEMPTS):
            raise Fault(f"{self.person.email} shows {failures} failures, at least {self.floor} were answered "
                        f"and {self.spent} guesses sent")
        self.floor = failures

    async def act(self, life):
        if self.is_locked:
            await asyncio.sleep(PAUSE_S)  # the next life looks whether it still is
            return
        await self.settle(life, THIEVES)
        if len(self.blocked) == THIEVES:
            self.renew()  # blocked for their risk before the account was locked
            return
        ends = await asyncio.gather(*(self.guess_on(life, s) for s in self.sessions), return_exceptions=True)
        for fault in sorted((e for e in ends if e is not None), key=lambda e: isinstance(e, Unanswered)):
            raise fault

    async def guess_on(self, life, session):
        while life.is_open and not self.is_locked and session.id not in self.blocked:
            await asyncio.sleep(self.dice.random() * PAUSE_S)
            self.spent += 1
            try:
                outcome, failures = await try_mpin(life, session, self.wrong_mpin())
            except Unanswered:
                self.tally.unanswered += 1
                raise
            self.judge(life, session, outcome, failures)

    def judge(self, life, session, outcome, failures):
        if outcome == "right":
            raise Fault(f"a wrong MPIN of {self.person.email} was taken")
        if outcome == "wrong":
            self.tally.wrong += 1
            if failures in self.said or not 1 <= failures < ATTEMPTS:
                raise Fault(f"{self.person.email}: failure {failures} was answered twice: a free guess")
            self.said.add(failures)
            self.floor = max(self.floor, failures)
            life.happened("wrong")
            return
        self.tally.refused += 1
        if outcome == "locked":
            self.floor = ATTEMPTS
            self.found_locked(life)
        else:
            self.blocked.add(session.id)  # another one's lock, or its own risk

    async def check_lines(self, life):
        count = 0
        for session in self.sessions:
            status, said = await life.ask("GET", f"/ws/sessions/{session.id}/behavior-summary", token=session.token)
            if status != 200:
                raise Fault(f"summary of the blocked session {session.id} -> {status} {said}")
            path = self.house.buffer_path(session.id)
            count += path.read_bytes().count(b'"event_type":"mpin_failed"') if path.exists() else 0
        if count > ATTEMPTS:
            raise Fault(f"{self.person.email}: {count} comparisons were written down, {ATTEMPTS} are allowed")


class Owner(Guesser):
    """Mistypes now and then, one try after the other: the exact number of failures is known, or
    one of a few while an answer is missing."""

    def renew(self):
        super().renew()
        self.possible = {0}
        self.challenged = None  # None: cannot be known from here
        self.owes = False       # a challenge that no MPIN answered; None: the same
        self.logins = 0

    def look(self, said):
        failures = said["mpin_attempts"]
        if failures not in self.possible:
            raise Fault(f"{self.person.email} shows {failures} failures, possible are {sorted(self.possible)}")
        self.possible = {failures}
        if self.challenged not in (None, said["mpin_required"]):
            raise Fault(f"{self.person.email}: mpin_required is {said['mpin_required']} after the start, "
                        f"{self.challenged} was acknowledged")

    async def log_in_anew(self, life):
        if self.owes is None or self.logins == LOGINS:
            return
        self.logins += 1
        session = await self.person.login(life, self.sessions[0].device)
        if session.mpin_required != self.owes:
            raise Fault(f"{self.person.email}: mpin_required is {session.mpin_required} at a login after the start, "
                        f"and the account {'owes' if self.owes else 'does not owe'} an MPIN")
        await logout(life, session)

    async def act(self, life):
        await asyncio.sleep(self.dice.random() * PAUSE_S)
        if self.is_locked:
            return
        await self.settle(life, 1)
        what = self.dice.random()
        if what < 0.5:
            await self.mistype(life)
        elif what < 0.85:
            await self.type_it(life)
        else:
            await self.be_challenged(life)

    async def mistype(self, life):
        before, self.possible = self.possible, self.possible | {f + 1 for f in self.possible if f < ATTEMPTS}
        self.challenged, self.owes = None, self.owes or None
        try:
            outcome, failures = await try_mpin(life, self.sessions[0], self.wrong_mpin())
        except Unanswered:
            self.tally.unanswered += 1
            raise
        if outcome == "wrong":
            self.tally.wrong += 1
            if failures - 1 not in before:
                raise Fault(f"{self.person.email}: failure {failures} after {sorted(before)}")
            self.possible = {failures}
            life.happened("wrong")
        else:
            self.refused(life, outcome, before)

    async def type_it(self, life):
        before = self.possible
        self.possible = before | {0} | {f + 1 for f in before if f < ATTEMPTS}
        self.challenged = self.owes = None
        try:
            outcome, failures = await try_mpin(life, self.sessions[0], MPIN)
        except Unanswered:
            self.tally.unanswered += 1
            raise
        if outcome == "wrong":
            raise Fault(f"the right MPIN of {self.person.email} is wrong: {failures} failures")
        if outcome != "right":
            self.refused(life, outcome, before)
            return
        self.tally.right += 1
        self.possible = {0}
        self.challenged = self.owes = False
        life.happened("right")

    def refused(self, life, outcome, before):
        self.tally.refused += 1
        if outcome == "blocked":
            self.renew()  # for its risk: another account
            return
        if max(before) < ATTEMPTS - 1:
            raise Fault(f"{self.person.email} is locked after {sorted(before)} failures")
        self.possible = {ATTEMPTS}
        self.found_locked(life)

    async def be_challenged(self, life):
        before, self.challenged = self.challenged, None
        owed, self.owes = self.owes, self.owes or None
        session = self.sessions[0]
        status, said = await life.ask("POST", f"/ws/sessions/{session.id}/simulate-ml-analysis",
                                      {"predicted_risk_score": 0.75}, session.token)
        if status == 401 and (await status_of(life, session))["is_blocked"]:
            self.renew()  # for its risk
            return
        if status != 200:
            raise Fault(f"simulate-ml-analysis of {session.id} -> {status} {said}")
        self.challenged = True if said["action_taken"] == "challenge" else before
        # Where it is not known, the session may have been challenged before and the account cleared since.
        self.owes = True if self.challenged and owed is False else owed
        life.happened("challenge")
