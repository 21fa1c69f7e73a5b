#include "load/tokens.h"

#include "load/rhythm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "canara-loadtest 1\n"

enum { LINE_BYTES = 1024, LOGINS_MAX = 100000, FIRST_CAP = 64 };

/* ---- writing ---- */

static err_t said(int n)
{
    return n < 0 ? err_new(ERR_IO) : ERR_OK;
}

err_t tokens_write_head(FILE *to)
{
    return said(fputs(FIRST_LINE, to));
}

err_t tokens_write_session(FILE *to, const struct load_session *s)
{
    return said(fprintf(to, "session %s %s %u %s\n", s->id, s->token, s->person,
                        s->mpin[0] == '\0' ? "-" : s->mpin));
}

err_t tokens_write_login(FILE *to, const struct load_login *l)
{
    return said(fprintf(to, "login %s %s\n", l->email, l->password));
}

/* ---- reading ---- */

/* Make room for one more item of `size` bytes in a table that doubles. */
static err_t grow(void **table, size_t count, size_t size)
{
    const bool full = count == 0 || (count >= FIRST_CAP && (count & (count - 1)) == 0);
    if (!full) {
        return ERR_OK;
    }
    const size_t cap = count == 0 ? FIRST_CAP : count * 2;
    void *const grown = realloc(*table, cap * size);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    *table = grown;
    return ERR_OK;
}

static err_t take_session(const char *line, struct tokens *t)
{
    char person[8] = "";
    struct load_session s = {.person = 0};
    int end = 0;
    const int n =
        sscanf(line, "session %36s %639s %7s %39s%n", s.id, s.token, person, s.mpin, &end);
    char *rest = NULL;
    s.person = n == 4 ? (unsigned)strtoul(person, &rest, 10) : 0;
    if (n != 4 || strcmp(line + end, "\n") != 0 || *rest != '\0' || s.person >= RHYTHM_PEOPLE) {
        return err_new(ERR_FORMAT);
    }
    if (strcmp(s.mpin, "-") == 0) {
        s.mpin[0] = '\0';
    }
    void *table = t->session;
    TRY(grow(&table, t->sessions, sizeof s));
    t->session = table;
    t->session[t->sessions++] = s;
    return ERR_OK;
}

static err_t take_login(const char *line, struct tokens *t)
{
    struct load_login l;
    int end = 0;
    const int n = sscanf(line, "login %63s %39s%n", l.email, l.password, &end);
    if (n != 2 || strcmp(line + end, "\n") != 0 || t->logins == LOGINS_MAX) {
        return err_new(ERR_FORMAT);
    }
    void *table = t->login;
    TRY(grow(&table, t->logins, sizeof l));
    t->login = table;
    t->login[t->logins++] = l;
    return ERR_OK;
}

static err_t take_line(const char *line, struct tokens_want *want, struct tokens *t)
{
    if (strncmp(line, "login ", 6) == 0) {
        return take_login(line, t);
    }
    if (strncmp(line, "session ", 8) != 0) {
        return err_new(ERR_FORMAT);
    }
    if (want->skip > 0) {
        want->skip -= 1;
        return ERR_OK;
    }
    return t->sessions < want->most ? take_session(line, t) : ERR_OK;
}

static err_t read_all(FILE *from, struct tokens_want want, struct tokens *out, size_t *line)
{
    char text[LINE_BYTES];
    *line = 1;
    if (fgets(text, sizeof text, from) == NULL || strcmp(text, FIRST_LINE) != 0) {
        return err_new(ERR_FORMAT);
    }
    while (fgets(text, sizeof text, from) != NULL) {
        *line += 1;
        TRY(take_line(text, &want, out));
    }
    return ferror(from) == 0 ? ERR_OK : err_new(ERR_IO);
}

static void close_file(FILE **f)
{
    if (*f != NULL) {
        (void)fclose(*f);
    }
}

err_t tokens_load(const char *path, struct tokens_want want, struct tokens *out, size_t *line)
{
    *line = 0;
    *out = (struct tokens){0};
    CLEANUP(close_file) FILE *from = fopen(path, "re");
    if (from == NULL) {
        return err_new(ERR_IO);
    }
    const err_t e = read_all(from, want, out, line);
    if (failed(e)) {
        tokens_deinit(out);
    }
    return e;
}

static void wipe(void *table, size_t bytes)
{
    if (table != NULL) {
        explicit_bzero(table, bytes);
    }
    free(table);
}

void tokens_deinit(struct tokens *t)
{
    wipe(t->session, t->sessions * sizeof *t->session);
    wipe(t->login, t->logins * sizeof *t->login);
    *t = (struct tokens){0};
}
