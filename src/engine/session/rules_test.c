/* rules_test.c - the table and its repeat laws; bots and context as events meet them. */
#include "engine/session/rules.h"

#include "base/util.h"
#include "canara.h"
#include "engine/risk/context.h"
#include "engine/session/bots.h"
#include "engine/session/filter.h"
#include "engine/session/session_state.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

#define T0 INT64_C(1750000000000)

static struct session_state begun(void)
{
    struct session_state s;
    filter_begin(&s, T0);
    return s;
}

static void every_rule_has_a_name_of_its_own(void **state)
{
    (void)state;
    const struct rule *all[BOT_RULES + CONTEXT_RULES + SHARES];
    size_t n = 0;
    for (unsigned i = 0; i < BOT_RULES; i++) {
        all[n++] = bot_rule_row((enum bot_rule)i);
    }
    for (unsigned i = 0; i < CONTEXT_RULES; i++) {
        all[n++] = context_rule_row((enum context_rule)i);
    }
    for (unsigned i = 0; i < SHARES; i++) {
        all[n++] = share_row((enum share)i);
    }
    for (size_t i = 0; i < n; i++) {
        assert_non_null(all[i]->name);
        assert_non_null(all[i]->family);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(all[i]->name, all[j]->name);
        }
    }
}

static void the_nth_repeat_of_a_bot_rule_adds_half_as_much_again(void **state)
{
    (void)state;
    struct session_state s = begun();
    double want = 0.0;
    for (int n = 0; n < 30; n++) {
        rule_met_bot(&s, BOT_SUPERHUMAN_TIMING);
        want += 4.0 / exp2(n);
        assert_near(s.bot[BOT_SUPERHUMAN_TIMING], want, 1e-12, "sum");
    }
    filter_advance(&s, T0 + 600000);
    assert_near(s.bot[BOT_SUPERHUMAN_TIMING], 4.0, 1e-6, "halved after ten minutes");
    rule_met_bot(&s, BOT_SUPERHUMAN_TIMING); /* what has decayed counts anew */
    assert_near(s.bot[BOT_SUPERHUMAN_TIMING], 6.0, 1e-6, "met again");

    s = begun();
    for (int n = 0; n < 10; n++) {
        rule_met_bot(&s, BOT_SYNTHETIC_TOUCH);
        assert_near(s.bot[BOT_SYNTHETIC_TOUCH], 2.0, 1e-12, "never above its value");
    }
}

static void a_context_counts_once_then_half_then_no_more(void **state)
{
    (void)state;
    for (unsigned r = 0; r < CONTEXT_EXTERNAL; r++) {
        const double value = context_rule_row((enum context_rule)r)->nats;
        struct session_state s = begun();
        for (int n = 0; n < 4; n++) {
            rule_met_context(&s, (enum context_rule)r);
            assert_near(s.context[r], n == 0 ? value : 1.5 * value, 1e-12, "context");
        }
        filter_advance(&s, T0 + 86400000);
        assert_near(s.context[r], 1.5 * value, 1e-12, "stays");
    }
}

static void what_the_bank_says_is_kept_within_bounds(void **state)
{
    (void)state;
    struct session_state s = begun();
    rule_external(&s, 8.0);
    rule_external(&s, 8.0);
    assert_near(s.context[CONTEXT_EXTERNAL], 10.0, 0.0, "above");
    for (int i = 0; i < 4; i++) {
        rule_external(&s, -9.0);
    }
    assert_near(s.context[CONTEXT_EXTERNAL], -10.0, 0.0, "below");
}

/* Which rule a click rate meets. */
static void click_rates_are_judged_at_eight_and_twelve(void **state)
{
    (void)state;

    static const struct {
        double rate, fast, superhuman;
    } cases[] = {{7.99, 0.0, 0.0}, {8.0, 1.0, 0.0}, {12.0, 1.0, 0.0}, {12.01, 0.0, 4.0}};

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct session_state s = begun();
        bots_look(&s,
                  &(canara_event_t){.kind = CANARA_RAPID_CLICKS,
                                    .has = CANARA_F_CLICKS_PER_SECOND,
                                    .of.clicks.clicks_per_second = cases[c].rate},
                  T0);
        assert_near(s.bot[BOT_FAST_CLICKS], cases[c].fast, 0.0, "fast");
        assert_near(s.bot[BOT_SUPERHUMAN_CLICKS], cases[c].superhuman, 0.0, "superhuman");
    }
}

