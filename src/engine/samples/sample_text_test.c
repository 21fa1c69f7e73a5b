/* sample_text_test.c - free text: groups by class and zone, chunks, and what is no text. */
#include "base/util.h"
#include "engine/profile/samples_of.h"
#include "engine/samples/events_test.h"
#include "engine/samples/sample.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { KEYS = 512, HOLD_L1 = 0, HOLD_LETTER = 6, HOLD_SPACE = 8, PAIRS_FROM = 10, PAIR_KINDS = 11 };

enum {
    ROLLOVER = PAIRS_FROM + 2 * PAIR_KINDS,
    DELETES,
    PAUSES,
    TEMPO,
    UNEVEN_HOLDS,
    UNEVEN_INTERVALS,
    HOLD_LOW,
    HOLD_HIGH,
    INTERVAL_LOW,
    INTERVAL_HIGH,
    GAP_LOW,
    GAP_HIGH,
    FEATURES
};

enum { TOUCH_LOW, TOUCH_MIDDLE, TOUCH_HIGH, TOUCH_AWAY, TOUCH_FEATURES };

_Static_assert((int)ROLLOVER == (int)SAMPLE_TEXT_SHARES, "shares come behind the groups");

/* Words of four letters and a space; every key 100 ms, every interval 150 ms. */
static canara_event_t words(canara_key_t *keys, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++) {
        const bool space = i % 5 == 4;
        keys[i] =
            (canara_key_t){.down_ms = scale * 150.0 * (double)i,
                           .up_ms = scale * (150.0 * (double)i + (space ? 80.0 : 100.0)),
                           .key_class = (uint8_t)(space ? CANARA_KEY_SPACE : CANARA_KEY_LETTER)};
    }
    return (canara_event_t){.kind = CANARA_KEYSTROKES,
                            .has = CANARA_F_KEYS,
                            .of.keystrokes = {.keys = keys, .count = n}};
}

static struct sample only(const canara_event_t *e)
{
    struct sample s;
    assert_int_equal(sample_text_chunks(e), 1);
    sample_of_text(e, 0, 1, &s);
    assert_int_equal(s.count, FEATURES);
    return s;
}

static void groups_have_the_median_of_their_keys(void **state)
{
    (void)state;
    canara_key_t keys[KEYS];
    canara_event_t e = words(keys, 40, 1.0);
    keys[7].up_ms = 2000.0; /* a slip moves no median */
    const struct sample s = only(&e);
    assert_near(s.x[HOLD_LETTER], log(0.1), 1e-12, "letters");
    assert_near(s.x[HOLD_SPACE], log(0.08), 1e-12, "space");
    assert_near(s.x[PAIRS_FROM + 4], log(0.15), 1e-12, "letter to letter");
    assert_near(s.x[PAIRS_FROM + 5], log(0.15), 1e-12, "letter to space");
    assert_near(s.x[PAIRS_FROM + PAIR_KINDS + 6], log(0.07 + 0.2), 1e-12, "up of space to letter");
    assert_near(s.x[ROLLOVER], log(1.5 / 38.5), 1e-12, "one of 39");
    assert_near(s.x[DELETES], log(0.5 / 40.5), 1e-12, "none of 40");
    assert_near(s.x[PAUSES], log(0.5 / 39.5), 1e-12, "none of 39");
    assert_near(s.x[TEMPO], log(0.15), 1e-12, "tempo");
    assert_true(isnan(s.x[HOLD_L1]) && isnan(s.x[PAIRS_FROM]));
    assert_int_equal(strncmp(s.name, "text:", 5), 0);
}

static void zones_have_groups_of_their_own(void **state)
{
    (void)state;
    static const uint8_t zone[] = {CANARA_ZONE_L1, CANARA_ZONE_L1, CANARA_ZONE_L2, CANARA_ZONE_R3};
    canara_key_t keys[KEYS];
    canara_event_t e = words(keys, 40, 1.0);
    const struct sample plain = only(&e);
    for (size_t i = 0; i < 40; i++) {
        keys[i].key_class = CANARA_KEY_OTHER;
        keys[i].zone = zone[i % 4];
    }
    const struct sample s = only(&e);
    assert_true(s.context != plain.context);
    assert_near(s.x[HOLD_L1], log(0.1), 1e-12, "left, first row");
    assert_true(isnan(s.x[HOLD_LETTER]));
    for (size_t g = 0; g < 4; g++) { /* same zone, same hand, left to right, right to left */
        assert_near(s.x[PAIRS_FROM + g], log(0.15), 1e-12, "pairs of zones");
    }
}

