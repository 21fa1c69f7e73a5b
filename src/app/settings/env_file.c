#include "app/settings/env_file.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

err_t env_file_open(const char *path, int *fd)
{
    struct stat st;
    *fd = -1;
    const int it = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (it < 0) {
        return errno == ENOENT ? ERR_OK : err_new(ERR_IO);
    }
    *fd = it;
    const err_t e = fstat(it, &st) != 0    ? err_new(ERR_IO)
                    : !S_ISREG(st.st_mode) ? err_new(ERR_RANGE)
                                           : ERR_OK;
    if (failed(e)) {
        fd_close(fd);
    }
    return e;
}

struct env_reader env_reader_of(span_t text)
{
    return (struct env_reader){.rest = text};
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_name_letter(uint8_t c, bool first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

static void skip(span_t *s, size_t n)
{
    s->ptr += n;
    s->len -= n;
}

static void skip_blanks(span_t *s)
{
    while (s->len > 0 && is_blank(s->ptr[0])) {
        skip(s, 1);
    }
}

/* One line without its end; a CR before the LF belongs to the end. */
static span_t take_line(struct env_reader *r)
{
    const uint8_t *const end = memchr(r->rest.ptr, '\n', r->rest.len);
    span_t line = {r->rest.ptr, end == NULL ? r->rest.len : (size_t)(end - r->rest.ptr)};
    skip(&r->rest, end == NULL ? line.len : line.len + 1);
    r->line++;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

static const char *take_name(span_t *line, char out[ENV_NAME_BYTES])
{
    size_t n = 0;
    while (n < line->len && is_name_letter(line->ptr[n], n == 0)) {
        n++;
    }
    if (n == 0) {
        return "a line must read NAME=VALUE";
    }
    if (n >= ENV_NAME_BYTES) {
        return "the name is too long";
    }
    memcpy(out, line->ptr, n);
    out[n] = '\0';
    skip(line, n);
    return NULL;
}

static const char *put(char out[ENV_VALUE_BYTES], size_t *n, uint8_t c)
{
    if (*n + 1 >= ENV_VALUE_BYTES) {
        return "the value is too long (at most 1023 bytes)";
    }
    out[(*n)++] = (char)c;
    return NULL;
}

/* Up to the closing quote; inside double quotes \" and \\ stand for one character. */
static const char *take_quoted(span_t *line, char out[ENV_VALUE_BYTES])
{
    const uint8_t quote = line->ptr[0];
    const char *why = NULL;
    size_t n = 0;
    skip(line, 1);
    while (line->len > 0 && line->ptr[0] != quote && why == NULL) {
        if (quote == '"' && line->ptr[0] == '\\') {
            if (line->len < 2 || (line->ptr[1] != '"' && line->ptr[1] != '\\')) {
                return "a backslash in double quotes may stand only before \" and \\";
            }
            skip(line, 1);
        }
        why = put(out, &n, line->ptr[0]);
        skip(line, 1);
    }
    if (why != NULL) {
        return why;
    }
    if (line->len == 0) {
        return "the quote is not closed";
    }
    out[n] = '\0';
    skip(line, 1);
    skip_blanks(line);
    return line->len == 0 || line->ptr[0] == '#' ? NULL : "there is text behind the closing quote";
}

/* Up to the end of the line or a '#' after a blank, blanks at the end left out. */
static const char *take_plain(span_t *line, char out[ENV_VALUE_BYTES])
{
    size_t len = 0;
    while (len < line->len &&
           !(line->ptr[len] == '#' && (len == 0 || is_blank(line->ptr[len - 1])))) {
        len++;
    }
    while (len > 0 && is_blank(line->ptr[len - 1])) {
        len--;
    }
    if (len >= ENV_VALUE_BYTES) {
        return "the value is too long (at most 1023 bytes)";
    }
    if (memchr(line->ptr, '"', len) != NULL || memchr(line->ptr, '\'', len) != NULL) {
        /* A list in brackets has quotes of its own; anything else would be read two ways. */
        if (line->ptr[0] != '[') {
            return "a quote inside a value needs quotes around the value";
        }
    }
    memcpy(out, line->ptr, len);
    out[len] = '\0';
    return NULL;
}

static const char *take_value(span_t *line, char out[ENV_VALUE_BYTES])
{
    skip_blanks(line);
    if (line->len == 0) {
        out[0] = '\0';
        return NULL;
    }
    const bool quoted = line->ptr[0] == '"' || line->ptr[0] == '\'';
    return quoted ? take_quoted(line, out) : take_plain(line, out);
}

static const char *take_pair(span_t line, struct env_pair *out)
{
    static const char word[] = "export";
    const size_t n = sizeof word - 1;
    if (line.len > n && memcmp(line.ptr, word, n) == 0 && is_blank(line.ptr[n])) {
        skip(&line, n);
        skip_blanks(&line);
    }
    const char *const why = take_name(&line, out->name);
    if (why != NULL) {
        return why;
    }
    skip_blanks(&line);
    if (line.len == 0 || line.ptr[0] != '=') {
        return "a line must read NAME=VALUE";
    }
    skip(&line, 1);
    return take_value(&line, out->value);
}

static bool has_control(span_t line)
{
    for (size_t i = 0; i < line.len; i++) {
        if ((line.ptr[i] < 0x20 && line.ptr[i] != '\t') || line.ptr[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

enum env_answer env_reader_next(struct env_reader *r, struct env_pair *out)
{
    if (r->why == NULL && r->rest.len > ENV_FILE_MAX) {
        r->why = "the file is too long (at most 65536 bytes)";
    }
    while (r->why == NULL && r->rest.len > 0) {
        span_t line = take_line(r);
        if (has_control(line)) {
            r->why = "there is a control character in the line";
            break;
        }
        skip_blanks(&line);
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        r->why = take_pair(line, out);
        return r->why == NULL ? ENV_PAIR : ENV_FAULT;
    }
    return r->why == NULL ? ENV_END : ENV_FAULT;
}
