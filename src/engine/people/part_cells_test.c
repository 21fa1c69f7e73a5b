/* part_cells_test.c - vectors: what is known of one does not depend on the units of its columns, and columns that do not
 * vary say nothing. */
#include "engine/people/part_cells.h"

#include "base/util.h"
#include "engine/people/alone.h"
#include "engine/people/model.h"
#include "engine/people/part_test.h"
#include "engine/profile/profile.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KNOWN = 24, PROBES = 12, COHORT = 5, NUMBERS_ROOM = 1 << 15 };

/* x of a column becomes unit x + offset. */
struct columns {
    double unit[SAMPLE_FEATURES_MAX], offset[SAMPLE_FEATURES_MAX];
};

static double about(uint64_t *seed)
{
    return random_in(seed, -1.0, 1.0) + random_in(seed, -1.0, 1.0);
}

static struct columns plain_columns(void)
{
    struct columns c = {.unit = {0.0}};
    for (size_t f = 0; f < SAMPLE_FEATURES_MAX; f++) {
        c.unit[f] = 1.0;
        c.offset[f] = 0.0;
    }
    return c;
}

/* Any unit from 1e-6 to 1e6 and any offset up to 1,000 of it. */
static struct columns odd_columns(uint64_t *seed)
{
    struct columns c = {.unit = {0.0}};
    for (size_t f = 0; f < SAMPLE_FEATURES_MAX; f++) {
        c.unit[f] = pow(10.0, (double)random_below(seed, 13) - 6.0);
        c.offset[f] = f % 3 == 0 ? 0.0 : 1000.0 * about(seed) * c.unit[f];
    }
    return c;
}

/* Somebody, `way` from the owner; the numbers drawn do not depend on the columns. */
static struct sample drawn(size_t count, const struct columns *c, double way, uint64_t *seed)
{
    struct sample s = {.kind = SAMPLE_FEATURES, .context = 3, .count = count, .name = "features:t"};
    for (size_t f = 0; f < count; f++) {
        const double x = (f % 2 == 0 ? way : -way) + about(seed);
        s.x[f] = (double)(float)(c->unit[f] * x + c->offset[f]);
    }
    return s;
}

static void learn(struct part *p, size_t count, const struct columns *c, const double *usual)
{
    uint64_t seed = 7;
    for (int i = 0; i < KNOWN; i++) {
        const struct sample s = drawn(count, c, 0.0, &seed);
        if (i == 0) {
            part_begin(p, &s);
        }
        part_accept(p, &s);
    }
    part_refresh(p, false);
    part_shrink(p, usual);
}

/* People whose middles are drawn, all of one spread. */
struct crowd_of {
    float middle[(2 + COHORT) * SAMPLE_FEATURES_MAX], spread[(2 + COHORT) * SAMPLE_FEATURES_MAX];
    double usual[SAMPLE_FEATURES_MAX];
    float number[NUMBERS_ROOM];
    struct population population;
};

static void people(struct crowd_of *p, size_t count, const struct columns *c)
{
    uint64_t seed = 8;
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < 2 + (size_t)COHORT; i++) {
        for (size_t f = 0; f < count; f++) {
            p->middle[i * count + f] = (float)(c->unit[f] * about(&seed) + c->offset[f]);
            p->spread[i * count + f] = (float)(0.8 * c->unit[f]);
            p->usual[f] = 0.7 * c->unit[f];
        }
    }
    p->population =
        (struct population){.context = 3,
                            .kind = SAMPLE_FEATURES,
                            .features = (uint16_t)count,
                            .people = 50,
                            .cohort = COHORT,
                            .cohort_of = {p->middle + 2 * count, p->spread + 2 * count}};
    for (size_t i = 0; i < 2; i++) {
        p->population.all[i] = (struct density){p->middle + i * count, p->spread + i * count};
    }
    assert_true(people_lanes_floats(count, COHORT) <= NUMBERS_ROOM);
    people_lanes_lay(&p->population, p->number, &p->population.lanes);
}

/* A person, people, and what they say of a sample. */
struct desk {
    struct part part;
    struct lens lens;
    uint8_t row[LENS_BYTES];
    struct crowd_of others;
};

static struct desk *desk_new(size_t count, const struct columns *c)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    people(&d->others, count, c);
    learn(&d->part, count, c, d->others.usual);
    lens_make(&d->lens, &d->part, d->row);
    return d;
}

