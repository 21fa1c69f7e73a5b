#include "engine/profile/page.h"

#include "engine/arithmetic/byte_cursor.h"
#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <string.h>

/* Vectors alone have the later one: as signed logarithms they were of other units. */
enum { VERSION = 1, VERSION_VECTORS = 2 };

enum { CHECK_BYTES = 8, PAGES_NUMBERED = 10, LEVEL_MAX = 60 };

static bool is_vector(enum sample_kind kind)
{
    return cell_bytes_of(kind) == 2;
}

static size_t row_bytes(const struct bag_page *p)
{
    return p->features * cell_bytes_of((enum sample_kind)p->kind);
}

/* ---- bases: the first value of each column of a vector; NaN: none yet ---- */

static size_t bases_bytes(enum sample_kind kind, size_t features)
{
    return is_vector(kind) ? features * sizeof(float) : 0;
}

static float base_get(const struct bag_page *p, size_t f)
{
    float x = 0.0F;
    if (is_vector((enum sample_kind)p->kind)) {
        memcpy(&x, p->cell + f * sizeof x, sizeof x);
    }
    return x;
}

static void base_put(struct bag_page *p, size_t f, float x)
{
    memcpy(p->cell + f * sizeof x, &x, sizeof x);
}

/* Bytes of bases and rows. */
static size_t used_bytes(const struct bag_page *p)
{
    return bases_bytes((enum sample_kind)p->kind, p->features) + p->count * row_bytes(p);
}

static size_t row_at(const struct bag_page *p, size_t i)
{
    return bases_bytes((enum sample_kind)p->kind, p->features) + i * row_bytes(p);
}

void page_begin(struct bag_page *p, const struct sample *s, uint8_t number, uint32_t ordinal)
{
    memset(p, 0, sizeof *p);
    p->context = s->context;
    p->ordinal = ordinal;
    p->features = (uint16_t)s->count;
    p->kind = (uint8_t)s->kind;
    p->number = number;
    p->changed = 1;
    for (size_t f = 0; f < p->features && is_vector(s->kind); f++) {
        base_put(p, f, NAN);
    }
}

size_t page_rows(enum sample_kind kind, size_t features)
{
    return (PAGE_ROOM - bases_bytes(kind, features)) / (features * cell_bytes_of(kind));
}

static void put_row(struct bag_page *p, size_t i, const struct sample *s)
{
    uint8_t *to = p->cell + row_at(p, i);
    const size_t each = cell_bytes_of(s->kind);
    for (size_t f = 0; f < p->features; f++) {
        if (isnan(base_get(p, f)) && !isnan(s->x[f])) {
            base_put(p, f, (float)s->x[f]);
        }
        const uint16_t code = cell_code(s->kind, s->x[f], (double)base_get(p, f));
        memcpy(to + f * each, &code, each); /* little-endian: see byte_cursor.h */
    }
}

void page_add(struct bag_page *p, const struct sample *s)
{
    put_row(p, p->count, s);
    p->count = (uint16_t)(p->count + 1U);
    p->changed = 1;
}

void page_merge(struct bag_page *a, const struct bag_page *b)
{
    size_t kept = 0;
    for (size_t i = 1; i < a->count; i += 2) {
        memmove(a->cell + row_at(a, kept++), a->cell + row_at(a, i), row_bytes(a));
    }
    for (size_t i = 1; i < b->count; i += 2) {
        struct sample s = {.count = 0};
        page_row(b, i, &s);
        put_row(a, kept++, &s);
    }
    a->count = (uint16_t)kept;
    a->trusted = (uint16_t)kept;
    a->level = (uint8_t)((a->level > b->level ? a->level : b->level) + 1);
    a->level = a->level < LEVEL_MAX ? a->level : (uint8_t)LEVEL_MAX;
    a->changed = 1;
}

