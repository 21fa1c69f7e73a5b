#include "lab/dataset.h"

#include "base/util.h"
#include "codec/json_read.h"
#include "lab/dataset_groups.h"
#include "lab/dataset_line.h"
#include "lab/event_keep.h"
#include "lab/line_file.h"
#include "lab/pool.h"
#include "lab/text_join.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dataset {
    struct pool pool;
    struct dataset_info info;
    struct names users, ids; /* emails; ids of sessions, in the order of `sessions` */
    struct dataset_session *sessions;
    size_t sessions_cap;
    struct dataset_event *events;
    size_t events_count, events_cap;
    struct dataset_groups groups;
    size_t joined;
};

/* What reading needs and the set does not. */
struct reading {
    struct dataset *set;
    int dir;
    struct line_scratch *scratch;
    struct dataset_fault *fault;
    const char *file; /* the one at hand */
    size_t line;
};

static void reading_deinit(struct reading *r)
{
    free(r->scratch);
    if (r->dir >= 0) {
        (void)close(r->dir);
    }
}

PRINTF_LIKE(4, 5)

static err_t refuse(struct reading *r, enum err_code code, const char *field, const char *format,
                    ...)
{
    char words[DATASET_FAULT_BYTES - 256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    (void)snprintf(r->fault->text, sizeof r->fault->text, "%s:%zu: %.64s: %s", r->file, r->line,
                   field, words);
    return err_new(code);
}

static err_t refuse_system(struct reading *r, const char *what)
{
    char words[96] = "";
    return refuse(r, ERR_IO, "file", "%s: %s", what, strerror_r(errno, words, sizeof words));
}

static err_t no_memory(struct reading *r)
{
    return refuse(r, ERR_NOMEM, "file", "the memory is used up");
}

/* Open a file of the set; `*there` false, without an error, when an optional one is absent. */
static err_t open_file(struct reading *r, const char *name, bool optional, int *fd, bool *there)
{
    r->file = name;
    r->line = 1;
    *fd = openat(r->dir, name, O_RDONLY | O_CLOEXEC);
    *there = *fd >= 0;
    if (*there || (optional && errno == ENOENT)) {
        return ERR_OK;
    }
    return refuse_system(r, "cannot be opened; a data set needs it");
}

/* ---- dataset.json ---- */

static err_t take_text(struct reading *r, const struct json *tree, const char *name, bool optional,
                       const char **out)
{
    span_t text = {0};
    if (json_kind(json_get(tree, name)) == JSON_KIND_ABSENT && optional) {
        *out = "";
        return ERR_OK;
    }
    if (!json_get_text(tree, name, &text) || text.len > DATASET_TEXT_BYTES ||
        (text.len == 0 && !optional)) {
        return refuse(r, ERR_FORMAT, name, "must be a string of 1 to %d bytes", DATASET_TEXT_BYTES);
    }
    *out = pool_text(&r->set->pool, text);
    return *out == NULL ? no_memory(r) : ERR_OK;
}

static err_t take_info(struct reading *r, const struct json *tree)
{
    static const char *const modalities[] = {"keystrokes", "pointer", "touch", "features", "mixed"};
    struct dataset_info *const info = &r->set->info;
    if (json_kind(tree) != JSON_KIND_OBJECT) {
        return refuse(r, ERR_FORMAT, "file",
                      "must be an object of name, source, licence, modality and optionally note");
    }
    TRY(take_text(r, tree, "name", false, &info->name));
    TRY(take_text(r, tree, "source", false, &info->source));
    TRY(take_text(r, tree, "licence", false, &info->licence));
    TRY(take_text(r, tree, "modality", false, &info->modality));
    TRY(take_text(r, tree, "note", true, &info->note));
    if (!dataset_name_is_good((span_t){(const uint8_t *)info->name, strlen(info->name)})) {
        return refuse(r, ERR_FORMAT, "name", "must be 1 to %d of A-Z, a-z, 0-9, ., _, @ and -",
                      DATASET_NAME_BYTES);
    }
    for (size_t i = 0; i < ARRAY_LEN(modalities); i++) {
        if (strcmp(info->modality, modalities[i]) == 0) {
            return ERR_OK;
        }
    }
    return refuse(r, ERR_FORMAT, "modality",
                  "must be keystrokes, pointer, touch, features or mixed");
}

static void free_bytes(uint8_t **bytes)
{
    free(*bytes);
}

static err_t read_info(struct reading *r)
{
    CLEANUP(free_bytes) uint8_t *bytes = malloc(DATASET_JSON_BYTES + 1);
    CLEANUP(json_free) struct json *tree = NULL;
    CLEANUP(line_file_close) struct line_file held = {.fd = -1};
    bool there = false;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    TRY(open_file(r, "dataset.json", false, &held.fd, &there));
    if (bytes == NULL) {
        return no_memory(r);
    }
    size_t len = 0;
    for (ssize_t got = 1; got > 0 && len <= DATASET_JSON_BYTES; len += (size_t)got) {
        got = read(held.fd, bytes + len, DATASET_JSON_BYTES + 1 - len);
        if (got < 0) {
            return refuse_system(r, "cannot be read");
        }
    }
    if (len > DATASET_JSON_BYTES) {
        return refuse(r, ERR_LIMIT, "file", "must have at most %d bytes", DATASET_JSON_BYTES);
    }
    struct json_fault why = {.message = "no memory"};
    if (line_has_mark((span_t){bytes, len})) {
        return refuse(r, ERR_FORMAT, "file", "%s", line_marked);
    }
    if (failed(json_parse((span_t){bytes, len}, &tree, &why))) {
        for (size_t i = 0; i < why.at && i < len; i++) {
            r->line += bytes[i] == '\n' ? 1 : 0;
        }
        return refuse(r, ERR_FORMAT, "file", "must be JSON: %s", why.message);
    }
    return take_info(r, tree);
}

/* ---- events.jsonl ---- */

/* The session that this line belongs to, a new one or the one at hand. */
static err_t find_session(struct reading *r, const struct event_line *line, uint32_t *out)
{
    struct dataset *const set = r->set;
    uint32_t user = 0;
    bool is_new = false;
    if (failed(names_add(&set->users, line->email, &user, &is_new)) ||
        failed(names_add(&set->ids, line->session, out, &is_new))) {
        return no_memory(r);
    }
    if (!is_new) {
        if (*out + 1 != set->ids.count) {
            return refuse(r, ERR_FORMAT, "session_id",
                          "%.64s comes back after another session; the lines of a session must "
                          "follow one another",
                          set->ids.text[*out]);
        }
        if (set->sessions[*out].user != user) {
            return refuse(r, ERR_FORMAT, "user_email",
                          "changes within session %.64s; a session must have one user",
                          set->ids.text[*out]);
        }
        return ERR_OK;
    }
    if (set->ids.count > DATASET_SESSIONS_MAX || set->users.count > DATASET_USERS_MAX) {
        return refuse(r, ERR_LIMIT, "session_id", "at most %d sessions and %d users are allowed",
                      DATASET_SESSIONS_MAX, DATASET_USERS_MAX);
    }
    struct dataset_session *const grown =
        array_grow(set->sessions, &set->sessions_cap, *out, sizeof *grown);
    if (grown == NULL) {
        return no_memory(r);
    }
    set->sessions = grown;
    set->sessions[*out] = (struct dataset_session){
        .id = set->ids.text[*out], .user = user, .first = (uint32_t)set->events_count};
    return ERR_OK;
}

static err_t keep_event(struct reading *r, const struct event_line *line)
{
    struct dataset *const set = r->set;
    uint32_t session = 0;
    if (set->events_count == DATASET_EVENTS_MAX) {
        return refuse(r, ERR_LIMIT, "file", "at most %d events are allowed", DATASET_EVENTS_MAX);
    }
    TRY(find_session(r, line, &session));
    struct dataset_event *const grown =
        array_grow(set->events, &set->events_cap, set->events_count, sizeof *grown);
    if (grown == NULL) {
        return no_memory(r);
    }
    set->events = grown;
    struct dataset_event event = {.event = line->event, .at = line->at};
    if (!event_keep(&set->pool, &event.event)) {
        return no_memory(r);
    }
    set->events[set->events_count++] = event;
    set->sessions[session].count++;
    return ERR_OK;
}

static err_t take_event(struct reading *r, span_t text)
{
    struct event_line line;
    struct line_fault why;
    if (event_line_parse(r->scratch, text, &line, &why) != LINE_OK) {
        return refuse(r, ERR_FORMAT, why.field, "%s", why.message);
    }
    return keep_event(r, &line);
}

/* ---- the files of names ---- */

static err_t find_row_session(struct reading *r, span_t name, uint32_t *out)
{
    if (names_find(&r->set->ids, name, out)) {
        return ERR_OK;
    }
    return refuse(r, ERR_FORMAT, "session",
                  "%.*s is not in events.jsonl; one of its sessions is allowed", (int)name.len,
                  (const char *)name.ptr);
}

static err_t take_row(struct reading *r, enum group_list list, span_t text)
{
    const enum row_form form = list == GROUP_BACKGROUND ? ROW_BACKGROUND
                               : list == GROUP_ENROL    ? ROW_ENROL
                                                        : ROW_TRIAL;
    struct name_row row;
    struct line_fault why;
    uint32_t session = 0;
    if (name_row_parse(form, text, &row, &why) != LINE_OK) {
        return refuse(r, ERR_FORMAT, why.field, "%s", why.message);
    }
    TRY(find_row_session(r, row.session, &session));
    const struct group_row add = {
        .model = row.model,
        .session = session,
        .user = r->set->sessions[session].user,
        .label = row.label,
    };
    const err_t e = groups_add(&r->set->groups, list, &add, &why);
    if (e.code == ERR_NOMEM) {
        return no_memory(r);
    }
    return failed(e) ? refuse(r, e.code, why.field, "%s", why.message) : ERR_OK;
}

/* ---- files line by line ---- */

/* events.jsonl is GROUP_LISTS: its lines are events, those of the others rows. */
static err_t read_lines(struct reading *r, const char *name, bool optional, enum group_list list)
{
    CLEANUP(line_file_close) struct line_file lines = {.fd = -1};
    int fd = -1;
    bool more = false;
    TRY(open_file(r, name, optional, &fd, &more));
    if (!more) {
        return ERR_OK;
    }
    if (failed(line_file_open(&lines, fd, DATASET_LINE_BYTES))) {
        return no_memory(r);
    }
    while (more) {
        span_t line = {0};
        const err_t e = line_file_next(&lines, &line, &more);
        r->line = size_max(lines.line, 1);
        if (e.code == ERR_LIMIT) {
            return refuse(r, ERR_LIMIT, "line", "must have at most %d bytes", DATASET_LINE_BYTES);
        }
        if (failed(e)) {
            return refuse_system(r, "cannot be read");
        }
        if (more) {
            TRY(list == GROUP_LISTS ? take_event(r, line) : take_row(r, list, line));
        }
    }
    if (lines.line == 0 && list != GROUP_ENROL) { /* no enrolment: a set of bots */
        return refuse(r, ERR_FORMAT, "file", "is empty; at least one line is needed");
    }
    return ERR_OK;
}

static err_t read_all(struct reading *r)
{
    TRY(read_info(r));
    TRY(read_lines(r, "events.jsonl", false, GROUP_LISTS));
    TRY(read_lines(r, "enrol.tsv", true, GROUP_ENROL)); /* a set of bots has none */
    TRY(read_lines(r, "trials.tsv", false, GROUP_TRIALS));
    TRY(read_lines(r, "trials-practised.tsv", true, GROUP_PRACTISED));
    TRY(read_lines(r, "background.tsv", true, GROUP_BACKGROUND));
    return failed(groups_finish(&r->set->groups)) ? no_memory(r) : ERR_OK;
}

/* Machines are judged by what they sent, as they sent it. */
static err_t join_texts(struct reading *r)
{
    struct dataset *const set = r->set;
    if (dataset_models(set) == 0) {
        return ERR_OK;
    }
    const err_t e = text_join(&set->pool, set->sessions, set->ids.count, set->events,
                              &set->events_count, &set->joined);
    return failed(e) ? no_memory(r) : ERR_OK;
}

err_t dataset_open(const char *dir, struct dataset **out, struct dataset_fault *fault)
{
    CLEANUP(dataset_close) struct dataset *set = calloc(1, sizeof *set);
    CLEANUP(reading_deinit)
    struct reading r = {
        .set = set, .fault = fault, .file = dir, .line = 1, .scratch = malloc(sizeof *r.scratch)};
    r.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r.dir < 0) {
        return refuse_system(&r, "cannot be opened; a folder with a data set is allowed");
    }
    if (set == NULL || r.scratch == NULL) {
        return no_memory(&r);
    }
    pool_init(&set->pool);
    names_init(&set->users, &set->pool);
    names_init(&set->ids, &set->pool);
    groups_init(&set->groups, &set->pool);
    TRY(read_all(&r));
    TRY(join_texts(&r));
    *out = set;
    set = NULL;
    return ERR_OK;
}

