#include "server/worker.h"

#include "base/limits.h"
#include "base/util.h"
#include "net/stream.h"
#include "server/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ACCEPT_PAUSE_MS = 100, MAIL_BATCH = 256, WAIT_MAX_MS = 1000, STOPPING_LOOK_MS = 10 };

/* ---- accepting ---- */

static void welcome(struct worker *w, int fd, const struct peer_address *peer, bool local)
{
    if (local) {
        (void)conn_open(w, fd, peer, true);
        return;
    }
    if (!greet_allows(w->server, peer)) {
        stream_close(&fd);
        return;
    }
    stream_set_no_delay(fd);
    stream_set_lean(fd);
    struct conn *c = conn_open(w, fd, peer, false);
    if (c != NULL) {
        (void)greet_begin(c);
    }
}

/* What waits at a listener keeps its descriptor readable: whoever cannot accept must not look. */
static void pause_at(struct worker *w, struct watch *watch, mono_t *again)
{
    if (!failed(loop_change(&w->loop, watch, 0))) {
        *again = mono_after_ms(loop_now(&w->loop), ACCEPT_PAUSE_MS);
    }
}

static void accept_some(struct worker *w, bool local)
{
    struct listener *l = local ? &w->control : &w->listener;
    for (int i = 0; i < ACCEPT_BURST; i++) {
        int fd = -1;
        struct peer_address peer = {0};
        switch (listener_accept(l, &fd, &peer)) {
        case ACCEPT_GOT: welcome(w, fd, &peer, local); break;
        case ACCEPT_REFUSED: break;
        case ACCEPT_NONE: return;
        case ACCEPT_LATER:
            pause_at(w, local ? &w->control_watch : &w->accept_watch,
                     local ? &w->control_again : &w->accept_again);
            return;
        }
    }
}

static void on_accept(struct watch *watch, uint32_t events)
{
    (void)events;
    struct worker *w = CONTAINER_OF(watch, struct worker, accept_watch);
    accept_some(w, false);
}

static void on_control(struct watch *watch, uint32_t events)
{
    (void)events;
    struct worker *w = CONTAINER_OF(watch, struct worker, control_watch);
    accept_some(w, true);
}

static void resume_at(struct worker *w, struct watch *watch, mono_t *again)
{
    if (again->ns == 0 || loop_now(&w->loop).ns < again->ns) {
        return;
    }
    if (!failed(loop_change(&w->loop, watch, EPOLLIN))) {
        *again = (mono_t){0};
    }
}

static void accept_resume(struct worker *w)
{
    if (w->stopping) {
        return; /* nothing listens any more */
    }
    resume_at(w, &w->accept_watch, &w->accept_again);
    resume_at(w, &w->control_watch, &w->control_again);
}

/* ---- stopping ---- */

/* Nothing has been asked on it yet, or something has come that was not read: an answer is owed, for a
 * moment at least. */
static bool may_ask(struct worker *w, const struct conn *c)
{
    int unread = 0;
    if (c->state == CONN_HTTP && c->in.len > 0 && !c->partial) {
        return true; /* it waits for its turn */
    }
    if (!c->keep_alive) {
        return clock_mono(clock_system()).ns < w->grace_until.ns;
    }
    return ioctl(c->watch.fd, FIONREAD, &unread) == 0 && unread > 0;
}

static void close_sockets(struct worker *w)
{
    for (uint32_t i = 0; i < w->conns.seen; i++) {
        if (!slab_is_taken(&w->conns, i)) {
            continue;
        }
        struct conn *c = slab_at(&w->conns, i);
        if (c->state == CONN_SOCKET) {
            talk_end(&c->talk, WS_CLOSE_GOING_AWAY, "server is stopping");
        } else if (c->state == CONN_HTTP && channel_pending(c) > 0) {
            conn_finish(c);
        } else if ((c->state == CONN_HTTP || c->state == CONN_PROXY || c->state == CONN_SHAKE) &&
                   !may_ask(w, c)) {
            conn_drop(c);
        }
    }
}

static void begin_stop(struct worker *w)
{
    w->stopping = true;
    w->stop_by = mono_after_ms(clock_mono(clock_system()), STOP_MS);
    w->grace_until = mono_after_ms(clock_mono(clock_system()), GRACE_MS);
    loop_unwatch(&w->loop, &w->accept_watch);
    listener_close(&w->listener);
    if (w->control_watch.fd >= 0) {
        loop_unwatch(&w->loop, &w->control_watch);
        listener_close(&w->control);
    }
    for (uint32_t i = 0; i < w->conns.seen; i++) { /* no new events; their acks still go out */
        if (slab_is_taken(&w->conns, i)) {
            struct conn *c = slab_at(&w->conns, i);
            if (c->state == CONN_SOCKET && failed(loop_change(&w->loop, &c->watch, 0))) {
                c->overrun = true;
                conn_mark(c);
            }
        }
    }
}

