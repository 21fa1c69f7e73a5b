/* judge_test.c - vectors of which nobody in the model knows anything, models too small to try, and detectors that
 * know the owner alone. */
#include "lab/trials/judge.h"

#include "base/rng.h"
#include "base/util.h"
#include "lab/sets/set_writer.h"
#include "lab/trials/evaluation.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>

enum { PEOPLE = 6, VALUES = 8, ENROL = 12, TRIED = 4, FEW = 3 };

static void write_vector(struct set_writer *w, size_t user, size_t number)
{
    double values[VALUES];
    char id[48];
    char email[48];
    struct rng habit;
    struct rng day;
    rng_seed(&habit, 50 + user);
    rng_seed(&day, 1000 * user + number);
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = 3.0 * rng_normal(&habit) + 0.3 * rng_normal(&day);
    }
    values[number % VALUES] = number % 3 == 0 ? (double)NAN : values[number % VALUES];
    const canara_event_t event = {
        .kind = CANARA_FEATURES,
        .has = (uint32_t)CANARA_F_VALUES,
        .of.features = {.name = {"gait", 4}, .values = values, .count = VALUES}};
    (void)snprintf(id, sizeof id, "s%zu-%zu", user, number);
    (void)snprintf(email, sizeof email, "u%zu", user);
    set_writer_session(w, id, email);
    set_writer_event(w, (wall_t){1750000000000 + (int64_t)number * 86400000}, &event);
}

static void write_rows(struct set_writer *w, size_t m, size_t enrolled)
{
    char id[48];
    char model[48];
    (void)snprintf(model, sizeof model, "m%zu", m);
    for (size_t i = 0; i < enrolled; i++) {
        (void)snprintf(id, sizeof id, "s%zu-%zu", m, i);
        set_writer_enrol(w, model, id);
    }
    for (size_t i = 0; i < (size_t)PEOPLE * TRIED; i++) {
        const size_t u = i / TRIED;
        (void)snprintf(id, sizeof id, "s%zu-%zu", u, ENROL + i % TRIED);
        set_writer_trial(w, model, id, u == m ? DATASET_GENUINE : DATASET_IMPOSTOR);
    }
}

/* `few`: the last model has learnt from three sessions. */
static struct dataset *made(const struct scratch *dir, const char *name, bool few)
{
    static const struct dataset_info about = {
        .name = "gait", .source = "test", .licence = "none", .modality = "features", .note = ""};
    char path[SCRATCH_PATH];
    struct set_writer *w = NULL;
    struct dataset *set = NULL;
    struct dataset_fault fault;
    scratch_path(dir, name, path);
    assert_false(failed(set_writer_open(&w, path, &about)));
    for (size_t i = 0; i < (size_t)PEOPLE * (ENROL + TRIED); i++) {
        write_vector(w, i / (ENROL + TRIED), i % (ENROL + TRIED));
    }
    for (size_t m = 0; m < PEOPLE; m++) {
        write_rows(w, m, few && m + 1 == PEOPLE ? FEW : ENROL);
    }
    assert_false(failed(set_writer_finish(&w)));
    if (failed(dataset_open(path, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    return set;
}

static struct contest run(const struct dataset *set, enum detector detector,
                          enum background background)
{
    const struct contest_options o = {
        .detector = detector, .background = background, .folds = 3, .threads = 1};
    struct contest c;
    assert_false(failed(contest_run(set, &o, &c)));
    return c;
}

/* A model that knows nobody's vectors still knows the owner's: gaps and all, every trial has a score, and the owner's are
 * the lower ones. */
static void vectors_are_held_against_their_owner_where_nobody_else_is_known(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = made(&dir, "alone", false);

    const enum detector detectors[] = {DETECTOR_FULL, DETECTOR_ONE_CLASS,
                                       DETECTOR_SCALED_MANHATTAN};

    for (size_t d = 0; d < ARRAY_LEN(detectors); d++) {
        struct contest c = run(set, detectors[d], BACKGROUND_NONE);
        double most = -HUGE_VAL;
        double least = HUGE_VAL;
        for (size_t i = 0; i < c.bouts; i++) {
            assert_true(c.bout[i].scored && isfinite(c.bout[i].score));
            most = c.bout[i].genuine ? fmax(most, c.bout[i].score) : most;
            least = c.bout[i].genuine ? least : fmin(least, c.bout[i].score);
        }
        assert_true(most < least);
        contest_free(&c);
    }
}

/* Six people are too few to be left out and known; a detector that knows the owner alone asks for nobody. */
static void a_detector_of_the_owner_alone_needs_no_people(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = made(&dir, "published", false);
    const struct contest_options o = {
        .detector = DETECTOR_FULL, .background = BACKGROUND_FOLDS, .folds = 3, .threads = 1};
    struct contest c;
    assert_true(failed(contest_run(set, &o, &c)));
    for (enum detector d = DETECTOR_MANHATTAN; d <= DETECTOR_ONE_CLASS; d++) {
        assert_false(detector_knows_people(d));
        c = run(set, d, BACKGROUND_FOLDS);
        contest_free(&c);
    }
    assert_true(detector_knows_people(DETECTOR_RATIO) && detector_knows_people(DETECTOR_FULL));
}

static void a_model_that_no_trial_can_be_scored_with_failed_to_enrol(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = made(&dir, "few", true);
    struct contest c = run(set, DETECTOR_FULL, BACKGROUND_NONE);
    struct evaluation e;
    assert_false(failed(evaluation_new(
        set, &c, DETECTOR_FULL, (struct bootstrap_options){.seed = 1, .replicates = 10}, &e)));
    assert_true(fabs(e.failure_to_enrol - 1.0 / PEOPLE) < 1e-12);
    assert_int_equal(e.unscored, PEOPLE * TRIED);
    assert_int_equal(e.unscored_genuine, TRIED);
    assert_int_equal(e.unscored_impostor, (PEOPLE - 1) * TRIED);
    evaluation_free(&e);
    contest_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_held_against_their_owner_where_nobody_else_is_known),
        cmocka_unit_test(a_detector_of_the_owner_alone_needs_no_people),
        cmocka_unit_test(a_model_that_no_trial_can_be_scored_with_failed_to_enrol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
