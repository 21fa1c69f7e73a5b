/*
 * account.h - registration, login, and the tokens of a session.
 *
 * Floor      domain/accounts
 * Source     CONTRACT.md 3; THREATS.md rows 1, 2, 6.
 * Errors     ERR_STORAGE, ERR_NOMEM: nothing was changed.
 * Threads    pool workers only (they hash and wait for the store).
 */
#ifndef DOMAIN_ACCOUNT_H
#define DOMAIN_ACCOUNT_H

#include "base/span.h"
#include "base/uuid.h"
#include "crypto/token.h"
#include "domain/accounts/mpin.h"
#include "domain/ground/service.h"

#include <stdbool.h>

/* ---- register ---- */

enum register_answer { REGISTERED, REGISTER_EMAIL_TAKEN };

/* Create an account. `email` and `email_key` come from codec/email.h. */
NODISCARD err_t account_register(struct service *svc, const char *email, const char *email_key,
                                 span_t password, span_t mpin, enum register_answer *out);

/* Overwrite the secrets of a row; for CLEANUP. */
void account_wipe(struct account_row *row);

/* ---- login, in two steps: the cheap look and the hash ---- */

typedef struct login {
    char email_key[STORE_EMAIL_BYTES];     /* in */
    char device_id[STORE_DEVICE_BYTES];    /* in */
    uint64_t address_narrow, address_wide; /* in */

    bool found;        /* an account with that address exists */
    bool device_known; /* and this device has logged in to it before */
    uint32_t wait_s;   /* throttled: seconds until the next try, else 0 */
    struct account_row account;
    uint8_t device_key[32];
} login_t;

/* Look the account up and ask the throttles (`wait_s` > 0: refuse with 429). Hashes nothing. */
NODISCARD err_t login_look(struct service *svc, login_t *login);

/* Compare the password; the same work and time whether or not the account exists. A failure
 * charges the throttles, which are asked once more before the hash, and a success the bucket of the account.
 * With `wait_s` > 0 there was no room for it, and `*right` is false. A hash of an older pepper is made anew. */
NODISCARD err_t login_prove(struct service *svc, login_t *login, span_t password, bool *right);

enum { REFRESH_CHARS = 2 * OPAQUE_CHARS };

/* What a session's bearer is handed. */
typedef struct credentials {
    char session_token[TOKEN_TEXT_BYTES];
    char refresh_token[REFRESH_CHARS + 1];
} credentials_t;

/* What the owner loop needs to hold the session live. */
typedef struct session_seed {
    struct session_row row;
    char email[STORE_EMAIL_BYTES];
    bool new_device;      /* the account has devices and this is none of them */
    bool unproved_device; /* known, but no MPIN was ever passed on it */
    bool restricted;      /* starts with mpin_required: locked account or a risk block before */
    bool owes;  /* starts with mpin_required: a challenge before that nobody answered, or by lot */
    bool drawn; /* by lot, at this login */
    bool overtaken; /* the password was changed since it was proved: nothing was opened */
    uint32_t mpin_failures;
    uint32_t profile_revision;
    struct canara_profile *profile; /* NULL: a stranger; owned until shard_open() takes it */
    uint32_t ended;                 /* older sessions that made room */
    uuid_t ended_session[MPIN_SESSIONS_MAX];
} session_seed_t;

/* Write the session, its device and its refresh token in one transaction, and read the account's
 * profile for it. */
NODISCARD err_t login_open(struct service *svc, const login_t *login, session_seed_t *seed,
                           credentials_t *out);

/* ---- refresh ---- */

enum refresh_outcome {
    REFRESH_DONE,
    REFRESH_REFUSED,  /* forged, expired, or its session has ended */
    REFRESH_STOLEN,   /* used before: the family is revoked and `row->id` ended, in the store */
    REFRESH_TOO_OFTEN /* REFRESH_PER_SESSION: nothing was spent, `*wait_s` says when to come back */
};

typedef struct refresh_ask {
    span_t token;
    const span_t *device; /* as the caller calls it; NULL: not said. A wrong one spends nothing */
} refresh_ask_t;

/* What is to be done with a token, but for how often: waits for no writer and changes nothing. `row` is
 * filled for REFRESH_DONE and REFRESH_STOLEN. */
NODISCARD err_t account_refresh_look(struct service *svc, const refresh_ask_t *ask,
                                     struct session_row *row, enum refresh_outcome *outcome);

/* Do what the look said, REFRESH_DONE or REFRESH_STOLEN, with its `row`. `*outcome` becomes what was done:
 * another may have used the token meanwhile. */
NODISCARD err_t account_refresh(struct service *svc, const refresh_ask_t *ask,
                                struct session_row *row, credentials_t *out,
                                enum refresh_outcome *outcome, uint32_t *wait_s);

/* ---- sessions in the store ---- */

/* Under what the store knows a device. */
void device_key_of(const char *device_id, uint8_t out[STORE_DIGEST_BYTES]);

/* Sign the token that the bearer of this session shows, good to its absolute end. */
NODISCARD err_t session_sign(struct service *svc, const struct session_row *row,
                             char out[TOKEN_TEXT_BYTES]);

/* End a session in the store, revoke its refresh tokens, audit it. `*ended_now` is false when it
 * had ended before (`*before` then says how). */
NODISCARD err_t session_end_stored(struct service *svc, uuid_t session, enum session_end how,
                                   bool *ended_now, enum session_end *before);

#endif
