/* From a request to a call and from a call to an answer. The upgrade: upgrade_test.c. */
#include "api/desk_test.h"

#define STATUS  "/api/v1/auth/session-status"
#define LOGIN   "/api/v1/auth/login"
#define JSON    "Content-Type: application/json\r\n"
#define OURS    "https://bank.example"
#define FOREIGN "https://evil.example"
#define PARENT  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
static const arrival_t near = {.from = "127.0.0.1", .loopback = true};

static struct call *ask(struct desk *d, const char *method, const char *target, const char *headers,
                        const char *body)
{
    return ask_from(d, &near, method, target, headers, body);
}

static void expect(struct desk *d, const char *method, const char *target, const char *headers,
                   const char *body, unsigned status)
{
    struct call *c = ask(d, method, target, headers, body);
    if (c->status != status) {
        fail_msg("%s %s %s%s: %u instead of %u: %.*s", method, target, headers, body, c->status,
                 status, (int)c->reply.len, (const char *)c->reply.ptr);
    }
    call_free(&c);
}

/* The answer as it goes on the wire. */
static void answer(struct call *c, bool keep_alive, char out[16384])
{
    struct buf wire;
    buf_init(&wire, (size_t)1 << 22);
    assert_ok(api_answer(c, keep_alive, &wire));
    (void)snprintf(out, 16384, "%.*s", (int)wire.len, (const char *)wire.ptr);
    buf_deinit(&wire);
}

static void wire_of(struct desk *d, const char *method, const char *target, const char *headers,
                    char out[16384])
{
    struct call *c = ask(d, method, target, headers, "");
    answer(c, true, out);
    call_free(&c);
}

/* ---- request ids and traces */