void dataset_close(struct dataset **set)
{
    struct dataset *const s = *set;
    if (s == NULL) {
        return;
    }
    groups_deinit(&s->groups);
    names_deinit(&s->users);
    names_deinit(&s->ids);
    free(s->sessions);
    free(s->events);
    pool_deinit(&s->pool);
    free(s);
    *set = NULL;
}

/* ---- filling by hand ---- */

err_t dataset_blank(struct dataset **out)
{
    struct dataset *const set = calloc(1, sizeof *set);
    if (set == NULL) {
        return err_new(ERR_NOMEM);
    }
    pool_init(&set->pool);
    names_init(&set->users, &set->pool);
    names_init(&set->ids, &set->pool);
    groups_init(&set->groups, &set->pool);
    set->info = (struct dataset_info){"", "", "", "", ""};
    *out = set;
    return ERR_OK;
}

err_t dataset_take(struct dataset *set, const char *email, const char *session,
                   const struct dataset_event *event)
{
    struct dataset_fault fault;
    struct reading r = {.set = set, .dir = -1, .fault = &fault, .file = "", .line = 1};
    const struct event_line line = {.at = event->at,
                                    .session = {(const uint8_t *)session, strlen(session)},
                                    .email = {(const uint8_t *)email, strlen(email)},
                                    .event = event->event};
    return keep_event(&r, &line);
}

