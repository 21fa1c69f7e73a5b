#include "lab/bot_eval.h"

#include "engine/bots.h"
#include "engine/filter.h"
#include "engine/numbers.h"
#include "lab/bot_lean.h"
#include "lab/bot_typed.h"
#include "lab/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define UNTOLD (-3.0) /* a mean margin for who showed nothing: an ordinary person's */

/* Sum of B, with the learned part by these trees instead of the shipped ones. */
struct watch {
    struct session_state s;
    struct bot_sum sum; /* decays as the engine's does */
    struct bot_lean lean;
    struct bot_typed typed;
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

/* A session goes on when its last recording is over: so does the clock. */
static void go_on(struct watch *w)
{
    static const canara_event_t quiet = {.kind = CANARA_IDLE_TIMEOUT};
    filter_advance(&w->s, w->s.at_ms + 1000);
    bots_look(&w->s, &quiet, w->s.at_ms);
}

/* Sessions that never gave B a nat, by what moved, what was typed and how fingers went: below 0, more for a
 * machine. */
static double order_of(const struct watch *w, double lean)
{
    double typed = 0.0;
    const bool wrote = bot_typed_margin(&w->typed, &typed);
    const bool moved = w->sum.windows > 0.0;
    const double still = wrote ? 0.0 : UNTOLD;
    const double mean = moved ? w->sum.margin / w->sum.windows : still;
    return -log1p(exp(BOT_LEARNED_ZERO - mean - typed - lean));
}

static double score_of(const struct watch *w, double peak, enum bot_parts parts)
{
    if ((parts & BOT_PART_LEARNED) == 0) {
        return peak;
    }
    const double lean = bot_lean_of(&w->lean, &w->s.habits);
    return peak > 0.0 ? peak + 0.01 * (lean + BOT_LEAN_MAX) /* of equal nats */ : order_of(w, lean);
}

static void look(struct watch *w, const struct dataset_event *event, bool replayed,
                 const struct trees *trees)
{
    const canara_event_t *const e = &event->event;
    const double before = (double)(event->at.ms > w->s.at_ms ? event->at.ms - w->s.at_ms : 0);
    const double kept = exp2(-before / BOT_HALF_LIFE_MS);
    w->sum.margin *= kept;
    w->sum.windows *= kept;
    filter_advance(&w->s, event->at.ms);
    bots_look(&w->s, e, event->at.ms);
    if (replayed) {
        rule_met_bot(&w->s, BOT_REPLAY);
    }
    bot_typed_add(&w->typed, e);
    if (e->kind == CANARA_POINTER && (e->has & CANARA_F_POINTS) != 0) {
        struct bot_windows windows;
        bot_windows_begin(&windows, e->of.path.points, e->of.path.count);
        bot_learned_add(trees, &windows, &w->sum);
    }
    if (e->kind == CANARA_TOUCH && (e->has & CANARA_F_POINTS) != 0) {
        bot_lean_add(&w->lean, e->of.path.points, e->of.path.count);
    }
}

double bot_eval_session(const struct dataset *set, size_t session, const struct bot_judge *judge)
{
    const struct dataset_session *in = dataset_session(set, session);
    struct watch w = {0};
    filter_begin(&w.s, dataset_session_begin(set, session));
    double peak = 0.0;
    for (size_t e = in->first; e < (size_t)in->first + in->count; e++) {
        look(&w, dataset_event(set, e), judge->replayed != NULL && judge->replayed[e],
             judge->trees);
        peak = fmax(peak, bot_nats(&w, judge->parts));
    }
    go_on(&w);
    peak = fmax(peak, bot_nats(&w, judge->parts));
    return score_of(&w, peak, judge->parts);
}

double bot_eval_path(const canara_point_t *path, size_t n, const struct bot_judge *judge)
{
    static const int64_t at = INT64_C(1750000000000);
    const int64_t end = at + (n > 0 ? (int64_t)path[n - 1].t_ms : 0);
    const struct dataset_event event = {.event = {.kind = CANARA_POINTER,
                                                  .has = CANARA_F_POINTS,
                                                  .of.path = {.points = path, .count = n}},
                                        .at = {end}};
    struct watch w = {0};
    filter_begin(&w.s, at);
    look(&w, &event, false, judge->trees);
    go_on(&w);
    return score_of(&w, bot_nats(&w, judge->parts), judge->parts);
}

/* ---- folds ---- */

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

static void sum_up(double *people, const double *bots, struct bot_fold *fold)
{
    if (fold->people == 0 || fold->bots == 0) {
        fold->auc = fold->people_met = fold->bots_met = NAN;
        fold->at_far_001 = fold->at_far_010 = NAN;
        return;
    }
    numbers_sort(people, fold->people);
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

static void free_lesson(struct bot_lesson **lesson)
{
    bot_lesson_free(lesson);
}

/* What a user of the set is there for. */
struct side {
    bool bot, human;       /* both: a machine on a person's account */
    size_t family, device; /* fold of it, where it is one */
};

/* What a run holds: sums of the scores of every trial over the folds it was left out of. */
struct run {
    const struct dataset *set;
    const struct bot_eval_options *options;
    double *sum, *times; /* one a trial */
    double *people, *bots;
    struct side *side; /* one a user */
    size_t family_folds, device_folds;
    bool *without;     /* one a user */
    uint64_t checksum; /* of all trees */
    char *why;
};

static size_t deal(struct run *r, bool bots)
{
    size_t n = 0;
    for (size_t u = 0; u < dataset_users(r->set); u++) {
        struct side *const s = &r->side[u];
        if (bots ? s->bot : s->human) {
            *(bots ? &s->family : &s->device) = n++ % r->options->folds;
        }
    }
    return n < r->options->folds ? n : r->options->folds;
}

static void take_sides(struct run *r)
{
    const struct dataset_trials trials = dataset_bot_trials(r->set);
    for (size_t i = 0; i < trials.count; i++) {
        struct side *const s = &r->side[dataset_session(r->set, trials.at[i].session)->user];
        *(trials.at[i].label == DATASET_BOT ? &s->bot : &s->human) = true;
    }
    r->family_folds = deal(r, true);
    r->device_folds = deal(r, false);
}

static bool is_of_family(const struct side *s, size_t family)
{
    return s->bot && s->family == family;
}

static bool is_of_device(const struct side *s, size_t device)
{
    return s->human && s->device == device;
}

static err_t learn(const struct run *r, struct buf *bytes, struct trees *trees)
{
    CLEANUP(free_lesson) struct bot_lesson *lesson = NULL;
    TRY(bot_lesson_new(1, &lesson));
    TRY(bot_lesson_add_set(lesson, r->set, r->without));
    if (r->options->others != NULL) {
        TRY(bot_lesson_add_set(lesson, r->options->others, NULL));
    }
    TRY(bot_lesson_add_hands(lesson, BOT_HANDS));
    TRY(bot_lesson_fit(lesson, bytes, r->why));
    MUST(trees_check(buf_span(bytes), BOT_COLUMNS, trees) == TREES_GOOD);
    return ERR_OK;
}

/* Leave these folds out; count who that is. */
static void leave_out(const struct run *r, size_t family, size_t device, struct bot_fold *fold)
{
    *fold = (struct bot_fold){.families = 0};
    for (uint32_t u = 0; u < dataset_users(r->set); u++) {
        const bool of_family = is_of_family(&r->side[u], family);
        const bool of_device = is_of_device(&r->side[u], device);
        r->without[u] = of_family || of_device;
        fold->family = of_family && fold->families == 0 ? u : fold->family;
        fold->device = of_device && fold->devices == 0 ? u : fold->device;
        fold->families += of_family;
        fold->devices += of_device;
    }
}

static err_t run_fold(struct run *r, size_t family, size_t device, struct bot_fold *fold)
{
    const struct dataset_trials trials = dataset_bot_trials(r->set);
    CLEANUP(buf_deinit) struct buf bytes;
    struct trees trees;
    buf_init(&bytes, TREES_BYTES_MAX);
    leave_out(r, family, device, fold);
    TRY(learn(r, &bytes, &trees));
    r->checksum = fnv_add(r->checksum, bytes.ptr, bytes.len);
    const struct bot_judge judge = {&trees, r->options->parts, r->options->replayed};
    for (size_t i = 0; i < trials.count; i++) {
        const struct side *const s = &r->side[dataset_session(r->set, trials.at[i].session)->user];
        const bool bot = trials.at[i].label == DATASET_BOT;
        if (bot ? !is_of_family(s, family) : !is_of_device(s, device)) {
            continue;
        }
        const double score = bot_eval_session(r->set, trials.at[i].session, &judge);
        r->sum[i] += score;
        r->times[i] += 1.0;
        if (bot) {
            r->bots[fold->bots++] = score;
        } else {
            r->people[fold->people++] = score;
        }
    }
    sum_up(r->people, r->bots, fold);
    return ERR_OK;
}

static err_t run_folds(struct run *r, struct bot_folds *out)
{
    const bool pairs = r->options->leave == BOT_LEAVE_PAIRS;
    const size_t longer = r->family_folds > r->device_folds ? r->family_folds : r->device_folds;
    const size_t all = pairs ? r->family_folds * r->device_folds : longer;
    if (all > BOT_FOLDS_MAX) {
        (void)snprintf(r->why, BOOST_WHY_BYTES, "more than %d folds to learn; take fewer",
                       BOT_FOLDS_MAX);
        return err_new(ERR_LIMIT);
    }
    out->at = calloc(all, sizeof *out->at);
    if (out->at == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < all; i++) {
        const size_t family = pairs ? i / r->device_folds : i % r->family_folds;
        TRY(run_fold(r, family, i % r->device_folds, &out->at[i]));
        out->count = i + 1;
        if (r->options->progress != NULL) {
            r->options->progress(r->options->ctx, i + 1, all);
        }
    }
    return ERR_OK;
}

static size_t count_sides(const struct dataset *set, enum dataset_label label)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    uint32_t one = DATASET_NO_USER;
    size_t n = 0; /* 0, 1 or "several": 2 */
    for (size_t i = 0; i < trials.count && n < 2; i++) {
        const uint32_t user = dataset_session(set, trials.at[i].session)->user;
        n += trials.at[i].label == label && user != one;
        one = trials.at[i].label == label ? user : one;
    }
    return n;
}

bool bot_eval_can_leave_out(const struct dataset *set)
{
    return count_sides(set, DATASET_BOT) > 1 && count_sides(set, DATASET_HUMAN) > 1;
}

static bool moves(const struct dataset *set, size_t session)
{
    const struct dataset_session *in = dataset_session(set, session);
    for (size_t e = in->first; e < (size_t)in->first + in->count; e++) {
        const canara_event_t *event = &dataset_event(set, e)->event;
        if (event->kind == CANARA_POINTER && (event->has & CANARA_F_POINTS) != 0) {
            return true;
        }
    }
    return false;
}

bool bot_eval_can_learn(const struct dataset *set)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    bool met[DATASET_LABELS] = {false};
    for (size_t i = 0; i < trials.count; i++) {
        bool *label = &met[trials.at[i].label];
        *label = *label || moves(set, trials.at[i].session);
    }
    return met[DATASET_HUMAN] && met[DATASET_BOT];
}