/* True when nothing is left to do in any loop, or time is up. A loop without connections stays
 * for the calls of others that have to pass through it. */
static bool stopped(struct worker *w)
{
    struct server *s = w->server;
    if (!w->stopping) {
        return false;
    }
    const bool late = clock_mono(clock_system()).ns >= w->stop_by.ns;
    if (w->acks.count == 0 || late) {
        close_sockets(w);
        conn_flush_all(w);
    }
    if (w->conns.count == 0 && !w->quiet) {
        w->quiet = true;
        (void)atomic_fetch_sub(&s->awake, 1);
    }
    return late || (atomic_load(&s->awake) == 0 && atomic_load(&s->travelling) == 0);
}

/* ---- mail ---- */

struct visit {
    struct mail mail;
    void (*each)(void *ctx, struct shard *s);
    void (*done)(void *ctx);
    void *ctx;
    unsigned next; /* worker to go to after this one */
};

static void visit_arrive(struct worker *w, struct visit *v)
{
    v->each(v->ctx, w->shard);
    if (v->next < w->server->workers) {
        struct worker *next = w->server->worker[v->next++];
        mailbox_post(&next->mailbox, &v->mail.letter);
        return;
    }
    v->done(v->ctx);
    free(v);
}

struct wake_mail {
    struct mail mail;
    waking_t waking;
};

void worker_wake(struct server *s, waking_t *w)
{
    struct wake_mail *m = malloc(sizeof *m);
    if (m == NULL) {
        waking_drop(w); /* it wakes when somebody asks for it */
        free(w);
        return;
    }
    *m = (struct wake_mail){.mail = {.kind = MAIL_WAKE}, .waking = *w};
    free(w);
    mailbox_post(&server_owner(s, m->waking.session)->mailbox, &m->mail.letter);
}

static void wake_arrive(struct worker *w, struct wake_mail *m)
{
    const err_t woken = waking_finish(w->shard, &m->waking);
    (void)woken; /* what failed is logged, and the keeper comes again */
    free(m);
}

static void read_letter(struct worker *w, struct letter *letter)
{
    struct mail *mail = CONTAINER_OF(letter, struct mail, letter);
    switch (mail->kind) {
    case MAIL_TRIP: trip_arrive(w, CONTAINER_OF(mail, struct trip, mail)); return;
    case MAIL_HANDOVER: socket_arrive(w, CONTAINER_OF(mail, struct handover, mail)); return;
    case MAIL_VISIT: visit_arrive(w, CONTAINER_OF(mail, struct visit, mail)); return;
    case MAIL_FETCH: fetch_arrive(w, fetch_of(mail)); return;
    case MAIL_WAKE: wake_arrive(w, CONTAINER_OF(mail, struct wake_mail, mail)); return;
    case MAIL_TELL: {
        struct news *n = CONTAINER_OF(mail, struct news, mail);
        api_told(w->shard, n->session, n->what, n->how, n->value);
        news_give(w->server->news, n);
        return;
    }
    case MAIL_STOP:
        begin_stop(w);
        free(mail);
        return;
    }
}

static void on_mail(struct watch *watch, uint32_t events)
{
    (void)events;
    struct worker *w = CONTAINER_OF(watch, struct worker, mail_watch);
    struct letter *l = NULL;
    for (unsigned n = 0; n < MAIL_BATCH && (l = mailbox_take(&w->mailbox)) != NULL; n++) {
        read_letter(w, l); /* what is left keeps the mailbox readable */
    }
}

/* Calls do not wait for a journal that cannot be written; acknowledgements do. */
static void tell_waiting_calls(struct worker *w)
{
    for (size_t left = w->acks.count; left > 0; left--) {
        ack_t ack = {0};
        MUST(acks_pop(&w->acks, UINT64_MAX, &ack));
        if (ack.trip != NULL) {
            trip_give_up(w, ack.trip);
        } else {
            MUST(!failed(acks_push(&w->acks, &ack))); /* its place has just become free */
        }
    }
}

/* The journal has failed for good: nothing more is acknowledged, and the server stops, so that the
 * next start recovers from what is durable. */
static void journal_is_lost(struct worker *w)
{
    struct server *s = w->server;
    for (ack_t ack; acks_pop(&w->acks, UINT64_MAX, &ack);) {
        MUST(ack.trip == NULL);
    }
    if (server_drain(s, "journal")) {
        log_event(s->config.log, LOG_ERROR, "journal.lost", FIELD_INT("loop", w->index));
    }
}

