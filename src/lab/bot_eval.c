#include "lab/bot_eval.h"

#include "engine/bots.h"
#include "engine/filter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define UNTOLD (-3.0) /* a mean margin for who showed nothing: an ordinary person's */

/* Sum of B, with the learned part by these trees instead of the shipped ones. */
struct watch {
    struct session_state s;
    struct bot_sum sum; /* decays as the engine's does */
};

static double bot_nats(const struct watch *w, enum bot_parts parts)
{
    double sum = 0.0;
    for (size_t r = 0; r < BOT_RULES; r++) {
        const bool is_learned = r == BOT_LEARNED_MOTION;
        sum += is_learned || (parts & BOT_PART_RULES) == 0 ? 0.0 : w->s.bot[r];
    }
    return sum + ((parts & BOT_PART_LEARNED) != 0 ? bot_learned_nats(&w->sum) : 0.0);
}

static void look(struct watch *w, const struct dataset_event *event, const struct trees *trees)
{
    const canara_event_t *const e = &event->event;
    const double before = (double)(event->at.ms > w->s.at_ms ? event->at.ms - w->s.at_ms : 0);
    const double kept = exp2(-before / BOT_HALF_LIFE_MS);
    w->sum.margin *= kept;
    w->sum.windows *= kept;
    filter_advance(&w->s, event->at.ms);
    bots_look(&w->s, e, event->at.ms);
    if (e->kind == CANARA_POINTER && (e->has & CANARA_F_POINTS) != 0) {
        bot_learned_add(trees, e->of.path.points, e->of.path.count, &w->sum);
    }
}

double bot_eval_session(const struct dataset *set, size_t session, const struct trees *trees,
                        enum bot_parts parts)
{
    const struct dataset_session *in = dataset_session(set, session);
    struct watch w = {0};
    filter_begin(&w.s, dataset_session_begin(set, session));
    double peak = 0.0;
    for (size_t e = in->first; e < (size_t)in->first + in->count; e++) {
        look(&w, dataset_event(set, e), trees);
        peak = fmax(peak, bot_nats(&w, parts));
    }
    if (peak > 0.0 || (parts & BOT_PART_LEARNED) == 0) {
        return peak;
    }
    const double mean = w.sum.windows > 0.0 ? w.sum.margin / w.sum.windows : UNTOLD;
    return fmin(mean - BOT_LEARNED_ZERO, 0.0);
}

/* ---- folds ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double share_above(const double *x, size_t n, double limit)
{
    size_t above = 0;
    for (size_t i = 0; i < n; i++) {
        above += x[i] > limit;
    }
    return (double)above / (double)n;
}

/* The score that at most `far` of the sorted people are above. */
static double limit_of(const double *people, size_t n, double far)
{
    const size_t above = (size_t)(far * (double)n);
    return people[n - 1 - above];
}

static void judge(double *people, const double *bots, struct bot_fold *fold)
{
    qsort(people, fold->people, sizeof *people, ascending);
    double wins = 0.0;
    for (size_t b = 0; b < fold->bots; b++) {
        for (size_t p = 0; p < fold->people; p++) {
            wins += bots[b] > people[p] ? 1.0 : (bots[b] < people[p] ? 0.0 : 0.5);
        }
    }
    fold->auc = wins / ((double)fold->people * (double)fold->bots);
    fold->people_met = share_above(people, fold->people, 1.0);
    fold->bots_met = share_above(bots, fold->bots, 1.0);
    fold->at_far_001 = share_above(bots, fold->bots, limit_of(people, fold->people, 0.01));
    fold->at_far_010 = share_above(bots, fold->bots, limit_of(people, fold->people, 0.1));
}

static void free_doubles(double **p)
{
    free(*p);
}

static void free_lesson(struct bot_lesson **lesson)
{
    bot_lesson_free(lesson);
}

/* What a run holds: sums of the scores of every trial over the folds it was left out of. */
struct run {
    const struct dataset *set;
    const struct bot_eval_options *options;
    double *sum, *times; /* one a trial */
    double *people, *bots;
    char *why;
};

static err_t learn(const struct run *r, const struct bot_fold *fold, struct buf *bytes,
                   struct trees *trees)
{
    CLEANUP(free_lesson) struct bot_lesson *lesson = NULL;
    TRY(bot_lesson_new(1, &lesson));
    TRY(bot_lesson_add_set(lesson, r->set, (const uint32_t[2]){fold->family, fold->device}));
    if (r->options->others != NULL) {
        TRY(bot_lesson_add_set(lesson, r->options->others,
                               (const uint32_t[2]){DATASET_NO_USER, DATASET_NO_USER}));
    }
    TRY(bot_lesson_add_hands(lesson));
    TRY(bot_lesson_fit(lesson, bytes, r->why));
    MUST(trees_check(buf_span(bytes), BOT_COLUMNS, trees) == TREES_GOOD);
    return ERR_OK;
}

