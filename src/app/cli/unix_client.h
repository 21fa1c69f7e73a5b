/*
 * unix_client.h - one HTTP request over a Unix socket, for our own tools: send, read, close.
 *
 * Floor      app/cli
 * Units      seconds for the wait, bytes for sizes.
 * Ownership  the caller gives an empty `struct buf` for the answer and releases it.
 * Errors     an answer the caller must act on (enum unix_outcome); `why` says it in one line.
 * Threads    any; blocks.
 */
#ifndef APP_UNIX_CLIENT_H
#define APP_UNIX_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define UNIX_WHY_BYTES    256
#define UNIX_ANSWER_BYTES ((size_t)2 << 20) /* most bytes of an answer, head included */
#define UNIX_WAIT_S       30                /* for each send and read */
#define UNIX_PATIENCE_MS  2000              /* without an answer, after which a person is told */

enum unix_outcome {
    UNIX_ANSWERED,
    UNIX_ABSENT,    /* nobody listens there */
    UNIX_FORBIDDEN, /* this user may not connect */
    UNIX_BROKEN     /* the connection or the answer failed on the way */
};

struct unix_request {
    const char *path;   /* of the socket, at most 107 bytes */
    const char *method; /* "GET" */
    const char *target; /* "/ctl/status": letters that need no escaping */
    span_t body;        /* JSON; empty for none */
    void (*waits)(
        void); /* called once when no answer has begun in UNIX_PATIENCE_MS; NULL: nobody is told */
};

struct unix_answer {
    unsigned status;
    struct buf body;
};

/* Prepare an answer, empty; release it with unix_answer_deinit(), for CLEANUP. */
void unix_answer_init(struct unix_answer *a);
void unix_answer_deinit(struct unix_answer *a);

/* Ask once. On UNIX_ANSWERED `out` is filled, whatever its status; else `why` is. */
enum unix_outcome unix_ask(const struct unix_request *request, struct unix_answer *out,
                           char why[UNIX_WHY_BYTES]);

#endif
