/* bot_acts_test.c - columns of entries, strokes and vectors. */
#include "lab/bots/bot_acts.h"

#include "base/rng.h"
#include "base/util.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

/* Columns of a typed act, in the order in which they are made. */
enum {
    HOLD_MEAN,
    HOLD_SPREAD,
    GAP_MEAN = 7,
    GAP_SPREAD,
    OVERLAPS = 16,
    PRESSURE,
    SIZE = 21,
    HOLD_PLACES = 25,
    GAP_PLACES = HOLD_PLACES + BOT_ACT_PLACES,
    TYPED_COLUMNS = GAP_PLACES + BOT_ACT_PLACES
};

enum { SEEN_MAX = 16 };

/* What came of an event. */
struct seen {
    struct bot_act_row act[SEEN_MAX];
    size_t acts;
};

static void see(void *ctx, const struct bot_act_row *act)
{
    struct seen *const s = ctx;
    assert_true(s->acts < SEEN_MAX);
    s->act[s->acts++] = *act;
}

static struct seen acts_of(const canara_event_t *event)
{
    struct seen s = {.acts = 0};
    bot_acts_of(event, see, &s);
    return s;
}

static canara_event_t entry(const canara_key_t *keys, size_t n)
{
    return (canara_event_t){.kind = CANARA_KEYSTROKES,
                            .has = CANARA_F_KEYS,
                            .of.keystrokes = {.keys = keys, .count = n}};
}

/* Held for 80 ms, pressed every 200, the third overlapping the second. */
static void type(canara_key_t *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        keys[i] = (canara_key_t){.down_ms = 200.0 * (double)i, .up_ms = 200.0 * (double)i + 80.0};
    }
    keys[1].up_ms = keys[2].down_ms + 10.0;
}

static void an_entry_is_told_by_its_times(void **state)
{
    (void)state;
    canara_key_t keys[6];
    type(keys, ARRAY_LEN(keys));
    const canara_event_t event = entry(keys, ARRAY_LEN(keys));
    const struct seen s = acts_of(&event);
    assert_int_equal(s.acts, 1);
    const double *const x = s.act[0].x;
    assert_int_equal(s.act[0].kind, BOT_ACT_TYPED);
    assert_ptr_equal(s.act[0].keys, keys);
    assert_int_equal(s.act[0].key_count, ARRAY_LEN(keys));
    assert_near(x[HOLD_MEAN], (5.0 * log(80.0) + log(210.0)) / 6.0, 1e-12, "mean hold");
    assert_near(x[GAP_MEAN], log(200.0), 1e-12, "mean gap");
    assert_near(x[GAP_SPREAD], log(0.02), 1e-12, "even gaps spread no less than rounding");
    assert_near(x[OVERLAPS], 0.2, 1e-12, "one of five gaps overlaps");
    assert_near(x[HOLD_PLACES + 1], log(210.0) - x[HOLD_MEAN], 1e-12, "the long hold's place");
    assert_near(x[GAP_PLACES], 0.0, 1e-12, "an even gap's place");
    assert_true(isnan(x[GAP_PLACES + 5]) && isnan(x[PRESSURE]) && isnan(x[SIZE]));
    assert_true(isnan(x[TYPED_COLUMNS]));
}

static void what_every_key_tells_of_the_finger_counts(void **state)
{
    (void)state;
    canara_key_t keys[5];
    type(keys, ARRAY_LEN(keys));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        keys[i].has = 1U << CANARA_KEY_PRESSURE;
        keys[i].extra[CANARA_KEY_PRESSURE] = 0.5;
    }
    canara_event_t event = entry(keys, ARRAY_LEN(keys));
    struct seen s = acts_of(&event);
    assert_near(s.act[0].x[PRESSURE], log(0.51), 1e-12, "level");
    assert_near(s.act[0].x[PRESSURE + 3], 1.0, 1e-12, "it repeats itself");
    assert_true(isnan(s.act[0].x[SIZE]));
    keys[4].has = 0; /* one that does not tell: nothing is made of the rest */
    s = acts_of(&event);
    assert_true(isnan(s.act[0].x[PRESSURE]));
}

