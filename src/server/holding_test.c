#include "server/holding.h"

#include "base/limits.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

static void a_loop_holds_its_limit_and_not_one_byte_more(void **state)
{
    (void)state;
    struct holding h = {0};
    holding_change(&h, 1, 0, LIMIT_HELD_BYTES - 1);
    assert_false(holding_is_over(&h, 2, LIMIT_LIGHT_BYTES + 1, true));
    holding_change(&h, 2, 0, 1);
    assert_false(holding_is_over(&h, 2, LIMIT_LIGHT_BYTES + 1, true));
    holding_change(&h, 2, 1, 2);
    assert_true(holding_is_over(&h, 3, LIMIT_LIGHT_BYTES + 1, true));
    assert_true(holding_is_over(&h, 3, LIMIT_LIGHT_BYTES + 1, false));
    holding_change(&h, 2, 2, 1);
    assert_false(holding_is_over(&h, 2, LIMIT_LIGHT_BYTES + 1, true));
}

static void a_neighbourhood_holds_its_part_and_others_go_on(void **state)
{
    (void)state;
    struct holding h = {0};
    holding_change(&h, 7, 0, LIMIT_HELD_NEAR_BYTES);
    assert_false(holding_is_over(&h, 7, LIMIT_LIGHT_BYTES + 1, true));
    holding_change(&h, 7, 0, 1);
    assert_true(holding_is_over(&h, 7, LIMIT_LIGHT_BYTES + 1, true));
    assert_false(holding_is_over(&h, 8, LIMIT_LIGHT_BYTES + 1, true));
    assert_false(
        holding_is_over(&h, 7, LIMIT_LIGHT_BYTES + 1, false)); /* a proxy, or this machine */
}

static void who_is_light_stays_whatever_others_hold(void **state)
{
    (void)state;
    struct holding h = {0};
    holding_change(&h, 0, 0, (size_t)LIMIT_HELD_BYTES * 2);
    assert_false(holding_is_over(&h, 0, LIMIT_LIGHT_BYTES, true));
    assert_true(holding_is_over(&h, 0, LIMIT_LIGHT_BYTES + 1, true));
}

static void what_came_and_went_leaves_nothing(void **state)
{
    (void)state;
    struct holding h = {0};
    size_t held[64] = {0};
    uint64_t seed = 20261130;
    for (int i = 0; i < 20000; i++) {
        const size_t who = random_below(&seed, 64);
        const size_t now = random_below(&seed, 400000);
        holding_change(&h, holding_row(who / 4), held[who], now);
        held[who] = now;
    }
    for (size_t who = 0; who < 64; who++) {
        holding_change(&h, holding_row(who / 4), held[who], 0);
    }
    assert_int_equal(h.sum, 0);
    for (size_t row = 0; row < HOLDING_ROWS; row++) {
        assert_int_equal(h.from[row], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_holds_its_limit_and_not_one_byte_more),
        cmocka_unit_test(a_neighbourhood_holds_its_part_and_others_go_on),
        cmocka_unit_test(who_is_light_stays_whatever_others_hold),
        cmocka_unit_test(what_came_and_went_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
