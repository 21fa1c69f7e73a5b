"""Clients that stream numbered events, outlive the server, and know what it has promised to keep."""
import asyncio
import hashlib
import json

import websockets
import websockets.exceptions

from house import API, Fault, Unanswered
from people import Person

WAIT_S = 30
WINDOW = 8            # messages on the way at a time
ARRAY_MAX = 48        # events of one message
EVENTS_PER_LIFE = 400  # at full speed; then slowly on, so that every kill finds something on the way
SLOW_S = 0.004
PAD = "0123456789abcdef" * 40
CONNECT_ERRORS = (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, EOFError,
                  websockets.exceptions.WebSocketException)


def payload(n):
    """The data of event n: the same at every attempt, of a different length each time."""
    return {"n": n, "pad": PAD[:(n * 37) % 600 if n % 5 == 0 else n % 24]}


def kind_of(n):
    return "scroll" if n % 7 == 0 else "crash_probe"


def event(n, numbered):
    data = {"pixels": n} if kind_of(n) == "scroll" else payload(n)
    out = {"event_type": kind_of(n), "data": data}
    if numbered:
        out["seq"] = n
    return out


class Stream:
    """One session. What it sent is 1..sent, what was acknowledged: 1..acked, or with `numbered`
    off the set of numbers in `promised`, because lost events cannot be sent again then."""

    def __init__(self, manner, person, dice):
        self.manner, self.person, self.dice = manner, person, dice
        self.numbered = manner != "unnumbered"
        self.sent = self.acked = 0
        self.promised = []
        self.acknowledged = self.resent = 0  # events, over all sessions

    async def begin(self, life):
        """A session of its own, from number 1."""
        self.session = await self.person.login(life, "stream")
        self.sent = self.acked = 0
        self.promised = []

    async def live(self, life):
        try:
            if self.manner == "post":
                await self.post(life)
            else:
                await self.stream(life)
        except Unanswered:
            pass
        except CONNECT_ERRORS as fault:
            if not life.ending:
                raise Fault(f"{self}: lost the connection to a living server: {fault!r}") from None

    def __str__(self):
        return f"stream {self.manner} {self.session.id}"

    # ---- REST

    async def post(self, life):
        await self.check_count(life)
        while not (life.draining and self.acked == self.sent):
            first, last = self.next_message(life, self.acked)
            status, said = await life.ask("POST", f"/ws/sessions/{self.session.id}/events",
                                          [event(n, True) for n in range(first, last + 1)], self.session.token)
            if status != 200 or said["accepted"] != last + 1 - first:
                raise Fault(f"{self}: events {first} to {last} answered {status} {said}")
            self.acked = last
            self.acknowledged += last + 1 - first
            life.happened("ack")
            await asyncio.sleep(SLOW_S)

    async def check_count(self, life):
        status, said = await life.ask("GET", "/auth/session-status", token=self.session.token)
        if status != 200 or not said["is_active"]:
            raise Fault(f"{self}: the session is gone: {status} {said}")
        if not self.acked <= said["behavioral_events_count"] <= self.sent:
            raise Fault(f"{self}: {said['behavioral_events_count']} events counted, "
                        f"{self.acked} acknowledged, {self.sent} sent")

    # ---- WebSocket

    async def stream(self, life):
        url = f"ws://{life.host}:{life.port}{API}/ws/behavior/{self.session.id}"
        async with websockets.connect(url + ("?acks=batch" if self.manner == "batch" else ""), compression=None,
                                      extra_headers={"Authorization": "Bearer " + self.session.token},
                                      ping_interval=None, max_queue=None, close_timeout=2,
                                      open_timeout=WAIT_S) as link:
            hello = json.loads(await asyncio.wait_for(link.recv(), WAIT_S))
            at = self.take_up(hello)
            await self.talk(life, link, at)

    def take_up(self, hello):
        """Where to go on: behind what is durable, or sometimes behind what was acknowledged, so
        that what is durable comes again."""
        if hello.get("type") != "connection_established":
            raise Fault(f"{self}: greeted with {hello}")
        last = hello["last_seq"]
        if not self.numbered:
            if last != -1:
                raise Fault(f"{self}: last_seq is {last}, nothing was numbered")
            return self.sent
        durable = max(last, 0)
        if not self.acked <= durable <= self.sent:
            raise Fault(f"{self}: last_seq {last}, but {self.acked} is acknowledged and {self.sent} sent")
        acked, self.acked = self.acked, durable  # saying so is a promise as well
        return durable if self.dice.random() < 0.5 else acked

    def next_message(self, life, after):
        count = 1 if self.manner == "single" else self.dice.randint(1, ARRAY_MAX)
        last = min(after + count, self.sent) if life.draining else after + count
        self.resent += max(0, min(last, self.sent) - after) if self.numbered else 0
        self.sent = max(self.sent, last)
        return after + 1, last

    async def talk(self, life, link, at):
        waiting, fast = [], EVENTS_PER_LIFE
        while True:
            while len(waiting) < WINDOW and not (life.draining and at >= self.sent):
                first, at = self.next_message(life, at)
                await link.send(self.words(first, at))
                waiting.append((first, at))
                fast -= at + 1 - first
                if fast < 0:
                    break
            if not waiting:
                return
            self.heard(life, json.loads(await asyncio.wait_for(link.recv(), WAIT_S)), waiting)
            if fast < 0:
                await asyncio.sleep(SLOW_S)

    def words(self, first, last):
        events = [event(n, self.numbered) for n in range(first, last + 1)]
        return json.dumps(events if len(events) > 1 else events[0])

    def heard(self, life, said, waiting):
        if said["type"] in ("risk_update", "mpin_required"):
            return
        if said["type"] != "data_received" or said["status"] != "processed":
            raise Fault(f"{self}: {said}")
        count = said["count"]
        while count > 0 and waiting:
            first, last = waiting.pop(0)
            count -= last + 1 - first
            self.promise(first, last, said["seq"])
        if count != 0:
            raise Fault(f"{self}: an acknowledgement of {said['count']} events does not fit what was sent")
        life.happened("ack")

    def promise(self, first, last, seq):
        self.acknowledged += last + 1 - first
        if not self.numbered:
            self.promised.extend(range(first, last + 1))
            return
        if not last <= seq <= self.sent:
            raise Fault(f"{self}: events up to {last} acknowledged as {seq}, {self.sent} sent")
        self.acked = max(self.acked, last)

    # ---- what is on disk

    async def check_file(self, life, house):
        """Everything is drained and flushed: the buffer file holds what it must, no more, in order.
        Returns what must never change in it again."""
        status, said = await life.ask("GET", f"/ws/sessions/{self.session.id}/behavior-summary",
                                      token=self.session.token)
        if status != 200:
            raise Fault(f"{self}: summary {status} {said}")
        path = house.buffer_path(self.session.id)
        data = path.read_bytes() if path.exists() else b""  # no line, no file
        found = read_lines(str(self), data, self.session, self.person.email)
        if self.numbered:
            if self.acked != self.sent:
                raise Fault(f"{self}: {self.sent} sent, {self.acked} acknowledged after draining")
            compare(str(self), found, list(range(1, self.sent + 1)))
        else:
            have = set(found)
            compare(str(self), found, sorted(have))
            lost = [n for n in self.promised if n not in have]
            if lost or (found and found[-1] > self.sent):
                raise Fault(f"{self}: {len(lost)} acknowledged events lost, the first is {lost[:1]}")
        if said["total_events"] != len(found):
            raise Fault(f"{self}: {said['total_events']} counted, {len(found)} in the file")
        return Kept(path, data)


