/*
 * policy.h - from risk to level, challenge and block.
 *
 * Floor      engine (may use: base)
 * Source     docs/engine/README.md, "Policy".
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_POLICY_H
#define ENGINE_POLICY_H

#include "engine/session_state.h"

#define POLICY_MARGIN       0.05 /* a level is left this much below its threshold */
#define POLICY_MARGIN_SHARE 0.25 /* but never more than this share of the threshold */

/* The level of `risk` for a session that stands at `level`: reached at its threshold, exactly;
 * left below threshold less margin. */
enum canara_level policy_level(const canara_config_t *config, double risk, enum canara_level level);

/* Draw the consequences of the risk as it stands, and say what changed since `before`. */
void policy_apply(struct session_state *s, const struct session_state *before,
                  const canara_config_t *config, canara_verdict_t *out);

/* The same without consequences. */
void policy_peek(const struct session_state *s, const canara_config_t *config,
                 canara_verdict_t *out);

#endif
