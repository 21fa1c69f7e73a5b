/*
 * view_line.h - a record as people read it: the data of an event, and a line of a buffer file.
 *
 * Floor      journal
 * Source     CONTRACT.md 5, buffer files
 * Ownership  the renderer holds its memory: view_renderer_init/deinit; lines go to the caller's buf.
 * Errors     ERR_NOMEM, ERR_LIMIT; the caller's buf is then unchanged.
 * Threads    one at a time per renderer.
 */
#ifndef JOURNAL_VIEW_LINE_H
#define JOURNAL_VIEW_LINE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "journal/record.h"

/* Heads with longer types are written each time. */
enum { VIEW_HEAD_TYPE = 64, VIEW_HEAD_BYTES = 128 };

struct view_renderer {
    struct buf shown;   /* data without what must not be seen */
    struct buf compact; /* and without white space */

    /* how the newest line began: those of one message, and of one millisecond, mostly begin alike */
    struct {
        wall_t at;
        size_t type_len;
        size_t len; /* 0: none is kept */
        uint8_t type[VIEW_HEAD_TYPE];
        uint8_t text[VIEW_HEAD_BYTES];
    } head;
};

void view_renderer_init(struct view_renderer *renderer);
void view_renderer_deinit(struct view_renderer *renderer);

/* The record's data as one JSON object without white space; a secret's keys become their count.
 * What is no object, or cannot be redacted, becomes {}. Lent until the next call. */
NODISCARD err_t view_render_data(struct view_renderer *renderer, const journal_record_t *record,
                                 span_t *out);

/* Append how every line of a session ends: its id, the customer's email, the newline. `out` is empty. */
NODISCARD err_t view_render_tail(uuid_t session, const char *email, struct buf *out);

/* Append the line of the record; `tail` is that of its session. */
NODISCARD err_t view_render_line(struct view_renderer *renderer, const journal_record_t *record,
                                 span_t tail, struct buf *out);

#endif
