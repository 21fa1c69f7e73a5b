/*
 * routine.h - a person's own circumstances: hours of sessions and amounts of transactions, as counts.
 *
 * Floor      engine/people
 * Source     docs/engine/README.md, "Circumstances".
 * Units      hours of the day in UTC; amounts as the event has them.
 * Ownership  plain value without a pointer, kept in a part.
 * Errors     false where bytes come in and are not right.
 * Threads    no shared state; one writer.
 */
#ifndef ENGINE_ROUTINE_H
#define ENGINE_ROUTINE_H

#include "engine/arithmetic/byte_cursor.h"

#include <stdbool.h>
#include <stdint.h>

enum { ROUTINE_HOURS = 24, ROUTINE_AMOUNTS = 64, ROUTINE_KNOWN = 20 };

#define ROUTINE_RARE 0.005 /* share of an hour that is not the person's own */

struct routine {
    uint16_t hour[ROUTINE_HOURS];     /* sessions that began in it */
    uint16_t amounts, next;           /* in the ring, and where the next one goes */
    uint16_t amount[ROUTINE_AMOUNTS]; /* ln(1 + amount) in steps of 1/1500 */
};

/* Hour of the day of a time since 1970. */
unsigned routine_hour(int64_t at_ms);

/* Is this hour one in which the person as good as never is there? False below ROUTINE_KNOWN. */
bool routine_hour_is_odd(const struct routine *r, unsigned hour);

/* Is the amount above the person's own 99th percentile? `known` says whether there are enough. */
bool routine_amount_is_high(const struct routine *r, double amount, bool *known);

void routine_learn_hour(struct routine *r, unsigned hour);
void routine_learn_amount(struct routine *r, double amount);

void routine_write(struct byte_writer *w, const struct routine *r);
bool routine_read(struct byte_reader *from, struct routine *r);

#endif