/* Hold times of 100 ms and, of spaces, 80; every interval 150: even within groups, uneven beyond them. */
static void the_shape_of_a_text_is_measured(void **state)
{
    (void)state;
    canara_key_t keys[KEYS];
    const canara_event_t e = words(keys, 40, 1.0);
    const struct sample s = only(&e);
    assert_near(s.x[UNEVEN_HOLDS], log(0.02), 1e-9, "every group is even");
    assert_near(s.x[UNEVEN_INTERVALS], log(0.02), 1e-9, "every group is even");
    assert_near(s.x[HOLD_LOW], log(0.1), 1e-12, "a fifth are spaces");
    assert_near(s.x[HOLD_HIGH], log(0.1), 1e-12, "letters");
    assert_near(s.x[INTERVAL_LOW], log(0.15), 1e-12, "all alike");
    assert_near(s.x[GAP_HIGH], log(0.05 + 0.2), 1e-12, "after a letter");
    for (size_t i = 0; i < 40; i += 2) {
        keys[i].up_ms += 50.0; /* every other hold by half */
    }
    const struct sample uneven = only(&e);
    assert_true(uneven.x[UNEVEN_HOLDS] > s.x[UNEVEN_HOLDS] + 1.0);
    assert_near(uneven.x[HOLD_HIGH], log(0.15), 1e-12, "upper quartile");
}

/* What touches tell stands behind the times, four numbers for each measurement that is told. */
static void touches_are_measured_too(void **state)
{
    (void)state;
    canara_key_t keys[KEYS];
    canara_event_t e = words(keys, 40, 1.0);
    const uint64_t dry = only(&e).context;
    for (size_t i = 0; i < 40; i++) {
        keys[i].has = 1U << CANARA_KEY_PRESSURE | 1U << CANARA_KEY_Y;
        keys[i].extra[CANARA_KEY_PRESSURE] = i % 4 == 0 ? 0.2 : 0.4;
        keys[i].extra[CANARA_KEY_Y] = 0.5;
    }
    struct sample s;
    assert_int_equal(sample_text_chunks(&e), 1);
    sample_of_text(&e, 0, 1, &s);
    assert_int_equal(s.count, FEATURES + 2 * TOUCH_FEATURES);
    assert_true(s.context != dry);
    const double *pressure = s.x + FEATURES;
    assert_near(pressure[TOUCH_LOW], log(0.2 + 0.03), 1e-12, "lower quartile");
    assert_near(pressure[TOUCH_MIDDLE], log(0.4 + 0.03), 1e-12, "middle");
    assert_near(pressure[TOUCH_HIGH], log(0.4 + 0.03), 1e-12, "upper quartile");
    assert_near(pressure[TOUCH_AWAY], log(0.05 / 0.43 + 0.02), 1e-9, "a quarter is .2 away");
    assert_int_equal(s.type[FEATURES], FEATURE_PRESSURE);
    const double *y = pressure + TOUCH_FEATURES;
    assert_near(y[TOUCH_MIDDLE], 2.5, 1e-12, "fifths of the screen");
    assert_near(y[TOUCH_AWAY], log(0.02), 1e-9, "all in one place");
    assert_int_equal(s.type[FEATURES + TOUCH_FEATURES], FEATURE_PLACE_Y);
    for (size_t i = 7; i < 40; i++) {
        keys[i].has = 0; /* seven are too few to speak of quartiles */
    }
    sample_of_text(&e, 0, 1, &s);
    assert_int_equal(s.count, FEATURES + 2 * TOUCH_FEATURES);
    assert_true(isnan(pressure[TOUCH_LOW]) && isnan(pressure[TOUCH_AWAY]) && isnan(y[TOUCH_HIGH]));
}

static void pauses_are_counted_and_not_averaged(void **state)
{
    (void)state;
    canara_key_t keys[KEYS];
    canara_event_t e = words(keys, 30, 1.0);
    for (size_t i = 10; i < 30; i++) {
        keys[i].down_ms += 5000.0;
        keys[i].up_ms += 5000.0;
    }
    const struct sample s = only(&e);
    assert_near(s.x[TEMPO], log(0.15), 1e-12, "tempo");
    assert_near(s.x[PAUSES], log(1.5 / 28.5), 1e-12, "one of 29");
}

