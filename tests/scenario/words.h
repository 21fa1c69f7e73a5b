/*
 * words.h - a line of a scenario, cut into words, with its names filled in.
 *
 * Floor      tests
 * Ownership  words live in the struct; names and their values in a struct names.
 * Errors     a reason for a person, or NULL when all is well.
 *
 * A word is bare, or "quoted" (\" \\ \r \n \t inside), or a JSON object or array, which ends where
 * its bracket closes. `# ` begins a comment. $NAME stands for what was kept under that name.
 */
#ifndef TESTS_SCENARIO_WORDS_H
#define TESTS_SCENARIO_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { LINE_BYTES = 16384, WORDS_MAX = 96, NAMES_MAX = 128, NAME_BYTES = 48, VALUE_BYTES = 1024 };

struct names {
    char name[NAMES_MAX][NAME_BYTES];
    char value[NAMES_MAX][VALUE_BYTES];
    size_t count;
};

struct words {
    char text[LINE_BYTES]; /* every word with its NUL */
    const char *word[WORDS_MAX];
    size_t count;
    size_t next; /* of a command that takes them one by one */
};

/* What is kept under this name, or NULL. */
const char *names_get(const struct names *n, const char *name);

/* Keep a value, over an older one. */
const char *names_set(struct names *n, const char *name, const char *value);

/* Cut a line. */
const char *words_cut(const char *line, const struct names *names, struct words *out);

/* Take the next word; "" when there is none. */
const char *words_take(struct words *w);

/* Take the next word if it is this one. */
bool words_take_if(struct words *w, const char *word);

/* The next word without taking it; "" when there is none. */
const char *words_peek(const struct words *w);

/* Take a whole number from 0 to `most`. */
bool words_take_number(struct words *w, long long most, long long *out);

/* Take a time such as `59 min 59 s 999 ms`, in milliseconds. */
bool words_take_time(struct words *w, long long *out);

#endif
