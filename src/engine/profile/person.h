/*
 * person.h - is it the same person? From evidence to what the filter is given.
 *
 * Floor      engine/profile
 * Source     docs/engine/README.md, "Person": weight (mu_i - mu_g) / var, centre (mu_i + mu_g) / 2,
 *            limit by modality, divided by the variance that correlation inside a session adds.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_PERSON_H
#define ENGINE_PERSON_H

#include "engine/profile/profile.h"
#include "engine/session/session_state.h"

/* How the scores of one modality are weighed for one user. */
struct person_weight {
    double owner;    /* nats: mean evidence of the owner's own samples */
    double centre;   /* nats: half way between the owner's mean and everybody else's */
    double weight;   /* 0..PERSON_WEIGHT_MAX */
    double limit;    /* nats: most that one event may say, > 0 */
    double variance; /* >= 1: how much less a run of events says than its count */
};

#define PERSON_WEIGHT_MAX  1.25
#define PERSON_APART_MIN   0.5  /* deviations between owner and others: below, nothing is said */
#define PERSON_PRIOR_COUNT 20.0 /* own scores that weigh as much as people in general */
#define PERSON_BIAS_SHRINK 5.0
/* Chosen on simulated people of seed 1001: docs/decisions/0044. */
#define PERSON_ALIKE      0.15
#define PERSON_ALIKE_MOST 12.0

/* Of texts, chosen on texts made of MOBIKEY's passwords, and of what is summed up by whoever sends it (typing,
 * mouse, scrolling), on summaries of MEU, MOBIKEY and Balabit: docs/decisions/0054, 0085. */
#define PERSON_TEXT_ALIKE      1.0
#define PERSON_TEXT_ALIKE_MOST 3.0

/* Of how the device is held, as texts, and for longer: docs/decisions/0060. */
#define PERSON_MOTION_ALIKE_MOST 12.0

#define PERSON_RUN 10.0 /* samples: `run` is for so many */

enum { PERSON_MEMORY = 60 };

/* How evidence is weighed: the user's own mean and variance where they are known. */
struct person_weight person_weight_of(const struct fusion *f, const struct own_tally *tally);

/* Clip, weigh and discount one calibrated log ratio `l`; `bias` is the session's own offset. */
double person_weigh(double l, double bias, const struct person_weight *w);

/* Samples are alike within a session. What the n-th adds when those before it
 * came to `heard`: the sum over 1 + (n - 1) r, for r = (run - 1) / 9, of the newest PERSON_MEMORY or so
 * (equal correlation r between any two). */
double person_average(double heard, size_t before, double nats, double run);

/* The same where whole sessions are doubted: what has been heard ends where odd sessions begin, and the
 * average goes on behind (docs/decisions/0078). With ends at FUSION_SURE, person_average(). */
double person_average_doubted(double heard, size_t before, double nats, const struct fusion *f);

/* By how much a sample counts less behind so many of its share in the session: what a person does in one
 * session has the day in common, in whatever field (Kish 1965, as V), and texts and summaries have more: who resembles
 * the owner by chance does so each time. 1 for the first. */
double person_alike(enum sample_kind kind, size_t before);

/* What may be added of `nats` when a modality has said `said` by now and the profile knows so few samples:
 * below EVIDENCE_YOUNG, all samples together never say more than half a nat for each known one. */
double person_young(size_t known, double said, double nats);

/* Score an event against the owner's profile and hand the result to the filter. Without a profile
 * nothing can be said about the person, and nothing is. */
void person_look(struct session_state *s, const struct canara_profile *profile,
                 const canara_event_t *event);

/* The same with the page of a navigation_pattern, which is remembered for the next. */
void person_look_at_page(struct session_state *s, const struct canara_profile *profile,
                         const canara_event_t *event);

/* Note what a modality has said: `nats` given to the filter, `off` the owner's usual. */
void person_hear(struct session_state *s, enum share share, double nats, double off);

/* A proof: what was odd about each modality until now is the owner's own offset today. */
void person_proved(struct session_state *s);

#endif
