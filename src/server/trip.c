#include "api/dispatch.h"
#include "api/problem.h"
#include "base/util.h"
#include "server/inside.h"

#include <stdlib.h>

enum { HASH_WAIT_MAX_MS = 2000, BUSY_RETRY_S = 2, FAILED_RETRY_S = 5 };

static void go_on(struct trip *t, struct worker *here);

static void run_in_pool(struct job *job, int64_t waited_ms)
{
    struct trip *t = CONTAINER_OF(job, struct trip, job);
    struct call *c = t->call;
    if (t->wake == WAKE_ASKED) {
        waking_read(c->service, &t->waking);
        t->wake = WAKE_READ;
        go_on(t, NULL);
        return;
    }
    if (t->place == PLACE_HASH && waited_ms > HASH_WAIT_MAX_MS) {
        t->place = problem_later(c, PROBLEM_OVERLOADED, BUSY_RETRY_S);
    } else {
        t->place = c->next(c, NULL);
    }
    go_on(t, NULL);
}

/* A stop came first: it goes where letters are dropped. */
static void drop_from_pool(struct job *job)
{
    struct trip *t = CONTAINER_OF(job, struct trip, job);
    mailbox_post(&t->home->mailbox, &t->mail.letter);
}

/* Its place went to somebody who had less waiting. */
static void refuse_in_pool(struct job *job)
{
    struct trip *t = CONTAINER_OF(job, struct trip, job);
    if (t->wake == WAKE_ASKED) {
        t->waking.error = err_new(ERR_LIMIT);
        t->wake = WAKE_READ;
    } else {
        t->place = problem_later(t->call, PROBLEM_OVERLOADED, BUSY_RETRY_S);
    }
    go_on(t, NULL);
}

static bool post(struct pool *pool, struct trip *t)
{
    const struct call *c = t->call;
    t->job.queued.address = c->address_wide;
    t->job.queued.party = c->party;
    t->job.queued.alone = c->alone;
    t->job.first = c->restricts;
    return pool_post(pool, &t->job);
}

/* The answer is complete: in its own loop, or on the way there. */
static void deliver(struct trip *t, struct worker *here)
{
    if (here == NULL || here != t->home) {
        mailbox_post(&t->home->mailbox, &t->mail.letter);
        return;
    }
    struct conn *c = conn_find(here, t->conn, t->generation);
    if (c == NULL) {
        call_free(&t->call); /* the client went away; what was done stays done */
    } else {
        conn_answer(c, t->call);
    }
    free(t);
    (void)atomic_fetch_sub(&here->server->travelling, 1);
}

/* Whoever comes while the journal can write nothing is told so: the change of its state, which gives up
 * those who wait, has been. */
static bool waits_in_vain(const struct call *c, const struct worker *here)
{
    return journal_state_of(c->service->journal) != JOURNAL_RUNNING &&
           journal_durable(here->lane) < c->position;
}

static void wait_durable(struct trip *t, struct worker *here)
{
    const ack_t ack = {.position = t->call->position, .trip = t};
    if (waits_in_vain(t->call, here)) {
        t->place = problem_later(t->call, PROBLEM_UNAVAILABLE, FAILED_RETRY_S);
        deliver(t, here);
        return;
    }
    t->place = PLACE_OWNER;
    if (failed(acks_push(&here->acks, &ack))) {
        t->place = problem_later(t->call, PROBLEM_OVERLOADED, BUSY_RETRY_S);
        deliver(t, here);
    }
}

/* The session that it goes to sleeps: true when a worker reads for it first, and the trip comes back.
 * With no worker free the loop does it itself, when the session is looked for. */
static bool wake_first(struct trip *t, struct worker *here)
{
    const bool looks = t->call->route->route.method == HTTP_GET; /* no score, no profile */
    if (t->wake != WAKE_UNASKED || (!sleeper_is(here->shard, t->call->target) &&
                                    (looks || !sleeper_scores(here->shard, t->call->target)))) {
        return false;
    }
    t->wake = WAKE_ASKED;
    waking_begin(shard_peek(here->shard, t->call->target), &t->waking);
    if (!post(here->server->cold, t)) {
        t->wake = WAKE_OVER;
        return false;
    }
    return true;
}

/* In the owner's loop: the next stage, once its session is awake. */
static enum call_place at_owner(struct trip *t, struct worker *here)
{
    if (t->wake == WAKE_READ) {
        t->wake = WAKE_OVER;
        if (failed(waking_finish(here->shard, &t->waking))) {
            return problem_later(t->call, PROBLEM_UNAVAILABLE, FAILED_RETRY_S);
        }
    }
    return t->call->next(t->call, here->shard);
}

/* Move the trip until it leaves this thread. `here` is NULL in a pool. */
static void go_on(struct trip *t, struct worker *here)
{
    struct server *s = t->home->server;
    for (;;) {
        switch (t->place) {
        case PLACE_DONE: deliver(t, here); return;
        case PLACE_DURABLE:
            MUST(here != NULL);
            wait_durable(t, here);
            return;
        case PLACE_OWNER: {
            struct worker *owner = server_owner(s, t->call->target);
            if (here == NULL || owner != here) {
                mailbox_post(&owner->mailbox, &t->mail.letter);
                return;
            }
            if (wake_first(t, here)) {
                return;
            }
            t->place = at_owner(t, here);
            break;
        }
        case PLACE_COLD:
        case PLACE_HASH:
            if (post(t->place == PLACE_COLD ? s->cold : s->hash, t)) {
                return;
            }
            t->place = problem_later(t->call, PROBLEM_OVERLOADED, BUSY_RETRY_S);
            break;
        }
    }
}

/* A look at a session of this loop that is awake needs no trip: it changes nothing, so that it may
 * still be given up when memory for one is wanted after all. */
static bool is_look_at_home(struct worker *w, const struct call *call, enum call_place place)
{
    return place == PLACE_OWNER && call->route->route.method == HTTP_GET &&
           server_owner(w->server, call->target) == w && !sleeper_is(w->shard, call->target);
}

void trip_begin(struct conn *c, struct call *call, enum call_place place)
{
    if (place == PLACE_DONE) {
        conn_answer(c, call);
        return;
    }
    if (is_look_at_home(c->worker, call, place)) {
        place = call->next(call, c->worker->shard);
        if (place == PLACE_DONE) {
            conn_answer(c, call);
            return;
        }
    }
    struct trip *t = calloc(1, sizeof *t);
    if (t == NULL) {
        call_free(&call);
        conn_drop(c);
        return;
    }
    t->mail.kind = MAIL_TRIP;
    t->job.run = run_in_pool;
    t->job.drop = drop_from_pool;
    t->job.refuse = refuse_in_pool;
    t->call = call;
    t->home = c->worker;
    t->conn = c->index;
    t->generation = c->generation;
    t->place = place;
    (void)atomic_fetch_add(&c->worker->server->travelling, 1);
    go_on(t, c->worker);
}

void trip_arrive(struct worker *w, struct trip *t)
{
    struct worker *home = t->home;
    const uint32_t index = t->conn;
    const uint32_t generation = t->generation;
    go_on(t, w);
    if (home != w) {
        return;
    }
    struct conn *c = conn_find(w, index, generation);
    if (c != NULL) {
        conn_resume(c);
    }
}

void trip_give_up(struct worker *w, struct trip *t)
{
    t->place = problem_later(t->call, PROBLEM_UNAVAILABLE, FAILED_RETRY_S);
    go_on(t, w);
}
