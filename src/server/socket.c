#include "api/metrics_page.h"
#include "api/problem.h"
#include "base/limits.h"
#include "base/util.h"
#include "net/stream.h"
#include "server/inside.h"

#include <stdlib.h>
#include <string.h>

enum { STORE_RETRY_S = 5, STOP_RETRY_S = 1 };

/* Two: the first is sent up to LIMIT_WS_PING_MS after the last word of a peer. */
enum { PINGS_UNANSWERED_MAX = LIMIT_WS_DEAD_MS / LIMIT_WS_PING_MS - 1 };

/* ---- what the conversation says ---- */

static void say(struct conn *c, err_t written)
{
    if (failed(written)) {
        c->overrun = true; /* dropped at the end of the round, when nobody holds it any more */
    }
    conn_mark(c);
}

static struct buf *mouth(struct conn *c)
{
    struct worker *w = c->worker;
    if (c->out.ptr == NULL && w->spares > 0) {
        c->out = w->spare[--w->spares];
    }
    return &c->out;
}

static void sink_text(struct talk_sink *self, span_t json)
{
    struct conn *c = CONTAINER_OF(self, struct conn, sink);
    if (c->state == CONN_SOCKET) {
        say(c, ws_write_text(mouth(c), json));
    }
}

static void sink_close(struct talk_sink *self, uint16_t code, const char *reason)
{
    struct conn *c = CONTAINER_OF(self, struct conn, sink);
    if (c->state != CONN_SOCKET) {
        return;
    }
    say(c, ws_write_close(mouth(c), code, (span_t){(const uint8_t *)reason, strlen(reason)}));
    metrics_count_close(&c->worker->server->config.api->metrics, code);
    conn_finish(c);
}

void socket_detach(struct conn *c)
{
    if (c->talk.live != NULL && c->talk.live->socket == c) {
        c->talk.live->socket = NULL;
    }
    c->talk.live = NULL;
    c->talk.closed = true;
}

void socket_notify(struct shard_watcher *watcher, struct live *live, enum notice what,
                   enum session_end how, const canara_verdict_t *verdict)
{
    struct worker *w = CONTAINER_OF(watcher, struct worker, watcher);
    struct conn *c = live->socket;
    if (c != NULL) {
        talk_notice(&c->talk, w->server->config.api, w->shard, what, how, verdict);
    }
}

/* ---- opening ---- */

/* The answer is there already, or the store has to be asked for it. */
static void refuse(struct conn *c, struct call *call)
{
    c->state = CONN_CALL;
    if (call->status != 0) {
        conn_answer(c, call);
        return;
    }
    if (failed(loop_change(&c->worker->loop, &c->watch, 0))) {
        call_free(&call);
        conn_drop(c);
        return;
    }
    trip_begin(c, call, PLACE_COLD);
}

static void open_socket(struct conn *c, struct call *call, const upgrade_t *up, span_t rest)
{
    struct worker *w = c->worker;
    struct api *api = w->server->config.api;
    if (w->pressure.high) {
        api_upgrade_later(call);
        refuse(c, call);
        return;
    }
    struct live *live = api_upgrade_admit(call, w->shard, up);
    if (live == NULL) {
        refuse(c, call);
        return;
    }
    call_free(&call);
    if (rest.len > 0) { /* it may lie in c->in, which goes; it fits: one read brought it */
        memmove(w->receive, rest.ptr, rest.len);
    }
    if (live->socket != NULL) {
        struct conn *older = live->socket;
        talk_end(&older->talk, TALK_CLOSE_REPLACED, "replaced by a newer connection");
    }

    gauge_add(&api->metrics.http_connections, -1);
    gauge_add(&api->metrics.ws_connections, 1);
    buf_deinit(&c->in);
    c->state = CONN_SOCKET;
    if (c->tls != NULL) {
        tls_conn_hear_openly(c->tls);
    }
    c->batch = up->batch;
    c->partial = false;
    ws_reader_init(&c->reader.ws, WS_SERVER, WS_SERVER_MESSAGE_MAX);
    c->has_ws = true;
    c->sink = (struct talk_sink){.text = sink_text, .close = sink_close};
    timer_set(&w->wheel, &c->timer,
              mono_after_ms(clock_mono(w->server->config.clock), LIMIT_WS_PING_MS));
    say(c, api_upgrade_answer(up, mouth(c)));
    if (failed(loop_change(&w->loop, &c->watch, EPOLLIN))) {
        conn_drop(c);
        return;
    }
    live->socket = c; /* not before: conn_drop() finds it by what talk_begin() sets */
    talk_begin(&c->talk, api, w->shard, live, &c->sink);
    c->talk.heard = loop_now(&w->loop);
    if (rest.len > 0 && c->state == CONN_SOCKET) {
        socket_read(c, w->receive, rest.len);
    }
}

