#include "server/server.h"

#include "base/limits.h"
#include "base/util.h"
#include "net/listener.h"
#include "server/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BACKLOG = 4096, HASH_NICE = 10 };

/* ---- what the api asks of the server ---- */

static int64_t certificate_end_s(const struct server *s)
{
    return s->config.tls == NULL ? 0 : tls_server_not_after(s->config.tls).ms / MS_PER_S;
}

static void numbers(void *ctx, struct server_numbers *out)
{
    struct server *s = ctx;
    *out = (struct server_numbers){.cold_depth = pool_depth(s->cold),
                                   .hash_depth = pool_depth(s->hash),
                                   .hash_busy = pool_busy(s->hash),
                                   .cold_refused = pool_refused(s->cold),
                                   .hash_refused = pool_refused(s->hash),
                                   .certificate_end_s = certificate_end_s(s),
                                   .shards = s->workers,
                                   .shard = s->shards};
}

static bool ready(void *ctx)
{
    struct server *s = ctx;
    return atomic_load(&s->serving) && !atomic_load(&s->draining) &&
           journal_takes_events(s->config.api->service->journal);
}

bool server_drain(struct server *s, const char *by)
{
    const char *nobody = NULL;
    if (!atomic_compare_exchange_strong(&s->drained_by, &nobody, by)) {
        return false;
    }
    atomic_store(&s->draining, true);
    const uint64_t one = 1;
    if (write(s->drain_fd, &one, sizeof one) != (ssize_t)sizeof one) {
        log_event(s->config.log, LOG_ERROR, "drain.unheard", FIELD_INT("fd", s->drain_fd));
    }
    return true;
}

static void drain(struct courier *self)
{
    (void)server_drain(CONTAINER_OF(self, struct server, courier), "operator");
}

static err_t reload(struct courier *self, char why[COURIER_WHY_BYTES])
{
    struct server *s = CONTAINER_OF(self, struct server, courier);
    (void)snprintf(why, COURIER_WHY_BYTES, "Nothing can change while it runs without TLS");
    const err_t e = s->config.reload == NULL ? ERR_OK : s->config.reload(s->config.reload_ctx, why);
    if (failed(e)) {
        log_event(s->config.log, LOG_ERROR, "reload.failed", FIELD_TEXT("reason", why));
    } else {
        log_event(s->config.log, LOG_NOTICE, "server.reload", FIELD_TEXT("changed", why));
    }
    return e;
}

bool server_is_draining(const struct server *s)
{
    return atomic_load(&s->draining);
}

const char *server_drained_by(const struct server *s)
{
    return atomic_load(&s->drained_by);
}

int server_drain_fd(const struct server *s)
{
    return s->drain_fd;
}

/* ---- binding ---- */

static const char *outcome_text(enum listen_outcome outcome)
{
    switch (outcome) {
    case LISTEN_IN_USE: return "is in use by another process";
    case LISTEN_NOT_PERMITTED: return "may not be used by this user";
    case LISTEN_ELSEWHERE:
        return "is of this machine alone, but the socket that was handed over is public: set HOST to "
               "its address";
    case LISTEN_BAD_ADDRESS: return "is not an address of this machine";
    case LISTEN_OPEN: break;
    }
    return "cannot be opened";
}

static err_t open_listener(const struct server_config *c, struct worker *w, uint16_t port,
                           enum listen_outcome *outcome)
{
    if (c->inherited_count > 0) {
        TRY(listener_adopt(&w->listener, c->inherited[w->index % c->inherited_count], outcome));
        if (*outcome == LISTEN_OPEN && c->loopback_only && !w->listener.loopback) {
            *outcome = LISTEN_ELSEWHERE; /* what was judged safe was judged for HOST */
        }
        return ERR_OK;
    }
    const unsigned flags = c->loops > 1 ? (unsigned)LISTEN_REUSEPORT : 0U;
    return listener_open(&w->listener, c->host, port, flags, BACKLOG, outcome);
}

