/*
 * house_test.h - a whole service in a folder of its own, on a clock that the test moves.
 *
 * Floor      domain/sessions (tests only)
 * Ownership  house_begin() makes it, house_end() takes it down; `live` pointers belong to the shard.
 * Threads    one, except where a test starts its own.
 *
 * Real key ring, quota, audit, journal and ledger; the store is SQLite or the scripted one.
 */
#ifndef DOMAIN_HOUSE_TEST_H
#define DOMAIN_HOUSE_TEST_H

#include "base/util.h"
#include "crypto/secret.h"
#include "domain/accounts/account.h"
#include "domain/accounts/ledger.h"
#include "domain/accounts/mpin.h"
#include "domain/ground/audit.h"
#include "domain/ground/clock_guard.h"
#include "domain/sessions/behaviour.h"
#include "domain/sessions/live.h"
#include "domain/sessions/recovery.h"
#include "domain/sessions/tutor.h"
#include "store/store_scripted.h"
#include "tests/support/scratch.h"
#include "tests/support/scripted_clock.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   INT64_C(3600000)

enum { HOUSE_NOTICES = 64 };

enum house_store { HOUSE_SCRIPTED, HOUSE_SQLITE };

/* What the watcher was told, in order, and how many lines the session had by then. */
struct told {
    enum notice what;
    enum session_end how;
    uint64_t lines;
    bool blocked;
    double risk;
};

struct house {
    struct shard_watcher watcher;
    struct scratch dir;
    char journal_dir[SCRATCH_PATH]; /* the journal borrows it */
    struct scripted_clock clock;
    struct service svc;
    struct ledger *ledger;
    struct canara_model *model; /* NULL unless a test learns: people_test.h */
    struct canara_profile *stranger;
    struct tutor *tutor;
    struct shard *shard;
    struct event_scratch *scratch;
    scanned_event_t *events;
    size_t lane_bytes;
    bool many_segments; /* small ones, begun by the clock that the test moves */
    enum house_store kind;
    size_t count;
    struct told told[HOUSE_NOTICES];
};

static inline span_t span_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static inline void house_told(struct shard_watcher *self, struct live *live, enum notice what,
                              enum session_end how, const canara_verdict_t *verdict)
{
    struct house *h = CONTAINER_OF(self, struct house, watcher);
    MUST(h->count < HOUSE_NOTICES);
    h->told[h->count++] = (struct told){.what = what,
                                        .how = how,
                                        .lines = live->lines,
                                        .blocked = live->blocked,
                                        .risk = verdict != NULL ? verdict->risk : -1.0};
}

static inline size_t house_count(const struct house *h, enum notice what)
{
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++) {
        n += h->told[i].what == what ? 1U : 0U;
    }
    return n;
}

static inline rules_t house_rules(void)
{
    return (rules_t){.mpin_length = 4,
                     .mpin_attempts = 3,
                     .mpin_attempts_total = 10,
                     .mpin_lockout_ms = 15 * MINUTE_MS,
                     .mpin_lockout_max_ms = 24 * HOUR_MS,
                     .session_idle_ms = HOUR_MS,
                     .session_age_ms = 12 * HOUR_MS,
                     .sessions_per_account = 10,
                     .summary_events = 1000,
                     .password_min_bytes = 8,
                     .events_per_second = 200,
                     .event_bytes_per_second = 65536,
                     .risk = canara_config_default(),
                     .login_per_account = {5, 900},
                     .login_per_address = {60, 60},
                     .register_per_address = {20, 60},
                     .mpin_per_address = {60, 60},
                     .evaluate_per_session = {1200, 60},
                     .login_success_per_account = {60, 3600},
                     .refresh_per_session = {60, 3600}};
}

/* ---- start and stop */

/* Open the journal, the ledger and the shard: what a process has and a crash takes away. */
static inline void house_start(struct house *h)
{
    scratch_path(&h->dir, "journal", h->journal_dir);
    const struct journal_config journal = {
        .dir = h->journal_dir,
        .lanes = 1,
        .commit_us = 1,
        .segment_bytes = h->many_segments ? JOURNAL_SEGMENT_BYTES_MIN : (uint64_t)1 << 20,
        .lane_bytes = h->lane_bytes,
        .clock = h->many_segments ? &h->clock.face : clock_system()};
    assert_ok(journal_open(&journal, &h->svc.journal, NULL));
    assert_ok(quota_new(&h->clock.face, &h->svc.quota));
    assert_ok(ledger_new(&h->svc, &h->ledger));
    if (h->model != NULL) {
        assert_ok(tutor_new(&h->svc, &h->tutor));
    }
    const struct shard_config shard = {.service = &h->svc,
                                       .ledger = h->ledger,
                                       .lane = journal_lane(h->svc.journal, 0),
                                       .watcher = &h->watcher,
                                       .sessions_max = 1000};
    assert_ok(shard_new(&shard, &h->shard));
}

