/*
 * http_parse.h - inside of this floor: the machine that both HTTP readers are made of.
 *
 * Floor      protocol
 * Source     RFC 9112 sections 2.2, 5, 6, 7.
 * Ownership  as http_message.h.
 * Errors     a refusal sets status and reason of the reader and gives false (or HTTP_BAD).
 * Threads    one caller per reader.
 *
 * The machine finds lines, gives each to the rules of the message at hand, then reads the body.
 * A head that arrived in pieces is read once more when all is there, because the spans of the
 * first pass may point into bytes that have moved since.
 */
#ifndef PROTOCOL_HTTP_PARSE_H
#define PROTOCOL_HTTP_PARSE_H

#include "protocol/http_message.h"

enum http_phase {
    HTTP_PHASE_START, /* before the end of the first line */
    HTTP_PHASE_FIELDS,
    HTTP_PHASE_BODY, /* body_len bytes */
    HTTP_PHASE_CHUNK_SIZE,
    HTTP_PHASE_CHUNK_DATA,
    HTTP_PHASE_CHUNK_END,
    HTTP_PHASE_TRAILER,
    HTTP_PHASE_DONE,
    HTTP_PHASE_BAD,
};

/* What the head has said; the ONCE bits also refuse a second field of the same name. */
enum http_fact {
    HTTP_ONCE_HOST = 1U << 0,
    HTTP_ONCE_LENGTH = 1U << 1,
    HTTP_ONCE_CODING = 1U << 2,
    HTTP_ONCE_EXPECT = 1U << 3,
    HTTP_ONCE_AUTHORIZATION = 1U << 4,
    HTTP_ONCE_TYPE = 1U << 5,
    HTTP_ONCE_ORIGIN = 1U << 6,
    HTTP_SAYS_CLOSE = 1U << 7,
    HTTP_SAYS_KEEP = 1U << 8,
    HTTP_IS_1_0 = 1U << 9,
    HTTP_IS_ABSOLUTE = 1U << 10,
    HTTP_IN_PIECES = 1U << 11,
    HTTP_EMPTY_LINE = 1U << 12,
    HTTP_CONTINUE_TAKEN = 1U << 13,
};

enum http_set { HTTP_SET_TOKEN, HTTP_SET_PATH, HTTP_SET_QUERY, HTTP_SET_HOST, HTTP_SET_B64TOKEN };

/* The message being read: who owns the fields, and what comes out. */
struct http_message {
    struct http_header *headers; /* [HTTP_HEADERS_MAX] */
    void *self;                  /* struct http_request or http_response */
    const uint8_t *bytes;
    size_t header_count;
    span_t body;
    size_t used;
};

/* What differs between requests and answers. Each refuses through http_refuse(). */
struct http_rules {
    bool (*first_line)(struct http_reader *r, span_t line, struct http_message *m);
    bool (*field)(struct http_reader *r, const struct http_header *field, struct http_message *m);
    bool (*head_end)(struct http_reader *r, struct http_message *m); /* sets the next phase */
};

/* Read on by these rules; `m` is filled at HTTP_READY. */
enum http_progress http_message_read(struct http_reader *r, const struct http_rules *rules,
                                     uint8_t *bytes, size_t len, struct http_message *m);

/* Refuse the message. Always false. */
bool http_refuse(struct http_reader *r, unsigned status, const char *reason);

/* Note that a field was seen; refuses its second coming. */
bool http_once(struct http_reader *r, enum http_fact fact);

static inline bool http_has(const struct http_reader *r, enum http_fact fact)
{
    return (r->facts & (unsigned)fact) != 0;
}

static inline void http_note(struct http_reader *r, enum http_fact fact)
{
    r->facts = (uint16_t)(r->facts | (unsigned)fact);
}

/* Framing fields, the same for both kinds: Content-Length, Transfer-Encoding, Connection. */
bool http_take_length(struct http_reader *r, span_t value);
bool http_take_coding(struct http_reader *r, span_t value);
bool http_take_connection(struct http_reader *r, span_t value);

/* Go to the phase of the body that the head announced; no framing field means no body. */
void http_enter_body(struct http_reader *r);

/* Drop blanks and tabs at both ends. */
span_t http_trim(span_t text);

/* True when the byte belongs to the set; true when all bytes do (also when there are none). */
bool http_in(enum http_set set, uint8_t c);
bool http_all_in(enum http_set set, span_t text);

/* Compare two spans without regard to ASCII case. */
bool http_same(span_t a, span_t b);

/* The value of a hexadecimal digit, -1 for another byte. */
int http_hex(uint8_t c);

#endif
