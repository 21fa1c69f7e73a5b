/*
 * stop_signal.h - Ctrl-C and its like as a descriptor, for tools that must tidy up first.
 *
 * Floor      app/cli
 * Ownership  the caller closes the descriptor; the mask stays for the life of the process.
 * Errors     ERR_IO.
 * Threads    the main thread, before any other is started.
 */
#ifndef APP_STOP_SIGNAL_H
#define APP_STOP_SIGNAL_H

#include "base/err.h"

/* Block SIGINT, SIGTERM, SIGHUP, and SIGPIPE; *fd is readable once one of the first three came. */
NODISCARD err_t stop_signal_open(int *fd);

/* Whether one of them has come; it is still to be told by stop_signal_take(). Of -1: never. */
bool stop_signal_came(int fd);

/* The number of the one that came; 0 when none did. The command then leaves with 128 more, as a shell tells it. */
int stop_signal_take(int fd);

#endif
