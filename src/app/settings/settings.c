#include "app/settings/settings.h"

#include "app/settings/env_file.h"
#include "app/settings/settings_check.h"
#include "app/settings/settings_table.h"
#include "base/fd.h"
#include "crypto/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_MAX = 64, SHOWN_BYTES = 120 };

/* The text that won for each row so far. */
struct texts {
    char text[ROWS_MAX][ENV_VALUE_BYTES];
    bool is_set[ROWS_MAX];
};

static void bytes_free(uint8_t **bytes)
{
    if (*bytes != NULL) {
        memory_wipe(*bytes, ENV_FILE_MAX + 1);
        free(*bytes);
    }
}

/* ---- what is told ------------------------------------------------------------------------- */

/* Values of others come from outside: a line must stay a line. */
static void plain(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e) {
            *text = '?';
        }
    }
}

static err_t refuse_value(struct settings_report *report, const struct setting_row *row,
                          const char *text)
{
    if (row->kind == SETTING_SECRET) {
        (void)snprintf(report->fault, sizeof report->fault, "%s: must be %s", row->name,
                       row->allowed);
    } else {
        (void)snprintf(report->fault, sizeof report->fault, "%s=%.*s: must be %s", row->name,
                       SHOWN_BYTES, text, row->allowed);
    }
    plain(report->fault);
    return err_new(ERR_RANGE);
}

static void name_nearest(const char *name, char *out, size_t cap)
{
    const char *const nearest = settings_nearest(name);
    (void)snprintf(out, cap, nearest == NULL ? "%s" : "; did you mean %s?",
                   nearest == NULL ? "" : nearest);
}

static void warn_unknown(struct settings_report *report, const char *file, unsigned line,
                         const char *name)
{
    if (report->warnings == SETTINGS_WARNINGS_MAX) {
        return;
    }
    char nearest[96];
    name_nearest(name, nearest, sizeof nearest);
    char *const text = report->warning[report->warnings++];
    (void)snprintf(text, sizeof *report->warning, "%.100s line %u: unknown setting %.64s%s", file,
                   line, name, nearest);
    plain(text);
}

/* ---- sources ------------------------------------------------------------------------------ */

static size_t index_of(const struct setting_row *row)
{
    size_t count = 0;
    return (size_t)(row - settings_rows(&count));
}

/* Keep the text of a row; false when it is longer than any setting may be. */
static bool keep(struct texts *t, const struct setting_row *row, const char *text)
{
    const size_t at = index_of(row);
    const size_t len = strnlen(text, ENV_VALUE_BYTES);
    if (len >= ENV_VALUE_BYTES) {
        return false;
    }
    memcpy(t->text[at], text, len + 1);
    t->is_set[at] = true;
    return true;
}

static void wipe_pair(struct env_pair *pair)
{
    memory_wipe(pair, sizeof *pair);
}

static err_t read_env_text(struct texts *t, const char *file, span_t text,
                           struct settings_report *report)
{
    struct env_reader reader = env_reader_of(text);
    CLEANUP(wipe_pair) struct env_pair pair;
    for (;;) {
        const enum env_answer answer = env_reader_next(&reader, &pair);
        const struct setting_row *const row = answer == ENV_PAIR ? settings_row(pair.name) : NULL;
        if (answer == ENV_END) {
            return ERR_OK;
        }
        const char *why = reader.why;
        if (row != NULL && t->is_set[index_of(row)]) {
            why = "this setting stands in the file twice";
        }
        if (why != NULL) {
            (void)snprintf(report->fault, sizeof report->fault, "%.100s line %u: %s", file,
                           reader.line, why);
            plain(report->fault);
            return err_new(ERR_RANGE);
        }
        if (row == NULL) {
            warn_unknown(report, file, reader.line, pair.name);
        } else {
            MUST(keep(t, row, pair.value));
        }
    }
}

static err_t cannot_read(struct settings_report *report, const char *file, err_t e)
{
    char reason[64] = "";
    const char *const text =
        e.code == ERR_RANGE ? "must be a regular file" : strerror_r(errno, reason, sizeof reason);
    (void)snprintf(report->fault, sizeof report->fault, "%.200s: %.64s", file, text);
    plain(report->fault);
    return e;
}

/* Read what is there, but no more than one byte past the limit. */
static err_t read_up_to_limit(int fd, uint8_t *bytes, size_t *out_len)
{
    size_t len = 0;
    while (len < ENV_FILE_MAX + 1) {
        const ssize_t got = read(fd, bytes + len, ENV_FILE_MAX + 1 - len);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return err_new(ERR_IO);
        }
        len += got > 0 ? (size_t)got : 0;
    }
    *out_len = len;
    return ERR_OK;
}

