/* vectors_people_test.c - logistic regression, people in general and the fusion fitted on them against
 * the second implementation's vectors. */
#include "lab/people/doubting.h"
#include "lab/people/fusing.h"
#include "lab/people/people.h"
#include "lab/people/texts.h"
#include "lab/statistics/logistic.h"
#include "tests/support/unit.h"
#include "tests/support/vectors.h"

#include <math.h>
#include <string.h>

/* Scores come within 1e-5 (vectors_test.c); weights of scores that are much alike trade places, which
 * makes more of it. */
#define FITTED_SLACK 1e-4

enum { ROWS = 128, SAMPLES = 512, USERS = 16, FEATURES = 8 };

/* What the lines of a case have set up. */
struct desk {
    double x[ROWS * LOGISTIC_COLUMNS_MAX], weight[ROWS];
    uint8_t label[ROWS];
    size_t rows, columns;
    struct logistic_data data; /* that was fitted */
    struct logistic fitted;
    double result;

    struct bank_context context;
    float value[SAMPLES][FEATURES];
    struct bank_sample sample[SAMPLES];
    uint32_t first[USERS + 1];
    bool in[USERS];
    struct people people, general;
    size_t singles; /* that were compared */
    struct fused fused;
};

static void begin(void *state)
{
    struct desk *d = state;
    people_free(&d->people);
    people_free(&d->general);
    memset(d, 0, sizeof *d);
}

/* ---- regression ---- */

static void add_row(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    d->columns = n - 2;
    assert_true(d->rows < ROWS && d->columns <= LOGISTIC_COLUMNS_MAX);
    d->label[d->rows] = (uint8_t)x[0];
    d->weight[d->rows] = x[1];
    memcpy(d->x + d->rows * d->columns, x + 2, d->columns * sizeof *x);
    d->rows++;
}

static void fit(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 3);
    d->data = (struct logistic_data){.x = d->x,
                                     .label = d->label,
                                     .weight = x[2] > 0.0 ? d->weight : NULL,
                                     .rows = d->rows,
                                     .columns = d->columns,
                                     .ridge = x[0],
                                     .standardised = x[1] > 0.0};
    assert_ok(logistic_fit(&d->data, &d->fitted));
}

static void check_columns(struct vectors *v, const double *got, const double *x, size_t n)
{
    vectors_count(v, n, ((struct desk *)v->state)->columns);
    vectors_near_all(v, got, x, n);
}

static void check_means(struct vectors *v, const double *x, size_t n)
{
    check_columns(v, ((struct desk *)v->state)->fitted.mean, x, n);
}

static void check_scales(struct vectors *v, const double *x, size_t n)
{
    check_columns(v, ((struct desk *)v->state)->fitted.scale, x, n);
}

static void check_weights(struct vectors *v, const double *x, size_t n)
{
    check_columns(v, ((struct desk *)v->state)->fitted.weight, x, n);
}

static void check_bias(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 1);
    vectors_near(v, ((struct desk *)v->state)->fitted.bias, x[0]);
}

/* Weights, bias, ceiling and floor. */
static void check_doubting(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    struct doubting m;
    vectors_count(v, n, d->columns + 3);
    assert_ok(doubting_fit(&d->data, &d->fitted, &m));
    for (size_t c = 0; c < d->columns; c++) {
        vectors_within(v, m.weight[c], x[c], FITTED_SLACK * fmax(1.0, fabs(x[c])));
    }
    const double got[] = {m.bias, m.ceiling, m.floor};
    for (size_t i = 0; i < 3; i++) {
        const double want = x[d->columns + i];
        vectors_within(v, got[i], want, FITTED_SLACK * fmax(1.0, fabs(want)));
    }
}

static void margin(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, d->columns);
    d->result = logistic_margin(&d->fitted, n, x);
}

static void check_result(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 1);
    vectors_near(v, ((struct desk *)v->state)->result, x[0]);
}

/* ---- people ---- */

/* Of what kind samples are; keys where nothing is said. */
static void take_kind(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 1);
    ((struct desk *)v->state)->context.like.kind = (enum sample_kind)x[0];
}

static void take_like(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    assert_true(n <= FEATURES);
    d->context.like.context = 1;
    d->context.like.count = n;
    memcpy(d->context.like.x, x, n * sizeof *x);
}

static void add_user(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 1);
    assert_true(d->context.users < USERS);
    d->in[d->context.users++] = x[0] > 0.0;
    d->first[d->context.users] = (uint32_t)d->context.samples;
}

static void add_sample(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    const size_t at = d->context.samples++;
    vectors_count(v, n, d->context.like.count);
    assert_true(at < SAMPLES);
    for (size_t f = 0; f < n; f++) {
        d->value[at][f] = (float)x[f];
    }
    d->sample[at] =
        (struct bank_sample){.user = (uint32_t)d->context.users - 1U, .x = d->value[at]};
    d->first[d->context.users] = (uint32_t)d->context.samples;
}

/* Stages of everybody, from the context that now has all of its samples. */
static struct stages *stage_all(struct desk *d)
{
    struct stages *stages = NULL;
    d->context.sample = d->sample;
    d->context.first = d->first;
    assert_ok(stages_new(&d->context, &stages));
    return stages;
}

static void make_people(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    struct stages *stages = stage_all(d);
    vectors_count(v, n, 1);
    assert_ok(people_new(&d->context, stages, d->in, &d->people));
    stages_free(&stages);
    vectors_same(v, d->people.population.people, x[0]);
    vectors_same(v, d->people.population.cohort, x[0]);
}

