/* vectors_test.c - measures, lockouts and bootstrap against the second implementation's vectors. */
#include "lab/statistics/bootstrap.h"
#include "lab/statistics/lockout.h"
#include "lab/statistics/measures.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define VECTORS "tests/vectors/statistics.txt"

enum { LINE_BYTES = 65536, USERS = 64, NUMBERS = 4096, RUNS = 64, KINDS = 2 };

/* One case as far as it was read. */
struct vector_case {
    char name[128];
    size_t users;
    struct score_user user[USERS];
    struct lockout_user lockout[USERS];
    struct risk_run run[USERS][KINDS][RUNS];
    double number[NUMBERS];
    size_t numbers;
    double a[USERS], b[USERS];
    size_t pairs;
    struct bootstrap_options options;
    struct measures measures;
    double eer[USERS];
    struct interval interval[FIGURES];
    bool measured;
};

static void near(double got, double want, const char *name, const char *what)
{
    if (isnan(want) ? isnan(got) : fabs(got - want) <= 1e-12 * fabs(want) + 1e-15) {
        return;
    }
    fail_msg("%s: %s is %.17g, not %.17g", name, what, got, want);
}

/* Numbers of a line, kept in the case; the words end at NULL. */
static double *take_numbers(struct vector_case *c, char **words, size_t *count)
{
    double *const first = c->number + c->numbers;
    *count = 0;
    for (char *word = strtok_r(NULL, " \n", words); word != NULL;
         word = strtok_r(NULL, " \n", words)) {
        char *end = NULL;
        assert_true(c->numbers < NUMBERS);
        c->number[c->numbers++] = strtod(word, &end);
        assert_true(end != word && *end == '\0');
        ++*count;
    }
    return first;
}

static enum figure figure_named(const char *key)
{
    for (unsigned f = 0; f < FIGURES; f++) {
        if (strcmp(key, figure_key((enum figure)f)) == 0) {
            return (enum figure)f;
        }
    }
    fail_msg("no figure %s", key);
    return FIGURES;
}

static void take_trials(struct vector_case *c, bool impostor, const double *values, size_t count)
{
    assert_true(c->users > 0);
    struct score_user *const u = &c->user[c->users - 1];
    struct lockout_user *const l = &c->lockout[c->users - 1];
    size_t *const runs = impostor ? &l->impostor_count : &l->genuine_count;
    struct risk_run *const run = c->run[c->users - 1][impostor ? 1 : 0];
    assert_true(*runs < RUNS);
    run[(*runs)++] = (struct risk_run){values, count};
    if (impostor) {
        u->impostor = values;
        u->impostor_count = count;
        l->impostor = run;
        return;
    }
    u->genuine = values;
    u->genuine_count = count;
    l->genuine = run;
}

static void measure_once(struct vector_case *c)
{
    if (!c->measured) {
        assert_ok(measures_compute(c->user, c->users, &c->measures, c->eer));
        c->measured = true;
    }
}

/* "figure KEY value" and "interval KEY lo hi" */
static void check_figure(struct vector_case *c, bool interval, char **words)
{
    const char *const key = strtok_r(NULL, " \n", words);
    size_t count = 0;
    assert_non_null(key);
    const enum figure f = figure_named(key);
    const double *const want = take_numbers(c, words, &count);
    assert_int_equal(count, interval ? 2 : 1);
    if (interval) {
        near(c->interval[f].lo, want[0], c->name, key);
        near(c->interval[f].hi, want[1], c->name, key);
        return;
    }
    measure_once(c);
    near(c->measures.value[f], want[0], c->name, key);
}

static void compare_expected(struct vector_case *c, const double *want, size_t count)
{
    if (c->pairs == 0) {
        const struct lockout got = lockout_compute(c->lockout, c->users);
        assert_int_equal(count, 3);
        near(got.anga, want[0], c->name, "anga");
        near(got.ania, want[1], c->name, "ania");
        near((double)got.never_detected, want[2], c->name, "never_detected");
        return;
    }
    struct bootstrap_difference d;
    assert_int_equal(count, 4);
    assert_ok(bootstrap_paired(c->a, c->b, c->pairs, c->options, &d));
    near(d.mean, want[0], c->name, "mean");
    near(d.interval.lo, want[1], c->name, "lo");
    near(d.interval.hi, want[2], c->name, "hi");
    near(d.p, want[3], c->name, "p");
}

static void take_pairs(struct vector_case *c, bool second, const double *values, size_t count)
{
    assert_true(count <= USERS);
    c->pairs = count;
    memcpy(second ? c->b : c->a, values, count * sizeof *values);
}

static void check_eers(struct vector_case *c, const double *want, size_t count)
{
    assert_int_equal(count, c->users);
    for (size_t u = 0; u < count; u++) {
        near(c->eer[u], want[u], c->name, "eer of a user");
    }
}

static void take_options(struct vector_case *c, const double *values, size_t count)
{
    assert_int_equal(count, 2);
    c->options = (struct bootstrap_options){(size_t)values[0], (uint64_t)values[1]};
    if (c->pairs == 0) {
        assert_ok(bootstrap_measures(c->user, c->users, c->options, c->interval));
    }
}

/* Lines of numbers only; false: another word. */
static bool take_numbers_line(struct vector_case *c, const char *word, char **words)
{
    static const char *const known[] = {"genuine", "impostor",  "eer",    "sd",
                                        "a",       "bootstrap", "expect", "b"};
    size_t k = 0;
    while (k < sizeof known / sizeof *known && strcmp(word, known[k]) != 0) {
        k++;
    }
    if (k == sizeof known / sizeof *known) {
        return false;
    }
    size_t count = 0;
    double *const values = take_numbers(c, words, &count);
    switch (k) {
    case 0:
    case 1: take_trials(c, k == 1, values, count); break;
    case 2: check_eers(c, values, count); break;
    case 3: near(c->measures.mean_eer_sd, values[0], c->name, "sd"); break;
    case 5: take_options(c, values, count); break;
    case 6: compare_expected(c, values, count); break;
    default: take_pairs(c, k == 7, values, count); break;
    }
    return true;
}

/* Take one line; returns true at the end of a case. */
static bool take_line(struct vector_case *c, char *text)
{
    char *words = NULL;
    const char *const word = strtok_r(text, " \n", &words);
    assert_non_null(word);
    if (take_numbers_line(c, word, &words) || *word == '#') {
        return false;
    }
    if (strcmp(word, "user") == 0) {
        assert_true(c->users < USERS);
        c->users++;
    } else if (strcmp(word, "figure") == 0 || strcmp(word, "interval") == 0) {
        check_figure(c, *word == 'i', &words);
    } else if (strcmp(word, "end") == 0) {
        return true;
    } else {
        (void)snprintf(c->name, sizeof c->name, "%s %s", word, words);
        c->name[strcspn(c->name, "\n")] = '\0';
    }
    return false;
}

static void both_implementations_agree(void **state)
{
    (void)state;
    FILE *const file = fopen(VECTORS, "r");
    assert_non_null(file);
    char text[LINE_BYTES];
    struct vector_case c = {.users = 0};
    size_t cases = 0;
    while (fgets(text, sizeof text, file) != NULL) {
        if (take_line(&c, text)) {
            cases++;
            memset(&c, 0, sizeof c);
        }
    }
    assert_int_equal(c.users, 0); /* the last case was whole */
    assert_true(cases >= 40);
    assert_int_equal(fclose(file), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
