/* Run scenarios: scripted clients, the whole server, a scripted clock. README.md has the language. */
#include "base/util.h"
#include "tests/scenario/world.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCENARIO_BYTES = 1 << 20 };

const char *because(struct world *w, const char *format, ...)
{
    char text[REASON_BYTES]; /* an argument may be the last reason */
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    memcpy(w->why, text, sizeof text);
    return w->why;
}

static const struct step *find_step(const char *name)
{
    const struct step_table tables[] = {steps_of_host(), steps_of_requests(), steps_of_sockets(),
                                        steps_of_raw()};
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (strcmp(tables[t].row[i].name, name) == 0) {
                return &tables[t].row[i];
            }
        }
    }
    return NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion): `repeat` runs a line that is shorter than its own */
const char *world_step(struct world *w, const char *line)
{
    struct words *words = calloc(1, sizeof *words);
    MUST(words != NULL);
    const char *why = words_cut(line, &w->names, words);
    if (why == NULL && words->count > 0) {
        const char *name = words_take(words);
        const struct step *step = find_step(name);
        why = step == NULL ? because(w, "no step is called \"%s\"", name) : step->run(w, words);
        if (why == NULL && words->next < words->count) {
            why = because(w, "do not understand \"%s\"", words_peek(words));
        }
    }
    if (why != NULL && why != w->why) {
        why = because(w, "%s", why);
    }
    free(words);
    return why;
}

static void world_close(struct world *w)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        if (w->sockets[i].name[0] != '\0') {
            socket_drop(&w->sockets[i].client);
        }
    }
    for (size_t i = 0; i < RAWS_MAX; i++) {
        if (w->raws[i].name[0] != '\0') {
            (void)close(w->raws[i].fd);
        }
    }
    while (w->bursting > 0) {
        (void)close(w->burst[--w->bursting]);
    }
    answer_drop(&w->answer);
    host_close(&w->host);
}

static bool run_lines(struct world *w, const char *path, char *text)
{
    unsigned number = 1;
    for (char *line = text; line != NULL && *line != '\0'; number++) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        const char *why = world_step(w, line);
        if (why != NULL) {
            (void)fprintf(stderr, "%s:%u: %s\n  %s\n", path, number, why, line);
            return false;
        }
        line = end;
    }
    return true;
}

/* All of it, and the file closed: a child that exits moves what it shares of an open one. */
static char *read_file(const char *path)
{
    char *text = calloc(1, SCENARIO_BYTES);
    FILE *file = fopen(path, "re");
    if (text == NULL || file == NULL) {
        free(text);
        return NULL;
    }
    const size_t got = fread(text, 1, SCENARIO_BYTES - 1, file);
    (void)fclose(file);
    if (got == 0 || got == SCENARIO_BYTES - 1) {
        free(text);
        return NULL;
    }
    return text;
}

/* A server that still runs at the end is stopped, and has to end well. */
static bool run(const char *path)
{
    char *text = read_file(path);
    struct world *w = calloc(1, sizeof *w);
    if (text == NULL || w == NULL || !host_open(&w->host)) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        free(text);
        free(w);
        return false;
    }
    bool good = run_lines(w, path, text);
    if (good && w->host.child != 0 && !world_stop(w)) {
        (void)fprintf(stderr, "%s: at the end %s\n", path, w->host.why);
        good = false;
    }
    world_close(w);
    free(text);
    free(w);
    return good;
}

int main(int argc, char **argv)
{
    bool good = argc > 1;
    (void)signal(SIGPIPE, SIG_IGN); /* NOLINT(cert-err33-c) */
    for (int i = 1; i < argc; i++) {
        good = run(argv[i]) && good;
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
