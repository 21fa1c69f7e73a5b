/* The metrics page: complete, well formed, and only for those who may see it. */
#include "api/metrics_page.h"

#include "api/desk_test.h"

#include <ctype.h>

enum { PAGE_MAX = 1 << 20, NAMES_MAX = 64 };

/* A page of numbers that nobody measured; the caller frees both. */
struct sheet {
    struct service *service;
    struct api *api;
    struct metrics_page *page;
    struct buf out;
    char *text; /* the page, NUL-terminated */
};

static struct sheet sheet_new(void)
{
    struct sheet s = {.api = calloc(1, sizeof *s.api), .page = calloc(1, sizeof *s.page)};
    assert_non_null(s.api);
    assert_non_null(s.page);
    s.api->version = "1.2.3";
    s.api->metrics_token = "";
    s.api->started = (wall_t){1234567};
    s.page->api = s.api;
    s.service = calloc(1, sizeof *s.service);
    assert_non_null(s.service);
    s.api->service = s.service;
    buf_init(&s.out, PAGE_MAX);
    return s;
}

static void sheet_write(struct sheet *s)
{
    buf_clear(&s->out);
    assert_ok(metrics_write(s->page, &s->out));
    assert_ok(buf_append_byte(&s->out, 0));
    s->text = (char *)s->out.ptr;
}

static void sheet_free(struct sheet *s)
{
    buf_deinit(&s->out);
    free(s->service);
    free(s->api);
    free(s->page);
}

static void assert_line(const struct sheet *s, const char *line)
{
    char whole[512];
    (void)snprintf(whole, sizeof whole, "\n%s\n", line);
    if (strstr(s->text, whole) == NULL) {
        fail_msg("no line %s", line);
    }
}

/* ---- form ---- */

static bool is_name(const char *from, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!(islower((unsigned char)from[i]) || isdigit((unsigned char)from[i]) ||
              from[i] == '_')) {
            return false;
        }
    }
    return len > 0;
}

/* name{label="value",...} number */
static bool is_sample(const char *line)
{
    size_t n = strcspn(line, "{ ");
    if (!is_name(line, n) || strncmp(line, "canara_", 7) != 0) {
        return false;
    }
    line += n;
    if (*line == '{') {
        do {
            line++;
            n = strcspn(line, "=");
            if (!is_name(line, n) || line[n] != '=' || line[n + 1] != '"') {
                return false;
            }
            line += n + 2;
            line += strcspn(line, "\"\\\n") + 1;
        } while (*line == ',');
        if (*line++ != '}') {
            return false;
        }
    }
    char *end = NULL;
    if (*line++ != ' ' || !isdigit((unsigned char)*line)) {
        return false;
    }
    (void)strtod(line, &end);
    return *end == '\0';
}

static void every_line_is_openmetrics_and_no_family_comes_twice(void **state)
{
    (void)state;
    struct sheet s = sheet_new();
    sheet_write(&s);
    char *families[NAMES_MAX] = {NULL};
    size_t count = 0;
    char *rest = s.text;
    char *last = NULL;
    for (char *line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n")) {
        char *const hash = strstr(line, "# TYPE ");
        last = line;
        if (hash == line) {
            char *const name = line + 7;
            name[strcspn(name, " ")] = '\0';
            for (size_t i = 0; i < count; i++) {
                assert_string_not_equal(families[i], name);
            }
            assert_true(count < NAMES_MAX);
            families[count++] = name;
        } else if (line[0] == '#') {
            assert_true(strncmp(line, "# HELP canara_", 14) == 0 ||
                        strncmp(line, "# UNIT canara_", 14) == 0 || strcmp(line, "# EOF") == 0);
        } else {
            const char *const family = count > 0 ? families[count - 1] : "canara_";
            if (!is_sample(line) || strncmp(line, family, strlen(family)) != 0) {
                fail_msg("line %s of %s", line, family);
            }
        }
    }
    assert_string_equal(last, "# EOF");
    sheet_free(&s);
}