static err_t read_env_file(struct texts *t, const char *file, struct settings_report *report)
{
    CLEANUP(fd_close) int fd = -1;
    const err_t opened = env_file_open(file, &fd);
    if (failed(opened) || fd < 0) {
        return failed(opened) ? cannot_read(report, file, opened) : ERR_OK;
    }
    CLEANUP(bytes_free) uint8_t *bytes = malloc(ENV_FILE_MAX + 1);
    if (bytes == NULL) {
        (void)snprintf(report->fault, sizeof report->fault, "no memory");
        return err_new(ERR_NOMEM);
    }
    size_t len = 0;
    const err_t e = read_up_to_limit(fd, bytes, &len);
    if (failed(e)) {
        return cannot_read(report, file, e);
    }
    return read_env_text(t, file, (span_t){bytes, len}, report);
}

/* NAME=VALUE of the environment or of --set. `*out_row` is NULL for a name that is not ours. */
static err_t read_pair(struct texts *t, const char *pair, const struct setting_row **out_row,
                       struct settings_report *report)
{
    const char *const equals = strchr(pair, '=');
    char name[ENV_NAME_BYTES] = "";
    const struct setting_row *row = NULL;
    if (equals != NULL && (size_t)(equals - pair) < sizeof name) {
        memcpy(name, pair, (size_t)(equals - pair));
        row = settings_row(name);
    }
    if (row != NULL && !keep(t, row, equals + 1)) {
        return refuse_value(report, row, "(more than 1023 bytes)");
    }
    *out_row = row;
    return ERR_OK;
}

static err_t read_environment(struct texts *t, const char *const *environment,
                              struct settings_report *report)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        const struct setting_row *row = NULL;
        TRY(read_pair(t, *environment, &row, report));
    }
    return ERR_OK;
}

static err_t read_sets(struct texts *t, const struct settings_sources *from,
                       struct settings_report *report)
{
    for (size_t i = 0; i < from->sets; i++) {
        const struct setting_row *row = NULL;
        TRY(read_pair(t, from->set[i], &row, report));
        if (row != NULL) {
            continue;
        }
        /* What stands behind '=' may be a secret meant for a name with a slip in it. */
        char name[ENV_NAME_BYTES];
        char nearest[96];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(from->set[i], "="), from->set[i]);
        name_nearest(name, nearest, sizeof nearest);
        (void)snprintf(report->fault, sizeof report->fault,
                       strchr(from->set[i], '=') == NULL ? "--set %s: must read NAME=VALUE%s"
                                                         : "--set %s: unknown setting%s",
                       name, nearest);
        plain(report->fault);
        return err_new(ERR_RANGE);
    }
    return ERR_OK;
}

/* ---- all of it ---------------------------------------------------------------------------- */

/* An empty text is the same as none: the default holds. */
static err_t parse_all(const struct texts *t, struct settings *s, struct settings_report *report)
{
    size_t count = 0;
    const struct setting_row *const rows = settings_rows(&count);
    MUST(count <= ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        const bool given = t->is_set[i] && t->text[i][0] != '\0';
        const char *const text = given ? t->text[i] : rows[i].fallback;
        if (text[0] != '\0' && !setting_parse(&rows[i], text, s)) {
            return refuse_value(report, &rows[i], text);
        }
    }
    return ERR_OK;
}

static err_t load(const struct settings_sources *from, struct texts *t, struct settings *s,
                  struct settings_report *report)
{
    if (from->env_file != NULL) {
        TRY(read_env_file(t, from->env_file, report));
    }
    TRY(read_environment(t, from->environment, report));
    TRY(read_sets(t, from, report));
    TRY(parse_all(t, s, report));
    if (!settings_complete(s, report) || !settings_check(s, report)) {
        plain(report->fault);
        return err_new(ERR_RANGE);
    }
    return ERR_OK;
}

err_t settings_load(const struct settings_sources *from, struct settings *out,
                    struct settings_report *report)
{
    *report = (struct settings_report){0};
    struct texts *const t = calloc(1, sizeof *t);
    if (t == NULL) {
        (void)snprintf(report->fault, sizeof report->fault, "no memory");
        return err_new(ERR_NOMEM);
    }
    CLEANUP(settings_wipe) struct settings s = {0};
    const err_t answer = load(from, t, &s, report);
    memory_wipe(t, sizeof *t);
    free(t);
    TRY(answer);
    *out = s;
    return ERR_OK;
}

void settings_wipe(struct settings *s)
{
    memory_wipe(s, sizeof *s);
}
