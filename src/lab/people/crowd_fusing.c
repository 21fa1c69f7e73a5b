#include "lab/people/crowd_fusing.h"

#include "engine/profile/own.h"
#include "engine/profile/person.h"
#include "lab/people/crowd_run.h"
#include "lab/people/crowding.h"
#include "lab/statistics/logistic.h"
#include "lab/statistics/some_of.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FOLDS = 4,
    FOLDS_MAX = 16,  /* of fewer people each is a fold: a background of eight loses two, not half */
    TURNS = 3,       /* folds of impostors that an owner meets when folds are that small */
    PEOPLE_LEFT = 3, /* of a background without two folds */
    STAGES_OF = 6,   /* how much of an owner is learnt: 7, 12, 22, 35, a third, two thirds */
    LEARN_MAX = 1000, /* rows */
    OWNERS_MAX = 48,  /* people who play the owner at a stage: each has trees grown for him */
    TRIAL_ROWS = 600, /* of one person against one owner ... */
    OTHER_ROWS = 60,  /* ... and of each other */
    BLOCK_ROWS = 60,  /* of a session that are summed at most */
    ROWS_MIN = 200,   /* of each label for a bucket of its own ... */
    BLOCKS_MIN = 20   /* ... and sums of runs */
};

#define RIDGE     1e-3
#define LIMIT_MAX 4.0
#define HIGH      1e3 /* scales: the scores of a crowd have ends of their own */

/* Trials of one bucket; rows of a block follow each other. */
struct rows {
    double (*x)[SCORES];
    uint8_t *label;
    uint32_t *block;
    size_t count, cap;
    uint32_t blocks;
};

struct fitting {
    const struct bank_context *c;
    const bool *in;
    struct watch *watch;
    size_t folds;
    struct crowding crowd[FOLDS_MAX][FOLDS_MAX]; /* with both folds left out; i < j */
    uint8_t *fold;                               /* of each user */
    uint8_t *bins;                               /* LEARN_MAX rows */
    struct rows rows[CROWD_BUCKETS];
};

static err_t add_row(struct rows *r, const double *score, uint8_t label)
{
    if (r->count == r->cap) {
        const size_t cap = r->cap == 0 ? 4096 : r->cap * 2;
        double(*x)[SCORES] = realloc(r->x, cap * sizeof *x);
        r->x = x == NULL ? r->x : x;
        uint8_t *l = realloc(r->label, cap);
        r->label = l == NULL ? r->label : l;
        uint32_t *b = realloc(r->block, cap * sizeof *b);
        r->block = b == NULL ? r->block : b;
        if (x == NULL || l == NULL || b == NULL) {
            return err_new(ERR_NOMEM);
        }
        r->cap = cap;
    }
    memcpy(r->x[r->count], score, sizeof *r->x);
    r->label[r->count] = label;
    r->block[r->count++] = r->blocks;
    return ERR_OK;
}

static const struct bank_sample *at(const struct fitting *t, size_t user, size_t i)
{
    return &t->c->sample[t->c->first[user] + i];
}

/* The first row at or behind `i` that begins a session. */
static size_t session_from(const struct fitting *t, size_t user, size_t i)
{
    const size_t n = bank_count(t->c, user);
    while (i > 0 && i < n && at(t, user, i)->session == at(t, user, i - 1)->session) {
        i++;
    }
    return i;
}

static bool counts(const struct fitting *t, size_t user)
{
    return t->in[user] && bank_count(t->c, user) >= CROWDING_SAMPLES_MIN;
}

static size_t count_people(const struct fitting *t)
{
    size_t n = 0;
    for (size_t u = 0; u < t->c->users; u++) {
        n += counts(t, u);
    }
    return n;
}

