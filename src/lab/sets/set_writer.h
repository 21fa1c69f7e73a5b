/*
 * set_writer.h - writes a data set: what dataset.h reads.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md.
 * Units      as canara.h says.
 * Ownership  set_writer_open() gives a writer that the caller ends with set_writer_finish(), or
 *            drops with set_writer_free().
 * Errors     sticky: after the first one nothing more is written, and set_writer_finish() returns
 *            it. A value that the reader would refuse is a bug of the importer: MUST.
 * Threads    one at a time.
 */
#ifndef LAB_SET_WRITER_H
#define LAB_SET_WRITER_H

#include "lab/sets/dataset.h"

struct set_writer; /* one folder */

/* Make the folder (or take it when it is there and empty) and its files. */
NODISCARD err_t set_writer_open(struct set_writer **out, const char *dir,
                                const struct dataset_info *about);

/* Begin a session: the events that follow are its own. */
void set_writer_session(struct set_writer *w, const char *id, const char *email);

/* Write one event: keystrokes, pointer, touch or features. */
void set_writer_event(struct set_writer *w, wall_t at, const canara_event_t *event);

void set_writer_enrol(struct set_writer *w, const char *model, const char *session);
void set_writer_trial(struct set_writer *w, const char *model, const char *session,
                      enum dataset_label label);

/* Write a row of trials-practised.tsv (made with the first one). */
void set_writer_practised(struct set_writer *w, const char *model, const char *session);

/* Close every file; the first error of all comes back. The writer is gone either way. */
NODISCARD err_t set_writer_finish(struct set_writer **w);

/* Give up; NULL is fine. */
void set_writer_free(struct set_writer **w);

#endif
