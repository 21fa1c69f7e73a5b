#include "tests/support/scripted_clock.h"

#include "base/util.h"

static const struct scripted_clock *of(const struct clock *self)
{
    return (const struct scripted_clock *)(const void *)((const char *)self -
                                                         offsetof(struct scripted_clock, face));
}

static mono_t mono(const struct clock *self)
{
    return (mono_t){atomic_load(&of(self)->mono_ns)};
}

static wall_t wall(const struct clock *self)
{
    return (wall_t){atomic_load(&of(self)->wall_ms)};
}

void scripted_clock_init(struct scripted_clock *c, int64_t wall_ms)
{
    c->face = (struct clock){.mono = mono, .wall = wall};
    atomic_init(&c->mono_ns, 1000 * NS_PER_S);
    atomic_init(&c->wall_ms, wall_ms);
}

void scripted_clock_pass(struct scripted_clock *c, int64_t ms)
{
    (void)atomic_fetch_add(&c->mono_ns, ms * NS_PER_MS);
    (void)atomic_fetch_add(&c->wall_ms, ms);
}

void scripted_clock_set_wall(struct scripted_clock *c, int64_t by_ms)
{
    (void)atomic_fetch_add(&c->wall_ms, by_ms);
}
