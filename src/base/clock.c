#include "base/clock.h"

#include "base/err.h"

#include <time.h>

static struct timespec ask(clockid_t which)
{
    struct timespec t = {0};
    MUST(clock_gettime(which, &t) == 0); /* cannot fail for these two clocks */
    return t;
}

static mono_t system_mono(const struct clock *self)
{
    (void)self;
    const struct timespec t = ask(CLOCK_MONOTONIC);
    return (mono_t){(int64_t)t.tv_sec * NS_PER_S + t.tv_nsec};
}

static wall_t system_wall(const struct clock *self)
{
    (void)self;
    const struct timespec t = ask(CLOCK_REALTIME);
    return (wall_t){(int64_t)t.tv_sec * MS_PER_S + t.tv_nsec / NS_PER_MS};
}

const struct clock *clock_system(void)
{
    static const struct clock system = {system_mono, system_wall};
    return &system;
}
