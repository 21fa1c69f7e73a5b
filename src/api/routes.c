#include "api/routes.h"

#include "api/problem.h"
#include "domain/learnt/baselines.h"

#include <string.h>

#define API "/api/v1"

/* One row a route: who may, what comes in, where it begins. docs/api/openapi.json says the rest. */
/* clang-format off */
static const struct api_route rows[] = {
    {{HTTP_POST,   SPAN_INIT(API "/auth/register")},        AUTH_NONE,   BODY_OBJECT,   PLACE_COLD,  false, register_begin,        API "/auth/register"},
    {{HTTP_POST,   SPAN_INIT(API "/auth/login")},           AUTH_NONE,   BODY_TYPED,    PLACE_COLD,  false, login_begin,           API "/auth/login"},
    {{HTTP_POST,   SPAN_INIT(API "/auth/verify-mpin")},     AUTH_BEARER, BODY_TYPED,    PLACE_OWNER, false, verify_mpin_begin,     API "/auth/verify-mpin"},
    {{HTTP_POST,   SPAN_INIT(API "/auth/mpin-challenge")},  AUTH_BEARER, BODY_OBJECT,   PLACE_OWNER, false, mpin_challenge_begin,  API "/auth/mpin-challenge"},
    {{HTTP_GET,    SPAN_INIT(API "/auth/session-status")},  AUTH_BEARER, BODY_NONE,     PLACE_OWNER, false, session_status_begin,  API "/auth/session-status"},
    {{HTTP_POST,   SPAN_INIT(API "/auth/logout")},          AUTH_BEARER, BODY_NONE,     PLACE_OWNER, false, logout_begin,          API "/auth/logout"},
    {{HTTP_POST,   SPAN_INIT(API "/auth/refresh")},         AUTH_NONE,   BODY_OBJECT,   PLACE_COLD,  false, refresh_begin,         API "/auth/refresh"},
    {{HTTP_GET,    SPAN_INIT(API "/auth/sessions")},        AUTH_LIVE,   BODY_NONE,     PLACE_OWNER, false, sessions_begin,        API "/auth/sessions"},
    {{HTTP_DELETE, SPAN_INIT(API "/auth/sessions/{id}")},   AUTH_LIVE,   BODY_NONE,     PLACE_OWNER, false, session_delete_begin,  API "/auth/sessions/{id}"},
    {{HTTP_POST,   SPAN_INIT(API "/auth/change-password")}, AUTH_LIVE,   BODY_OBJECT,   PLACE_OWNER, false, change_password_begin, API "/auth/change-password"},
    {{HTTP_POST,   SPAN_INIT(API "/auth/change-mpin")},     AUTH_LIVE,   BODY_OBJECT,   PLACE_OWNER, false, change_mpin_begin,     API "/auth/change-mpin"},
    {{HTTP_POST,   SPAN_INIT(API "/ws/ticket")},            AUTH_LIVE,   BODY_NONE,     PLACE_OWNER, false, ticket_begin,          API "/ws/ticket"},
    {{HTTP_POST,   SPAN_INIT(API "/ws/sessions/{id}/events")}, AUTH_LIVE, BODY_EVENTS,  PLACE_OWNER, false, events_begin,          API "/ws/sessions/{id}/events"},
    {{HTTP_GET,    SPAN_INIT(API "/ws/sessions/{id}/behavior-summary")}, AUTH_BEARER, BODY_NONE, PLACE_OWNER, true, summary_begin, API "/ws/sessions/{id}/behavior-summary"},
    {{HTTP_POST,   SPAN_INIT(API "/ws/sessions/{id}/simulate-ml-analysis")}, AUTH_BEARER, BODY_OPTIONAL, PLACE_OWNER, true, simulate_begin, API "/ws/sessions/{id}/simulate-ml-analysis"},
    {{HTTP_POST,   SPAN_INIT(API "/risk/evaluate")},        AUTH_LIVE,   BODY_OBJECT,   PLACE_OWNER, false, evaluate_begin,        API "/risk/evaluate"},
    {{HTTP_GET,    SPAN_INIT("/")},                         AUTH_NONE,   BODY_NONE,     PLACE_OWNER, false, root_begin,            "/"},
    {{HTTP_GET,    SPAN_INIT("/health")},                   AUTH_NONE,   BODY_NONE,     PLACE_OWNER, false, health_begin,          "/health"},
    {{HTTP_GET,    SPAN_INIT("/health/live")},              AUTH_NONE,   BODY_NONE,     PLACE_OWNER, false, live_begin,            "/health/live"},
    {{HTTP_GET,    SPAN_INIT("/health/ready")},             AUTH_NONE,   BODY_NONE,     PLACE_COLD,  false, ready_begin,           "/health/ready"},
    {{HTTP_GET,    SPAN_INIT("/metrics")},                  AUTH_NONE,   BODY_NONE,     PLACE_COLD,  false, metrics_begin,         "/metrics"},
};