/* The rows of docs/metrics.md, in order, with their type. */
static size_t promised(char names[NAMES_MAX][64], char types[NAMES_MAX][16])
{
    FILE *doc = fopen("docs/metrics.md", "re");
    assert_non_null(doc);
    char line[1024];
    size_t count = 0;
    while (fgets(line, sizeof line, doc) != NULL) {
        if (sscanf(line, "| %63[a-z_] | %15[a-z]", names[count], types[count]) == 2 &&
            strncmp(names[count], "canara_", 7) == 0) {
            assert_true(++count < NAMES_MAX);
        }
    }
    assert_int_equal(fclose(doc), 0);
    return count;
}

static void the_page_holds_what_the_document_lists_in_that_order_and_no_more(void **state)
{
    (void)state;
    static char names[NAMES_MAX][64];
    static char types[NAMES_MAX][16];
    const size_t count = promised(names, types);
    assert_true(count > 20);
    struct sheet s = sheet_new();
    sheet_write(&s);
    const char *at = s.text;
    for (size_t i = 0; i < count; i++) {
        char line[128];
        size_t len = strlen(names[i]);
        const char *const ending = strcmp(types[i], "counter") == 0 ? "_total"
                                   : strcmp(types[i], "info") == 0  ? "_info"
                                                                    : "";
        assert_true(len > strlen(ending));
        assert_string_equal(names[i] + len - strlen(ending), ending);
        len -= strlen(ending);
        (void)snprintf(line, sizeof line, "# TYPE %.*s %s\n", (int)len, names[i], types[i]);
        const char *const found = strstr(at, "# TYPE ");
        assert_non_null(found);
        if (strncmp(found, line, strlen(line)) != 0) {
            fail_msg("documented %s, written %.60s", line, found);
        }
        at = found + 1;
    }
    assert_null(strstr(at, "# TYPE "));
    sheet_free(&s);
}

/* ---- numbers ---- */

static void what_the_journal_lacks_shows(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        struct sheet s = sheet_new();
        s.page->journal.cut_short = round == 1;
        s.page->view.lost_frames = (uint64_t)round;
        sheet_write(&s);
        assert_line(&s, round == 1 ? "canara_journal_retention_short 1"
                                   : "canara_journal_retention_short 0");
        assert_line(&s, round == 1 ? "canara_journal_frames_lost_total 1"
                                   : "canara_journal_frames_lost_total 0");
        sheet_free(&s);
    }
}

