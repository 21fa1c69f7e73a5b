#include "domain/ground/quota.h"

#include "base/hash_map.h"
#include "base/limits.h"
#include "base/rng.h"
#include "base/util.h"
#include "domain/ground/bucket.h"

#include <pthread.h>
#include <stdlib.h>

enum { RETRY_LOGIN_MS = 60000, SWEEP = 16 };

/* Of a bucket, when it will be empty. Of a throttle, two neighbouring windows; the older one counts for the share of
 * it that is still in sight (the approximation of a sliding window that Cloudflare described in 2017). */
struct entry {
    uint64_t key;

    union {
        int64_t window; /* number of the present window */
        mono_t empty;
    };

    int64_t last_ms; /* of the newest charge */
    uint32_t now, before;
    uint32_t under_way; /* tries of which nobody knows yet how they end */
};

struct quota {
    pthread_mutex_t mutex;
    const struct clock *clock;
    struct map64 where;
    struct entry *entries;
    uint32_t hand; /* of the clock that looks for a stale entry to reuse */
    uint32_t used;
};

err_t quota_new(const struct clock *clock, struct quota **out)
{
    struct quota *q = calloc(1, sizeof *q);
    if (q == NULL) {
        return err_new(ERR_NOMEM);
    }
    q->entries = calloc(QUOTA_KEYS_MAX, sizeof *q->entries); /* untouched pages cost nothing */
    if (q->entries == NULL) {
        free(q);
        return err_new(ERR_NOMEM);
    }
    uint64_t seed = 0;
    rng_fill(&seed, sizeof seed);
    map64_init(&q->where, seed);
    if (failed(map64_reserve(&q->where, QUOTA_KEYS_MAX))) {
        free(q->entries);
        free(q);
        return err_new(ERR_NOMEM);
    }
    q->clock = clock;
    MUST(pthread_mutex_init(&q->mutex, NULL) == 0);
    *out = q;
    return ERR_OK;
}

void quota_free(struct quota **q)
{
    if (*q == NULL) {
        return;
    }
    map64_deinit(&(*q)->where);
    (void)pthread_mutex_destroy(&(*q)->mutex);
    free((*q)->entries);
    free(*q);
    *q = NULL;
}

NO_SANITIZE_WRAP static uint64_t key_of(enum quota_kind kind, uint64_t key)
{
    uint64_t h = (key ^ ((uint64_t)kind << 56)) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 32);
}

static int64_t now_ms(const struct quota *q)
{
    return clock_mono(q->clock).ns / NS_PER_MS;
}

static void roll(struct entry *e, int64_t window)
{
    if (e->window == window) {
        return;
    }
    e->before = e->window == window - 1 ? e->now : 0;
    e->now = 0;
    e->window = window;
}

/* Tries in sight, in thousandths. */
static uint64_t in_sight(const struct entry *e, int64_t ms, int64_t window_ms)
{
    const uint64_t left = (uint64_t)(window_ms - ms % window_ms);
    return (uint64_t)e->now * 1000U + (uint64_t)e->before * 1000U * left / (uint64_t)window_ms;
}

static bool find(struct quota *q, uint64_t key, struct entry **out)
{
    uint32_t at = 0;
    if (!map64_get(&q->where, key, &at)) {
        return false;
    }
    *out = &q->entries[at];
    return true;
}

/* Rather none whose try is under way. */
static bool is_staler(const struct entry *a, const struct entry *b)
{
    const bool a_rests = a->under_way == 0;
    return a_rests != (b->under_way == 0) ? a_rests : a->last_ms < b->last_ms;
}

/* The stalest of a few, going round. */
static uint32_t reuse(struct quota *q)
{
    uint32_t stalest = q->hand;
    for (int i = 0; i < SWEEP; i++) {
        if (is_staler(&q->entries[q->hand], &q->entries[stalest])) {
            stalest = q->hand;
        }
        q->hand = (q->hand + 1) % QUOTA_KEYS_MAX;
    }
    (void)map64_remove(&q->where, q->entries[stalest].key);
    return stalest;
}

static struct entry *find_or_make(struct quota *q, uint64_t key)
{
    struct entry *e = NULL;
    if (find(q, key, &e)) {
        return e;
    }
    const uint32_t at = q->used < QUOTA_KEYS_MAX ? q->used++ : reuse(q);
    MUST(!failed(map64_put(&q->where, key, at))); /* room for all of them was made at the start */
    q->entries[at] = (struct entry){.key = key};
    return &q->entries[at];
}

/* Milliseconds until a key that has used up its limit has room for one try: first by what the older
 * window still counts for, then by what the present one will count for once it is the older. */
static int64_t room_in_ms(const struct entry *e, throttle_t limit, int64_t ms, int64_t window_ms)
{
    const int64_t past = ms % window_ms;
    const int64_t count = (int64_t)limit.count;
    if (e->now < limit.count) {
        MUST(e->before > 0); /* or it would not be over its limit */
        const int64_t room = count - (int64_t)e->now;
        return window_ms - (room * window_ms - 1) / (int64_t)e->before - past;
    }
    return 2 * window_ms - (count * window_ms - 1) / (int64_t)e->now - past;
}

