/*
 * model_bytes.h - a model file opened for a command, with words for what may be wrong with it.
 *
 * Floor      app/evaluate
 * Ownership  the caller closes the model and deinits the buf.
 * Errors     ERR_IO, ERR_FORMAT, ERR_NOMEM after one line on stderr.
 * Threads    no state.
 */
#ifndef APP_MODEL_BYTES_H
#define APP_MODEL_BYTES_H

#include "base/buf.h"
#include "base/err.h"
#include "canara.h"

/* Read FILE into `bytes` and open it; NULL is the built-in one, and then `bytes` stays empty. */
NODISCARD err_t model_bytes_open(const char *command, const char *path, struct buf *bytes,
                                 struct canara_model **out);

#endif
