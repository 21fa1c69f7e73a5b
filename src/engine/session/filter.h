/*
 * filter.h - the two-state filter of a session: owner or other, and the risk that follows.
 *
 * Floor      engine/session
 * Source     docs/engine/README.md, "Risk": a two-state hidden Markov model with a rate of change
 *            (Rabiner, "A tutorial on hidden Markov models", 1989), whose posterior is the risk.
 * Units      nats, milliseconds, probabilities 0..1.
 * Errors     none: every value that comes in was checked at the door.
 * Threads    no shared state.
 * Precision  double; the same calls give the same bits.
 */
#ifndef ENGINE_FILTER_H
#define ENGINE_FILTER_H

#include "engine/session/session_state.h"

#define FILTER_START       0.05  /* p at the beginning of a session */
#define FILTER_REST        0.025 /* what p goes back to without evidence */
#define FILTER_TIME_MS     600000.0
#define FILTER_EDGE        1e-9 /* p is kept in [edge, 1 - edge] */
#define FILTER_PASSED      0.02 /* p after a proof is at most this */
#define FILTER_PASS_SHARE  0.25 /* what a proof leaves of B and C */
#define FILTER_FAIL_NATS   2.0
#define FILTER_LAMBDA_MAX  60.0 /* past every context, so that any risk can be predicted */
#define BOT_HALF_LIFE_MS   600000.0
#define BOT_ODDS_PER_PRIOR 19.0 /* (1 - FILTER_START) / FILTER_START */

/* A session without evidence. */
void filter_begin(struct session_state *s, int64_t at_ms);

/* Let time pass up to `at_ms`; nothing happens when that is not later. */
void filter_advance(struct session_state *s, int64_t at_ms);

/* Take in nats about the person, already weighted. */
void filter_evidence(struct session_state *s, enum share share, double nats);

/* Take back so much of what was said about the person since `unheard` as lifts the risk above
 * `ceiling`, from whichever modality said it. What else lifts it stays. */
void filter_hold(struct session_state *s, const session_mark_t *unheard, double ceiling);

/* A MPIN that was right; it never raises the risk. */
void filter_passed(struct session_state *s);

/* A MPIN that was wrong. */
void filter_failed(struct session_state *s);

/* Set the state so that the risk is `risk` now, and not a rounding below it. */
void filter_predict(struct session_state *s, double risk);

/* 1 - 1 / (1 + e^(lambda + C) + (e^B - 1) / 19); 1 where a damaged session makes no number of it. */
double filter_risk(const struct session_state *s);

#endif
