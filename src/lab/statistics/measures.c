#include "lab/statistics/measures.h"

#include "lab/statistics/walk.h"

#include <math.h>

/* Deviation of the EERs that exist about their mean. */
static double deviation(const struct walk *w, double mean, size_t users)
{
    if (users < 2) {
        return NAN;
    }
    double squares = 0.0;
    for (size_t u = 0; u < w->users; u++) {
        if (!isnan(w->eer[u])) {
            squares += (w->eer[u] - mean) * (w->eer[u] - mean);
        }
    }
    return sqrt(squares / (double)(users - 1));
}

err_t measures_compute(const struct score_user *users, size_t count, struct measures *out,
                       double *user_eer)
{
    CLEANUP(walk_deinit) struct walk w = {0};
    TRY(walk_init(users, count, &w));
    struct measures m = {.genuine = w.ladder.genuine, .impostor = w.ladder.impostor};
    walk_figures(&w, NULL, m.value);
    for (size_t u = 0; u < count; u++) {
        m.users += isnan(w.eer[u]) ? 0 : 1;
        if (user_eer != NULL) {
            user_eer[u] = w.eer[u];
        }
    }
    m.mean_eer_sd = deviation(&w, m.value[FIGURE_MEAN_EER], m.users);
    *out = m;
    return ERR_OK;
}

void measures_forget_llr(struct measures *m)
{
    static const enum figure needs[] = {FIGURE_CLLR,    FIGURE_ECE,     FIGURE_BRIER,
                                        FIGURE_FRR_070, FIGURE_FAR_070, FIGURE_FRR_090,
                                        FIGURE_FAR_090};

    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        m->value[needs[i]] = NAN;
    }
}
