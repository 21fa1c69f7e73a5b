/* Makes a DATA_DIR as a busy server leaves it: live sessions and a long journal, by the same faces
 * that serve uses. bench/restart.py starts a server on it.
 *
 *   domain_restart_bench DIR [SESSIONS [MEGABYTES]]       (100000, 1024) */
#include "base/rng.h"
#include "crypto/secret.h"
#include "domain/accounts/account.h"
#include "domain/accounts/ledger.h"
#include "domain/sessions/behaviour.h"
#include "domain/sessions/live.h"
#include "journal/view_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EVENT                                                                      \
    "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":%u,"        \
    "\"key_press_intervals\":[0.11,0.%u,0.17,0.2],\"backspace_frequency\":0.0%u}," \
    "\"timestamp\":\"2026-11-28T10:00:00.000Z\"}"

enum { PATH_BYTES = 512, BATCH = 500, RINGS = 64, HOURS = 12 };

struct maker {
    struct service svc;
    struct ledger *ledger;
    struct shard_watcher watcher;
    struct shard *shard;
    struct event_scratch *scratch;
    scanned_event_t *events;
    uuid_t *session;
    unsigned sessions;
};

static void quiet(struct shard_watcher *self, struct live *live, enum notice what,
                  enum session_end how, const canara_verdict_t *verdict)
{
    (void)self;
    (void)live;
    (void)what;
    (void)how;
    (void)verdict;
}

static rules_t rules(void)
{
    return (rules_t){.session_idle_ms = (int64_t)HOURS * 3600 * MS_PER_S,
                     .session_age_ms = (int64_t)HOURS * 3600 * MS_PER_S,
                     .risk = canara_config_default()};
}

static err_t open_house(struct maker *m, const char *dir)
{
    static char journal_dir[PATH_BYTES];
    char why[STORE_WHY_BYTES];
    const struct store_config store = {
        .url = "sqlite:///canara.db", .data_dir = dir, .clock = clock_system()};
    (void)umask(077);
    (void)mkdir(dir, 0700);
    (void)snprintf(journal_dir, sizeof journal_dir, "%s/journal", dir);
    TRY(crypto_start());
    m->svc.clock = clock_system();
    m->svc.rules = rules();
    m->watcher.notify = quiet;
    m->scratch = malloc(sizeof *m->scratch);
    m->events = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *m->events);
    m->session = calloc(m->sessions, sizeof *m->session);
    if (m->scratch == NULL || m->events == NULL || m->session == NULL) {
        return err_new(ERR_NOMEM);
    }
    char why_keys[KEYRING_WHY_BYTES];
    const struct keyring_config keys = {.debug = true, .data_dir = dir}; /* leaves a pepper there */
    TRY(keyring_open(&keys, &m->svc.keys, why_keys));
    TRY(store_open(&store, &m->svc.store, why));
    const struct journal_config journal = {.dir = journal_dir, .lanes = 1, .clock = m->svc.clock};
    TRY(journal_open(&journal, &m->svc.journal, NULL));
    TRY(ledger_new(&m->svc, &m->ledger));
    const struct shard_config shard = {.service = &m->svc,
                                       .ledger = m->ledger,
                                       .lane = journal_lane(m->svc.journal, 0),
                                       .watcher = &m->watcher,
                                       .sessions_max = m->sessions};
    return shard_new(&shard, &m->shard);
}

static err_t one_session(struct maker *m, struct store_tx *tx, unsigned n)
{
    const wall_t now = clock_wall(m->svc.clock);
    struct account_row account = {
        .id = uuid_random(), .password_pepper = 1, .mpin_pepper = 1, .created = now};
    (void)snprintf(account.email, sizeof account.email, "customer%u@example.com", n);
    (void)snprintf(account.email_key, sizeof account.email_key, "%s", account.email);
    (void)snprintf(account.password_hash, sizeof account.password_hash, "none");
    (void)snprintf(account.mpin_hash, sizeof account.mpin_hash, "none");
    enum account_created answer = ACCOUNT_EMAIL_TAKEN;
    TRY(store_account_create(tx, &account, &answer));
    session_seed_t seed = {.row = {.id = uuid_random(),
                                   .account = account.id,
                                   .created = now,
                                   .last_activity = now,
                                   .expires_max = wall_after_ms(now, m->svc.rules.session_age_ms)}};
    (void)snprintf(seed.row.device_id, sizeof seed.row.device_id, "phone-%u", n);
    rng_fill(seed.row.device_key, sizeof seed.row.device_key);
    memcpy(seed.email, account.email, sizeof seed.email);
    TRY(store_session_create(tx, &seed.row));
    struct live *live = NULL;
    TRY(shard_open(m->shard, &seed, &live));
    m->session[n] = live->id;
    return ERR_OK;
}

