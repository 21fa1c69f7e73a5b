/* mix_test.c - a mix is read strictly and dealt out evenly. */
#include "load/mix.h"

#include "base/util.h"
#include "tests/support/unit.h"

static void good_texts_are_read(void **state)
{
    (void)state;
    struct mix m = {{0}};
    assert_ok(mix_parse("events", &m));
    assert_int_equal(m.weight[SCENARIO_EVENTS], 1);
    assert_ok(mix_parse("status=20,events=70,ws-echo=10", &m));
    assert_int_equal(m.weight[SCENARIO_EVENTS], 70);
    assert_int_equal(m.weight[SCENARIO_STATUS], 20);
    assert_int_equal(m.weight[SCENARIO_WS_ECHO], 10);
    assert_int_equal(m.weight[SCENARIO_IDLE], 0);
    for (size_t s = 0; s < SCENARIOS; s++) {
        assert_ok(mix_parse(scenario_name((enum scenario)s), &m));
        assert_int_equal(m.weight[s], 1);
    }
}

static void bad_texts_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       "event",
                                       "events=",
                                       "events=0",
                                       "events=-1",
                                       "events=1x",
                                       "events,",
                                       ",events",
                                       "events=1,events=2",
                                       "events=1000001",
                                       "events = 1",
                                       "events=1;mpin",
                                       "events=99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mix m = {{7}};
        assert_err(mix_parse(rows[i], &m), ERR_FORMAT);
        assert_int_equal(m.weight[0], 7);
    }
}

static void every_beginning_is_in_the_ratio(void **state)
{
    (void)state;
    struct mix m = {{0}};
    uint8_t out[1000];
    size_t events = 0;
    assert_ok(mix_parse("events=7,idle=2,status=1", &m));
    mix_deal(&m, out, ARRAY_LEN(out));
    for (size_t i = 0; i < ARRAY_LEN(out); i++) {
        events += out[i] == SCENARIO_EVENTS ? 1U : 0U;
        assert_near((double)events, 0.7 * (double)(i + 1), 1.0, "events");
    }
    assert_int_equal(events, 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts_are_read),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(every_beginning_is_in_the_ratio),
    };
    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
