#!/usr/bin/env python3
"""A second implementation of the statistics of src/lab, written from the papers, that makes the golden vectors.

    statistics.py > statistics.txt      write the vectors
    statistics.py --check FILE          exit 1 unless FILE is what would be written

Standard library only. It goes other ways than the C code on purpose: fractions for operating points, every pair for
the AUC, the convex hull of the ROC for the isotonic fit, drawn users laid out one by one for the bootstrap.

Sources: EER and zero-miss rate, Killourhy and Maxion 2009; AUC, Mann and Whitney 1947; Cllr, Brummer and du Preez 2006;
Cllr_min by the ROC convex hull, Fawcett and Niculescu-Mizil 2007 (it equals PAV); ECE, Naeini and others 2015; Brier
1950; ANGA and ANIA, Mondal and Bours 2015; bootstrap, Efron and Tibshirani 1993; quantile, Hyndman and Fan 1996 type 7;
xoshiro256**, Blackman and Vigna 2021.
"""
import math
import random
import sys
from fractions import Fraction

import keep

PRIOR = 0.05
BINS = 15
MASK = (1 << 64) - 1


# One threshold ------------------------------------------------------------------------------------------------------

def operating_points(genuine, impostor):
    """(miss, false alarm) as fractions, from "flag nothing" down to "flag all", one a distinct score."""
    points = [(Fraction(1), Fraction(0))]
    for t in sorted(set(genuine) | set(impostor), reverse=True):
        miss = Fraction(sum(s < t for s in impostor), len(impostor))
        alarm = Fraction(sum(s >= t for s in genuine), len(genuine))
        points.append((miss, alarm))
    return points


def eer(genuine, impostor):
    if not genuine or not impostor:
        return math.nan
    points = operating_points(genuine, impostor)
    above = [p for p in points if p[0] >= p[1]]
    below = [p for p in points if p[0] < p[1]]
    m1, a1 = min(above, key=lambda p: p[0] - p[1])
    m2, a2 = max(below, key=lambda p: p[0] - p[1])
    way = (m1 - a1) / ((m1 - a1) - (m2 - a2))
    return float(m1 + way * (m2 - m1))


def zero_miss(genuine, impostor):
    if not genuine or not impostor:
        return math.nan
    return float(min(a for m, a in operating_points(genuine, impostor) if m == 0))


def detection(genuine, impostor, share):
    if not genuine or not impostor:
        return math.nan
    return float(max(1 - m for m, a in operating_points(genuine, impostor) if a <= share))


def auc(genuine, impostor):
    if not genuine or not impostor:
        return math.nan
    wins = sum(2 if i > g else 1 if i == g else 0 for i in impostor for g in genuine)
    return float(Fraction(wins, 2 * len(genuine) * len(impostor)))


# Likelihood ratios --------------------------------------------------------------------------------------------------

def log2_1p_exp(x):
    """log2(1 + e^x)"""
    return (max(x, 0.0) + math.log1p(math.exp(-abs(x)))) / math.log(2)


def cllr(genuine, impostor):
    if not genuine or not impostor:
        return math.nan
    return 0.5 * (math.fsum(log2_1p_exp(-s) for s in impostor) / len(impostor)
                  + math.fsum(log2_1p_exp(s) for s in genuine) / len(genuine))


def hull(points):
    """Upper convex hull of the ROC, points (false alarm, detection) in rising order: its corners."""
    corners = []
    for p in points:
        while len(corners) > 1:
            (x1, y1), (x2, y2) = corners[-2:]
            if (x2 - x1) * (p[1] - y1) >= (p[0] - x1) * (y2 - y1):  # the last corner lies on or under the chord
                corners.pop()
            else:
                break
        corners.append(p)
    return corners


