/*
 * simulate.h - inside of canara simulate: simulated traffic, into a file or against a server.
 *
 * Floor      app/simulate
 * Units      milliseconds; `speed` divides the time between events.
 * Ownership  plain values.
 * Errors     as said at each; texts for a person go to stderr.
 * Threads    one.
 */
#ifndef APP_SIMULATE_H
#define APP_SIMULATE_H

#include "app/persona/persona.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdint.h>
#include <stdio.h>

enum {
    SIMULATE_PERSONS_MAX = 10000,
    SIMULATE_LIVE_PERSONS_MAX = 200,
    SIMULATE_SESSIONS_MAX = 1000,
    SIMULATE_MINUTES_MAX = PERSONA_SESSION_MAX_MS / 60000,
    SIMULATE_SPEED_MAX = 1000,
};

struct simulate {
    enum persona_kind kind;
    uint64_t seed;
    unsigned persons, sessions; /* sessions of each person */
    int64_t minutes;            /* a session is cut after so many */
    wall_t start;               /* of the first day, in a file */
    int64_t speed;              /* live */
};

/* Which persona stands behind person 0, 1, 2 ...; draw them in order. */
struct simulate_people {
    struct rng rng;
};

void simulate_people_init(struct simulate_people *people, const struct simulate *s);
uint64_t simulate_next_person(struct simulate_people *people);

/* Write every session as buffer-file lines, sessions contiguous; equal arguments, equal bytes.
 * ERR_IO when `out` fails; ERR_TIMEOUT when `stop_fd` (-1: none) is readable before a session. */
NODISCARD err_t simulate_write(const struct simulate *s, FILE *out, int stop_fd, uint64_t *events);

struct simulate_totals {
    uint64_t sent, acknowledged; /* events; for credential stuffing: logins tried and answered */
    uint64_t sessions, challenges, mpin_passed, blocks;
    uint64_t refused, throttled; /* logins and registrations */
    uint64_t errors;
    char first_error[256];
};

/* Play against the server at `url` until all have done, `stop_fd` is readable, or the time that it
 * can take at most is over. ERR_FORMAT: no such URL (`totals->first_error` says it). Whatever else
 * goes wrong is counted in `totals`. */
NODISCARD err_t simulate_live(const struct simulate *s, const char *url, int stop_fd,
                              struct simulate_totals *totals);

#endif
