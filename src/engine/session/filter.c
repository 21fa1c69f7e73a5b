#include "engine/session/filter.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>

static double bot_nats(const struct session_state *s)
{
    double sum = 0.0;
    for (int r = 0; r < BOT_RULES; r++) {
        sum += s->bot[r];
    }
    return sum;
}

static double context_nats(const struct session_state *s)
{
    double sum = 0.0;
    for (int r = 0; r < CONTEXT_RULES; r++) {
        sum += s->context[r];
    }
    return sum;
}

void filter_begin(struct session_state *s, int64_t at_ms)
{
    memset(s, 0, sizeof *s);
    s->version = SESSION_VERSION;
    s->begin_ms = at_ms;
    s->at_ms = at_ms;
    s->lambda = logit(FILTER_START);
}

/* p goes back to its rest; each share of lambda shrinks as lambda itself does. */
static void advance_person(struct session_state *s, double past_ms)
{
    const double rest = logit(FILTER_REST);
    const double before = s->lambda;
    const double p = 1.0 / (1.0 + exp(-before));
    const double now = FILTER_REST + (p - FILTER_REST) * exp(-past_ms / FILTER_TIME_MS);
    s->lambda = logit(clip(now, FILTER_EDGE, 1.0 - FILTER_EDGE));

    const double gap = before - rest;
    const double kept = fabs(gap) > 1e-12 ? clip((s->lambda - rest) / gap, 0.0, 1.0) : 1.0;
    for (int i = 0; i < SHARES; i++) {
        s->share[i] *= kept;
    }
}

void filter_advance(struct session_state *s, int64_t at_ms)
{
    if (at_ms <= s->at_ms) {
        return;
    }
    const double past_ms = (double)(at_ms - s->at_ms);
    s->at_ms = at_ms;
    advance_person(s, past_ms);

    const double kept = exp2(-past_ms / BOT_HALF_LIFE_MS);
    for (int r = 0; r < BOT_RULES; r++) {
        s->bot[r] *= kept;
        s->spent[r] *= kept;
    }
    s->motion[0] *= kept;
    s->motion[1] *= kept;
}

/* Set lambda and book the way it went on `share`. */
static void move_lambda(struct session_state *s, enum share share, double lambda)
{
    const double to = clip(lambda, -FILTER_LAMBDA_MAX, FILTER_LAMBDA_MAX);
    s->share[share] += to - s->lambda;
    s->lambda = to;
}

void filter_evidence(struct session_state *s, enum share share, double nats)
{
    const double edge = logit(1.0 - FILTER_EDGE);
    move_lambda(s, share, clip(s->lambda, -edge, edge) + nats);
}

void filter_hold(struct session_state *s, const session_mark_t *unheard, double ceiling)
{
    const double heard = s->lambda - unheard->lambda;
    if (heard <= 0.0 || filter_risk(s) <= ceiling) {
        return;
    }
    const double odds = ceiling / (1.0 - ceiling) - expm1(bot_nats(s)) / BOT_ODDS_PER_PRIOR;
    const double most = odds > 0.0 ? log(odds) - context_nats(s) - unheard->lambda : 0.0;
    const double kept = clip(most / heard, 0.0, 1.0);
    for (int i = 0; i < PERSON_SHARES; i++) {
        s->share[i] = unheard->share[i] + kept * (s->share[i] - unheard->share[i]);
    }
    s->lambda = unheard->lambda + kept * heard;
}

void filter_passed(struct session_state *s)
{
    move_lambda(s, SHARE_MPIN, fmin(s->lambda, logit(FILTER_PASSED)));
    for (int r = 0; r < BOT_RULES; r++) {
        s->bot[r] *= FILTER_PASS_SHARE;
    }
    for (int r = 0; r < CONTEXT_RULES; r++) {
        if (s->context[r] > 0.0) { /* what speaks for the owner stays: no proof raises a risk */
            s->context[r] *= FILTER_PASS_SHARE;
        }
    }
}

void filter_failed(struct session_state *s)
{
    filter_evidence(s, SHARE_MPIN, FILTER_FAIL_NATS);
}

void filter_predict(struct session_state *s, double risk)
{
    const double odds = fmin(risk / fmax(1.0 - risk, 1e-18), 1e18);
    const double bots = bot_nats(s);
    if (expm1(bots) / BOT_ODDS_PER_PRIOR > 0.5 * odds) { /* the machine's part alone is too much */
        const double kept = log1p(0.5 * odds * BOT_ODDS_PER_PRIOR) / bots;
        for (int r = 0; r < BOT_RULES; r++) {
            s->bot[r] *= kept;
        }
    }
    const double rest = fmax(odds - expm1(bot_nats(s)) / BOT_ODDS_PER_PRIOR, 1e-30);
    move_lambda(s, SHARE_PREDICTION, log(rest) - context_nats(s));

    /* A threshold is met, not missed by a rounding. */
    for (int power = -52; power < -8 && filter_risk(s) < risk; power++) {
        move_lambda(s, SHARE_PREDICTION, s->lambda + ldexp(fmax(fabs(s->lambda), 1.0), power));
    }
}

double filter_risk(const struct session_state *s)
{
    const double odds = exp(s->lambda + context_nats(s)) + expm1(bot_nats(s)) / BOT_ODDS_PER_PRIOR;
    return odds >= 0.0 ? 1.0 - 1.0 / (1.0 + odds) : 1.0; /* NaN, too */
}
