#!/usr/bin/env python3
"""A full disk: reads go on, new events are refused and say why, and it recovers by itself.

Once on the disk of ours, where from one moment on no write finds room, and once on a small tmpfs that is
filled with events until nothing fits, where one can be mounted (unshare).
"""
import argparse
import asyncio
import errno
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import disk  # noqa: E402
from faults import FAULT_SETTINGS, Case, Promises, Visit  # noqa: E402
from house import LISTENING, Fault, House, Life  # noqa: E402
from people import MPIN, PASSWORD  # noqa: E402

HEAL_S = 20
BIG = "0123456789abcdef" * 60
BIG_EVENTS = 50


def refuse(what, status, said):
    """A refusal that a client understands: 503 or 507, with a word."""
    if status not in (503, 507) or not said.get("detail"):
        raise Fault(f"{what} on a full disk: {status} {said}")


async def post(visit, first, count, pad=""):
    p = visit.promises
    return await visit.ask("POST", f"/ws/sessions/{p.main}/events",
                           [{"event_type": "crash_probe", "seq": n, "data": {"n": n, "pad": pad}}
                            for n in range(first, first + count)], p.sessions[p.main])


async def counted(visit, at_least, at_most):
    """A read."""
    p = visit.promises
    status, said = await visit.ask("GET", "/auth/session-status", token=p.sessions[p.main])
    if status != 200 or not at_least <= said["behavioral_events_count"] <= at_most:
        raise Fault(f"session-status: {status} {said}, {at_least} acknowledged, {at_most} sent")


async def heal(visit, first, what):
    """The same event until it is taken, by the server that is still running."""
    began = time.monotonic()
    while True:
        status, said = await post(visit, first, 1)
        if status == 200:
            return
        refuse(what, status, said)
        if time.monotonic() - began > HEAL_S:
            raise Fault(f"{what}: {HEAL_S} s after there is room again: {status} {said}")
        await asyncio.sleep(0.1)


async def on_our_disk(chosen, root):
    case = Case(chosen, root, random.Random(1))
    await case.prepare("after-a-kill")  # an account, a session, and its first events
    p = case.promises
    acked = p.acked[p.main]
    life = await case.start()
    try:
        visit = Visit(life, p)
        await counted(visit, acked, acked)
        case.control.set(disk.KINDS["write"], 1, errno.ENOSPC, True)
        for _ in range(3):
            refuse("events", *await post(visit, acked + 1, 1))
        status, said = await visit.ask("POST", "/auth/register",
                                       {"email": "late@example.com", "password": PASSWORD, "mpin": MPIN})
        if status != 200:
            refuse("a registration", status, said)
        await counted(visit, acked, acked + 1)  # the first may wait in memory for the room
        failed = case.control.fired
        if failed == 0:
            raise Fault("the disk was not full")
        case.control.set()
        await heal(visit, acked + 1, "events")
        await counted(visit, acked + 1, acked + 1)
        if await case.stop(life) != 0:
            raise Fault("no clean stop")
    finally:
        life.kill()
    p.acked[p.main] = p.sent[p.main] = acked + 1
    await case.house.verify_journal("after a full disk")
    case.control.full(True)  # what a start needs may not fit: then it says so, and harms nothing
    life = await case.start()
    if life is not None:
        await case.stop(life)
    elif "no room" not in case.house.log.read_text(errors="replace").splitlines()[-1]:
        raise Fault("a start on a full disk does not say why it ends: " + case.house.log.read_text()[-300:])
    case.control.full(False)
    life = await case.start()
    if life is None or await case.stop(life) != 0:
        raise Fault("no start when there is room again")
    print(f"our disk       {failed} writes found it full; reads went on; healed without a restart")


# ---- a tmpfs of its own

class Small:
    """A tmpfs in a mount namespace that a sleeping process holds."""

    def __init__(self, place):
        self.place = place
        self.holder = subprocess.Popen(["unshare", "-rm", "sh", "-c",
                                        f"mount -t tmpfs -o size=100m,mode=700 none {place} && echo ready && "
                                        "exec sleep 300"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.is_there = self.holder.stdout.readline().strip() == "ready"

    def inside(self, *command):
        return ["nsenter", "-t", str(self.holder.pid), "-U", "-m", "--preserve-credentials", *command]

    def grow(self):
        subprocess.run(self.inside("mount", "-o", "remount,size=400m", str(self.place)), check=True)

    def end(self):
        self.holder.kill()
        self.holder.wait()


async def on_a_tmpfs(chosen, root):
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        print("skipped: no unshare or nsenter here")
        return
    place = root / "small"
    place.mkdir()
    small = Small(place)
    if not small.is_there:
        small.end()
        print("skipped: no tmpfs can be mounted here")
        return
    try:
        await fill_and_grow(chosen, root, small)
    finally:
        small.end()


async def fill_and_grow(chosen, root, small):
    house = House(str(pathlib.Path(chosen.canara).resolve()), root, FAULT_SETTINGS, small.place / "data")
    command = small.inside(house.canara, "serve", "--set", f"DATA_DIR={house.data}")
    for name, value in house.settings.items():
        command += ["--set", f"{name}={value}"]
    with open(house.log, "ab") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=root, stdin=subprocess.DEVNULL,
                                                       stdout=subprocess.PIPE, stderr=log, start_new_session=True)
    life = Life(process, house.log)
    try:
        found = LISTENING.match(await asyncio.wait_for(process.stdout.readline(), HEAL_S))
        if not found:
            raise Fault(f"no start on a tmpfs, see {house.log}")
        life.host, life.port = found.group(1).decode(), int(found.group(2))
        await fill(Visit(life, Promises("anna@example.com")), small)
        await life.stop()
    finally:
        life.kill()


async def fill(visit, small):
    p = visit.promises
    await visit.ask("POST", "/auth/register", {"email": p.email, "password": PASSWORD, "mpin": MPIN})
    await visit.login("phone")
    acked, sent = 0, 0
    for _ in range(4000):  # more than two segments
        sent = acked + BIG_EVENTS
        status, said = await post(visit, acked + 1, BIG_EVENTS, BIG)
        if status != 200:
            refuse("events", status, said)
            break
        acked = sent
    else:
        raise Fault(f"{acked} events of {len(BIG)} bytes fit on a tmpfs of 100 MB")
    await counted(visit, acked, sent)
    for _ in range(3):
        status, said = await post(visit, sent + 1, 1)
        refuse("events", status, said)
        await counted(visit, acked, sent)
    small.grow()
    await heal(visit, sent + 1, "events")
    await counted(visit, acked + 1, sent + 1)
    print(f"tmpfs          full after {acked} events; reads went on; healed without a restart when it had grown")


async def run(chosen, root):
    await on_our_disk(chosen, root)
    await on_a_tmpfs(chosen, root)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canara", required=True, help="the program")
    parser.add_argument("--disk", required=True, help="the library libcanara_disk.so")
    chosen = parser.parse_args()
    chosen.memory, chosen.before = None, None
    root = pathlib.Path(tempfile.mkdtemp(prefix="canara-full-"))
    try:
        asyncio.run(run(chosen, root))
    except (Fault, disk.Wrong) as fault:
        print(f"{fault}; kept in {root}")
        return 1
    shutil.rmtree(root, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
