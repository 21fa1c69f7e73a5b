/*
 * policy.h - from risk to level, challenge and block.
 *
 * Floor      engine/session
 * Source     docs/engine/README.md, "Policy".
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_POLICY_H
#define ENGINE_POLICY_H

#include "engine/session/session_state.h"

#define POLICY_MARGIN       0.05 /* a level is left this much below its threshold */
#define POLICY_ASKED        8    /* events about the person, docs/decisions/0023 */
#define POLICY_MARGIN_SHARE 0.25 /* but never more than this share of the threshold */

/* The level of `risk` for a session that stands at `level`: reached at its threshold, exactly;
 * left below threshold less margin. */
enum canara_level policy_level(const canara_config_t *config, double risk, enum canara_level level);

/* A rhythm asks before it blocks: what events say about the person lifts the risk to POLICY_MARGIN below
 * the threshold of a block at most, until a challenge has waited for POLICY_ASKED of them. Nobody is
 * blocked for typing otherwise today without having been asked for the MPIN, not even by a batch of
 * events. `unheard` is the state before the event spoke about the person. */
void policy_hear(struct session_state *s, const session_mark_t *unheard,
                 const canara_config_t *config);

/* Draw the consequences of the risk as it stands, and say what changed since `before`. */
void policy_apply(struct session_state *s, const session_mark_t *before,
                  const canara_config_t *config, canara_verdict_t *out);

/* The same without consequences. */
void policy_peek(const struct session_state *s, const canara_config_t *config,
                 canara_verdict_t *out);

#endif
