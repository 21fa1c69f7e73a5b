#include "lab/statistics/walk.h"

#include "lab/statistics/numbers.h"

#include <math.h>
#include <stdlib.h>

/* Each user's own rates. */
static err_t own_rates(struct walk *w, const struct score_user *users)
{
    for (size_t u = 0; u < w->users; u++) {
        w->eer[u] = NAN;
        w->zero_miss[u] = NAN;
        if (users[u].genuine_count == 0 || users[u].impostor_count == 0) {
            continue;
        }
        CLEANUP(ladder_deinit) struct ladder own = {0};
        TRY(ladder_build(&users[u], 1, &own));
        w->eer[u] = ladder_eer(&own);
        w->zero_miss[u] = ladder_zero_miss(&own);
    }
    return ERR_OK;
}

err_t walk_init(const struct score_user *users, size_t count, struct walk *out)
{
    CLEANUP(walk_deinit) struct walk w = {.users = count};
    TRY(ladder_build(users, count, &w.ladder));
    TRY(llr_build(&w.ladder, &w.terms));
    w.blocks = calloc(w.ladder.steps, sizeof *w.blocks);
    w.eer = numbers_new(count);
    w.zero_miss = numbers_new(count);
    if (w.blocks == NULL || w.eer == NULL || w.zero_miss == NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
        return err_new(ERR_NOMEM);
    }
    TRY(own_rates(&w, users));
    *out = w;
    w = (struct walk){0};
    return ERR_OK;
}

void walk_deinit(struct walk *w)
{
    ladder_deinit(&w->ladder);
    llr_deinit(&w->terms);
    free(w->blocks);
    numbers_free(&w->eer);
    numbers_free(&w->zero_miss);
    *w = (struct walk){0};
}

/* Mean of the values that exist. */
static double mean_of(const double *value, size_t count, const uint32_t *weight)
{
    double sum = 0.0;
    uint64_t n = 0;
    for (size_t u = 0; u < count; u++) {
        const uint32_t times = weight == NULL ? 1 : weight[u];
        if (times > 0 && !isnan(value[u])) {
            sum += times * value[u];
            n += times;
        }
    }
    return n == 0 ? NAN : sum / (double)n;
}

void walk_figures(struct walk *w, const uint32_t *weight, double out[FIGURES])
{
    struct ladder *const l = &w->ladder;
    const double challenge = llr_threshold(.7);
    const double block = llr_threshold(.9);
    ladder_weigh(l, weight);
    out[FIGURE_MEAN_EER] = mean_of(w->eer, w->users, weight);
    out[FIGURE_GLOBAL_EER] = ladder_eer(l);
    out[FIGURE_ZERO_MISS_FAR] = mean_of(w->zero_miss, w->users, weight);
    out[FIGURE_AUC] = ladder_auc(l);
    out[FIGURE_CLLR] = llr_cllr(l, w->terms);
    out[FIGURE_CLLR_MIN] = ladder_cllr_min(l, w->blocks);
    out[FIGURE_ECE] = llr_ece(l, w->terms);
    out[FIGURE_BRIER] = llr_brier(l, w->terms);
    out[FIGURE_FRR_070] = llr_frr(l, challenge);
    out[FIGURE_FAR_070] = llr_far(l, challenge);
    out[FIGURE_FRR_090] = llr_frr(l, block);
    out[FIGURE_FAR_090] = llr_far(l, block);
    out[FIGURE_DETECTION_FAR_001] = ladder_detection(l, 1);
    out[FIGURE_DETECTION_FAR_010] = ladder_detection(l, 10);
}
