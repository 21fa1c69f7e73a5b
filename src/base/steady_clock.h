/*
 * steady_clock.h - how far the wall clock can be believed, by what the monotonic clock says passed.
 *
 * Floor      base
 * Source     docs/decisions/0058-a-time-that-is-vouched-for.md
 * Units      wall_t, mono_t, milliseconds.
 * Ownership  steady_clock_new() makes it, steady_clock_free() takes it; the clock below is borrowed.
 * Errors     ERR_NOMEM.
 * Threads    any; it synchronises itself.
 *
 * A wall clock may jump: somebody set it, NTP put it right, or the machine stood still. Which of these
 * it was nobody can know at once. So there are two times. The *vouched* one has surely passed: it goes
 * on as the monotonic clock does, and follows a jump forward only when the wall clock has been steady
 * behind it for STEADY_FOR_MS, or an operator accepts it. Whoever deletes, forgets or forgives asks for
 * that. The *latest* one may have passed: whoever ends a right asks for that.
 *
 * The newest time is the highest that was vouched for. It is kept over starts, and never goes back but
 * by steady_clock_accept(). While nothing is on record it begins with the first time that was steady.
 */
#ifndef BASE_STEADY_CLOCK_H
#define BASE_STEADY_CLOCK_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>

enum {
    STEADY_FOR_MS = 15 * 60 * 1000, /* a time that has not jumped for so long is believed */
    STEADY_STEP_MS = 2000,          /* no jump: what a clock is corrected by meanwhile */
    STEADY_AHEAD_MS = 60000,        /* a jump forward of more is in doubt, */
    STEADY_BACK_MS = 60000,         /* and so far behind the newest time a clock may be */
    STEADY_GAP_MS =
        3600 * 1000, /* a server that was down for longer doubts the time at its start */
};

enum steady_state {
    STEADY_GOOD,
    STEADY_AHEAD, /* it jumped forward, or the server was down for long: not yet vouched for */
    STEADY_BACK,  /* behind the newest time by more than STEADY_BACK_MS */
};

typedef struct steady_look {
    enum steady_state state;
    wall_t now; /* what the wall clock says */
    wall_t
        vouched;   /* has surely passed: never later than `now`; 1970 before steady_clock_begin() */
    wall_t latest; /* may have passed: never earlier than `now` */
    wall_t newest; /* the highest time that was vouched for; only if `known` */
    bool known;
} steady_look_t;

/* What an earlier run left. */
typedef struct steady_record {
    wall_t newest; /* as it was known; only if `known` */
    wall_t first;  /* of a run that never came to know one; only if `begun` */
    bool known, begun;
} steady_record_t;

struct steady_clock;

NODISCARD err_t steady_clock_new(const struct clock *below, struct steady_clock **out);
void steady_clock_free(struct steady_clock **c);

/* Take up from what is on record. */
void steady_clock_begin(struct steady_clock *c, const steady_record_t *record);

/* Look at both clocks. A jump is noticed here: once a second is often enough. */
steady_look_t steady_clock_look(struct steady_clock *c);

/* The latest time alone, without a lock: for what asks with every event. */
wall_t steady_clock_latest(const struct steady_clock *c);

/* An operator says that the wall clock is right: it is vouched for at once, also when it goes back. */
void steady_clock_accept(struct steady_clock *c);

/* A clock for those who ask none but the vouched time, without a lock. Lives as long as `c`. */
const struct clock *steady_clock_vouched(const struct steady_clock *c);

const char *steady_state_name(enum steady_state state);

#endif
