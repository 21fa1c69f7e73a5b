#include "server/pressure.h"

#define INTERVAL_NS  (PRESSURE_INTERVAL_MS * NS_PER_MS)
#define LATE_NS      (PRESSURE_LATE_MS * NS_PER_MS)
#define VERY_LATE_NS (PRESSURE_VERY_LATE_MS * NS_PER_MS)

static void begin_interval(struct pressure *p, mono_t now)
{
    p->began = now;
    p->rested_ns = 0;
    p->shortest_ns = INT64_MAX;
    p->reads = 0;
    p->backlogged = 0;
}

void pressure_init(struct pressure *p, mono_t now)
{
    *p = (struct pressure){.heard = now};
    begin_interval(p, now);
}

static void waited(struct pressure *p, int64_t ns)
{
    p->shortest_ns = ns < p->shortest_ns ? ns : p->shortest_ns;
}

/* A probe that is still under way has waited as long as that, at least. */
static int64_t waiting(const struct pressure *p, mono_t now)
{
    if (p->shortest_ns < INT64_MAX) {
        return p->shortest_ns;
    }
    return p->probed.ns > 0 ? now.ns - p->probed.ns : 0;
}

/* Sockets to let go: a part of those with a backlog. Who is ready is heard once in each time that he
 * waits: there are as many as are heard in that time, in however many rounds. */
static uint32_t part_of(const struct pressure *p, int64_t passed, int64_t wait)
{
    const int64_t once = wait < passed ? wait : passed;
    return (uint32_t)((int64_t)p->backlogged * once / passed) / PRESSURE_PART + 1;
}

/* High after PRESSURE_PATIENCE intervals behind; low when it has kept up long enough, longer each time,
 * so that those who were let go do not all come back at once, again and again. */
static void change_level(struct pressure *p)
{
    if (p->behind >= PRESSURE_PATIENCE && !p->high) {
        p->high = true;
        p->relapses = p->relapses < PRESSURE_DOUBLED ? p->relapses + 1 : PRESSURE_DOUBLED;
    } else if (p->high && p->calm >= (unsigned)PRESSURE_CALM << (p->relapses - 1)) {
        p->high = false;
    } else if (!p->high && p->calm >= PRESSURE_FORGOTTEN) {
        p->relapses = 0;
    }
}

static bool end_interval(struct pressure *p, mono_t now)
{
    const int64_t passed = now.ns - p->began.ns;
    const int64_t wait = waiting(p, now);
    const bool was_high = p->high;
    const bool busy = p->rested_ns <= passed / 20;
    const bool backlog = p->backlogged > p->reads / 4;
    const bool behind = busy && (wait >= VERY_LATE_NS || (wait >= LATE_NS && backlog));
    const bool keeps_up = p->rested_ns > passed / 10 || (wait < LATE_NS / 5 && !backlog);
    p->behind = behind ? p->behind + 1 : 0;
    /* a loop that waits long has long intervals */
    const unsigned intervals = (unsigned)(passed / INTERVAL_NS);
    p->calm = !keeps_up ? 0 : p->calm < PRESSURE_FORGOTTEN ? p->calm + intervals : p->calm;
    change_level(p);
    p->let_go = p->high && behind && backlog ? part_of(p, passed, wait) : 0;
    begin_interval(p, now);
    return p->high != was_high;
}

bool pressure_round(struct pressure *p, mono_t before, mono_t now, bool full)
{
    if (!p->full) { /* whoever was ready when it began was heard by its end */
        waited(p, before.ns - p->heard.ns);
    }
    p->rested_ns += now.ns - before.ns;
    p->heard = now;
    p->stands = p->full && full;
    p->full = full;
    return now.ns - p->began.ns >= INTERVAL_NS && end_interval(p, now);
}

bool pressure_wants_probe(struct pressure *p)
{
    if (!p->full || p->probed.ns > 0) {
        return false;
    }
    p->probed = p->heard;
    return true;
}

void pressure_probed(struct pressure *p, mono_t now)
{
    if (p->probed.ns > 0) {
        waited(p, now.ns - p->probed.ns);
        p->probed = (mono_t){0};
    }
}

void pressure_read(struct pressure *p, unsigned messages)
{
    p->reads++;
    p->backlogged += messages >= PRESSURE_BACKLOG ? 1U : 0U;
}

bool pressure_lets_go(struct pressure *p, unsigned messages)
{
    if (p->let_go == 0 || messages < PRESSURE_BACKLOG) {
        return false;
    }
    p->let_go--;
    return true;
}
