#!/usr/bin/env python3
"""Make a set of humans and bots of a set of people who type: beside each person's entries those of scripts.

usage: train/scripts_that_type.py SET OUT [--entries N] [--laws LAW,LAW,...] [--sessions N] [--seed N]

SET is what `canara dataset import` has made of CMU, MEU or a password of MOBIKEY; OUT is written. A session is N
entries one after the other (1), at most 60 of a person; each law is a family of as many sessions (120). What a client
tells of the finger stays that of some person's entry, so that times alone give a script away. The laws:

  uniform gauss exponential lognormal gamma   delays and holds by one law, holds every second time narrower
  table       a delay and a hold for each place, +-15 and 10 %
  digraphs    a mean for each place, lognormal about it
  fixed       pynput with random.uniform(.05, .15) and (.08, .3)
  thinks      Gaussian, and a pause of 300 to 800 ms now and then
  bursts      words: even within, a pause between
  pace        a wandering pace
  shuffled    a person's own times in another order
  drawn       each key as somebody typed it
  copied      each place by the median and the spread of all people there"""
import argparse
import collections
import datetime
import json
import math
import pathlib
import random
import statistics

LAWS = ("uniform gauss exponential lognormal gamma table digraphs fixed thinks bursts pace shuffled drawn "
        "copied").split()
PLAIN = LAWS[:5]


class Habits:
    """What a script keeps for a session."""

    def __init__(self, rng, keys):
        self.delay, self.hold = rng.uniform(60, 250), rng.uniform(40, 110)
        self.narrow = 1 if rng.random() < .5 else rng.uniform(.2, 1)
        self.waits_after_release = rng.random() < .5
        self.table = [(rng.uniform(40, 110), rng.uniform(60, 250)) for _ in range(keys)]
        self.means = [(self.hold * math.exp(.12 * rng.gauss(0, 1)), self.delay * math.exp(.3 * rng.gauss(0, 1)))
                      for _ in range(keys)]
        self.pace, self.word_ends = 0, 0


def by_law(law, mean, width, rng):
    if law == "uniform":
        return mean * rng.uniform(1 - .67 * width, 1 + .67 * width)
    if law == "gauss":
        return max(mean * (1 + .3 * width * rng.gauss(0, 1)), 1)
    if law == "exponential":
        return 10 - mean * math.log(1 - rng.random())
    if law == "gamma":
        return mean / 4 * sum(-math.log(1 - rng.random()) for _ in range(4))
    return mean * math.exp(.4 * width * rng.gauss(0, 1))


def key_of(law, habits, i, people, rng):
    """Hold and delay of key i."""
    if law in PLAIN:
        return by_law(law, habits.hold, habits.narrow, rng), by_law(law, habits.delay, 1, rng)
    if law == "table":
        hold, delay = habits.table[i]
        return hold * rng.uniform(.9, 1.1), delay * rng.uniform(.85, 1.15)
    if law == "digraphs":
        hold, delay = habits.means[i]
        return hold * math.exp(.15 * rng.gauss(0, 1)), delay * math.exp(.25 * rng.gauss(0, 1))
    if law == "fixed":
        return rng.uniform(50, 150), rng.uniform(80, 300)
    if law == "thinks":
        pause = rng.uniform(300, 800) if rng.random() < .05 else max(habits.delay * (1 + .4 * rng.gauss(0, 1)), 25)
        return max(80 + 20 * rng.gauss(0, 1), 20), pause
    if law == "bursts":
        hold = max(habits.hold * (1 + .15 * rng.gauss(0, 1)), 15)
        if i < habits.word_ends:
            return hold, habits.delay * rng.uniform(.6, 1.4)
        habits.word_ends = i + 3 + rng.randrange(6)
        return hold, rng.uniform(250, 700)
    if law == "pace":
        habits.pace = .8 * habits.pace + .21 * rng.gauss(0, 1)
        return habits.hold * rng.uniform(.7, 1.3), habits.delay * math.exp(habits.pace)
    if law == "drawn":
        return rng.choice(people.holds[i]), rng.choice(people.delays[i])
    (hold, hold_sd), (delay, delay_sd) = people.places[i]
    return max(5, rng.gauss(hold, hold_sd)), max(5, rng.gauss(delay, delay_sd))