/* The operator moves the wall clock; the monotonic one does not notice. */
static inline void house_turn_wall(struct scripted_clock *c, int64_t by_ms)
{
    scripted_clock_set_wall(c, wall_after_ms(clock_wall(&c->face), by_ms));
}

/* Nothing is saved: what the ledger holds is lost, as by kill -9 after the last commit. */
static inline void house_crash(struct house *h)
{
    shard_free(&h->shard);
    tutor_free(&h->tutor);
    ledger_free(&h->ledger);
    quota_free(&h->svc.quota);
    journal_close(&h->svc.journal);
    h->count = 0;
}

static inline void house_open_store(struct house *h)
{
    if (h->kind == HOUSE_SCRIPTED) {
        assert_ok(store_scripted_new(&h->svc.store));
        return;
    }
    char why[STORE_WHY_BYTES];
    const struct store_config config = {
        .url = "sqlite:///canara.db", .data_dir = h->dir.path, .clock = clock_system()};
    assert_ok(store_open(&config, &h->svc.store, why));
}

static inline void house_begin(struct house *h, enum house_store kind, size_t lane_bytes)
{
    *h = (struct house){.watcher.notify = house_told, .kind = kind, .lane_bytes = lane_bytes};
    assert_ok(crypto_start());
    h->dir = scratch_new();
    scripted_clock_init(&h->clock);
    h->scratch = malloc(sizeof *h->scratch);
    h->events = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *h->events);
    assert_non_null(h->scratch);
    assert_non_null(h->events);
    h->svc.clock = &h->clock.face;
    assert_ok(steady_clock_new(&h->clock.face, &h->svc.steady));
    steady_clock_begin(h->svc.steady, &(steady_record_t){0});
    h->svc.rules = house_rules();
    h->svc.hashing.cost = (struct pwhash_cost){.memory_kib = 8, .passes = 1};
    char why[KEYRING_WHY_BYTES];
    const struct keyring_config keys = {.debug = true, .data_dir = h->dir.path};
    assert_ok(keyring_open(&keys, &h->svc.keys, why));
    opaque_key_init(&h->svc.refresh_key, h->svc.keys, "refresh");
    opaque_key_init(&h->svc.ticket_key, h->svc.keys, "ticket");
    assert_ok(account_locks_new(&h->svc.locks));
    assert_ok(audit_new(h->svc.keys, &h->clock.face, &h->svc.audit));
    house_open_store(h);
    house_start(h);
}

static inline void house_end(struct house *h)
{
    house_crash(h);
    store_close(&h->svc.store);
    audit_free(&h->svc.audit);
    account_locks_free(&h->svc.locks);
    keyring_close(&h->svc.keys);
    canara_profile_free(&h->stranger);
    canara_model_close(&h->model);
    steady_clock_free(&h->svc.steady);
    free(h->events);
    free(h->scratch);
    scratch_remove(&h->dir);
}

struct audit_count {
    const char *kind;
    size_t found;
};

static inline err_t count_link(void *ctx, const struct audit_row *row)
{
    struct audit_count *count = ctx;
    count->found += strcmp(row->kind, count->kind) == 0 ? 1U : 0U;
    return ERR_OK;
}

/* How many entries of this kind the audit has. */
static inline size_t house_audited(struct house *h, const char *kind)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct audit_count count = {.kind = kind};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_audit_walk(&tx, 1, count_link, &count));
    return count.found;
}

/* For cmocka: each test gets a house of its own. */
static inline int house_set_up(void **state, enum house_store kind, size_t lane_bytes)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    house_begin(h, kind, lane_bytes);
    *state = h;
    return 0;
}

static inline int with_scripted(void **state)
{
    return house_set_up(state, HOUSE_SCRIPTED, 0);
}

static inline int with_sqlite(void **state)
{
    return house_set_up(state, HOUSE_SQLITE, 0);
}

static inline int tear_down(void **state)
{
    struct house *h = *state;
    house_end(h);
    free(h);
    return 0;
}

#endif
