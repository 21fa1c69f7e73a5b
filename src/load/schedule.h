/*
 * schedule.h - when each request of an open loop is due, whatever the server does meanwhile.
 *
 * Floor      load
 * Source     coordinated omission: a client that waits for answers sends less just when it matters
 *            (Tene, "How not to measure latency", 2013). Here a request has its moment; time that it
 *            waits for its turn counts as latency.
 * Units      nanoseconds since the begin of the schedule.
 * Ownership  a value.
 * Errors     none.
 * Threads    any.
 */
#ifndef LOAD_SCHEDULE_H
#define LOAD_SCHEDULE_H

#include <stdint.h>

struct schedule {
    double per_second; /* > 0 */
    double ramp_s;     /* the rate grows evenly from 0 for so long */
};

/* The moment of request `n` (from 0). Later ones are never earlier. */
int64_t schedule_time(const struct schedule *s, uint64_t n);

/* How many requests are due at this moment: those of a time up to and including it. */
uint64_t schedule_due(const struct schedule *s, int64_t elapsed_ns);

#endif
