/*
 * convert.h - the library's model, as it saves it in JSON, into the compact form of engine/arithmetic/trees.h.
 *
 * Source     the model schema of XGBoost 1.7, doc/tutorials/saving_model.rst and doc/model.schema.
 * Ownership  the caller's buf gets the trees appended.
 * Errors     ERR_FORMAT with a line in `why` that names the tree and the field; ERR_NOMEM.
 */
#ifndef TRAIN_CONVERT_H
#define TRAIN_CONVERT_H

#include "base/buf.h"
#include "lab/bots/boost_files.h"

/* Convert a binary:logistic model over `columns` features. */
NODISCARD err_t convert_model(span_t json, size_t columns, struct buf *out,
                              char why[BOOST_WHY_BYTES]);

#endif
