/*
 * view_seen.h - how many lines the files have of sessions that the view has let go, and how long they are.
 *
 * A file that is as it was left need not be read through for the next line of its session.
 *
 * Floor      journal
 * Units      bytes; a table of VIEW_SEEN_ROWS, 16 bytes each, from the first note on.
 * Ownership  the holder calls view_seen_deinit().
 * Errors     none: what finds no memory, is too large or shares a row with a later one is forgotten.
 * Threads    one at a time.
 */
#ifndef JOURNAL_VIEW_SEEN_H
#define JOURNAL_VIEW_SEEN_H

#include "base/hash.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stdint.h>

enum { VIEW_SEEN_ROWS = 1 << 20 };

struct view_seen {
    struct view_seen_row *row; /* NULL until the first note */
    hash_key_t key;
};

void view_seen_init(struct view_seen *seen, uint64_t seed);
void view_seen_deinit(struct view_seen *seen);

void view_seen_note(struct view_seen *seen, uuid_t session, uint64_t lines, uint64_t size);

/* What was noted last of this session; false, and nothing set, when it is forgotten. */
bool view_seen_find(const struct view_seen *seen, uuid_t session, uint64_t *lines, uint64_t *size);

#endif
