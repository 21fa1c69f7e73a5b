/* canara_test.c - the public face: known values, properties of any stream, bad input. */
#include "canara.h"

#include "base/util.h"
#include "engine/samples/events_test.h"
#include "engine/session/session_state.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define T0 INT64_C(1750000000000)

static canara_verdict_t observe(canara_session_t *s, const canara_event_t *e, int64_t at_ms)
{
    canara_verdict_t v = {0};
    assert_int_equal(canara_observe(s, NULL, NULL, e, at_ms, &v), CANARA_OK);
    return v;
}

static canara_verdict_t note(canara_session_t *s, enum canara_fact fact, double value,
                             int64_t at_ms)
{
    canara_verdict_t v = {0};
    assert_int_equal(canara_note(s, NULL, fact, value, at_ms, &v), CANARA_OK);
    return v;
}

static canara_verdict_t peek(const canara_session_t *s, int64_t at_ms)
{
    canara_verdict_t v = {0};
    canara_peek(s, NULL, at_ms, &v);
    return v;
}

static canara_session_t begun(void)
{
    canara_session_t s;
    canara_session_begin(&s, T0);
    return s;
}

static void a_session_without_evidence_has_five_percent(void **state)
{
    (void)state;
    const canara_session_t s = begun();
    assert_near(peek(&s, T0).risk, 0.05, 1e-15, "at the start");
    assert_near(peek(&s, T0 + 600000).risk, 0.025 + 0.025 * exp(-1.0), 1e-12, "ten minutes on");
    assert_near(peek(&s, T0 + 86400000).risk, 0.025, 1e-12, "a day on");
    assert_int_equal(peek(&s, T0).level, CANARA_LEVEL_NORMAL);
}

/* Worked out by hand from the formula: 1 - 1 / (1 + e^(lambda + C) + (e^B - 1) / 19). */
static void single_pieces_of_evidence_have_the_documented_risk(void **state)
{
    (void)state;
    canara_session_t s = begun();
    assert_near(observe(&s,
                        &(canara_event_t){.kind = CANARA_RAPID_CLICKS,
                                          .has = CANARA_F_CLICKS_PER_SECOND,
                                          .of.clicks.clicks_per_second = 13.0},
                        T0)
                    .risk,
                0.742, 5e-4, "B = 4 alone");
    s = begun();
    assert_near(note(&s, CANARA_FACT_NEW_DEVICE, 0.0, T0).risk, 0.1909, 5e-4, "C = 1.5 alone");
    s = begun();
    const double calm = note(&s, CANARA_FACT_EXTERNAL, 0.0, T0).risk;
    assert_near(note(&s, CANARA_FACT_REPLAY_MATCH, 0.0, T0).risk, calm, 0.0, "no match, no replay");
    assert_near(note(&s, CANARA_FACT_REPLAY_MATCH, 3.0, T0).risk, 0.9549, 5e-4, "B = 6 alone");
    s = begun();
    assert_true(note(&s, CANARA_FACT_EXTERNAL, 3.80, T0).risk >= 0.7);
    s = begun();
    assert_true(note(&s, CANARA_FACT_EXTERNAL, 3.78, T0).risk < 0.7);
    s = begun();
    assert_true(note(&s, CANARA_FACT_EXTERNAL, 5.15, T0).risk >= 0.9);
    s = begun();
    assert_true(note(&s, CANARA_FACT_EXTERNAL, 5.13, T0).risk < 0.9);
}

static void a_predicted_risk_is_reached_exactly(void **state)
{
    (void)state;
    static const double risks[] = {0.0, 1e-9, 0.05, 0.4, 0.7, 0.9, 0.95, 0.999999, 1.0};
    uint64_t seed = 7;
    for (int round = 0; round < 400; round++) {
        canara_session_t s = begun();
        for (uint64_t i = random_below(&seed, 4); i > 0; i--) {
            (void)note(&s, CANARA_FACT_EXTERNAL, random_in(&seed, -10.0, 3.0), T0);
        }
        if (random_below(&seed, 2) == 0) {
            (void)note(&s, CANARA_FACT_REPLAY_MATCH, 1.0, T0);
        }
        const size_t pick = (size_t)random_below(&seed, ARRAY_LEN(risks) + 1);
        const double want = pick < ARRAY_LEN(risks) ? risks[pick] : random_in(&seed, 0.0, 1.0);
        const canara_verdict_t v = note(&s, CANARA_FACT_PREDICTED_RISK, want, T0);
        assert_near(v.risk, want, 1e-12, "predicted");
        assert_true(v.risk >= want);
        assert_true(peek(&s, T0).risk >= want);
    }
    canara_session_t s = begun();
    canara_verdict_t v = note(&s, CANARA_FACT_PREDICTED_RISK, 0.7, T0);
    assert_int_equal(v.level, CANARA_LEVEL_CHALLENGE);
    assert_int_equal(v.challenge_started, 1);
    v = note(&s, CANARA_FACT_PREDICTED_RISK, 0.9, T0 + 1);
    assert_int_equal(v.level, CANARA_LEVEL_BLOCKED);
    assert_int_equal(v.blocked, 1);
}

