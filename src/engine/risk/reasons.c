/* reasons.c - why the risk is what it is: the table of rules with what each says now. */
#include "canara.h"
#include "engine/session/filter.h"
#include "engine/session/rules.h"
#include "engine/session/session_state.h"

#include <math.h>

#define REASON_MIN_NATS 0.01 /* less is no reason */

/* Keep `r` among the strongest, in order; equals stay in the order of the table. */
static size_t insert(canara_reason_t out[CANARA_REASONS_MAX], size_t n, canara_reason_t r)
{
    if (!(fabs(r.nats) >= REASON_MIN_NATS)) {
        return n;
    }
    size_t at = n;
    while (at > 0 && fabs(out[at - 1].nats) < fabs(r.nats)) {
        at--;
    }
    if (at == CANARA_REASONS_MAX) {
        return n;
    }
    const size_t last = n < CANARA_REASONS_MAX ? n : CANARA_REASONS_MAX - 1;
    for (size_t i = last; i > at; i--) {
        out[i] = out[i - 1];
    }
    out[at] = r;
    return last + 1;
}

static canara_reason_t reason(const struct rule *row, double nats)
{
    return (canara_reason_t){.name = row->name, .family = row->family, .nats = nats};
}

size_t canara_reasons(const canara_session_t *session, int64_t at_ms,
                      canara_reason_t out[CANARA_REASONS_MAX])
{
    struct session_state s;
    if (!session_load(session, &s)) {
        return 0;
    }
    filter_advance(&s, at_ms < SESSION_TIME_MAX ? at_ms : SESSION_TIME_MAX);

    size_t n = 0;
    for (unsigned i = 0; i < SHARES; i++) {
        n = insert(out, n, reason(share_row((enum share)i), s.share[i]));
    }
    for (unsigned i = 0; i < BOT_RULES; i++) {
        n = insert(out, n, reason(bot_rule_row((enum bot_rule)i), s.bot[i]));
    }
    for (unsigned i = 0; i < CONTEXT_RULES; i++) {
        n = insert(out, n, reason(context_rule_row((enum context_rule)i), s.context[i]));
    }
    return n;
}