static void a_request_id_is_taken_when_it_is_fit_to_be_logged(void **state)
{
    static const struct {
        const char *given;
        bool taken;
    } cases[] = {
        {"a", true},
        {"Az09_-", true},
        {"0123456789012345678901234567890123456789012345678901234567890123", true},
        {"01234567890123456789012345678901234567890123456789012345678901234", false},
        {"", false},
        {"a b", false},
        {"a\"b", false},
        {"a.b", false},
        {"\xc3\xa9", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char header[128];
        (void)snprintf(header, sizeof header, "X-Request-Id: %s\r\n", cases[i].given);
        struct call *c = ask(*state, "GET", "/health/live", header, "");
        if (cases[i].taken) {
            assert_string_equal(c->request_id, cases[i].given);
        } else {
            assert_int_equal(strlen(c->request_id), 16);
            assert_int_equal(strspn(c->request_id, "0123456789abcdef"), 16);
        }
        call_free(&c);
    }
}

static void two_requests_without_an_id_get_two(void **state)
{
    struct call *a = ask(*state, "GET", "/health/live", "", "");
    struct call *b = ask(*state, "GET", "/health/live", "", "");
    assert_string_not_equal(a->request_id, b->request_id);
    call_free(&a);
    call_free(&b);
}

static void a_trace_is_joined_with_a_span_of_our_own(void **state)
{
    char out[16384];
    struct call *c = ask(*state, "GET", "/health/live", "traceparent: " PARENT "\r\n", "");
    assert_int_equal(strlen(c->traceparent), 55);
    assert_memory_equal(c->traceparent, PARENT, 36);                 /* the trace */
    assert_memory_not_equal(c->traceparent + 36, &(PARENT)[36], 16); /* our part of it */
    assert_memory_equal(c->traceparent + 52, &(PARENT)[52], 3);      /* sampled */
    answer(c, true, out);
    assert_non_null(strstr(out, c->traceparent));
    call_free(&c);
}

static void what_is_no_trace_is_not_taken_up(void **state)
{
    static const char *const cases[] = {
        "",
        "00",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", /* a version to come */
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", /* upper case */
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-010",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char header[128];
        char out[16384];
        (void)snprintf(header, sizeof header, "traceparent: %s\r\n", cases[i]);
        wire_of(*state, "GET", "/health/live", header, out);
        assert_null(strstr(out, "traceparent:"));
    }
    struct call *c =
        ask(*state, "GET", "/health/live",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n", "");
    assert_int_equal(strlen(c->traceparent), 55); /* not sampled is a trace all the same */
    call_free(&c);
}

/* ---- what every answer carries */

static void every_answer_carries_the_headers_that_protect(void **state)
{
    static const char *const lines[] = {
        "X-Content-Type-Options: nosniff\r\n",
        "Referrer-Policy: no-referrer\r\n",
        "Cache-Control: no-store\r\n",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n",
        "X-Request-Id: one\r\n",
        "\r\nDate: ",
        "Connection: keep-alive\r\n",
    };
    static const char *const targets[] = {"/health/live", "/nothing", STATUS};
    struct desk *d = *state;
    char out[16384];
    for (size_t t = 0; t < ARRAY_LEN(targets); t++) {
        wire_of(d, "GET", targets[t], "X-Request-Id: one\r\n", out);
        for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
            if (strstr(out, lines[i]) == NULL) {
                fail_msg("%s lacks %s: %s", targets[t], lines[i], out);
            }
        }
        assert_null(strstr(out, "Strict-Transport-Security"));
        assert_null(strstr(out, "Vary: Origin"));
        assert_null(strstr(out, "Server:"));
    }
    d->api.tls = true;
    wire_of(d, "GET", "/health/live", "", out);
    assert_non_null(strstr(out, "Strict-Transport-Security: max-age=31536000\r\n"));
}

static void an_answer_says_whether_the_connection_goes_on(void **state)
{
    char out[16384];
    struct call *c = ask(*state, "GET", "/health/live", "", "");
    answer(c, false, out);
    assert_non_null(strstr(out, "Connection: close\r\n"));
    assert_null(strstr(out, "keep-alive"));
    call_free(&c);
}

static void head_counts_the_body_and_does_not_send_it(void **state)
{
    char get[16384];
    char head[16384];
    wire_of(*state, "GET", "/health/live", "X-Request-Id: one\r\n", get);
    wire_of(*state, "HEAD", "/health/live", "X-Request-Id: one\r\n", head);
    const char *const body = strstr(get, "\r\n\r\n");
    assert_non_null(body);
    assert_true(strlen(body) > 4);
    const size_t len = (size_t)(body - get) + 4;
    assert_int_equal(strlen(head), len);
    assert_memory_equal(get, head, len);
}

static void answers_are_counted_by_route_and_status(void **state)
{
    struct desk *d = *state;
    char out[16384];
    const struct route_table table = api_routes();
    size_t live = 0;
    while (strcmp(((const struct api_route *)table.rows)[live].metric, "/health/live") != 0) {
        live++;
    }
    wire_of(d, "GET", "/health/live", "", out);
    wire_of(d, "GET", "/health/live", "", out);
    wire_of(d, "GET", "/nowhere", "", out);
    assert_int_equal(counter_read(&d->api.metrics.answers[live][0]), 2);
    assert_int_equal(counter_read(&d->api.metrics.answers[API_ROUTES_MAX - 1][404 - 200]), 1);
}

/* ---- when the server is behind */

static void what_can_wait_is_refused_first_when_the_server_is_behind(void **state)
{
    static const arrival_t pressed = {.from = "127.0.0.1", .loopback = true, .pressed = true};

    static const struct {
        const char *method, *before, *behind;
        bool waits;
    } rows[] = {
        {"GET", "/ws/sessions/", "/behavior-summary", true},
        {"POST", "/ws/sessions/", "/simulate-ml-analysis", true},
        {"GET", "/auth/session-status", NULL, false},
        {"POST", "/auth/logout", NULL, false},
    };
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char target[512];
        const bool named = rows[i].behind != NULL;
        (void)snprintf(target, sizeof target, "/api/v1%s%s%s", rows[i].before, named ? b.id : "",
                       named ? rows[i].behind : "");
        struct call *c = ask_from(d, &pressed, rows[i].method, target, b.header, "");
        assert_int_equal(c->status == 503, rows[i].waits);
        call_free(&c);
    }
}

/* ---- origins */

