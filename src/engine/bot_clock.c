#include "engine/bot_clock.h"

#include "engine/lanes.h"
#include "engine/numbers.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define GAP_MS        300.0
#define BURST_MS      4.0
#define PERIOD_MIN_MS 3.0
#define PERIOD_NEAR   0.2 /* intervals this near to a guess make the period */
#define SPREAD_MAX    4.0

#define LEAP_PX    60.0
#define LEAP_MS    70.0
#define LEAP_TIMES 4.0
#define STILL      0.6
#define STILL_PX   0.5 /* less than a px is told by screens that are zoomed */

enum {
    GAPS_MIN = 8,
    GAPS_MAX = 256, /* the rest of a longer path is like its beginning */
    BINS = 300,     /* of 1 ms */
    LEAP_QUIET = 8,
    LEAP_MOVES = 5, /* of the quiet intervals that must have moved */
    STILL_MIN = 20
};

/* Intervals in whole ms, and how often each occurs. */
struct gaps {
    double ms[GAPS_MAX];
    float lane[GAPS_MAX + LANES]; /* the same, and zeros to the end of the last lanes */
    uint16_t bin[BINS + 2];
    size_t n;
    double sum, squares, next;
};

static void gather(const canara_point_t *p, size_t n, struct gaps *g)
{
    double last = rint(p[0].t_ms);
    for (size_t i = 1; i < n && g->n < GAPS_MAX; i++) {
        const double t = rint(p[i].t_ms);
        const double ms = t - last;
        last = t;
        if (!(ms > 0.0) || !(ms < GAP_MS)) {
            continue;
        }
        g->sum += ms;
        g->squares += ms * ms;
        g->next += g->n > 0 ? ms * g->ms[g->n - 1] : 0.0;
        g->bin[(size_t)ms]++;
        g->lane[g->n] = (float)ms;
        g->ms[g->n++] = ms;
    }
    memset(g->lane + g->n, 0, LANES * sizeof *g->lane);
}

/* The interval below which `rank` of all are. */
static double ranked(const struct gaps *g, size_t rank)
{
    size_t seen = 0;
    for (size_t ms = 1; ms <= BINS; ms++) {
        seen += g->bin[ms];
        if (seen > rank) {
            return (double)ms;
        }
    }
    return GAP_MS;
}

struct beat {
    double off;    /* share of the period */
    double memory; /* of what is left of the period */
};

static_assert(LANES == 4, "sum_of() adds four");

/* Sum of the lanes. */
static double sum_of(lanes_t x)
{
    return (double)((x[0] + x[1]) + (x[2] + x[3]));
}

/* How far each interval is from a multiple of the period; those behind the last are 0. */
static void remainders(const struct gaps *g, float period, float rest[GAPS_MAX + LANES])
{
    const float per = 1.0F / period;
    for (size_t i = 0; i < g->n; i += LANES) {
        const lanes_t ms = lanes_load(g->lane + i);
        const lanes_int_t times = __builtin_convertvector(ms * per + 0.5F, lanes_int_t);
        lanes_store(rest + i, ms - __builtin_convertvector(times, lanes_t) * period);
    }
}

/* How well multiples of a period near `guess` explain the intervals. */
static bool beat_of(const struct gaps *g, double guess, struct beat *out)
{
    if (guess < PERIOD_MIN_MS) {
        return false;
    }
    const lanes_t nearly = lanes_of((float)(PERIOD_NEAR * guess));
    lanes_t near = lanes_of(0.0F);
    lanes_t sum = near;
    for (size_t i = 0; i < g->n; i += LANES) {
        const lanes_t ms = lanes_load(g->lane + i);
        const lanes_int_t is_near = lanes_abs(ms - (float)guess) < nearly;
        near += lanes_of_bits(lanes_bits(lanes_of(1.0F)) & is_near);
        sum += lanes_of_bits(lanes_bits(ms) & is_near);
    }
    if (sum_of(near) < 4.0) {
        return false;
    }
    float SCRATCH rest[GAPS_MAX + LANES];
    const double period = sum_of(sum) / sum_of(near);
    remainders(g, (float)period, rest);
    rest[(g->n + LANES - 1) / LANES * LANES] = 0.0F; /* read as the last one's next */
    lanes_t off = lanes_of(0.0F);
    lanes_t squares = off;
    lanes_t next = off;
    for (size_t i = 0; i < g->n; i += LANES) {
        const lanes_t r = lanes_load(rest + i);
        off += lanes_abs(r);
        squares += r * r;
        next += r * lanes_load(rest + i + 1);
    }
    const double count = (double)g->n;
    out->off = sum_of(off) / (count * period);
    out->memory = (sum_of(next) / (count - 1.0)) / (sum_of(squares) / count + 1e-9);
    return true;
}

static void find_beat(const struct gaps *g, double f[CLOCK_FEATURES])
{
    const double median = ranked(g, g->n / 2);
    const double quarter = ranked(g, g->n / 4);
    const double eighth = ranked(g, g->n / 8);
    const double guess[] = {median, 0.5 * median, median / 3.0, quarter < median ? quarter : 0.0,
                            eighth < quarter ? eighth : 0.0}; /* one guess once */
    f[CLOCK_OFF_BEAT] = 0.25;                                 /* what no clock gives */
    for (size_t i = 0; i < sizeof guess / sizeof *guess; i++) {
        struct beat b;
        if (beat_of(g, guess[i], &b) && b.off < f[CLOCK_OFF_BEAT]) {
            f[CLOCK_OFF_BEAT] = b.off;
            f[CLOCK_LATE_MEMORY] = b.memory;
        }
    }
}

