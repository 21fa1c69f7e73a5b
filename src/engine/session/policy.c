#include "engine/session/policy.h"

#include "engine/session/filter.h"

#include <math.h>

static double threshold(const canara_config_t *config, int level)
{
    const double at[] = {0.0, config->monitor, config->challenge, config->block};
    return at[level];
}

enum canara_level policy_level(const canara_config_t *config, double risk, enum canara_level level)
{
    static const enum canara_level levels[] = {CANARA_LEVEL_NORMAL, CANARA_LEVEL_MONITOR,
                                               CANARA_LEVEL_CHALLENGE, CANARA_LEVEL_BLOCKED};

    for (int l = CANARA_LEVEL_BLOCKED; l > CANARA_LEVEL_NORMAL; l--) {
        const double at = threshold(config, l);
        const double margin = l <= (int)level ? fmin(POLICY_MARGIN, POLICY_MARGIN_SHARE * at) : 0.0;
        if (risk >= at - margin) {
            return levels[l];
        }
    }
    return CANARA_LEVEL_NORMAL;
}

static enum canara_level level_of(uint8_t level)
{
    switch (level) {
    case 0: return CANARA_LEVEL_NORMAL;
    case 1: return CANARA_LEVEL_MONITOR;
    case 2: return CANARA_LEVEL_CHALLENGE;
    default: return CANARA_LEVEL_BLOCKED;
    }
}

static bool has_heard(const struct session_state *s, const session_mark_t *unheard)
{
    for (int i = 0; i < PERSON_SHARES; i++) {
        if (fabs(s->share[i] - unheard->share[i]) > 0.0) {
            return true;
        }
    }
    return false;
}

void policy_hear(struct session_state *s, const session_mark_t *unheard,
                 const canara_config_t *config)
{
    if (!has_heard(s, unheard)) {
        return;
    }
    const bool asked = unheard->latched != 0 && s->asked >= POLICY_ASKED;
    if (!asked && config->block > config->challenge) {
        filter_hold(s, unheard, fmax(config->challenge, config->block - POLICY_MARGIN));
    }
    s->asked = unheard->latched == 0 ? 0 : (uint8_t)(s->asked + (s->asked < UINT8_MAX ? 1 : 0));
}

void policy_apply(struct session_state *s, const session_mark_t *before,
                  const canara_config_t *config, canara_verdict_t *out)
{
    const double risk = filter_risk(s);
    enum canara_level level = policy_level(config, risk, level_of(s->level));
    if (s->blocked || level == CANARA_LEVEL_BLOCKED) {
        level = CANARA_LEVEL_BLOCKED;
        s->blocked = 1;
    }
    if (!s->blocked && risk >= config->challenge) {
        s->latched = 1;
    }
    s->level = (uint8_t)level;
    s->risk_peak = fmax(s->risk_peak, risk);
    if (s->latched) {
        s->proofs |= SESSION_CHALLENGED;
    }

    *out = (canara_verdict_t){.risk = risk,
                              .level = level,
                              .previous = level_of(before->level),
                              .challenge_started = !s->blocked && s->latched && !before->latched,
                              .blocked = s->blocked && !before->blocked,
                              .mpin_required = s->latched};
}

void policy_peek(const struct session_state *s, const canara_config_t *config,
                 canara_verdict_t *out)
{
    const enum canara_level before = level_of(s->level);
    const double risk = filter_risk(s);
    enum canara_level level = policy_level(config, risk, before);
    if (s->blocked) {
        level = CANARA_LEVEL_BLOCKED;
    } else if (level == CANARA_LEVEL_BLOCKED) {
        level = CANARA_LEVEL_CHALLENGE; /* only an event or a fact blocks */
    }
    *out = (canara_verdict_t){
        .risk = risk, .level = level, .previous = before, .mpin_required = s->latched};
}
