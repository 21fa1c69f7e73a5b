#include "journal/view_seen.h"

#include <stdlib.h>

enum { SIZE_BITS = 40 }; /* a terabyte, and 16 million lines */

struct view_seen_row {
    uint64_t mark; /* of the session; 0: nobody */
    uint64_t lines_and_size;
};

void view_seen_init(struct view_seen *seen, uint64_t seed)
{
    *seen = (struct view_seen){.key = hash_key_of(seed)};
}

void view_seen_deinit(struct view_seen *seen)
{
    free(seen->row);
    seen->row = NULL;
}

static uint64_t mark_of(const struct view_seen *seen, uuid_t session)
{
    return hash_bytes(seen->key, (span_t){session.byte, sizeof session.byte}) | 1;
}

static struct view_seen_row *row_of(const struct view_seen *seen, uint64_t mark)
{
    return &seen->row[(mark >> 1) % VIEW_SEEN_ROWS];
}

void view_seen_note(struct view_seen *seen, uuid_t session, uint64_t lines, uint64_t size)
{
    if (seen->row == NULL) {
        seen->row = calloc(VIEW_SEEN_ROWS, sizeof *seen->row);
    }
    if (seen->row == NULL || size >> SIZE_BITS != 0 || lines >> (64 - SIZE_BITS) != 0) {
        return;
    }
    const uint64_t mark = mark_of(seen, session);
    *row_of(seen, mark) =
        (struct view_seen_row){.mark = mark, .lines_and_size = lines << SIZE_BITS | size};
}

bool view_seen_find(const struct view_seen *seen, uuid_t session, uint64_t *lines, uint64_t *size)
{
    if (seen->row == NULL) {
        return false;
    }
    const uint64_t mark = mark_of(seen, session);
    const struct view_seen_row *const row = row_of(seen, mark);
    if (row->mark != mark) {
        return false;
    }
    *lines = row->lines_and_size >> SIZE_BITS;
    *size = row->lines_and_size & ((UINT64_C(1) << SIZE_BITS) - 1);
    return true;
}
