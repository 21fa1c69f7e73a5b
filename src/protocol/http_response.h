/*
 * http_response.h - writes HTTP/1.1 answers into a buf.
 *
 * Floor      protocol
 * Source     RFC 9112 section 4; RFC 9110 section 15 (status), 5.6.7 (dates).
 * Units      sizes in bytes.
 * Ownership  the caller's buf; nothing is kept.
 * Errors     ERR_LIMIT or ERR_NOMEM of the buf; what was appended before stays. A field name or
 *            value with CR, LF, NUL or another control byte is a bug of ours: MUST.
 * Threads    no shared state.
 *
 * Order: begin, header*, then exactly one of end, end_head, finish.
 */
#ifndef PROTOCOL_HTTP_RESPONSE_H
#define PROTOCOL_HTTP_RESPONSE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

/* Append the status line. */
NODISCARD err_t http_response_begin(struct buf *out, unsigned status);

/* Append one field. */
NODISCARD err_t http_response_header(struct buf *out, const char *name, span_t value);

/* Append one field whose value is a whole number. */
NODISCARD err_t http_response_number(struct buf *out, const char *name, uint64_t value);

/* Append Content-Length, the empty line and the body. */
NODISCARD err_t http_response_end(struct buf *out, span_t body);

/* Append Content-Length of the body that GET would have got, and the empty line (for HEAD). */
NODISCARD err_t http_response_end_head(struct buf *out, size_t body_len);

/* Append only the empty line: for 101, 204 and 304, which have no Content-Length. */
NODISCARD err_t http_response_finish(struct buf *out);

/* Append "HTTP/1.1 100 Continue" and its empty line. */
NODISCARD err_t http_response_continue(struct buf *out);

enum { HTTP_DATE_LEN = 29 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Write the time as an IMF-fixdate, for Date; no NUL. Years 1970 to 9999, clamped. */
void http_date(wall_t at, char out[HTTP_DATE_LEN]);

#endif
