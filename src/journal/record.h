/*
 * record.h - one thing that happened in a session, as the journal keeps it, and its bytes.
 *
 * Floor      journal
 * Units      wall_t in ms since 1970; line and seq are counts; value as enum canara_fact says.
 * Ownership  spans are borrowed: the writer copies them, a reader lends them until its next call.
 * Errors     ERR_RANGE for a record that is too long, ERR_FORMAT for bytes that are no record.
 * Threads    values; no state.
 *
 * On disk (little endian, JOURNAL_RECORD_FIXED bytes, then type, client_time, data):
 *   u32 length of all, u8 kind, u8 flags, u16 fact, u16 type length, u16 client_time length,
 *   u32 data length, session[16], account[16], i64 at, u64 line, i64 seq, f64 value.
 */
#ifndef JOURNAL_RECORD_H
#define JOURNAL_RECORD_H

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most bytes of each part of a record. */
#define JOURNAL_TYPE_MAX        ((size_t)64)
#define JOURNAL_CLIENT_TIME_MAX ((size_t)64)
#define JOURNAL_DATA_MAX        ((size_t)65536)

/* Bytes of a record before its texts, and of the longest record. */
#define JOURNAL_RECORD_FIXED ((size_t)80)
#define JOURNAL_RECORD_MAX \
    (JOURNAL_RECORD_FIXED + JOURNAL_TYPE_MAX + JOURNAL_CLIENT_TIME_MAX + JOURNAL_DATA_MAX)

/* `fact` of a record that carries no fact for the engine; `seq` of one without a client number. */
#define JOURNAL_NO_FACT UINT16_C(0xffff)
#define JOURNAL_NO_SEQ  INT64_C(-1)

enum journal_kind {
    JOURNAL_EVENT,        /* a client's event */
    JOURNAL_FACT,         /* a server fact: risk_score_update, mpin_verified, session_blocked ... */
    JOURNAL_SESSION_OPEN, /* `data` says who and how, JSON */
    JOURNAL_SESSION_END,  /* nothing of this session comes after it */
    JOURNAL_KINDS
};

typedef struct journal_record {
    enum journal_kind kind;
    uuid_t session;
    uuid_t account;
    wall_t at;
    uint64_t line; /* number of its line in the session's buffer file, from 1; 0: it makes none */
    int64_t seq;   /* the client's number, or JOURNAL_NO_SEQ */
    bool secret;   /* keystrokes of a secret field: the view shows no keys */
    uint16_t fact; /* enum canara_fact, or JOURNAL_NO_FACT */
    double value;  /* of the fact, bit for bit */
    span_t type;   /* event_type */
    span_t data;   /* one JSON object, verbatim; empty stands for {} */
    span_t client_time; /* as the client sent it; empty: not sent */
} journal_record_t;

/* Bytes of the record on disk; ERR_RANGE if one of its parts is too long. */
NODISCARD err_t journal_record_size(const journal_record_t *record, size_t *out);

/* Write the fixed bytes; the texts follow in the order type, client_time, data. */
void journal_record_head(const journal_record_t *record, size_t size,
                         uint8_t out[JOURNAL_RECORD_FIXED]);

/* Read the record at the start of `bytes`; spans point into it. `*out_size` is what it took. */
NODISCARD err_t journal_record_read(span_t bytes, journal_record_t *out, size_t *out_size);

/* "event", "fact", "session_open", "session_end". */
const char *journal_kind_name(enum journal_kind kind);

#endif
