/*
 * watch.h - what may be seen of a training while it runs: how far it is, and how calibrated it came out.
 *
 * Floor      lab/people
 * Ownership  the caller's; everything is borrowed.
 * Errors     ERR_NOMEM of the calibration.
 * Threads    one at a time.
 */
#ifndef LAB_WATCH_H
#define LAB_WATCH_H

#include "lab/people/calibration.h"

#include <stddef.h>

struct watch {
    void (*progress)(void *ctx, size_t done, size_t all); /* may be NULL */
    void *ctx;
    size_t done, all;                /* steps */
    size_t left_out;                 /* fields whose people type texts of their own */
    struct calibration *calibration; /* evidence of trials among background people; may be NULL */
};

/* One step more, of a watch that may be NULL. */
static inline void watch_step(struct watch *w)
{
    if (w != NULL && w->done < w->all) {
        w->done++;
        if (w->progress != NULL) {
            w->progress(w->ctx, w->done, w->all);
        }
    }
}

/* Where its trials go, or NULL. */
static inline struct calibration *watch_calibration(const struct watch *w)
{
    return w == NULL ? NULL : w->calibration;
}

#endif
