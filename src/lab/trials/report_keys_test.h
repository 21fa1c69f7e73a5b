/* report_keys_test.h - the keys of a result, as docs/evaluation.md has them, in their order. */
#ifndef LAB_REPORT_KEYS_TEST_H
#define LAB_REPORT_KEYS_TEST_H

#include "codec/json_read.h"
#include "tests/support/unit.h"

static const char *const report_people_keys[] = {"dataset",
                                                 "detector",
                                                 "background",
                                                 "adapt",
                                                 "users",
                                                 "trials_genuine",
                                                 "trials_impostor",
                                                 "trials_unscored_genuine",
                                                 "trials_unscored_impostor",
                                                 "mean_eer",
                                                 "mean_eer_sd",
                                                 "mean_eer_ci",
                                                 "global_eer",
                                                 "global_eer_ci",
                                                 "zero_miss_far",
                                                 "auc",
                                                 "cllr",
                                                 "cllr_min",
                                                 "ece",
                                                 "brier",
                                                 "frr_070",
                                                 "far_070",
                                                 "frr_090",
                                                 "far_090",
                                                 "anga",
                                                 "ania",
                                                 "never_detected",
                                                 "absorbed_impostors",
                                                 "failure_to_enrol",
                                                 "seconds",
                                                 "commit",
                                                 "model_version",
                                                 "seed",
                                                 "per_user"};

static const char *const report_bot_keys[] = {"dataset",
                                              "detector",
                                              "background",
                                              "adapt",
                                              "users",
                                              "sessions",
                                              "sessions_human",
                                              "sessions_bot",
                                              "interval_over",
                                              "folds",
                                              "auc",
                                              "auc_ci",
                                              "detection_at_far_001",
                                              "detection_at_far_001_ci",
                                              "detection_at_far_010",
                                              "detection_at_far_010_ci",
                                              "seconds",
                                              "commit",
                                              "model_version",
                                              "seed"};

/* The object has these members and no others. */
static inline void report_has_keys(const struct json *tree, const char *const *keys, size_t count)
{
    assert_int_equal(json_count(tree), count);
    for (size_t i = 0; i < count; i++) {
        if (json_kind(json_get(tree, keys[i])) == JSON_KIND_ABSENT) {
            fail_msg("no %s", keys[i]);
        }
    }
}

#define REPORT_HAS_PEOPLE_KEYS(tree) \
    report_has_keys(tree, report_people_keys, ARRAY_LEN(report_people_keys))
#define REPORT_HAS_BOT_KEYS(tree) report_has_keys(tree, report_bot_keys, ARRAY_LEN(report_bot_keys))

#endif
