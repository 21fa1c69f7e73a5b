/* What anybody may ask: who is there, and whether it serves. */
#include "api/desk_test.h"

static void the_root_names_the_way_to_the_documents(void **state)
{
    struct call *c = desk_ask(*state, NULL, "GET", "/", "");
    assert_int_equal(c->status, 200);
    assert_span_text(buf_span(&c->reply),
                     "{\"message\":\"Canara AI Security Backend\",\"version\":\"1.2.3\","
                     "\"links\":{\"docs\":\"/docs\",\"openapi\":\"/api/v1/openapi.json\","
                     "\"asyncapi\":\"/api/v1/asyncapi.json\",\"health\":\"/health\"}}");
    call_free(&c);
}

static void every_link_of_the_root_leads_somewhere(void **state)
{
    static const char *const names[] = {"docs", "openapi", "asyncapi", "health"};
    struct call *c = desk_ask(*state, NULL, "GET", "/", "");
    struct json *tree = answer_of(c);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        span_t path = {0};
        assert_true(json_get_text(json_get(tree, "links"), names[i], &path));
        desk_expect(*state, NULL, "GET", (const char *)path.ptr, "", 200);
    }
    json_free(&tree);
    call_free(&c);
}

static void a_server_is_healthy_and_alive_even_when_it_is_not_ready(void **state)
{
    struct desk *d = *state;
    for (int ready = 0; ready < 2; ready++) {
        d->ready = ready == 1;
        struct call *c = desk_ask(d, NULL, "GET", "/health", "");
        assert_span_text(buf_span(&c->reply), "{\"status\":\"healthy\"}");
        call_free(&c);
        c = desk_ask(d, NULL, "GET", "/health/live", "");
        assert_span_text(buf_span(&c->reply), "{\"status\":\"live\"}");
        call_free(&c);
    }
}

static void ready_means_that_loops_and_store_answer(void **state)
{
    struct desk *d = *state;
    struct call *c = desk_ask(d, NULL, "GET", "/health/ready", "");
    assert_int_equal(c->status, 200);
    assert_span_text(buf_span(&c->reply), "{\"status\":\"ready\"}");
    call_free(&c);
    d->ready = false;
    c = desk_ask(d, NULL, "GET", "/health/ready", "");
    assert_int_equal(c->status, 503);
    assert_true(desk_said(c, "Retry-After: 1\r\n"));
    call_free(&c);
    d->ready = true;
    store_scripted_fail_begins(d->house.svc.store, 1);
    desk_expect(d, NULL, "GET", "/health/ready", "", 503);
    store_scripted_fail_operation(d->house.svc.store, 1, err_new(ERR_STORAGE));
    desk_expect(d, NULL, "GET", "/health/ready", "", 503);
    desk_expect(d, NULL, "GET", "/health/ready", "", 200);
}

static void a_clock_that_went_back_is_why_it_is_not_ready(void **state)
{
    struct desk *d = *state;
    desk_let_clock_settle(d);
    house_turn_wall(&d->house.clock, -HOUR_MS);
    struct call *c = desk_ask(d, NULL, "GET", "/health/ready", "");
    assert_int_equal(c->status, 503);
    assert_true(desk_said(c, "Retry-After: 60\r\n"));
    struct json *tree = answer_of(c);
    span_t detail = {0};
    assert_true(json_get_text(tree, "detail", &detail));
    assert_non_null(strstr((const char *)detail.ptr, "The clock was set back"));
    json_free(&tree);
    call_free(&c);
    desk_expect(d, NULL, "GET", "/health/live", "", 200);
    house_turn_wall(&d->house.clock, HOUR_MS);
    desk_expect(d, NULL, "GET", "/health/ready", "", 200);
    house_turn_wall(&d->house.clock, HOUR_MS); /* ahead, they can */
    desk_expect(d, NULL, "GET", "/health/ready", "", 200);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(the_root_names_the_way_to_the_documents),
        DESK_TEST(every_link_of_the_root_leads_somewhere),
        DESK_TEST(a_server_is_healthy_and_alive_even_when_it_is_not_ready),
        DESK_TEST(ready_means_that_loops_and_store_answer),
        DESK_TEST(a_clock_that_went_back_is_why_it_is_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
