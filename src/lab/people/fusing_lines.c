#include "lab/people/fusing_lines.h"

#include "engine/arithmetic/numbers.h"
#include "lab/people/calibration.h"
#include "lab/people/doubting.h"
#include "lab/statistics/logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRIALS_MIN 30.0 /* of each label, each as much as it counts */
#define RIDGE      3e-4
#define SCALE_MIN  1e-6
#define HIGH       1.0
#define LIMIT_MAX  6.0
#define LIMIT_MIN  0.5
#define OUTER      0.01 /* share of a side that is further out than what it may say */

/* Known samples where lines have their middle: studies enrol with five, ten and twenty. */
static const double middles[FUSION_LINES] = {5.0, 10.0, 20.0, 50.0};

err_t fusing_trials_add(struct fusing_trials *t, const double score[SCORES], size_t known,
                        uint8_t label)
{
    if (t->count == t->cap) {
        const size_t cap = t->cap == 0 ? 4096 : t->cap * 2;
        struct fusing_trial *trial = realloc(t->trial, cap * sizeof *trial);
        if (trial == NULL) {
            return err_new(ERR_NOMEM);
        }
        t->trial = trial;
        t->cap = cap;
    }
    struct fusing_trial *const trial = &t->trial[t->count++];
    memcpy(trial->score, score, sizeof trial->score);
    trial->known = (uint16_t)known;
    trial->side = t->sides;
    trial->label = label;
    return ERR_OK;
}

void fusing_trials_deinit(struct fusing_trials *t)
{
    free(t->trial);
}

/* The trials of one line. */
struct rows {
    double *x;     /* SCORES each */
    double *count; /* what a trial counts */
    double *
        weight; /* the same, where all of a side count 1 together: nobody decides by their number */
    double *nats;
    uint8_t *label;
    size_t rows;
    double at; /* known samples */
};

static void rows_deinit(struct rows *r)
{
    free(r->x);
    free(r->count);
    free(r->weight);
    free(r->nats);
    free(r->label);
}

static err_t rows_init(struct rows *r, size_t n)
{
    *r = (struct rows){.x = malloc((n + 1) * SCORES * sizeof *r->x),
                       .count = malloc((n + 1) * sizeof *r->count),
                       .weight = malloc((n + 1) * sizeof *r->weight),
                       .nats = malloc((n + 1) * sizeof *r->nats),
                       .label = malloc(n + 1)};
    const bool all = r->x != NULL && r->count != NULL && r->weight != NULL && r->nats != NULL &&
                     r->label != NULL;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the caller frees what there is */
    return all ? ERR_OK : err_new(ERR_NOMEM);
}

/* 1 at the middle of a line, 0 at its neighbours', and 1 beyond the outer ones. */
static double counts_for(size_t line, size_t known)
{
    const struct fusion_place at = fusion_place(middles, known);
    const double near = at.line == line ? 1.0 - at.share : (at.line + 1 == line ? at.share : 0.0);
    return near * near;
}

/* `whole`: of each side; zeros. */
static void gather(const struct fusing_trials *t, size_t line, double *whole, struct rows *r)
{
    double sum = 0.0;
    double all = 0.0;
    for (size_t i = 0; i < t->count; i++) {
        whole[t->trial[i].side] += counts_for(line, t->trial[i].known);
    }
    for (size_t i = 0; i < t->count; i++) {
        const struct fusing_trial *const trial = &t->trial[i];
        const double count = counts_for(line, trial->known);
        if (count > 0.0) {
            memcpy(r->x + r->rows * SCORES, trial->score, sizeof trial->score);
            r->count[r->rows] = count;
            r->weight[r->rows] = count / whole[trial->side];
            r->label[r->rows] = trial->label;
            sum += r->weight[r->rows] * log((double)trial->known);
            all += r->weight[r->rows];
            r->rows++;
        }
    }
    r->at = all > 0.0 ? exp(sum / all) : middles[line];
}

static double count_label(const struct rows *r, uint8_t label)
{
    double n = 0.0;
    for (size_t i = 0; i < r->rows; i++) {
        n += r->label[i] == label ? r->count[i] : 0.0;
    }
    return n;
}

/* ---- one line ---- */

/* Mean, variance and the outer percentile of the evidence of one side. */
struct side {
    double mean, variance, outer;
};

/* One trial's, away from the other side: the outermost first. */
struct outlier {
    double nats, count;
};

static int by_nats(const void *a, const void *b)
{
    const double x = ((const struct outlier *)a)->nats;
    const double y = ((const struct outlier *)b)->nats;
    return x < y ? -1 : x > y;
}

static double outer_of(struct outlier *o, size_t n, double all)
{
    double heard = 0.0;
    qsort(o, n, sizeof *o, by_nats);
    for (size_t i = 0; i < n; i++) {
        heard += o[i].count;
        if (heard > OUTER * all) {
            return fabs(o[i].nats);
        }
    }
    return 0.0;
}

