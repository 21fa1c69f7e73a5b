#include "domain/learnt/replay_memory.h"

#include "base/hash.h"
#include "base/rng.h"
#include "base/util.h"
#include "codec/crc32c.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MS_PER_DAY INT64_C(86400000)

/* A slot, low bits first: day 7, common 1, owner 12, session 20, fingerprint 24. All zero is free
 * (a fingerprint is never 0). With the bucket's number, 20 bits in 64 MiB, two different grams
 * look alike with probability 8 x 2^-24 a look, and to the same owner with 8 x 2^-36. */
enum {
    WAYS = 8,
    DAY_BITS = 7,
    OWNER_BITS = 12,
    SESSION_BITS = 20,
    COMMON_AT = DAY_BITS,
    OWNER_AT = COMMON_AT + 1,
    SESSION_AT = OWNER_AT + OWNER_BITS,
    PRINT_AT = SESSION_AT + SESSION_BITS,
    DAYS = 1 << DAY_BITS,
    HEAD_BYTES = 64,
    BUCKET_BYTES = 8 + 8 * WAYS
};

struct bucket {
    _Alignas(64) _Atomic uint64_t slot[WAYS];
};

struct replay_memory {
    void *block; /* `bucket` begins in it, where a line of the cache does */
    struct bucket *bucket;
    size_t buckets;
    hash_key_t key;
    const struct clock *clock;
    _Atomic bool changed;
};

err_t replay_memory_new(size_t bytes, const struct clock *clock, struct replay_memory **out)
{
    MUST(bytes >= sizeof(struct bucket) && bytes / sizeof(struct bucket) <= UINT32_MAX);
    struct replay_memory *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return err_new(ERR_NOMEM);
    }
    m->buckets = bytes / sizeof(struct bucket);
    m->clock = clock;
    rng_fill(&m->key, sizeof m->key);
    /* Zero as the kernel gives it: no page is touched before it is needed. */
    m->block = calloc(m->buckets + 1, sizeof(struct bucket));
    if (m->block == NULL) {
        free(m);
        return err_new(ERR_NOMEM);
    }
    const size_t past = (uintptr_t)m->block % sizeof(struct bucket);
    m->bucket = (void *)((char *)m->block + (sizeof(struct bucket) - past));
    *out = m;
    return ERR_OK;
}

void replay_memory_free(struct replay_memory **m)
{
    if (*m != NULL) {
        free((*m)->block);
        free(*m);
        *m = NULL;
    }
}

/* ---- slots ---- */

static uint64_t bits(uint64_t slot, unsigned at, unsigned count)
{
    return slot >> at & ((UINT64_C(1) << count) - 1);
}

static uint64_t print_of(uint64_t hash)
{
    const uint64_t print = hash >> PRINT_AT;
    return print == 0 ? 1 : print;
}

static uint64_t today(wall_t at)
{
    return (uint64_t)(at.ms / MS_PER_DAY) % DAYS;
}

static uint64_t age_of(uint64_t slot, uint64_t day)
{
    return (day + DAYS - bits(slot, 0, DAY_BITS)) % DAYS;
}

/* Free, or older than it may count. A day that is slightly ahead (the clock was set back, another
 * thread passed midnight) is young. */
static bool is_free(uint64_t slot, uint64_t day)
{
    const uint64_t age = age_of(slot, day);
    return slot == 0 || (age > REPLAY_DAYS && age < DAYS - 1);
}

/* One look-up and what it is made of. */
struct look {
    struct bucket *bucket;
    uint64_t print, owner, session, day;
};

static NO_SANITIZE_WRAP struct look look_of(const struct replay_memory *m,
                                            const replay_track_t *track, uint64_t gram,
                                            uint64_t day)
{
    /* Keyed, so that nobody outside can aim at a bucket; one multiplication to each half is enough
     * for grams, which are mixed already. */
    const uint64_t hash = (gram ^ m->key.half[0]) * (m->key.half[1] | 1U);
    const uint64_t place = (hash ^ hash >> 29) & UINT32_MAX;
    return (struct look){.bucket = &m->bucket[place * m->buckets >> 32],
                         .print = print_of(hash),
                         .owner = track->owner,
                         .session = track->session,
                         .day = day};
}

