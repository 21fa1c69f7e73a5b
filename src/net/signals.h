/*
 * signals.h - SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2 as ordinary events of a loop (signalfd).
 *
 * Floor      net
 * Ownership  lives inside its owner; borrows the loop until signals_deinit().
 * Errors     ERR_IO when the kernel refuses a descriptor.
 * Threads    signals_init before any other thread starts, so that all inherit the mask; then the
 *            loop's thread.
 */
#ifndef NET_SIGNALS_H
#define NET_SIGNALS_H

#include "base/err.h"
#include "net/loop.h"

#include <signal.h>

struct signals {
    struct watch watch;
    struct loop *loop;
    sigset_t before; /* the mask that signals_deinit() puts back */
    void (*caught)(struct signals *self, int signal_number);
};

/* SIGHUP, SIGUSR1 and SIGUSR2. */
sigset_t signals_held(void);

/* From the first line of a start on: SIGHUP, SIGUSR1 and SIGUSR2, which would end the process, wait for
 * signals_init(). SIGTERM and SIGINT still end it. What is executed later inherits the mask unless it is given
 * another one. */
void signals_hold(void);

/* Block the five signals and call `caught` from the loop when one arrives. SIGPIPE is ignored
 * from here on. */
NODISCARD err_t signals_init(struct signals *s, struct loop *loop,
                             void (*caught)(struct signals *self, int signal_number));

/* Stop watching and restore the mask. */
void signals_deinit(struct signals *s);

#endif
