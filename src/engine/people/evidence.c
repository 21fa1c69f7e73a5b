#include "engine/people/evidence.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/beside.h"
#include "engine/people/model.h"
#include "engine/people/smallest.h"

#include <math.h>
#include <string.h>

/* Constants chosen on MEU and MOBIKEY: docs/engine/keystrokes.md has the trials. */
#define CAP      BESIDE_CAP
#define AGE_COST 0.3 /* deviations a feature that a sample PART_RING old is further away */
/* Of the features that the profile knows. A short text has few of the groups of keys that longer ones have had, and
 * says as much by those. */
#define PRESENT_SHARE      0.70
#define PRESENT_SHARE_TEXT 0.35
#define COHORT_T           BESIDE_T
#define POPULATION_T       4.0 /* of the two populations */
#define Z_MAX              BESIDE_Z_MAX

enum {
    LOG_EVERY = 16, /* (5e5 * 1e2)^(3/2) to the 16th is 1e184 */
    STEPS_FAR = INT32_MAX
};

/* A product of spreads that goes beyond: only vectors have such units. The next one is 1e-30 to 1e12. */
#define SCALE_LEAST 1e-100
#define SCALE_MOST  1e100

struct fusion_place fusion_place(const double at[FUSION_LINES], size_t known)
{
    const double n = (double)known;
    size_t i = 0;
    while (i + 1 < FUSION_LINES && n >= at[i + 1]) {
        i++;
    }
    const bool between = i + 1 < FUSION_LINES && n > at[i];
    return (struct fusion_place){.line = i,
                                 .share = between ? log(n / at[i]) / log(at[i + 1] / at[i]) : 0.0};
}

static_assert(sizeof(struct fusion) == FUSION_NUMBERS * sizeof(double), "nothing but numbers");

void fusion_between(const struct fusion_lines *of, size_t known, struct fusion *out)
{
    const struct fusion_place at = fusion_place(of->at, known);
    *out = of->line[at.line];
    if (!(at.share > 0.0)) {
        return;
    }
    double SCRATCH from[FUSION_NUMBERS];
    double SCRATCH to[FUSION_NUMBERS];
    memcpy(from, &of->line[at.line], sizeof from);
    memcpy(to, &of->line[at.line + 1], sizeof to);
    for (size_t i = 0; i < FUSION_NUMBERS; i++) {
        from[i] += at.share * (to[i] - from[i]);
    }
    memcpy(out, from, sizeof *out);
}

/* A sample beside a profile; only the features that both have. */
struct pair {
    size_t known;     /* features that the profile has */
    double one_class; /* sum over features of the distance in the user's spreads */
    double own;       /* log density */
    struct beside_sample sample;
    struct lens_mark mark;
};

/* Sum over features of ln of Student's t with two degrees of freedom, without its constant:
 * -1.5 ln((1 + z^2 / 2) spread^(2/3)). One logarithm serves LOG_EVERY factors. */
struct density_sum {
    double sum;
    double product;
    double scale;
    double weight; /* of the features of the product */
    unsigned n;
};

static void density_close(struct density_sum *d)
{
    d->sum -= d->weight * log(d->product * sqrt(d->product) * d->scale);
    d->product = 1.0;
    d->scale = 1.0;
    d->n = 0;
}

/* From here on features count otherwise. */
static void density_weigh(struct density_sum *d, double weight)
{
    if (d->weight < weight || d->weight > weight) {
        density_close(d);
        d->weight = weight;
    }
}

static void density_add(struct density_sum *d, double gap, double spread)
{
    const double z = clip(gap / spread, -Z_MAX, Z_MAX);
    d->product *= 1.0 + 0.5 * z * z;
    d->scale *= spread;
    if (++d->n == LOG_EVERY || !(d->scale > SCALE_LEAST && d->scale < SCALE_MOST)) {
        density_close(d);
    }
}

/* Does the feature vary between people? */
static bool tells_people_apart(const struct population *pop, size_t f)
{
    return pop->lanes.habit[f * PEOPLE_LANES_HABIT + PEOPLE_LANES_GROUP + 1] >
           0.0F; /* of all ages */
}

