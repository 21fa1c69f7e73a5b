/* own_test.c - what is worked out of rows, the running mean of scores, and bytes of nobody. */
#include "engine/profile/own.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/crowd_test.h"
#include "tests/support/unit.h"

#include <math.h>

enum { ROWS = OWN_AXES_BELOW - 1 };

/* Rows of somebody whose first three features are a little higher. */
static void rows_of(const struct crowd *c, double middle, size_t n, uint8_t *row)
{
    uint64_t seed = 21;
    for (size_t i = 0; i < n; i++) {
        struct sample s;
        uint8_t bins[CROWD_FEATURES_MAX];
        test_sample(&s, &seed, middle);
        crowd_bins(c, &s, bins);
        memcpy(row + i * TEST_FEATURES, bins, TEST_FEATURES);
    }
}

static void begin(struct own *o)
{
    memset(o, 0, sizeof *o);
    o->context = 77;
    o->kind = SAMPLE_STROKE;
    o->features = TEST_FEATURES;
}

static double score_of(const struct own *o, const struct crowd *c, const uint8_t *row, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        double score[SCORES];
        own_scores(o, c, row + i * TEST_FEATURES, score);
        sum += score[CROWD_HISTOGRAM];
        for (size_t k = 0; k < SCORES; k++) {
            assert_true(isfinite(score[k]));
        }
    }
    return sum / (double)n;
}

static void own_rows_score_lower_than_those_of_the_crowd(void **state)
{
    (void)state;
    struct test_crowd t;
    struct own o;
    uint8_t row[ROWS * TEST_FEATURES];
    test_crowd(&t, 3);
    rows_of(&t.crowd, 0.7, ROWS, row);
    begin(&o);
    assert_true(own_work_out(&o, &(struct own_rows){&t.crowd, row, OWN_TREES_FROM - 1}));
    assert_int_equal(o.trees, 0);
    assert_true(own_work_out(&o, &(struct own_rows){&t.crowd, row, ROWS}));
    assert_int_equal(o.trees, GROW_TREES);
    assert_int_equal(o.known, ROWS);
    assert_true(o.crowd_id == t.crowd.id);
    assert_true(score_of(&o, &t.crowd, row, ROWS) < score_of(&o, &t.crowd, t.row, TEST_ROWS));
    assert_true(score_of(&o, &t.crowd, row, ROWS) < 0.0);
}

static void axes_speak_where_the_fusion_weighs_them(void **state)
{
    (void)state;
    struct test_crowd t;
    struct own o;
    uint8_t row[(ROWS + 1) * TEST_FEATURES];
    double score[SCORES];
    test_crowd(&t, 3);
    rows_of(&t.crowd, 0.7, ROWS + 1, row);
    begin(&o);
    /* a bucket without trials of its own has the weights of the one before, and its scores, too */
    assert_true(own_work_out(&o, &(struct own_rows){&t.crowd, row, ROWS + 1}));
    assert_int_equal(o.axes, TEST_AXES);
    own_scores(&o, &t.crowd, row, score);
    assert_true(score[CROWD_AXES] != 0.0);
    t.crowd.fusion[crowd_bucket(ROWS + 1)].weight[CROWD_AXES] = 0.0;
    assert_true(own_work_out(&o, &(struct own_rows){&t.crowd, row, ROWS + 1}));
    assert_int_equal(o.axes, 0);
    own_scores(&o, &t.crowd, row, score);
    assert_near(score[CROWD_AXES], 0.0, 0.0, "none");
    memset(t.crowd.fusion, 0, sizeof t.crowd.fusion); /* as in a fit */
    assert_true(own_work_out(&o, &(struct own_rows){&t.crowd, row, ROWS + 1}));
    assert_int_equal(o.axes, 0);
    assert_true(own_work_out(&o, &(struct own_rows){&t.crowd, row, ROWS}));
    assert_int_equal(o.axes, TEST_AXES);
    assert_int_equal(crowd_bucket(OWN_AXES_BELOW - 1) + 1, crowd_bucket(OWN_AXES_BELOW));
}

