#include "base/limits.h"
#include "base/util.h"
#include "base/wipe.h"
#include "net/stream.h"
#include "server/inside.h"

/* Sealed at once, so that one send() takes what a round has brought together; and no more is sealed
 * while so much waits for the socket. */
enum { SEAL_BYTES = 65536, SEALED_FULL_BYTES = 16384 };

_Static_assert((int)LIMIT_TLS_UNSENT_BYTES >= SEALED_FULL_BYTES + SEAL_BYTES + SEAL_BYTES / 4,
               "what is sealed at once fits behind what waits");

size_t channel_pending(const struct conn *c)
{
    return c->out.len + c->page.len + (c->tls == NULL ? 0 : c->tls->unsent.len);
}

/* ---- receiving ---- */

static bool is_through(const struct conn *c)
{
    switch ((enum conn_state)c->state) {
    case CONN_HTTP: return c->in.len == 0 || c->partial;
    case CONN_SOCKET:
    case CONN_LINGER: return !c->ended;
    case CONN_CALL:
    case CONN_PROXY:
    case CONN_SHAKE: break;
    }
    return false;
}

bool channel_has_ended(const struct conn *c)
{
    return c->tls != NULL && c->tls->ended && is_through(c);
}

static void break_off(struct conn *c)
{
    if (c->state == CONN_SHAKE) {
        struct server *s = c->worker->server;
        counter_add_shared(&s->config.api->metrics.tls_failed, 1);
        log_event(s->config.log, LOG_DEBUG, "tls.refused", FIELD_TEXT("reason", tls_conn_reason()));
    }
    conn_drop(c);
}

/* A buffer for what OpenSSL is about to say. */
static void borrow(struct conn *c)
{
    struct worker *w = c->worker;
    if (c->tls->unsent.ptr == NULL && w->spares > 0) {
        c->tls->unsent = w->spare[--w->spares];
        c->tls->unsent.limit = LIMIT_TLS_UNSENT_BYTES;
    }
}

static void give_back(struct conn *c)
{
    struct worker *w = c->worker;
    struct buf *unsent = &c->tls->unsent;
    if (unsent->cap > 0 && unsent->cap <= SPARE_BUF_BYTES && w->spares < SPARE_BUFS) {
        buf_clear(unsent);
        unsent->limit = LIMIT_OUT_BUFFER_BYTES;
        w->spare[w->spares++] = *unsent;
        buf_init(unsent, LIMIT_TLS_UNSENT_BYTES);
    } else {
        buf_deinit(unsent);
    }
}

/* What was fed has said `got` bytes in plain. */
static void take_plain(struct conn *c, enum tls_answer answer, size_t got)
{
    struct worker *w = c->worker;
    const uint32_t index = c->index;
    const uint32_t generation = c->generation;
    if (answer == TLS_BROKEN) {
        break_off(c);
        return;
    }
    if (c->tls->unsent.len > 0) {
        conn_mark(c);
    }
    if (c->state == CONN_SHAKE && c->tls->open) {
        greet_shaken(c);
    }
    if (got > 0) {
        conn_take(c, w->plain, got);
    }
    c = answer == TLS_ENDED ? conn_find(w, index, generation) : NULL;
    if (c != NULL && channel_has_ended(c)) {
        conn_hear_end(c);
    }
}

void channel_take(struct conn *c, span_t cipher)
{
    struct worker *w = c->worker;
    size_t got = 0;
    const bool secret = conn_says_secrets(c);
    if (c->state == CONN_LINGER || !greet_shake(c, cipher)) {
        return;
    }
    const enum tls_answer answer = tls_conn_feed(c->tls, cipher, w->plain, PLAIN_BYTES, &got);
    take_plain(c, answer, got);
    if (secret) {
        memory_wipe(w->plain, got);
    }
}

/* ---- sending ---- */

/* Send the front of `bytes`; false when the connection is broken. */
static bool send_front(const struct conn *c, struct buf *bytes)
{
    size_t done = 0;
    while (done < bytes->len) {
        size_t sent = 0;
        const span_t rest = {bytes->ptr + done, bytes->len - done};
        const enum stream_outcome outcome = stream_send(c->watch.fd, rest, &sent);
        if (outcome == STREAM_WOULD_BLOCK) {
            break;
        }
        if (outcome != STREAM_MORE) {
            return false;
        }
        done += sent;
    }
    buf_consume(bytes, done);
    return true;
}

