/*
 * progress.h - says on a terminal how far a long piece of work is.
 *
 * Floor      app/cli
 * Units      items done of all; nothing is said in the first two seconds, nor when stderr is no
 *            terminal.
 * Ownership  progress_init/progress_deinit by the holder, who does not move it.
 * Errors     none.
 * Threads    progress_at() from any; the rest by one.
 */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { PROGRESS_LINE_BYTES = 96 };

struct progress {
    pthread_mutex_t lock;
    const struct clock *clock;
    const char *command; /* "canara evaluate" */
    mono_t begin, said;
    bool terminal, shown;
};

/* Begin now; `terminal` is whether anything may be said at all (isatty). */
void progress_init(struct progress *p, const char *command, const struct clock *clock,
                   bool terminal);

/* Wipe the line from the terminal. */
void progress_deinit(struct progress *p);

/* Say it, at most five times a second. `ctx` is the struct progress. */
void progress_at(void *ctx, size_t done, size_t all);

/* The line, without its end: "canara evaluate:  42 %, 12 s, about 17 s left". */
void progress_line(char out[PROGRESS_LINE_BYTES], const char *command, double seconds, size_t done,
                   size_t all);

#endif