enum seen { SEEN_NOT, SEEN_HERE, SEEN_OWNER, SEEN_OTHER };

static enum seen compare(const struct look *l, uint64_t slot)
{
    if (is_free(slot, l->day)) {
        return SEEN_NOT;
    }
    if (bits(slot, OWNER_AT, OWNER_BITS) != l->owner) {
        return bits(slot, COMMON_AT, 1) != 0 ? SEEN_NOT : SEEN_OTHER;
    }
    if (bits(slot, SESSION_AT, SESSION_BITS) == l->session) {
        return SEEN_HERE;
    }
    return bits(slot, COMMON_AT, 1) != 0 ? SEEN_NOT : SEEN_OWNER;
}

/* What the memory knows of a gram, and whose it was (SEEN_OTHER). Its owner goes before others. */
static enum seen look_up(const struct look *l, uint32_t *whose)
{
    enum seen best = SEEN_NOT;
    for (int i = 0; i < WAYS; i++) {
        const uint64_t slot = atomic_load_explicit(&l->bucket->slot[i], memory_order_relaxed);
        if (slot >> PRINT_AT != l->print) {
            continue;
        }
        const enum seen seen = compare(l, slot);
        if (seen == SEEN_OWNER) {
            return SEEN_OWNER;
        }
        if (seen != SEEN_NOT && best != SEEN_HERE) {
            best = seen;
            *whose = (uint32_t)bits(slot, OWNER_AT, OWNER_BITS + SESSION_BITS);
        }
    }
    return best;
}

/* Put a gram in: where it stands already it is made young again, or marked as common when this
 * very session left it; otherwise the oldest of its bucket goes. */
static bool put(const struct look *l)
{
    const uint64_t fresh =
        l->day | l->owner << OWNER_AT | l->session << SESSION_AT | l->print << PRINT_AT;
    size_t victim = l->print % WAYS;
    uint64_t oldest = 0;
    for (size_t i = 0; i < WAYS; i++) {
        const size_t at = (l->print + i) % WAYS;
        const uint64_t slot = atomic_load_explicit(&l->bucket->slot[at], memory_order_relaxed);
        const uint64_t age = is_free(slot, l->day) ? DAYS : age_of(slot, l->day) % (DAYS - 1);
        if (age != DAYS && slot >> PRINT_AT == l->print &&
            bits(slot, OWNER_AT, OWNER_BITS) == l->owner) {
            const bool here = bits(slot, SESSION_AT, SESSION_BITS) == l->session;
            const uint64_t young =
                (slot >> DAY_BITS << DAY_BITS) | l->day | (uint64_t)(here ? 1 : 0) << COMMON_AT;
            atomic_store_explicit(&l->bucket->slot[at], young, memory_order_relaxed);
            return false;
        }
        if (age > oldest) {
            oldest = age;
            victim = at;
        }
    }
    atomic_store_explicit(&l->bucket->slot[victim], fresh, memory_order_relaxed);
    return true;
}

/* ---- sessions ---- */

struct feeding {
    struct replay_memory *m;
    replay_track_t *track;
    uint64_t day;
    bool compares;
    unsigned matches;
};

static uint32_t tag_of(const struct replay_memory *m, uuid_t id, unsigned tag_bits)
{
    const uint64_t hash = hash_bytes(m->key, (span_t){id.byte, sizeof id.byte});
    return (uint32_t)(hash >> (64 - tag_bits));
}

static void begin(const struct replay_memory *m, replay_track_t *track, uuid_t account,
                  uuid_t session)
{
    if (!track->begun) {
        *track = (replay_track_t){.owner = tag_of(m, account, OWNER_BITS),
                                  .session = tag_of(m, session, SESSION_BITS),
                                  .begun = true};
        replay_begin(&track->stream);
    }
}

/* A foreign session matches from its second gram on, each different from the one before. */
static unsigned matched_other(replay_track_t *track, uint32_t whose, uint64_t gram)
{
    const bool again = track->others > 0 && track->other == whose;
    if (again && track->other_gram == gram) {
        return 0;
    }
    track->others = again ? track->others + 1 : 1;
    track->other = whose;
    track->other_gram = gram;
    return track->others >= 2 ? 1 : 0;
}

