#include "api/problem.h"

#include "api/api.h"
#include "codec/json_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DETAIL_BYTES = 256, STORE_RETRY_S = 5 };

/* What WWW-Authenticate says with a 401. */
enum challenge { CHALLENGE_NONE, CHALLENGE_PLAIN, CHALLENGE_TOKEN, CHALLENGE_STEP_UP };

/* clang-format off */
static const struct row { /* in the order of docs/api.md: NOLINT(clang-analyzer-optin*) */
    const char *name;
    unsigned status;
    const char *title, *detail;
    enum challenge challenge;
} rows[PROBLEMS] = {
    [PROBLEM_INVALID_HTTP]          = {"invalid-http",          400, "Malformed HTTP request",  "The request does not follow RFC 9112", CHALLENGE_NONE},
    [PROBLEM_INVALID_JSON]          = {"invalid-json",          400, "Invalid JSON",            "Invalid JSON format", CHALLENGE_NONE},
    [PROBLEM_INVALID_MPIN_FORMAT]   = {"invalid-mpin-format",   400, "Malformed MPIN",          "MPIN has the wrong form", CHALLENGE_NONE},
    [PROBLEM_EMAIL_TAKEN]           = {"email-taken",           400, "Email already registered", "Email already registered", CHALLENGE_NONE},
    [PROBLEM_UNAUTHORIZED]          = {"unauthorized",          401, "Not authenticated",       "Invalid session token", CHALLENGE_TOKEN},
    [PROBLEM_INVALID_CREDENTIALS]   = {"invalid-credentials",   401, "Wrong credentials",       "Incorrect email or password", CHALLENGE_PLAIN},
    [PROBLEM_INVALID_MPIN]          = {"invalid-mpin",          401, "Wrong MPIN",              "Invalid MPIN", CHALLENGE_PLAIN},
    [PROBLEM_SESSION_MISMATCH]      = {"session-mismatch",      401, "Session mismatch",        "Invalid session or session mismatch", CHALLENGE_TOKEN},
    [PROBLEM_INVALID_REFRESH_TOKEN] = {"invalid-refresh-token", 401, "Invalid refresh token",   "Invalid refresh token", CHALLENGE_TOKEN},
    [PROBLEM_INSUFFICIENT_USER_AUTHENTICATION] =
        {"insufficient-user-authentication", 401, "Stronger authentication needed", "Please verify your MPIN to continue", CHALLENGE_STEP_UP},
    [PROBLEM_ACCOUNT_LOCKED]        = {"account-locked",        403, "Account locked",          "Account locked due to too many failed MPIN attempts", CHALLENGE_NONE},
    [PROBLEM_SESSION_BLOCKED]       = {"session-blocked",       403, "Session blocked",         "Session is blocked or invalid", CHALLENGE_NONE},
    [PROBLEM_MPIN_REQUIRED]         = {"mpin-required",         403, "MPIN required",           "Please verify your MPIN to continue", CHALLENGE_NONE},
    [PROBLEM_DENIED]                = {"denied",                403, "Denied",                  "The action is denied", CHALLENGE_NONE},
    [PROBLEM_FORBIDDEN_ORIGIN]      = {"forbidden-origin",      403, "Origin not allowed",      "Origin not allowed", CHALLENGE_NONE},
    [PROBLEM_WRONG_SESSION]         = {"wrong-session",         403, "Wrong session",           "Token belongs to another session", CHALLENGE_NONE},
    [PROBLEM_NOT_FOUND]             = {"not-found",             404, "Not found",               "Not found", CHALLENGE_NONE},
    [PROBLEM_SESSION_NOT_FOUND]     = {"not-found",             404, "Not found",               "Session not found", CHALLENGE_NONE},
    [PROBLEM_METHOD_NOT_ALLOWED]    = {"method-not-allowed",    405, "Method not allowed",      "Method not allowed", CHALLENGE_NONE},
    [PROBLEM_REQUEST_TIMEOUT]       = {"request-timeout",       408, "Request timeout",         "Request timeout", CHALLENGE_NONE},
    [PROBLEM_PROFILE_UNAVAILABLE]   = {"profile-unavailable",   409, "Profile not available",   "The profile, the model or the part of the journal that this session is scored with is not available any more", CHALLENGE_NONE},
    [PROBLEM_SESSION_GONE]          = {"session-gone",          410, "Session blocked",         "Session is blocked", CHALLENGE_NONE},
    [PROBLEM_PAYLOAD_TOO_LARGE]     = {"payload-too-large",     413, "Body too large",          "Body is larger than 65536 bytes", CHALLENGE_NONE},
    [PROBLEM_URI_TOO_LONG]          = {"uri-too-long",          414, "Request target too long", "Request target too long", CHALLENGE_NONE},
    [PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {"unsupported-media-type", 415, "Unsupported media type", "Content-Type must be application/json", CHALLENGE_NONE},
    [PROBLEM_EXPECTATION_FAILED]    = {"expectation-failed",    417, "Expectation failed",      "Only 100-continue is supported", CHALLENGE_NONE},
    [PROBLEM_INVALID_REQUEST]       = {"invalid-request",       422, "Invalid request",         "Request validation failed", CHALLENGE_NONE},
    [PROBLEM_UPGRADE_REQUIRED]      = {"upgrade-required",      426, "Upgrade required",        "This path speaks WebSocket only", CHALLENGE_NONE},
    [PROBLEM_TOO_MANY_REQUESTS]     = {"too-many-requests",     429, "Too many requests",       "Too many requests", CHALLENGE_NONE},
    [PROBLEM_HEADERS_TOO_LARGE]     = {"headers-too-large",     431, "Header fields too large", "Header fields too large", CHALLENGE_NONE},
    [PROBLEM_INTERNAL_ERROR]        = {"internal-error",        500, "Internal error",          "Internal error", CHALLENGE_NONE},
    [PROBLEM_OVERLOADED]            = {"overloaded",            503, "Overloaded",              "Server is busy, try again", CHALLENGE_NONE},
    [PROBLEM_UNAVAILABLE]           = {"unavailable",           503, "Unavailable",             "Service is starting, stopping or lacks its database", CHALLENGE_NONE},
};

/* clang-format on */

unsigned problem_status(enum problem which)
{
    return rows[which].status;
}

const char *problem_name(enum problem which)
{
    return rows[which].name;
}

const char *problem_title(enum problem which)
{
    return rows[which].title;
}

const char *problem_text(enum problem which)
{
    return rows[which].detail;
}

static void challenge_header(struct call *c, enum challenge challenge, const char *detail)
{
    char value[DETAIL_BYTES + 160];
    switch (challenge) {
    case CHALLENGE_NONE: return;
    case CHALLENGE_PLAIN: call_header(c, "WWW-Authenticate", "Bearer realm=\"canara\""); return;
    case CHALLENGE_TOKEN:
        if (!c->bearer_sent) { /* RFC 6750 3.1: no error code when no credentials were sent */
            call_header(c, "WWW-Authenticate", "Bearer realm=\"canara\"");
            return;
        }
        (void)snprintf(value, sizeof value,
                       "Bearer realm=\"canara\", error=\"invalid_token\", error_description=\"%s\"",
                       detail);
        break;
    case CHALLENGE_STEP_UP:
        (void)snprintf(
            value, sizeof value,
            "Bearer realm=\"canara\", error=\"insufficient_user_authentication\", "
            "error_description=\"%s\", acr_values=\"urn:canara:acr:mpin\", max_age=\"0\"",
            detail);
        break;
    }
    call_header(c, "WWW-Authenticate", value);
}

/* Members of one problem beside the usual ones (RFC 9457, 3.2). */
struct members {
    problem_members_fn *write;
    const void *context;
};

static void write_problem(struct call *c, enum problem which, const char *detail,
                          const struct members *members)
{
    const struct row *row = &rows[which];
    char type[64];
    (void)snprintf(type, sizeof type, "urn:canara:problem:%s", row->name);
    buf_clear(&c->reply);
    c->borrowed = (span_t){0};
    c->encoding = NULL;
    c->status = row->status;
    c->content_type = "application/problem+json";

    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "type");
    json_cstr(&w, type);
    json_name(&w, "title");
    json_cstr(&w, row->title);
    json_name(&w, "status");
    json_uint(&w, row->status);
    json_name(&w, "detail");
    json_cstr(&w, detail);
    json_name(&w, "instance");
    json_text(&w, c->path);
    json_name(&w, "request_id");
    json_cstr(&w, c->request_id);
    if (members != NULL) {
        members->write(members->context, &w);
    }
    json_end_object(&w);
    if (failed(json_finish(&w))) {
        buf_clear(&c->reply); /* out of memory: the status speaks alone */
        c->close = true;
    }
    challenge_header(c, row->challenge, detail);
}

