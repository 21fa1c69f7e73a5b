/* crowd_fusing_test.c - who plays the owner while the lines of a crowd are fitted. */
#include "lab/people/crowd_fusing.h"

#include "lab/people/calibration.h"
#include "lab/people/group_test.h"

enum {
    EACH = 5 * GROUP_SESSION,
    RUNS = 2 + 1, /* sessions behind the first 7 samples, and behind 12 */
    OWNERS_MAX = 48
};

/* How many runs of owners' own samples the lines of so many people are fitted with. */
static size_t runs_of_owners(size_t people)
{
    struct group g;
    struct calibration calibration = {0};
    struct watch watch = {.calibration = &calibration};
    struct fusion fusion[CROWD_BUCKETS];
    group_make(&g, people, SAMPLE_FEATURES, EACH);
    assert_ok(crowd_fusing_fit(&g.context, g.in, &watch, fusion));
    const size_t n = calibration.side[SAMPLE_FEATURES][0].count;
    calibration_free(&calibration);
    group_deinit(&g);
    return n;
}

static void time_grows_with_the_people_up_to_so_many(void **state)
{
    (void)state;
    assert_int_equal(runs_of_owners(40), 40 * RUNS);
    assert_int_equal(runs_of_owners(70), OWNERS_MAX * RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(time_grows_with_the_people_up_to_so_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
