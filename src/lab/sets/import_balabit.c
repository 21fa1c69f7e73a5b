/* import_balabit.c - Balabit Mouse Dynamics Challenge: Fulop, Kovacs, Kurics and Windhager-Pokol
 * 2016, 10 people, training sessions and test sessions of which 816 have a public label. */
#include "lab/sets/import_path.h"
#include "lab/sets/pool.h"
#include "lab/sets/text_table.h"

#include <stdio.h>
#include <stdlib.h>

/* record timestamp, client timestamp, button, state, x, y */
enum { COLUMNS = 6, COORDINATE_MAX = 5000, LEFT = 1, RIGHT = 2, MIDDLE = 4, OTHER_BUTTON = 8 };

static const struct dataset_info about = {
    .name = "balabit-mouse",
    .source = "Fulop, Kovacs, Kurics and Windhager-Pokol, Balabit Mouse Dynamics Challenge, 2016; "
              "github.com/balabit/Mouse-Dynamics-Challenge",
    .licence = "no licence file; the authors invite research and ask to be cited; not to be passed "
               "on",
    .modality = "pointer",
    .note = "A file is a session; point times are the client's, in ms from its first record. Times "
            "of day are made up: one session a day, in the order of file names (the true order is "
            "not published). Scroll records and coordinates above 5000 are left out. Enrolment: "
            "training files; trials: the labelled test files. Illegal sessions are of one of the "
            "other nine people, unknown which: a closed set.",
};

/* What a file is, by the two folders above it. */
enum role { ROLE_NONE, ROLE_TRAINING, ROLE_TEST, ROLE_LABELS };

static enum role role_of(const char *path, char user[IMPORT_NAME_BYTES])
{
    char folder[SOURCE_PATH_BYTES];
    char kind[IMPORT_NAME_BYTES];
    const char *const name = path_last(path);
    if (strcmp(name, "public_labels.csv") == 0) {
        return ROLE_LABELS;
    }
    if (strncmp(name, "session_", 8) != 0 || name == path) {
        return ROLE_NONE;
    }
    path_parent(path, user);
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(name - 1 - path), path);
    path_parent(folder, kind);
    return strcmp(kind, "training_files") == 0 ? ROLE_TRAINING
           : strcmp(kind, "test_files") == 0   ? ROLE_TEST
                                               : ROLE_NONE;
}

bool balabit_wanted(const char *path)
{
    char user[IMPORT_NAME_BYTES];
    return role_of(path, user) != ROLE_NONE;
}

/* ---- labels ---- */

struct labels {
    struct pool pool;
    struct names files;
    bool *illegal;
    size_t cap;
};

static void labels_deinit(struct labels *l)
{
    names_deinit(&l->files);
    free(l->illegal);
    pool_deinit(&l->pool);
}

static err_t take_labels(const struct import *in, size_t index, struct labels *out)
{
    struct text_lines lines = {.rest = source_text(in->source, index)};
    span_t line = {0};
    (void)text_next_line(&lines, &line); /* filename,is_illegal */
    while (text_next_line(&lines, &line)) {
        span_t column[2];
        double illegal = 0.0;
        uint32_t at = 0;
        bool is_new = false;
        if (text_columns(line, column, 2) != 2 || !text_number(column[1], 0, 1, &illegal)) {
            return import_refuse(in, source_path(in->source, index), lines.line,
                                 "must be filename,is_illegal with 0 or 1");
        }
        TRY(names_add(&out->files, column[0], &at, &is_new));
        bool *const grown = array_grow(out->illegal, &out->cap, at, sizeof *grown);
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        out->illegal = grown;
        out->illegal[at] = illegal > 0.5;
    }
    return ERR_OK;
}

static err_t find_labels(const struct import *in, struct labels *out)
{
    char user[IMPORT_NAME_BYTES];
    for (size_t i = 0; i < source_count(in->source); i++) {
        if (role_of(source_path(in->source, i), user) == ROLE_LABELS) {
            return take_labels(in, i, out);
        }
    }
    return import_refuse(in, "public_labels.csv", 1, "is not there; the trials come from it");
}

/* ---- sessions ---- */

struct work {
    const struct import *in;
    struct set_writer *to;
    struct labels labels;
    struct path_cutter cut;
    size_t scrolls, far, unlabelled, empty;
};

static void work_free(struct work **w)
{
    if (*w != NULL) {
        labels_deinit(&(*w)->labels);
        set_writer_free(&(*w)->to);
        free(*w);
    }
}

static bool is(span_t text, const char *word)
{
    return span_eq(text, (span_t){(const uint8_t *)word, strlen(word)});
}