static void only_origins_that_are_configured_may_read_answers(void **state)
{
    static const char *const origins[] = {"http://other.example", OURS, NULL};
    struct desk *d = *state;
    char out[16384];
    d->api.origins = origins;
    d->api.public_origin = "https://own.example";
    wire_of(d, "GET", "/health/live", "Origin: " OURS "\r\n", out);
    assert_non_null(strstr(out, "Access-Control-Allow-Origin: " OURS "\r\n"));
    assert_non_null(strstr(out, "Access-Control-Expose-Headers: X-Request-Id, Retry-After, "));
    assert_non_null(strstr(out, "Vary: Origin\r\n"));
    assert_null(strstr(out, "Allow-Credentials"));
    wire_of(d, "GET", "/health/live", "Origin: https://own.example\r\n", out);
    assert_non_null(strstr(out, "Access-Control-Allow-Origin: https://own.example\r\n"));
    static const char *const strangers[] = {
        FOREIGN,  OURS ".evil.example",   "null",
        OURS "/", "HTTPS://bank.example", "http://bank.example"};
    for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
        char header[128];
        (void)snprintf(header, sizeof header, "Origin: %s\r\n", strangers[i]);
        wire_of(d, "GET", "/health/live", header, out);
        assert_null(strstr(out, "Access-Control"));
        assert_non_null(strstr(out, "Vary: Origin\r\n"));
    }
}

static void a_preflight_is_told_what_it_may_do(void **state)
{
    static const char *const origins[] = {OURS, NULL};
    struct desk *d = *state;
    char out[16384];
    d->api.origins = origins;
    wire_of(d, "OPTIONS", LOGIN, "Origin: " OURS "\r\nAccess-Control-Request-Method: POST\r\n",
            out);
    assert_non_null(strstr(out, "HTTP/1.1 204 "));
    assert_non_null(strstr(out, "Allow: POST, OPTIONS\r\n"));
    assert_non_null(strstr(out, "Access-Control-Allow-Methods: POST, OPTIONS\r\n"));
    assert_non_null(strstr(out, "Access-Control-Allow-Headers: Authorization, Content-Type, "
                                "X-Device-ID, X-Request-Id, traceparent\r\n"));
    assert_non_null(strstr(out, "Access-Control-Max-Age: 600\r\n"));
    assert_non_null(strstr(out, "Access-Control-Allow-Origin: " OURS "\r\n"));
    assert_null(strstr(out, "Content-Length"));
    wire_of(d, "OPTIONS", LOGIN, "Origin: " FOREIGN "\r\nAccess-Control-Request-Method: POST\r\n",
            out);
    assert_non_null(strstr(out, "HTTP/1.1 204 "));
    assert_null(strstr(out, "Access-Control"));
    wire_of(d, "OPTIONS", LOGIN, "Origin: " OURS "\r\n", out); /* no preflight: only a question */
    assert_null(strstr(out, "Access-Control-Allow-Methods"));
    wire_of(d, "OPTIONS", "/nothing", "Origin: " OURS "\r\n", out);
    assert_non_null(strstr(out, "HTTP/1.1 404 "));
}

/* ---- the order of checks: each request is wrong in all that comes later, too */

static void the_first_thing_that_is_wrong_is_what_is_said(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char good[1024];
    desk_enter(d, &b, "phone");
    (void)snprintf(good, sizeof good, "%s%s", b.header, JSON);
    expect(d, "POST", "/api/v1/auth/verify-mpi", "Content-Type: text/plain\r\n", "{", 404);
    expect(d, "GET", "/api/v1/auth/verify-mpin", "Content-Type: text/plain\r\n", "{", 405);
    expect(d, "POST", "/api/v1/auth/verify-mpin", "Content-Type: text/plain\r\n", "{", 415);
    expect(d, "POST", "/api/v1/auth/verify-mpin", JSON, "{", 401);
    expect(d, "POST", "/api/v1/auth/verify-mpin", good, "{", 400);
    expect(d, "POST", "/api/v1/auth/verify-mpin", good, "{\"mpin\":1}", 422);
    expect(d, "POST", "/api/v1/auth/verify-mpin", good, "{\"mpin\":\"1\"}", 400);
    expect(d, "POST", "/api/v1/auth/verify-mpin", good, "{\"mpin\":\"" WRONG "\"}", 401);
    expect(d, "POST", "/api/v1/auth/verify-mpin", good, "{\"mpin\":\"" MPIN "\"}", 200);
}

