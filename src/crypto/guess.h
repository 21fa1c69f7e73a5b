/*
 * guess.h - secrets that an attacker tries first, refused when they are chosen.
 *
 * Floor      crypto
 * Source     NIST SP 800-63B 5.1.1.2 (blocklists); Bonneau, Preibusch and Anderson 2012 and
 *            DataGenetics 2012 on chosen PINs.
 * Ownership  borrows its argument, keeps nothing.
 * Errors     none.
 * Threads    no state.
 */
#ifndef CRYPTO_GUESS_H
#define CRYPTO_GUESS_H

#include "base/span.h"

#include <stdbool.h>

/* One digit, a run (steps of one or two, up or down), a repeated part, pairs, a year
 * (19xx, 20xx), a way over the keypad. Takes ASCII digits; anything else is not an MPIN at all and
 * answers false. */
bool mpin_is_guessable(span_t mpin);

/* 1234 and 0000, which the contract lets pass with DEBUG=True. */
bool mpin_is_sample(span_t mpin);

/* Among the most used passwords (letter case, 0 for o and the like, and up to four digits or signs
 * at the end left out), a part repeated, or a run of the alphabet, the digits or the keyboard. */
bool password_is_common(span_t password);

#endif
