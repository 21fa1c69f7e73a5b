/*
 * ctl.h - what `canara ctl` asks of a running server, and how it shows the answer.
 *
 * Floor      app/operate
 * Ownership  an order borrows from argv; printing borrows the answer. Whoever gives it a secret keeps it in
 *            memory that stays out of core dumps (key_memory_new()), which wipes it at its end.
 * Errors     ctl_parse() says faults on stderr, as options_read() does.
 * Threads    no state.
 */
#ifndef APP_CTL_H
#define APP_CTL_H

#include "app/cli/options.h"
#include "base/err.h"
#include "base/span.h"
#include "codec/json_read.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CTL_BODY_BYTES = 2048, CTL_PATH_BYTES = 640 };

struct ctl_verb;

/* What the options say. */
struct ctl_given {
    const char *email, *session, *nats, *source, *rollback;
    const char *account; /* the second word, when it is no address */
    bool reset;
};

struct ctl_order {
    const struct ctl_verb *verb;
    struct ctl_given given;
    const char *data_dir; /* NULL: found out by ctl_socket() */
    bool json;            /* show the answer as it came */
    char body[CTL_BODY_BYTES];
    size_t body_len; /* 0: none */
};

/* The name of the verb with this number from 0; NULL beyond the last. */
const char *ctl_verb_name(size_t number);

/* Read the command line of `canara ctl`. */
enum option_answer ctl_parse(int argc, char **argv, struct ctl_order *out);

/* What the verb needs besides and nobody may see, in words: "MPIN". NULL: nothing. */
const char *ctl_secret(const struct ctl_order *order);

/* Put it into the body of the request. False: it is too long, which is said on stderr. */
bool ctl_give_secret(struct ctl_order *order, span_t secret);

/* Method and target of the request. */
const char *ctl_method(const struct ctl_order *order);
const char *ctl_target(const struct ctl_order *order);

/* Show a good answer for people. */
void ctl_print(FILE *to, const struct ctl_order *order, const struct json *answer);

/* Show a problem (RFC 9457) for people: its detail, and one line for each fault. */
void ctl_print_problem(FILE *to, unsigned status, const struct json *problem);

/* Write text from outside: whatever could steer a terminal or turn the text comes
 * out as \uXXXX. */
void ctl_print_safe(FILE *to, span_t text);

/* The path of the control socket: of `data_dir`, or of DATA_DIR in the environment, in .env, or
 * ./data. False, with a reason on stderr, when there is none. */
bool ctl_socket(const char *data_dir, char out[CTL_PATH_BYTES]);

#endif