/* ---- looking ---- */

const struct dataset_info *dataset_about(const struct dataset *set)
{
    return &set->info;
}

size_t dataset_users(const struct dataset *set)
{
    return set->users.count;
}

const char *dataset_user(const struct dataset *set, size_t user)
{
    MUST(user < set->users.count);
    return set->users.text[user];
}

size_t dataset_sessions(const struct dataset *set)
{
    return set->ids.count;
}

const struct dataset_session *dataset_session(const struct dataset *set, size_t session)
{
    MUST(session < set->ids.count);
    return &set->sessions[session];
}

size_t dataset_joined(const struct dataset *set)
{
    return set->joined;
}

size_t dataset_events(const struct dataset *set)
{
    return set->events_count;
}

const struct dataset_event *dataset_event(const struct dataset *set, size_t event)
{
    MUST(event < set->events_count);
    return &set->events[event];
}

/* How long an event took, by its own account. */
static double span_of(const canara_event_t *e)
{
    const bool path = e->kind == CANARA_POINTER || e->kind == CANARA_TOUCH;
    if (path && (e->has & CANARA_F_POINTS) != 0 && e->of.path.count > 0) {
        const canara_point_t *const p = e->of.path.points;
        return p[e->of.path.count - 1].t_ms - p[0].t_ms;
    }
    if (e->kind == CANARA_KEYSTROKES && (e->has & CANARA_F_KEYS) != 0 &&
        e->of.keystrokes.count > 0) {
        const canara_key_t *const k = e->of.keystrokes.keys;
        return k[e->of.keystrokes.count - 1].up_ms - k[0].down_ms;
    }
    return 0.0;
}

int64_t dataset_session_begin(const struct dataset *set, size_t session)
{
    const struct dataset_event *first = dataset_event(set, dataset_session(set, session)->first);
    const double span = fmax(0.0, span_of(&first->event));
    return first->at.ms - (int64_t)fmin(ceil(span), fmax(0.0, (double)first->at.ms));
}

size_t dataset_models(const struct dataset *set)
{
    return set->groups.models.count;
}

const struct dataset_model *dataset_model(const struct dataset *set, size_t model)
{
    MUST(model < set->groups.models.count);
    return &set->groups.model[model];
}

struct dataset_trials dataset_bot_trials(const struct dataset *set)
{
    return set->groups.bots;
}

const uint32_t *dataset_background(const struct dataset *set, size_t *count)
{
    *count = set->groups.backgrounds;
    return set->groups.background;
}

bool dataset_has_practised(const struct dataset *set)
{
    return set->groups.rows[GROUP_PRACTISED].count > 0;
}
