/*
 * segments_steps_test.h - what tests of the keeper look at and wait for.
 *
 * Floor      journal (tests only)
 * Threads    the test's own, beside the keeper's.
 */
#ifndef JOURNAL_SEGMENTS_STEPS_TEST_H
#define JOURNAL_SEGMENTS_STEPS_TEST_H

#include "journal/segments.h"
#include "journal/writer.h"
#include "tests/support/journal.h"

#include <unistd.h>

enum { WAIT_MS = 5000 };

/* Whether the next segment stands ready. */
static inline bool is_prepared(struct segments *s)
{
    assert_int_equal(pthread_mutex_lock(&s->lock), 0);
    const bool yes = s->prepared >= 0;
    assert_int_equal(pthread_mutex_unlock(&s->lock), 0);
    return yes;
}

/* Wait until the journal takes events, or no more. */
static inline void wait_until(const struct journal *j, bool takes)
{
    for (int ms = 0; journal_takes_events(j) != takes; ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
}

#endif
