#include "app/persona/persona_body.h"

#include <math.h>

#define DRIFT_SPREAD 0.012 /* of the log mean of a hold or gap, from one session to the next */
#define MOOD_SPREAD  0.05  /* of all of them, in one session */

double log_normal_draw(const struct log_normal *d, struct rng *r, double low, double high)
{
    const double x = exp(d->mean + d->spread * rng_normal(r));
    return fmin(hypot(x, low), high); /* no pile of equal values at the lower end */
}

static void draw_hands(struct persona_body *b, struct rng *r)
{
    /* clang-format off */
    static const struct {
        double hold_ms, gap_ms;
    } typical[CANARA_KEY_CLASSES] = {
        [CANARA_KEY_LETTER]   = { 95.0, 190.0}, [CANARA_KEY_DIGIT] = { 90.0, 260.0},
        [CANARA_KEY_SPACE]    = { 85.0, 170.0}, [CANARA_KEY_DELETE] = { 80.0, 240.0},
        [CANARA_KEY_ENTER]    = { 90.0, 380.0}, [CANARA_KEY_PUNCT] = { 95.0, 310.0},
        [CANARA_KEY_MODIFIER] = {180.0, 260.0}, [CANARA_KEY_OTHER] = { 90.0, 230.0},
    };

    /* clang-format on */
    const double pace = fmax(0.28 * rng_normal(r), -0.6); /* nobody types 300 words a minute */
    const double touch = 0.20 * rng_normal(r);
    const double steadiness = rng_between(r, 0.28, 0.48);
    for (int c = 0; c < CANARA_KEY_CLASSES; c++) {
        b->hold[c].mean = log(typical[c].hold_ms) + touch + 0.08 * rng_normal(r);
        b->hold[c].spread = rng_between(r, 0.16, 0.30);
        b->gap[c].mean = log(typical[c].gap_ms) + pace + 0.10 * rng_normal(r);
        b->gap[c].spread = steadiness;
    }
    b->typo_share = rng_between(r, 0.01, 0.07);
    b->amount = (struct log_normal){log(rng_between(r, 400.0, 3000.0)), 0.8};
}

static void draw_habits(struct persona_body *b, struct rng *r)
{
    static const double typical[PERSONA_PAGES][PERSONA_PAGES] = {{0.05, 0.45, 0.40, 0.10},
                                                                 {0.55, 0.05, 0.35, 0.05},
                                                                 {0.55, 0.30, 0.05, 0.10},
                                                                 {0.70, 0.10, 0.15, 0.05}};
    static const double seconds[PERSONA_PAGES] = {9.0, 35.0, 16.0, 14.0};
    for (int from = 0; from < PERSONA_PAGES; from++) {
        double sum = 0.0;
        for (int to = 0; to < PERSONA_PAGES; to++) {
            b->next[from][to] = typical[from][to] * exp(0.6 * rng_normal(r));
            sum += b->next[from][to];
        }
        for (int to = 0; to < PERSONA_PAGES; to++) {
            b->next[from][to] /= sum;
        }
        b->dwell[from] = (struct log_normal){log(1000.0 * seconds[from]) + 0.3 * rng_normal(r),
                                             rng_between(r, 0.35, 0.6)};
    }
}

void body_draw(struct persona_body *body, uint64_t seed)
{
    static const double rates[] = {8.0, 1000.0 / 125.0, 1000.0 / 60.0, 10.0};
    struct rng r;
    rng_seed(&r, seed);
    *body = (struct persona_body){.mobile = rng_below(&r, 2) == 1,
                                  .device = (unsigned)rng_below(&r, 4)};
    draw_hands(body, &r);
    draw_habits(body, &r);
    body->reach_base_ms = rng_between(&r, 120.0, 260.0);
    body->reach_bit_ms = rng_between(&r, 110.0, 210.0);
    body->bow = 0.06 * rng_normal(&r);
    body->tremor_px = rng_between(&r, 0.5, 1.4);
    body->sample_ms = rates[rng_below(&r, sizeof rates / sizeof *rates)];
    body->swipe_px = rng_between(&r, 180.0, 620.0);
    body->swipe_ms = rng_between(&r, 130.0, 420.0);
    body->pressure = rng_between(&r, 0.25, 0.75);
    body->area = rng_between(&r, 18.0, 70.0);
    body->slant = 0.15 * rng_normal(&r);
}

void body_drift(struct persona_body *body, uint64_t seed, unsigned sessions)
{
    struct rng r;
    rng_seed(&r, seed);
    const unsigned steps = sessions < PERSONA_DRIFT_MAX ? sessions : PERSONA_DRIFT_MAX;
    for (unsigned s = 0; s < steps; s++) {
        for (int c = 0; c < CANARA_KEY_CLASSES; c++) {
            body->hold[c].mean += DRIFT_SPREAD * rng_normal(&r);
            body->gap[c].mean += DRIFT_SPREAD * rng_normal(&r) - 0.0005; /* practice */
        }
    }
    struct rng mood;
    rng_seed(&mood, seed + UINT64_C(1) + sessions);
    const double slower = MOOD_SPREAD * rng_normal(&mood);
    for (int c = 0; c < CANARA_KEY_CLASSES; c++) {
        body->hold[c].mean += 0.5 * slower;
        body->gap[c].mean += slower;
    }
    body->swipe_ms *= exp(slower);
    body->reach_bit_ms *= exp(slower);
}