static void without_releases_holds_are_missing(void **state)
{
    (void)state;
    canara_key_t keys[5];
    type(keys, ARRAY_LEN(keys));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        keys[i].up_ms = keys[i].down_ms;
    }
    const canara_event_t event = entry(keys, ARRAY_LEN(keys));
    const struct seen s = acts_of(&event);
    assert_true(isnan(s.act[0].x[HOLD_MEAN]) && isnan(s.act[0].x[OVERLAPS]));
    assert_true(isfinite(s.act[0].x[GAP_MEAN]));
}

static void a_long_text_is_several_acts_of_nearly_one_size(void **state)
{
    (void)state;
    static canara_key_t keys[150];
    type(keys, ARRAY_LEN(keys));
    canara_event_t event = entry(keys, ARRAY_LEN(keys));
    struct seen s = acts_of(&event);
    assert_int_equal(s.acts, 3);
    for (size_t i = 0; i < s.acts; i++) {
        assert_int_equal(s.act[i].key_count, 50);
    }
    event = entry(keys, BOT_ACT_KEYS_MIN - 1);
    assert_int_equal(acts_of(&event).acts, 0);
}

static void intervals_alone_tell_of_gaps(void **state)
{
    (void)state;
    static const double intervals[] = {0.1, 0.2, 0.1, 0.2, 0.1, 0.2};
    canara_event_t event = {
        .kind = CANARA_TYPING_PATTERN,
        .has = CANARA_F_KEY_PRESS_INTERVALS,
        .of.typing = {.key_press_intervals = intervals, .intervals = ARRAY_LEN(intervals)}};
    struct seen s = acts_of(&event);
    assert_int_equal(s.acts, 1);
    assert_int_equal(s.act[0].kind, BOT_ACT_TYPED);
    assert_null(s.act[0].keys);
    assert_near(s.act[0].x[GAP_MEAN], 0.5 * (log(100.0) + log(200.0)), 1e-12, "mean gap");
    assert_near(s.act[0].x[GAP_MEAN + 4], -5.0 / 6.0, 1e-12, "each is unlike the next");
    assert_true(isnan(s.act[0].x[HOLD_MEAN]) && isnan(s.act[0].x[GAP_PLACES]));
    event.of.typing.intervals = BOT_ACT_KEYS_MIN - 2;
    assert_int_equal(acts_of(&event).acts, 0);
}

static size_t told(const double *x)
{
    size_t n = 0;
    for (size_t c = 0; c < BOT_ACT_COLUMNS; c++) {
        n += isnan(x[c]) ? 0 : 1;
    }
    return n;
}

static void each_stroke_is_an_act(void **state)
{
    (void)state;
    canara_point_t p[22];
    for (int i = 0; i < 20; i++) {
        p[i] = (canara_point_t){.t_ms = 16.0 * i,
                                .x = 100.0 + 10.0 * i,
                                .y = 300.0 + 0.5 * i * i,
                                .pressure = 0.5 + 0.01 * i,
                                .area = 0.2,
                                .buttons = i == 0 ? 0 : (i == 19 ? 2 : 1)};
    }
    p[20] = (canara_point_t){.t_ms = 900.0, .x = 50.0, .y = 60.0, .pressure = 0.4, .buttons = 0};
    p[21] = (canara_point_t){.t_ms = 980.0, .x = 50.0, .y = 60.0, .pressure = 0.4, .buttons = 2};
    const canara_event_t event = {.kind = CANARA_TOUCH,
                                  .has = CANARA_F_POINTS,
                                  .of.path = {.points = p, .count = ARRAY_LEN(p)}};
    const struct seen s = acts_of(&event);
    assert_int_equal(s.acts, 2);
    assert_int_equal(s.act[0].kind, BOT_ACT_STROKE);
    assert_near(s.act[0].x[0], log(20.0), 1e-12, "points");
    assert_near(s.act[0].x[1], log(16.0 * 19.0 + 1.0), 1e-12, "duration");
    assert_true(told(s.act[0].x) > 40);
    assert_true(told(s.act[1].x) < 12); /* a tap has no speed */
    p[5].x = 1e30;
    assert_int_equal(acts_of(&event).acts, 0);
}

