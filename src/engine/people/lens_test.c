/* lens_test.c - the fast way of scoring beside the plain one, in double and feature by feature. */
#include "engine/people/lens.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/evidence.h"
#include "engine/people/model.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE_MAX = 2 + MODEL_COHORT_MAX };

#define NEAR_ERROR  (1.0 / 31.0)
#define SCORE_ERROR 1e-4

/* A population of random people, with what its arrays point to. */
struct crowd_of {
    struct population population;
    float middle[PEOPLE_MAX * SAMPLE_FEATURES_MAX];
    float spread[PEOPLE_MAX * SAMPLE_FEATURES_MAX];
    float weight[SAMPLE_FEATURES_MAX];
    float *lanes;
};

/* Features on end that count alike are `alike` in a run; 0: all do. */
static void weigh(struct crowd_of *c, size_t alike, uint64_t *seed)
{
    for (size_t f = 0; f < c->population.features && alike > 0; f++) {
        c->weight[f] = f % alike == 0 ? (float)exp(random_in(seed, -2.5, 2.0)) : c->weight[f - 1];
        c->population.weight = c->weight;
    }
}

static struct crowd_of *crowd_new(size_t features, size_t cohort, size_t alike, uint64_t *seed)
{
    struct crowd_of *c = calloc(1, sizeof *c);
    assert_non_null(c);
    for (size_t i = 0; i < (2 + cohort) * features; i++) {
        c->middle[i] = (float)random_in(seed, -2.5, -0.5);
        c->spread[i] = (float)exp(random_in(seed, -3.5, 0.0));
    }
    struct population *p = &c->population;
    p->features = (uint16_t)features;
    p->cohort = (uint16_t)cohort;
    for (size_t i = 0; i < 2; i++) {
        p->all[i] = (struct density){c->middle + i * features, c->spread + i * features};
    }
    p->cohort_of = (struct density){c->middle + 2 * features, c->spread + 2 * features};
    weigh(c, alike, seed);
    c->lanes = calloc(people_lanes_floats(features, cohort), sizeof *c->lanes);
    assert_non_null(c->lanes);
    people_lanes_lay(p, c->lanes, &p->lanes);
    return c;
}

static void crowd_free(struct crowd_of *c)
{
    free(c->lanes);
    free(c);
}

/* `holes` of a hundred features are missing. */
static struct sample sample_of(size_t features, unsigned holes, double wide, uint64_t *seed)
{
    struct sample s = {.kind = SAMPLE_KEYS, .context = 7, .count = features, .name = "test"};
    for (size_t f = 0; f < features; f++) {
        const double x = -1.5 + wide * random_in(seed, -1.0, 1.0);
        s.x[f] = random_in(seed, 0.0, 100.0) < holes ? NAN : x;
    }
    return s;
}

static void learn(struct part *p, size_t features, unsigned holes, size_t samples, uint64_t *seed)
{
    double usual[SAMPLE_FEATURES_MAX];
    struct sample s = sample_of(features, 0, 0.3, seed);
    part_begin(p, &s);
    for (size_t i = 0; i < samples; i++) {
        s = sample_of(features, holes, 0.3, seed);
        part_accept(p, &s);
    }
    for (size_t f = 0; f < features; f++) {
        usual[f] = 0.12;
    }
    part_refresh(p, false);
    part_shrink(p, usual);
}

/* ---- the plain way ---- */

static bool both(const struct part *p, const struct sample *s, size_t f)
{
    return !isnan(part_middle(p, f)) && !isnan(s->x[f]);
}

static double plain_density(const struct part *p, const struct population *pop,
                            const struct sample *s, const struct density *d, size_t from)
{
    double sum = 0.0;
    for (size_t f = 0; f < p->features; f++) {
        if (both(p, s, f)) {
            const double middle = d == NULL ? part_middle(p, f) : (double)d->middle[from + f];
            const double spread = d == NULL ? part_shrunk(p, f) : (double)d->spread[from + f];
            const double z = clip((s->x[f] - middle) / spread, -1000.0, 1000.0);
            sum -= (double)population_weight(pop, f) * (1.5 * log(1.0 + 0.5 * z * z) + log(spread));
        }
    }
    return sum;
}

static double plain_manhattan(const struct part *p, const struct population *pop,
                              const struct sample *s, const struct density *d, size_t from)
{
    double sum = 0.0;
    double n = 0.0;
    for (size_t f = 0; f < p->features; f++) {
        if (both(p, s, f)) {
            const double middle = d == NULL ? part_middle(p, f) : (double)d->middle[from + f];
            const double spread = d == NULL ? part_spread(p, f) : (double)d->spread[from + f];
            const double weight = (double)population_weight(pop, f);
            sum += weight * fmin(fabs(s->x[f] - middle) / spread, 4.0);
            n += weight;
        }
    }
    return sum / n;
}