static void nobodys_rows_say_nothing(void **state)
{
    (void)state;
    struct test_crowd t;
    struct own o;
    uint8_t row[1] = {0};
    double score[SCORES];
    test_crowd(&t, 3);
    begin(&o);
    assert_true(own_work_out(&o, &(struct own_rows){&t.crowd, row, 0}));
    own_scores(&o, &t.crowd, t.row, score);
    assert_near(score[CROWD_HISTOGRAM], 0.0, 0.0, "shares of the crowd alone");
    assert_near(score[CROWD_TREES], 0.0, 0.0, "no trees");
    assert_near(score[CROWD_AXES], 0.0, 1e-6, "everybody's middle and spread");
}

static void only_who_is_far_from_everybody_is_foreign(void **state)
{
    (void)state;
    struct test_crowd t;
    uint8_t row[ROWS * TEST_FEATURES];
    bool real = true;
    bool simulated = true;
    test_crowd(&t, 3);
    test_crowd_alike(&t);
    const struct own_rows rows = {&t.crowd, row, ROWS};
    int sooner = 0;
    for (int step = 0; step <= 80; step++) {
        const bool was = step > 0 && real;
        rows_of(&t.crowd, 0.1 * step, ROWS, row);
        assert_true(own_is_foreign(&rows, false, &real));
        assert_true(own_is_foreign(&rows, true, &simulated));
        assert_true(real || !was); /* further away is never nearer */
        assert_true(simulated || !real);
        assert_true(step > 0 || !simulated);
        sooner += simulated && !real;
    }
    assert_true(real && sooner > 0);
    assert_true(own_is_foreign(&(struct own_rows){&t.crowd, row, 0}, true, &simulated));
    assert_false(simulated); /* nothing is known of him */
    t.crowd.people = OWN_FOREIGN_PEOPLE - 1;
    assert_true(own_is_foreign(&rows, true, &simulated));
    assert_false(simulated); /* too few to tell */
    t.crowd.people = OWN_FOREIGN_PEOPLE;
    assert_true(own_is_foreign(&rows, true, &simulated));
    assert_true(simulated);
    t.crowd.axes = 0;
    assert_true(own_is_foreign(&rows, true, &simulated));
    assert_false(simulated); /* nobody can tell */
}

static void the_mean_of_scores_is_that_of_all_of_them(void **state)
{
    (void)state;
    struct own o;
    uint64_t seed = 4;
    double sum = 0.0;
    double squares = 0.0;
    begin(&o);
    for (int n = 1; n <= 500; n++) {
        const double x = random_in(&seed, -5.0, 3.0);
        own_note_score(&o, x);
        sum += x;
        squares += x * x;
        assert_int_equal(o.scored, n);
        assert_near((double)o.score_mean, sum / n, 1e-4, "mean");
        assert_near((double)o.score_m2, squares - sum * sum / n, 1e-2, "squares");
    }
}

static size_t saved(struct own *o, uint8_t bytes[CANARA_PART_BYTES])
{
    struct test_crowd t;
    uint8_t row[ROWS * TEST_FEATURES];
    size_t size = 0;
    test_crowd(&t, 3);
    rows_of(&t.crowd, 0.7, ROWS, row);
    begin(o);
    assert_true(own_work_out(o, &(struct own_rows){&t.crowd, row, ROWS}));
    o->grown_at = 7;
    o->helds = 1;
    o->held[0] = (struct own_held){.at_ms = 5, .session = 2, .rows = 3};
    own_save(o, bytes, &size);
    return size;
}

static void an_own_part_survives_its_bytes_and_no_others(void **state)
{
    (void)state;
    struct own o;
    struct own got;
    uint8_t bytes[CANARA_PART_BYTES];
    const size_t size = saved(&o, bytes);
    memset(&got, 0xee, sizeof got);
    assert_int_equal(own_load(&got, bytes, size), CANARA_OK);
    assert_int_equal(got.trees, o.trees);
    assert_int_equal(got.held[0].rows, 3);
    assert_int_equal(got.axes, TEST_AXES);
    assert_memory_equal(&got.along, &o.along, sizeof got.along);
    assert_memory_equal(got.against, o.against, (size_t)TEST_FEATURES * CROWD_COARSE);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(own_load(&got, bytes, cut), CANARA_BAD_FORMAT);
    }
    for (size_t at = 0; at < size; at += 3) {
        bytes[at] ^= 0x40;
        assert_int_equal(own_load(&got, bytes, size), CANARA_BAD_FORMAT);
        bytes[at] ^= 0x40;
    }
    assert_int_equal(own_load(&got, bytes, CANARA_PART_BYTES + 1), CANARA_BAD_FORMAT);
    assert_int_equal(got.known, ROWS);
}

