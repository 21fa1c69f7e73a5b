/* part_test.c - the ring, the quarantine, the limits of change, the anchor, and bytes. */
#include "engine/people/part_test.h"

#include "base/util.h"
#include "engine/people/part_cells.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

static void the_ring_keeps_the_newest_in_order(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 7, 31, 40, 41, 128};
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        struct part p = begun(widths[w]);
        assert_in_range(p.ring, 12, PART_RING);
        for (int i = 0; i < 60; i++) {
            accept_all(&p, (const double[]){0.05 * i - 3.0}, 1);
        }
        assert_int_equal(p.count, p.ring);
        assert_int_equal(p.accepted, 60);
        for (size_t i = 0; i < p.count; i++) {
            assert_near(part_cell(&p, p.order[i], widths[w] - 1), 0.05 * (double)(59 - i) - 3.0,
                        0.026, "newest first");
        }
    }
}

/* All features are places, and the first sample has none. */
static struct part begun_without_places(size_t count)
{
    struct part p;
    struct sample s = sample_at(count, NAN);
    memset(s.type, FEATURE_PLACE_X, sizeof s.type);
    part_begin(&p, &s);
    return p;
}

/* A place of ten tenths of the screen is further from zero than a cell of 8 bits reaches. */
static void a_place_that_the_first_sample_has_not_is_kept_about_the_first_that_has_it(void **state)
{
    (void)state;
    static const size_t widths[] = {40, 41, 128};
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        struct part p = begun_without_places(widths[w]);
        accept_all(&p, (const double[]){NAN, NAN, 9.0, NAN, 9.5, 8.5}, 6);
        uint8_t bytes[CANARA_PART_BYTES];
        size_t size = 0;
        part_save(&p, bytes, &size);
        assert_int_equal(part_load(&p, bytes, size), CANARA_OK);
        const double newest[] = {8.5, 9.5, NAN, 9.0, NAN, NAN};
        for (size_t i = 0; i < ARRAY_LEN(newest); i++) {
            const double x = part_cell(&p, p.order[i], 0);
            assert_int_equal(isnan(x), isnan(newest[i]));
            assert_near(isnan(x) ? 0.0 : x, isnan(newest[i]) ? 0.0 : newest[i], 0.021,
                        "newest first");
        }
    }
}

static void an_unknown_place_stays_unknown_in_bytes(void **state)
{
    (void)state;
    struct part p = begun_without_places(128);
    accept_all(&p, (const double[]){NAN, NAN, NAN, NAN, NAN}, 5);
    part_refresh(&p, true);
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = 0;
    part_save(&p, bytes, &size);
    assert_int_equal(part_load(&p, bytes, size), CANARA_OK);
    assert_true(isnan(part_middle(&p, 0)));
    accept_all(&p, (const double[]){9.0, 9.0, 9.0}, 3);
    part_refresh(&p, true);
    assert_near(part_middle(&p, 0), 9.0, 0.021, "known once it was told");
}

static void nothing_is_known_before_the_habit_is_worked_out(void **state)
{
    (void)state;
    struct part p = begun(3);
    accept_all(&p, (const double[]){1, 1, 1, 1, 1, 1}, 6);
    assert_true(isnan(part_middle(&p, 0)));
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = 0;
    part_save(&p, bytes, &size);
    assert_int_equal(part_load(&p, bytes, size), CANARA_OK);
}

