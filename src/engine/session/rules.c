#include "engine/session/rules.h"

#include "engine/session/session_state.h"

#include <math.h>

/* clang-format off */
static const struct rule bot_rules[BOT_RULES] = {
    /*                             name                          family         nats  repeat */
    [BOT_SUPERHUMAN_TIMING]      = {"bot.superhuman_timing",      "automation",  4.0, REPEAT_HALVES},
    [BOT_SUPERHUMAN_CLICKS]      = {"bot.superhuman_clicks",      "automation",  4.0, REPEAT_HALVES},
    [BOT_FAST_CLICKS]            = {"bot.fast_clicks",            "automation",  1.0, REPEAT_HALVES},
    [BOT_REGULAR_TIMING]         = {"bot.regular_timing",         "automation",  4.0, REPEAT_HALVES},
    [BOT_EXACT_GRID]             = {"bot.exact_grid",             "automation",  3.0, REPEAT_HALVES},
    [BOT_STRAIGHT_PATH]          = {"bot.straight_path",          "automation",  3.0, REPEAT_HALVES},
    [BOT_CLICK_WITHOUT_MOVEMENT] = {"bot.click_without_movement", "automation",  2.0, REPEAT_HALVES},
    [BOT_SYNTHETIC_TOUCH]        = {"bot.synthetic_touch",        "automation",  2.0, REPEAT_REFILLS},
    [BOT_REPLAY]                 = {"bot.replay",                 "replay",      6.0, REPEAT_HALVES},
    [BOT_IMPOSSIBLE_TIMES]       = {"bot.impossible_times",       "automation",  5.0, REPEAT_HALVES},
    [BOT_EVEN_STEPS]             = {"bot.even_steps",             "automation",  3.0, REPEAT_HALVES},
    [BOT_LEAP]                   = {"bot.leap",                   "automation",  1.5, REPEAT_HALVES},
    [BOT_MOTIONLESS]             = {"bot.motionless",             "automation",  2.0, REPEAT_HALVES},
    [BOT_LEARNED_MOTION]         = {"bot.learned_motion",         "automation",  3.0, REPEAT_WEIGHS},
    [BOT_NEAR_COPY]              = {"bot.near_copy",              "replay",      3.0, REPEAT_HALVES},
    [BOT_EVEN_HOLDS]             = {"bot.even_holds",             "automation",  1.5, REPEAT_HALVES},
    [BOT_QUICK_PRESS]            = {"bot.quick_press",            "automation",  2.0, REPEAT_REFILLS},
    [BOT_STRAIGHT_REACHES]       = {"bot.straight_reaches",       "automation",  2.0, REPEAT_HALVES},
    [BOT_SAME_SWIPE]             = {"bot.same_swipe",             "automation",  3.0, REPEAT_HALVES},
    [BOT_JUMPS]                  = {"bot.jumps",                  "automation",  2.0, REPEAT_HALVES},
};

static const struct rule context_rules[CONTEXT_RULES] = {
    [CONTEXT_NEW_DEVICE]              = {"context.new_device",              "new device",     1.5, REPEAT_TWICE},
    [CONTEXT_DEVICE_CHANGED]          = {"context.device_changed",          "device",         4.0, REPEAT_TWICE},
    [CONTEXT_REMOTE_CONTROL]          = {"context.remote_control",          "device",         3.0, REPEAT_TWICE},
    [CONTEXT_EMULATOR_OR_ROOTED]      = {"context.emulator_or_rooted",      "device",         1.0, REPEAT_TWICE},
    [CONTEXT_VPN]                     = {"context.vpn",                     "context",        0.5, REPEAT_TWICE},
    [CONTEXT_MULTIPLE_LOGIN_ATTEMPTS] = {"context.multiple_login_attempts", "context",        1.5, REPEAT_TWICE},
    [CONTEXT_LARGE_TRANSACTION]       = {"context.large_transaction",       "transaction",    1.0, REPEAT_TWICE},
    [CONTEXT_HIGH_AMOUNT]             = {"context.high_amount",             "transaction",    0.8, REPEAT_TWICE},
    [CONTEXT_NEW_BENEFICIARY]         = {"context.new_beneficiary",         "transaction",    0.8, REPEAT_TWICE},
    [CONTEXT_UNUSUAL_NAVIGATION]      = {"context.unusual_navigation",      "navigation",     0.8, REPEAT_TWICE},
    [CONTEXT_OFF_HOURS]               = {"context.off_hours",               "context",        0.5, REPEAT_TWICE},
    [CONTEXT_OFF_OWN_HOURS]           = {"context.off_own_hours",           "context",        0.7, REPEAT_TWICE},
    [CONTEXT_COPY_PASTE]              = {"context.copy_paste",              "context",        0.4, REPEAT_TWICE},
    [CONTEXT_EXTERNAL]                = {"context.external",                "context",        0.0, REPEAT_ADDS},
};

static const struct rule shares[SHARES] = {
    [SHARE_TYPING]     = {"person.typing",       "typing rhythm", 0.0, REPEAT_ADDS},
    [SHARE_NAVIGATION] = {"person.navigation",   "navigation",    0.0, REPEAT_ADDS},
    [SHARE_POINTER]    = {"person.pointer",      "pointer",       0.0, REPEAT_ADDS},
    [SHARE_TOUCH]      = {"person.touch",        "touch",         0.0, REPEAT_ADDS},
    [SHARE_MOTION]     = {"person.motion",       "motion",        0.0, REPEAT_ADDS},
    [SHARE_MPIN]       = {"proof.mpin",          "mpin",          0.0, REPEAT_ADDS},
    [SHARE_PREDICTION] = {"analysis.prediction", "analysis",      0.0, REPEAT_ADDS},
};

/* clang-format on */

const struct rule *bot_rule_row(enum bot_rule rule)
{
    return &bot_rules[rule];
}

const struct rule *context_rule_row(enum context_rule rule)
{
    return &context_rules[rule];
}

const struct rule *share_row(enum share share)
{
    return &shares[share];
}

/* value, value/2, value/4 ... is half the way that is left to twice the value, each time. Said so,
 * the law needs no count, and what decays may be met anew: a machine cannot wear a rule out. */
void rule_met_bot(struct session_state *s, enum bot_rule rule)
{
    const double value = bot_rules[rule].nats;
    const double left = bot_rules[rule].law == REPEAT_REFILLS
                            ? value - s->spent[rule]
                            : 0.5 * (2.0 * value - s->spent[rule]);
    const double nats = fmax(left, 0.0);
    s->spent[rule] += nats;
    s->bot[rule] += nats;
}

void rule_weigh_bot(struct session_state *s, enum bot_rule rule, double before, double after)
{
    s->bot[rule] = fmax(0.0, fmin(s->bot[rule] + after - before, bot_rules[rule].nats));
}

void rule_met_context(struct session_state *s, enum context_rule rule)
{
    static const double part[] = {1.0, 0.5};
    const uint8_t times = s->context_times[rule];
    if (times >= sizeof part / sizeof *part) {
        return;
    }
    s->context[rule] += part[times] * context_rules[rule].nats;
    s->context_times[rule] = (uint8_t)(times + 1);
}

void rule_external(struct session_state *s, double nats)
{
    const double sum = s->context[CONTEXT_EXTERNAL] + nats;
    s->context[CONTEXT_EXTERNAL] = fmin(fmax(sum, -CONTEXT_EXTERNAL_MAX), CONTEXT_EXTERNAL_MAX);
}