/* The checksum of the trees that ship. */
static uint64_t shipped_checksum(void)
{
    const struct trees *const t = bot_learned_shipped();
    const uint64_t roots = fnv_add(FNV_START, t->root, (size_t)t->trees * TREES_ROOT_BYTES);
    return fnv_add(roots, t->node, (size_t)t->nodes * TREES_NODE_BYTES);
}

static err_t run(struct run *r, double *score, struct bot_folds *folds)
{
    const struct dataset_trials trials = dataset_bot_trials(r->set);
    const struct bot_judge shipped = {bot_learned_shipped(), r->options->parts,
                                      r->options->replayed};
    if (r->options->leave != BOT_LEAVE_NOBODY) {
        TRY(run_folds(r, folds));
    }
    folds->checksum = r->options->leave == BOT_LEAVE_NOBODY ? shipped_checksum() : r->checksum;
    for (size_t i = 0; i < trials.count; i++) {
        score[i] = r->times[i] > 0.0 ? r->sum[i] / r->times[i]
                                     : bot_eval_session(r->set, trials.at[i].session, &shipped);
    }
    return ERR_OK;
}

err_t bot_eval_run(const struct dataset *set, const struct bot_eval_options *options, double *score,
                   struct bot_folds *folds, char why[BOOST_WHY_BYTES])
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    if (count_sides(set, DATASET_HUMAN) == 0 || count_sides(set, DATASET_BOT) == 0) {
        (void)snprintf(why, BOOST_WHY_BYTES, "the set needs trials of both humans and bots");
        return err_new(ERR_RANGE);
    }
    MUST(options->leave == BOT_LEAVE_NOBODY ||
         (options->folds >= 2 && bot_eval_can_leave_out(set)));
    const size_t users = dataset_users(set);
    double *const room = calloc(4 * trials.count, sizeof *room);
    struct run r = {.set = set,
                    .options = options,
                    .side = calloc(users, sizeof *r.side),
                    .without = calloc(users, sizeof *r.without),
                    .checksum = FNV_START,
                    .why = why};
    err_t e = err_new(ERR_NOMEM);
    folds->at = NULL;
    folds->count = 0;
    if (room != NULL && r.side != NULL && r.without != NULL) {
        r.sum = room;
        r.times = room + trials.count;
        r.people = room + 2 * trials.count;
        r.bots = room + 3 * trials.count;
        if (options->leave != BOT_LEAVE_NOBODY) {
            take_sides(&r);
        }
        e = run(&r, score, folds);
    }
    free(room);
    free(r.side);
    free(r.without);
    if (failed(e)) {
        bot_folds_free(folds);
    }
    return e;
}

void bot_folds_free(struct bot_folds *folds)
{
    free(folds->at);
    *folds = (struct bot_folds){.at = NULL};
}

static double share_of(const struct dataset *set, const struct dataset_trials *trials,
                       enum dataset_label label, double nats, size_t *n)
{
    const struct bot_judge shipped = {.trees = bot_learned_shipped(), .parts = BOT_PART_ALL};
    double met = 0.0;
    for (size_t i = 0; i < trials->count; i++) {
        if (trials->at[i].label == label) {
            met += bot_eval_session(set, trials->at[i].session, &shipped) >= nats;
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
