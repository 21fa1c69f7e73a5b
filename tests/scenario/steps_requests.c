/* One request, one answer. WHO is a session that `login ... as WHO` made, or `-` for nobody. */
#include "base/util.h"
#include "tests/scenario/world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- reading a request off a line ---- */

static const char *bearer_of(struct world *w, const char *who, const char **out)
{
    char name[NAME_BYTES];
    if (strcmp(who, "-") == 0) {
        *out = "";
        return NULL;
    }
    (void)snprintf(name, sizeof name, "%.40s.token", who);
    *out = names_get(&w->names, name);
    return *out == NULL ? because(w, "no session \"%s\"", who) : NULL;
}

const char *take_request(struct world *w, const char *method, struct words *args,
                         struct request *out, char target[LINE_BYTES])
{
    *out = (struct request){.method = method, .json = "", .header = "", .value = ""};
    const char *why = bearer_of(w, words_take(args), &out->bearer);
    if (why != NULL) {
        return why;
    }
    const char *path = words_take(args);
    (void)snprintf(target, LINE_BYTES, "%s%s", path[0] == '/' ? "" : "/api/v1/", path);
    out->target = target;
    if (words_peek(args)[0] == '{' || words_peek(args)[0] == '[') {
        out->json = words_take(args);
    }
    if (words_take_if(args, "with")) {
        out->header = words_take(args);
        out->value = words_take(args);
    }
    return NULL;
}

static const char *ask(struct world *w, const char *method, struct words *args)
{
    struct request r;
    char target[LINE_BYTES];
    const char *why = take_request(w, method, args, &r, target);
    if (why == NULL) {
        why = wire_ask(wire_dial(w->host.port), &r, &w->answer);
    }
    return why == NULL ? check_answer(w, args) : why;
}

static const char *step_get(struct world *w, struct words *args)
{
    return ask(w, "GET", args);
}

static const char *step_post(struct world *w, struct words *args)
{
    return ask(w, "POST", args);
}

static const char *step_delete(struct world *w, struct words *args)
{
    return ask(w, "DELETE", args);
}

/* status A expect ... */
static const char *step_status(struct world *w, struct words *args)
{
    struct request r = {.method = "GET",
                        .target = "/api/v1/auth/session-status",
                        .json = "",
                        .header = "",
                        .value = ""};
    const char *why = bearer_of(w, words_take(args), &r.bearer);
    if (why == NULL) {
        why = wire_ask(wire_dial(w->host.port), &r, &w->answer);
    }
    return why == NULL ? check_answer(w, args) : why;
}

/* ---- ctl METHOD TARGET [JSON] [expect ...]: as an operator ---- */

static const char *step_ctl(struct world *w, struct words *args)
{
    char path[SCRATCH_PATH];
    const char *method = words_take(args);
    struct request r = {.method = method, .bearer = "", .json = "", .header = "", .value = ""};
    r.target = words_take(args);
    if (words_peek(args)[0] == '{') {
        r.json = words_take(args);
    }
    host_control_path(&w->host, path);
    const char *why = wire_ask(wire_dial_local(path), &r, &w->answer);
    return why == NULL ? check_answer(w, args) : why;
}

/* ---- accounts ---- */

static const char *post(struct world *w, const char *target, const char *json)
{
    const struct request r = {
        .method = "POST", .target = target, .bearer = "", .json = json, .header = "", .value = ""};
    return wire_ask(wire_dial(w->host.port), &r, &w->answer);
}

/* register EMAIL PASSWORD MPIN */
static const char *step_register(struct world *w, struct words *args)
{
    char json[LINE_BYTES];
    const char *email = words_take(args);
    const char *password = words_take(args);
    (void)snprintf(json, sizeof json, "{\"email\":\"%s\",\"password\":\"%s\",\"mpin\":\"%s\"}",
                   email, password, words_take(args));
    const char *why = post(w, "/api/v1/auth/register", json);
    if (why != NULL) {
        return why;
    }
    return w->answer.head.status == 200
               ? NULL
               : because(w, "registering answers %u", w->answer.head.status);
}

static const char *keep(struct world *w, const char *who, const char *suffix, const char *field)
{
    char name[NAME_BYTES];
    char value[VALUE_BYTES] = "";
    (void)snprintf(name, sizeof name, "%.30s%s", who, suffix);
    if (!field_text(w->answer.json, field, value)) {
        return because(w, "the answer has no %s", field);
    }
    return names_set(&w->names, name, value);
}

static const char *keep_session(struct world *w, const char *who)
{
    const char *why = keep(w, who, ".token", "session_token");
    if (why == NULL) {
        why = keep(w, who, ".id", "session_id");
    }
    return why == NULL ? keep(w, who, ".refresh", "refresh_token") : why;
}

/* login EMAIL PASSWORD DEVICE (as A | expect ...) */
static const char *step_login(struct world *w, struct words *args)
{
    char json[LINE_BYTES];
    const char *email = words_take(args);
    const char *password = words_take(args);
    (void)snprintf(json, sizeof json, "{\"email\":\"%s\",\"password\":\"%s\",\"device_id\":\"%s\"}",
                   email, password, words_take(args));
    const char *why = post(w, "/api/v1/auth/login", json);
    if (why != NULL) {
        return why;
    }
    if (!words_take_if(args, "as")) {
        return check_answer(w, args);
    }
    return w->answer.head.status == 200 ? keep_session(w, words_take(args))
                                        : because(w, "the login answers %u", w->answer.head.status);
}

/* refresh TOKEN (as A | expect ...) */
static const char *step_refresh(struct world *w, struct words *args)
{
    char json[LINE_BYTES];
    (void)snprintf(json, sizeof json, "{\"refresh_token\":\"%s\"}", words_take(args));
    const char *why = post(w, "/api/v1/auth/refresh", json);
    if (why != NULL || !words_take_if(args, "as")) {
        return why == NULL ? check_answer(w, args) : why;
    }
    return w->answer.head.status == 200
               ? keep_session(w, words_take(args))
               : because(w, "the refresh answers %u", w->answer.head.status);
}

/* ---- looking at the last answer ---- */

static const char *step_answer(struct world *w, struct words *args)
{
    return check_fields(w, w->answer.json, args);
}

/* header NAME VALUE | ~PART | absent | present */
static const char *step_header(struct world *w, struct words *args)
{
    const char *name = words_take(args);
    const char *want = words_take(args);
    const span_t value = http_response_find(&w->answer.head, name);
    char got[VALUE_BYTES];
    (void)snprintf(got, sizeof got, "%.*s", (int)value.len,
                   value.ptr == NULL ? "" : (const char *)value.ptr);
    const bool there = value.ptr != NULL;
    const bool right = strcmp(want, "absent") == 0    ? !there
                       : strcmp(want, "present") == 0 ? there
                       : want[0] == '~'               ? strstr(got, want + 1) != NULL
                                                      : there && strcmp(got, want) == 0;
    return right ? NULL : because(w, "%s is \"%s\", not %s", name, there ? got : "absent", want);
}

/* keep NAME FIELD */
static const char *step_keep(struct world *w, struct words *args)
{
    const char *name = words_take(args);
    return keep(w, name, "", words_take(args));
}

struct step_table steps_of_requests(void)
{
    static const struct step rows[] = {
        {"get", step_get},       {"post", step_post},       {"delete", step_delete},
        {"status", step_status}, {"ctl", step_ctl},         {"register", step_register},
        {"login", step_login},   {"refresh", step_refresh}, {"answer", step_answer},
        {"header", step_header}, {"keep", step_keep},
    };
    return (struct step_table){rows, ARRAY_LEN(rows)};
}