static void quarantine_ends_after_three_sessions_or_seven_days(void **state)
{
    (void)state;

    static const struct {
        uint32_t sessions;
        int64_t ms;
        size_t released;
    } cases[] = {
        {0, 0, 0}, {2, 0, 0},           {3, 0, 1}, {0, PART_HELD_MS - 1, 0}, {0, PART_HELD_MS, 1},
        {9, 9, 1}, {2, INT64_C(-5), 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct part p = settled(3);
        const struct sample s = sample_at(3, 0.05);
        part_hold(&p, &s, 10, 1000000, false);
        assert_int_equal(p.count, 20);
        assert_int_equal(part_release(&p, 10 + cases[i].sessions, 1000000 + cases[i].ms),
                         cases[i].released);
        assert_int_equal(p.count, 20 + cases[i].released);
        assert_int_equal(p.held, 1 - cases[i].released);
    }
}

/* Sessions of ten samples pushed each other out of the quarantine, and nothing was ever learnt. */
static void busy_sessions_do_not_starve_each_other(void **state)
{
    (void)state;
    struct part p = settled(3);
    for (uint32_t session = 1; session <= 10; session++) {
        for (int i = 0; i < 10; i++) {
            const struct sample s = sample_at(3, 0.01 * (double)session);
            part_hold(&p, &s, session, 0, false);
        }
        assert_in_range(p.held, 2, PART_HELD);
        (void)part_release(&p, session, 0);
    }
    assert_int_equal(p.accepted, 20 + 7 * PART_HELD_A_SESSION);
    assert_near(part_cell(&p, p.order[0], 0), 0.07, 1e-3, "the newest that has waited");
}

static void what_leaves_the_quarantine_is_cut_at_three_deviations(void **state)
{
    (void)state;
    struct part p = settled(2);
    struct sample s = sample_at(2, 5.0);
    s.x[1] = NAN;
    part_hold(&p, &s, 1, 0, false);
    const double middle = part_middle(&p, 0);
    const double spread = part_spread(&p, 0);
    assert_int_equal(part_release(&p, 4, 0), 1);
    assert_near(part_cell(&p, p.order[0], 0), middle + 3.0 * spread, 1e-3, "cut");
    assert_true(isnan(part_cell(&p, p.order[0], 1)));
}

static void a_limited_refresh_moves_a_tenth_of_a_deviation(void **state)
{
    (void)state;
    struct part p = settled(2);
    const double middle = part_middle(&p, 0);
    const double spread = part_spread(&p, 0);
    for (int i = 0; i < 20; i++) {
        accept_all(&p, (const double[]){1.0}, 1);
    }
    part_refresh(&p, true);
    assert_near(part_middle(&p, 0), middle + PART_STEP * spread, 1e-3, "limited");
    part_refresh(&p, false);
    assert_near(part_middle(&p, 0), 1.0, 1e-3, "free");
}

/* What comes through the gate is typical: its spread alone would go on getting narrower. */
static void a_spread_that_follows_stays_half_way_to_its_anchor(void **state)
{
    (void)state;
    static const double widths[] = {0.025, 0.4};
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        struct part p = anchored(2);
        const double anchor = part_anchor_spread(&p, 0);
        const double middle = part_anchor_middle(&p, 0);
        for (int k = 0; k < PART_RING; k++) {
            accept_all(&p, (const double[]){middle + (k % 2 == 0 ? widths[i] : -widths[i])}, 1);
        }
        for (int again = 0; again < 3; again++) {
            part_refresh(&p, true);
        }
        const double followed = part_spread(&p, 0);
        assert_near(part_anchor_spread(&p, 0), anchor, 0.0, "the anchor stays");
        part_refresh(&p, false);
        assert_near(followed, sqrt(anchor * part_spread(&p, 0)), 1e-3, "half way, however often");
    }
}

static void without_an_anchor_a_spread_is_that_of_the_ring(void **state)
{
    (void)state;
    struct part p = settled(2);
    accept_all(&p, (const double[]){0.05, 0.05, 0.05, 0.05, 0.05, 0.05}, 6);
    part_refresh(&p, true);
    const double limited = part_spread(&p, 0);
    part_refresh(&p, false);
    assert_near(limited, part_spread(&p, 0), 0.0, "wherever the middle is held");
}

static void drift_is_the_mean_over_features_from_the_anchor(void **state)
{
    (void)state;
    struct part p = settled(4);
    assert_near(part_drift(&p), 0.0, 0.0, "no anchor");
    part_anchor(&p);
    assert_near(part_drift(&p), 0.0, 0.0, "at the anchor");
    const double spread = part_anchor_spread(&p, 0);
    const double was = part_middle(&p, 0);
    for (int i = 0; i < 50; i++) {
        struct sample s = sample_at(4, was);
        s.x[2] = was + 8.0 * spread;
        part_accept(&p, &s);
    }
    part_refresh(&p, false);
    assert_near(part_drift(&p), 2.0, 0.1, "one feature of four, eight deviations away");
}

