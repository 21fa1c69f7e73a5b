#include "lab/people/texts.h"

#include "lab/people/people.h"

#include <math.h>

enum { PAUSES_MIN = 3 };

/* One person's pauses, less their mean: how quick he is tells nothing of the text. False: one is not known. */
static bool pauses_of(const struct sample *like, const struct part *p, double *out, size_t *count)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t f = 0; f < like->count; f++) {
        if (like->type[f] != FEATURE_DOWN_DOWN) {
            continue;
        }
        out[n] = part_middle(p, f);
        if (isnan(out[n])) {
            return false;
        }
        sum += out[n++];
    }
    for (size_t i = 0; i < n; i++) {
        out[i] -= sum / (double)n;
    }
    *count = n;
    return n >= PAUSES_MIN;
}

/* Sums over people, for each pause. */
struct pauses {
    double sum[SAMPLE_FEATURES_MAX];
    double squares[SAMPLE_FEATURES_MAX];
    size_t count;
    size_t people;
};

static void add_person(const struct sample *like, const struct part *part, struct pauses *all)
{
    double one[SAMPLE_FEATURES_MAX];
    size_t n = 0;
    if (part == NULL || !pauses_of(like, part, one, &n)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        all->sum[i] += one[i];
        all->squares[i] += one[i] * one[i];
    }
    all->count = n;
    all->people++;
}

double texts_common(const struct bank_context *c, const struct stages *stages, const bool *in)
{
    struct pauses all = {.people = 0};
    for (size_t u = 0; u < c->users && c->like.kind == SAMPLE_KEYS; u++) {
        if (in[u]) {
            add_person(&c->like, stages_last(stages, u), &all);
        }
    }
    if (all.people < PEOPLE_MIN) {
        return NAN;
    }
    const double people = (double)all.people;
    double own = 0.0;    /* variance of people about what is common */
    double common = 0.0; /* variance of the means, which are zero in sum */
    for (size_t i = 0; i < all.count; i++) {
        const double mean = all.sum[i] / people;
        own += (all.squares[i] - people * mean * mean) / (people - 1.0);
        common += mean * mean;
    }
    own /= (double)all.count;
    common = common / (double)(all.count - 1) - own / people;
    return own + common > 0.0 ? common / (own + common) : NAN;
}
