#include "lab/trials/evaluation.h"

#include <math.h>
#include <stdlib.h>

/* ---- scores by model ---- */

/* The scores of one model's bouts of one kind, put behind `*next`. */
static size_t take_scores(const struct bout *bout, size_t count, bool genuine, double **next)
{
    const double *const first = *next;
    for (size_t i = 0; i < count; i++) {
        if (bout[i].genuine == genuine && bout[i].scored) {
            *(*next)++ = bout[i].score;
        }
    }
    return (size_t)(*next - first);
}

/* How many bouts, from `at` on, are of this model. */
static size_t bouts_of(const struct contest *c, size_t at, size_t model)
{
    size_t n = 0;
    while (at + n < c->bouts && c->bout[at + n].model == model) {
        n++;
    }
    return n;
}

static double absorbed_share(const struct contest *c)
{
    size_t impostors = 0;
    size_t absorbed = 0;
    for (size_t i = 0; i < c->bouts; i++) {
        const bool counts = c->bout[i].scored && !c->bout[i].genuine;
        impostors += counts ? 1 : 0;
        absorbed += counts && c->bout[i].absorbed ? 1 : 0;
    }
    return impostors == 0 ? NAN : (double)absorbed / (double)impostors;
}

static err_t collect(const struct dataset *set, const struct contest *c, struct evaluation *e)
{
    e->users = calloc(c->models + 1, sizeof *e->users);
    e->user_eer = calloc(c->models + 1, sizeof *e->user_eer);
    e->score = calloc(c->bouts + 1, sizeof *e->score);
    if (e->users == NULL || e->user_eer == NULL || e->score == NULL) {
        return err_new(ERR_NOMEM);
    }
    e->count = c->models;
    double *next = e->score;
    size_t at = 0;
    size_t failures = 0; /* models none of whose trials could be scored */
    for (size_t m = 0; m < c->models; m++) {
        const size_t n = bouts_of(c, at, m);
        struct score_user *const u = &e->users[m];
        u->model = dataset_model(set, m)->name;
        u->genuine = next;
        u->genuine_count = take_scores(c->bout + at, n, true, &next);
        u->impostor = next;
        u->impostor_count = take_scores(c->bout + at, n, false, &next);
        failures += n > 0 && u->genuine_count + u->impostor_count == 0;
        at += n;
    }
    MUST(at == c->bouts); /* they lie model by model */
    for (size_t i = 0; i < c->bouts; i++) {
        const bool silent = c->bout[i].tried && !c->bout[i].scored;
        *(c->bout[i].genuine ? &e->unscored_genuine : &e->unscored_impostor) += silent;
    }
    e->scored = (size_t)(next - e->score);
    e->unscored = c->bouts - e->scored;
    e->absorbed_impostors = absorbed_share(c);
    e->failure_to_enrol = c->models == 0 ? NAN : (double)failures / (double)c->models;
    return ERR_OK;
}

/* ---- lockouts ---- */

#define LOGIT_MAX 20.723265836946411 /* ln(1e9 - 1): the filter keeps p in [1e-9, 1 - 1e-9] */

/* Where a scored bout belongs. */
struct seat {
    uint32_t model, person;
    bool genuine;
    size_t at;
};

struct lockouts {
    struct seat *seat; /* scored bouts, run by run: genuine before impostors in each model */
    size_t seats;
    double *risk;         /* of each seat */
    struct risk_run *run; /* at most one a seat */
    struct lockout_user *user;
};

static void lockouts_deinit(struct lockouts *l)
{
    free(l->seat);
    free(l->risk);
    free(l->run);
    free(l->user);
}