static err_t run_fold(struct run *r, struct bot_fold *fold)
{
    const struct dataset_trials trials = dataset_bot_trials(r->set);
    CLEANUP(buf_deinit) struct buf bytes;
    struct trees trees;
    buf_init(&bytes, TREES_BYTES_MAX);
    TRY(learn(r, fold, &bytes, &trees));
    for (size_t i = 0; i < trials.count; i++) {
        const uint32_t user = dataset_session(r->set, trials.at[i].session)->user;
        if (user != fold->family && user != fold->device) {
            continue;
        }
        const double score =
            bot_eval_session(r->set, trials.at[i].session, &trees, r->options->parts);
        r->sum[i] += score;
        r->times[i] += 1.0;
        if (user == fold->family) {
            r->bots[fold->bots++] = score;
        } else {
            r->people[fold->people++] = score;
        }
    }
    judge(r->people, r->bots, fold);
    return ERR_OK;
}

/* 0 nobody of the trials, 1 a device of people, 2 a family of bots. */
static int side_of(const struct dataset *set, uint32_t user)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    for (size_t i = 0; i < trials.count; i++) {
        if (dataset_session(set, trials.at[i].session)->user == user) {
            return trials.at[i].label == DATASET_BOT ? 2 : 1;
        }
    }
    return 0;
}

static size_t count_side(const struct dataset *set, int side)
{
    size_t n = 0;
    for (uint32_t u = 0; u < dataset_users(set); u++) {
        n += side_of(set, u) == side;
    }
    return n;
}

static err_t run_family(struct run *r, uint32_t family, struct bot_fold *out, size_t *n)
{
    for (uint32_t device = 0; device < dataset_users(r->set) && *n < BOT_FOLDS_MAX; device++) {
        if (side_of(r->set, device) != 1) {
            continue;
        }
        out[*n] = (struct bot_fold){.family = family, .device = device};
        TRY(run_fold(r, &out[*n]));
        (*n)++;
    }
    return ERR_OK;
}

static err_t run_folds(struct run *r, struct bot_fold *out, size_t *n)
{
    for (uint32_t family = 0; family < dataset_users(r->set); family++) {
        if (side_of(r->set, family) == 2) {
            TRY(run_family(r, family, out, n));
        }
    }
    return ERR_OK;
}

bool bot_eval_leaves_out(const struct dataset *set, const struct bot_eval_options *options)
{
    return !options->shipped && count_side(set, 2) > 1 && count_side(set, 1) > 1;
}

err_t bot_eval_run(const struct dataset *set, const struct bot_eval_options *options, double *score,
                   struct bot_folds *folds, char why[BOOST_WHY_BYTES])
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    if (count_side(set, 1) == 0 || count_side(set, 2) == 0) {
        (void)snprintf(why, BOOST_WHY_BYTES, "the set has no trials of people and bots");
        return err_new(ERR_RANGE);
    }
    CLEANUP(free_doubles) double *room = calloc(4 * trials.count + 1, sizeof *room);
    if (room == NULL) {
        return err_new(ERR_NOMEM);
    }
    struct run r = {.set = set,
                    .options = options,
                    .sum = room,
                    .times = room + trials.count,
                    .people = room + 2 * trials.count,
                    .bots = room + 3 * trials.count,
                    .why = why};
    folds->count = 0;
    if (bot_eval_leaves_out(set, options)) {
        TRY(run_folds(&r, folds->at, &folds->count));
    }
    for (size_t i = 0; i < trials.count; i++) {
        score[i] = r.times[i] > 0.0 ? r.sum[i] / r.times[i]
                                    : bot_eval_session(set, trials.at[i].session,
                                                       bot_learned_shipped(), options->parts);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    return ERR_OK;
}

static double share_of(const struct dataset *set, const struct dataset_trials *trials,
                       enum dataset_label label, double nats, size_t *n)
{
    double met = 0.0;
    for (size_t i = 0; i < trials->count; i++) {
        if (trials->at[i].label == label) {
            met += bot_eval_session(set, trials->at[i].session, bot_learned_shipped(),
                                    BOT_PART_ALL) >= nats;
            (*n)++;
        }
    }
    return met;
}

double bot_eval_share(const struct dataset *set, enum dataset_label label, double nats)
{
    size_t n = 0;
    const struct dataset_trials bots = dataset_bot_trials(set);
    double met = share_of(set, &bots, label, nats, &n);
    for (size_t m = 0; m < dataset_models(set); m++) {
        met += share_of(set, &dataset_model(set, m)->trials, label, nats, &n);
    }
    return n > 0 ? met / (double)n : 0.0;
}
