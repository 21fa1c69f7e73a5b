#!/usr/bin/env python3
"""A second implementation of the engine's arithmetic, written from the formulas, that makes the golden vectors.

    engine.py > engine.txt          write the vectors (after a change of a constant below: one command)
    engine.py --check FILE          exit 1 unless FILE is what would be written

Standard library only. It goes other ways than the C code on purpose: one logarithm a feature where the C code takes
one of sixteen factors, lists where it has slots and bytes, medians by their definition, elimination instead of
Cholesky. What is kept as a float or as a cell of 8 or 16 bits there is rounded here in the same place, since the
rounding is part of the result.

Sources: Student's t, Lange, Little and Taylor 1989; weighted median, Edgeworth 1888; scaled Manhattan, Araujo and
others 2004, Killourhy and Maxion 2009; cohort normalisation, Rosenberg and others 1992; fusion and class-balanced
logistic regression, Brummer and du Preez 2006, ridge by le Cessie and van Houwelingen 1992; two-state hidden Markov
model with a rate of change, Rabiner 1989; Dirichlet smoothing, Lidstone 1920, MacKay and Peto 1995; running variance,
Welford 1962; winsorising, Dixon 1960; entropy, Shannon 1948; half a case added to each side of odds, Haldane 1956;
boosted trees, Friedman 2001; two covariances, Prince and Elder 2007, Ioffe 2006; FNV-1a, Fowler, Noll and Vo 1991.
"""
import copy
import math
import random
import struct
import sys

import keep

# Constants: each once, with the place in the C code that must say the same --------------------------------------------

# src/engine/samples/sample_keys.c, sample_text.c, sample.c: floors and offsets inside the logarithms (seconds, shares, px/s)
TIME_MIN, UP_OFFSET, UP_MIN = 0.005, 0.2, 0.01
PRESSURE_OFFSET, SIZE_OFFSET, PLACE_SCALE, PLACE_BEYOND, TEXT_PLACE_SCALE, TEXT_LAYOUT = 0.03, 0.05, 10.0, 2.5, 5.0, 2
KEYS_MIN, KEYS_MAX, FEATURES_MAX = 3, 36, 128
TEXT_MIN, TEXT_CHUNK, TEXT_PAUSE_MS, GROUP_MIN, TEMPO_MIN = 15, 60, 2000.0, 3, 8
UNEVEN_OFFSET, SHAPE_MIN = 0.02, 8  # piles.h too
INTERVALS_JUDGED, DEVIATION_OFFSET, WPM_OFFSET, BACKSPACE_OFFSET = 64, 0.05, 5.0, 0.02
SPEED_OFFSET, IDLE_OFFSET, MOTION_OFFSET = 10.0, 0.2, 0.01

# src/engine/people/part.h, part.c, habit.h: half-lives chosen on MEU and MOBIKEY, the rest as docs/engine/ says
RING, HELD, HELD_A_SESSION, WIDE_FROM = 50, 6, 2, 41
POOL_BYTES, HABIT_BYTES = 4096 - 232, 12
HALF_LIFE_MIDDLE, HALF_LIFE_SPREAD, SPREAD_MIN = 10.0, 15.0, 0.02
SHRINK, HELD_AFTER, HELD_MS = 15.0, 3, 604800000
WINSOR, STEP, DRIFT_CUT = 3.0, 0.1, 6.0
FENCE, AT_EASE = 0.75, 0.6
FINE, SPREAD_STEPS, COARSE = 2048, 4096, 25
NEAREST_OF, NEAREST_FROM, NEAREST_CUT, WINSOR_FROM = 12, 5, 4.0, 5

# src/engine/people/evidence.h, evidence.c: chosen on MEU and MOBIKEY
NU = 2.0
CAP, AGE_COST, PRESENT_SHARE, COHORT_T, POPULATION_T = 4.0, 0.3, 0.70, 10.0, 4.0
YOUNG_NATS, Z_MAX, NEAREST, SAMPLES_MIN, FUSION_LOW = 0.5, 1e3, 3, 5, -6.0
LENS_STEP, COPY, COPY_FEATURES = 31, 0.25, 10  # lens.h's bytes are steps of a 31st of a deviation

# src/engine/people/alone.h, alone.c: chosen on MEU and MOBIKEY; of so many known slope, crossing, limit, owner, impostor, variance
FOREIGN, FOREIGN_SIMULATED, FOREIGN_CUT = 2.5, 1.2, 4.0
PAUSES_OTHERWISE, PLACES_OTHERWISE, PAUSES_LEAST = 1.75, 2.0, 4
ALONE_FEATURES, ALONE_POWER, ALONE_HIGH, NEAREST_WEIGHT = 40.0, 0.4, 4.0, 2.0
ALONE_LEAST, ALONE_MOST, ALONE_TEXT = 16, 103, 12
ALONE_AT = [6, 12, 28, 100]
ALONE = [(2.8, 1.84, 2.8, -0.8, 0.8, 1.3), (3.9, 1.60, 3.0, -1.0, 1.0, 1.8), (5.9, 1.42, 4.5, -1.8, 2.1, 3.0),
         (8.5, 1.37, 5.7, -2.8, 3.2, 3.7)]
ALONE_CEILING, ALONE_FLOOR = 4.5, 6.0

# src/engine/profile/person.h
WEIGHT_MAX, APART_MIN, PRIOR_COUNT, BIAS_SHRINK, VARIANCE_MIN = 1.25, 0.5, 20.0, 5.0, 0.1
RUN_OF, MEMORY = 10, 60

# src/engine/session/filter.h, rules.c: the filter's are from ENGINE's simulation, the rules' nats are set by hand
START, REST, TIME_MS, EDGE = 0.05, 0.025, 600000.0, 1e-9
PASSED, PASS_SHARE, FAIL_NATS, LAMBDA_MAX = 0.02, 0.25, 2.0, 60.0
BOT_HALF_LIFE_MS, BOT_ODDS_PER_PRIOR, EXTERNAL_MAX = 600000.0, 19.0, 10.0
BOTS = [4.0, 4.0, 1.0, 4.0, 3.0, 3.0, 2.0, 2.0, 6.0, 5.0, 3.0, 1.5, 2.0, 3.0, 3.0, 1.5, 2.0, 2.0, 3.0, 2.0]
# the bot rules that a repeat only fills up again, the one that is weighed anew, the one that knows the ring
REFILLS, WEIGHS, NEAR_COPY, EVEN_HOLDS = (7, 16), 13, 14, 15
CONTEXTS = [1.5, 4.0, 3.0, 1.0, 0.5, 1.5, 1.0, 0.8, 0.8, 0.8, 0.5, 0.7, 0.4]
EXTERNAL = len(CONTEXTS)
TYPING, NAVIGATION, POINTER, TOUCH, MOTION, MPIN, PREDICTION = range(7)
PERSON_SHARES = 5

# src/engine/people/navigation.c, navigation.h, routine.c: none was fitted
NAV_PRIOR, NAV_DWELL, NAV_APART, NAV_SPREAD_FIRST, NAV_SPREAD_MIN = 4.0, 2.7, 1.0, 0.5, 0.15
NAV_RUN, NAV_LIMIT, NAV_SUM = 2.0, 1.5, 3.0
NAV_FULL, NAV_DWELLS_KEPT, NAV_DWELLS_MIN, NAV_VISITS_MIN, NAV_YOUNG = 1024, 20, 5, 10, 6
ROUTINE_KNOWN, ROUTINE_RARE, ROUTINE_STEPS, ROUTINE_AMOUNTS, ROUTINE_PRIOR = 20, 0.005, 1500, 64, 1.0
ROUTINE_FULL = 400

# src/engine/machines/timing.h, timing.c
FAST_SHARE, REGULAR_MIN, SERIES_MAX, CV_MIN, BIN_MS, ENTROPY_MIN = 0.30, 10, 512, 0.05, 8.0, 1.0
EVEN_FROM, EVEN_CV, BLUR = 15.0, 0.03, 100.0
FRAMES = [100 / 12, 100 / 6, 100 / 3]
TICKS = [15.625, 100 / 6, 100 / 3, 100.0]
PLATFORM_STEPS = [8, 10, 16, 100]

# src/engine/people/crowd.h, crowd.c, own.h, own.c, cell.c: chosen as docs/engine/actions.md says
COARSE_BINS, SHARE_MIN, CROWD_SHRINK, NEIGHBOUR, AGAINST_STEPS, AGAINST_CLIP = 17, 1e-4, 20.0, 0.15, 32, 16.0
BYTE_STEPS = 16

# src/engine/arithmetic/short_float.h: (digits, the smallest exponent of two with a leading one, the largest)
SHORT, TINY = (8, -90, 36), (3, -4, 10)
# src/engine/samples/sample.h, sample.c, part_cells.c: vectors; lab/people/people.c
VECTOR_LEAST, VECTOR_LAYOUT, VECTOR_HABIT_BYTES, VECTOR_SPREAD_MIN = 1e-20, 2, 14, 1e-30

# src/engine/profile/axes.h, axes.c: chosen on Antal's strokes
AXES_ALIKE, AXES_OWN, AXES_FREEDOM, AXES_CLIP = 0.1, 30.0, 4.0, 16.0

# src/engine/profile/self.h, self.c: between what Antal's strokes and Balabit's actions ask for
SELF_ROOM, SELF_SPREAD_MIN, SELF_LEAST, SELF_FROM, SELF_TO = 3480, 0.05, 0.05, 10.0, 128.0
SELF_CROSSING, SELF_FALL, SELF_SLOPE, SELF_POWER = 0.13, 0.3, 0.6, 0.7
SELF_OWNER, SELF_IMPOSTOR, SELF_LIMIT, SELF_RUN = -0.25, 0.2, 3.0, 10.0

# src/lab/people/people.c, people_general.c, fusing.c, fusing_lines.c, logistic.c; the fit's were chosen on MEU and MOBIKEY
GENERAL_EACH_MAX = 20
NOVICE_MIN, NOVICE_SHARE, EACH_MAX, LOGISTIC_SCALE_MIN = 5, 8, 40, 1e-6
FOLDS, STAGES = 8, [5, 7, 10, 14, 20, 26, 36, 50, 100, 200]
GENUINE_MAX, AHEAD_MAX, IMPOSTOR_EACH, OTHERS_MAX = 24, 200, 3, 64
MIDDLES, TRIALS_MIN, OUTER = [5, 10, 20, 50], 30, 0.01
RIDGE, FUSION_HIGH, LIMIT_MIN, LIMIT_MAX, RUN = 3e-4, 1.0, 0.5, 6.0, 1.0
DOUBT_MIN, DOUBT_FIRST, DOUBT_MAX = 4.5, 6.0, 12.0
TYPES, TYPES_RIDGE, TYPES_FREE, TYPES_LOW, TYPES_TOP = 8, 0.2, 30.0, 0.05, 16.0  # type_weights.c
TYPES_GENUINE_MIN, TYPES_OTHERS_MIN = 40, 100

NAN = math.nan


# Rounding -------------------------------------------------------------------------------------------------------------

def f32(x):
    """The nearest float, as a double; infinite beyond the largest."""
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def clip(x, low, high):
    return min(max(x, low), high)


def nearest_step(x, steps, low, high):
    """x in whole steps of 1/steps, halves upwards."""
    return NAN if math.isnan(x) else clip(math.floor(x * steps + 0.5), low, high) / steps


def middle_cell(x):
    return nearest_step(x, FINE, -32767, 32767)


def spread_cell(x):
    return 0.0 if math.isnan(x) else nearest_step(x, SPREAD_STEPS, 0, 65535)


def short_float(x, form):
    """The nearest float of so few digits, halves away from zero; the largest beyond it."""
    if math.isnan(x) or x == 0:
        return x
    digits, least, most = form
    step = 2.0 ** (max(math.frexp(abs(x))[1] - 1, least) - digits)
    return math.copysign(min(math.floor(abs(x) / step + 0.5) * step, (2 - 2.0 ** -digits) * 2.0 ** most), x)


def logit(p):
    return math.log(p / (1 - p))


def fnv(data, start=0xcbf29ce484222325):
    for byte in data:
        start = (start ^ byte) * 0x100000001b3 % 2**64
    return start


# Samples --------------------------------------------------------------------------------------------------------------

LETTER, DIGIT, SPACE, DELETE, ENTER, PUNCT, MODIFIER, OTHER = range(8)
HOLD, DOWN_DOWN, UP_DOWN, PRESSURE, SIZE, PLACE_X, PLACE_Y, PLAIN = range(8)


def named(kind, field, start):
    """(hash of kind and field, name of the part): the field's start, and 48 bits of the hash in hexadecimal."""
    h = fnv(kind.encode() + field.encode(), start)
    safe = "".join(c if c in "abcdefghijklmnopqrstuvwxyz0123456789_-" else "_" for c in field)
    room = 33 - 1 - 12 - 1 - len(kind) - 1
    return h, f"{kind}:{safe[:room]}{':' if field else ''}{h % 2**48:012x}"


class Key:
    def __init__(self, down, up, kind=LETTER, zone=0, pressure=NAN, size=NAN, x=NAN, y=NAN):
        self.down, self.up, self.kind, self.zone = down, up, kind, zone
        self.extra = {PRESSURE: pressure, SIZE: size, PLACE_X: x, PLACE_Y: y}

    def sent(self, extra):
        return not math.isnan(self.extra[extra])


def place_of(x):
    """Beyond a screen places are drawn nearer, so that they stay within what a part keeps."""
    tenths = PLACE_SCALE * x
    return tenths if abs(tenths) <= PLACE_SCALE else math.copysign(PLACE_SCALE + PLACE_BEYOND * math.log(abs(tenths) / PLACE_SCALE), x)


def entry(keys, field):
    """Features of a short entry as rows (value, type, class, class), its context and name; None: it is none."""
    if not KEYS_MIN <= len(keys) <= KEYS_MAX or any(k.kind == DELETE for k in keys):
        return None
    pairs = list(zip(keys, keys[1:]))
    rows = [(math.log(max((k.up - k.down) / 1000, TIME_MIN)), HOLD, k.kind, 0) for k in keys]
    rows += [(math.log(max((b.down - a.down) / 1000, TIME_MIN)), DOWN_DOWN, a.kind, b.kind) for a, b in pairs]
    rows += [(math.log(max((b.down - a.up) / 1000 + UP_OFFSET, UP_MIN)), UP_DOWN, a.kind, b.kind) for a, b in pairs]
    scale = {PRESSURE: lambda x: math.log(x + PRESSURE_OFFSET), SIZE: lambda x: math.log(x + SIZE_OFFSET),
             PLACE_X: place_of, PLACE_Y: place_of}
    there = {e: any(k.sent(e) for k in keys) for e in scale}
    place = there[PLACE_X] and there[PLACE_Y]
    groups = [(PRESSURE,)] * there[PRESSURE] + [(SIZE,)] * there[SIZE] + [(PLACE_X, PLACE_Y)] * place
    for group in groups:
        if len(rows) + len(group) * len(keys) <= FEATURES_MAX:
            rows += [(scale[e](k.extra[e]) if k.sent(e) else NAN, e, k.kind, 0) for e in group for k in keys]
    look = bytes([there[PRESSURE] + 2 * there[SIZE] + 4 * place, *(k.kind for k in keys)])
    return rows, *named("keys", field, fnv(look))


