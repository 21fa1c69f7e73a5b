/*
 * event_scan.h - one client message into typed events: strict, in one pass, without allocation.
 *
 * Floor      codec
 * Source     RFC 8259; CONTRACT.md sections 4 and 5.
 * Units      as canara.h says.
 * Ownership  `struct event_scratch` is the caller's (one per loop, from the heap: it is large).
 *            Scanned events borrow from the message and from the scratch: both must outlive them,
 *            and the next event_scan() with the same scratch ends them.
 * Errors     none of the world's: every outcome is an answer (enum scan_outcome).
 * Threads    one at a time per scratch.
 * Precision  numbers are the double nearest to their text, the same bits as strtod gives.
 *
 * Refused as "Invalid JSON format": wrong syntax, NaN, Infinity and numbers beyond a double, numbers
 * of more than 128 characters, duplicate names in one object, more than 256 members in one object,
 * depth > 8 (an event counts from its own brace), arrays > 4096, strings > 1 KiB (decoded),
 * bad UTF-8, \u0000, bytes behind the end. Such a fault goes before every other.
 */
#ifndef CODEC_EVENT_SCAN_H
#define CODEC_EVENT_SCAN_H

#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"
#include "canara.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EVENT_MESSAGE_MAX = LIMIT_WS_MESSAGE_BYTES, /* bytes of one message */
    EVENTS_PER_MESSAGE_MAX = LIMIT_EVENTS_PER_MESSAGE,
    EVENT_LAB_MAX = 512 * 1024, /* bytes of one event's data in a data set */
    EVENT_TYPE_MAX = LIMIT_EVENT_TYPE_BYTES,
    EVENT_TIMESTAMP_MAX = 64,
    SCAN_NAMES_MAX = LIMIT_JSON_DEPTH * 256, /* names of all open objects */
};

#define EVENT_SEQ_MAX ((INT64_C(1) << 53) - 1) /* what a JavaScript client can count */

typedef struct scanned_event {
    span_t type;      /* event_type: 1..64 of [a-z0-9_] */
    span_t data;      /* the JSON object, verbatim bytes of the message */
    span_t timestamp; /* the client's, decoded, <= 64 bytes, never trusted; empty when not sent */
    bool has_seq;
    int64_t seq; /* 0..EVENT_SEQ_MAX */
    bool secret; /* keystrokes of a field "password" or "mpin": redact before showing */
    canara_event_t event;
} scanned_event_t;

typedef struct scan_fault {
    const char *message; /* static words: what is wrong and what is allowed */
    char field[64];      /* "data.words_per_minute", "[3].seq"; empty for the whole message */
} scan_fault_t;

enum scan_outcome { SCAN_OK, SCAN_REFUSED };

/* Fixed memory for one scan: enough for what any message of EVENT_MESSAGE_MAX bytes can hold. */
struct event_scratch {
    size_t text_len;   /* bytes used of `text` */
    size_t arrays_len; /* bytes used of `arrays` */
    span_t names[SCAN_NAMES_MAX];
    uint8_t text[EVENT_MESSAGE_MAX]; /* strings that had escapes: never longer than the message */
    /* The densest array is a pointer path: 10 bytes of message, 48 of memory for each point. */
    _Alignas(16) uint8_t arrays[5 * EVENT_MESSAGE_MAX];
};

/* The same for one event of a data set, which may be larger than a message. Its arrays are not: a field has at most
 * 4096 numbers, 2048 points or 512 keys, and an event at most one such field. */
struct event_lab_scratch {
    struct event_scratch scan;
    uint8_t text[EVENT_LAB_MAX];
};

/*
 * Scan one message: an event object, or an array of 1 to 256. On SCAN_OK out[0..*count) is filled;
 * on SCAN_REFUSED only `*fault` is, and nothing of `out` may be used (all or nothing).
 */
NODISCARD enum scan_outcome event_scan(struct event_scratch *s, span_t text,
                                       scanned_event_t out[EVENTS_PER_MESSAGE_MAX], size_t *count,
                                       scan_fault_t *fault);

/* Scan one event whose type and `data` were taken apart before: out of the journal, for scoring it
 * again. The same typed event comes out as from the message that it came in. `features` is refused. */
NODISCARD enum scan_outcome event_scan_stored(struct event_scratch *s, span_t type, span_t data,
                                              scanned_event_t *out, scan_fault_t *fault);

/* What other people's data sets have and a client may not, in an event that was taken all the same. */
enum event_odd {
    EVENT_ODD_NAME =
        1 << 0, /* a `field` or `name` of other bytes than [a-z0-9_-], or of more than 64 */
    EVENT_ODD_NULL = 1 << 1,   /* null where a field was expected: it is absent */
    EVENT_ODD_CLASS = 1 << 2,  /* keys without a class: other */
    EVENT_ODD_MEMBER = 1 << 3, /* keys with members that nobody knows */
    EVENT_ODD_SECRET = 1 << 4, /* the number of keys in place of the keys: they are absent */
};

/* The same for an event of an evaluation data set, which need not be as a client's must: `features` is
 * taken too, with name and values; keys of a secret field may have classes; a `field` or `name` may be
 * any printable UTF-8 (the event then has a hash of it, which is in the engine's letters); null is the
 * absence of a field, of a key's too; a key may lack its class and have members that nobody knows; the keys may be
 * a number, as a secret field's are kept. `*odd` gets the bits of enum event_odd that were met.
 * Nothing that a client or a journal can bring is to come this way. */
NODISCARD enum scan_outcome event_scan_lab(struct event_lab_scratch *s, span_t type, span_t data,
                                           scanned_event_t *out, unsigned *odd,
                                           scan_fault_t *fault);

/* True for names of facts that only the server states (`session_*`, `mpin_failed`, ...). */
NODISCARD bool event_type_is_server_fact(span_t type);

#endif
