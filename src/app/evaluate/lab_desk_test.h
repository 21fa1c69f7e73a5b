/* lab_desk_test.h - a small data set of made-up typists, and commands run with their words caught. */
#ifndef APP_LAB_DESK_TEST_H
#define APP_LAB_DESK_TEST_H

#include "app/commands/commands.h"
#include "base/buf.h"
#include "base/rng.h"
#include "base/util.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESK_KEYS = 8, DESK_ENROL = 12, DESK_GENUINE = 8, DESK_WORDS_MAX = 16, DESK_TEXT = 65536 };

struct lab_desk {
    struct scratch dir;
    char set[SCRATCH_PATH];
    char out[DESK_TEXT], err[DESK_TEXT]; /* of the last command */
};

/* ---- people ---- */

/* How long each key is held and each pause lasts, ms: what the text asks for, and what is the person's. */
struct typist {
    double hold[DESK_KEYS], pause[DESK_KEYS];
};

static inline struct typist desk_typist(struct rng *r, bool own_text)
{
    struct typist t = {.hold = {0.0}};
    for (size_t i = 0; i < DESK_KEYS; i++) {
        t.hold[i] = 60.0 + (double)rng_below(r, 80);
        t.pause[i] = own_text ? 90.0 + (double)rng_below(r, 350)
                              : 90.0 + 190.0 * (double)(i % 3 == 1) + (double)rng_below(r, 160);
    }
    return t;
}

/* One entry of the field as a buffer line; 10 % of jitter. */
static inline void desk_write_entry(FILE *to, struct rng *r, const struct typist *t, size_t user,
                                    size_t entry)
{
    double at = 0.0;
    (void)fprintf(to,
                  "{\"timestamp\":\"2026-03-%02zuT09:%02zu:00.000Z\",\"event_type\":\"keystrokes\","
                  "\"data\":{\"field\":\"search\",\"keys\":[",
                  1 + entry, user);
    for (size_t i = 0; i < DESK_KEYS; i++) {
        const double hold = t->hold[i] * (0.9 + (double)rng_below(r, 200) / 1000.0);
        (void)fprintf(to, "%s{\"down\":%.1f,\"up\":%.1f,\"class\":\"letter\"}", i == 0 ? "" : ",",
                      at, at + hold);
        at += t->pause[i] * (0.9 + (double)rng_below(r, 200) / 1000.0);
    }
    (void)fprintf(to, "]},\"session_id\":\"s%zu-%zu\",\"user_email\":\"u%zu@canara.example\"}\n",
                  user, entry, user);
}

static inline FILE *desk_open(const struct lab_desk *d, const char *name)
{
    char path[2 * SCRATCH_PATH];
    (void)snprintf(path, sizeof path, "%s/%s", d->set, name);
    FILE *const f = fopen(path, "w");
    assert_non_null(f);
    return f;
}

static inline void desk_write_rows(const struct lab_desk *d, size_t people)
{
    FILE *const enrol = desk_open(d, "enrol.tsv");
    FILE *const trials = desk_open(d, "trials.tsv");
    FILE *const practised = desk_open(d, "trials-practised.tsv");
    for (size_t u = 0; u < people; u++) {
        for (size_t e = 0; e < DESK_ENROL; e++) {
            (void)fprintf(enrol, "m%zu\ts%zu-%zu\n", u, u, e);
        }
        for (size_t e = 0; e < DESK_GENUINE; e++) {
            (void)fprintf(trials, "m%zu\ts%zu-%zu\tgenuine\n", u, u, (size_t)DESK_ENROL + e);
        }
        for (size_t o = 0; o < people; o++) {
            for (size_t e = 0; e < 2 && o != u; e++) {
                (void)fprintf(trials, "m%zu\ts%zu-%zu\timpostor\n", u, o, e);
                (void)fprintf(practised, "m%zu\ts%zu-%zu\timpostor\n", u, o, e + 15);
            }
        }
    }
    assert_int_equal(fclose(enrol) + fclose(trials) + fclose(practised), 0);
}

static inline void desk_make(struct lab_desk *d, const char *name, size_t people, uint64_t seed,
                             bool own_texts)
{
    struct rng r;
    rng_seed(&r, seed);
    scratch_path(&d->dir, name, d->set);
    assert_int_equal(mkdir(d->set, 0700), 0);
    FILE *const about = desk_open(d, "dataset.json");
    (void)fprintf(about,
                  "{\"name\":\"%s\",\"source\":\"made up\",\"licence\":\"none\","
                  "\"modality\":\"keystrokes\"}",
                  name);
    FILE *const events = desk_open(d, "events.jsonl");
    for (size_t u = 0; u < people; u++) {
        const struct typist t = desk_typist(&r, own_texts);
        for (size_t e = 0; e < DESK_ENROL + DESK_GENUINE; e++) {
            desk_write_entry(events, &r, &t, u, e);
        }
    }
    assert_int_equal(fclose(about) + fclose(events), 0);
    desk_write_rows(d, people);
}

