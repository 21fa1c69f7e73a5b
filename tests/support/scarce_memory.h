/*
 * scarce_memory.h - a process whose address space ends a little above what it has already.
 *
 * Floor      tests
 * Source     setrlimit(2), RLIMIT_AS; proc(5), statm.
 * Threads    one; the limit is the whole process's.
 *
 * What was freed can be had again, and so can small things; a mapping of more than the room is
 * refused, as where a container has reached its limit.
 */
#ifndef TESTS_SUPPORT_SCARCE_MEMORY_H
#define TESTS_SUPPORT_SCARCE_MEMORY_H

#include "base/util.h"
#include "tests/support/memcheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static inline void scarce_memory_begin(size_t room_bytes)
{
    char line[128];
    FILE *const f = fopen("/proc/self/statm", "re");
    MUST(f != NULL && fgets(line, sizeof line, f) != NULL);
    MUST(fclose(f) == 0);
    const unsigned long long pages = strtoull(line, NULL, 10);
    struct rlimit now;
    MUST(getrlimit(RLIMIT_AS, &now) == 0);
    now.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + room_bytes;
    MUST(setrlimit(RLIMIT_AS, &now) == 0);
}

static inline void scarce_memory_end(void)
{
    struct rlimit now;
    MUST(getrlimit(RLIMIT_AS, &now) == 0);
    now.rlim_cur = now.rlim_max;
    MUST(setrlimit(RLIMIT_AS, &now) == 0);
}

/* A sanitizer's allocator has its address space already, and a thread of its own that starts meanwhile aborts. */
#if defined(__has_feature)
#define SCARCE_BY_CLANG (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SCARCE_BY_CLANG 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || SCARCE_BY_CLANG
enum { SCARCE_BY_LIBC = 0 };
#else
enum { SCARCE_BY_LIBC = 1 };
#endif

/* Whether all memory can be taken; memcheck's own is in the same address space. */
static inline bool scarce_memory_drains(void)
{
    return SCARCE_BY_LIBC != 0 && !is_memcheck();
}

/* What was taken to have none left; the first bytes of each block name the next. */
struct scarce_block {
    struct scarce_block *next;
};

/* Take all blocks of `bytes` that this thread can still get, until it has none; where scarce_memory_drains() alone. */
static inline void scarce_memory_drain(size_t bytes, struct scarce_block **taken)
{
    scarce_memory_begin(0);
    for (struct scarce_block *b = malloc(bytes); b != NULL; b = malloc(bytes)) {
        b->next = *taken;
        *taken = b;
    }
}

static inline void scarce_memory_give_back(struct scarce_block **taken)
{
    scarce_memory_end();
    while (*taken != NULL) {
        struct scarce_block *const next = (*taken)->next;
        free(*taken);
        *taken = next;
    }
}

#endif
