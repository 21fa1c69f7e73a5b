/*
 * world.h - what a running scenario consists of, and the steps that lines of it name.
 *
 * Floor      tests
 * Ownership  scenario_run.c makes one for each file and closes it.
 * Errors     a step answers NULL, or the reason why the scenario fails here.
 * Threads    one.
 */
#ifndef TESTS_SCENARIO_WORLD_H
#define TESTS_SCENARIO_WORLD_H

#include "tests/scenario/host.h"
#include "tests/scenario/socket.h"
#include "tests/scenario/wire.h"
#include "tests/scenario/words.h"

enum { SOCKETS_MAX = 16, RAWS_MAX = 16, BURST_MAX = 64, REASON_BYTES = 2048 };

struct named_socket {
    char name[NAME_BYTES]; /* "" = free */
    struct socket_client client;
};

struct raw {
    char name[NAME_BYTES]; /* "" = free */
    int fd;
};

struct world {
    struct host host;
    struct names names;
    struct named_socket sockets[SOCKETS_MAX];
    struct raw raws[RAWS_MAX];
    int burst[BURST_MAX];
    size_t bursting;
    unsigned burst_count[600]; /* answers by status */
    struct answer answer;      /* the last one */
    char why[REASON_BYTES];
};

typedef const char *step_fn(struct world *w, struct words *args);

struct step {
    const char *name;
    step_fn *run;
};

struct step_table {
    const struct step *row;
    size_t count;
};

struct step_table steps_of_host(void);     /* the server's life, and time */
struct step_table steps_of_requests(void); /* one request, one answer */
struct step_table steps_of_sockets(void);  /* WebSocket */
struct step_table steps_of_raw(void);      /* connections as they stand, and many at once */

/* Run one line. */
const char *world_step(struct world *w, const char *line);

/* Stop the server as SIGTERM does; host.why says what went wrong. */
bool world_stop(struct world *w);

/* Put a reason together. */
const char *because(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3);

/* Compare pairs FIELD VALUE, up to the end of the line, with a JSON value. */
const char *check_fields(struct world *w, const struct json *json, struct words *args);

/* The text of a value, as a scenario writes it. False when there is none. */
bool field_text(const struct json *json, const char *path, char out[VALUE_BYTES]);

/* Read METHOD WHO TARGET [JSON] [with NAME VALUE]. The request borrows from `args` and the names. */
const char *take_request(struct world *w, const char *method, struct words *args,
                         struct request *out, char target[LINE_BYTES]);

/* [expect STATUS [DETAIL]] against the last answer. */
const char *check_answer(struct world *w, struct words *args);

#endif
