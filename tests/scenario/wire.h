/*
 * wire.h - a small blocking HTTP client: one request a connection, or bytes as they stand.
 *
 * Floor      tests (may use: protocol)
 * Ownership  an answer holds its bytes until answer_drop(); a connection is closed by its holder.
 * Errors     a reason for a person, or NULL when all is well.
 */
#ifndef TESTS_SCENARIO_WIRE_H
#define TESTS_SCENARIO_WIRE_H

#include "base/buf.h"
#include "codec/json_read.h"
#include "protocol/http_client.h"

#include <stdbool.h>
#include <stdint.h>

enum { WIRE_PATIENCE_MS = 30000 }; /* the longest wait for what must come; nothing waits so long */

struct request {
    const char *method;
    const char *target;
    const char *bearer; /* "" = none */
    const char *json;   /* "" = no body */
    const char *header; /* one field more, "" = none */
    const char *value;
};

struct answer {
    struct buf bytes;
    struct http_response head; /* its spans point into `bytes` */
    struct json *json;         /* NULL when the body is none */
};

/* Connect; -1 when nobody listens. */
int wire_dial(uint16_t port);
int wire_dial_local(const char *path);

/* Send all of it. */
const char *wire_send(int fd, span_t bytes);

/* Send a request that asks for the end of the connection. */
const char *wire_request(int fd, const struct request *r);

/* Read one answer. */
const char *wire_answer(int fd, struct answer *out);

/* Dial, ask, read, close. */
const char *wire_ask(int fd, const struct request *r, struct answer *out);

void answer_drop(struct answer *a);

/* Whether the peer has ended the connection; waits up to `ms` for it. Bytes are thrown away. */
bool wire_ended(int fd, int ms);

#endif