HOLD_GROUPS = ["l1", "l2", "l3", "r1", "r2", "r3", "letter", "digit", "space", "punct"]
PAIR_GROUPS = ["same zone", "same hand", "left right", "right left", "letters", "to space", "from space", "digits",
               "letter digit", "punct", "to delete"]


def text_class(key):
    """A letter has its zone, a key of no class but with a place is taken for one."""
    kind = LETTER if key.kind == OTHER and key.zone else key.kind
    names = {LETTER: "letter", DIGIT: "digit", SPACE: "space", DELETE: "delete", ENTER: "punct", PUNCT: "punct"}
    return names.get(kind)


def hold_group(key):
    group = text_class(key)
    if group == "letter" and key.zone:
        return HOLD_GROUPS[key.zone - 1]
    return group if group in HOLD_GROUPS else None


def pair_group(a, b):
    first, second = text_class(a), text_class(b)
    if second == "delete":
        return "to delete"
    if first in (None, "delete") or second is None:
        return None
    if second == "space":
        return "to space"
    if first == "space":
        return "from space"
    if "punct" in (first, second):
        return "punct"
    if first != second:
        return "letter digit"
    if first == "digit":
        return "digits"
    if not a.zone or not b.zone:
        return "letters"
    if a.zone == b.zone:
        return "same zone"
    hands = "left" if a.zone <= 3 else "right", "left" if b.zone <= 3 else "right"
    return "same hand" if hands[0] == hands[1] else " ".join(hands)