static void all_scores(const struct desk *d, const struct sample *s, double out[SCORES],
                       struct likeness *alike)
{
    assert_true(evidence_scores(&d->lens, &d->others.population, s, out, alike));
    for (size_t i = 0; i < SCORES; i++) {
        assert_true(isfinite(out[i]));
    }
}

static void neither_unit_nor_offset_of_a_column_matters(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 15, 40, 41, 60, 128};
    uint64_t seed = 4;
    const struct columns plain = plain_columns();
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        const struct columns odd = odd_columns(&seed);
        struct desk *a = desk_new(widths[w], &plain);
        struct desk *b = desk_new(widths[w], &odd);
        assert_int_equal(a->part.ring, b->part.ring);
        for (uint64_t i = 0; i < PROBES; i++) {
            double x[SCORES];
            double y[SCORES];
            uint64_t same[2] = {100 + i, 100 + i};
            const double way = 0.2 * (double)i;
            const struct sample s = drawn(widths[w], &plain, way, &same[0]);
            const struct sample t = drawn(widths[w], &odd, way, &same[1]);
            all_scores(a, &s, x, NULL);
            all_scores(b, &t, y, NULL);
            for (size_t k = 0; k < SCORES; k++) {
                assert_near(y[k], x[k], 0.03 * fmax(1.0, fabs(x[k])), "in other units");
            }
        }
        free(a);
        free(b);
    }
}

/* Ten columns that vary, and others that do not: for the owner, or among people. */
static void a_column_that_does_not_vary_says_nothing_and_is_not_counted(void **state)
{
    (void)state;

    enum { VARY = 10, ALL = 30 };

    const struct columns plain = plain_columns();
    struct columns still = plain;
    for (size_t f = VARY; f < ALL; f++) {
        still.unit[f] = 0.0;
        still.offset[f] = 7.5;
    }
    struct desk *a = desk_new(VARY, &plain);
    struct desk *of_owner = desk_new(ALL, &still);
    struct desk *of_people = desk_new(ALL, &plain);
    people(&of_owner->others, ALL, &plain);
    people(&of_people->others, ALL, &still);
    for (uint64_t i = 0; i < PROBES; i++) {
        struct likeness alike;
        double x[SCORES];
        uint64_t seed = 50 + i;
        struct sample s = drawn(ALL, &plain, 0.3 * (double)i, &seed); /* varies everywhere */
        all_scores(of_owner, &s, x, &alike);
        assert_int_equal(alike.features, VARY);
        all_scores(of_people, &s, x, &alike);
        assert_int_equal(alike.features, VARY);
        double want[SCORES];
        double got[SCORES];
        assert_true(evidence_one_class(&of_owner->lens, &s, got, &alike));
        assert_int_equal(alike.features, VARY);
        s.x[VARY + i] = NAN; /* nobody waits for it */
        assert_true(evidence_one_class(&of_owner->lens, &s, want, NULL));
        assert_memory_equal(got, want, sizeof got);
    }
    assert_near(part_from_anchor(&of_owner->part, &(struct sample){.count = ALL}), 0.0, 0.0,
                "none");
    const struct sample none = {.kind = SAMPLE_FEATURES};
    const struct alone_way way = alone_way(&of_people->part, &none, &of_people->others.population);
    assert_false(alone_is_foreign(&way, ALONE_FOREIGN));
    free(a);
    free(of_owner);
    free(of_people);
}

static void where_nothing_varies_nothing_is_said(void **state)
{
    (void)state;
    struct columns still = plain_columns();
    for (size_t f = 0; f < SAMPLE_FEATURES_MAX; f++) {
        still.unit[f] = 0.0;
    }
    for (size_t count = 15; count <= 60; count += 45) {
        struct desk *d = desk_new(count, &still);
        uint64_t seed = 5;
        double x[SCORES];
        const struct columns plain = plain_columns();
        const struct sample s = drawn(count, &plain, 0.0, &seed);
        assert_false(evidence_one_class(&d->lens, &s, x, NULL));
        assert_false(evidence_scores(&d->lens, &d->others.population, &s, x, NULL));
        const struct alone_way way = alone_way(&d->part, &s, &d->others.population);
        assert_false(alone_is_foreign(&way, ALONE_FOREIGN_SIMULATED));
        part_anchor(&d->part);
        assert_near(part_drift(&d->part), 0.0, 0.0, "drift");
        assert_near(part_from_anchor(&d->part, &s), 0.0, 0.0, "from the anchor");
        free(d);
    }
}

