/* policy_test.c - levels with hysteresis, weights of the person, and the filter's decay. */
#include "engine/session/policy.h"

#include "base/util.h"
#include "engine/profile/person.h"
#include "engine/session/filter.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

#define T0 INT64_C(1750000000000)

static void levels_are_reached_at_and_left_below_their_threshold(void **state)
{
    (void)state;
    const canara_config_t config = canara_config_default();

    static const struct {
        double risk;
        enum canara_level from, want;
    } cases[] = {
        {0.39999, CANARA_LEVEL_NORMAL, CANARA_LEVEL_NORMAL},
        {0.4, CANARA_LEVEL_NORMAL, CANARA_LEVEL_MONITOR},
        {0.36, CANARA_LEVEL_MONITOR, CANARA_LEVEL_MONITOR},
        {0.349, CANARA_LEVEL_MONITOR, CANARA_LEVEL_NORMAL},
        {0.7, CANARA_LEVEL_NORMAL, CANARA_LEVEL_CHALLENGE},
        {0.66, CANARA_LEVEL_CHALLENGE, CANARA_LEVEL_CHALLENGE},
        {0.66, CANARA_LEVEL_MONITOR, CANARA_LEVEL_MONITOR},
        {0.38, CANARA_LEVEL_CHALLENGE, CANARA_LEVEL_MONITOR},
        {0.1, CANARA_LEVEL_CHALLENGE, CANARA_LEVEL_NORMAL},
        {0.9, CANARA_LEVEL_NORMAL, CANARA_LEVEL_BLOCKED},
        {1.0, CANARA_LEVEL_CHALLENGE, CANARA_LEVEL_BLOCKED},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        assert_int_equal(policy_level(&config, cases[c].risk, cases[c].from), cases[c].want);
    }
    const canara_config_t low = {.monitor = 0.01, .challenge = 0.02, .block = 1.0};
    assert_int_equal(policy_level(&low, 0.005, CANARA_LEVEL_CHALLENGE), CANARA_LEVEL_NORMAL);
}

static void more_risk_is_never_a_lower_level(void **state)
{
    (void)state;
    uint64_t seed = 41;
    const canara_config_t config = canara_config_default();
    for (int i = 0; i < 20000; i++) {
        const double a = random_in(&seed, 0.0, 1.0);
        const double b = random_in(&seed, a, 1.0);
        const enum canara_level from = (enum canara_level)random_below(&seed, 3);
        assert_true(policy_level(&config, a, from) <= policy_level(&config, b, from));
    }
}

static void thresholds_are_checked(void **state)
{
    (void)state;

    static const struct {
        canara_config_t config;
        enum canara_status want;
    } cases[] = {
        {{0.4, 0.7, 0.9}, CANARA_OK},
        {{0.5, 0.5, 1.0}, CANARA_OK},
        {{0.0, 0.7, 0.9}, CANARA_BAD_VALUE},
        {{0.4, 0.3, 0.9}, CANARA_BAD_VALUE},
        {{0.4, 0.9, 0.7}, CANARA_BAD_VALUE}, /* nobody would be asked before the block */
        {{0.4, 0.7, 1.1}, CANARA_BAD_VALUE},
        {{0.4, (double)NAN, 0.9}, CANARA_BAD_VALUE},
        {{(double)NAN, 0.7, 0.9}, CANARA_BAD_VALUE},
        {{0.4, 0.7, (double)NAN}, CANARA_BAD_VALUE},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        assert_int_equal(canara_config_check(&cases[c].config), cases[c].want);
    }
    assert_int_equal(canara_config_check(NULL), CANARA_OK); /* the default */
}

static void evidence_about_the_person_is_weighed_clipped_and_discounted(void **state)
{
    (void)state;
    const struct person_weight w = {.centre = 1.0, .weight = 1.25, .limit = 5.0, .variance = 2.0};
    assert_near(person_weigh(3.0, 0.0, &w), 1.25, 1e-12, "weighed and discounted");
    assert_near(person_weigh(3.0, 1.0, &w), 0.625, 1e-12, "less the session's bias");
    assert_near(person_weigh(100.0, 0.0, &w), 2.5, 1e-12, "clipped above");
    assert_near(person_weigh(-100.0, 0.0, &w), -2.5, 1e-12, "clipped below");
    const struct person_weight wild = {.weight = 99.0, .limit = 5.0, .variance = 0.1};
    assert_near(person_weigh(1.0, 0.0, &wild), 1.25, 1e-12, "bounds on weight and variance");
}

