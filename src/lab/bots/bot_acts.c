#include "lab/bots/bot_acts.h"

#include "base/err.h"
#include "engine/arithmetic/numbers.h"
#include "engine/machines/path.h"
#include "engine/samples/strokes.h"

#include <math.h>

#define LEAST_MS     5.0
#define SPREAD_LEAST 0.02 /* of logs: less is rounding */
#define TOUCH_LEAST  0.01 /* of pressures and sizes */
#define ROUNDING_PX  0.2
#define NAME_HASHES  4096.0

enum { SERIES_MAX = 2048, TAP_STEPS = 3 };

/* Columns are added one after the other. */
struct columns {
    double *x;
    size_t n;
};

static void add(struct columns *to, double x)
{
    to->x[to->n++] = isfinite(x) ? x : (double)NAN;
}

static struct columns columns_begin(double x[BOT_ACT_COLUMNS])
{
    for (size_t c = 0; c < BOT_ACT_COLUMNS; c++) {
        x[c] = NAN;
    }
    return (struct columns){x, 0};
}

/* ---- series ---- */

/* A series of numbers, about its mean. */
struct series {
    const double *x;
    size_t n;
    double mean, squares;
};

static struct series series_of(const double *x, size_t n)
{
    struct series s = {x, n, 0.0, 0.0};
    for (size_t i = 0; i < n; i++) {
        s.mean += x[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        s.squares += (x[i] - s.mean) * (x[i] - s.mean);
    }
    return s;
}

static double deviation(const struct series *s)
{
    return s->n > 1 ? sqrt(s->squares / ((double)s->n - 1.0)) : (double)NAN;
}

/* Mean of (x - mean)^power in deviations. */
static double moment(const struct series *s, int power)
{
    const double unit = fmax(deviation(s), SPREAD_LEAST);
    double sum = 0.0;
    for (size_t i = 0; i < s->n; i++) {
        const double z = (s->x[i] - s->mean) / unit;
        sum += power == 3 ? z * z * z : z * z * z * z;
    }
    return sum / (double)s->n;
}

/* Correlation of each with the next. */
static double memory(const struct series *s)
{
    double sum = 0.0;
    for (size_t i = 1; i < s->n; i++) {
        sum += (s->x[i] - s->mean) * (s->x[i - 1] - s->mean);
    }
    return sum / s->squares;
}

static double correlation(const double *a, const double *b, size_t n)
{
    const struct series x = series_of(a, n);
    const struct series y = series_of(b, n);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (a[i] - x.mean) * (b[i] - y.mean);
    }
    return sum / sqrt(x.squares * y.squares);
}

/* Seven columns; missing where there is too little. */
static void add_times(struct columns *to, const double *x, size_t n)
{
    const struct series s = series_of(x, n);
    double low = INFINITY;
    double high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
    }
    const bool told = n >= 3;
    add(to, n > 0 ? s.mean : (double)NAN);
    add(to, told ? log(fmax(deviation(&s), SPREAD_LEAST)) : (double)NAN);
    add(to, told ? moment(&s, 3) : (double)NAN);
    add(to, told ? moment(&s, 4) : (double)NAN);
    add(to, told ? memory(&s) : (double)NAN);
    add(to, told ? low - s.mean : (double)NAN);
    add(to, told ? high - s.mean : (double)NAN);
}

/* Four columns of what a screen tells of a finger: level, spread, how white its noise is, how often it
 * repeats itself. */
static void add_touches(struct columns *to, const double *x, size_t n)
{
    const struct series s = series_of(x, n);
    double changes = 0.0;
    double repeats = 0.0;
    for (size_t i = 1; i < n; i++) {
        changes += (x[i] - x[i - 1]) * (x[i] - x[i - 1]);
        repeats += x[i] == x[i - 1];
    }
    const bool told = n >= 3;
    add(to, n > 0 ? log(s.mean + TOUCH_LEAST) : (double)NAN);
    add(to, told ? log(deviation(&s) / (s.mean + TOUCH_LEAST) + TOUCH_LEAST) : (double)NAN);
    add(to, told ? changes / s.squares : (double)NAN);
    add(to, told ? repeats / ((double)n - 1.0) : (double)NAN);
}

/* ---- keys ---- */

static void add_extra(struct columns *to, const canara_key_t *keys, size_t n,
                      enum canara_key_extra extra)
{
    double x[BOT_ACT_KEYS] = {0.0};
    size_t told = 0;
    for (size_t i = 0; i < n; i++) {
        if ((keys[i].has & (1U << (unsigned)extra)) != 0) {
            x[told++] = keys[i].extra[extra];
        }
    }
    add_touches(to, x, told == n ? n : 0);
}

