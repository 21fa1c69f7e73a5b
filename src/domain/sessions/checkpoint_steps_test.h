/*
 * checkpoint_steps_test.h - what tests of starts do with a house's one loop: find it, and write its checkpoint.
 *
 * Floor      domain/sessions (tests only)
 * Threads    as house_test.h.
 */
#ifndef DOMAIN_CHECKPOINT_STEPS_TEST_H
#define DOMAIN_CHECKPOINT_STEPS_TEST_H

#include "domain/sessions/checkpoint_keeper.h"
#include "domain/sessions/steps_test.h"

/* The owner of every session. */
static inline struct shard *the_shard(void *ctx, uuid_t session)
{
    (void)session;
    return ((struct house *)ctx)->shard;
}

static inline struct shard *shard_at(void *ctx, unsigned index)
{
    assert_int_equal(index, 0);
    return ((struct house *)ctx)->shard;
}

static inline void write_checkpoint(struct house *h)
{
    struct checkpoint_keeper *k = NULL;
    const struct checkpoint_keeper_config config = {
        .dir = h->dir.path, .svc = &h->svc, .loops = {.shard = shard_at, .count = 1, .ctx = h}};
    settle(h);
    assert_ok(checkpoint_keeper_open(&config, &k));
    assert_ok(checkpoint_keeper_save(k));
    checkpoint_keeper_close(&k);
}

#endif