static void evidence_moves_the_odds_and_fades(void **state)
{
    (void)state;
    struct session_state s;
    filter_begin(&s, T0);
    filter_evidence(&s, SHARE_TYPING, 3.0);
    assert_near(filter_risk(&s), 1.0 - 1.0 / (1.0 + exp(3.0) / 19.0), 1e-12, "odds times e^3");
    assert_near(s.share[SHARE_TYPING], 3.0, 1e-12, "share");
    filter_advance(&s, T0 + 36000000);
    assert_near(filter_risk(&s), 0.025, 1e-12, "ten hours later");
    assert_near(s.share[SHARE_TYPING], 0.0, 1e-9, "share faded");

    uint64_t seed = 43;
    for (int i = 0; i < 5000; i++) { /* no flood of evidence leaves the range */
        filter_evidence(&s, SHARE_TYPING, random_in(&seed, -7.0, 7.0) * (i < 2500 ? 1.0 : 9.0));
        filter_advance(&s, s.at_ms + (int64_t)random_below(&seed, 2000));
        const double risk = filter_risk(&s);
        assert_true(risk >= 0.0 && risk <= 1.0);
    }
}

static void waiting_in_steps_equals_waiting_at_once(void **state)
{
    (void)state;
    struct session_state once;
    filter_begin(&once, T0);
    filter_evidence(&once, SHARE_TYPING, 4.0);
    rule_met_bot(&once, BOT_EXACT_GRID);
    struct session_state steps = once;
    filter_advance(&once, T0 + 300000);
    for (int i = 1; i <= 300; i++) {
        filter_advance(&steps, T0 + 1000 * (int64_t)i);
    }
    assert_near(filter_risk(&steps), filter_risk(&once), 1e-12, "risk");
}

/* One event that says `nats` about the person, and what follows. */
static canara_verdict_t hear(struct session_state *s, const canara_config_t *config, double nats)
{
    canara_verdict_t v;
    session_mark_t before;
    session_mark(s, &before);
    filter_evidence(s, SHARE_TYPING, nats);
    policy_hear(s, &before, config);
    policy_apply(s, &before, config, &v);
    return v;
}

static void a_rhythm_asks_before_it_blocks(void **state)
{
    (void)state;
    const canara_config_t config = canara_config_default();
    struct session_state s;
    filter_begin(&s, T0);
    const canara_verdict_t first = hear(&s, &config, 50.0);
    assert_int_equal(first.challenge_started, 1);
    assert_near(first.risk, config.block - POLICY_MARGIN, 1e-12, "held below a block");
    assert_near(s.lambda - s.share[SHARE_TYPING], log(1.0 / 19.0), 1e-9,
                "the share says what it moved");
    for (int i = 0; i < POLICY_ASKED; i++) {
        assert_int_equal(hear(&s, &config, 3.0).level, CANARA_LEVEL_CHALLENGE);
    }
    assert_int_equal(hear(&s, &config, 3.0).blocked, 1); /* nobody answered */
}

static void what_is_no_rhythm_blocks_at_once(void **state)
{
    (void)state;
    const canara_config_t config = canara_config_default();
    struct session_state s;
    canara_verdict_t v;
    filter_begin(&s, T0);
    session_mark_t before;
    session_mark(&s, &before);
    rule_met_bot(&s, BOT_REPLAY);
    session_mark_t unheard;
    session_mark(&s, &unheard);
    filter_evidence(&s, SHARE_TYPING, 3.0);
    policy_hear(&s, &unheard, &config);
    policy_apply(&s, &before, &config, &v);
    assert_int_equal(v.blocked, 1);
    assert_near(s.lambda, unheard.lambda, 0.0, "and the rhythm adds nothing");

    const canara_config_t same = {.monitor = 0.4, .challenge = 0.9, .block = 0.9};
    filter_begin(&s, T0); /* whoever wants no challenges gets none */
    assert_int_equal(hear(&s, &same, 50.0).blocked, 1);
}

static void holding_never_lowers_what_others_said(void **state)
{
    (void)state;
    uint64_t seed = 44;
    for (int i = 0; i < 5000; i++) {
        struct session_state s;
        filter_begin(&s, T0);
        filter_evidence(&s, SHARE_MPIN, random_in(&seed, -8.0, 8.0));
        s.context[CONTEXT_VPN] = random_in(&seed, 0.0, 5.0);
        s.bot[BOT_EXACT_GRID] = random_in(&seed, 0.0, 6.0);
        const struct session_state unheard = s;
        filter_evidence(&s, SHARE_POINTER, random_in(&seed, -6.0, 6.0));
        const struct session_state heard = s;
        session_mark_t mark;
        session_mark(&unheard, &mark);
        filter_hold(&s, &mark, 0.85);
        assert_true(s.lambda <= heard.lambda);
        assert_true(s.lambda >= fmin(unheard.lambda, heard.lambda));
        assert_true(filter_risk(&s) <= fmax(0.85, filter_risk(&unheard)) + 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_reached_at_and_left_below_their_threshold),
        cmocka_unit_test(more_risk_is_never_a_lower_level),
        cmocka_unit_test(thresholds_are_checked),
        cmocka_unit_test(evidence_about_the_person_is_weighed_clipped_and_discounted),
        cmocka_unit_test(evidence_moves_the_odds_and_fades),
        cmocka_unit_test(waiting_in_steps_equals_waiting_at_once),
        cmocka_unit_test(a_rhythm_asks_before_it_blocks),
        cmocka_unit_test(what_is_no_rhythm_blocks_at_once),
        cmocka_unit_test(holding_never_lowers_what_others_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