static bool may_keep(const replay_track_t *track, uint64_t gram)
{
    return track->kept < REPLAY_DENSE || (track->kept < REPLAY_SESSION && (gram & 7) == 0);
}

static void compare_grams(struct feeding *f, const replay_grams_t *grams)
{
    struct look look[REPLAY_BATCH];
    for (size_t i = 0; i < grams->looks; i++) {
        look[i] = look_of(f->m, f->track, grams->look[i], f->day);
        __builtin_prefetch(look[i].bucket); /* the misses of a batch overlap */
    }
    for (size_t i = 0; i < grams->looks; i++) {
        uint32_t whose = 0;
        switch (look_up(&look[i], &whose)) {
        case SEEN_OWNER: f->matches++; break;
        case SEEN_OTHER: f->matches += matched_other(f->track, whose, grams->look[i]); break;
        case SEEN_HERE:
        case SEEN_NOT: break;
        }
    }
}

static void take(void *ctx, const replay_grams_t *grams)
{
    struct feeding *const f = ctx;
    if (f->compares) {
        compare_grams(f, grams);
    }
    for (size_t i = 0; i < grams->keeps; i++) {
        if (may_keep(f->track, grams->keep[i])) {
            const struct look look = look_of(f->m, f->track, grams->keep[i], f->day);
            f->track->kept += put(&look) ? 1 : 0;
            atomic_store_explicit(&f->m->changed, true, memory_order_relaxed);
        }
    }
}

unsigned replay_memory_feed(struct replay_memory *m, replay_track_t *track, uuid_t account,
                            uuid_t session, const canara_event_t *event, wall_t at)
{
    begin(m, track, account, session);
    struct feeding f = {.m = m, .track = track, .day = today(at), .compares = true};
    replay_event(&track->stream, event, take, &f);
    return f.matches;
}

void replay_memory_learn(struct replay_memory *m, replay_track_t *track, uuid_t account,
                         uuid_t session, const canara_event_t *event, wall_t at)
{
    begin(m, track, account, session);
    struct feeding f = {.m = m, .track = track, .day = today(at)};
    replay_event(&track->stream, event, take, &f);
}

/* ---- saved ---- */

/* The head: magic, buckets of the memory, the key, the journal's sequence, how many buckets follow, their
 * checksum and that of the head. Numbers are little-endian. One of before (1) has the time instead of the
 * sequence; it is read, and not written any more. */
struct head {
    uint64_t buckets, key[2], follow;
    replay_saved_t saved;
    uint32_t body_crc;
};

enum { MAGIC = 8 };

static const uint8_t magic[MAGIC] = {'C', 'A', 'N', 'R', 'P', 'L', 'Y', '2'};
static const uint8_t magic_of_before[MAGIC] = {'C', 'A', 'N', 'R', 'P', 'L', 'Y', '1'};

static void put_le(uint8_t *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
}

static uint64_t get_le(const uint8_t *from, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)from[i] << 8 * i;
    }
    return value;
}

static void head_write(const struct head *h, uint8_t to[HEAD_BYTES])
{
    memset(to, 0, HEAD_BYTES);
    memcpy(to, magic, MAGIC);
    put_le(to + 8, h->buckets, 8);
    put_le(to + 16, h->key[0], 8);
    put_le(to + 24, h->key[1], 8);
    put_le(to + 32, h->saved.sequence, 8);
    put_le(to + 40, h->follow, 8);
    put_le(to + 48, h->body_crc, 4);
    put_le(to + 52, crc32c(0, (span_t){to, 52}), 4);
}

