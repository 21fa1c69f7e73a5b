#include "lab/trials/contest.h"

#include "base/hash_map.h"
#include "engine/arithmetic/numbers.h"
#include "lab/people/bank.h"
#include "lab/people/people.h"
#include "lab/people/teach.h"
#include "lab/trials/judge.h"
#include "lab/trials/lesson.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NO_FOLD UINT32_MAX /* of who is neither owner nor in a trial */

enum { MODEL_MAX = 64 * 1024 * 1024 };

const char *detector_name(enum detector d)
{
    static const char *const names[DETECTORS] = {"manhattan", "scaled-manhattan", "one-class",
                                                 "ratio", "full"};
    return names[d];
}

bool detector_knows_people(enum detector d)
{
    return d == DETECTOR_RATIO || d == DETECTOR_FULL;
}

/* One unit of work: the owners of one fold against the others of another. */
struct unit {
    size_t owners, others;
    size_t lesson;
    uint64_t checksum; /* of the model's name */
};

struct hall {
    const struct dataset *set;
    const struct contest_options *options;
    struct bank *bank;    /* of all sessions */
    struct bank *lessons; /* of those that may be background, when not all may */
    struct school *school;
    struct enrolled *enrolled; /* of each model */
    size_t *first;             /* bouts of each model, models + 1 */
    uint32_t *fold;            /* of each user */
    size_t folds;
    struct unit *unit;
    size_t units;
    struct lesson *lesson; /* of units that leave the same teachers out */
    size_t shared;         /* how many lessons */
    _Atomic size_t next, done;
    _Atomic int error;
    _Atomic size_t failing; /* unit */
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

/* Who took over an account could be anybody: he is in no background, and takes no seat of his own. */
static bool is_unknown(const struct dataset *set, size_t user)
{
    return dataset_victim(set, user) != DATASET_NO_USER;
}

/* Mark the owners and the people of trials; returns how many. */
static size_t mark_players(struct hall *h)
{
    const size_t users = dataset_users(h->set);
    size_t n = 0;
    for (size_t u = 0; u < users; u++) {
        h->fold[u] = NO_FOLD;
    }
    for (size_t m = 0; m < dataset_models(h->set); m++) {
        h->fold[dataset_model(h->set, m)->user] = 0;
    }
    for (size_t i = 0; i < h->contest->bouts; i++) {
        h->fold[dataset_session(h->set, h->contest->bout[i].session)->user] = 0;
    }
    for (size_t u = 0; u < users; u++) {
        h->fold[u] = is_unknown(h->set, u) ? NO_FOLD : h->fold[u];
        n += h->fold[u] == 0;
    }
    return n;
}

static size_t fold_count(const struct contest_options *o, size_t players)
{
    switch (o->background) {
    case BACKGROUND_NONE: return 1;
    case BACKGROUND_ALL: return players;
    case BACKGROUND_FOLDS: /* who is alone in his fold has no impostor */
        return players < 2 * o->folds ? (players < 4 ? 1 : players / 2) : o->folds;
    case BACKGROUND_PAIRS:
    case BACKGROUNDS: break;
    }
    return o->folds < players ? o->folds : players;
}

static err_t deal(struct hall *h)
{
    const size_t users = dataset_users(h->set);
    h->fold = calloc(users + 1, sizeof *h->fold);
    if (h->fold == NULL) {
        return err_new(ERR_NOMEM);
    }
    h->folds = fold_count(h->options, mark_players(h));
    h->contest->folds = h->folds;
    MUST(h->folds > 0); /* a set without a model has no contest */
    size_t seat = 0;
    for (size_t u = 0; u < users; u++) {
        h->fold[u] = h->fold[u] == NO_FOLD ? NO_FOLD : (uint32_t)(seat++ % h->folds);
    }
    for (size_t u = 0; u < users; u++) { /* with the owner whose impostor he is */
        h->fold[u] = is_unknown(h->set, u) ? h->fold[dataset_victim(h->set, u)] : h->fold[u];
    }
    const bool pairs = h->options->background == BACKGROUND_PAIRS;
    h->unit = calloc(pairs ? h->folds * (h->folds + 1) / 2 + 1 : h->folds + 1, sizeof *h->unit);
    if (h->unit == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < h->folds; i++) {
        for (size_t j = i; j < (pairs ? h->folds : i + 1); j++) {
            h->unit[h->units++] = (struct unit){.owners = i, .others = j};
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

/* A bout is scored by one unit; what others may read of it meanwhile is not written. */
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
            struct bout now = {
                .model = bout[i].model, .session = bout[i].session, .genuine = bout[i].genuine};
            TRY(judge_try(judge, &sitting, h->set, &now));
            if (mine) {
                bout[i].tried = true;
                bout[i].scored = now.scored;
                bout[i].absorbed = now.absorbed;
                bout[i].score = now.score;
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

/* Whether a background is to be learnt. */
static bool knows_people(const struct hall *h)
{
    return h->options->background != BACKGROUND_NONE && detector_knows_people(h->options->detector);
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

/* Everybody who may be background of this unit, the caller frees; NULL without memory. */
static bool *background_of(const struct hall *h, const struct unit *unit)
{
    const size_t users = dataset_users(h->set);
    bool *const in = calloc(users + 1, sizeof *in);
    for (size_t u = 0; in != NULL && u < users; u++) {
        in[u] = h->fold[u] != unit->owners && h->fold[u] != unit->others &&
                !is_unknown(h->set, u) &&
                (h->options->background != BACKGROUND_ALL || is_owner(h->set, u));
    }
    return in;
}

static const struct bank *bank_of_lessons(const struct hall *h)
{
    return h->lessons != NULL ? h->lessons : h->bank;
}

/* The most of all models; from any thread. */
static void note_left_out(struct contest *c, size_t fields)
{
    size_t most = c->left_out;
    while (fields > most && !atomic_compare_exchange_weak(&c->left_out, &most, fields)) {}
}

static err_t teach_unit(const struct hall *h, const struct unit *unit, struct buf *bytes)
{
    bool *const in = background_of(h, unit);
    if (in == NULL) {
        return err_new(ERR_NOMEM);
    }
    struct watch watch = {.progress = NULL};
    const err_t taught =
        school_teach(h->school, in, (struct model_title){.label = "evaluation"}, &watch, bytes);
    note_left_out(h->contest, watch.left_out);
    free(in);
    return taught;
}

/* Whether owners of one fold have a bout against others of the other. */
static bool has_bouts(const struct hall *h, size_t owners, size_t others)
{
    for (size_t m = 0; m < dataset_models(h->set); m++) {
        size_t genuine = 0;
        const bool here = h->fold[dataset_model(h->set, m)->user] == owners;
        for (size_t i = h->first[m]; here && i < h->first[m + 1]; i++) {
            if (is_of(h, &h->contest->bout[i], genuine, others)) {
                return true;
            }
            genuine += h->contest->bout[i].genuine;
        }
    }
    return false;
}

/* Who asks for a lesson: any of the units that share it would be taught the same. */
struct pupil {
    const struct hall *hall;
    const struct unit *unit;
};

static err_t teach_pupil(const void *ctx, struct buf *bytes)
{
    const struct pupil *const p = ctx;
    return teach_unit(p->hall, p->unit, bytes);
}

static err_t run_unit(const struct hall *h, struct unit *unit)
{
    if (!has_bouts(h, unit->owners, unit->others) && !has_bouts(h, unit->others, unit->owners)) {
        return ERR_OK;
    }
    CLEANUP(judge_deinit) struct judge judge = {0};
    span_t model = h->options->model;
    if (knows_people(h)) {
        const struct pupil pupil = {h, unit};
        TRY(lesson_hear(&h->lesson[unit->lesson], teach_pupil, &pupil, &model));
    }
    TRY(judge_init(&judge, h->options->detector, h->options->adapt, h->bank, model));
    const char *const name = canara_model_name(judge.model);
    unit->checksum = fnv_add(FNV_START, name, strlen(name));
    TRY(judge_side(h, &judge, unit->owners, unit->others));
    if (unit->owners != unit->others) {
        TRY(judge_side(h, &judge, unit->others, unit->owners));
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
        const err_t e = run_unit(h, &h->unit[at]);
        lesson_leave(&h->lesson[h->unit[at].lesson]);
        if (failed(e)) {
            atomic_store(&h->failing, at);
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

/* What the unit that ended it had too little of. */
static void tell_lack(const struct hall *h)
{
    bool *const in = background_of(h, &h->unit[atomic_load(&h->failing)]);
    if (in != NULL) {
        *h->options->lack = bank_reach(bank_of_lessons(h), in, SCHOOL_SAMPLES);
    }
    free(in);
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
    }
    return ERR_OK;
}

/* The sessions that may teach: of a closed set the enrolments, of one with a background.tsv what it
 * names. */
static void mark_lessons(const struct hall *h, bool *wanted)
{
    size_t count = 0;
    const uint32_t *const named = dataset_background(h->set, &count);
    if (h->options->background != BACKGROUND_ALL) {
        for (size_t i = 0; i < count; i++) {
            wanted[named[i]] = true;
        }
        return;
    }
    for (size_t m = 0; m < dataset_models(h->set); m++) {
        const struct dataset_model *model = dataset_model(h->set, m);
        for (size_t i = 0; i < model->enrols; i++) {
            wanted[model->enrol[i]] = true;
        }
    }
}

static err_t fill_banks(struct hall *h)
{
    const enum background kind = h->options->background;
    size_t named = 0;
    (void)dataset_background(h->set, &named);
    TRY(bank_new(h->set, NULL, &h->bank));
    if (!knows_people(h) || (kind != BACKGROUND_ALL && named == 0)) {
        return ERR_OK;
    }
    bool *wanted = calloc(dataset_sessions(h->set) + 1, sizeof *wanted);
    if (wanted == NULL) {
        return err_new(ERR_NOMEM);
    }
    mark_lessons(h, wanted);
    const err_t e = bank_new(h->set, wanted, &h->lessons);
    free(wanted);
    return e;
}

/* Whether a field is typed that too few people share to know anything of it: a password of one's own.
 * Then what is known of keys of any field stands in, and has to be taught. */
static bool has_own_fields(const struct hall *h)
{
    for (size_t i = 0; i < bank_contexts(h->bank); i++) {
        const struct bank_context *const c = bank_context(h->bank, i);
        size_t people = 0;
        bool owned = false;
        for (size_t u = 0; u < c->users; u++) {
            people += bank_count(c, u) > 0 && !is_unknown(h->set, u);
            owned = owned || (bank_count(c, u) > 0 && is_owner(h->set, u));
        }
        if (c->like.kind == SAMPLE_KEYS && owned && people < PEOPLE_MIN) {
            return true;
        }
    }
    return false;
}

/* Mark the folds that have somebody who may teach: to leave another out changes no lesson. */
static void mark_teachers(const struct hall *h, bool *teaches)
{
    const struct bank *const from = bank_of_lessons(h);
    for (size_t i = 0; i < bank_contexts(from); i++) {
        const struct bank_context *const c = bank_context(from, i);
        for (size_t u = 0; u < c->users; u++) {
            if (h->fold[u] != NO_FOLD && !is_unknown(h->set, u) && bank_count(c, u) > 0) {
                teaches[h->fold[u]] = true;
            }
        }
    }
}

/* What a unit leaves out of its lesson, as a number: no, one, or two folds that teach. */
static uint64_t left_out(const struct unit *u, const bool *teaches)
{
    const uint64_t a = teaches[u->owners] ? u->owners + 1 : 0;
    const uint64_t b = teaches[u->others] && u->others != u->owners ? u->others + 1 : 0;
    return a > b ? a << 32U | b : b << 32U | a;
}

/* The lesson of each unit, the same for all that leave the same out. */
static err_t share_lessons(struct hall *h, const bool *teaches)
{
    err_t e = ERR_OK;
    struct map64 met;
    map64_init(&met, 0);
    for (size_t i = 0; i < h->units && !failed(e); i++) {
        const uint64_t out = left_out(&h->unit[i], teaches);
        uint32_t lesson = (uint32_t)h->shared;
        if (!map64_get(&met, out, &lesson)) {
            lesson_init(&h->lesson[h->shared++], MODEL_MAX);
            e = map64_put(&met, out, lesson);
        }
        h->unit[i].lesson = lesson;
        lesson_announce(&h->lesson[lesson]);
    }
    map64_deinit(&met);
    return e;
}

static err_t plan_lessons(struct hall *h)
{
    bool *const teaches = calloc(h->folds + 1, sizeof *teaches);
    h->lesson = calloc(h->units + 1, sizeof *h->lesson);
    err_t e = teaches == NULL || h->lesson == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    if (!failed(e)) {
        mark_teachers(h, teaches);
        e = share_lessons(h, teaches);
    }
    free(teaches);
    return e;
}

static void free_lessons(struct hall *h)
{
    for (size_t i = 0; i < h->shared; i++) {
        h->contest->taught += h->lesson[i].taught;
        lesson_deinit(&h->lesson[i]);
    }
    free(h->lesson);
}

static err_t prepare(struct hall *h)
{
    TRY(list_bouts(h));
    TRY(deal(h));
    TRY(fill_banks(h));
    TRY(plan_lessons(h));
    if (knows_people(h)) {
        TRY(school_new(bank_of_lessons(h),
                       (struct school_plan){.general = has_own_fields(h),
                                            .any_text = h->options->detector == DETECTOR_RATIO},
                       &h->school));
    }
    return enrol_all(h);
}

err_t contest_run(const struct dataset *set, const struct contest_options *options,
                  struct contest *out)
{
    MUST(dataset_models(set) > 0);
    struct contest contest = {0};
    struct hall h = {.set = set, .options = options, .contest = &contest};
    err_t e = prepare(&h);
    if (!failed(e)) {
        e = run_units(&h);
        if (e.code == ERR_RANGE && options->lack != NULL) {
            tell_lack(&h);
        }
    }
    contest.checksum = FNV_START;
    for (size_t i = 0; i < h.units; i++) {
        contest.checksum = fnv_add(contest.checksum, &h.unit[i].checksum, sizeof(uint64_t));
    }
    for (size_t m = 0; h.enrolled != NULL && m < dataset_models(set); m++) {
        enrolled_free(&h.enrolled[m]);
    }
    free(h.enrolled);
    free_lessons(&h);
    school_free(&h.school);
    bank_free(&h.lessons);
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
