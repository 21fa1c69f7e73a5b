/* What a call keeps, and what it says beside its body. */
#include "api/desk_test.h"

static enum call_place nothing(struct call *c, struct shard *s)
{
    (void)c;
    (void)s;
    return PLACE_DONE;
}

static void a_new_call_is_empty_and_answers_json(void **state)
{
    struct desk *d = *state;
    struct call *c = call_new(&d->api);
    assert_non_null(c);
    assert_ptr_equal(c->api, &d->api);
    assert_ptr_equal(c->service, &d->house.svc);
    assert_string_equal(c->content_type, "application/json");
    assert_int_equal(c->status, 0);
    assert_int_equal(c->reply.len + c->extra.len + c->body.len + c->path.len, 0);
    assert_null(c->json);
    call_free(&c);
    assert_null(c);
    call_free(&c); /* nothing happens */
}

static void a_call_goes_on_where_it_says(void **state)
{
    struct desk *d = *state;
    struct call *c = call_new(&d->api);
    assert_int_equal(call_go(c, PLACE_HASH, nothing), PLACE_HASH);
    assert_ptr_equal(c->next, nothing);
    call_free(&c);
}

static void what_stages_keep_is_zero_aligned_and_apart(void **state)
{
    struct desk *d = *state;
    struct call *c = call_new(&d->api);
    uint8_t *before = NULL;
    for (size_t size = 1; size < 200; size += 7) {
        uint8_t *p = call_keep(c, size);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        assert_true(before == NULL || p > before);
        memset(p, 0xff, size);
        before = p;
    }
    call_free(&c);
}

static void headers_are_whole_lines(void **state)
{
    struct desk *d = *state;
    struct call *c = call_new(&d->api);
    call_header(c, "Allow", "GET");
    call_header_int(c, "Retry-After", INT64_MAX);
    call_header_int(c, "X-Least", INT64_MIN);
    assert_span_text(buf_span(&c->extra), "Allow: GET\r\nRetry-After: 9223372036854775807\r\n"
                                          "X-Least: -9223372036854775808\r\n");
    assert_false(c->close);
    call_free(&c);
}

static void headers_without_end_end_the_connection(void **state)
{
    struct desk *d = *state;
    struct call *c = call_new(&d->api);
    for (int i = 0; i < 1000; i++) {
        call_header(c, "X-Long", "a value of some length, so that there is no room in the end");
    }
    assert_true(c->close);
    assert_memory_equal(c->extra.ptr + c->extra.len - 2, "\r\n", 2); /* no half line */
    call_free(&c);
}

/* The 401 of a session that is gone, blocked or not of this loop. */
static void only_an_open_session_is_live(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    const uuid_t id = b.live->id;
    for (int i = 0; i < 4; i++) {
        struct shard *other = b.owner == d->shard[0] ? d->shard[1] : d->shard[0];
        struct call *c = call_new(&d->api);
        c->who.session = id;
        if (i == 2) {
            behaviour_block(b.owner, b.live, END_OPERATOR, true);
        } else if (i == 3) {
            shard_end(b.owner, b.live, END_OPERATOR, true);
        }
        struct live *live = call_live(c, i == 1 ? other : b.owner);
        assert_true((live != NULL) == (i == 0));
        assert_int_equal(c->status, i == 0 ? 0 : 401);
        call_free(&c);
    }
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_new_call_is_empty_and_answers_json),
        DESK_TEST(a_call_goes_on_where_it_says),
        DESK_TEST(what_stages_keep_is_zero_aligned_and_apart),
        DESK_TEST(headers_are_whole_lines),
        DESK_TEST(headers_without_end_end_the_connection),
        DESK_TEST(only_an_open_session_is_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
