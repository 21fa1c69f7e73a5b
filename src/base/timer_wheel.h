/*
 * timer_wheel.h - deadlines by the hundred thousand: setting and cancelling in constant time.
 *
 * Floor      base
 * Source     Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 7;
 *            with a bit per slot, so that a leap of the clock costs only the timers it passes, and
 *            with a bound to what one advance does, so that a million timers due at once hold nobody up.
 * Units      mono_t; a tick is 10 ms. A timer fires at the first advance that reaches its due
 *            time rounded up to a tick: never early; late by less than a tick, and by as many
 *            advances as the timers before it need.
 * Ownership  a struct timer lives inside its owner and must be cancelled before that goes. The
 *            wheel does not move while timers are set.
 * Errors     none.
 * Threads    one at a time.
 */
#ifndef BASE_TIMER_WHEEL_H
#define BASE_TIMER_WHEEL_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is not set. */
struct timer {
    struct timer *next; /* NULL while not set */
    struct timer *prev;
    int64_t due_ns; /* of mono_t, as it was asked for */
};

/* Timers that one advance fires, and that it moves from a slot to one below: a move is a few loads, a firing
 * what the caller makes of it, and a timer that waited an hour is moved four times. */
enum { TIMER_WHEEL_FIRES = 256, TIMER_WHEEL_MOVES = 2048 };

/* Seven digits of six bits hold every tick of an int64_t of nanoseconds: nothing wraps. */
enum { TIMER_WHEEL_LEVELS = 7, TIMER_WHEEL_SLOTS = 64 };

struct timer_wheel {
    uint64_t tick;                         /* where the wheel stands */
    uint64_t occupied[TIMER_WHEEL_LEVELS]; /* bit per slot that holds timers */
    /* Heads of the slots' rings, then the rings of a slot whose time has come and of the timers that
     * are firing. */
    struct timer heads[TIMER_WHEEL_LEVELS * TIMER_WHEEL_SLOTS + 2];
};

/* Called once for each timer that is due; the timer is not set any more. It may set and cancel
 * any timer, this one and others that are due included. */
typedef void timer_fire_fn(struct timer *t, void *context);

/* Begin with no timers at `now`. */
void timer_wheel_init(struct timer_wheel *w, mono_t now);

/* Set, or set anew, a timer. A due time that has passed fires one tick from where the wheel stands. */
void timer_set(struct timer_wheel *w, struct timer *t, mono_t due);

/* Cancel a timer; nothing happens when it is not set. */
void timer_cancel(struct timer_wheel *w, struct timer *t);

/* Whether the timer is waiting to fire. */
static inline bool timer_is_set(const struct timer *t)
{
    return t->next != NULL;
}

/* Milliseconds from `now` to the next time the wheel wants to advance, rounded up: 0 when that
 * has come, -1 without timers. May be earlier than the next timer, never later. For epoll. */
int timer_wheel_next(const struct timer_wheel *w, mono_t now);

/* Fire what is due at `now`, in order of due ticks, as far as TIMER_WHEEL_FIRES and TIMER_WHEEL_MOVES go: when
 * more is left, timer_wheel_next() is 0. While a slot is being moved nothing fires: half a million timers in
 * one take 250 advances. A `now` that went back fires nothing new. */
void timer_wheel_advance(struct timer_wheel *w, mono_t now, timer_fire_fn *fire, void *context);

#endif
