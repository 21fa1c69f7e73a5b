#include "lab/sets/dataset_who.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static err_t refuse(struct who_fault *fault, enum group_list list, const struct kept_row *row,
                    const char *field, const char *message)
{
    *fault =
        (struct who_fault){.list = list, .line = row->line, .field = field, .message = message};
    return err_new(ERR_FORMAT);
}

/* The account of this name, whether it was met before or not. */
static err_t account(const struct who *w, const char *name, uint32_t *out)
{
    bool is_new = false;
    return names_add(w->users, (span_t){(const uint8_t *)name, strlen(name)}, out, &is_new);
}

err_t who_enrolled(const struct who *w, struct who_fault *fault)
{
    const struct kept_rows *const rows = &w->groups->rows[GROUP_ENROL];
    for (size_t i = 0; i < rows->count; i++) {
        const struct kept_row *const row = &rows->row[i];
        uint32_t *const owner = &w->groups->owner[row->model];
        uint32_t *const user = &w->session[row->session].user;
        if (*owner == DATASET_NO_USER && *user != DATASET_NO_USER) {
            *owner = *user;
        }
        if (*owner == DATASET_NO_USER) {
            TRY(account(w, w->groups->models.text[row->model], owner));
        }
        if (*user == DATASET_NO_USER) {
            *user = *owner;
        }
        if (*user != *owner) {
            return refuse(fault, GROUP_ENROL, row, "session",
                          "is enrolled for another model, whose other sessions are not of this "
                          "model's user; the enrolment of a model must be of one user");
        }
    }
    return ERR_OK;
}

/* What is on the way while labels decide. */
struct deciding {
    const struct who *who;
    bool *fixed;      /* one a session: enrolled, or genuine for somebody */
    uint32_t *victim; /* one a user, and room for as many unknown */
    struct who_fault *fault;
};

static void note(const struct deciding *d, enum dataset_note note, enum group_list list,
                 const struct kept_row *row)
{
    notes_add(d->who->notes, NOTE_BIT(note), group_file(list), row->line);
}

static err_t genuine_row(const struct deciding *d, const struct kept_row *row)
{
    uint32_t *const user = &d->who->session[row->session].user;
    const uint32_t owner = d->who->groups->owner[row->model];
    if (*user != owner && d->fixed[row->session]) {
        return refuse(d->fault, GROUP_TRIALS, row, "label",
                      "must be impostor: the session is enrolled, or genuine, for another user");
    }
    if (*user != owner && *user != DATASET_NO_USER) {
        note(d, NOTE_OTHER_ACCOUNT, GROUP_TRIALS, row);
    }
    *user = owner;
    d->fixed[row->session] = true;
    return ERR_OK;
}

/* Who takes over an account: one for each, whom no other file can name, for names have no tab. */
static err_t taker(const struct deciding *d, uint32_t owner, uint32_t *out)
{
    char name[DATASET_NAME_LONGEST + 32];
    (void)snprintf(name, sizeof name, "%s\t(unknown)", d->who->users->text[owner]);
    TRY(account(d->who, name, out));
    d->victim[*out] = owner;
    return ERR_OK;
}

static err_t impostor_row(const struct deciding *d, enum group_list list,
                          const struct kept_row *row)
{
    uint32_t *const user = &d->who->session[row->session].user;
    if (*user != d->who->groups->owner[row->model]) {
        return ERR_OK;
    }
    if (d->fixed[row->session]) {
        return refuse(d->fault, list, row, "label",
                      "must be genuine: the session is enrolled, or genuine, for the same user");
    }
    note(d, NOTE_TAKEN_OVER, list, row);
    return taker(d, *user, user);
}

static err_t decide(const struct deciding *d, enum group_list list, enum dataset_label label)
{
    const struct kept_rows *const rows = &d->who->groups->rows[list];
    for (size_t i = 0; i < rows->count; i++) {
        const struct kept_row *const row = &rows->row[i];
        if (row->label == label) {
            TRY(label == DATASET_GENUINE ? genuine_row(d, row) : impostor_row(d, list, row));
        }
    }
    return ERR_OK;
}

static void free_flags(bool **flags)
{
    free(*flags);
}

/* Sessions that name no account, and that no model has, are each of somebody else. */
static err_t name_rest(const struct who *w)
{
    for (size_t s = 0; s < w->ids->count; s++) {
        if (w->session[s].user == DATASET_NO_USER) {
            TRY(account(w, w->ids->text[s], &w->session[s].user));
        }
    }
    return ERR_OK;
}

err_t who_tried(const struct who *w, const uint32_t **victim, struct who_fault *fault)
{
    CLEANUP(free_flags) bool *fixed = calloc(w->ids->count + 1, sizeof *fixed);
    struct deciding d = {.who = w, .fixed = fixed, .fault = fault};
    if (fixed == NULL) {
        return err_new(ERR_NOMEM);
    }
    const struct kept_rows *const enrolled = &w->groups->rows[GROUP_ENROL];
    for (size_t i = 0; i < enrolled->count; i++) {
        fixed[enrolled->row[i].session] = true;
    }
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    TRY(decide(&d, GROUP_TRIALS, DATASET_GENUINE));
    TRY(name_rest(w));
    const size_t room = 2 * w->users->count + 1;
    d.victim = pool_alloc(w->users->pool, room * sizeof *d.victim);
    if (d.victim == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t u = 0; u < room; u++) {
        d.victim[u] = DATASET_NO_USER;
    }
    TRY(decide(&d, GROUP_TRIALS, DATASET_IMPOSTOR));
    TRY(decide(&d, GROUP_PRACTISED, DATASET_IMPOSTOR));
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    *victim = d.victim;
    return ERR_OK;
}
