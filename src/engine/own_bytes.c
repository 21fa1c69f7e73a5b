/* own_bytes.c - the own part as bytes: written and read in one place, every field checked. */
#include "engine/byte_cursor.h"
#include "engine/numbers.h"
#include "engine/own.h"

#include <math.h>

#define VERSION 2
#define WITHOUT_AXES \
    1 /* the version before; what it says is of no crowd of today, until it is worked out anew */

enum { CHECK_BYTES = 8 };

static void write_tree(struct byte_writer *w, const struct tree *t)
{
    write_bytes(w, t->feature, sizeof t->feature);
    write_bytes(w, t->cut, sizeof t->cut);
    write_bytes(w, t->leaf, sizeof t->leaf);
}

void own_save(const struct own *o, uint8_t bytes[CANARA_PART_BYTES], size_t *size)
{
    struct byte_writer w = {.at = bytes, .left = CANARA_PART_BYTES};
    write_u32(&w, OWN_MAGIC);
    write_u16(&w, VERSION);
    write_u8(&w, o->kind);
    write_u64(&w, o->context);
    write_u64(&w, o->crowd_id);
    write_u16(&w, o->features);
    write_u16(&w, o->known);
    write_u16(&w, o->trees);
    write_u16(&w, o->axes);
    write_u32(&w, o->accepted);
    write_u32(&w, o->grown_at);
    write_u32(&w, o->sessions);
    write_u32(&w, o->scored);
    write_f32(&w, o->score_mean);
    write_f32(&w, o->score_m2);
    write_u32(&w, o->helds);
    for (size_t i = 0; i < o->helds; i++) {
        write_u64(&w, (uint64_t)o->held[i].at_ms);
        write_u32(&w, o->held[i].session);
        write_u32(&w, o->held[i].rows);
    }
    if (o->crowd_id != 0) {
        write_bytes(&w, o->against, sizeof o->against[0] * CROWD_COARSE * o->features);
    }
    for (size_t k = 0; k < o->axes; k++) {
        write_f32(&w, o->along.middle[k]);
        write_f32(&w, o->along.spread[k]);
    }
    for (size_t i = 0; i < o->trees; i++) {
        write_tree(&w, &o->tree[i]);
    }
    write_u64(&w, fnv_add(FNV_START, bytes, CANARA_PART_BYTES - w.left));
    *size = CANARA_PART_BYTES - w.left;
}

static bool read_tree(struct byte_reader *r, size_t features, struct tree *t)
{
    read_bytes(r, t->feature, sizeof t->feature);
    read_bytes(r, t->cut, sizeof t->cut);
    read_bytes(r, t->leaf, sizeof t->leaf);
    for (size_t k = 0; k < GROW_NODES; k++) {
        if (t->feature[k] >= features) {
            return false;
        }
    }
    return true;
}

static bool read_held(struct byte_reader *r, struct own *o)
{
    o->helds = read_u32(r);
    if (o->helds > OWN_HELD) {
        return false;
    }
    for (size_t i = 0; i < o->helds; i++) {
        o->held[i].at_ms = (int64_t)(read_u64(r) & INT64_MAX);
        o->held[i].session = read_u32(r);
        o->held[i].rows = read_u32(r);
        if (o->held[i].rows > CANARA_PART_BYTES) {
            return false;
        }
    }
    return true;
}

static bool read_axes(struct byte_reader *r, struct own *o)
{
    for (size_t k = 0; k < o->axes; k++) {
        o->along.middle[k] = read_f32(r);
        o->along.spread[k] = read_f32(r);
        if (!(fabsf(o->along.middle[k]) <= AXES_MIDDLE_MAX &&
              o->along.spread[k] >= AXES_SPREAD_MIN && o->along.spread[k] <= AXES_SPREAD_MAX)) {
            return false;
        }
    }
    return true;
}

static bool read_head(struct byte_reader *r, uint16_t version, struct own *o)
{
    o->kind = read_u8(r);
    o->context = read_u64(r);
    o->crowd_id = read_u64(r);
    o->features = read_u16(r);
    o->known = read_u16(r);
    o->trees = read_u16(r);
    o->axes = version == WITHOUT_AXES ? 0 : read_u16(r);
    o->accepted = read_u32(r);
    o->grown_at = read_u32(r);
    o->sessions = read_u32(r);
    o->scored = read_u32(r);
    o->score_mean = read_f32(r);
    o->score_m2 = read_f32(r);
    const struct sample like = {.kind = (enum sample_kind)o->kind, .count = o->features};
    return !r->failed && o->kind < SAMPLE_KINDS && o->features >= 1 && o->context != 0 &&
           sample_is_of_crowd(&like) && (o->trees == 0 || o->trees == GROW_TREES) &&
           (o->trees == 0 || o->crowd_id != 0) && o->axes <= CROWD_AXES_MAX &&
           (o->axes == 0 || o->crowd_id != 0) && fabsf(o->score_mean) <= 1e6F &&
           o->score_m2 >= 0.0F && o->score_m2 <= 1e12F;
}

enum canara_status own_load(struct own *o, const uint8_t *bytes, size_t size)
{
    if (size < CHECK_BYTES || size > CANARA_PART_BYTES) {
        return CANARA_BAD_FORMAT;
    }
    struct byte_reader end = {.at = bytes + size - CHECK_BYTES, .left = CHECK_BYTES};
    struct byte_reader r = {.at = bytes, .left = size - CHECK_BYTES};
    const bool mine = read_u32(&r) == OWN_MAGIC;
    const uint16_t version = read_u16(&r);
    if (!mine || read_u64(&end) != fnv_add(FNV_START, bytes, size - CHECK_BYTES)) {
        return CANARA_BAD_FORMAT;
    }
    if (version != VERSION && version != WITHOUT_AXES) {
        return CANARA_BAD_VERSION;
    }
    struct own loaded = {0};
    if (!read_head(&r, version, &loaded) || !read_held(&r, &loaded)) {
        return CANARA_BAD_FORMAT;
    }
    if (loaded.crowd_id != 0) {
        read_bytes(&r, loaded.against, sizeof loaded.against[0] * CROWD_COARSE * loaded.features);
    }
    if (!read_axes(&r, &loaded)) {
        return CANARA_BAD_FORMAT;
    }
    for (size_t i = 0; i < loaded.trees; i++) {
        if (!read_tree(&r, loaded.features, &loaded.tree[i])) {
            return CANARA_BAD_FORMAT;
        }
    }
    if (r.failed || r.left != 0) {
        return CANARA_BAD_FORMAT;
    }
    *o = loaded;
    return CANARA_OK;
}