static err_t make_crowds(struct fitting *t)
{
    bool *in = calloc(t->c->users + 1, sizeof *in);
    err_t e = in == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    for (size_t i = 0; i < t->folds; i++) {
        for (size_t j = i + 1; j < t->folds && !failed(e); j++) {
            for (size_t u = 0; u < t->c->users; u++) {
                in[u] = t->in[u] && t->fold[u] != i && t->fold[u] != j;
            }
            e = crowding_plain(t->c, in, PEOPLE_LEFT, &t->crowd[i][j]);
        }
    }
    free(in);
    return e;
}

/* ---- trials ---- */

struct seat {
    const struct crowd *crowd;
    struct own own;
};

/* Learn the first `n` rows of a user, the newest first; of many some, evenly spread, as a bag has. */
static err_t sit(const struct fitting *t, size_t owner, size_t n, struct seat *seat)
{
    const size_t kept = n < LEARN_MAX ? n : LEARN_MAX;
    struct sample s;
    for (size_t i = 0; i < kept; i++) {
        bank_sample(t->c, owner, n - 1 - i * n / kept, &s);
        uint8_t bins[CROWD_FEATURES_MAX];
        crowd_bins(seat->crowd, &s, bins);
        memcpy(t->bins + i * t->c->like.count, bins, t->c->like.count);
    }
    seat->own = (struct own){.context = t->c->like.context,
                             .kind = (uint8_t)t->c->like.kind,
                             .features = (uint16_t)t->c->like.count};
    const struct own_rows rows = {.crowd = seat->crowd, .row = t->bins, .count = kept};
    return own_work_out(&seat->own, &rows) ? ERR_OK : err_new(ERR_NOMEM);
}

/* Score rows `from` up to `to` of a user, a block for each session or BLOCK_ROWS of one. */
static err_t try_rows(struct fitting *t, const struct seat *seat, size_t user, size_t from,
                      size_t to, uint8_t label)
{
    struct rows *r = &t->rows[crowd_bucket(seat->own.known)];
    struct sample s;
    size_t block = 0;
    for (size_t i = from; i < to; i++) {
        uint8_t bins[CROWD_FEATURES_MAX];
        double score[SCORES];
        const bool next = i > from && at(t, user, i)->session != at(t, user, i - 1)->session;
        if (next || block == BLOCK_ROWS) {
            r->blocks++;
            block = 0;
        }
        bank_sample(t->c, user, i, &s);
        crowd_bins(seat->crowd, &s, bins);
        own_scores(&seat->own, seat->crowd, bins, score);
        TRY(add_row(r, score, label));
        block++;
    }
    r->blocks++;
    return ERR_OK;
}

static err_t try_stage(struct fitting *t, size_t owner, size_t stage, size_t turn,
                       struct seat *seat)
{
    const size_t all = bank_count(t->c, owner);
    const size_t wanted[STAGES_OF] = {7, 12, 22, 35, all / 3, all * 2 / 3};
    const size_t n = wanted[stage];
    const size_t behind = session_from(t, owner, n);
    if (behind >= all || (stage > 3 && n < wanted[3])) {
        return ERR_OK;
    }
    const size_t mine = t->fold[owner];
    MUST(t->folds > 1);
    const size_t theirs = (mine + 1 + (stage + 2 * turn) % (t->folds - 1)) % t->folds;
    seat->crowd = &t->crowd[mine < theirs ? mine : theirs][mine < theirs ? theirs : mine].crowd;
    TRY(sit(t, owner, n, seat));
    TRY(try_rows(t, seat, owner, behind, all - behind < TRIAL_ROWS ? all : behind + TRIAL_ROWS, 0));
    for (size_t u = 0; u < t->c->users; u++) {
        if (counts(t, u) && t->fold[u] == theirs) {
            const size_t has = bank_count(t->c, u);
            const size_t from = session_from(t, u, has * (1 + owner % 3) / 4);
            TRY(try_rows(t, seat, u, from, has - from < OTHER_ROWS ? has : from + OTHER_ROWS, 1));
        }
    }
    return ERR_OK;
}

