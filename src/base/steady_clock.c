#include "base/steady_clock.h"

#include "base/util.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define NOTHING_MS (INT64_MIN / 2) /* as an offset: no time is vouched for */

/* Offsets are what the wall clock is ahead of the monotonic one. */
struct inner {
    const struct clock *below;
    pthread_mutex_t lock;
    _Atomic int64_t vouched_ms; /* the offset that is vouched for; written under the lock */
    int64_t said_ms;            /* the one that the wall clock has, within STEADY_STEP_MS, */
    mono_t since;               /* since then */
    mono_t looked;              /* when the newest time moved on last */
    int64_t newest_ms;
    bool known, begun;
    bool proven; /* what is vouched for was steady once, not only taken up at the start */
};

struct steady_clock {
    struct clock face; /* the first member */
    struct inner *inner;
};

struct moment {
    mono_t mono;
    int64_t wall_ms, mono_ms;
};

static struct moment read_clocks(const struct inner *in)
{
    const mono_t mono = clock_mono(in->below);
    return (struct moment){mono, clock_wall(in->below).ms, mono.ns / NS_PER_MS};
}

static bool is_behind(const struct inner *in, int64_t wall_ms)
{
    return in->known && wall_ms < in->newest_ms - STEADY_BACK_MS;
}

/* The newest time goes on as the monotonic clock does, as far as the wall clock has come. */
static void move_newest(struct inner *in, const struct moment *m, bool steady)
{
    const int64_t reached = in->newest_ms + mono_ms_between(in->looked, m->mono);
    const int64_t next = reached < m->wall_ms && !steady ? reached : m->wall_ms;
    in->looked = m->mono;
    if ((in->known || steady) && next > in->newest_ms) {
        in->newest_ms = next;
        in->known = true;
    }
}

static void look_at(struct inner *in, const struct moment *m)
{
    const int64_t offset = m->wall_ms - m->mono_ms;
    if (llabs(offset - in->said_ms) > STEADY_STEP_MS) {
        in->said_ms = offset;
        in->since = m->mono;
    }
    const bool steady = mono_ms_between(in->since, m->mono) >= STEADY_FOR_MS;
    if (steady && !is_behind(in, m->wall_ms)) {
        atomic_store(&in->vouched_ms, offset);
        in->proven = true;
    } else if (!in->proven && offset < atomic_load(&in->vouched_ms)) {
        atomic_store(&in->vouched_ms, offset); /* the start was ahead, and was put right */
    }
    move_newest(in, m, steady);
}

static steady_look_t tell(const struct inner *in, const struct moment *m)
{
    const int64_t vouched = m->mono_ms + atomic_load(&in->vouched_ms);
    const bool later = vouched > m->wall_ms;
    return (steady_look_t){
        .state = is_behind(in, m->wall_ms)                ? STEADY_BACK
                 : m->wall_ms - vouched > STEADY_AHEAD_MS ? STEADY_AHEAD
                                                          : STEADY_GOOD,
        .now = {m->wall_ms},
        .vouched = {later ? m->wall_ms : vouched},
        .latest = {later ? vouched : m->wall_ms},
        .newest = {in->newest_ms},
        .known = in->known,
    };
}

static steady_look_t look(struct inner *in)
{
    (void)pthread_mutex_lock(&in->lock);
    const struct moment m = read_clocks(in);
    steady_look_t out = {.state = STEADY_AHEAD, .now = {m.wall_ms}, .latest = {m.wall_ms}};
    if (in->begun) {
        look_at(in, &m);
        out = tell(in, &m);
    }
    (void)pthread_mutex_unlock(&in->lock);
    return out;
}

steady_look_t steady_clock_look(struct steady_clock *c)
{
    return look(c->inner);
}

/* Without the lock: what is vouched for changes only when somebody looks. */
static int64_t earlier_of(const struct inner *in)
{
    const struct moment m = read_clocks(in);
    const int64_t vouched_ms = m.mono_ms + atomic_load(&in->vouched_ms);
    const int64_t earlier_ms = vouched_ms < m.wall_ms ? vouched_ms : m.wall_ms;
    return earlier_ms > 0 ? earlier_ms : 0;
}

wall_t steady_clock_latest(const struct steady_clock *c)
{
    const struct moment m = read_clocks(c->inner);
    const int64_t vouched_ms = m.mono_ms + atomic_load(&c->inner->vouched_ms);
    return (wall_t){vouched_ms > m.wall_ms ? vouched_ms : m.wall_ms};
}

/* ---- as a clock ---- */

static const struct inner *of(const struct clock *self)
{
    return ((const struct steady_clock *)(const void *)self)->inner;
}

static mono_t face_mono(const struct clock *self)
{
    return clock_mono(of(self)->below);
}

static wall_t face_wall(const struct clock *self)
{
    return (wall_t){earlier_of(of(self))};
}

const struct clock *steady_clock_vouched(const struct steady_clock *c)
{
    return &c->face;
}

/* ---- life ---- */

err_t steady_clock_new(const struct clock *below, struct steady_clock **out)
{
    struct steady_clock *c = calloc(1, sizeof *c);
    struct inner *in = calloc(1, sizeof *in);
    if (c == NULL || in == NULL || pthread_mutex_init(&in->lock, NULL) != 0) {
        free(in);
        free(c);
        return err_new(ERR_NOMEM);
    }
    in->below = below;
    atomic_store(&in->vouched_ms, NOTHING_MS);
    *c = (struct steady_clock){.face = {.mono = face_mono, .wall = face_wall}, .inner = in};
    *out = c;
    return ERR_OK;
}

void steady_clock_free(struct steady_clock **c)
{
    if (*c == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&(*c)->inner->lock);
    free((*c)->inner);
    free(*c);
    *c = NULL;
}

void steady_clock_begin(struct steady_clock *c, const steady_record_t *record)
{
    struct inner *const in = c->inner;
    (void)pthread_mutex_lock(&in->lock);
    const struct moment m = read_clocks(in);
    const int64_t last = record->known ? record->newest.ms : record->first.ms;
    const bool doubt = (record->known || record->begun) && m.wall_ms - last > STEADY_GAP_MS;
    in->said_ms = m.wall_ms - m.mono_ms;
    atomic_store(&in->vouched_ms, doubt ? last - m.mono_ms : in->said_ms);
    in->since = m.mono;
    in->looked = m.mono;
    in->known = record->known;
    in->newest_ms = record->known ? record->newest.ms : 0;
    in->begun = true;
    (void)pthread_mutex_unlock(&in->lock);
}

void steady_clock_accept(struct steady_clock *c)
{
    struct inner *const in = c->inner;
    (void)pthread_mutex_lock(&in->lock);
    const struct moment m = read_clocks(in);
    in->said_ms = m.wall_ms - m.mono_ms;
    atomic_store(&in->vouched_ms, in->said_ms);
    in->since = m.mono;
    in->looked = m.mono;
    in->newest_ms = m.wall_ms;
    in->known = true;
    in->begun = true;
    in->proven = true;
    (void)pthread_mutex_unlock(&in->lock);
}

const char *steady_state_name(enum steady_state state)
{
    switch (state) {
    case STEADY_GOOD: return "good";
    case STEADY_AHEAD: return "ahead";
    case STEADY_BACK: return "back";
    }
    return "";
}
