/* evaluate_bots.c - canara evaluate over a set of humans and bots: the whole judgement of machines. */
#include "app/cli/command.h"
#include "app/evaluate/evaluate.h"
#include "app/evaluate/replayed.h"
#include "app/evaluate/set_notes.h"
#include "base/util.h"
#include "lab/bots/boost_client.h"
#include "lab/bots/bot_seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Users are drawn again when there are that many of both kinds; else sessions are. */
enum { GROUPS_MIN = 5 };

void evaluated_bots_deinit(struct evaluated_bots *b)
{
    bot_folds_free(&b->folds);
    free(b->fold);
    free(b->group);
    free(b->score);
    free(b->trial_score);
    free(b->replayed);
}

/* ---- choices ---- */

static int check_options(const struct evaluate_run *r)
{
    const struct evaluate_given *const g = r->given;
    if (r->options.detector != DETECTOR_FULL) {
        return evaluate_wrong("--detector", "bots are told by the detector full alone");
    }
    if (g->model != NULL) {
        return evaluate_wrong("--model", "a model holds people; bots are told without one");
    }
    if (g->against != NULL) {
        return evaluate_wrong("--against", "compares owners, of whom a set of bots has none");
    }
    if (g->reliability != NULL) {
        return evaluate_wrong("--reliability", "the scores of bots are no likelihood ratios");
    }
    if (g->others != NULL && g->background == NULL) {
        return evaluate_wrong("--others", "needs a --background that leaves bots out");
    }
    return EXIT_CODE_DONE;
}

static bool has_been_seen(const struct evaluate_run *r)
{
    const struct bot_seen seen = bot_seen_shipped();
    return bot_seen_any(&seen, r->set);
}

static void tell_seen(const struct evaluate_run *r)
{
    (void)fprintf(stderr,
                  "canara evaluate: %s: the detector that ships has learned from this "
                  "set, so these figures are too good; leaving out what is measured "
                  "takes bots, several people and canara-boost\n",
                  r->given->dir);
}

static bool is_learnable(struct bot_learnable what)
{
    return what.moves || what.acts;
}

/* There is nothing to learn from, and so nothing to leave out. */
static void score_by_rules(struct evaluate_run *r, struct bot_eval_options *out)
{
    (void)fprintf(
        stderr,
        "canara evaluate: %s: people and machines of this set have nothing in common that could be learned "
        "from, neither movements of a pointer nor entries, nor strokes or vectors of several families: rules and "
        "replays tell them apart, and nothing is left out (background none)\n",
        r->given->dir);
    (void)snprintf(r->background, sizeof r->background, "none");
    out->leave = BOT_LEAVE_NOBODY;
}

/* NULL: families and people of the set can be left out of what is learned from the rest. */
static const char *why_none_is_left_out(const struct evaluate_run *r)
{
    if (!bot_eval_can_leave_out(r->set)) {
        return "leaving out takes bots and two users of people";
    }
    return boost_is_here() ? NULL : "leaving out takes the program canara-boost, which is not here";
}

/* Nothing ships for keys, touches and vectors: without what could be learned there is an order by hand. */
static void tell_by_hand(const struct evaluate_run *r, const char *why)
{
    (void)fprintf(stderr,
                  "canara evaluate: %s: what people and machines of this set have in common is not "
                  "learned: %s; rules, replays and an order by hand score them (background none)\n",
                  r->given->dir, why);
}

/* No background was asked for: the detector that ships scores, unless it knows this very set, or nothing of its
 * kind: nothing ships for keys, touches and vectors. */
static void by_itself(struct evaluate_run *r, struct bot_eval_options *out)
{
    const bool seen = has_been_seen(r);
    const struct bot_learnable what = bot_eval_learnable(r->set);
    if (!seen && what.moves) {
        return;
    }
    if (!is_learnable(what)) {
        score_by_rules(r, out);
        if (seen) {
            tell_seen(r);
        }
        return;
    }
    const char *const why = why_none_is_left_out(r);
    if (why != NULL) {
        seen ? tell_seen(r) : tell_by_hand(r, why);
        return;
    }
    (void)snprintf(r->background, sizeof r->background, "pairs:6");
    out->leave = BOT_LEAVE_PAIRS;
    out->folds = 6;
}

/* What was asked for cannot be done: what ships gives a figure all the same. */
static void leave_nobody(struct evaluate_run *r, struct bot_eval_options *out, const char *why)
{
    (void)fprintf(stderr,
                  "canara evaluate: %s: --background %s: %s; nobody is left out, the detector that "
                  "ships scores (background none)\n",
                  r->given->dir, r->background, why);
    if (has_been_seen(r)) {
        tell_seen(r);
    }
    (void)snprintf(r->background, sizeof r->background, "none");
    out->leave = BOT_LEAVE_NOBODY;
}

