/*
 * tokens.h - the file that `canara loadtest prepare` leaves and `canara loadtest run` reads: whom the
 *            load comes from. It opens sessions, so it is 0600.
 *
 * Floor      load
 * Source     docs/load-testing.md. Lines of words with blanks between, behind a first line that
 *            names the form:
 *                session SESSION_ID TOKEN PERSON MPIN     MPIN is - when there is none that is known
 *                login EMAIL PASSWORD
 * Ownership  tokens_load() fills, tokens_deinit() wipes and releases; texts point into the table.
 * Errors     ERR_IO (errno tells), ERR_FORMAT with the line, ERR_RANGE too few of a kind, ERR_NOMEM.
 * Threads    one.
 */
#ifndef LOAD_TOKENS_H
#define LOAD_TOKENS_H

#include "base/err.h"
#include "base/uuid.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    TOKENS_SESSION_BYTES = 37,
    TOKENS_TOKEN_BYTES = 640,
    TOKENS_EMAIL_BYTES = 64,
    TOKENS_WORD_BYTES = 40
};

struct load_session {
    char id[TOKENS_SESSION_BYTES];
    char token[TOKENS_TOKEN_BYTES];
    char mpin[TOKENS_WORD_BYTES]; /* "" when not known */
    unsigned person;              /* of rhythm.h */
};

struct load_login {
    char email[TOKENS_EMAIL_BYTES];
    char password[TOKENS_WORD_BYTES];
};

struct tokens {
    struct load_session *session;
    size_t sessions;
    struct load_login *login;
    size_t logins;
};

/* What of a file is wanted: sessions after the first `skip`, up to `most`; all logins. */
struct tokens_want {
    size_t skip, most;
};

/* Write the first line, a session, a login. */
NODISCARD err_t tokens_write_head(FILE *to);
NODISCARD err_t tokens_write_session(FILE *to, const struct load_session *s);
NODISCARD err_t tokens_write_login(FILE *to, const struct load_login *l);

/* Read; `*line` is where a fault is (from 1). On failure `*out` is empty. */
NODISCARD err_t tokens_load(const char *path, struct tokens_want want, struct tokens *out,
                            size_t *line);

/* Wipe and release; fit for CLEANUP, also of an empty one. */
void tokens_deinit(struct tokens *t);

#endif