static double plain_distance(const struct part *p, const struct population *pop,
                             const struct sample *s, size_t slot)
{
    double row[SAMPLE_FEATURES_MAX];
    double sum = 0.0;
    double n = 0.0;
    part_row(p, slot, 4.0, row);
    for (size_t f = 0; f < p->features; f++) {
        if (both(p, s, f)) {
            const double z = clip((s->x[f] - part_middle(p, f)) / part_spread(p, f), -4.0, 4.0);
            const double weight = (double)population_weight(pop, f);
            sum += weight * (isnan(row[f]) ? 4.0 : fabs(z - row[f]));
            n += weight;
        }
    }
    return sum / n;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double three_smallest(double *x, size_t n)
{
    double sum = 0.0;
    const size_t kept = n < 3 ? n : 3;
    qsort(x, n, sizeof *x, ascending);
    for (size_t i = 0; i < kept; i++) {
        sum += x[i];
    }
    return sum / (double)kept;
}

static double log_mean_exp(const double *x, size_t n, double t)
{
    double high = -INFINITY;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        high = fmax(high, x[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sum += exp((x[i] - high) / t);
    }
    return high + t * log(sum / (double)n);
}

static void plain_scores(const struct part *p, const struct population *pop, const struct sample *s,
                         double out[SCORES])
{
    const double own = plain_density(p, pop, s, NULL, 0);
    double x[PEOPLE_MAX];
    double n = 0.0;
    for (size_t f = 0; f < p->features; f++) {
        n += both(p, s, f) ? (double)population_weight(pop, f) : 0.0;
    }
    for (size_t i = 0; i < 2; i++) {
        x[i] = plain_density(p, pop, s, &pop->all[i], 0);
    }
    out[SCORE_RATIO] = (log_mean_exp(x, 2, 4.0) - own) / n;
    out[SCORE_ONE_CLASS] = plain_manhattan(p, pop, s, NULL, 0);
    for (size_t i = 0; i < p->count; i++) {
        x[i] = plain_distance(p, pop, s, p->order[i]) + 0.3 * (double)i / PART_RING;
    }
    out[SCORE_NEAREST] = three_smallest(x, p->count);
    out[SCORE_COHORT] = 0.0;
    out[SCORE_RIVALS] = 0.0;
    if (pop->cohort == 0) {
        return;
    }
    for (size_t c = 0; c < pop->cohort; c++) {
        x[c] = plain_density(p, pop, s, &pop->cohort_of, c * p->features);
    }
    out[SCORE_COHORT] = (log_mean_exp(x, pop->cohort, 10.0) - own) / n;
    for (size_t c = 0; c < pop->cohort; c++) {
        x[c] = plain_manhattan(p, pop, s, &pop->cohort_of, c * p->features);
    }
    out[SCORE_RIVALS] = out[SCORE_ONE_CLASS] - three_smallest(x, pop->cohort);
}

/* ---- one beside the other ---- */

struct trial {
    struct part part;
    struct lens lens;
    uint8_t row[LENS_BYTES];
};

static void check(const struct trial *t, const struct population *pop, const struct sample *s)
{
    double fast[SCORES];
    double plain[SCORES];
    if (!evidence_scores(&t->lens, pop, s, fast, NULL)) {
        return;
    }
    plain_scores(&t->part, pop, s, plain);
    for (size_t i = 0; i < SCORES; i++) {
        const double error = i == SCORE_NEAREST ? NEAR_ERROR : SCORE_ERROR;
        if (!(fabs(fast[i] - plain[i]) <= error * fmax(1.0, fabs(plain[i])))) {
            fail_msg("score %zu of %zu features: %.6f, plain %.6f", i, s->count, fast[i], plain[i]);
        }
    }
    assert_true(evidence_one_class(&t->lens, s, plain, NULL));
    if (pop->weight != NULL) {
        return; /* alone no feature counts more than another */
    }
    assert_memory_equal(&plain[SCORE_ONE_CLASS], &fast[SCORE_ONE_CLASS], sizeof *fast);
    assert_memory_equal(&plain[SCORE_NEAREST], &fast[SCORE_NEAREST], sizeof *fast);
}

static void scores_are_those_of_the_plain_way_at_any_number_of_features(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (size_t features = 1; features <= SAMPLE_FEATURES_MAX; features++) {
        static const uint8_t cohorts[] = {0, 1, 5, 6, 7, 14, 51, 64};
        const unsigned holes = features % 3 == 0 ? 0 : 12;
        struct trial *t = calloc(1, sizeof *t);
        struct crowd_of *c = crowd_new(features, cohorts[features % 8], features % 5 * 4, &seed);
        assert_non_null(t);
        learn(&t->part, features, holes, 5 + features % 60, &seed);
        assert_true(lens_bytes(&t->part) <= LENS_BYTES);
        lens_make(&t->lens, &t->part, t->row);
        for (int i = 0; i < 6; i++) {
            const struct sample s =
                sample_of(features, i < 2 ? 0 : holes, i < 4 ? 0.4 : 9.0, &seed);
            check(t, &c->population, &s);
        }
        crowd_free(c);
        free(t);
    }
}

static void the_widest_ring_has_room(void **state)
{
    (void)state;
    struct part p;
    size_t most = 0;
    for (size_t i = 0; i < 2 * (size_t)SAMPLE_FEATURES_MAX; i++) {
        const struct sample s = {.kind = i % 2 == 0 ? SAMPLE_KEYS : SAMPLE_FEATURES,
                                 .count = i / 2 + 1};
        part_begin(&p, &s);
        p.count = p.ring;
        most = lens_bytes(&p) > most ? lens_bytes(&p) : most;
        assert_true(part_core_bytes(&p) + lens_bytes(&p) <= CANARA_PART_BYTES);
    }
    assert_int_equal(most, LENS_BYTES);
}

static void a_missing_cell_is_as_far_as_can_be(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct trial t;
    struct lens_mark mark;
    learn(&t.part, 3, 0, 8, &seed);
    struct sample s = sample_of(3, 0, 0.1, &seed);
    s.x[1] = NAN;
    part_accept(&t.part, &s);
    lens_make(&t.lens, &t.part, t.row);
    assert_int_equal(t.row[1], 0);
    for (int z = -4; z <= 4; z++) {
        lens_clear(&mark, 3);
        lens_put(&mark, 1, z);
        uint32_t steps[PART_RING];
        lens_distances(&t.lens, &mark, steps);
        assert_int_equal(steps[0], 4 * 31);
    }
}

/* The bits of an answer must not depend on how many people an instruction takes. */
static void every_processor_gives_the_same_bits(void **state)
{
    (void)state;
    uint64_t seed = 77;
    beside_fn *const best = beside_best();
    for (size_t cohort = 0; cohort <= 20; cohort++) {
        const size_t features = 1 + cohort * 3;
        struct crowd_of *c = crowd_new(features, cohort, cohort % 3 * 5, &seed);
        for (int i = 0; i < 40; i++) {
            const struct sample s = sample_of(features, i % 2 == 0 ? 0 : 20, i % 5, &seed);
            struct beside_sample asked;
            beside_clear(&asked);
            for (size_t f = 0; f < features; f++) {
                if (isnan(s.x[f])) {
                    asked.not_at[asked.missing++] = (uint8_t)f;
                } else {
                    beside_put_weighed(&asked, f, s.x[f], population_weight(&c->population, f));
                }
            }
            struct beside any;
            struct beside fast;
            memset(&any, 0, sizeof any);
            memset(&fast, 0, sizeof fast);
            if (asked.n > 0) {
                beside_any(&c->population, &asked, &any);
                best(&c->population, &asked, &fast);
            }
            assert_memory_equal(&any, &fast, sizeof any);
        }
        crowd_free(c);
    }
}

/* Whatever compiler: the scores of a stream, to the ninth digit, because the last bit of a libm's
 * logarithm depends on the processor. */
static void the_same_stream_has_the_same_checksum_everywhere(void **state)
{
    (void)state;
    uint64_t seed = 2024;
    uint64_t sum = FNV_START;
    for (size_t features = 6; features <= 66; features += 5) {
        struct trial *t = calloc(1, sizeof *t);
        struct crowd_of *c = crowd_new(features, features - 2, 0, &seed);
        assert_non_null(t);
        learn(&t->part, features, 5, 40, &seed);
        lens_make(&t->lens, &t->part, t->row);
        for (int i = 0; i < 50; i++) {
            const struct sample s = sample_of(features, 5, 0.5, &seed);
            double score[SCORES];
            if (evidence_scores(&t->lens, &c->population, &s, score, NULL)) {
                for (size_t k = 0; k < SCORES; k++) {
                    const int64_t digits = llround(1e9 * score[k]);
                    sum = fnv_add(sum, &digits, sizeof digits);
                }
            }
        }
        crowd_free(c);
        free(t);
    }
    assert_int_equal(sum, UINT64_C(0x8f6b17235632e106));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_plain_way_at_any_number_of_features),
        cmocka_unit_test(the_widest_ring_has_room),
        cmocka_unit_test(a_missing_cell_is_as_far_as_can_be),
        cmocka_unit_test(every_processor_gives_the_same_bits),
        cmocka_unit_test(the_same_stream_has_the_same_checksum_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
