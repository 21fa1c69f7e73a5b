/*
 * model_about.h - what a model file holds, in words.
 *
 * Floor      lab/people
 * Units      nats; samples.
 * Ownership  appends to the caller's buf.
 * Errors     ERR_NOMEM, ERR_LIMIT of the buf.
 * Threads    no state.
 */
#ifndef LAB_MODEL_ABOUT_H
#define LAB_MODEL_ABOUT_H

#include "base/buf.h"
#include "base/err.h"
#include "canara.h"
#include "lab/people/bank.h"

/* Append a table: label, checksum, and a row for each context. With a bank (NULL: none) the rows carry
 * the names of contexts and the number of samples that were learnt from. */
NODISCARD err_t model_about(const struct canara_model *model, const struct bank *bank,
                            struct buf *out);

/* "keystrokes", "touch strokes", ... */
const char *model_kind_name(unsigned kind);

#endif
