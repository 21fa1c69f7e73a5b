/* bag_test.c - own parts and pages: what is kept, what waits, what their bytes survive. */
#include "engine/profile/bag.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/crowd_test.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>

static void fill(struct bag *b, size_t rows, double middle, uint64_t *seed)
{
    struct sample s;
    test_sample(&s, seed, middle);
    if (b->own.features == 0) {
        bag_begin(b, &s);
    }
    for (size_t i = 0; i < rows; i++) {
        test_sample(&s, seed, middle);
        assert_int_equal(bag_add(b, &s, true, 0), CANARA_OK);
    }
}

static double mean_score(const struct bag *b, const struct crowd *c, size_t column, double middle)
{
    uint64_t seed = 99;
    double sum = 0.0;
    for (int i = 0; i < 400; i++) {
        struct sample s;
        uint8_t bins[CROWD_FEATURES_MAX];
        double score[SCORES];
        test_sample(&s, &seed, middle);
        crowd_bins(c, &s, bins);
        own_scores(&b->own, c, bins, score);
        sum += score[column];
    }
    return sum / 400.0;
}

static void own_rows_speak_for_the_owner_and_others_against(void **state)
{
    (void)state;
    struct test_crowd t;
    struct bag b = {.pages = 0};
    uint64_t seed = 1;
    test_crowd(&t, 1);
    fill(&b, 10, 0.6, &seed);
    assert_int_equal(bag_work_out(&b, &t.crowd, false), CANARA_OK);
    assert_int_equal(b.own.trees, 0);
    assert_near(mean_score(&b, &t.crowd, CROWD_TREES, 0.6), 0.0, 0.0, "no trees yet");
    fill(&b, 190, 0.6, &seed);
    assert_int_equal(bag_work_out(&b, &t.crowd, false), CANARA_OK);
    assert_int_equal(b.own.known, 200);
    for (size_t column = 0; column < 2; column++) {
        assert_true(mean_score(&b, &t.crowd, column, 0.6) < -0.3);
        assert_true(mean_score(&b, &t.crowd, column, 0.0) > 0.1);
    }
    bag_deinit(&b);
}

static void the_same_rows_are_worked_out_to_the_same_bits(void **state)
{
    (void)state;
    struct test_crowd t;
    struct bag a = {.pages = 0};
    struct bag b = {.pages = 0};
    uint64_t seed[2] = {2, 2};
    test_crowd(&t, 2);
    fill(&a, 300, 0.4, &seed[0]);
    fill(&b, 300, 0.4, &seed[1]);
    assert_int_equal(bag_work_out(&a, &t.crowd, false), CANARA_OK);
    assert_int_equal(bag_work_out(&b, &t.crowd, false), CANARA_OK);
    uint8_t x[CANARA_PART_BYTES];
    uint8_t y[CANARA_PART_BYTES];
    size_t n = 0;
    size_t m = 0;
    own_save(&a.own, x, &n);
    own_save(&b.own, y, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n);
    bag_deinit(&a);
    bag_deinit(&b);
}

static void a_long_history_is_thinned_and_the_newest_rows_are_whole(void **state)
{
    (void)state;
    struct bag b = {.pages = 0};
    uint64_t seed = 3;
    const size_t each = page_rows(SAMPLE_FEATURES, TEST_FEATURES);
    for (size_t turn = 0; turn < 100; turn++) {
        fill(&b, each, (double)turn, &seed);
        size_t rows = 0;
        uint32_t newest = 0;
        uint32_t oldest = UINT32_MAX;
        for (size_t i = 0; i < b.pages; i++) {
            const struct bag_page *p = b.page[i];
            rows += p->count;
            newest = p->ordinal > newest ? p->ordinal : newest;
            oldest = p->ordinal < oldest ? p->ordinal : oldest;
            assert_true(p->trusted == p->count && p->count <= each);
        }
        assert_true(b.pages <= BAG_PAGES);
        assert_int_equal(newest, turn + 1);
        assert_int_equal(oldest, 1); /* the beginning is never wholly forgotten */
        assert_true(turn < BAG_PAGES ? rows == (turn + 1) * each : rows >= BAG_PAGES * each / 2);
    }
    bag_deinit(&b);
}

