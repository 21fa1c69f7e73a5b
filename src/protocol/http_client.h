/*
 * http_client.h - reads HTTP/1.1 answers, for our own tools (demo, simulate, load test).
 *
 * Floor      protocol
 * Source     RFC 9112.
 * Units      sizes in bytes.
 * Ownership  `bytes` stay the caller's; the spans of an answer point into them and live as long.
 * Errors     HTTP_BAD with r->reason. A body that ends with the connection is refused: each answer
 *            needs Content-Length or chunks, unless its status allows no body.
 * Threads    one caller per reader.
 */
#ifndef PROTOCOL_HTTP_CLIENT_H
#define PROTOCOL_HTTP_CLIENT_H

#include "protocol/http_message.h"

struct http_response {
    unsigned status; /* 100..999; 1xx other than 101 are READY too: skip `used` and read on */
    bool keep_alive;
    size_t header_count;
    struct http_header headers[HTTP_HEADERS_MAX];
    span_t body; /* chunks already joined */
    size_t used; /* bytes of this answer; with 101, what follows is WebSocket frames */
};

/* Read on; as http_read(). `to_head` tells that the request was HEAD, whose answer has no body. */
enum http_progress http_response_read(struct http_reader *r, uint8_t *bytes, size_t len,
                                      bool to_head, struct http_response *out);

/* Find the first field of this name; {NULL, 0} when there is none. */
span_t http_response_find(const struct http_response *res, const char *name);

#endif
