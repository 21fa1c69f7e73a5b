/*
 * memcheck.h - whether script/valgrind runs this test.
 *
 * Floor      tests
 * Threads    before any other is started.
 *
 * For what valgrind cannot do: go on without memory, or deliver a signal that was held before the call returns that
 * lets it through.
 */
#ifndef TESTS_SUPPORT_MEMCHECK_H
#define TESTS_SUPPORT_MEMCHECK_H

#include <stdbool.h>
#include <stdlib.h>

static inline bool is_memcheck(void)
{
    return getenv("CANARA_MEMCHECK") != NULL; /* NOLINT(concurrency-mt-unsafe): before any thread */
}

#endif