static void what_is_not_believed_at_once_waits_for_three_sessions(void **state)
{
    (void)state;
    struct test_crowd t;
    struct bag b = {.pages = 0};
    struct sample s;
    uint64_t seed = 4;
    test_crowd(&t, 4);
    fill(&b, 30, 0.5, &seed);
    for (uint32_t session = 1; session <= 5; session++) {
        b.touched = false;
        for (int i = 0; i < 10; i++) {
            test_sample(&s, &seed, 0.5);
            assert_int_equal(bag_add(&b, &s, false, session), CANARA_OK);
        }
        bag_release(&b, session);
        assert_int_equal(b.own.accepted, session <= PART_HELD_AFTER ? 30 : 30 + 10 * (session - 3));
    }
    bag_release(&b, PART_HELD_MS + 5);
    assert_int_equal(b.own.accepted, 80);
    assert_int_equal(b.own.helds, 0);
    assert_int_equal(bag_work_out(&b, &t.crowd, false), CANARA_OK);
    assert_int_equal(b.own.known, 80);
    bag_deinit(&b);
}

static void no_more_than_half_a_page_waits(void **state)
{
    (void)state;
    struct bag b = {.pages = 0};
    struct sample s;
    uint64_t seed = 5;
    fill(&b, 30, 0.5, &seed);
    b.touched = false;
    size_t taken = 0;
    for (int i = 0; i < 2000; i++) {
        test_sample(&s, &seed, 0.5);
        taken += bag_add(&b, &s, false, 0) == CANARA_OK;
    }
    assert_int_equal(taken, page_rows(SAMPLE_FEATURES, TEST_FEATURES) / 2);
    bag_deinit(&b);
}

static void seal(uint8_t *bytes, size_t size)
{
    const uint64_t sum = fnv_add(FNV_START, bytes, size - sizeof(uint64_t));
    memcpy(bytes + size - sizeof sum, &sum, sizeof sum);
}

static void the_largest_own_part_fits(void **state)
{
    (void)state;
    struct own o = {.context = 1,
                    .crowd_id = 1,
                    .kind = SAMPLE_FEATURES,
                    .form = OWN_AMONG,
                    .features = CROWD_FEATURES_MAX,
                    .trees = GROW_TREES,
                    .axes = CROWD_AXES_MAX,
                    .helds = OWN_HELD};
    struct own back;
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = 0;
    for (size_t k = 0; k < CROWD_AXES_MAX; k++) {
        o.along.middle[k] = (float)k;
        o.along.spread[k] = 1.0F;
    }
    own_save(&o, bytes, &size);
    assert_int_equal(own_load(&back, bytes, size), CANARA_OK);
    assert_memory_equal(back.tree, o.tree, sizeof o.tree);
    assert_memory_equal(&back.along, &o.along, sizeof o.along);
    for (size_t features = 1; features <= CROWD_FEATURES_MAX; features++) {
        o = (struct own){.context = 1,
                         .kind = SAMPLE_STROKE,
                         .form = OWN_ALONE,
                         .features = (uint16_t)features,
                         .helds = OWN_HELD};
        o.self.rows = (uint16_t)self_rows_max(features);
        memset(o.self.row, 77, o.self.rows * features);
        for (size_t f = 0; f < features; f++) {
            o.self.spread[f] = 1.0F;
        }
        own_save(&o, bytes, &size);
        assert_int_equal(own_load(&back, bytes, size), CANARA_OK);
        assert_memory_equal(&back.self, &o.self, sizeof o.self);
    }
}

