/*
 * simulate_player.h - one simulated person at a server: registers, logs in, plays session after
 *                     session. Driven by who owns the time; each step takes one request at most.
 *
 * Floor      app/simulate
 * Ownership  player_init(), player_deinit(); the client and the totals are borrowed.
 * Errors     counted in the totals; only a client that was stopped, or memory, ends the play.
 * Threads    one.
 */
#ifndef APP_SIMULATE_PLAYER_H
#define APP_SIMULATE_PLAYER_H

#include "app/cli/client.h"
#include "app/persona/customer.h"
#include "app/simulate/simulate.h"

enum player_phase {
    PLAYER_REGISTERS,
    PLAYER_LETS_OWNER_IN, /* so that a stranger's device is a new one */
    PLAYER_LOGS_IN,
    PLAYER_PLAYS,
    PLAYER_WAITS, /* for the last acknowledgements */
    PLAYER_TRIES, /* credential stuffing */
    PLAYER_DONE,
};

struct player {
    const struct simulate *plan;
    struct simulate_totals *totals;
    struct client *client;
    struct client_socket socket;
    struct customer who;
    struct persona persona;
    struct persona_secret secret; /* who.hand, but of scripts: they type nothing */
    struct buf event;             /* the next one; empty: none drawn */
    enum player_phase phase;
    uint64_t seed;
    unsigned session; /* played so far */
    unsigned retries;
    unsigned in_flight;
    bool asked, blocked; /* an MPIN is due; the session has been blocked */
    bool attempt_ready;
    struct persona_login attempt;
    int64_t due_ms; /* of the next event, from the begin of the session */
    mono_t begin;
    mono_t next; /* when to step again */
};

void player_init(struct player *p, const struct simulate *plan, struct simulate_totals *totals,
                 struct client *client, uint64_t seed);
void player_deinit(struct player *p);

/* Do what is due now, and set `next`. */
NODISCARD err_t player_step(struct player *p);

/* Hear what the socket has to tell, without waiting. */
NODISCARD err_t player_hear(struct player *p);

#endif
