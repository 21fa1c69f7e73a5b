/*
 * tally.h - what came of a load test: answers, how long they took, and every way in which one did not
 *           come.
 *
 * Floor      load
 * Ownership  the holder's; about 800 kB, on the heap.
 * Errors     none.
 * Threads    one.
 */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include "load/latency.h"
#include "load/mix.h"

#include <stdint.h>

/* Why a request or a connection failed. */
enum trouble {
    TROUBLE_REFUSED,    /* nobody listens, or no route */
    TROUBLE_LOCAL,      /* this machine: out of ports, of descriptors, of memory */
    TROUBLE_TLS,        /* a certificate that is not believed, or no TLS */
    TROUBLE_CLOSED,     /* the server hung up without a word */
    TROUBLE_TIMEOUT,    /* no answer in time */
    TROUBLE_HTTP_401,   /* the token is no good, or its session is over */
    TROUBLE_HTTP_403,   /* a blocked session, a wrong origin */
    TROUBLE_HTTP_410,   /* a socket for a blocked session */
    TROUBLE_HTTP_429,   /* throttled */
    TROUBLE_HTTP_503,   /* full */
    TROUBLE_HTTP_OTHER, /* any other status that is no success */
    TROUBLE_WS_1001,    /* the server is going */
    TROUBLE_WS_1008,    /* too many events a second */
    TROUBLE_WS_1013,    /* overload */
    TROUBLE_WS_ENDED,   /* 4401, 4403, 4408, 4409: the session is over, or has another socket */
    TROUBLE_WS_OTHER,   /* any other close code */
    TROUBLE_REJECTED,   /* an event that the server would not take: an `error` message */
    TROUBLE_PROTOCOL,   /* bytes that are no HTTP, no WebSocket, no message of ours */
    TROUBLE_MISMATCH,   /* an acknowledgement of something else than what was sent */
    TROUBLES
};

enum tally_level { TALLY_NORMAL, TALLY_MONITOR, TALLY_CHALLENGE, TALLY_BLOCKED, TALLY_LEVELS };

struct tally {
    struct latency latency[SCENARIOS]; /* of what was due within the measurement */
    struct latency sent[SCENARIOS];    /* of what was sent within it, from the sending on */
    uint64_t answers[SCENARIOS];       /* that came within it */
    uint64_t events;                   /* acknowledged within it */
    uint64_t trouble[TROUBLES];        /* from the first connection to the last */
    uint64_t level[TALLY_LEVELS];      /* that acknowledgements within it told */
    uint64_t challenges, blocks;       /* notices, from first to last */
    uint64_t connects;                 /* connections made, from first to last */
    uint64_t unsent;                   /* of an open loop: due within it, and never sent */
    uint64_t all_answers, all_events;  /* from first to last: for the progress */
};

/* Name for reports: "http_429". */
const char *trouble_name(enum trouble t);

/* Whether a server that is only busy does this: refusals that say when to come again. */
bool trouble_is_overload(enum trouble t);

/* Sort a status that is no success, a close code. */
enum trouble trouble_of_status(unsigned status);
enum trouble trouble_of_close(uint16_t code);

uint64_t tally_answers(const struct tally *t);
uint64_t tally_troubles(const struct tally *t);

#endif
