#include "lab/sets/dataset_groups.h"

#include <stdio.h>
#include <stdlib.h>

const char *group_file(enum group_list list)
{
    static const char *const names[GROUP_LISTS] = {"enrol.tsv", "trials.tsv",
                                                   "trials-practised.tsv", "background.tsv"};
    return names[list];
}

void groups_init(struct dataset_groups *g, struct pool *pool)
{
    *g = (struct dataset_groups){.pool = pool};
    names_init(&g->models, pool);
    for (size_t i = 0; i < GROUP_LISTS; i++) {
        map64_init(&g->rows[i].pairs, 0);
    }
}

void groups_deinit(struct dataset_groups *g)
{
    for (size_t i = 0; i < GROUP_LISTS; i++) {
        free(g->rows[i].row);
        map64_deinit(&g->rows[i].pairs);
    }
    names_deinit(&g->models);
    free(g->owner);
    *g = (struct dataset_groups){0};
}

static err_t refuse(struct line_fault *fault, const char *field, const char *message)
{
    *fault = (struct line_fault){.message = message};
    (void)snprintf(fault->field, sizeof fault->field, "%s", field);
    return err_new(ERR_FORMAT);
}

/* The model of an enrolment row; its first row that has an account says whose it is. */
static err_t enrol_model(struct dataset_groups *g, const struct group_row *row, uint32_t *model,
                         struct line_fault *fault)
{
    bool is_new = false;
    TRY(names_add(&g->models, row->model, model, &is_new));
    if (!is_new) {
        uint32_t *const owner = &g->owner[*model];
        *owner = *owner == DATASET_NO_USER ? row->user : *owner;
        return row->user == DATASET_NO_USER || *owner == row->user
                   ? ERR_OK
                   : refuse(fault, "session",
                            "is of another user than the model's first; the enrolment of a model "
                            "must be of one user");
    }
    if (g->models.count > DATASET_USERS_MAX) {
        return refuse(fault, "model", "too many models; at most 1000000 are allowed");
    }
    uint32_t *const grown = array_grow(g->owner, &g->owners_cap, *model, sizeof *grown);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    g->owner = grown;
    g->owner[*model] = row->user;
    return ERR_OK;
}

static uint64_t pair_of(uint32_t model, uint32_t session)
{
    return (uint64_t)model << 32U | session;
}

static err_t trial_model(const struct dataset_groups *g, const struct group_row *row,
                         uint32_t *model, struct line_fault *fault)
{
    const bool of_bots = row->label == DATASET_HUMAN || row->label == DATASET_BOT;
    if (span_eq(row->model, SPAN_LIT("-")) != of_bots) {
        return refuse(fault, "label",
                      of_bots ? "human and bot are allowed for model - only"
                              : "must be human or bot where the model is -");
    }
    if (of_bots) {
        *model = GROUP_NO_MODEL;
        return ERR_OK;
    }
    if (!names_find(&g->models, row->model, model)) {
        return refuse(fault, "model", "has no row in enrol.tsv; a model must be enrolled");
    }
    uint32_t unused = 0;
    if (map64_get(&g->rows[GROUP_ENROL].pairs, pair_of(*model, row->session), &unused)) {
        return refuse(
            fault, "session",
            "is in the model's enrolment; only sessions that it did not learn are allowed");
    }
    return ERR_OK;
}

static err_t keep(struct kept_rows *rows, const struct kept_row *row, uint32_t *notes,
                  struct line_fault *fault)
{
    uint32_t label = 0;
    if (map64_get(&rows->pairs, pair_of(row->model, row->session), &label)) {
        *notes |= NOTE_BIT(NOTE_SAME_ROW);
        return label == (uint32_t)row->label
                   ? ERR_OK
                   : refuse(fault, "label",
                            "is another than the one that this session has for the same model in a "
                            "row before; one label is allowed");
    }
    if (rows->count == DATASET_TRIALS_MAX) {
        *fault = (struct line_fault){"too many lines; at most 16000000 are allowed", "file"};
        return err_new(ERR_LIMIT);
    }
    struct kept_row *const grown = array_grow(rows->row, &rows->cap, rows->count, sizeof *grown);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    rows->row = grown;
    TRY(map64_put(&rows->pairs, pair_of(row->model, row->session), (uint32_t)row->label));
    rows->row[rows->count++] = *row;
    return ERR_OK;
}

