/*
 * mix.h - what connections do, and how many do which.
 *
 * Floor      load
 * Units      weights are whole numbers; only their ratio counts.
 * Ownership  values; names are constants.
 * Errors     ERR_FORMAT for a text that is no mix.
 * Threads    any.
 */
#ifndef LOAD_MIX_H
#define LOAD_MIX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scenario {
    SCENARIO_EVENTS,  /* a socket; one event a message */
    SCENARIO_BATCHES, /* a socket; an array of events a message */
    SCENARIO_IDLE,    /* a socket that says nothing but pongs */
    SCENARIO_STORM,   /* opens a socket, waits for its greeting, hangs up, and again */
    SCENARIO_STATUS,  /* GET session-status, keep-alive, as the rest */
    SCENARIO_SUMMARY, /* GET behavior-summary */
    SCENARIO_LOGIN,   /* POST login, each time as another account */
    SCENARIO_MPIN,    /* POST verify-mpin with the right one */
    SCENARIO_ECHO,    /* bytes of the size of an event, to a server that sends them back */
    SCENARIO_WS_ECHO, /* events to a WebSocket server that sends them back */
    SCENARIOS
};

enum { MIX_WEIGHT_MAX = 1000000 };

struct mix {
    uint32_t weight[SCENARIOS];
};

/* Name for options and reports. */
const char *scenario_name(enum scenario s);

/* Whether it speaks WebSocket; whether it sends requests at all once it is connected; whether it
 * needs a session, or a session whose MPIN is known. */
bool scenario_is_socket(enum scenario s);
bool scenario_asks(enum scenario s);
bool scenario_needs_session(enum scenario s);

/* Read "events" or "events=8,status=2". On failure `*out` is untouched. */
NODISCARD err_t mix_parse(const char *text, struct mix *out);

/* Deal `count` connections out: any first ones of them are in the ratio of the weights, too. */
void mix_deal(const struct mix *m, uint8_t *out, size_t count);

#endif
