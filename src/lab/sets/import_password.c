#include "lab/sets/import_password.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ENTRIES = 5, PRACTISED_STEP = 8 };

void password_set_init(struct password_set *set)
{
    *set = (struct password_set){0};
    pool_init(&set->pool);
    names_init(&set->users, &set->pool);
}

void password_set_deinit(struct password_set *set)
{
    names_deinit(&set->users);
    free(set->entry);
    pool_deinit(&set->pool);
}

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

err_t password_set_add(struct password_set *set, const char *user, const char *id, wall_t at,
                       const canara_key_t *keys, uint32_t count)
{
    struct password_entry *const grown =
        array_grow(set->entry, &set->cap, set->count, sizeof *grown);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    set->entry = grown;
    struct password_entry *const e = &set->entry[set->count];
    bool is_new = false;
    TRY(names_add(&set->users, text_of(user), &e->user, &is_new));
    e->id = pool_text(&set->pool, text_of(id));
    e->keys = pool_copy(&set->pool, keys, count, sizeof *keys);
    e->count = count;
    e->at = at;
    if (e->id == NULL || e->keys == NULL) {
        return err_new(ERR_NOMEM);
    }
    set->count++;
    return ERR_OK;
}

/* The entries of each person, in their order. */
struct by_user {
    size_t *entry; /* their places in the set */
    size_t *start; /* [users + 1] */
};

static void by_user_deinit(struct by_user *b)
{
    free(b->entry);
    free(b->start);
}

static err_t by_user_init(struct by_user *b, const struct password_set *set)
{
    b->entry = calloc(set->count + 1, sizeof *b->entry);
    b->start = calloc(set->users.count + 2, sizeof *b->start);
    if (b->entry == NULL || b->start == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < set->count; i++) {
        b->start[set->entry[i].user + 2]++;
    }
    for (size_t u = 0; u < set->users.count; u++) {
        b->start[u + 1] += b->start[u];
    }
    for (size_t i = 0; i < set->count; i++) { /* start[u + 1] grows from u's begin to its end */
        b->entry[b->start[set->entry[i].user + 1]++] = i;
    }
    return ERR_OK;
}

static err_t write_sessions(const struct import *in, struct set_writer *w,
                            const struct password_set *set, const struct by_user *by,
                            const struct password_rule *rule)
{
    for (size_t i = 0; i < set->count; i++) {
        TRY(import_go_on(in));
        const struct password_entry *const e = &set->entry[by->entry[i]];
        char email[256];
        (void)snprintf(email, sizeof email, "%s@%s", set->users.text[e->user], rule->domain);
        set_writer_session(w, e->id, email);
        const canara_event_t event = {
            .kind = CANARA_KEYSTROKES,
            .has = CANARA_F_FIELD | CANARA_F_KEYS,
            .of.keystrokes = {.field = {"password", sizeof "password" - 1},
                              .keys = e->keys,
                              .count = e->count},
        };
        set_writer_event(w, e->at, &event);
    }
    return ERR_OK;
}

static void write_trials(struct set_writer *w, const struct password_set *set,
                         const struct by_user *by, const struct password_rule *rule, size_t u)
{
    const char *const model = set->users.text[u];
    const size_t n = by->start[u + 1] - by->start[u];
    const size_t enrol = rule->enrol > 0 ? rule->enrol : 2 * n / 3;
    for (size_t i = 0; i < n; i++) {
        const char *const id = set->entry[by->entry[by->start[u] + i]].id;
        if (i < enrol) {
            set_writer_enrol(w, model, id);
        } else {
            set_writer_trial(w, model, id, DATASET_GENUINE);
        }
    }
    for (size_t v = 0; v < set->users.count; v++) {
        for (size_t i = by->start[v]; v != u && i < by->start[v + 1]; i++) {
            const size_t nth = i - by->start[v] + 1;
            const char *const id = set->entry[by->entry[i]].id;
            if (nth <= FIRST_ENTRIES) {
                set_writer_trial(w, model, id, DATASET_IMPOSTOR);
            }
            if (nth % PRACTISED_STEP == 0) {
                set_writer_practised(w, model, id);
            }
        }
    }
}

err_t password_set_write(const struct import *in, const struct password_set *set, const char *dir,
                         const struct password_rule *rule)
{
    CLEANUP(by_user_deinit) struct by_user by = {0};
    CLEANUP(set_writer_free) struct set_writer *w = NULL;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    TRY(by_user_init(&by, set));
    TRY(set_writer_open(&w, dir, rule->about));
    TRY(write_sessions(in, w, set, &by, rule));
    for (size_t u = 0; u < set->users.count; u++) {
        TRY(import_go_on(in));
        write_trials(w, set, &by, rule, u);
    }
    return set_writer_finish(&w);
}
