#include "lab/statistics/llr.h"

#include <math.h>
#include <stdlib.h>

/* ln(1 + e^x) without overflow. */
static double softplus(double x)
{
    return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static uint32_t bin_of(double p)
{
    const double at = floor(p * LLR_BINS);
    return at >= LLR_BINS - 1 ? LLR_BINS - 1 : (uint32_t)at;
}

err_t llr_build(const struct ladder *l, struct llr_term **out)
{
    struct llr_term *const terms = calloc(l->steps + 1, sizeof *terms);
    if (terms == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t s = 0; s < l->steps; s++) {
        const double score = l->step[s].score;
        const double p = 1.0 / (1.0 + exp(-score));
        terms[s] = (struct llr_term){.cost_genuine = softplus(score),
                                     .cost_impostor = softplus(-score),
                                     .p = p,
                                     .bin = bin_of(p)};
    }
    *out = terms;
    return ERR_OK;
}

void llr_deinit(struct llr_term **terms)
{
    free(*terms);
    *terms = NULL;
}

double llr_cllr(const struct ladder *l, const struct llr_term *terms)
{
    if (!ladder_has_both(l)) {
        return NAN;
    }
    double genuine = 0.0;
    double impostor = 0.0;
    for (size_t s = 0; s < l->steps; s++) {
        genuine += (double)l->step[s].genuine * terms[s].cost_genuine;
        impostor += (double)l->step[s].impostor * terms[s].cost_impostor;
    }
    const double nats = genuine / (double)l->genuine + impostor / (double)l->impostor;
    return nats / (2.0 * log(2.0));
}

double llr_brier(const struct ladder *l, const struct llr_term *terms)
{
    if (!ladder_has_both(l)) {
        return NAN;
    }
    double genuine = 0.0;
    double impostor = 0.0;
    for (size_t s = 0; s < l->steps; s++) {
        const double p = terms[s].p;
        genuine += (double)l->step[s].genuine * p * p;
        impostor += (double)l->step[s].impostor * (1.0 - p) * (1.0 - p);
    }
    return .5 * (genuine / (double)l->genuine + impostor / (double)l->impostor);
}

void llr_bins(const struct ladder *l, const struct llr_term *terms, struct llr_bin out[LLR_BINS])
{
    MUST(ladder_has_both(l));
    for (size_t b = 0; b < LLR_BINS; b++) {
        out[b] = (struct llr_bin){0};
    }
    const double one_genuine = .5 / (double)l->genuine;
    const double one_impostor = .5 / (double)l->impostor;
    for (size_t s = 0; s < l->steps; s++) {
        struct llr_bin *const bin = &out[terms[s].bin];
        const double g = (double)l->step[s].genuine * one_genuine;
        const double i = (double)l->step[s].impostor * one_impostor;
        bin->predicted += (g + i) * terms[s].p;
        bin->observed += i;
        bin->weight += g + i;
        bin->genuine += l->step[s].genuine;
        bin->impostor += l->step[s].impostor;
    }
}

double llr_ece(const struct ladder *l, const struct llr_term *terms)
{
    if (!ladder_has_both(l)) {
        return NAN;
    }
    struct llr_bin bins[LLR_BINS];
    llr_bins(l, terms, bins);
    double sum = 0.0;
    for (size_t b = 0; b < LLR_BINS; b++) {
        sum += fabs(bins[b].predicted - bins[b].observed);
    }
    return sum;
}

double llr_threshold(double risk)
{
    MUST(risk > 0.0 && risk < 1.0);
    return log(risk / (1.0 - risk)) - log(MEASURES_PRIOR / (1.0 - MEASURES_PRIOR));
}

double llr_risk(double nats)
{
    return 1.0 / (1.0 + (1.0 - MEASURES_PRIOR) / MEASURES_PRIOR * exp(-nats));
}

double llr_frr(const struct ladder *l, double threshold)
{
    if (l->genuine == 0) {
        return NAN;
    }
    uint64_t flagged = 0;
    for (size_t s = 0; s < l->steps && l->step[s].score >= threshold; s++) {
        flagged += l->step[s].genuine;
    }
    return (double)flagged / (double)l->genuine;
}

double llr_far(const struct ladder *l, double threshold)
{
    if (l->impostor == 0) {
        return NAN;
    }
    uint64_t flagged = 0;
    for (size_t s = 0; s < l->steps && l->step[s].score >= threshold; s++) {
        flagged += l->step[s].impostor;
    }
    return (double)(l->impostor - flagged) / (double)l->impostor;
}
