#include "lab/bots/act_walk.h"

#include "base/util.h"
#include "lab/bots/bot_labels.h"

#include <stdlib.h>

/* Acts of each kind of one user, counted; then every so many of them walked over. */
struct pick {
    uint32_t all[BOT_ACTS], seen[BOT_ACTS];
};

/* What goes through the sessions. */
struct walk {
    act_walk_fn fn; /* NULL: count them */
    void *ctx;
    struct pick *pick; /* of the user whose session it is */
    size_t most;
    struct act_met met;
    err_t e;
};

size_t act_lesson_share(size_t users)
{
    const size_t share = ACT_LESSON_PER_SET / size_max(users, 1);
    return size_min(size_max(share, 1), ACT_LESSON_PER_USER);
}

static bool is_picked(struct pick *p, enum bot_act kind, size_t most)
{
    const uint64_t all = p->all[kind];
    const uint64_t take = all < most ? all : most;
    const uint64_t at = p->seen[kind]++;
    return at * take / all != (at + 1) * take / all;
}

static void take_act(void *ctx, const struct bot_act_row *act)
{
    struct walk *const w = ctx;
    if (w->fn == NULL) {
        w->pick->all[act->kind]++;
    } else if (!failed(w->e) && is_picked(w->pick, act->kind, w->most)) {
        w->met.act = act;
        w->e = w->fn(w->ctx, &w->met);
    }
    w->met.number++;
}

static err_t walk_set(const struct dataset *set, const uint8_t *label, const bool *without,
                      struct pick *pick, struct walk *w)
{
    for (size_t i = 0; i < dataset_sessions(set); i++) {
        const struct dataset_session *const s = dataset_session(set, i);
        if (label[i] == BOT_LABEL_NONE || (without != NULL && without[s->user])) {
            continue;
        }
        w->met = (struct act_met){
            .session = i, .user = s->user, .machine = label[i] == BOT_LABEL_MACHINE};
        w->pick = &pick[s->user];
        for (size_t e = s->first; e < (size_t)s->first + s->count; e++) {
            bot_acts_of(&dataset_event(set, e)->event, take_act, w);
        }
        TRY(w->e);
    }
    return ERR_OK;
}

static void free_picks(struct pick **p)
{
    free(*p);
}

err_t act_walk(const struct dataset *set, size_t most, const bool *without, act_walk_fn fn,
               void *ctx)
{
    CLEANUP(bot_labels_free) uint8_t *label = NULL;
    CLEANUP(free_picks) struct pick *pick = calloc(dataset_users(set) + 1, sizeof *pick);
    struct walk w = {.ctx = ctx, .most = most, .e = ERR_OK};
    if (pick == NULL) {
        return err_new(ERR_NOMEM);
    }
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    TRY(bot_labels(set, &label));
    TRY(walk_set(set, label, without, pick, &w));
    w.fn = fn;
    return walk_set(set, label, without, pick, &w);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
}
