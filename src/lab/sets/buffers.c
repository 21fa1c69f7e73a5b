#include "lab/sets/buffers.h"

#include "lab/sets/event_keep.h"
#include "lab/sets/line_file.h"
#include "lab/sets/pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

struct kept {
    const char *id, *email;
    size_t first, entries, events, secrets;
    wall_t begin;
};

struct buffers {
    struct pool pool;
    struct names ids;
    struct kept *session;
    size_t sessions, sessions_cap;
    struct buffer_entry *entry;
    size_t entries, entries_cap;
    struct line_scratch *scratch;
};

/* Where a fault is. */
struct spot {
    const char *path;
    size_t line;
    struct dataset_fault *fault;
};

static err_t refuse(const struct spot *at, enum err_code code, const char *field, const char *words)
{
    (void)snprintf(at->fault->text, sizeof at->fault->text, "%.400s:%zu: %.64s: %.256s", at->path,
                   at->line, field, words);
    return err_new(code);
}

static err_t refuse_system(const struct spot *at, const char *what)
{
    char words[96] = "";
    char text[160];
    (void)snprintf(text, sizeof text, "%s: %s", what, strerror_r(errno, words, sizeof words));
    return refuse(at, ERR_IO, "file", text);
}

static err_t no_memory(const struct spot *at)
{
    return refuse(at, ERR_NOMEM, "file", "the memory is used up");
}

err_t buffers_new(struct buffers **out)
{
    struct buffers *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return err_new(ERR_NOMEM);
    }
    pool_init(&b->pool);
    names_init(&b->ids, &b->pool);
    b->scratch = malloc(sizeof *b->scratch);
    if (b->scratch == NULL) {
        buffers_free(&b);
        return err_new(ERR_NOMEM);
    }
    *out = b;
    return ERR_OK;
}

void buffers_free(struct buffers **b)
{
    if (*b == NULL) {
        return;
    }
    names_deinit(&(*b)->ids);
    free((*b)->session);
    free((*b)->entry);
    free((*b)->scratch);
    pool_deinit(&(*b)->pool);
    free(*b);
    *b = NULL;
}

/* ---- lines ---- */

/* A line of a session that was not met before. */
static err_t begin_session(struct buffers *b, const struct spot *at, const struct line_text *text,
                           uint32_t number)
{
    if (b->sessions == DATASET_SESSIONS_MAX) {
        return refuse(at, ERR_LIMIT, "session_id", "too many sessions");
    }
    struct kept *const grown = array_grow(b->session, &b->sessions_cap, b->sessions, sizeof *grown);
    if (grown == NULL) {
        return no_memory(at);
    }
    b->session = grown;
    const char *const email = pool_text(&b->pool, text->email);
    if (email == NULL) {
        return no_memory(at);
    }
    b->session[b->sessions++] = (struct kept){
        .id = b->ids.text[number], .email = email, .first = b->entries, .begin = text->at};
    return ERR_OK;
}

static err_t find_session(struct buffers *b, const struct spot *at, const struct line_text *text)
{
    uint32_t number = 0;
    bool is_new = false;
    if (failed(names_add(&b->ids, text->session, &number, &is_new))) {
        return no_memory(at);
    }
    if (is_new) {
        return begin_session(b, at, text, number);
    }
    const struct kept *const last = &b->session[b->sessions - 1];
    if (number + 1 != b->ids.count) {
        return refuse(at, ERR_FORMAT, "session_id",
                      "comes back after another session; the lines of a session must follow one "
                      "another, in one file");
    }
    if (strlen(last->email) != text->email.len ||
        memcmp(last->email, text->email.ptr, text->email.len) != 0) {
        return refuse(at, ERR_FORMAT, "user_email",
                      "changes within a session; a session must have one user");
    }
    return ERR_OK;
}

static err_t keep_entry(struct buffers *b, const struct spot *at, const struct buffer_line *line)
{
    struct buffer_entry entry = {.at = line->text.at,
                                 .is_fact = line->kind == BUFFER_FACT,
                                 .fact = line->fact,
                                 .value = line->value,
                                 .event = line->event};
    if (b->entries == DATASET_EVENTS_MAX) {
        return refuse(at, ERR_LIMIT, "file", "too many events");
    }
    struct buffer_entry *const grown =
        array_grow(b->entry, &b->entries_cap, b->entries, sizeof *grown);
    if (grown == NULL) {
        return no_memory(at);
    }
    b->entry = grown;
    if (!entry.is_fact && !event_keep(&b->pool, &entry.event)) {
        return no_memory(at);
    }
    b->entry[b->entries++] = entry;
    b->session[b->sessions - 1].entries++;
    return ERR_OK;
}

