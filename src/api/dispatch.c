#include "api/dispatch.h"

#include "api/assets.h"
#include "api/routes.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/rng.h"
#include "base/util.h"
#include "base/wipe.h"
#include "codec/hex.h"
#include "codec/json_read.h"
#include "codec/json_room.h"
#include "codec/uuid_text.h"
#include "crypto/keys.h"
#include "crypto/secret.h"
#include "protocol/http_response.h"

#include <stdlib.h>
#include <string.h>

enum { PREFLIGHT_AGE_S = 600, HSTS_AGE_S = 31536000, BODIES_RETRY_S = 2, TRACEPARENT_LEN = 55 };

/* ---- what every answer says of its request ---- */

static bool is_id_byte(uint8_t b)
{
    return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '_' ||
           b == '-';
}

static bool is_request_id(span_t text)
{
    if (text.len < 1 || text.len >= REQUEST_ID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_id_byte(text.ptr[i])) {
            return false;
        }
    }
    return true;
}

static void name_request(struct call *c, span_t given, struct rng_stock *stock)
{
    if (given.ptr != NULL && is_request_id(given)) {
        memcpy(c->request_id, given.ptr, given.len);
        c->request_id[given.len] = '\0';
        return;
    }
    uint8_t random[8];
    rng_draw(stock, random, sizeof random);
    hex_encode((span_t){random, sizeof random}, c->request_id);
    c->request_id[2 * sizeof random] = '\0';
}

/* Lower-case hexadecimal digits, not all of them zero (W3C trace context, 3.2.2). */
static bool is_trace_number(span_t text)
{
    bool zero = true;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = text.ptr[i];
        if (!(b >= '0' && b <= '9') && !(b >= 'a' && b <= 'f')) {
            return false;
        }
        zero = zero && b == '0';
    }
    return !zero;
}

static bool is_traceparent(span_t text)
{
    return text.len == TRACEPARENT_LEN && memcmp(text.ptr, "00-", 3) == 0 && text.ptr[35] == '-' &&
           text.ptr[52] == '-' && is_trace_number((span_t){text.ptr + 3, 32}) &&
           is_trace_number((span_t){text.ptr + 36, 16}) &&
           (memcmp(text.ptr + 53, "00", 2) == 0 || is_trace_number((span_t){text.ptr + 53, 2}));
}

/* W3C trace context: keep the caller's trace, become a span of it. Malformed: not taken up. */
static void join_trace(struct call *c, span_t given, struct rng_stock *stock)
{
    if (is_traceparent(given)) {
        memcpy(c->traceparent, given.ptr, TRACEPARENT_LEN);
        c->traceparent[TRACEPARENT_LEN] = '\0';
        uint8_t span[8];
        rng_draw(stock, span, sizeof span);
        char text[17];
        hex_encode((span_t){span, sizeof span}, text);
        memcpy(c->traceparent + 36, text, 16);
    }
}

static span_t copy_span(struct call *c, span_t from)
{
    if (from.len == 0) {
        return (span_t){0};
    }
    uint8_t *to = arena_alloc(&c->arena, from.len, 1);
    if (to == NULL) {
        return (span_t){0};
    }
    memcpy(to, from.ptr, from.len);
    return (span_t){to, from.len};
}

/* Listed, or the public one. */
static bool is_origin_allowed(const struct api *api, span_t origin)
{
    const span_t own = {(const uint8_t *)api->public_origin, strlen(api->public_origin)};
    if (own.len > 0 && span_eq(origin, own)) {
        return true;
    }
    for (const char *const *o = api->origins; *o != NULL; o++) {
        if (span_eq(origin, (span_t){(const uint8_t *)*o, strlen(*o)})) {
            return true;
        }
    }
    return false;
}

enum { PATH_KEPT_MAX = 1024, ORIGIN_KEPT_MAX = 256 };