static void numbers_stand_where_they_belong(void **state)
{
    (void)state;
    struct sheet s = sheet_new();
    struct api_metrics *m = &s.api->metrics;
    s.page->by_level[0] = 11;
    s.page->by_use[LIVE_RESTING] = 7;
    s.page->by_level[3] = -1; /* seen in the middle of a move */
    s.page->events[CANARA_KEYSTROKES] = 12;
    s.page->events[CANARA_UNKNOWN] = 13;
    s.page->blocks_operator = 14;
    s.page->ledger_depth = 15;
    s.page->journal.segment_bytes = 16;
    s.page->journal.queued_bytes = 17;
    s.page->view.pending_bytes = 18;
    s.page->server = (struct server_numbers){.cold_depth = 19, .hash_depth = 20, .hash_busy = 21};
    s.page->server.cold_refused = 22;
    gauge_add(&m->ws_connections, 23);
    counter_add(&m->mpin_failed, 24);
    counter_add(&m->evaluate_deny, 25);
    counter_add(&m->logins_throttled, 26);
    counter_add(&m->locks, 27);
    counter_add(&m->tls_resumed, 30);
    counter_add(&m->proxy_header, 31);
    s.page->server.certificate_end_s = 32;
    counter_add(&m->answers[0][429 - ANSWER_STATUS_LOW], 28);
    counter_add(&m->answers[API_ROUTES_MAX - 1][0], 29);
    sheet_write(&s);
    assert_line(&s, "canara_tls_handshakes_total{result=\"resumed\"} 30");
    assert_line(&s, "canara_tls_handshakes_total{result=\"late\"} 0");
    assert_line(&s, "canara_proxy_refused_total{reason=\"header\"} 31");
    assert_line(&s, "canara_tls_certificate_end_seconds 32");
    assert_line(&s, "canara_start_time_seconds 1234.567");
    assert_line(&s, "canara_sessions{level=\"normal\"} 11");
    assert_line(&s, "canara_sessions{level=\"blocked\"} 0");
    assert_line(&s, "canara_session_use{use=\"awake\"} 0");
    assert_line(&s, "canara_session_use{use=\"resting\"} 7");
    assert_line(&s, "canara_session_use{use=\"asleep\"} 0");
    assert_line(&s, "canara_events_total{type=\"keystrokes\"} 12");
    assert_line(&s, "canara_events_total{type=\"other\"} 13");
    assert_null(strstr(s.text, "type=\"features\""));
    assert_line(&s, "canara_blocks_total{reason=\"operator\"} 14");
    assert_line(&s, "canara_queue_depth{queue=\"ledger\"} 15");
    assert_line(&s, "canara_journal_bytes 16");
    assert_line(&s, "canara_queue_bytes{queue=\"journal\"} 17");
    assert_line(&s, "canara_queue_bytes{queue=\"view\"} 18");
    assert_line(&s, "canara_queue_depth{queue=\"cold\"} 19");
    assert_line(&s, "canara_queue_depth{queue=\"hash\"} 20");
    assert_line(&s, "canara_hash_pool_busy 21");
    assert_line(&s, "canara_queue_refused_total{queue=\"cold\"} 22");
    assert_line(&s, "canara_connections{kind=\"websocket\"} 23");
    assert_line(&s, "canara_mpin_total{result=\"failed\"} 24");
    assert_line(&s, "canara_risk_evaluations_total{decision=\"deny\"} 25");
    assert_line(&s, "canara_logins_total{result=\"throttled\"} 26");
    assert_line(&s, "canara_locks_total 27");
    assert_line(&s,
                "canara_http_requests_total{route=\"/api/v1/auth/register\",status=\"429\"} 28");
    assert_line(&s, "canara_http_requests_total{route=\"/api/v1/auth/register\",status=\"200\"} 0");
    assert_line(&s, "canara_http_requests_total{route=\"unknown\",status=\"200\"} 29");
    sheet_free(&s);
}

static void refused_bodies_are_counted(void **state)
{
    (void)state;
    struct sheet s = sheet_new();
    counter_add(&s.api->metrics.bodies_refused, 33);
    counter_add(&s.api->metrics.held_dropped, 34);
    sheet_write(&s);
    assert_line(&s, "canara_queue_refused_total{queue=\"body\"} 33");
    assert_line(&s, "canara_queue_refused_total{queue=\"connection\"} 34");
    sheet_free(&s);
}

static void lessons_and_profiles_are_counted(void **state)
{
    (void)state;
    struct sheet s = sheet_new();
    s.page->lesson_depth = 33;
    counter_add_shared(&s.service->profiles.loaded, 34);
    counter_add_shared(&s.service->profiles.damaged, 35);
    counter_add_shared(&s.service->profiles.learnt, 36);
    counter_add_shared(&s.service->profiles.refused, 37);
    counter_add_shared(&s.service->profiles.dropped, 38);
    counter_add_shared(&s.service->profiles.drifted, 39);
    counter_add_shared(&s.service->profiles.waiting, 40);
    counter_add_shared(&s.service->drawn, 41);
    sheet_write(&s);
    assert_line(&s, "canara_queue_depth{queue=\"lesson\"} 33");
    assert_line(&s, "canara_profiles_loaded_total 34");
    assert_line(&s, "canara_profile_parts_damaged_total 35");
    assert_line(&s, "canara_lessons_total{result=\"learnt\"} 36");
    assert_line(&s, "canara_lessons_total{result=\"refused\"} 37");
    assert_line(&s, "canara_lessons_total{result=\"dropped\"} 38");
    assert_line(&s, "canara_profiles_drifted_total 39");
    assert_line(&s, "canara_profiles_waiting_total 40");
    assert_line(&s, "canara_challenges_random_total 41");
    sheet_free(&s);
}

