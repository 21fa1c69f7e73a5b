#include "lab/contest.h"

#include "lab/bank.h"
#include "lab/judge.h"
#include "lab/teach.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MODEL_MAX = 64 * 1024 * 1024 };

const char *detector_name(enum detector d)
{
    static const char *const names[DETECTORS] = {"manhattan", "scaled-manhattan", "one-class",
                                                 "ratio", "full"};
    return names[d];
}

/* One unit of work: the owners of one fold against the others of another. */
struct unit {
    size_t owners, others;
};

struct hall {
    const struct dataset *set;
    const struct contest_options *options;
    struct bank *bank;
    struct school *school;
    struct enrolled *enrolled; /* of each model */
    size_t *first;             /* bouts of each model, models + 1 */
    uint32_t *fold;            /* of each user */
    size_t folds;
    struct unit *unit;
    size_t units;
    _Atomic size_t next, done;
    _Atomic int error;
    struct contest *contest;
};

/* ---- the list of bouts ---- */

static struct dataset_trials impostors_of(const struct hall *h, const struct dataset_model *m)
{
    return h->options->practised ? m->practised : m->trials;
}

static size_t count_label(struct dataset_trials t, enum dataset_label label)
{
    size_t n = 0;
    for (size_t i = 0; i < t.count; i++) {
        n += t.at[i].label == label;
    }
    return n;
}

static const struct dataset_trial *next_of(struct dataset_trials t, size_t *at,
                                           enum dataset_label label)
{
    while (t.at[*at].label != label) {
        (*at)++;
    }
    return &t.at[(*at)++];
}

/* Genuine trials in time order, impostors evenly between them. */
static size_t list_model(const struct hall *h, uint32_t model, struct bout *out)
{
    const struct dataset_model *m = dataset_model(h->set, model);
    const struct dataset_trials from = impostors_of(h, m);
    const size_t genuine = count_label(m->trials, DATASET_GENUINE);
    const size_t impostors = count_label(from, DATASET_IMPOSTOR);
    size_t g = 0;
    size_t i = 0;
    size_t at_g = 0;
    size_t at_i = 0;
    for (size_t n = 0; n < genuine + impostors; n++) {
        const bool own = i == impostors || (g < genuine && g * impostors <= i * genuine);
        const struct dataset_trial *t = own ? next_of(m->trials, &at_g, DATASET_GENUINE)
                                            : next_of(from, &at_i, DATASET_IMPOSTOR);
        g += own;
        i += !own;
        if (out != NULL) {
            out[n] = (struct bout){.model = model, .session = t->session, .genuine = own};
        }
    }
    return genuine + impostors;
}

static err_t list_bouts(struct hall *h)
{
    const size_t models = dataset_models(h->set);
    h->first = calloc(models + 1, sizeof *h->first);
    if (h->first == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t m = 0; m < models; m++) {
        h->first[m + 1] = h->first[m] + list_model(h, (uint32_t)m, NULL);
    }
    h->contest->models = models;
    h->contest->bouts = h->first[models];
    h->contest->bout = calloc(h->first[models] + 1, sizeof *h->contest->bout);
    if (h->contest->bout == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t m = 0; m < models; m++) {
        (void)list_model(h, (uint32_t)m, h->contest->bout + h->first[m]);
    }
    return ERR_OK;
}

/* ---- folds and units ---- */

static err_t deal(struct hall *h)
{
    const size_t users = dataset_users(h->set);
    h->fold = calloc(users + 1, sizeof *h->fold);
    if (h->fold == NULL) {
        return err_new(ERR_NOMEM);
    }
    h->folds = h->options->background == BACKGROUND_NONE  ? 1
               : h->options->background == BACKGROUND_ALL ? users
               : h->options->folds < users                ? h->options->folds
                                                          : users;
    for (size_t u = 0; u < users; u++) {
        h->fold[u] = (uint32_t)(u % h->folds);
    }
    const bool pairs = h->options->background == BACKGROUND_PAIRS;
    h->unit = calloc(h->folds * h->folds + 1, sizeof *h->unit);
    if (h->unit == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < h->folds; i++) {
        for (size_t j = 0; j < h->folds; j++) {
            if (pairs ? i <= j : i == j) {
                h->unit[h->units++] = (struct unit){i, j};
            }
        }
    }
    return ERR_OK;
}

/* Whether this bout's score is that of the unit with owners of `fold` and others of `other`. */
static bool is_of(const struct hall *h, const struct bout *b, size_t turn, size_t other)
{
    if (h->options->background == BACKGROUND_ALL) {
        return true;
    }
    if (b->genuine && h->options->background == BACKGROUND_PAIRS) {
        return turn % h->folds == other; /* each is scored once, under any of the fold's models */
    }
    return h->fold[dataset_session(h->set, b->session)->user] == other;
}

static err_t judge_model(const struct hall *h, const struct judge *judge, size_t model,
                         size_t other)
{
    struct bout *bout = h->contest->bout + h->first[model];
    const size_t n = h->first[model + 1] - h->first[model];
    size_t genuine = 0;
    CLEANUP(judge_rise) struct sitting sitting = {0};
    TRY(judge_sit(judge, &h->enrolled[model], &sitting));
    for (size_t i = 0; i < n; i++) {
        const bool mine = is_of(h, &bout[i], genuine, other);
        genuine += bout[i].genuine;
        if (mine || (h->options->adapt && bout[i].genuine)) {
            struct bout now = bout[i];
            TRY(judge_try(judge, &sitting, h->set, &now));
            if (mine) {
                bout[i] = now;
            }
        }
    }
    return ERR_OK;
}

