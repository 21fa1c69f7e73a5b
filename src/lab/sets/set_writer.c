#include "lab/sets/set_writer.h"

#include "base/util.h"
#include "codec/json_write.h"
#include "lab/sets/dataset_line.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum file { FILE_EVENTS, FILE_ENROL, FILE_TRIALS, FILE_PRACTISED, FILES };

struct set_writer {
    int dir;
    FILE *file[FILES]; /* NULL until the first line */
    struct buf line;
    char session[DATASET_NAME_BYTES + 1];
    char email[256];
    err_t error;
};

static FILE *create(const struct set_writer *w, const char *name)
{
    const int fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *const f = fd < 0 ? NULL : fdopen(fd, "w");
    if (f == NULL && fd >= 0) {
        (void)close(fd);
    }
    return f;
}

static FILE *file_of(struct set_writer *w, enum file which)
{
    static const char *const names[FILES] = {
        [FILE_EVENTS] = "events.jsonl",
        [FILE_ENROL] = "enrol.tsv",
        [FILE_TRIALS] = "trials.tsv",
        [FILE_PRACTISED] = "trials-practised.tsv",
    };
    if (w->file[which] == NULL && !failed(w->error)) {
        w->file[which] = create(w, names[which]);
        if (w->file[which] == NULL) {
            w->error = err_new(ERR_IO);
        }
    }
    return failed(w->error) ? NULL : w->file[which];
}

static void put(struct set_writer *w, FILE *to, span_t bytes)
{
    if (to != NULL && fwrite(bytes.ptr, 1, bytes.len, to) != bytes.len) {
        w->error = err_new(ERR_IO);
    }
}

static void member(struct json_writer *json, const char *name, const char *value)
{
    json_name(json, name);
    json_cstr(json, value);
}

static err_t write_about(struct set_writer *w, const struct dataset_info *about)
{
    struct json_writer json;
    json_writer_init(&json, &w->line);
    json_begin_object(&json);
    member(&json, "name", about->name);
    member(&json, "source", about->source);
    member(&json, "licence", about->licence);
    member(&json, "modality", about->modality);
    member(&json, "note", about->note);
    json_end_object(&json);
    TRY(json_finish(&json));
    TRY(buf_append_byte(&w->line, '\n'));
    FILE *const f = create(w, "dataset.json");
    if (f == NULL) {
        return err_new(ERR_IO);
    }
    put(w, f, buf_span(&w->line));
    return fclose(f) == 0 ? w->error : err_new(ERR_IO);
}

err_t set_writer_open(struct set_writer **out, const char *dir, const struct dataset_info *about)
{
    (void)mkdir(dir, 0700); /* may be there; opening it tells what else is wrong */
    CLEANUP(set_writer_free) struct set_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return err_new(ERR_NOMEM);
    }
    buf_init(&w->line, DATASET_LINE_BYTES + 1);
    w->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir < 0) {
        return err_new(ERR_IO);
    }
    TRY(write_about(w, about));
    *out = w;
    w = NULL;
    return ERR_OK;
}

void set_writer_session(struct set_writer *w, const char *id, const char *email)
{
    MUST(dataset_name_is_good((span_t){(const uint8_t *)id, strlen(id)}));
    (void)snprintf(w->session, sizeof w->session, "%s", id);
    (void)snprintf(w->email, sizeof w->email, "%s", email);
}

/* ---- the data of one event ---- */

static const char *class_name(uint8_t key_class)
{
    static const char *const names[CANARA_KEY_CLASSES] = {
        [CANARA_KEY_LETTER] = "letter",     [CANARA_KEY_DIGIT] = "digit",
        [CANARA_KEY_SPACE] = "space",       [CANARA_KEY_DELETE] = "delete",
        [CANARA_KEY_ENTER] = "enter",       [CANARA_KEY_PUNCT] = "punct",
        [CANARA_KEY_MODIFIER] = "modifier", [CANARA_KEY_OTHER] = "other",
    };
    MUST(key_class < CANARA_KEY_CLASSES);
    return names[key_class];
}

static void write_text(struct json_writer *json, const char *name, canara_text_t text)
{
    json_name(json, name);
    json_text(json, (span_t){(const uint8_t *)text.ptr, text.len});
}

static void write_number(struct json_writer *json, const char *name, double value)
{
    json_name(json, name);
    json_number(json, value);
}

