/* part_bytes.c - a part as bytes: written and read in one place, every field checked. */
#include "engine/arithmetic/byte_cursor.h"
#include "engine/arithmetic/numbers.h"
#include "engine/people/part_cells.h"
#include "engine/session/session_state.h"

#include <math.h>

#define MAGIC UINT32_C(0x50524e43) /* "CNRP" */

/* 2: tables; 3: proofs and the fence; vectors alone have 4: before, as signed logarithms, they were of other units. */
enum { OLDEST = 2, VERSION = 3, VERSION_VECTORS = 4 };

enum {
    CHECK_BYTES = 8,
    FORM_BITS = PART_NARROW | PART_VECTORS, /* that kind and features decide */
    STORED_BITS = PART_ANCHORED | PART_DRIFTED | FORM_BITS
};

static size_t habits_bytes(const struct part *p)
{
    return part_habit_bytes(p) * p->features;
}

static size_t row_at(const struct part *p, size_t slot)
{
    return habits_bytes(p) + slot * part_row_bytes(p);
}

static void write_rows(struct byte_writer *w, const struct part *p)
{
    write_bytes(w, p->of.pool, habits_bytes(p));
    for (size_t i = 0; i < p->count; i++) {
        write_bytes(w, p->of.pool + row_at(p, p->order[i]), part_row_bytes(p));
    }
    for (size_t i = 0; i < p->held; i++) {
        write_u64(w, (uint64_t)p->in_quarantine[i].at_ms);
        write_u32(w, p->in_quarantine[i].session);
        write_u8(w, (uint8_t)p->in_quarantine[i].proved);
        write_bytes(w, p->of.pool + row_at(p, p->in_quarantine[i].slot), part_row_bytes(p));
    }
}

void part_save(const struct part *p, uint8_t bytes[CANARA_PART_BYTES], size_t *size)
{
    struct byte_writer w = {.at = bytes, .left = CANARA_PART_BYTES};
    write_u32(&w, MAGIC);
    write_u16(&w, (p->bits & PART_VECTORS) != 0 ? VERSION_VECTORS : VERSION);
    write_u8(&w, p->kind);
    write_u8(&w, p->bits & STORED_BITS);
    write_u64(&w, p->context);
    write_bytes(&w, p->name, sizeof p->name);
    write_u16(&w, p->features);
    write_u16(&w, p->count);
    write_u16(&w, p->held);
    write_u32(&w, p->accepted);
    write_u32(&w, p->sessions);
    write_u32(&w, p->scored);
    write_f32(&w, p->score_mean);
    write_f32(&w, p->score_m2);
    write_f32(&w, p->nearest);
    write_u8(&w, p->pressed);
    write_u16(&w, 0);
    if (p->kind == PART_NAVIGATION) {
        navigation_write(&w, &p->of.navigation);
    } else if (p->kind == PART_ROUTINE) {
        routine_write(&w, &p->of.routine);
    } else {
        write_rows(&w, p);
    }
    write_u64(&w, fnv_add(FNV_START, bytes, CANARA_PART_BYTES - w.left));
    *size = CANARA_PART_BYTES - w.left;
}

static bool name_ok(const char name[CANARA_PART_NAME_BYTES])
{
    size_t n = 0;
    for (; n < CANARA_PART_NAME_BYTES && name[n] != '\0'; n++) {
        const char c = name[n];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' || c == '_' ||
              c == '-')) {
            return false;
        }
    }
    if (n == 0 || n == CANARA_PART_NAME_BYTES) {
        return false;
    }
    while (n < CANARA_PART_NAME_BYTES && name[n] == '\0') {
        n++;
    }
    return n == CANARA_PART_NAME_BYTES;
}

/* A spread of zero would divide by it; a vector's says that a column never varied. */
static bool spread_ok(const struct part *p, double spread)
{
    return (p->bits & PART_VECTORS) != 0 ? spread >= 0.0 : spread > 0.0;
}

static bool habits_ok(const struct part *p)
{
    for (size_t f = 0; f < p->features; f++) {
        const bool known = p->count > 0 && !isnan(part_middle(p, f));
        const bool anchored = (p->bits & PART_ANCHORED) != 0 && !isnan(part_anchor_middle(p, f));
        if (!part_column_ok(p, f) ||
            (known && !(spread_ok(p, part_spread(p, f)) && part_shrunk(p, f) > 0.0)) ||
            (anchored && !spread_ok(p, part_anchor_spread(p, f)))) {
            return false;
        }
    }
    return true;
}

/* In order, and none from a session or a time that has not been. */
static bool quarantine_ok(const struct part *p)
{
    uint32_t session = 0;
    for (size_t i = 0; i < p->held; i++) {
        const struct held *h = &p->in_quarantine[i];
        if (h->session < session || h->session > p->sessions || h->at_ms > SESSION_TIME_MAX) {
            return false;
        }
        session = h->session;
    }
    return true;
}

static bool read_held(struct byte_reader *r, uint16_t version, struct held *out)
{
    const uint64_t at_ms = read_u64(r);
    out->at_ms = (int64_t)(at_ms & INT64_MAX); /* what has another bit is refused */
    out->session = read_u32(r);
    out->proved = version == OLDEST ? 0 : read_u8(r);
    return out->proved <= 1 && at_ms <= INT64_MAX;
}

