/*
 * dataset_info.h - dataset.json of a data set: what it says of itself, and nothing computes with. Inner
 *                  part of dataset.c.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md.
 * Ownership  texts are copied into the pool.
 * Errors     ERR_FORMAT: no object; ERR_NOMEM.
 * Threads    one at a time per pool.
 */
#ifndef LAB_DATASET_INFO_H
#define LAB_DATASET_INFO_H

#include "codec/json_read.h"
#include "lab/sets/dataset.h"
#include "lab/sets/pool.h"

/* Take whatever is there: what is missing or no text is empty, but for the name, which is the folder's
 * then; what is too long is cut. `*notes` gets the NOTE_BIT()s of it. */
NODISCARD err_t dataset_info_take(struct pool *pool, const struct json *tree, const char *dir,
                                  struct dataset_info *out, uint32_t *notes);

#endif
