/*
 * slice.h - a thread that works for moments only asks to be run soon after it wakes.
 *
 * Floor      base
 * Source     sched_setattr(2); the scheduler's EEVDF: Stoica and Abdel-Wahab, 1995. Since Linux 6.12 a
 *            thread may choose the slice in which it asks for the processor; of two that are owed the
 *            same, the one with the shorter slice goes first, and it interrupts a longer one when it
 *            wakes. It gets no larger share than before.
 * Units      nanoseconds.
 * Errors     none that matter: an older kernel, or a filter of system calls, leaves all as it is.
 * Threads    for the calling thread.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stdint.h>

enum { SLICE_SHORTEST_NS = 100000 }; /* the kernel's own bound */

/* Ask for slices of `ns`; nice value and policy stay. Returns whether the kernel took it. */
bool slice_ask(uint64_t ns);

#endif
