/*
 * view.h - session_buffers/{session_id}.jsonl: the journal as one file of lines per session.
 *
 * Floor      journal
 * Source     CONTRACT.md 5, buffer files
 * Units      lines count from 1; ages in ms.
 * Ownership  the caller owns the view until view_close(), and closes it before the journal.
 * Errors     ERR_IO, ERR_NOMEM, ERR_TIMEOUT (a flush that took too long), ERR_LIMIT (too many
 *            waiting flushes).
 * Threads    one follower thread writes; view_flush() and view_read_tail() from any thread.
 *
 * A line is {"timestamp":"...Z","event_type":"...","data":{...},"session_id":"...","user_email":"..."}.
 * A damaged frame of the journal is passed over: {"event_type":"session_line_lost"} stands for a line that is
 * known to be missing, and the sessions that were not in it lose nothing.
 * After a crash a file with k whole lines gets the lines above k, so nothing is lost or doubled.
 */
#ifndef JOURNAL_VIEW_H
#define JOURNAL_VIEW_H

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "journal/journal.h"

#include <stddef.h>
#include <stdint.h>

struct log;
struct view;

/* Room for an e-mail address with its NUL. */
#define VIEW_EMAIL_BYTES 256

/* A session's lines are written when so many wait, or when the oldest is so old. */
#define VIEW_PENDING_LINES 128U
#define VIEW_PENDING_MS    500

/* Most rendered bytes that wait in memory; beyond, the oldest are written at once. */
#define VIEW_PENDING_BYTES_DEFAULT ((size_t)64 << 20)

/* Most bytes that view_read_tail() looks at. */
#define VIEW_TAIL_BYTES_MAX ((size_t)64 << 20)

struct view_config {
    const char *dir; /* DATA_DIR/session_buffers; made (0700) when missing */
    struct journal *journal;
    /* The address of an account, NUL-terminated; empty: no such account (any more).
     * An error (the store is away) makes the view wait and ask again. Called by the follower. */
    err_t (*email_of)(void *context, uuid_t account, char out[VIEW_EMAIL_BYTES]);
    void *context;
    int retention_days;   /* files not written for so long go; 0: kept for ever */
    size_t pending_bytes; /* 0: VIEW_PENDING_BYTES_DEFAULT */
    uint32_t flush_ms;    /* longest wait of view_flush(); 0: 5000 */
    uint32_t idle_max;    /* sessions kept for their next line, more are let go; 0: 65,536 */
    const struct clock *clock;
    const struct clock *vouched; /* retention goes by this one; NULL: by `clock` */
    struct log *log;             /* NULL: silent */
};

/* Make the directory, take up where the last view ended, start the follower. */
NODISCARD err_t view_open(const struct view_config *config, struct view **out);

/* Write everything that is durable, remember the place, join, free. Accepts NULL. */
void view_close(struct view **view);

/* Wait until every line of the session that is durable now stands in its file. Blocks. */
NODISCARD err_t view_flush(struct view *view, uuid_t session);

/* Called for one line, without its newline; an error ends the reading and is returned. */
typedef err_t (*view_line_fn)(void *context, span_t line);

/* Hand the newest `max_lines` lines of the file, oldest first, to `each`; no file: none. Blocks. */
NODISCARD err_t view_read_tail(struct view *view, uuid_t session, size_t max_lines,
                               view_line_fn each, void *context);

struct view_stats {
    uint64_t lines;       /* written since open */
    uint64_t writes;      /* file operations since open */
    uint64_t lost_frames; /* damaged, and passed over, since open */
    uint64_t pending_bytes;
    uint64_t pending_sessions;
    uint64_t sequence; /* frames below it are taken in */
};

void view_stats_read(struct view *view, struct view_stats *out);

#endif