void api_note_request(struct call *c, const struct http_request *req, const arrival_t *arrival)
{
    name_request(c, http_header_find(req, "x-request-id"), arrival->random);
    join_trace(c, http_header_find(req, "traceparent"), arrival->random);
    c->path = copy_span(c, (span_t){req->path.ptr, size_min(req->path.len, PATH_KEPT_MAX)});
    const span_t origin = http_header_find(req, "origin");
    if (origin.len > 0) {
        c->origin = copy_span(c, (span_t){origin.ptr, size_min(origin.len, ORIGIN_KEPT_MAX)});
        c->origin_allowed = is_origin_allowed(c->api, origin);
    }
    c->head = req->method == HTTP_HEAD;
    c->began = arrival->began;
    c->address_narrow = arrival->address_narrow;
    c->address_wide = arrival->address_wide;
    c->loopback = arrival->loopback;
    (void)strncat(c->from, arrival->from, sizeof c->from - 1);
}

/* ---- who is calling ---- */

/* X-Device-ID is optional; when sent, once, it must be that of the token's session. */
bool api_device_matches(const struct call *c, const struct http_request *req)
{
    const size_t devices = http_header_count(req, "x-device-id");
    if (devices != 1) {
        return devices == 0;
    }
    uint8_t mac[DEVICE_MAC_BYTES];
    device_mac(c->service->keys, http_header_find(req, "x-device-id"), mac);
    return ct_equal(mac, c->who.device_mac, sizeof mac);
}

bool api_check_token(struct call *c, span_t token)
{
    const int64_t now_s = clock_wall(c->service->clock).ms / MS_PER_S;
    if (token_check(c->service->keys, token, now_s, &c->who) != TOKEN_OK) {
        return false;
    }
    c->target = c->who.session;
    c->party = uuid_hash(c->who.account);
    return true;
}

static bool authenticate(struct call *c, const struct http_request *req)
{
    span_t token = {0};
    c->bearer_sent = http_header_count(req, "authorization") > 0;
    return http_bearer(req, &token) == HTTP_FOUND && api_check_token(c, token) &&
           api_device_matches(c, req);
}

/* ---- what came along ---- */

static bool body_is_json(const struct http_request *req)
{
    return http_content_is(req, "application/json") &&
           http_header_count(req, "content-encoding") == 0;
}

static bool wants_type(const struct api_route *row, const struct http_request *req)
{
    switch (row->body) {
    case BODY_NONE: return false;
    case BODY_OPTIONAL: return req->body.len > 0;
    case BODY_OBJECT:
    case BODY_TYPED:
    case BODY_EVENTS: break;
    }
    return true;
}

/* True: there is room for what the body will hold. False: answered. Operators are few, and never sent
 * away for what others hold. */
static bool charge(struct call *c, const arrival_t *arrival, size_t bytes)
{
    if (arrival->local || bodies_take(arrival->bodies, c->address_wide, bytes, &c->charge)) {
        return true;
    }
    counter_add_shared(&c->api->metrics.bodies_refused, 1);
    (void)problem_later(c, PROBLEM_OVERLOADED, BODIES_RETRY_S);
    return false;
}

