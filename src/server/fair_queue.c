#include "server/fair_queue.h"

#include "base/util.h"

#include <stdlib.h>

err_t fair_queue_init(struct fair_queue *q, size_t limit, size_t workers)
{
    size_t most = 0;
    size_t count = 0;
    if (!size_add(limit, workers, &most) || !size_mul(most, 2, &count)) {
        return err_new(ERR_LIMIT);
    }
    struct share *shares = calloc(count, sizeof *shares); /* an address and a party each */
    if (shares == NULL) {
        return err_new(ERR_NOMEM);
    }
    *q = (struct fair_queue){.shares = shares, .limit = limit};
    for (size_t i = 0; i < count; i++) {
        shares[i].next = q->unused;
        q->unused = &shares[i];
    }
    return ERR_OK;
}

void fair_queue_deinit(struct fair_queue *q)
{
    MUST(q->root.waiting == 0);
    free(q->shares);
    *q = (struct fair_queue){0};
}

/* ---- shares ---- */

static struct share *beside(const struct share *above, const struct share *s)
{
    return s->next == above->turn ? NULL : s->next; /* once round */
}

static struct share *find(const struct share *above, uint64_t key)
{
    struct share *s = above->turn;
    while (s != NULL && s->key != key) {
        s = beside(above, s);
    }
    return s;
}

static struct share *longest(const struct share *above)
{
    struct share *most = above->turn;
    for (struct share *s = most; s != NULL; s = beside(above, s)) {
        most = s->waiting > most->waiting ? s : most;
    }
    return most;
}

/* The share of that key; a new one is the last in turn. */
static struct share *enter(struct fair_queue *q, struct share *above, uint64_t key)
{
    struct share *s = find(above, key);
    if (s != NULL) {
        return s;
    }
    s = q->unused;
    MUST(s != NULL); /* each has a job that waits or is worked on */
    q->unused = s->next;
    *s = (struct share){.key = key, .above = above, .next = s, .before = s};
    if (above->turn == NULL) {
        above->turn = s;
        return s;
    }
    s->next = above->turn;
    s->before = above->turn->before;
    s->before->next = s;
    s->next->before = s;
    return s;
}

static void leave(struct fair_queue *q, struct share *s)
{
    if (s->above->turn == s) {
        s->above->turn = s->next == s ? NULL : s->next;
    }
    s->next->before = s->before;
    s->before->next = s->next;
    s->next = q->unused;
    q->unused = s;
}

static void count_waiting(struct share *s, bool one_more)
{
    for (; s != NULL; s = s->above) {
        s->waiting = one_more ? s->waiting + 1 : s->waiting - 1;
    }
}

/* ---- jobs ---- */

static struct queued *pull(struct share *party, struct queued *job)
{
    if (job->before == NULL) {
        party->first = job->next;
    } else {
        job->before->next = job->next;
    }
    if (job->next == NULL) {
        party->last = job->before;
    } else {
        job->next->before = job->before;
    }
    job->next = NULL;
    job->before = NULL;
    count_waiting(party, false);
    return job;
}

static void leave_when_idle(struct fair_queue *q, struct share *party)
{
    struct share *address = party->above;
    if (party->waiting + party->busy == 0) {
        leave(q, party);
    }
    if (address->waiting + address->busy == 0) {
        leave(q, address);
    }
}

static size_t waiting_of(const struct share *s)
{
    return s == NULL ? 0 : s->waiting;
}

/* The party that makes room for this job; NULL: none has so much more. */
static struct share *who_makes_room(const struct fair_queue *q, const struct queued *job)
{
    const struct share *own = find(&q->root, job->address);
    const struct share *most = longest(&q->root);
    if (waiting_of(own) + 1 < waiting_of(most)) {
        return longest(most);
    }
    if (own == NULL) {
        return NULL;
    }
    struct share *party = longest(own);
    return waiting_of(find(own, job->party)) + 1 < waiting_of(party) ? party : NULL;
}

bool fair_queue_put(struct fair_queue *q, struct queued *job, struct queued **out)
{
    *out = NULL;
    if (q->root.waiting == q->limit) {
        struct share *party = who_makes_room(q, job);
        if (party == NULL) {
            return false;
        }
        *out = pull(party, party->last); /* its address keeps one at least, the party need not */
        leave_when_idle(q, party);
    }
    struct share *party = enter(q, enter(q, &q->root, job->address), job->party);
    job->share = party;
    job->next = NULL;
    job->before = party->last;
    if (party->last == NULL) {
        party->first = job;
    } else {
        party->last->next = job;
    }
    party->last = job;
    count_waiting(party, true);
    return true;
}

static bool may_begin(const struct share *party)
{
    return party->first != NULL && !(party->first->alone && party->alone);
}

static struct share *party_in_turn(const struct share *address)
{
    struct share *s = address->turn;
    while (s != NULL && !may_begin(s)) {
        s = beside(address, s);
    }
    return s;
}

struct queued *fair_queue_take(struct fair_queue *q)
{
    for (struct share *a = q->root.turn; a != NULL; a = beside(&q->root, a)) {
        struct share *party = party_in_turn(a);
        if (party == NULL) {
            continue;
        }
        q->root.turn = a->next;
        a->turn = party->next;
        struct queued *job = pull(party, party->first);
        party->alone = party->alone || job->alone;
        party->busy += 1;
        a->busy += 1;
        return job;
    }
    return NULL;
}

void fair_queue_done(struct fair_queue *q, queued_t was)
{
    struct share *party = was.share;
    party->alone = party->alone && !was.alone;
    party->busy -= 1;
    party->above->busy -= 1;
    leave_when_idle(q, party);
}

struct queued *fair_queue_clear(struct fair_queue *q)
{
    struct queued *list = NULL;
    struct queued **end = &list;
    while (q->root.waiting > 0) {
        const struct share *address = longest(&q->root);
        MUST(address != NULL);
        struct share *party = longest(address);
        MUST(party != NULL && party->first != NULL);
        struct queued *job = pull(party, party->first);
        leave_when_idle(q, party);
        *end = job;
        end = &job->next;
    }
    return list;
}