/* The descriptor leaves this worker; the connection's place is given up, the socket is not. */
static void hand_over(struct conn *c, struct call *call, const upgrade_t *up, span_t rest,
                      struct worker *owner)
{
    struct worker *w = c->worker;
    struct handover *h = malloc(sizeof *h + rest.len);
    if (h == NULL) {
        call_free(&call);
        conn_drop(c);
        return;
    }
    *h = (struct handover){.mail = {.kind = MAIL_HANDOVER},
                           .call = call,
                           .upgrade = *up,
                           .peer = c->peer,
                           .out = c->out,
                           .tls = c->tls,
                           .counted = c->counted,
                           .proxy = c->proxy,
                           .len = rest.len};
    buf_init(&c->out, LIMIT_OUT_BUFFER_BYTES);
    if (rest.len > 0) {
        memcpy(h->bytes, rest.ptr, rest.len);
    }
    loop_unwatch(&w->loop, &c->watch);
    h->fd = c->watch.fd;
    c->watch.fd = -1; /* conn_drop() closes nothing */
    c->tls = NULL;
    c->counted = false;
    conn_drop(c);
    (void)atomic_fetch_add(&w->server->travelling, 1);
    mailbox_post(&owner->mailbox, &h->mail.letter);
}

void socket_upgrade(struct conn *c, struct call *call, const upgrade_t *up, span_t rest)
{
    struct worker *owner = server_owner(c->worker->server, up->session);
    if (rest.len > RECEIVE_BYTES) { /* nobody sends so much before the answer */
        call_free(&call);
        conn_drop(c);
        return;
    }
    if (owner == c->worker && !sleeper_is(owner->shard, up->session)) {
        open_socket(c, call, up, rest);
        return;
    }
    hand_over(c, call, up, rest, owner);
}

static void read_for_socket(struct job *job, int64_t waited_ms)
{
    (void)waited_ms;
    struct handover *h = CONTAINER_OF(job, struct handover, job);
    waking_read(h->call->service, &h->waking);
    h->wake = WAKE_READ;
    mailbox_post(&h->to->mailbox, &h->mail.letter);
}

/* Its place went to somebody who had less waiting. */
static void refuse_unread(struct job *job)
{
    struct handover *h = CONTAINER_OF(job, struct handover, job);
    h->waking.error = err_new(ERR_LIMIT);
    h->wake = WAKE_READ;
    mailbox_post(&h->to->mailbox, &h->mail.letter);
}

/* A stop came first: it goes where letters are dropped. */
static void drop_unread(struct job *job)
{
    struct handover *h = CONTAINER_OF(job, struct handover, job);
    mailbox_post(&h->to->mailbox, &h->mail.letter);
}

/* As for a call: true when a worker reads for the session first, and the connection comes back. */
static bool wake_first(struct worker *w, struct handover *h)
{
    if (w->stopping || h->wake != WAKE_UNASKED || !sleeper_is(w->shard, h->upgrade.session)) {
        return false;
    }
    h->wake = WAKE_ASKED;
    h->to = w;
    h->job = (struct job){
        .queued = {.address = h->call->address_wide, .party = h->call->party},
        .run = read_for_socket,
        .drop = drop_unread,
        .refuse = refuse_unread,
    };
    waking_begin(shard_peek(w->shard, h->upgrade.session), &h->waking);
    return pool_post(w->server->cold, &h->job);
}

