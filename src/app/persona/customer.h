/*
 * customer.h - what a banking app does with the server, for tools that play customers: register,
 *              log in, prove the MPIN, ask, open the socket.
 *
 * Floor      app/persona
 * Ownership  plain value; customer_wipe() forgets its secrets.
 * Errors     those of client.h. Whatever the server answers is in `out`, for the caller to judge.
 * Threads    one at a time.
 */
#ifndef APP_CUSTOMER_H
#define APP_CUSTOMER_H

#include "app/cli/client.h"
#include "app/persona/persona_secret.h"
#include "base/limits.h"

#define CUSTOMER_API "/api/v1"

struct customer {
    char email[96];
    char password[48];
    char mpin[13];
    char device_id[64];
    char token[LIMIT_TOKEN_BYTES + 1]; /* "" while not logged in */
    char session[37];
    struct persona_secret *hand; /* how password and MPIN are typed; borrowed; NULL: not told */
};

/* Draw a customer whom no server knows yet: "NAME-<random>@canara.example", a random password, an
 * MPIN that is hard to guess. */
void customer_invent(struct customer *who, const char *name, const char *device_id);

/* Forget everything. For CLEANUP. */
void customer_wipe(struct customer *who);

/* POST /auth/register. */
NODISCARD err_t customer_register(struct client *c, const struct customer *who,
                                  struct client_answer *out);

/* POST /auth/login; with 200, token and session of `who` are the new ones. */
NODISCARD err_t customer_login(struct client *c, struct customer *who, struct client_answer *out);

/* POST /auth/verify-mpin. */
NODISCARD err_t customer_mpin(struct client *c, const struct customer *who, const char *mpin,
                              struct client_answer *out);

/* POST /auth/logout. */
NODISCARD err_t customer_logout(struct client *c, const struct customer *who,
                                struct client_answer *out);

/* GET /auth/session-status, and the behavior-summary of the session. */
NODISCARD err_t customer_status(struct client *c, const struct customer *who,
                                struct client_answer *out);
NODISCARD err_t customer_summary(struct client *c, const struct customer *who,
                                 struct client_answer *out);

/* POST /risk/evaluate for a transfer of `amount` INR. */
NODISCARD err_t customer_evaluate(struct client *c, const struct customer *who, const char *amount,
                                  bool beneficiary_new, struct client_answer *out);

/* Open the behaviour socket of the session. */
NODISCARD err_t customer_socket(struct client_socket *s, const struct customer *who,
                                unsigned *refused);

#endif