static void a_challenge_waits_for_its_answer_and_is_told_once(void **state)
{
    (void)state;
    canara_session_t s = begun();
    canara_verdict_t v = note(&s, CANARA_FACT_PREDICTED_RISK, 0.8, T0);
    assert_true(v.challenge_started && v.mpin_required);
    v = note(&s, CANARA_FACT_PREDICTED_RISK, 0.81, T0 + 1);
    assert_true(!v.challenge_started && v.mpin_required);
    v = peek(&s, T0 + 86400000);
    assert_true(v.mpin_required);
    assert_int_equal(v.level, CANARA_LEVEL_NORMAL);

    v = note(&s, CANARA_FACT_MPIN_FAILED, 0.0, T0 + 2);
    assert_true(v.mpin_required);
    s = begun();
    (void)note(&s, CANARA_FACT_CHALLENGED, 0.0, T0);
    v = note(&s, CANARA_FACT_MPIN_PASSED, 0.0, T0 + 3);
    assert_true(!v.mpin_required);
    assert_near(v.risk, 0.02, 1e-12, "after a proof");
    v = note(&s, CANARA_FACT_PREDICTED_RISK, 0.8, T0 + 4);
    assert_true(v.challenge_started && v.mpin_required);
}

static void a_block_is_for_good(void **state)
{
    (void)state;
    canara_session_t s = begun();
    canara_verdict_t v = note(&s, CANARA_FACT_BLOCKED, 0.0, T0);
    assert_true(v.blocked && v.level == CANARA_LEVEL_BLOCKED);
    v = note(&s, CANARA_FACT_MPIN_PASSED, 0.0, T0 + 1);
    assert_true(!v.blocked && v.level == CANARA_LEVEL_BLOCKED);
    v = note(&s, CANARA_FACT_PREDICTED_RISK, 0.95, T0 + 2);
    assert_true(!v.blocked && !v.challenge_started && v.level == CANARA_LEVEL_BLOCKED);
    assert_int_equal(peek(&s, T0 + 86400000).level, CANARA_LEVEL_BLOCKED);
}

/* The client of the first version: five intervals, mouse movement, navigation. */
static void the_first_client_is_never_challenged_by_honest_events(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 50; round++) {
        canara_session_t s = begun();
        int64_t at = T0;
        for (int i = 0; i < 400; i++) {
            struct test_event e;
            test_event_seed_client(&e, &seed);
            at += (int64_t)random_below(&seed, 3000);
            const canara_verdict_t v = observe(&s, &e.event, at);
            assert_true(v.level == CANARA_LEVEL_NORMAL && v.risk <= 0.05 + 1e-12);
        }
    }
}

static void rapid_clicks_challenge_and_a_proof_lets_the_session_go_on(void **state)
{
    (void)state;
    const canara_event_t clicks = {.kind = CANARA_RAPID_CLICKS,
                                   .has = CANARA_F_CLICKS_PER_SECOND,
                                   .of.clicks.clicks_per_second = 14.0};
    canara_session_t s = begun();
    assert_true(observe(&s, &clicks, T0 + 1000).challenge_started);
    canara_verdict_t v = note(&s, CANARA_FACT_MPIN_PASSED, 0.0, T0 + 2000);
    assert_int_equal(v.level, CANARA_LEVEL_NORMAL);
    v = observe(&s, &clicks, T0 + 3000);
    assert_true(!v.mpin_required && v.level != CANARA_LEVEL_BLOCKED);

    s = begun();
    (void)observe(&s, &clicks, T0);
    v = observe(&s, &clicks, T0 + 1); /* unanswered, and again */
    assert_true(v.blocked);
}