def cllr_min(genuine, impostor):
    if not genuine or not impostor:
        return math.nan
    corners = hull([(a, 1 - m) for m, a in operating_points(genuine, impostor)])
    cost = []
    for (x1, y1), (x2, y2) in zip(corners, corners[1:]):
        g, i = x2 - x1, y2 - y1  # shares of genuine and impostor trials with this posterior
        if g > 0 and i > 0:
            cost.append(float(i) * math.log2(1 + g / i) + float(g) * math.log2(1 + i / g))
    return 0.5 * math.fsum(cost)


def posterior(s):
    return 1 / (1 + math.exp(-s)) if s >= 0 else math.exp(s) / (1 + math.exp(s))


def balanced(genuine, impostor):
    """(posterior, truth, weight) of every trial; each class weighs one half."""
    return ([(posterior(s), 0, 0.5 / len(genuine)) for s in genuine]
            + [(posterior(s), 1, 0.5 / len(impostor)) for s in impostor])


def brier(genuine, impostor):
    if not genuine or not impostor:
        return math.nan
    return math.fsum(w * (p - y) ** 2 for p, y, w in balanced(genuine, impostor))


def ece(genuine, impostor):
    if not genuine or not impostor:
        return math.nan
    trials = balanced(genuine, impostor)
    total = 0.0
    for b in range(BINS):
        here = [t for t in trials if min(int(t[0] * BINS), BINS - 1) == b]
        weight = math.fsum(w for _, _, w in here)
        if weight > 0:
            confidence = math.fsum(p * w for p, _, w in here) / weight
            accuracy = math.fsum(y * w for _, y, w in here) / weight
            total += weight * abs(confidence - accuracy)
    return total


def risk(s):
    return posterior(math.log(PRIOR / (1 - PRIOR)) + s)


def frr(genuine, at):
    return sum(risk(s) >= at for s in genuine) / len(genuine) if genuine else math.nan


def far(impostor, at):
    return sum(risk(s) < at for s in impostor) / len(impostor) if impostor else math.nan


# Users --------------------------------------------------------------------------------------------------------------

def mean(values):
    values = [v for v in values if not math.isnan(v)]
    return math.fsum(values) / len(values) if values else math.nan


def deviation(values):
    values = [v for v in values if not math.isnan(v)]
    if len(values) < 2:
        return math.nan
    m = mean(values)
    return math.sqrt(math.fsum((v - m) ** 2 for v in values) / (len(values) - 1))


def figures(users):
    """All figures of a list of (genuine, impostor)."""
    g = [s for u in users for s in u[0]]
    i = [s for u in users for s in u[1]]
    return {
        "mean_eer": mean([eer(*u) for u in users]),
        "global_eer": eer(g, i),
        "zero_miss_far": mean([zero_miss(*u) for u in users]),
        "auc": auc(g, i),
        "cllr": cllr(g, i),
        "cllr_min": cllr_min(g, i),
        "ece": ece(g, i),
        "brier": brier(g, i),
        "frr_070": frr(g, 0.7),
        "far_070": far(i, 0.7),
        "frr_090": frr(g, 0.9),
        "far_090": far(i, 0.9),
        "detection_at_far_001": detection(g, i, Fraction(1, 100)),
        "detection_at_far_010": detection(g, i, Fraction(10, 100)),
    }


# Lockouts -----------------------------------------------------------------------------------------------------------

def first(run):
    return next((n for n, r in enumerate(run, 1) if r >= 0.9), None)


def lockout(users):
    """(ANGA, ANIA, never detected) of a list of (genuine runs, impostor runs)."""
    def average(kind):
        per_user = []
        for u in users:
            locked = [first(r) for r in u[kind] if first(r) is not None]
            if locked:
                per_user.append(math.fsum(locked) / len(locked))
        return mean(per_user)
    return average(0), average(1), sum(first(r) is None for u in users for r in u[1])


# Bootstrap ----------------------------------------------------------------------------------------------------------

