/*
 * site_test.h - a server on a free port of this machine, in this process; visitor_test.h has who comes to it.
 *
 * Floor      server (tests only)
 * Ownership  site_begin() makes it, site_end() takes it down.
 * Threads    the test's own, beside those of the server.
 */
#ifndef SERVER_SITE_TEST_H
#define SERVER_SITE_TEST_H

#include "base/rng.h"
#include "codec/json_read.h"
#include "codec/uuid_text.h"
#include "domain/sessions/house_test.h"
#include "journal/files.h"
#include "journal/view.h"
#include "net/tls_test.h"
#include "protocol/http_client.h"
#include "protocol/ws_frames.h"
#include "protocol/ws_handshake.h"
#include "server/inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANN      "ann@example.org"
#define PASSWORD "correct horse battery"
#define MPIN     "8305"

enum { SITE_PATIENCE_S = 30, SITE_TOKEN_BYTES = 1024, SITE_SWEEP_S = 3600 };

/* The journal's disk, which fails on cue. */
struct site_disk {
    struct journal_files files; /* first member */
    _Atomic int error;          /* of every write; 0: none */
};

struct site {
    struct house house;
    struct site_disk disk;
    struct api api;
    struct server *server;
    struct server_config config;
    struct view *view;
    pthread_t ledger_thread;
    struct tls_server *tls; /* NULL: plain */
    struct test_pair pair;
    SSL_CTX *visitors; /* what they speak TLS with */
    bool open;
};

/* ---- the server ---- */

static inline void *site_run_ledger(void *context)
{
    struct site *s = context;
    ledger_run(s->house.ledger, SITE_SWEEP_S);
    return NULL;
}

static inline err_t site_email_of(void *context, uuid_t account, char out[VIEW_EMAIL_BYTES])
{
    (void)context;
    (void)account;
    out[0] = '\0';
    return ERR_OK;
}

static inline ssize_t site_write(const struct journal_files *self, int fd,
                                 const struct iovec *parts, int count, off_t offset)
{
    const struct site_disk *disk = (const void *)self;
    const struct journal_files *real = journal_files_system();
    const int error = atomic_load(&disk->error);
    if (error == 0) {
        return real->pwritev(real, fd, parts, count, offset);
    }
    errno = error;
    return -1;
}

/* The house's own shard makes way for those of the loops. */
static inline void site_journal(struct site *s, unsigned loops)
{
    struct house *h = &s->house;
    char dir[SCRATCH_PATH];
    scratch_path(&h->dir, "loops", h->journal_dir);
    shard_free(&h->shard);
    journal_close(&h->svc.journal);
    const struct journal_config journal = {.dir = h->journal_dir,
                                           .lanes = loops,
                                           .commit_us = 1,
                                           .segment_bytes = (uint64_t)1 << 20,
                                           .probe_ms = 5,
                                           .files = &s->disk.files,
                                           .clock = clock_system()};
    s->disk.files = *journal_files_system();
    s->disk.files.pwritev = site_write;
    assert_ok(journal_open(&journal, &h->svc.journal, NULL));
    scratch_path(&h->dir, "session_buffers", dir);
    const struct view_config view = {
        .dir = dir, .journal = h->svc.journal, .email_of = site_email_of, .clock = clock_system()};
    assert_ok(view_open(&view, &s->view));
    h->svc.view = s->view;
}

/* Everything but the threads. With `timed`, time stands still until the test moves it. */
static inline void site_make(struct site *s, unsigned loops, bool timed)
{
    static const char *const no_origins[] = {NULL};
    *s = (struct site){.open = false};
    house_begin(&s->house, HOUSE_SCRIPTED, 0);
    struct service *svc = &s->house.svc;
    svc->clock = timed ? &s->house.clock.face : clock_system();
    svc->rules.login_per_account = (throttle_t){1000, 1};
    svc->rules.login_per_address = (throttle_t){1000, 1};
    svc->rules.login_success_per_account = (throttle_t){0};
    svc->rules.sessions_per_account = 100;
    site_journal(s, loops);
    s->api = (struct api){.service = svc,
                          .version = "1.2.3",
                          .metrics_token = "",
                          .public_origin = "",
                          .origins = no_origins,
                          .ws_query_token = true,
                          .started = clock_wall(svc->clock),
                          .ledger = s->house.ledger};
    s->config = (struct server_config){.host = "127.0.0.1",
                                       .loops = loops,
                                       .cold_workers = 2,
                                       .cold_queue = 1024,
                                       .hash_workers = 1,
                                       .hash_queue = 64,
                                       .sessions_max = 1000,
                                       .connections_max = 1000,
                                       .api = &s->api,
                                       .ledger = s->house.ledger,
                                       .clock = svc->clock};
    assert_int_equal(pthread_create(&s->ledger_thread, NULL, site_run_ledger, s), 0);
}

/* Speak TLS; between site_make() and site_open(). */
static inline void site_secure(struct site *s)
{
    char why[TLS_WHY_BYTES] = "";
    pair_ec(&s->pair);
    assert_ok(tls_server_new(false, clock_mono(s->config.clock), &s->tls));
    assert_ok(tls_server_load(s->tls, &s->pair.pair, 1, why));
    s->config.tls = s->tls;
    s->visitors = SSL_CTX_new(TLS_client_method());
    assert_non_null(s->visitors);
}

