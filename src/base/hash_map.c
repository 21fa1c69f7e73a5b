#include "base/hash_map.h"

#include <stdlib.h>

struct map_slot {
    uuid_t key;
    uint32_t value;
    uint32_t tag; /* low bits of the hash with IN_USE set; 0 = empty */
};

#define IN_USE UINT32_C(0x80000000)

enum {
    FIRST_SIZE = 16,
    LARGEST_SIZE = 1 << 30, /* the home slot is taken from the 31 free bits of the tag */
    MOST_ENTRIES = 1 << 29,
};

void map_init(struct map *m, uint64_t seed)
{
    *m = (struct map){.key = hash_key_of(seed)};
}

void map_deinit(struct map *m)
{
    free(m->slots);
    *m = (struct map){.key = m->key};
}

static uint32_t tag_of(const struct map *m, uuid_t key)
{
    return (uint32_t)(hash_bytes(m->key, (span_t){key.byte, sizeof key.byte}) >> 32) | IN_USE;
}

/* The slot that holds `key`, or the empty one where it would go. Some slot is always empty. */
static uint32_t find(const struct map *m, uuid_t key, uint32_t tag)
{
    const uint32_t mask = m->size - 1;
    uint32_t at = tag & mask;
    while (m->slots[at].tag != 0 && !(m->slots[at].tag == tag && uuid_eq(m->slots[at].key, key))) {
        at = (at + 1) & mask;
    }
    return at;
}

static err_t resize(struct map *m, uint32_t size)
{
    struct map_slot *slots = calloc(size, sizeof *slots);
    if (slots == NULL) {
        return err_new(ERR_NOMEM);
    }
    const uint32_t mask = size - 1;
    for (uint32_t i = 0; i < m->size; i++) {
        if (m->slots[i].tag == 0) {
            continue;
        }
        uint32_t at = m->slots[i].tag & mask;
        while (slots[at].tag != 0) {
            at = (at + 1) & mask;
        }
        slots[at] = m->slots[i];
    }
    free(m->slots);
    m->slots = slots;
    m->size = size;
    return ERR_OK;
}

/* Full at three quarters: unsuccessful probes of linear probing stay below 9 (Knuth). */
static bool is_too_small(uint64_t size, uint64_t count)
{
    return count * 4 > size * 3;
}

err_t map_reserve(struct map *m, uint32_t count)
{
    if (count > MOST_ENTRIES) {
        return err_new(ERR_LIMIT);
    }
    uint32_t size = m->size == 0 ? FIRST_SIZE : m->size;
    while (size < LARGEST_SIZE && is_too_small(size, count)) {
        size *= 2;
    }
    return size == m->size ? ERR_OK : resize(m, size);
}

err_t map_put(struct map *m, uuid_t key, uint32_t value)
{
    const uint32_t tag = tag_of(m, key);
    if (m->size > 0) {
        struct map_slot *there = &m->slots[find(m, key, tag)];
        if (there->tag != 0) {
            there->value = value;
            return ERR_OK;
        }
    }
    TRY(map_reserve(m, m->count + 1));
    m->slots[find(m, key, tag)] = (struct map_slot){key, value, tag};
    m->count++;
    return ERR_OK;
}

bool map_get(const struct map *m, uuid_t key, uint32_t *out)
{
    if (m->count == 0) {
        return false;
    }
    const struct map_slot *slot = &m->slots[find(m, key, tag_of(m, key))];
    if (slot->tag == 0) {
        return false;
    }
    *out = slot->value;
    return true;
}

/* Slots passed on the way from `home` to `at`, round the end of the table. */
static uint32_t distance(uint32_t home, uint32_t at, uint32_t mask)
{
    return (at + mask + 1 - home) & mask;
}

bool map_remove(struct map *m, uuid_t key)
{
    if (m->count == 0) {
        return false;
    }
    uint32_t hole = find(m, key, tag_of(m, key));
    if (m->slots[hole].tag == 0) {
        return false;
    }

    /* Pull later entries of the run back over the hole, unless that would put one before home. */
    const uint32_t mask = m->size - 1;
    for (uint32_t at = (hole + 1) & mask; m->slots[at].tag != 0; at = (at + 1) & mask) {
        const uint32_t home = m->slots[at].tag & mask;
        if (distance(home, at, mask) >= distance(hole, at, mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    }
    m->slots[hole] = (struct map_slot){.tag = 0};
    m->count--;
    return true;
}

static uuid_t widen(uint64_t key)
{
    uuid_t id = {{0}};
    memcpy(id.byte, &key, sizeof key);
    return id;
}

void map64_init(struct map64 *m, uint64_t seed)
{
    map_init(&m->as_uuid, seed);
}

void map64_deinit(struct map64 *m)
{
    map_deinit(&m->as_uuid);
}

err_t map64_reserve(struct map64 *m, uint32_t count)
{
    return map_reserve(&m->as_uuid, count);
}

err_t map64_put(struct map64 *m, uint64_t key, uint32_t value)
{
    return map_put(&m->as_uuid, widen(key), value);
}

bool map64_get(const struct map64 *m, uint64_t key, uint32_t *out)
{
    return map_get(&m->as_uuid, widen(key), out);
}

bool map64_remove(struct map64 *m, uint64_t key)
{
    return map_remove(&m->as_uuid, widen(key));
}
