#include "lab/people/crowding.h"

#include "engine/samples/cell.h"
#include "lab/people/axes_fit.h"
#include "lab/people/crowd_fusing.h"

#include <math.h>
#include <stdlib.h>

enum { EACH_MAX = 600 }; /* samples of one person behind the edges */

struct weighed {
    float x;
    double weight;
};

static bool counts(const struct bank_context *c, const bool *in, size_t user)
{
    return in[user] && bank_count(c, user) >= CROWDING_SAMPLES_MIN;
}

static int ascending(const void *a, const void *b)
{
    const float x = ((const struct weighed *)a)->x;
    const float y = ((const struct weighed *)b)->x;
    return x < y ? -1 : x > y;
}

/* Feature f of evenly spread samples of everybody, each person of the same weight. */
static size_t pour(const struct bank_context *c, const bool *in, size_t f, struct weighed *out)
{
    size_t n = 0;
    for (size_t u = 0; u < c->users; u++) {
        const size_t all = counts(c, in, u) ? bank_count(c, u) : 0;
        const size_t each = all < EACH_MAX ? all : EACH_MAX;
        for (size_t i = 0; i < each; i++) {
            const double x = (double)c->sample[c->first[u] + i * all / each].x[f];
            const double kept = cell_kept(c->like.kind, x);
            if (!isnan(kept)) {
                out[n++] = (struct weighed){.x = (float)kept, .weight = 1.0 / (double)each};
            }
        }
    }
    return n;
}

/* Of vectors half the way to the next larger value: a bin is the same then when the value lost its last digits in a page
 * (cell.h), and a column that does not vary has one bin. False: there is none. */
static bool edge_above(const struct weighed *x, size_t n, size_t at, float *out)
{
    size_t next = at;
    while (next < n && !(x[next].x > x[at].x)) {
        next++;
    }
    if (next == n) {
        return false;
    }
    const float half = x[at].x + 0.5F * (x[next].x - x[at].x);
    *out = half < x[next].x ? half : x[at].x;
    return true;
}

/* Quantiles of equal steps, each once. */
static uint8_t find_edges(struct weighed *x, size_t n, bool vector, float *out)
{
    qsort(x, n, sizeof *x, ascending);
    double all = 0.0;
    for (size_t i = 0; i < n; i++) {
        all += x[i].weight;
    }
    uint8_t edges = 0;
    double sum = 0.0;
    size_t at = 0;
    for (size_t q = 1; q <= CROWD_EDGES && n > 0; q++) {
        const double want = all * (double)q / (CROWD_EDGES + 1);
        while (at + 1 < n && sum + x[at].weight < want) {
            sum += x[at].weight;
            at++;
        }
        float edge = x[at].x;
        if ((!vector || edge_above(x, n, at, &edge)) && (edges == 0 || edge > out[edges - 1])) {
            out[edges++] = edge;
        }
    }
    return edges;
}

static void fill_rows(const struct bank_context *c, const bool *in, size_t each,
                      struct crowd *crowd, uint8_t *row)
{
    uint8_t bins[CROWD_FEATURES_MAX];
    struct sample s;
    size_t at = 0;
    for (size_t u = 0; u < c->users; u++) {
        const size_t all = counts(c, in, u) ? bank_count(c, u) : 0;
        for (size_t i = 0; i < each && all > 0; i++) {
            bank_sample(c, u, i * all / each, &s);
            crowd_bins(crowd, &s, bins);
            for (size_t f = 0; f < crowd->features; f++) {
                row[at++] = bins[f];
            }
        }
    }
}

static size_t count_people(const struct bank_context *c, const bool *in)
{
    size_t n = 0;
    for (size_t u = 0; u < c->users; u++) {
        n += counts(c, in, u);
    }
    return n;
}

err_t crowding_plain(const struct bank_context *c, const bool *in, size_t people,
                     struct crowding *out)
{
    const size_t there = count_people(c, in);
    if (there < people || there > CROWD_ROWS_MAX) {
        return err_new(ERR_RANGE);
    }
    const size_t each = there < CROWDING_ROWS ? CROWDING_ROWS / there : 1;
    struct crowding p = {.crowd = {.context = c->like.context,
                                   .kind = (uint8_t)c->like.kind,
                                   .features = (uint16_t)c->like.count,
                                   .people = (uint16_t)there,
                                   .rows = (uint16_t)(each * there),
                                   .axes = axes_of(c->like.count)}};
    struct weighed *x = calloc(there * EACH_MAX, sizeof *x);
    p.room = calloc(1, crowd_room(&p.crowd));
    if (x == NULL || p.room == NULL) {
        free(x);
        free(p.room);
        return err_new(ERR_NOMEM);
    }
    const struct crowd_arrays room = crowd_lay_out(&p.crowd, p.room);
    crowd_take(&p.crowd, &room);
    for (size_t f = 0; f < c->like.count; f++) {
        room.edges[f] = find_edges(x, pour(c, in, f, x), c->like.kind == SAMPLE_FEATURES,
                                   room.edge + f * CROWD_EDGES);
    }
    free(x);
    fill_rows(c, in, each, &p.crowd, room.row);
    const err_t e = axes_fit(c, in, &p.crowd, &room);
    if (failed(e)) {
        free(p.room);
        return e;
    }
    crowd_index(&p.crowd, room.share);
    *out = p;
    return ERR_OK;
}

err_t crowding_new(const struct bank_context *c, const bool *in, struct watch *watch,
                   struct crowding *out)
{
    struct crowding p = {.room = NULL};
    TRY(crowding_plain(c, in, CROWDING_PEOPLE_MIN, &p));
    const err_t e = crowd_fusing_fit(c, in, watch, p.crowd.fusion);
    if (failed(e)) {
        crowding_free(&p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

void crowding_free(struct crowding *p)
{
    free(p->room);
    *p = (struct crowding){.room = NULL};
}
