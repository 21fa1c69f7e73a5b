/* uuid.h - the 128 bits that name an account, a session or a decision. Text form: codec/uuid_text.h.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct uuid {
    uint8_t byte[16];
} uuid_t;

static inline bool uuid_eq(uuid_t a, uuid_t b)
{
    return memcmp(a.byte, b.byte, sizeof a.byte) == 0;
}

static inline bool uuid_is_nil(uuid_t a)
{
    return uuid_eq(a, (uuid_t){{0}});
}

/* The first eight bytes as a number: ids are random, so this is a good hash already. */
static inline uint64_t uuid_hash(uuid_t a)
{
    uint64_t h = 0;
    memcpy(&h, a.byte, sizeof h);
    return h;
}

#endif
