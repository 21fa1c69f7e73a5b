/* fusing_test.c - whom the trials of a fusion are made with. */
#include "lab/people/fusing.h"

#include "engine/people/evidence.h"
#include "lab/people/group_test.h"
#include "lab/people/people.h"

enum { EACH = 14, IMPOSTORS = 3, STAGES_MET = 3 };

/* How many trials of others the fusions of so many people are fitted with. */
static size_t trials_of_others(size_t people)
{
    struct group g;
    struct stages *stages = NULL;
    struct calibration calibration = {0};
    struct watch watch = {.calibration = &calibration};
    struct fused fused;
    group_make(&g, people, SAMPLE_KEYS, EACH);
    assert_ok(stages_new(&g.context, &stages));
    const struct field field = {.c = &g.context, .stages = stages};
    assert_ok(fusing_fit(
        &(struct fusing){.fields = &field, .count = 1, .in = g.in, .watch = &watch}, &fused));
    const size_t n = calibration.side[SAMPLE_KEYS][1].count;
    calibration_free(&calibration);
    stages_free(&stages);
    group_deinit(&g);
    return n;
}

static void trials_grow_with_the_people_up_to_so_many_and_not_with_their_pairs(void **state)
{
    (void)state;

    const struct {
        size_t people, owners, others;
    } cases[] = {{12, 12, 11}, {80, 80, 64}, {340, 320, 64}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(trials_of_others(cases[i].people),
                         cases[i].owners * cases[i].others * IMPOSTORS * STAGES_MET);
    }
}

static void who_is_enrolled_with_five_ten_or_twenty_is_fitted_with_as_many(void **state)
{
    static const size_t enrolled[] = {EVIDENCE_SAMPLES_MIN, 10, 20};
    (void)state;
    for (size_t i = 0; i < sizeof enrolled / sizeof *enrolled; i++) {
        bool found = false;
        for (size_t stage = 0; stage < STAGES; stage++) {
            found = found || stage_samples(stage) == enrolled[i];
        }
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_grow_with_the_people_up_to_so_many_and_not_with_their_pairs),
        cmocka_unit_test(who_is_enrolled_with_five_ten_or_twenty_is_fitted_with_as_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
