/*
 * wipe.h - bytes that must not be seen any more.
 *
 * Floor      base
 * Units      bytes.
 * Ownership  the caller's.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include <stddef.h>

/* Overwrite `len` bytes with zeros in a way that no compiler leaves out. */
void memory_wipe(void *at, size_t len);

/* Overwrite what functions that have returned left below the caller on its stack, 32 KiB of it. A library
 * that is bound as it is first called has the loader put all vector registers there, and whatever is copied
 * or deciphered passes through these. */
void stack_wipe(void);

#endif
