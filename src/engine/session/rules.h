/*
 * rules.h - every piece of evidence that has a name, in one table.
 *
 * Floor      engine/session
 * Source     the constants: docs/engine/README.md, "Rules".
 * Units      nats: natural logarithm of how much likelier this is of somebody who is not the owner.
 * Ownership  static storage.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_RULES_H
#define ENGINE_RULES_H

struct session_state;

/* Evidence for a machine: the sum is B, which halves in 10 minutes. */
enum bot_rule {
    BOT_SUPERHUMAN_TIMING,
    BOT_SUPERHUMAN_CLICKS,
    BOT_FAST_CLICKS,
    BOT_REGULAR_TIMING,
    BOT_EXACT_GRID,
    BOT_STRAIGHT_PATH,
    BOT_CLICK_WITHOUT_MOVEMENT,
    BOT_SYNTHETIC_TOUCH,
    BOT_REPLAY,
    BOT_IMPOSSIBLE_TIMES,
    BOT_EVEN_STEPS,
    BOT_LEAP,
    BOT_MOTIONLESS,
    BOT_LEARNED_MOTION,
    BOT_NEAR_COPY,
    BOT_EVEN_HOLDS,
    BOT_QUICK_PRESS,
    BOT_STRAIGHT_REACHES,
    BOT_SAME_SWIPE,
    BOT_JUMPS,
    BOT_RULES
};

/* Circumstances: the sum is C, which stays until the owner proves himself. */
enum context_rule {
    CONTEXT_NEW_DEVICE,
    CONTEXT_DEVICE_CHANGED,
    CONTEXT_REMOTE_CONTROL,
    CONTEXT_EMULATOR_OR_ROOTED,
    CONTEXT_VPN,
    CONTEXT_MULTIPLE_LOGIN_ATTEMPTS,
    CONTEXT_LARGE_TRANSACTION,
    CONTEXT_HIGH_AMOUNT,
    CONTEXT_NEW_BENEFICIARY,
    CONTEXT_UNUSUAL_NAVIGATION,
    CONTEXT_OFF_HOURS,
    CONTEXT_OFF_OWN_HOURS,
    CONTEXT_COPY_PASTE,
    CONTEXT_EXTERNAL,
    CONTEXT_RULES
};

/* What moves lambda, the log odds of "not the owner". */
enum share {
    SHARE_TYPING,
    SHARE_NAVIGATION,
    SHARE_POINTER,
    SHARE_TOUCH,
    SHARE_MOTION,
    SHARE_MPIN,
    SHARE_PREDICTION,
    SHARES
};

enum repeat_law {
    REPEAT_HALVES,  /* the n-th repeat adds value / 2^n */
    REPEAT_REFILLS, /* a repeat only makes up for what has decayed: never above the value */
    REPEAT_TWICE,   /* the second time half, then nothing */
    REPEAT_WEIGHS,  /* worth what all that was seen of the session is worth, from 0 to the value */
    REPEAT_ADDS     /* the nats come with the fact */
};

struct rule {
    const char *name;   /* stable: journals, answers and documents use it */
    const char *family; /* all that a session's bearer may see */
    double nats;        /* of the first time */
    enum repeat_law law;
};

#define CONTEXT_EXTERNAL_MAX 10.0 /* nats that the bank's own system may say in sum, both ways */

/* Rows of the table. */
const struct rule *bot_rule_row(enum bot_rule rule);
const struct rule *context_rule_row(enum context_rule rule);
const struct rule *share_row(enum share share);

/* The rule was met once more: add its nats as its repeat law says. */
void rule_met_bot(struct session_state *s, enum bot_rule rule);

/* A rule that weighs is worth `after` nats now, and was worth `before`: what speaks for a person only makes
 * up for what the same rule said. */
void rule_weigh_bot(struct session_state *s, enum bot_rule rule, double before, double after);

void rule_met_context(struct session_state *s, enum context_rule rule);

/* The bank's own system speaks: `nats`, kept with all it said before in +-CONTEXT_EXTERNAL_MAX. */
void rule_external(struct session_state *s, double nats);

#endif
