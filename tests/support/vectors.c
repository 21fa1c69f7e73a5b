#include "tests/support/vectors.h"

#include "tests/support/unit.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 65536, NUMBERS = 4096 };

static void compare(const struct vectors *v, double got, double want, double slack)
{
    if (isnan(want) ? isnan(got) : fabs(got - want) <= slack) {
        return;
    }
    fail_msg("%s:%u: %s: %.17g, not %.17g", v->path, v->line, v->name, got, want);
}

void vectors_within(const struct vectors *v, double got, double want, double slack)
{
    compare(v, got, want, slack);
}

void vectors_near(const struct vectors *v, double got, double want)
{
    compare(v, got, want, 1e-11 * fabs(want) + 1e-12);
}

void vectors_float(const struct vectors *v, double got, double want)
{
    compare(v, got, want, 1.2e-7 * fabs(want));
}

void vectors_same(const struct vectors *v, double got, double want)
{
    compare(v, got, want, 0.0);
}

void vectors_near_all(const struct vectors *v, const double *got, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        vectors_near(v, got[i], want[i]);
    }
}

void vectors_count(const struct vectors *v, size_t n, size_t want)
{
    if (n != want) {
        fail_msg("%s:%u: %s: %zu numbers, not %zu", v->path, v->line, v->name, n, want);
    }
}

static size_t take_numbers(const struct vectors *v, char **words, double *number)
{
    size_t n = 0;
    for (char *word = strtok_r(NULL, " \n", words); word != NULL;
         word = strtok_r(NULL, " \n", words)) {
        char *end = NULL;
        if (n == NUMBERS) {
            fail_msg("%s:%u: too many numbers", v->path, v->line);
        }
        number[n++] = strtod(word, &end);
        if (end == word || *end != '\0') {
            fail_msg("%s:%u: not a number: %s", v->path, v->line, word);
        }
    }
    return n;
}

/* "case AREA NAME": whether it is ours. */
static bool take_case(struct vectors *v, char **words, void (*begin)(void *state))
{
    const char *const area = strtok_r(NULL, " \n", words);
    assert_non_null(area);
    if (strcmp(area, v->area) != 0) {
        return false;
    }
    (void)snprintf(v->name, sizeof v->name, "%s", *words);
    v->name[strcspn(v->name, "\n")] = '\0';
    begin(v->state);
    return true;
}

static void take_line(struct vectors *v, const struct vector_verb *verbs, const char *word,
                      char **words)
{
    double number[NUMBERS];
    const size_t n = take_numbers(v, words, number);
    for (; verbs->name != NULL; verbs++) {
        if (strcmp(verbs->name, word) == 0) {
            verbs->run(v, number, n);
            return;
        }
    }
    fail_msg("%s:%u: no verb %s", v->path, v->line, word);
}

size_t vectors_run(struct vectors *v, const struct vector_verb *verbs, void (*begin)(void *state))
{
    FILE *const file = fopen(v->path, "r");
    char text[LINE_BYTES];
    size_t cases = 0;
    bool ours = false;
    assert_non_null(file);
    for (v->line = 1; fgets(text, sizeof text, file) != NULL; v->line++) {
        char *words = NULL;
        const char *const word = strtok_r(text, " \n", &words);
        if (word == NULL || *word == '#') {
            continue;
        }
        if (strcmp(word, "case") == 0) {
            ours = take_case(v, &words, begin);
            cases += ours;
        } else if (ours) {
            take_line(v, verbs, word, &words);
        }
    }
    assert_int_equal(fclose(file), 0);
    return cases;
}
