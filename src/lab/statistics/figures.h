/*
 * figures.h - the figures of an evaluation, one name for each, used by measures, bootstrap, report.
 *
 * Floor      lab/statistics
 * Units      shares 0..1; Cllr in bits; NaN is "this figure does not exist" and never leaves the
 *            floor: reports write null.
 *
 * FRR: share of genuine trials that are flagged. FAR: share of impostor trials that are not.
 */
#ifndef LAB_FIGURES_H
#define LAB_FIGURES_H

enum figure {
    FIGURE_MEAN_EER,          /* mean over users that have both kinds of trials */
    FIGURE_GLOBAL_EER,        /* one threshold for all */
    FIGURE_ZERO_MISS_FAR,     /* genuine flagged when no impostor passes; mean over users */
    FIGURE_AUC,               /* one threshold for all; ties count one half */
    FIGURE_CLLR,              /* bits; needs scores that are natural log likelihood ratios */
    FIGURE_CLLR_MIN,          /* bits, after the best monotone calibration */
    FIGURE_ECE,               /* 15 bins, classes balanced */
    FIGURE_BRIER,             /* classes balanced */
    FIGURE_FRR_070,           /* risk >= 0.7 at the prior .05 */
    FIGURE_FAR_070,           /* risk < 0.7 */
    FIGURE_FRR_090,           /* risk >= 0.9 */
    FIGURE_FAR_090,           /* risk < 0.9 */
    FIGURE_DETECTION_FAR_001, /* impostors flagged with at most 1 % of the genuine flagged */
    FIGURE_DETECTION_FAR_010, /* the same with at most 10 % */
    FIGURES
};

/* The JSON key: "mean_eer", ... */
const char *figure_key(enum figure f);

#endif