static void on_durable(struct watch *watch, uint32_t events)
{
    (void)events;
    struct worker *w = CONTAINER_OF(watch, struct worker, lane_watch);
    journal_lane_ack(w->lane);
    socket_acknowledge(w);
    const enum journal_state state = journal_state_of(w->server->config.api->service->journal);
    if (state != JOURNAL_RUNNING) {
        tell_waiting_calls(w);
    }
    if (state == JOURNAL_FAILED) {
        journal_is_lost(w);
    }
}

/* ---- courier: news from workers of the pools ---- */

static void courier_tell(struct courier *self, uuid_t session, enum tell what, enum session_end how,
                         double value)
{
    struct server *s = CONTAINER_OF(self, struct server, courier);
    struct news *n = news_take(s->news);
    if (n == NULL) {
        return; /* the loops have ended, and the next start asks the store */
    }
    *n = (struct news){
        .mail = {.kind = MAIL_TELL}, .session = session, .what = what, .how = how, .value = value};
    mailbox_post(&server_owner(s, session)->mailbox, &n->mail.letter);
}

static err_t courier_every_loop(struct courier *self, void (*each)(void *ctx, struct shard *s),
                                void (*done)(void *ctx), void *ctx)
{
    struct server *s = CONTAINER_OF(self, struct server, courier);
    struct visit *v = malloc(sizeof *v);
    if (v == NULL) {
        return err_new(ERR_NOMEM);
    }
    *v = (struct visit){
        .mail = {.kind = MAIL_VISIT}, .each = each, .done = done, .ctx = ctx, .next = 1};
    mailbox_post(&s->worker[0]->mailbox, &v->mail.letter);
    return ERR_OK;
}

void worker_courier(struct courier *c)
{
    c->tell = courier_tell;
    c->every_loop = courier_every_loop;
}

/* ---- falling behind ---- */

static void on_probe(struct watch *watch, uint32_t events)
{
    (void)events;
    struct worker *w = CONTAINER_OF(watch, struct worker, probe_watch);
    uint64_t count = 0;
    const ssize_t got = read(watch->fd, &count, sizeof count);
    (void)got; /* fails only when it was not queued */
    pressure_probed(&w->pressure, loop_now(&w->loop));
}

/* A round is over that began after a wait from `before` on. */
static void look_behind(struct worker *w, mono_t before)
{
    struct server *s = w->server;
    if (pressure_round(&w->pressure, before, loop_now(&w->loop), loop_was_full(&w->loop))) {
        const bool high = w->pressure.high;
        (void)(high ? atomic_fetch_add(&s->pressed, 1) : atomic_fetch_sub(&s->pressed, 1));
        log_event(s->config.log, LOG_WARN, high ? "loop.behind" : "loop.caught_up",
                  FIELD_INT("loop", w->index));
    }
    journal_crowd(w->lane, w->pressure.stands);
    if (pressure_wants_probe(&w->pressure)) {
        const uint64_t one = 1;
        const ssize_t put = write(w->probe_watch.fd, &one, sizeof one);
        (void)put; /* fails only when it is queued already */
    }
}

/* ---- the thread ---- */

static void age_ticket_keys(struct worker *w)
{
    struct tls_server *tls = w->server->config.tls;
    if (w->index == 0 && tls != NULL &&
        failed(tls_server_tick(tls, clock_mono(w->server->config.clock)))) {
        log_event(w->server->config.log, LOG_ERROR, "tls.no_ticket_key",
                  FIELD_INT("loop", w->index));
    }
}

/* Also what the clock brings about for sessions, whoever keeps the loop busy. */
static int wait_ms(struct worker *w)
{
    const mono_t now = clock_mono(w->server->config.clock);
    const int conns = timer_wheel_next(&w->wheel, now);
    if (w->stopping) {
        return w->later != NULL || conns == 0 ? 0 : STOPPING_LOOK_MS;
    }
    const int64_t sessions = shard_advance(w->shard);
    int64_t least = WAIT_MAX_MS;
    least = conns >= 0 && conns < least ? conns : least;
    least = sessions >= 0 && sessions < least ? sessions : least;
    return w->later != NULL ? 0 : (int)least;
}