err_t groups_add(struct dataset_groups *g, enum group_list list, const struct group_row *row,
                 uint32_t *notes, struct line_fault *fault)
{
    struct kept_row kept = {
        .model = GROUP_NO_MODEL, .session = row->session, .label = row->label, .line = row->line};
    switch (list) {
    case GROUP_ENROL:
        if (span_eq(row->model, SPAN_LIT("-"))) {
            return refuse(fault, "model", "- is for trials of bots; it cannot be enrolled");
        }
        TRY(enrol_model(g, row, &kept.model, fault));
        break;
    case GROUP_PRACTISED:
        if (row->label != DATASET_IMPOSTOR) {
            return refuse(fault, "label", "must be impostor; practised trials have no other");
        }
        TRY(trial_model(g, row, &kept.model, fault));
        break;
    case GROUP_TRIALS: TRY(trial_model(g, row, &kept.model, fault)); break;
    case GROUP_BACKGROUND:
    case GROUP_LISTS: break;
    }
    return keep(&g->rows[list], &kept, notes, fault);
}

/* ---- gathering ---- */

static void free_sizes(size_t **at)
{
    free(*at);
}

/* Stable counting sort: `start[m]` becomes where model m begins; returns the rows in that order.
 * Rows of no model come last. `start` has room for models + 2. */
static err_t sort_rows(const struct dataset_groups *g, const struct kept_rows *rows, size_t *start,
                       struct kept_row **out)
{
    const size_t models = g->models.count;
    struct kept_row *const sorted = pool_alloc(g->pool, rows->count * sizeof *sorted);
    if (sorted == NULL) {
        return err_new(ERR_NOMEM);
    }
    memset(start, 0, (models + 2) * sizeof *start);
    for (size_t i = 0; i < rows->count; i++) {
        const size_t m = rows->row[i].model == GROUP_NO_MODEL ? models : rows->row[i].model;
        start[m + 1]++;
    }
    for (size_t m = 0; m <= models; m++) {
        start[m + 1] += start[m];
    }
    for (size_t i = rows->count; i > 0; i--) { /* from behind: start[m + 1] ends as start of m */
        const size_t m = rows->row[i - 1].model == GROUP_NO_MODEL ? models : rows->row[i - 1].model;
        sorted[--start[m + 1]] = rows->row[i - 1];
    }
    *out = sorted;
    return ERR_OK;
}

static err_t gather_trials(struct dataset_groups *g, enum group_list list, size_t *start)
{
    struct kept_row *rows = NULL;
    const struct kept_rows *const from = &g->rows[list];
    TRY(sort_rows(g, from, start, &rows));
    struct dataset_trial *const trials = pool_alloc(g->pool, from->count * sizeof *trials);
    if (trials == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < from->count; i++) {
        trials[i] = (struct dataset_trial){.session = rows[i].session, .label = rows[i].label};
    }
    const size_t models = g->models.count;
    for (size_t m = 0; m <= models; m++) {
        const size_t end = m == models ? from->count : start[m + 2];
        const struct dataset_trials mine = {.at = trials + start[m + 1],
                                            .count = end - start[m + 1]};
        if (m == models) {
            g->bots = list == GROUP_TRIALS ? mine : g->bots;
        } else if (list == GROUP_TRIALS) {
            g->model[m].trials = mine;
        } else {
            g->model[m].practised = mine;
        }
    }
    return ERR_OK;
}

static err_t gather_sessions(struct dataset_groups *g, enum group_list list, size_t *start,
                             uint32_t **out)
{
    struct kept_row *rows = NULL;
    TRY(sort_rows(g, &g->rows[list], start, &rows));
    uint32_t *const sessions = pool_alloc(g->pool, g->rows[list].count * sizeof *sessions);
    if (sessions == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < g->rows[list].count; i++) {
        sessions[i] = rows[i].session;
    }
    *out = sessions;
    return ERR_OK;
}

err_t groups_finish(struct dataset_groups *g)
{
    const size_t models = g->models.count;
    CLEANUP(free_sizes) size_t *start = calloc(models + 3, sizeof *start);
    uint32_t *sessions = NULL;
    g->model = pool_alloc(g->pool, models * sizeof *g->model);
    if (start == NULL || g->model == NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
        return err_new(ERR_NOMEM);
    }
    TRY(gather_sessions(g, GROUP_ENROL, start, &sessions));
    for (size_t m = 0; m < models; m++) {
        const size_t end = m + 1 == models ? g->rows[GROUP_ENROL].count : start[m + 2];
        g->model[m] = (struct dataset_model){.name = g->models.text[m],
                                             .user = g->owner[m],
                                             .enrol = sessions + start[m + 1],
                                             .enrols = end - start[m + 1]};
    }
    TRY(gather_trials(g, GROUP_TRIALS, start));
    TRY(gather_trials(g, GROUP_PRACTISED, start));
    TRY(gather_sessions(g, GROUP_BACKGROUND, start, &sessions));
    g->background = sessions;
    g->backgrounds = g->rows[GROUP_BACKGROUND].count;
    return ERR_OK;
}