void socket_arrive(struct worker *w, struct handover *h)
{
    if (wake_first(w, h)) {
        return;
    }
    if (h->wake == WAKE_READ && failed(waking_finish(w->shard, &h->waking))) {
        (void)problem_later(h->call, PROBLEM_UNAVAILABLE, STORE_RETRY_S);
    }
    if (w->stopping && h->call->status == 0) {
        (void)problem_later(h->call, PROBLEM_UNAVAILABLE, STOP_RETRY_S);
    }
    struct conn *c = conn_open(w, h->fd, &h->peer, false);
    if (c == NULL) {
        if (h->counted) {
            guests_leave(&w->server->guests, &h->peer);
        }
        call_free(&h->call);
        buf_deinit(&h->out);
        tls_conn_free(&h->tls);
    } else {
        c->out = h->out; /* answers to what was asked before */
        c->tls = h->tls;
        c->counted = h->counted;
        c->proxy = h->proxy;
        c->keep_alive = false;
        if (h->call->status != 0) {
            refuse(c, h->call);
        } else {
            open_socket(c, h->call, &h->upgrade, (span_t){h->bytes, h->len});
        }
    }
    free(h);
    (void)atomic_fetch_sub(&w->server->travelling, 1);
}

/* ---- reading ---- */

static bool share_last(struct worker *w, const struct conn *c, const talk_due_t *due)
{
    ack_t *last = acks_newest(&w->acks);
    if (!c->batch || last == NULL || w->acked_round != w->round || last->trip != NULL ||
        last->conn != c->index || last->generation != c->generation) {
        return false;
    }
    last->position = due->position;
    last->count += due->count;
    last->seq = due->seq;
    return true;
}

static void owe(struct conn *c, const talk_due_t *due)
{
    struct worker *w = c->worker;
    if (share_last(w, c, due)) {
        return;
    }
    const ack_t ack = {.position = due->position,
                       .seq = due->seq,
                       .received = c->talk.heard,
                       .conn = c->index,
                       .generation = c->generation,
                       .count = due->count};
    if (failed(acks_push(&w->acks, &ack))) {
        talk_end(&c->talk, WS_CLOSE_TRY_LATER, "overload");
        return;
    }
    w->acked_round = w->round;
}

static void take_item(struct conn *c, enum ws_item item, const struct ws_item_data *data)
{
    struct worker *w = c->worker;
    struct api *api = w->server->config.api;
    switch (item) {
    case WS_MESSAGE_TEXT: {
        const talk_due_t due =
            talk_message(&c->talk, api, w->shard, w->scratch, w->events, data->payload);
        if (due.due) {
            owe(c, &due);
        }
        return;
    }
    case WS_MESSAGE_BINARY: talk_end(&c->talk, WS_CLOSE_UNACCEPTABLE, "text frames only"); return;
    case WS_PING: say(c, ws_write_pong(mouth(c), data->payload)); return;
    case WS_CLOSE:
        metrics_count_close(&api->metrics, data->code);
        say(c, ws_write_close(mouth(c), data->code, (span_t){0}));
        conn_finish(c);
        return;
    case WS_FAULT: talk_end(&c->talk, data->code, data->reason); return;
    case WS_PONG:
    case WS_NEED_MORE: return;
    }
}

struct taken {
    unsigned messages, controls;
    size_t text; /* bytes of the messages */
};

