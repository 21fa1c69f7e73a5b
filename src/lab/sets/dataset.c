#include "lab/sets/dataset.h"

#include "base/fd.h"
#include "base/util.h"
#include "codec/json_read.h"
#include "lab/sets/dataset_groups.h"
#include "lab/sets/dataset_info.h"
#include "lab/sets/dataset_line.h"
#include "lab/sets/dataset_who.h"
#include "lab/sets/event_keep.h"
#include "lab/sets/line_file.h"
#include "lab/sets/pool.h"
#include "lab/sets/text_join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
    struct dataset_notes notes;
    const uint32_t *victim; /* one a user; NULL: nobody is unknown */
};

/* What reading needs and the set does not. */
struct reading {
    struct dataset *set;
    int dir;
    struct line_scratch *scratch;
    struct dataset_fault *fault;
    const char *path; /* of the folder */
    const char *file; /* the one at hand */
    size_t line;
    size_t rows, met; /* of this file, and those whose session events.jsonl has */
};

static void reading_deinit(struct reading *r)
{
    free(r->scratch);
    fd_close(&r->dir);
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

static void note(struct reading *r, uint32_t bits)
{
    notes_add(&r->set->notes, bits, r->file, r->line);
}

static err_t no_memory(struct reading *r)
{
    return refuse(r, ERR_NOMEM, "file", "the memory is used up");
}

/* Not even a link that leads nowhere. */
static bool is_absent(const struct reading *r, const char *name)
{
    struct stat st;
    return fstatat(r->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* Open a file of the set; `*there` false, without an error, when an optional one is absent. */
static err_t open_file(struct reading *r, const char *name, bool optional, int *fd, bool *there)
{
    struct stat st;
    r->file = name;
    r->line = 1;
    if (optional && is_absent(r, name)) {
        *there = false;
        return ERR_OK;
    }
    /* A pipe in its place must not hold anybody up. */
    int own = openat(r->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (own < 0 || fstat(own, &st) != 0) {
        const err_t e = refuse_system(r, optional ? "cannot be opened"
                                                  : "cannot be opened; a data set needs it");
        fd_close(&own);
        return e;
    }
    if (!S_ISREG(st.st_mode)) {
        fd_close(&own);
        return refuse(r, ERR_FORMAT, "file", "must be a regular file");
    }
    *fd = own;
    *there = true;
    return ERR_OK;
}

/* ---- dataset.json ---- */

static void free_bytes(uint8_t **bytes)
{
    free(*bytes);
}

/* The text of a file, or its first line, without the byte order mark that it may begin with. */
static span_t without_mark(struct reading *r, span_t text)
{
    if (!line_has_mark(text)) {
        return text;
    }
    note(r, NOTE_BIT(NOTE_MARK));
    return (span_t){text.ptr + LINE_MARK_BYTES, text.len - LINE_MARK_BYTES};
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
    const span_t text = without_mark(r, (span_t){bytes, len});
    if (failed(json_parse(text, &tree, &why))) {
        for (size_t i = 0; i < why.at && i < text.len; i++) {
            r->line += text.ptr[i] == '\n' ? 1 : 0;
        }
        return refuse(r, ERR_FORMAT, "file", "must be JSON: %s", why.message);
    }
    uint32_t notes = 0;
    const err_t taken = dataset_info_take(&r->set->pool, tree, r->path, &r->set->info, &notes);
    if (taken.code == ERR_FORMAT) {
        return refuse(r, ERR_FORMAT, "file",
                      "must be an object of name, source, licence, modality and optionally note");
    }
    note(r, notes);
    return failed(taken) ? no_memory(r) : ERR_OK;
}

/* ---- events.jsonl ---- */

/* A session that was not met before, without events yet. */
static err_t add_session(struct reading *r, uint32_t number)
{
    struct dataset *const set = r->set;
    if (set->ids.count > DATASET_SESSIONS_MAX) {
        return refuse(r, ERR_LIMIT, "session_id", "at most %d sessions are allowed",
                      DATASET_SESSIONS_MAX);
    }
    struct dataset_session *const grown =
        array_grow(set->sessions, &set->sessions_cap, number, sizeof *grown);
    if (grown == NULL) {
        return no_memory(r);
    }
    set->sessions = grown;
    set->sessions[number] = (struct dataset_session){
        .id = set->ids.text[number], .user = DATASET_NO_USER, .first = (uint32_t)set->events_count};
    return ERR_OK;
}

/* The account of a line; without one, whoever the session is of already. */
static err_t take_account(struct reading *r, span_t email, struct dataset_session *session)
{
    struct dataset *const set = r->set;
    uint32_t user = session->user;
    bool is_new = false;
    if (email.len > 0 && failed(names_add(&set->users, email, &user, &is_new))) {
        return no_memory(r);
    }
    if (set->users.count > DATASET_USERS_MAX) {
        return refuse(r, ERR_LIMIT, "user_email", "at most %d users are allowed",
                      DATASET_USERS_MAX);
    }
    if (session->user != DATASET_NO_USER && session->user != user) {
        return refuse(r, ERR_FORMAT, "user_email",
                      "changes within session %.64s; a session must have one user", session->id);
    }
    session->user = user;
    return ERR_OK;
}

/* The session that this line belongs to, a new one or the one at hand. */
static err_t find_session(struct reading *r, const struct event_line *line, uint32_t *out)
{
    struct dataset *const set = r->set;
    bool is_new = false;
    if (failed(names_add(&set->ids, line->session, out, &is_new))) {
        return no_memory(r);
    }
    if (is_new) {
        TRY(add_session(r, *out));
    } else if (*out + 1 != set->ids.count) {
        return refuse(r, ERR_FORMAT, "session_id",
                      "%.64s comes back after another session; the lines of a session must "
                      "follow one another",
                      set->ids.text[*out]);
    }
    return take_account(r, line->email, &set->sessions[*out]);
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
    note(r, line.notes);
    return keep_event(r, &line);
}

/* ---- the files of names ---- */

/* A session that has no line in events.jsonl is known by the lists of what to learn from, and has no event:
 * one that is tried and no other file knows is a mistake. */
static err_t find_row_session(struct reading *r, enum group_list list, span_t name, uint32_t *out)
{
    struct dataset *const set = r->set;
    bool is_new = false;
    if (names_find(&set->ids, name, out)) {
        r->met += set->sessions[*out].count > 0;
        return ERR_OK;
    }
    if (list == GROUP_TRIALS || list == GROUP_PRACTISED) {
        return refuse(r, ERR_FORMAT, "session",
                      "%.*s is not in events.jsonl, and no other file has it", (int)name.len,
                      (const char *)name.ptr);
    }
    if (failed(names_add(&set->ids, name, out, &is_new))) {
        return no_memory(r);
    }
    note(r, NOTE_BIT(NOTE_EMPTY_SESSION));
    return add_session(r, *out);
}

static enum row_form form_of(enum group_list list)
{
    return list == GROUP_BACKGROUND ? ROW_BACKGROUND : list == GROUP_ENROL ? ROW_ENROL : ROW_TRIAL;
}

/* What the columns are called, unless a session is called so. */
static bool is_header(const struct reading *r, enum group_list list, span_t text)
{
    uint32_t unused = 0;
    return r->rows == 0 && name_row_is_header(form_of(list), text) &&
           !names_find(&r->set->ids, SPAN_LIT("session"), &unused);
}

static err_t take_row(struct reading *r, enum group_list list, span_t text)
{
    struct name_row row;
    struct line_fault why;
    uint32_t session = 0;
    uint32_t notes = 0;
    if (is_header(r, list, text)) {
        note(r, NOTE_BIT(NOTE_HEADER));
        return ERR_OK;
    }
    if (name_row_parse(form_of(list), text, &row, &why) != LINE_OK) {
        return refuse(r, ERR_FORMAT, why.field, "%s", why.message);
    }
    TRY(find_row_session(r, list, row.session, &session));
    const struct group_row add = {.model = row.model,
                                  .session = session,
                                  .user = r->set->sessions[session].user,
                                  .label = row.label,
                                  .line = (uint32_t)r->line};
    const err_t e = groups_add(&r->set->groups, list, &add, &notes, &why);
    if (e.code == ERR_NOMEM) {
        return no_memory(r);
    }
    note(r, row.notes | notes);
    r->rows++;
    return failed(e) ? refuse(r, e.code, why.field, "%s", why.message) : ERR_OK;
}

/* ---- files line by line ---- */

/* events.jsonl is GROUP_LISTS: its lines are events, those of the others rows. */
static err_t take_line(struct reading *r, enum group_list list, span_t line)
{
    if (r->line == 1) {
        line = without_mark(r, line);
    }
    if (line_is_blank(line)) {
        note(r, NOTE_BIT(NOTE_BLANK_LINE));
        return ERR_OK;
    }
    return list == GROUP_LISTS ? take_event(r, line) : take_row(r, list, line);
}

/* What a file must have had. */
static err_t check_rows(struct reading *r, enum group_list list)
{
    const bool has_any = list == GROUP_LISTS ? r->set->events_count > 0 : r->rows > 0;
    if (!has_any && list != GROUP_ENROL) { /* no enrolment: a set of bots */
        return refuse(r, ERR_FORMAT, "file", "is empty; at least one line is needed");
    }
    if (list != GROUP_LISTS && r->rows > 0 && r->met == 0) {
        return refuse(r, ERR_FORMAT, "session",
                      "not one session of this file is in events.jsonl; its sessions are allowed");
    }
    return ERR_OK;
}

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
    r->rows = r->met = 0;
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
            TRY(take_line(r, list, line));
        }
    }
    return check_rows(r, list);
}

static err_t read_rows(struct reading *r, bool optional, enum group_list list)
{
    return read_lines(r, group_file(list), optional, list);
}

/* Whose the sessions are, as the rows of enrol.tsv tell, or (tried) all of them. */
static err_t settle(struct reading *r, bool tried)
{
    struct dataset *const set = r->set;
    const struct who who = {.users = &set->users,
                            .ids = &set->ids,
                            .session = set->sessions,
                            .groups = &set->groups,
                            .notes = &set->notes};
    struct who_fault why = {.list = GROUP_ENROL};
    const err_t e = tried ? who_tried(&who, &set->victim, &why) : who_enrolled(&who, &why);
    if (e.code != ERR_FORMAT) {
        return failed(e) ? no_memory(r) : ERR_OK;
    }
    r->file = group_file(why.list);
    r->line = why.line;
    return refuse(r, ERR_FORMAT, why.field, "%s", why.message);
}

static err_t read_all(struct reading *r)
{
    TRY(read_info(r));
    TRY(read_lines(r, "events.jsonl", false, GROUP_LISTS));
    TRY(read_rows(r, true, GROUP_ENROL)); /* a set of bots has none */
    TRY(settle(r, false));
    TRY(read_rows(r, true, GROUP_BACKGROUND));
    TRY(read_rows(r, false, GROUP_TRIALS));
    TRY(read_rows(r, true, GROUP_PRACTISED));
    TRY(settle(r, true));
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
    struct reading r = {.set = set,
                        .fault = fault,
                        .path = dir,
                        .file = dir,
                        .line = 1,
                        .scratch = malloc(sizeof *r.scratch)};
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
    struct reading r = {.set = set, .dir = -1, .fault = &fault, .path = "", .file = "", .line = 1};
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

uint32_t dataset_victim(const struct dataset *set, size_t user)
{
    MUST(user < set->users.count);
    return set->victim == NULL ? DATASET_NO_USER : set->victim[user];
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

const struct dataset_notes *dataset_notes(const struct dataset *set)
{
    return &set->notes;
}

bool dataset_has_practised(const struct dataset *set)
{
    return set->groups.rows[GROUP_PRACTISED].count > 0;
}