static const struct api_route operator_rows[] = {
    {{HTTP_GET,  SPAN_INIT("/ctl/status")},   AUTH_LOCAL, BODY_NONE,   PLACE_COLD, false, ctl_status_begin,   "/ctl/status"},
    {{HTTP_POST, SPAN_INIT("/ctl/sessions")}, AUTH_LOCAL, BODY_OPTIONAL, PLACE_COLD, false, ctl_sessions_begin, "/ctl/sessions"},
    {{HTTP_POST, SPAN_INIT("/ctl/end")},      AUTH_LOCAL, BODY_OBJECT, PLACE_COLD, false, ctl_end_begin,      "/ctl/end"},
    {{HTTP_POST, SPAN_INIT("/ctl/unlock")},   AUTH_LOCAL, BODY_OBJECT, PLACE_COLD, false, ctl_unlock_begin,   "/ctl/unlock"},
    {{HTTP_POST, SPAN_INIT("/ctl/mpin")},     AUTH_LOCAL, BODY_OBJECT, PLACE_COLD, false, ctl_mpin_begin,     "/ctl/mpin"},
    {{HTTP_POST, SPAN_INIT("/ctl/fact")},     AUTH_LOCAL, BODY_OBJECT, PLACE_COLD, false, ctl_fact_begin,     "/ctl/fact"},
    {{HTTP_POST, SPAN_INIT("/ctl/profile")},  AUTH_LOCAL, BODY_OBJECT, PLACE_COLD, false, ctl_profile_begin,  "/ctl/profile"},
    {{HTTP_POST, SPAN_INIT("/ctl/analysis")}, AUTH_LOCAL, BODY_OBJECT, PLACE_COLD, false, ctl_analysis_begin, "/ctl/analysis"},
    {{HTTP_POST, SPAN_INIT("/ctl/clock")},    AUTH_LOCAL, BODY_NONE,   PLACE_COLD, false, ctl_clock_begin,    "/ctl/clock"},
    {{HTTP_POST, SPAN_INIT("/ctl/reload")},   AUTH_LOCAL, BODY_NONE,   PLACE_COLD, false, ctl_reload_begin,   "/ctl/reload"},
    {{HTTP_POST, SPAN_INIT("/ctl/drain")},    AUTH_LOCAL, BODY_NONE,   PLACE_COLD, false, ctl_drain_begin,    "/ctl/drain"},
};
/* clang-format on */

_Static_assert(sizeof rows / sizeof *rows < API_ROUTES_MAX, "one metric row each, and the unknown");

struct route_table api_routes(void)
{
    return ROUTE_TABLE(rows);
}

struct route_table api_operator_routes(void)
{
    return ROUTE_TABLE(operator_rows);
}

enum call_place answer_json(struct call *c, unsigned status, struct json_writer *w)
{
    const err_t finished = json_finish(w);
    if (failed(finished)) {
        return problem_world(c, finished);
    }
    c->status = status;
    return PLACE_DONE;
}

enum call_place when_durable(struct call *c, const struct live *live, call_stage next)
{
    if (journal_state_of(c->service->journal) != JOURNAL_RUNNING) {
        return call_go(c, PLACE_OWNER, next);
    }
    c->position = live->position;
    return call_go(c, PLACE_DURABLE, next);
}

enum call_place problem_not_taken(struct call *c, enum behaviour_answer why)
{
    return why == BEHAVIOUR_BUSY ? problem_later(c, PROBLEM_OVERLOADED, 1)
                                 : problem_later(c, PROBLEM_UNAVAILABLE, 5);
}

enum call_place answered_stage(struct call *c, struct shard *s)
{
    (void)c;
    (void)s;
    return PLACE_DONE;
}

static bool family_seen(const canara_reason_t *reasons, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        if (strcmp(reasons[i].family, reasons[before].family) == 0) {
            return true;
        }
    }
    return false;
}

void write_families(const canara_session_t *engine, wall_t at, struct json_writer *w)
{
    canara_reason_t reasons[CANARA_REASONS_MAX];
    const size_t count = canara_reasons(engine, at.ms, reasons);
    json_name(w, "reasons");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        if (reasons[i].nats > 0.0 && !family_seen(reasons, i)) {
            json_cstr(w, reasons[i].family);
        }
    }
    json_end_array(w);
}

static void write_evidence(const reasons_of_t *of, struct json_writer *w)
{
    canara_reason_t reasons[CANARA_REASONS_MAX];
    const size_t count = canara_reasons(of->engine, of->at.ms, reasons);
    json_name(w, "evidence");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_name(w, "name");
        json_cstr(w, reasons[i].name);
        json_name(w, "family");
        json_cstr(w, reasons[i].family);
        json_name(w, "nats");
        json_fixed(w, reasons[i].nats, 3);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_baselines(const struct baselines *b, struct json_writer *w)
{
    json_name(w, "baselines");
    json_begin_array(w);
    for (size_t i = 0; i < b->count; i++) {
        json_begin_object(w);
        json_name(w, "name");
        json_cstr(w, b->row[i].name);
        json_name(w, "what");
        json_cstr(w, b->row[i].what);
        json_name(w, "unit");
        json_cstr(w, b->row[i].unit);
        json_name(w, "value");
        json_fixed(w, b->row[i].value, 3);
        json_name(w, "usual");
        json_fixed(w, b->row[i].usual, 3);
        json_name(w, "spread");
        json_fixed(w, b->row[i].spread, 3);
        json_end_object(w);
    }
    json_end_array(w);
}

void write_reasons(const struct api *api, const reasons_of_t *of, struct json_writer *w)
{
    write_families(of->engine, of->at, w);
    if (!api->debug) {
        return;
    }
    write_evidence(of, w);
    if (of->baselines != NULL) {
        write_baselines(of->baselines, w);
    }
}

void write_learning(canara_learning_t learning, struct json_writer *w)
{
    json_name(w, "learning");
    json_begin_object(w);
    json_name(w, "sessions");
    json_uint(w, learning.sessions);
    json_name(w, "needed");
    json_uint(w, learning.needed);
    json_name(w, "state");
    json_cstr(w, canara_learning_name(learning.state));
    json_end_object(w);
}

const char *model_name(const struct service *svc)
{
    return svc->model != NULL ? canara_model_name(svc->model) : canara_model_version();
}

void tell_all(struct call *c, const uuid_t *session, uint32_t count, enum tell what,
              enum session_end how, double value)
{
    for (uint32_t i = 0; i < count; i++) {
        c->api->courier->tell(c->api->courier, session[i], what, how, value);
    }
}