static uint32_t button_bit(span_t name)
{
    return is(name, "Left")     ? LEFT
           : is(name, "Right")  ? RIGHT
           : is(name, "Middle") ? MIDDLE
                                : OTHER_BUTTON;
}

/* Which buttons are down after this record; a release that was lost ends with the next move. */
static uint32_t buttons_after(uint32_t held, span_t button, span_t state)
{
    if (is(state, "Pressed")) {
        return held | button_bit(button);
    }
    if (is(state, "Released")) {
        return held & ~button_bit(button);
    }
    if (is(state, "Drag")) {
        return held == 0 ? (uint32_t)LEFT : held;
    }
    return 0;
}

/* Hand the points of one file to the cutter, which has begun. */
static err_t take_points(struct work *w, size_t index)
{
    struct text_lines lines = {.rest = source_text(w->in->source, index)};
    span_t line = {0};
    uint32_t held = 0;
    (void)text_next_line(&lines, &line); /* the names of the columns */
    while (text_next_line(&lines, &line)) {
        span_t column[COLUMNS];
        canara_point_t p = {0};
        double seconds = 0.0;
        if (text_columns(line, column, COLUMNS) != COLUMNS ||
            !text_number(column[1], 0, 86400, &seconds) || !text_number(column[4], 0, 1e6, &p.x) ||
            !text_number(column[5], 0, 1e6, &p.y)) {
            return import_refuse(w->in, source_path(w->in->source, index), lines.line,
                                 "must be times (0 to 86400 s), button, state, x and y");
        }
        if (is(column[2], "Scroll")) {
            w->scrolls++;
            continue;
        }
        held = buttons_after(held, column[2], column[3]);
        if (p.x > COORDINATE_MAX || p.y > COORDINATE_MAX) {
            w->far++;
            continue;
        }
        p.t_ms = round_to(seconds * 1000.0, 1.0);
        p.buttons = held;
        path_add(&w->cut, &p);
    }
    return ERR_OK;
}

static err_t take_session(struct work *w, size_t index, size_t day)
{
    char user[IMPORT_NAME_BYTES];
    char id[IMPORT_NAME_BYTES];
    char email[256];
    const char *const path = source_path(w->in->source, index);
    const char *const name = path_last(path);
    const enum role role = role_of(path, user);
    uint32_t label = 0;
    if (role == ROLE_TEST &&
        !names_find(&w->labels.files, (span_t){(const uint8_t *)name, strlen(name)}, &label)) {
        w->unlabelled++;
        return ERR_OK;
    }
    const bool illegal = role == ROLE_TEST && w->labels.illegal[label];
    const int n = snprintf(id, sizeof id, "%s-%s-%s", user, role == ROLE_TEST ? "test" : "train",
                           name + strlen("session_"));
    TRY(import_session(w->in, path, id, n));
    (void)snprintf(email, sizeof email, "%s@balabit.invalid", illegal ? "unknown" : user);
    set_writer_session(w->to, id, email);
    path_begin(&w->cut, w->to, import_time(day, 0.0));
    TRY(take_points(w, index));
    if (path_end(&w->cut) == 0) {
        w->empty++;
        return ERR_OK;
    }
    if (role == ROLE_TRAINING) {
        set_writer_enrol(w->to, user, id);
    } else {
        set_writer_trial(w->to, user, id, illegal ? DATASET_IMPOSTOR : DATASET_GENUINE);
    }
    return ERR_OK;
}

/* Training files first: a day of its own for each session, and the test behind the training. */
static err_t take_role(struct work *w, enum role role, size_t *day)
{
    const struct source *const source = w->in->source;
    for (size_t i = 0; i < source_count(source); i++) {
        char user[IMPORT_NAME_BYTES];
        if (role_of(source_path(source, i), user) == role) {
            TRY(take_session(w, i, (*day)++));
            TRY(import_progress(w->in, *day, source_count(source)));
        }
    }
    return ERR_OK;
}

err_t balabit_import(struct import *in)
{
    CLEANUP(work_free) struct work *w = calloc(1, sizeof *w);
    size_t day = 0;
    if (w == NULL) {
        return err_new(ERR_NOMEM);
    }
    w->in = in;
    names_init(&w->labels.files, &w->labels.pool);
    TRY(find_labels(in, &w->labels));
    TRY(set_writer_open(&w->to, in->dir, &about));
    TRY(take_role(w, ROLE_TRAINING, &day));
    TRY(take_role(w, ROLE_TEST, &day));
    import_note(in, "%zu scroll records and %zu coordinates above %d left out", w->scrolls, w->far,
                COORDINATE_MAX);
    import_note(in, "%zu test sessions without a label and %zu sessions without a point left out",
                w->unlabelled, w->empty);
    return set_writer_finish(&w->to);
}