static err_t describe(const struct rows *r, uint8_t label, struct side *out)
{
    struct outlier *o = calloc(r->rows + 1, sizeof *o);
    if (o == NULL) {
        return err_new(ERR_NOMEM);
    }
    const double all = count_label(r, label);
    double sum = 0.0;
    double square = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < r->rows; i++) {
        if (r->label[i] == label) {
            o[n++] = (struct outlier){label == 0 ? r->nats[i] : -r->nats[i], r->count[i]};
            sum += r->count[i] * r->nats[i];
        }
    }
    out->mean = sum / all;
    for (size_t i = 0; i < r->rows; i++) {
        const double gap = r->label[i] == label ? r->nats[i] - out->mean : 0.0;
        square += r->count[i] * gap * gap;
    }
    out->variance = square / all;
    out->outer = outer_of(o, n, all);
    free(o);
    return ERR_OK;
}

/* Make the scores standard and cut what stands out: one odd entry must not decide. */
static void standardise(struct rows *r, struct fusion *f)
{
    const double all = count_label(r, 0) + count_label(r, 1);
    for (size_t c = 0; c < SCORES; c++) {
        double sum = 0.0;
        double square = 0.0;
        for (size_t i = 0; i < r->rows; i++) {
            sum += r->count[i] * r->x[i * SCORES + c];
        }
        f->mean[c] = sum / all;
        for (size_t i = 0; i < r->rows; i++) {
            const double gap = r->x[i * SCORES + c] - f->mean[c];
            square += r->count[i] * gap * gap;
        }
        f->scale[c] = fmax(sqrt(square / all), SCALE_MIN);
        for (size_t i = 0; i < r->rows; i++) {
            double *x = &r->x[i * SCORES + c];
            *x = clip((*x - f->mean[c]) / f->scale[c], FUSION_LOW, f->high);
        }
    }
}

static void hear(struct rows *r, const struct doubting *m)
{
    for (size_t i = 0; i < r->rows; i++) {
        const double margin = doubting_margin(m, SCORES, r->x + i * SCORES);
        r->nats[i] = clip(evidence_doubt(margin, m->ceiling, m->floor), -LIMIT_MAX, LIMIT_MAX);
    }
}

static err_t fit_line(struct rows *r, struct fusion *out)
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
                                       .rows = r->rows,
                                       .columns = SCORES,
                                       .ridge = RIDGE,
                                       .standardised = true};
    TRY(logistic_fit(&data, &line));
    TRY(doubting_fit(&data, &line, &m));
    hear(r, &m);
    TRY(describe(r, 0, &owner));
    TRY(describe(r, 1, &other));
    f.bias = m.bias;
    memcpy(f.weight, m.weight, sizeof f.weight);
    f.ceiling = m.ceiling;
    f.floor = m.floor;
    f.limit = clip(fmax(owner.outer, other.outer), LIMIT_MIN, LIMIT_MAX);
    f.owner = owner.mean;
    f.impostor = other.mean;
    f.variance = 0.5 * (owner.variance + other.variance);
    *out = f;
    return ERR_OK;
}

static err_t fit_one(const struct fusing_trials *t, size_t line, struct fusion_lines *out,
                     bool *fitted)
{
    struct rows r;
    err_t e = rows_init(&r, t->count);
    double *whole = calloc((size_t)t->sides + 1, sizeof *whole);
    e = whole == NULL ? err_new(ERR_NOMEM) : e;
    if (!failed(e)) {
        gather(t, line, whole, &r);
        out->at[line] = r.at;
        *fitted = count_label(&r, 0) >= TRIALS_MIN && count_label(&r, 1) >= TRIALS_MIN;
    }
    if (!failed(e) && *fitted) {
        e = fit_line(&r, &out->line[line]);
    }
    free(whole);
    rows_deinit(&r);
    return e;
}

static void copy(struct fusion_lines *lines, size_t to, size_t from)
{
    lines->line[to] = lines->line[from];
    lines->at[to] = lines->at[from];
}

/* ---- all of them ---- */

err_t fusing_lines_fit(const struct fusing_trials *t, struct fusion_lines *out)
{
    bool fitted[FUSION_LINES] = {false};
    size_t last = FUSION_LINES;
    for (size_t i = 0; i < FUSION_LINES; i++) {
        TRY(fit_one(t, i, out, &fitted[i]));
        last = fitted[i] ? i : last;
    }
    if (last == FUSION_LINES) {
        return err_new(ERR_RANGE);
    }
    for (size_t i = last; i > 0; i--) {
        if (!fitted[i - 1]) {
            copy(out, i - 1, i);
        }
    }
    for (size_t i = last + 1; i < FUSION_LINES; i++) {
        copy(out, i, last);
    }
    for (size_t i = 1; i < FUSION_LINES; i++) { /* rounded */
        out->at[i] = fmax(out->at[i], out->at[i - 1]);
    }
    return ERR_OK;
}

err_t fusing_lines_tell(const struct fusing_trials *t, const struct fusion_lines *lines,
                        unsigned kind, struct calibration *to)
{
    for (size_t i = 0; to != NULL && i < t->count; i++) {
        const struct fusing_trial *const trial = &t->trial[i];
        struct fusion f;
        fusion_between(lines, trial->known, &f);
        TRY(calibration_add(to, kind, trial->label != 0,
                            evidence_fuse(&f, trial->score, trial->known)));
    }
    return ERR_OK;
}
