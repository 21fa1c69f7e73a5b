/*
 * clock.h - the two times of this house, kept apart by the compiler.
 *
 * Floor      base
 * Units      mono_t: nanoseconds since an arbitrary start, for deadlines. wall_t: milliseconds
 *            since 1970-01-01 UTC, for records.
 * Ownership  values; a `struct clock` is borrowed by everybody it is handed to and outlives them.
 * Threads    clock_system() from any; a scripted clock (tests) synchronises itself.
 *
 * Only clock.c asks the kernel. Everything else is handed a `const struct clock *`, so that
 * tests and replays own time.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

typedef struct mono {
    int64_t ns; /* never goes back */
} mono_t;

typedef struct wall {
    int64_t ms; /* may be set by the operator */
} wall_t;

struct clock {
    mono_t (*mono)(const struct clock *self);
    wall_t (*wall)(const struct clock *self);
};

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)
#define MS_PER_S  INT64_C(1000)

/* The kernel's clocks. */
const struct clock *clock_system(void);

static inline mono_t clock_mono(const struct clock *c)
{
    return c->mono(c);
}

static inline wall_t clock_wall(const struct clock *c)
{
    return c->wall(c);
}

static inline mono_t mono_after_ms(mono_t t, int64_t ms)
{
    return (mono_t){t.ns + ms * NS_PER_MS};
}

/* Milliseconds from `from` to `to`, rounded down. */
static inline int64_t mono_ms_between(mono_t from, mono_t to)
{
    return (to.ns - from.ns) / NS_PER_MS;
}

static inline wall_t wall_after_ms(wall_t t, int64_t ms)
{
    return (wall_t){t.ms + ms};
}

#endif