/* Of many people some play the owner, not the same at each stage. */
static err_t try_user(struct fitting *t, size_t user, size_t number, size_t people,
                      struct seat *seat)
{
    const size_t turns = t->folds > FOLDS ? TURNS : 1;
    for (size_t stage = 0; stage < STAGES_OF; stage++) {
        for (size_t turn = 0; turn < turns && some_of(number + stage, OWNERS_MAX, people); turn++) {
            TRY(try_stage(t, user, stage, turn, seat));
        }
    }
    return ERR_OK;
}

static err_t try_all(struct fitting *t)
{
    const size_t people = count_people(t);
    size_t number = 0;
    struct seat *seat = malloc(sizeof *seat);
    err_t e = seat == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    for (size_t u = 0; u < t->c->users && !failed(e); u++) {
        watch_step(t->watch);
        if (counts(t, u)) {
            e = try_user(t, u, number++, people, seat);
        }
    }
    free(seat);
    return e;
}

/* ---- one bucket ---- */

/* Mean and variance of the evidence of one side. */
static void describe(const struct rows *r, const double *l, uint8_t label, double *mean,
                     double *variance)
{
    double sum = 0.0;
    double square = 0.0;
    double n = 0.0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->label[i] == label) {
            sum += l[i];
            square += l[i] * l[i];
            n += 1.0;
        }
    }
    *mean = sum / n;
    *variance = fmax(square / n - *mean * *mean, 0.0);
}

/* Sums of weighed evidence over the blocks, and how many samples are in each. */
static void sum_blocks(const struct rows *r, const double *l, const struct person_weight *w,
                       struct run_blocks *b)
{
    b->count = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (i == 0 || r->block[i] != r->block[i - 1]) {
            b->label[b->count] = r->label[i];
            b->count++;
        }
        b->sum[b->count - 1] += person_weigh(l[i], 0.0, w);
        b->size[b->count - 1] += 1.0;
    }
}

/* What the evidence of these runs is worth, for who wants to know. */
static err_t tell(const struct run_blocks *b, const struct session_line *m, unsigned kind,
                  struct calibration *to)
{
    for (size_t i = 0; to != NULL && i < b->count; i++) {
        const double l = evidence_doubt(m->bias + m->slope * b->heard[i], m->ceiling, m->floor);
        TRY(calibration_add(to, kind, b->label[i] != 0, l));
    }
    return ERR_OK;
}

/* Discount samples of a session for being alike, and shift the centre to where nothing is said. */
static err_t fit_run(const struct fitting *t, const struct rows *r, const double *l,
                     struct fusion *f)
{
    const struct own_tally none = {.many = true};
    struct person_weight w = person_weight_of(f, &none);
    w.variance = 1.0;
    double *room = calloc(3 * r->count, sizeof *room);
    struct run_blocks b = {.sum = room, .label = calloc(r->count, 1)};
    err_t e = room == NULL || b.label == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    if (!failed(e) && w.weight > 0.0) {
        struct session_line m = {.bias = 0.0};
        b.size = room + r->count;
        b.heard = b.size + r->count;
        sum_blocks(r, l, &w, &b);
        e = crowd_run_search(&b, &f->run);
        if (!failed(e)) {
            e = crowd_run_line(&b, f->run, &m);
        }
        if (!failed(e)) {
            e = tell(&b, &m, t->c->like.kind, watch_calibration(t->watch));
        }
        if (!failed(e) && m.slope > 1e-3 && b.count > 0) {
            const double alike = (f->run - 1.0) / (PERSON_RUN - 1.0);
            const double size = (double)r->count / (double)b.count;
            const double middle = -m.bias / m.slope * (1.0 + alike * (size - 1.0)) / size;
            f->owner += middle / w.weight;
            f->impostor += middle / w.weight;
            f->ceiling = m.ceiling;
            f->floor = m.floor;
        }
    }
    free(room);
    free(b.label);
    return e;
}

