/* canara.c - the public face: check, let time pass, look, draw the consequences, store. */
#include "canara.h"

#include "engine/profile/person.h"
#include "engine/risk/context.h"
#include "engine/samples/event_check.h"
#include "engine/session/bots.h"
#include "engine/session/filter.h"
#include "engine/session/policy.h"
#include "engine/session/session_state.h"

#include <math.h>

canara_config_t canara_config_default(void)
{
    return (canara_config_t){.monitor = 0.4, .challenge = 0.7, .block = 0.9};
}

/* The thresholds to use: those given, or the default ones for NULL. */
static canara_config_t config_of(const canara_config_t *config)
{
    return config == NULL ? canara_config_default() : *config;
}

enum canara_status canara_config_check(const canara_config_t *config)
{
    const canara_config_t c = config_of(config);
    const bool right =
        c.monitor > 0.0 && c.monitor <= c.challenge && c.challenge <= c.block && c.block <= 1.0;
    return right ? CANARA_OK : CANARA_BAD_VALUE;
}

void canara_session_begin(canara_session_t *session, int64_t at_ms)
{
    const int64_t at = at_ms < 0 ? 0 : (at_ms > SESSION_TIME_MAX ? SESSION_TIME_MAX : at_ms);
    struct session_state s;
    filter_begin(&s, at);
    memset(session, 0, sizeof *session);
    session_store(session, &s);
}

enum canara_status canara_observe(canara_session_t *session, const canara_config_t *config,
                                  const struct canara_profile *profile, const canara_event_t *event,
                                  int64_t at_ms, canara_verdict_t *out)
{
    const canara_config_t thresholds = config_of(config);
    struct session_state *const s = session_inside(session);
    if (at_ms < 0 || at_ms > SESSION_TIME_MAX) {
        return CANARA_BAD_TIME;
    }
    if (s == NULL || canara_config_check(&thresholds) != CANARA_OK || !event_check(event)) {
        return CANARA_BAD_VALUE;
    }

    session_mark_t before;
    session_mark(s, &before);
    filter_advance(s, at_ms);
    bots_look(s, event, at_ms);
    context_look(s, profile, event);
    session_mark_t unheard;
    session_mark(s, &unheard);
    person_look(s, profile, event);
    person_look_at_page(s, profile, event);
    policy_hear(s, &unheard, &thresholds);
    policy_apply(s, &before, &thresholds, out);
    return CANARA_OK;
}

static bool value_ok(enum canara_fact fact, double value)
{
    switch (fact) {
    case CANARA_FACT_PREDICTED_RISK: return value >= 0.0 && value <= 1.0;
    case CANARA_FACT_EXTERNAL:
        return value >= -CONTEXT_EXTERNAL_MAX && value <= CONTEXT_EXTERNAL_MAX;
    case CANARA_FACT_REPLAY_MATCH: return value >= 0.0 && value <= 1e15;
    case CANARA_FACT_NEW_DEVICE:
    case CANARA_FACT_UNPROVED_DEVICE:
    case CANARA_FACT_MPIN_PASSED:
    case CANARA_FACT_MPIN_FAILED:
    case CANARA_FACT_CHALLENGED:
    case CANARA_FACT_BLOCKED: return isfinite(value);
    case CANARA_FACTS: return false;
    }
    return false;
}

/* A proof answers the challenge, and the level starts anew from the risk that is left. */
static void take_proof(struct session_state *s)
{
    s->proofs |= SESSION_MPIN_PASSED;
    person_proved(s);
    filter_passed(s);
    s->latched = 0;
    s->asked = 0;
    s->level = CANARA_LEVEL_NORMAL;
}

static void take_fact(struct session_state *s, enum canara_fact fact, double value)
{
    switch (fact) {
    case CANARA_FACT_NEW_DEVICE:
        s->proofs |= SESSION_UNPROVED_DEVICE;
        rule_met_context(s, CONTEXT_NEW_DEVICE);
        return;
    case CANARA_FACT_UNPROVED_DEVICE: s->proofs |= SESSION_UNPROVED_DEVICE; return;
    case CANARA_FACT_REPLAY_MATCH:
        if (value >= 1.0) {
            rule_met_bot(s, BOT_REPLAY);
        }
        return;
    case CANARA_FACT_MPIN_PASSED: take_proof(s); return;
    case CANARA_FACT_MPIN_FAILED: filter_failed(s); return;
    case CANARA_FACT_CHALLENGED: s->latched = 1; return;
    case CANARA_FACT_BLOCKED: s->blocked = 1; return;
    case CANARA_FACT_PREDICTED_RISK: filter_predict(s, value); return;
    case CANARA_FACT_EXTERNAL: rule_external(s, value); return;
    case CANARA_FACTS: return;
    }
}

enum canara_status canara_note(canara_session_t *session, const canara_config_t *config,
                               enum canara_fact fact, double value, int64_t at_ms,
                               canara_verdict_t *out)
{
    const canara_config_t thresholds = config_of(config);
    struct session_state *const s = session_inside(session);
    if (at_ms < 0 || at_ms > SESSION_TIME_MAX) {
        return CANARA_BAD_TIME;
    }
    if (s == NULL || canara_config_check(&thresholds) != CANARA_OK || !value_ok(fact, value)) {
        return CANARA_BAD_VALUE;
    }

    session_mark_t before;
    session_mark(s, &before);
    filter_advance(s, at_ms);
    take_fact(s, fact, value);
    if (fact == CANARA_FACT_MPIN_PASSED) {
        before.latched = 0; /* answered: a challenge from here on is a new one */
    }
    policy_apply(s, &before, &thresholds, out);
    return CANARA_OK;
}

void canara_peek(const canara_session_t *session, const canara_config_t *config, int64_t at_ms,
                 canara_verdict_t *out)
{
    canara_config_t thresholds = config_of(config);
    if (canara_config_check(&thresholds) != CANARA_OK) {
        thresholds = canara_config_default();
    }
    struct session_state s;
    if (!session_load(session, &s)) {
        *out = (canara_verdict_t){.risk = 1.0,
                                  .level = CANARA_LEVEL_BLOCKED,
                                  .previous = CANARA_LEVEL_BLOCKED,
                                  .mpin_required = 1};
        return;
    }
    filter_advance(&s, at_ms < SESSION_TIME_MAX ? at_ms : SESSION_TIME_MAX);
    policy_peek(&s, &thresholds, out);
}

const char *canara_event_name(enum canara_event_kind kind)
{
    static const char *const names[CANARA_EVENT_KINDS] = {"typing_pattern",
                                                          "navigation_pattern",
                                                          "mouse_movement",
                                                          "rapid_clicks",
                                                          "transaction_attempt",
                                                          "large_transaction",
                                                          "copy_paste_behavior",
                                                          "unusual_navigation",
                                                          "new_beneficiary",
                                                          "off_hours_activity",
                                                          "multiple_login_attempts",
                                                          "idle_timeout",
                                                          "normal_typing",
                                                          "keystrokes",
                                                          "pointer",
                                                          "touch",
                                                          "scroll",
                                                          "motion",
                                                          "device_context",
                                                          "lifecycle",
                                                          "features",
                                                          "unknown"};
    return (unsigned)kind < CANARA_EVENT_KINDS ? names[kind] : "unknown";
}

const char *canara_level_name(enum canara_level level)
{
    static const char *const names[] = {"normal", "monitor", "challenge", "blocked"};
    return (unsigned)level < sizeof names / sizeof *names ? names[level] : "blocked";
}
