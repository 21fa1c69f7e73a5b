/*
 * bot_typist.h - scripts that type a field or a text, to choose and to test by.
 *
 * Floor      lab/bots
 * Source     how pynput, AutoHotkey, xdotool, Selenium and packages for "human typing" are used: a law for the
 *            delays, and one for the holds.
 * Units      milliseconds.
 * Ownership  the caller's arrays; the pool of people is borrowed.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef LAB_BOT_TYPIST_H
#define LAB_BOT_TYPIST_H

#include "base/rng.h"
#include "canara.h"

#include <stddef.h>

enum bot_script {
    BOT_SCRIPT_UNIFORM, /* the first four teach; holds by the same law, every second time narrower */
    BOT_SCRIPT_GAUSS,
    BOT_SCRIPT_EXPONENTIAL,
    BOT_SCRIPT_LOGNORMAL,
    BOT_SCRIPT_TABLE,    /* a delay and a hold for each place, +-15 and 10 % */
    BOT_SCRIPT_PACE,     /* a wandering pace */
    BOT_SCRIPT_DRAWN,    /* each key as somebody of the set typed it */
    BOT_SCRIPT_SHUFFLED, /* a person's own times in another order */
    BOT_SCRIPT_TICKS,    /* sleeps that end with a timer of 15.6 ms, as AutoHotkey's */
    BOT_SCRIPT_FIXED,    /* pynput with random.uniform(.05, .15) and (.08, .3) */
    BOT_SCRIPT_THINKS,   /* Gaussian, and a pause of 300 to 800 ms now and then */
    BOT_SCRIPT_NARROW,   /* holds +-20 %, delays +-50 % */
    BOT_SCRIPT_DIGRAPHS, /* a mean for each place, lognormal about it */
    BOT_SCRIPT_GAMMA,
    BOT_SCRIPT_TRIANGLE,
    BOT_SCRIPT_BURSTS, /* words: even within, a pause between */
    BOT_SCRIPTS
};

enum { BOT_SCRIPT_TEACHING = 4, BOT_TYPIST_KEYS = 64 };

/* One script's habits, for a session. */
struct bot_typist {
    enum bot_script script;
    bool waits_after_release; /* a delay begins when the key is let go */
    double delay, hold;       /* means */
    double narrow;            /* of holds, against the law of the delays */
    double pace;
    size_t word_ends;
    double delay_at[BOT_TYPIST_KEYS], hold_at[BOT_TYPIST_KEYS];
};

/* What BOT_SCRIPT_DRAWN draws from. */
struct bot_typed_pool {
    const canara_event_t *const *entry; /* keystrokes */
    size_t entries;
};

void bot_typist_begin(struct bot_typist *t, enum bot_script script, struct rng *r);

/* Type the keys of a person's entry, BOT_TYPIST_KEYS at most, into `out`, which has room for as many. */
void bot_typist_types(struct bot_typist *t, const canara_event_t *like,
                      const struct bot_typed_pool *pool, struct rng *r, canara_key_t *out);

/* Stable name. */
const char *bot_script_name(enum bot_script script);

#endif
