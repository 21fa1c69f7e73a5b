#include "engine/machines/bot_habits.h"

#include "engine/machines/path.h"

#include <math.h>
#include <stdlib.h>

#define REACH_PX    100.0
#define SWIPE_PX    50.0
#define LONG_PX     150.0 /* of a swipe that may be called straight: rounding hides a short arc */
#define ASIDE_PX    1.0   /* rounding to whole px gives up to .71 */
#define GAP_MS      200.0
#define JUMP_PX     150.0
#define TURN_COSINE 0.5
#define QUICK_MS    15.0 /* of 176,000 taps and 129,000 clicks 1 in 2,000 and 1 in 100 are shorter */
#define TAP_PX      10.0
#define TAP_MS      600.0
#define EVEN_CV     0.03 /* the least of 12,853 entries of ten keys is .050 */
#define EVEN_LEAST  15.0 /* ms: shorter ones are quick, and a clock's */
#define SAME_HALVES 1 /* of a px, each of four numbers: a hand lands within several px of its aim */

enum {
    REACH_PLACES = 6,
    SWIPE_POINTS = 6,
    STRAIGHT_MIN = 3,
    JUMPS_MIN = 3,
    QUICK_MIN = 4,
    TAPS_MIN = 10,
    SWIPES_MIN = 8
};

static void count(struct bot_share *s, bool part)
{
    if (s->all == UINT16_MAX) {
        s->all /= 2;
        s->part /= 2;
    }
    s->all++;
    s->part = (uint16_t)(s->part + part);
}

/* Welford's running mean and squares (1962); `n` counts this one, too. */
static void take(struct bot_lasts *l, uint8_t n, double ms)
{
    const double off = ms - (double)l->mean;
    const double mean = (double)l->mean + off / (double)n;
    l->squares = (float)((double)l->squares + off * (ms - mean));
    l->mean = (float)mean;
}

static bool is_even(const struct bot_lasts *l, uint8_t n, uint8_t least)
{
    const double limit = EVEN_CV * (double)l->mean;
    return n >= least && (double)l->mean >= EVEN_LEAST &&
           (double)l->squares < (double)n * limit * limit;
}

/* Every point lies within ASIDE_PX of the line from the first to the last, `least` px apart or more. */
static bool is_line(const canara_point_t *p, size_t n, double least)
{
    const double x = p[n - 1].x - p[0].x;
    const double y = p[n - 1].y - p[0].y;
    const double chord = sqrt(x * x + y * y);
    if (!(chord >= least)) {
        return false;
    }
    const double limit = ASIDE_PX * chord;
    if (!(fabs(x * (p[n / 2].y - p[0].y) - y * (p[n / 2].x - p[0].x)) < limit)) {
        return false; /* mostly: arcs are widest there */
    }
    for (size_t i = 1; i + 1 < n; i++) {
        if (!(fabs(x * (p[i].y - p[0].y) - y * (p[i].x - p[0].x)) < limit)) {
            return false;
        }
    }
    return true;
}

/* ---- a pointer ---- */

/* What is going on at a point. */
struct pointing {
    size_t first, places; /* of the reach: its first point, and how often it was elsewhere */
    double x, y, square;  /* its newest move, and the square of its length */
    double moved_ms;      /* the time of the newest move */
    size_t down;          /* where a press began; 0: none did in this event */
    bool leapt;           /* the newest move was far, behind a rest */
};

/* A reach of so many places, `n` points from `p` on, is over. True when it was straight. */
static bool end_reach(struct bot_habits *h, size_t places, const canara_point_t *p, size_t n)
{
    if (places < REACH_PLACES) {
        return false;
    }
    const double x = p[n - 1].x - p[0].x;
    const double y = p[n - 1].y - p[0].y;
    if (x * x + y * y < REACH_PX * REACH_PX) {
        return false;
    }
    const bool straight = is_line(p, n, REACH_PX);
    count(&h->straight, straight);
    return straight;
}

/* A button changed at point i. True for a press that no finger makes. */
static bool change_button(struct bot_habits *h, struct pointing *r, const canara_point_t *p,
                          size_t i)
{
    bool quick = false;
    if (p[i].buttons != 0 && p[i - 1].buttons == 0) {
        r->down = i;
    } else if (p[i].buttons == 0 && r->down > 0) {
        const double ms = p[i].t_ms - p[r->down].t_ms;
        quick = ms >= 0.0 && ms < QUICK_MS;
        count(&h->quick, quick);
        r->down = 0;
    }
    return quick;
}

/* The pointer moved to point i by a square of so many px^2. True when the move before was a jump, from rest to
 * rest in one report: a hand is on its way for longer than two reports are apart; remote screens lose those
 * between now and then. What an event begins or ends with is left out. */
static bool move_on(struct bot_habits *h, struct pointing *r, double t_ms, double square)
{
    const bool rested = t_ms - r->moved_ms > GAP_MS;
    const bool jumped = rested && r->leapt;
    if (rested) { /* what came before is over */
        count(&h->jumps, jumped);
    }
    r->leapt = rested && square >= JUMP_PX * JUMP_PX;
    r->moved_ms = t_ms;
    r->places++;
    return jumped;
}

