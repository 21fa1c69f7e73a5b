/*
 * demo_child.h - a server of our own for a while: /proc/self/exe serve, on a free port of loopback,
 *                in a folder that is removed afterwards.
 *
 * Floor      app/demo
 * Ownership  demo_child_stop() ends what demo_child_start() began, and removes the folder.
 * Errors     ERR_IO or ERR_TIMEOUT; `why` of the client says it, with the server's last words.
 * Threads    one.
 *
 * The server runs in a process group of its own, so that Ctrl-C reaches only us, and dies with us.
 */
#ifndef APP_DEMO_CHILD_H
#define APP_DEMO_CHILD_H

#include "app/cli/client.h"

#include <sys/types.h>

enum { CHILD_PATH_BYTES = 256, CHILD_START_MS = 20000, CHILD_STOP_MS = 15000 };

struct demo_child {
    pid_t pid;                     /* 0: none */
    int out;                       /* what it prints comes out here */
    char folder[CHILD_PATH_BYTES]; /* "": none */
    char url[64];
    int exit_code; /* once stopped: 0 for a good end, else its status or 128 + signal */
};

/* Start it and wait until it listens; `url` then says where. `c` is only waited with: its clock,
 * its stop descriptor, its `why`. On failure nothing is left. */
NODISCARD err_t demo_child_start(struct demo_child *child, struct client *c);

/* End it with SIGTERM (SIGKILL after CHILD_STOP_MS) and remove its folder. Twice is fine. */
void demo_child_stop(struct demo_child *child);

#endif
