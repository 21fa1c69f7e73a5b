#include "lab/bot_eval.h"

#include "engine/bots.h"
#include "engine/filter.h"

#include <math.h>
#include <stdlib.h>

/* Sum of B, with the learned part by this table instead of the shipped one. */
struct watch {
    struct session_state s;
    double learned; /* running, as rule_weigh_bot() keeps it */
};

static double bot_nats(const struct watch *w, enum bot_parts parts)
{
    double sum = 0.0;
    for (size_t r = 0; r < BOT_RULES; r++) {
        const bool is_learned = r == BOT_LEARNED_MOTION;
        sum += is_learned || (parts & BOT_PART_RULES) == 0 ? 0.0 : w->s.bot[r];
    }
    return sum + ((parts & BOT_PART_LEARNED) != 0 ? fmax(w->learned, 0.0) : 0.0);
}

static void learn_of(struct watch *w, const canara_event_t *event, const struct bot_table *table)
{
    double f[BOT_MOTION_FEATURES];
    if (event->kind == CANARA_POINTER && (event->has & CANARA_F_POINTS) != 0 &&
        bot_motion_features(event->of.path.points, event->of.path.count, f)) {
        const double nats = bot_table_nats(table, f);
        const double one = fmax(-BOT_LEARNED_MAX, fmin(nats, BOT_LEARNED_MAX));
        w->learned = fmax(-BOT_LEARNED_MAX, fmin(w->learned + one, BOT_LEARNED_MAX));
    }
}

double bot_eval_session(const struct dataset *set, size_t session, const struct bot_table *table,
                        enum bot_parts parts)
{
    const struct dataset_session *in = dataset_session(set, session);
        struct watch w = {0};
    filter_begin(&w.s, dataset_session_begin(set, session));
    double peak = 0.0;
    for (size_t e = in->first; e < (size_t)in->first + in->count; e++) {
        const struct dataset_event *event = dataset_event(set, e);
        const double before = (double)(event->at.ms > w.s.at_ms ? event->at.ms - w.s.at_ms : 0);
        w.learned *= exp2(-before / 600000.0);
        filter_advance(&w.s, event->at.ms);
        bots_look(&w.s, &event->event, event->at.ms);
        learn_of(&w, &event->event, table);
        peak = fmax(peak, bot_nats(&w, parts));
    }
    const bool below = !(peak > 0.0) && (parts & BOT_PART_LEARNED) != 0;
    return below ? fmin(w.learned, 0.0) : peak;
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

static err_t run_fold(const struct dataset *set, const struct dataset *others, enum bot_parts parts,
                      struct bot_fold *fold)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    CLEANUP(free_doubles) double *people = calloc(trials.count, sizeof *people);
    CLEANUP(free_doubles) double *bots = calloc(trials.count, sizeof *bots);
    CLEANUP(free_lesson) struct bot_lesson *lesson = NULL;
    if (people == NULL || bots == NULL) {
        return err_new(ERR_NOMEM);
    }
    struct bot_table table;
    TRY(bot_lesson_new(1, &lesson));
    TRY(bot_lesson_add_set(lesson, set, (const uint32_t[2]){fold->family, fold->device}));
    if (others != NULL) {
        TRY(bot_lesson_add_set(lesson, others,
                               (const uint32_t[2]){DATASET_NO_USER, DATASET_NO_USER}));
    }
    TRY(bot_lesson_add_hands(lesson));
    TRY(bot_lesson_fit(lesson, &table));
    for (size_t i = 0; i < trials.count; i++) {
        const uint32_t user = dataset_session(set, trials.at[i].session)->user;
        if (user == fold->family) {
            bots[fold->bots++] = bot_eval_session(set, trials.at[i].session, &table, parts);
        } else if (user == fold->device) {
            people[fold->people++] = bot_eval_session(set, trials.at[i].session, &table, parts);
        }
    }
    judge(people, bots, fold);
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

static err_t run_family(const struct dataset *set, const struct dataset *others,
                        enum bot_parts parts, uint32_t family, struct bot_fold *out, size_t *n)
{
    for (uint32_t device = 0; device < dataset_users(set) && *n < BOT_FOLDS_MAX; device++) {
        if (side_of(set, device) != 1) {
            continue;
        }
        out[*n] = (struct bot_fold){.family = family, .device = device};
        TRY(run_fold(set, others, parts, &out[*n]));
        (*n)++;
    }
    return ERR_OK;
}

err_t bot_eval_folds(const struct dataset *set, const struct dataset *others, enum bot_parts parts,
                     struct bot_fold out[BOT_FOLDS_MAX], size_t *count)
{
    size_t n = 0;
    for (uint32_t family = 0; family < dataset_users(set); family++) {
        if (side_of(set, family) == 2) {
            TRY(run_family(set, others, parts, family, out, &n));
        }
    }
    if (n == 0) {
        return err_new(ERR_RANGE);
    }
    *count = n;
    return ERR_OK;
}

static double share_of(const struct dataset *set, const struct dataset_trials *trials,
                       enum dataset_label label, double nats, size_t *n)
{
    double met = 0.0;
    for (size_t i = 0; i < trials->count; i++) {
        if (trials->at[i].label == label) {
            met += bot_eval_session(set, trials->at[i].session, bot_table_shipped(),
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
