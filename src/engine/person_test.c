/* person_test.c - what evidence is worth: weights, correlation within a session, young profiles. */
#include "engine/person.h"

#include "engine/evidence.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

/* Found by the second implementation: two entries against five known samples reached a block. */
static void a_young_profile_never_speaks_half_a_nat_a_sample_against_somebody(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (size_t known = 0; known < EVIDENCE_YOUNG; known++) {
        double said = 0.0;
        for (int i = 0; i < 50; i++) {
            said += person_young(known, said, random_in(&seed, -1.0, 6.0));
            assert_true(said <= EVIDENCE_YOUNG_NATS * (double)known + 1e-12);
        }
    }
    assert_near(person_young(EVIDENCE_YOUNG, 3.0, 5.0), 5.0, 0.0, "no longer young");
    assert_near(person_young(5, 3.0, -2.0), -2.0, 0.0, "for the owner it may always speak");
}

static void samples_that_are_alike_add_less_and_less(void **state)
{
    (void)state;
    double heard = 0.0;
    double last = INFINITY;
    for (size_t n = 0; n < 20; n++) {
        const double more = person_average(heard, n, 1.0, 4.0);
        assert_true(more > 0.0 && more < last);
        last = more;
        heard += more;
    }
    heard = 0.0;
    for (size_t n = 0; n < 20; n++) {
        heard += person_average(heard, n, 1.0, 1.0);
    }
    assert_near(heard, 20.0, 1e-9, "what is not alike adds up");
}

static void evidence_is_cut_whatever_comes(void **state)
{
    (void)state;
    uint64_t seed = 9;
    const struct person_weight w = {
        .centre = 0.5, .weight = 1.25, .limit = 3.0, .variance = 1.0, .owner = -2.0};
    for (int i = 0; i < 1000; i++) {
        const double l = person_weigh(random_in(&seed, -1e6, 1e6), random_in(&seed, 0.0, 1.0), &w);
        assert_true(fabs(l) <= 3.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_young_profile_never_speaks_half_a_nat_a_sample_against_somebody),
        cmocka_unit_test(samples_that_are_alike_add_less_and_less),
        cmocka_unit_test(evidence_is_cut_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
