/* What sessions without sockets take in memory, in use and at rest, and what it costs to wake one.
 *
 *   domain_sessions_bench [SESSIONS [learnt]]       (1000000; with "learnt" each has a learnt profile) */
#include "base/rng.h"
#include "base/util.h"
#include "crypto/secret.h"
#include "domain/sessions/rest.h"
#include "store/store.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ACCOUNTS = 2000,
    LESSONS = 12,
    EVENTS = 12,
    KEYS = 11,
    FIRST = 20000,
    WAKES = 20000,
    HOURS = 12
};

#define CHECK(good)                                               \
    do {                                                          \
        if (!(good)) {                                            \
            (void)fprintf(stderr, "sessions_bench: %s\n", #good); \
            abort();                                              \
        }                                                         \
    } while (0)

struct maker {
    struct service svc;
    struct shard_watcher watcher;
    struct shard *shard;
    struct rng rng;
    uuid_t account[ACCOUNTS];
    unsigned accounts; /* with a profile */
    uuid_t *session;
};

struct memory {
    double rss, heap; /* bytes */
};

static struct memory memory_now(void)
{
    char line[256];
    struct memory m = {0};
    FILE *f = fopen("/proc/self/status", "re");
    CHECK(f != NULL);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0) {
            m.rss = strtod(line + 8, NULL) * 1024.0;
        }
    }
    (void)fclose(f);
    const struct mallinfo2 info = mallinfo2();
    m.heap = (double)info.uordblks + (double)info.hblkhd;
    return m;
}

static void say(const char *what, unsigned sessions, struct memory from)
{
    const struct memory m = memory_now();
    (void)printf("%-34s %8u sessions %8.0f bytes of heap, %8.0f of RssAnon each\n", what, sessions,
                 (m.heap - from.heap) / sessions, (m.rss - from.rss) / sessions);
}

static double cpu_us(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- somebody who types ---- */

static canara_event_t typed(struct maker *m, canara_key_t keys[KEYS], unsigned who, unsigned field)
{
    static const char *const fields[] = {"password", "amount", "iban", "search"};
    const char *name = fields[field % ARRAY_LEN(fields)];
    double at = 0.0;
    for (size_t i = 0; i < KEYS; i++) {
        const double hold =
            (60.0 + who % 40 + 7.0 * (double)(i % 4)) * (0.9 + 0.2 * rng_double(&m->rng));
        keys[i] = (canara_key_t){.down_ms = at, .up_ms = at + hold, .key_class = CANARA_KEY_LETTER};
        at += (120.0 + who % 90 + 31.0 * (double)(i % 5)) * (0.9 + 0.2 * rng_double(&m->rng));
    }
    return (canara_event_t){
        .kind = CANARA_KEYSTROKES,
        .has = CANARA_F_KEYS | CANARA_F_FIELD,
        .of.keystrokes = {.field = {name, strlen(name)}, .keys = keys, .count = KEYS}};
}

static void teach(struct maker *m, struct canara_profile *p, unsigned who)
{
    const int64_t at = clock_wall(m->svc.clock).ms;
    for (unsigned lesson = 0; lesson < LESSONS; lesson++) {
        canara_session_t s;
        canara_lesson_t taught;
        canara_key_t keys[KEYS];
        uint8_t wanted = 0;
        canara_session_begin(&s, at);
        CHECK(canara_learn_begin(p, &s, CANARA_TRUST_ENROLMENT, &wanted) == CANARA_OK);
        for (unsigned e = 0; e < EVENTS; e++) {
            const canara_event_t event = typed(m, keys, who, e);
            CHECK(canara_learn(p, &event, at) == CANARA_OK);
        }
        CHECK(canara_learn_end(p, at, &taught) == CANARA_OK);
    }
}

static void save_profile(struct maker *m, struct store_tx *tx, unsigned who)
{
    static uint8_t bytes[CANARA_PROFILE_PARTS][CANARA_PART_BYTES];
    canara_part_t held[CANARA_PROFILE_PARTS];
    struct profile_part part[CANARA_PROFILE_PARTS];
    struct canara_profile *p = NULL;
    CHECK(canara_profile_new(m->svc.model, &p) == CANARA_OK);
    teach(m, p, who);
    const size_t parts = canara_profile_parts(p);
    for (size_t i = 0; i < parts; i++) {
        CHECK(canara_profile_save(p, i, bytes[i], &held[i]) == CANARA_OK);
        part[i] = (struct profile_part){.name = held[i].name, .content = {bytes[i], held[i].size}};
    }
    const struct profile_save all = {
        .account = m->account[who], .at = clock_wall(m->svc.clock), .part = part, .count = parts};
    enum profile_answer answer = PROFILE_GONE;
    CHECK(!failed(store_profile_save(tx, &all, &answer)) && answer == PROFILE_SAVED);
    canara_profile_free(&p);
}

static void know_accounts(struct maker *m)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    CHECK(!failed(store_begin(m->svc.store, STORE_WRITE, &tx)));
    for (unsigned n = 0; n < ACCOUNTS; n++) {
        struct account_row row = {.id = uuid_random(),
                                  .password_pepper = 1,
                                  .mpin_pepper = 1,
                                  .created = clock_wall(m->svc.clock)};
        enum account_created answer = ACCOUNT_EMAIL_TAKEN;
        (void)snprintf(row.email, sizeof row.email, "customer%u@example.com", n);
        (void)snprintf(row.email_key, sizeof row.email_key, "%s", row.email);
        (void)snprintf(row.password_hash, sizeof row.password_hash, "none");
        (void)snprintf(row.mpin_hash, sizeof row.mpin_hash, "none");
        CHECK(!failed(store_account_create(&tx, &row, &answer)));
        m->account[n] = row.id;
        save_profile(m, &tx, n);
    }
    CHECK(!failed(store_commit(&tx)));
    m->accounts = ACCOUNTS;
}