static void scores_of_the_owner_have_their_mean_and_variance(void **state)
{
    (void)state;
    struct part p = begun(1);
    part_note_score(&p, -4.0);
    part_note_score(&p, -2.0);
    part_note_score(&p, 0.0);
    assert_near((double)p.score_mean, -2.0, 1e-6, "mean");
    assert_near((double)p.score_m2, 8.0, 1e-5, "sum of squares");
}

/* ---- bytes ---- */

static size_t saved(const struct part *p, uint8_t bytes[CANARA_PART_BYTES])
{
    size_t size = 0;
    part_save(p, bytes, &size);
    assert_in_range(size, 1, CANARA_PART_BYTES);
    return size;
}

static struct part lived_in(size_t count, uint64_t *seed)
{
    struct part p = begun(count);
    const int n = 1 + (int)random_below(seed, 70);
    for (int i = 0; i < n; i++) {
        struct sample s = sample_at(count, random_in(seed, -2.0, 1.0));
        s.x[random_below(seed, count)] = NAN;
        if (random_below(seed, 3) == 0) {
            part_hold(&p, &s, ++p.sessions, (int64_t)random_below(seed, 1000000000),
                      random_below(seed, 2) == 0);
        } else {
            part_accept(&p, &s);
        }
    }
    part_refresh(&p, false);
    shrink(&p);
    if (random_below(seed, 2) == 0) {
        part_anchor(&p);
    }
    return p;
}

static void a_part_comes_back_from_its_bytes_as_it_was(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 200; round++) {
        const size_t count = 1 + (size_t)random_below(&seed, SAMPLE_FEATURES_MAX);
        const struct part p = lived_in(count, &seed);
        uint8_t bytes[CANARA_PART_BYTES];
        uint8_t again[CANARA_PART_BYTES];
        const size_t size = saved(&p, bytes);
        struct part q;
        assert_int_equal(part_load(&q, bytes, size), CANARA_OK);
        assert_int_equal(saved(&q, again), size);
        assert_memory_equal(bytes, again, size);
        assert_int_equal(q.count, p.count);
        for (size_t f = 0; f < count; f++) {
            assert_true(part_middle(&q, f) == part_middle(&p, f) || isnan(part_middle(&p, f)));
        }
    }
}

static void every_flipped_byte_and_every_cut_is_refused(void **state)
{
    (void)state;
    uint64_t seed = 6;
    struct part p = lived_in(31, &seed);
    uint8_t bytes[CANARA_PART_BYTES];
    const size_t size = saved(&p, bytes);
    struct part untouched;
    memset(&untouched, 7, sizeof untouched);
    struct part q = untouched;
    for (size_t i = 0; i < size; i++) {
        const uint8_t flip = (uint8_t)(1U << random_below(&seed, 8));
        bytes[i] ^= flip;
        assert_int_equal(part_load(&q, bytes, size), CANARA_BAD_FORMAT);
        bytes[i] ^= flip;
        assert_int_equal(part_load(&q, bytes, i), CANARA_BAD_FORMAT);
    }
    assert_int_equal(part_load(&q, bytes, CANARA_PART_BYTES + 1), CANARA_BAD_FORMAT);
    assert_memory_equal(&q, &untouched, sizeof q);
    assert_int_equal(part_load(&q, bytes, size), CANARA_OK);
}

