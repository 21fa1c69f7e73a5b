/*
 * host.h - the whole server in a child process that lives by a scripted clock.
 *
 * Floor      tests (may use: app)
 * Ownership  host_open() makes a folder for its data, host_close() removes it and any child.
 * Errors     false, with one line in `why`.
 * Threads    one: the parent forks and must stay alone.
 *
 * A child, so that a kill is a kill: nothing is saved, nothing is flushed, the kernel takes it all.
 * The clock lies in memory that both share.
 */
#ifndef TESTS_SCENARIO_HOST_H
#define TESTS_SCENARIO_HOST_H

#include "tests/support/scratch.h"
#include "tests/support/scripted_clock.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { HOST_WHY_BYTES = 768, HOST_SETS_MAX = 48, HOST_SET_BYTES = 1024 };

struct host {
    struct scripted_clock *clock;
    struct scratch scratch;
    char set[HOST_SETS_MAX][HOST_SET_BYTES]; /* NAME=VALUE, the last one of a name counts */
    size_t sets;
    pid_t child; /* 0: none */
    int line;    /* to the child */
    uint16_t port;
    bool hardened; /* DEBUG=False: the child may not be looked into, also not for leaks */
    char why[HOST_WHY_BYTES];
};

/* Make the folder, the clock and the settings that every scenario begins with. */
bool host_open(struct host *h);
void host_close(struct host *h);

/* Note a setting for the next start. */
bool host_set(struct host *h, const char *pair);

/* Start. When the server refuses, false with its reason in `why` and `*refused` true. */
bool host_start(struct host *h, bool *refused);

/* Begin to stop, as SIGTERM does. */
bool host_stop_begin(struct host *h);

/* Wait up to `ms` for the end, and see that it was a good one. */
bool host_stop_wait(struct host *h, int ms, bool *ended);

/* End it without a word. */
bool host_kill(struct host *h);

/* Return when every loop has looked at the clock since this call. */
bool host_sync(struct host *h);

/* Return when what sessions told the database is written. */
bool host_settle(struct host *h);

/* Path of the control socket. */
void host_control_path(const struct host *h, char out[SCRATCH_PATH]);

#endif