static bool mostly_quick(const struct bot_habits *h)
{
    return h->quick.part >= QUICK_MIN && 4U * h->quick.part >= 3U * h->quick.all;
}

struct bot_shown bot_habits_point(struct bot_habits *h, const canara_point_t *p, size_t n)
{
    struct pointing r = {.places = 1, .moved_ms = p[0].t_ms};
    struct bot_shown s = {.even = false};
    for (size_t i = 1; i < n; i++) {
        const double x = p[i].x - p[i - 1].x;
        const double y = p[i].y - p[i - 1].y;
        const double dt = p[i].t_ms - p[i - 1].t_ms;
        const double square = x * x + y * y;
        const double dot = r.x * x + r.y * y;
        const bool same = p[i].buttons == p[i - 1].buttons;
        if (!same || !(dt >= 0.0) || dt > GAP_MS || dot < 0.0 ||
            dot * dot < TURN_COSINE * TURN_COSINE * r.square * square) {
            s.straight = end_reach(h, r.places, p + r.first, i - r.first) || s.straight;
            r.first = same && square > 0.0 ? i - 1 : i; /* a turn belongs to both */
            r.places = 1;
            r.x = r.y = r.square = 0.0;
        }
        if (!same) {
            s.quick = change_button(h, &r, p, i) || s.quick;
        }
        if (square > 0.0) {
            s.jumps = move_on(h, &r, p[i].t_ms, square) || s.jumps;
            r.x = x;
            r.y = y;
            r.square = square;
        }
    }
    s.straight = end_reach(h, r.places, p + r.first, n - r.first) || s.straight;
    s.straight =
        s.straight && h->straight.part >= STRAIGHT_MIN && 2U * h->straight.part >= h->straight.all;
    s.quick = s.quick && mostly_quick(h);
    s.jumps = s.jumps && h->jumps.part >= JUMPS_MIN && 4U * h->jumps.part >= h->jumps.all;
    return s;
}

/* ---- a finger ---- */

static int16_t halves(double px)
{
    return (int16_t)lrint(fmin(fmax(2.0 * px, INT16_MIN), INT16_MAX));
}

/* Note the ends of a swipe; true when they are those of the swipe before. */
static bool ends_again(struct bot_habits *h, const canara_point_t *a, const canara_point_t *b)
{
    const int16_t ends[4] = {halves(a->x), halves(a->y), halves(b->x), halves(b->y)};
    bool same = h->swipes > 0;
    for (size_t i = 0; i < 4; i++) {
        same = same && abs(h->ends[i] - ends[i]) <= SAME_HALVES;
        h->ends[i] = ends[i];
    }
    return same;
}

static void count_swipe(struct bot_habits *h, const canara_point_t *p, size_t n,
                        struct bot_shown *s)
{
    const bool again = ends_again(h, p, &p[n - 1]);
    const bool straight = n >= SWIPE_POINTS && is_line(p, n, LONG_PX);
    if (h->swipes == UINT8_MAX) {
        h->swipes /= 2;
        h->straight_swipes /= 2;
        h->swipe_ms.squares *= 0.5F;
    }
    h->swipes++;
    h->straight_swipes = (uint8_t)(h->straight_swipes + straight);
    take(&h->swipe_ms, h->swipes, p[n - 1].t_ms - p->t_ms);
    s->again = s->again || again;
    s->even = s->even || is_even(&h->swipe_ms, h->swipes, SWIPES_MIN);
    s->straight = s->straight || (straight && h->straight_swipes >= STRAIGHT_MIN &&
                                  4U * h->straight_swipes >= 3U * h->swipes);
}

static void count_tap(struct bot_habits *h, double ms, struct bot_shown *s)
{
    const bool quick = ms < QUICK_MS;
    count(&h->quick, quick);
    if (h->taps == UINT8_MAX) {
        h->taps /= 2;
        h->tap_ms.squares *= 0.5F;
    }
    h->taps++;
    take(&h->tap_ms, h->taps, ms);
    s->even = s->even || is_even(&h->tap_ms, h->taps, TAPS_MIN);
    s->quick = s->quick || (quick && mostly_quick(h));
}

struct bot_shown bot_habits_touch(struct bot_habits *h, const canara_point_t *p, size_t n)
{
    struct bot_shown s = {.even = false};
    for (size_t first = 0; first < n;) {
        const size_t length = path_stroke_length(p, n, first);
        const canara_point_t *const a = p + first;
        const canara_point_t *const b = a + length - 1;
        const double reach = sqrt((b->x - a->x) * (b->x - a->x) + (b->y - a->y) * (b->y - a->y));
        const double ms = b->t_ms - a->t_ms;
        first += length;
        if (length < 2 || b->buttons != PATH_TOUCH_UP || !(ms >= 0.0)) {
            continue; /* cut by a message: nobody knows how long it was */
        }
        if (reach >= SWIPE_PX) {
            count_swipe(h, a, length, &s);
        } else if (reach < TAP_PX && ms < TAP_MS) {
            count_tap(h, ms, &s);
        }
    }
    return s;
}
