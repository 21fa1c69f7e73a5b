"""Accounts and sessions whose making was acknowledged, and so must be there after any kill."""
import itertools
import uuid

from house import Fault, Unanswered

PASSWORD = "vellum-otter-quartz-91"
MPIN = "8305"
numbers = itertools.count(1)


class Session:
    def __init__(self, said, device):
        self.id, self.token, self.device = said["session_id"], said["session_token"], device
        self.mpin_required = said["mpin_required"]


class Person:
    """One account. register() and login() may be repeated until they were answered."""

    def __init__(self):
        self.email = f"person{next(numbers)}.{uuid.uuid4().hex[:8]}@example.com"
        self.registered = self.tried = False

    async def register(self, life):
        if self.registered:
            return
        tried, self.tried = self.tried, True
        try:
            status, said = await life.ask("POST", "/auth/register",
                                          {"email": self.email, "password": PASSWORD, "mpin": MPIN})
        except Unanswered as fault:
            self.tried = tried or fault.sent
            raise
        if status == 400 and tried and said["detail"] == "Email already registered":
            status = 200  # it was done before the kill
        if status != 200:
            raise Fault(f"register {self.email} -> {status} {said}")
        self.registered = True
        life.happened("register")

    async def login(self, life, device):
        status, said = await life.ask("POST", "/auth/login",
                                      {"email": self.email, "password": PASSWORD, "device_id": device})
        if status != 200:
            raise Fault(f"login of {self.email}, whose registration was acknowledged -> {status} {said}")
        life.happened("login")
        return Session(said, device)


async def status_of(life, session):
    """session-status of a session that must be readable."""
    status, said = await life.ask("GET", "/auth/session-status", token=session.token)
    if status != 200:
        raise Fault(f"session {session.id}, whose login was acknowledged: status {status} {said}")
    return said


async def logout(life, session):
    status, said = await life.ask("POST", "/auth/logout", token=session.token)
    if status not in (200, 401):
        raise Fault(f"logout of {session.id} -> {status} {said}")


class Visitor:
    """Logs in and out: an acknowledged login holds, and so does an acknowledged logout."""

    def __init__(self, person):
        self.person = person
        self.here, self.gone = None, []
        self.logins = 0

    async def live(self, life):
        try:
            await self.person.register(life)
            for session in self.gone[-2:]:
                await self.must_be_gone(life, session)
            if self.here is not None:
                await status_of(life, self.here)
                await self.leave(life)
            while life.is_open:
                self.here = await self.person.login(life, "visitor")
                self.logins += 1
                await self.leave(life)
        except Unanswered:
            pass

    async def leave(self, life):
        session, self.here = self.here, None  # from here on either may be true
        await logout(life, session)
        life.happened("logout")
        self.gone.append(session)

    async def must_be_gone(self, life, session):
        status, said = await life.ask("GET", "/auth/session-status", token=session.token)
        if status != 401:
            raise Fault(f"session {session.id} was logged out, and answers {status} {said}")