def read_lines(who, data, session, email):
    """The numbers of the events in a buffer file, every line of which must be whole."""
    found = []
    if data and not data.endswith(b"\n"):
        raise Fault(f"{who}: the last line of the buffer file is torn")
    for place, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            row = json.loads(line)
        except ValueError:
            raise Fault(f"{who}: line {place} is no JSON: {line[:200]!r}") from None
        if (row["session_id"], row["user_email"]) != (session.id, email):
            raise Fault(f"{who}: line {place} belongs to {row['session_id']} {row['user_email']}")
        if row["event_type"] not in ("crash_probe", "scroll"):
            continue
        n = row["data"]["pixels"] if row["event_type"] == "scroll" else row["data"]["n"]
        if row["data"] != event(n, False)["data"] or row["event_type"] != kind_of(n):
            raise Fault(f"{who}: line {place} differs from what was sent: {line[:200]!r}")
        found.append(n)
    return found


def compare(who, found, wanted):
    if found == wanted:
        return
    lost, doubled = sorted(set(wanted) - set(found)), len(found) - len(set(found))
    at = next((i for i, (a, b) in enumerate(zip(found, wanted)) if a != b), min(len(found), len(wanted)))
    raise Fault(f"{who}: {len(lost)} lost {lost[:3]}, {doubled} doubled, first difference at event {at + 1}: "
                f"{found[at:at + 3]} instead of {wanted[at:at + 3]}")


class Kept:
    """A buffer file that was found right: its bytes stay, only lines of the server may follow."""

    def __init__(self, path, data):
        self.path, self.size, self.digest = path, len(data), hashlib.sha256(data).digest()

    def check(self):
        data = self.path.read_bytes() if self.path.exists() else b""
        if hashlib.sha256(data[:self.size]).digest() != self.digest:
            raise Fault(f"{self.path.name}: the file of an ended session has changed")
        for line in data[self.size:].split(b"\n"):
            if b'"event_type":"crash_probe"' in line or b'"event_type":"scroll"' in line:
                raise Fault(f"{self.path.name}: events were added to an ended session")


MANNERS = ("single", "arrays", "batch", "post", "unnumbered")


async def make(life, count, dice):
    out = []
    for i in range(count):
        person = Person()
        await person.register(life)
        out.append(Stream(MANNERS[i % len(MANNERS)], person, dice))
        await out[-1].begin(life)
    return out
