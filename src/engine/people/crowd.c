#include "engine/people/crowd.h"

#include "engine/arithmetic/lanes.h"
#include "engine/arithmetic/numbers.h"
#include "engine/samples/cell.h"

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
        const double x = cell_kept(s->kind, s->x[f]);
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
    const size_t n = c->features;
    uint64_t id = fnv_add(FNV_START, c->edges, n);
    id = fnv_add(id, c->edge, sizeof *c->edge * CROWD_EDGES * n);
    if (c->axes > 0) {
        id = fnv_add(id, c->level, sizeof *c->level * CROWD_BINS * n);
        id = fnv_add(id, c->to, sizeof *c->to * n * CROWD_AXES_MAX);
        id = fnv_add(id, c->between, sizeof *c->between * c->axes);
    }
    c->id = id;
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

/* ---- in memory ---- */

static size_t axes_numbers(const struct crowd *c)
{
    return c->axes == 0 ? 0 : c->features * ((size_t)CROWD_BINS + CROWD_AXES_MAX) + c->axes;
}

size_t crowd_room(const struct crowd *c)
{
    const size_t n = c->features;
    return sizeof(float) * (n * (CROWD_EDGES + CROWD_COARSE) + axes_numbers(c)) + n +
           (size_t)c->rows * n;
}

struct crowd_arrays crowd_lay_out(const struct crowd *c, void *room)
{
    const size_t n = c->features;
    struct crowd_arrays p = {.edge = room};
    p.share = p.edge + n * CROWD_EDGES;
    p.level = p.share + n * CROWD_COARSE;
    p.to = p.level + (c->axes > 0 ? n * CROWD_BINS : 0);
    p.between = p.to + (c->axes > 0 ? n * CROWD_AXES_MAX : 0);
    p.edges = (uint8_t *)(p.between + c->axes);
    p.row = p.edges + n;
    return p;
}

void crowd_take(struct crowd *c, const struct crowd_arrays *p)
{
    c->edges = p->edges;
    c->edge = p->edge;
    c->level = p->level;
    c->to = p->to;
    c->between = p->between;
    c->row = p->row;
}