static void a_proof_never_raises_the_risk(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int round = 0; round < 2000; round++) {
        canara_session_t s = begun();
        int64_t at = T0;
        for (uint64_t i = random_below(&seed, 12); i > 0; i--) {
            struct test_event e;
            test_event_random(&e, &seed);
            at += (int64_t)random_below(&seed, 100000);
            (void)observe(&s, &e.event, at);
            if (random_below(&seed, 4) == 0) {
                (void)note(&s, CANARA_FACT_EXTERNAL, random_in(&seed, -10.0, 10.0), at);
            }
        }
        const double before = peek(&s, at).risk;
        assert_true(note(&s, CANARA_FACT_MPIN_PASSED, 0.0, at).risk <= before);
    }
}

static void any_stream_gives_a_risk_and_the_same_bits_wherever_it_is_cut(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 300; round++) {
        canara_session_t whole = begun();
        canara_session_t cut = begun();
        uint64_t seed = round;
        int64_t at = T0;
        for (int i = 0; i < 60; i++) {
            struct test_event e;
            test_event_random(&e, &seed);
            at += (int64_t)random_below(&seed, 5000) - 100;
            const canara_verdict_t a = observe(&whole, &e.event, at);
            assert_true(a.risk >= 0.0 && a.risk <= 1.0);

            canara_session_t copy = cut; /* kept, restored, looked at: nothing changes */
            (void)peek(&copy, at + 77);
            const canara_verdict_t b = observe(&copy, &e.event, at);
            cut = copy;
            assert_memory_equal(&whole, &cut, sizeof whole);
            assert_memory_equal(&a.risk, &b.risk, sizeof a.risk);
        }
    }
}

static void independent_facts_of_one_time_may_come_in_any_order(void **state)
{
    (void)state;

    static const enum canara_event_kind kinds[] = {
        CANARA_LARGE_TRANSACTION, CANARA_NEW_BENEFICIARY, CANARA_OFF_HOURS_ACTIVITY,
        CANARA_COPY_PASTE_BEHAVIOR, CANARA_UNUSUAL_NAVIGATION};

    canara_session_t first = begun();
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        (void)observe(&first, &(canara_event_t){.kind = kinds[i]}, T0 + 5);
    }
    (void)note(&first, CANARA_FACT_NEW_DEVICE, 0.0, T0 + 5);
    canara_session_t second = begun();
    (void)note(&second, CANARA_FACT_NEW_DEVICE, 0.0, T0 + 5);
    for (size_t i = ARRAY_LEN(kinds); i > 0; i--) {
        (void)observe(&second, &(canara_event_t){.kind = kinds[i - 1]}, T0 + 5);
    }
    assert_near(peek(&first, T0 + 5).risk, peek(&second, T0 + 5).risk, 0.0, "risk");
    assert_int_equal(peek(&first, T0 + 5).level, peek(&second, T0 + 5).level);
}

static void time_that_goes_back_is_no_time(void **state)
{
    (void)state;
    canara_session_t a = begun();
    canara_session_t b = begun();
    const canara_event_t e = {.kind = CANARA_LARGE_TRANSACTION};
    (void)observe(&a, &e, T0 + 5000);
    (void)observe(&b, &e, T0 + 5000);
    (void)observe(&a, &e, T0 - 100000);
    (void)observe(&b, &e, T0 + 5000);
    assert_memory_equal(&a, &b, sizeof a);
}

static void calm_events_lower_nothing(void **state)
{
    (void)state;
    canara_session_t a = begun();
    (void)note(&a, CANARA_FACT_PREDICTED_RISK, 0.6, T0);
    const double before = peek(&a, T0).risk;
    for (int i = 0; i < 100; i++) {
        (void)observe(&a, &(canara_event_t){.kind = CANARA_NORMAL_TYPING}, T0);
        (void)observe(&a, &(canara_event_t){.kind = CANARA_IDLE_TIMEOUT}, T0);
        (void)observe(&a, &(canara_event_t){.kind = CANARA_UNKNOWN}, T0);
    }
    assert_near(peek(&a, T0).risk, before, 1e-12, "risk");
}

