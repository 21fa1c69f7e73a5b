/* import_antal.c - scrolling strokes of Antal, Bokor and Szabo, "Information revealed from
 * scrolling interactions on mobile devices", Pattern Recognition Letters 2015: 71 people. */
#include "lab/sets/import.h"
#include "lab/sets/pool.h"
#include "lab/sets/text_table.h"

#include <stdio.h>
#include <stdlib.h>

enum { VALUES = 15, COLUMNS = 1 + VALUES, SESSION_STROKES = 10, STROKE_MS = 2000 };

static const struct dataset_info about = {
    .name = "antal-scroll-touch",
    .source = "Antal, Bokor and Szabo, Information revealed from scrolling interactions on mobile "
              "devices, Pattern Recognition Letters 2015, data set 1",
    .licence = "none stated; research use, cite; not to be passed on",
    .modality = "features",
    .note = "15 normalised features of each stroke; ten strokes in the order of the set are one "
            "session. Times of day are made up: one session an hour, a stroke every two seconds. "
            "Enrolment: the first two thirds of a person's whole sessions; genuine: the rest of "
            "them; impostor: the genuine test sessions of all others. A last session of fewer than "
            "ten strokes is kept but not tried.",
};

bool antal_wanted(const char *path)
{
    return strncmp(path_last(path), "antal_dataset1", 14) == 0 && path_ends(path, ".csv");
}

struct stroke {
    uint32_t user;
    double value[VALUES];
};

struct strokes {
    struct pool pool;
    struct names users;
    struct stroke *stroke;
    size_t count, cap;
    size_t *of_user; /* strokes of each user, after counting */
};

static void strokes_deinit(struct strokes *s)
{
    names_deinit(&s->users);
    free(s->stroke);
    free(s->of_user);
    pool_deinit(&s->pool);
}

static err_t take_row(const struct import *in, struct strokes *s, span_t line, size_t at)
{
    span_t column[COLUMNS];
    char user[IMPORT_NAME_BYTES];
    double number = 0.0;
    bool is_new = false;
    const char *const file = source_path(in->source, 0);
    struct stroke *const grown = array_grow(s->stroke, &s->cap, s->count, sizeof *grown);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->stroke = grown;
    struct stroke *const stroke = &s->stroke[s->count];
    if (text_columns(line, column, COLUMNS) != COLUMNS ||
        !text_number(column[0], 0, 99999, &number)) {
        return import_refuse(in, file, at, "must be a user's number and %d features", VALUES);
    }
    for (size_t i = 0; i < VALUES; i++) {
        if (!text_number(column[1 + i], -1e9, 1e9, &stroke->value[i])) {
            return import_refuse(in, file, at, "feature %zu must be a number from -1e9 to 1e9",
                                 i + 1);
        }
    }
    (void)snprintf(user, sizeof user, "u%02.0f", number);
    TRY(names_add(&s->users, (span_t){(const uint8_t *)user, strlen(user)}, &stroke->user,
                  &is_new));
    s->count++;
    return ERR_OK;
}

static void session_id(const struct strokes *s, size_t user, size_t session,
                       char out[IMPORT_NAME_BYTES])
{
    (void)snprintf(out, IMPORT_NAME_BYTES, "%.16s-%03zu", s->users.text[user], session + 1);
}

static void write_user(struct set_writer *w, const struct strokes *s, size_t user)
{
    char id[IMPORT_NAME_BYTES];
    char email[256];
    size_t n = 0;
    (void)snprintf(email, sizeof email, "%s@antal.invalid", s->users.text[user]);
    for (size_t i = 0; i < s->count; i++) {
        if (s->stroke[i].user != user) {
            continue;
        }
        const size_t session = n / SESSION_STROKES;
        const size_t within = n % SESSION_STROKES;
        if (within == 0) {
            session_id(s, user, session, id);
            set_writer_session(w, id, email);
        }
        const canara_event_t event = {
            .kind = CANARA_FEATURES,
            .has = CANARA_F_VALUES,
            .of.features = {.name = {"antal-scroll", sizeof "antal-scroll" - 1},
                            .values = s->stroke[i].value,
                            .count = VALUES},
        };
        const double ms = (double)session * 3600000.0 + (double)(within + 1) * STROKE_MS;
        set_writer_event(w, import_time(0, ms), &event);
        n++;
    }
}

/* Whole sessions of a user, and how many of them are learnt from. */
static size_t sessions_of(const struct strokes *s, size_t user)
{
    return s->of_user[user] / SESSION_STROKES;
}

static size_t enrolled_of(const struct strokes *s, size_t user)
{
    return 2 * sessions_of(s, user) / 3;
}

static void write_trials(struct set_writer *w, const struct strokes *s, size_t user)
{
    char id[IMPORT_NAME_BYTES];
    const char *const model = s->users.text[user];
    for (size_t i = 0; i < enrolled_of(s, user); i++) {
        session_id(s, user, i, id);
        set_writer_enrol(w, model, id);
    }
    for (size_t i = enrolled_of(s, user); i < sessions_of(s, user); i++) {
        session_id(s, user, i, id);
        set_writer_trial(w, model, id, DATASET_GENUINE);
    }
    for (size_t v = 0; v < s->users.count; v++) {
        for (size_t i = enrolled_of(s, v); v != user && i < sessions_of(s, v); i++) {
            session_id(s, v, i, id);
            set_writer_trial(w, model, id, DATASET_IMPOSTOR);
        }
    }
}

static err_t write_all(const struct import *in, struct strokes *s)
{
    CLEANUP(set_writer_free) struct set_writer *w = NULL;
    size_t without = 0;
    s->of_user = calloc(s->users.count + 1, sizeof *s->of_user);
    if (s->of_user == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < s->count; i++) {
        s->of_user[s->stroke[i].user]++;
    }
    TRY(set_writer_open(&w, in->dir, &about));
    for (size_t u = 0; u < s->users.count; u++) {
        write_user(w, s, u);
        TRY(import_progress(in, u + 1, s->users.count));
    }
    for (size_t u = 0; u < s->users.count; u++) {
        TRY(import_go_on(in));
        if (enrolled_of(s, u) == 0) {
            without++;
            continue;
        }
        write_trials(w, s, u);
    }
    if (without > 0) {
        import_note(in, "%zu people with too few strokes to enrol", without);
    }
    return set_writer_finish(&w);
}

err_t antal_import(struct import *in)
{
    CLEANUP(strokes_deinit) struct strokes s = {.count = 0};
    struct text_lines lines = {.rest = source_text(in->source, 0)};
    span_t line = {0};
    names_init(&s.users, &s.pool);
    if (source_count(in->source) != 1) {
        return import_refuse(in, source_path(in->source, 1), 1,
                             "is a second table; one is allowed");
    }
    while (text_next_line(&lines, &line)) {
        TRY(take_row(in, &s, line, lines.line));
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    return write_all(in, &s);
}
