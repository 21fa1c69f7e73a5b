#!/usr/bin/env python3
"""A second implementation of src/lab/bots/bot_typed.c, written from docs/engine/bots.md, that makes the golden vectors.

    typed.py > typed.txt        write the vectors
    typed.py --check FILE       exit 1 unless FILE is what would be written

Standard library only. It keeps every entry of a session and works from all of them at the end, where the C code keeps
sums.
"""
import math
import random
import sys

import keep

WEIGHT = [-0.733, 5.649, -3.320, 6.787, -4.524, 1.701, 0.492]
BARE = [-0.533, -1.000, 3.935, -5.497, -1.523]
LETTER, DIGIT, DELETE, MODIFIER = 0, 1, 3, 6
FIELDS_KEPT, KEYS_MOST = 8, 36


def logs(times):
    return [math.log(max(x, 5.0)) for x in times]


def centred(x):
    mean = math.fsum(x) / len(x)
    return [v - mean for v in x]


class Session:
    """Entries as (what, holds, gaps), each series centred logs."""

    def __init__(self):
        self.holds, self.gaps, self.told, self.bare = [], [], [], []
        self.order = []

    def keys(self, field, keys):
        typed = [k[2] not in (DELETE, MODIFIER) for k in keys]
        told = any(up > down for down, up, _ in keys)
        holds = centred(logs([k[1] - k[0] for k, t in zip(keys, typed) if t])) if told and any(typed) else []
        pairs = [(a, b) for a, b, s, t in zip(keys, keys[1:], typed, typed[1:]) if s and t]
        gaps = centred(logs([b[0] - a[0] for a, b in pairs])) if pairs else []
        self.holds.append(holds)
        self.gaps.append(gaps)
        if len(keys) <= KEYS_MOST:
            what = (field, tuple(k[2] for k in keys), len(holds), len(gaps))
            self.told.append((what, self.met(what), holds, gaps))

    def intervals(self, seconds):
        gaps = centred(logs([1000.0 * s for s in seconds]))
        self.gaps.append(gaps)
        if len(gaps) < KEYS_MOST:
            what = ("", (), 0, len(gaps))
            self.bare.append((what, self.met(what), [], gaps))

    def met(self, what):
        """Which life of the field it is: forgotten once eight others came."""
        alive = self.order[-FIELDS_KEPT:]
        for life in alive:
            if life[0] == what:
                return life[1]
        self.order.append((what, len(self.order)))
        return len(self.order) - 1


def alike(entries, which, person, deviation):
    weight = total = 0.0
    for i, entry in enumerate(entries):
        x = entry[which]
        before = [e[which] for e in entries[:i] if e[0] == entry[0] and e[1] == entry[1]]
        if not before or len(x) < 5:
            continue
        summed = [math.fsum(column) for column in zip(*before)]
        top = math.fsum(a * b for a, b in zip(x, summed))
        low = math.sqrt(math.fsum(a * a for a in x)) * math.sqrt(math.fsum(a * a for a in summed))
        if low == 0.0:
            continue
        r = min(max(top / low, -0.98), 0.98)
        weight += len(x) - 3
        total += (len(x) - 3) * 0.5 * math.log((1 + r) / (1 - r))
    if weight == 0.0:
        return 0.0

    def density(mean, variance):
        return -0.5 * (total / weight - mean) ** 2 / variance - 0.5 * math.log(variance)
    return density(0.0, 1 / weight) - density(person, 1 / weight + deviation ** 2)


def agreement(session):
    told = alike(session.told, 3, 0.9, 0.4) + 0.5 * alike(session.told, 2, 0.4, 0.3)
    bare = min(alike(session.bare, 3, 0.9, 0.4), 0.0)
    return min(max(min(max(told, -2.0), 3.0) + bare, -2.0), 3.0)


