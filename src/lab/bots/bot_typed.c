#include "lab/bots/bot_typed.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>

#define LEAST_MS   5.0
#define HOLD_CLIP  0.7  /* one key that was held while thinking is not a law */
#define SPREAD_MIN 0.05 /* of logs: rounding to a millisecond alone makes less */
#define HOLD_MAX   1.2
#define GAP_MAX    1.5
#define HOLD_UNIT  0.25
#define GAP_UNIT   0.4
#define SKEW_MAX   2.0
#define PAUSES_MAX 0.5 /* pauses to think are easily made: they speak for a person so far */
#define SKEW_HALF  20.0
#define Z_MAX      0.98 /* a correlation */
#define Z_FREEDOM  3.0  /* Fisher: a z of n pairs varies by 1 / (n - 3) */

#define PERSON_LIMIT (-2.0) /* a table of pauses agrees, too */
#define DRAWN_LIMIT  3.0

enum { SERIES_MAX = 512, Z_LEAST = 5 };

/* What people's z is like: learned from MEU and MOBIKEY. */
struct agreement {
    double mean, deviation;
};

static const struct agreement gaps_agree = {0.9, 0.4};
static const struct agreement holds_agree = {0.4, 0.3};

/* Learned by lab_bot_typed_bench from MEU and MOBIKEY against the first four scripts of bot_typist.h. */
static const double weight[BOT_TYPED_RATIOS] = {-0.733, 5.649, -3.320, 6.787, -4.524, 1.701, 0.492};
static const double bare_weight[BOT_TYPED_BARE] = {-0.533, -1.000, 3.935, -5.497, -1.523};

/* Turn logs into what they are about their mean, and add squares and cubes. */
static void take_moments(struct bot_moments *m, double *x, size_t n, double limit)
{
    double mean = 0.0;
    if (n == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        mean += x[i];
    }
    mean /= (double)n;
    for (size_t i = 0; i < n; i++) {
        x[i] -= mean;
        const double v = clip(x[i], -limit, limit);
        m->square += v * v;
        m->cube += v * v * v;
    }
    m->freedom += (double)n - 1.0;
}

/* Hold an entry against the sum of those before it, and add it to them. */
static void take_place(struct bot_alike *alike, const double *x, double *sum, size_t n)
{
    double xx = 0.0;
    double ss = 0.0;
    double xs = 0.0;
    for (size_t i = 0; i < n; i++) {
        xx += x[i] * x[i];
        ss += sum[i] * sum[i];
        xs += x[i] * sum[i];
        sum[i] += x[i];
    }
    if (n >= Z_LEAST && xx > 0.0 && ss > 0.0) {
        const double w = (double)n - Z_FREEDOM;
        alike->sum += w * atanh(clip(xs / sqrt(xx * ss), -Z_MAX, Z_MAX));
        alike->weight += w;
    }
}

static struct bot_typed_field *field_of(struct bot_typed *t, uint64_t what, size_t holds,
                                        size_t gaps)
{
    const size_t kept = t->fields < BOT_TYPED_FIELDS ? t->fields : BOT_TYPED_FIELDS;
    for (size_t i = 0; i < kept; i++) {
        struct bot_typed_field *const f = &t->field[i];
        if (f->what == what && f->holds == holds && f->gaps == gaps) {
            return f;
        }
    }
    struct bot_typed_field *const f = &t->field[t->fields++ % BOT_TYPED_FIELDS];
    *f = (struct bot_typed_field){.what = what, .holds = holds, .gaps = gaps};
    return f;
}

static bool is_typed(const canara_key_t *k)
{
    return k->key_class != CANARA_KEY_MODIFIER && k->key_class != CANARA_KEY_DELETE;
}

static size_t log_holds(const canara_key_t *keys, size_t n, double out[SERIES_MAX])
{
    bool told = false;
    size_t holds = 0;
    for (size_t i = 0; i < n && i < SERIES_MAX; i++) {
        const double ms = keys[i].up_ms - keys[i].down_ms;
        told = told || ms > 0.0;
        if (is_typed(&keys[i])) {
            out[holds++] = log(fmax(ms, LEAST_MS));
        }
    }
    return told ? holds : 0;
}

static size_t log_gaps(const canara_key_t *keys, size_t n, double out[SERIES_MAX])
{
    size_t gaps = 0;
    for (size_t i = 1; i < n && i < SERIES_MAX; i++) {
        if (is_typed(&keys[i - 1]) && is_typed(&keys[i])) {
            out[gaps++] = log(fmax(keys[i].down_ms - keys[i - 1].down_ms, LEAST_MS));
        }
    }
    return gaps;
}