static void bad_input_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;

    static const struct {
        const char *row;
        double value;
        int64_t at_ms;
        enum canara_fact fact;
        enum canara_status want;
    } cases[] = {
        {"NaN for a fact", (double)NAN, T0, CANARA_FACT_EXTERNAL, CANARA_BAD_VALUE},
        {"NaN where no value is used", (double)NAN, T0, CANARA_FACT_BLOCKED, CANARA_BAD_VALUE},
        {"too many nats", 10.1, T0, CANARA_FACT_EXTERNAL, CANARA_BAD_VALUE},
        {"a risk over 1", 1.0000001, T0, CANARA_FACT_PREDICTED_RISK, CANARA_BAD_VALUE},
        {"a risk under 0", -1e-9, T0, CANARA_FACT_PREDICTED_RISK, CANARA_BAD_VALUE},
        {"infinite matches", (double)INFINITY, T0, CANARA_FACT_REPLAY_MATCH, CANARA_BAD_VALUE},
        {"no such fact", 0.0, T0, CANARA_FACTS, CANARA_BAD_VALUE},
        {"before 1970", 0.0, -1, CANARA_FACT_NEW_DEVICE, CANARA_BAD_TIME},
        {"after 9999", 0.0, INT64_MAX, CANARA_FACT_NEW_DEVICE, CANARA_BAD_TIME},
    };

    canara_session_t s = begun();
    const canara_session_t before = s;
    canara_verdict_t v;
    memset(&v, 0x5a, sizeof v);
    const canara_verdict_t untouched = v;
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        if (canara_note(&s, NULL, cases[c].fact, cases[c].value, cases[c].at_ms, &v) !=
            cases[c].want) {
            fail_msg("%s: taken", cases[c].row);
        }
    }
    const double bad[] = {0.1, (double)NAN, 0.1};
    const canara_event_t typing = {.kind = CANARA_TYPING_PATTERN,
                                   .has = CANARA_F_KEY_PRESS_INTERVALS,
                                   .of.typing = {.key_press_intervals = bad, .intervals = 3}};
    assert_int_equal(canara_observe(&s, NULL, NULL, &typing, T0, &v), CANARA_BAD_VALUE);
    const canara_config_t upside_down = {.monitor = 0.9, .challenge = 0.7, .block = 0.8};
    const canara_event_t calm = {.kind = CANARA_NORMAL_TYPING};
    assert_int_equal(canara_observe(&s, &upside_down, NULL, &calm, T0, &v), CANARA_BAD_VALUE);
    assert_int_equal(canara_observe(&s, NULL, NULL, &calm, -1, &v), CANARA_BAD_TIME);
    assert_memory_equal(&s, &before, sizeof s);
    assert_memory_equal(&v, &untouched, sizeof v);
}

static enum canara_status try_event(const canara_event_t *e)
{
    canara_session_t s = begun();
    canara_verdict_t v = {0};
    return canara_observe(&s, NULL, NULL, e, T0, &v);
}

static void a_key_outside_its_ranges_is_refused(void **state)
{
    (void)state;

    static const struct {
        const char *row;
        canara_key_t key;
        enum canara_status want;
    } cases[] = {
        {"the latest key", {.down_ms = 6e5, .up_ms = 6e5}, CANARA_OK},
        {"up too late", {.down_ms = 6e5, .up_ms = 600000.5}, CANARA_BAD_VALUE},
        {"up before down", {.down_ms = 2, .up_ms = 1}, CANARA_BAD_VALUE},
        {"down before the first", {.down_ms = -1, .up_ms = 1}, CANARA_BAD_VALUE},
        {"down at NaN", {.down_ms = (double)NAN, .up_ms = 1}, CANARA_BAD_VALUE},
        {"the last class", {.key_class = CANARA_KEY_CLASSES - 1}, CANARA_OK},
        {"no such class", {.key_class = CANARA_KEY_CLASSES}, CANARA_BAD_VALUE},
        {"the last zone", {.zone = CANARA_ZONES - 1}, CANARA_OK},
        {"no such zone", {.zone = CANARA_ZONES}, CANARA_BAD_VALUE},
        {"most pressure", {.has = 1, .extra = {100.0}}, CANARA_OK},
        {"too much pressure", {.has = 1, .extra = {100.5}}, CANARA_BAD_VALUE},
        {"pressure below none", {.has = 1, .extra = {-0.5}}, CANARA_BAD_VALUE},
        {"pressure that was not sent", {.has = 0, .extra = {(double)NAN}}, CANARA_OK},
        {"x to the left", {.has = 1 << CANARA_KEY_X, .extra = {0, 0, -10.0}}, CANARA_OK},
        {"x too far", {.has = 1 << CANARA_KEY_X, .extra = {0, 0, -10.5}}, CANARA_BAD_VALUE},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const canara_event_t e = {.kind = CANARA_KEYSTROKES,
                                  .has = CANARA_F_KEYS,
                                  .of.keystrokes = {.keys = &cases[c].key, .count = 1}};
        if (try_event(&e) != cases[c].want) {
            fail_msg("%s", cases[c].row);
        }
    }
}

