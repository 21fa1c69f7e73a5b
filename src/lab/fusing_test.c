/* fusing_test.c - whom the trials of a fusion are made with. */
#include "lab/fusing.h"

#include "engine/evidence.h"
#include "lab/people.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

enum { EACH = 14, FEATURES = 6, IMPOSTORS = 3, STAGES_MET = 3 };

/* People with so many samples each, about a middle of their own. */
struct group {
    float *x;
    struct bank_sample *sample;
    uint32_t *first;
    bool *in;
    struct bank_context context;
};

static void group_make(struct group *g, size_t people, enum sample_kind kind, size_t each)
{
    uint64_t seed = 7;
    g->x = calloc(people * each * FEATURES, sizeof *g->x);
    g->sample = calloc(people * each, sizeof *g->sample);
    g->first = calloc(people + 1, sizeof *g->first);
    g->in = calloc(people + 1, sizeof *g->in);
    assert_true(g->x != NULL && g->sample != NULL && g->first != NULL && g->in != NULL);
    for (size_t i = 0; i < people * each; i++) {
        const size_t user = i / each;
        for (size_t f = 0; f < FEATURES; f++) {
            seed = seed * 48271U % 2147483647U;
            const double own = (double)((user * 37 + f * 11) % 29) / 29.0;
            g->x[i * FEATURES + f] = (float)(own + 0.3 * (double)seed / 2147483647.0);
        }
        g->sample[i] = (struct bank_sample){
            .user = (uint32_t)user, .session = (uint32_t)i, .x = g->x + i * FEATURES};
        g->first[user + 1] = (uint32_t)i + 1U;
        g->in[user] = true;
    }
    g->context = (struct bank_context){.like = {.kind = kind, .context = 5, .count = FEATURES},
                                       .sample = g->sample,
                                       .samples = people * each,
                                       .users = people,
                                       .first = g->first};
}

static void group_deinit(struct group *g)
{
    free(g->x);
    free(g->sample);
    free(g->first);
    free(g->in);
}

/* How many trials of others the fusions of so many people are fitted with. */
static size_t trials_of_others(size_t people)
{
    struct group g;
    struct stages *stages = NULL;
    struct calibration calibration = {0};
    struct watch watch = {.calibration = &calibration};
    struct fusion fusion[FUSION_BUCKETS];
    group_make(&g, people, SAMPLE_KEYS, EACH);
    assert_ok(stages_new(&g.context, &stages));
    const struct field field = {.c = &g.context, .stages = stages};
    assert_ok(fusing_fit(
        &(struct fusing){.fields = &field, .count = 1, .in = g.in, .watch = &watch}, fusion));
    const size_t n = calibration.side[SAMPLE_KEYS][1].count;
    calibration_free(&calibration);
    stages_free(&stages);
    group_deinit(&g);
    return n;
}

static void trials_grow_with_the_people_and_not_with_their_pairs(void **state)
{
    (void)state;

    const struct {
        size_t people, others;
    } cases[] = {{12, 11}, {80, 64}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(trials_of_others(cases[i].people),
                         cases[i].people * cases[i].others * IMPOSTORS * STAGES_MET);
    }
}

static void who_is_enrolled_with_five_or_ten_is_fitted_with_as_many(void **state)
{
    (void)state;
    for (size_t b = 0; b < 2; b++) {
        size_t least = SIZE_MAX;
        for (size_t stage = STAGES; stage > 0; stage--) {
            const size_t n = stage_samples(stage - 1);
            least = fusion_bucket(n) == b ? n : least;
        }
        assert_int_equal(least, b == 0 ? EVIDENCE_SAMPLES_MIN : 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_grow_with_the_people_and_not_with_their_pairs),
        cmocka_unit_test(who_is_enrolled_with_five_or_ten_is_fitted_with_as_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