static void a_method_that_the_path_has_not_is_405_with_those_it_has(void **state)
{
    static const struct {
        const char *method, *target, *allow;
    } cases[] = {
        {"GET", LOGIN, "Allow: POST, OPTIONS\r\n"},
        {"POST", STATUS, "Allow: GET, HEAD, OPTIONS\r\n"},
        {"DELETE", "/health", "Allow: GET, HEAD, OPTIONS\r\n"},
        {"GET", "/api/v1/auth/sessions/x", "Allow: DELETE, OPTIONS\r\n"},
        {"BREW", "/health", "Allow: GET, HEAD, OPTIONS\r\n"},
        {"POST", "/docs", "Allow: GET, HEAD, OPTIONS\r\n"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char out[16384];
        wire_of(*state, cases[i].method, cases[i].target, "", out);
        if (strstr(out, "HTTP/1.1 405 ") != out || strstr(out, cases[i].allow) == NULL) {
            fail_msg("%s %s: %s", cases[i].method, cases[i].target, out);
        }
    }
}

static void a_body_is_json_and_says_so(void **state)
{
    static const struct {
        const char *headers;
        unsigned status;
    } cases[] = {
        {JSON, 422}, /* {} lacks everything */
        {"Content-Type: application/json; charset=utf-8\r\n", 422},
        {"Content-Type: Application/JSON;charset=\"UTF-8\"\r\n", 422},
        {"Content-Type: application/json; charset=latin1\r\n", 415},
        {"Content-Type: text/plain\r\n", 415},
        {"Content-Type: application/jsonx\r\n", 415},
        {"", 415},
        {JSON "Content-Encoding: gzip\r\n", 415},
        {JSON "Content-Encoding: identity\r\n", 415},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        expect(*state, "POST", LOGIN, cases[i].headers, "{}", cases[i].status);
    }
    expect(*state, "POST", LOGIN, JSON, "", 400);
    expect(*state, "POST", LOGIN, JSON, "{\"a\":1,\"a\":2}", 400);
    expect(*state, "POST", LOGIN, JSON, "{\"a\":\"\xff\"}", 400);
    expect(*state, "POST", LOGIN, JSON, "[]", 422);
    expect(*state, "POST", LOGIN, JSON, "null", 422);
}

static void a_body_may_stay_away_where_it_is_optional(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char target[128];
    char headers[1024];
    d->api.debug = true; /* the simulation is for developers */
    desk_enter(d, &b, "phone");
    (void)snprintf(target, sizeof target, "/api/v1/ws/sessions/%s/simulate-ml-analysis", b.id);
    (void)snprintf(headers, sizeof headers, "%sContent-Type: text/plain\r\n", b.header);
    expect(d, "POST", target, b.header, "", 200);
    expect(d, "POST", target, headers, "", 200);
    expect(d, "POST", target, headers, "{}", 415);
    (void)snprintf(headers, sizeof headers, "%s%s", b.header, JSON);
    expect(d, "POST", target, headers, "[", 400);
    expect(d, "POST", target, headers, "[]", 422);
    (void)snprintf(target, sizeof target, "/api/v1/ws/sessions/%s/events", b.id);
    expect(d, "POST", target, headers, "", 400);
}

/* ---- tokens */

static void a_token_is_needed_and_must_be_whole(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char header[2048];
    desk_enter(d, &b, "phone");
    expect(d, "GET", STATUS, b.header, "", 200);
    expect(d, "GET", STATUS, "", "", 401);
    expect(d, "GET", STATUS, "Authorization: Basic dXNlcjpwYXNz\r\n", "", 401);
    expect(d, "GET", STATUS, "Authorization: Bearer\r\n", "", 401);
    (void)snprintf(header, sizeof header, "Authorization: bearer %s\r\n", b.token);
    expect(d, "GET", STATUS, header, "", 200); /* the scheme is not case-sensitive */
    const size_t len = strlen(b.token);
    for (size_t i = 0; i < len; i += 13) { /* one letter changed, anywhere */
        char changed[TOKEN_TEXT_BYTES];
        memcpy(changed, b.token, sizeof changed);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        if (i == len - 1) { /* its low bits may mean nothing */
            continue;
        }
        (void)snprintf(header, sizeof header, "Authorization: Bearer %s\r\n", changed);
        expect(d, "GET", STATUS, header, "", 401);
    }
    (void)snprintf(header, sizeof header, "Authorization: Bearer %.*s\r\n", (int)len - 1, b.token);
    expect(d, "GET", STATUS, header, "", 401);
    scripted_clock_pass(&d->house.clock, HOUR_MS + 1000);
    expect(d, "GET", STATUS, b.header, "", 401); /* expired */
}

static void a_device_that_is_named_must_be_the_one_of_the_login(void **state)
{
    static const struct {
        const char *headers;
        unsigned status;
    } cases[] = {
        {"", 200},
        {"X-Device-ID: phone\r\n", 200},
        {"X-Device-ID: other\r\n", 401},
        {"X-Device-ID: \r\n", 401},
        {"X-Device-ID: phone\r\nX-Device-ID: phone\r\n", 401},
    };
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char headers[1024];
        (void)snprintf(headers, sizeof headers, "%s%s", b.header, cases[i].headers);
        expect(d, "GET", STATUS, headers, "", cases[i].status);
    }
}