static struct session_state after_keys(const canara_key_t *keys, size_t n)
{
    struct session_state s = begun();
    const canara_event_t e = {.kind = CANARA_KEYSTROKES,
                              .has = CANARA_F_KEYS,
                              .of.keystrokes = {.keys = keys, .count = n}};
    bots_look(&s, &e, T0 + 60000);
    return s;
}

static double sum(const struct session_state *s)
{
    double all = 0.0;
    for (int r = 0; r < BOT_RULES; r++) {
        all += s->bot[r];
    }
    return all;
}

static void keys_of_a_machine_are_seen(void **state)
{
    (void)state;
    canara_key_t keys[16] = {{0}};
    for (int i = 0; i < 16; i++) { /* 20 ms apart */
        keys[i] = (canara_key_t){.down_ms = 20.0 * i, .up_ms = 20.0 * i + 60.0};
    }
    struct session_state s = after_keys(keys, 16);
    assert_near(s.bot[BOT_SUPERHUMAN_TIMING], 4.0, 0.0, "20 ms apart");
    assert_near(after_keys(keys, 7).bot[BOT_SUPERHUMAN_TIMING], 0.0, 0.0, "seven keys are few");
    assert_near(after_keys(keys, 8).bot[BOT_SUPERHUMAN_TIMING], 4.0, 0.0, "eight are enough");

    for (int i = 0; i < 16; i++) { /* like a hand apart, and held like none */
        keys[i] = (canara_key_t){.down_ms = 150.0 * i + 7.0 * (i * i % 11), .up_ms = 0.0};
        keys[i].up_ms = keys[i].down_ms + 60.0 + 0.5 * (i % 3);
    }
    s = after_keys(keys, 16);
    assert_near(s.bot[BOT_EVEN_HOLDS], 1.5, 0.0, "one hold");
    assert_near(sum(&s), 1.5, 0.0, "nothing else");

    for (int i = 0; i < 16; i++) {
        keys[i] = (canara_key_t){.down_ms = 120.0 * i, .up_ms = 120.0 * i + 60.0};
    }
    s = after_keys(keys, 16);
    assert_near(s.bot[BOT_REGULAR_TIMING], 4.0, 0.0, "a metronome");
    assert_near(s.bot[BOT_EXACT_GRID], 0.0, 0.0, "is not counted twice");

    uint64_t seed = 5;
    double t = 0.0;
    for (int i = 0; i < 16; i++) {
        keys[i] = (canara_key_t){.down_ms = t, .up_ms = t + 25.0 * (1 + i % 4)};
        t += 25.0 * (double)(3 + random_below(&seed, 8));
    }
    s = after_keys(keys, 16);
    assert_near(s.bot[BOT_EXACT_GRID], 3.0, 0.0, "steps of 25 ms");
}

static void keys_of_a_person_are_left_alone(void **state)
{
    (void)state;
    uint64_t seed = 17;
    canara_key_t keys[40];
    for (int round = 0; round < 3000; round++) {
        const double pace = random_in(&seed, 90.0, 900.0);
        const double tick = round % 3 == 0 ? 1.0 : (round % 3 == 1 ? 50.0 / 3.0 : 8.0);
        const size_t n = 1 + (size_t)random_below(&seed, 40);
        double t = 0.0;
        for (size_t i = 0; i < n; i++) { /* a wide spread, as hands have */
            const double down = tick * floor(t / tick);
            const double up = tick * floor((t + random_in(&seed, 50.0, 130.0)) / tick);
            keys[i] = (canara_key_t){.down_ms = down, .up_ms = up};
            t += pace * exp(random_in(&seed, -0.6, 0.6));
        }
        const struct session_state s = after_keys(keys, n);
        if (sum(&s) > 0.0) {
            fail_msg("round %d, %zu keys: %g nats", round, n, sum(&s));
        }
    }
    for (size_t i = 0; i < 30; i++) { /* the delete key held down */
        keys[i] = (canara_key_t){.down_ms = 15.0 * (double)i,
                                 .up_ms = 15.0 * (double)i + 15.0,
                                 .key_class = CANARA_KEY_DELETE};
    }
    const struct session_state s = after_keys(keys, 30);
    assert_near(s.bot[BOT_REGULAR_TIMING], 0.0, 0.0, "held delete");
}