static err_t bind_worker(struct server *s, struct worker *w, char why[SERVER_WHY_BYTES])
{
    const struct server_config *c = &s->config;
    const uint16_t port = w->index == 0 ? c->port : s->worker[0]->listener.port;
    enum listen_outcome outcome = LISTEN_OPEN;
    const err_t e = open_listener(c, w, port, &outcome);
    if (failed(e) || outcome != LISTEN_OPEN) {
        (void)snprintf(why, SERVER_WHY_BYTES, "HOST=%.128s PORT=%u: the address %s", c->host,
                       (unsigned)port, outcome_text(outcome));
        return failed(e) ? e : err_new(ERR_IO);
    }
    if (w->index > 0 || c->control_path == NULL) {
        return ERR_OK;
    }
    const err_t control = listener_open_unix(&w->control, c->control_path, 16, &outcome);
    if (failed(control) || outcome != LISTEN_OPEN) {
        (void)snprintf(why, SERVER_WHY_BYTES, "control socket %.160s: the path %s", c->control_path,
                       outcome_text(outcome));
        return failed(control) ? control : err_new(ERR_IO);
    }
    return ERR_OK;
}

static err_t make_worker(struct server *s, unsigned index, char why[SERVER_WHY_BYTES])
{
    struct worker *w = aligned_alloc(_Alignof(struct worker), sizeof *w);
    if (w == NULL) {
        return err_new(ERR_NOMEM);
    }
    memset(w, 0, sizeof *w);
    s->worker[index] = w;
    worker_init(w, s, index);
    TRY(loop_init(&w->loop, s->config.clock));
    TRY(mailbox_init(&w->mailbox));
    w->scratch = malloc(sizeof *w->scratch);
    w->events = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *w->events);
    w->stop = calloc(1, sizeof *w->stop);
    if (w->scratch == NULL || w->events == NULL || w->stop == NULL) {
        return err_new(ERR_NOMEM);
    }
    w->stop->kind = MAIL_STOP;
    if (s->config.tls != NULL) {
        w->plain = malloc(PLAIN_BYTES);
        if (w->plain == NULL) {
            return err_new(ERR_NOMEM);
        }
    }
    w->lane = journal_lane(s->config.api->service->journal, index);
    const struct shard_config shard = {.service = s->config.api->service,
                                       .ledger = s->config.ledger,
                                       .lane = w->lane,
                                       .watcher = &w->watcher,
                                       .sessions_max = s->config.sessions_max};
    TRY(shard_new(&shard, &w->shard));
    s->shards[index] = w->shard;
    return bind_worker(s, w, why);
}

static err_t make_pools(struct server *s)
{
    const struct pool_config cold = {.name = "cold",
                                     .workers = s->config.cold_workers,
                                     .queue = s->config.cold_queue,
                                     .reserved = s->config.cold_reserved,
                                     .clock = s->config.clock};
    const struct pool_config hash = {.name = "hash",
                                     .workers = s->config.hash_workers,
                                     .queue = s->config.hash_queue,
                                     .nice = HASH_NICE,
                                     .clock = s->config.clock};
    TRY(pool_new(&cold, &s->cold));
    return pool_new(&hash, &s->hash);
}

static err_t make(struct server *s, char why[SERVER_WHY_BYTES])
{
    s->drain_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->drain_fd < 0) {
        return err_new(ERR_IO);
    }
    if (s->config.inherited_count > s->workers) {
        (void)snprintf(why, SERVER_WHY_BYTES,
                       "LOOPS=%u: %u sockets were handed over, and each needs a loop", s->workers,
                       s->config.inherited_count);
        return err_new(ERR_RANGE);
    }
    TRY(news_stock_new(&s->news));
    for (unsigned i = 0; i < s->workers; i++) {
        TRY(make_worker(s, i, why));
    }
    return make_pools(s);
}

