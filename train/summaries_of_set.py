#!/usr/bin/env python3
"""Make summary events of a set's raw ones, to try how much several of a session say.

usage: train/summaries_of_set.py SET OUT EVENTS     SET: what `canara dataset import` has made, with every person's
                                                    sessions in order of time; EVENTS: of a session that is tried

An entry of keys becomes a typing_pattern of its intervals: 20 entries are enrolled, up to 50 behind them tried, and of
each other person the first five. Fifty reports of a pointer become a mouse_movement: speed while it moves, and the
pauses of more than half a second as idle time; of each session of enrol.tsv up to 12 times 5 in the first two thirds of
a person's are enrolled, up to 30 times EVENTS of the last third tried, and every fifth of them by others.
These are development sets: their summaries are of one text or one study, and follow each other at once."""
import collections
import datetime
import json
import math
import pathlib
import sys

ENROLLED, TRIED, FIRST = 20, 50, 5  # entries of keys
REPORTS, PAUSE_MS = 50, 500  # of a pointer
ENROLLED_EVENTS, ENROLLED_PIECES, TRIED_PIECES, EVERY = 5, 12, 30, 5


def typing_pattern(keys):
    gaps = [max(b["down"] - a["down"], 0) / 1000 for a, b in zip(keys, keys[1:])]
    if sum(gaps) <= 0:
        return None
    return {"words_per_minute": round(min(12 * len(gaps) / sum(gaps), 300), 2), "backspace_frequency": 0,
            "key_press_intervals": [round(gap, 4) for gap in gaps]}


def mouse_movement(points):
    way = moving_ms = idle_ms = 0
    for a, b in zip(points, points[1:]):
        if b[0] - a[0] > PAUSE_MS:
            idle_ms += b[0] - a[0]
        else:
            way += math.hypot(b[1] - a[1], b[2] - a[2])
            moving_ms += b[0] - a[0]
    if moving_ms <= 0:
        return None
    return {"movement_speed": round(min(way / (moving_ms / 1000), 1e6), 2), "idle_time": round(idle_ms / 1000, 3)}


def pieces(summaries, size, most):
    whole = [summaries[i:i + size] for i in range(0, len(summaries) - size + 1, size)]
    return whole[:most]


def people(folder):
    """Of each person the sessions, each a list of summaries; and their type."""
    enrolled = {line.rstrip("\n").split("\t")[1] for line in open(folder / "enrol.tsv", encoding="utf-8")}
    found, kind = collections.defaultdict(lambda: collections.defaultdict(list)), None
    for line in open(folder / "events.jsonl", encoding="utf-8"):
        event = json.loads(line)
        user, session, data = event["user_email"], event["session_id"], event["data"]
        if event["event_type"] == "keystrokes":
            kind = "typing_pattern"
            found[user][session].append(typing_pattern(data["keys"]))
        elif event["event_type"] == "pointer" and session in enrolled:
            kind = "mouse_movement"
            points = data["points"]
            cuts = range(0, len(points) - REPORTS + 1, REPORTS)
            found[user][session] += [mouse_movement(points[i:i + REPORTS]) for i in cuts]
    return kind, {user: [[s for s in session if s] for session in sessions.values()]
                  for user, sessions in found.items()}


def deal(kind, sessions, size):
    """The pieces of a person that are enrolled, those that are tried, and those tried at others' accounts."""
    if kind == "typing_pattern":
        all_of_them = pieces([s for session in sessions for s in session], size, 10**6)
        known = max(1, ENROLLED // size)
        return all_of_them[:known], all_of_them[known:known + TRIED // size], all_of_them[:max(1, FIRST // size)]
    sessions = [session for session in sessions if session]
    cut = len(sessions) * 2 // 3
    known = [p for s in sessions[:cut] for p in pieces(s, ENROLLED_EVENTS, ENROLLED_PIECES)]
    tried = [p for s in sessions[cut:] for p in pieces(s, size, TRIED_PIECES)]
    return known, tried, tried[::EVERY]


class Writer:
    def __init__(self, out, kind):
        self.events = open(out / "events.jsonl", "w", encoding="utf-8")
        self.kind, self.count = kind, 0

    def session(self, user, piece):
        self.count += 1
        name = f"s{self.count:06d}"
        begin = datetime.datetime(2021, 1, 4) + datetime.timedelta(hours=self.count)
        for i, data in enumerate(piece):
            at = (begin + datetime.timedelta(seconds=10 * i)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            line = {"timestamp": at, "event_type": self.kind, "data": data, "session_id": name, "user_email": user}
            self.events.write(json.dumps(line, separators=(",", ":")) + "\n")
        return name


def main():
    if len(sys.argv) != 4 or not sys.argv[3].isdigit() or int(sys.argv[3]) < 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder, out, size = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    kind, found = people(folder)
    out.mkdir(parents=True)
    writer = Writer(out, kind)
    tried, foreign = {}, {}
    with open(out / "enrol.tsv", "w", encoding="utf-8") as enrol:
        for user, sessions in found.items():
            known, own, others = deal(kind, sessions, size)
            enrol.writelines(f"{user}\t{writer.session(user, p)}\n" for p in known)
            names = {id(p): writer.session(user, p) for p in own}
            tried[user] = list(names.values())
            foreign[user] = [names.get(id(p)) or writer.session(user, p) for p in others]
    with open(out / "trials.tsv", "w", encoding="utf-8") as trials:
        for user in found:
            trials.writelines(f"{user}\t{s}\tgenuine\n" for s in tried[user])
            trials.writelines(f"{user}\t{s}\timpostor\n" for v in found if v != user for s in foreign[v])
    about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    about.update(name=f"summaries-of-{about['name']}", note="summaries of raw events: train/summaries_of_set.py")
    (out / "dataset.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
