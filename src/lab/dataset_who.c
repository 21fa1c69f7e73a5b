#include "lab/dataset_who.h"

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

static err_t genuine_rows(const struct who *w, struct who_fault *fault)
{
    const struct kept_rows *const rows = &w->groups->rows[GROUP_TRIALS];
    for (size_t i = 0; i < rows->count; i++) {
        const struct kept_row *const row = &rows->row[i];
        if (row->label != DATASET_GENUINE) {
            continue;
        }
        uint32_t *const user = &w->session[row->session].user;
        const uint32_t owner = w->groups->owner[row->model];
        *user = *user == DATASET_NO_USER ? owner : *user;
        if (*user != owner) {
            return refuse(fault, GROUP_TRIALS, row, "label",
                          "must be impostor: the session is of another user than the model");
        }
    }
    return ERR_OK;
}

static err_t impostor_rows(const struct who *w, enum group_list list, struct who_fault *fault)
{
    const struct kept_rows *const rows = &w->groups->rows[list];
    for (size_t i = 0; i < rows->count; i++) {
        const struct kept_row *const row = &rows->row[i];
        if (row->label == DATASET_IMPOSTOR &&
            w->session[row->session].user == w->groups->owner[row->model]) {
            return refuse(fault, list, row, "label",
                          "must be genuine: the session is of the model's own user");
        }
    }
    return ERR_OK;
}

err_t who_tried(const struct who *w, struct who_fault *fault)
{
    TRY(genuine_rows(w, fault));
    for (size_t s = 0; s < w->ids->count; s++) {
        if (w->session[s].user == DATASET_NO_USER) {
            TRY(account(w, w->ids->text[s], &w->session[s].user));
        }
    }
    TRY(impostor_rows(w, GROUP_TRIALS, fault));
    return impostor_rows(w, GROUP_PRACTISED, fault);
}