static void a_histogram_is_cumulative_and_its_seconds_are_exact(void **state)
{
    (void)state;
    struct sheet s = sheet_new();
    histogram_t *h = &s.api->metrics.ack_ns;
    histogram_observe(h, 10000); /* a bound belongs to its bucket */
    histogram_observe(h, 10001);
    histogram_observe(h, 1 * NS_PER_S);
    histogram_observe(h, 11 * NS_PER_S);
    sheet_write(&s);
    assert_line(&s, "canara_event_ack_seconds_bucket{le=\"0.00001\"} 1");
    assert_line(&s, "canara_event_ack_seconds_bucket{le=\"0.000017783\"} 2");
    assert_line(&s, "canara_event_ack_seconds_bucket{le=\"0.562341325\"} 2");
    assert_line(&s, "canara_event_ack_seconds_bucket{le=\"1.0\"} 3");
    assert_line(&s, "canara_event_ack_seconds_bucket{le=\"10.0\"} 3");
    assert_line(&s, "canara_event_ack_seconds_bucket{le=\"+Inf\"} 4");
    assert_line(&s, "canara_event_ack_seconds_count 4");
    assert_line(&s, "canara_event_ack_seconds_sum 12.000020001");
    sheet_free(&s);
}

static void a_page_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    struct sheet s = sheet_new();
    sheet_write(&s);
    const size_t whole = s.out.len - 1;
    struct buf small;
    buf_init(&small, whole - 1);
    assert_err(metrics_write(s.page, &small), ERR_LIMIT);
    buf_deinit(&small);
    sheet_free(&s);
}

/* ---- counting ---- */

static void closes_are_counted_by_code_and_the_rest_together(void **state)
{
    (void)state;
    static const unsigned codes[] = {1000, 1013, 4401, 4409, 1005, 3000, 0};
    struct sheet s = sheet_new();
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        metrics_count_close(&s.api->metrics, codes[i]);
    }
    sheet_write(&s);
    assert_line(&s, "canara_websocket_closes_total{code=\"1000\"} 1");
    assert_line(&s, "canara_websocket_closes_total{code=\"1013\"} 1");
    assert_line(&s, "canara_websocket_closes_total{code=\"4401\"} 1");
    assert_line(&s, "canara_websocket_closes_total{code=\"4409\"} 1");
    assert_line(&s, "canara_websocket_closes_total{code=\"other\"} 3");
    sheet_free(&s);
}

static void refusals_are_counted_by_the_reason_that_the_scanner_gave(void **state)
{
    (void)state;

    static const struct {
        const char *message, *reason;
    } cases[] = {
        {"{", "json"},
        {"[]", "shape"},
        {"{\"data\":{}}", "shape"},
        {"{\"event_type\":\"Upper\",\"data\":{}}", "shape"},
        {"{\"event_type\":\"a\",\"data\":[]}", "shape"},
        {"{\"event_type\":\"features\",\"data\":{}}", "shape"},
        {"[{\"event_type\":\"a\",\"data\":{}},7]", "shape"},
        {"{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":-1}}", "range"},
        {"[{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":\"1\"}}]", "range"},
        {"{\"event_type\":\"mpin_verified\",\"data\":{}}", "server_fact"},
        {"[{\"event_type\":\"session_x\",\"data\":{}}]", "server_fact"},
        {"{\"event_type\":\"a\",\"data\":{},\"seq\":-1}", "seq"},
        {"[{\"event_type\":\"a\",\"data\":{},\"seq\":1.5}]", "seq"},
    };
    struct event_scratch *scratch = malloc(sizeof *scratch);
    scanned_event_t *events = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *events);
    assert_non_null(scratch);
    assert_non_null(events);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sheet s = sheet_new();
        scan_fault_t fault = {0};
        size_t count = 0;
        char line[128];
        assert_int_equal(event_scan(scratch, span_of(cases[i].message), events, &count, &fault),
                         SCAN_REFUSED);
        metrics_count_refusal(&s.api->metrics, &fault);
        sheet_write(&s);
        (void)snprintf(line, sizeof line, "canara_events_refused_total{reason=\"%s\"} 1",
                       cases[i].reason);
        assert_line(&s, line);
        sheet_free(&s);
    }
    free(scratch);
    free(events);
}