/* Right checksums over wrong fields: what a program that is not ours might write. */
static void fields_out_of_range_are_refused(void **state)
{
    (void)state;

    static const struct {
        const char *what;
        size_t at, n;
        uint8_t bytes[4];
        enum canara_status want;
    } cases[] = {
        {"as it is", 0, 0, {0}, CANARA_OK},
        {"version", 4, 1, {99}, CANARA_BAD_VERSION},
        {"kind", 6, 1, {200}, CANARA_BAD_FORMAT},
        {"bits", 7, 1, {0x80}, CANARA_BAD_FORMAT},
        {"narrow cells where they are wide", 7, 1, {PART_NARROW}, CANARA_BAD_FORMAT},
        {"name without a letter", 16, 1, {0}, CANARA_BAD_FORMAT},
        {"name in upper case", 16, 1, {'K'}, CANARA_BAD_FORMAT},
        {"something behind the name", 48, 1, {'x'}, CANARA_BAD_FORMAT},
        {"no features", 49, 2, {0, 0}, CANARA_BAD_FORMAT},
        {"too many features", 49, 2, {129, 0}, CANARA_BAD_FORMAT},
        {"more samples than the ring has", 51, 2, {51, 0}, CANARA_BAD_FORMAT},
        {"fewer samples than there are", 51, 2, {2, 0}, CANARA_BAD_FORMAT},
        {"quarantine too full", 53, 2, {7, 0}, CANARA_BAD_FORMAT},
        {"fewer accepted than kept", 55, 4, {1, 0, 0, 0}, CANARA_BAD_FORMAT},
        {"mean that is no number", 67, 4, {0, 0, 0xc0, 0x7f}, CANARA_BAD_FORMAT},
        {"negative squares", 71, 4, {0, 0, 0x80, 0xbf}, CANARA_BAD_FORMAT},
        {"infinite distance", 75, 4, {0, 0, 0x80, 0x7f}, CANARA_BAD_FORMAT},
        {"pressed without an anchor", 79, 1, {1}, CANARA_BAD_FORMAT},
        {"something in what is reserved", 80, 2, {0, 1}, CANARA_BAD_FORMAT},
        {"no spread", 82 + 6, 2, {0, 0}, CANARA_BAD_FORMAT},
    };
    const struct part p = settled(3);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t bytes[CANARA_PART_BYTES];
        const size_t size = saved(&p, bytes);
        memcpy(bytes + cases[i].at, cases[i].bytes, cases[i].n);
        const uint64_t sum = fnv_add(FNV_START, bytes, size - 8);
        memcpy(bytes + size - 8, &sum, 8);
        struct part q;
        if (part_load(&q, bytes, size) != cases[i].want) {
            fail_msg("%s", cases[i].what);
        }
    }
}

/* Cells of 8 bits lie about a centre. Bytes without one made a cell of what is no number (found by fuzzing). */
static void a_centre_that_is_no_number_is_refused(void **state)
{
    (void)state;
    const struct part p = settled(PART_WIDE_FROM);
    uint8_t bytes[CANARA_PART_BYTES];
    const size_t size = saved(&p, bytes);
    struct part q;
    assert_int_equal(part_load(&q, bytes, size), CANARA_OK);
    const size_t centre = 82 + (size_t)2 * 5 * PART_WIDE_FROM;
    memcpy(bytes + centre, (const uint8_t[]){0x00, 0x80}, 2);
    const uint64_t sum = fnv_add(FNV_START, bytes, size - 8);
    memcpy(bytes + size - 8, &sum, 8);
    assert_int_equal(part_load(&q, bytes, size), CANARA_BAD_FORMAT);
}

/* A held sample of a session to come made the difference wrap, and it was let in at once. */
static void quarantine_of_the_future_is_refused(void **state)
{
    (void)state;
    struct part p = settled(3);
    p.sessions = 4;
    const struct sample s = sample_at(3, 0.0);
    part_hold(&p, &s, 5, 0, false);
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = saved(&p, bytes);
    assert_int_equal(part_load(&p, bytes, size), CANARA_BAD_FORMAT);
    p.sessions = 5;
    size = saved(&p, bytes);
    assert_int_equal(part_load(&p, bytes, size), CANARA_OK);
    p.in_quarantine[0].at_ms = INT64_MAX;
    size = saved(&p, bytes);
    assert_int_equal(part_load(&p, bytes, size), CANARA_BAD_FORMAT);
}

