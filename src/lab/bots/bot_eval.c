#include "lab/bots/bot_eval.h"

#include "base/util.h"
#include "engine/arithmetic/numbers.h"
#include "lab/statistics/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

enum { SEED = 1 };

static void free_lesson(struct bot_lesson **lesson)
{
    bot_lesson_free(lesson);
}

/* What a user of the set is there for. */
struct side {
    bool bot, human;       /* both: a machine on a person's account */
    size_t family, device; /* fold of it, where it is one */
};

/* What a run holds: the mean score of every trial over the folds it was left out of. Equal scores have that very
 * mean, however many they are: a tie stays one. */
struct run {
    const struct dataset *set;
    const struct bot_eval_options *options;
    double *mean, *times; /* one a trial */
    double *people, *bots;
    struct side *side; /* one a user */
    size_t family_folds, device_folds;
    bool *without;    /* one a user */
    bool moves, acts; /* what people and machines both did: there is something to learn */
    struct act_copies copies, others_copies; /* of the set's people, where acts are learned */
    uint64_t checksum;                       /* of all trees */
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

/* What a fold is scored by. */
struct learned {
    struct buf bytes; /* of `windows`, where it was learned */
    struct trees windows;
    const struct trees *moves; /* them, or those that ship: nobody moves a pointer */
    struct act_trees acts;
};

static void learned_init(struct learned *l)
{
    *l = (struct learned){.moves = bot_learned_shipped()};
    buf_init(&l->bytes, TREES_BYTES_MAX);
    act_trees_init(&l->acts);
}

static void learned_deinit(struct learned *l)
{
    buf_deinit(&l->bytes);
    act_trees_deinit(&l->acts);
}

static err_t learn_moves(const struct run *r, struct learned *out)
{
    CLEANUP(free_lesson) struct bot_lesson *lesson = NULL;
    TRY(bot_lesson_new(SEED, &lesson));
    TRY(bot_lesson_add_set(lesson, r->set, r->without));
    if (r->options->others != NULL) {
        TRY(bot_lesson_add_set(lesson, r->options->others, NULL));
    }
    TRY(bot_lesson_add_hands(lesson, BOT_HANDS));
    TRY(bot_lesson_fit(lesson, &out->bytes, r->why));
    MUST(trees_check(buf_span(&out->bytes), BOT_COLUMNS, &out->windows) == TREES_GOOD);
    out->moves = &out->windows;
    return ERR_OK;
}

static err_t learn_acts(const struct run *r, struct learned *out)
{
    CLEANUP(act_lesson_free) struct act_lesson *lesson = NULL;
    TRY(act_lesson_new(SEED, &lesson));
    TRY(act_lesson_add_set(lesson, r->set, r->without, &r->copies));
    if (r->options->others != NULL) {
        TRY(act_lesson_add_set(lesson, r->options->others, NULL, &r->others_copies));
    }
    return act_lesson_fit(lesson, &out->acts, r->why);
}

static err_t learn(struct run *r, struct learned *out)
{
    if (r->moves) {
        TRY(learn_moves(r, out));
        r->checksum = fnv_add(r->checksum, out->bytes.ptr, out->bytes.len);
    }
    if (r->acts) {
        TRY(learn_acts(r, out));
    }
    for (size_t a = 0; a < BOT_ACTS; a++) {
        r->checksum = fnv_add(r->checksum, out->acts.bytes[a].ptr, out->acts.bytes[a].len);
    }
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
    CLEANUP(learned_deinit) struct learned learned;
    learned_init(&learned);
    leave_out(r, family, device, fold);
    TRY(learn(r, &learned));
    const struct bot_judge judge = {.trees = learned.moves,
                                    .parts = r->options->parts,
                                    .replayed = r->options->replayed,
                                    .acts = &learned.acts};
    for (size_t i = 0; i < trials.count; i++) {
        const struct side *const s = &r->side[dataset_session(r->set, trials.at[i].session)->user];
        const bool bot = trials.at[i].label == DATASET_BOT;
        if (bot ? !is_of_family(s, family) : !is_of_device(s, device)) {
            continue;
        }
        const double score = bot_eval_session(r->set, trials.at[i].session, &judge);
        r->times[i] += 1.0;
        r->mean[i] += (score - r->mean[i]) / r->times[i];
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
    MUST(r->family_folds > 0 && r->device_folds > 0);
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
    return count_sides(set, DATASET_BOT) > 0 && count_sides(set, DATASET_HUMAN) > 1;
}

/* Of people and of machines. */
struct done {
    bool moves[DATASET_LABELS], acts[DATASET_LABELS][BOT_ACTS];
    uint32_t family[BOT_ACTS]; /* the first that did it */
    bool several[BOT_ACTS];    /* families did it */
};

/* What an act was met for. */
struct doing {
    struct done *done;
    enum dataset_label label;
    uint32_t user;
};

static void meet_act(void *ctx, const struct bot_act_row *act)
{
    const struct doing *const d = ctx;
    bool *const met = &d->done->acts[d->label][act->kind];
    if (d->label == DATASET_BOT) {
        uint32_t *const family = &d->done->family[act->kind];
        *family = *met ? *family : d->user;
        d->done->several[act->kind] = d->done->several[act->kind] || *family != d->user;
    }
    *met = true;
}

static void meet_session(const struct dataset *set, size_t session, struct doing *doing)
{
    const struct dataset_session *in = dataset_session(set, session);
    for (size_t e = in->first; e < (size_t)in->first + in->count; e++) {
        const canara_event_t *event = &dataset_event(set, e)->event;
        bool *const moves = &doing->done->moves[doing->label];
        *moves = *moves || (event->kind == CANARA_POINTER && (event->has & CANARA_F_POINTS) != 0);
        bot_acts_of(event, meet_act, doing);
    }
}

struct bot_learnable bot_eval_learnable(const struct dataset *set)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    struct done done = {.moves = {false}};
    struct bot_learnable out = {.moves = false};
    for (size_t i = 0; i < trials.count; i++) {
        struct doing doing = {&done, trials.at[i].label,
                              dataset_session(set, trials.at[i].session)->user};
        meet_session(set, trials.at[i].session, &doing);
    }
    out.moves = done.moves[DATASET_HUMAN] && done.moves[DATASET_BOT];
    for (size_t a = 0; a < BOT_ACTS; a++) {
        const bool both = done.acts[DATASET_HUMAN][a] && done.acts[DATASET_BOT][a];
        out.acts = out.acts || (both && (a == BOT_ACT_TYPED || done.several[a]));
    }
    return out;
}

/* The checksum of the trees that ship. */
static uint64_t shipped_checksum(void)
{
    const struct trees *const t = bot_learned_shipped();
    const uint64_t roots = fnv_add(FNV_START, t->root, (size_t)t->trees * TREES_ROOT_BYTES);
    return fnv_add(roots, t->node, (size_t)t->nodes * TREES_NODE_BYTES);
}

static err_t find_copies(struct run *r, struct bot_folds *folds)
{
    TRY(act_copies_find(r->set, r->set, &r->copies));
    if (r->options->others != NULL) {
        TRY(act_copies_find(r->set, r->options->others, &r->others_copies));
    }
    for (size_t a = 0; a < BOT_ACTS; a++) {
        folds->copies[a] = r->copies.copies[a] + r->others_copies.copies[a];
        folds->by_hand[a] = act_copies_are_most(&r->copies, (enum bot_act)a);
    }
    return ERR_OK;
}

static err_t run(struct run *r, double *score, struct bot_folds *folds)
{
    const struct dataset_trials trials = dataset_bot_trials(r->set);
    const struct bot_judge shipped = {.trees = bot_learned_shipped(),
                                      .parts = r->options->parts,
                                      .replayed = r->options->replayed};
    if (r->acts) {
        TRY(find_copies(r, folds));
    }
    if (r->options->leave != BOT_LEAVE_NOBODY) {
        TRY(run_folds(r, folds));
    }
    folds->checksum = r->options->leave == BOT_LEAVE_NOBODY ? shipped_checksum() : r->checksum;
    for (size_t i = 0; i < trials.count; i++) {
        score[i] = r->times[i] > 0.0 ? r->mean[i]
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
    *folds = (struct bot_folds){.at = NULL};
    if (room != NULL && r.side != NULL && r.without != NULL) {
        r.mean = room;
        r.times = room + trials.count;
        r.people = room + 2 * trials.count;
        r.bots = room + 3 * trials.count;
        if (options->leave != BOT_LEAVE_NOBODY) {
            const struct bot_learnable learnable = bot_eval_learnable(set);
            r.moves = learnable.moves;
            r.acts = learnable.acts;
            take_sides(&r);
        }
        e = run(&r, score, folds);
    }
    free(room);
    free(r.side);
    free(r.without);
    act_copies_deinit(&r.copies);
    act_copies_deinit(&r.others_copies);
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