static void a_point_outside_its_ranges_is_refused(void **state)
{
    (void)state;

    static const struct {
        const char *row;
        canara_point_t point;
        enum canara_event_kind kind;
        enum canara_status want;
    } cases[] = {
        {"a point", {.t_ms = 1}, CANARA_POINTER, CANARA_OK},
        {"time is NaN", {.t_ms = (double)NAN}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"x is infinite", {.x = (double)INFINITY}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"y is NaN", {.y = (double)NAN}, CANARA_TOUCH, CANARA_BAD_VALUE},
        {"the longest day", {.t_ms = 86400000}, CANARA_POINTER, CANARA_OK},
        {"more than a day", {.t_ms = 86400001}, CANARA_TOUCH, CANARA_BAD_VALUE},
        {"before the first", {.t_ms = -1}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"the widest screen", {.x = 1e6, .y = -1e6}, CANARA_TOUCH, CANARA_OK},
        {"beside it", {.x = 1000001}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"below it", {.y = -1000001}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"a mouse that is pressed", {.pressure = 55}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"a mouse pressed by NaN", {.pressure = (double)NAN}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"a mouse of some size", {.area = 1}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"a mouse of size NaN", {.area = (double)NAN}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"all buttons", {.buttons = 31}, CANARA_POINTER, CANARA_OK},
        {"one more", {.buttons = 32}, CANARA_POINTER, CANARA_BAD_VALUE},
        {"the last phase", {.buttons = 2}, CANARA_TOUCH, CANARA_OK},
        {"no such phase", {.buttons = 3}, CANARA_TOUCH, CANARA_BAD_VALUE},
        {"most of a finger", {.pressure = 100, .area = 1000}, CANARA_TOUCH, CANARA_OK},
        {"too much pressure", {.pressure = 101}, CANARA_TOUCH, CANARA_BAD_VALUE},
        {"too much area", {.area = 1001}, CANARA_TOUCH, CANARA_BAD_VALUE},
        {"area is NaN", {.area = (double)NAN}, CANARA_TOUCH, CANARA_BAD_VALUE},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const canara_event_t e = {.kind = cases[c].kind,
                                  .has = CANARA_F_POINTS,
                                  .of.path = {.points = &cases[c].point, .count = 1}};
        if (try_event(&e) != cases[c].want) {
            fail_msg("%s", cases[c].row);
        }
    }
}

static void a_feature_outside_its_range_is_refused(void **state)
{
    (void)state;
    double values[257] = {1e9, -1e9};
    canara_event_t e = {.kind = CANARA_FEATURES,
                        .has = CANARA_F_VALUES,
                        .of.features = {.name = {"antal-scroll", 12}, .values = values}};
    for (size_t count = 255; count <= 257; count++) {
        e.of.features.count = count;
        assert_int_equal(try_event(&e), count <= 256 ? CANARA_OK : CANARA_BAD_VALUE);
    }
    e.of.features.count = 2;
    values[1] = -1e9 - 1.0;
    assert_int_equal(try_event(&e), CANARA_BAD_VALUE);
    values[1] = (double)NAN; /* missing */
    assert_int_equal(try_event(&e), CANARA_OK);
    values[1] = (double)INFINITY;
    assert_int_equal(try_event(&e), CANARA_BAD_VALUE);
    e.of.features.values = NULL;
    assert_int_equal(try_event(&e), CANARA_BAD_VALUE);
}

/* Each text as long as it may be, and one more; names of what they may be made of. */
static void a_text_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static const char letters[129] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    canara_event_t e;

    static const struct {
        enum canara_event_kind kind;
        enum canara_field field;
        size_t at, most;
    } rows[] = {
        {CANARA_NAVIGATION_PATTERN, CANARA_F_CURRENT_PAGE,
         offsetof(canara_event_t, of.navigation.current_page), 128},
        {CANARA_MOUSE_MOVEMENT, CANARA_F_CLICK_PATTERN,
         offsetof(canara_event_t, of.mouse.click_pattern), 64},
        {CANARA_RAPID_CLICKS, CANARA_F_PATTERN, offsetof(canara_event_t, of.clicks.pattern), 64},
        {CANARA_TRANSACTION_ATTEMPT, CANARA_F_CURRENCY,
         offsetof(canara_event_t, of.transaction.currency), 16},
        {CANARA_KEYSTROKES, CANARA_F_FIELD, offsetof(canara_event_t, of.keystrokes.field), 64},
        {CANARA_DEVICE_CONTEXT, CANARA_F_MODEL, offsetof(canara_event_t, of.device.model), 128},
        {CANARA_DEVICE_CONTEXT, CANARA_F_SCREEN, offsetof(canara_event_t, of.device.screen), 128},
        {CANARA_LIFECYCLE, CANARA_F_STATE, offsetof(canara_event_t, of.lifecycle.state), 64},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t more = 0; more < 2; more++) {
            const canara_text_t text = {letters, rows[i].most + more};
            memset(&e, 0, sizeof e);
            e.kind = rows[i].kind;
            e.has = (uint32_t)rows[i].field;
            memcpy((char *)&e + rows[i].at, &text, sizeof text);
            assert_int_equal(try_event(&e), more == 0 ? CANARA_OK : CANARA_BAD_VALUE);
        }
    }

    static const canara_text_t bad[] = {{"", 0},  {NULL, 0},  {NULL, 3},
                                        {"A", 1}, {"a b", 3}, {"a\0", 2}};
    const double value = 1.0;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        e = (canara_event_t){
            .kind = CANARA_KEYSTROKES, .has = CANARA_F_FIELD, .of.keystrokes = {.field = bad[i]}};
        assert_int_equal(try_event(&e), CANARA_BAD_VALUE);
        e = (canara_event_t){.kind = CANARA_FEATURES,
                             .has = CANARA_F_VALUES,
                             .of.features = {.name = bad[i], .values = &value, .count = 1}};
        assert_int_equal(try_event(&e), CANARA_BAD_VALUE);
    }
}