static void keys_longer_than_the_session_are_impossible(void **state)
{
    (void)state;
    const canara_key_t keys[] = {{.down_ms = 0.0, .up_ms = 80.0},
                                 {.down_ms = 180001.0, .up_ms = 180100.0}};
    const canara_event_t e = {.kind = CANARA_KEYSTROKES,
                              .has = CANARA_F_KEYS,
                              .of.keystrokes = {.keys = keys, .count = 2}};
    struct session_state s = begun();
    bots_look(&s, &e, T0 + 60000);
    assert_near(s.bot[BOT_IMPOSSIBLE_TIMES], 5.0, 0.0, "three minutes in one");
    s = begun();
    bots_look(&s, &e, T0 + 61000);
    assert_near(s.bot[BOT_IMPOSSIBLE_TIMES], 0.0, 0.0, "within the slack");
}

static struct session_state after_device(struct session_state s, const char *model, uint8_t remote)
{
    const canara_event_t e = {
        .kind = CANARA_DEVICE_CONTEXT,
        .has = CANARA_F_MODEL | CANARA_F_REMOTE_CONTROL,
        .of.device = {.model = {model, strlen(model)}, .remote_control = remote}};
    context_look(&s, NULL, &e);
    return s;
}

static void a_device_that_changes_counts_and_one_that_repeats_itself_does_not(void **state)
{
    (void)state;
    struct session_state s = after_device(begun(), "Pixel 8", 1);
    s = after_device(s, "Pixel 8", 1);
    s = after_device(s, "Pixel 8", 1);
    assert_near(s.context[CONTEXT_DEVICE_CHANGED], 0.0, 0.0, "the same");
    assert_near(s.context[CONTEXT_REMOTE_CONTROL], 3.0, 0.0, "said three times, once true");
    s = after_device(s, "Pixel 9", 0);
    s = after_device(s, "Pixel 9", 1);
    assert_near(s.context[CONTEXT_DEVICE_CHANGED], 4.0, 0.0, "another model");
    assert_near(s.context[CONTEXT_REMOTE_CONTROL], 4.5, 0.0, "taken over a second time");
    s = after_device(s, "Pixel 9", 0);
    s = after_device(s, "Pixel 9", 1);
    assert_near(s.context[CONTEXT_REMOTE_CONTROL], 4.5, 0.0, "the third time says nothing new");
}

static void a_rooted_device_counts_and_so_does_one_that_is_not_real(void **state)
{
    (void)state;
    for (uint8_t rooted = 0; rooted <= 1; rooted++) {
        const canara_event_t e = {
            .kind = CANARA_DEVICE_CONTEXT,
            .has = CANARA_F_ROOTED | CANARA_F_EMULATOR,
            .of.device = {.rooted = rooted, .emulator = (uint8_t)(1 - rooted)}};
        struct session_state s = begun();
        context_look(&s, NULL, &e);
        assert_near(s.context[CONTEXT_EMULATOR_OR_ROOTED], 1.0, 0.0, "either alone");
    }
}

static void only_large_amounts_count(void **state)
{
    (void)state;
    canara_event_t e = {.kind = CANARA_TRANSACTION_ATTEMPT,
                        .has = CANARA_F_AMOUNT,
                        .of.transaction.amount = 50000.0};
    struct session_state s = begun();
    context_look(&s, NULL, &e);
    assert_near(s.context[CONTEXT_HIGH_AMOUNT], 0.0, 0.0, "50,000");
    e.of.transaction.amount = 50000.01;
    context_look(&s, NULL, &e);
    assert_near(s.context[CONTEXT_HIGH_AMOUNT], 0.8, 0.0, "above");
    e.has = 0;
    context_look(&s, NULL, &e);
    assert_near(s.context[CONTEXT_HIGH_AMOUNT], 0.8, 0.0, "an amount that was not sent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_name_of_its_own),
        cmocka_unit_test(the_nth_repeat_of_a_bot_rule_adds_half_as_much_again),
        cmocka_unit_test(a_context_counts_once_then_half_then_no_more),
        cmocka_unit_test(what_the_bank_says_is_kept_within_bounds),
        cmocka_unit_test(click_rates_are_judged_at_eight_and_twelve),
        cmocka_unit_test(keys_of_a_machine_are_seen),
        cmocka_unit_test(keys_of_a_person_are_left_alone),
        cmocka_unit_test(keys_longer_than_the_session_are_impossible),
        cmocka_unit_test(a_device_that_changes_counts_and_one_that_repeats_itself_does_not),
        cmocka_unit_test(a_rooted_device_counts_and_so_does_one_that_is_not_real),
        cmocka_unit_test(only_large_amounts_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