/* Each place, less the entry's mean. */
static void add_places(struct columns *to, const double *x, size_t n)
{
    const struct series s = series_of(x, n);
    for (size_t i = 0; i < BOT_ACT_PLACES; i++) {
        add(to, i < n ? x[i] - s.mean : (double)NAN);
    }
}

static void add_gaps(struct columns *to, const double *hold, const double *gap, size_t gaps,
                     double overlaps)
{
    add_times(to, gap, gaps);
    add(to, hold != NULL ? correlation(hold + 1, gap, gaps) : (double)NAN);
    add(to, hold != NULL ? correlation(hold, gap, gaps) : (double)NAN);
    add(to, hold != NULL ? overlaps / (double)gaps : (double)NAN);
}

void bot_act_typed(const canara_key_t *keys, size_t n, double x[BOT_ACT_COLUMNS])
{
    double hold[BOT_ACT_KEYS] = {0.0};
    double gap[BOT_ACT_KEYS] = {0.0};
    double overlaps = 0.0;
    double held = 0.0;
    struct columns to = columns_begin(x);
    for (size_t i = 0; i < n; i++) {
        held = fmax(held, keys[i].up_ms - keys[i].down_ms);
        hold[i] = log(fmax(keys[i].up_ms - keys[i].down_ms, LEAST_MS));
    }
    for (size_t i = 1; i < n; i++) {
        gap[i - 1] = log(fmax(keys[i].down_ms - keys[i - 1].down_ms, LEAST_MS));
        overlaps += keys[i].down_ms < keys[i - 1].up_ms;
    }
    const bool released = held > 0.0; /* else nobody told of releases */
    add_times(&to, hold, released ? n : 0);
    add_gaps(&to, released ? hold : NULL, gap, n - 1, overlaps);
    add_extra(&to, keys, n, CANARA_KEY_PRESSURE);
    add_extra(&to, keys, n, CANARA_KEY_SIZE);
    MUST(to.n == BOT_ACT_HOLDS);
    add_places(&to, hold, released ? n : 0);
    add_places(&to, gap, n - 1);
}

static void acts_of_keys(const canara_event_t *event, bot_act_fn fn, void *ctx)
{
    struct bot_act_row act = {.kind = BOT_ACT_TYPED};
    const canara_key_t *const keys = event->of.keystrokes.keys;
    const size_t n = event->of.keystrokes.count;
    const size_t acts = (n + BOT_ACT_KEYS - 1) / BOT_ACT_KEYS;
    for (size_t a = 0; a < acts; a++) {
        const size_t first = a * n / acts;
        act.keys = keys + first;
        act.key_count = (a + 1) * n / acts - first;
        if (act.key_count >= BOT_ACT_KEYS_MIN) {
            bot_act_typed(act.keys, act.key_count, act.x);
            fn(ctx, &act);
        }
    }
}

/* typing_pattern: intervals alone. */
static void act_of_intervals(const canara_event_t *event, bot_act_fn fn, void *ctx)
{
    struct bot_act_row act = {.kind = BOT_ACT_TYPED};
    double gap[BOT_ACT_KEYS] = {0.0};
    const double *const s = event->of.typing.key_press_intervals;
    const size_t sent = event->of.typing.intervals;
    const size_t gaps = sent < BOT_ACT_KEYS ? sent : BOT_ACT_KEYS;
    if (gaps + 1 < BOT_ACT_KEYS_MIN) {
        return;
    }
    struct columns to = columns_begin(act.x);
    for (size_t i = 0; i < gaps; i++) {
        gap[i] = log(fmax(1000.0 * s[i], LEAST_MS));
    }
    add_times(&to, NULL, 0);
    add_gaps(&to, NULL, gap, gaps, 0.0);
    fn(ctx, &act);
}

/* ---- strokes ---- */

static void take_stroke(void *ctx, const struct sample *s)
{
    struct columns *const to = ctx;
    for (size_t i = 0; i < s->count; i++) {
        add(to, s->x[i]);
    }
}

