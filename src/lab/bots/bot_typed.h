/*
 * bot_typed.h - how much the typing of a session looks drawn by a program, to put sessions in order.
 *
 * Floor      lab/bots
 * Source     docs/engine/bots.md, "Typing in order"; agreement of entries: Fisher's z (1915, 1921).
 * Units      natural logarithms of milliseconds; margins in nats, positive for a machine.
 * Ownership  plain values.
 * Errors     none: the events went through event_check().
 * Threads    no shared state.
 */
#ifndef LAB_BOT_TYPED_H
#define LAB_BOT_TYPED_H

#include "canara.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BOT_TYPED_FIELDS =
        8,               /* fields of a session that are remembered; then the oldest is forgotten */
    BOT_TYPED_KEYS = 36, /* of an entry that is held against earlier ones; longer ones are texts */
    BOT_TYPED_RATIOS = 7,  /* numbers that a margin is a sum of, with holds */
    BOT_TYPED_BARE = 5,    /* without */
    BOT_TYPED_FREEDOM = 6, /* gaps, less one an entry, before anything is said */
};

/* Sums over the entries of a session, each about its own mean. */
struct bot_moments {
    double freedom, square, cube;
};

/* Fisher's z of entries against those before them, weighed by its precision. */
struct bot_alike {
    double sum, weight;
};

/* What was typed into a field so far: sums, place by place, of logs about the entry's mean. */
struct bot_typed_field {
    uint64_t what; /* field, number and classes of keys */
    size_t holds, gaps;
    double hold[BOT_TYPED_KEYS], gap[BOT_TYPED_KEYS];
};

/* All zero before the first event. */
struct bot_typed {
    struct bot_moments hold, gap;
    struct bot_alike hold_alike, gap_alike;
    struct bot_alike bare_alike; /* of intervals that no field is told of */
    struct bot_typed_field field[BOT_TYPED_FIELDS];
    size_t fields; /* met so far, forgotten ones too */
};

/* Take in an event; only keystrokes and typing_pattern say anything. */
void bot_typed_add(struct bot_typed *t, const canara_event_t *event);

/* The numbers of the session's spreads and skews, the first of them 1: BOT_TYPED_RATIOS, BOT_TYPED_BARE where
 * no release was told of, 0 where too little was typed. */
size_t bot_typed_ratios(const struct bot_typed *t, double out[BOT_TYPED_RATIOS]);

/* What entries of one field say together: -2 where they agree as a person's do, up to 4 where the pauses are
 * drawn anew each time, 0 without two of them. */
double bot_typed_alike(const struct bot_typed *t);

/* Ratios and agreement in one sum. False: too little was typed. */
bool bot_typed_margin(const struct bot_typed *t, double *margin);

#endif
