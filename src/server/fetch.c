/* fetch.c - a socket speaks whose session rests: a worker reads the profile, and the socket waits. */
#include "base/util.h"
#include "server/inside.h"

#include <stdlib.h>

enum { OPCODE_BITS = 0x0f, FIRST_CONTROL = 0x8, LENGTH_BITS = 0x7f, FRAME_HEAD = 6 };

struct fetch {
    struct mail mail;
    struct job job;
    struct worker *to;
    uint32_t conn, generation;
    waking_t waking;
};

struct fetch *fetch_of(struct mail *mail)
{
    return CONTAINER_OF(mail, struct fetch, mail);
}

static void read_profile(struct job *job, int64_t waited_ms)
{
    (void)waited_ms;
    struct fetch *f = CONTAINER_OF(job, struct fetch, job);
    waking_read(f->to->server->config.api->service, &f->waking);
    mailbox_post(&f->to->mailbox, &f->mail.letter);
}

/* Its place went to somebody who had less waiting: the loop reads it, when the event is scored. */
static void refuse_unread(struct job *job)
{
    struct fetch *f = CONTAINER_OF(job, struct fetch, job);
    f->waking.error = err_new(ERR_LIMIT);
    mailbox_post(&f->to->mailbox, &f->mail.letter);
}

/* A stop came first: it goes where letters are dropped. */
static void drop_unread(struct job *job)
{
    struct fetch *f = CONTAINER_OF(job, struct fetch, job);
    mailbox_post(&f->to->mailbox, &f->mail.letter);
}

/* Pings and pongs come every twenty seconds, and wake nobody, if nothing stands behind them. */
static bool speaks(const struct conn *c, const uint8_t *bytes, size_t len)
{
    return ws_reader_is_mid_message(&c->reader.ws) ||
           (bytes[0] & (unsigned)OPCODE_BITS) < (unsigned)FIRST_CONTROL ||
           (len > 1 && len > FRAME_HEAD + (size_t)(bytes[1] & (unsigned)LENGTH_BITS));
}

static bool ask(struct conn *c)
{
    struct worker *w = c->worker;
    struct fetch *f = malloc(sizeof *f);
    if (f == NULL) {
        return false;
    }
    *f = (struct fetch){.mail = {.kind = MAIL_FETCH},
                        .job = {.queued = {.address = address_wide_key(&c->peer),
                                           .party = uuid_hash(c->talk.live->account)},
                                .run = read_profile,
                                .drop = drop_unread,
                                .refuse = refuse_unread},
                        .to = w,
                        .conn = c->index,
                        .generation = c->generation};
    waking_begin(c->talk.live, &f->waking);
    (void)atomic_fetch_add(&w->server->travelling, 1);
    if (!pool_post(w->server->cold, &f->job)) {
        (void)atomic_fetch_sub(&w->server->travelling, 1);
        free(f);
        return false;
    }
    buf_init_secret(&c->in, HTTP_REQUEST_MAX + LIMIT_TLS_RECORD_BYTES);
    c->fetching = true;
    conn_mark(c); /* reads no more, from the end of this round on */
    return true;
}

bool fetch_holds(struct conn *c, const uint8_t *bytes, size_t len)
{
    if (!c->fetching) {
        const struct live *live = c->talk.live;
        if (live == NULL || !live->away || c->worker->stopping || len == 0 ||
            !speaks(c, bytes, len) || !ask(c)) {
            return false;
        }
    }
    if (failed(buf_append(&c->in, (span_t){bytes, len}))) {
        c->overrun = true; /* dropped: what it was not told that we have, it sends again */
    }
    return true;
}

void fetch_arrive(struct worker *w, struct fetch *f)
{
    const err_t read = waking_finish(w->shard, &f->waking);
    (void)read; /* what failed is logged, and tried again on the spot */
    struct conn *c = conn_find(w, f->conn, f->generation);
    free(f);
    (void)atomic_fetch_sub(&w->server->travelling, 1);
    if (c == NULL) {
        return;
    }
    struct buf kept = c->in;
    buf_init_secret(&c->in, HTTP_REQUEST_MAX + LIMIT_TLS_RECORD_BYTES);
    c->fetching = false;
    conn_mark(c);
    if (c->state == CONN_SOCKET && !c->overrun) {
        socket_hear(c, kept.ptr, kept.len);
    }
    buf_deinit(&kept);
}

void fetch_drop(struct fetch *f)
{
    waking_drop(&f->waking);
    free(f);
}
