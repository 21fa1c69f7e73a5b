#include "server/guests.h"

#include "tests/support/unit.h"

static void an_address_holds_its_limit_and_not_one_more(void **state)
{
    (void)state;
    struct guests g;
    guests_init(&g, 3);
    assert_true(guests_enter(&g, 7));
    assert_true(guests_enter(&g, 7));  /* limit - 1 */
    assert_true(guests_enter(&g, 7));  /* limit */
    assert_false(guests_enter(&g, 7)); /* limit + 1 */
    assert_true(guests_enter(&g, 8));
    guests_leave(&g, 7);
    assert_true(guests_enter(&g, 7));
    assert_false(guests_enter(&g, 7));
    guests_deinit(&g);
}

static void without_a_limit_everybody_enters_and_the_table_empties_again(void **state)
{
    (void)state;
    struct guests g;
    guests_init(&g, 0);
    for (uint64_t i = 0; i < 5000; i++) {
        assert_true(guests_enter(&g, i % 100));
    }
    for (uint64_t i = 0; i < 5000; i++) {
        guests_leave(&g, i % 100);
    }
    assert_int_equal(g.count.as_uuid.count, 0);
    guests_deinit(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_holds_its_limit_and_not_one_more),
        cmocka_unit_test(without_a_limit_everybody_enters_and_the_table_empties_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