def lower_median(values):
    return sorted(values)[(len(values) - 1) // 2]


def log_odds(k, n):
    return math.log((k + 0.5) / (n - k + 0.5))


def text_chunks(keys):
    told = any(k.kind != OTHER or k.zone for k in keys)
    return -(-len(keys) // TEXT_CHUNK) if len(keys) >= TEXT_MIN and told else 0


def free_text(keys, chunk, chunks):
    """Features of one of `chunks` parts of a text, its context and name."""
    part = keys[chunk * len(keys) // chunks:(chunk + 1) * len(keys) // chunks]
    pairs = list(zip(part, part[1:]))
    quick = [(a, b) for a, b in pairs if b.down - a.down <= TEXT_PAUSE_MS]

    def group(times, offset, least):
        return math.log(max(lower_median(times) / 1000 + offset, least)) if len(times) >= GROUP_MIN else NAN

    x = [group([k.up - k.down for k in part if hold_group(k) == g], 0, TIME_MIN) for g in HOLD_GROUPS]
    x += [group([b.down - a.down for a, b in quick if pair_group(a, b) == g], 0, TIME_MIN) for g in PAIR_GROUPS]
    x += [group([b.down - a.up for a, b in quick if pair_group(a, b) == g], UP_OFFSET, UP_MIN) for g in PAIR_GROUPS]
    x.append(log_odds(sum(b.down < a.up for a, b in pairs), len(pairs)))
    x.append(log_odds(sum(k.kind == DELETE for k in part), len(part)))
    x.append(log_odds(len(pairs) - len(quick), len(pairs)))
    tempo = math.fsum(b.down - a.down for a, b in quick) / 1000
    x.append(math.log(max(tempo / len(quick), TIME_MIN)) if len(quick) >= TEMPO_MIN else NAN)

    grouped = [(a, b) for a, b in quick if pair_group(a, b)]
    times = [(k.up - k.down, hold_group(k)) for k in part if hold_group(k)]
    downs = [(b.down - a.down, pair_group(a, b)) for a, b in grouped]
    ups = [(b.down - a.up, None) for a, b in grouped]
    x += [or_nan(lambda u: math.log(u + UNEVEN_OFFSET), unevenness(t)) for t in (times, downs)]
    for some, offset, least in (times, 0, TIME_MIN), (downs, 0, TIME_MIN), (ups, UP_OFFSET, UP_MIN):
        low, _, high = quartiles([t for t, _ in some])
        x += [or_nan(lambda t: math.log(max(t / 1000 + offset, least)), q) for q in (low, high)]

    touches = [(PRESSURE, PRESSURE_OFFSET), (SIZE, SIZE_OFFSET), (PLACE_X, None), (PLACE_Y, None)]
    sent = [any(k.sent(kind) for k in keys) for kind, _ in touches]
    for kind, offset in (t for t, s in zip(touches, sent) if s):
        x += touch_of_text([k.extra[kind] for k in part if k.sent(kind)], offset)
    look = bytes([TEXT_LAYOUT, sum(s << i for i, s in enumerate(sent)), any(k.zone for k in keys)])
    return x, *named("text", "", fnv(look))


def quartiles(values):
    """Lower, middle and upper, each a number of the row; too few have none."""
    row = sorted(values)
    return [row[q * (len(row) - 1) // 4] if len(row) >= SHAPE_MIN else NAN for q in (1, 2, 3)]


def unevenness(times):
    """Mean distance of (time, group) from the lower median of its group, in shares of it, 1 at most."""
    away = []
    for group in {g for _, g in times}:
        row = [t for t, g in times if g == group]
        if len(row) >= GROUP_MIN and lower_median(row) > 0:
            away += [min(abs(t / lower_median(row) - 1), 1) for t in row]
    return math.fsum(away) / len(away) if len(away) >= SHAPE_MIN else NAN


def touch_of_text(values, offset):
    """Quartiles of a pressure or size (with an offset within the logarithm) or a place, and how far the rest is away."""
    if len(values) < SHAPE_MIN:
        return [NAN] * 4
    _, middle, _ = three = quartiles(values)
    away = math.fsum(abs(v - middle) for v in values) / len(values)
    shown = [TEXT_PLACE_SCALE * v if offset is None else math.log(v + offset) for v in three]
    return [*shown, math.log((TEXT_PLACE_SCALE * away if offset is None else away / (middle + offset)) + UNEVEN_OFFSET)]


def signed_log(x):
    return math.copysign(math.log(1 + abs(x)), x)


def or_nan(f, x):
    return NAN if math.isnan(x) else f(x)


def typing(wpm, backspace, intervals):
    logs = sorted(math.log(max(x, TIME_MIN)) for x in intervals[:INTERVALS_JUDGED])
    times = [NAN] * 4
    if len(logs) >= 3:
        low, middle, high = (logs[math.floor(q * (len(logs) - 1) / 4 + 0.5)] for q in (1, 2, 3))
        spread = math.fsum(abs(x - middle) for x in logs) / len(logs)
        times = [middle, low, high, math.log(spread + DEVIATION_OFFSET)]
    return times + [or_nan(lambda x: math.log(x + WPM_OFFSET), wpm),
                    or_nan(lambda x: math.log(x + BACKSPACE_OFFSET), backspace)]


def mouse(speed, idle):
    return [or_nan(lambda x: math.log(x + SPEED_OFFSET), speed), or_nan(lambda x: math.log(x + IDLE_OFFSET), idle)]


def scroll(pixels, velocity):
    return [or_nan(signed_log, pixels), or_nan(signed_log, velocity)]


def motion(mean, sd):
    return [signed_log(x) for x in mean] + [math.log(abs(x) + MOTION_OFFSET) for x in sd]


# Timing ---------------------------------------------------------------------------------------------------------------

def is_fast(ms, below, least):
    return len(ms) >= least and sum(x < below for x in ms) > FAST_SHARE * len(ms)


def variation(ms):
    mean = math.fsum(ms) / len(ms)
    return math.sqrt(math.fsum((x - mean) ** 2 for x in ms) / len(ms)) / mean if mean > 0 else 0.0


def entropy(ms):
    bins = [math.floor(x / BIN_MS) for x in ms]
    shares = [bins.count(b) / len(bins) for b in set(bins)]
    return -math.fsum(p * math.log2(p) for p in shares)


def ticking(ms, tick):
    return all(min(x % tick, tick - x % tick) <= 1 for x in ms)


def is_regular(ms):
    if not REGULAR_MIN <= len(ms) <= SERIES_MAX:
        return False
    mean = math.fsum(ms) / len(ms)
    if variation(ms) < CV_MIN:
        return not any(mean < 1.5 * f and ticking(ms, f) for f in FRAMES)
    return entropy(ms) < ENTROPY_MIN and not any(ticking(ms, t) for t in TICKS)


def is_even(ms):
    mean = math.fsum(ms) / len(ms) if ms else 0.0
    return (REGULAR_MIN <= len(ms) <= SERIES_MAX and mean >= EVEN_FROM and variation(ms) < EVEN_CV
            and not ticking(ms, BLUR))


def is_on_grid(ms):
    whole = all(x >= 0 and x == int(x) for x in ms)
    step = math.gcd(*(int(x) for x in ms)) if whole and ms else 0
    return whole and len(ms) >= REGULAR_MIN and step >= 5 and step not in PLATFORM_STEPS


# Habits and parts -----------------------------------------------------------------------------------------------------

def weights(n, half_life):
    return [2 ** (-age / half_life) for age in range(n)]


def habit(x, least=SPREAD_MIN):
    """Lower weighted median, and weighted mean absolute deviation about it, of values newest first."""
    there = [(v, wm, ws) for v, wm, ws in zip(x, weights(len(x), HALF_LIFE_MIDDLE), weights(len(x), HALF_LIFE_SPREAD))
             if not math.isnan(v)]
    if not there:
        return NAN, NAN
    half = math.fsum(wm for _, wm, _ in there) / 2
    middle = min(v for v, _, _ in there if math.fsum(w for u, w, _ in there if u <= v) >= half)
    mean = math.fsum(ws * abs(v - middle) for v, _, ws in there) / math.fsum(ws for _, _, ws in there)
    return middle, max(mean, least)


class Part:
    """Samples of one person, newest first, as the cells keep them, and the habit in them."""

    least = SPREAD_MIN

    def __init__(self, first):
        n = len(first)
        self.narrow = n >= WIDE_FROM
        self.centre = [middle_cell(0.0 if math.isnan(x) else x) for x in first]
        self.slots = min(RING + HELD, (POOL_BYTES - self.habit_bytes() * n) // (n * (1 if self.narrow else 2)))
        self.room = self.slots - HELD
        self.ring, self.held = [], []
        self.accepted = self.scored = 0
        self.mean = self.m2 = self.nearest = 0.0
        self.middle, self.spread, self.shrunk = [NAN] * n, [0.0] * n, [0.0] * n
        self.anchor = None
        self.pressed = 0

    def habit_bytes(self):
        return HABIT_BYTES

    def as_middle(self, f, x):
        return middle_cell(x)

    def as_spread(self, x):
        return spread_cell(x)

    def varies(self, f):
        return not math.isnan(self.middle[f])

    def cells(self, x):
        if self.narrow:
            return [c + nearest_step(v - c, COARSE, -127, 127) for v, c in zip(x, self.centre)]
        return [middle_cell(v) for v in x]

    def take_in(self, cells):
        self.ring = [cells, *self.ring][:self.room]
        self.accepted += 1

    def accept(self, x):
        self.take_in(self.cells(x))

    def hold(self, x, session, at, proved=False):
        kept = (session, at, self.cells(x), proved)
        if sum(h[0] == session for h in self.held) >= HELD_A_SESSION:
            self.held[-1] = kept
            return
        if len(self.held) == HELD and (self.anchor or self.release(session, at) == 0):
            self.held.pop(0)
        self.held.append(kept)

    def due(self, session, at):
        """What has waited long enough, up to the first that has not."""
        n = 0
        while n < len(self.held) and (session - self.held[n][0] >= HELD_AFTER or at - self.held[n][1] >= HELD_MS):
            n += 1
        return self.held[:n]

    def release(self, session, at):
        due = self.due(session, at)
        self.held = self.held[len(due):]
        for _, _, cells, _ in due:
            if len(self.ring) >= WINSOR_FROM:
                cells = self.cells([v if math.isnan(v) or math.isnan(m) else clip(v, m - WINSOR * s, m + WINSOR * s)
                                    for v, m, s in zip(cells, self.middle, self.spread)])
            self.take_in(cells)
        return len(due)

    def let_in(self, session, at):
        """What waited, and the habit, up to the fence; what was proved goes further."""
        due = self.due(session, at)
        before = copy.deepcopy(self)
        self.release(session, at)
        self.refresh(True)
        if due and all(h[3] for h in due) or self.drift() <= max(before.drift(), FENCE):
            if self.pressed and self.drift() <= AT_EASE and not all(h[3] for h in due):
                self.pressed -= 1
            return False
        self.__dict__ = before.__dict__
        proved = [h for h in due if h[3]]
        self.held = proved + self.held[len(due):]
        if proved:
            self.let_in(session, at)
        return len(proved) < len(due)

    def refresh(self, limited=False):
        for f in range(len(self.middle)):
            m, s = habit([row[f] for row in self.ring], self.least)
            was, step = self.middle[f], STEP * self.spread[f]
            if limited and not math.isnan(was) and not math.isnan(m):
                m = clip(m, was - step, was + step)
            if limited and self.anchor is not None and s > 0 and self.anchor[1][f] > 0:
                s = math.sqrt(s * self.anchor[1][f])  # half of the way, as a ratio
            self.middle[f], self.spread[f] = self.as_middle(f, m), self.as_spread(s)
        self.nearest = f32(self.usual_nearest()) if len(self.ring) >= NEAREST_FROM else 0.0

    def usual_nearest(self):
        """Median of how far the newest samples are from the nearest other one."""
        def apart(a, b):
            gaps = [min(abs(u - v) / s, NEAREST_CUT) for u, v, s in zip(a, b, self.spread)
                    if s > 0 and not math.isnan(u - v)]
            return math.fsum(gaps) / len(gaps) if gaps else 0.0
        near = [min(apart(a, b) for j, b in enumerate(self.ring) if j != i)
                for i, a in enumerate(self.ring[:NEAREST_OF])]
        return sorted(near)[len(near) // 2]

    def shrink(self, usual):
        """Towards people in general: a geometric mean, n samples against SHRINK."""
        own = len(self.ring) / (len(self.ring) + SHRINK)
        least = 1 / SPREAD_STEPS if self.least else 2.0 ** (SHORT[1] - SHORT[0])
        self.shrunk = [self.as_spread(max(s ** own * u ** (1 - own) if s > 0 and u > 0 else max(s, u), least))
                       for s, u in zip(self.spread, usual)]

    def drift(self):
        if self.anchor is None:
            return 0.0
        gaps = [abs(m - a) / s for m, a, s in zip(self.middle, *self.anchor)
                if s > 0 and not math.isnan(m - a)]
        return math.fsum(gaps) / len(gaps)

    def from_anchor(self, x):
        if self.anchor is None:
            return 0.0
        gaps = [min(abs(v - a) / s, DRIFT_CUT) for v, a, s in zip(x, *self.anchor)
                if s > 0 and not math.isnan(v - a)]
        return math.fsum(gaps) / len(gaps) if gaps else 0.0

    def note(self, nats):
        """Running mean and sum of squares, floats."""
        self.scored += 1
        gap = nats - self.mean
        mean = self.mean + gap / self.scored
        self.m2, self.mean = f32(self.m2 + gap * (nats - mean)), f32(mean)


class VectorPart(Part):
    """The same of a vector, whose columns have any unit: gaps from the first value of a column, as floats of few
    digits, the narrow ones in the first gap. A column that never varied says nothing."""

    least = 0.0

    def __init__(self, first):
        super().__init__(first)
        self.centre, self.unit = [NAN] * len(first), [0.0] * len(first)

    def habit_bytes(self):
        return VECTOR_HABIT_BYTES + (2 if self.narrow else 0)

    def as_middle(self, f, x):
        return self.centre[f] + short_float(x - self.centre[f], SHORT)

    def as_spread(self, x):
        return 0.0 if math.isnan(x) else short_float(x, SHORT)

    def varies(self, f):
        return super().varies(f) and self.spread[f] > 0

    def cell(self, f, x):
        if math.isnan(x):
            return NAN
        if math.isnan(self.centre[f]):
            self.centre[f] = f32(x)
        gap = x - self.centre[f]
        if not self.narrow:
            return self.centre[f] + short_float(gap, SHORT)
        self.unit[f] = self.unit[f] or short_float(abs(gap), SHORT)
        return self.centre[f] + (short_float(gap / self.unit[f], TINY) * self.unit[f] if self.unit[f] else 0.0)

    def cells(self, x):
        return [self.cell(f, v) for f, v in enumerate(x)]


# Evidence -------------------------------------------------------------------------------------------------------------

class Density:
    """Student's t for each feature, kept as floats: what is stored, and what is worked out from it."""

    def __init__(self, middle, spread):
        self.given = [*middle, *spread]
        self.middle, self.spread = [f32(m) for m in middle], [f32(s) for s in spread]
        self.inverse = [f32(1 / s) if s else 0.0 for s in self.spread]
        self.factor = [f32(math.exp(math.log(s) * 2 / 3)) if s else 1.0 for s in self.spread]

    def z(self, f, x):
        return clip((x - self.middle[f]) * self.inverse[f], -Z_MAX, Z_MAX)

    def log(self, f, x):
        exact = log_t((x - self.middle[f]) / self.spread[f], self.spread[f])
        kept = log_t(self.z(f, x), self.factor[f] ** 1.5)
        assert abs(self.z(f, x)) == Z_MAX or abs(exact - kept) < 1e-5, "floats cost more than they may"
        return kept


def log_t(z, spread):
    """ln of Student's t with NU degrees of freedom, without its constant."""
    return -(NU + 1) / 2 * math.log(1 + z * z / NU) - math.log(spread)


def scores(part, population, x):
    """[ratio, one-class, nearest, cohort, rivals]; None: too little to compare. Without people the middle two."""
    known = [f for f in range(len(part.middle))
             if part.varies(f) and (population is None or population["all"][1].spread[f] > 0)]
    both = [f for f in known if not math.isnan(x[f])]
    if len(part.ring) < SAMPLES_MIN or not both or len(both) < PRESENT_SHARE * len(known):
        return None

    middle = [f32(m) for m in part.middle]  # a vector's is no float by itself
    weight = (population or {}).get("weight") or [1.0] * len(x)
    total = math.fsum(weight[f] for f in both)

    def units(row, f, middle):
        return clip((row[f] - middle[f]) / part.spread[f], -CAP, CAP)

    def step(row, f, middle):
        return math.floor(units(row, f, middle) * LENS_STEP + 128.5)

    def gap(row, f):
        return CAP * LENS_STEP if math.isnan(row[f]) else abs(step(x, f, middle) - step(row, f, part.middle))

    one_class = math.fsum(weight[f] * abs(units(x, f, middle)) for f in both) / total
    bare = [sum(gap(row, f) for f in both) / (LENS_STEP * len(both)) for row in part.ring]
    away = [math.fsum(weight[f] * gap(row, f) for f in both) / (LENS_STEP * total) + AGE_COST * age / RING
            for age, row in enumerate(part.ring)]
    few = sorted(away)[:NEAREST]
    near = math.fsum(few) / len(few)
    if population is None:
        return [one_class, near]
    part.copied = [min(bare), len(both) >= COPY_FEATURES and min(bare) < COPY * part.nearest]

    def log_own(f):
        return log_t(clip((x[f] - middle[f]) / part.shrunk[f], -Z_MAX, Z_MAX), part.shrunk[f])

    own = math.fsum(weight[f] * log_own(f) for f in both)
    s1, s2 = (math.fsum(weight[f] * d.log(f, x[f]) for f in both) - own for d in population["all"])
    t = POPULATION_T
    ratio = t * math.log(0.5 * math.exp(s1 / t) + 0.5 * math.exp(s2 / t))
    cohort = rivals = 0.0
    if population["cohort"]:
        logs = [math.fsum(weight[f] * d.log(f, x[f]) for f in both) for d in population["cohort"]]
        top = max(logs)
        mean = math.fsum(math.exp((v - top) / COHORT_T) for v in logs) / len(logs)
        cohort = -own + top + COHORT_T * math.log(mean)
        other = sorted(math.fsum(weight[f] * min(abs((x[f] - d.middle[f]) * d.inverse[f]), CAP) for f in both) / total
                       for d in population["cohort"])[:NEAREST]
        rivals = one_class - math.fsum(other) / len(other)
    return [ratio / total, one_class, near, cohort / total, rivals]


def way(middle, population):
    """How far somebody is from the middle of all people, a feature's mean in their spreads."""
    everybody = population["all"][1]
    away = [min(abs(m - everybody.middle[f]) / everybody.spread[f], FOREIGN_CUT)
            for f, m in enumerate(middle) if not math.isnan(m) and everybody.spread[f] > 0]
    return math.fsum(away) / len(away) if away else 0.0


def is_foreign(part, population):
    """Not like the people of a population: of a real one, of a simulated one."""
    middle = [m if part.varies(f) else NAN for f, m in enumerate(part.middle)]
    return [way(middle, population) > limit for limit in (FOREIGN, FOREIGN_SIMULATED)]


def types_otherwise(part, population, pauses, places):
    """Another text than the people's: the first features are pauses, those behind them places."""
    everybody = population["all"][1]
    by = {f: (m - everybody.middle[f], everybody.spread[f]) for f, m in enumerate(part.middle)
          if not math.isnan(m) and part.varies(f) and everybody.spread[f] > 0}
    pause = [by[f] for f in range(pauses) if f in by]
    mean = math.fsum(d for d, _ in pause) / max(len(pause), 1)
    where = [by[f] for f in range(pauses, pauses + places) if f in by]
    far = math.fsum(min(abs(d - mean) / s, FOREIGN_CUT) for d, s in pause)
    off = math.fsum(min(abs(d) / s, FOREIGN_CUT) for d, s in where)
    return len(pause) >= PAUSES_LEAST and far > PAUSES_OTHERWISE * len(pause) or off > PLACES_OTHERWISE * len(where)


def common_of(people, like):
    """What share of their pauses people have in common (intraclass correlation, Shrout and Fleiss 1979)."""
    rows = [part_of(p, like).middle for p in people if len(p) >= NOVICE_MIN]
    rows = [[x - math.fsum(row) / len(row) for x in row] for row in rows if not any(map(math.isnan, row))]
    means = [math.fsum(column) / len(rows) for column in zip(*rows)]
    own = math.fsum(math.fsum((x - m) ** 2 for x in column) / (len(rows) - 1)
                    for column, m in zip(zip(*rows), means)) / len(means)
    common = math.fsum(m * m for m in means) / (len(means) - 1) - own / len(rows)
    return common / (own + common)


def alone(text, known, features):
    """The line for who can only be held against himself."""
    slope, crossing, *_ = mixed(ALONE, *place(ALONE_AT, known))
    _, _, limit, owner, impostor, variance = mixed(ALONE, *place(ALONE_AT, min(known, ALONE_TEXT) if text else known))
    slope *= (clip(features, ALONE_LEAST, ALONE_MOST) / ALONE_FEATURES) ** ALONE_POWER / (1 + NEAREST_WEIGHT)
    return {"mean": [crossing] * 5, "scale": [1.0] * 5, "weight": [0.0, slope, NEAREST_WEIGHT * slope, 0.0, 0.0],
            "high": ALONE_HIGH, "bias": 0.0, "limit": limit,
            "impostor": impostor, "owner": owner, "variance": variance, "run": 1.0,
            "ceiling": ALONE_CEILING, "floor": ALONE_FLOOR}


def place(at, known):
    """Where a number lies between ascending ones: after which one, and how far from there to the next."""
    i = max([i for i, n in enumerate(at) if known >= n], default=0)
    between = i + 1 < len(at) and known > at[i]
    return i, math.log(known / at[i]) / math.log(at[i + 1] / at[i]) if between else 0.0


def mixed(lines, i, share):
    return [a + share * (b - a) for a, b in zip(lines[i], lines[i + 1])] if share else list(lines[i])


def between(lines, known):
    """The line of people of whom so many samples are known: [(known, fusion), ...]."""
    i, share = place([at for at, _ in lines], known)
    some = [fusion_numbers(f) for _, f in lines]
    return fusion_of(mixed(some, i, share))


def fuse(fusion, score, samples):
    z = [clip((s - m) / c, FUSION_LOW, fusion["high"]) for s, m, c in zip(score, fusion["mean"], fusion["scale"])]
    limit = min(fusion["limit"], YOUNG_NATS * samples)
    margin = fusion["bias"] + math.fsum(w * v for w, v in zip(fusion["weight"], z))
    return clip(doubt(margin, fusion["ceiling"], fusion["floor"]), -limit, limit)


def doubt(margin, ceiling, floor):
    """The log ratio when e^-ceiling of owners' samples are like others', and e^-floor the other way (Copas 1988)."""
    return math.log(math.exp(margin) + math.exp(-floor)) - math.log(1 + math.exp(margin - ceiling))


def person_weight(fusion, part, many=False):
    """many: samples that come by the dozen need not be apart one by one."""
    n = part.scored
    own = n / (n + PRIOR_COUNT)
    owner = own * part.mean + (1 - own) * fusion["owner"]
    spread = part.m2 / (n - 1) if n > 1 else fusion["variance"]
    variance = max(own * spread + (1 - own) * fusion["variance"], VARIANCE_MIN)
    d = (fusion["impostor"] - owner) / math.sqrt(variance)
    weight = 0.0 if d < (0 if many else APART_MIN) else clip((fusion["impostor"] - owner) / variance, 0.0, WEIGHT_MAX)
    return [owner, (fusion["impostor"] + owner) / 2, weight, fusion["limit"], fusion["run"]]


def weigh(l, bias, weight):
    owner, centre, w, limit, run = weight
    return clip(w * (l - bias - centre), -limit, limit) / run


def averages(nats, run):
    """What a session's samples of equal correlation say together after each: their sum over 1 + (n - 1) r."""
    r, total, n, out = (run - 1) / (RUN_OF - 1), 0.0, 0, []
    for x in nats:
        total = total * (1 - 1 / MEMORY if n == MEMORY else 1) + x
        n = min(n + 1, MEMORY)
        out.append(total / (1 + (n - 1) * r))
    return out


# Crowds: histograms of strokes and actions ----------------------------------------------------------------------------

STROKE, VECTOR = 5, 7  # kinds of samples


def byte_cell(kind, x, base=0.0):
    """A stroke's feature as one byte keeps it, a vector's value as the gap from the first of its column."""
    if math.isnan(x):
        return NAN
    if kind == VECTOR:
        return base + short_float(x - base, SHORT)
    return nearest_step(x, BYTE_STEPS, 1 - 128, 255 - 128)


def bin_of(edges, x):
    """1 and the edges below; 0: missing."""
    return 0 if math.isnan(x) else 1 + sum(f32(e) < f32(x) for e in edges)


def coarse(edges, b):
    return (b + 1) // 2 if len(edges) + 1 >= COARSE_BINS else b


def crowd_shares(edges, column):
    count = [sum(coarse(edges, b) == c for b in column) / len(column) + SHARE_MIN for c in range(COARSE_BINS)]
    return [f32(c / math.fsum(count)) for c in count]


def against(edges, shares, column):
    """Nats, in whole 32nds, that each coarse bin says against the person whose newest bin comes first: shares of a
    histogram shrunk towards everybody's."""
    w = [2 ** (-2 * i / len(column)) for i in range(len(column))]
    raw = [math.fsum(v for v, b in zip(w, column) if coarse(edges, b) == c) for c in range(COARSE_BINS)]
    top = coarse(edges, len(edges) + 1)
    h = raw[:]
    for c in range(1, top + 1):
        h[c] = (1 - 2 * NEIGHBOUR) * raw[c] + NEIGHBOUR * (raw[max(c - 1, 1)] + raw[min(c + 1, top)])
    n = math.fsum(w)
    own = [(v + CROWD_SHRINK * p) / (n + CROWD_SHRINK) for v, p in zip(h, shares)]
    return [clip(math.floor(AGAINST_STEPS * math.log(p / q) + 0.5), -127, 127) for p, q in zip(shares, own)]


def along(levels, to, row):
    """Where a row of bins lies on each axis, in floats, feature by feature."""
    y = [0.0] * len(to[0])
    for level, weights, b in zip(levels, to, row):
        y = [f32(v + f32(level[b] * t)) for v, t in zip(y, weights)]
    return y


def axes_known(between, places):
    """Of each axis middle and spread of the person whose newest place comes first: mean and variance, drawn towards
    everybody's."""
    w = [2 ** (-2 * i / len(places)) for i in range(len(places))]
    n = math.fsum(w) ** 2 / math.fsum(v * v for v in w) if w else 0.0
    out = []
    for b, column in zip(between, zip(*places) if places else [()] * len(between)):
        mean = math.fsum(v * y for v, y in zip(w, column)) / math.fsum(w) if w else 0.0
        spread = 1.0
        if n > 1:
            square = math.fsum(v * (y - mean) ** 2 for v, y in zip(w, column)) / math.fsum(w) * n / (n - 1)
            spread = (AXES_OWN + n * square) / (AXES_OWN + n)
        apart = n / (1 + max(n - 1, 0) * AXES_ALIKE)
        known = 1 / (1 / b + apart)  # variance of the middle, given the rows
        out.append((f32(known * apart * mean), f32(spread + known)))
    return out


def axes_against(between, known, y):
    """ln of everybody's density over the owner's, Student's t on each axis."""
    def density(x, middle, variance):
        return -(AXES_FREEDOM + 1) / 2 * math.log(1 + (x - middle) ** 2 / (variance * AXES_FREEDOM)) - math.log(variance) / 2
    nats = math.fsum(density(v, 0.0, 1 + b) - density(v, m, s) for v, b, (m, s) in zip(y, between, known))
    return clip(nats, -AXES_CLIP, AXES_CLIP)


def axes_apart(between, places):
    """How far a middle is from everybody's, the newest place first: root of the mean square in what middles of so many
    rows deviate."""
    w = [2 ** (-2 * i / len(places)) for i in range(len(places))]
    n = math.fsum(w) ** 2 / math.fsum(v * v for v in w)
    squares = [(math.fsum(v * y for v, y in zip(w, column)) / math.fsum(w)) ** 2 / (b + AXES_ALIKE + (1 - AXES_ALIKE) / n)
               for b, column in zip(between, zip(*places))]
    return math.sqrt(math.fsum(squares) / len(squares))


class Himself:
    """A person's strokes, the newest first, to hold strokes against where other people are no measure. Of vectors a
    spread has no least, and a column without one says nothing."""

    def __init__(self, rows, vectors=False):
        least = 0.0 if vectors else f32(SELF_SPREAD_MIN)
        self.known = len(rows)
        self.middle, self.spread = [], []
        for column in zip(*rows):
            there = sorted(x for x in column if not math.isnan(x))
            middle = there[(len(there) - 1) // 2] if there else 0.0
            away = math.fsum(abs(x - middle) for x in there) / len(there) if there else 1.0
            self.middle.append(middle)
            self.spread.append(f32(max(f32(away), least)))
        kept = min(len(rows), SELF_ROOM // len(rows[0]))
        self.rows = [self.steps(rows[i * len(rows) // kept]) for i in range(kept)]

    def steps(self, x):
        """In whole steps of a 31st of a spread; missing is None."""
        return [None if math.isnan(v) or not s else math.floor(clip((v - m) / s, -CAP, CAP) * LENS_STEP + 0.5)
                for v, m, s in zip(x, self.middle, self.spread)]

    def score(self, x):
        """ln of the distance to the nearest row; nothing of fewer than half of the features."""
        mine = self.steps(x)
        there = [f for f, v in enumerate(mine) if v is not None]
        if 2 * len(there) < sum(s > 0 for s in self.spread):
            return None
        least = min(sum(CAP * LENS_STEP if row[f] is None else abs(mine[f] - row[f]) for f in there) for row in self.rows)
        return math.log(max(least / LENS_STEP / len(there), SELF_LEAST))


def himself_line(known):
    times = clip(known, SELF_FROM, SELF_TO) / SELF_FROM
    slope = SELF_SLOPE * times ** SELF_POWER
    return [SELF_CROSSING - SELF_FALL * math.log(times), slope, SELF_OWNER * slope, SELF_IMPOSTOR * slope,
            (SELF_IMPOSTOR - SELF_OWNER) * slope, SELF_LIMIT, SELF_RUN]


# A session ------------------------------------------------------------------------------------------------------------

class Session:
    def __init__(self, at):
        self.at, self.value = at, logit(START)
        self.share, self.bot, self.spent = [0.0] * 7, [0.0] * len(BOTS), [0.0] * len(BOTS)
        self.context, self.times = [0.0] * (EXTERNAL + 1), [0] * (EXTERNAL + 1)
        self.off, self.samples, self.bias = [0.0] * PERSON_SHARES, [0] * PERSON_SHARES, [0.0] * PERSON_SHARES
        self.page = None

    def advance(self, at):
        past = at - self.at
        if past <= 0:
            return
        p = 1 / (1 + math.exp(-self.value))
        p = clip(REST + (p - REST) * math.exp(-past / TIME_MS), EDGE, 1 - EDGE)
        rest, gap = logit(REST), self.value - logit(REST)
        kept = clip((logit(p) - rest) / gap, 0.0, 1.0) if abs(gap) > 1e-12 else 1.0
        self.at, self.value = at, logit(p)
        self.share = [kept * s for s in self.share]
        half = 0.5 ** (past / BOT_HALF_LIFE_MS)
        self.bot, self.spent = [half * b for b in self.bot], [half * b for b in self.spent]

    def go_to(self, share, value):
        value = clip(value, -LAMBDA_MAX, LAMBDA_MAX)
        self.share[share] += value - self.value
        self.value = value

    def evidence(self, share, nats):
        edge = logit(1 - EDGE)
        self.go_to(share, clip(self.value, -edge, edge) + nats)

    def passed(self):
        self.go_to(MPIN, min(self.value, logit(PASSED)))
        self.bot = [PASS_SHARE * b for b in self.bot]
        self.context = [PASS_SHARE * c if c > 0 else c for c in self.context]

    def failed(self):
        self.evidence(MPIN, FAIL_NATS)

    def predict(self, risk):
        """The machine's part may make up half of the odds at most; the rest is the person's."""
        odds = risk / (1 - risk)
        b = math.fsum(self.bot)
        most = math.log(1 + odds / 2 * BOT_ODDS_PER_PRIOR)
        if b > most:
            self.bot = [x * most / b for x in self.bot]
        rest = odds - (math.exp(math.fsum(self.bot)) - 1) / BOT_ODDS_PER_PRIOR
        self.go_to(PREDICTION, math.log(rest) - math.fsum(self.context))

    def met_bot(self, rule):
        """The n-th repeat adds value / 2^n: half the way to twice the value."""
        left = BOTS[rule] - self.spent[rule] if rule in REFILLS else (2 * BOTS[rule] - self.spent[rule]) / 2
        self.spent[rule] += max(left, 0)
        self.bot[rule] += max(left, 0)

    def weigh_bot(self, before, after):
        self.bot[WEIGHS] = clip(self.bot[WEIGHS] + after - before, 0.0, BOTS[WEIGHS])

    def met_context(self, rule):
        self.times[rule] += 1
        self.context[rule] += CONTEXTS[rule] * {1: 1, 2: 0.5}.get(self.times[rule], 0)

    def external(self, nats):
        self.context[EXTERNAL] = clip(self.context[EXTERNAL] + nats, -EXTERNAL_MAX, EXTERNAL_MAX)

    def hear(self, share, off):
        self.off[share] = f32(self.off[share] + off)
        self.samples[share] += 1

    def proved(self):
        for i, n in enumerate(self.samples):
            if n > 0:
                self.bias[i] = f32(clip(self.off[i] / n * n / (n + BIAS_SHRINK), 0, 1))

    def risk(self):
        b, c = math.fsum(self.bot), math.fsum(self.context)
        return 1 - 1 / (1 + math.exp(self.value + c) + (math.exp(b) - 1) / BOT_ODDS_PER_PRIOR)

    def visit(self, pages, page, dwell, sessions):
        before, self.page = self.page, page
        if sum(p["visits"] for p in pages.page.values()) < NAV_VISITS_MIN:
            return
        nats = pages.ratio(None, before, page, dwell) / NAV_RUN / (2 if sessions < NAV_YOUNG else 1)
        self.evidence(NAVIGATION, min(nats, max(NAV_SUM - self.share[NAVIGATION], 0)))


class Pages:
    """Pages and moves between them; a page is a number from 1, 0 stands for none."""

    def __init__(self):
        self.page, self.move = {}, {}

    def halve(self):
        for p in self.page.values():
            p["visits"] = (p["visits"] + 1) // 2
        self.move = {m: (n + 1) // 2 for m, n in self.move.items()}

    def learn(self, before, page, dwell):
        known = before in self.page
        p = self.page.setdefault(page, {"visits": 0, "dwells": 0, "dwell": 0.0, "spread": NAV_SPREAD_FIRST})
        p["visits"] += 1
        if p["visits"] >= NAV_FULL:
            self.halve()
        if known and before != page:
            self.move[before, page] = self.move.get((before, page), 0) + 1
            if self.move[before, page] >= NAV_FULL:
                self.halve()
        if math.isnan(dwell):
            return
        p["dwells"] = n = min(p["dwells"] + 1, NAV_DWELLS_KEPT)
        gap = dwell - p["dwell"]
        p["dwell"] = f32(dwell if n == 1 else p["dwell"] + gap / n)
        if n > 1:
            p["spread"] = f32(p["spread"] + (abs(gap) - p["spread"]) / n)

    def ratio(self, people, before, page, dwell):
        """people: None or (shares by page, log dwell, spread)."""
        shares, usual, apart = people or ({}, NAV_DWELL, NAV_APART)
        nats = 0.0
        left = sum(n for (a, _), n in self.move.items() if a == before)
        if before and before != page and left:
            q = f32(shares[page]) if page in shares else 1 / (len(shares or self.page) + 1)
            own = (self.move.get((before, page), 0) + NAV_PRIOR * q) / (left + NAV_PRIOR)
            nats += math.log(q) - math.log(own)
        p = self.page.get(page)
        if p and p["dwells"] >= NAV_DWELLS_MIN and not math.isnan(dwell):
            spread = max(p["spread"], NAV_SPREAD_MIN)
            nats += log_t((dwell - usual) / apart, apart) - log_t((dwell - p["dwell"]) / spread, spread)
        return clip(nats, -NAV_LIMIT, NAV_LIMIT)


class Routine:
    def __init__(self):
        self.hour, self.amount = [0] * 24, []

    def learn_hour(self, h):
        self.hour[h] += 1
        if sum(self.hour) >= ROUTINE_FULL:
            self.hour = [n // 2 for n in self.hour]

    def is_odd(self, h):
        n = sum(self.hour)
        here = self.hour[h] / 2 + (self.hour[(h + 1) % 24] + self.hour[(h - 1) % 24]) / 4
        return n >= ROUTINE_KNOWN and (here + ROUTINE_PRIOR / 24) / (n + ROUTINE_PRIOR) < ROUTINE_RARE

    @staticmethod
    def steps(amount):
        return math.floor(ROUTINE_STEPS * math.log(1 + amount) + 0.5)

    def learn_amount(self, amount):
        self.amount = [*self.amount, self.steps(amount)][-ROUTINE_AMOUNTS:]

    def is_high(self, amount):
        """(known, above the 99th percentile by nearest rank)"""
        n = len(self.amount)
        known = n >= ROUTINE_KNOWN
        return known, known and self.steps(amount) > sorted(self.amount)[math.ceil(n * 99 / 100) - 1]


# Trees ----------------------------------------------------------------------------------------------------------------

def walk(tree, x):
    """A leaf is a number; a split is (feature, threshold, missing goes left, left, right)."""
    if not isinstance(tree, tuple):
        return f32(tree)
    feature, threshold, missing_left, left, right = tree
    v = x[feature] if math.isnan(x[feature]) else f32(x[feature])
    return walk(left if (missing_left if math.isnan(v) else v < f32(threshold)) else right, x)


def levels(tree):
    """The nodes level by level as (value, feature, is split, missing goes left)."""
    rows, level = [], [tree]
    while level:
        rows += [(t[1], t[0], 1, t[2]) if isinstance(t, tuple) else (t, 0, 0, 0) for t in level]
        level = [child for t in level if isinstance(t, tuple) for child in t[3:]]
    return rows


# People and their fusion ----------------------------------------------------------------------------------------------

def describe(values, vector=False):
    m = lower_median(values)
    mean = math.fsum(abs(v - m) for v in values) / len(values)
    return m, (mean if mean >= VECTOR_SPREAD_MIN else 0.0) if vector else max(mean, SPREAD_MIN)


def part_of(samples, like, vector=False):
    part = VectorPart(like) if vector else Part(like)
    for x in samples[-RING:]:
        part.accept(x)
    part.refresh()
    return part


def population_of(people, like, vector=False):
    """(densities of novices and of all ages, usual spreads, densities of single people)"""
    people = [p for p in people if len(p) >= NOVICE_MIN]

    def pooled(share):
        rows = []
        for p in people:
            n = share(len(p))
            each = min(n, EACH_MAX)
            rows += [p[i * n // each] for i in range(each)]
        columns = [[v for v in column if not math.isnan(v)] for column in zip(*rows)]
        return list(zip(*(describe(c, vector) if c else (0.0, 1.0) for c in columns)))

    novices, everybody = pooled(lambda n: max(NOVICE_MIN, n // NOVICE_SHARE)), pooled(lambda n: n)
    if vector:
        novices[1] = [s if s and t else t for s, t in zip(novices[1], everybody[1])]
    both = [Density(*novices), Density(*everybody)]
    parts = [part_of(p, like, vector) for p in people]
    usual = []
    for f in range(len(like)):
        logs = [math.log(p.spread[f]) for p in parts if p.spread[f] > 0]
        if vector:
            of_all = both[1].spread[f]
            usual.append(f32(math.exp(math.fsum(logs) / len(logs))) if logs and of_all else of_all)
            continue
        usual.append(f32(max(math.exp(math.fsum(logs) / len(logs)), SPREAD_MIN) if logs else 1.0))
    cohort = []
    for p in parts:
        p.shrink(usual)
        cohort.append(Density([both[1].middle[f] if math.isnan(m) else m for f, m in enumerate(p.middle)],
                              [s if u else 0.0 for s, u in zip(p.shrunk, usual)]))
    return {"all": both, "usual": usual, "cohort": cohort}


def general_of(people, like, kinds):
    """What is known of keys of a kind (type, class, class) in any field, as a function of the kind: medians and
    deviations of novices, of all ages, and the usual spread. A kind never met is known by its type."""
    people = [p for p in people if len(p) >= NOVICE_MIN]
    parts = [part_of(p, like) for p in people]

    def known(wanted):
        of = [f for f, kind in enumerate(kinds) if kind == wanted]
        of = of or [f for f, kind in enumerate(kinds) if kind[0] == wanted[0]]
        answer = []
        for share in (lambda n: max(NOVICE_MIN, n // NOVICE_SHARE), lambda n: n):
            counts = [(p, share(len(p)), min(share(len(p)), GENERAL_EACH_MAX)) for p in people]
            values = [p[i * n // each][f] for p, n, each in counts for i in range(each) for f in of]
            values = [v for v in values if not math.isnan(v)]
            answer.append(describe(values) if values else (0.0, 1.0))
        logs = [math.log(p.spread[f]) for p in parts for f in of if p.spread[f] > 0]
        return answer, max(math.exp(math.fsum(logs) / len(logs)), SPREAD_MIN) if logs else 1.0

    return known


def solve(a, b):
    """Gauss with pivots."""
    n = len(b)
    rows = [[*row, v] for row, v in zip(a, b)]
    for i in range(n):
        k = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[k] = rows[k], rows[i]
        for r in range(n):
            if r != i:
                way = rows[r][i] / rows[i][i]
                rows[r] = [u - way * v for u, v in zip(rows[r], rows[i])]
    return [rows[i][n] / rows[i][i] for i in range(n)]


def log1p_exp(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def logistic(x, label, weight, ridge, standardised):
    """(means, scales, weights, bias): the minimum of the class-balanced loss plus ridge / 2 |weights|^2, by Newton's
    method with halved steps, which has but one minimum and so one answer."""
    n = len(x)
    mean = [0.0 if standardised else math.fsum(c) / n for c in zip(*x)]
    scale = [1.0 if standardised else max(math.sqrt(math.fsum((v - m) ** 2 for v in c) / n), LOGISTIC_SCALE_MIN)
             for c, m in zip(zip(*x), mean)]
    z = [[(v - m) / s for v, m, s in zip(row, mean, scale)] + [1.0] for row in x]
    mass = [math.fsum(w for w, y in zip(weight, label) if y == side) for side in (0, 1)]
    share = [w / (2 * mass[y]) for w, y in zip(weight, label)]
    side = len(z[0])

    def margin(b, row):
        return math.fsum(u * v for u, v in zip(b, row))

    def loss(b):
        return (math.fsum(w * log1p_exp(-margin(b, r) if y else margin(b, r)) for w, y, r in zip(share, label, z))
                + ridge / 2 * math.fsum(v * v for v in b[:-1]))

    b = [0.0] * side
    for _ in range(200):
        p = [1 / (1 + math.exp(-margin(b, r))) for r in z]
        g = [math.fsum(w * (y - q) * r[i] for w, y, q, r in zip(share, label, p, z))
             - (ridge * b[i] if i < side - 1 else 0) for i in range(side)]
        h = [[math.fsum(w * q * (1 - q) * r[i] * r[j] for w, q, r in zip(share, p, z))
              + (ridge if i == j < side - 1 else 0) for j in range(side)] for i in range(side)]
        step, way = solve(h, g), 1.0
        while way > 1e-3 and loss([u + way * v for u, v in zip(b, step)]) > loss(b) + 1e-15:
            way /= 2
        b = [u + way * v for u, v in zip(b, step)]
        if max(abs(v) for v in step) < 1e-13:
            break
    return mean, scale, b[:-1], b[-1]


def doubting(x, label, weight, ridge, beta, bias):
    """(weights, bias, ceiling, floor): the same loss of doubt(), with one more trial of each side that is on the wrong
    one, from where the line alone ended: scoring steps, halved until they gain, without what stands at its end."""
    z = [[*row, 1.0] for row in x]
    mass = [math.fsum(w for w, y in zip(weight, label) if y == side) for side in (0, 1)]
    share = [w / (2 * mass[y]) for w, y in zip(weight, label)]
    unseen = [0.5 / sum(1 for y in label if y == side) for side in (0, 1)]
    lines = len(beta) + 1

    def sigma(v):
        return 1 / (1 + math.exp(-v))

    def margin(b, row):
        return math.fsum(u * v for u, v in zip(b, row))

    def loss(b):
        each = (doubt(margin(b, r), b[-2], b[-1]) for r in z)
        return (math.fsum(w * log1p_exp(-l if y else l) for w, y, l in zip(share, label, each))
                + unseen[0] * log1p_exp(b[-2]) + unseen[1] * log1p_exp(b[-1])
                + ridge / 2 * math.fsum(v * v for v in b[:lines - 1]))

    b = [*beta, bias, DOUBT_FIRST, DOUBT_FIRST]
    for _ in range(300):
        g = [-ridge * v for v in b[:lines - 1]] + [0.0, -unseen[0] * sigma(b[-2]), -unseen[1] * sigma(b[-1])]
        h = [[0.0] * len(b) for _ in b]
        for i in range(lines - 1):
            h[i][i] = ridge
        for i, u in ((-2, unseen[0]), (-1, unseen[1])):
            h[i][i] = u * sigma(b[i]) * sigma(-b[i])
        for w, y, r in zip(share, label, z):
            v = margin(b, r)
            p = sigma(doubt(v, b[-2], b[-1]))
            up, down = sigma(v - b[-2]), sigma(-v - b[-1])
            j = [(1 - up - down) * u for u in r] + [up, -down]
            g = [a + w * (y - p) * u for a, u in zip(g, j)]
            h = [[a + w * p * (1 - p) * s * t for a, t in zip(line, j)] for line, s in zip(h, j)]
        free = [i for i in range(len(b)) if i < lines or not
                (b[i] <= DOUBT_MIN and g[i] < 0 or b[i] >= DOUBT_MAX and g[i] > 0)]
        part = solve([[h[i][k] for k in free] for i in free], [g[i] for i in free])
        step = [0.0] * len(b)
        for i, s in zip(free, part):
            step[i] = s
        way, now = 1.0, loss(b)
        while True:
            then = [u + way * s for u, s in zip(b, step)]
            then[-2:] = [clip(u, DOUBT_MIN, DOUBT_MAX) for u in then[-2:]]
            if way < 1e-9 or loss(then) <= now:
                break
            way /= 2
        moved = max(abs(u - v) for u, v in zip(b, then))
        b = then
        if moved < 1e-11:
            break
    return b[:lines - 1], b[lines - 1], b[-2], b[-1]


def like_type(k):
    """Hold and pause of a key are its pause to the next: the three count alike."""
    return HOLD if k in (DOWN_DOWN, UP_DOWN) else k


def type_weights(trials, people):
    """How much a feature of each type counts: a logistic regression of log likelihood ratios of all people to the
    owner, one for each type, held to one weight for all by a ridge that a column of their sum has hardly any of."""
    even = [1.0] * TYPES
    sums = [math.fsum(x) for _, x, _ in trials]
    mean = math.fsum(sums) / len(sums)
    scale = math.sqrt(math.fsum((s - mean) ** 2 for s in sums) / len(sums))
    others = sum(1 for label, _, _ in trials if label)
    if others < TYPES_OTHERS_MIN or len(trials) - others < TYPES_GENUINE_MIN or not scale > 0:
        return even
    rows = [[TYPES_FREE * s / scale, *(v / scale for v in x)] for s, (_, x, _) in zip(sums, trials)]
    _, _, beta, _ = logistic(rows, [label for label, _, _ in trials], [1.0] * len(rows), TYPES_RIDGE / people, True)
    weight = [max(TYPES_FREE * beta[0] + b, 0.0) for b in beta[1:]]
    features = [sum(n[k] for _, _, n in trials) for k in range(TYPES)]
    whole = math.fsum(n * w for n, w in zip(features, weight))
    if not whole > 0:
        return even
    weight = [clip(w * sum(features) / whole, TYPES_LOW, TYPES_TOP) if n else 1.0 for n, w in zip(features, weight)]
    return [weight[like_type(k)] for k in range(TYPES)]


def fusing(people, like, types=None):
    """The lines, from everybody against everybody: (known, dict) of each. The folds of both are left out of the people
    that they are compared with, and each side of an owner weighs the same. Then the weights of types."""
    types = types or [0] * len(like)
    fold = [u % FOLDS for u in range(len(people))]
    left_out = {}

    def population(a, b):
        pair = min(a, b), max(a, b)
        if pair not in left_out:
            left_out[pair] = population_of([p for p, f in zip(people, fold) if f not in pair], like)
        return left_out[pair]

    def by_type(part, general, x):
        """Sums over the features of each type, and how many were compared."""
        total, count = [0.0] * TYPES, [0] * TYPES
        for f, k in enumerate(types):
            if part.varies(f) and not math.isnan(x[f]):
                own = log_t(clip((x[f] - part.middle[f]) / part.shrunk[f], -Z_MAX, Z_MAX), part.shrunk[f])
                total[like_type(k)] += math.fsum(d.log(f, x[f]) for d in general["all"]) / 2 - own
                count[like_type(k)] += 1
        return total, count

    def tried(owner, stage, other, judge):
        """What `judge` says of one other person's, or the owner's own later, samples."""
        learnt, samples = STAGES[stage], people[other]
        if other == owner:
            ahead = min(len(samples) - learnt, AHEAD_MAX)
            n = min(ahead, GENUINE_MAX)
            which, beside = [learnt + i * ahead // n for i in range(n)], (fold[owner] + stage + 1) % FOLDS
        else:
            turn, n = owner + 3 * stage + other, len(samples)
            which = [turn % min(n, 5), *((7 * turn + i * (n // 2 + 1)) % n for i in range(1, IMPOSTOR_EACH))][:n]
            beside = fold[other]
        general = population(fold[owner], beside)
        part = part_of(people[owner][:learnt], like)
        part.shrink(general["usual"])
        return learnt, [s for s in (judge(part, general, samples[i]) for i in which) if s]

    def met(others, turn):
        """Of many some, evenly chosen."""
        return [u for i, u in enumerate(others, turn) if i * OTHERS_MAX % len(others) < OTHERS_MAX]

    def try_all(judge):
        for owner in range(len(people)):
            stages = [s for s, n in enumerate(STAGES) if n < len(people[owner])]
            for label, others in ((0, [owner]), (1, [u for u in range(len(people)) if u != owner])):
                for s in stages:
                    for u in met(others, owner + s):
                        known, some = tried(owner, s, u, judge)
                        yield from ((label, 2 * owner + label, known, x) for x in some)

    weights = type_weights([(label, *x) for label, _, _, x in try_all(by_type)], len(people))
    for general in left_out.values():
        general["weight"] = [f32(weights[k]) for k in types]
    trials = list(try_all(scores))
    fitted = [fit_line(trials, line) for line in range(len(MIDDLES))]
    last = max(i for i, f in enumerate(fitted) if f)
    for i in [*range(last, -1, -1), *range(last + 1, len(MIDDLES))]:
        fitted[i] = fitted[i] or fitted[i + 1 if i < last else i - 1]
    return fitted, weights


def counts_for(line, known):
    i, share = place(MIDDLES, known)
    return (1 - share if i == line else share if i + 1 == line else 0.0) ** 2


def fit_line(trials, line):
    """Local likelihood (Tibshirani and Hastie 1987): who knows about as much counts, where that leaves the line is
    where it is said to be. None: too few."""
    rows = [(y, side, known, counts_for(line, known), x) for y, side, known, x in trials if counts_for(line, known) > 0]
    if min(math.fsum(c for y, _, _, c, _ in rows if y == label) for label in (0, 1)) < TRIALS_MIN:
        return None
    label, side, known, count, x = zip(*rows)
    whole = {}
    for u, c in zip(side, count):
        whole[u] = whole.get(u, 0.0) + c
    weight = [c / whole[u] for u, c in zip(side, count)]
    at = math.exp(math.fsum(w * math.log(n) for w, n in zip(weight, known)) / math.fsum(weight))

    def mean_of(values, counts):
        return math.fsum(c * v for c, v in zip(counts, values)) / math.fsum(counts)

    mean = [mean_of(c, count) for c in zip(*x)]
    scale = [max(math.sqrt(mean_of([(v - m) ** 2 for v in c], count)), LOGISTIC_SCALE_MIN)
             for c, m in zip(zip(*x), mean)]
    z = [[clip((v - m) / s, FUSION_LOW, FUSION_HIGH) for v, m, s in zip(row, mean, scale)] for row in x]
    _, _, beta, bias = logistic(z, label, weight, RIDGE, True)
    beta, bias, ceiling, floor = doubting(z, label, weight, RIDGE, beta, bias)
    l = [clip(doubt(bias + math.fsum(b * v for b, v in zip(beta, row)), ceiling, floor), -LIMIT_MAX, LIMIT_MAX)
         for row in z]
    means, variances, outer = [], [], []
    for which, away in ((0, 1), (1, -1)):
        own = [(v, c) for v, c, y in zip(l, count, label) if y == which]
        values, counts = zip(*own)
        means.append(mean_of(values, counts))
        variances.append(mean_of([(v - means[-1]) ** 2 for v in values], counts))
        heard = 0.0
        for v, c in sorted(own, key=lambda one: away * one[0]):
            heard += c
            if heard > OUTER * math.fsum(counts):
                outer.append(abs(v))
                break
    return at, {"mean": mean, "scale": scale, "weight": beta, "high": FUSION_HIGH, "bias": bias,
                "limit": clip(max(outer), LIMIT_MIN, LIMIT_MAX), "impostor": means[1], "owner": means[0],
                "variance": math.fsum(variances) / 2, "run": RUN, "ceiling": ceiling, "floor": floor}


# Vectors --------------------------------------------------------------------------------------------------------------

def given(verb, *numbers):
    """A line of what goes in, or of what must come out bit for bit."""
    return " ".join([verb, *("nan" if math.isnan(x) else format(int(x)) if x == int(x) else repr(x) for x in numbers)])


def near(verb, *numbers):
    """A line of what must come out nearly: sums are in another order in the C code."""
    return " ".join([verb, *("nan" if math.isnan(x) else format(x, ".13g") for x in numbers)])


class Draw:
    """Seeded numbers without libm, so that they are the same everywhere; short, so that the file is."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def between(self, low, high, digits=3):
        return round(low + (high - low) * self.rng.random(), digits)

    def about(self, centre, spread, digits=3):
        """Sum of four even draws: nearly normal, here and there far away."""
        far = 6 if self.rng.random() < 0.03 else 1
        return round(centre + far * spread * (sum(self.rng.random() for _ in range(4)) - 2), digits)

    def below(self, n):
        return int(n * self.rng.random())

    def chance(self, share):
        return self.rng.random() < share


def draw_keys(d, n, classes, zones=False, extras=()):
    keys, at = [], 0.0
    for _ in range(n):
        kind = classes[d.below(len(classes))]
        extra = [d.between(0, 1) if e in extras and d.chance(0.9) else NAN for e in (PRESSURE, SIZE, PLACE_X, PLACE_Y)]
        keys.append(Key(at, round(at + max(d.about(95, 40, 1), 0), 1), kind,
                        d.below(7) if zones and kind in (LETTER, OTHER) else 0, *extra))
        at = round(at + (2000.1 + d.between(0, 900, 1) if d.chance(0.04) else max(d.about(160, 90, 1), 0)), 1)
    return keys


def key_lines(keys):
    for k in keys:
        yield given("key", k.down, k.up, k.kind, k.zone, *(k.extra[e] for e in (PRESSURE, SIZE, PLACE_X, PLACE_Y)))


def identity(h, name):
    yield given("context", h >> 32, h % 2**32)
    yield given("name", *name.encode())


def entry_case(title, keys, field):
    yield f"case sample {title}"
    yield from key_lines(keys)
    yield given("field", *field.encode())
    made = entry(keys, field)
    yield given("entry", made is not None)
    if made:
        rows, h, name = made
        yield near("features", *(r[0] for r in rows))
        yield given("types", *(r[1] for r in rows))
        yield given("first", *(r[2] for r in rows))
        yield given("second", *(r[3] for r in rows))
        yield from identity(h, name)


def text_case(title, keys):
    yield f"case sample {title}"
    yield from key_lines(keys)
    chunks = text_chunks(keys)
    yield given("chunks", chunks)
    for i in range(chunks):
        x, h, name = free_text(keys, i, chunks)
        yield given("text", i, chunks)
        yield near("features", *x)
        yield from identity(h, name)


def sample_vectors(d):
    touch = (PRESSURE, SIZE, PLACE_X, PLACE_Y)
    yield from entry_case("a password", draw_keys(d, 10, [LETTER, LETTER, DIGIT, PUNCT]), "password")
    yield from entry_case("three keys without a field", draw_keys(d, 3, [DIGIT]), "")
    yield from entry_case("two keys are too few", draw_keys(d, 2, [DIGIT]), "pin")
    yield from entry_case("thirty-six keys", draw_keys(d, 36, [LETTER, SPACE]), "memo")
    yield from entry_case("thirty-seven keys are too many", draw_keys(d, 37, [LETTER]), "memo")
    yield from entry_case("a correction", draw_keys(d, 6, [LETTER]) + [Key(9000.0, 9050.0, DELETE)], "password")
    yield from entry_case("a PIN on a touch screen", draw_keys(d, 6, [DIGIT], extras=touch),
                          "pin-6_long-field-name-that-is-cut")
    yield from entry_case("pressure alone", draw_keys(d, 5, [DIGIT], extras=(PRESSURE,)), "mpin")
    yield from entry_case("one coordinate alone", draw_keys(d, 5, [DIGIT], extras=(PLACE_X,)), "mpin")
    yield from entry_case("extras that do not all fit", draw_keys(d, 30, [LETTER], extras=touch), "memo")
    yield from entry_case("no time at all", [Key(5.0, 5.0)] * 3 + [Key(5.0, 400.0), Key(6.0, 7.0)], "login")
    words = [LETTER] * 10 + [SPACE, SPACE, PUNCT, DIGIT, DIGIT, ENTER, DELETE, MODIFIER, OTHER]
    yield from text_case("fourteen keys are too few", draw_keys(d, 14, words))
    yield from text_case("fifteen keys", draw_keys(d, 15, words))
    yield from text_case("keys without class or zone", draw_keys(d, 20, [OTHER]))
    yield from text_case("zones without classes", draw_keys(d, 60, [OTHER], zones=True))
    yield from text_case("letters of all zones", draw_keys(d, 60, [LETTER], zones=True))
    yield from text_case("words with zones in three parts", draw_keys(d, 140, words, zones=True))
    yield from text_case("words without zones on glass", draw_keys(d, 119, words, extras=(SIZE,)))
    yield from text_case("digits", draw_keys(d, 45, [DIGIT]))

    def summary(title, verb, given_numbers, x, kind, start=0xcbf29ce484222325, field="", intervals=()):
        yield f"case sample {title}"
        if intervals:
            yield given("intervals", *intervals)
        there = any(not math.isnan(v) for v in x)
        yield given(verb, there, *given_numbers)
        if there:
            yield near("features", *x)
            yield from identity(*named(kind, field, start))

    for n, wpm, back in [(2, 41.5, 0.0), (3, NAN, 0.125), (9, 0.0, NAN), (64, 73.0, 0.04), (81, 250.0, 1.0),
                         (0, NAN, NAN)]:
        x = [max(d.about(0.17, 0.1), 0.0) for _ in range(n)]
        yield from summary(f"a summary of {n} intervals", "typing", [wpm, back], typing(wpm, back, x), "typing",
                           intervals=x)
    for speed, idle in [(0.0, NAN), (412.5, 3.75), (NAN, 0.0), (1e6, 86400.0)]:
        yield from summary("a mouse", "mouse", [speed, idle], mouse(speed, idle), "mouse")
    for pixels, velocity in [(-120.0, 0.0), (NAN, 3.5), (NAN, NAN), (1e9, -1e9)]:
        yield from summary("a scroll", "scroll", [pixels, velocity], scroll(pixels, velocity), "scroll")
    mean, sd = [d.about(0, 6) for _ in range(6)], [d.between(0, 2) for _ in range(6)]
    yield from summary("a moved phone", "motion", mean + sd, motion(mean, sd), "motion")
    for n in (1, 7, 128, 130):
        x = [d.about(0, 40) for _ in range(n)]
        yield from summary(f"{n} values of elsewhere", "vector", x, [f32(v) for v in x[:FEATURES_MAX]],
                           "features", fnv(struct.pack("<QQ", n, VECTOR_LAYOUT)), "swipe-v1")
    x = [1e9, -1e9, 0.1, 1e-19, 1e-21, -1e-21, 0.0, NAN]
    yield from summary("values of any size", "vector", x, [0.0 if abs(v) < VECTOR_LEAST else f32(v) for v in x],
                       "features", fnv(struct.pack("<QQ", len(x), VECTOR_LAYOUT)), "swipe-v1")


def timing_case(title, ms):
    yield f"case sample {title}"
    yield given("ms", *ms)
    yield given("fast", 25, 8, is_fast(ms, 25, 8))
    yield given("fast", 15, 8, is_fast(ms, 15, 8))
    yield given("regular", is_regular(ms))
    yield given("even", is_even(ms))
    yield given("grid", is_on_grid(ms))


def timing_vectors(d):
    yield from timing_case("nine values", [50.0] * 9)
    yield from timing_case("a hand", [d.between(60, 400, 1) for _ in range(40)])
    yield from timing_case("a quick machine", [d.between(5, 30, 1) for _ in range(20)])
    yield from timing_case("three of ten are fast", [10.0] * 3 + [90.0] * 7)
    yield from timing_case("four of ten are fast", [10.0] * 4 + [90.0] * 6)
    yield from timing_case("a metronome", [120.0] * 12)
    yield from timing_case("a key held down", [33.0, 34.0, 33.0, 33.0, 34.0, 33.0, 33.0, 34.0, 33.0, 33.0])
    yield from timing_case("two bins", [100.5, 131.0] * 8)
    yield from timing_case("two ticks of a blurred clock", [100.0, 200.0] * 8)
    yield from timing_case("steps of twenty", [20.0 * (3 + d.below(20)) for _ in range(30)])
    yield from timing_case("steps of ten", [10.0 * (3 + d.below(40)) for _ in range(30)])
    yield from timing_case("nothing but zeros", [0.0] * 10)
    yield from timing_case("more than are judged", [50.0 + 0.5 * (n % 3) for n in range(513)])
    for cv in (0.004, 0.029, 0.031, 0.049, 0.051, 0.059, 0.08):
        yield from timing_case(f"a variation of {cv}", [round(141 * (1 + cv * way / math.sqrt(5)), 3)
                                                        for way in [-3, 1, 3, -1] * 6])


# -- parts

def habit_cases(d):
    yield "case part habits of one feature"
    for n in [1, 2, 3, 5, 20, 50]:
        for gaps in (0, 0.3):
            x = [NAN if d.chance(gaps) else d.about(-2, 0.5) for _ in range(n)]
            yield given("habit", *x)
            yield near("is", *habit(x))
    yield given("habit", NAN, NAN)
    yield near("is", *habit([NAN, NAN]))
    yield given("habit", *[1.5] * 6)
    yield near("is", *habit([1.5] * 6))


class PartLines:
    """A part, and the lines that make the C code do the same."""

    def __init__(self, title, first, kind=Part):
        self.part = kind(first)
        self.lines = [f"case part {title}", *([given("kind", VECTOR)] if kind is VectorPart else []),
                      given("begin", *first), given("room", self.part.slots, self.part.room)]

    def add(self, line):
        self.lines.append(line)

    def accept(self, x):
        self.part.accept(x)
        self.add(given("accept", *x))

    def hold(self, x, session, at, proved=False):
        self.part.hold(x, session, at, proved)
        self.add(given("hold", session, at, proved, *x))

    def let_in(self, session, at):
        stopped = self.part.let_in(session, at)
        self.part.pressed += stopped
        self.add(given("let_in", session, at, stopped))
        self.add(given("pressed", self.part.pressed))
        self.add(near("drift", self.part.drift()))
        if session % 8 == 1:
            self.look()
            self.add(given("middle", *self.part.middle))
            self.add(given("anchored", *self.part.anchor[0]))

    def release(self, session, at):
        self.add(given("release", session, at, self.part.release(session, at)))
        self.look()

    def refresh(self, limited=False):
        self.part.refresh(limited)
        self.add(given("refresh", limited))
        self.add(given("middle", *self.part.middle))
        self.add(given("spread", *self.part.spread))
        self.add(near("nearest", self.part.nearest))

    def shrink(self, usual):
        self.part.shrink(usual)
        self.add(given("shrink", *usual))
        self.add(given("shrunk", *self.part.shrunk))

    def anchor(self):
        self.part.anchor = self.part.middle[:], self.part.spread[:]
        self.add(given("anchor"))

    def look(self):
        p = self.part
        self.add(given("count", len(p.ring), p.accepted, len(p.held)))
        for age in {0, len(p.ring) - 1} if p.ring else ():
            self.add(given("cells", age, *p.ring[age]))

    def drift(self, x):
        self.add(near("drift", self.part.drift()))
        self.add(near("from_anchor", self.part.from_anchor(x), *x))

    def note(self, nats):
        self.part.note(nats)
        self.add(given("note", nats))

    def people(self, population):
        for name, density in zip(["novices", "all"], population["all"]):
            self.add(given(name, *density.given))
        for density in population["cohort"]:
            self.add(given("single", *density.given))
        if "weight" in population:
            self.add(given("weights", *population["weight"]))

    def scores(self, population, x):
        got = scores(self.part, population, x)
        self.add(given("sample", *x))
        self.add(near("scores", *got) if got else "scores")
        if got:
            self.add(near("copied", *self.part.copied))
        got = scores(self.part, None, x)
        self.add(near("one_class", *got) if got else "one_class")
        self.add(given("foreign", *is_foreign(self.part, population)))
        pauses = len(x) * 2 // 3
        for a, b in ((pauses, 0), (0, len(x)), (pauses, len(x) - pauses)):
            self.add(given("otherwise", a, b, types_otherwise(self.part, population, a, b)))


class Person:
    def __init__(self, d, n, missing=0.0):
        self.d, self.missing = d, missing
        self.centre = [d.about(-2, 0.8) for _ in range(n)]
        self.spread = [d.between(0.05, 0.5) for _ in range(n)]

    def sample(self, other=None, way=0.0):
        to = other.centre if other else self.centre
        return [NAN if self.d.chance(self.missing) else self.d.about(c + way * (t - c), s)
                for c, t, s in zip(self.centre, to, self.spread)]


class Columns:
    """Somebody whose vectors have columns of any unit: one in four never varies, one in nine only for others."""

    def __init__(self, d, n, like=None):
        self.d = d
        self.unit = like.unit if like else [10.0 ** (d.below(9) - 4) for _ in range(n)]
        self.offset = like.offset if like else [[0.0, 100.0, 1e4][d.below(3)] * u for u in self.unit]
        self.centre = [d.about(0, 1) for _ in range(n)]
        self.spread = [0.0 if f % 4 == 1 else d.between(0.1, 0.5) for f in range(n)]

    def value(self, f, x):
        return f32(self.offset[f] + self.unit[f] * x)

    def sample(self, missing=0.0, everywhere=False):
        return [NAN if self.d.chance(missing) else self.value(f, c + self.d.about(0, s or (0.3 if everywhere else 0)))
                for f, (c, s) in enumerate(zip(self.centre, self.spread))]


def vector_part_vectors(d):
    for n, count, cohort in [(1, 6, 0), (5, 9, 2), (15, 50, 3), (15, 70, 0), (30, 12, 8), (40, 40, 1), (41, 30, 2),
                             (64, 8, 4), (100, 21, 2), (128, 9, 0)]:
        person = Columns(d, n)
        other = Columns(d, n, person)
        lines = PartLines(f"a vector of {n} values from {count} samples", person.sample(0.2), VectorPart)
        for _ in range(count):
            lines.accept(person.sample(0.05))
        lines.look()
        lines.refresh()
        lines.shrink([0.0 if f % 9 == 2 else s for f, s in enumerate(other.unit)])

        def density():
            return Density([other.value(f, d.about(0, 1)) for f in range(n)],
                           [0.0 if f % 9 == 2 else d.between(0.1, 2) * u for f, u in enumerate(other.unit)])
        population = {"all": [density(), density()], "cohort": [density() for _ in range(cohort)]}
        lines.people(population)
        for x in (person.sample(), other.sample(), person.sample(0.2), person.sample(0, True), person.sample(0.9),
                  [1e9] * n):
            lines.scores(population, x)
        yield from lines.lines

    person, thief = Columns(d, 9), Columns(d, 9)
    thief = Columns(d, 9, person)
    lines = PartLines("a vector that waits, is cut and is led away", person.sample(), VectorPart)
    for _ in range(20):
        lines.accept(person.sample())
    lines.refresh()
    lines.anchor()
    for session in range(1, 9):
        lines.hold(person.sample(0, True) if session % 2 else thief.sample(), session, session)
        if session % 3 == 0:
            lines.release(session, session)
            lines.refresh(True)
            lines.drift(thief.sample())
    yield from lines.lines


def crowd(d, n, cohort):
    def density():
        return Density([d.about(-2, 0.8) for _ in range(n)], [d.between(0.03, 0.9) for _ in range(n)])
    return {"all": [density(), density()], "cohort": [density() for _ in range(cohort)]}


def part_vectors(d):
    yield from habit_cases(d)
    for n, count, missing, cohort in [(1, 5, 0, 2), (2, 4, 0, 0), (4, 5, 0, 3), (7, 12, 0.1, 0), (12, 50, 0.2, 5),
                                      (16, 9, 0, 1), (17, 53, 0.05, 8), (31, 12, 0, 3), (40, 10, 0.3, 2),
                                      (41, 30, 0, 2), (64, 7, 0.1, 6)]:
        person, other = Person(d, n, missing), Person(d, n)
        if n == 7:
            person.centre = [c + 3 for c in person.centre]  # not like any of the people
        lines = PartLines(f"{n} features from {count} samples", person.sample())
        for _ in range(count):
            lines.accept(person.sample())
        lines.look()
        lines.refresh()
        lines.shrink([d.between(0.05, 0.6) for _ in range(n)])
        population = crowd(d, n, cohort)
        if cohort % 2:  # three types, then every feature its own
            population["weight"] = [f32([0.25, 1.5, 4][3 * f // n] if cohort > 1 else d.between(0.05, 8))
                                    for f in range(n)]
        lines.people(population)
        for way in (0, 0, 0.5, 1):
            lines.scores(population, person.sample(other, way))
        for jitter in (0.0, 0.02, 0.5):
            lines.scores(population, [v + d.about(0, jitter * s) if jitter else v
                                      for v, s in zip(lines.part.ring[count // 2], lines.part.spread)])
        lines.scores(population, [NAN] * n)
        lines.scores(population, [v if f < n * 0.69 else NAN for f, v in enumerate(person.sample())])
        lines.scores(population, [200.0] * n)
        lines.scores(population, [1e4] * n)
        yield from lines.lines

    person, thief = Person(d, 5), Person(d, 5)
    lines = PartLines("what waits and what is let in", person.sample())
    lines.hold(person.sample(), 0, 1000)
    lines.look()
    for _ in range(9):
        lines.accept(person.sample())
    lines.refresh()
    at = 10**6
    for session in range(1, 15):
        for _ in range(1 + session % 4):
            lines.hold(person.sample(thief, 0.05 * session), session, at)
        if session % 5 == 0:
            lines.release(session, at)
            lines.refresh()
        at += 10**8 if session % 3 else 2 * 10**8
    lines.release(15, at + HELD_MS)
    lines.refresh(True)
    yield from lines.lines

    lines = PartLines("from the fifth sample on what comes in is cut", person.sample())
    for _ in range(4):
        lines.accept(person.sample())
    lines.refresh()
    for session in (1, 2, 3):
        lines.hold([x + 9 for x in person.sample()], session, 0)
    for session in (4, 5, 6):
        lines.release(session, 0)
    yield from lines.lines

    lines = PartLines("the last moment of a wait", person.sample())
    for session, at in [(1, 5), (2, 6), (3, 7)]:
        lines.hold(person.sample(), session, at)
    for session, at in [(3, 5 + HELD_MS - 1), (3, 5 + HELD_MS), (4, 6 + HELD_MS - 1), (5, 6 + HELD_MS - 1), (6, 0)]:
        lines.release(session, at)
    yield from lines.lines

    for n in (6, 48):
        person, thief = Person(d, n), Person(d, n)
        lines = PartLines(f"led away from the anchor, {n} features", person.sample())
        lines.drift(person.sample())
        for _ in range(20):
            lines.accept(person.sample())
        lines.refresh()
        lines.anchor()
        lines.drift(person.sample())
        for step in range(1, 6):
            for _ in range(4):
                lines.accept(person.sample(thief, 0.2 * step))
            lines.refresh(True)
            lines.drift(person.sample(thief, 0.3 * step))
        yield from lines.lines
    yield from fusion_vectors(d)
    yield from between_vectors(d)
    yield from alone_vectors(d)


def fence_vectors(d):
    """Somebody else types, without a MPIN, with one now and then, with one each time, and one who goes and comes back."""
    def steady(session):
        return min(0.03 * session, 1)

    def to_and_fro(session):
        return 0.6 * math.sin(session / 5) ** 2

    for title, n, missing, way, proved in [("without proof", 8, 0, steady, lambda _: False), ("with a proof each time", 8, 0.1, steady, lambda _: True),
                                           ("with a proof now and then", 12, 0, steady, lambda session: session % 3 == 0),
                                           ("first without proof, narrow cells", 44, 0.05, steady, lambda session: session > 20),
                                           ("there and back without proof", 8, 0, to_and_fro, lambda _: False)]:
        person, thief = Person(d, n, missing), Person(d, n, missing)
        lines = PartLines(f"the fence {title}", person.sample())
        for _ in range(20):
            lines.accept(person.sample())
        lines.refresh()
        lines.anchor()
        for session in range(1, 41):
            lines.let_in(session, session * 10**7)
            for _ in range(2):
                lines.hold(person.sample(thief, way(session)), session, session * 10**7, proved(session))
        lines.let_in(41, 10**10)
        yield from lines.lines


def draw_fusion(d):
    return {"mean": [d.about(0, 1) for _ in range(5)], "scale": [d.between(0.2, 2) for _ in range(5)],
            "weight": [d.about(0, 2) for _ in range(5)], "high": d.between(0.5, 6), "bias": d.about(0, 1),
            "limit": d.between(0.5, 7), "impostor": d.between(0, 5), "owner": -d.between(0, 5),
            "variance": d.between(0.05, 6), "run": d.between(1, 4),
            "ceiling": d.between(1, 9), "floor": d.between(1, 9)}


FUSION_REST = "high", "bias", "limit", "impostor", "owner", "variance", "run", "ceiling", "floor"


def fusion_numbers(f):
    return [*f["mean"], *f["scale"], *f["weight"], *(f[k] for k in FUSION_REST)]


def fusion_of(numbers):
    return {"mean": numbers[:5], "scale": numbers[5:10], "weight": numbers[10:15],
            **dict(zip(FUSION_REST, numbers[15:]))}


def alone_vectors(d):
    lines = PartLines("evidence of the owner alone", [0.0])
    for known in (5, 6, 9, 10, 12, 20, 27, 28, 50, 99, 100, 400):
        for text in (False, True):
            features = 1 + d.below(128)
            fusion = alone(text, known, features)
            lines.add(given("alone", text, known, features))
            lines.add(near("weight", 1, *person_weight(fusion, lines.part, True)))
            for _ in range(2):
                score = [0.0, d.between(0, 4), d.between(0, 4.3), 0.0, 0.0]
                lines.add(given("fuse", known, *score))
                lines.add(near("is", fuse(fusion, score, known)))
    yield from lines.lines


def fusion_vectors(d):
    for number in range(6):
        fusion = draw_fusion(d)
        if number == 5:
            fusion.update(impostor=0.1, owner=-0.01, variance=0.01)  # hardly apart, and told to be certain of it
        lines = PartLines(f"fusion {number} and what it weighs", [0.0])
        lines.add(given("fusion", *fusion_numbers(fusion)))
        for samples in (5, 9, 10, 19, 20, 60):
            score = [d.about(0, 3) for _ in range(5)]
            lines.add(given("fuse", samples, *score))
            lines.add(near("is", fuse(fusion, score, samples)))
        for count in (0, 1, 2, 15, 40):
            while lines.part.scored < count:
                lines.note(d.about(fusion["owner"], 2))
            lines.add(near("weight", 1, *person_weight(fusion, lines.part, True)))
            weight = person_weight(fusion, lines.part)
            lines.add(near("weight", 0, *weight))
            for _ in range(2):
                l, bias = d.about(0, 4), d.between(0, 1)
                lines.add(given("weigh", l, bias))
                lines.add(near("is", weigh(l, bias, weight)))
        nats = [d.about(0.3, 1) for _ in range(5 if number else 70)]
        lines.add(given("average", fusion["run"], *nats))
        lines.add(near("is", *averages(nats, fusion["run"])[-2:]))
        few = [x / 4 for x in nats[:12]]
        lines.add(given("average_doubted", *few))
        lines.add(near("is", *(doubt(x, fusion["ceiling"], fusion["floor"])
                               for x in averages(few, fusion["run"])[-2:])))
        lines.add(near("noted", lines.part.scored, lines.part.mean, lines.part.m2))
        yield from lines.lines


def between_vectors(d):
    for number, at in enumerate(([5, 10, 20, 50], [5.877, 11.3, 24.25, 38.6], [7, 7, 30, 30], [20, 20, 20, 20])):
        lines = PartLines(f"lines {number} and what lies between", [0.0])
        of = [(n, draw_fusion(d)) for n in at]
        for n, fusion in of:
            lines.add(given("line", n, *fusion_numbers(fusion)))
        for known in (1, 5, 6, 7, 10, 14, 20, 29, 38, 39, 50, 5000):
            lines.add(given("between", known))
            lines.add(near("numbers", *fusion_numbers(between(of, known))))
        yield from lines.lines


# -- sessions

class SessionLines:
    def __init__(self, title, at):
        self.s = Session(at)
        self.lines = [f"case session {title}", given("begin", at)]

    def do(self, verb, *numbers):
        verbs = {"advance": self.s.advance, "evidence": self.s.evidence, "passed": self.s.passed,
                 "failed": self.s.failed, "predict": self.s.predict, "bot": self.s.met_bot,
                 "weigh_bot": self.s.weigh_bot,
                 "context": self.s.met_context, "external": self.s.external}
        verbs[verb](*numbers)
        self.lines.append(given(verb, *numbers))
        self.lines.append(near("lambda", self.s.value))
        self.lines.append(near("risk", self.s.risk()))

    def look(self):
        self.lines.append(near("shares", *self.s.share))
        self.lines.append(near("bots", *self.s.bot))
        self.lines.append(near("contexts", *self.s.context))


def scripted(title, *steps):
    lines = SessionLines(title, 1700000000000)
    for step in steps:
        lines.do(*step)
        lines.look()
    return lines.lines


def session_vectors(d):
    second = 1700000000000
    yield from scripted("nothing happens", ("advance", second), ("advance", second + 1), ("advance", second + 600001),
                        ("advance", second + 10**9))
    yield from scripted("evidence fades", ("evidence", TYPING, 3.0), ("evidence", POINTER, -0.5),
                        ("advance", second + 300000), ("evidence", TYPING, 2.5), ("advance", second + 10**7))
    yield from scripted("both edges", ("evidence", TYPING, 50.0), ("evidence", TYPING, 50.0), ("advance", second + 1),
                        ("evidence", TOUCH, -90.0), ("evidence", TOUCH, -90.0), ("advance", second + 60000))
    yield from scripted("a proof", ("evidence", TYPING, 5.0), ("context", 0), ("external", -2.0), ("bot", 3),
                        ("passed",), ("failed",), ("failed",), ("passed",), ("advance", second + 600000), ("bot", 3),
                        ("context", 0))
    yield from scripted("no further than the edge", ("evidence", TYPING, 40.0), ("evidence", TYPING, 1.0),
                        ("evidence", TYPING, -60.0), ("evidence", TYPING, -1.0))
    yield from scripted("a prediction with a machine in it", ("bot", 2), ("predict", 0.1412), ("predict", 0.15),
                        ("predict", 0.16))
    yield from scripted("a proof does not raise a risk", ("evidence", TYPING, -4.0), ("passed",))
    yield from scripted("a machine's movements, weighed again and again", ("weigh_bot", 0.0, 1.25),
                        ("weigh_bot", 1.25, 7.5), ("advance", second + 300000), ("weigh_bot", 7.5, 6.5),
                        ("weigh_bot", 6.5, -3.0), ("passed",))
    for rule in [*range(WEIGHS), *range(NEAR_COPY, len(BOTS))]:
        yield from scripted(f"bot rule {rule}", *[("bot", rule)] * 3, ("advance", second + 600000), ("bot", rule))
    for rule in range(EXTERNAL):
        yield from scripted(f"context rule {rule}", *[("context", rule)] * 3)
    yield from scripted("the bank's own word", ("external", 4.0), ("external", 9.0), ("external", -25.0),
                        ("external", 3.5))
    yield from scripted("predictions", ("predict", 0.5), ("predict", 0.9), ("predict", 0.01), ("bot", 0),
                        ("predict", 0.3), ("predict", 0.95), ("context", 1), ("predict", 0.7))
    session = Session(0)
    for n in range(4):  # the repeat law as ENGINE says it
        before = session.bot[0]
        session.met_bot(0)
        assert session.bot[0] - before == BOTS[0] / 2 ** n
    for n in range(3):
        lines = SessionLines(f"drawn {n}", 10**9 + d.below(10**9))
        for _ in range(24):
            move = d.below(10)
            if move < 3:
                lines.do("advance", lines.s.at + d.below([500, 60000, 10**7][move]) - 100)
            elif move < 6:
                lines.do("evidence", d.below(5), d.about(0, 2))
            elif move == 6:
                lines.do("context", d.below(EXTERNAL))
            elif move == 7:
                lines.do("bot", d.below(WEIGHS))
            elif move == 8:
                lines.do("external", d.about(0, 4))
            else:
                what = d.below(3)
                lines.do(*[("passed",), ("failed",), ("predict", d.between(0.01, 0.99))][what])
        lines.look()
        yield from lines.lines
    yield from offset_vectors(d)
    yield from navigation_vectors(d)
    yield from routine_vectors(d)
    yield from tree_vectors(d)


def offset_vectors(d):
    s = Session(5)
    lines = ["case session the owner's own offset today", given("begin", 5)]
    for round_ in range(4):
        for _ in range(3 + round_):
            share, off = d.below(PERSON_SHARES), d.about(0.6, 1.5)
            s.hear(share, off)
            lines.append(given("hear", share, off))
        s.proved()
        lines.append("proved")
        lines.append(near("bias", *s.bias))
    yield from lines


def navigation_vectors(d):
    people = {1: 0.25, 2: 0.125, 3: 0.0625, 9: 0.01}
    pages = Pages()
    yield "case session pages"
    yield given("people", 2.25, 0.75, *(n for p in people.items() for n in p))
    told = (people, 2.25, 0.75)
    before = 0
    for step in range(120):
        page = 1 + min(d.below(3) + d.below(5), d.below(9))
        dwell = NAN if d.chance(0.15) else d.about(1 + 0.4 * page, 0.4)
        pages.learn(before, page, dwell)
        yield given("learn", 1, before, page, dwell)
        before = 0 if d.chance(0.1) else page
        if step % 6 == 0:
            a, b, x = d.below(8), 1 + d.below(10), NAN if d.chance(0.3) else d.about(2.5, 1)
            yield given("ratio", a, b, x)
            yield near("is", pages.ratio(None, a, b, x), pages.ratio(told, a, b, x))
    s = Session(0)
    yield given("begin", 0)
    for step in range(30):
        page, dwell, sessions = 1 + d.below(10), d.about(2.5, 1.5), 3 + step // 5
        s.visit(pages, page, dwell, sessions)
        yield given("visit", page, sessions, dwell)
        yield near("lambda", s.value)
        if step % 10 == 9:
            s.advance(s.at + 120000)
            yield given("advance", s.at)
    yield near("shares", *s.share)

    pages = Pages()
    yield "case session a page of which the newest times count"
    for n in range(30):
        dwell = d.about(1 + n / 20, 0.5)
        pages.learn(0, 4, dwell)
        yield given("learn", 1, 0, 4, dwell)
        if n > 2 and n % 3 == 0:
            yield given("ratio", 0, 4, dwell)
            yield near("is", pages.ratio(None, 0, 4, dwell))

    pages = Pages()
    yield "case session counts that are full are halved"
    yield given("people", 2.25, 0.75, *(n for p in people.items() for n in p))
    for times, a, b in [(5, 0, 1), (9, 1, 2), (1015, 1, 3), (30, 2, 3), (1100, 3, 1), (3, 1, 1)]:
        for _ in range(times):
            pages.learn(a, b, NAN)
        yield given("learn", times, a, b, NAN)
        for x, y in [(1, 2), (1, 3), (2, 3), (3, 1), (3, 2)]:
            yield given("ratio", x, y, NAN)
            yield near("is", pages.ratio(None, x, y, NAN), pages.ratio(told, x, y, NAN))


def routine_vectors(d):
    r = Routine()
    yield "case session hours and amounts"
    for n in range(130):
        h = 8 + d.below(5) if d.chance(0.9) else d.below(24)
        amount = d.between(1, 400, 2) if d.chance(0.9) else 9999.5
        for _ in range(4 if n > 60 else 1):
            r.learn_hour(h)
            yield given("hour", h)
        r.learn_amount(amount)
        yield given("amount", amount)
        if n % 9 == 1:
            yield given("odd", *(r.is_odd(h) for h in range(24)))
            for amount in (1, 380, 9999, 10000, 1e15):
                yield given("high", amount, *r.is_high(amount))


def draw_tree(d, depth, features):
    if depth == 0 or d.chance(0.25):
        return d.about(0, 0.4)
    return (d.below(features), d.about(0, 1), d.chance(0.5),
            draw_tree(d, depth - 1, features), draw_tree(d, depth - 1, features))


def tree_vectors(d):
    for features, count, depth in [(1, 0, 0), (1, 1, 1), (3, 4, 2), (5, 12, 5)]:
        forest = [draw_tree(d, depth, features) for _ in range(count)]
        base = d.about(0, 1)
        yield f"case session {count} trees of {features} features"
        for tree in forest:
            for row in levels(tree):
                yield given("node", *row)
        yield given("forest", features, base)
        thresholds = [t for tree in forest for t, _, split, _ in levels(tree) if split] or [0.5]
        for n in range(12):
            x = [[d.about(0, 1), thresholds[d.below(len(thresholds))], NAN, 1e39, -1e39][d.below(5) if n else 0]
                 for _ in range(features)]
            yield given("row", *x)
            yield near("is", f32(base) + math.fsum(walk(tree, x) for tree in forest))


# -- crowds

def crowd_vectors(d):
    yield "case crowd what is kept of a feature"
    for kind in (STROKE, VECTOR):
        for x in [NAN, 0.0, -0.0, 1e-9, 99.0, -99.0, 1e6, -1e6, 2.0 ** -15, *(d.about(0, 4) for _ in range(12))]:
            for base in (0.0, 12345.5) if kind == VECTOR else (0.0,):
                yield given("cell", kind, x, base, byte_cell(kind, x, base))
    for edge_counts, rows, own in [([31, 4, 0, 15, 16], 60, 19), ([9, 31], 25, 1), ([31] * 3, 40, 12)]:
        edges = [sorted({d.about(0, 3) for _ in range(n)}) for n in edge_counts]
        edges[0] = sorted({byte_cell(STROKE, e) for e in edges[0]})  # some values are on an edge

        def draw(shift):
            return [NAN if d.chance(0.1) else d.about(shift, 2) for _ in edges]

        def bins(x):
            return [bin_of(e, byte_cell(STROKE, v)) for e, v in zip(edges, x)]

        yield f"case crowd {len(edges)} features of {rows} rows"
        for e in edges:
            yield given("edges", *e)
        people, person = [bins(draw(0)) for _ in range(rows)], [bins(draw(1.5)) for _ in range(own)]
        for row in people:
            yield given("others", *row)
        axes = d.below(len(edges)) + 1
        levels = [[0.0, *(f32(d.about(0, 1)) for _ in range(len(e) + 1))] for e in edges]
        to = [[f32(d.about(0, 0.7)) for _ in range(axes)] for _ in edges]
        between = [f32(d.between(0.01, 3)) for _ in range(axes)]
        yield given("between", *between)
        for level in levels:
            yield given("levels", *level)
        for weights in to:
            yield given("to", *weights)
        yield "index"
        shares = [crowd_shares(e, c) for e, c in zip(edges, zip(*people))]
        for f, share in enumerate(shares):
            yield near("shares", f, *share)
        for row in person:
            yield given("own", *row)
        yield "work_out"
        table = [against(e, s_, c) for e, s_, c in zip(edges, shares, zip(*person))]
        for f, nats in enumerate(table):
            yield given("against", f, *nats)
        known = axes_known(between, [along(levels, to, row) for row in person])
        for k, (middle, spread) in enumerate(known):
            yield near("along", k, middle, spread)
        yield near("apart", axes_apart(between, [along(levels, to, row) for row in person]))
        for shift in (0, 1.5, 4, -9):
            x = draw(shift)
            b = bins(x)
            total = sum(t[coarse(e, v)] for t, e, v in zip(table, edges, b)) / AGAINST_STEPS
            yield given("sample", *x)
            yield given("bins", *b)
            yield near("histogram", clip(total, -AGAINST_CLIP, AGAINST_CLIP))
            yield near("axes", axes_against(between, known, along(levels, to, b)))


def short_float_vectors(d):
    yield "case crowd floats of few digits"
    for form, verb in ((SHORT, "short"), (TINY, "tiny")):
        digits, least, most = form
        for x in [0.0, 1.0, 1e300, 1e9, 1920.0, 1921.0, 2.0 ** least, 2.0 ** (least - digits), 2.0 ** (least - digits - 2),
                  0.7 * 2.0 ** (least - digits), 1.999 * 2.0 ** most, 0.9999, 1.0625, 1.001953125,
                  *(d.about(0, 3) * 10.0 ** d.below(4) for _ in range(12))]:
            yield given(verb, x, short_float(x, form))
            yield given(verb, -x, short_float(-x, form) or 0.0)


def himself_vectors(d):
    for features, rows, vectors in [(31, 140, 0), (5, 12, 0), (16, 30, 0), (8, 1, 0), (15, 60, 1), (6, 5, 1)]:
        yield f"case himself {features} features of {rows} rows"
        if vectors:
            yield given("kind", VECTOR)

        def draw(shift, missing):
            return [NAN if d.chance(missing) else byte_cell(STROKE, d.about(shift, 1 + f % 3))
                    for f in range(features)]

        person = [draw(1.0, 0.1) for _ in range(rows)]
        for x in person:
            x[1] = 2.5  # never another
        for x in person:
            yield given("row", *x)
        yield given("learn")
        known = Himself(person, vectors)
        for f in range(features):
            yield near("feature", f, known.middle[f], known.spread[f])
        for x in [person[0], *(draw(shift, missing) for shift in (1.0, 3.0) for missing in (0.0, 0.2, 0.45, 0.9))]:
            score = known.score(x)
            yield given("sample", *x)
            yield "silent" if score is None else near("score", score)
    yield "case himself what the distance says"
    for known in [5, 10, 11, 20, 40, 127, 128, 129, 5000]:
        yield near("line", known, *himself_line(known))


# -- the lab

def logistic_case(d, title, rows, columns, ridge, standardised=False, weighted=False, gap=0.7):
    label = [i % 3 == 0 for i in range(rows)]
    size = [1 if standardised else 10 ** (c - 1) for c in range(columns)]
    x = [[d.about(gap * y * s / (c + 1), s) for c, s in enumerate(size)] for y in label]
    weight = [d.between(0.1, 3) if weighted else 1.0 for _ in range(rows)]
    yield f"case lab {title}"
    for row, y, w in zip(x, label, weight):
        yield given("row", y, w, *row)
    yield given("fit", ridge, standardised, weighted)
    mean, scale, beta, bias = logistic(x, label, weight, ridge, standardised)
    yield near("means", *mean)
    yield near("scales", *scale)
    yield near("weights", *beta)
    yield near("bias", bias)
    if standardised:
        yield near("doubting", *(u for part in doubting(x, label, weight, ridge, beta, bias)
                                 for u in (part if isinstance(part, list) else [part])))
    for row in x[:4]:
        yield given("margin", *row)
        yield near("is", bias + math.fsum(b * (v - m) / s for b, v, m, s in zip(beta, row, mean, scale)))


def draw_people(d, n, counts):
    """`n` features, a person for each count."""
    everybody = [Person(d, n, 0.05) for _ in counts]
    return everybody[0].sample(), [[p.sample() for _ in range(c)] for p, c in zip(everybody, counts)]


def people_lines(like, people, left_out=()):
    yield given("like", *like)
    for u, samples in enumerate(people):
        yield given("user", u not in left_out)
        for x in samples:
            yield given("has", *x)


def kept(people, left_out=()):
    """As the bank keeps them: floats."""
    return [[[f32(v) for v in x] for x in samples] for u, samples in enumerate(people) if u not in left_out]


def fusing_case(d, title, n, counts, types=None):
    like, people = draw_people(d, n, counts)
    yield f"case lab {title}"
    yield from people_lines(like, people)
    if types:
        yield given("types", *types)
    yield "fusing"
    lines, weights = fusing(kept(people), like, types)
    yield near("counts", *weights)
    for i, (at, f) in enumerate(lines):
        yield near("fitted", i, at, *fusion_numbers(f))


def draw_columns(d, n, counts):
    """Vectors: nobody varies in one column, the same for all; each has a value of his own in another."""
    first = Columns(d, n)
    everybody = [Columns(d, n, first) for _ in counts]
    for u, p in enumerate(everybody):
        p.centre[0], p.spread[0] = 0.5, 0.0
        p.centre[1], p.spread[1] = float(u), 0.0
        p.spread[2] = 0.3
    return first.sample(), [[p.sample() for _ in range(c)] for p, c in zip(everybody, counts)]


def people_case(d, title, n, counts, left_out=(), vector=False):
    like, people = draw_columns(d, n, counts) if vector else draw_people(d, n, counts)
    yield f"case lab {title}"
    if vector:
        yield given("kind", VECTOR)
    yield from people_lines(like, people, left_out)
    made = population_of(kept(people, left_out), like, vector)
    yield given("people", len(made["cohort"]))
    for name, density in zip(("novices", "all"), made["all"]):
        yield near(name, *density.middle, *density.spread)
    yield near("usual", *made["usual"])
    for density in made["cohort"]:
        yield near("single", *density.middle, *density.spread)
    if not vector and n >= 3 and len(made["cohort"]) >= 6:
        yield near("common", common_of(kept(people, left_out), like))


def general_case(d, title, kinds, elsewhere, counts):
    like, people = draw_people(d, len(kinds), counts)
    yield f"case lab {title}"
    yield from people_lines(like, people)
    known = general_of(kept(people), like, kinds)
    for verb, wanted in (("general", kinds), ("elsewhere", elsewhere)):
        yield given(verb, *(n for kind in wanted for n in kind))
        rows = [known(kind) for kind in wanted]
        for age, name in enumerate(("novices", "all")):
            yield near(name, *(f32(row[0][age][0]) for row in rows), *(f32(row[0][age][1]) for row in rows))
        yield near("usual", *(f32(row[1]) for row in rows))


def lab_vectors(d):
    yield from logistic_case(d, "one column", 12, 1, 1e-3)
    yield from logistic_case(d, "three columns of different size", 40, 3, 1e-3)
    yield from logistic_case(d, "weighted rows", 45, 4, 1e-2, weighted=True)
    yield from logistic_case(d, "standard columns", 60, 5, 1e-3, standardised=True, weighted=True)
    yield from logistic_case(d, "classes far apart", 24, 2, 1e-3, gap=60)
    yield from logistic_case(d, "no ridge", 50, 2, 0)
    yield from people_case(d, "six people", 3, [5, 6, 9, 12, 16, 40])
    yield from people_case(d, "people left out or with too little", 4, [8, 4, 7, 45, 5, 11, 9, 23, 6], {3})
    yield from people_case(d, "more samples than are pooled or kept", 2, [57, 90, 6, 44, 41, 60])
    yield from general_case(d, "keys of any field", [(HOLD, 0, 0), (HOLD, 1, 0), (HOLD, 0, 0), (DOWN_DOWN, 0, 1)],
                            [(DOWN_DOWN, 1, 1), (HOLD, 0, 0), (HOLD, 5, 0), (PRESSURE, 0, 0)],
                            [5, 50, 4, 7, 30, 9, 12, 6])
    yield from fusing_case(d, "everybody against everybody", 6, [9 + 2 * u for u in range(12)])
    yield from fusing_case(d, "a few with much", 3, [7, 8, 61, 12, 6, 9, 11, 55, 10, 8, 7, 9, 14])
    yield from fusing_case(d, "features of three types", 6, [9 + 2 * u for u in range(12)],
                           [HOLD, DOWN_DOWN, UP_DOWN, PRESSURE, PRESSURE, PLACE_X])
    yield from people_case(d, "vectors of any unit", 5, [6, 9, 45, 12, 16, 5], vector=True)


def vectors():
    yield "# Made by engine.py; do not edit."
    yield from sample_vectors(Draw(1))
    yield from timing_vectors(Draw(2))
    yield from part_vectors(Draw(3))
    yield from session_vectors(Draw(4))
    yield from crowd_vectors(Draw(6))
    yield from short_float_vectors(Draw(10))
    yield from himself_vectors(Draw(8))
    yield from fence_vectors(Draw(7))
    yield from vector_part_vectors(Draw(9))
    yield from lab_vectors(Draw(5))


if __name__ == "__main__":
    sys.exit(keep.main("engine", vectors()))
