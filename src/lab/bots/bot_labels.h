/*
 * bot_labels.h - which sessions of a data set are a person's, and which a machine's.
 *
 * Floor      lab/bots
 * Ownership  the labels are the caller's: bot_labels_free().
 * Errors     ERR_NOMEM.
 * Threads    no shared state.
 */
#ifndef LAB_BOT_LABELS_H
#define LAB_BOT_LABELS_H

#include "base/err.h"
#include "lab/sets/dataset.h"

#include <stdint.h>

enum bot_label { BOT_LABEL_NONE, BOT_LABEL_PERSON, BOT_LABEL_MACHINE };

/* A label for each session: trials say who is a person and who is a machine; in a set of people, enrolments
 * are people's. */
NODISCARD err_t bot_labels(const struct dataset *set, uint8_t **out);

/* For CLEANUP. */
void bot_labels_free(uint8_t **label);

#endif