/* The bytes of version 2: without what the fence needs. */
static size_t as_version_2(const struct part *p, const uint8_t *bytes, size_t size, uint8_t *out)
{
    const size_t row = (size_t)p->features * ((p->bits & PART_NARROW) != 0 ? 1 : 2);
    const size_t rows = part_habit_bytes(p) * (size_t)p->features + row * p->count;
    size_t n = 79;
    size_t at = n + 3;
    memcpy(out, bytes, n);
    memcpy(out + n, bytes + at, rows);
    n += rows;
    at += rows;
    for (size_t i = 0; i < p->held; i++) {
        memcpy(out + n, bytes + at, 12);
        memcpy(out + n + 12, bytes + at + 13, row);
        n += 12 + row;
        at += 13 + row;
    }
    assert_int_equal(at + 8, size);
    out[4] = 2;
    const uint64_t sum = fnv_add(FNV_START, out, n);
    memcpy(out + n, &sum, 8);
    return n + 8;
}

static void a_part_of_version_2_is_read_and_has_proved_nothing(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (int round = 0; round < 50; round++) {
        struct part p = lived_in(1 + (size_t)random_below(&seed, SAMPLE_FEATURES_MAX), &seed);
        p.pressed = 0;
        uint8_t bytes[CANARA_PART_BYTES];
        uint8_t old[CANARA_PART_BYTES];
        uint8_t again[CANARA_PART_BYTES];
        const size_t size = as_version_2(&p, bytes, saved(&p, bytes), old);
        struct part q;
        assert_int_equal(part_load(&q, old, size), CANARA_OK);
        assert_int_equal(part_load(&q, old, size - 1), CANARA_BAD_FORMAT);
        for (size_t i = 0; i < q.held; i++) {
            assert_int_equal(q.in_quarantine[i].proved, 0);
            p.in_quarantine[i].proved = 0;
        }
        assert_int_equal(saved(&q, again), saved(&p, bytes));
        assert_memory_equal(again, bytes, saved(&p, bytes));
    }
}

static void a_proof_is_yes_or_no(void **state)
{
    (void)state;
    struct part p = anchored(3);
    const struct sample s = sample_at(3, 0.0);
    uint8_t bytes[CANARA_PART_BYTES];
    p.sessions = 1;
    p.pressed = 255;
    part_hold(&p, &s, 1, 0, true);
    struct part q;
    assert_int_equal(part_load(&q, bytes, saved(&p, bytes)), CANARA_OK);
    assert_int_equal(q.in_quarantine[0].proved, 1);
    assert_int_equal(q.pressed, 255);
    p.in_quarantine[0].proved = 2;
    assert_int_equal(part_load(&q, bytes, saved(&p, bytes)), CANARA_BAD_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ring_keeps_the_newest_in_order),
        cmocka_unit_test(a_place_that_the_first_sample_has_not_is_kept_about_the_first_that_has_it),
        cmocka_unit_test(an_unknown_place_stays_unknown_in_bytes),
        cmocka_unit_test(nothing_is_known_before_the_habit_is_worked_out),
        cmocka_unit_test(quarantine_ends_after_three_sessions_or_seven_days),
        cmocka_unit_test(busy_sessions_do_not_starve_each_other),
        cmocka_unit_test(what_leaves_the_quarantine_is_cut_at_three_deviations),
        cmocka_unit_test(a_limited_refresh_moves_a_tenth_of_a_deviation),
        cmocka_unit_test(a_spread_that_follows_stays_half_way_to_its_anchor),
        cmocka_unit_test(without_an_anchor_a_spread_is_that_of_the_ring),
        cmocka_unit_test(drift_is_the_mean_over_features_from_the_anchor),
        cmocka_unit_test(a_part_of_version_2_is_read_and_has_proved_nothing),
        cmocka_unit_test(a_proof_is_yes_or_no),
        cmocka_unit_test(scores_of_the_owner_have_their_mean_and_variance),
        cmocka_unit_test(a_part_comes_back_from_its_bytes_as_it_was),
        cmocka_unit_test(every_flipped_byte_and_every_cut_is_refused),
        cmocka_unit_test(fields_out_of_range_are_refused),
        cmocka_unit_test(quarantine_of_the_future_is_refused),
        cmocka_unit_test(a_centre_that_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