static struct taken take_items(struct conn *c, uint8_t *bytes, size_t len)
{
    uint8_t *cursor = bytes;
    uint8_t *end = bytes + len;
    struct taken taken = {0};
    while (c->state == CONN_SOCKET && !c->overrun) {
        struct ws_item_data data = {0};
        const enum ws_item item = ws_next(&c->reader.ws, &cursor, end, &data);
        if (item == WS_NEED_MORE) {
            break;
        }
        taken.messages += item == WS_MESSAGE_TEXT ? 1U : 0U;
        taken.text += item == WS_MESSAGE_TEXT ? data.payload.len : 0U;
        taken.controls += item == WS_PING || item == WS_PONG ? 1U : 0U;
        take_item(c, item, &data);
    }
    return taken;
}

/* Messages are charged as they are taken. What else comes costs work, too: it is what was received
 * and is neither the text of a message nor kept for one. */
static void charge_noise(struct conn *c, const struct taken *taken, size_t len, size_t held_before)
{
    struct worker *w = c->worker;
    const size_t came = len + held_before;
    const size_t used = taken->text + ws_reader_held(&c->reader.ws);
    const size_t noise =
        came - size_min(came, used) + (size_t)taken->controls * LIMIT_WS_CONTROL_COST;
    const size_t sum = c->beside + noise;
    const size_t beside = sum - size_min(sum, (size_t)taken->messages * LIMIT_WS_FREE_HEAD);
    if (beside < LIMIT_WS_BESIDE_BYTES) {
        c->beside = (uint32_t)beside;
        return;
    }
    c->beside = 0;
    talk_noise(&c->talk, w->server->config.api, w->shard, beside);
}

void socket_read(struct conn *c, uint8_t *bytes, size_t len)
{
    if (!fetch_holds(c, bytes, len)) {
        socket_hear(c, bytes, len);
    }
}

void socket_hear(struct conn *c, uint8_t *bytes, size_t len)
{
    struct worker *w = c->worker;
    if (pressure_lets_go(&w->pressure, c->messages)) {
        /* What it has sent and was not told that we have, it sends again when it comes back. */
        counter_add_shared(&w->server->config.api->metrics.refused_overload, 1);
        talk_end(&c->talk, WS_CLOSE_TRY_LATER, "overload");
        return;
    }
    const size_t held = ws_reader_held(&c->reader.ws);
    const struct taken taken = take_items(c, bytes, len);
    c->messages = taken.messages < UINT16_MAX ? (uint16_t)taken.messages : UINT16_MAX;
    pressure_read(&w->pressure, taken.messages);
    if (c->state == CONN_SOCKET && !c->overrun) {
        charge_noise(c, &taken, len, held);
    }
}

/* Counted in pings and not by the clock alone: after a pause of this process or its machine nobody has
 * been heard for long, and what they said waits to be read. */
void socket_tick(struct conn *c, mono_t now)
{
    struct worker *w = c->worker;
    if (c->pings == PINGS_UNANSWERED_MAX) {
        conn_drop(c);
        return;
    }
    c->pings++;
    say(c, ws_write_ping(mouth(c), (span_t){0}));
    timer_set(&w->wheel, &c->timer, mono_after_ms(now, LIMIT_WS_PING_MS));
}

/* ---- acknowledging ---- */

void socket_acknowledge(struct worker *w)
{
    const uint64_t durable = journal_durable(w->lane);
    struct api *api = w->server->config.api;
    const mono_t now = clock_mono(w->server->config.clock);
    talk_ack_head_t head;
    bool begun = false;
    ack_t ack = {0};
    while (acks_pop(&w->acks, durable, &ack)) {
        if (ack.trip != NULL) {
            trip_arrive(w, ack.trip);
            continue;
        }
        struct conn *c = conn_find(w, ack.conn, ack.generation);
        if (c == NULL || c->state != CONN_SOCKET) {
            continue; /* gone, or blocked meanwhile: a client that comes back asks last_seq */
        }
        if (!begun) {
            talk_ack_head(&head, clock_wall(w->server->config.clock));
            begun = true;
        }
        talk_acknowledge(&c->talk, &head, ack.count, ack.seq);
        histogram_observe_shared(&api->metrics.ack_ns, now.ns - ack.received.ns);
    }
}
