#include "lab/bots/bot_judge.h"

#include "engine/arithmetic/numbers.h"
#include "engine/session/bots.h"
#include "engine/session/filter.h"
#include "lab/bots/bot_lean.h"
#include "lab/bots/bot_typed.h"

#include <math.h>

#define UNTOLD (-3.0) /* a mean margin for who showed nothing: an ordinary person's */

/* Margins of a session's acts of one kind. */
struct act_sum {
    double margin, acts;
};

/* Sum of B, with the learned part by these trees instead of the shipped ones. */
struct watch {
    struct session_state s;
    struct bot_sum sum; /* decays as the engine's does */
    struct bot_lean lean;
    struct bot_typed typed;
    const struct act_trees *acts; /* or NULL */
    struct act_sum act[BOT_ACTS];
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

/* The mean margin of each kind of act, added up; false: nothing was learned of any. */
static bool acts_margin(const struct watch *w, double *margin)
{
    bool told = false;
    *margin = 0.0;
    for (size_t a = 0; a < BOT_ACTS; a++) {
        if (w->act[a].acts > 0.0) {
            *margin += w->act[a].margin / w->act[a].acts;
            told = true;
        }
    }
    return told;
}

/* Sessions that never gave B a nat, by what moved, what was typed and how fingers went: below 0, more for a
 * machine. */
static double order_of(const struct watch *w, double lean, double acts, bool acted)
{
    double typed = 0.0;
    const bool wrote = bot_typed_margin(&w->typed, &typed);
    const double drawn = acted ? bot_typed_alike(&w->typed) : typed;
    const bool moved = w->sum.windows > 0.0;
    const double still = wrote || acted ? 0.0 : UNTOLD;
    const double mean = moved ? w->sum.margin / w->sum.windows : still;
    return -log1p(exp(BOT_LEARNED_ZERO - mean - drawn - lean - acts));
}

static double score_of(const struct watch *w, double peak, enum bot_parts parts)
{
    double acts = 0.0;
    if ((parts & BOT_PART_LEARNED) == 0) {
        return peak;
    }
    const double lean = bot_lean_of(&w->lean, &w->s.habits);
    const bool acted = acts_margin(w, &acts);
    const double more = clip(lean + acts, -BOT_LEAN_MAX, BOT_LEAN_MAX);
    return peak > 0.0 ? peak + 0.01 * (more + BOT_LEAN_MAX) /* of equal nats */
                      : order_of(w, lean, acts, acted);
}

static void add_act(void *ctx, const struct bot_act_row *act)
{
    struct watch *const w = ctx;
    if (w->acts->learned[act->kind]) {
        w->act[act->kind].margin += trees_margin(&w->acts->trees[act->kind], act->x);
        w->act[act->kind].acts += 1.0;
    }
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
    if (w->acts != NULL) {
        bot_acts_of(e, add_act, w);
    }
}

double bot_eval_session(const struct dataset *set, size_t session, const struct bot_judge *judge)
{
    const struct dataset_session *in = dataset_session(set, session);
    struct watch w = {.acts = judge->acts};
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
