#include "engine/machines/bot_clock.h"

#include "base/util.h"
#include "engine/arithmetic/lanes.h"
#include "engine/arithmetic/numbers.h"

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
    size_t n;
    size_t kinds; /* different ones */
    size_t least; /* of all */
    double sum, squares, next;
    uint16_t bin[BINS + 2];
    float lane[GAPS_MAX + LANES];  /* in their order, and zeros to the end of the last lanes */
    float kind[GAPS_MAX + LANES];  /* each once, in the order in which they first come; the same */
    float times[GAPS_MAX + LANES]; /* how often */
};

static void gather(const canara_point_t *p, size_t n, struct gaps *g)
{
    double last = whole_px(p[0].t_ms);
    double before = 0.0;
    for (size_t i = 1; i < n && g->n < GAPS_MAX; i++) {
        const double t = whole_px(p[i].t_ms);
        const double ms = t - last;
        last = t;
        if (!(ms > 0.0) || !(ms < GAP_MS)) {
            continue;
        }
        const size_t whole = (size_t)ms;
        g->sum += ms;
        g->squares += ms * ms;
        g->next += ms * before;
        before = ms;
        g->kind[g->kinds] = (float)ms;
        g->kinds += g->bin[whole] == 0;
        g->bin[whole]++;
        g->least = whole < g->least ? whole : g->least;
        g->lane[g->n++] = (float)ms;
    }
    for (size_t i = 0; i < g->kinds; i++) {
        g->times[i] = (float)g->bin[(size_t)g->kind[i]];
    }
    memset(g->lane + g->n, 0, LANES * sizeof *g->lane);
    memset(g->kind + g->kinds, 0, LANES * sizeof *g->kind);
    memset(g->times + g->kinds, 0, LANES * sizeof *g->times);
}

/* The intervals below which an eighth, a quarter and half of all are. */
static void find_ranks(const struct gaps *g, double rank[3])
{
    const size_t below[3] = {g->n / 8, g->n / 4, g->n / 2};
    size_t seen = 0;
    size_t at = 0;
    for (size_t ms = g->least; ms <= BINS && at < 3; ms++) {
        seen += g->bin[ms];
        while (at < 3 && seen > below[at]) {
            rank[at++] = (double)ms;
        }
    }
}

static_assert(LANES == 4, "sum_of() adds four");

/* Sum of the lanes. */
static double sum_of(lanes_t x)
{
    return (double)((x[0] + x[1]) + (x[2] + x[3]));
}

/* How far intervals are from a multiple of the period; none is 0. */
static lanes_t rest_of(lanes_t ms, float period, float per)
{
    const lanes_int_t times = __builtin_convertvector(ms * per + 0.5F, lanes_int_t);
    return ms - __builtin_convertvector(times, lanes_t) * period;
}

/* The mean of the intervals near `guess`; 0 when they are too few. */
static double period_near(const struct gaps *g, double guess)
{
    const lanes_t nearly = lanes_of((float)(PERIOD_NEAR * guess));
    lanes_t near = lanes_of(0.0F);
    lanes_t sum = near;
    for (size_t i = 0; i < g->kinds; i += LANES) {
        const lanes_t ms = lanes_load(g->kind + i);
        const lanes_t times = lanes_load(g->times + i);
        const lanes_int_t is_near = lanes_abs(ms - (float)guess) < nearly;
        const lanes_t counted = lanes_of_bits(lanes_bits(times) & is_near);
        near += counted;
        sum += counted * ms;
    }
    return sum_of(near) < 4.0 ? 0.0 : sum_of(sum) / sum_of(near);
}

/* Mean distance of the intervals to a multiple of the period, as a share of it. */
static double off_beat(const struct gaps *g, double period)
{
    const float per = 1.0F / (float)period;
    lanes_t off = lanes_of(0.0F);
    for (size_t i = 0; i < g->kinds; i += LANES) {
        const lanes_t rest = rest_of(lanes_load(g->kind + i), (float)period, per);
        off += lanes_abs(rest) * lanes_load(g->times + i);
    }
    return sum_of(off) / ((double)g->n * period);
}

