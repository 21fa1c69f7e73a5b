#include "lab/fusing.h"

#include "engine/model.h"
#include "engine/numbers.h"
#include "lab/alike.h"
#include "lab/doubting.h"
#include "lab/logistic.h"
#include "lab/numbers.h"
#include "lab/people.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    GENUINE_MAX = 24,  /* trials of an owner at a stage */
    AHEAD_MAX = 200,   /* samples behind those learnt, from which they are taken */
    IMPOSTOR_EACH = 3, /* trials of another person at a stage */
    OTHERS_MAX = 64,   /* other people that an owner meets at a stage */
    ROWS_MIN = 30
};

#define RIDGE     3e-4
#define SCALE_MIN 1e-6
#define HIGH      1.0
#define LIMIT_MAX 6.0
#define LIMIT_MIN 0.5

/* Trials of one bucket. */
struct rows {
    double *x; /* SCORES each */
    double *weight;
    uint8_t *label;
    size_t count, cap;
    size_t begun; /* first row of the owner and side that are being tried */
};

struct fitting {
    const struct fusing *f;
    const struct bank_context *c; /* the field at hand */
    const struct stages *stages;
    struct people general[FUSING_FOLDS][FUSING_FOLDS]; /* of any field, when that is wanted */
    struct people people[FUSING_FOLDS][FUSING_FOLDS];  /* with both folds left out; i <= j */
    uint8_t *fold;                                     /* of each user */
    struct rows rows[FUSION_BUCKETS];
    struct alike alike;
};

static err_t make_room(struct rows *r)
{
    if (r->count < r->cap) {
        return ERR_OK;
    }
    const size_t cap = r->cap == 0 ? 4096 : r->cap * 2;
    double *x = realloc(r->x, cap * SCORES * sizeof *x);
    r->x = x == NULL ? r->x : x;
    double *weight = realloc(r->weight, cap * sizeof *weight);
    r->weight = weight == NULL ? r->weight : weight;
    uint8_t *label = realloc(r->label, cap);
    r->label = label == NULL ? r->label : label;
    if (x == NULL || weight == NULL || label == NULL) {
        return err_new(ERR_NOMEM);
    }
    r->cap = cap;
    return ERR_OK;
}

static err_t add_row(struct rows *r, const double *score, uint8_t label)
{
    TRY(make_room(r));
    memcpy(r->x + r->count * SCORES, score, SCORES * sizeof *score);
    r->label[r->count++] = label;
    return ERR_OK;
}

/* Whatever the number of an owner's trials, each side of him weighs the same. */
static void share_out(struct fitting *t)
{
    for (size_t b = 0; b < FUSION_BUCKETS; b++) {
        struct rows *r = &t->rows[b];
        for (size_t i = r->begun; i < r->count; i++) {
            r->weight[i] = 1.0 / (double)(r->count - r->begun);
        }
        r->begun = r->count;
    }
}

static size_t users_of(const struct fusing *f)
{
    return f->fields[0].c->users;
}

static void deal(struct fitting *t)
{
    size_t n = 0;
    for (size_t u = 0; u < users_of(t->f); u++) {
        if (t->f->in[u]) {
            t->fold[u] = (uint8_t)(n++ % FUSING_FOLDS);
        }
    }
}

static void free_people(struct people people[FUSING_FOLDS][FUSING_FOLDS])
{
    for (size_t i = 0; i < FUSING_FOLDS; i++) {
        for (size_t j = i; j < FUSING_FOLDS; j++) {
            people_free(&people[i][j]);
        }
    }
}