static bool read_rows(struct byte_reader *r, uint16_t version, struct part *p)
{
    read_bytes(r, p->of.pool, habits_bytes(p));
    for (size_t i = 0; i < p->count; i++) {
        p->order[i] = (uint8_t)i;
        read_bytes(r, p->of.pool + row_at(p, i), part_row_bytes(p));
    }
    for (size_t i = 0; i < p->held; i++) {
        const size_t slot = (size_t)p->count + i;
        p->in_quarantine[i].slot = (uint16_t)slot;
        if (!read_held(r, version, &p->in_quarantine[i])) {
            return false;
        }
        read_bytes(r, p->of.pool + row_at(p, slot), part_row_bytes(p));
    }
    return habits_ok(p) && quarantine_ok(p);
}

static bool read_body(struct byte_reader *r, uint16_t version, struct part *p)
{
    switch (p->kind) {
    case PART_NAVIGATION: return navigation_read(r, &p->of.navigation);
    case PART_ROUTINE: return routine_read(r, &p->of.routine);
    default: return read_rows(r, version, p);
    }
}

static bool begin_samples(struct part *p, const struct sample *like)
{
    if (!name_ok(like->name) || like->count < 1 || like->count > SAMPLE_FEATURES_MAX) {
        return false;
    }
    part_begin(p, like);
    return true;
}

/* A table has the name that it always has, and nothing of samples. */
static bool begin_table(struct part *p, uint8_t kind, const struct sample *like)
{
    if ((kind != PART_NAVIGATION && kind != PART_ROUTINE) || like->count != 0) {
        return false;
    }
    part_begin_table(p, (enum part_table)kind);
    return p->context == like->context && memcmp(p->name, like->name, sizeof p->name) == 0;
}

/* Where there is no anchor there is no fence. */
static bool read_fence(struct byte_reader *r, uint16_t version, struct part *p)
{
    p->pressed = version == OLDEST ? 0 : read_u8(r);
    const uint16_t reserved = version == OLDEST ? 0 : read_u16(r);
    return reserved == 0 && ((p->bits & PART_ANCHORED) != 0 || p->pressed == 0);
}

/* The fixed fields, each within its range. The sizes of everything behind follow from them. */
static bool read_head(struct byte_reader *r, uint16_t version, struct part *p)
{
    struct sample like = {.kind = (enum sample_kind)0};
    const uint8_t kind = read_u8(r);
    const uint8_t bits = read_u8(r);
    like.kind = kind < SAMPLE_KINDS ? (enum sample_kind)kind : SAMPLE_KEYS;
    like.context = read_u64(r);
    read_bytes(r, like.name, sizeof like.name);
    like.count = read_u16(r);
    const uint16_t count = read_u16(r);
    const uint16_t held = read_u16(r);
    if (r->failed || (bits & ~STORED_BITS) != 0 ||
        !(kind < SAMPLE_KINDS ? begin_samples(p, &like) : begin_table(p, kind, &like)) ||
        count > p->ring || held > PART_HELD || (p->bits & FORM_BITS) != (bits & FORM_BITS) ||
        (part_is_table(p) && held != 0)) {
        return false;
    }
    p->kind = kind;
    p->bits = bits;
    p->count = count;
    p->held = held;
    p->accepted = read_u32(r);
    p->sessions = read_u32(r);
    p->scored = read_u32(r);
    p->score_mean = read_f32(r);
    p->score_m2 = read_f32(r);
    p->nearest = read_f32(r);
    return read_fence(r, version, p) && !r->failed && p->accepted >= p->count &&
           fabsf(p->score_mean) <= 1e6F && p->score_m2 >= 0.0F && p->score_m2 <= 1e12F &&
           p->nearest >= 0.0F && p->nearest <= 1e6F;
}

/* `r` stands at the kind. Vectors of before were of other units. */
static bool version_ok(uint16_t version, struct byte_reader r)
{
    return read_u8(&r) == SAMPLE_FEATURES ? version == VERSION_VECTORS
                                          : version >= OLDEST && version <= VERSION;
}

enum canara_status part_load(struct part *p, const uint8_t *bytes, size_t size)
{
    if (size < CHECK_BYTES || size > CANARA_PART_BYTES) {
        return CANARA_BAD_FORMAT;
    }
    struct byte_reader end = {.at = bytes + size - CHECK_BYTES, .left = CHECK_BYTES};
    struct byte_reader r = {.at = bytes, .left = size - CHECK_BYTES};
    const bool mine = read_u32(&r) == MAGIC;
    const uint16_t version = read_u16(&r);
    if (!mine || read_u64(&end) != fnv_add(FNV_START, bytes, size - CHECK_BYTES)) {
        return CANARA_BAD_FORMAT;
    }
    if (!version_ok(version, r)) {
        return CANARA_BAD_VERSION;
    }
    struct part loaded;
    if (!read_head(&r, version, &loaded)) {
        return CANARA_BAD_FORMAT;
    }
    if (!read_body(&r, version, &loaded) || r.failed || r.left != 0) {
        return CANARA_BAD_FORMAT;
    }
    *p = loaded;
    return CANARA_OK;
}