/* ---- pages: one piece in a round, so that whoever asks for many delays nobody ---- */

static uint16_t this_round(const struct conn *c)
{
    return (uint16_t)(c->worker->round & UINT16_MAX);
}

/* The next piece of the page; empty when there is none, or not in this round. */
static span_t page_piece(const struct conn *c)
{
    const bool due = c->out.len == 0 && c->page.len > 0 && c->paged != this_round(c);
    return due ? (span_t){c->page.ptr, size_min(c->page.len, LIMIT_PAGE_PIECE_BYTES)} : (span_t){0};
}

/* Whoever takes it, however slowly, holds nothing but its connection. */
static void page_turn(struct conn *c, size_t taken)
{
    c->page = (span_t){c->page.ptr + taken, c->page.len - taken};
    c->paged = this_round(c);
    timer_set(&c->worker->wheel, &c->timer,
              mono_after_ms(loop_now(&c->worker->loop), LIMIT_IDLE_KEEPALIVE_MS));
}

/* False when the connection is broken. */
static bool send_page(struct conn *c)
{
    size_t sent = 0;
    const span_t piece = page_piece(c);
    if (piece.len == 0) {
        return true;
    }
    const enum stream_outcome outcome = stream_send(c->watch.fd, piece, &sent);
    if (outcome == STREAM_MORE) {
        page_turn(c, sent);
    }
    return outcome == STREAM_MORE || outcome == STREAM_WOULD_BLOCK;
}

/* ---- under TLS ---- */

static bool seal_page(struct conn *c)
{
    const span_t piece = page_piece(c);
    if (piece.len == 0) {
        return true;
    }
    if (failed(tls_conn_write(c->tls, piece))) {
        return false;
    }
    page_turn(c, piece.len);
    return true;
}

/* Put the front of what is to be said behind what is sealed; behind the last byte, the end. */
static bool seal_some(struct conn *c)
{
    struct tls_conn *t = c->tls;
    if (t->closing) {
        buf_clear(&c->out);
        c->page = (span_t){0};
        return true;
    }
    const size_t n = size_min(c->out.len, SEAL_BYTES);
    if (n > 0) {
        if (failed(tls_conn_write(t, (span_t){c->out.ptr, n}))) {
            return false;
        }
        buf_consume(&c->out, n);
    } else if (!seal_page(c)) {
        return false;
    }
    return c->state != CONN_LINGER || c->out.len > 0 || c->page.len > 0 ||
           !failed(tls_conn_close(t));
}

/* There is more to seal in this round. */
static bool has_more_to_seal(const struct conn *c)
{
    const bool last_word = c->state == CONN_LINGER && !c->tls->closing && c->page.len == 0;
    return c->out.len > 0 || page_piece(c).len > 0 || last_word;
}

bool channel_send(struct conn *c)
{
    if (c->tls == NULL) {
        return send_front(c, &c->out) && send_page(c);
    }
    struct buf *unsent = &c->tls->unsent;
    do {
        borrow(c);
        if (c->tls->open && unsent->len < SEALED_FULL_BYTES && !seal_some(c)) {
            return false;
        }
        if (!send_front(c, unsent)) {
            return false;
        }
        /* a connection that ends has its last word, too, before its side is shut */
    } while (unsent->len == 0 && c->tls->open && !c->tls->broken && has_more_to_seal(c));
    if (unsent->len == 0) {
        give_back(c);
    }
    return true;
}

void channel_end(struct conn *c)
{
    if (c->tls == NULL) {
        return;
    }
    size_t sent = 0;
    const bool said = c->out.len > 0 || c->page.len > 0 ||
                      !failed(tls_conn_close(c->tls)); /* not in mid-answer */
    const struct buf *unsent = &c->tls->unsent;
    if (said && unsent->len > 0 && c->watch.fd >= 0) {
        (void)!stream_send(c->watch.fd, buf_span(unsent), &sent);
    }
    tls_conn_free(&c->tls);
}
