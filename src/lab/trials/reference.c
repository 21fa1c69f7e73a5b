#include "lab/trials/reference.h"

#include "engine/profile/samples_of.h"

#include <math.h>
#include <stdlib.h>

#define SPREAD_MIN 1e-9

/* Per context: sums first, then mean and mean absolute deviation. */
struct plain {
    uint64_t context;
    size_t features;
    size_t n[SAMPLE_FEATURES_MAX];
    double mean[SAMPLE_FEATURES_MAX];
    double deviation[SAMPLE_FEATURES_MAX];
};

struct reference {
    struct plain *plain;
    size_t count;
    bool deviating; /* second pass */
    err_t error;
};

/* Scrolling is kept as signed logs (sample.c), vectors as they come. What other events hold beside times and touches
 * was never published as a measurement: it stays a feature. */
static double plain_raw(const struct sample *s, size_t f)
{
    return s->kind == SAMPLE_SCROLL ? copysign(expm1(fabs(s->x[f])), s->x[f]) : s->x[f];
}

/* The measurement behind a feature. */
static double raw(const struct sample *s, size_t f)
{
    switch ((enum feature_type)s->type[f]) {
    case FEATURE_HOLD:
    case FEATURE_DOWN_DOWN: return exp(s->x[f]);
    case FEATURE_UP_DOWN: return exp(s->x[f]) - 0.2;
    case FEATURE_PRESSURE: return exp(s->x[f]) - SAMPLE_PRESSURE_OFFSET;
    case FEATURE_SIZE: return exp(s->x[f]) - SAMPLE_SIZE_OFFSET;
    case FEATURE_PLAIN: return plain_raw(s, f);
    case FEATURE_PLACE_X:
    case FEATURE_PLACE_Y:
    case FEATURE_TYPES: return s->x[f];
    }
    return s->x[f];
}

static struct plain *find(const struct reference *r, const struct sample *s)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->plain[i].context == s->context && r->plain[i].features == s->count) {
            return &r->plain[i];
        }
    }
    return NULL;
}

static struct plain *find_or_make(struct reference *r, const struct sample *s)
{
    struct plain *p = find(r, s);
    if (p != NULL) {
        return p;
    }
    struct plain *grown = realloc(r->plain, (r->count + 1) * sizeof *grown);
    if (grown == NULL) {
        r->error = err_new(ERR_NOMEM);
        return NULL;
    }
    r->plain = grown;
    r->plain[r->count] = (struct plain){.context = s->context, .features = s->count};
    return &r->plain[r->count++];
}

static void add(void *ctx, const struct sample *s)
{
    struct reference *r = ctx;
    if (s->kind == SAMPLE_TEXT) {
        return; /* published for entries of one text; an entry is not to count twice */
    }
    struct plain *p = r->deviating ? find(r, s) : find_or_make(r, s);
    for (size_t f = 0; p != NULL && f < s->count; f++) {
        const double x = raw(s, f);
        if (isnan(x)) {
            continue;
        }
        if (r->deviating) {
            p->deviation[f] += fabs(x - p->mean[f]) / (double)p->n[f];
        } else {
            p->n[f]++;
            p->mean[f] += (x - p->mean[f]) / (double)p->n[f];
        }
    }
}

static void pass(const struct dataset *set, const struct dataset_model *m, struct reference *r)
{
    struct sample work;
    for (size_t i = 0; i < m->enrols; i++) {
        const struct dataset_session *s = dataset_session(set, m->enrol[i]);
        for (size_t e = s->first; e < (size_t)s->first + s->count; e++) {
            samples_of(&dataset_event(set, e)->event, &work, add, r);
        }
    }
}

err_t reference_new(const struct dataset *set, const struct dataset_model *m,
                    struct reference **out)
{
    struct reference *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return err_new(ERR_NOMEM);
    }
    pass(set, m, r);
    r->deviating = true;
    pass(set, m, r);
    if (failed(r->error)) {
        const err_t e = r->error;
        reference_free(&r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

void reference_free(struct reference **r)
{
    if (*r == NULL) {
        return;
    }
    free((*r)->plain);
    free(*r);
    *r = NULL;
}

double reference_distance(const struct reference *r, const struct sample *s, bool scaled)
{
    const struct plain *p = find(r, s);
    double sum = 0.0;
    size_t n = 0;
    for (size_t f = 0; p != NULL && f < s->count; f++) {
        const double x = raw(s, f);
        if (isnan(x) || p->n[f] == 0) {
            continue;
        }
        const double gap = fabs(x - p->mean[f]);
        sum += scaled ? gap / fmax(p->deviation[f], SPREAD_MIN) : gap;
        n++;
    }
    return n == 0 ? NAN : sum;
}
