/*
 * house_test.h - a temporary directory, a still clock and sample rows for the tests of the store.
 *
 * Floor      store (tests and benchmarks only)
 * Ownership  house_begin() makes the directory, house_end() removes it and all files in it.
 */
#ifndef STORE_HOUSE_TEST_H
#define STORE_HOUSE_TEST_H

#include "base/util.h"
#include "store/store.h"
#include "store/store_scripted.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct house {
    char dir[128];
    struct store *store;
    char why[STORE_WHY_BYTES];
    bool look; /* open only to look */
};

static inline mono_t still_mono(const struct clock *self)
{
    (void)self;
    return (mono_t){0};
}

static inline wall_t still_wall(const struct clock *self)
{
    (void)self;
    return (wall_t){INT64_C(1700000000000)};
}

static inline const struct clock *still_clock(void)
{
    static const struct clock still = {still_mono, still_wall};
    return &still;
}

static inline void house_begin(struct house *h)
{
    const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): before any thread */
    *h = (struct house){0};
    (void)snprintf(h->dir, sizeof h->dir, "%.96s/store-XXXXXX", tmp != NULL ? tmp : "/tmp");
    MUST(mkdtemp(h->dir) != NULL);
}

static inline void house_end(struct house *h)
{
    store_close(&h->store);
    (void)chmod(h->dir, 0700);
    DIR *dir = opendir(h->dir);
    MUST(dir != NULL);
    const struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
    MUST(rmdir(h->dir) == 0);
}

static inline struct store_config house_config(const struct house *h)
{
    return (struct store_config){
        .url = "sqlite:///canara.db", .data_dir = h->dir, .look = h->look, .clock = still_clock()};
}

static inline err_t house_open(struct house *h)
{
    const struct store_config config = house_config(h);
    return store_open(&config, &h->store, h->why);
}

/* The path of a file in the directory. */
static inline const char *house_path(const struct house *h, const char *name, char out[256])
{
    (void)snprintf(out, 256, "%s/%.100s", h->dir, name);
    return out;
}

/* ---- sample rows: number n is always the same, and different from every other */

static inline uuid_t sample_id(char kind, unsigned n)
{
    uuid_t id = {{0}};
    id.byte[0] = (uint8_t)kind;
    id.byte[12] = (uint8_t)(n >> 24 & 0xff);
    id.byte[13] = (uint8_t)(n >> 16 & 0xff);
    id.byte[14] = (uint8_t)(n >> 8 & 0xff);
    id.byte[15] = (uint8_t)(n & 0xff);
    return id;
}

static inline void sample_digest(uint8_t out[STORE_DIGEST_BYTES], char kind, unsigned n)
{
    const uuid_t id = sample_id(kind, n);
    memset(out, kind, STORE_DIGEST_BYTES);
    memcpy(out, id.byte, sizeof id.byte);
}

static inline struct account_row sample_account(unsigned n)
{
    struct account_row row = {.id = sample_id('a', n),
                              .password_pepper = 1,
                              .mpin_pepper = 2,
                              .created = {1000 + (int64_t)n}};
    (void)snprintf(row.email, sizeof row.email, "User%u@example.org", n);
    (void)snprintf(row.email_key, sizeof row.email_key, "user%u@example.org", n);
    (void)snprintf(row.password_hash, sizeof row.password_hash, "$argon2id$password%u", n);
    (void)snprintf(row.mpin_hash, sizeof row.mpin_hash, "$argon2id$mpin%u", n);
    return row;
}

static inline struct session_row sample_session(unsigned n, unsigned account)
{
    struct session_row row = {.id = sample_id('s', n),
                              .account = sample_id('a', account),
                              .created = {2000 + (int64_t)n},
                              .last_activity = {2000 + (int64_t)n},
                              .expires_max = {900000},
                              .risk = 0.25,
                              .level = 1,
                              .mpin_required = n % 2 == 1};
    (void)snprintf(row.device_id, sizeof row.device_id, "phone-%u", n);
    sample_digest(row.device_key, 'd', n);
    return row;
}

/* The family of a session, with token `n` as its newest. */
static inline struct refresh_row sample_refresh(unsigned n, unsigned session)
{
    struct refresh_row row = {.session = sample_id('s', session), .expires = {5000 + (int64_t)n}};
    sample_digest(row.family, 'f', session);
    sample_digest(row.newest, 'r', n);
    return row;
}

static inline struct refresh_mark sample_mark(unsigned n, unsigned session)
{
    struct refresh_mark mark = {0};
    sample_digest(mark.family, 'f', session);
    sample_digest(mark.whole, 'r', n);
    return mark;
}

static inline struct audit_row sample_audit(unsigned n)
{
    struct audit_row row = {.seq = n,
                            .at = {4000 + (int64_t)n},
                            .kind = "login.failed",
                            .account = sample_id('a', n),
                            .detail = "{\"why\":\"password\"}"};
    if (n > 1) {
        sample_digest(row.prev, 'h', n - 1);
    }
    sample_digest(row.hash, 'h', n);
    return row;
}

static inline struct decision_row sample_decision(unsigned n, unsigned session, unsigned account)
{
    return (struct decision_row){.id = sample_id('x', n),
                                 .session = sample_id('s', session),
                                 .account = sample_id('a', account),
                                 .at = {6000 + (int64_t)n},
                                 .action = "transfer",
                                 .amount = "1250.00",
                                 .currency = "EUR",
                                 .beneficiary_new = true,
                                 .decision = 1,
                                 .risk = 0.75,
                                 .level = 2,
                                 .reasons = "[\"new device\"]"};
}

#endif
