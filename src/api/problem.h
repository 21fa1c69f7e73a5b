/*
 * problem.h - every error answer, RFC 9457, from one table (docs/api.md lists the same rows).
 *
 * Floor      api
 * Ownership  writes into the call's reply.
 * Threads    whoever holds the call.
 */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "api/call.h"
#include "codec/json_write.h"

#include <stdint.h>

enum problem {
    PROBLEM_INVALID_HTTP,
    PROBLEM_INVALID_JSON,
    PROBLEM_INVALID_MPIN_FORMAT,
    PROBLEM_EMAIL_TAKEN,
    PROBLEM_UNAUTHORIZED,
    PROBLEM_INVALID_CREDENTIALS,
    PROBLEM_INVALID_MPIN,
    PROBLEM_SESSION_MISMATCH,
    PROBLEM_INVALID_REFRESH_TOKEN,
    PROBLEM_INSUFFICIENT_USER_AUTHENTICATION,
    PROBLEM_ACCOUNT_LOCKED,
    PROBLEM_SESSION_BLOCKED,
    PROBLEM_MPIN_REQUIRED,
    PROBLEM_DENIED,
    PROBLEM_FORBIDDEN_ORIGIN,
    PROBLEM_WRONG_SESSION,
    PROBLEM_NOT_FOUND,
    PROBLEM_SESSION_NOT_FOUND,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_REQUEST_TIMEOUT,
    PROBLEM_PROFILE_UNAVAILABLE,
    PROBLEM_SESSION_GONE,
    PROBLEM_PAYLOAD_TOO_LARGE,
    PROBLEM_URI_TOO_LONG,
    PROBLEM_UNSUPPORTED_MEDIA_TYPE,
    PROBLEM_EXPECTATION_FAILED,
    PROBLEM_INVALID_REQUEST,
    PROBLEM_UPGRADE_REQUIRED,
    PROBLEM_TOO_MANY_REQUESTS,
    PROBLEM_HEADERS_TOO_LARGE,
    PROBLEM_INTERNAL_ERROR,
    PROBLEM_OVERLOADED,
    PROBLEM_UNAVAILABLE,
    PROBLEMS
};

/* Answer with a problem and its usual detail. Always PLACE_DONE, so that a stage may return it. */
enum call_place problem(struct call *c, enum problem which);

/* The same with a detail of its own. */
enum call_place problem_detail(struct call *c, enum problem which, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The same with Retry-After. */
enum call_place problem_later(struct call *c, enum problem which, int64_t retry_after_s);

/* The same with members of its own behind the usual ones; `write` names and writes them. */
typedef void problem_members_fn(const void *context, struct json_writer *w);
enum call_place problem_members(struct call *c, enum problem which, problem_members_fn *write,
                                const void *context);

/* What a failed err_t of the store, the pool or the heap means to a client: 503. */
enum call_place problem_world(struct call *c, err_t why);

/* The status and detail of a problem, for answers made before there is a call. */
unsigned problem_status(enum problem which);
const char *problem_name(enum problem which);
const char *problem_title(enum problem which);
const char *problem_text(enum problem which);

/* ---- faults of shape: 422 with every one listed, in field order ---- */

enum { FAULTS_MAX = 16, FAULT_FIELD_BYTES = 64, FAULT_MESSAGE_BYTES = 96 };

struct faults {
    size_t count;

    struct {
        char field[FAULT_FIELD_BYTES];
        char message[FAULT_MESSAGE_BYTES];
    } row[FAULTS_MAX];
};

/* Note one fault; beyond FAULTS_MAX they are dropped. */
void fault_add(struct faults *f, const char *field, const char *format, ...) PRINTF_LIKE(3, 4);

/* Answer 422 with the faults. */
enum call_place problem_faults(struct call *c, const struct faults *f);

#endif
