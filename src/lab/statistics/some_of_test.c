/* some_of_test.c - as many as were asked for, evenly, and not the same each time. */
#include "lab/statistics/some_of.h"

#include "base/util.h"
#include "tests/support/unit.h"

enum { ROWS = 10 };

/* As many as there may be, in each row of all, whatever it begins with. */
static void as_many_are_chosen_as_there_may_be(void **state)
{
    (void)state;
    static const size_t alls[] = {1, 5, 47, 48, 49, 70, 340, 1000};
    static const size_t mosts[] = {1, 48, 320};
    for (size_t a = 0; a < ARRAY_LEN(alls); a++) {
        for (size_t m = 0; m < ARRAY_LEN(mosts); m++) {
            for (size_t begin = 0; begin < ROWS; begin++) {
                size_t chosen = 0;
                for (size_t i = begin; i < begin + alls[a]; i++) {
                    chosen += some_of(i, mosts[m], alls[a]);
                }
                assert_int_equal(chosen, mosts[m] < alls[a] ? mosts[m] : alls[a]);
            }
        }
    }
}

/* Between two that are chosen there are never more than there have to be. */
static void they_are_spread_evenly(void **state)
{
    (void)state;
    const size_t all = 1000;
    const size_t most = 48;
    size_t last = 0;
    for (size_t i = 1; i < all; i++) {
        if (some_of(i, most, all)) {
            assert_true(i - last == all / most || i - last == all / most + 1);
            last = i;
        }
    }
}

/* Ten rows, each of which begins one later, do not choose the same ones. */
static void rows_that_begin_later_choose_others(void **state)
{
    (void)state;
    const size_t all = 340;
    const size_t most = 48;
    size_t ever = 0;
    for (size_t i = 0; i < all; i++) {
        bool is = false;
        for (size_t row = 0; row < ROWS; row++) {
            is = is || some_of(i + row, most, all);
        }
        ever += is;
    }
    assert_int_equal(ever, all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_are_chosen_as_there_may_be),
        cmocka_unit_test(they_are_spread_evenly),
        cmocka_unit_test(rows_that_begin_later_choose_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