static void other_numbers_outside_their_ranges_are_refused(void **state)
{
    (void)state;
    static const double px[] = {-1e6, 1e6, 1000001, -1000001, (double)NAN, (double)INFINITY};
    static const uint32_t flags[] = {CANARA_F_ROOTED, CANARA_F_EMULATOR, CANARA_F_REMOTE_CONTROL,
                                     CANARA_F_VPN};
    for (size_t i = 0; i < ARRAY_LEN(px); i++) {
        const canara_event_t scroll = {.kind = CANARA_SCROLL,
                                       .has = CANARA_F_VELOCITY,
                                       .of.scroll = {.velocity = px[i], .pixels = (double)NAN}};
        assert_int_equal(try_event(&scroll), i < 2 ? CANARA_OK : CANARA_BAD_VALUE);
    }
    for (size_t axis = 0; axis < 6; axis++) {
        const double most = axis < 3 ? 200.0 : 100.0;
        canara_event_t motion = {.kind = CANARA_MOTION, .has = CANARA_F_MOTION};
        motion.of.motion.mean[axis] = -most;
        motion.of.motion.sd[axis] = most;
        assert_int_equal(try_event(&motion), CANARA_OK);
        motion.of.motion.sd[axis] = -0.5;
        assert_int_equal(try_event(&motion), CANARA_BAD_VALUE);
        motion.of.motion.sd[axis] = 0.0;
        motion.of.motion.mean[axis] = most + 0.5;
        assert_int_equal(try_event(&motion), CANARA_BAD_VALUE);
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        canara_event_t device = {.kind = CANARA_DEVICE_CONTEXT, .has = flags[i]};
        memset(&device.of.device.rooted, 1, 4);
        assert_int_equal(try_event(&device), CANARA_OK);
        memset(&device.of.device.rooted, 7, 4);
        assert_int_equal(try_event(&device), CANARA_BAD_VALUE);
    }
}

static void events_without_what_they_are_made_of_are_taken(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < CANARA_EVENT_KINDS; kind++) {
        const canara_event_t bare = {.kind = (enum canara_event_kind)kind};
        assert_int_equal(try_event(&bare), CANARA_OK);
    }
    for (unsigned bit = 0; bit < 31; bit++) { /* fields of others are not looked at */
        const canara_event_t none = {.kind = CANARA_IDLE_TIMEOUT, .has = UINT32_C(1) << bit};
        assert_int_equal(try_event(&none), CANARA_OK);
        const canara_event_t scroll = {.kind = CANARA_SCROLL,
                                       .has = UINT32_C(1) << bit,
                                       .of.scroll = {.pixels = 5.0, .velocity = -5.0}};
        assert_int_equal(try_event(&scroll), CANARA_OK);
    }
    const canara_event_t beyond = {.kind = CANARA_EVENT_KINDS};
    assert_int_equal(try_event(&beyond), CANARA_BAD_VALUE);

    /* said to be there, and no array: a mistake; so is none where a client must send one */
    canara_event_t keys = {.kind = CANARA_KEYSTROKES, .has = CANARA_F_KEYS};
    assert_int_equal(try_event(&keys), CANARA_BAD_VALUE);
    keys.of.keystrokes.count = 1;
    assert_int_equal(try_event(&keys), CANARA_BAD_VALUE);
    canara_event_t points = {.kind = CANARA_POINTER, .has = CANARA_F_POINTS};
    assert_int_equal(try_event(&points), CANARA_BAD_VALUE);
    points.of.path.count = 1;
    assert_int_equal(try_event(&points), CANARA_BAD_VALUE);
    canara_event_t typing = {.kind = CANARA_TYPING_PATTERN, .has = CANARA_F_KEY_PRESS_INTERVALS};
    assert_int_equal(try_event(&typing), CANARA_OK);
    typing.of.typing.intervals = 1;
    assert_int_equal(try_event(&typing), CANARA_BAD_VALUE);
}