static void write_keys(struct json_writer *json, const canara_event_t *e)
{
    static const char *const extras[CANARA_KEY_EXTRAS] = {"pressure", "size", "x",  "y",  "ax",
                                                          "ay",       "az",   "rx", "ry", "rz"};
    write_text(json, "field", e->of.keystrokes.field);
    json_name(json, "keys");
    json_begin_array(json);
    for (size_t i = 0; i < e->of.keystrokes.count; i++) {
        const canara_key_t *const key = &e->of.keystrokes.keys[i];
        json_begin_object(json);
        write_number(json, "down", key->down_ms);
        write_number(json, "up", key->up_ms);
        member(json, "class", class_name(key->key_class));
        for (unsigned x = 0; x < CANARA_KEY_EXTRAS; x++) {
            if ((key->has & 1U << x) != 0) {
                write_number(json, extras[x], key->extra[x]);
            }
        }
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_points(struct json_writer *json, const canara_event_t *e)
{
    json_name(json, "points");
    json_begin_array(json);
    for (size_t i = 0; i < e->of.path.count; i++) {
        const canara_point_t *const p = &e->of.path.points[i];
        json_begin_array(json);
        json_number(json, p->t_ms);
        json_number(json, p->x);
        json_number(json, p->y);
        if (e->kind == CANARA_TOUCH) {
            json_number(json, p->pressure);
            json_number(json, p->area);
        }
        json_uint(json, p->buttons);
        json_end_array(json);
    }
    json_end_array(json);
}

static void write_values(struct json_writer *json, const canara_event_t *e)
{
    write_text(json, "name", e->of.features.name);
    json_name(json, "values");
    json_begin_array(json);
    for (size_t i = 0; i < e->of.features.count; i++) {
        if (isnan(e->of.features.values[i])) {
            json_nil(json);
        } else {
            json_number(json, e->of.features.values[i]);
        }
    }
    json_end_array(json);
}

static void write_data(struct json_writer *json, const canara_event_t *e)
{
    json_begin_object(json);
    if (e->kind == CANARA_KEYSTROKES) {
        write_keys(json, e);
    } else if (e->kind == CANARA_FEATURES) {
        write_values(json, e);
    } else {
        MUST(e->kind == CANARA_POINTER || e->kind == CANARA_TOUCH);
        write_points(json, e);
    }
    json_end_object(json);
}

void set_writer_event(struct set_writer *w, wall_t at, const canara_event_t *event)
{
    if (failed(w->error)) {
        return;
    }
    struct json_writer json;
    buf_clear(&w->line);
    json_writer_init(&json, &w->line);
    json_begin_object(&json);
    json_name(&json, "timestamp");
    json_time(&json, at);
    member(&json, "event_type", canara_event_name(event->kind));
    json_name(&json, "data");
    write_data(&json, event);
    member(&json, "session_id", w->session);
    member(&json, "user_email", w->email);
    json_end_object(&json);
    w->error = json_finish(&json);
    if (!failed(w->error)) {
        w->error = buf_append_byte(&w->line, '\n');
    }
    put(w, file_of(w, FILE_EVENTS), buf_span(&w->line));
}

/* ---- rows ---- */

static void put_row(struct set_writer *w, enum file which, const char *model, const char *session,
                    const char *label)
{
    FILE *const to = file_of(w, which);
    if (to != NULL &&
        fprintf(to, "%s\t%s%s%s\n", model, session, label[0] == '\0' ? "" : "\t", label) < 0) {
        w->error = err_new(ERR_IO);
    }
}

void set_writer_enrol(struct set_writer *w, const char *model, const char *session)
{
    put_row(w, FILE_ENROL, model, session, "");
}

void set_writer_trial(struct set_writer *w, const char *model, const char *session,
                      enum dataset_label label)
{
    put_row(w, FILE_TRIALS, model, session, dataset_label_name(label));
}

void set_writer_practised(struct set_writer *w, const char *model, const char *session)
{
    put_row(w, FILE_PRACTISED, model, session, dataset_label_name(DATASET_IMPOSTOR));
}

static err_t close_all(struct set_writer *w)
{
    err_t e = w->error;
    for (size_t i = 0; i < FILES; i++) {
        if (w->file[i] != NULL && fclose(w->file[i]) != 0 && !failed(e)) {
            e = err_new(ERR_IO);
        }
        w->file[i] = NULL;
    }
    if (w->dir >= 0) {
        (void)close(w->dir);
    }
    buf_deinit(&w->line);
    return e;
}

err_t set_writer_finish(struct set_writer **w)
{
    const err_t e = close_all(*w);
    free(*w);
    *w = NULL;
    return e;
}

void set_writer_free(struct set_writer **w)
{
    if (*w != NULL) {
        const err_t unused = close_all(*w);
        (void)unused;
        free(*w);
        *w = NULL;
    }
}
