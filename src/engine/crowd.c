#include "engine/crowd.h"

#include "engine/cell.h"
#include "engine/lanes.h"
#include "engine/numbers.h"

#include <math.h>
#include <string.h>

#define SHARE_MIN 1e-4 /* of a bin that nobody was seen in */

bool sample_is_of_crowd(const struct sample *s)
{
    return (s->kind == SAMPLE_STROKE || s->kind == SAMPLE_ACTION || s->kind == SAMPLE_FEATURES) &&
           s->count <= CROWD_FEATURES_MAX;
}

bool sample_is_kept_twice(const struct sample *s)
{
    return s->kind == SAMPLE_FEATURES;
}

/* One more than the edges below, which ascend: all are looked at, since a search is hard to foresee. */
static uint8_t bin_of(const float *edge, size_t edges, float x)
{
    lanes_int_t below = {0};
    size_t i = 0;
    for (; i + LANES <= edges; i += LANES) {
        below -= lanes_load(edge + i) < lanes_of(x); /* all ones where true: -1 */
    }
    size_t bin = 1;
    for (size_t k = 0; k < LANES; k++) {
        bin += (size_t)below[k];
    }
    for (; i < edges; i++) {
        bin += edge[i] < x;
    }
    return (uint8_t)bin;
}

void crowd_bins(const struct crowd *c, const struct sample *s, uint8_t out[CROWD_FEATURES_MAX])
{
    for (size_t f = 0; f < c->features; f++) {
        const double x = cell_value(s->kind, cell_code(s->kind, s->x[f]));
        out[f] = isnan(x) ? 0 : bin_of(c->edge + f * CROWD_EDGES, c->edges[f], (float)x);
    }
}

static bool is_paired(const struct crowd *c, size_t f)
{
    return c->edges[f] + 1 >= CROWD_COARSE;
}

size_t crowd_coarse(const struct crowd *c, size_t f, uint8_t bin)
{
    return is_paired(c, f) ? (bin + 1U) / 2U : bin;
}

size_t crowd_coarse_bins(const struct crowd *c, size_t f)
{
    return crowd_coarse(c, f, (uint8_t)(c->edges[f] + 1U));
}

size_t crowd_bucket(size_t n)
{
    return n < 20 ? 0 : (n < 60 ? 1 : (n < 150 ? 2 : 3));
}

void crowd_index(struct crowd *c, float *share)
{
    uint64_t id = fnv_add(FNV_START, c->edges, c->features);
    c->edges_id = fnv_add(id, c->edge, sizeof *c->edge * CROWD_EDGES * c->features);
    for (size_t f = 0; f < c->features; f++) {
        double count[CROWD_COARSE] = {0.0};
        for (size_t r = 0; r < c->rows; r++) {
            count[crowd_coarse(c, f, c->row[r * c->features + f])] += 1.0;
        }
        double sum = 0.0;
        for (size_t b = 0; b < CROWD_COARSE; b++) {
            count[b] = count[b] / fmax(c->rows, 1.0) + SHARE_MIN;
            sum += count[b];
        }
        for (size_t b = 0; b < CROWD_COARSE; b++) {
            share[f * CROWD_COARSE + b] = (float)(count[b] / sum);
        }
    }
    c->share = share;
}

/* ---- as bytes ---- */

size_t crowd_room(const struct crowd *c)
{
    const size_t n = c->features;
    return sizeof(float) * n * (CROWD_EDGES + CROWD_COARSE) + n + (size_t)c->rows * n;
}

size_t crowd_size(const struct crowd *c)
{
    const size_t n = c->features;
    return 64 + n * (1 + sizeof(float) * CROWD_EDGES) + (size_t)c->rows * n +
           (size_t)FUSION_BUCKETS * FUSION_BYTES;
}

void crowd_write(struct byte_writer *w, const struct crowd *c)
{
    const size_t n = c->features;
    write_u64(w, c->context);
    write_u8(w, c->kind);
    write_u16(w, c->features);
    write_u16(w, c->people);
    write_u16(w, c->rows);
    write_bytes(w, c->edges, n);
    for (size_t f = 0; f < n; f++) {
        write_bytes(w, c->edge + f * CROWD_EDGES, sizeof(float) * c->edges[f]);
    }
    write_bytes(w, c->row, (size_t)c->rows * n);
    for (size_t b = 0; b < FUSION_BUCKETS; b++) {
        fusion_write(w, &c->fusion[b]);
    }
}

static bool head_ok(const struct crowd *c)
{
    const struct sample like = {.kind = (enum sample_kind)c->kind, .count = c->features};
    return c->kind < SAMPLE_KINDS && c->context != 0 && c->features >= 1 && c->rows >= 1 &&
           c->rows <= CROWD_ROWS_MAX && sample_is_of_crowd(&like);
}

/* Where the arrays of a crowd lie in its room; all NULL without one. */
struct plan {
    float *edge, *share;
    uint8_t *edges, *row;
};

static struct plan lay_out(const struct crowd *c, void *room)
{
    if (room == NULL) {
        return (struct plan){.edge = NULL};
    }
    struct plan p = {.edge = room};
    p.share = p.edge + (size_t)c->features * CROWD_EDGES;
    p.edges = (uint8_t *)(p.share + (size_t)c->features * CROWD_COARSE);
    p.row = p.edges + c->features;
    return p;
}

static bool read_edges(struct byte_reader *r, const uint8_t *edges, size_t n, float *to)
{
    for (size_t f = 0; f < n; f++) {
        float last = -INFINITY;
        for (size_t i = 0; i < edges[f]; i++) {
            const float x = read_f32(r);
            if (!(x > last && fabsf(x) <= 1e6F)) {
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

bool crowd_read(struct byte_reader *r, struct crowd *c, void *room)
{
    uint8_t edges[CROWD_FEATURES_MAX];
    *c = (struct crowd){.context = read_u64(r)};
    c->kind = read_u8(r);
    c->features = read_u16(r);
    c->people = read_u16(r);
    c->rows = read_u16(r);
    if (r->failed || !head_ok(c)) {
        return false;
    }
    const struct plan plan = lay_out(c, room);
    read_bytes(r, edges, c->features);
    for (size_t f = 0; f < c->features; f++) {
        if (edges[f] > CROWD_EDGES) {
            return false;
        }
    }
    if (!read_edges(r, edges, c->features, plan.edge) || !read_rows(r, c, edges, plan.row)) {
        return false;
    }
    bool good = true;
    for (size_t b = 0; b < FUSION_BUCKETS; b++) {
        good = fusion_read(r, &c->fusion[b]) && good;
    }
    if (room != NULL) {
        memcpy(plan.edges, edges, c->features);
        c->edges = plan.edges;
        c->edge = plan.edge;
        c->row = plan.row;
        crowd_index(c, plan.share);
    }
    return good && !r->failed;
}