/* ---- pages */

static void a_page_is_kept_by_whoever_has_it(void **state)
{
    char out[16384];
    struct call *c = ask(*state, "GET", "/docs", "Accept-Encoding: gzip\r\n", "");
    assert_int_equal(c->status, 200);
    assert_true(c->borrowed.len > 0);
    assert_string_equal(c->encoding, "gzip");
    char etag[128];
    const char *const from = memmem(c->extra.ptr, c->extra.len, "ETag: ", 6);
    assert_non_null(from);
    (void)snprintf(etag, sizeof etag, "%.*s", (int)strcspn(from + 6, "\r"), from + 6);
    const size_t packed = c->borrowed.len;
    call_free(&c);
    c = ask(*state, "GET", "/docs", "", "");
    assert_int_equal(c->status, 200);
    assert_null(c->encoding);
    assert_true(c->borrowed.len > packed);
    call_free(&c);
    char header[256];
    (void)snprintf(header, sizeof header, "If-None-Match: %s\r\n", etag);
    wire_of(*state, "GET", "/docs", header, out);
    assert_non_null(strstr(out, "HTTP/1.1 304 "));
    assert_non_null(strstr(out, "Cache-Control: no-cache\r\n"));
    assert_null(strstr(out, "\r\nContent-Type:"));
    expect(*state, "GET", "/docs", "If-None-Match: \"other\"\r\n", "", 200);
}

/* Whoever asks for the largest one costs what any other request does. */
static void a_page_is_nobodys_copy(void **state)
{
    static const char *const methods[] = {"GET", "HEAD"};
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        struct buf wire;
        buf_init(&wire, (size_t)1 << 22);
        struct call *c = ask(*state, methods[i], "/docs/swagger-ui-bundle.js", "", "");
        assert_int_equal(c->status, 200);
        assert_int_equal(c->reply.len, 0);
        assert_int_equal(api_answer_bytes(c), c->extra.len);
        assert_ok(api_answer(c, true, &wire));
        assert_true(wire.len < 2048);
        assert_true(memmem(wire.ptr, wire.len, "Content-Length: 1", 17) != NULL); /* a megabyte */
        assert_true(i == 0 ? api_answer_page(c).len > 1000000 : api_answer_page(c).len == 0);
        buf_deinit(&wire);
        call_free(&c);
    }
}

/* ---- before there is a call */

static void what_the_reader_refused_is_answered_and_ends_the_connection(void **state)
{
    static const struct {
        unsigned refused, answered;
    } cases[] = {{400, 400}, {408, 408}, {413, 413}, {414, 414},
                 {417, 417}, {431, 431}, {501, 400}, {505, 400}};
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call *c = call_new(&d->api);
        api_refuse(c, cases[i].refused, "what is wrong");
        assert_int_equal(c->status, cases[i].answered);
        assert_true(c->close);
        const bool told = memmem(c->reply.ptr, c->reply.len, "what is wrong", 13) != NULL;
        assert_true(told == (cases[i].answered == 400)); /* the others say it by their status */
        assert_int_equal(strlen(c->request_id), 16);
        call_free(&c);
    }
}

/* ---- its turn among others */