class Xoshiro:
    def __init__(self, seed):
        a, b = self.splitmix(seed)
        c, d = self.splitmix(a ^ b)
        self.s = [a, b, c, d]

    @staticmethod
    def splitmix(state):
        out = []
        for _ in range(2):
            state = (state + 0x9E3779B97F4A7C15) & MASK
            z = state
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            out.append(z ^ (z >> 31))
        return out

    @staticmethod
    def rotl(x, k):
        return ((x << k) | (x >> (64 - k))) & MASK

    def next(self):
        s = self.s
        result = (self.rotl((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = self.rotl(s[3], 45)
        return result

    def below(self, n):
        fair = MASK - MASK % n
        while True:
            drawn = self.next()
            if drawn < fair:
                return drawn % n


def quantile(values, q):
    values = sorted(values)
    at = q * (len(values) - 1)
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (at - low) * (values[high] - values[low])


def interval(values):
    values = [v for v in values if not math.isnan(v)]
    if not values:
        return math.nan, math.nan
    return quantile(values, 0.025), quantile(values, 0.975)


def bootstrap(users, replicates, seed):
    rng = Xoshiro(seed)
    runs = [figures([users[rng.below(len(users))] for _ in users]) for _ in range(replicates)]
    return {key: interval([r[key] for r in runs]) for key in runs[0]}


def paired(a, b, replicates, seed):
    """(mean of a - b, low, high, two-sided p)"""
    d = [x - y for x, y in zip(a, b) if not math.isnan(x - y)]
    rng = Xoshiro(seed)
    means = [math.fsum(d[rng.below(len(d))] for _ in d) / len(d) for _ in range(replicates)]
    tail = 1 + min(sum(m <= 0 for m in means), sum(m >= 0 for m in means))
    return (math.fsum(d) / len(d), *interval(means), min(1.0, 2 * tail / (replicates + 1)))


# Vectors ------------------------------------------------------------------------------------------------------------

def text(x):
    return "nan" if math.isnan(x) else format(x, ".15g")


def line(*words):
    return " ".join(w if isinstance(w, str) else text(w) for w in words)


def user_lines(users):
    for g, i in users:
        yield line("user")
        yield line("genuine", *g)
        yield line("impostor", *i)


def measures_case(name, users, replicates=0, seed=0):
    yield line("case", name)
    yield from user_lines(users)
    for key, value in figures(users).items():
        yield line("figure", key, value)
    yield line("sd", deviation([eer(*u) for u in users]))
    yield line("eer", *[eer(*u) for u in users])
    if replicates:
        yield line("bootstrap", float(replicates), float(seed))
        for key, (lo, hi) in bootstrap(users, replicates, seed).items():
            yield line("interval", key, lo, hi)
    yield line("end")


def lockout_case(name, users):
    yield line("lockout", name)
    for genuine, impostor in users:
        yield line("user")
        for run in genuine:
            yield line("genuine", *run)
        for run in impostor:
            yield line("impostor", *run)
    anga, ania, never = lockout(users)
    yield line("expect", anga, ania, float(never))
    yield line("end")


def paired_case(name, a, b, replicates, seed):
    yield line("paired", name)
    yield line("a", *a)
    yield line("b", *b)
    yield line("bootstrap", float(replicates), float(seed))
    yield line("expect", *paired(a, b, replicates, seed))
    yield line("end")


def scores(rng, count, centre, spread, grid):
    """Sums of four even draws (nearly normal, no libm) on a grid of 1/grid, so that ties can be had."""
    return [round((centre + spread * (sum(rng.random() for _ in range(4)) - 2)) * grid) / grid for _ in range(count)]


def crowd(rng, users, genuine, impostor, gap, grid):
    made = []
    for _ in range(users):
        own = gap * (0.5 + rng.random())
        made.append((scores(rng, genuine, -own, 3.0, grid), scores(rng, impostor, own, 4.0, grid)))
    return made


def vectors():
    rng = random.Random(2009)
    yield "# Made by statistics.py; do not edit."
    yield from measures_case("one trial of each kind in order", [([-1.0], [2.0])])
    yield from measures_case("one trial of each kind inverted", [([2.0], [-1.0])])
    yield from measures_case("one trial of each kind tied", [([0.5], [0.5])])
    yield from measures_case("genuine only", [([0.5, -1.0, 6.0], [])])
    yield from measures_case("impostors only", [([], [0.5, -1.0, 6.0])])
    yield from measures_case("perfect separation", [([-3.0, -2.0, -2.5], [1.0, 4.0]), ([-5.0, -1.0], [2.0, 7.0, 9.5])])
    yield from measures_case("inverted scores", [([3.0, 2.0, 2.5], [-1.0, -4.0]), ([5.0, 1.0], [-2.0, -7.0])])
    yield from measures_case("all tied", [([1.0] * 7, [1.0] * 3), ([1.0] * 2, [1.0] * 5)])
    yield from measures_case("far scores", [([-800.0, -30.0, 700.0], [-750.0, 40.0, 900.0])])
    yield from measures_case("zeros of both signs", [([0.0, -0.0, -1.0], [-0.0, 0.0, 1.0])])
    yield from measures_case("separate for each user but not together", [([-9.0, -8.0], [-7.0, -6.0]),
                                                                        ([6.0, 7.0], [8.0, 9.0])])
    yield from measures_case("one percent exactly", [([float(n) for n in range(100)], [50.5, 98.5, 99.5, 100.5])])
    yield from measures_case("ten percent of thirty", [([float(n) for n in range(30)], [26.5, 27.5, 20.0, 12.0])])
    yield from measures_case("many ties", crowd(rng, 4, 20, 25, 0.8, 1), 60, 11)
    yield from measures_case("few ties", crowd(rng, 5, 30, 22, 1.2, 16), 60, 12)
    yield from measures_case("no ties", crowd(rng, 3, 41, 37, 1.0, 1000000), 40, 13)
    yield from measures_case("a weak detector", crowd(rng, 6, 12, 17, 0.1, 100), 60, 14)
    yield from measures_case("a strong detector", crowd(rng, 6, 25, 19, 2.5, 100), 60, 15)
    yield from measures_case("users that lack a kind", [(scores(rng, 9, -1.0, 3.0, 8), []),
                                                        ([], scores(rng, 8, 1.0, 3.0, 8)),
                                                        *crowd(rng, 2, 9, 11, 0.7, 8)], 60, 16)
    yield from measures_case("groups of one kind", [(scores(rng, 6, -1.0, 3.0, 4), []) if n % 2 else
                                                    ([], scores(rng, 5, 1.5, 3.0, 4)) for n in range(8)], 60, 17)
    for n in range(12):
        yield from measures_case(f"seeded {n}", crowd(rng, 1 + n % 4, 1 + int(30 * rng.random()),
                                                      1 + int(30 * rng.random()), 1.5 * rng.random(), 1 + n * n))

    def run(length, drift):
        at, steps = 0.05, []
        for _ in range(length):
            at = min(max(at + drift + 0.3 * (rng.random() - 0.5), 0.0), 1.0)
            steps.append(round(at, 4))
        return steps

    yield from lockout_case("at the threshold", [([[0.1, 0.9]], [[0.8999999, 0.9], [0.9]])])
    yield from lockout_case("nobody is locked out", [([[0.1, 0.2], []], [[0.3], [0.4, 0.5]])])
    yield from lockout_case("one kind", [([[0.95]], []), ([], [[0.1, 0.95]])])
    yield from lockout_case("seeded", [([run(30, -0.01) for _ in range(3)], [run(25, 0.05) for _ in range(4)])
                                       for _ in range(5)])
    a = [round(0.2 * rng.random(), 4) for _ in range(21)]
    b = [round(max(x + 0.03 * (rng.random() - 0.4), 0.0), 4) for x in a]
    yield from paired_case("nearly the same", a, b, 400, 21)
    yield from paired_case("users without a figure", [*a[:8], math.nan, 0.1], [*b[:7], math.nan, 0.2, 0.3], 400, 22)
    yield from paired_case("the same", a, a, 100, 23)
    yield from paired_case("one user", [0.25], [0.5], 10, 24)


if __name__ == "__main__":
    sys.exit(keep.main("statistics", vectors()))