/* Six columns of the clock and the line. */
static void add_manner(struct columns *to, const canara_point_t *p, size_t n, double *room)
{
    const double chord = hypot(p[n - 1].x - p[0].x, p[n - 1].y - p[0].y);
    double aside = 0.0;
    for (size_t i = 1; i < n; i++) {
        const double off =
            (p[n - 1].x - p[0].x) * (p[i].y - p[0].y) - (p[n - 1].y - p[0].y) * (p[i].x - p[0].x);
        aside += chord > 0.0 ? off * off / (chord * chord) : 0.0;
        room[i - 1] = p[i].t_ms - p[i - 1].t_ms;
    }
    const struct series waits = series_of(room, n - 1);
    add(to, log((double)n));
    add(to, log(p[n - 1].t_ms - p[0].t_ms + 1.0));
    add(to, log(chord + 1.0));
    add(to, log((sqrt(aside / (double)n) + ROUNDING_PX) / (chord + 1.0)));
    add(to, n > TAP_STEPS ? log(waits.mean + 0.1) : (double)NAN);
    add(to, n > TAP_STEPS ? log(deviation(&waits) / waits.mean + TOUCH_LEAST) : (double)NAN);
}

/* Spread of the speeds, and how white they are. */
static void add_speeds(struct columns *to, const canara_point_t *p, size_t n, double *room)
{
    size_t steps = 0;
    for (size_t i = 1; i < n; i++) {
        const double dt = p[i].t_ms - p[i - 1].t_ms;
        if (dt > 0.0) {
            room[steps++] = hypot(p[i].x - p[i - 1].x, p[i].y - p[i - 1].y) / dt;
        }
    }
    const struct series s = series_of(room, steps);
    const bool told = steps >= TAP_STEPS && s.mean > 0.0;
    add(to, told ? log(deviation(&s) / s.mean + TOUCH_LEAST) : (double)NAN);
    add(to, told ? memory(&s) : (double)NAN);
}

static void act_of_stroke(const canara_point_t *p, size_t n, struct sample *work, bot_act_fn fn,
                          void *ctx)
{
    struct bot_act_row act = {.kind = BOT_ACT_STROKE};
    double room[SERIES_MAX];
    struct columns to = columns_begin(act.x);
    MUST(n <= SERIES_MAX);
    add_manner(&to, p, n, room);
    add_speeds(&to, p, n, room);
    for (size_t i = 0; i < n; i++) {
        room[i] = p[i].pressure;
    }
    add_touches(&to, room, n);
    for (size_t i = 0; i < n; i++) {
        room[i] = p[i].area;
    }
    add_touches(&to, room, n);
    const canara_event_t alone = {
        .kind = CANARA_TOUCH, .has = CANARA_F_POINTS, .of.path = {.points = p, .count = n}};
    strokes_of(&alone, work, take_stroke, &to);
    fn(ctx, &act);
}

static void acts_of_touch(const canara_event_t *event, bot_act_fn fn, void *ctx)
{
    struct sample work;
    const canara_point_t *const p = event->of.path.points;
    const size_t n = event->of.path.count;
    if (!path_is_sane(p, n)) {
        return;
    }
    for (size_t first = 0; first < n;) {
        const size_t length = path_stroke_length(p, n, first);
        if (length >= 2) {
            act_of_stroke(p + first, length, &work, fn, ctx);
        }
        first += length;
    }
}

/* ---- vectors ---- */

/* The name first: numbers of two names are of two kinds. */
static void act_of_vector(const canara_event_t *event, bot_act_fn fn, void *ctx)
{
    struct bot_act_row act = {.kind = BOT_ACT_VECTOR};
    const canara_text_t name = event->of.features.name;
    struct columns to = columns_begin(act.x);
    add(&to, (double)(fnv_add(FNV_START, name.ptr, name.len) % (uint64_t)NAME_HASHES));
    for (size_t i = 0; i < event->of.features.count && to.n < BOT_ACT_COLUMNS; i++) {
        add(&to, event->of.features.values[i]);
    }
    fn(ctx, &act);
}

void bot_acts_of(const canara_event_t *event, bot_act_fn fn, void *ctx)
{
    if (event->kind == CANARA_KEYSTROKES && (event->has & CANARA_F_KEYS) != 0) {
        acts_of_keys(event, fn, ctx);
    } else if (event->kind == CANARA_TYPING_PATTERN &&
               (event->has & CANARA_F_KEY_PRESS_INTERVALS) != 0) {
        act_of_intervals(event, fn, ctx);
    } else if (event->kind == CANARA_TOUCH && (event->has & CANARA_F_POINTS) != 0) {
        acts_of_touch(event, fn, ctx);
    } else if (event->kind == CANARA_FEATURES && (event->has & CANARA_F_VALUES) != 0) {
        act_of_vector(event, fn, ctx);
    }
}
