/*
 * handover.h - one server goes, the next comes, and the sockets that listen stay open throughout.
 *
 * Floor      app/house
 * Source     docs/decisions/0040; sd_listen_fds(3) for sockets of a service manager.
 * Ownership  inherited_close() and handover_end() close what the structs hold.
 * Errors     ERR_IO, ERR_RANGE; `why` is a static text.
 * Threads    the main thread.
 *
 * The new process is started with the sockets and one end of a pair, and says that its settings and
 * files are good. The old one stops, gives DATA_DIR back and says so. The new one starts on it and
 * says that it answers; only then the old one ends. If it says nothing or goes, the old one starts
 * again.
 */
#ifndef APP_HANDOVER_H
#define APP_HANDOVER_H

#include "base/err.h"
#include "server/server.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    HANDOVER_PREPARE_MS = 10000, /* from the start of the new process to "all is good" */
    HANDOVER_READY_MS = 60000,   /* from "DATA_DIR is yours" to "I answer" */
    HANDOVER_STOP_MS = 60000,    /* from SIGTERM to the end of a new process that has DATA_DIR */
    HANDOVER_ARGS_MAX = 128,
    HANDOVER_PATH_BYTES = 4096
};

/* Sockets that listen already when the process starts. */
struct inherited {
    int fd[SERVER_LOOPS_MAX];
    unsigned count;
    int pair; /* to the server before us; -1: a service manager gave them, or nobody */
};

/* Take what the environment speaks of, and out of it. ERR_RANGE: it makes no sense. `*store_lock`, the
 * caller's from then on, is the store's lock that the server before us holds; untouched: none came. */
NODISCARD err_t inherited_take(struct inherited *out, int *store_lock);
void inherited_close(struct inherited *in);

/* The new one's side: say that all is good, and wait until DATA_DIR is ours. */
NODISCARD err_t inherited_await(const struct inherited *in);

/* And that we answer. */
void inherited_tell_ready(const struct inherited *in);

/* The old one's side. */
struct handover {
    struct inherited sockets; /* copies, kept open until the new one answers */
    int pair;                 /* -1: none is going on */
    pid_t child;
    char exe[HANDOVER_PATH_BYTES]; /* where our program lies; another one may lie there by now */
    char args[HANDOVER_PATH_BYTES];
    size_t args_len;
};

/* Remember how we were started. */
void handover_init(struct handover *h);

/* Keep copies of what the server listens on. */
NODISCARD err_t handover_keep_sockets(struct handover *h, const struct server *server);

/* Start the new process; it gets a copy of the store's lock, so that nobody comes between. */
NODISCARD err_t handover_start(struct handover *h, int store_lock);

enum handover_word {
    HANDOVER_PREPARED = 'p', /* the new one: my settings and files are good */
    HANDOVER_GO = 'g',       /* the old one: DATA_DIR is yours */
    HANDOVER_ANSWERS = 'a'   /* the new one: I answer */
};

/* Wait for a word; false: another came, the process has gone, or the time is over. */
bool handover_hears(const struct handover *h, enum handover_word word, int timeout_ms);
bool handover_says(const struct handover *h, enum handover_word word);

/* It has failed: the new process is ended and waited for. */
void handover_give_up(struct handover *h);

/* The new process has DATA_DIR and nobody wants it any more: it may stop in order. */
void handover_stop_new(struct handover *h);

void handover_end(struct handover *h);

#endif
