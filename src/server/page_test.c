/* Pages, which are larger than what a connection may hold: sent in pieces, from where they lie. */
#include "api/assets.h"
#include "base/limits.h"
#include "server/visitor_test.h"

#define BUNDLE "/docs/swagger-ui-bundle.js"
#define GZIP   "Accept-Encoding: gzip\r\n"

static unsigned one = 1;
static unsigned three = 3;

static const struct asset *page_of(const char *path)
{
    const struct asset *const a = asset_find(span_of(path));
    assert_non_null(a);
    return a;
}

static bool nobody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) == 0;
}

static void expect_body(const struct visitor *v, const unsigned char *bytes, size_t len)
{
    assert_int_equal(v->answer.body.len, len);
    assert_memory_equal(v->answer.body.ptr, bytes, len);
}

static void pages_come_whole_and_in_their_turn(void **state)
{
    struct site *s = *state;
    const struct asset *const large = page_of(BUNDLE);
    const struct asset *const small = page_of("/docs/docs.css");
    struct visitor v;
    visitor_open(&v, s);
    visitor_ask(&v, "HEAD", BUNDLE, "", "");
    visitor_ask(&v, "GET", BUNDLE, "", "");
    visitor_ask(&v, "GET", "/health/live", "", "");
    visitor_ask(&v, "GET", BUNDLE, GZIP, "");
    visitor_ask(&v, "GET", "/docs/docs.css", "", "");
    visitor_ask(&v, "GET", BUNDLE, "Connection: close\r\n", "");
    assert_int_equal(visitor_read(&v, true), 200);
    assert_int_equal(visitor_read(&v, false), 200);
    expect_body(&v, large->raw, large->raw_len);
    assert_int_equal(visitor_read(&v, false), 200);
    assert_true(v.answer.body.len < 200);
    assert_int_equal(visitor_read(&v, false), 200);
    expect_body(&v, large->gz, large->gz_len);
    assert_int_equal(visitor_read(&v, false), 200);
    expect_body(&v, small->raw, small->raw_len);
    assert_int_equal(visitor_read(&v, false), 200);
    expect_body(&v, large->raw, large->raw_len);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
    site_wait(nobody_is_here, s);
}

/* Also when it has said all that it has to say. */
static void a_page_reaches_whoever_only_listens(void **state)
{
    struct site *s = *state;
    const struct asset *const large = page_of(BUNDLE);
    struct visitor v;
    visitor_open(&v, s);
    visitor_ask(&v, "GET", BUNDLE, "", "");
    visitor_ask(&v, "GET", BUNDLE, GZIP, "");
    visitor_say_end(&v);
    assert_int_equal(visitor_read(&v, false), 200);
    expect_body(&v, large->raw, large->raw_len);
    assert_int_equal(visitor_read(&v, false), 200);
    expect_body(&v, large->gz, large->gz_len);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
    site_wait(nobody_is_here, s);
}

/* Little of it fits into the kernel on either side. */
static void open_narrow(struct visitor *v, struct site *s)
{
    const int narrow = 65536;
    visitor_open(v, s);
    assert_int_equal(setsockopt(v->fd, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow), 0);
}

static void read_up_to(struct visitor *v, size_t bytes)
{
    while (v->in.len < bytes) {
        assert_true(visitor_more(v));
    }
}

static void a_page_may_take_longer_than_a_minute_when_it_is_taken(void **state)
{
    struct site *s = *state;
    const struct asset *const large = page_of(BUNDLE);
    struct visitor v;
    open_narrow(&v, s);
    visitor_ask(&v, "GET", BUNDLE, "", "");
    for (size_t part = 1; part <= 4; part++) {
        read_up_to(&v, large->raw_len / 5 * part);
        site_pass(s, LIMIT_IDLE_KEEPALIVE_MS / 2);
    }
    assert_int_equal(visitor_read(&v, false), 200);
    expect_body(&v, large->raw, large->raw_len);
    visitor_close(&v);
    site_wait(nobody_is_here, s);
}

static void who_takes_nothing_of_a_page_goes_after_a_minute(void **state)
{
    struct site *s = *state;
    struct visitor v;
    open_narrow(&v, s);
    visitor_ask(&v, "GET", BUNDLE, "", "");
    read_up_to(&v, 1);
    (void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL); /* the kernel takes no more */
    site_pass(s, LIMIT_IDLE_KEEPALIVE_MS + 1000);
    site_wait(nobody_is_here, s);
    visitor_close(&v);
}

#define BOTH(name)       SITE_TEST(name, one), SITE_TEST(name, three)
#define SECURE(name)     SITE_TEST_SECURE(name, one), SITE_TEST_SECURE(name, three)
#define BOTH_TIMED(name) SITE_TEST_TIMED(name, one), SITE_TEST_TIMED(name, three)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        BOTH(pages_come_whole_and_in_their_turn),
        SECURE(pages_come_whole_and_in_their_turn),
        BOTH(a_page_reaches_whoever_only_listens),
        SECURE(a_page_reaches_whoever_only_listens),
        BOTH_TIMED(a_page_may_take_longer_than_a_minute_when_it_is_taken),
        BOTH_TIMED(who_takes_nothing_of_a_page_goes_after_a_minute),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
