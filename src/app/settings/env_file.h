/*
 * env_file.h - opens a .env file, and reads its text, one NAME=VALUE at a time.
 *
 * Floor      app/settings
 * Source     the common part of the dotenv dialects: comments, `export`, single and double quotes.
 * Units      bytes.
 * Ownership  the reader borrows the text; a pair is a value (it may hold a secret: wipe it).
 * Errors     an answer; `why` names what is wrong in the line `line`. The reader then stands
 *            still: there is no going on after a fault.
 * Threads    no state.
 *
 *     # comment                     export NAME=value        NAME = value # comment
 *     NAME='taken as it stands'     NAME="with \" and \\"    NAME=          (empty)
 *
 * No expansion of variables, no values of several lines, no control characters.
 */
#ifndef APP_ENV_FILE_H
#define APP_ENV_FILE_H

#include "base/err.h"
#include "base/span.h"

#include <stddef.h>

#define ENV_FILE_MAX    65536 /* bytes of a file */
#define ENV_NAME_BYTES  64    /* NUL included */
#define ENV_VALUE_BYTES 1024  /* NUL included */

struct env_reader {
    span_t rest;
    unsigned line;   /* of the last pair or fault, from 1 */
    const char *why; /* after ENV_FAULT */
};

struct env_pair {
    char name[ENV_NAME_BYTES];
    char value[ENV_VALUE_BYTES];
};

enum env_answer { ENV_PAIR, ENV_END, ENV_FAULT };

/* Open it to read: `*fd` is the caller's, -1 where there is no such file, which is no fault. ERR_RANGE: no regular
 * file, a pipe in its place holds nobody up; ERR_IO with errno. */
NODISCARD err_t env_file_open(const char *path, int *fd);

/* Begin at the first line. More than ENV_FILE_MAX bytes is a fault of the first call. */
struct env_reader env_reader_of(span_t text);

/* Read up to the next pair. `*out` is only meaningful after ENV_PAIR. */
enum env_answer env_reader_next(struct env_reader *r, struct env_pair *out);

#endif