static bool head_read(span_t bytes, struct head *h)
{
    if (bytes.len < HEAD_BYTES || get_le(bytes.ptr + 52, 4) != crc32c(0, (span_t){bytes.ptr, 52})) {
        return false;
    }
    const bool before = memcmp(bytes.ptr, magic_of_before, MAGIC) == 0;
    const uint64_t saved = get_le(bytes.ptr + 32, 8);
    *h = (struct head){
        .buckets = get_le(bytes.ptr + 8, 8),
        .key = {get_le(bytes.ptr + 16, 8), get_le(bytes.ptr + 24, 8)},
        .saved = {.sequence = before ? 0 : saved, .at = {before ? (int64_t)saved : 0}},
        .follow = get_le(bytes.ptr + 40, 8),
        .body_crc = (uint32_t)get_le(bytes.ptr + 48, 4)};
    return before || memcmp(bytes.ptr, magic, MAGIC) == 0;
}

/* One bucket as it is saved; false when nothing of it is worth it. */
static bool bucket_write(struct bucket *b, size_t number, uint64_t day, uint8_t to[BUCKET_BYTES])
{
    bool any = false;
    put_le(to, number, 8);
    for (size_t i = 0; i < WAYS; i++) {
        uint64_t slot = atomic_load_explicit(&b->slot[i], memory_order_relaxed);
        if (slot != 0 && is_free(slot, day)) {
            /* Before its day comes round again. One that was renewed just now is spared. */
            (void)atomic_compare_exchange_strong(&b->slot[i], &slot, 0);
            slot = 0;
        }
        any = any || slot != 0;
        put_le(to + 8 + 8 * i, slot, 8);
    }
    return any;
}

bool replay_memory_changed(const struct replay_memory *m)
{
    return atomic_load_explicit(&m->changed, memory_order_relaxed);
}

err_t replay_memory_write(struct replay_memory *m, uint64_t sequence, struct buf *out)
{
    const wall_t now = clock_wall(m->clock);
    const size_t head_at = out->len;
    struct head h = {.buckets = m->buckets,
                     .key = {m->key.half[0], m->key.half[1]},
                     .saved = {.sequence = sequence}};
    uint8_t head[HEAD_BYTES] = {0};
    uint8_t text[BUCKET_BYTES];
    atomic_store_explicit(&m->changed, false, memory_order_relaxed);
    TRY(buf_append(out, (span_t){head, sizeof head}));
    for (size_t i = 0; i < m->buckets; i++) {
        if (bucket_write(&m->bucket[i], i, today(now), text)) {
            h.body_crc = crc32c(h.body_crc, (span_t){text, sizeof text});
            h.follow++;
            TRY(buf_append(out, (span_t){text, sizeof text}));
        }
    }
    head_write(&h, head);
    memcpy(out->ptr + head_at, head, sizeof head);
    return ERR_OK;
}

static bool body_is_good(const struct replay_memory *m, span_t body, const struct head *h)
{
    if (h->buckets != m->buckets || h->follow > m->buckets ||
        body.len != h->follow * BUCKET_BYTES || crc32c(0, body) != h->body_crc) {
        return false;
    }
    for (size_t i = 0; i < h->follow; i++) {
        if (get_le(body.ptr + i * BUCKET_BYTES, 8) >= m->buckets) {
            return false;
        }
    }
    return true;
}

err_t replay_memory_read(struct replay_memory *m, span_t bytes, replay_saved_t *saved)
{
    struct head h;
    if (!head_read(bytes, &h)) {
        return err_new(ERR_FORMAT);
    }
    const span_t body = {bytes.ptr + HEAD_BYTES, bytes.len - HEAD_BYTES};
    if (!body_is_good(m, body, &h)) {
        return err_new(ERR_FORMAT);
    }
    m->key = (hash_key_t){{h.key[0], h.key[1]}};
    for (size_t i = 0; i < h.follow; i++) {
        const uint8_t *const text = body.ptr + i * BUCKET_BYTES;
        struct bucket *const b = &m->bucket[get_le(text, 8)];
        for (size_t k = 0; k < WAYS; k++) {
            atomic_store_explicit(&b->slot[k], get_le(text + 8 + 8 * k, 8), memory_order_relaxed);
        }
    }
    *saved = h.saved;
    return ERR_OK;
}

size_t replay_memory_count(const struct replay_memory *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->buckets; i++) {
        for (size_t k = 0; k < WAYS; k++) {
            n += atomic_load_explicit(&m->bucket[i].slot[k], memory_order_relaxed) != 0 ? 1U : 0U;
        }
    }
    return n;
}