/* From the first sample on in which it does. */
static void a_column_counts_from_when_it_varies(void **state)
{
    (void)state;
    for (size_t count = 30; count <= 60; count += 30) {
        struct columns c = plain_columns();
        c.unit[0] = 0.0;
        struct desk *d = desk_new(count, &c);
        assert_true(part_spread(&d->part, 0) <= 0.0);
        c.unit[0] = 1e-3;
        uint64_t seed = 6;
        for (int i = 0; i < 10; i++) {
            const struct sample s = drawn(count, &c, 0.0, &seed);
            part_accept(&d->part, &s);
        }
        part_refresh(&d->part, false);
        assert_in_range(part_spread(&d->part, 0) * 1e6, 100, 1000);
        free(d);
    }
}

/* All that may be sent, and whatever it lies beside. */
static void the_ends_of_the_range_give_numbers(void **state)
{
    (void)state;
    static const double ends[] = {1e9, -1e9, 1e-20, -1e-20, 0.0, 1e9 - 64.0, 3e-20, 1.0, NAN};
    uint64_t seed = 9;
    for (int round = 0; round < 300; round++) {
        const size_t count = 1 + (size_t)random_below(&seed, SAMPLE_FEATURES_MAX);
        struct part p;
        for (int i = 0; i < KNOWN; i++) {
            struct sample s = {.kind = SAMPLE_FEATURES, .count = count, .name = "features:t"};
            for (size_t f = 0; f < count; f++) {
                s.x[f] = (double)(float)ends[random_below(&seed, ARRAY_LEN(ends))];
            }
            if (i == 0) {
                part_begin(&p, &s);
            }
            if (i % 5 == 4) {
                part_hold(&p, &s, (uint32_t)i, i, false);
            } else {
                part_accept(&p, &s);
            }
            (void)part_release(&p, (uint32_t)i, i);
            part_refresh(&p, i % 2 == 0);
        }
        double usual[SAMPLE_FEATURES_MAX];
        for (size_t f = 0; f < count; f++) {
            usual[f] = f % 3 == 0 ? 0.0 : 1e-30;
        }
        part_shrink(&p, usual);
        part_anchor(&p);
        struct lens lens;
        uint8_t row[LENS_BYTES];
        lens_make(&lens, &p, row);
        struct sample s = {.kind = SAMPLE_FEATURES, .count = count};
        for (size_t f = 0; f < count; f++) {
            s.x[f] = (double)(float)ends[random_below(&seed, ARRAY_LEN(ends))];
            assert_true(part_spread(&p, f) >= 0.0 && isfinite(part_spread(&p, f)));
            assert_true(part_shrunk(&p, f) > 0.0 && isfinite(part_shrunk(&p, f)));
        }
        double score[SCORES] = {0.0};
        (void)evidence_one_class(&lens, &s, score, NULL);
        assert_true(isfinite(score[SCORE_ONE_CLASS]) && isfinite(score[SCORE_NEAREST]));
        assert_true(isfinite(part_from_anchor(&p, &s)) && isfinite(part_drift(&p)));
        assert_true(isfinite((double)p.nearest));
    }
}

/* ---- bytes ---- */

static struct part lived_in(size_t count)
{
    uint64_t seed = 3;
    const struct columns odd = odd_columns(&seed);
    struct part p;
    double usual[SAMPLE_FEATURES_MAX];
    for (size_t f = 0; f < count; f++) {
        usual[f] = odd.unit[f];
    }
    learn(&p, count, &odd, usual);
    for (uint32_t i = 1; i <= PART_HELD; i++) {
        const struct sample s = drawn(count, &odd, 0.0, &seed);
        p.sessions = i;
        part_hold(&p, &s, i, i, false);
    }
    for (int i = 0; i < PART_RING; i++) {
        const struct sample s = drawn(count, &odd, 0.0, &seed);
        part_accept(&p, &s);
    }
    part_anchor(&p);
    return p;
}

static void a_vector_of_any_width_comes_back_from_at_most_four_kilobytes(void **state)
{
    (void)state;
    for (size_t count = 1; count <= SAMPLE_FEATURES_MAX; count++) {
        struct part p = lived_in(count);
        struct part q;
        uint8_t bytes[CANARA_PART_BYTES];
        uint8_t again[CANARA_PART_BYTES];
        size_t size = 0;
        size_t n = 0;
        assert_in_range(p.ring, 8, PART_RING);
        part_save(&p, bytes, &size);
        assert_int_equal(part_load(&q, bytes, size), CANARA_OK);
        part_save(&q, again, &n);
        assert_int_equal(n, size);
        assert_memory_equal(bytes, again, size);
    }
}

