/*
 * segments_recover.h - what a journal finds when it is opened. Private to segments*.c.
 *
 * Floor      journal
 * Ownership  the segments are the caller's; their directory and list are filled in.
 * Errors     as journal_open() says; `*why` is filled on failure.
 * Threads    one, before the keeper starts; afterwards the list is under the lock.
 */
#ifndef JOURNAL_SEGMENTS_RECOVER_H
#define JOURNAL_SEGMENTS_RECOVER_H

#include "journal/segments.h"

/* The next segment, while it is prepared. */
#define SEGMENTS_NEXT "next.tmp"

/* Open or make the directory, ours alone, and lock it. */
NODISCARD err_t segments_place(struct segments *s, struct journal_fault *why);

/* List the segments, verify the newest, compare their end with what was durable, and cut a torn tail. */
NODISCARD err_t segments_recover(struct segments *s, struct segments_found *found,
                                 struct journal_fault *why);

/* Room in the list for one more. */
NODISCARD err_t segments_reserve(struct segments *s);

/* First sequence of the newest segments that hold `bytes`; 0: all of them. */
uint64_t segments_first_of(const struct segments *s, uint64_t bytes);

#endif
