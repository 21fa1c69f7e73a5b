/*
 * baselines.h - with DEBUG only: how the newest events looked beside the owner's own habit.
 *
 * Floor      domain
 * Ownership  baselines_note() makes it when there is something to note; baselines_free() takes it.
 * Errors     none: without memory nothing is noted.
 * Threads    the owner loop of the session.
 */
#ifndef DOMAIN_BASELINES_H
#define DOMAIN_BASELINES_H

#include <canara.h>
#include <stddef.h>

enum { BASELINES_PER_REASON = 3, BASELINES_KEPT = 24 };

struct baselines {
    size_t count;
    canara_baseline_t row[BASELINES_KEPT];
};

/* Put what stands out in this event in the place of what was noted for the same reason before. */
void baselines_note(struct baselines **place, const struct canara_profile *profile,
                    const canara_event_t *event);

/* Free and leave NULL; accepts NULL. */
void baselines_free(struct baselines **place);

#endif
