#include "engine/machines/replay.h"

#include "base/err.h"
#include "base/util.h"
#include "engine/arithmetic/lanes.h"
#include "engine/arithmetic/numbers.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Bins a nat: neighbours of a key time differ by a twentieth. With the ten that one would like for
 * recordings that arrive with noise, a typist whose times vary by 5 % repeats twelve of them now and
 * then and would be blocked as his own replay (docs/engine/replay.md has the measurement). Summaries
 * have fewer numbers and arrive as they were written. */
#define BINS_A_NAT   20.0
#define SUMMARY_BINS 40.0
#define FINE_BINS    160.0 /* of an event that has one number only, the second time */
#define STEP_PX      4.0   /* less is a trembling hand, or a slow one */
#define CELL_PX      8.0   /* where a path begins */
#define STEP_BINS    5.0   /* a nat: a step is made of three numbers */
#define HUGE_NUMBER  1e9
#define UNSURE       1e-4F /* of a bin: five times the error of its float */
#define TINY         1e-3  /* s, px/s, m/s2: nothing below is measured */

#define ROLL_BASE UINT64_C(0x9e3779b97f4a7c15)
#define ROLL_OUT  UINT64_C(0x4114e3439eebf211) /* its 12th power, modulo 2^64 */

static_assert(REPLAY_GRAM == 12, "ROLL_OUT and enter() know it");

enum channel {
    CH_HOLD = 1,
    CH_DOWN,
    CH_INTERVAL,
    CH_SPEED,
    CH_SHARE,
    CH_PAGE,
    CH_STAY,
    CH_MOUSE,
    CH_IDLE,
    CH_CLICKS,
    CH_PIXELS,
    CH_VELOCITY,
    CH_MOTION, /* and eleven more */
    CH_X = 32,
    CH_Y,
    CH_STEP,
    CH_PRESS,
    CH_FINE /* a second look at the only number of an event */
};

/* One event on its way through. */
struct feed {
    replay_stream_t *r;
    replay_take_fn take;
    void *ctx;
    replay_grams_t grams;
    size_t tokens; /* of this event */
    double only;   /* its last number */
};

/* ---- tokens into grams ---- */

/* murmur3's finish (Appleby, 2011): every bit of the result depends on every bit of `h`. */
static NO_SANITIZE_WRAP uint64_t mix(uint64_t h)
{
    h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ (h >> 33);
}

static void hand_over(struct feed *f)
{
    if (f->grams.looks > 0 || f->grams.keeps > 0) {
        f->take(f->ctx, &f->grams);
    }
    f->grams.looks = 0;
    f->grams.keeps = 0;
}

/* One more, and no more than `most`. */
static uint8_t up_to(uint8_t n, uint8_t most)
{
    return n < most ? (uint8_t)(n + 1) : most;
}

/* The least of the window, of equal ones the newest. */
static void find_least(replay_stream_t *r)
{
    size_t at = r->window_at; /* the oldest */
    r->least = UINT64_MAX;
    for (unsigned i = 1; i <= REPLAY_WINDOW; i++) {
        if (r->window[at] <= r->least) {
            r->least = r->window[at];
            r->least_age = (uint8_t)(REPLAY_WINDOW - i);
        }
        at = at + 1 == REPLAY_WINDOW ? 0 : at + 1;
    }
}

/* Slide the window by one gram; true when another one is its least, which is to be kept. */
static bool slide(replay_stream_t *r, uint64_t gram)
{
    r->window[r->window_at] = gram;
    r->window_at = (uint8_t)(r->window_at + 1 == REPLAY_WINDOW ? 0 : r->window_at + 1);
    r->least_age = up_to(r->least_age, REPLAY_WINDOW);
    const bool was_full = r->grams == REPLAY_WINDOW;
    r->grams = up_to(r->grams, REPLAY_WINDOW);
    bool other = true;
    if (gram <= r->least) {
        r->least = gram;
        r->least_age = 0;
    } else if (r->least_age == REPLAY_WINDOW) {
        find_least(r);
    } else {
        other = false;
    }
    const bool full = r->grams == REPLAY_WINDOW;
    return full && (other || !was_full) && r->least != UINT64_MAX;
}

/* Bit `i`, if the token there is this one. */
static unsigned same(const replay_stream_t *r, unsigned i, uint32_t token)
{
    return (unsigned)(r->token[i] == token) << i;
}

/* Put a token into the ring and count how many differ in it. Of equal ones only the newest bears
 * its bit, so that at most two bits go. */