static void add_keys(struct bot_typed *t, const canara_event_t *event)
{
    const canara_key_t *const keys = event->of.keystrokes.keys;
    const size_t n = event->of.keystrokes.count;
    const canara_text_t field = event->of.keystrokes.field;
    double SCRATCH hold[SERIES_MAX];
    double SCRATCH gap[SERIES_MAX];
    const size_t holds = log_holds(keys, n, hold);
    const size_t gaps = log_gaps(keys, n, gap);
    take_moments(&t->hold, hold, holds, HOLD_CLIP);
    take_moments(&t->gap, gap, gaps, INFINITY);
    if (n > BOT_TYPED_KEYS || (event->has & CANARA_F_FIELD) == 0) {
        return;
    }
    uint64_t what = fnv_add(FNV_START, field.ptr, field.len);
    for (size_t i = 0; i < n; i++) {
        what = fnv_add(what, &keys[i].key_class, sizeof keys[i].key_class);
    }
    struct bot_typed_field *const f = field_of(t, what, holds, gaps);
    take_place(&t->hold_alike, hold, f->hold, holds);
    take_place(&t->gap_alike, gap, f->gap, gaps);
}

static void add_intervals(struct bot_typed *t, const canara_event_t *event)
{
    const double *const s = event->of.typing.key_press_intervals;
    double SCRATCH gap[SERIES_MAX];
    size_t n = 0;
    for (; n < event->of.typing.intervals && n < SERIES_MAX; n++) {
        gap[n] = log(fmax(1000.0 * s[n], LEAST_MS));
    }
    take_moments(&t->gap, gap, n, INFINITY);
    if (n < BOT_TYPED_KEYS) {
        take_place(&t->bare_alike, gap, field_of(t, 0, 0, n)->gap, n);
    }
}

void bot_typed_add(struct bot_typed *t, const canara_event_t *event)
{
    if (event->kind == CANARA_KEYSTROKES && (event->has & CANARA_F_KEYS) != 0) {
        add_keys(t, event);
    }
    if (event->kind == CANARA_TYPING_PATTERN && (event->has & CANARA_F_KEY_PRESS_INTERVALS) != 0) {
        add_intervals(t, event);
    }
}

static double spread(const struct bot_moments *m)
{
    return fmax(sqrt(m->square / m->freedom), SPREAD_MIN);
}

/* The third moment in deviations, drawn towards 0 while few keys are known. */
static double skew(const struct bot_moments *m, double known, double most)
{
    const double s = spread(m);
    return clip(m->cube / (m->freedom * s * s * s), -SKEW_MAX, most) * known;
}

size_t bot_typed_ratios(const struct bot_typed *t, double out[BOT_TYPED_RATIOS])
{
    if (t->gap.freedom < BOT_TYPED_FREEDOM) {
        return 0;
    }
    const double known = t->gap.freedom / (t->gap.freedom + SKEW_HALF);
    const double gap = log(fmin(spread(&t->gap), GAP_MAX) / GAP_UNIT);
    const double lean = skew(&t->gap, known, PAUSES_MAX);
    out[0] = 1.0;
    if (t->hold.freedom < BOT_TYPED_FREEDOM) {
        out[1] = gap;
        out[2] = gap * gap;
        out[3] = lean;
        out[4] = lean * lean;
        return BOT_TYPED_BARE;
    }
    const double hold = log(fmin(spread(&t->hold), HOLD_MAX) / HOLD_UNIT);
    out[1] = hold;
    out[2] = gap;
    out[3] = hold * hold;
    out[4] = lean;
    out[5] = skew(&t->hold, known, SKEW_MAX);
    out[6] = lean * lean;
    return BOT_TYPED_RATIOS;
}

/* ln p(z | drawn anew) - ln p(z | a person): normal, the first about 0. */
static double drawn_anew(const struct bot_alike *a, const struct agreement *person)
{
    if (a->weight <= 0.0) {
        return 0.0;
    }
    const double z = a->sum / a->weight;
    const double drawn = 1.0 / a->weight;
    const double own = drawn + person->deviation * person->deviation;
    const double away = z - person->mean;
    return 0.5 * (away * away / own - z * z / drawn + log(own / drawn));
}

double bot_typed_alike(const struct bot_typed *t)
{
    const double told =
        drawn_anew(&t->gap_alike, &gaps_agree) + 0.5 * drawn_anew(&t->hold_alike, &holds_agree);
    /* of intervals without a field nobody knows that they are of the same keys */
    const double bare = fmin(drawn_anew(&t->bare_alike, &gaps_agree), 0.0);
    return clip(clip(told, PERSON_LIMIT, DRAWN_LIMIT) + bare, PERSON_LIMIT, DRAWN_LIMIT);
}

bool bot_typed_margin(const struct bot_typed *t, double *margin)
{
    double x[BOT_TYPED_RATIOS];
    const size_t n = bot_typed_ratios(t, x);
    const double *const w = n == BOT_TYPED_RATIOS ? weight : bare_weight;
    double sum = n > 0 ? bot_typed_alike(t) : 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += w[i] * x[i];
    }
    *margin = sum;
    return n > 0;
}