static bool take_events(struct call *c, span_t text, const arrival_t *arrival)
{
    if (text.len == 0) {
        (void)problem(c, PROBLEM_INVALID_JSON);
        return false;
    }
    if (!charge(c, arrival, text.len)) {
        return false;
    }
    uint8_t *copy = malloc(text.len);
    if (copy == NULL) {
        (void)problem_world(c, err_new(ERR_NOMEM));
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    c->body = (span_t){copy, text.len};
    return true;
}

/* The body as a whole is not what the route takes. */
static bool refuse_shape(struct call *c, const struct faults *f)
{
    (void)problem_faults(c, f);
    return false;
}

/* Count what the text is made of: too much of it is refused before any memory is taken for it. */
static bool measure(struct call *c, span_t text, struct json_shape *shape)
{
    static const json_limits_t plain = {LIMIT_BODY_VALUES, LIMIT_BODY_NODES};
    static const json_limits_t typed = {LIMIT_TYPED_BODY_VALUES, LIMIT_TYPED_BODY_NODES};
    struct json_fault fault = {0};
    const err_t measured =
        json_measure(text, c->route->body == BODY_TYPED ? &typed : &plain, shape, &fault);
    if (measured.code == ERR_LIMIT) {
        struct faults f = {0};
        fault_add(&f, "", "must have at most %zu %s", fault.most, fault.of);
        return refuse_shape(c, &f);
    }
    if (failed(measured)) {
        (void)problem(c, PROBLEM_INVALID_JSON);
        return false;
    }
    return true;
}

static bool take_tree(struct call *c, span_t text, const arrival_t *arrival)
{
    struct json_shape shape = {0};
    if (!measure(c, text, &shape) || !charge(c, arrival, json_room_for(&shape))) {
        return false;
    }
    const err_t parsed = json_parse_measured(text, &shape, &c->json, NULL);
    if (failed(parsed)) {
        (void)(parsed.code == ERR_NOMEM ? problem_world(c, parsed)
                                        : problem(c, PROBLEM_INVALID_JSON));
        return false;
    }
    if (json_kind(c->json) != JSON_KIND_OBJECT) {
        struct faults f = {0};
        fault_add(&f, "", "must be an object");
        return refuse_shape(c, &f);
    }
    return true;
}

/* Without a token it may name an account, which need not be there: both wait alike. */
static void note_named_party(struct call *c)
{
    span_t email = {0};
    if (c->route->auth == AUTH_NONE && json_get_text(c->json, "email", &email)) {
        c->party = hash_bytes(hash_key_of(1), email);
    }
}

/* True: go on. False: answered. Of what is read as JSON nothing is left on the stack. */
static bool take_body(struct call *c, const struct http_request *req, const arrival_t *arrival)
{
    if (!wants_type(c->route, req)) {
        return true;
    }
    if (c->route->body == BODY_EVENTS) {
        return take_events(c, req->body, arrival);
    }
    const bool taken = take_tree(c, req->body, arrival);
    if (taken) {
        note_named_party(c);
    }
    stack_wipe();
    return taken;
}

/* ---- assets ---- */

static bool serve_asset(struct call *c, const struct http_request *req)
{
    const struct asset *a = asset_find(req->path);
    if (a == NULL || (req->method != HTTP_GET && req->method != HTTP_HEAD)) {
        return false;
    }
    call_header(c, "ETag", a->etag);
    call_header(c, "Vary", "Accept-Encoding");
    c->content_type = a->content_type;
    c->cacheable = true;
    const span_t known = http_header_find(req, "if-none-match");
    if (span_eq(known, (span_t){(const uint8_t *)a->etag, strlen(a->etag)})) {
        c->status = 304;
        return true;
    }
    c->status = 200;
    c->docs = true;
    c->borrowed = (span_t){a->raw, a->raw_len};
    if (http_accepts_coding(req, "gzip")) {
        c->encoding = "gzip";
        c->borrowed = (span_t){a->gz, a->gz_len};
    }
    return true;
}

/* ---- dispatch ---- */

/* For the route that finds its session without a token of it. */
static void take_device(struct call *c, const struct http_request *req)
{
    const size_t sent = http_header_count(req, "x-device-id");
    const span_t device = http_header_find(req, "x-device-id");
    c->device_sent = sent > 0;
    if (sent == 1 && device.len <= LIMIT_DEVICE_ID_BYTES) {
        c->device = copy_span(c, device);
    }
}

static enum call_place answer_options(struct call *c, const struct http_request *req,
                                      const struct route_match *match)
{
    char allow[ROUTE_ALLOW_MAX];
    const span_t methods = route_allow(match->allowed, allow);
    char text[ROUTE_ALLOW_MAX + 1];
    memcpy(text, methods.ptr, methods.len);
    text[methods.len] = '\0';
    call_header(c, "Allow", text);
    c->status = 204;
    if (c->origin_allowed && http_header_count(req, "access-control-request-method") > 0) {
        call_header(c, "Access-Control-Allow-Methods", text);
        call_header(c, "Access-Control-Allow-Headers",
                    "Authorization, Content-Type, X-Device-ID, X-Request-Id, traceparent");
        call_header_int(c, "Access-Control-Max-Age", PREFLIGHT_AGE_S);
    }
    return PLACE_DONE;
}

static enum call_place answer_method(struct call *c, const struct route_match *match)
{
    char allow[ROUTE_ALLOW_MAX];
    const span_t methods = route_allow(match->allowed, allow);
    char text[ROUTE_ALLOW_MAX + 1];
    memcpy(text, methods.ptr, methods.len);
    text[methods.len] = '\0';
    call_header(c, "Allow", text);
    return problem(c, PROBLEM_METHOD_NOT_ALLOWED);
}

/* No route has this path, but it may be a page that was asked for by another method than GET. */
static enum call_place answer_no_route(struct call *c, const struct http_request *req, bool local)
{
    if (local || asset_find(req->path) == NULL) {
        return problem(c, PROBLEM_NOT_FOUND);
    }
    const struct route_match page = {.allowed = (1U << HTTP_GET) | (1U << HTTP_HEAD) |
                                                (1U << HTTP_OPTIONS)};
    return req->method == HTTP_OPTIONS ? answer_options(c, req, &page) : answer_method(c, &page);
}

enum call_place api_dispatch(struct call *c, const struct http_request *req,
                             const arrival_t *arrival)
{
    api_note_request(c, req, arrival);
    if (!arrival->local && serve_asset(c, req)) {
        return PLACE_DONE;
    }

    const struct route_table table = arrival->local ? api_operator_routes() : api_routes();
    struct route_match match = {0};
    switch (route_match(&table, req->method, req->path, &match)) {
    case ROUTE_NOT_FOUND: return answer_no_route(c, req, arrival->local);
    case ROUTE_METHOD: return answer_method(c, &match);
    case ROUTE_OPTIONS: return answer_options(c, req, &match);
    case ROUTE_FOUND: break;
    }
    c->route = (const struct api_route *)table.rows + match.row;
    for (size_t i = 0; i < match.param_count; i++) {
        c->param[i] = copy_span(c, match.param[i]);
    }

    if (wants_type(c->route, req) && !body_is_json(req)) {
        return problem(c, PROBLEM_UNSUPPORTED_MEDIA_TYPE);
    }
    if ((c->route->auth == AUTH_BEARER || c->route->auth == AUTH_LIVE) && !authenticate(c, req)) {
        return problem(c, PROBLEM_UNAUTHORIZED);
    }
    if (arrival->pressed && c->route->can_wait) {
        return problem_later(c, PROBLEM_OVERLOADED, PRESSED_RETRY_S);
    }
    if (c->route->auth == AUTH_NONE) { /* the metrics page looks at it */
        span_t token = {0};
        c->bearer_sent = http_bearer(req, &token) == HTTP_FOUND;
        c->bearer = copy_span(c, (span_t){token.ptr, size_min(token.len, 256)});
        take_device(c, req);
    }
    if (!take_body(c, req, arrival)) {
        return PLACE_DONE;
    }
    c->restricts =
        c->route->auth == AUTH_LOCAL; /* an operator ends, unlocks, or wants to see why */
    return call_go(c, c->route->place, c->route->begin);
}

static enum problem refusal(unsigned http_status)
{
    switch (http_status) {
    case 408: return PROBLEM_REQUEST_TIMEOUT;
    case 413: return PROBLEM_PAYLOAD_TOO_LARGE;
    case 414: return PROBLEM_URI_TOO_LONG;
    case 417: return PROBLEM_EXPECTATION_FAILED;
    case 431: return PROBLEM_HEADERS_TOO_LARGE;
    default: return PROBLEM_INVALID_HTTP;
    }
}

void api_refuse(struct call *c, unsigned http_status, const char *reason)
{
    name_request(c, (span_t){0}, NULL);
    c->close = true;
    const enum problem which = refusal(http_status);
    if (which == PROBLEM_INVALID_HTTP) { /* 501 and 505, too: input is no fault of ours */
        (void)problem_detail(c, which, "%s", reason);
        return;
    }
    (void)problem(c, which);
}

/* ---- answering ---- */

static void count_answer(const struct call *c)
{
    struct api_metrics *m = &c->api->metrics;
    const struct route_table table = api_routes();
    const struct api_route *first = table.rows;
    size_t row = API_ROUTES_MAX - 1; /* unknown */
    if (c->route >= first && c->route < first + table.count) {
        row = (size_t)(c->route - first);
    }
    const unsigned status = c->status < ANSWER_STATUS_LOW ? ANSWER_STATUS_LOW : c->status;
    counter_add_shared(&m->answers[row][size_min(status - ANSWER_STATUS_LOW, ANSWER_STATUSES - 1)],
                       1);
}

static err_t write_fixed(struct call *c, struct buf *out)
{
    TRY(buf_append(out, SPAN_LIT("X-Request-Id: ")));
    TRY(buf_append(out, (span_t){(const uint8_t *)c->request_id, strlen(c->request_id)}));
    TRY(buf_append(out, SPAN_LIT("\r\nX-Content-Type-Options: nosniff\r\n"
                                 "Referrer-Policy: no-referrer\r\n")));
    TRY(buf_append(out, c->cacheable ? SPAN_LIT("Cache-Control: no-cache\r\n")
                                     : SPAN_LIT("Cache-Control: no-store\r\n")));
    TRY(c->docs ? buf_append(out, SPAN_LIT("Content-Security-Policy: " ASSET_DOCS_CSP "\r\n"))
                : buf_append(out, SPAN_LIT("Content-Security-Policy: default-src 'none'; "
                                           "frame-ancestors 'none'\r\n")));
    if (c->api->tls) {
        TRY(buf_append_format(out, "Strict-Transport-Security: max-age=%d\r\n", HSTS_AGE_S));
    }
    if (c->traceparent[0] != '\0') {
        TRY(http_response_header(out, "traceparent",
                                 (span_t){(const uint8_t *)c->traceparent, TRACEPARENT_LEN}));
    }
    if (c->origin.len > 0) {
        TRY(buf_append(out, SPAN_LIT("Vary: Origin\r\n")));
    }
    if (c->origin_allowed) {
        TRY(http_response_header(out, "Access-Control-Allow-Origin", c->origin));
        TRY(buf_append(out, SPAN_LIT("Access-Control-Expose-Headers: X-Request-Id, Retry-After, "
                                     "WWW-Authenticate, traceparent\r\n")));
    }
    return ERR_OK;
}

err_t api_answer(struct call *c, bool keep_alive, struct buf *out)
{
    MUST(c->status != 0);
    count_answer(c);
    log_event(c->service->log, LOG_DEBUG, "http.answer", FIELD_TEXT("request_id", c->request_id),
              FIELD_TEXT("trace", c->traceparent), FIELD_INT("status", c->status),
              FIELD_SPAN("path", c->path), FIELD_TEXT("from", c->from));

    const span_t body = c->borrowed.len > 0 ? c->borrowed : buf_span(&c->reply);
    const bool bare = c->status == 204 || c->status == 304;
    char date[HTTP_DATE_LEN];
    http_date(clock_wall(c->service->clock), date);
    TRY(http_response_begin(out, c->status));
    TRY(buf_append(out, SPAN_LIT("Date: ")));
    TRY(buf_append(out, (span_t){(const uint8_t *)date, sizeof date}));
    TRY(buf_append(out, SPAN_LIT("\r\n")));
    if (!bare) {
        TRY(http_response_header(
            out, "Content-Type",
            (span_t){(const uint8_t *)c->content_type, strlen(c->content_type)}));
    }
    TRY(write_fixed(c, out));
    if (c->encoding != NULL && !bare) {
        TRY(http_response_header(out, "Content-Encoding",
                                 (span_t){(const uint8_t *)c->encoding, strlen(c->encoding)}));
    }
    TRY(buf_append(out, buf_span(&c->extra)));
    TRY(buf_append(out, keep_alive ? SPAN_LIT("Connection: keep-alive\r\n")
                                   : SPAN_LIT("Connection: close\r\n")));
    if (bare) {
        return http_response_finish(out);
    }
    return c->head || c->borrowed.len > 0 ? http_response_end_head(out, body.len)
                                          : http_response_end(out, body);
}

size_t api_answer_bytes(const struct call *c)
{
    return c->reply.len + c->extra.len;
}

span_t api_answer_page(const struct call *c)
{
    return c->head ? (span_t){0} : c->borrowed;
}
