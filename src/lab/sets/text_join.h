/*
 * text_join.h - free text that a set tells in pieces, put together again.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md, "Texts in pieces". The engine compares texts of TEXT_KEYS_MIN keys and more
 *            (sample.h); a word or a key at a time is no text to it, and looks like a short entry of its own.
 * Units      milliseconds.
 * Ownership  the keys of a text put together come out of `pool`; the events are changed where they lie.
 * Errors     ERR_NOMEM; the events can then only be freed.
 * Threads    one at a time.
 */
#ifndef LAB_TEXT_JOIN_H
#define LAB_TEXT_JOIN_H

#include "base/err.h"
#include "lab/sets/dataset.h"
#include "lab/sets/pool.h"

#include <stddef.h>

enum {
    TEXT_JOIN_PIECES =
        4, /* short entries of a field in a session, before it tells whether they are alike */
    TEXT_JOIN_ALIKE =
        70, /* percent of them with the same classes of keys: an entry that comes again */
    TEXT_JOIN_FIELDS = 256, /* that are told apart; what comes behind stays as it is */
};

/* Put the pieces of free text together, session by session: neighbours among the `keystrokes` of one field, of which a
 * session holds many and no two alike. Events behind them move up; `*joined` is how many were taken into others. */
NODISCARD err_t text_join(struct pool *pool, struct dataset_session *sessions,
                          size_t sessions_count, struct dataset_event *events, size_t *events_count,
                          size_t *joined);

#endif
