/*
 * view_file.h - the files of the view: lines per session, and the place in the journal.
 *
 * Floor      journal
 * Units      sizes in bytes.
 * Ownership  the directory's fd is the caller's.
 * Errors     ERR_IO; ERR_RANGE; ERR_FORMAT for a file that is no regular file or a line beyond all bounds.
 * Threads    any, but one writer per directory.
 *
 * Names are printed from the id, files opened below the directory's fd, links never followed.
 */
#ifndef JOURNAL_VIEW_FILE_H
#define JOURNAL_VIEW_FILE_H

#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "journal/view.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest line that is read back: data, and the rest of its line. */
#define VIEW_LINE_MAX (2 * JOURNAL_DATA_MAX)

/* Open the directory; made 0700 when missing. ERR_RANGE: it is not ours alone. */
NODISCARD err_t view_dir_open(const char *dir, int *out);

/* Count the whole lines of a session's file, at most `most`, and cut what is behind them; no file:
 * 0 and 0. */
NODISCARD err_t view_file_keep(int dir, uuid_t session, uint64_t most, uint64_t *lines,
                               uint64_t *size);

/* Whether a session's file is there and exactly so long. */
bool view_file_is_long(int dir, uuid_t session, uint64_t size);

/* Append whole lines to a file that is `*size` long by our count: what is longer is the rest of a
 * failed write and is cut. `*size` becomes the new length. */
NODISCARD err_t view_file_append(int dir, uuid_t session, span_t lines, uint64_t *size);

/* As view_read_tail() says. */
NODISCARD err_t view_file_tail(int dir, uuid_t session, size_t max_lines, view_line_fn each,
                               void *context);

enum view_place {
    VIEW_PLACE_NONE,
    VIEW_PLACE_DAMAGED, /* not as anybody has written it, or it cannot be read */
    VIEW_PLACE_BARE, /* of an older program, without a checksum: good to go on from, and no evidence */
    VIEW_PLACE_SEALED /* what was written */
};

/* Read the place. `*sequence` is 0 where there is none, or a damaged one. */
enum view_place view_place_read(int dir, uint64_t *sequence);

/* Make the files durable, then the place, sealed. ERR_IO: lines may be lost for good, whatever a later call
 * says; ERR_STORAGE: only the place could not be kept, and may be later. */
NODISCARD err_t view_place_write(int dir, uint64_t sequence);

/* Go on with a walk over the directory, at most `entries` of them: remove session files not
 * written since `oldest`. `*walk` is NULL at the begin and again at the end. */
void view_files_expire(int dir, DIR **walk, wall_t oldest, size_t entries);

#endif
