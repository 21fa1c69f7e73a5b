/*
 * demo.h - inside of the demo: the state of the play, and its four acts.
 *
 * Floor      app/demo
 * Ownership  cmd_demo.c makes and ends it; the acts share the owner's session.
 * Errors     an act returns what the client could not do; what the server does wrong is told to the
 *            stage and is no error.
 * Threads    one.
 */
#ifndef APP_DEMO_H
#define APP_DEMO_H

#include "app/cli/client.h"
#include "app/demo/demo_stage.h"
#include "app/persona/customer.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum { DEMO_REASONS_BYTES = 160 };

struct demo {
    struct client client;
    struct stage stage;
    bool fast; /* no waiting between events */
    uint64_t seed;
    struct rng rng;
    struct customer owner;
    struct client_socket owner_socket;
};

/* What a socket has told so far. */
struct inbox {
    unsigned acknowledged; /* events */
    unsigned errors;
    bool greeted, challenged, blocked;
    char level[16];
    char reasons[DEMO_REASONS_BYTES]; /* of the challenge */
    char block_reason[64];
};

/* A person behaves as always: nothing happens. Leaves the owner's session open. */
NODISCARD err_t demo_owner(struct demo *d);

/* A script on a session of its own: challenged, then blocked. */
NODISCARD err_t demo_bot(struct demo *d);

/* The owner gets known, a thief types the right password: challenged by his rhythm. */
NODISCARD err_t demo_rhythm(struct demo *d);

/* A thief with the owner's token, then with the password: challenged, blocked, locked. */
NODISCARD err_t demo_thief(struct demo *d);

/* ---- demo_talk.c: what the acts are made of ---- */

/* Let time pass, as on a stage; nothing with --fast. */
NODISCARD err_t demo_pause(struct demo *d, int64_t ms);

/* Say whether the server has answered so. */
bool demo_expect(struct demo *d, const struct client_answer *a, unsigned status, const char *words,
                 const char *what);

/* Register and log in somebody new; *ok: both went well. */
NODISCARD err_t demo_enter(struct demo *d, struct customer *who, bool *ok);

/* Open the socket and hear its greeting. */
NODISCARD err_t demo_connect(struct demo *d, const struct customer *who, struct client_socket *s,
                             struct inbox *in);

/* Send one event and hear what follows, up to its acknowledgement or the end of the socket. */
NODISCARD err_t demo_send(struct demo *d, struct client_socket *s, struct inbox *in, span_t event);

/* Hear what comes within `ms`, or until the socket closes. */
NODISCARD err_t demo_hear(struct demo *d, struct client_socket *s, struct inbox *in, int64_t ms);

/* Tell the risk, level and reasons of a session, with the evidence and what was seen beside what is
 * usual where the server shows it. */
NODISCARD err_t demo_tell_summary(struct demo *d, const struct customer *who);

/* The same, and say whether the way of typing is what speaks against him. */
NODISCARD err_t demo_tell_recognised(struct demo *d, const struct customer *who);

/* Ask for a transfer and say whether the decision is `decision`. */
NODISCARD err_t demo_transfer(struct demo *d, const struct customer *who, const char *amount,
                              bool beneficiary_new, const char *decision);

#endif