static void enter(replay_stream_t *r, uint32_t token)
{
    const unsigned here = 1U << r->at;
    const unsigned equal = same(r, 0, token) | same(r, 1, token) | same(r, 2, token) |
                           same(r, 3, token) | same(r, 4, token) | same(r, 5, token) |
                           same(r, 6, token) | same(r, 7, token) | same(r, 8, token) |
                           same(r, 9, token) | same(r, 10, token) | same(r, 11, token);
    const unsigned gone = r->newest & (equal | here);
    const bool two = gone != 0 && (gone & (gone - 1U)) != 0;
    r->distinct = (uint8_t)(r->distinct + 1 - (gone != 0) - two);
    r->newest = (uint16_t)((r->newest & ~gone) | here);
    r->token[r->at] = token;
    r->at = (uint8_t)(r->at + 1 == REPLAY_GRAM ? 0 : r->at + 1);
    r->tokens = up_to(r->tokens, REPLAY_GRAM);
}

static NO_SANITIZE_WRAP void push(struct feed *f, uint32_t token)
{
    replay_stream_t *const r = f->r;
    const uint64_t out = r->tokens == REPLAY_GRAM ? r->token[r->at] : 0;
    enter(r, token);
    r->roll = r->roll * ROLL_BASE + token - out * ROLL_OUT;
    f->tokens++;
    if (r->tokens < REPLAY_GRAM) {
        return;
    }
    const bool speaks = r->distinct >= REPLAY_DISTINCT;
    const uint64_t gram = speaks ? mix(r->roll) >> 1 : UINT64_MAX;
    if (slide(r, gram)) {
        f->grams.keep[f->grams.keeps++] = r->least;
    }
    if (speaks) {
        f->grams.look[f->grams.looks++] = gram;
    }
    if (f->grams.looks == REPLAY_BATCH || f->grams.keeps == REPLAY_BATCH) {
        hand_over(f);
    }
}

/* ---- numbers into tokens ---- */

static uint32_t token_of(enum channel channel, int64_t bin)
{
    const uint64_t wide = mix(((uint64_t)channel << 48) ^ ((uint64_t)bin & 0xffffffffffffU));
    return (uint32_t)(wide >> 32) | 1U; /* never 0, which stands for "none yet" */
}

static int64_t whole_below(double x)
{
    const int64_t whole = (int64_t)x;
    return whole - ((double)whole > x);
}

/* TINY for NaN, which no check lets through. */
static double size_of(double x)
{
    const double size = fabs(x);
    return size > TINY ? (size < HUGE_NUMBER ? size : HUGE_NUMBER) : TINY;
}

static int64_t bin_of(double x, double bins)
{
    const int64_t bin = whole_below(bins * log(size_of(x)));
    return x < 0.0 ? bin - (INT64_C(1) << 32) : bin;
}

static void number(struct feed *f, enum channel channel, double x, double bins)
{
    if (fabs(x) < TINY) {
        return; /* a zero is what nobody measured */
    }
    f->only = x;
    push(f, token_of(channel, bin_of(x, bins)));
}

/* A number of a summary. One of two digits, or of three that end in 5, was perhaps written by a
 * programmer: 0.15 s, 60 words a minute. It says nothing. */
