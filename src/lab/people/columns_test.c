/* columns_test.c - people in general, made of vectors: neither the units of columns nor columns that do not vary say
 * anything of them. */
#include "engine/people/model.h"
#include "lab/people/crowding.h"
#include "lab/people/people.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* SAME never varies; each person has a value of his own in OWN; COUNT is a whole number. */
enum { PEOPLE = 12, EACH = 40, FEATURES = 6, SAME = 3, OWN = 4, COUNT = 5 };

struct group {
    float x[PEOPLE * EACH][FEATURES];
    struct bank_sample sample[PEOPLE * EACH];
    uint32_t first[PEOPLE + 1];
    struct bank_context context;
    bool in[PEOPLE];
};

static double value(size_t f, size_t user, uint64_t *seed)
{
    const double x = random_in(seed, -1.0, 1.0) + 0.1 * (double)user;
    return f == SAME ? 7.0 : (f == OWN ? (double)user : (f == COUNT ? floor(4.0 * x) : x));
}

static struct group *make(double unit, double offset)
{
    struct group *g = calloc(1, sizeof *g);
    uint64_t seed = 9;
    assert_non_null(g);
    for (size_t i = 0; i < (size_t)PEOPLE * EACH; i++) {
        const size_t user = i / EACH;
        for (size_t f = 0; f < FEATURES; f++) {
            g->x[i][f] = (float)(unit * value(f, user, &seed) + offset);
        }
        g->sample[i] = (struct bank_sample){.user = (uint32_t)user, .x = g->x[i]};
        g->first[user + 1] = (uint32_t)i + 1;
        g->in[user] = true;
    }
    g->context =
        (struct bank_context){.like = {.kind = SAMPLE_FEATURES, .context = 5, .count = FEATURES},
                              .sample = g->sample,
                              .samples = (size_t)PEOPLE * EACH,
                              .users = PEOPLE,
                              .first = g->first};
    return g;
}

static void bins_of_a_crowd_are_the_same_in_any_unit(void **state)
{
    (void)state;
    static const double cases[][2] = {{1e-4, 0.0}, {1.0, 1e4}, {1e6, -3e6}};
    struct group *plain = make(1.0, 0.0);
    struct crowding want;
    assert_ok(crowding_plain(&plain->context, plain->in, 6, &want));
    assert_int_equal(want.crowd.edges[SAME], 0);
    assert_int_equal(want.crowd.edges[OWN], PEOPLE - 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct group *odd = make(cases[i][0], cases[i][1]);
        struct crowding got;
        assert_ok(crowding_plain(&odd->context, odd->in, 6, &got));
        assert_memory_equal(got.crowd.edges, want.crowd.edges, FEATURES);
        size_t other = 0; /* an offset costs last digits */
        for (size_t k = 0; k < (size_t)want.crowd.rows * FEATURES; k++) {
            other += got.crowd.row[k] != want.crowd.row[k];
        }
        assert_true(other * 200 <= (size_t)want.crowd.rows * FEATURES);
        crowding_free(&got);
        free(odd);
    }
    crowding_free(&want);
    free(plain);
}

/* What a page or a float makes of a whole number falls into its bin. */
static void edges_stand_between_values(void **state)
{
    (void)state;
    struct group *g = make(1.0, 0.0);
    struct crowding c;
    assert_ok(crowding_plain(&g->context, g->in, 6, &c));
    for (int n = -4; n < 6; n++) {
        uint8_t bins[3][CROWD_FEATURES_MAX];
        for (int k = 0; k < 3; k++) {
            struct sample s = {.kind = SAMPLE_FEATURES, .count = FEATURES};
            s.x[COUNT] = n + 0.4 * (k - 1);
            crowd_bins(&c.crowd, &s, bins[k]);
        }
        assert_int_equal(bins[0][COUNT], bins[1][COUNT]);
        assert_int_equal(bins[2][COUNT], bins[1][COUNT]);
    }
    crowding_free(&c);
    free(g);
}

static struct people people_of(const struct group *g)
{
    struct stages *stages = NULL;
    struct people p;
    assert_ok(stages_new(&g->context, &stages));
    assert_ok(people_new(&g->context, stages, g->in, &p));
    stages_free(&stages);
    return p;
}

static void spreads_of_people_are_in_the_units_of_their_columns(void **state)
{
    (void)state;
    static const double cases[][2] = {{1e-4, 0.0}, {1.0, 1e4}, {1e6, -3e6}};
    struct group *plain = make(1.0, 0.0);
    struct people want = people_of(plain);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct group *odd = make(cases[i][0], cases[i][1]);
        struct people got = people_of(odd);
        for (size_t f = 0; f < FEATURES; f++) {
            const double usual = (double)want.population.usual[f] * cases[i][0];
            assert_near((double)got.population.usual[f], usual, 0.01 * usual, "usual");
            for (size_t k = 0; k < 2; k++) {
                const double spread = (double)want.population.all[k].spread[f] * cases[i][0];
                assert_near((double)got.population.all[k].spread[f], spread, 0.01 * spread, "all");
            }
        }
        people_free(&got);
        free(odd);
    }
    people_free(&want);
    free(plain);
}

/* Such a model is one that opens: what does not vary is a spread of 0, of everybody. */
static void columns_that_do_not_vary_are_marked_and_a_model_of_them_opens(void **state)
{
    (void)state;
    struct group *g = make(1e-4, 0.5);
    struct people p = people_of(g);
    for (size_t c = 0; c < p.population.cohort; c++) {
        for (size_t f = 0; f < FEATURES; f++) {
            const float spread = p.population.cohort_of.spread[c * FEATURES + f];
            assert_true(f == SAME ? spread <= 0.0F : spread > 0.0F);
        }
    }
    assert_true(p.population.all[0].spread[SAME] <= 0.0F && p.population.usual[SAME] <= 0.0F);
    for (size_t i = 0; i < FUSION_LINES; i++) {
        p.population.fusion.at[i] = 5.0;
        p.population.fusion.line[i] = (struct fusion){.scale = {1.0, 1.0, 1.0, 1.0, 1.0},
                                                      .high = 1.0,
                                                      .limit = 1.0,
                                                      .run = 1.0,
                                                      .ceiling = FUSION_SURE,
                                                      .floor = FUSION_SURE};
    }
    static uint8_t bytes[65536];
    struct canara_model *m = NULL;
    const size_t size = model_write("vectors", &p.population, 1, bytes, sizeof bytes);
    assert_true(size > 0);
    assert_int_equal(canara_model_open(bytes, size, &m), CANARA_OK);
    canara_model_close(&m);
    p.population.kind = SAMPLE_KEYS; /* of whom a spread of 0 would divide by it */
    const size_t other = model_write("keys", &p.population, 1, bytes, sizeof bytes);
    assert_int_equal(canara_model_open(bytes, other, &m), CANARA_BAD_FORMAT);
    people_free(&p);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_of_a_crowd_are_the_same_in_any_unit),
        cmocka_unit_test(edges_stand_between_values),
        cmocka_unit_test(spreads_of_people_are_in_the_units_of_their_columns),
        cmocka_unit_test(columns_that_do_not_vary_are_marked_and_a_model_of_them_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