/* Thresholds may be lowered while sessions live: a look says more is wanted, an event acts. */
static void a_look_never_blocks(void **state)
{
    (void)state;
    canara_session_t s = begun();
    (void)note(&s, CANARA_FACT_PREDICTED_RISK, 0.6, T0);
    const canara_config_t strict = {.monitor = 0.1, .challenge = 0.2, .block = 0.5};
    canara_verdict_t v = {0};
    canara_peek(&s, &strict, T0, &v);
    assert_int_equal(v.level, CANARA_LEVEL_CHALLENGE);
    assert_int_equal(v.blocked, 0);
    const canara_event_t calm = {.kind = CANARA_NORMAL_TYPING};
    assert_int_equal(canara_observe(&s, &strict, NULL, &calm, T0, &v), CANARA_OK);
    assert_true(v.blocked && v.level == CANARA_LEVEL_BLOCKED);

    const canara_config_t wrong = {.monitor = 0.9, .challenge = 0.2, .block = 0.5};
    s = begun();
    (void)note(&s, CANARA_FACT_PREDICTED_RISK, 0.75, T0);
    canara_peek(&s, &wrong, T0, &v); /* thresholds that are none: the default ones */
    assert_int_equal(v.level, CANARA_LEVEL_CHALLENGE);
}

static void a_session_that_never_began_is_not_let_through(void **state)
{
    (void)state;
    canara_session_t s;
    memset(&s, 0, sizeof s);
    canara_verdict_t v = {0};
    canara_reason_t reasons[CANARA_REASONS_MAX];
    const canara_event_t calm = {.kind = CANARA_NORMAL_TYPING};
    assert_int_equal(canara_observe(&s, NULL, NULL, &calm, T0, &v), CANARA_BAD_VALUE);
    assert_int_equal(canara_note(&s, NULL, CANARA_FACT_NEW_DEVICE, 0.0, T0, &v), CANARA_BAD_VALUE);
    assert_int_equal(peek(&s, T0).level, CANARA_LEVEL_BLOCKED);
    assert_int_equal(canara_reasons(&s, T0, reasons), 0);
}

/* A session that came back from a disk with damage is refused, or its risk is still one. */
static void any_damage_leaves_a_risk_between_zero_and_one(void **state)
{
    (void)state;
    canara_session_t s = begun();
    uint64_t seed = 11;
    (void)note(&s, CANARA_FACT_EXTERNAL, 9.0, T0);
    for (size_t i = 0; i < 8 * sizeof s + 20000; i++) {
        canara_session_t damaged = s;
        uint8_t *bytes = (uint8_t *)&damaged;
        const canara_event_t event = {.kind = CANARA_IDLE_TIMEOUT};
        canara_verdict_t v = {.risk = 2.0};
        if (i < 8 * sizeof s) {
            bytes[i / 8] ^= (uint8_t)(1U << i % 8);
        } else { /* all of it but the version */
            for (size_t k = 4; k < sizeof s; k++) {
                bytes[k] = (uint8_t)random_below(&seed, 256);
            }
        }
        const canara_verdict_t seen = peek(&damaged, T0 + 5000);
        assert_true(seen.risk >= 0.0 && seen.risk <= 1.0);
        canara_session_t noted = damaged;
        if (canara_observe(&damaged, NULL, NULL, &event, T0 + 5000, &v) == CANARA_OK) {
            assert_true(v.risk >= 0.0 && v.risk <= 1.0);
        } else {
            assert_int_equal(seen.level, CANARA_LEVEL_BLOCKED);
        }
        if (canara_note(&noted, NULL, CANARA_FACT_MPIN_PASSED, 0.0, T0 + 5000, &v) == CANARA_OK) {
            assert_true(v.risk >= 0.0 && v.risk <= 1.0);
        }
    }
}