def moments(series, cut):
    values = [min(max(v, -cut), cut) for x in series for v in x]
    freedom = sum(len(x) - 1 for x in series if x)
    if freedom < 6:
        return None
    spread = max(math.sqrt(math.fsum(v * v for v in values) / freedom), 0.05)
    return spread, math.fsum((v / spread) ** 3 for v in values) / freedom, freedom


def ratios(session):
    gap, hold = moments(session.gaps, math.inf), moments(session.holds, 0.7)
    if gap is None:
        return []
    known = gap[2] / (gap[2] + 20)
    g = math.log(min(gap[0], 1.5) / 0.4)
    lean = min(max(gap[1], -2.0), 0.5) * known
    if hold is None:
        return [1.0, g, g * g, lean, lean * lean]
    h = math.log(min(hold[0], 1.2) / 0.25)
    return [1.0, h, g, h * h, lean, min(max(hold[1], -2.0), 2.0) * known, lean * lean]


def typed_keys(rng, classes, hold, gap, wide, places=None):
    keys, at = [], 0.0
    for i, c in enumerate(classes):
        h = hold * math.exp(wide * rng.gauss(0, 1))
        keys.append((round(at, 1), round(round(at, 1) + h, 1), c))
        at += (places[i] if places else gap) * math.exp(0.4 * rng.gauss(0, 1))
    return keys


def cases():
    rng = random.Random(70)
    plain = [LETTER] * 12
    places = [120.0 * math.exp(0.5 * rng.gauss(0, 1)) for _ in range(40)]
    yield "one entry", [("password", typed_keys(rng, plain, 90, 200, 0.2))]
    yield "too short", [("mpin", typed_keys(rng, [DIGIT] * 4, 90, 200, 0.2))]
    yield "no releases", [("password", [(d, d, c) for d, _, c in typed_keys(rng, plain, 90, 200, 0.2)])]
    mixed = [MODIFIER, LETTER, LETTER, DELETE, DELETE] + [LETTER] * 9
    yield "shift and delete", [("name", typed_keys(rng, mixed, 90, 200, 0.2))]
    yield "a person three times", [("password", typed_keys(rng, plain, 90, 200, 0.15, places)) for _ in range(3)]
    yield "drawn anew three times", [("password", typed_keys(rng, plain, 90, 200, 0.4)) for _ in range(3)]
    yield "two fields in turn", [(f, typed_keys(rng, plain, 90, 200, 0.3, places)) for f in ("a", "b", "a", "b")]
    yield "forgotten", [("f%d" % (n % 9), typed_keys(rng, plain, 90, 200, 0.3, places)) for n in range(11)]
    yield "a text", [("text", typed_keys(rng, [LETTER] * 90, 70, 150, 0.5))]
    yield "intervals", [(None, [round(math.exp(rng.gauss(-1.8, 0.5)), 3) for _ in range(15)])]
    yield "intervals that agree", [(None, [round(places[i] / 1000 * math.exp(0.2 * rng.gauss(0, 1)), 3)
                                           for i in range(12)]) for _ in range(3)]
    yield "held and fast", [("password", [(9.0 * i, 9.0 * i + (900.0 if i == 5 else 3.0), LETTER) for i in range(12)])]


def vectors():
    for name, events in cases():
        yield f"case {name}"
        s = Session()
        for field, times in events:
            if field is None:
                yield "intervals " + " ".join(repr(t) for t in times)
                s.intervals(times)
            else:
                yield f"keys {field} " + " ".join(f"{d!r} {u!r} {c}" for d, u, c in times)
                s.keys(field, times)
        r = ratios(s)
        w = WEIGHT if len(r) == len(WEIGHT) else BARE
        margin = math.fsum(a * b for a, b in zip(w, r)) + (agreement(s) if r else 0.0)
        yield "expect " + " ".join(f"{v:.12g}" for v in [agreement(s), margin, *r])


if __name__ == "__main__":
    sys.exit(keep.main("typed", vectors()))