/* A type and two classes for each feature. */
static void set_kinds(struct vectors *v, const double *x, size_t n)
{
    struct sample *like = &((struct desk *)v->state)->context.like;
    vectors_count(v, n, 3 * like->count);
    like->kind = SAMPLE_KEYS;
    for (size_t f = 0; f < like->count; f++) {
        like->type[f] = (uint8_t)x[3 * f];
        like->first[f] = (uint8_t)x[3 * f + 1];
        like->second[f] = (uint8_t)x[3 * f + 2];
    }
}

static void see_general(struct vectors *v)
{
    struct desk *d = v->state;
    people_free(&d->people);
    assert_ok(people_spread(&d->general, &d->context, &d->people));
}

static void make_general(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    set_kinds(v, x, n);
    struct stages *stages = stage_all(d);
    const struct field field = {.c = &d->context, .stages = stages};
    assert_ok(people_general(&field, 1, d->in, &d->general));
    stages_free(&stages);
    see_general(v);
}

static void look_elsewhere(struct vectors *v, const double *x, size_t n)
{
    set_kinds(v, x, n);
    see_general(v);
}

static void check_floats(struct vectors *v, const float *got, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        vectors_float(v, (double)got[i], x[i]);
    }
}

static void check_density(struct vectors *v, const struct density *got, const double *x, size_t n)
{
    const size_t features = ((struct desk *)v->state)->context.like.count;
    vectors_count(v, n, 2 * features);
    check_floats(v, got->middle, x, features);
    check_floats(v, got->spread, x + features, features);
}

static void check_novices(struct vectors *v, const double *x, size_t n)
{
    check_density(v, &((struct desk *)v->state)->people.population.all[0], x, n);
}

static void check_all(struct vectors *v, const double *x, size_t n)
{
    check_density(v, &((struct desk *)v->state)->people.population.all[1], x, n);
}

static void check_usual(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, d->context.like.count);
    check_floats(v, d->people.population.usual, x, n);
}

static void check_single(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    struct density one = d->people.population.cohort_of;
    assert_true(d->singles < d->people.population.cohort);
    one.middle += d->singles * d->context.like.count;
    one.spread += d->singles * d->context.like.count;
    check_density(v, &one, x, n);
    d->singles++;
}

/* Every feature a pause. */
static void check_common(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 1);
    struct stages *stages = stage_all(d);
    d->context.like.kind = SAMPLE_KEYS;
    memset(d->context.like.type, FEATURE_DOWN_DOWN, sizeof d->context.like.type);
    vectors_near(v, texts_common(&d->context, stages, d->in), x[0]);
    stages_free(&stages);
}

/* ---- fusion ---- */

static void take_types(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, d->context.like.count);
    for (size_t f = 0; f < n; f++) {
        d->context.like.type[f] = (uint8_t)x[f];
    }
}

static void fit_fusions(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    struct stages *stages = stage_all(d);
    (void)x;
    vectors_count(v, n, 0);
    const struct field field = {.c = &d->context, .stages = stages};
    const struct fusing fusing = {.fields = &field, .count = 1, .in = d->in};
    assert_ok(fusing_fit(&fusing, &d->fused));
    stages_free(&stages);
}

/* A fusion follows from scores that are worked out in fewer digits (evidence.h). */
static void fitted_all(struct vectors *v, const double *got, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        vectors_within(v, got[i], want[i], FITTED_SLACK * fmax(1.0, fabs(want[i])));
    }
}

static void check_counts(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, FEATURE_TYPES);
    fitted_all(v, ((struct desk *)v->state)->fused.weight, x, FEATURE_TYPES);
}

static void check_fitted(struct vectors *v, const double *x, size_t n)
{
    const struct fusion_lines *const lines = &((struct desk *)v->state)->fused.lines;
    const struct fusion *f = &lines->line[(size_t)x[0]];
    const double *mean = x + 2;
    const double *scale = mean + SCORES;
    const double *weight = scale + SCORES;
    const double got[] = {f->high,     f->bias, f->limit,   f->impostor, f->owner,
                          f->variance, f->run,  f->ceiling, f->floor};
    vectors_count(v, n, 2 + FUSION_NUMBERS);
    fitted_all(v, &lines->at[(size_t)x[0]], x + 1, 1);
    fitted_all(v, f->mean, mean, SCORES);
    fitted_all(v, f->scale, scale, SCORES);
    fitted_all(v, f->weight, weight, SCORES);
    fitted_all(v, got, weight + SCORES, sizeof got / sizeof *got);
}

static void both_implementations_learn_the_same_of_people(void **state)
{
    static const struct vector_verb verbs[] = {
        {"row", add_row},
        {"fit", fit},
        {"means", check_means},
        {"scales", check_scales},
        {"weights", check_weights},
        {"bias", check_bias},
        {"doubting", check_doubting},
        {"margin", margin},
        {"is", check_result},
        {"kind", take_kind},
        {"like", take_like},
        {"user", add_user},
        {"has", add_sample},
        {"people", make_people},
        {"novices", check_novices},
        {"all", check_all},
        {"usual", check_usual},
        {"common", check_common},
        {"single", check_single},
        {"general", make_general},
        {"elsewhere", look_elsewhere},
        {"types", take_types},
        {"fusing", fit_fusions},
        {"counts", check_counts},
        {"fitted", check_fitted},
        {NULL, NULL},
    };
    (void)state;
    struct desk desk = {.rows = 0};
    struct vectors v = {.path = "tests/vectors/engine.txt", .area = "lab", .state = &desk};
    const size_t cases = vectors_run(&v, verbs, begin);
    begin(&desk);
    assert_true(cases >= 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_learn_the_same_of_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
