/*
 * http_request.h - a strict, resumable reader of HTTP/1.1 and 1.0 requests.
 *
 * Floor      protocol
 * Source     RFC 9112; RFC 3986 for the target; RFC 6750 2.1 for the bearer.
 * Units      sizes in bytes.
 * Ownership  `bytes` stay the caller's; the spans of a request point into them and live as long.
 * Errors     HTTP_BAD with r->status: 400 grammar or framing, 413 body, 414 target, 417 Expect,
 *            431 head or fields, 501 transfer coding, 505 version. Close after each of them.
 * Threads    one caller per reader.
 *
 * Decisions: absolute-form is taken when its authority equals Host. Paths are never decoded: none
 * of ours needs an escape, so an escaped one names nothing (404); broken escapes, %00, %2f, %5c,
 * %2e and the segments "." and ".." are 400. Trailers are refused. One empty line may precede the
 * request line. Two fields of one name are refused for Host, Content-Length, Transfer-Encoding,
 * Authorization, Content-Type, Expect and Origin.
 */
#ifndef PROTOCOL_HTTP_REQUEST_H
#define PROTOCOL_HTTP_REQUEST_H

#include "protocol/http_message.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER, /* a token that is none of the above; see method_text */
};

enum { HTTP_METHODS = HTTP_OTHER + 1 };

/* About 2.2 KiB: lives on the stack or in a loop's scratch, never in a connection. */
struct http_request {
    span_t method_text;
    enum http_method method;
    span_t target; /* as sent */
    span_t path;   /* starts with '/' ("*" for OPTIONS *); not decoded, nothing to decode in ours */
    span_t query;  /* behind '?', without it; empty when there is none */
    bool http_1_0;
    bool keep_alive;       /* what the client asked for */
    bool expects_continue; /* it said Expect: 100-continue */
    size_t header_count;
    struct http_header headers[HTTP_HEADERS_MAX];
    span_t body; /* chunks already joined */
    size_t used; /* bytes of this request; the next one, if pipelined, starts there */
};

/* Read on. bytes[0..len) is everything received since the request began, contiguous; chunked
 * bodies are compacted in place. `out` has a meaning only after HTTP_READY. Bytes behind the
 * request are not looked at. Any cut of the input gives the same result as the whole. After
 * HTTP_READY or HTTP_BAD begin again with http_reader_init(). */
enum http_progress http_read(struct http_reader *r, uint8_t *bytes, size_t len,
                             struct http_request *out);

/* After HTTP_MORE: true once, when the client waits for "100 Continue" before it sends its body. */
bool http_reader_take_continue(struct http_reader *r);

/* Find the first field of this name; {NULL, 0} when there is none. */
span_t http_header_find(const struct http_request *req, const char *name);

/* Count the fields of this name. */
size_t http_header_count(const struct http_request *req, const char *name);

enum http_found {
    HTTP_ABSENT,
    HTTP_FOUND,
    HTTP_MALFORMED, /* sent twice, broken escape, control byte, too long, or not a bearer */
};

/* Find a parameter of the query and decode it (%XX, and '+' as a blank) into out[0..cap). */
enum http_found http_query_get(span_t query, const char *name, uint8_t *out, size_t cap,
                               size_t *out_len);

/* Take the token of "Authorization: Bearer TOKEN" (RFC 6750: b64token characters only). */
enum http_found http_bearer(const struct http_request *req, span_t *out_token);

/* True when Content-Type is this media type, whatever its parameters; charset only utf-8. */
bool http_content_is(const struct http_request *req, const char *media_type);

/* True when Accept-Encoding names this coding with a weight above 0. */
bool http_accepts_coding(const struct http_request *req, const char *coding);

/* "GET" .. "OPTIONS"; "OTHER" for the rest. Static text. */
const char *http_method_name(enum http_method method);

#endif