/* Odds of no number are those of a stranger, who is blocked. */
static void a_session_whose_numbers_are_none_is_blocked(void **state)
{
    (void)state;
    canara_session_t s = begun();
    struct session_state inside;
    assert_true(session_load(&s, &inside));
    inside.lambda = NAN;
    session_store(&s, &inside);
    assert_near(peek(&s, T0).risk, 1.0, 0.0, "looked at");
    const canara_verdict_t v = observe(&s, &(canara_event_t){.kind = CANARA_IDLE_TIMEOUT}, T0);
    assert_near(v.risk, 1.0, 0.0, "gone on with");
    assert_int_equal(v.level, CANARA_LEVEL_BLOCKED);
}

static void reasons_are_named_and_the_strongest_comes_first(void **state)
{
    (void)state;
    canara_session_t s = begun();
    canara_reason_t r[CANARA_REASONS_MAX];
    assert_int_equal(canara_reasons(&s, T0, r), 0);
    (void)note(&s, CANARA_FACT_NEW_DEVICE, 0.0, T0);
    (void)observe(&s, &(canara_event_t){.kind = CANARA_COPY_PASTE_BEHAVIOR}, T0);
    (void)observe(&s,
                  &(canara_event_t){.kind = CANARA_RAPID_CLICKS,
                                    .has = CANARA_F_CLICKS_PER_SECOND,
                                    .of.clicks.clicks_per_second = 12.5},
                  T0);
    (void)note(&s, CANARA_FACT_EXTERNAL, -2.0, T0);
    const size_t n = canara_reasons(&s, T0, r);
    assert_int_equal(n, 4);
    assert_string_equal(r[0].name, "bot.superhuman_clicks");
    assert_string_equal(r[0].family, "automation");
    assert_string_equal(r[1].name, "context.external");
    assert_near(r[1].nats, -2.0, 1e-12, "speaks for the owner");
    assert_string_equal(r[2].name, "context.new_device");
    assert_string_equal(r[3].name, "context.copy_paste");
    assert_int_equal(canara_reasons(&s, T0 + 600000, r), 4);
    assert_string_equal(r[1].name, "context.external");
    assert_near(r[0].nats, 2.0, 1e-12, "a machine's evidence halves in ten minutes");
}

static void names_exist_for_everything(void **state)
{
    (void)state;
    assert_string_equal(canara_event_name(CANARA_TYPING_PATTERN), "typing_pattern");
    assert_string_equal(canara_event_name(CANARA_DEVICE_CONTEXT), "device_context");
    assert_string_equal(canara_event_name(CANARA_LIFECYCLE), "lifecycle");
    assert_string_equal(canara_event_name(CANARA_FEATURES), "features");
    assert_string_equal(canara_event_name(CANARA_UNKNOWN), "unknown");
    assert_string_equal(canara_level_name(CANARA_LEVEL_BLOCKED), "blocked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_without_evidence_has_five_percent),
        cmocka_unit_test(single_pieces_of_evidence_have_the_documented_risk),
        cmocka_unit_test(a_predicted_risk_is_reached_exactly),
        cmocka_unit_test(a_challenge_waits_for_its_answer_and_is_told_once),
        cmocka_unit_test(a_block_is_for_good),
        cmocka_unit_test(the_first_client_is_never_challenged_by_honest_events),
        cmocka_unit_test(rapid_clicks_challenge_and_a_proof_lets_the_session_go_on),
        cmocka_unit_test(a_proof_never_raises_the_risk),
        cmocka_unit_test(any_stream_gives_a_risk_and_the_same_bits_wherever_it_is_cut),
        cmocka_unit_test(independent_facts_of_one_time_may_come_in_any_order),
        cmocka_unit_test(time_that_goes_back_is_no_time),
        cmocka_unit_test(calm_events_lower_nothing),
        cmocka_unit_test(bad_input_is_refused_and_leaves_no_trace),
        cmocka_unit_test(a_key_outside_its_ranges_is_refused),
        cmocka_unit_test(a_point_outside_its_ranges_is_refused),
        cmocka_unit_test(a_feature_outside_its_range_is_refused),
        cmocka_unit_test(a_text_that_is_too_long_is_refused),
        cmocka_unit_test(other_numbers_outside_their_ranges_are_refused),
        cmocka_unit_test(events_without_what_they_are_made_of_are_taken),
        cmocka_unit_test(a_look_never_blocks),
        cmocka_unit_test(a_session_that_never_began_is_not_let_through),
        cmocka_unit_test(any_damage_leaves_a_risk_between_zero_and_one),
        cmocka_unit_test(a_session_whose_numbers_are_none_is_blocked),
        cmocka_unit_test(reasons_are_named_and_the_strongest_comes_first),
        cmocka_unit_test(names_exist_for_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