static err_t fit_bucket(const struct fitting *t, const struct rows *r, struct fusion *out)
{
    struct logistic m;
    TRY(logistic_fit(
        &(struct logistic_data){
            .x = r->x[0], .label = r->label, .rows = r->count, .columns = SCORES, .ridge = RIDGE},
        &m));
    struct fusion f = {.high = HIGH,
                       .bias = m.bias,
                       .limit = LIMIT_MAX,
                       .run = 1.0,
                       .ceiling = FUSION_SURE,
                       .floor = FUSION_SURE};
    for (size_t i = 0; i < SCORES; i++) {
        f.mean[i] = m.mean[i];
        f.scale[i] = m.scale[i];
        f.weight[i] = m.weight[i];
    }
    double *l = calloc(r->count, sizeof *l);
    if (l == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < r->count; i++) {
        l[i] = evidence_fuse_one(&f, r->x[i], SIZE_MAX);
    }
    double own = 0.0;
    double other = 0.0;
    describe(r, l, 0, &f.owner, &own);
    describe(r, l, 1, &f.impostor, &other);
    f.variance = 0.5 * (own + other);
    const err_t e = fit_run(t, r, l, &f);
    free(l);
    *out = f;
    return e;
}

static size_t count_label(const struct rows *r, uint8_t label, bool blocks)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        const bool first = i == 0 || r->block[i] != r->block[i - 1];
        n += r->label[i] == label && (first || !blocks);
    }
    return n;
}

static bool is_enough(const struct rows *r)
{
    return count_label(r, 0, false) >= ROWS_MIN && count_label(r, 1, false) >= ROWS_MIN &&
           count_label(r, 0, true) >= BLOCKS_MIN && count_label(r, 1, true) >= BLOCKS_MIN;
}

/* A bucket without trials of its own takes that of people who are known less: never a weight for
 * trees that are not there. */
static err_t fit_all(const struct fitting *t, struct fusion out[CROWD_BUCKETS])
{
    bool any = false;
    for (size_t b = 0; b < CROWD_BUCKETS; b++) {
        out[b] = b == 0 ? (struct fusion){.high = HIGH,
                                          .variance = 1.0,
                                          .run = 1.0,
                                          .ceiling = FUSION_SURE,
                                          .floor = FUSION_SURE}
                        : out[b - 1];
        for (size_t i = 0; i < SCORES && b == 0; i++) {
            out[b].scale[i] = 1.0;
        }
        if (is_enough(&t->rows[b])) {
            TRY(fit_bucket(t, &t->rows[b], &out[b]));
            any = true;
        }
    }
    return any ? ERR_OK : err_new(ERR_RANGE);
}

static void deal(struct fitting *t)
{
    size_t n = count_people(t);
    t->folds = n <= FOLDS_MAX && n > FOLDS ? n : FOLDS;
    n = 0;
    for (size_t u = 0; u < t->c->users; u++) {
        if (counts(t, u)) {
            t->fold[u] = (uint8_t)(n++ % t->folds);
        }
    }
}

static void clear(struct fitting *t)
{
    for (size_t i = 0; i < FOLDS_MAX; i++) {
        for (size_t j = i + 1; j < FOLDS_MAX; j++) {
            crowding_free(&t->crowd[i][j]);
        }
    }
    for (size_t b = 0; b < CROWD_BUCKETS; b++) {
        free(t->rows[b].x);
        free(t->rows[b].label);
        free(t->rows[b].block);
    }
    free(t->fold);
    free(t->bins);
}

err_t crowd_fusing_fit(const struct bank_context *c, const bool *in, struct watch *watch,
                       struct fusion out[CROWD_BUCKETS])
{
    struct fitting *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return err_new(ERR_NOMEM);
    }
    t->c = c;
    t->in = in;
    t->watch = watch;
    t->fold = calloc(c->users + 1, sizeof *t->fold);
    t->bins = calloc(LEARN_MAX, c->like.count);
    err_t e = t->fold == NULL || t->bins == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    if (!failed(e)) {
        deal(t);
        e = make_crowds(t);
    }
    if (!failed(e)) {
        e = try_all(t);
    }
    if (!failed(e)) {
        e = fit_all(t, out);
    }
    clear(t);
    free(t);
    return e;
}
