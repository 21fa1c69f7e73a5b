/*
 * persona_body.h - how one simulated person types, points, swipes and wanders.
 *
 * Floor      app/persona
 * Source     log-normal holds and gaps: Gonzalez et al., "On the shape of timings distributions in
 *            free-text keystroke dynamics", 2021. Reaches of lognormal strokes: Plamondon, "A
 *            kinematic theory of rapid human movements", 1995; noise by Harris and Wolpert, 1998; time by
 *            Fitts, 1954.
 * Units      milliseconds, px; `mean` and `spread` of a log-normal are of the natural logarithm.
 * Ownership  plain value; equal seeds give equal people.
 * Errors     none.
 * Threads    one at a time.
 */
#ifndef APP_PERSONA_BODY_H
#define APP_PERSONA_BODY_H

#include "base/rng.h"
#include "canara.h"

#include <stdbool.h>
#include <stdint.h>

enum persona_page { PAGE_DASHBOARD, PAGE_TRANSFER, PAGE_HISTORY, PAGE_PROFILE, PERSONA_PAGES };

enum { PERSONA_DRIFT_MAX = 400 }; /* sessions over which habits go on drifting */

struct log_normal {
    double mean, spread;
};

struct persona_body {
    bool mobile;
    unsigned device; /* which model and system, an index */
    struct log_normal hold[CANARA_KEY_CLASSES];
    struct log_normal gap[CANARA_KEY_CLASSES]; /* down to down, by the class that comes */
    double typo_share;
    struct log_normal amount;
    struct log_normal dwell[PERSONA_PAGES];
    double next[PERSONA_PAGES][PERSONA_PAGES]; /* each row sums to 1 */
    double reach_base_ms, reach_bit_ms;        /* Fitts: base + bit * log2(distance / 40 + 1) */
    double bow;                                /* how far a reach bends, share of its length */
    double tremor_px;
    double sample_ms;
    double swipe_px, swipe_ms, pressure, area, slant;
};

/* The person of `seed`. */
void body_draw(struct persona_body *body, uint64_t seed);

/* Let his habits drift over `sessions` sessions, and give this one its mood. */
void body_drift(struct persona_body *body, uint64_t seed, unsigned sessions);

/* Draw from a log-normal distribution, smoothly kept above `low`, and cut at `high`. */
double log_normal_draw(const struct log_normal *d, struct rng *r, double low, double high);

#endif