/* Milliseconds until one more try may begin, if nobody else does; 0: now. */
static int64_t wait_ms(struct entry *e, enum quota_kind kind, throttle_t limit, int64_t ms)
{
    const int64_t window_ms = (int64_t)limit.window_s * MS_PER_S;
    const uint64_t full = (uint64_t)limit.count * 1000U;
    roll(e, ms / window_ms);
    const uint64_t seen = in_sight(e, ms, window_ms);
    if (seen + (uint64_t)e->under_way * 1000U < full) {
        return 0;
    }
    if (seen < full) {
        return MS_PER_S; /* when one that is under way has ended */
    }
    const int64_t wait = room_in_ms(e, limit, ms, window_ms);
    if (kind != QUOTA_LOGIN_ACCOUNT && kind != QUOTA_LOGIN_DEVICE) {
        return wait;
    }
    const int64_t since = ms - e->last_ms; /* past the limit one try a minute */
    if (since >= RETRY_LOGIN_MS) {
        return e->under_way == 0 ? 0 : MS_PER_S;
    }
    return wait < RETRY_LOGIN_MS - since ? wait : RETRY_LOGIN_MS - since;
}

static bool allows(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                   uint32_t *wait_s)
{
    struct entry *e = NULL;
    if (limit.count == 0 || !find(q, key_of(kind, key), &e)) {
        return true;
    }
    const int64_t wait = wait_ms(e, kind, limit, now_ms(q));
    if (wait > 0) {
        *wait_s = (uint32_t)((wait + MS_PER_S - 1) / MS_PER_S);
    }
    return wait == 0;
}

static void charge(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit)
{
    if (limit.count == 0) {
        return;
    }
    struct entry *e = find_or_make(q, key_of(kind, key));
    const int64_t ms = now_ms(q);
    roll(e, ms / ((int64_t)limit.window_s * MS_PER_S));
    e->now += 1;
    e->last_ms = ms;
}

static bool take(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                 uint32_t *wait_s)
{
    if (limit.count == 0) {
        return true;
    }
    struct entry *e = find_or_make(q, key_of(kind, key));
    e->last_ms = now_ms(q);
    return bucket_take(&e->empty, limit, clock_mono(q->clock), wait_s);
}

static throttle_t widened(throttle_t t)
{
    return (throttle_t){.count = t.count * LIMIT_WIDE_FACTOR, .window_s = t.window_s};
}

bool quota_allows(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                  uint32_t *wait_s)
{
    (void)pthread_mutex_lock(&q->mutex);
    const bool yes = allows(q, kind, key, limit, wait_s);
    (void)pthread_mutex_unlock(&q->mutex);
    return yes;
}

void quota_charge(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit)
{
    (void)pthread_mutex_lock(&q->mutex);
    charge(q, kind, key, limit);
    (void)pthread_mutex_unlock(&q->mutex);
}

bool quota_begin(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                 uint32_t *wait_s)
{
    (void)pthread_mutex_lock(&q->mutex);
    const bool yes = allows(q, kind, key, limit, wait_s);
    if (yes && limit.count > 0) {
        find_or_make(q, key_of(kind, key))->under_way += 1;
    }
    (void)pthread_mutex_unlock(&q->mutex);
    return yes;
}

void quota_end(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit, bool failed)
{
    struct entry *e = NULL;
    (void)pthread_mutex_lock(&q->mutex);
    if (find(q, key_of(kind, key), &e) && e->under_way > 0) { /* else it was forgotten meanwhile */
        e->under_way -= 1;
    }
    if (failed) {
        charge(q, kind, key, limit);
    }
    (void)pthread_mutex_unlock(&q->mutex);
}

bool quota_address_allows(struct quota *q, enum quota_kind kind, uint64_t narrow, uint64_t wide,
                          throttle_t limit, uint32_t *wait_s)
{
    uint32_t narrow_s = 0;
    uint32_t wide_s = 0;
    (void)pthread_mutex_lock(&q->mutex);
    const bool own = allows(q, kind, narrow, limit, &narrow_s);
    const bool prefix = allows(q, kind, ~wide, widened(limit), &wide_s);
    (void)pthread_mutex_unlock(&q->mutex);
    if (own && prefix) {
        return true;
    }
    *wait_s = narrow_s > wide_s ? narrow_s : wide_s;
    return false;
}

void quota_address_charge(struct quota *q, enum quota_kind kind, uint64_t narrow, uint64_t wide,
                          throttle_t limit)
{
    (void)pthread_mutex_lock(&q->mutex);
    charge(q, kind, narrow, limit);
    charge(q, kind, ~wide, widened(limit));
    (void)pthread_mutex_unlock(&q->mutex);
}

bool quota_has_room(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                    uint32_t *wait_s)
{
    struct entry *e = NULL;
    (void)pthread_mutex_lock(&q->mutex);
    const bool yes = !find(q, key_of(kind, key), &e) ||
                     bucket_has_room(e->empty, limit, clock_mono(q->clock), wait_s);
    (void)pthread_mutex_unlock(&q->mutex);
    return yes;
}

bool quota_take(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                uint32_t *wait_s)
{
    (void)pthread_mutex_lock(&q->mutex);
    const bool yes = take(q, kind, key, limit, wait_s);
    (void)pthread_mutex_unlock(&q->mutex);
    return yes;
}
