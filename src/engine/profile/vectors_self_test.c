/* vectors_self_test.c - strokes held against the owner alone, against the second implementation's vectors. */
#include "engine/profile/self.h"
#include "tests/support/unit.h"
#include "tests/support/vectors.h"

#include <math.h>
#include <string.h>

enum { ROWS = 160 };

/* What the lines of a case have set up. */
struct desk {
    float value[ROWS * CROWD_FEATURES_MAX];
    size_t rows, features;
    struct self self;
    struct sample sample;
};

static void begin(void *state)
{
    memset(state, 0, sizeof(struct desk));
    ((struct desk *)state)->sample.kind = SAMPLE_STROKE;
}

static void take_kind(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 1);
    ((struct desk *)v->state)->sample.kind = (enum sample_kind)x[0];
}

static void add_row(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    assert_true(d->rows < ROWS && n <= CROWD_FEATURES_MAX && (d->rows == 0 || n == d->features));
    d->features = n;
    for (size_t f = 0; f < n; f++) {
        d->value[d->rows * n + f] = (float)x[f];
    }
    d->rows++;
}

static void learn(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    (void)x;
    vectors_count(v, n, 0);
    const struct self_rows rows = {
        .value = d->value,
        .count = d->rows,
        .features = d->features,
        .vectors = d->sample.kind == SAMPLE_FEATURES,
    };
    assert_true(self_learn(&rows, &d->self));
}

static void check_feature(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 3);
    vectors_float(v, (double)d->self.middle[(size_t)x[0]], x[1]);
    vectors_float(v, (double)d->self.spread[(size_t)x[0]], x[2]);
}

static void take_sample(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, d->features);
    d->sample = (struct sample){.kind = d->sample.kind, .count = n};
    memcpy(d->sample.x, x, n * sizeof *x);
}

static void check_score(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    double score = 0.0;
    vectors_count(v, n, 1);
    assert_true(self_score(&d->self, &d->sample, &score));
    vectors_near(v, score, x[0]);
}

static void check_silent(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    double score = 0.0;
    (void)x;
    vectors_count(v, n, 0);
    assert_false(self_score(&d->self, &d->sample, &score));
}

static void check_line(struct vectors *v, const double *x, size_t n)
{
    struct fusion f;
    vectors_count(v, n, 8);
    self_fusion((size_t)x[0], &f);
    vectors_near(v, f.mean[SCORE_NEAREST], x[1]);
    vectors_near(v, f.weight[SCORE_NEAREST], x[2]);
    vectors_near(v, f.owner, x[3]);
    vectors_near(v, f.impostor, x[4]);
    vectors_near(v, f.variance, x[5]);
    vectors_near(v, f.limit, x[6]);
    vectors_near(v, f.run, x[7]);
}

static void both_implementations_hold_strokes_against_the_same_rows(void **state)
{
    static const struct vector_verb verbs[] = {
        {"kind", take_kind},        {"row", add_row},        {"learn", learn},
        {"feature", check_feature}, {"sample", take_sample}, {"score", check_score},
        {"silent", check_silent},   {"line", check_line},    {NULL, NULL},
    };
    (void)state;
    static struct desk desk;
    struct vectors v = {.path = "tests/vectors/engine.txt", .area = "himself", .state = &desk};
    assert_true(vectors_run(&v, verbs, begin) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_hold_strokes_against_the_same_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
