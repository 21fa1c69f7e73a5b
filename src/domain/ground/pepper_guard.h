/*
 * pepper_guard.h - refuses peppers that the secrets of this database were not made with.
 *
 * Floor      domain/ground
 * Source     docs/decisions/0057.
 * Errors     of the store; ERR_RANGE from pepper_guard_start() when the peppers do not fit.
 * Threads    the main thread, before anything is served.
 *
 * Under a foreign pepper every login fails, the audit goes on under another key, and new accounts
 * are bound to a file that nobody keeps. The database has a mark of each pepper that it was opened
 * with, so that a start reads one row. All accounts are read only when there are no marks, or when a
 * pepper that has one is gone from the file: it may go when no hash needs it any more.
 */
#ifndef DOMAIN_PEPPER_GUARD_H
#define DOMAIN_PEPPER_GUARD_H

#include "crypto/keys.h"
#include "domain/ground/audit.h"
#include "store/store.h"

enum pepper_fit {
    PEPPER_FITS,
    PEPPER_MISSING,  /* secrets or the root need a pepper that the file does not have */
    PEPPER_DIFFERS,  /* one of the same id is another */
    PEPPER_OLDEST,   /* the root is there, and is not the last line */
    PEPPER_NOT_AUDIT /* no mark, and the newest link of the audit was made with another root */
};

typedef struct pepper_answer {
    enum pepper_fit fit;
    char id[PEPPER_ID_CHARS + 1]; /* which; "" when nobody knows */
} pepper_answer_t;

/* What the operator reads of it; "" when it fits. */
const char *pepper_fit_text(enum pepper_fit fit);

/* Compare without changing anything. */
NODISCARD err_t pepper_guard_look(struct store *store, const struct keyring *keys,
                                  const struct audit *audit, pepper_answer_t *out);

/* Compare, and mark what the file has now. ERR_RANGE: `out` says why not. */
NODISCARD err_t pepper_guard_start(struct store *store, const struct keyring *keys,
                                   const struct audit *audit, pepper_answer_t *out);

#endif