static void summary(struct feed *f, enum channel channel, double x)
{
    static const double decade[] = {1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    const double size = fabs(x);
    if (!(size >= TINY && size <= HUGE_NUMBER)) {
        return;
    }
    size_t at = 0;
    while (at + 1 < ARRAY_LEN(decade) && size >= decade[at + 1]) {
        at++;
    }
    const double twentieths = 20.0 * size / decade[at];
    if (fabs(twentieths - rint(twentieths)) > 1e-6) {
        number(f, channel, x, SUMMARY_BINS);
    }
}

/* ---- events ---- */

static void keystrokes(struct feed *f, const canara_event_t *e)
{
    const canara_key_t *const keys = e->of.keystrokes.keys;
    for (size_t i = 0; (e->has & CANARA_F_KEYS) != 0 && i < e->of.keystrokes.count; i++) {
        if (i > 0) {
            number(f, CH_DOWN, keys[i].down_ms - keys[i - 1].down_ms, BINS_A_NAT);
        }
        number(f, CH_HOLD, keys[i].up_ms - keys[i].down_ms, BINS_A_NAT);
    }
}

enum { STEPS_ABREAST = 32 }; /* of a path are made into tokens at once: their logarithms overlap */

static_assert(STEPS_ABREAST % LANES == 0, "whole lanes");

struct steps {
    size_t n;
    double size[3][STEPS_ABREAST]; /* of dt, dx, dy */
    uint8_t ways[STEPS_ABREAST];   /* bit 0: dx < 0, 1: dy < 0, 2: |dx| < 1, 3: |dy| < 1 */
};

static void put_step(struct steps *s, double dt, double dx, double dy)
{
    s->size[0][s->n] = size_of(dt);
    s->size[1][s->n] = size_of(dx);
    s->size[2][s->n] = size_of(dy);
    s->ways[s->n++] = (uint8_t)((dx < 0.0 ? 1U : 0U) | (dy < 0.0 ? 2U : 0U) |
                                (fabs(dx) < 1.0 ? 4U : 0U) | (fabs(dy) < 1.0 ? 8U : 0U));
}

/* Bins of sizes by a float's logarithm; `unsure` gets all ones where one lies next to an edge. Whole lanes
 * are read and written. */
static void step_bins(const double *size, size_t n, int32_t *bin, int32_t *unsure)
{
    for (size_t i = 0; i < n; i += LANES) {
        const lanes_t x = {(float)size[i], (float)size[i + 1], (float)size[i + 2],
                           (float)size[i + 3]};
        const lanes_t nearly = (float)STEP_BINS * lanes_log(x);
        lanes_int_t whole = __builtin_convertvector(nearly, lanes_int_t);
        whole += __builtin_convertvector(whole, lanes_t) > nearly; /* all ones where true: -1 */
        const lanes_t above = nearly - __builtin_convertvector(whole, lanes_t);
        lanes_int_t near_edge = (above < UNSURE) | (above > 1.0F - UNSURE);
        lanes_int_t before;
        memcpy(&before, unsure + i, sizeof before);
        near_edge |= before;
        memcpy(bin + i, &whole, sizeof whole);
        memcpy(unsure + i, &near_edge, sizeof near_edge);
    }
    static_assert(LANES == 4, "four sizes");
}

/* A step is one token of three numbers: a path has more of them than anything else. What lies next to an
 * edge takes the exact logarithm: so a number has the same bin as ever. */
static void push_steps(struct feed *f, struct steps *s)
{
    int32_t SCRATCH bin[3][STEPS_ABREAST];
    int32_t unsure[STEPS_ABREAST] = {0};
    for (size_t axis = 0; axis < 3; axis++) {
        for (size_t i = s->n; i % LANES != 0; i++) {
            s->size[axis][i] = 1.0;
        }
        step_bins(s->size[axis], s->n, bin[axis], unsure);
    }
    for (size_t i = 0; i < s->n; i++) {
        for (size_t axis = 0; unsure[i] != 0 && axis < 3; axis++) {
            const double size = s->size[axis][i];
            const bool is_one =
                size >= 1.0 && size <= 1.0; /* px: the only number that is often met */
            bin[axis][i] = is_one ? 0 : (int32_t)whole_below(STEP_BINS * log(size));
        }
        const int64_t slow = bin[0][i] & 0xff;
        const int64_t right = (s->ways[i] & 4U) != 0 ? 0x8000 : bin[1][i] & 0x7fff;
        const int64_t down = (s->ways[i] & 8U) != 0 ? 0x8000 : bin[2][i] & 0x7fff;
        const int64_t ways = s->ways[i] & 3U;
        push(f, token_of(CH_STEP, slow | right << 8 | down << 24 | ways << 40));
    }
    s->n = 0;
}

static void path(struct feed *f, const canara_event_t *e)
{
    const canara_point_t *const points = e->of.path.points;
    const size_t count = e->of.path.count;
    if ((e->has & CANARA_F_POINTS) == 0 || count == 0 || !(fabs(points[0].x) < 1e9) ||
        !(fabs(points[0].y) < 1e9)) {
        return;
    }
    push(f, token_of(CH_X, (int64_t)floor(points[0].x / CELL_PX)));
    push(f, token_of(CH_Y, (int64_t)floor(points[0].y / CELL_PX)));
    const canara_point_t *from = points;
    const canara_point_t *press = points;
    struct steps SCRATCH steps;
    steps.n = 0;
    for (size_t i = 1; i < count; i++) {
        const canara_point_t *const p = &points[i];
        const double dx = p->x - from->x;
        const double dy = p->y - from->y;
        if (fabs(dx) >= STEP_PX || fabs(dy) >= STEP_PX) {
            put_step(&steps, p->t_ms - from->t_ms, dx, dy);
            from = p;
        }
        const bool presses = p->buttons != points[i - 1].buttons;
        if (presses || steps.n == STEPS_ABREAST) {
            push_steps(f, &steps);
        }
        if (presses) {
            number(f, CH_PRESS, p->t_ms - press->t_ms, BINS_A_NAT);
            press = p;
        }
    }
    push_steps(f, &steps);
}

static void motion(struct feed *f, const canara_event_t *e)
{
    for (int i = 0; (e->has & CANARA_F_MOTION) != 0 && i < 6; i++) {
        summary(f, (enum channel)(CH_MOTION + i), e->of.motion.mean[i]);
        summary(f, (enum channel)(CH_MOTION + 6 + i), e->of.motion.sd[i]);
    }
}

static void sent(struct feed *f, const canara_event_t *e, uint32_t field, enum channel channel,
                 const double *x)
{
    if ((e->has & field) != 0) {
        summary(f, channel, *x);
    }
}

static void typing(struct feed *f, const canara_event_t *e)
{
    const size_t intervals =
        (e->has & CANARA_F_KEY_PRESS_INTERVALS) != 0 ? e->of.typing.intervals : 0;
    sent(f, e, CANARA_F_WORDS_PER_MINUTE, CH_SPEED, &e->of.typing.words_per_minute);
    for (size_t i = 0; i < intervals; i++) {
        summary(f, CH_INTERVAL, e->of.typing.key_press_intervals[i]);
    }
    sent(f, e, CANARA_F_BACKSPACE_FREQUENCY, CH_SHARE, &e->of.typing.backspace_frequency);
}

static void tokens_of(struct feed *f, const canara_event_t *e)
{
    switch (e->kind) {
    case CANARA_TYPING_PATTERN: typing(f, e); return;
    case CANARA_NAVIGATION_PATTERN:
        sent(f, e, CANARA_F_PAGE_SWITCHES, CH_PAGE, &e->of.navigation.page_switches_per_minute);
        sent(f, e, CANARA_F_TIME_ON_PAGE, CH_STAY, &e->of.navigation.time_on_page_s);
        return;
    case CANARA_MOUSE_MOVEMENT:
        sent(f, e, CANARA_F_MOVEMENT_SPEED, CH_MOUSE, &e->of.mouse.movement_speed);
        sent(f, e, CANARA_F_IDLE_TIME, CH_IDLE, &e->of.mouse.idle_time_s);
        return;
    case CANARA_RAPID_CLICKS:
        sent(f, e, CANARA_F_CLICKS_PER_SECOND, CH_CLICKS, &e->of.clicks.clicks_per_second);
        return;
    case CANARA_SCROLL:
        sent(f, e, CANARA_F_PIXELS, CH_PIXELS, &e->of.scroll.pixels);
        sent(f, e, CANARA_F_VELOCITY, CH_VELOCITY, &e->of.scroll.velocity);
        return;
    case CANARA_KEYSTROKES: keystrokes(f, e); return;
    case CANARA_POINTER:
    case CANARA_TOUCH: path(f, e); return;
    case CANARA_MOTION: motion(f, e); return;
    case CANARA_TRANSACTION_ATTEMPT: /* the same sum again is no replay */
    case CANARA_LARGE_TRANSACTION:
    case CANARA_COPY_PASTE_BEHAVIOR:
    case CANARA_UNUSUAL_NAVIGATION:
    case CANARA_NEW_BENEFICIARY:
    case CANARA_OFF_HOURS_ACTIVITY:
    case CANARA_MULTIPLE_LOGIN_ATTEMPTS:
    case CANARA_IDLE_TIMEOUT:
    case CANARA_NORMAL_TYPING:
    case CANARA_DEVICE_CONTEXT:
    case CANARA_LIFECYCLE:
    case CANARA_FEATURES: /* evaluation only */
    case CANARA_UNKNOWN:
    case CANARA_EVENT_KINDS: return;
    }
}

void replay_begin(replay_stream_t *r)
{
    memset(r, 0, sizeof *r);
    r->least = UINT64_MAX;
}

void replay_event(replay_stream_t *r, const canara_event_t *event, replay_take_fn take, void *ctx)
{
    struct feed f;
    f.r = r;
    f.take = take;
    f.ctx = ctx;
    f.grams.looks = 0;
    f.grams.keeps = 0;
    f.tokens = 0;
    f.only = 0.0;
    tokens_of(&f, event);
    if (f.tokens == 1) { /* twelve events must be enough, whatever they are */
        push(&f, token_of(CH_FINE, bin_of(f.only, FINE_BINS)));
    }
    hand_over(&f);
}
