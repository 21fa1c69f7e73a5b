/* piles_test.c - quartiles and evenness of numbers that lie in several piles. */
#include "engine/samples/piles.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>

enum { PILES = 5 };

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quartiles of several piles are those of all their numbers in one sorted row. */
static void piles_together_are_one_row(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (size_t round = 0; round < 2000; round++) {
        struct pile piles[PILES];
        double row[TEXT_CHUNK];
        const size_t n = random_below(&seed, TEXT_CHUNK + 1);
        piles_begin(piles, PILES);
        for (size_t i = 0; i < n; i++) {
            row[i] = floor(random_in(&seed, -20.0, 20.0)); /* with ties */
            pile_add(&piles[random_below(&seed, 1 + round % PILES)], row[i]);
        }
        qsort(row, n, sizeof *row, ascending);
        const struct quartiles q = piles_quartiles(piles, PILES);
        if (n < PILES_COUNT_MIN) {
            assert_true(isnan(q.low) && isnan(q.middle) && isnan(q.high));
            continue;
        }
        assert_true(q.low == row[(n - 1) / 4]);
        assert_true(q.middle == row[2 * (n - 1) / 4]);
        assert_true(q.high == row[3 * (n - 1) / 4]);
    }
}

static void few_numbers_have_no_middle(void **state)
{
    (void)state;
    struct pile pile;
    piles_begin(&pile, 1);
    assert_true(isnan(pile_middle(&pile)));
    pile_add(&pile, 3.0);
    pile_add(&pile, 1.0);
    assert_true(isnan(pile_middle(&pile)));
    pile_add(&pile, 2.0);
    assert_true(pile_middle(&pile) == 2.0);
    pile_add(&pile, 4.0);
    assert_true(pile_middle(&pile) == 2.0); /* the lower of two */
}

/* Who types each group at a pace of its own, and evenly, is even; each slip counts once at most. */
static void unevenness_is_within_groups(void **state)
{
    (void)state;
    struct pile piles[2];
    piles_begin(piles, 2);
    assert_true(isnan(piles_unevenness(piles, 2)));
    for (int i = 0; i < 5; i++) {
        pile_add(&piles[0], 100.0);
        pile_add(&piles[1], 300.0);
    }
    assert_true(piles_unevenness(piles, 2) == 0.0);
    pile_add(&piles[1], 1e6);
    assert_near(piles_unevenness(piles, 2), 1.0 / 11.0, 1e-12, "one slip");
    piles_begin(piles, 2);
    for (int i = 0; i < 10; i++) {
        pile_add(&piles[0], 0.0);
    }
    assert_true(isnan(piles_unevenness(piles, 2))); /* nothing to be a share of */
}

static void deviation_is_from_the_middle_of_all(void **state)
{
    (void)state;
    struct pile piles[2];
    piles_begin(piles, 2);
    for (int i = 0; i < 4; i++) {
        pile_add(&piles[0], 1.0);
        pile_add(&piles[1], 3.0);
    }
    assert_near(piles_deviation(piles, 2, 2.0), 1.0, 1e-12, "all are one away");
    assert_true(isnan(piles_deviation(piles, 1, 2.0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(piles_together_are_one_row),
        cmocka_unit_test(few_numbers_have_no_middle),
        cmocka_unit_test(unevenness_is_within_groups),
        cmocka_unit_test(deviation_is_from_the_middle_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
