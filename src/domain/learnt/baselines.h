/*
 * baselines.h - with DEBUG only: how the newest events looked beside the owner's own habit.
 *
 * Floor      domain/learnt
 * Ownership  baselines_note() makes it when there is something to note; baselines_free() takes it.
 * Errors     none: without memory nothing is noted.
 * Threads    the owner loop of the session.
 */
#ifndef DOMAIN_BASELINES_H
#define DOMAIN_BASELINES_H

#include "base/clock.h"

#include <canara.h>
#include <stddef.h>

enum { BASELINES_PER_REASON = 3, BASELINES_KEPT = 24, BASELINES_APART_MS = 20 };

struct baselines {
    wall_t noted; /* when the newest event was */
    int kind;     /* that it is of */
    size_t count;
    canara_baseline_t row[BASELINES_KEPT];
};

/* Put what stands out in this event in the place of what was noted for the same reason before. An
 * event that follows another one of its kind within BASELINES_APART_MS is left out: it is for people to
 * read. */
void baselines_note(struct baselines **place, const struct canara_profile *profile,
                    const canara_event_t *event, wall_t at);

/* Free and leave NULL; accepts NULL. */
void baselines_free(struct baselines **place);

#endif