/* Each bin is met at its first interval, and emptied. */
static double scatter(struct gaps *g)
{
    const double n = (double)g->n;
    double bits = 0.0;
    for (size_t i = 0; i < g->n; i++) {
        const size_t bin = (size_t)g->ms[i] & ~(size_t)1;
        const double c = (double)g->bin[bin] + (double)g->bin[bin + 1];
        bits += c > 1.0 ? c * log(c) : 0.0;
        g->bin[bin] = 0;
        g->bin[bin + 1] = 0;
    }
    return 1.0 - bits / (n * log(n));
}

static double still_share(const canara_point_t *p, size_t n, size_t *reports)
{
    size_t still = 0;
    size_t all = 0;
    for (size_t i = 1; i < n; i++) {
        if (p[i].buttons == p[i - 1].buttons) {
            all++;
            still += fabs(p[i].x - p[i - 1].x) < STILL_PX && fabs(p[i].y - p[i - 1].y) < STILL_PX;
        }
    }
    *reports = all;
    return all > 0 ? (double)still / (double)all : 0.0;
}

void bot_clock_features(const canara_point_t *p, size_t n, double f[CLOCK_FEATURES])
{
    struct gaps SCRATCH g;
    size_t reports = 0;
    g.n = 0;
    g.sum = g.squares = g.next = 0.0;
    memset(g.bin, 0, sizeof g.bin);
    for (size_t i = 0; i < CLOCK_FEATURES; i++) {
        f[i] = 0.0;
    }
    f[CLOCK_STILL] = still_share(p, n, &reports);
    if (n > 0) {
        gather(p, n, &g);
    }
    if (g.n < GAPS_MIN) {
        return;
    }
    const double count = (double)g.n;
    const double mean = g.sum / count;
    const double variance = fmax(g.squares / count - mean * mean, 0.0);
    find_beat(&g, f);
    f[CLOCK_MEMORY] = variance > 1e-9
                          ? fmax(-1.0, fmin((g.next / (count - 1.0) - mean * mean) / variance, 1.0))
                          : 0.0;
    f[CLOCK_SPREAD] = fmin(sqrt(variance) / mean, SPREAD_MAX);
    f[CLOCK_BURSTS] = (double)(g.bin[1] + g.bin[2] + g.bin[3]) / count;
    f[CLOCK_SCATTER] = scatter(&g); /* the bins are gone */
    static_assert((int)BURST_MS == 4, "the bins above");
}

/* ---- what no hand does ---- */

static double step_of(const canara_point_t *p, size_t i)
{
    const double dx = rint(p[i].x) - rint(p[i - 1].x);
    const double dy = rint(p[i].y) - rint(p[i - 1].y);
    return sqrt(dx * dx + dy * dy);
}

static double gap_of(const canara_point_t *p, size_t i)
{
    return p[i].t_ms - p[i - 1].t_ms;
}

/* The intervals before i were short, and of much shorter steps. */
static bool is_quiet_before(const canara_point_t *p, size_t i, double step)
{
    size_t moves = 0;
    for (size_t k = i - LEAP_QUIET; k < i; k++) {
        const double s = step_of(p, k);
        if (LEAP_TIMES * fmax(s, 2.0) >= step || gap_of(p, k) > GAP_MS) {
            return false;
        }
        moves += s > 0.0;
    }
    return moves >= LEAP_MOVES;
}

size_t bot_clock_stirs(const canara_point_t *p, size_t n, double x, double y)
{
    size_t i = 0;
    while (i < n && !(fabs(rint(p[i].x) - rint(x)) + fabs(rint(p[i].y) - rint(y)) > 0.0)) {
        i++;
    }
    return i;
}

static enum bot_leap rest_at(const canara_point_t *p, size_t n, size_t i)
{
    const size_t next = i + bot_clock_stirs(p + i, n - i, p[i].x, p[i].y);
    if (p[next < n ? next : n - 1].t_ms - p[i].t_ms > BOT_LEAP_REST_MS) {
        return BOT_LEAP_RESTS;
    }
    return next < n ? BOT_LEAP_NONE : BOT_LEAP_OPEN;
}

enum bot_leap bot_clock_leaps(const canara_point_t *p, size_t n)
{
    enum bot_leap found = BOT_LEAP_NONE;
    for (size_t i = LEAP_QUIET + 1; i < n; i++) {
        if (fabs(p[i].x - p[i - 1].x) + fabs(p[i].y - p[i - 1].y) > LEAP_PX &&
            gap_of(p, i) < LEAP_MS && gap_of(p, i) >= 0.0) {
            const double step = step_of(p, i);
            const bool leapt = step > LEAP_PX && is_quiet_before(p, i, step);
            const enum bot_leap rest = leapt ? rest_at(p, n, i) : BOT_LEAP_NONE;
            if (rest == BOT_LEAP_RESTS) {
                return rest;
            }
            found = rest == BOT_LEAP_NONE ? found : rest;
        }
    }
    return found;
}

bool bot_clock_is_still(const canara_point_t *p, size_t n)
{
    size_t reports = 0;
    const double share = still_share(p, n, &reports);
    return reports >= STILL_MIN && share > STILL;
}