/* With its loops, which nobody runs. */
static inline void site_build(struct site *s)
{
    char why[SERVER_WHY_BYTES] = "";
    if (failed(server_new(&s->config, &s->server, why))) {
        fail_msg("%s", why);
    }
}

static inline void site_open(struct site *s)
{
    site_build(s);
    assert_ok(server_start(s->server));
    s->open = true;
}

static inline void site_stop(struct site *s)
{
    if (s->open) {
        server_stop(s->server);
    }
    s->open = false;
}

/* Stop and free the server; the house under it stays. */
static inline void site_close(struct site *s)
{
    site_stop(s);
    server_free(&s->server);
}

static inline void site_end(struct site *s)
{
    site_close(s);
    ledger_stop(s->house.ledger);
    (void)pthread_join(s->ledger_thread, NULL);
    view_close(&s->view);
    house_end(&s->house);
    if (s->tls != NULL) {
        tls_server_free(&s->tls);
        pair_free(&s->pair);
        SSL_CTX_free(s->visitors);
    }
}

static inline void site_begin(struct site *s, unsigned loops, bool timed)
{
    site_make(s, loops, timed);
    site_open(s);
}

/* For cmocka: *state points to the number of loops before, to the site afterwards. */
static inline int site_set_up_with(void **state, bool timed)
{
    const unsigned *const loops = *state;
    struct site *s = calloc(1, sizeof *s);
    assert_non_null(s);
    site_begin(s, *loops, timed);
    *state = s;
    return 0;
}

static inline int site_set_up(void **state)
{
    return site_set_up_with(state, false);
}

static inline int site_set_up_timed(void **state)
{
    return site_set_up_with(state, true);
}

static inline int site_set_up_secure(void **state)
{
    const unsigned *const loops = *state;
    struct site *s = calloc(1, sizeof *s);
    assert_non_null(s);
    site_make(s, *loops, false);
    site_secure(s);
    site_open(s);
    *state = s;
    return 0;
}

static inline int site_tear_down(void **state)
{
    struct site *s = *state;
    site_end(s);
    free(s);
    return 0;
}

static inline void site_register(struct site *s, const char *email)
{
    enum register_answer answer = REGISTER_EMAIL_TAKEN;
    assert_ok(
        account_register(&s->house.svc, email, email, span_of(PASSWORD), span_of(MPIN), &answer));
    assert_int_equal(answer, REGISTERED);
}

/* Bring a connection from this machine to a loop that is not started: the test's own thread is the loop. `*peer` is
 * the other end, which never blocks. */
static inline struct conn *site_bring(struct site *s, int *peer)
{
    int ends[2];
    const struct peer_address here = {.bytes = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    struct conn *const c = conn_open(s->server->worker[0], ends[0], &here, false);
    assert_non_null(c);
    *peer = ends[1];
    return c;
}

/* Let time pass for every loop. */
static inline void site_pass(struct site *s, int64_t ms)
{
    scripted_clock_pass(&s->house.clock, ms);
    server_poke(s->server);
}

/* Wait until this is so. */
static inline void site_wait(bool (*fact)(struct site *s), struct site *s)
{
    for (int i = 0; !fact(s); i++) {
        assert_true(i < SITE_PATIENCE_S * 1000);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* ---- a pool that is kept busy ---- */

struct stopper {
    struct job job;
    sem_t begun, go_on, gone;
};

static inline void stopper_run(struct job *job, int64_t waited_ms)
{
    (void)waited_ms;
    struct stopper *b = CONTAINER_OF(job, struct stopper, job);
    (void)sem_post(&b->begun);
    while (sem_wait(&b->go_on) != 0) {
        MUST(errno == EINTR);
    }
    (void)sem_post(&b->gone);
}

static inline void stopper_drop(struct job *job)
{
    struct stopper *b = CONTAINER_OF(job, struct stopper, job);
    (void)sem_post(&b->gone);
}

/* Hold one worker of a pool until stopper_go_on(). */
static inline void stopper_begin(struct stopper *b, struct pool *p)
{
    *b =
        (struct stopper){.job = {.run = stopper_run, .drop = stopper_drop, .refuse = stopper_drop}};
    assert_int_equal(sem_init(&b->begun, 0, 0), 0);
    assert_int_equal(sem_init(&b->go_on, 0, 0), 0);
    assert_int_equal(sem_init(&b->gone, 0, 0), 0);
    assert_true(pool_post(p, &b->job));
    while (sem_wait(&b->begun) != 0) {
        MUST(errno == EINTR);
    }
}

/* The worker has let go of it behind this: it may hold another one. */
static inline void stopper_go_on(struct stopper *b)
{
    (void)sem_post(&b->go_on);
    while (sem_wait(&b->gone) != 0) {
        MUST(errno == EINTR);
    }
}

#define SITE_TEST(name, loops) \
    cmocka_unit_test_prestate_setup_teardown(name, site_set_up, site_tear_down, &(loops))
#define SITE_TEST_SECURE(name, loops) \
    cmocka_unit_test_prestate_setup_teardown(name, site_set_up_secure, site_tear_down, &(loops))
#define SITE_TEST_TIMED(name, loops) \
    cmocka_unit_test_prestate_setup_teardown(name, site_set_up_timed, site_tear_down, &(loops))

#endif
