/* vectors.h - golden vectors: cases of lines, each a verb with its numbers, run through a table of verbs.
 *
 * "case AREA NAME" begins a case; every other line is "VERB number ...", "#" begins a remark. Verbs either
 * set something up, do something, or compare what came out with their numbers. */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <stddef.h>

struct vectors {
    const char *path; /* of the file, relative to the source root */
    const char *area; /* cases of others are skipped */
    void *state;      /* what the verbs share */
    unsigned line;
    char name[160]; /* of the case, for messages */
};

typedef void (*vector_run)(struct vectors *v, const double *x, size_t n);

struct vector_verb {
    const char *name;
    vector_run run;
};

/* Run all cases of v->area, each line through its row of the table, which ends with a NULL name; a
 * verb that is not there fails. `begin` clears the state before each case. Returns how many cases. */
size_t vectors_run(struct vectors *v, const struct vector_verb *verbs, void (*begin)(void *state));

/* Fail with case and line unless `got` is `want`: within 1e-11 of it (13 digits are written, sums are
 * in another order there), within one step of a float, or exactly. NaN is NaN. */
void vectors_near(const struct vectors *v, double got, double want);
void vectors_float(const struct vectors *v, double got, double want);
void vectors_same(const struct vectors *v, double got, double want);

/* Within an absolute slack, for what is worked out in fewer digits on purpose. */
void vectors_within(const struct vectors *v, double got, double want, double slack);

/* The same for arrays. */
void vectors_near_all(const struct vectors *v, const double *got, const double *want, size_t n);

/* Fail with case and line unless n is as wanted. */
void vectors_count(const struct vectors *v, size_t n, size_t want);

#endif
