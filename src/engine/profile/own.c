#include "engine/profile/own.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHRINK    20.0 /* rows that weigh as much as everybody's share */
#define NEIGHBOUR 0.15 /* of a bin's weight that each neighbour gets */
#define STEPS     32.0 /* of a nat */
#define SUM_CLIP  16.0

/* Ages count: the weight of a row halves every half of what is kept. */
static void weigh(double *weight, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        weight[i] = exp2(-2.0 * (double)i / (double)n);
    }
}

/* A bin shares with its neighbours; the one of missing values has none. */
static void smooth(double *h, size_t bins)
{
    double was[CROWD_COARSE];
    memcpy(was, h, sizeof was);
    for (size_t b = 1; b <= bins; b++) {
        const double left = was[b > 1 ? b - 1 : b];
        const double right = was[b < bins ? b + 1 : b];
        h[b] = (1.0 - 2.0 * NEIGHBOUR) * was[b] + NEIGHBOUR * (left + right);
    }
}

static void count_feature(const struct own_rows *rows, const double *weight, size_t f,
                          int8_t against[CROWD_COARSE])
{
    const struct crowd *c = rows->crowd;
    double h[CROWD_COARSE] = {0.0};
    double n = 0.0;
    for (size_t i = 0; i < rows->count; i++) {
        h[crowd_coarse(c, f, rows->row[i * c->features + f])] += weight[i];
        n += weight[i];
    }
    smooth(h, crowd_coarse_bins(c, f));
    for (size_t b = 0; b < CROWD_COARSE; b++) {
        const double p = (double)c->share[f * CROWD_COARSE + b];
        const double ratio = (h[b] + SHRINK * p) / ((n + SHRINK) * p);
        against[b] = (int8_t)clip(floor(-log(ratio) * STEPS + 0.5), -127.0, 127.0);
    }
}

/* Axes are for whoever's fusion weighs them. While a fusion is being fitted, which has no scales yet, that is who
 * is known by few rows. */
static bool wants_axes(const struct crowd *c, size_t n)
{
    const struct fusion *f = &c->fusion[crowd_bucket(n)];
    return f->scale[CROWD_AXES] > 0.0 ? f->weight[CROWD_AXES] != 0.0 : n < OWN_AXES_BELOW;
}

/* Of a row `age` places behind the newest of n. */
static double *weights_of(size_t n)
{
    double *weight = calloc(n + 1, sizeof *weight);
    if (weight != NULL) {
        weigh(weight, n);
    }
    return weight;
}

/* What was worked out anew takes the place of what was. Scores that were counted are of the form before. */
static void take(struct own *o, struct own *fresh, enum own_form form, size_t known)
{
    if (fresh->form != form) {
        fresh->scored = 0;
        fresh->score_mean = 0.0F;
        fresh->score_m2 = 0.0F;
    }
    fresh->form = (uint8_t)form;
    fresh->known = (uint16_t)known;
    fresh->grown_at = fresh->accepted;
    fresh->changed = 1;
    *o = *fresh;
}

/* Histograms, axes and trees in `fresh`, whose form's bytes are all 0. False: no memory. */
static bool learn_among(struct own *fresh, const struct own_rows *rows, const double *weight)
{
    const struct crowd *c = rows->crowd;
    const size_t n = rows->count;
    for (size_t f = 0; f < c->features; f++) {
        count_feature(rows, weight, f, &fresh->against[f * CROWD_COARSE]);
    }
    fresh->axes = wants_axes(c, n) ? c->axes : 0;
    if (fresh->axes > 0) {
        axes_learn(c, &(struct axes_rows){.row = rows->row, .weight = weight, .count = n},
                   &fresh->along);
    }
    fresh->trees = n >= OWN_TREES_FROM ? GROW_TREES : 0;
    return fresh->trees == 0 || grow(&(struct grow_rows){.features = c->features,
                                                         .own = n,
                                                         .others = c->rows,
                                                         .own_row = rows->row,
                                                         .own_weight = weight,
                                                         .other_row = c->row},
                                     fresh->tree);
}

bool own_work_out(struct own *o, const struct own_rows *rows)
{
    double *weight = weights_of(rows->count);
    struct own *fresh = malloc(sizeof *fresh);
    bool good = weight != NULL && fresh != NULL;
    if (good) {
        *fresh = *o;
        memset(fresh->against, 0, sizeof fresh->against);
        memset(&fresh->along, 0, sizeof fresh->along);
        memset(fresh->tree, 0, sizeof fresh->tree);
        good = learn_among(fresh, rows, weight);
    }
    if (good) {
        fresh->crowd_id = rows->crowd->id;
        take(o, fresh, OWN_AMONG, rows->count);
    }
    free(weight);
    free(fresh);
    return good;
}

bool own_is_foreign(const struct own_rows *rows, bool simulated, bool *foreign)
{
    const double limit = simulated ? OWN_FOREIGN_SIMULATED : OWN_FOREIGN;
    *foreign = false;
    if (rows->crowd->people < OWN_FOREIGN_PEOPLE) {
        return true;
    }
    double *weight = weights_of(rows->count);
    if (weight == NULL) {
        return false;
    }
    const struct axes_rows same = {.row = rows->row, .weight = weight, .count = rows->count};
    *foreign = axes_apart(rows->crowd, &same) > limit;
    free(weight);
    return true;
}

bool own_work_out_alone(struct own *o, const struct self_rows *rows, const struct crowd *crowd)
{
    struct own *fresh = malloc(sizeof *fresh);
    bool good = fresh != NULL;
    if (good) {
        *fresh = *o;
        good = self_learn(rows, &fresh->self);
    }
    if (good) {
        fresh->axes = 0;
        fresh->trees = 0;
        fresh->crowd_id = crowd == NULL ? 0 : crowd->id;
        take(o, fresh, OWN_ALONE, rows->count);
    }
    free(fresh);
    return good;
}

void own_scores(const struct own *o, const struct crowd *crowd, const uint8_t *bins,
                double out[SCORES])
{
    int32_t sum = 0;
    for (size_t f = 0; f < o->features; f++) {
        sum += o->against[f * CROWD_COARSE + crowd_coarse(crowd, f, bins[f])];
    }
    memset(out, 0, SCORES * sizeof *out);
    out[CROWD_HISTOGRAM] = clip(sum / STEPS, -SUM_CLIP, SUM_CLIP);
    if (o->axes > 0 && o->axes == crowd->axes) {
        out[CROWD_AXES] = axes_score(crowd, &o->along, bins);
    }
    if (o->trees > 0) {
        out[CROWD_TREES] = -clip(trees_sum(o->tree, bins), -OWN_TREES_CLIP, OWN_TREES_CLIP);
    }
}

void own_note_score(struct own *o, double nats)
{
    o->scored += o->scored < UINT32_MAX ? 1U : 0U;
    const double gap = nats - (double)o->score_mean;
    const double mean = (double)o->score_mean + gap / (double)o->scored;
    o->score_m2 = (float)((double)o->score_m2 + gap * (nats - mean));
    o->score_mean = (float)mean;
    o->changed = 1;
}
