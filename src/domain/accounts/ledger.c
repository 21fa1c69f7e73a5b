#include "domain/accounts/ledger.h"

#include "base/heap.h"
#include "base/rng.h"
#include "domain/accounts/mpin.h"
#include "domain/accounts/restriction.h"
#include "domain/ground/audit.h"
#include "domain/ground/clock_guard.h"
#include "domain/ground/purge.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 5000,
    IDLE_MS = 1000,
    HEAP_LOOK_MS = 10000,  /* between two looks at what the heap keeps */
    STORE_UNUSED_MS = 5000 /* after which the database's connections give back their pages */
};

struct ledger {
    struct service *svc;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    ledger_item_t *ring;
    ledger_item_t *batch; /* of the one thread that writes */
    size_t head, count;
    uint64_t written; /* items that left the ring */
    uint64_t number;
    bool stopping;
};

err_t ledger_new(struct service *svc, struct ledger **out)
{
    struct ledger *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return err_new(ERR_NOMEM);
    }
    l->ring = calloc(LEDGER_ITEMS_MAX, sizeof *l->ring); /* untouched pages cost nothing */
    l->batch = calloc(LEDGER_BATCH, sizeof *l->batch);
    if (l->ring == NULL || l->batch == NULL) {
        free(l->ring);
        free(l->batch);
        free(l);
        return err_new(ERR_NOMEM);
    }
    l->svc = svc;
    rng_fill(&l->number, sizeof l->number);
    l->number |= 1; /* 0 is none */
    svc->ledger = l;
    pthread_condattr_t monotonic;
    MUST(pthread_condattr_init(&monotonic) == 0);
    MUST(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    MUST(pthread_cond_init(&l->work, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    MUST(pthread_mutex_init(&l->mutex, NULL) == 0);
    *out = l;
    return ERR_OK;
}

void ledger_free(struct ledger **l)
{
    if (*l == NULL) {
        return;
    }
    (*l)->svc->ledger = NULL;
    (void)pthread_cond_destroy(&(*l)->work);
    (void)pthread_mutex_destroy(&(*l)->mutex);
    free((*l)->ring);
    free((*l)->batch);
    free(*l);
    *l = NULL;
}

err_t ledger_post(struct ledger *l, const ledger_item_t *item, uint64_t *place)
{
    (void)pthread_mutex_lock(&l->mutex);
    const bool marks = item->how == END_BLOCKED || item->how == END_NONE;
    const size_t most = marks ? LEDGER_ITEMS_MAX : LEDGER_ITEMS_MAX - LEDGER_FOR_MARKS;
    const bool room = l->count < most;
    if (room) {
        l->ring[(l->head + l->count) % LEDGER_ITEMS_MAX] = *item;
        l->count += 1;
        *place = l->written + l->count;
        (void)pthread_cond_signal(&l->work);
    }
    (void)pthread_mutex_unlock(&l->mutex);
    return room ? ERR_OK : err_new(ERR_LIMIT);
}

static const ledger_item_t *item_at(const struct ledger *l, size_t i)
{
    return &l->ring[(l->head + i) % LEDGER_ITEMS_MAX];
}

enum account_mark ledger_holds_mark(struct ledger *l, uuid_t account, ledger_places_t *newest)
{
    *newest = (ledger_places_t){0};
    if (l == NULL) {
        return MARK_NONE;
    }
    (void)pthread_mutex_lock(&l->mutex);
    for (size_t i = 0; i < l->count; i++) {
        const ledger_item_t *item = item_at(l, i);
        if (!uuid_eq(item->account, account)) {
            continue;
        }
        if (item->how == END_BLOCKED) {
            newest->block = l->written + i + 1;
        } else if (item->how == END_NONE) {
            newest->challenge = l->written + i + 1;
        }
    }
    (void)pthread_mutex_unlock(&l->mutex);
    return newest->block > 0 ? MARK_BLOCKED : newest->challenge > 0 ? MARK_CHALLENGED : MARK_NONE;
}

bool ledger_holds_end(struct ledger *l, uuid_t session, enum session_end *how)
{
    if (l == NULL) {
        return false;
    }
    bool held = false;
    (void)pthread_mutex_lock(&l->mutex);
    for (size_t i = 0; i < l->count && !held; i++) {
        const ledger_item_t *item = item_at(l, i);
        held = item->how != END_NONE && uuid_eq(item->session, session);
        *how = held ? item->how : *how;
    }
    (void)pthread_mutex_unlock(&l->mutex);
    return held;
}

uint64_t ledger_posted(struct ledger *l)
{
    if (l == NULL) {
        return 0;
    }
    (void)pthread_mutex_lock(&l->mutex);
    const uint64_t posted = l->written + l->count;
    (void)pthread_mutex_unlock(&l->mutex);
    return posted;
}

uint64_t ledger_number(const struct ledger *l)
{
    return l == NULL ? 0 : l->number;
}

bool ledger_has_written(struct ledger *l, uint64_t place)
{
    (void)pthread_mutex_lock(&l->mutex);
    const bool written = place <= l->written;
    (void)pthread_mutex_unlock(&l->mutex);
    return written;
}

err_t ledger_mark_waiting(struct service *svc, struct store_tx *tx, uuid_t account)
{
    ledger_places_t newest;
    bool stands = false;
    if (ledger_holds_mark(svc->ledger, account, &newest) == MARK_NONE) {
        return ERR_OK;
    }
    if (newest.block > 0) {
        TRY(account_mark_blocked_at(svc, tx, account, newest.block));
    }
    return newest.challenge > 0
               ? account_mark_challenged(svc, tx, account, newest.challenge, &stands)
               : ERR_OK;
}

size_t ledger_depth(struct ledger *l)
{
    (void)pthread_mutex_lock(&l->mutex);
    const size_t depth = l->count;
    (void)pthread_mutex_unlock(&l->mutex);
    return depth;
}

void ledger_stop(struct ledger *l)
{
    (void)pthread_mutex_lock(&l->mutex);
    l->stopping = true;
    (void)pthread_cond_broadcast(&l->work);
    (void)pthread_mutex_unlock(&l->mutex);
}

/* ---- writing ---- */

static err_t save_state(struct store_tx *tx, const ledger_item_t *item)
{
    const struct session_activity last = {.id = item->session,
                                          .last_activity = item->at,
                                          .risk = item->risk,
                                          .level = item->level,
                                          .mpin_required = item->mpin_required};
    return store_session_save_activity(tx, &last, 1);
}

static err_t write_end(struct service *svc, struct store_tx *tx, const ledger_item_t *item,
                       uint64_t place)
{
    bool ended = false;
    if (item->how == END_BLOCKED) { /* what its status shows afterwards */
        TRY(save_state(tx, item));
        TRY(account_mark_blocked_at(svc, tx, item->account, place));
    }
    TRY(store_session_end(tx, item->session, item->how, item->at, &ended));
    if (!ended) {
        return ERR_OK;
    }
    TRY(store_refresh_revoke(tx, item->session));
    char detail[32] = "{\"how\":0}";
    detail[7] = (char)('0' + (int)item->how);
    const audit_entry_t entry = {.kind =
                                     item->how == END_BLOCKED ? "session.blocked" : "session.ended",
                                 .account = item->account,
                                 .session = item->session,
                                 .detail = detail};
    return audit_append(svc->audit, tx, &entry);
}

/* The row says mpin_required until an MPIN of the session: by that a start knows that the account has heard of
 * it. */
static err_t write_challenge(struct service *svc, struct store_tx *tx, const ledger_item_t *item,
                             uint64_t place)
{
    bool stands = false;
    TRY(account_mark_challenged(svc, tx, item->account, place, &stands));
    return stands ? save_state(tx, item) : ERR_OK;
}

/* `first` is the place of the first of them. */
static err_t write_batch(struct service *svc, const ledger_item_t *items, size_t count,
                         uint64_t first)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    for (size_t i = 0; i < count; i++) {
        TRY(items[i].how == END_NONE ? write_challenge(svc, &tx, &items[i], first + i)
                                     : write_end(svc, &tx, &items[i], first + i));
    }
    return store_commit(&tx);
}

/* ---- the thread ---- */

static struct timespec in_ms(int64_t ms)
{
    const mono_t due = mono_after_ms(clock_mono(clock_system()), ms);
    return (struct timespec){.tv_sec = due.ns / NS_PER_S, .tv_nsec = due.ns % NS_PER_S};
}

/* Wait up to `ms` for a stop, or for work where there is none; the mutex is held. With work at hand
 * the store is away: what else arrives meanwhile does not shorten the wait. */
static void wait_up_to(struct ledger *l, int64_t ms)
{
    const struct timespec until = in_ms(ms);
    const bool for_work = l->count == 0;
    int code = 0;
    while (code == 0 && !l->stopping && !(for_work && l->count > 0)) {
        code = pthread_cond_timedwait(&l->work, &l->mutex, &until);
    }
}

static size_t peek_batch(struct ledger *l, ledger_item_t *batch)
{
    const size_t n = l->count < LEDGER_BATCH ? l->count : LEDGER_BATCH;
    for (size_t i = 0; i < n; i++) {
        batch[i] = *item_at(l, i);
    }
    return n;
}

/* Write one batch outside the mutex; it leaves the ring only when it is in the store. */
static int64_t work_off(struct ledger *l, int64_t backoff_ms)
{
    const size_t n = peek_batch(l, l->batch);
    const uint64_t first = l->written + 1;
    (void)pthread_mutex_unlock(&l->mutex);
    const err_t written = write_batch(l->svc, l->batch, n, first);
    (void)pthread_mutex_lock(&l->mutex);
    if (!failed(written)) {
        l->head = (l->head + n) % LEDGER_ITEMS_MAX;
        l->count -= n;
        l->written += n;
        return 0;
    }
    log_event(l->svc->log, LOG_WARN, "ledger.waits", FIELD_INT("error", (int64_t)written.code),
              FIELD_INT("items", (int64_t)l->count));
    const int64_t next = backoff_ms == 0 ? BACKOFF_FIRST_MS : backoff_ms * 2;
    return next < BACKOFF_MAX_MS ? next : BACKOFF_MAX_MS;
}

static void run_purge(struct ledger *l, purge_t *purge)
{
    (void)pthread_mutex_unlock(&l->mutex);
    purge_some(purge, l->svc, clock_mono(clock_system()));
    (void)pthread_mutex_lock(&l->mutex);
}

/* What comparisons of MPINs could not write; asked for in every round, at least once in IDLE_MS. */
static void settle_mpins(struct ledger *l)
{
    (void)pthread_mutex_unlock(&l->mutex);
    (void)mpin_settle(l->svc); /* if not, the next round does */
    (void)pthread_mutex_lock(&l->mutex);
}

/* A jump of the wall clock is noticed here also when nobody asks, and the time put on record. */
static void look_at_clock(struct ledger *l, mono_t *note_at)
{
    const mono_t now = clock_mono(l->svc->clock);
    (void)pthread_mutex_unlock(&l->mutex);
    clock_guard_watch(l->svc);
    if (now.ns >= note_at->ns) {
        const err_t noted = clock_guard_note(l->svc);
        if (failed(noted)) {
            log_event(l->svc->log, LOG_WARN, "clock.not_noted",
                      FIELD_INT("error", (int64_t)noted.code));
        }
        *note_at = mono_after_ms(now, CLOCK_NOTE_MS);
    }
    (void)pthread_mutex_lock(&l->mutex);
}

/* Sessions that went to rest have dropped their profiles, and nobody asks for the pages they came from. */
static void look_at_heap(struct ledger *l, struct heap_keeper *keeper)
{
    (void)pthread_mutex_unlock(&l->mutex);
    store_rest(l->svc->store, mono_after_ms(clock_mono(clock_system()), -STORE_UNUSED_MS));
    hash_memory_rest(l->svc->hashing.memory);
    if (heap_give_back(keeper)) {
        log_event(l->svc->log, LOG_DEBUG, "heap.given_back",
                  FIELD_INT("free_bytes", (int64_t)keeper->given));
    }
    (void)pthread_mutex_lock(&l->mutex);
}

void ledger_run(struct ledger *l, uint32_t sweep_s)
{
    int64_t backoff_ms = 0;
    purge_t purge;
    purge_init(&purge, sweep_s, clock_mono(clock_system()));
    mono_t look_at = mono_after_ms(clock_mono(clock_system()), HEAP_LOOK_MS);
    mono_t note_at = mono_after_ms(clock_mono(l->svc->clock), CLOCK_NOTE_MS);
    struct heap_keeper keeper = {0};

    (void)pthread_mutex_lock(&l->mutex);
    while (!l->stopping) {
        look_at_clock(l, &note_at);
        if (l->count > 0) {
            backoff_ms = work_off(l, backoff_ms);
        }
        settle_mpins(l);
        if (clock_mono(clock_system()).ns >= purge.at.ns) {
            run_purge(l, &purge);
        }
        if (clock_mono(clock_system()).ns >= look_at.ns) {
            look_at_heap(l, &keeper);
            look_at = mono_after_ms(clock_mono(clock_system()), HEAP_LOOK_MS);
        }
        if (l->count == 0 || backoff_ms > 0) {
            const int64_t idle_ms = purge.goes_on ? PURGE_PAUSE_MS : IDLE_MS;
            wait_up_to(l, backoff_ms > 0 ? backoff_ms : idle_ms);
        }
    }
    settle_mpins(l);
    backoff_ms = 0; /* one more try, even if the last one failed */
    while (l->count > 0 && backoff_ms == 0) {
        backoff_ms = work_off(l, 0);
    }
    (void)pthread_mutex_unlock(&l->mutex);
}