static void a_call_says_whose_it_is_and_what_goes_first(void **state)
{
    static const struct {
        const char *method, *target, *body;
        bool bearer, local, restricts, alone;
    } cases[] = {
        {"GET", STATUS, "", true, false, false, false},
        {"POST", "/api/v1/risk/evaluate", "{\"action\":\"pay\"}", true, false, false, false},
        {"POST", "/api/v1/auth/verify-mpin", "{\"mpin\":\"" MPIN "\"}", true, false, false, true},
        {"DELETE", "/api/v1/auth/sessions/x", "", true, false, false, false},
        {"DELETE", "/api/v1/auth/sessions/b84ae4d3-26ad-4a58-8e51-0dc3e7a1f3d2", "", true, false,
         true, false},
        {"POST", "/ctl/unlock", "{\"email\":\"" ANN "\"}", false, true, true, false},
        {"POST", "/api/v1/auth/logout", "", true, false, true, false},
        {"POST", "/api/v1/auth/logout", "", true, false, false, false}, /* it has ended */
    };
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    const uint64_t ann = uuid_hash(b.live->account);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call *c = cases[i].local
                             ? ask_local(d, cases[i].method, cases[i].target, cases[i].body)
                             : desk_ask(d, cases[i].bearer ? &b : NULL, cases[i].method,
                                        cases[i].target, cases[i].body);
        if (c->restricts != cases[i].restricts || c->alone != cases[i].alone ||
            c->party != (cases[i].bearer ? ann : 0)) {
            fail_msg("%zu: %s %s %u", i, cases[i].method, cases[i].target, c->status);
        }
        call_free(&c);
    }
}

/* Whether there is such an account makes no difference. */
static void a_login_belongs_to_the_account_that_it_names(void **state)
{
    static const char *const bodies[] = {
        "{\"email\":\"" ANN "\",\"password\":\"wrong horse\",\"device_id\":\"a\"}",
        "{\"email\":\"" ANN "\",\"password\":\"other horse\",\"device_id\":\"b\"}",
        "{\"email\":\"no@example.org\",\"password\":\"wrong horse\",\"device_id\":\"a\"}",
        "{\"email\":7}",
    };
    struct desk *d = *state;
    uint64_t party[ARRAY_LEN(bodies)];
    (void)register_account(&d->house, ANN);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct call *c = desk_ask(d, NULL, "POST", LOGIN, bodies[i]);
        party[i] = c->party;
        call_free(&c);
    }
    assert_true(party[0] == party[1] && party[0] != 0);
    assert_true(party[2] != party[0] && party[2] != 0);
    assert_true(party[3] == 0);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_request_id_is_taken_when_it_is_fit_to_be_logged),
        DESK_TEST(a_call_says_whose_it_is_and_what_goes_first),
        DESK_TEST(a_login_belongs_to_the_account_that_it_names),
        DESK_TEST(two_requests_without_an_id_get_two),
        DESK_TEST(a_trace_is_joined_with_a_span_of_our_own),
        DESK_TEST(what_is_no_trace_is_not_taken_up),
        DESK_TEST(every_answer_carries_the_headers_that_protect),
        DESK_TEST(an_answer_says_whether_the_connection_goes_on),
        DESK_TEST(head_counts_the_body_and_does_not_send_it),
        DESK_TEST(answers_are_counted_by_route_and_status),
        DESK_TEST(what_can_wait_is_refused_first_when_the_server_is_behind),
        DESK_TEST(only_origins_that_are_configured_may_read_answers),
        DESK_TEST(a_preflight_is_told_what_it_may_do),
        DESK_TEST(the_first_thing_that_is_wrong_is_what_is_said),
        DESK_TEST(a_method_that_the_path_has_not_is_405_with_those_it_has),
        DESK_TEST(a_body_is_json_and_says_so),
        DESK_TEST(a_body_may_stay_away_where_it_is_optional),
        DESK_TEST(a_token_is_needed_and_must_be_whole),
        DESK_TEST(a_device_that_is_named_must_be_the_one_of_the_login),
        DESK_TEST(a_page_is_kept_by_whoever_has_it),
        DESK_TEST(a_page_is_nobodys_copy),
        DESK_TEST(what_the_reader_refused_is_answered_and_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