/* ---- sessions ---- */

static void begin_one(struct maker *m, unsigned n)
{
    const wall_t now = clock_wall(m->svc.clock);
    const unsigned who = n % ACCOUNTS;
    session_seed_t seed = {.row = {.id = uuid_random(),
                                   .account = m->accounts > 0 ? m->account[who] : uuid_random(),
                                   .created = now,
                                   .last_activity = now,
                                   .expires_max = wall_after_ms(now, m->svc.rules.session_age_ms)}};
    (void)snprintf(seed.email, sizeof seed.email, "customer%u@example.com", n);
    (void)snprintf(seed.row.device_id, sizeof seed.row.device_id, "%08x-%04x", n, who);
    if (m->accounts > 0) {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        CHECK(!failed(store_begin(m->svc.store, STORE_READ, &tx)));
        CHECK(!failed(
            profile_open(&m->svc, &tx, seed.row.account, &seed.profile, &seed.profile_revision)));
    }
    struct live *live = NULL;
    CHECK(!failed(shard_restore(m->shard, &seed, &live)));
    m->session[n] = live->id;
    for (unsigned e = 0; e < EVENTS; e++) {
        canara_key_t keys[KEYS];
        canara_verdict_t v;
        const canara_event_t event = typed(m, keys, who, e);
        CHECK(canara_observe(&live->mind->engine, &m->svc.rules.risk, live_profile(m->shard, live),
                             &event, now.ms + (int64_t)e * 500, &v) == CANARA_OK);
        (void)replay_memory_feed(m->svc.replay, &live->mind->replay, live->account, live->id,
                                 &event, now);
    }
}

static void rest_one(struct maker *m, unsigned n)
{
    CHECK(live_rest(m->shard, shard_peek(m->shard, m->session[n])));
}

/* Wake sessions here and there; they rest again afterwards. */
static void wake_some(struct maker *m, unsigned sessions)
{
    static unsigned chosen[WAKES];
    canara_verdict_t v = {0};
    double used[3] = {0};
    for (unsigned i = 0; i < WAKES; i++) {
        chosen[i] = (unsigned)rng_below(&m->rng, sessions);
    }
    double from = cpu_us();
    for (unsigned i = 0; i < WAKES; i++) {
        canara_session_t room;
        const struct live *live = shard_peek(m->shard, m->session[chosen[i]]);
        canara_peek(live_engine(live, &room), &m->svc.rules.risk, clock_wall(m->svc.clock).ms, &v);
    }
    used[0] = cpu_us() - from;
    for (unsigned i = 0; i < WAKES; i++) {
        struct live *live = shard_peek(m->shard, m->session[chosen[i]]);
        from = cpu_us();
        CHECK(live_mind(m->shard, live) != NULL && live_fetch(m->shard, live));
        const double awake = cpu_us();
        CHECK(live_rest(m->shard, live));
        used[1] += awake - from;
        used[2] += cpu_us() - awake;
    }
    (void)printf(
        "CPU of a look at one at rest %.2f us, of waking %.2f us, of going to rest %.2f us\n",
        used[0] / WAKES, used[1] / WAKES, used[2] / WAKES);
}