err_t server_new(const struct server_config *config, struct server **out,
                 char why[SERVER_WHY_BYTES])
{
    MUST(config->loops >= 1 && config->loops <= SERVER_LOOPS_MAX);
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->config = *config;
    s->workers = config->loops;
    s->drain_fd = -1;
    guests_init(&s->guests, config->connections_per_address,
                (uint64_t)config->connections_per_address * LIMIT_WIDE_FACTOR);
    /* No neighbourhood's own: LIMIT_HANDSHAKES_PER_LOOP is less than ten addresses may have. */
    guests_init(&s->shaking, LIMIT_HANDSHAKES_PER_ADDRESS, 0);
    worker_courier(&s->courier);
    s->courier.drain = drain;
    s->courier.reload = reload;
    config->api->courier = &s->courier;
    config->api->numbers = numbers;
    config->api->ready = ready;
    config->api->numbers_ctx = s;

    (void)snprintf(why, SERVER_WHY_BYTES, "out of memory or descriptors at the start");
    const err_t made = make(s, why);
    if (failed(made)) {
        server_free(&s);
        return made;
    }
    *out = s;
    return ERR_OK;
}

/* ---- life ---- */

struct shard *server_shard_of(struct server *s, uuid_t session)
{
    return server_owner(s, session)->shard;
}

unsigned server_loops(const struct server *s)
{
    return s->workers;
}

struct shard *server_shard(struct server *s, unsigned index)
{
    return s->worker[index]->shard;
}

void server_wake(struct server *s, waking_t *w)
{
    worker_wake(s, w);
}

err_t server_visit(struct server *s, void (*each)(void *ctx, struct shard *s),
                   void (*done)(void *ctx), void *ctx)
{
    return s->courier.every_loop(&s->courier, each, done, ctx);
}

int server_listener_fd(const struct server *s, unsigned index)
{
    return s->worker[index]->listener.fd;
}

uint16_t server_port(const struct server *s)
{
    return s->worker[0]->listener.port;
}

err_t server_start(struct server *s)
{
    for (unsigned i = 0; i < s->workers; i++) {
        const err_t started = worker_start(s->worker[i]);
        if (failed(started)) {
            server_stop(s);
            return started;
        }
    }
    atomic_store(&s->serving, true);
    return ERR_OK;
}

void server_poke(struct server *s)
{
    for (unsigned i = 0; i < s->workers; i++) {
        loop_wake(&s->worker[i]->loop);
    }
}

/* The loops have ended. What is dropped or ends here becomes letters, for worker_deinit(); and jobs
 * of one pool go on to the other, so that none is freed before both have come to rest. */
static void stop_pools(struct server *s)
{
    if (s->news != NULL) {
        news_stock_close(s->news);
    }
    if (s->hash != NULL) {
        pool_stop(s->hash);
    }
    if (s->cold != NULL) {
        pool_stop(s->cold);
    }
}

void server_stop(struct server *s)
{
    atomic_store(&s->serving, false);
    for (unsigned i = 0; i < s->workers; i++) {
        struct mail *stop = s->worker[i]->stop;
        if (s->worker[i]->running && stop != NULL) {
            s->worker[i]->stop = NULL;
            mailbox_post(&s->worker[i]->mailbox, &stop->letter);
        }
    }
    for (unsigned i = 0; i < s->workers; i++) {
        if (s->worker[i]->running) {
            (void)pthread_join(s->worker[i]->thread, NULL);
            s->worker[i]->running = false;
        }
    }
    stop_pools(s);
}

void server_free(struct server **s)
{
    if (*s == NULL) {
        return;
    }
    stop_pools(*s);
    pool_free(&(*s)->hash);
    pool_free(&(*s)->cold);
    for (unsigned i = 0; i < (*s)->workers; i++) {
        if ((*s)->worker[i] != NULL) {
            worker_deinit((*s)->worker[i]);
        }
    }
    for (unsigned i = 0; i < (*s)->workers; i++) {
        free((*s)->worker[i]);
    }
    news_stock_free(&(*s)->news);
    guests_deinit(&(*s)->guests);
    guests_deinit(&(*s)->shaking);
    if ((*s)->drain_fd >= 0) {
        (void)close((*s)->drain_fd);
    }
    free(*s);
    *s = NULL;
}