/* Make the set `name` of so many people in the desk's folder. */
static inline void desk_make_set(struct lab_desk *d, const char *name, size_t people, uint64_t seed)
{
    desk_make(d, name, people, seed, false);
}

/* Leave everybody his first `each` entries, the last two of them to be tried. */
static inline void desk_keep_entries(const struct lab_desk *d, size_t people, size_t each)
{
    static char text[1 << 20];
    char path[2 * SCRATCH_PATH];
    (void)snprintf(path, sizeof path, "%s/trials-practised.tsv", d->set);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/events.jsonl", d->set);
    FILE *const from = fopen(path, "r");
    assert_non_null(from);
    const size_t len = fread(text, 1, sizeof text - 1, from);
    assert_true(len < sizeof text - 1);
    text[len] = '\0';
    assert_int_equal(fclose(from), 0);
    FILE *const events = desk_open(d, "events.jsonl");
    FILE *const enrol = desk_open(d, "enrol.tsv");
    FILE *const trials = desk_open(d, "trials.tsv");
    char *line = text;
    for (size_t u = 0; u < people; u++) {
        for (size_t e = 0; e < DESK_ENROL + DESK_GENUINE; e++) {
            char *const next = strchr(line, '\n') + 1;
            (void)fprintf(events, "%.*s", e < each ? (int)(next - line) : 0, line);
            line = next;
        }
        for (size_t e = 0; e < each; e++) {
            const bool tried = e + 2 >= each;
            (void)fprintf(tried ? trials : enrol, "m%zu\ts%zu-%zu%s\n", u, u, e,
                          tried ? "\tgenuine" : "");
        }
        (void)fprintf(trials, "m%zu\ts%zu-0\timpostor\n", u, (u + 1) % people);
    }
    assert_int_equal(fclose(events) + fclose(enrol) + fclose(trials), 0);
}

/* ---- commands ---- */

static inline void desk_load(const char *path, char out[DESK_TEXT])
{
    FILE *const f = fopen(path, "r");
    assert_non_null(f);
    const size_t n = fread(out, 1, DESK_TEXT - 1, f);
    out[n] = '\0';
    if (n == DESK_TEXT - 1) { /* a sanitizer's reports, most likely */
        fail_msg("%s has more than %d bytes, and begins: %.4000s", path, DESK_TEXT, out);
    }
    assert_int_equal(fclose(f), 0);
}

static inline int desk_catch(int fd, const char *path)
{
    const int kept = dup(fd);
    const int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(kept >= 0 && to >= 0);
    assert_true(dup2(to, fd) == fd);
    (void)close(to);
    return kept;
}

static inline void desk_release(int fd, int kept)
{
    assert_true(dup2(kept, fd) == fd);
    (void)close(kept);
}

/* Run "canara WORD..."; the words are cut at single spaces. Returns the exit code. */
static inline int desk_run(struct lab_desk *d, const char *line)
{
    char words[8 * SCRATCH_PATH];
    char *argv[DESK_WORDS_MAX + 2];
    char program[] = "canara";
    int argc = 1;
    argv[0] = program;
    assert_true((size_t)snprintf(words, sizeof words, "%s", line) < sizeof words);
    for (char *at = words; at != NULL && argc <= DESK_WORDS_MAX;) {
        argv[argc++] = at;
        at = strchr(at, ' ');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    argv[argc] = NULL;
    char out[SCRATCH_PATH];
    char err[SCRATCH_PATH];
    scratch_path(&d->dir, "stdout", out);
    scratch_path(&d->dir, "stderr", err);
    (void)fflush(stdout);
    const int kept_out = desk_catch(STDOUT_FILENO, out);
    const int kept_err = desk_catch(STDERR_FILENO, err);
    const int code = commands_main(argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    desk_release(STDOUT_FILENO, kept_out);
    desk_release(STDERR_FILENO, kept_err);
    desk_load(out, d->out);
    desk_load(err, d->err);
    return code;
}

/* Run "canara COMMAND SET REST". */
static inline int desk_run_on_set(struct lab_desk *d, const char *command, const char *rest)
{
    char line[4 * SCRATCH_PATH];
    (void)snprintf(line, sizeof line, "%s %s%s%s", command, d->set, rest[0] == '\0' ? "" : " ",
                   rest);
    return desk_run(d, line);
}

/* A desk that frees itself: setup and teardown of cmocka. */
static inline int desk_setup(void **state)
{
    struct lab_desk *const d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->dir = scratch_new();
    *state = d;
    return 0;
}

static inline int desk_teardown(void **state)
{
    struct lab_desk *const d = *state;
    scratch_remove(&d->dir);
    free(d);
    return 0;
}

#endif
