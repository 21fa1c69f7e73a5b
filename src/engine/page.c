#include "engine/page.h"

#include "engine/byte_cursor.h"
#include "engine/numbers.h"

#include <string.h>

#define VERSION 1

enum { CHECK_BYTES = 8, PAGES_NUMBERED = 10, LEVEL_MAX = 60 };

static size_t row_bytes(const struct bag_page *p)
{
    return p->features * cell_bytes_of((enum sample_kind)p->kind);
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
}

size_t page_rows(enum sample_kind kind, size_t features)
{
    return PAGE_ROOM / (features * cell_bytes_of(kind));
}

void page_add(struct bag_page *p, const struct sample *s)
{
    uint8_t *to = p->cell + p->count * row_bytes(p);
    const size_t each = cell_bytes_of(s->kind);
    for (size_t f = 0; f < p->features; f++) {
        const uint16_t code = cell_code(s->kind, s->x[f]);
        memcpy(to + f * each, &code, each); /* little-endian: see byte_cursor.h */
    }
    p->count = (uint16_t)(p->count + 1U);
    p->changed = 1;
}

void page_merge(struct bag_page *a, const struct bag_page *b)
{
    const size_t size = row_bytes(a);
    size_t kept = 0;
    for (size_t i = 1; i < a->count; i += 2) {
        memmove(a->cell + kept++ * size, a->cell + i * size, size);
    }
    for (size_t i = 1; i < b->count; i += 2) {
        memcpy(a->cell + kept++ * size, b->cell + i * size, size);
    }
    a->count = (uint16_t)kept;
    a->trusted = (uint16_t)kept;
    a->level = (uint8_t)((a->level > b->level ? a->level : b->level) + 1);
    a->level = a->level < LEVEL_MAX ? a->level : (uint8_t)LEVEL_MAX;
    a->changed = 1;
}

void page_row(const struct bag_page *p, size_t i, struct sample *out)
{
    const uint8_t *from = p->cell + i * row_bytes(p);
    const size_t each = cell_bytes_of((enum sample_kind)p->kind);
    out->kind = (enum sample_kind)p->kind;
    out->context = p->context;
    out->count = p->features;
    for (size_t f = 0; f < p->features; f++) {
        uint16_t code = 0;
        memcpy(&code, from + f * each, each);
        out->x[f] = cell_value(out->kind, code);
    }
}

void page_save(const struct bag_page *p, uint8_t bytes[CANARA_PART_BYTES], size_t *size)
{
    struct byte_writer w = {.at = bytes, .left = CANARA_PART_BYTES};
    write_u32(&w, PAGE_MAGIC);
    write_u16(&w, VERSION);
    write_u8(&w, p->kind);
    write_u8(&w, p->number);
    write_u8(&w, p->level);
    write_u64(&w, p->context);
    write_u32(&w, p->ordinal);
    write_u16(&w, p->features);
    write_u16(&w, p->count);
    write_u16(&w, p->trusted);
    write_bytes(&w, p->cell, p->count * row_bytes(p));
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
    if (version != VERSION) {
        return CANARA_BAD_VERSION;
    }
    struct bag_page loaded = {0};
    if (!read_head(&r, &loaded)) {
        return CANARA_BAD_FORMAT;
    }
    read_bytes(&r, loaded.cell, loaded.count * row_bytes(&loaded));
    if (r.failed || r.left != 0) {
        return CANARA_BAD_FORMAT;
    }
    *p = loaded;
    return CANARA_OK;
}
