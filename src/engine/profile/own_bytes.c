/* own_bytes.c - the own part as bytes: written and read in one place, every field checked. */
#include "engine/arithmetic/byte_cursor.h"
#include "engine/arithmetic/numbers.h"
#include "engine/profile/own.h"

#include <math.h>

/* Of the versions before, the first had no axes (what it says is of no crowd of today, until it is worked out anew) and
 * both were of one form. Vectors alone have the last: before, as signed logarithms, they were of other units. */
enum { WITHOUT_AXES = 1, OF_ONE_FORM = 2, VERSION = 3, VERSION_VECTORS = 4 };

enum { CHECK_BYTES = 8 };

static void write_tree(struct byte_writer *w, const struct tree *t)
{
    write_bytes(w, t->feature, sizeof t->feature);
    write_bytes(w, t->cut, sizeof t->cut);
    write_bytes(w, t->leaf, sizeof t->leaf);
}

static void write_among(struct byte_writer *w, const struct own *o)
{
    write_bytes(w, o->against, sizeof o->against[0] * CROWD_COARSE * o->features);
    for (size_t k = 0; k < o->axes; k++) {
        write_f32(w, o->along.middle[k]);
        write_f32(w, o->along.spread[k]);
    }
    for (size_t i = 0; i < o->trees; i++) {
        write_tree(w, &o->tree[i]);
    }
}

static void write_alone(struct byte_writer *w, const struct own *o)
{
    for (size_t f = 0; f < o->features; f++) {
        write_f32(w, o->self.middle[f]);
        write_f32(w, o->self.spread[f]);
    }
    write_u16(w, o->self.rows);
    write_bytes(w, o->self.row, (size_t)o->self.rows * o->features);
}

void own_save(const struct own *o, uint8_t bytes[CANARA_PART_BYTES], size_t *size)
{
    struct byte_writer w = {.at = bytes, .left = CANARA_PART_BYTES};
    write_u32(&w, OWN_MAGIC);
    write_u16(&w, o->kind == SAMPLE_FEATURES ? VERSION_VECTORS : VERSION);
    write_u8(&w, o->kind);
    write_u8(&w, o->form);
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
    if (o->form == OWN_AMONG) {
        write_among(&w, o);
    } else if (o->form == OWN_ALONE) {
        write_alone(&w, o);
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

static bool read_among(struct byte_reader *r, struct own *o)
{
    read_bytes(r, o->against, sizeof o->against[0] * CROWD_COARSE * o->features);
    if (!read_axes(r, o)) {
        return false;
    }
    for (size_t i = 0; i < o->trees; i++) {
        if (!read_tree(r, o->features, &o->tree[i])) {
            return false;
        }
    }
    return true;
}

static bool column_ok(const struct own *o, size_t f)
{
    const bool vectors = o->kind == SAMPLE_FEATURES;
    const float middle = vectors ? (float)SAMPLE_VECTOR_MAX : SELF_MIDDLE_MAX;
    const float least = vectors ? 0.0F : SELF_SPREAD_MIN;
    const float most = vectors ? 2.0F * (float)SAMPLE_VECTOR_MAX : SELF_SPREAD_MAX;
    return fabsf(o->self.middle[f]) <= middle && o->self.spread[f] >= least &&
           o->self.spread[f] <= most;
}

static bool read_alone(struct byte_reader *r, struct own *o)
{
    for (size_t f = 0; f < o->features; f++) {
        o->self.middle[f] = read_f32(r);
        o->self.spread[f] = read_f32(r);
        if (!column_ok(o, f)) {
            return false;
        }
    }
    o->self.rows = read_u16(r);
    if (o->self.rows == 0 || o->self.rows > self_rows_max(o->features)) {
        return false;
    }
    read_bytes(r, o->self.row, (size_t)o->self.rows * o->features);
    return true;
}

static enum own_form form_before(const struct own *o)
{
    return o->crowd_id == 0 ? OWN_NOTHING : OWN_AMONG;
}

/* What each form has, and has not. */
static bool form_fits(const struct own *o)
{
    return o->form < OWN_FORMS &&
           (o->trees == 0 || (o->trees == GROW_TREES && o->form == OWN_AMONG)) &&
           (o->axes == 0 || o->form == OWN_AMONG) && (o->form != OWN_AMONG || o->crowd_id != 0);
}

static bool read_head(struct byte_reader *r, uint16_t version, struct own *o)
{
    o->kind = read_u8(r);
    o->form = version <= OF_ONE_FORM ? 0 : read_u8(r);
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
    if (version <= OF_ONE_FORM) {
        o->form = (uint8_t)form_before(o);
        o->grown_at =
            0; /* nobody has asked yet whether the crowd is a measure: the next lesson does */
    }
    const struct sample like = {.kind = (enum sample_kind)o->kind, .count = o->features};
    return !r->failed && o->kind < SAMPLE_KINDS && o->features >= 1 && o->context != 0 &&
           sample_is_of_crowd(&like) && o->axes <= CROWD_AXES_MAX && form_fits(o) &&
           fabsf(o->score_mean) <= 1e6F && o->score_m2 >= 0.0F && o->score_m2 <= 1e12F;
}

/* `r` stands at the kind. */
static bool version_ok(uint16_t version, struct byte_reader r)
{
    return read_u8(&r) == SAMPLE_FEATURES ? version == VERSION_VECTORS
                                          : version >= WITHOUT_AXES && version <= VERSION;
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
    if (!version_ok(version, r)) {
        return CANARA_BAD_VERSION;
    }
    struct own loaded = {0};
    if (!read_head(&r, version, &loaded) || !read_held(&r, &loaded)) {
        return CANARA_BAD_FORMAT;
    }
    if ((loaded.form == OWN_AMONG && !read_among(&r, &loaded)) ||
        (loaded.form == OWN_ALONE && !read_alone(&r, &loaded))) {
        return CANARA_BAD_FORMAT;
    }
    if (r.failed || r.left != 0) {
        return CANARA_BAD_FORMAT;
    }
    *o = loaded;
    return CANARA_OK;
}
