/*
 * model_file.h - the model that MODEL_FILE names, or the one that is built in.
 *
 * Floor      app/house
 * Ownership  the caller closes the model: canara_model_close().
 * Errors     one line in `why` that names the file and what is wrong with it.
 * Threads    any.
 */
#ifndef APP_MODEL_FILE_H
#define APP_MODEL_FILE_H

#include "base/err.h"

#include <canara.h>

enum { MODEL_WHY_BYTES = 640, MODEL_FILE_BYTES_MAX = 64 << 20 };

/* Open `path`, or the built-in model for "". */
NODISCARD err_t model_file_open(const char *path, struct canara_model **out,
                                char why[MODEL_WHY_BYTES]);

#endif