static void parts_of_the_versions_before_are_read(void **state)
{
    (void)state;

    enum {
        FORM_AT = 7,
        AXES_AT = 29,
        AXES = TEST_AXES * 8,
        HEAD = 57,
        AGAINST = TEST_FEATURES * CROWD_COARSE
    };

    for (uint8_t version = 1; version <= 2; version++) {
        struct own o;
        struct own got;
        uint8_t bytes[CANARA_PART_BYTES];
        size_t size = saved(&o, bytes);
        memmove(bytes + FORM_AT, bytes + FORM_AT + 1, size - FORM_AT - 1);
        size -= 1;
        if (version == 1) {
            const size_t axes = HEAD + 2 + 16 + AGAINST; /* behind one session that waits */
            memmove(bytes + axes, bytes + axes + AXES, size - axes - AXES);
            memmove(bytes + AXES_AT, bytes + AXES_AT + 2, size - AXES_AT - 2);
            size -= AXES + 2;
        }
        bytes[4] = version;
        struct byte_writer w = {.at = bytes + size - 8, .left = 8};
        write_u64(&w, fnv_add(FNV_START, bytes, size - 8));
        assert_int_equal(own_load(&got, bytes, size), CANARA_OK);
        assert_int_equal(got.axes, version == 1 ? 0 : TEST_AXES);
        assert_int_equal(got.form, OWN_AMONG);
        assert_int_equal(got.grown_at, 0); /* worked out anew at the next lesson */
        assert_int_equal(got.trees, GROW_TREES);
        assert_memory_equal(got.tree, o.tree, sizeof o.tree);
        assert_memory_equal(got.against, o.against, AGAINST);
    }
}

/* What a stranger may write with a right checksum. */
static void heads_that_cannot_be_are_refused(void **state)
{
    (void)state;

    static const struct {
        const char *row;
        size_t at;
        uint8_t value;
        enum canara_status status;
    } cases[] = {
        {"a version of later", 4, 9, CANARA_BAD_VERSION},
        {"a kind that is none", 6, 200, CANARA_BAD_FORMAT},
        {"a kind that no crowd has", 6, SAMPLE_KEYS, CANARA_BAD_FORMAT},
        {"a form that is none", 7, OWN_FORMS, CANARA_BAD_FORMAT},
        {"trees where nothing was worked out", 7, OWN_NOTHING, CANARA_BAD_FORMAT},
        {"trees of one who is held against himself", 7, OWN_ALONE, CANARA_BAD_FORMAT},
        {"no features", 24, 0, CANARA_BAD_FORMAT},
        {"a number of trees that is none", 28, 3, CANARA_BAD_FORMAT},
        {"more axes than there are", 30, CROWD_AXES_MAX + 1, CANARA_BAD_FORMAT},
        {"squares below 0", 55, 0xbf, CANARA_BAD_FORMAT},
        {"more that waits than there is room for", 56, OWN_HELD + 1, CANARA_BAD_FORMAT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct own o;
        uint8_t bytes[CANARA_PART_BYTES];
        const size_t size = saved(&o, bytes);
        bytes[cases[i].at] = cases[i].value;
        if (cases[i].at == 55) { /* the sign of a float that is not zero */
            bytes[54] = 0x80;
        }
        struct byte_writer w = {.at = bytes + size - 8, .left = 8};
        write_u64(&w, fnv_add(FNV_START, bytes, size - 8));
        if (own_load(&o, bytes, size) != cases[i].status) {
            fail_msg("%s", cases[i].row);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_rows_score_lower_than_those_of_the_crowd),
        cmocka_unit_test(axes_speak_where_the_fusion_weighs_them),
        cmocka_unit_test(nobodys_rows_say_nothing),
        cmocka_unit_test(only_who_is_far_from_everybody_is_foreign),
        cmocka_unit_test(the_mean_of_scores_is_that_of_all_of_them),
        cmocka_unit_test(an_own_part_survives_its_bytes_and_no_others),
        cmocka_unit_test(parts_of_the_versions_before_are_read),
        cmocka_unit_test(heads_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