/* What the ledger's thread does of a server: nobody has asked the database for a while. */
static void settle(const struct maker *m)
{
    store_rest(m->svc.store, mono_after_ms(clock_mono(m->svc.clock), MS_PER_S));
    (void)malloc_trim(0);
}

static void measure(struct maker *m, unsigned sessions, const char *kind)
{
    const unsigned first = sessions < FIRST ? sessions : FIRST;
    settle(m);
    const struct memory from = memory_now();
    (void)printf("%s; struct live %zu bytes, struct mind %zu\n", kind, sizeof(struct live),
                 sizeof(struct mind));
    for (unsigned n = 0; n < first; n++) {
        begin_one(m, n);
    }
    settle(m);
    say("in use", first, from);
    for (unsigned n = 0; n < first; n++) {
        rest_one(m, n);
    }
    settle(m);
    say("the same at rest", first, from);
    for (unsigned n = first; n < sessions; n++) {
        begin_one(m, n);
        rest_one(m, n);
    }
    settle(m);
    say("at rest", sessions, from);
    wake_some(m, sessions);
    (void)printf("whole process: %.0f MB of RssAnon\n", memory_now().rss / 1e6);
}

/* ---- the house ---- */

static void open_house(struct maker *m, const char *dir)
{
    char why[STORE_WHY_BYTES];
    size_t size = 0;
    const void *model = canara_model_builtin(&size);
    const struct store_config store = {
        .url = "sqlite:///canara.db", .data_dir = dir, .clock = clock_system()};
    CHECK(!failed(crypto_start()));
    m->svc.clock = clock_system();
    m->svc.rules = (rules_t){.session_idle_ms = (int64_t)HOURS * 3600 * MS_PER_S,
                             .session_age_ms = (int64_t)HOURS * 3600 * MS_PER_S,
                             .rest_after_ms = 60 * MS_PER_S,
                             .risk = canara_config_default()};
    rng_seed(&m->rng, 5);
    CHECK(!failed(store_open(&store, &m->svc.store, why)));
    struct canara_model *people = NULL;
    struct canara_profile *stranger = NULL;
    CHECK(canara_model_open(model, size, &people) == CANARA_OK);
    CHECK(canara_profile_new(people, &stranger) == CANARA_OK);
    m->svc.model = people;
    m->svc.stranger = stranger;
    CHECK(!failed(replay_memory_new((size_t)64 << 20, m->svc.clock, &m->svc.replay)));
}

int main(int argc, char **argv)
{
    static struct maker m;
    char dir[] = "/tmp/sessions_bench.XXXXXX";
    const unsigned long sessions = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    const bool learnt = argc > 2 && strcmp(argv[2], "learnt") == 0;
    CHECK(sessions > 0 && sessions <= 2000000);
    CHECK(mkdtemp(dir) != NULL);
    open_house(&m, dir);
    const struct shard_config shard = {
        .service = &m.svc, .watcher = &m.watcher, .sessions_max = (uint32_t)sessions};
    CHECK(!failed(shard_new(&shard, &m.shard)));
    m.session = calloc(sessions, sizeof *m.session);
    CHECK(m.session != NULL);
    memset(m.session, 1, sessions * sizeof *m.session); /* its pages are not a session's */
    if (learnt) {
        know_accounts(&m);
    }
    measure(&m, (unsigned)sessions, learnt ? "learnt profiles" : "strangers");
    shard_free(&m.shard);
    store_close(&m.svc.store);
    static const char *const files[] = {"canara.db", "canara.db-wal", "canara.db-shm"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    return rmdir(dir) == 0 ? 0 : 1;
}
