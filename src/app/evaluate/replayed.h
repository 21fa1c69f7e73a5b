/*
 * replayed.h - which events of a data set had been done before, as the server would have seen it.
 *
 * Floor      app/evaluate
 * Source     domain/learnt/replay_memory.h: sessions in order of time, each user one account.
 * Ownership  the caller's array.
 * Errors     ERR_NOMEM.
 * Threads    no state.
 */
#ifndef APP_REPLAYED_H
#define APP_REPLAYED_H

#include "base/err.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>

/* Set replayed[i], for every event of the set, to whether an earlier session's stretch ends in it. */
NODISCARD err_t replayed_find(const struct dataset *set, bool *replayed);

#endif