/* Autocorrelation of these distances. */
static double late_memory(const struct gaps *g, double period)
{
    const float per = 1.0F / (float)period;
    lanes_t squares = lanes_of(0.0F);
    lanes_t next = squares;
    lanes_t rest = rest_of(lanes_load(g->lane), (float)period, per);
    for (size_t i = 0; i < g->n; i += LANES) {
        const bool ends = i + LANES >= g->n;
        const lanes_t then =
            ends ? lanes_of(0.0F) : rest_of(lanes_load(g->lane + i + LANES), (float)period, per);
        squares += rest * rest;
        next += rest * __builtin_shufflevector(rest, then, 1, 2, 3, 4);
        rest = then;
    }
    const double count = (double)g->n;
    return (sum_of(next) / (count - 1.0)) / (sum_of(squares) / count + 1e-9);
}

/* How well multiples of one period explain the intervals: the best of some guesses. */
static void find_beat(const struct gaps *g, double f[CLOCK_FEATURES])
{
    double rank[3] = {GAP_MS, GAP_MS, GAP_MS};
    find_ranks(g, rank);
    const double guess[] = {rank[2], 0.5 * rank[2], rank[2] / 3.0,
                            rank[1] < rank[2] ? rank[1] : 0.0,
                            rank[0] < rank[1] ? rank[0] : 0.0}; /* one guess once */
    double best = 0.0;
    f[CLOCK_OFF_BEAT] = 0.25; /* what no clock gives */
    for (size_t i = 0; i < ARRAY_LEN(guess); i++) {
        const double period = guess[i] < PERIOD_MIN_MS ? 0.0 : period_near(g, guess[i]);
        const double off = period > 0.0 ? off_beat(g, period) : 1.0;
        if (off < f[CLOCK_OFF_BEAT]) {
            f[CLOCK_OFF_BEAT] = off;
            best = period;
        }
    }
    f[CLOCK_LATE_MEMORY] = best > 0.0 ? late_memory(g, best) : 0.0;
}

/* Each bin of 2 ms is met at its first interval, and emptied. */
static double scatter(struct gaps *g)
{
    const double n = (double)g->n;
    double bits = 0.0;
    for (size_t i = 0; i < g->kinds; i++) {
        const size_t bin = (size_t)g->kind[i] & ~(size_t)1;
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
        const bool counts = p[i].buttons == p[i - 1].buttons;
        all += counts;
        still += counts & (fabs(p[i].x - p[i - 1].x) < STILL_PX) &
                 (fabs(p[i].y - p[i - 1].y) < STILL_PX);
    }
    *reports = all;
    return all > 0 ? (double)still / (double)all : 0.0;
}

void bot_clock_features(const canara_point_t *p, size_t n, double f[CLOCK_FEATURES])
{
    struct gaps SCRATCH g;
    size_t reports = 0;
    g.n = g.kinds = 0;
    g.least = BINS;
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
    const double dx = whole_px(p[i].x) - whole_px(p[i - 1].x);
    const double dy = whole_px(p[i].y) - whole_px(p[i - 1].y);
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
    while (i < n &&
           !(fabs(whole_px(p[i].x) - whole_px(x)) + fabs(whole_px(p[i].y) - whole_px(y)) > 0.0)) {
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

/* So many reports move that no more than 6 in 10 of them all can be still: mostly seen half the way. */
static bool moves_enough(const canara_point_t *p, size_t n)
{
    size_t moves = 0;
    for (size_t i = 1; i < n; i++) {
        const double way = fmax(fabs(p[i].x - p[i - 1].x), fabs(p[i].y - p[i - 1].y));
        moves += p[i].buttons == p[i - 1].buttons && way >= STILL_PX;
        if (5 * moves > 2 * n) {
            return true;
        }
    }
    return false;
}

bool bot_clock_is_still(const canara_point_t *p, size_t n)
{
    size_t reports = 0;
    if (moves_enough(p, n)) {
        return false;
    }
    const double share = still_share(p, n, &reports);
    return reports >= STILL_MIN && share > STILL;
}
