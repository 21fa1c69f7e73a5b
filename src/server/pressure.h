/*
 * pressure.h - whether a loop falls behind what its sockets send, and how many of them it lets go.
 *
 * Floor      server
 * Source     a standing queue shows in the shortest wait of an interval, not in the longest: Nichols and
 *            Jacobson, "Controlling queue delay", ACM Queue 10(5), 2012.
 * Units      times of the loop's clock; an interval is PRESSURE_INTERVAL_MS.
 * Ownership  plain value of its loop.
 * Errors     none.
 * Threads    the loop's own.
 *
 * Waiting is how long somebody who is ready stands in the queue until he is heard: the length of a round
 * that heard everybody, or the way of a probe that was queued behind the others. A loop is behind when it
 * never rests and even the shortest waiting of an interval is long, while reads bring more messages than
 * clients that wait for their acknowledgements can have in flight; or when the waiting is so long that
 * nobody is served in time. A loop that is merely busy is left alone.
 */
#ifndef SERVER_PRESSURE_H
#define SERVER_PRESSURE_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PRESSURE_INTERVAL_MS = 100,
    PRESSURE_LATE_MS = 50,        /* waiting this long is late, if there is a backlog */
    PRESSURE_VERY_LATE_MS = 1000, /* late, whatever the reads bring */
    PRESSURE_BACKLOG = 32,        /* messages in one read: more than a client has in flight */
    PRESSURE_PATIENCE = 3,        /* intervals in a row until the first socket goes */
    PRESSURE_CALM = 10,           /* intervals that keep up, until new sockets are let in, */
    PRESSURE_DOUBLED = 5,         /* doubled as often as the loop fell behind again, up to this */
    PRESSURE_FORGOTTEN = 600,     /* within so many intervals */
    PRESSURE_PART = 16            /* one of so many sockets with a backlog goes each interval */
};

struct pressure {
    mono_t began;        /* of the interval */
    mono_t heard;        /* begin of the round in hand */
    mono_t probed;       /* when the probe was queued that has not come back; 0: none */
    int64_t rested_ns;   /* of the interval */
    int64_t shortest_ns; /* waiting of the interval; INT64_MAX: not known */
    uint32_t reads;
    uint32_t backlogged; /* of those, with a backlog */
    uint32_t let_go;     /* sockets still to let go in this interval */
    unsigned behind;     /* intervals in a row */
    unsigned calm;       /* intervals in a row that keep up */
    unsigned relapses;   /* how often it fell behind lately */
    bool full;           /* the round in hand could not hear everybody */
    bool stands;         /* nor could the one before: a queue stands */
    bool high;
};

void pressure_init(struct pressure *p, mono_t now);

/* The loop was done with its round at `before`, and begins the next at `now`; `full`: there may be more
 * who are ready than it hears in it. True when p->high has changed. */
bool pressure_round(struct pressure *p, mono_t before, mono_t now, bool full);

/* Whether a probe is to be queued now, behind those who are ready; and that it has come. */
bool pressure_wants_probe(struct pressure *p);
void pressure_probed(struct pressure *p, mono_t now);

/* A socket was read: so many messages. */
void pressure_read(struct pressure *p, unsigned messages);

/* Whether the socket that brought so many messages in its last read is to go now. */
bool pressure_lets_go(struct pressure *p, unsigned messages);

#endif
