/* A place is taken before it is needed, and what waits comes out in order. */
#include "domain/ground/settlement.h"

#include "tests/support/unit.h"

static settlement_t numbered(uint32_t n)
{
    return (settlement_t){.sessions = n};
}

static void what_waits_comes_out_in_order_and_stays_until_it_is_settled(void **state)
{
    (void)state;
    struct settlements *s = NULL;
    settlement_t item = {0};
    assert_ok(settlements_new(&s));
    assert_false(settlements_first(s, &item));
    for (uint32_t n = 1; n <= 3; n++) {
        item = numbered(n);
        assert_ok(settlements_reserve(s));
        settlements_keep(s, &item);
    }
    for (uint32_t n = 1; n <= 3; n++) {
        assert_true(settlements_first(s, &item));
        assert_true(settlements_first(s, &item));
        assert_int_equal(item.sessions, n);
        settlements_drop(s);
    }
    assert_false(settlements_first(s, &item));
    settlements_free(&s);
    assert_null(s);
}

static void whoever_has_a_place_can_use_it_and_nobody_else_gets_it(void **state)
{
    (void)state;
    struct settlements *s = NULL;
    settlement_t item = numbered(7);
    assert_ok(settlements_new(&s));
    for (int round = 0; round < 3; round++) { /* the ring goes around */
        for (size_t i = 0; i < SETTLEMENTS_MAX; i++) {
            assert_ok(settlements_reserve(s));
        }
        assert_err(settlements_reserve(s), ERR_LIMIT);
        settlements_release(s);
        for (size_t i = 1; i < SETTLEMENTS_MAX; i++) {
            settlements_keep(s, &item);
        }
        assert_ok(settlements_reserve(s));
        assert_err(settlements_reserve(s), ERR_LIMIT);
        settlements_release(s);
        for (size_t i = 1; i < SETTLEMENTS_MAX; i++) {
            settlements_drop(s);
        }
    }
    settlements_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_comes_out_in_order_and_stays_until_it_is_settled),
        cmocka_unit_test(whoever_has_a_place_can_use_it_and_nobody_else_gets_it),
    };
    return cmocka_run_group_tests_name("settlement", tests, NULL, NULL);
}
