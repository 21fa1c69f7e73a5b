/* vectors_crowd_test.c - histograms of strokes and actions against the second implementation's vectors. */
#include "engine/arithmetic/short_float.h"
#include "engine/people/crowd.h"
#include "engine/profile/own.h"
#include "engine/samples/cell.h"
#include "tests/support/unit.h"
#include "tests/support/vectors.h"

#include <math.h>
#include <string.h>

enum { ROWS = 64 };

/* What the lines of a case have set up. */
struct desk {
    struct crowd crowd;
    uint8_t edges[CROWD_FEATURES_MAX];
    float edge[CROWD_FEATURES_MAX * CROWD_EDGES];
    uint8_t others[ROWS * CROWD_FEATURES_MAX], own_row[ROWS * CROWD_FEATURES_MAX];
    float share[CROWD_FEATURES_MAX * CROWD_COARSE];
    float level[CROWD_FEATURES_MAX * CROWD_BINS], to[CROWD_FEATURES_MAX * CROWD_AXES_MAX];
    float between[CROWD_AXES_MAX];
    size_t levels, tos; /* features that have theirs */
    size_t rows;
    struct own own;
    uint8_t bins[CROWD_FEATURES_MAX];
};

static void begin(void *state)
{
    struct desk *d = state;
    memset(d, 0, sizeof *d);
    d->crowd = (struct crowd){.context = 1,
                              .kind = SAMPLE_STROKE,
                              .edges = d->edges,
                              .edge = d->edge,
                              .row = d->others,
                              .level = d->level,
                              .to = d->to,
                              .between = d->between};
}

static void check_cell(struct vectors *v, const double *x, size_t n)
{
    const enum sample_kind kind = (enum sample_kind)x[0];
    vectors_count(v, n, 4);
    vectors_same(v, cell_value(kind, cell_code(kind, x[1], x[2]), x[2]), x[3]);
}

static void check_short(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 2);
    vectors_same(v, short_value(short_code(x[0])), x[1]);
}

static void check_tiny(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 2);
    vectors_same(v, tiny_value(tiny_code(x[0])), x[1]);
}

static void add_edges(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    const size_t f = d->crowd.features;
    assert_true(f < CROWD_FEATURES_MAX && n <= CROWD_EDGES);
    for (size_t i = 0; i < n; i++) {
        d->edge[f * CROWD_EDGES + i] = (float)x[i];
    }
    d->edges[f] = (uint8_t)n;
    d->crowd.features = (uint16_t)(f + 1);
    d->own.features = d->crowd.features;
}

static void put_row(struct vectors *v, uint8_t *rows, size_t at, const double *x, size_t n)
{
    vectors_count(v, n, ((struct desk *)v->state)->crowd.features);
    assert_true(at < ROWS);
    for (size_t f = 0; f < n; f++) {
        rows[at * n + f] = (uint8_t)x[f];
    }
}

static void add_other(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    put_row(v, d->others, d->crowd.rows, x, n);
    d->crowd.rows = (uint16_t)(d->crowd.rows + 1U);
}

static void add_own(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    put_row(v, d->own_row, d->rows++, x, n);
}

static void set_between(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    assert_true(n <= CROWD_AXES_MAX);
    for (size_t k = 0; k < n; k++) {
        d->between[k] = (float)x[k];
    }
    d->crowd.axes = (uint16_t)n;
}

static void add_levels(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    assert_true(d->levels < CROWD_FEATURES_MAX && n <= CROWD_BINS);
    for (size_t b = 0; b < n; b++) {
        d->level[d->levels * CROWD_BINS + b] = (float)x[b];
    }
    d->levels++;
}

static void add_to(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, d->crowd.axes);
    assert_true(d->tos < CROWD_FEATURES_MAX);
    for (size_t k = 0; k < n; k++) {
        d->to[d->tos * CROWD_AXES_MAX + k] = (float)x[k];
    }
    d->tos++;
}

static void index_crowd(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    (void)x;
    vectors_count(v, n, 0);
    crowd_index(&d->crowd, d->share);
}

static void check_shares(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 1 + CROWD_COARSE);
    for (size_t b = 0; b < CROWD_COARSE; b++) {
        vectors_float(v, (double)d->share[(size_t)x[0] * CROWD_COARSE + b], x[1 + b]);
    }
}

static void work_out(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    (void)x;
    vectors_count(v, n, 0);
    assert_true(own_work_out(
        &d->own, &(struct own_rows){.crowd = &d->crowd, .row = d->own_row, .count = d->rows}));
}

static void check_against(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 1 + CROWD_COARSE);
    for (size_t b = 0; b < CROWD_COARSE; b++) {
        vectors_same(v, d->own.against[(size_t)x[0] * CROWD_COARSE + b], x[1 + b]);
    }
}

static void check_along(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 3);
    const size_t k = (size_t)x[0];
    assert_true(k < d->own.axes);
    vectors_float(v, (double)d->own.along.middle[k], x[1]);
    vectors_float(v, (double)d->own.along.spread[k], x[2]);
}

static void check_apart(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    double weight[ROWS];
    vectors_count(v, n, 1);
    for (size_t i = 0; i < d->rows; i++) {
        weight[i] = exp2(-2.0 * (double)i / (double)d->rows);
    }
    vectors_near(
        v,
        axes_apart(&d->crowd,
                   &(struct axes_rows){.row = d->own_row, .weight = weight, .count = d->rows}),
        x[0]);
}

static void take_sample(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    struct sample s = {.kind = SAMPLE_STROKE, .count = n};
    vectors_count(v, n, d->crowd.features);
    memcpy(s.x, x, n * sizeof *x);
    crowd_bins(&d->crowd, &s, d->bins);
}

static void check_bins(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, d->crowd.features);
    for (size_t f = 0; f < n; f++) {
        vectors_same(v, d->bins[f], x[f]);
    }
}

static void check_histogram(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    double score[SCORES];
    vectors_count(v, n, 1);
    own_scores(&d->own, &d->crowd, d->bins, score);
    vectors_near(v, score[CROWD_HISTOGRAM], x[0]);
}

static void check_axes(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    double score[SCORES];
    vectors_count(v, n, 1);
    own_scores(&d->own, &d->crowd, d->bins, score);
    vectors_near(v, score[CROWD_AXES], x[0]);
}

static void both_implementations_see_the_same_crowd(void **state)
{
    static const struct vector_verb verbs[] = {
        {"cell", check_cell},           {"short", check_short},
        {"tiny", check_tiny},           {"edges", add_edges},
        {"others", add_other},          {"index", index_crowd},
        {"shares", check_shares},       {"own", add_own},
        {"work_out", work_out},         {"against", check_against},
        {"sample", take_sample},        {"bins", check_bins},
        {"histogram", check_histogram}, {"between", set_between},
        {"levels", add_levels},         {"to", add_to},
        {"along", check_along},         {"axes", check_axes},
        {"apart", check_apart},         {NULL, NULL},
    };
    (void)state;
    struct desk desk;
    struct vectors v = {.path = "tests/vectors/engine.txt", .area = "crowd", .state = &desk};
    assert_true(vectors_run(&v, verbs, begin) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_see_the_same_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