static void long_texts_are_cut_into_even_chunks(void **state)
{
    (void)state;

    static const struct {
        size_t keys, chunks;
    } cases[] = {{0, 0}, {14, 0}, {15, 1}, {60, 1}, {61, 2}, {120, 2}, {121, 3}, {512, 9}};

    canara_key_t keys[KEYS];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const canara_event_t e = words(keys, cases[i].keys, 1.0);
        const size_t chunks = sample_text_chunks(&e);
        assert_int_equal(chunks, cases[i].chunks);
        for (size_t c = 0; c < chunks; c++) {
            struct sample s;
            sample_of_text(&e, c, chunks, &s);
            assert_near(s.x[HOLD_LETTER], log(0.1), 1e-12, "every chunk has its letters");
        }
    }
}

/* Twice as slow is ln 2 more, in every time that has no offset. */
static void scaling_times_shifts_logs(void **state)
{
    (void)state;
    canara_key_t keys[KEYS];
    const canara_event_t e = words(keys, 50, 1.0);
    const struct sample a = only(&e);
    canara_key_t slow[KEYS];
    const canara_event_t f = words(slow, 50, 2.0);
    const struct sample b = only(&f);
    for (size_t i = 0; i < a.count; i++) {
        if (a.type[i] == FEATURE_HOLD || a.type[i] == FEATURE_DOWN_DOWN) {
            assert_true((isnan(a.x[i]) && isnan(b.x[i])) ||
                        fabs(b.x[i] - a.x[i] - log(2.0)) < 1e-9);
        }
    }
}

static void count(void *ctx, const struct sample *s)
{
    size_t *n = ctx;
    n[s->kind]++;
    for (size_t i = 0; i < s->count; i++) {
        assert_true(isnan(s->x[i]) || isfinite(s->x[i]));
    }
}

static void no_event_gives_an_infinite_feature(void **state)
{
    (void)state;
    uint64_t seed = 21;
    size_t n[SAMPLE_KINDS] = {0};
    for (int i = 0; i < 20000; i++) {
        struct test_event e;
        struct sample work;
        test_event_random(&e, &seed);
        samples_of(&e.event, &work, count, n);
    }
    assert_true(n[SAMPLE_TEXT] > 100 && n[SAMPLE_KEYS] > 100);
}

static void what_tells_nothing_of_its_keys_is_no_text(void **state)
{
    (void)state;
    canara_key_t keys[KEYS];
    canara_event_t e = words(keys, SAMPLE_KEYS_MAX, 1.0);
    for (size_t i = 0; i < SAMPLE_KEYS_MAX; i++) {
        keys[i].key_class = CANARA_KEY_OTHER;
    }
    assert_int_equal(sample_text_chunks(&e), 0); /* an entry: so are secrets told */
    keys[3].zone = CANARA_ZONE_R1;
    assert_int_equal(sample_text_chunks(&e), 1);
    e.has = 0;
    assert_int_equal(sample_text_chunks(&e), 0);
    e.has = CANARA_F_KEYS;
    e.kind = CANARA_POINTER;
    assert_int_equal(sample_text_chunks(&e), 0);
}

/* Too long for an entry, it is a text all the same, whose keys are all of one kind; compared with its own like only. */
static void a_long_text_of_untold_keys_is_one_of_letters(void **state)
{
    (void)state;
    canara_key_t keys[KEYS];
    const canara_event_t e = words(keys, SAMPLE_KEYS_MAX + 1, 1.0);
    const struct sample told = only(&e);
    for (size_t i = 0; i < SAMPLE_KEYS_MAX + 1; i++) {
        keys[i].key_class = CANARA_KEY_OTHER;
    }
    const struct sample s = only(&e);
    assert_true(s.context != told.context);
    assert_near(s.x[HOLD_LETTER], log(0.1), 1e-12, "most are letters");
    assert_true(isnan(s.x[HOLD_LETTER + 2])); /* of spaces nothing was told */
    assert_near(s.x[INTERVAL_LOW], log(0.15), 1e-12, "all alike");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_text_of_untold_keys_is_one_of_letters),
        cmocka_unit_test(groups_have_the_median_of_their_keys),
        cmocka_unit_test(zones_have_groups_of_their_own),
        cmocka_unit_test(the_shape_of_a_text_is_measured),
        cmocka_unit_test(touches_are_measured_too),
        cmocka_unit_test(pauses_are_counted_and_not_averaged),
        cmocka_unit_test(long_texts_are_cut_into_even_chunks),
        cmocka_unit_test(scaling_times_shifts_logs),
        cmocka_unit_test(no_event_gives_an_infinite_feature),
        cmocka_unit_test(what_tells_nothing_of_its_keys_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