/* A part's bytes with a right checksum. */
static enum canara_status load_after(const struct part *p, void (*change)(struct part *p))
{
    struct part changed = *p;
    struct part out;
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = 0;
    change(&changed);
    part_save(&changed, bytes, &size);
    return part_load(&out, bytes, size);
}

static void far_centre(struct part *p)
{
    const float far = 1.1e9F;
    memcpy(p->of.pool + (size_t)10 * p->features, &far, sizeof far);
}

static void negative_spread(struct part *p)
{
    part_number_put(p, PART_SPREAD, 0, -1.0);
}

static void spread_of_nothing(struct part *p)
{
    const uint16_t none = 0x8000;
    memcpy(p->of.pool + (size_t)2 * PART_ANCHOR_SPREAD * p->features, &none, sizeof none);
}

static void negative_unit(struct part *p)
{
    const uint16_t unit = 0x9000;
    memcpy(p->of.pool + (size_t)14 * p->features, &unit, sizeof unit);
}

static void as_keys(struct part *p)
{
    p->kind = SAMPLE_KEYS;
}

static void nothing(struct part *p)
{
    (void)p;
}

static void numbers_that_cannot_be_are_refused(void **state)
{
    (void)state;

    static const struct {
        void (*change)(struct part *p);
        enum canara_status status;
    } cases[] = {
        {nothing, CANARA_OK},
        {far_centre, CANARA_BAD_FORMAT},
        {negative_spread, CANARA_BAD_FORMAT},
        {spread_of_nothing, CANARA_BAD_FORMAT},
        {negative_unit, CANARA_BAD_FORMAT},
        {as_keys, CANARA_BAD_VERSION},
    };

    const struct part p = lived_in(60);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(load_after(&p, cases[i].change), cases[i].status);
    }
}

static void write_version(uint8_t *bytes, size_t size, uint8_t version)
{
    bytes[4] = version;
    const uint64_t sum = fnv_add(FNV_START, bytes, size - 8);
    memcpy(bytes + size - 8, &sum, sizeof sum);
}

/* Signed logarithms are of no use beside values: the vector is learnt anew, and the rest of the profile is read. */
static void vectors_of_before_are_passed_over(void **state)
{
    (void)state;
    struct canara_profile *profile = NULL;
    assert_int_equal(canara_profile_new(NULL, &profile), CANARA_OK);
    const struct part p = lived_in(15);
    const struct sample like = {.kind = SAMPLE_FEATURES, .context = 3, .count = 15};
    struct bag_page page;
    struct bag b;
    uint8_t bytes[3][CANARA_PART_BYTES] = {{0}};
    size_t size[3] = {0};
    page_begin(&page, &like, 0, 1);
    bag_begin(&b, &like);
    part_save(&p, bytes[0], &size[0]);
    own_save(&b.own, bytes[1], &size[1]);
    page_save(&page, bytes[2], &size[2]);
    for (size_t i = 0; i < 3; i++) {
        write_version(bytes[i], size[i], 9);
        assert_int_equal(canara_profile_load(profile, bytes[i], size[i]), CANARA_BAD_VERSION);
        write_version(bytes[i], size[i], i == 2 ? 1 : 3);
        assert_int_equal(canara_profile_load(profile, bytes[i], size[i]), CANARA_OK);
        bytes[i][9] ^= 1;
        assert_int_equal(canara_profile_load(profile, bytes[i], size[i]), CANARA_BAD_FORMAT);
    }
    assert_int_equal(canara_profile_parts(profile), 0);
    canara_profile_free(&profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neither_unit_nor_offset_of_a_column_matters),
        cmocka_unit_test(a_column_that_does_not_vary_says_nothing_and_is_not_counted),
        cmocka_unit_test(where_nothing_varies_nothing_is_said),
        cmocka_unit_test(a_column_counts_from_when_it_varies),
        cmocka_unit_test(the_ends_of_the_range_give_numbers),
        cmocka_unit_test(a_vector_of_any_width_comes_back_from_at_most_four_kilobytes),
        cmocka_unit_test(numbers_that_cannot_be_are_refused),
        cmocka_unit_test(vectors_of_before_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