static void *run(void *context)
{
    struct worker *w = context;
    struct server *s = w->server;
    char name[16];
    (void)snprintf(name, sizeof name, "loop-%u", w->index);
    (void)pthread_setname_np(pthread_self(), name);

    while (!stopped(w)) {
        const int timeout = wait_ms(w);
        conn_begin_round(w);
        conn_flush_all(w); /* what the clock has brought about */
        const mono_t before = clock_mono(s->config.clock);
        if (failed(loop_run_once(&w->loop, timeout))) {
            log_event(s->config.log, LOG_ERROR, "loop.failed", FIELD_INT("loop", w->index));
            bug(__FILE__, __LINE__, "epoll works");
        }
        timer_wheel_advance(&w->wheel, clock_mono(s->config.clock), conn_timer, w);
        age_ticket_keys(w);
        journal_kick(w->lane);
        socket_acknowledge(w); /* what was repeated is durable already */
        conn_flush_all(w);
        accept_resume(w);
        look_behind(w, before);
        histogram_observe_shared(&s->config.api->metrics.lag_ns,
                                 clock_mono(s->config.clock).ns - loop_now(&w->loop).ns);
    }
    return NULL;
}

/* ---- life ---- */

void worker_init(struct worker *w, struct server *server, unsigned index)
{
    w->server = server;
    w->index = index;
    w->listener.fd = w->listener.spare_fd = -1;
    w->control.fd = w->control.spare_fd = -1;
    w->control_watch.fd = -1;
    w->probe_watch.fd = -1;
    w->watcher.notify = socket_notify;
    slab_init(&w->conns, sizeof(struct conn),
              server->config.connections_max + LIMIT_CONTROL_CONNECTIONS);
    timer_wheel_init(&w->wheel, clock_mono(server->config.clock));
    pressure_init(&w->pressure, clock_mono(server->config.clock));
    acks_init(&w->acks);
}

static err_t watch(struct worker *w, struct watch *watch, int fd,
                   void (*ready)(struct watch *self, uint32_t events))
{
    *watch = (struct watch){.fd = fd, .events = EPOLLIN, .ready = ready};
    return loop_watch(&w->loop, watch);
}

err_t worker_start(struct worker *w)
{
    TRY(watch(w, &w->mail_watch, mailbox_fd(&w->mailbox), on_mail));
    TRY(watch(w, &w->lane_watch, journal_lane_fd(w->lane), on_durable));
    TRY(watch(w, &w->accept_watch, w->listener.fd, on_accept));
    const int probe = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (probe < 0) {
        return err_new(ERR_IO);
    }
    TRY(watch(w, &w->probe_watch, probe, on_probe));
    if (w->control.fd >= 0) {
        TRY(watch(w, &w->control_watch, w->control.fd, on_control));
    }
    (void)atomic_fetch_add(&w->server->awake, 1);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        (void)atomic_fetch_sub(&w->server->awake, 1);
        return err_new(ERR_IO);
    }
    w->running = true;
    return ERR_OK;
}

static void drop_letter(struct letter *letter)
{
    struct mail *mail = CONTAINER_OF(letter, struct mail, letter);
    if (mail->kind == MAIL_TRIP) {
        struct trip *t = CONTAINER_OF(mail, struct trip, mail);
        call_free(&t->call);
        waking_drop(&t->waking);
        free(t);
        return;
    }
    if (mail->kind == MAIL_FETCH) {
        fetch_drop(fetch_of(mail));
        return;
    }
    if (mail->kind == MAIL_WAKE) {
        waking_drop(&CONTAINER_OF(mail, struct wake_mail, mail)->waking);
    }
    if (mail->kind == MAIL_HANDOVER) {
        struct handover *h = CONTAINER_OF(mail, struct handover, mail);
        call_free(&h->call);
        waking_drop(&h->waking);
        buf_deinit(&h->out);
        tls_conn_free(&h->tls);
        stream_close(&h->fd);
        free(h);
        return;
    }
    if (mail->kind != MAIL_TELL) { /* the stock's */
        free(mail);                /* visits and stops begin with their mail */
    }
}

void worker_deinit(struct worker *w)
{
    if (w->loop.clock != NULL) {
        for (uint32_t i = 0; i < w->conns.seen; i++) {
            if (slab_is_taken(&w->conns, i)) {
                conn_drop(slab_at(&w->conns, i));
            }
        }
        for (struct letter *l = NULL; (l = mailbox_take(&w->mailbox)) != NULL;) {
            drop_letter(l);
        }
        mailbox_deinit(&w->mailbox);
        loop_deinit(&w->loop);
    }
    for (ack_t ack; acks_pop(&w->acks, UINT64_MAX, &ack);) {
        if (ack.trip != NULL) {
            call_free(&ack.trip->call);
            free(ack.trip);
        }
    }
    stream_close(&w->probe_watch.fd);
    listener_close(&w->listener);
    listener_close(&w->control);
    while (w->spares > 0) {
        buf_deinit(&w->spare[--w->spares]);
    }
    slab_deinit(&w->conns);
    acks_deinit(&w->acks);
    shard_free(&w->shard);
    free(w->scratch);
    free(w->events);
    free(w->stop);
    free(w->plain);
}
