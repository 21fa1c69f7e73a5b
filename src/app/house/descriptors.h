/*
 * descriptors.h - how many connections the descriptors of this process are enough for.
 *
 * Floor      app/house
 * Source     getrlimit(2), RLIMIT_NOFILE.
 * Units      descriptors.
 * Errors     none; 0 says too few.
 * Threads    any; raising is for the start, before there are others.
 */
#ifndef APP_DESCRIPTORS_H
#define APP_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DESCRIPTORS_KEPT =
        128, /* of each loop, that are not connections: files, the store, the control socket */
    DESCRIPTORS_LEAST = 32 /* connections that a loop has to have room for */
};

/* Raise the limit to the most that it may be. */
void descriptors_raise(void);

/* The limit in force. */
uint64_t descriptors_limit(void);

/* Connections that each of so many loops may hold, so that all together leave what is kept; 0: fewer than
 * DESCRIPTORS_LEAST. */
uint32_t descriptors_for_connections(uint64_t limit, unsigned loops);

/* Whether one address that may have so many connections (0: any number) can fill all that there are
 * places for, and so keep every other address out. */
bool descriptors_let_one_fill(uint64_t limit, unsigned loops, uint32_t per_address);

/* The least limit with which descriptors_for_connections() is not 0. */
uint64_t descriptors_least(unsigned loops);

#endif