/* People for each pair of folds: of any field, or of the one at hand. */
static err_t make_people(struct fitting *t, bool general)
{
    const size_t users = users_of(t->f);
    bool *in = calloc(users + 1, sizeof *in);
    err_t e = in == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    for (size_t i = 0; i < FUSING_FOLDS && !failed(e); i++) {
        for (size_t j = i; j < FUSING_FOLDS && !failed(e); j++) {
            for (size_t u = 0; u < users; u++) {
                in[u] = t->f->in[u] && t->fold[u] != i && t->fold[u] != j;
            }
            e = general ? people_general(t->f->fields, t->f->count, in, &t->general[i][j])
                        : people_new(t->c, t->stages, in, &t->people[i][j]);
        }
    }
    free(in);
    return e;
}

static err_t spread_people(struct fitting *t)
{
    for (size_t i = 0; i < FUSING_FOLDS; i++) {
        for (size_t j = i; j < FUSING_FOLDS; j++) {
            TRY(people_spread(&t->general[i][j], t->c, &t->people[i][j]));
        }
    }
    return ERR_OK;
}

/* One owner at one stage, with the people of a pair of folds. */
struct seat {
    struct part part;
    struct lens lens; /* of it */
    uint8_t row[LENS_BYTES];
    const struct population *population;
};

static void sit(const struct fitting *t, const struct part *part, size_t i, size_t j,
                struct seat *out)
{
    double usual[SAMPLE_FEATURES_MAX];
    const size_t low = i < j ? i : j;
    const size_t high = i < j ? j : i;
    out->population = &t->people[low][high].population;
    for (size_t f = 0; f < part->features; f++) {
        usual[f] = (double)out->population->usual[f];
    }
    out->part = *part;
    part_shrink(&out->part, usual);
    lens_make(&out->lens, &out->part, out->row);
}

static err_t try_sample(struct fitting *t, const struct seat *seat, size_t user, size_t i,
                        uint8_t label)
{
    struct sample s;
    double score[SCORES];
    bank_sample(t->c, user, i, &s);
    if (!evidence_scores(&seat->lens, seat->population, &s, score, NULL)) {
        return ERR_OK;
    }
    return add_row(&t->rows[fusion_bucket(seat->part.accepted)], score, label);
}

/* The owner's own, later ones: spread over the next AHEAD_MAX. */
static err_t try_owner(struct fitting *t, size_t owner, size_t stage, const struct part *part)
{
    const size_t learnt = stage_samples(stage);
    const size_t all = bank_count(t->c, owner);
    const size_t ahead = all - learnt < AHEAD_MAX ? all - learnt : AHEAD_MAX;
    const size_t n = ahead < GENUINE_MAX ? ahead : GENUINE_MAX;
    struct seat seat;
    sit(t, part, t->fold[owner], (t->fold[owner] + stage + 1U) % FUSING_FOLDS, &seat);
    for (size_t i = 0; i < n; i++) {
        TRY(try_sample(t, &seat, owner, learnt + i * ahead / n, 0));
    }
    return ERR_OK;
}

/* One of another's first five samples, and some of all ages. */
static err_t try_other(struct fitting *t, const struct seat *seat, size_t other, size_t turn)
{
    const size_t n = bank_count(t->c, other);
    const size_t each = n < IMPOSTOR_EACH ? n : IMPOSTOR_EACH;
    for (size_t i = 0; i < each; i++) {
        const size_t at = i == 0 ? turn % (n < 5 ? n : 5) : (turn * 7 + i * (n / 2 + 1)) % n;
        TRY(try_sample(t, seat, other, at, 1));
    }
    return ERR_OK;
}

static bool is_met(const struct fitting *t, size_t user, size_t owner)
{
    return t->f->in[user] && user != owner && bank_count(t->c, user) > 0;
}

static size_t count_met(const struct fitting *t, size_t owner)
{
    size_t n = 0;
    for (size_t u = 0; u < t->c->users; u++) {
        n += is_met(t, u, owner);
    }
    return n;
}

/* Of many others some, evenly chosen, and not the same at each stage: time grows with the people, not with their
 * pairs. */
