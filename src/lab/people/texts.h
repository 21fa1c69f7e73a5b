/*
 * texts.h - whether people type the same text into a field of the same name and length.
 *
 * Floor      lab/people
 * Source     docs/engine/keystrokes.md, "Other people's texts". Shares of variance: Shrout and Fleiss, "Intraclass
 *            correlations", 1979.
 * Units      logarithms of seconds.
 * Errors     none.
 * Threads    no state.
 *
 * A text sets where hands hurry and where they wait: far keys, shift, the same key twice. Of people who type
 * one text, two fifths and more of what sets a person's pauses apart from each other is what all of them have.
 * Of people who each type a password or a PIN of their own it is nothing.
 */
#ifndef LAB_TEXTS_H
#define LAB_TEXTS_H

#include "lab/people/bank.h"
#include "lab/people/stages.h"

#include <stdbool.h>

/* Below this share of what is common they are taken for people who type texts of their own. */
#define TEXTS_COMMON 0.2

/* How much of the pauses is common to the users for whom `in` is true: 1 is all; about 0, or below it, nothing. NaN
 * where it cannot be told: not typed keys, fewer than three pauses, fewer than PEOPLE_MIN users known. */
double texts_common(const struct bank_context *c, const struct stages *stages, const bool *in);

#endif