void page_row(const struct bag_page *p, size_t i, struct sample *out)
{
    const uint8_t *from = p->cell + row_at(p, i);
    const size_t each = cell_bytes_of((enum sample_kind)p->kind);
    out->kind = (enum sample_kind)p->kind;
    out->context = p->context;
    out->count = p->features;
    for (size_t f = 0; f < p->features; f++) {
        uint16_t code = 0;
        memcpy(&code, from + f * each, each);
        out->x[f] = cell_value(out->kind, code, (double)base_get(p, f));
    }
}

void page_save(const struct bag_page *p, uint8_t bytes[CANARA_PART_BYTES], size_t *size)
{
    struct byte_writer w = {.at = bytes, .left = CANARA_PART_BYTES};
    write_u32(&w, PAGE_MAGIC);
    write_u16(&w, is_vector((enum sample_kind)p->kind) ? VERSION_VECTORS : VERSION);
    write_u8(&w, p->kind);
    write_u8(&w, p->number);
    write_u8(&w, p->level);
    write_u64(&w, p->context);
    write_u32(&w, p->ordinal);
    write_u16(&w, p->features);
    write_u16(&w, p->count);
    write_u16(&w, p->trusted);
    write_bytes(&w, p->cell, used_bytes(p));
    write_u64(&w, fnv_add(FNV_START, bytes, CANARA_PART_BYTES - w.left));
    *size = CANARA_PART_BYTES - w.left;
}

static bool read_head(struct byte_reader *r, struct bag_page *p)
{
    p->kind = read_u8(r);
    p->number = read_u8(r);
    p->level = read_u8(r);
    p->context = read_u64(r);
    p->ordinal = read_u32(r);
    p->features = read_u16(r);
    p->count = read_u16(r);
    p->trusted = read_u16(r);
    const struct sample like = {.kind = (enum sample_kind)p->kind, .count = p->features};
    return !r->failed && p->kind < SAMPLE_KINDS && p->features >= 1 && p->context != 0 &&
           sample_is_of_crowd(&like) && p->number < PAGES_NUMBERED && p->ordinal > 0 &&
           p->level <= LEVEL_MAX && p->trusted <= p->count &&
           p->count <= page_rows(like.kind, p->features);
}

static bool bases_ok(const struct bag_page *p)
{
    for (size_t f = 0; f < p->features; f++) {
        const float base = base_get(p, f);
        if (!isnan(base) && !(fabsf(base) <= (float)SAMPLE_VECTOR_MAX)) {
            return false;
        }
    }
    return true;
}

/* `r` stands at the kind. */
static bool version_ok(uint16_t version, struct byte_reader r)
{
    return version == (read_u8(&r) == SAMPLE_FEATURES ? VERSION_VECTORS : VERSION);
}

enum canara_status page_load(struct bag_page *p, const uint8_t *bytes, size_t size)
{
    if (size < CHECK_BYTES || size > CANARA_PART_BYTES) {
        return CANARA_BAD_FORMAT;
    }
    struct byte_reader end = {.at = bytes + size - CHECK_BYTES, .left = CHECK_BYTES};
    struct byte_reader r = {.at = bytes, .left = size - CHECK_BYTES};
    const bool mine = read_u32(&r) == PAGE_MAGIC;
    const uint16_t version = read_u16(&r);
    if (!mine || read_u64(&end) != fnv_add(FNV_START, bytes, size - CHECK_BYTES)) {
        return CANARA_BAD_FORMAT;
    }
    if (!version_ok(version, r)) {
        return CANARA_BAD_VERSION;
    }
    struct bag_page loaded = {0};
    if (!read_head(&r, &loaded)) {
        return CANARA_BAD_FORMAT;
    }
    read_bytes(&r, loaded.cell, used_bytes(&loaded));
    if (r.failed || r.left != 0 || !bases_ok(&loaded)) {
        return CANARA_BAD_FORMAT;
    }
    *p = loaded;
    return CANARA_OK;
}