enum call_place problem(struct call *c, enum problem which)
{
    write_problem(c, which, rows[which].detail, NULL);
    return PLACE_DONE;
}

enum call_place problem_detail(struct call *c, enum problem which, const char *format, ...)
{
    char detail[DETAIL_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    write_problem(c, which, detail, NULL);
    return PLACE_DONE;
}

enum call_place problem_later(struct call *c, enum problem which, int64_t retry_after_s)
{
    write_problem(c, which, rows[which].detail, NULL);
    if (retry_after_s >= 0) { /* -1: only an operator can help */
        call_header_int(c, "Retry-After", retry_after_s < 1 ? 1 : retry_after_s);
    }
    return PLACE_DONE;
}

enum call_place problem_world(struct call *c, err_t why)
{
    log_event(c->service->log, LOG_WARN, "call.failed", FIELD_TEXT("request_id", c->request_id),
              FIELD_INT("error", (int64_t)why.code));
    return problem_later(c, why.code == ERR_TIMEOUT ? PROBLEM_OVERLOADED : PROBLEM_UNAVAILABLE,
                         STORE_RETRY_S);
}

void fault_add(struct faults *f, const char *field, const char *format, ...)
{
    if (f->count == FAULTS_MAX) {
        return;
    }
    (void)snprintf(f->row[f->count].field, FAULT_FIELD_BYTES, "%s", field);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(f->row[f->count].message, FAULT_MESSAGE_BYTES, format, args);
    va_end(args);
    f->count += 1;
}

static void write_faults(const void *context, struct json_writer *w)
{
    const struct faults *faults = context;
    json_name(w, "errors");
    json_begin_array(w);
    for (size_t i = 0; i < faults->count; i++) {
        json_begin_object(w);
        json_name(w, "field");
        json_cstr(w, faults->row[i].field);
        json_name(w, "message");
        json_cstr(w, faults->row[i].message);
        json_end_object(w);
    }
    json_end_array(w);
}

enum call_place problem_members(struct call *c, enum problem which, problem_members_fn *write,
                                const void *context)
{
    const struct members members = {write, context};
    write_problem(c, which, rows[which].detail, &members);
    return PLACE_DONE;
}

enum call_place problem_faults(struct call *c, const struct faults *f)
{
    return problem_members(c, PROBLEM_INVALID_REQUEST, write_faults, f);
}