static int order(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_run(const void *left, const void *right)
{
    const struct seat *const a = left;
    const struct seat *const b = right;
    const int answers[] = {order(a->model, b->model), order(b->genuine, a->genuine),
                           order(a->person, b->person), order(a->at, b->at)};
    size_t i = 0;
    while (i < 3 && answers[i] == 0) {
        i++;
    }
    return answers[i];
}

static bool same_run(const struct seat *a, const struct seat *b)
{
    return a->model == b->model && a->genuine == b->genuine && a->person == b->person;
}

static err_t seat_all(const struct dataset *set, const struct contest *c, struct lockouts *l)
{
    l->seat = calloc(c->bouts + 1, sizeof *l->seat);
    l->risk = calloc(c->bouts + 1, sizeof *l->risk);
    l->run = calloc(c->bouts + 1, sizeof *l->run);
    l->user = calloc(c->models + 1, sizeof *l->user);
    if (l->seat == NULL || l->risk == NULL || l->run == NULL || l->user == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < c->bouts; i++) {
        const struct bout *const b = &c->bout[i];
        if (b->scored) {
            l->seat[l->seats++] = (struct seat){.model = b->model,
                                                .person = dataset_session(set, b->session)->user,
                                                .genuine = b->genuine,
                                                .at = i};
        }
    }
    qsort(l->seat, l->seats, sizeof *l->seat, by_run);
    return ERR_OK;
}

/* Play one run from its start; returns where the next begins. */
static size_t play(const struct contest *c, struct lockouts *l, size_t first)
{
    double logit = log(MEASURES_PRIOR / (1.0 - MEASURES_PRIOR));
    size_t i = first;
    for (; i < l->seats && same_run(&l->seat[i], &l->seat[first]); i++) {
        logit = fmin(fmax(logit + c->bout[l->seat[i].at].score, -LOGIT_MAX), LOGIT_MAX);
        l->risk[i] = 1.0 / (1.0 + exp(-logit));
    }
    return i;
}

static void play_all(const struct contest *c, struct lockouts *l)
{
    size_t runs = 0;
    for (size_t first = 0; first < l->seats;) {
        const size_t next = play(c, l, first);
        const bool genuine = l->seat[first].genuine;
        struct risk_run *const run = &l->run[runs++];
        struct lockout_user *const u = &l->user[l->seat[first].model];
        const struct risk_run **const runs_of = genuine ? &u->genuine : &u->impostor;
        *run = (struct risk_run){l->risk + first, next - first};
        *runs_of = *runs_of == NULL ? run : *runs_of;
        *(genuine ? &u->genuine_count : &u->impostor_count) += 1;
        first = next;
    }
}

err_t evaluation_lockout(const struct dataset *set, const struct contest *contest,
                         struct lockout *out)
{
    struct lockouts l = {0};
    const err_t e = seat_all(set, contest, &l);
    if (!failed(e)) {
        play_all(contest, &l);
        *out = lockout_compute(l.user, contest->models);
    }
    lockouts_deinit(&l);
    return e;
}

/* ---- all of it ---- */

/* No trial has a score: no figure exists. */
static void forget_all(struct evaluation *e)
{
    e->measures.mean_eer_sd = NAN;
    for (size_t f = 0; f < FIGURES; f++) {
        e->measures.value[f] = NAN;
        e->interval[f] = (struct interval){NAN, NAN};
    }
    for (size_t u = 0; u < e->count; u++) {
        e->user_eer[u] = NAN;
    }
}

static err_t compute(const struct dataset *set, const struct contest *contest,
                     struct bootstrap_options options, struct evaluation *e)
{
    TRY(collect(set, contest, e));
    if (e->scored == 0) {
        forget_all(e);
        return ERR_OK;
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): evaluation_new() frees what was collected */
    TRY(measures_compute(e->users, e->count, &e->measures, e->user_eer));
    TRY(bootstrap_measures(e->users, e->count, options, e->interval));
    return evaluation_lockout(set, contest, &e->lockout);
}

err_t evaluation_new(const struct dataset *set, const struct contest *contest,
                     enum detector detector, struct bootstrap_options options,
                     struct evaluation *out)
{
    struct evaluation e = {.llr = detector == DETECTOR_FULL};
    const err_t made = compute(set, contest, options, &e);
    if (failed(made)) {
        evaluation_free(&e);
        return made;
    }
    if (!e.llr) {
        measures_forget_llr(&e.measures);
    }
    *out = e;
    return ERR_OK;
}

void evaluation_free(struct evaluation *e)
{
    free(e->users);
    free(e->user_eer);
    free(e->score);
    *e = (struct evaluation){.users = NULL};
}

void evaluation_report(const struct evaluation *e, bool adapt, struct report *r)
{
    r->kind = REPORT_PEOPLE;
    r->measures = e->measures;
    for (size_t f = 0; f < FIGURES; f++) {
        const bool exists = !isnan(e->measures.value[f]);
        r->interval[f] = exists ? e->interval[f] : (struct interval){NAN, NAN};
    }
    if (e->llr && e->scored > 0) {
        r->anga = e->lockout.anga;
        r->ania = e->lockout.ania;
        r->never_detected = (double)e->lockout.never_detected;
    }
    r->absorbed_impostors = adapt ? e->absorbed_impostors : NAN;
    r->failure_to_enrol = e->failure_to_enrol;
    r->unscored_genuine = e->unscored_genuine;
    r->unscored_impostor = e->unscored_impostor;
    r->users = e->users;
    r->user_eer = e->user_eer;
    r->user_count = e->count;
}