static void a_vector_is_told_by_name_and_values(void **state)
{
    (void)state;
    double values[128] = {1.0, NAN, -3.0};
    canara_event_t event = {.kind = CANARA_FEATURES,
                            .has = CANARA_F_VALUES,
                            .of.features = {.name = {"a", 1}, .values = values, .count = 3}};
    const struct seen s = acts_of(&event);
    assert_int_equal(s.acts, 1);
    assert_near(s.act[0].x[1], 1.0, 0.0, "first");
    assert_true(isnan(s.act[0].x[2]));
    assert_near(s.act[0].x[3], -3.0, 0.0, "third");
    event.of.features.name.ptr = "b";
    assert_true(acts_of(&event).act[0].x[0] != s.act[0].x[0]);
    event.of.features.count = ARRAY_LEN(values); /* more than there are columns */
    assert_int_equal(told(acts_of(&event).act[0].x), BOT_ACT_COLUMNS - 1);
}

static void other_events_are_no_acts(void **state)
{
    (void)state;
    static const canara_event_t none[] = {{.kind = CANARA_SCROLL, .has = CANARA_F_PIXELS},
                                          {.kind = CANARA_KEYSTROKES},
                                          {.kind = CANARA_TYPING_PATTERN},
                                          {.kind = CANARA_TOUCH},
                                          {.kind = CANARA_FEATURES}};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        assert_int_equal(acts_of(&none[i]).acts, 0);
    }
}

/* Whatever is sent, a column is a finite number or missing: trees are grown from nothing else. */
static void a_column_is_never_infinite(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 4);
    for (int round = 0; round < 2000; round++) {
        canara_key_t keys[12];
        canara_point_t p[12];
        double at = 0.0;
        for (size_t i = 0; i < 12; i++) {
            at += rng_below(&r, 3) == 0 ? 0.0 : rng_between(&r, 0.0, 600.0);
            keys[i] = (canara_key_t){.down_ms = at,
                                     .up_ms = at + (rng_below(&r, 2) == 0 ? 0.0 : 90.0),
                                     .has = 1U << CANARA_KEY_SIZE};
            p[i] = (canara_point_t){.t_ms = at,
                                    .x = rng_below(&r, 2) == 0 ? 0.0 : 1e6,
                                    .pressure = rng_below(&r, 2) == 0 ? 0.0 : 100.0,
                                    .buttons = (uint32_t)rng_below(&r, 3)};
        }
        const canara_event_t typed = entry(keys, 3 + (size_t)rng_below(&r, 10));
        const canara_event_t touched = {
            .kind = CANARA_TOUCH, .has = CANARA_F_POINTS, .of.path = {.points = p, .count = 12}};
        const struct seen seen[] = {acts_of(&typed), acts_of(&touched)};
        for (size_t k = 0; k < ARRAY_LEN(seen); k++) {
            for (size_t c = 0; c < seen[k].acts * BOT_ACT_COLUMNS; c++) {
                const double x = seen[k].act[c / BOT_ACT_COLUMNS].x[c % BOT_ACT_COLUMNS];
                assert_true(isfinite(x) || isnan(x));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_told_by_its_times),
        cmocka_unit_test(what_every_key_tells_of_the_finger_counts),
        cmocka_unit_test(without_releases_holds_are_missing),
        cmocka_unit_test(a_long_text_is_several_acts_of_nearly_one_size),
        cmocka_unit_test(intervals_alone_tell_of_gaps),
        cmocka_unit_test(each_stroke_is_an_act),
        cmocka_unit_test(a_vector_is_told_by_name_and_values),
        cmocka_unit_test(other_events_are_no_acts),
        cmocka_unit_test(a_column_is_never_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
