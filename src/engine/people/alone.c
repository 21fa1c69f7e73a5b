#include "engine/people/alone.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/model.h"

#include <math.h>

/* A deviation from the population at which a feature is cut. */
#define CAP 4.0

/* Of people who type one text the pauses, less their mean, lie up to 1.3 deviations from everybody's in the mean,
 * places up to 1.4; of those who type another text 2.2 and 4 as a rule (MEU, MOBIKEY, digits of them). */
#define PAUSES_OTHERWISE 1.75
#define PLACES_OTHERWISE 2.0

enum { PAUSES_LEAST = 4 };

/* How many features the lines below are for; others grow or shrink them by this power of the share, as far as
 * it was tried. */
#define FEATURES_USUAL 40.0
#define FEATURES_LEAST 16.0
#define FEATURES_MOST  103.0
#define FEATURES_POWER 0.4

/* Further than any score is above the crossing: nothing is cut there. */
#define SCORES_HIGH 4.0

#define CEILING 4.5
#define FLOOR   6.0

/* Nobody measured how far a text may lie from those before it: it never says more than with so few known. */
enum { TEXT_KNOWN = 12 };

/* Vectors of a research set: nobody knows what they measure. They say half as much a deviation, speak against the
 * owner earlier, and those of one session are averaged, not summed: with that the strokes of Antal keep Cllr below a
 * bit (docs/engine/actions.md). */
#define VECTOR_SLOPE 0.5
#define VECTOR_LOWER 0.1
#define VECTORS_RUN  10.0

bool alone_speaks(const struct sample *s)
{
    return s->kind == SAMPLE_KEYS || s->kind == SAMPLE_TEXT || s->kind == SAMPLE_FEATURES;
}

static bool is_touched(const struct sample *s)
{
    bool any = false;
    for (size_t f = 0; f < s->count; f++) {
        any = any || (s->type[f] >= FEATURE_PRESSURE && s->type[f] <= FEATURE_PLACE_Y);
    }
    return any;
}

double alone_limit(const struct sample *s, bool simulated)
{
    if (!simulated) {
        return ALONE_FOREIGN;
    }
    return s->kind == SAMPLE_KEYS && is_touched(s) ? ALONE_FOREIGN_TOUCHED
                                                   : ALONE_FOREIGN_SIMULATED;
}

/* Of one feature: how far the owner's median lies from that of all people, of all ages, and a deviation of theirs,
 * as what it is multiplied with. */
struct away {
    double by, scale;
};

static bool away_from(const struct part *p, const struct population *pop, size_t f,
                      struct away *out)
{
    const float *const all = pop->lanes.habit + f * PEOPLE_LANES_HABIT + 1;
    const double middle = part_middle(p, f);
    if (isnan(middle) || !(part_spread(p, f) > 0.0) || !(all[PEOPLE_LANES_GROUP] > 0.0F)) {
        return false;
    }
    out->by = middle - (double)all[0];
    out->scale = M_SQRT2 * (double)all[PEOPLE_LANES_GROUP];
    return true;
}

static double cut(double by, double scale)
{
    return fmin(fabs(by) * scale, CAP);
}

/* A mean of so many; 0 of fewer than the least. */
struct mean {
    double sum;
    size_t n;
};

static void mean_add(struct mean *m, double x)
{
    m->sum += x;
    m->n++;
}

static double mean_of(const struct mean *m, size_t least)
{
    return m->n >= least ? m->sum / (double)m->n : 0.0;
}

/* How quick he is says nothing of the text: pauses are compared less their mean. */
static double way_of_pauses(const struct away *pause, const struct mean *by)
{
    const double quick = mean_of(by, PAUSES_LEAST);
    struct mean way = {0.0, 0};
    for (size_t i = 0; i < by->n; i++) {
        mean_add(&way, cut(pause[i].by - quick, pause[i].scale));
    }
    return mean_of(&way, PAUSES_LEAST);
}

