#include "app/cli/options.h"

#include "base/util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 64, HELP_COLUMN = 26 };

/* ---- help --------------------------------------------------------------------------------- */

static void print_option(const char *name, const char *operand, const char *help)
{
    char left[WORD_MAX * 2];
    (void)snprintf(left, sizeof left, "--%s%s%s", name, operand == NULL ? "" : " ",
                   operand == NULL ? "" : operand);
    (void)printf("  %-*s %s\n", HELP_COLUMN, left, help);
}

/* Print the help text of a command on stdout. */
static void help(const struct option_spec *spec)
{
    const bool words = spec->usage != NULL && spec->usage[0] != '\0';
    (void)printf("usage: %s [OPTION]...%s%s\n\n%s\n\n", spec->command, words ? " " : "",
                 words ? spec->usage : "", spec->about);
    for (size_t i = 0; i < spec->options; i++) {
        const struct option *const o = &spec->option[i];
        print_option(o->name, o->operand, o->help);
    }
    print_option("help", NULL, "print this and leave");
}

/* ---- reading ------------------------------------------------------------------------------ */

static enum option_answer fault(const struct option_spec *spec, const char *what, const char *word)
{
    (void)fprintf(stderr, "%s: %s: %s (see %s --help)\n", spec->command, word, what, spec->command);
    return OPTIONS_FAULT;
}

static const struct option *find(const struct option_spec *spec, const char *name, size_t len)
{
    for (size_t i = 0; i < spec->options; i++) {
        if (strlen(spec->option[i].name) == len && strncmp(spec->option[i].name, name, len) == 0) {
            return &spec->option[i];
        }
    }
    return NULL;
}

static bool read_number(const struct option *o, const char *text)
{
    char *end = NULL;
    errno = 0;
    const intmax_t value = strtoimax(text, &end, 10);
    const bool begins_well = (text[0] >= '0' && text[0] <= '9') || text[0] == '-';
    if (!begins_well || errno != 0 || end == text || *end != '\0' || value < o->low ||
        value > o->high) {
        return false;
    }
    *(int64_t *)o->into = (int64_t)value;
    return true;
}

static enum option_answer store(const struct option_spec *spec, const struct option *o,
                                const char *value)
{
    struct option_sets *sets = NULL;
    const struct option_maybe *maybe = NULL;
    char range[96];
    switch (o->kind) {
    case OPTION_FLAG: *(bool *)o->into = true; return OPTIONS_OK;
    case OPTION_TEXT: *(const char **)o->into = value; return OPTIONS_OK;
    case OPTION_NUMBER:
        (void)snprintf(range, sizeof range, "must be a whole number from %" PRId64 " to %" PRId64,
                       o->low, o->high);
        return read_number(o, value) ? OPTIONS_OK : fault(spec, range, o->name);
    case OPTION_MAYBE:
        maybe = o->into;
        *maybe->given = true;
        *maybe->value = value == NULL ? *maybe->value : value;
        return OPTIONS_OK;
    case OPTION_SET:
        sets = o->into;
        if (sets->count == OPTIONS_SETS_MAX) {
            return fault(spec, "is given too often", o->name);
        }
        sets->value[sets->count++] = value;
        return OPTIONS_OK;
    }
    return OPTIONS_FAULT;
}

/* argv[*at] begins with "--"; takes its value too, from behind '=' or from the next word. */
static enum option_answer read_option(const struct option_spec *spec, int argc, char **argv,
                                      int *at)
{
    const char *const word = argv[*at];
    const size_t len = strcspn(word + 2, "=");
    const char *value = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;
    const struct option *const o = find(spec, word + 2, len);
    if (o == NULL && value == NULL && strcmp(word, "--help") == 0) {
        help(spec);
        return OPTIONS_HELP;
    }
    if (o == NULL) {
        return fault(spec, "no such option", word);
    }
    if (o->kind == OPTION_FLAG) {
        return value == NULL ? store(spec, o, NULL) : fault(spec, "takes no value", word);
    }
    if (value == NULL && o->kind != OPTION_MAYBE) {
        if (*at + 1 >= argc) {
            return fault(spec, "needs a value", word);
        }
        value = argv[++*at];
    }
    return store(spec, o, value);
}

enum option_answer options_read(const struct option_spec *spec, int argc, char **argv,
                                struct option_words *words)
{
    size_t count = 0;
    bool options = true;
    for (int i = 1; i < argc; i++) {
        char *const word = argv[i];
        if (options && strcmp(word, "--") == 0) {
            options = false;
        } else if (options && strcmp(word, "-h") == 0) {
            help(spec);
            return OPTIONS_HELP;
        } else if (options && word[0] == '-' && word[1] != '\0') {
            const enum option_answer answer = word[1] == '-' ? read_option(spec, argc, argv, &i)
                                                             : fault(spec, "no such option", word);
            if (answer != OPTIONS_OK) {
                return answer;
            }
        } else if (count == spec->words_max) {
            return fault(spec, "is one word too many", word);
        } else {
            argv[1 + count++] = word; /* never past i: words were only dropped so far */
        }
    }
    if (count < spec->words_min) {
        return fault(spec, "something is missing", spec->usage);
    }
    if (words != NULL) {
        *words = (struct option_words){argv + 1, count};
    }
    return OPTIONS_OK;
}

/* ---- nearest words ------------------------------------------------------------------------ */

/* Optimal string alignment distance: Damerau 1964, by the rows of Wagner and Fischer 1974. */
size_t word_distance(const char *a, const char *b, size_t limit)
{
    const size_t na = strlen(a);
    const size_t nb = strlen(b);
    const size_t apart = na > nb ? na - nb : nb - na;
    if (na > WORD_MAX || nb > WORD_MAX || apart > limit) {
        return limit + 1;
    }
    size_t before[WORD_MAX + 1] = {0};
    size_t last[WORD_MAX + 1] = {0};
    size_t row[WORD_MAX + 1] = {0};
    for (size_t j = 0; j <= nb; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            row[j] =
                size_min(last[j - 1] + (a[i - 1] != b[j - 1]), size_min(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = size_min(row[j], before[j - 2] + 1);
            }
        }
        memcpy(before, last, sizeof before);
        memcpy(last, row, sizeof last);
    }
    return size_min(last[nb], limit + 1);
}
