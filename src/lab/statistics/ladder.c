#include "lab/statistics/ladder.h"

#include <math.h>
#include <stdlib.h>

static int highest_first(const void *a, const void *b)
{
    const double x = ((const struct ladder_trial *)a)->score;
    const double y = ((const struct ladder_trial *)b)->score;
    return (x < y) - (x > y);
}

static err_t take(struct ladder *l, const double *scores, size_t count, uint32_t user,
                  bool impostor)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(scores[i])) {
            return err_new(ERR_RANGE);
        }
        l->trial[l->trials++] = (struct ladder_trial){
            .score = scores[i], .user = user & INT32_MAX, .impostor = impostor ? 1 : 0};
    }
    return ERR_OK;
}

static err_t take_all(struct ladder *l, const struct score_user *users, size_t count)
{
    for (size_t u = 0; u < count; u++) {
        TRY(take(l, users[u].genuine, users[u].genuine_count, (uint32_t)u, false));
        TRY(take(l, users[u].impostor, users[u].impostor_count, (uint32_t)u, true));
    }
    return ERR_OK;
}

/* One step for each distinct score of the sorted trials. */
static void make_steps(struct ladder *l)
{
    for (size_t i = 0; i < l->trials; i++) {
        struct ladder_trial *const t = &l->trial[i];
        if (i == 0 || t->score < l->trial[i - 1].score) {
            l->step[l->steps++].score = t->score;
        }
        t->step = (uint32_t)(l->steps - 1);
    }
}

err_t ladder_build(const struct score_user *users, size_t count, struct ladder *out)
{
    size_t trials = 0;
    for (size_t u = 0; u < count; u++) {
        if (users[u].genuine_count > LADDER_TRIALS || users[u].impostor_count > LADDER_TRIALS) {
            return err_new(ERR_RANGE);
        }
        trials += users[u].genuine_count + users[u].impostor_count;
    }
    if (trials == 0 || trials > LADDER_TRIALS || count > INT32_MAX) {
        return err_new(ERR_RANGE);
    }
    CLEANUP(ladder_deinit)
    struct ladder l = {.trial = calloc(trials, sizeof *l.trial),
                       .step = calloc(trials, sizeof *l.step)};
    if (l.trial == NULL || l.step == NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
        return err_new(ERR_NOMEM);
    }
    TRY(take_all(&l, users, count));
    qsort(l.trial, l.trials, sizeof *l.trial, highest_first);
    make_steps(&l);
    ladder_weigh(&l, NULL);
    *out = l;
    l = (struct ladder){0};
    return ERR_OK;
}

void ladder_deinit(struct ladder *l)
{
    free(l->trial);
    free(l->step);
    *l = (struct ladder){0};
}

void ladder_weigh(struct ladder *l, const uint32_t *weight)
{
    for (size_t s = 0; s < l->steps; s++) {
        l->step[s].genuine = 0;
        l->step[s].impostor = 0;
    }
    l->genuine = 0;
    l->impostor = 0;
    for (size_t i = 0; i < l->trials; i++) {
        const struct ladder_trial *const t = &l->trial[i];
        const uint64_t times = weight == NULL ? 1 : weight[t->user];
        struct ladder_step *const step = &l->step[t->step];
        if (t->impostor) {
            step->impostor += times;
            l->impostor += times;
        } else {
            step->genuine += times;
            l->genuine += times;
        }
    }
}

bool ladder_has_both(const struct ladder *l)
{
    return l->genuine > 0 && l->impostor > 0;
}

/*
 * Lower the threshold step by step: the miss rate falls from 1, the false-alarm rate rises from 0.
 * Between the last point with miss >= false alarm and the first with miss < false alarm the curve
 * is a line; where both rates are equal on it is the EER (Killourhy and Maxion's script).
 */
double ladder_eer(const struct ladder *l)
{
    if (!ladder_has_both(l)) {
        return NAN;
    }
    uint64_t flagged = 0; /* genuine */
    uint64_t missed = l->impostor;
    for (size_t s = 0; s < l->steps; s++) {
        const uint64_t miss_after = missed - l->step[s].impostor;
        const uint64_t flagged_after = flagged + l->step[s].genuine;
        if (miss_after * l->genuine < flagged_after * l->impostor) {
            const uint64_t before = missed * l->genuine - flagged * l->impostor;
            const uint64_t after = flagged_after * l->impostor - miss_after * l->genuine;
            const double way = (double)before / (double)(before + after);
            const double fallen = (double)l->step[s].impostor;
            return ((double)missed - way * fallen) / (double)l->impostor;
        }
        missed = miss_after;
        flagged = flagged_after;
    }
    return NAN; /* not reached: the last point is (0, 1) */
}

/* Pairs in which the impostor's score is higher; ties are a half, so twice the count is whole. */
double ladder_auc(const struct ladder *l)
{
    if (!ladder_has_both(l)) {
        return NAN;
    }
    uint64_t below = l->genuine;
    uint64_t twice = 0;
    for (size_t s = 0; s < l->steps; s++) {
        below -= l->step[s].genuine;
        twice += l->step[s].impostor * (2 * below + l->step[s].genuine);
    }
    return (double)twice / (2.0 * (double)l->genuine * (double)l->impostor);
}

double ladder_zero_miss(const struct ladder *l)
{
    if (!ladder_has_both(l)) {
        return NAN;
    }
    uint64_t flagged = 0;
    uint64_t missed = l->impostor;
    for (size_t s = 0; s < l->steps && missed > 0; s++) {
        flagged += l->step[s].genuine;
        missed -= l->step[s].impostor;
    }
    return (double)flagged / (double)l->genuine;
}

double ladder_detection(const struct ladder *l, unsigned percent)
{
    if (!ladder_has_both(l)) {
        return NAN;
    }
    uint64_t flagged = 0;
    uint64_t detected = 0;
    for (size_t s = 0; s < l->steps; s++) {
        flagged += l->step[s].genuine;
        if (flagged * 100 > percent * l->genuine) {
            break;
        }
        detected += l->step[s].impostor;
    }
    return (double)detected / (double)l->impostor;
}

size_t ladder_pav(const struct ladder *l, struct pav_block *blocks)
{
    size_t n = 0;
    for (size_t s = 0; s < l->steps; s++) {
        blocks[n++] = (struct pav_block){l->step[s].genuine, l->step[s].impostor, 1};
        while (n > 1) {
            struct pav_block *const upper = &blocks[n - 2];
            const struct pav_block *const lower = &blocks[n - 1];
            if (upper->impostor * lower->genuine > lower->impostor * upper->genuine) {
                break;
            }
            upper->genuine += lower->genuine;
            upper->impostor += lower->impostor;
            upper->steps += lower->steps;
            n--;
        }
    }
    return n;
}

/* A block's posterior at equal priors is p = i/(i+g) of its shares; its cost -i log p - g log(1-p). */
double ladder_cllr_min(const struct ladder *l, struct pav_block *blocks)
{
    if (!ladder_has_both(l)) {
        return NAN;
    }
    const size_t n = ladder_pav(l, blocks);
    double nats = 0.0;
    for (size_t b = 0; b < n; b++) {
        if (blocks[b].genuine == 0 || blocks[b].impostor == 0) {
            continue;
        }
        const double g = (double)blocks[b].genuine / (double)l->genuine;
        const double i = (double)blocks[b].impostor / (double)l->impostor;
        nats += i * log1p(g / i) + g * log1p(i / g);
    }
    return nats / (2.0 * log(2.0));
}
