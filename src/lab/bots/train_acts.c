#include "lab/bots/train_acts.h"

#include "base/util.h"
#include "engine/arithmetic/numbers.h"
#include "lab/bots/bot_rows.h"

#include <math.h>
#include <stdlib.h>

#define MIN_CHILD 2.0 /* there may be a few hundred acts in all */
#define TOLD_MIN  0.5 /* of either side's rows: bot_rows_even_out() */

/* Whose a row is: the scripts first, then the users of one set after the other. */
enum { SCRIPT_GROUPS = BOT_SCRIPTS, TREES = 240 };

struct act_lesson {
    struct bot_rows rows[BOT_ACTS];
    struct rng rng;
    uint32_t groups;
    unsigned next_script;
    bool given_up[BOT_ACTS]; /* machines' acts are copies */
};

err_t act_lesson_new(uint64_t seed, struct act_lesson **out)
{
    struct act_lesson *const l = calloc(1, sizeof *l);
    if (l == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t a = 0; a < BOT_ACTS; a++) {
        bot_rows_begin(&l->rows[a], BOT_ACT_COLUMNS);
    }
    rng_seed(&l->rng, seed);
    l->groups = SCRIPT_GROUPS;
    *out = l;
    return ERR_OK;
}

void act_lesson_free(struct act_lesson **lesson)
{
    if (*lesson != NULL) {
        for (size_t a = 0; a < BOT_ACTS; a++) {
            bot_rows_deinit(&(*lesson)->rows[a]);
        }
        free(*lesson);
        *lesson = NULL;
    }
}

/* ---- what people typed, typed again ---- */

static bool is_whole(double x)
{
    return rint(x) == x;
}

/* What else is told of the keys stays the person's, and times are as fine as his: nothing is to be learned of
 * recorders. */
static void as_recorded(const canara_key_t *like, size_t n, canara_key_t *typed)
{
    bool whole = true;
    bool released = false; /* was any release told of? */
    for (size_t i = 0; i < n; i++) {
        whole = whole && is_whole(like[i].down_ms) && is_whole(like[i].up_ms);
        released = released || like[i].up_ms > like[i].down_ms;
    }
    for (size_t i = 0; i < n; i++) {
        const canara_key_t times = typed[i];
        typed[i] = like[i];
        typed[i].down_ms = whole ? rint(times.down_ms) : times.down_ms;
        const double up = whole ? rint(times.up_ms) : times.up_ms;
        typed[i].up_ms = released ? up : typed[i].down_ms;
    }
}

/* A script's turn; BOT_SCRIPT_DRAWN needs other people's entries of the same text. */
static enum bot_script next_script(struct act_lesson *l)
{
    enum bot_script script = BOT_SCRIPTS;
    do {
        script = (enum bot_script)(l->next_script++ % BOT_SCRIPTS);
    } while (script == BOT_SCRIPT_DRAWN);
    return script;
}

static err_t type_again(struct act_lesson *l, const canara_key_t *keys, size_t n)
{
    canara_key_t typed[BOT_TYPIST_KEYS];
    double x[BOT_ACT_COLUMNS];
    struct bot_typist typist;
    const enum bot_script script = next_script(l);
    const canara_event_t like = {.kind = CANARA_KEYSTROKES,
                                 .has = CANARA_F_KEYS,
                                 .of.keystrokes = {.keys = keys, .count = n}};
    bot_typist_begin(&typist, script, &l->rng);
    bot_typist_types(&typist, &like, NULL, &l->rng, typed);
    as_recorded(keys, n, typed);
    bot_act_typed(typed, n, x);
    return bot_rows_add(&l->rows[BOT_ACT_TYPED], x, (uint32_t)script, true);
}

/* ---- data sets ---- */

/* What a walk over a set's acts carries along. */
struct walk {
    struct act_lesson *lesson;
    const struct act_copies *copies; /* or NULL */
};

static err_t learn_act(void *ctx, const struct act_met *met)
{
    const struct walk *const w = ctx;
    struct act_lesson *const l = w->lesson;
    const struct bot_act_row *const act = met->act;
    if (w->copies != NULL && act_copies_has(w->copies, met)) {
        return ERR_OK;
    }
    TRY(bot_rows_add(&l->rows[act->kind], act->x, l->groups + met->user, met->machine));
    return act->keys != NULL && !met->machine ? type_again(l, act->keys, act->key_count) : ERR_OK;
}

err_t act_lesson_add_set(struct act_lesson *lesson, const struct dataset *set, const bool *without,
                         const struct act_copies *copies)
{
    struct walk w = {lesson, copies};
    TRY(act_walk(set, act_lesson_share(dataset_users(set)), without, learn_act, &w));
    lesson->groups += (uint32_t)dataset_users(set);
    for (size_t a = 0; a < BOT_ACTS; a++) {
        const bool most = copies != NULL && act_copies_are_most(copies, (enum bot_act)a);
        lesson->given_up[a] = lesson->given_up[a] || most;
    }
    return ERR_OK;
}

/* ---- the fit ---- */

err_t act_lesson_fit(struct act_lesson *lesson, struct act_trees *out, char why[BOOST_WHY_BYTES])
{
    struct boost_params params = bot_rows_params();
    params.rounds = TREES;
    params.min_child = MIN_CHILD;
    for (size_t a = 0; a < BOT_ACTS; a++) {
        struct bot_rows *const rows = &lesson->rows[a];
        buf_clear(&out->bytes[a]);
        out->learned[a] = bot_rows_of_both(rows) && !lesson->given_up[a];
        if (out->learned[a]) {
            bot_rows_even_out(rows, SCRIPT_GROUPS, TOLD_MIN);
            TRY(bot_rows_fit(rows, &params, &out->bytes[a], why));
            MUST(trees_check(buf_span(&out->bytes[a]), BOT_ACT_COLUMNS, &out->trees[a]) ==
                 TREES_GOOD);
        }
    }
    return ERR_OK;
}

void act_trees_init(struct act_trees *t)
{
    *t = (struct act_trees){.learned = {false}};
    for (size_t a = 0; a < BOT_ACTS; a++) {
        buf_init(&t->bytes[a], TREES_BYTES_MAX);
    }
}

void act_trees_deinit(struct act_trees *t)
{
    for (size_t a = 0; a < BOT_ACTS; a++) {
        buf_deinit(&t->bytes[a]);
        t->learned[a] = false;
    }
}
