/*
 * dataset_line.h - one line of a data set's files: an event, or a row of names. Inner part of
 *                  dataset.c.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md.
 * Units      as canara.h says.
 * Ownership  what is parsed borrows from the line and from the scratch, until the next call.
 * Errors     none of the world's: an answer, with a line_fault when it is a refusal.
 * Threads    one at a time per scratch.
 */
#ifndef LAB_DATASET_LINE_H
#define LAB_DATASET_LINE_H

#include "base/span.h"
#include "codec/event_scan.h"
#include "lab/sets/dataset.h"

/* Names of the open objects of one line: its own and those that data may have. */
enum { LINE_NAMES_MAX = 9 * 256 };

enum line_answer { LINE_OK, LINE_REFUSED };

struct line_fault {
    const char *message; /* static words: what is wrong and what is allowed */
    char field[64];      /* empty for the whole line */
};

/* Large: from the heap. */
struct line_scratch {
    struct event_lab_scratch events;
    span_t names[LINE_NAMES_MAX];
    uint8_t text[DATASET_LINE_BYTES]; /* strings that had escapes: never longer than the line */
};

/* A line taken apart, its names checked, its data a whole value. */
struct line_text {
    wall_t at;
    span_t type, data, session;
    span_t email;   /* the account: an address or a name; empty when the line has none */
    uint32_t notes; /* NOTE_BIT()s of what was taken although it is not as it should be */
};

enum line_answer line_text_parse(struct line_scratch *s, span_t line, struct line_text *out,
                                 struct line_fault *fault);

/* The typed event of such a line; one of a kind that nobody knows is CANARA_UNKNOWN, whatever its data.
 * Adds to `*notes`. */
enum line_answer line_event_parse(struct line_scratch *s, const struct line_text *text,
                                  canara_event_t *out, uint32_t *notes, struct line_fault *fault);

struct event_line {
    wall_t at;
    span_t session, email; /* email: empty when the line has none */
    uint32_t notes;
    canara_event_t event;
};

/* Parse a line of events.jsonl, without its line end. */
enum line_answer event_line_parse(struct line_scratch *s, span_t line, struct event_line *out,
                                  struct line_fault *fault);

/* The files of names: how many columns a row has. */
enum row_form { ROW_BACKGROUND = 1, ROW_ENROL = 2, ROW_TRIAL = 3 };

struct name_row {
    span_t model, session; /* model: empty in a background row */
    enum dataset_label label;
    uint32_t notes;
};

/* Parse a row of a .tsv, without its line feed; blanks and a carriage return at its end are passed over. */
enum line_answer name_row_parse(enum row_form form, span_t line, struct name_row *out,
                                struct line_fault *fault);

/* Whether a row says nothing but what its columns are called: model, session, label. */
bool name_row_is_header(enum row_form form, span_t line);

/* Whether a line has nothing but blanks and carriage returns. */
bool line_is_blank(span_t line);

/* UTF-8's byte order mark, which only editors write: passed over at the beginning of a file alone. */
bool line_has_mark(span_t line);

enum { LINE_MARK_BYTES = 3 };

/* 1..DATASET_NAME_BYTES of [A-Za-z0-9._@-]: what sessions, models and sets are called that we write. */
bool dataset_name_is_good(span_t text);

/* 1..DATASET_NAME_LONGEST bytes of printable UTF-8 without a blank at either end: what they may be called
 * that we read. */
bool dataset_name_is_readable(span_t text);

#endif
