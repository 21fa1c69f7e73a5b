/*
 * report.h - the result of one evaluation: as JSON, as a table for a person, and read back.
 *
 * Floor      lab/trials
 * Units      as figures.h; seconds of wall time.
 * Ownership  struct report borrows all its texts and arrays; struct report_past owns its own.
 * Errors     writing: ERR_NOMEM, ERR_LIMIT of the buf. Reading: ERR_FORMAT, ERR_RANGE, ERR_LIMIT,
 *            ERR_IO, ERR_NOMEM, with file and field in `fault`; `out` is then untouched.
 * Threads    no state.
 *
 * NaN means "does not exist" in every double here and is written as null.
 */
#ifndef LAB_REPORT_H
#define LAB_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "lab/statistics/bootstrap.h"
#include "lab/statistics/figures.h"
#include "lab/statistics/measures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum report_kind {
    REPORT_PEOPLE, /* owner against impostors */
    REPORT_BOTS,   /* humans against bots */
};

/* Families of bots against devices of people, neither of them learned from. */
struct report_fold {
    const char *family, *device; /* the first of each, and how many there are */
    size_t families, devices;
    size_t humans, bots; /* sessions */
    double auc, at_far_001, at_far_010;
};

struct report {
    enum report_kind kind;
    const char *dataset, *detector, *background, *adapt;
    struct measures measures;
    struct interval interval[FIGURES];
    size_t unscored_genuine,
        unscored_impostor;             /* trials without evidence, beside those of `measures` */
    double anga, ania, never_detected; /* NaN unless sessions were run through the filter */
    double absorbed_impostors;         /* share of impostor trials learnt from; NaN: not adapting */
    double failure_to_enrol;           /* models without a profile; NaN: unknown */
    double seconds;
    const char *commit, *model_version; /* NULL is written as null */
    uint64_t seed;                      /* at most INT64_MAX, so that every reader takes it */
    const struct score_user *users;     /* for names; NULL with user_eer NULL: no "per_user" */
    const double *user_eer;
    size_t user_count;
    const char *interval_over;       /* of bots: "users" or "sessions" are drawn again */
    const struct report_fold *folds; /* of bots; NULL: nobody was left out */
    size_t fold_count;
};

/* Fill a report's text with nothing and its doubles with NaN, so that unset fields are null. */
void report_init(struct report *r);

/* Append one JSON object and a line feed. ERR_RANGE for a seed above INT64_MAX. */
NODISCARD err_t report_write_json(const struct report *r, struct buf *out);

/* Append a table for a terminal, 80 columns, each figure with its interval. */
NODISCARD err_t report_write_table(const struct report *r, struct buf *out);

enum {
    REPORT_FILE_BYTES = 4 * 1024 * 1024, /* of a result that is read */
    REPORT_USERS = 65536,
    REPORT_MODEL_BYTES = 256,
    REPORT_FAULT_BYTES = 256,
};

struct report_past_user {
    char *model;
    double eer; /* NaN: null in the file */
};

/* What is kept of an earlier result. */
struct report_past {
    char *dataset, *detector;
    double mean_eer;               /* NaN: null */
    struct report_past_user *user; /* sorted by model, no name twice */
    size_t count;
};

/* One sentence for a person: "old.json: per_user[3].eer: not a number from 0 to 1". */
struct report_fault {
    char text[REPORT_FAULT_BYTES];
};

/* Read the JSON text of an earlier result (ERR_LIMIT past REPORT_FILE_BYTES); `name` is the file's, for the fault (may be NULL). */
NODISCARD err_t report_parse(span_t json, const char *name, struct report_past *out,
                             struct report_fault *fault);

/* Read such a file. */
NODISCARD err_t report_read(const char *path, struct report_past *out, struct report_fault *fault);

void report_past_deinit(struct report_past *p);

/*
 * Compare this result with an earlier one over the users that both have (with an EER), paired.
 * ERR_RANGE when there is none.
 */
NODISCARD err_t report_compare(const struct report *now, const struct report_past *past,
                               struct bootstrap_options options, struct bootstrap_difference *out);

/* Append a line: "against cmu, ratio: mean EER -0.0014 [-0.0030, +0.0002], p = 0.08, 51 users". */
NODISCARD err_t report_write_difference(const struct bootstrap_difference *d,
                                        const struct report_past *past, struct buf *out);

#endif
