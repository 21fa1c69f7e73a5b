#include "server/guests.h"

#include "base/rng.h"

void guests_init(struct guests *g, uint32_t limit, uint64_t wide)
{
    uint64_t seed = 0;
    rng_fill(&seed, sizeof seed);
    MUST(pthread_mutex_init(&g->mutex, NULL) == 0);
    map64_init(&g->count, seed);
    g->limit = limit;
    g->wide = wide;
}

void guests_deinit(struct guests *g)
{
    map64_deinit(&g->count);
    (void)pthread_mutex_destroy(&g->mutex);
}

static bool enter(struct guests *g, uint64_t key, uint64_t limit)
{
    uint32_t now = 0;
    (void)map64_get(&g->count, key, &now);
    return (limit == 0 || now < limit) && !failed(map64_put(&g->count, key, now + 1));
}

static void leave(struct guests *g, uint64_t key)
{
    uint32_t now = 0;
    MUST(map64_get(&g->count, key, &now) && now > 0);
    if (now == 1) {
        (void)map64_remove(&g->count, key);
    } else {
        MUST(!failed(map64_put(&g->count, key, now - 1))); /* replaces: needs no memory */
    }
}

/* Those on this machine are no neighbourhood: a limit for carriers is not for them. */
static bool is_counted_wide(const struct peer_address *peer)
{
    return !address_is_loopback(peer);
}

bool guests_enter(struct guests *g, const struct peer_address *peer)
{
    const uint64_t narrow = address_narrow_key(peer);
    (void)pthread_mutex_lock(&g->mutex);
    bool in = enter(g, narrow, g->limit);
    if (in && is_counted_wide(peer) && !enter(g, address_wide_key(peer), g->wide)) {
        leave(g, narrow);
        in = false;
    }
    (void)pthread_mutex_unlock(&g->mutex);
    return in;
}

void guests_leave(struct guests *g, const struct peer_address *peer)
{
    (void)pthread_mutex_lock(&g->mutex);
    leave(g, address_narrow_key(peer));
    if (is_counted_wide(peer)) {
        leave(g, address_wide_key(peer));
    }
    (void)pthread_mutex_unlock(&g->mutex);
}
