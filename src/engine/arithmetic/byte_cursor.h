/*
 * byte_cursor.h - reading and writing little-endian bytes with every step checked.
 *
 * Floor      engine/arithmetic
 * Ownership  borrows the bytes.
 * Errors     a cursor that ran out stays failed and gives zeros: look at `failed` once, at the end.
 * Threads    no shared state.
 */
#ifndef ENGINE_BYTE_CURSOR_H
#define ENGINE_BYTE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "stored numbers are little-endian, and so must this machine be"
#endif

struct byte_reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct byte_writer {
    uint8_t *at;
    size_t left;
    bool failed;
};

static inline void read_bytes(struct byte_reader *r, void *out, size_t size)
{
    if (r->failed || r->left < size) {
        r->failed = true;
        memset(out, 0, size);
        return;
    }
    memcpy(out, r->at, size);
    r->at += size;
    r->left -= size;
}

static inline uint8_t read_u8(struct byte_reader *r)
{
    uint8_t x = 0;
    read_bytes(r, &x, sizeof x);
    return x;
}

static inline uint16_t read_u16(struct byte_reader *r)
{
    uint16_t x = 0;
    read_bytes(r, &x, sizeof x);
    return x;
}

static inline uint32_t read_u32(struct byte_reader *r)
{
    uint32_t x = 0;
    read_bytes(r, &x, sizeof x);
    return x;
}

static inline uint64_t read_u64(struct byte_reader *r)
{
    uint64_t x = 0;
    read_bytes(r, &x, sizeof x);
    return x;
}

static inline float read_f32(struct byte_reader *r)
{
    float x = 0.0F;
    read_bytes(r, &x, sizeof x);
    return x;
}

static inline double read_f64(struct byte_reader *r)
{
    double x = 0.0;
    read_bytes(r, &x, sizeof x);
    return x;
}

static inline void write_bytes(struct byte_writer *w, const void *bytes, size_t size)
{
    if (w->failed || w->left < size) {
        w->failed = true;
        return;
    }
    if (size > 0) {
        memcpy(w->at, bytes, size);
    }
    w->at += size;
    w->left -= size;
}

static inline void write_u8(struct byte_writer *w, uint8_t x)
{
    write_bytes(w, &x, sizeof x);
}

static inline void write_u16(struct byte_writer *w, uint16_t x)
{
    write_bytes(w, &x, sizeof x);
}

static inline void write_u32(struct byte_writer *w, uint32_t x)
{
    write_bytes(w, &x, sizeof x);
}

static inline void write_u64(struct byte_writer *w, uint64_t x)
{
    write_bytes(w, &x, sizeof x);
}

static inline void write_f32(struct byte_writer *w, float x)
{
    write_bytes(w, &x, sizeof x);
}

static inline void write_f64(struct byte_writer *w, double x)
{
    write_bytes(w, &x, sizeof x);
}

#endif
