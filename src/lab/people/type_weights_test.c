/* type_weights_test.c - what tells people apart counts more than what does not. */
#include "lab/people/type_weights.h"

#include "base/rng.h"
#include "tests/support/unit.h"

#include <math.h>

enum { EACH = 3, TYPES = 3, FEATURES = EACH * TYPES, ROWS = 400, KNOWN = 20, PEOPLE = 30 };

static const enum feature_type shown[TYPES] = {FEATURE_HOLD, FEATURE_PRESSURE, FEATURE_PLACE_X};

/* One population whose every feature is about 0, and an owner of them. */
struct desk {
    float middle[FEATURES], spread[FEATURES];
    struct population people;
    struct part owner;
    struct sample sample;
    struct rng rng;
    struct type_trials trials;
};

/* An owner is `near` what he usually does in features of a type, another is anywhere. */
static void act(struct desk *d, const double near[TYPES], bool other)
{
    for (size_t f = 0; f < FEATURES; f++) {
        const double own = near[f / EACH] * rng_normal(&d->rng);
        d->sample.x[f] = other ? rng_normal(&d->rng) : 0.5 + own;
    }
}

static void desk_begin(struct desk *d, const double near[TYPES])
{
    double usual[FEATURES];
    *d = (struct desk){.sample = {.kind = SAMPLE_KEYS, .context = 1, .count = FEATURES}};
    rng_seed(&d->rng, 9);
    for (size_t f = 0; f < FEATURES; f++) {
        d->spread[f] = 0.8F;
        usual[f] = 0.3;
        d->sample.type[f] = (uint8_t)shown[f / EACH];
    }
    d->people = (struct population){.kind = SAMPLE_KEYS,
                                    .features = FEATURES,
                                    .all = {{d->middle, d->spread}, {d->middle, d->spread}}};
    act(d, near, false);
    part_begin(&d->owner, &d->sample);
    for (size_t i = 0; i < KNOWN; i++) {
        act(d, near, false);
        part_accept(&d->owner, &d->sample);
    }
    part_refresh(&d->owner, false);
    part_shrink(&d->owner, usual);
}

static void add(struct desk *d, const double near[TYPES], bool other)
{
    act(d, near, other);
    assert_ok(type_trials_add(&d->trials, &d->owner, &d->people, &d->sample, other));
}

static void fit(const double near[TYPES], size_t people, double weight[FEATURE_TYPES])
{
    struct desk d;
    desk_begin(&d, near);
    for (size_t i = 0; i < ROWS; i++) {
        add(&d, near, i % 2 == 1);
    }
    assert_ok(type_weights_fit(&d.trials, people, weight));
    type_trials_deinit(&d.trials);
}

static void what_tells_people_apart_counts_more(void **state)
{
    (void)state;
    static const double near[TYPES] = {0.2, 0.9, 0.4};
    double weight[FEATURE_TYPES];
    fit(near, PEOPLE, weight);
    const double got[TYPES] = {weight[shown[0]], weight[shown[1]], weight[shown[2]]};
    assert_true(got[0] > got[2] && got[2] > got[1]);
    assert_near(got[0] + got[1] + got[2], TYPES, 1e-6, "a mean of 1 over the features");
    assert_near(weight[FEATURE_SIZE], 1.0, 0.0, "a type that nobody shows");
    assert_near(weight[FEATURE_DOWN_DOWN], got[0], 0.0, "the times of a key count alike");
    assert_near(weight[FEATURE_UP_DOWN], got[0], 0.0, "the times of a key count alike");
}

/* A few people who happen to be alike in one kind of feature say little. */
static void of_fewer_people_weights_stay_nearer_to_one(void **state)
{
    (void)state;
    static const double near[TYPES] = {0.2, 0.9, 0.4};
    double many[FEATURE_TYPES];
    double few[FEATURE_TYPES];
    fit(near, 300, many);
    fit(near, 8, few);
    for (size_t k = 0; k < TYPES; k++) {
        assert_true(fabs(few[shown[k]] - 1.0) < fabs(many[shown[k]] - 1.0));
    }
}

static void what_is_missing_does_not_count(void **state)
{
    (void)state;
    static const double near[TYPES] = {0.3, 0.3, 0.3};
    double weight[FEATURE_TYPES];
    struct desk d;
    desk_begin(&d, near);
    for (size_t i = 0; i < ROWS; i++) {
        act(&d, near, i % 2 == 1);
        for (size_t f = 0; f < EACH; f++) {
            d.sample.x[f] = NAN;
        }
        assert_ok(type_trials_add(&d.trials, &d.owner, &d.people, &d.sample, i % 2 == 1));
    }
    assert_int_equal(d.trials.features[shown[0]], 0);
    assert_int_equal(d.trials.features[shown[1]], EACH * ROWS);
    assert_ok(type_weights_fit(&d.trials, PEOPLE, weight));
    assert_near(weight[shown[0]], 1.0, 0.0, "nobody showed it");
    assert_near(weight[shown[1]] + weight[shown[2]], 2.0, 1e-6, "a mean of 1 over the others");
    type_trials_deinit(&d.trials);
}

/* Nothing to learn from, or only one side of it: all alike. */
static void too_few_trials_weigh_nothing(void **state)
{
    (void)state;
    static const double near[TYPES] = {0.2, 0.9, 0.4};

    static const struct {
        size_t own, others;
    } rows[] = {{0, 0}, {0, 300}, {300, 0}, {39, 300}, {300, 99}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk d;
        double weight[FEATURE_TYPES] = {0.0};
        desk_begin(&d, near);
        for (size_t k = 0; k < rows[i].own + rows[i].others; k++) {
            add(&d, near, k >= rows[i].own);
        }
        assert_ok(type_weights_fit(&d.trials, PEOPLE, weight));
        for (size_t k = 0; k < FEATURE_TYPES; k++) {
            assert_near(weight[k], 1.0, 0.0, "alike");
        }
        type_trials_deinit(&d.trials);
    }
}

/* Samples that speak against their owner teach nothing, and no weight is below 0. */
static void owners_who_are_like_nobody_weigh_nothing(void **state)
{
    (void)state;
    static const double near[TYPES] = {0.3, 0.3, 0.3};
    double weight[FEATURE_TYPES];
    struct desk d;
    desk_begin(&d, near);
    for (size_t i = 0; i < ROWS; i++) { /* labels the wrong way round */
        act(&d, near, i % 2 == 0);
        assert_ok(type_trials_add(&d.trials, &d.owner, &d.people, &d.sample, i % 2 == 1));
    }
    assert_ok(type_weights_fit(&d.trials, PEOPLE, weight));
    for (size_t k = 0; k < FEATURE_TYPES; k++) {
        assert_near(weight[k], 1.0, 0.0, "alike");
    }
    type_trials_deinit(&d.trials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_tells_people_apart_counts_more),
        cmocka_unit_test(of_fewer_people_weights_stay_nearer_to_one),
        cmocka_unit_test(what_is_missing_does_not_count),
        cmocka_unit_test(too_few_trials_weigh_nothing),
        cmocka_unit_test(owners_who_are_like_nobody_weigh_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
