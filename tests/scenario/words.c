#include "tests/scenario/words.h"

#include "base/err.h"
#include "base/util.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static size_t find(const struct names *n, const char *name)
{
    size_t i = 0;
    while (i < n->count && strcmp(n->name[i], name) != 0) {
        i++;
    }
    return i;
}

const char *names_get(const struct names *n, const char *name)
{
    const size_t at = find(n, name);
    return at == n->count ? NULL : n->value[at];
}

const char *names_set(struct names *n, const char *name, const char *value)
{
    const size_t at = find(n, name);
    if (at == NAMES_MAX || strlen(name) >= NAME_BYTES || strlen(value) >= VALUE_BYTES) {
        return "too many names, or one that is too long";
    }
    memcpy(n->name[at], name, strlen(name) + 1);
    memcpy(n->value[at], value, strlen(value) + 1);
    n->count += at == n->count ? 1U : 0U;
    return NULL;
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '.';
}

/* Put values in the place of $NAMEs. */
static const char *fill_in(const char *line, const struct names *names, char out[LINE_BYTES])
{
    size_t len = 0;
    while (*line != '\0') {
        const char *put = line;
        size_t n = 1;
        char name[NAME_BYTES] = "";
        if (*line == '$') {
            size_t i = 0;
            for (line++; is_name_byte(*line) && i + 1 < sizeof name; line++) {
                name[i++] = *line;
            }
            put = names_get(names, name);
            if (put == NULL) {
                return "a $NAME under which nothing was kept";
            }
            n = strlen(put);
        } else {
            line++;
        }
        if (len + n >= LINE_BYTES) {
            return "a line that is too long";
        }
        memcpy(out + len, put, n);
        len += n;
    }
    out[len] = '\0';
    return NULL;
}

/* ---- cutting ---- */

static char unescaped(char c)
{
    switch (c) {
    case 'r': return '\r';
    case 'n': return '\n';
    case 't': return '\t';
    default: return c;
    }
}

/* Each takes one word off `*at` and puts it to `*to`; false when it does not end. */
static bool cut_quoted(const char **at, char **to)
{
    const char *from = *at + 1;
    while (*from != '"') {
        if (*from == '\\' && from[1] != '\0') {
            from++;
            *(*to)++ = unescaped(*from++);
            continue;
        }
        if (*from == '\0') {
            return false;
        }
        *(*to)++ = *from++;
    }
    *at = from + 1;
    return true;
}

static bool cut_json(const char **at, char **to)
{
    int depth = 0;
    bool in_text = false;
    for (const char *from = *at; *from != '\0'; from++) {
        *(*to)++ = *from;
        if (in_text && *from == '\\' && from[1] != '\0') {
            *(*to)++ = *++from;
            continue;
        }
        in_text = in_text != (*from == '"');
        if (in_text) {
            continue;
        }
        depth += *from == '{' || *from == '[' ? 1 : 0;
        depth -= *from == '}' || *from == ']' ? 1 : 0;
        if (depth == 0) {
            *at = from + 1;
            return true;
        }
    }
    return false;
}

static void cut_bare(const char **at, char **to)
{
    while (**at != '\0' && **at != ' ') {
        *(*to)++ = *(*at)++;
    }
}

const char *words_cut(const char *line, const struct names *names, struct words *out)
{
    char filled[LINE_BYTES];
    const char *why = fill_in(line, names, filled);
    if (why != NULL) {
        return why;
    }
    const char *at = filled;
    char *to = out->text;
    out->count = 0;
    out->next = 0;
    for (;;) {
        while (*at == ' ') {
            at++;
        }
        if (*at == '\0' || (*at == '#' && (at[1] == ' ' || at[1] == '\0'))) {
            return NULL;
        }
        if (out->count == WORDS_MAX) {
            return "too many words in a line";
        }
        out->word[out->count++] = to;
        bool ended = true;
        if (*at == '"') {
            ended = cut_quoted(&at, &to);
        } else if (*at == '{' || *at == '[') {
            ended = cut_json(&at, &to);
        } else {
            cut_bare(&at, &to);
        }
        if (!ended) {
            return "a quote or bracket that does not close";
        }
        *to++ = '\0';
    }
}

/* ---- taking ---- */

const char *words_peek(const struct words *w)
{
    return w->next < w->count ? w->word[w->next] : "";
}

const char *words_take(struct words *w)
{
    const char *const word = words_peek(w);
    w->next += w->next < w->count ? 1U : 0U;
    return word;
}

bool words_take_if(struct words *w, const char *word)
{
    if (w->next == w->count || strcmp(words_peek(w), word) != 0) {
        return false;
    }
    w->next++;
    return true;
}

bool words_take_number(struct words *w, long long most, long long *out)
{
    const char *const word = words_peek(w);
    char *end = NULL;
    const long long value = strtoll(word, &end, 10);
    if (isdigit((unsigned char)word[0]) == 0 || *end != '\0' || value < 0 || value > most) {
        return false;
    }
    w->next++;
    *out = value;
    return true;
}

bool words_take_time(struct words *w, long long *out)
{
    static const struct {
        const char *name;
        long long ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};

    long long total = 0;
    do {
        long long count = 0;
        if (!words_take_number(w, 1000000, &count)) {
            return false;
        }
        const char *const unit = words_take(w);
        long long ms = 0;
        for (size_t i = 0; i < ARRAY_LEN(units); i++) {
            ms = strcmp(unit, units[i].name) == 0 ? units[i].ms : ms;
        }
        if (ms == 0) {
            return false;
        }
        total += count * ms;
    } while (isdigit((unsigned char)words_peek(w)[0]) != 0);
    *out = total;
    return true;
}