static void who_is_unlike_the_crowd_is_held_against_himself(void **state)
{
    (void)state;
    struct test_crowd t;
    struct bag b = {.pages = 0};
    uint64_t seed = 8;
    test_crowd(&t, 8);
    test_crowd_alike(&t);
    fill(&b, 200, 0.2, &seed);
    assert_int_equal(bag_work_out(&b, &t.crowd, false), CANARA_OK);
    assert_int_equal(b.own.form, OWN_AMONG);
    own_note_score(&b.own, 1.0);
    /* where the model knows nobody who does the like */
    assert_int_equal(bag_work_out(&b, NULL, false), CANARA_OK);
    assert_int_equal(b.own.form, OWN_ALONE);
    assert_int_equal(b.own.scored, 0); /* it was a score of the other form */
    assert_true(b.own.crowd_id == 0);
    assert_int_equal(b.own.trees + b.own.axes, 0);
    /* one more row is no news; another model is */
    own_note_score(&b.own, 1.0);
    fill(&b, 1, 0.2, &seed);
    assert_int_equal(bag_work_out(&b, NULL, false), CANARA_OK);
    assert_int_equal(b.own.known, 200);
    assert_int_equal(b.own.scored, 1);
    assert_int_equal(bag_work_out(&b, &t.crowd, false), CANARA_OK);
    assert_int_equal(b.own.form, OWN_AMONG);
    assert_int_equal(b.own.known, 201);
    bag_deinit(&b);

    struct bag far = {.pages = 0};
    fill(&far, 200, 8.0, &seed);
    assert_int_equal(bag_work_out(&far, &t.crowd, false), CANARA_OK);
    assert_int_equal(far.own.form, OWN_ALONE);
    assert_true(far.own.crowd_id == t.crowd.id);
    assert_int_equal(far.own.self.rows, 200);
    bag_deinit(&far);
}

static void use(const struct own *o, const struct test_crowd *t)
{
    double score[SCORES];
    struct sample s;
    uint64_t seed = 7;
    double nearest = 0.0;
    test_sample(&s, &seed, 0.0);
    if (o->form == OWN_AMONG) {
        own_scores(o, &t->crowd, t->row, score);
        assert_true(isfinite(score[0]) && fabs(score[1]) <= OWN_TREES_CLIP);
        assert_true(fabs(score[CROWD_AXES]) <= AXES_CLIP);
    } else if (o->form == OWN_ALONE && self_score(&o->self, &s, &nearest)) {
        assert_true(fabs(nearest) <= log(1.0 / 0.05) + 1e-9);
    }
}

/* Each byte turned over is refused; under a right checksum what passes can be used. */
static void damaged_bytes_are_refused_or_harmless(void **state)
{
    (void)state;
    struct test_crowd t;
    struct bag b = {.pages = 0};
    struct bag alone = {.pages = 0};
    uint64_t seed = 6;
    test_crowd(&t, 6);
    fill(&b, 100, 0.5, &seed);
    fill(&alone, 100, 0.5, &seed);
    assert_int_equal(bag_work_out(&b, &t.crowd, false), CANARA_OK);
    assert_int_equal(bag_work_out(&alone, NULL, false), CANARA_OK);
    for (int which = 0; which < 3; which++) {
        uint8_t bytes[CANARA_PART_BYTES];
        size_t size = 0;
        struct own o;
        struct bag_page p;
        if (which != 1) {
            own_save(which == 0 ? &b.own : &alone.own, bytes, &size);
            assert_int_equal(own_load(&o, bytes, size), CANARA_OK);
        } else {
            page_save(b.page[0], bytes, &size);
            assert_int_equal(page_load(&p, bytes, size), CANARA_OK);
            assert_memory_equal(p.cell, b.page[0]->cell, sizeof p.cell);
        }
        for (size_t i = 0; i < size; i++) {
            bytes[i] ^= 0x10;
            assert_int_not_equal(
                which != 1 ? own_load(&o, bytes, size) : page_load(&p, bytes, size), CANARA_OK);
            seal(bytes, size);
            if (which != 1 && own_load(&o, bytes, size) == CANARA_OK &&
                o.features == TEST_FEATURES) {
                use(&o, &t);
            }
            bytes[i] ^= 0x10;
            seal(bytes, size);
            assert_int_not_equal(which != 1 ? own_load(&o, bytes, i) : page_load(&p, bytes, i),
                                 CANARA_OK);
        }
    }
    bag_deinit(&b);
    bag_deinit(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_rows_speak_for_the_owner_and_others_against),
        cmocka_unit_test(the_same_rows_are_worked_out_to_the_same_bits),
        cmocka_unit_test(a_long_history_is_thinned_and_the_newest_rows_are_whole),
        cmocka_unit_test(what_is_not_believed_at_once_waits_for_three_sessions),
        cmocka_unit_test(no_more_than_half_a_page_waits),
        cmocka_unit_test(the_largest_own_part_fits),
        cmocka_unit_test(who_is_unlike_the_crowd_is_held_against_himself),
        cmocka_unit_test(damaged_bytes_are_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
