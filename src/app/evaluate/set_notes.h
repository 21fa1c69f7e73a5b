/*
 * set_notes.h - what a data set has otherwise than it should, told on stderr: nothing is taken in silence.
 *
 * Floor      app/evaluate
 * Ownership  borrows from the data set.
 * Errors     none.
 * Threads    one.
 */
#ifndef APP_SET_NOTES_H
#define APP_SET_NOTES_H

#include "lab/sets/dataset.h"

/* "COMMAND: DIR: blank lines were passed over: 3, first at trials.tsv:2", a line for each kind. */
void set_notes_tell(const char *command, const char *dir, const struct dataset *set);

#endif
