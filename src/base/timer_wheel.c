#include "base/timer_wheel.h"

#include "base/err.h"
#include "base/util.h"

#include <limits.h>

#define TICK_NS (10 * NS_PER_MS)

enum { DIGIT_BITS = 6, OPENED = TIMER_WHEEL_LEVELS * TIMER_WHEEL_SLOTS, FIRING };

_Static_assert(TIMER_WHEEL_SLOTS == 1 << DIGIT_BITS, "a slot is one digit");
_Static_assert(INT64_MAX / TICK_NS < INT64_C(1) << (DIGIT_BITS * TIMER_WHEEL_LEVELS),
               "the wheel holds every tick");

/* A tick is written in digits of six bits. A timer waits at the level of the highest digit in
 * which its due tick differs from the wheel's, in the slot of that digit. So everything at a level
 * is due before everything at the levels above, and no slot at or before the wheel's own digit
 * is ever occupied: the next to handle is the lowest bit of the lowest level that has one. */

void timer_wheel_init(struct timer_wheel *w, mono_t now)
{
    *w = (struct timer_wheel){.tick = now.ns > 0 ? (uint64_t)(now.ns / TICK_NS) : 0};
    for (size_t i = 0; i < ARRAY_LEN(w->heads); i++) {
        w->heads[i].next = &w->heads[i];
        w->heads[i].prev = &w->heads[i];
    }
}

static void append(struct timer *head, struct timer *t)
{
    t->next = head;
    t->prev = head->prev;
    head->prev->next = t;
    head->prev = t;
}

static void detach(struct timer *t)
{
    t->prev->next = t->next;
    t->next->prev = t->prev;
    t->next = NULL;
    t->prev = NULL;
}

static uint64_t tick_reached(mono_t now)
{
    return now.ns > 0 ? (uint64_t)(now.ns / TICK_NS) : 0;
}

/* Rounded up: a timer never fires early. */
static uint64_t tick_due(int64_t due_ns)
{
    return due_ns > 0 ? (uint64_t)((due_ns - 1) / TICK_NS) + 1 : 0;
}

static unsigned level_of(uint64_t from, uint64_t to)
{
    const uint64_t differs = from ^ to;
    return differs == 0 ? 0 : (unsigned)(63 - __builtin_clzll(differs)) / DIGIT_BITS;
}

static void place(struct timer_wheel *w, struct timer *t, uint64_t tick)
{
    const unsigned level = level_of(w->tick, tick);
    const unsigned slot = (unsigned)(tick >> (level * DIGIT_BITS)) % TIMER_WHEEL_SLOTS;
    append(&w->heads[level * TIMER_WHEEL_SLOTS + slot], t);
    w->occupied[level] |= UINT64_C(1) << slot;
}

void timer_set(struct timer_wheel *w, struct timer *t, mono_t due)
{
    timer_cancel(w, t);
    t->due_ns = due.ns;
    const uint64_t wanted = tick_due(due.ns);
    place(w, t, wanted > w->tick ? wanted : w->tick + 1);
}

void timer_cancel(struct timer_wheel *w, struct timer *t)
{
    if (!timer_is_set(t)) {
        return;
    }
    const struct timer *alone_in = t->next == t->prev ? t->next : NULL; /* then it is the head */
    detach(t);
    if (alone_in == NULL) {
        return;
    }
    const size_t head = (size_t)(alone_in - w->heads);
    if (head < OPENED) {
        w->occupied[head / TIMER_WHEEL_SLOTS] &= ~(UINT64_C(1) << head % TIMER_WHEEL_SLOTS);
    }
}

struct stop {
    uint64_t tick; /* when its slot begins */
    unsigned level;
    unsigned slot;
};

/* The next slot to handle; false when the wheel is empty. */
static bool next_stop(const struct timer_wheel *w, struct stop *out)
{
    for (unsigned level = 0; level < TIMER_WHEEL_LEVELS; level++) {
        if (w->occupied[level] == 0) {
            continue;
        }
        const unsigned slot = (unsigned)__builtin_ctzll(w->occupied[level]);
        const unsigned shift = level * DIGIT_BITS;
        const uint64_t above = w->tick >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
        *out = (struct stop){above | (uint64_t)slot << shift, level, slot};
        return true;
    }
    return false;
}

static bool is_empty(const struct timer_wheel *w, size_t ring)
{
    return w->heads[ring].next == &w->heads[ring];
}

int timer_wheel_next(const struct timer_wheel *w, mono_t now)
{
    struct stop stop = {0};
    if (!is_empty(w, OPENED) || !is_empty(w, FIRING)) {
        return 0;
    }
    if (!next_stop(w, &stop)) {
        return -1;
    }
    const int64_t at_ns =
        stop.tick > (uint64_t)(INT64_MAX / TICK_NS) ? INT64_MAX : (int64_t)stop.tick * TICK_NS;
    const int64_t from_ns = now.ns > 0 ? now.ns : 0;
    if (at_ns <= from_ns) {
        return 0;
    }
    const int64_t wait_ms = (at_ns - from_ns - 1) / NS_PER_MS + 1;
    return wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

/* Take a slot whose time has come out of the wheel, whole. */
static void open_slot(struct timer_wheel *w, struct stop stop)
{
    struct timer *head = &w->heads[stop.level * TIMER_WHEEL_SLOTS + stop.slot];
    struct timer *opened = &w->heads[OPENED];
    w->tick = stop.tick;
    w->occupied[stop.level] &= ~(UINT64_C(1) << stop.slot);
    *opened = *head;
    opened->next->prev = opened;
    opened->prev->next = opened;
    head->next = head;
    head->prev = head;
}

/* The first timer of an opened slot is due, or goes down the levels. */
static void move_one(struct timer_wheel *w)
{
    struct timer *t = w->heads[OPENED].next;
    const uint64_t due = tick_due(t->due_ns);
    detach(t);
    if (due <= w->tick) {
        append(&w->heads[FIRING], t);
    } else {
        place(w, t, due);
    }
}

static void fire_one(struct timer_wheel *w, timer_fire_fn *fire, void *context)
{
    struct timer *t = w->heads[FIRING].next;
    detach(t);
    fire(t, context);
}

void timer_wheel_advance(struct timer_wheel *w, mono_t now, timer_fire_fn *fire, void *context)
{
    const uint64_t target = tick_reached(now);
    struct stop stop = {0};
    for (int fires = 0, moves = 0; fires < TIMER_WHEEL_FIRES && moves < TIMER_WHEEL_MOVES;) {
        if (is_empty(w, OPENED) && is_empty(w, FIRING)) {
            if (!next_stop(w, &stop) || stop.tick > target) {
                w->tick = target > w->tick ? target : w->tick;
                return;
            }
            open_slot(w, stop);
        }
        if (!is_empty(w, OPENED)) {
            move_one(w);
            moves++;
        } else {
            fire_one(w, fire, context);
            fires++;
        }
    }
}
