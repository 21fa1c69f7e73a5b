/*
 * load.h - puts a bounded load on a server and measures what comes of it.
 *
 * Floor      load
 * Source     docs/load-testing.md.
 * Units      in the names.
 * Ownership  load_run() borrows the plan and what it points to until it returns.
 * Errors     ERR_NOMEM, ERR_IO (no epoll); whatever the server does is a figure and no error.
 * Threads    one; blocks until the load is over.
 *
 * Closed loop: each connection has `depth` requests in the air, sends them in one go and the next
 * ones when all are answered. Open loop: requests have their moments (schedule.h), dealt out over
 * the connections in turn; one whose connection has `depth` in the air waits, and its latency counts
 * from its moment.
 */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include "base/clock.h"
#include "base/err.h"
#include "load/mix.h"
#include "load/rhythm.h"
#include "load/tally.h"
#include "load/tokens.h"
#include "net/address.h"
#include "net/tls_client.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LOAD_CONNECTIONS_MAX = 20000, /* of one process: descriptors */
    LOAD_DEPTH_MAX = 64,
    LOAD_BATCH_MAX = 256, /* events of an array */
    LOAD_DURATION_MAX_S = 3600,
    LOAD_WARM_UP_MAX_S = 60,
    LOAD_RAMP_MAX_S = 600,
    LOAD_RATE_MAX = 2000000, /* requests a second */
    LOAD_SOURCES_MAX = 5000, /* addresses to come from, each in a /24 of its own */
    LOAD_TIMEOUT_MAX_MS = 60000,
    LOAD_PER_SOURCE = 500,    /* connections of one address, unless it is said otherwise */
    LOAD_PER_SOURCE_TLS = 50, /* the same under TLS: an address may have 64 handshakes under way */
};

#define LOAD_COUNT_MAX INT64_C(10000000000)

enum load_phase { LOAD_CONNECTING, LOAD_WARMING, LOAD_MEASURING, LOAD_ENDING, LOAD_DONE };

struct load_progress {
    enum load_phase phase;
    double seconds;           /* since the begin */
    size_t connected, wanted; /* connections that are ready for use */
    uint64_t answers, events; /* since the last call */
    uint64_t troubles;        /* so far */
    double answers_per_second, events_per_second;
};

struct load_plan {
    struct peer_address target; /* with its port */
    const char *authority;      /* for Host */
    struct tls_client *tls;     /* NULL: without TLS */
    struct mix mix;
    const struct tokens *tokens;
    size_t connections;
    size_t depth; /* of requests over HTTP it is 1 */
    size_t batch; /* events of an array */
    enum rhythm_event event;
    bool sequence;                  /* events carry `seq`, and acknowledgements are held to it */
    double per_second;              /* open loop; 0: closed */
    int64_t ramp_ms;                /* connections are opened, and the rate grows, over so long */
    int64_t warm_up_ms;             /* then this long without measuring */
    int64_t duration_ms;            /* then this long with */
    uint64_t count;                 /* or until so many answers were measured; 0: no such end */
    int64_t timeout_ms;             /* for a connection, an answer, the last answers */
    uint32_t source_first, sources; /* 127.x.y.1 by number; 0 sources: the kernel chooses */
    int64_t server_pid;             /* whose CPU is measured; 0: none */
    int stop_fd;                    /* readable: end now and report; -1: none */
    const struct clock *clock;
    /* Called once a second, and when the measurement begins. */
    void (*progress)(void *ctx, const struct load_progress *p);
    void *ctx;
};

struct load_result {
    struct tally tally;
    double seconds;        /* of the measurement */
    size_t connected_most; /* ready at one time */
    bool stopped;          /* stop_fd came before the end */
    char tls_why[96];      /* why the first connection could not be secured; "" */
    bool server_measured;
    double client_cpu_s, server_cpu_s; /* within the measurement */
    int64_t server_bytes;              /* resident memory at its end */
};

/* Do it. `out` is filled on success. */
NODISCARD err_t load_run(const struct load_plan *plan, struct load_result *out);

/* The address that source `number` means: 127.1.0.1 and on, each in a network of its own. */
uint32_t load_source(uint32_t number);

#endif