/* `pop` may be NULL. */
static void lay_side_by_side(const struct part *p, const struct population *pop,
                             const struct sample *s, struct pair *out)
{
    struct part_habit SCRATCH h;
    struct density_sum own = {.product = 1.0, .scale = 1.0, .weight = 1.0};
    part_habit(p, &h);
    struct beside_sample *both = &out->sample;
    const float *const weight = pop == NULL ? NULL : pop->weight;
    lens_clear(&out->mark, p->features);
    beside_clear(both);
    out->known = 0;
    out->one_class = 0.0;
    for (size_t f = 0; f < p->features; f++) {
        const bool known = !isnan(h.middle[f]) && (pop == NULL || tells_people_apart(pop, f));
        out->known += known;
        if (!known || isnan(s->x[f])) {
            both->not_at[both->missing++] = (uint8_t)f;
            continue;
        }
        const double gap = s->x[f] - (double)h.middle[f];
        const double z = clip(gap / (double)h.spread[f], -CAP, CAP);
        lens_put(&out->mark, f, z);
        if (weight == NULL) {
            out->one_class += fabs(z);
            beside_put(both, f, s->x[f]);
        } else {
            out->one_class += (double)weight[f] * fabs(z);
            density_weigh(&own, (double)weight[f]);
            beside_put_weighed(both, f, s->x[f], weight[f]);
        }
        density_add(&own, gap, (double)h.shrunk[f]);
    }
    density_close(&own);
    if (weight == NULL) {
        beside_all_alike(both);
    }
    out->own = own.sum;
}

/* t ln(mean of e^(a/t), e^(b/t)) */
static double soft_max(double a, double b, double t)
{
    const double high = fmax(a, b);
    return high + t * log(0.5 * exp((a - high) / t) + 0.5 * exp((b - high) / t));
}

/* Mean of the three smallest, of fewer where there are not three. */
static double mean_of(const float smallest[BESIDE_NEAREST])
{
    double sum = 0.0;
    size_t n = 0;
    for (; n < BESIDE_NEAREST && smallest[n] < BESIDE_FAR; n++) {
        sum += (double)smallest[n];
    }
    return n == 0 ? CAP : sum / (double)n;
}

static_assert(LANES == 4, "this file is for any processor");
static_assert((int)EVIDENCE_SAMPLES_MIN >= (int)BESIDE_NEAREST,
              "what stands behind the last row is never among the nearest");

/* Steps to each of the ring, and, where features do not all count alike, the same weighed. */
static void measure(const struct lens *l, const struct pair *pair, uint32_t *steps, float *far)
{
    const struct beside_sample *const s = &pair->sample;
    if (s->runs == 1) {
        lens_distances(l, &pair->mark, steps);
        return;
    }
    struct lens_run SCRATCH run[SAMPLE_FEATURES_MAX];
    size_t from = 0;
    for (size_t r = 0; r < s->runs; r++) {
        const size_t last = s->run[r].end - 1;
        run[r] = (struct lens_run){s->at[from], (size_t)s->at[last] + 1, s->run[r].weight};
        from = s->run[r].end;
    }
    lens_weighed_distances(l, &pair->mark, run, s->runs, steps, far);
}

/* To the nearest of the ring, some ages at a time; those behind the last are far away. `closest`:
 * steps to the nearest, whatever its age. */
static double nearest(const struct lens *l, const struct pair *pair, uint32_t *closest)
{
    enum { ROOM = (PART_RING + LANES - 1) / LANES * LANES };

    uint32_t SCRATCH steps[ROOM];
    float SCRATCH far[ROOM];
    const lanes_t ages = {0.0F, 1.0F, 2.0F, 3.0F};
    const bool is_even = pair->sample.runs == 1;
    const double all = is_even ? (double)pair->sample.n : pair->sample.total;
    const float share = (float)(1.0 / (LENS_STEP * all));
    measure(l, pair, steps, far);
    for (size_t i = l->count; i % LANES != 0; i++) {
        steps[i] = STEPS_FAR;
        far[i] = BESIDE_FAR;
    }
    struct smallest least = smallest_none();
    lanes_int_t closest_of = (lanes_int_t){0} + STEPS_FAR;
    for (size_t i = 0; i < l->count; i += LANES) {
        lanes_int_t some;
        memcpy(&some, steps + i, sizeof some);
        const lanes_int_t nearer = some < closest_of; /* all ones where true */
        closest_of = (some & nearer) | (closest_of & ~nearer);
        const lanes_t age = (float)(AGE_COST / PART_RING) * (ages + (float)(int32_t)i);
        const lanes_t weighed =
            is_even ? __builtin_convertvector(some, lanes_t) : lanes_load(far + i);
        smallest_offer(&least, weighed * share + age);
    }
    int32_t least_steps = STEPS_FAR;
    for (size_t k = 0; k < LANES; k++) {
        least_steps = closest_of[k] < least_steps ? closest_of[k] : least_steps;
    }
    *closest = (uint32_t)least_steps;
    float best[BESIDE_NEAREST];
    smallest_of_all(&least, best);
    return mean_of(best);
}