static err_t make_sessions(struct maker *m)
{
    for (unsigned n = 0; n < m->sessions;) {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        TRY(store_begin(m->svc.store, STORE_WRITE, &tx));
        for (unsigned i = 0; i < BATCH && n < m->sessions; i++, n++) {
            TRY(one_session(m, &tx, n));
        }
        TRY(store_commit(&tx));
        journal_kick(shard_lane(m->shard));
    }
    return ERR_OK;
}

static err_t send_one(struct maker *m, unsigned n, uint64_t round)
{
    char text[512];
    size_t count = 0;
    scan_fault_t fault = {0};
    const int len = snprintf(text, sizeof text, EVENT, 40U + (unsigned)(round % 40),
                             10U + (unsigned)(round % 80), (unsigned)(round % 9));
    if (event_scan(m->scratch, (span_t){(const uint8_t *)text, (size_t)len}, m->events, &count,
                   &fault) != SCAN_OK) {
        return err_new(ERR_FORMAT);
    }
    struct live *live = shard_peek(m->shard, m->session[n]);
    MUST(live != NULL);
    behaviour_result_t result = {.answer = BEHAVIOUR_BUSY};
    for (;;) {
        behaviour_take(m->shard, live, m->events, count, clock_mono(shard_service(m->shard)->clock),
                       &result);
        if (result.answer != BEHAVIOUR_BUSY) {
            return result.answer == BEHAVIOUR_TAKEN ? ERR_OK : err_new(ERR_IO);
        }
        journal_kick(shard_lane(m->shard));
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* Round after round, one event for everybody. */
static err_t make_events(struct maker *m, uint64_t bytes, uint64_t *events)
{
    struct journal_lane *lane = shard_lane(m->shard);
    for (uint64_t round = 0; journal_appended(lane) < bytes; round++) {
        for (unsigned n = 0; n < m->sessions && journal_appended(lane) < bytes; n++) {
            TRY(send_one(m, n, round));
            *events += 1;
            if (*events % RINGS == 0) {
                journal_kick(lane);
            }
        }
    }
    return ERR_OK;
}

/* The buffer files are another matter: as if they all stood there. */
static err_t note_view(struct maker *m, const char *dir)
{
    char path[PATH_BYTES];
    int fd = -1;
    struct journal_lane *lane = shard_lane(m->shard);
    while (journal_durable(lane) < journal_appended(lane)) {
        journal_kick(lane);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    (void)snprintf(path, sizeof path, "%s/session_buffers", dir);
    TRY(view_dir_open(path, &fd));
    const err_t e = view_place_write(fd, journal_committed(m->svc.journal));
    (void)close(fd);
    return e;
}

static err_t make(struct maker *m, const char *dir, uint64_t bytes)
{
    uint64_t events = 0;
    TRY(open_house(m, dir));
    TRY(make_sessions(m));
    TRY(make_events(m, bytes, &events));
    TRY(note_view(m, dir));
    (void)printf("%s: %u sessions, %llu events\n", dir, m->sessions, (unsigned long long)events);
    return ERR_OK;
}

static void close_house(struct maker *m)
{
    shard_free(&m->shard);
    ledger_free(&m->ledger);
    journal_close(&m->svc.journal);
    store_close(&m->svc.store);
    keyring_close(&m->svc.keys);
    free(m->session);
    free(m->events);
    free(m->scratch);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: domain_restart_bench DIR [SESSIONS [MEGABYTES]]\n");
        return 2;
    }
    const unsigned long sessions = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000;
    const unsigned long megabytes = argc > 3 ? strtoul(argv[3], NULL, 10) : 1024;
    struct maker m = {.sessions = (unsigned)sessions};
    const err_t e = sessions == 0 || sessions > 2000000
                        ? err_new(ERR_RANGE)
                        : make(&m, argv[1], (uint64_t)megabytes << 20);
    close_house(&m);
    if (failed(e)) {
        (void)fprintf(stderr, "restart_bench: error %d\n", (int)e.code);
        return 1;
    }
    return 0;
}
