#include "tests/support/scripted_clock.h"

#include "base/err.h"

#include <stddef.h>

/* The face is the first member, and every face was made below. */
static const struct scripted_clock *of(const struct clock *self)
{
    return (const struct scripted_clock *)(const void *)self;
}

static mono_t scripted_mono(const struct clock *self)
{
    return (mono_t){atomic_load(&of(self)->mono_ns)};
}

static wall_t scripted_wall(const struct clock *self)
{
    return (wall_t){atomic_load(&of(self)->wall_ms)};
}

void scripted_clock_init(struct scripted_clock *c)
{
    _Static_assert(offsetof(struct scripted_clock, face) == 0, "of() relies on it");
    c->face = (struct clock){.mono = scripted_mono, .wall = scripted_wall};
    atomic_store(&c->mono_ns, SCRIPTED_MONO_NS);
    atomic_store(&c->wall_ms, SCRIPTED_WALL_MS);
}

void scripted_clock_pass(struct scripted_clock *c, int64_t ms)
{
    MUST(ms >= 0);
    (void)atomic_fetch_add(&c->wall_ms, ms);
    (void)atomic_fetch_add(&c->mono_ns, ms * NS_PER_MS);
}

void scripted_clock_set_wall(struct scripted_clock *c, wall_t to)
{
    atomic_store(&c->wall_ms, to.ms);
}
