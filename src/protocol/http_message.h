/*
 * http_message.h - what HTTP/1.1 requests and answers have in common: fields, lists, the reader.
 *
 * Floor      protocol
 * Source     RFC 9110 (fields, lists), RFC 9112 (message syntax and framing).
 * Units      sizes and offsets in bytes.
 * Ownership  plain values; every span borrows from the bytes that the caller handed to the reader.
 * Errors     a message that breaks the grammar is an answer (HTTP_BAD), not an err_t.
 * Threads    no shared state; one caller per object.
 *
 * Strict on purpose: whatever two servers in a row could read in two ways is refused, and the
 * connection is closed after it (RFC 9112 section 11.2, request smuggling).
 */
#ifndef PROTOCOL_HTTP_MESSAGE_H
#define PROTOCOL_HTTP_MESSAGE_H

#include "base/limits.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_HEAD_MAX = LIMIT_HTTP_HEAD_BYTES, /* request line and fields; 431 beyond */
    HTTP_TARGET_MAX = LIMIT_TARGET_BYTES,  /* 414 beyond */
    HTTP_HEADERS_MAX = LIMIT_HTTP_HEADERS, /* fields in one message; 431 beyond */
    HTTP_BODY_MAX = LIMIT_HTTP_BODY_BYTES, /* what the server takes; 413 beyond */
    HTTP_BODY_LIMIT = 1 << 26,             /* the most a reader can be set to */
    HTTP_CHUNK_OVERHEAD_MAX = 8192, /* bytes of a chunked body that are not data; 413 beyond */
};

/* The most bytes that one request can occupy in the caller's buffer before it is READY or BAD. */
#define HTTP_REQUEST_MAX (HTTP_HEAD_MAX + HTTP_BODY_MAX + HTTP_CHUNK_OVERHEAD_MAX)

enum http_progress {
    HTTP_MORE,  /* not complete: call again with more bytes behind the same ones */
    HTTP_READY, /* `out` is filled */
    HTTP_BAD,   /* refused: answer reader->status, then close */
};

struct http_header {
    span_t name;  /* as sent: a token, at least one byte */
    span_t value; /* without surrounding blanks; may be empty */
};

/* Where one message stands. Holds offsets only, so the bytes may move between two calls. */
struct http_reader {
    const char *reason;    /* set by HTTP_BAD: static text, fit for a log */
    uint32_t body_max;     /* most body bytes taken */
    uint32_t scanned;      /* bytes looked at */
    uint32_t line_start;   /* where the line being looked for begins */
    uint32_t head_len;     /* bytes of the head, once it is complete */
    uint32_t body_len;     /* announced length, or chunk data compacted so far */
    uint32_t chunk_left;   /* data bytes of the current chunk still to come */
    uint32_t overhead;     /* bytes of the chunked body that were not data */
    uint16_t status;       /* set by HTTP_BAD: the status to answer */
    uint16_t authority_at; /* of an absolute-form target: to be equal to Host */
    uint16_t authority_len;
    uint16_t facts; /* bits: what the head has said so far */
    uint8_t phase;
    uint8_t header_count;
};

_Static_assert(sizeof(struct http_reader) <= 64, "one per connection");

/* Begin a message whose body may have up to `body_max` bytes. Also begins the next one. */
void http_reader_init(struct http_reader *r, size_t body_max);

/* Compare a span with a name without regard to ASCII case. */
bool http_name_eq(span_t text, const char *name);

/* Find the first field of this name; {NULL, 0} when there is none. */
span_t http_fields_find(const struct http_header *fields, size_t count, const char *name);

/* Count the fields of this name. */
size_t http_fields_count(const struct http_header *fields, size_t count, const char *name);

/* Take the next member of a comma-separated list, blanks trimmed, empty members skipped. False at
 * the end. `*rest` starts as the whole value and shrinks. Quoted strings are not understood. */
bool http_list_next(span_t *rest, span_t *out_member);

/* True when the comma-separated list holds this token, without regard to case. */
bool http_list_has(span_t list, const char *token);

#endif