struct alone_way alone_way(const struct part *p, const struct sample *s,
                           const struct population *pop)
{
    struct away SCRATCH pause[SAMPLE_FEATURES_MAX];
    struct mean all = {0.0, 0};
    struct mean places = {0.0, 0};
    struct mean by = {0.0, 0};
    for (size_t f = 0; f < p->features; f++) {
        struct away *const away = &pause[by.n];
        if (!away_from(p, pop, f, away)) {
            continue;
        }
        const double far = cut(away->by, away->scale);
        const uint8_t type = s->kind == SAMPLE_KEYS ? s->type[f] : FEATURE_PLAIN;
        mean_add(&all, far);
        if (type == FEATURE_DOWN_DOWN) {
            mean_add(&by, away->by);
        } else if (type == FEATURE_PLACE_X || type == FEATURE_PLACE_Y) {
            mean_add(&places, far);
        }
    }
    return (struct alone_way){.all = mean_of(&all, 1),
                              .pauses = way_of_pauses(pause, &by),
                              .places = mean_of(&places, 1)};
}

bool alone_is_foreign(const struct alone_way *way, double limit)
{
    return way->all > limit;
}

bool alone_types_otherwise(const struct alone_way *way)
{
    return way->pauses > PAUSES_OTHERWISE || way->places > PLACES_OTHERWISE;
}

/* What is said of an owner of whom so many samples are known. */
struct said {
    double known;
    double slope;    /* nats a deviation */
    double crossing; /* deviations at which owner and others are as likely */
    double limit, owner, impostor, variance; /* nats, of what comes of it */
};

static double between(double from, double to, double share)
{
    return from + share * (to - from);
}

static struct said said_of(size_t known)
{
    static const struct said of[FUSION_LINES] = {{6.0, 2.8, 1.84, 2.8, -0.8, 0.8, 1.3},
                                                 {12.0, 3.9, 1.60, 3.0, -1.0, 1.0, 1.8},
                                                 {28.0, 5.9, 1.42, 4.5, -1.8, 2.1, 3.0},
                                                 {100.0, 8.5, 1.37, 5.7, -2.8, 3.2, 3.7}};
    double at[FUSION_LINES];
    for (size_t i = 0; i < FUSION_LINES; i++) {
        at[i] = of[i].known;
    }
    const struct fusion_place p = fusion_place(at, known);
    const struct said *const a = &of[p.line];
    const struct said *const b = p.share > 0.0 ? a + 1 : a;
    return (struct said){.known = (double)known,
                         .slope = between(a->slope, b->slope, p.share),
                         .crossing = between(a->crossing, b->crossing, p.share),
                         .limit = between(a->limit, b->limit, p.share),
                         .owner = between(a->owner, b->owner, p.share),
                         .impostor = between(a->impostor, b->impostor, p.share),
                         .variance = between(a->variance, b->variance, p.share)};
}

void alone_fusion(enum sample_kind kind, size_t compared, size_t known, struct fusion *out)
{
    const struct said line = said_of(known);
    const struct said said =
        said_of(kind == SAMPLE_TEXT && known > TEXT_KNOWN ? TEXT_KNOWN : known);
    const double features = clip((double)compared, FEATURES_LEAST, FEATURES_MOST);
    const bool vector = kind == SAMPLE_FEATURES;
    const double slope =
        (vector ? VECTOR_SLOPE : 1.0) * line.slope * pow(features / FEATURES_USUAL, FEATURES_POWER);
    const double share = 1.0 / (1.0 + EVIDENCE_NEAREST_WEIGHT);
    *out = (struct fusion){.high = SCORES_HIGH,
                           .limit = said.limit,
                           .owner = said.owner,
                           .impostor = said.impostor,
                           .variance = said.variance,
                           .run = vector ? VECTORS_RUN : 1.0,
                           .ceiling = CEILING,
                           .floor = FLOOR};
    for (size_t i = 0; i < SCORES; i++) {
        out->mean[i] = line.crossing - (vector ? VECTOR_LOWER : 0.0);
        out->scale[i] = 1.0;
    }
    out->weight[SCORE_ONE_CLASS] = slope * share;
    out->weight[SCORE_NEAREST] = slope * share * EVIDENCE_NEAREST_WEIGHT;
}
