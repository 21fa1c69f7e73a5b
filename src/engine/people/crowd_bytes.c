/* crowd_bytes.c - a crowd as the bytes of a model: written and read in one place, every field checked. */
#include "engine/people/crowd.h"
#include "engine/people/fusion_bytes.h"

#include <math.h>
#include <string.h>

/* No number is further from zero. */
#define EDGE_MAX    1e6F
#define VECTOR_MAX  ((float)SAMPLE_VECTOR_MAX) /* the same of vectors */
#define LEVEL_MAX   8.0F
#define TO_MAX      1e4F
#define BETWEEN_MAX 1e6F

size_t crowd_size(const struct crowd *c)
{
    return 64 + crowd_room(c) + (size_t)CROWD_BUCKETS * FUSION_BYTES;
}

void crowd_write(struct byte_writer *w, const struct crowd *c)
{
    const size_t n = c->features;
    write_u64(w, c->context);
    write_u8(w, c->kind);
    write_u16(w, c->features);
    write_u16(w, c->people);
    write_u16(w, c->rows);
    write_u16(w, c->axes);
    write_bytes(w, c->edges, n);
    for (size_t f = 0; f < n; f++) {
        write_bytes(w, c->edge + f * CROWD_EDGES, sizeof(float) * c->edges[f]);
    }
    for (size_t f = 0; f < n && c->axes > 0; f++) {
        write_bytes(w, c->level + f * CROWD_BINS, sizeof(float) * (c->edges[f] + 2U));
    }
    for (size_t f = 0; f < n && c->axes > 0; f++) {
        write_bytes(w, c->to + f * CROWD_AXES_MAX, sizeof(float) * c->axes);
    }
    write_bytes(w, c->between, sizeof(float) * c->axes);
    write_bytes(w, c->row, (size_t)c->rows * n);
    for (size_t b = 0; b < CROWD_BUCKETS; b++) {
        fusion_write(w, &c->fusion[b]);
    }
}

static bool head_ok(const struct crowd *c)
{
    const struct sample like = {.kind = (enum sample_kind)c->kind, .count = c->features};
    return c->kind < SAMPLE_KINDS && c->context != 0 && c->features >= 1 && c->rows >= 1 &&
           c->rows <= CROWD_ROWS_MAX && c->axes <= CROWD_AXES_MAX && c->axes <= c->features &&
           sample_is_of_crowd(&like);
}

/* `to` is NULL when they are only to be checked. */
static bool read_edges(struct byte_reader *r, const struct crowd *c, const uint8_t *edges,
                       float *to)
{
    const float max = c->kind == SAMPLE_FEATURES ? VECTOR_MAX : EDGE_MAX;
    for (size_t f = 0; f < c->features; f++) {
        float last = -INFINITY;
        for (size_t i = 0; i < edges[f]; i++) {
            const float x = read_f32(r);
            if (!(x > last && fabsf(x) <= max)) {
                return false;
            }
            last = x;
            if (to != NULL) {
                to[f * CROWD_EDGES + i] = x;
            }
        }
    }
    return true;
}

static bool read_numbers(struct byte_reader *r, size_t n, float max, float *to)
{
    for (size_t i = 0; i < n; i++) {
        const float x = read_f32(r);
        if (!(fabsf(x) <= max)) {
            return false;
        }
        if (to != NULL) {
            to[i] = x;
        }
    }
    return true;
}

static bool read_axes(struct byte_reader *r, const struct crowd *c, const uint8_t *edges,
                      const struct crowd_arrays *p)
{
    for (size_t f = 0; f < c->features && c->axes > 0; f++) {
        float *level = p->level == NULL ? NULL : p->level + f * CROWD_BINS;
        if (!read_numbers(r, edges[f] + 2U, LEVEL_MAX, level)) {
            return false;
        }
    }
    for (size_t f = 0; f < c->features; f++) {
        float *to = p->to == NULL ? NULL : p->to + f * CROWD_AXES_MAX;
        if (!read_numbers(r, c->axes, TO_MAX, to)) {
            return false;
        }
    }
    for (size_t k = 0; k < c->axes; k++) {
        const float x = read_f32(r);
        if (!(x > 0.0F && x <= BETWEEN_MAX)) {
            return false;
        }
        if (p->between != NULL) {
            p->between[k] = x;
        }
    }
    return true;
}

static bool read_rows(struct byte_reader *r, const struct crowd *c, const uint8_t *edges,
                      uint8_t *to)
{
    for (size_t i = 0; i < c->rows; i++) {
        uint8_t row[CROWD_FEATURES_MAX];
        read_bytes(r, row, c->features);
        for (size_t f = 0; f < c->features; f++) {
            if (row[f] > edges[f] + 1) {
                return false;
            }
        }
        if (r->failed) {
            return false;
        }
        if (to != NULL) {
            memcpy(to + i * c->features, row, c->features);
        }
    }
    return true;
}

static bool read_head(struct byte_reader *r, struct crowd *c, uint8_t edges[CROWD_FEATURES_MAX])
{
    *c = (struct crowd){.context = read_u64(r)};
    c->kind = read_u8(r);
    c->features = read_u16(r);
    c->people = read_u16(r);
    c->rows = read_u16(r);
    c->axes = read_u16(r);
    if (r->failed || !head_ok(c)) {
        return false;
    }
    read_bytes(r, edges, c->features);
    for (size_t f = 0; f < c->features; f++) {
        if (edges[f] > CROWD_EDGES) {
            return false;
        }
    }
    return true;
}

bool crowd_read(struct byte_reader *r, struct crowd *c, void *room)
{
    uint8_t edges[CROWD_FEATURES_MAX] = {0};
    if (!read_head(r, c, edges)) {
        return false;
    }
    struct crowd_arrays p = {.edge = NULL};
    if (room != NULL) {
        p = crowd_lay_out(c, room);
    }
    if (!read_edges(r, c, edges, p.edge) || !read_axes(r, c, edges, &p) ||
        !read_rows(r, c, edges, p.row)) {
        return false;
    }
    bool good = true;
    for (size_t b = 0; b < CROWD_BUCKETS; b++) {
        good = fusion_read(r, &c->fusion[b]) && good;
    }
    if (room != NULL) {
        memcpy(p.edges, edges, c->features);
        crowd_take(c, &p);
        crowd_index(c, p.share);
    }
    return good && !r->failed;
}