static err_t judge_side(const struct hall *h, const struct judge *judge, size_t owners,
                        size_t others)
{
    for (size_t m = 0; m < dataset_models(h->set); m++) {
        if (h->fold[dataset_model(h->set, m)->user] == owners) {
            TRY(judge_model(h, judge, m, others));
        }
    }
    return ERR_OK;
}

static bool is_owner(const struct dataset *set, size_t user)
{
    for (size_t m = 0; m < dataset_models(set); m++) {
        if (dataset_model(set, m)->user == user) {
            return true;
        }
    }
    return false;
}

static err_t run_unit(const struct hall *h, struct unit unit)
{
    CLEANUP(judge_deinit) struct judge judge = {0};
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, MODEL_MAX);
    bool *in = NULL;
    if (h->options->background != BACKGROUND_NONE) {
        const size_t users = dataset_users(h->set);
        in = calloc(users + 1, sizeof *in);
        if (in == NULL) {
            return err_new(ERR_NOMEM);
        }
        for (size_t u = 0; u < users; u++) {
            in[u] = h->fold[u] != unit.owners && h->fold[u] != unit.others &&
                    (h->options->background != BACKGROUND_ALL || is_owner(h->set, u));
        }
        const err_t taught = school_teach(h->school, in, "evaluation", &bytes);
        free(in);
        TRY(taught);
    }
    TRY(judge_init(&judge, h->options->detector, h->options->adapt, h->bank, buf_span(&bytes)));
    TRY(judge_side(h, &judge, unit.owners, unit.others));
    if (unit.owners != unit.others) {
        TRY(judge_side(h, &judge, unit.others, unit.owners));
    }
    return ERR_OK;
}

static void *work(void *ctx)
{
    struct hall *h = ctx;
    for (;;) {
        const size_t at = atomic_fetch_add(&h->next, 1);
        if (at >= h->units || atomic_load(&h->error) != ERR_NONE) {
            return NULL;
        }
        const err_t e = run_unit(h, h->unit[at]);
        if (failed(e)) {
            atomic_store(&h->error, (int)e.code);
        }
        const size_t done = atomic_fetch_add(&h->done, 1) + 1;
        if (h->options->progress != NULL) {
            h->options->progress(h->options->ctx, done, h->units);
        }
    }
}

static err_t run_units(struct hall *h)
{
    pthread_t thread[64];
    size_t started = 0;
    while (started + 1 < h->options->threads && started < 63 &&
           pthread_create(&thread[started], NULL, work, h) == 0) {
        started++;
    }
    (void)work(h);
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(thread[i], NULL);
    }
    const int code = atomic_load(&h->error);
    return code == ERR_NONE ? ERR_OK : err_new((enum err_code)code);
}

/* ---- all of it ---- */

static err_t enrol_all(struct hall *h)
{
    const size_t models = dataset_models(h->set);
    h->enrolled = calloc(models + 1, sizeof *h->enrolled);
    if (h->enrolled == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t m = 0; m < models; m++) {
        TRY(judge_enrol(h->set, dataset_model(h->set, m), h->options->detector, &h->enrolled[m]));
        h->contest->not_enrolled += !enrolled_any(&h->enrolled[m]);
    }
    return ERR_OK;
}

/* In a closed set the impostors are among the background: by their enrolment alone. */
static err_t fill_bank(struct hall *h)
{
    if (h->options->background != BACKGROUND_ALL) {
        return bank_new(h->set, NULL, &h->bank);
    }
    bool *wanted = calloc(dataset_sessions(h->set) + 1, sizeof *wanted);
    if (wanted == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t m = 0; m < dataset_models(h->set); m++) {
        const struct dataset_model *model = dataset_model(h->set, m);
        for (size_t i = 0; i < model->enrols; i++) {
            wanted[model->enrol[i]] = true;
        }
    }
    const err_t e = bank_new(h->set, wanted, &h->bank);
    free(wanted);
    return e;
}

static err_t prepare(struct hall *h)
{
    TRY(list_bouts(h));
    TRY(deal(h));
    TRY(fill_bank(h));
    if (h->options->background != BACKGROUND_NONE) {
        TRY(school_new(h->bank, false, &h->school));
    }
    return enrol_all(h);
}

err_t contest_run(const struct dataset *set, const struct contest_options *options,
                  struct contest *out)
{
    struct contest contest = {0};
    struct hall h = {.set = set, .options = options, .contest = &contest};
    err_t e = prepare(&h);
    if (!failed(e)) {
        e = run_units(&h);
    }
    for (size_t m = 0; h.enrolled != NULL && m < dataset_models(set); m++) {
        enrolled_free(&h.enrolled[m]);
    }
    free(h.enrolled);
    school_free(&h.school);
    bank_free(&h.bank);
    free(h.first);
    free(h.fold);
    free(h.unit);
    if (failed(e)) {
        contest_free(&contest);
        return e;
    }
    *out = contest;
    return ERR_OK;
}

void contest_free(struct contest *c)
{
    free(c->bout);
    *c = (struct contest){0};
}