/* ---- who may see it ---- */

static void only_this_machine_and_the_bearer_of_the_token_see_it(void **state)
{
    static const struct {
        const char *token, *headers;
        bool loopback;
        unsigned status;
    } cases[] = {
        {"", "", true, 200},
        {"", "", false, 401},
        {"", "Authorization: Bearer x\r\n", false, 401},
        {"secret", "", true, 200},
        {"secret", "", false, 401},
        {"secret", "Authorization: Bearer secret\r\n", false, 200},
        {"secret", "Authorization: Bearer secre\r\n", false, 401},
        {"secret", "Authorization: Bearer secret1\r\n", false, 401},
        {"secret", "Authorization: Bearer Secret\r\n", false, 401},
        {"secret", "Authorization: Basic secret\r\n", false, 401},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const arrival_t from = {.from = "192.0.2.1", .loopback = cases[i].loopback};
        d->api.metrics_token = cases[i].token;
        struct call *c = ask_from(d, &from, "GET", "/metrics", cases[i].headers, "");
        assert_int_equal(c->status, cases[i].status);
        assert_string_equal(c->content_type,
                            c->status == 200 ? METRICS_TYPE : "application/problem+json");
        call_free(&c);
    }
}

static void a_running_server_adds_up_its_loops(void **state)
{
    struct desk *d = *state;
    const arrival_t near = {.from = "127.0.0.1", .loopback = true};
    (void)register_account(&d->house, ANN);
    for (size_t i = 0; i < 6; i++) {
        (void)desk_log_in(d, ANN, "phone");
    }
    struct live *last = desk_log_in(d, ANN, "phone");
    const uuid_t id = last->id;
    behaviour_block(desk_owner(d, id), last, END_MPIN_LOCKED, true);
    struct sheet s = {0};
    struct call *c = ask_from(d, &near, "GET", "/metrics", "", "");
    assert_ok(buf_append_byte(&c->reply, 0));
    s.text = (char *)c->reply.ptr;
    assert_line(&s, "canara_sessions{level=\"normal\"} 6");
    assert_line(&s, "canara_sessions{level=\"blocked\"} 1");
    assert_line(&s, "canara_blocks_total{reason=\"mpin\"} 1");
    assert_line(&s, "canara_blocks_total{reason=\"risk\"} 0");
    call_free(&c);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_openmetrics_and_no_family_comes_twice),
        cmocka_unit_test(the_page_holds_what_the_document_lists_in_that_order_and_no_more),
        cmocka_unit_test(numbers_stand_where_they_belong),
        cmocka_unit_test(refused_bodies_are_counted),
        cmocka_unit_test(what_the_journal_lacks_shows),
        cmocka_unit_test(lessons_and_profiles_are_counted),
        cmocka_unit_test(a_histogram_is_cumulative_and_its_seconds_are_exact),
        cmocka_unit_test(a_page_that_does_not_fit_is_an_error),
        cmocka_unit_test(closes_are_counted_by_code_and_the_rest_together),
        cmocka_unit_test(refusals_are_counted_by_the_reason_that_the_scanner_gave),
        DESK_TEST(only_this_machine_and_the_bearer_of_the_token_see_it),
        DESK_TEST(a_running_server_adds_up_its_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
