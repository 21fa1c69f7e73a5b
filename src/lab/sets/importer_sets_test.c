/* importer_sets_test.c - the importers on the real sets, where they are; how much comes out. */
#include "base/util.h"
#include "lab/sets/dataset.h"
#include "lab/sets/importer.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
static const struct {
    const char *set, *sub;
    size_t users, sessions, events, models, enrolled, trials, practised;
} wanted[] = {
    {"cmu-strong-password", "", 51, 20400, 20400, 51, 10200, 22950, 127500},
    {"meu-mobile-ksd",      "", 56,  2856,  2856, 56,  1904, 16352,  18480},
    {"mobikey", "kicsikutyatarka", 54, 3335, 3335, 54, 2214, 1121 + 54 * 265, 20458},
    {"mobikey", "tie5roanl",       54, 3331, 3331, 54, 2213, 1118 + 54 * 265, 20511},
    {"mobikey", "kktsf2-2014",     54, 3331, 3331, 54, 2211, 1120 + 54 * 265, 20458},
    {"balabit-mouse",       "", 11,   881,  9574, 10,   65, 816, 0},
    {"antal-scroll-touch",  "", 71,  1457, 14316, 71,  906, 491 + 34370, 0},
    {"delbot-mouse",        "",  7,  3130,  3130,  0,    0, 823 + 2307, 0},
};

/* clang-format on */

static void check_counts(const char *dir, size_t row)
{
    CLEANUP(dataset_close) struct dataset *set = NULL;
    struct dataset_fault fault;
    size_t enrolled = 0;
    size_t practised = 0;
    if (failed(dataset_open(dir, &set, &fault))) {
        fail_msg("%s: %s", wanted[row].set, fault.text);
    }
    size_t trials = dataset_bot_trials(set).count;
    for (size_t m = 0; m < dataset_models(set); m++) {
        enrolled += dataset_model(set, m)->enrols;
        trials += dataset_model(set, m)->trials.count;
        practised += dataset_model(set, m)->practised.count;
    }
    assert_int_equal(dataset_users(set), wanted[row].users);
    assert_int_equal(dataset_sessions(set), wanted[row].sessions);
    assert_int_equal(dataset_events(set), wanted[row].events);
    assert_int_equal(dataset_models(set), wanted[row].models);
    assert_int_equal(enrolled, wanted[row].enrolled);
    assert_int_equal(trials, wanted[row].trials);
    assert_int_equal(practised, wanted[row].practised);
}

static void check_set(const struct importer *importer)
{
    const char *const told = getenv("CANARA_DATA"); /* NOLINT: nobody writes it */
    char src[SCRATCH_PATH];
    (void)snprintf(src, sizeof src, "%s/%s", told == NULL ? "../shared/data" : told,
                   importer->name);
    if (access(src, R_OK) != 0) {
        print_message("skipped: data set %s not found\n", importer->name);
        return;
    }
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    struct import_report report;
    char out[SCRATCH_PATH];
    scratch_path(&dir, "out", out);
    if (failed(importer_run(importer, src, out, NULL, &report))) {
        fail_msg("%s: %s", importer->name, report.fault);
    }
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        char sub[SCRATCH_PATH + 32];
        if (strcmp(wanted[i].set, importer->name) == 0) {
            (void)snprintf(sub, sizeof sub, "%s/%s", out, wanted[i].sub);
            check_counts(sub, i);
        }
    }
}

static void the_real_sets_have_their_known_size(void **state)
{
    (void)state;
    size_t count = 0;
    const struct importer *const all = importers_all(&count);
    for (size_t i = 0; i < count; i++) {
        check_set(&all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_sets_have_their_known_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
