/*
 * measure_people.h - simulated people for the measurements: their sessions as tapes, a model of others,
 *                    and profiles learnt as a server learns them.
 *
 * Floor      app/simulate
 * Source     persona.h; the rhythm of a password: docs/engine/attacks.md.
 * Units      milliseconds.
 * Ownership  tapes and profiles are the caller's; a struct troupe owns its model, troupe_deinit().
 * Errors     ERR_NOMEM; ERR_RANGE: too few people for a model.
 * Threads    one.
 */
#ifndef APP_MEASURE_PEOPLE_H
#define APP_MEASURE_PEOPLE_H

#include "app/persona/persona.h"
#include "base/buf.h"
#include "base/err.h"
#include "canara.h"
#include "codec/event_scan.h"
#include "lab/sets/tape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PASSWORD_KEYS = 10, MEASURE_SESSION_DAYS_MS = 86400000 };

/* How somebody types one password: logarithms of ms. */
struct rhythm {
    double hold[PASSWORD_KEYS], gap[PASSWORD_KEYS];
    double hold_spread, gap_spread;
};

/* One person of the measurements. */
struct actor {
    uint64_t seed;
    struct persona_body body;
    struct rhythm rhythm; /* of the owner's password, whoever types it */
};

/* What is read and drawn with, once for all. */
struct troupe {
    uint64_t seed;
    struct event_scratch *scratch;
    scanned_event_t *scanned;
    struct buf text;
    struct canara_model *model;
};

/* A crowd without a model: NULL says nothing about persons. */
NODISCARD err_t troupe_init(struct troupe *c, uint64_t seed);
void troupe_deinit(struct troupe *c);

/* Make the model out of so many people of other seeds, each with so many sessions. */
NODISCARD err_t troupe_train(struct troupe *c, size_t people, unsigned sessions);

/* Person `number`, on a phone or a computer as his seed will have it. */
void actor_draw(const struct troupe *c, size_t number, struct actor *out);

/* Somebody else who uses the same kind of device. */
void actor_other(const struct troupe *c, const struct actor *owner, size_t number,
                 struct actor *out);

/* Between two: `share` of the way from `a` to `b`, in everything that is measured. */
void actor_between(const struct actor *a, const struct actor *b, double share, struct actor *out);

/* Type the password once, behind what is on the tape. */
NODISCARD err_t actor_login(const struct actor *a, struct rng *r, struct tape *t, int64_t ms);

/* Session `number` of the person: the password, then 3 to 12 minutes of banking. */
NODISCARD err_t actor_session(struct troupe *c, const struct actor *a, unsigned number,
                              struct tape *t, int64_t at_ms);

/* An empty profile that has learnt from the first `sessions` sessions, as a server lets it. */
NODISCARD err_t actor_learnt(struct troupe *c, const struct actor *a, unsigned sessions,
                             struct canara_profile **out);

/* The same profile once more. */
NODISCARD err_t profile_copy(const struct troupe *c, const struct canara_profile *from,
                             struct canara_profile **out);

/* When session `number` begins, ms since 1970. */
int64_t session_begin_ms(unsigned number);

#endif
