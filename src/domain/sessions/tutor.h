/*
 * tutor.h - learns from sessions that have ended, behind everybody's back and never in their way.
 *
 * Floor      domain/sessions
 * Source     docs/decisions/0015: a lesson reads the session's records in the journal once more; many
 *            lessons share one walk over it.
 * Ownership  tutor_new/tutor_free; what is handed in is copied.
 * Errors     a lesson that cannot be given is dropped, counted and logged: the account is known a
 *            session less well, nothing else.
 * Threads    hand in from any; tutor_run() in one thread of its own.
 */
#ifndef DOMAIN_TUTOR_H
#define DOMAIN_TUTOR_H

#include "domain/ground/service.h"
#include "domain/sessions/live.h"

#include <stddef.h>

enum {
    LESSONS_MAX = 4096,   /* that wait; more are dropped */
    LESSONS_IN_CLASS = 32 /* that share one walk over the journal: their profiles are in memory */
};

struct tutor;

NODISCARD err_t tutor_new(struct service *svc, struct tutor **out);
void tutor_free(struct tutor **t);

/* A session ends: remember what a lesson from it needs. Not for a blocked or empty one. Does nothing
 * without a tutor or a model. Called in the owner's loop; `lane` holds the session's records. */
void tutor_hand_in(struct service *svc, const struct journal_lane *lane, const struct live *live);

/* Give one class: some of the lessons that wait. Returns how many of them are to be tried again. */
size_t tutor_teach(struct tutor *t);

/* Teach until tutor_stop(); then what waits, for at most two seconds. */
void tutor_run(struct tutor *t);

void tutor_stop(struct tutor *t);

/* Lessons that wait now. */
size_t tutor_depth(struct tutor *t);

#endif
