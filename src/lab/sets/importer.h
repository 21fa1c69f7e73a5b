/*
 * importer.h - the published sets that can be converted, and the run of one of them.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md: each set, its authors, its protocol and what is changed.
 * Ownership  static table; nothing is kept after a run.
 * Errors     ERR_FORMAT, ERR_IO, ERR_LIMIT, ERR_NOMEM, and ERR_TIMEOUT when it was stopped, with one line in
 *            the report.
 * Threads    one run at a time for one folder.
 *
 * A run writes into a folder of another name beside `dir` and renames it at the end: `dir` is never
 * half done, and the other folder is gone again after a run that failed or was stopped. Equal input gives equal bytes.
 */
#ifndef LAB_IMPORTER_H
#define LAB_IMPORTER_H

#include "base/err.h"
#include "lab/sets/import.h"

#include <stdbool.h>
#include <stddef.h>

struct importer {
    const char *name; /* what the command line calls it */
    const char *what; /* one line for a person */
    bool (*wanted)(const char *path);
    err_t (*run)(struct import *in);
};

/* The table, in the order of the help. */
const struct importer *importers_all(size_t *count);

/* NULL when there is none of that name. */
const struct importer *importer_find(const char *name);

/* Convert the set in folder `src` to `dir`, which must not exist or be empty. */
NODISCARD err_t importer_run(const struct importer *importer, const char *src, const char *dir,
                             const struct import_watch *watch, struct import_report *report);

#endif
