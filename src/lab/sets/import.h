/*
 * import.h - what every importer works with: the files of the set, the folder to write, what to say.
 *
 * Floor      lab/sets
 * Ownership  borrowed for one run.
 * Errors     import_refuse() makes them.
 * Threads    one.
 */
#ifndef LAB_IMPORT_H
#define LAB_IMPORT_H

#include "base/err.h"
#include "lab/sets/set_writer.h"
#include "lab/sets/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMPORT_NOTE_BYTES = 1024, IMPORT_NAME_BYTES = DATASET_NAME_BYTES + 1 };

/* What is told and asked while it runs; both may be NULL. */
struct import_watch {
    void (*progress)(void *arg, unsigned percent);
    bool (*stopped)(void *arg); /* true ends the run; first asked when nothing is written yet */
    void *arg;
};

struct import_report {
    char fault[SOURCE_FAULT_BYTES]; /* filled when an error is returned */
    char note[IMPORT_NOTE_BYTES];   /* what was dropped or changed, with how many; may be empty */
};

struct import {
    const struct source *source;
    const char *dir; /* a folder to make or to put folders into */
    const struct import_watch *watch;
    struct import_report *report;
};

/* Say "FILE:LINE: ..." and give ERR_FORMAT. */
NODISCARD err_t import_refuse(const struct import *in, const char *file, size_t line,
                              const char *format, ...) PRINTF_LIKE(4, 5);

/* May a session be called `id`, made of the name of `file`? `printed` is what snprintf() said of it. */
NODISCARD err_t import_session(const struct import *in, const char *file,
                               const char id[IMPORT_NAME_BYTES], int printed);

/* Add a sentence to the note. */
void import_note(const struct import *in, const char *format, ...) PRINTF_LIKE(2, 3);

/* ERR_TIMEOUT when the run is to end: between people and files, so that it does so soon. */
NODISCARD err_t import_go_on(const struct import *in);

/* Tell how far it is, and ask the same. */
NODISCARD err_t import_progress(const struct import *in, size_t done, size_t of);

/* The day on which all made-up times begin: 2020-01-06T09:00:00Z, a Monday. */
#define IMPORT_START_MS INT64_C(1578301200000)

/* A made-up time: `day` days and `ms` after the start. */
wall_t import_time(size_t day, double ms);

/* The last component of a path, and the one before it (empty when there is none). */
const char *path_last(const char *path);
void path_parent(const char *path, char out[IMPORT_NAME_BYTES]);
bool path_ends(const char *path, const char *end);

/* Each in its own import_NAME.c. */
bool cmu_wanted(const char *path);
err_t cmu_import(struct import *in);
bool meu_wanted(const char *path);
err_t meu_import(struct import *in);
bool mobikey_wanted(const char *path);
err_t mobikey_import(struct import *in);
bool balabit_wanted(const char *path);
err_t balabit_import(struct import *in);
bool antal_wanted(const char *path);
err_t antal_import(struct import *in);
bool delbot_wanted(const char *path);
err_t delbot_import(struct import *in);

#endif
