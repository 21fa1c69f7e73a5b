/*
 * replay.h - sessions of buffer files through the engine, profiles learnt from one to the next.
 *
 * Floor      app/evaluate
 * Units      as canara.h says.
 * Ownership  replay_new/replay_free; the model is borrowed and must outlive it.
 * Errors     ERR_FORMAT: a time or value that the engine refuses; ERR_NOMEM.
 * Threads    one at a time.
 */
#ifndef APP_REPLAY_H
#define APP_REPLAY_H

#include "base/err.h"
#include "canara.h"
#include "lab/sets/buffers.h"

#include <stdbool.h>

struct replay;

struct replay_result {
    canara_verdict_t verdict; /* at the last line */
    canara_reason_t reason[CANARA_REASONS_MAX];
    size_t reasons;
    canara_learning_t learning; /* of the profile that it was scored with */
};

NODISCARD err_t replay_new(const struct canara_model *model, bool learn, struct replay **out);
void replay_free(struct replay **r);

/* Score one session, then learn from it. A customer's sessions come in the order of their time. */
NODISCARD err_t replay_session_of(struct replay *r, const struct buffer_session *s,
                                  struct replay_result *out);

#endif
