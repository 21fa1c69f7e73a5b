/*
 * options.h - one way to read a command line, for every command.
 *
 * Floor      app/cli
 * Ownership  values borrow from argv.
 * Errors     an answer: go on, help was printed (exit 0), or a fault was printed (exit 2).
 * Threads    at start only.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_SETS_MAX 64 /* --set NAME=VALUE, each */

enum option_kind {
    OPTION_FLAG,   /* --name                into a bool */
    OPTION_TEXT,   /* --name VALUE, --name=VALUE  into a const char * */
    OPTION_NUMBER, /* a whole number within low..high  into an int64_t */
    OPTION_MAYBE,  /* --name, --name=VALUE  into a struct option_maybe */
    OPTION_SET,    /* may come again and again  into a struct option_sets */
};

/* An option whose value may be left out. */
struct option_maybe {
    bool *given;
    const char **value; /* untouched without one */
};

/* The values of an option that may be repeated, in order. */
struct option_sets {
    const char *value[OPTIONS_SETS_MAX];
    size_t count;
};

struct option {
    const char *name;    /* without the dashes */
    const char *operand; /* what the help calls the value; NULL for a flag */
    const char *help;    /* one line */
    enum option_kind kind;
    void *into;        /* holds its default before the call */
    int64_t low, high; /* OPTION_NUMBER */
};

/* What a command is and takes: text for its help, its options, how many plain words. */
struct option_spec {
    const char *command; /* "canara keygen" */
    const char *usage;   /* what follows it: "secret | pepper FILE" */
    const char *about;   /* one line or more */
    const struct option *option;
    size_t options;
    size_t words_min, words_max;
};

/* Plain words among the options, in order. */
struct option_words {
    char **word;
    size_t count;
};

enum option_answer {
    OPTIONS_OK,
    OPTIONS_HELP,  /* --help: printed on stdout; exit 0 */
    OPTIONS_FAULT, /* said on stderr; exit 2 */
};

/* Read argv[1..]; argv[0] is the command's name. Plain words are moved to the front of argv[1..]
 * and named in `*words` (may be NULL when words_max is 0). "--" ends the options. */
enum option_answer options_read(const struct option_spec *spec, int argc, char **argv,
                                struct option_words *words);

/* Number of single-character edits (insert, delete, replace, swap) between two words, at most
 * `limit` + 1. */
size_t word_distance(const char *a, const char *b, size_t limit);

#endif