static err_t take_line(struct buffers *b, const struct spot *at, span_t text)
{
    struct buffer_line line;
    struct line_fault why;
    if (buffer_line_parse(b->scratch, text, &line, &why) != LINE_OK) {
        return refuse(at, ERR_FORMAT, why.field, why.message);
    }
    TRY(find_session(b, at, &line.text));
    struct kept *const s = &b->session[b->sessions - 1];
    s->events += line.kind == BUFFER_EVENT || line.kind == BUFFER_SECRET ? 1 : 0;
    s->secrets += line.kind == BUFFER_SECRET ? 1 : 0;
    return line.kind == BUFFER_EVENT || line.kind == BUFFER_FACT ? keep_entry(b, at, &line)
                                                                 : ERR_OK;
}

/* ---- files ---- */

/* The server may be at work on the last line: one that is cut short is left for the next time. */
static bool is_cut_short(struct line_file *lines)
{
    span_t line = {0};
    bool more = true;
    uint8_t last = 0;
    if (failed(line_file_next(lines, &line, &more)) || more) {
        return false;
    }
    const off_t end = lseek(lines->fd, 0, SEEK_END);
    return end > 0 && pread(lines->fd, &last, 1, end - 1) == 1 && last != '\n';
}

static err_t add_file(struct buffers *b, const char *path, struct dataset_fault *fault)
{
    struct spot at = {.path = path, .line = 1, .fault = fault};
    CLEANUP(line_file_close) struct line_file lines = {.fd = -1};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return refuse_system(&at, "cannot be opened");
    }
    if (failed(line_file_open(&lines, fd, DATASET_LINE_BYTES))) {
        return no_memory(&at);
    }
    for (;;) {
        span_t line = {0};
        bool more = false;
        const err_t e = line_file_next(&lines, &line, &more);
        at.line = lines.line == 0 ? 1 : lines.line;
        if (e.code == ERR_LIMIT) {
            return refuse(&at, ERR_LIMIT, "line", "is longer than 512 KiB");
        }
        if (failed(e)) {
            return refuse_system(&at, "cannot be read");
        }
        if (!more) {
            return ERR_OK;
        }
        const err_t taken = take_line(b, &at, line);
        if (failed(taken)) {
            return taken.code == ERR_FORMAT && is_cut_short(&lines) ? ERR_OK : taken;
        }
    }
}

static int is_buffer_file(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);
    return len > 6 && strcmp(entry->d_name + len - 6, ".jsonl") == 0;
}

static err_t add_named(struct buffers *b, const char *folder, const char *name,
                       struct dataset_fault *fault)
{
    char path[PATH_BYTES];
    const int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof path) {
        return refuse(&(struct spot){folder, 1, fault}, ERR_LIMIT, "file", "the path is too long");
    }
    return add_file(b, path, fault);
}

static err_t add_folder(struct buffers *b, const char *folder, struct dataset_fault *fault)
{
    struct dirent **entry = NULL;
    const struct spot at = {.path = folder, .line = 1, .fault = fault};
    const int count = scandir(folder, &entry, is_buffer_file, alphasort);
    if (count < 0) {
        return refuse_system(&at, "cannot be read");
    }
    err_t e = count == 0 ? refuse(&at, ERR_FORMAT, "file", "no *.jsonl is in this folder")
              : count > BUFFERS_FILES_MAX ? refuse(&at, ERR_LIMIT, "file", "too many files")
                                          : ERR_OK;
    for (int i = 0; i < count; i++) {
        if (!failed(e)) {
            e = add_named(b, folder, entry[i]->d_name, fault);
        }
        free(entry[i]);
    }
    free(entry);
    return e;
}

err_t buffers_add(struct buffers *b, const char *path, struct dataset_fault *fault)
{
    struct stat is = {0};
    if (stat(path, &is) != 0) {
        return refuse_system(&(struct spot){path, 1, fault}, "cannot be opened");
    }
    return S_ISDIR(is.st_mode) ? add_folder(b, path, fault) : add_file(b, path, fault);
}

/* ---- looking ---- */

static int by_begin(const void *left, const void *right)
{
    const struct kept *const a = left;
    const struct kept *const b = right;
    if (a->begin.ms != b->begin.ms) {
        return a->begin.ms < b->begin.ms ? -1 : 1;
    }
    return strcmp(a->id, b->id);
}

void buffers_sort(struct buffers *b)
{
    if (b->sessions > 0) {
        qsort(b->session, b->sessions, sizeof *b->session, by_begin);
    }
}

size_t buffers_sessions(const struct buffers *b)
{
    return b->sessions;
}

struct buffer_session buffers_session(const struct buffers *b, size_t number)
{
    MUST(number < b->sessions);
    const struct kept *const k = &b->session[number];
    return (struct buffer_session){.id = k->id,
                                   .email = k->email,
                                   .entry = b->entry + k->first,
                                   .entries = k->entries,
                                   .events = k->events,
                                   .secrets = k->secrets,
                                   .begin = k->begin};
}