def times(law, habits, like, people, rng):
    """Hold and delay of each key."""
    if law == "shuffled":
        holds = [k["up"] - k["down"] for k in like]
        delays = [b["down"] - a["down"] for a, b in zip(like, like[1:])]
        rng.shuffle(holds)
        rng.shuffle(delays)
        return list(zip(holds, [0, *delays]))
    habits.word_ends = 0
    return [key_of(law, habits, i, people, rng) for i in range(len(like))]


def types(law, habits, like, people, rng):
    of_people = law in ("shuffled", "drawn", "copied")
    at, held, keys = 0.0, 0.0, []
    for i, (hold, delay) in enumerate(times(law, habits, like, people, rng)):
        at += (delay + (held if habits.waits_after_release and not of_people else 0)) if i else 0
        held = hold
        keys.append({**like[i], "down": round(at), "up": round(at) + round(hold)})
    return keys


class People:
    """Entries of everybody that have as many keys as most have."""

    def __init__(self, path):
        entries = [(e["user_email"], e["data"]["keys"]) for e in map(json.loads, open(path, encoding="utf-8"))
                   if e["event_type"] == "keystrokes"]
        length = collections.Counter(len(k) for _, k in entries).most_common(1)[0][0]
        self.entries = [k for _, k in entries if len(k) == length]
        self.of = {}
        for user, keys in entries:
            if len(keys) == length:
                self.of.setdefault(user, []).append(keys)
        self.holds = [[k[i]["up"] - k[i]["down"] for k in self.entries] for i in range(length)]
        self.delays = [[k[i]["down"] - k[i - 1]["down"] if i else 0 for k in self.entries] for i in range(length)]
        self.places = [((statistics.median(h), .7 * statistics.pstdev(h)),
                        (statistics.median(d), min(statistics.pstdev(d), .5 * statistics.median(d))))
                       for h, d in zip(self.holds, self.delays)]


def write(out, sessions):
    out.mkdir(parents=True, exist_ok=True)
    about = {"name": "scripts-that-type", "source": "people of a set, and scripts", "licence": "of the set",
             "modality": "keystrokes"}
    (out / "dataset.json").write_text(json.dumps(about), encoding="utf-8")
    now = datetime.datetime(2025, 1, 6, 9)
    with open(out / "events.jsonl", "w", encoding="utf-8") as events, \
            open(out / "trials.tsv", "w", encoding="utf-8") as trials:
        for number, (user, label, entries) in enumerate(sessions):
            for keys in entries:
                now += datetime.timedelta(minutes=1)
                events.write(json.dumps({"timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "event_type": "keystrokes",
                                         "data": {"field": "password", "keys": keys}, "session_id": f"s{number}",
                                         "user_email": user}) + "\n")
            now += datetime.timedelta(hours=1)
            trials.write(f"-\ts{number}\t{label}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--entries", type=int, default=1)
    parser.add_argument("--laws", default=",".join(LAWS))
    parser.add_argument("--sessions", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    laws = given.laws.split(",")
    for law in laws:
        if law not in LAWS:
            parser.error(f"--laws: {law} is none of {', '.join(LAWS)}")
    rng = random.Random(given.seed)
    people = People(given.set / "events.jsonl")
    sessions = []
    for user, entries in people.of.items():
        most = min(len(entries), 60 * given.entries)
        sessions += [(user, "human", entries[i:i + given.entries])
                     for i in range(0, most - given.entries + 1, given.entries)]
    for law in laws:
        for _ in range(given.sessions):
            habits, like = Habits(rng, len(people.holds)), rng.choice(people.entries)
            sessions.append((f"script-{law}@scripts.invalid", "bot",
                             [types(law, habits, like, people, rng) for _ in range(given.entries)]))
    write(given.out, sessions)


if __name__ == "__main__":
    main()