static err_t try_others(struct fitting *t, size_t owner, size_t stage, const struct part *part)
{
    struct seat seat[FUSING_FOLDS];
    for (size_t i = 0; i < FUSING_FOLDS; i++) {
        sit(t, part, t->fold[owner], i, &seat[i]);
    }
    const size_t others = count_met(t, owner);
    size_t turn = owner + stage;
    for (size_t u = 0; u < t->c->users; u++) {
        if (!is_met(t, u, owner)) {
            continue;
        }
        if (turn++ * OTHERS_MAX % others < OTHERS_MAX) {
            TRY(try_other(t, &seat[t->fold[u]], u, owner + stage * 3 + u));
        }
    }
    return ERR_OK;
}

static err_t try_user(struct fitting *t, size_t user, bool own)
{
    for (size_t stage = 0; stage < STAGES; stage++) {
        const struct part *part = stages_part(t->stages, user, stage);
        if (part != NULL && bank_count(t->c, user) > stage_samples(stage)) {
            TRY(own ? try_owner(t, user, stage, part) : try_others(t, user, stage, part));
        }
    }
    share_out(t);
    return ERR_OK;
}

static err_t try_all(struct fitting *t)
{
    for (size_t u = 0; u < t->c->users; u++) {
        watch_step(t->f->watch);
        if (t->f->in[u]) {
            TRY(try_user(t, u, true));
            TRY(try_user(t, u, false));
        }
    }
    return ERR_OK;
}

/* ---- one bucket ---- */

/* Mean, variance and the outer percentile of the evidence of one side. */
struct side {
    double mean, variance, outer;
};

static double nats_of(const struct doubting *m, const double *x)
{
    return evidence_doubt(doubting_margin(m, SCORES, x), m->ceiling, m->floor);
}

static err_t describe(const struct rows *r, const struct doubting *m, uint8_t label,
                      struct side *out)
{
    double *l = calloc(r->count, sizeof *l);
    if (l == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->label[i] == label) {
            l[n++] = clip(nats_of(m, r->x + i * SCORES), -LIMIT_MAX, LIMIT_MAX);
        }
    }
    numbers_sort(l, n);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += l[i];
    }
    out->mean = sum / (double)n;
    double square = 0.0;
    for (size_t i = 0; i < n; i++) {
        square += (l[i] - out->mean) * (l[i] - out->mean);
    }
    out->variance = square / (double)n;
    out->outer = fabs(label == 0 ? l[n / 100] : l[n - 1 - n / 100]);
    free(l);
    return ERR_OK;
}

/* Make the scores standard and cut what stands out: one odd entry must not decide. */
static void standardise(struct rows *r, struct fusion *f)
{
    for (size_t c = 0; c < SCORES; c++) {
        double sum = 0.0;
        double square = 0.0;
        for (size_t i = 0; i < r->count; i++) {
            sum += r->x[i * SCORES + c];
        }
        f->mean[c] = sum / (double)r->count;
        for (size_t i = 0; i < r->count; i++) {
            const double gap = r->x[i * SCORES + c] - f->mean[c];
            square += gap * gap;
        }
        f->scale[c] = fmax(sqrt(square / (double)r->count), SCALE_MIN);
        for (size_t i = 0; i < r->count; i++) {
            double *x = &r->x[i * SCORES + c];
            *x = clip((*x - f->mean[c]) / f->scale[c], FUSION_LOW, f->high);
        }
    }
}

/* What the evidence of these trials is worth, for who wants to know. */
static err_t tell(const struct rows *r, const struct doubting *m, const struct fusion *f,
                  const struct fusing *of)
{
    struct calibration *const to = watch_calibration(of->watch);
    for (size_t i = 0; to != NULL && i < r->count; i++) {
        TRY(calibration_add(to, of->fields[0].c->like.kind, r->label[i] != 0,
                            clip(nats_of(m, r->x + i * SCORES), -f->limit, f->limit)));
    }
    return ERR_OK;
}

