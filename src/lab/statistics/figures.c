#include "lab/statistics/figures.h"

#include "base/err.h"

const char *figure_key(enum figure f)
{
    /* clang-format off */
    static const char *const keys[FIGURES] = {
        [FIGURE_MEAN_EER]          = "mean_eer",
        [FIGURE_GLOBAL_EER]        = "global_eer",
        [FIGURE_ZERO_MISS_FAR]     = "zero_miss_far",
        [FIGURE_AUC]               = "auc",
        [FIGURE_CLLR]              = "cllr",
        [FIGURE_CLLR_MIN]          = "cllr_min",
        [FIGURE_ECE]               = "ece",
        [FIGURE_BRIER]             = "brier",
        [FIGURE_FRR_070]           = "frr_070",
        [FIGURE_FAR_070]           = "far_070",
        [FIGURE_FRR_090]           = "frr_090",
        [FIGURE_FAR_090]           = "far_090",
        [FIGURE_DETECTION_FAR_001] = "detection_at_far_001",
        [FIGURE_DETECTION_FAR_010] = "detection_at_far_010",
    };
    /* clang-format on */
    MUST((unsigned)f < FIGURES);
    return keys[f];
}
