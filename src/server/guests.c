#include "server/guests.h"

#include "base/rng.h"

void guests_init(struct guests *g, uint32_t limit)
{
    uint64_t seed = 0;
    rng_fill(&seed, sizeof seed);
    MUST(pthread_mutex_init(&g->mutex, NULL) == 0);
    map64_init(&g->count, seed);
    g->limit = limit;
}

void guests_deinit(struct guests *g)
{
    map64_deinit(&g->count);
    (void)pthread_mutex_destroy(&g->mutex);
}

bool guests_enter(struct guests *g, uint64_t address)
{
    (void)pthread_mutex_lock(&g->mutex);
    uint32_t now = 0;
    (void)map64_get(&g->count, address, &now);
    const bool room = g->limit == 0 || now < g->limit;
    const bool in = room && !failed(map64_put(&g->count, address, now + 1));
    (void)pthread_mutex_unlock(&g->mutex);
    return in;
}

void guests_leave(struct guests *g, uint64_t address)
{
    (void)pthread_mutex_lock(&g->mutex);
    uint32_t now = 0;
    MUST(map64_get(&g->count, address, &now) && now > 0);
    if (now == 1) {
        (void)map64_remove(&g->count, address);
    } else {
        MUST(!failed(map64_put(&g->count, address, now - 1))); /* replaces: needs no memory */
    }
    (void)pthread_mutex_unlock(&g->mutex);
}