/* Side by side, when there is enough of both. */
static bool compare(const struct lens *l, const struct population *pop, const struct sample *s,
                    struct pair *out)
{
    if (l->count < EVIDENCE_SAMPLES_MIN) {
        return false;
    }
    lay_side_by_side(l->part, pop, s, out);
    const double n = (double)out->sample.n;
    const double share = l->part->kind == SAMPLE_TEXT ? PRESENT_SHARE_TEXT : PRESENT_SHARE;
    return n > 0.0 && n >= share * (double)out->known;
}

/* The two scores that need no other people. */
static void beside_owner(const struct lens *l, const struct pair *pair, double out[SCORES],
                         struct likeness *alike)
{
    uint32_t steps = 0;
    out[SCORE_ONE_CLASS] = pair->one_class / pair->sample.total;
    out[SCORE_NEAREST] = nearest(l, pair, &steps);
    if (alike != NULL) {
        *alike =
            (struct likeness){(double)steps / (LENS_STEP * (double)pair->sample.n), pair->sample.n};
    }
}

bool evidence_one_class(const struct lens *l, const struct sample *s, double out[SCORES],
                        struct likeness *alike)
{
    struct pair SCRATCH pair;
    if (!compare(l, NULL, s, &pair)) {
        return false;
    }
    memset(out, 0, SCORES * sizeof *out);
    beside_owner(l, &pair, out, alike);
    return true;
}

bool evidence_scores(const struct lens *l, const struct population *pop, const struct sample *s,
                     double out[SCORES], struct likeness *alike)
{
    struct pair SCRATCH pair;
    if (!compare(l, pop, s, &pair)) {
        return false;
    }
    const double n = pair.sample.total;
    struct beside SCRATCH others;
    pop->lanes.beside(pop, &pair.sample, &others);
    out[SCORE_RATIO] =
        soft_max((double)others.all[0] - pair.own, (double)others.all[1] - pair.own, POPULATION_T) /
        n;
    beside_owner(l, &pair, out, alike);
    out[SCORE_COHORT] = 0.0;
    out[SCORE_RIVALS] = 0.0;
    if (pop->cohort > 0) {
        const double mixture = (double)others.high + COHORT_T * log(others.mixture / pop->cohort);
        out[SCORE_COHORT] = (mixture - pair.own) / n;
        out[SCORE_RIVALS] = out[SCORE_ONE_CLASS] - mean_of(others.nearest);
    }
    return true;
}

bool evidence_is_copy(const struct part *p, const struct likeness *alike)
{
    return alike->features >= EVIDENCE_COPY_FEATURES &&
           alike->closest < EVIDENCE_COPY * (double)p->nearest;
}

/* ln(1 + e^x) */
static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

double evidence_doubt(double margin, double ceiling, double floor)
{
    return softplus(margin + floor) - floor - softplus(margin - ceiling);
}

double evidence_margin(double nats, double ceiling, double floor)
{
    const double l = clip(nats, FUSION_EDGE - floor, ceiling - FUSION_EDGE);
    return log((exp(l) - exp(-floor)) / -expm1(l - ceiling));
}

double evidence_limit(const struct fusion *f, size_t samples)
{
    return fmin(f->limit, EVIDENCE_YOUNG_NATS * (double)samples);
}

static double fuse(const struct fusion *f, const double score[SCORES], double ceiling, double floor)
{
    double sum = f->bias;
    for (size_t i = 0; i < SCORES; i++) {
        sum += f->weight[i] * clip((score[i] - f->mean[i]) / f->scale[i], FUSION_LOW, f->high);
    }
    return evidence_doubt(sum, ceiling, floor);
}

double evidence_fuse(const struct fusion *f, const double score[SCORES], size_t samples)
{
    const double limit = evidence_limit(f, samples);
    return clip(fuse(f, score, f->ceiling, f->floor), -limit, limit);
}

double evidence_fuse_one(const struct fusion *f, const double score[SCORES], size_t samples)
{
    const double limit = evidence_limit(f, samples);
    return clip(fuse(f, score, FUSION_SURE, FUSION_SURE), -limit, limit);
}