static err_t fit_bucket(const struct fusing *of, struct rows *r, struct fusion *out)
{
    struct logistic line;
    struct doubting m;
    struct fusion f = {.high = HIGH, .run = 1.0};
    struct side owner = {0};
    struct side other = {0};
    standardise(r, &f);
    const struct logistic_data data = {.x = r->x,
                                       .label = r->label,
                                       .weight = r->weight,
                                       .rows = r->count,
                                       .columns = SCORES,
                                       .ridge = RIDGE,
                                       .standardised = true};
    TRY(logistic_fit(&data, &line));
    TRY(doubting_fit(&data, &line, &m));
    TRY(describe(r, &m, 0, &owner));
    TRY(describe(r, &m, 1, &other));
    f.bias = m.bias;
    memcpy(f.weight, m.weight, sizeof f.weight);
    f.ceiling = m.ceiling;
    f.floor = m.floor;
    f.limit = clip(fmax(owner.outer, other.outer), LIMIT_MIN, LIMIT_MAX);
    f.owner = owner.mean;
    f.impostor = other.mean;
    f.variance = 0.5 * (owner.variance + other.variance);
    *out = f;
    return tell(r, &m, &f, of);
}

static size_t count_label(const struct rows *r, uint8_t label)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        n += r->label[i] == label;
    }
    return n;
}

static err_t fit_all(struct fitting *t, struct fusion out[FUSION_BUCKETS])
{
    bool fitted[FUSION_BUCKETS] = {false};
    size_t any = FUSION_BUCKETS;
    for (size_t b = 0; b < FUSION_BUCKETS; b++) {
        struct rows *r = &t->rows[b];
        if (count_label(r, 0) >= ROWS_MIN && count_label(r, 1) >= ROWS_MIN) {
            TRY(fit_bucket(t->f, r, &out[b]));
            fitted[b] = true;
            any = b;
        }
    }
    if (any == FUSION_BUCKETS) {
        return err_new(ERR_RANGE);
    }
    for (size_t left = any; left > 0; left--) {
        const size_t b = left - 1;
        if (!fitted[b]) {
            out[b] = out[b + 1];
            fitted[b] = true;
        }
    }
    for (size_t b = 1; b < FUSION_BUCKETS; b++) {
        if (!fitted[b]) {
            out[b] = out[b - 1];
        }
    }
    return ERR_OK;
}

static err_t try_field(struct fitting *t, const struct field *field)
{
    t->c = field->c;
    t->stages = field->stages;
    TRY(t->f->general ? spread_people(t) : make_people(t, false));
    TRY(try_all(t));
    free_people(t->people);
    alike_look(&t->alike, field, t->f->in);
    return ERR_OK;
}

static err_t fit(struct fitting *t, struct fusion out[FUSION_BUCKETS])
{
    deal(t);
    if (t->f->general) {
        TRY(make_people(t, true));
    }
    for (size_t i = 0; i < t->f->count; i++) {
        TRY(try_field(t, &t->f->fields[i]));
    }
    TRY(fit_all(t, out));
    const double run = alike_run(&t->alike);
    for (size_t b = 0; b < FUSION_BUCKETS; b++) {
        out[b].run = run;
    }
    return ERR_OK;
}

err_t fusing_fit(const struct fusing *f, struct fusion out[FUSION_BUCKETS])
{
    struct fitting *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return err_new(ERR_NOMEM);
    }
    t->f = f;
    t->fold = calloc(users_of(f) + 1, sizeof *t->fold);
    const err_t e = t->fold == NULL ? err_new(ERR_NOMEM) : fit(t, out);
    free_people(t->people);
    free_people(t->general);
    for (size_t b = 0; b < FUSION_BUCKETS; b++) {
        free(t->rows[b].x);
        free(t->rows[b].weight);
        free(t->rows[b].label);
    }
    free(t->fold);
    free(t);
    return e;
}