/* How many users have trials of this label; all of those with any for DATASET_LABELS. */
static size_t count_users(const struct dataset *set, enum dataset_label label)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    bool *const met = calloc(dataset_users(set) + 1, sizeof *met);
    size_t n = 0;
    for (size_t i = 0; met != NULL && i < trials.count; i++) {
        bool *const user = &met[dataset_session(set, trials.at[i].session)->user];
        const bool counts = label == DATASET_LABELS || trials.at[i].label == label;
        n += counts && !*user;
        *user = *user || counts;
    }
    free(met);
    return n;
}

/* Each pair of folds is learned once: take fewer folds when that would be too often. */
static void fewer_pairs(struct evaluate_run *r, struct bot_eval_options *out)
{
    enum { MOST = 64 };

    _Static_assert(MOST * MOST <= BOT_FOLDS_MAX, "so many folds of both kinds can be learned");
    const size_t families = size_min(count_users(r->set, DATASET_BOT), out->folds);
    const size_t people = size_min(count_users(r->set, DATASET_HUMAN), out->folds);
    if (out->leave != BOT_LEAVE_PAIRS || families * people <= BOT_FOLDS_MAX) {
        return;
    }
    (void)fprintf(stderr,
                  "canara evaluate: %s: --background %s: %zu pairs of folds are more than the %d "
                  "that are learned at most; pairs:%d instead\n",
                  r->given->dir, r->background, families * people, BOT_FOLDS_MAX, MOST);
    (void)snprintf(r->background, sizeof r->background, "pairs:%d", MOST);
    out->folds = MOST;
}

static void choose(struct evaluate_run *r, struct bot_eval_options *out)
{
    const enum background asked = r->options.background;
    *out = (struct bot_eval_options){.parts = BOT_PART_ALL, .folds = r->options.folds};
    if (r->options.adapt) {
        (void)fprintf(stderr,
                      "canara evaluate: %s: --adapt gated: nothing is learnt between trials of "
                      "humans and bots (adapt off)\n",
                      r->given->dir);
        r->options.adapt = false;
    }
    if (r->given->background == NULL) {
        (void)snprintf(r->background, sizeof r->background, "none");
        by_itself(r, out);
        return;
    }
    if (asked == BACKGROUND_NONE) {
        return;
    }
    if (asked == BACKGROUND_ALL) {
        leave_nobody(r, out, "a set of humans and bots enrols nobody");
    } else if (!is_learnable(bot_eval_learnable(r->set))) {
        score_by_rules(r, out);
    } else if (why_none_is_left_out(r) != NULL) {
        leave_nobody(r, out, why_none_is_left_out(r));
    } else {
        out->leave = asked == BACKGROUND_FOLDS ? BOT_LEAVE_FOLDS : BOT_LEAVE_PAIRS;
        fewer_pairs(r, out);
    }
}

static int open_others(struct evaluate_run *r, struct bot_eval_options *options)
{
    struct dataset_fault fault;
    if (r->given->others == NULL) {
        return EXIT_CODE_DONE;
    }
    if (failed(dataset_open(r->given->others, &r->others, &fault))) {
        return evaluate_broken(r->given->others, fault.text);
    }
    set_notes_tell("canara evaluate", r->given->others, r->others);
    options->others = r->others;
    return EXIT_CODE_DONE;
}

/* ---- scores by group ---- */

/* Where a trial belongs. */
struct seat {
    uint32_t group, trial;
    bool bot;
};

static int by_group(const void *left, const void *right)
{
    const struct seat *const a = left;
    const struct seat *const b = right;
    if (a->group != b->group) {
        return a->group < b->group ? -1 : 1;
    }
    if (a->bot != b->bot) {
        return a->bot ? 1 : -1;
    }
    return a->trial < b->trial ? -1 : a->trial > b->trial;
}

/* Lay the scores out group by group. */
static void lay_out(const struct seat *seat, size_t count, const double *score,
                    struct evaluated_bots *out)
{
    for (size_t i = 0; i < count; i++) {
        out->score[i] = score[seat[i].trial];
        if (i == 0 || seat[i].group != seat[i - 1].group) {
            out->group[out->groups++] = (struct score_user){.model = "-"};
        }
        struct score_user *const u = &out->group[out->groups - 1];
        const double **const first = seat[i].bot ? &u->impostor : &u->genuine;
        *first = *first == NULL ? &out->score[i] : *first;
        *(seat[i].bot ? &u->impostor_count : &u->genuine_count) += 1;
    }
}

static err_t group_all(const struct dataset *set, bool by_user, const double *score,
                       struct evaluated_bots *out)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    struct seat *const seat = calloc(trials.count, sizeof *seat);
    out->score = calloc(trials.count, sizeof *out->score);
    out->group = calloc(trials.count, sizeof *out->group);
    if (seat == NULL || out->score == NULL || out->group == NULL) {
        free(seat);
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < trials.count; i++) {
        const uint32_t session = trials.at[i].session;
        seat[i] = (struct seat){.group = by_user ? dataset_session(set, session)->user : session,
                                .trial = (uint32_t)i,
                                .bot = trials.at[i].label == DATASET_BOT};
    }
    qsort(seat, trials.count, sizeof *seat, by_group);
    lay_out(seat, trials.count, score, out);
    free(seat);
    return ERR_OK;
}

