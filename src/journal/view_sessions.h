/*
 * view_sessions.h - the sessions that the view is at work on, and their lines not yet written.
 *
 * Floor      journal
 * Ownership  the table owns its entries; a pointer to one dies at the next add.
 * Errors     ERR_NOMEM.
 * Threads    one at a time.
 */
#ifndef JOURNAL_VIEW_SESSIONS_H
#define JOURNAL_VIEW_SESSIONS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash_map.h"
#include "base/uuid.h"
#include "journal/view_seen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_NONE UINT32_MAX

struct view_session {
    uuid_t id;
    struct buf tail;     /* how each of its lines ends: view_render_tail() */
    struct buf lines;    /* rendered, not yet in the file */
    uint32_t pending;    /* how many */
    uint64_t last_line;  /* number of the newest line in the file or pending */
    uint64_t size;       /* of the file */
    uint64_t sequence;   /* of the frame that the oldest pending line came from */
    mono_t since;        /* when that was */
    bool barred;         /* its file's name is taken by something else: no lines */
    bool ended;          /* drop the entry once it is written */
    uint32_t prev, next; /* in the list of those with pending lines, oldest first; or free list */
};

struct view_sessions {
    struct map by_id;
    struct view_session *items;
    uint32_t cap;
    uint32_t recent;         /* found last: records of a session come in runs; VIEW_NONE */
    uint32_t free;           /* head of the free list */
    uint32_t oldest, newest; /* with pending lines */
    uint32_t waiting;        /* how many of those */
    size_t bytes;            /* of all pending lines */
    struct view_seen seen;   /* of those that were swept */
};

void view_sessions_init(struct view_sessions *table);
void view_sessions_deinit(struct view_sessions *table);

/* The entry of that id, or NULL. */
struct view_session *view_sessions_get(struct view_sessions *table, uuid_t id);

/* The entry whose pending lines are oldest, or NULL. */
struct view_session *view_sessions_oldest(struct view_sessions *table);

/* Make an entry for the session of this customer. */
NODISCARD err_t view_sessions_add(struct view_sessions *table, uuid_t id, const char *email,
                                  struct view_session **out);

/* `more` bytes were appended as one line to the entry's `lines`. */
void view_sessions_pended(struct view_sessions *table, struct view_session *session, size_t more,
                          uint64_t sequence, mono_t now);

/* The pending lines stand in the file: forget them. */
void view_sessions_written(struct view_sessions *table, struct view_session *session);

/* Drop an entry without pending lines. */
void view_sessions_drop(struct view_sessions *table, struct view_session *session);

/* Drop all entries without pending lines, and note how long their files are. */
void view_sessions_sweep(struct view_sessions *table);

#endif
