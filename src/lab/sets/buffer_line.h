/*
 * buffer_line.h - one line of a buffer file, as the server writes them: an event of the customer's, a
 *                 fact of the server's, or what is left of secret typing.
 *
 * Floor      lab/sets
 * Source     CONTRACT.md 5, buffer files.
 * Units      as canara.h says.
 * Ownership  what is parsed borrows from the line and from the scratch, until the next call.
 * Errors     none of the world's: an answer, with a line_fault when it is a refusal.
 * Threads    one at a time per scratch.
 */
#ifndef LAB_BUFFER_LINE_H
#define LAB_BUFFER_LINE_H

#include "lab/sets/dataset_line.h"

enum buffer_kind {
    BUFFER_EVENT,  /* `event` */
    BUFFER_FACT,   /* `fact`, `value` */
    BUFFER_SECRET, /* typing of a password or a MPIN, of which the file keeps the number of keys */
    BUFFER_REMARK, /* a line of the server's that says nothing to the engine, or not enough */
};

struct buffer_line {
    enum buffer_kind kind;
    struct line_text text;
    canara_event_t event;
    enum canara_fact fact;
    double value;
};

/* Parse a line without its line end. Earlier results of the batch path are a remark: a result that
 * rested on the last one would be an echo. */
enum line_answer buffer_line_parse(struct line_scratch *s, span_t line, struct buffer_line *out,
                                   struct line_fault *fault);

#endif
