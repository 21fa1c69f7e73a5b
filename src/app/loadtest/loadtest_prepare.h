/*
 * loadtest_prepare.h - a data directory full of accounts and live sessions, for load tests.
 *
 * Floor      app/loadtest
 * Source     docs/load-testing.md; docs/decisions/0031: only ever a new directory, with keys of its own.
 * Ownership  borrows the texts of the request.
 * Errors     with a line in `why`; what was made so far stays and is no use.
 * Threads    the main thread.
 */
#ifndef APP_LOADTEST_PREPARE_H
#define APP_LOADTEST_PREPARE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PREPARE_ACCOUNTS_MAX = 2000000,
    PREPARE_SESSIONS_MAX = 2000000, /* what a server holds */
    PREPARE_LOGINS_MAX = 10000,     /* two hashes each: 40 ms */
    PREPARE_PER_ACCOUNT_MAX = 64,   /* sessions */
    PREPARE_WHY_BYTES = 700
};

struct prepare {
    const char *dir;
    int64_t accounts, sessions;
    int64_t learnt; /* the first so many accounts have a profile */
    int64_t logins; /* the first so many have an MPIN that somebody knows; so many accounts more,
                     * without sessions, have a password that somebody knows */
    int64_t tokens; /* sessions that the tokens file names, the first ones */
    int64_t hours;  /* until the sessions end */
    bool progress;  /* stderr is a terminal */
};

/* Make it all. */
NODISCARD err_t loadtest_prepare(const struct prepare *p, char why[PREPARE_WHY_BYTES]);

#endif