/* ---- the report ---- */

static err_t name_folds(const struct dataset *set, struct evaluated_bots *b, struct report *report)
{
    b->fold = calloc(b->folds.count + 1, sizeof *b->fold);
    if (b->fold == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < b->folds.count; i++) {
        const struct bot_fold *const f = &b->folds.at[i];
        b->fold[i] = (struct report_fold){.family = dataset_user(set, f->family),
                                          .families = f->families,
                                          .device = dataset_user(set, f->device),
                                          .devices = f->devices,
                                          .humans = f->people,
                                          .bots = f->bots,
                                          .auc = f->auc,
                                          .at_far_001 = f->at_far_001,
                                          .at_far_010 = f->at_far_010};
    }
    report->folds = b->fold;
    report->fold_count = b->folds.count;
    return ERR_OK;
}

static err_t fill(struct evaluate_run *r, const double *score)
{
    struct evaluated_bots *const b = &r->bots;
    struct report *const report = &r->report;
    const bool by_user = count_users(r->set, DATASET_HUMAN) >= GROUPS_MIN &&
                         count_users(r->set, DATASET_BOT) >= GROUPS_MIN;
    TRY(group_all(r->set, by_user, score, b));
    TRY(measures_compute(b->group, b->groups, &report->measures, NULL));
    TRY(bootstrap_measures(b->group, b->groups, evaluate_draw(r), report->interval));
    TRY(name_folds(r->set, b, report));
    report->kind = REPORT_BOTS;
    report->measures.users = count_users(r->set, DATASET_LABELS);
    report->interval_over = by_user ? "users" : "sessions";
    (void)snprintf(r->model_name, sizeof r->model_name, "%s.%012" PRIx64,
                   b->folds.count == 0 ? "motion" : "evaluation", b->folds.checksum >> 16U);
    return ERR_OK;
}

/* Machines that send people's own acts again: nothing is to be learned of them. */
static void tell_copies(const struct evaluate_run *r)
{
    static const char *const words[BOT_ACTS] = {"entries", "strokes", "vectors"};
    const struct bot_folds *const f = &r->bots.folds;
    for (size_t a = 0; a < BOT_ACTS; a++) {
        if (f->copies[a] > 0) {
            (void)fprintf(stderr,
                          "canara evaluate: %s: %zu %s of machines nearly copy one of a person and "
                          "are not learned from%s\n",
                          r->given->dir, f->copies[a], words[a],
                          f->by_hand[a] ? "; most do, so nothing is learned of them" : "");
        }
    }
}

static int score_all(struct evaluate_run *r, struct bot_eval_options *options, double *score)
{
    char words[96] = "";
    char why[BOOST_WHY_BYTES] = "";
    struct progress progress;
    options->replayed = r->bots.replayed;
    progress_init(&progress, "canara evaluate", clock_system(), isatty(STDERR_FILENO) != 0);
    options->progress = progress_at;
    options->ctx = &progress;
    err_t ran = bot_eval_run(r->set, options, score, &r->bots.folds, why);
    if (failed(ran) && ran.code != ERR_NOMEM && options->leave != BOT_LEAVE_NOBODY) {
        leave_nobody(r, options, why[0] != '\0' ? why : evaluate_words(ran, words));
        why[0] = '\0';
        ran = bot_eval_run(r->set, options, score, &r->bots.folds, why);
    }
    progress_deinit(&progress);
    tell_copies(r);
    if (failed(ran)) {
        return evaluate_broken(r->given->dir, why[0] != '\0' ? why : evaluate_words(ran, words));
    }
    const err_t filled = fill(r, score);
    return failed(filled) ? evaluate_broken(r->given->dir, evaluate_words(filled, words))
                          : EXIT_CODE_DONE;
}

int evaluate_bots(struct evaluate_run *r)
{
    struct bot_eval_options options;
    int code = check_options(r);
    if (code != EXIT_CODE_DONE) {
        return code;
    }
    choose(r, &options);
    code = open_others(r, &options);
    if (code != EXIT_CODE_DONE) {
        return code;
    }
    double *const score = calloc(dataset_bot_trials(r->set).count, sizeof *score);
    r->bots.trial_score = score;
    r->bots.replayed = calloc(dataset_events(r->set), sizeof *r->bots.replayed);
    const bool room = score != NULL && r->bots.replayed != NULL &&
                      !failed(replayed_find(r->set, r->bots.replayed));
    return room ? score_all(r, &options, score)
                : evaluate_broken(r->given->dir, "the memory is used up");
}
