/* bytes.h - little-endian numbers in byte arrays, for what the journal keeps on disk. */
#ifndef JOURNAL_BYTES_H
#define JOURNAL_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline void bytes_put16(uint8_t *at, uint16_t v)
{
    v = htole16(v);
    memcpy(at, &v, sizeof v);
}

static inline void bytes_put32(uint8_t *at, uint32_t v)
{
    v = htole32(v);
    memcpy(at, &v, sizeof v);
}

static inline void bytes_put64(uint8_t *at, uint64_t v)
{
    v = htole64(v);
    memcpy(at, &v, sizeof v);
}

static inline uint16_t bytes_get16(const uint8_t *at)
{
    uint16_t v = 0;
    memcpy(&v, at, sizeof v);
    return le16toh(v);
}

static inline uint32_t bytes_get32(const uint8_t *at)
{
    uint32_t v = 0;
    memcpy(&v, at, sizeof v);
    return le32toh(v);
}

static inline uint64_t bytes_get64(const uint8_t *at)
{
    uint64_t v = 0;
    memcpy(&v, at, sizeof v);
    return le64toh(v);
}

/* The same bits as a signed number, and back. */
static inline int64_t bytes_signed(uint64_t v)
{
    int64_t s = 0;
    memcpy(&s, &v, sizeof s);
    return s;
}

static inline uint64_t bytes_unsigned(int64_t v)
{
    uint64_t u = 0;
    memcpy(&u, &v, sizeof u);
    return u;
}

#endif
