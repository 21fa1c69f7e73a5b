/* A connection that sends many requests at once takes turns with the others of its loop. */
#include "base/limits.h"
#include "server/visitor_test.h"

#define LIVE "GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n"

enum { MANY = 1500 };

static unsigned one = 1;

/* A letter that comes once a round, at least, and counts the answers since the last. */
struct watcher {
    struct site *site;
    uint64_t seen, worst, rounds, round; /* of the loop's thread, until `over` */
    bool warm;
    atomic_bool stop;
    sem_t over;
};

static uint64_t answers(struct site *s)
{
    struct histogram_view view = {0};
    histogram_read(&s->api.metrics.request_ns, &view);
    return view.count;
}

static void look(void *ctx, struct shard *shard)
{
    (void)shard;
    struct watcher *w = ctx;
    const uint64_t now = answers(w->site);
    const uint64_t round = w->site->server->worker[0]->round;
    const uint64_t most = LIMIT_REQUESTS_PER_ROUND * (round - w->round + 1); /* before and behind */
    if (w->warm && now - w->seen > most) {
        w->worst = now - w->seen;
    }
    w->rounds += w->warm && now > w->seen ? 1 : 0;
    w->seen = now;
    w->round = round;
    w->warm = true;
}

static void go_on(void *ctx)
{
    struct watcher *w = ctx;
    struct courier *courier = &w->site->server->courier;
    if (atomic_load(&w->stop)) {
        (void)sem_post(&w->over);
        return;
    }
    assert_ok(courier->every_loop(courier, look, go_on, w));
}

static void watch_begin(struct watcher *w, struct site *s)
{
    struct courier *courier = &s->server->courier;
    *w = (struct watcher){.site = s};
    assert_int_equal(sem_init(&w->over, 0, 0), 0);
    assert_ok(courier->every_loop(courier, look, go_on, w));
}

static void watch_end(struct watcher *w)
{
    atomic_store(&w->stop, true);
    while (sem_wait(&w->over) != 0) {
        MUST(errno == EINTR);
    }
}

static void send_many(struct visitor *v)
{
    struct buf all;
    buf_init(&all, (size_t)1 << 20);
    for (int i = 0; i < MANY; i++) {
        assert_ok(buf_append(&all, SPAN_LIT(LIVE)));
    }
    visitor_send(v, buf_span(&all));
    buf_deinit(&all);
}

static void a_round_answers_so_many_requests_of_a_connection_and_no_more(void **state)
{
    struct visitor v;
    struct watcher w;
    visitor_open(&v, *state);
    watch_begin(&w, *state);
    send_many(&v);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(visitor_read(&v, false), 200);
    }
    watch_end(&w);
    assert_int_equal(w.worst, 0);
    assert_true(w.rounds >= MANY / LIMIT_REQUESTS_PER_ROUND / 4);
    visitor_ask(&v, "GET", "/health/live", "Connection: close\r\n", "");
    assert_int_equal(visitor_read(&v, false), 200);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
}

/* A session whose time is over while the loop has always something to do. */
struct expiry {
    struct watcher watch; /* first member */
    uuid_t session;
    bool passed;
    uint64_t gone_at; /* answers by then; 0: it never was */
};

static void look_for_it(void *ctx, struct shard *shard)
{
    struct expiry *e = ctx;
    struct site *site = e->watch.site;
    if (!e->passed && site->server->worker[0]->later != NULL) {
        scripted_clock_pass(&site->house.clock, 2000);
        e->passed = true;
    }
    if (e->passed && e->gone_at == 0 && shard_peek(shard, e->session) == NULL) {
        e->gone_at = answers(site);
    }
}

static void look_again(void *ctx)
{
    struct expiry *e = ctx;
    struct courier *courier = &e->watch.site->server->courier;
    if (atomic_load(&e->watch.stop)) {
        (void)sem_post(&e->watch.over);
        return;
    }
    assert_ok(courier->every_loop(courier, look_for_it, look_again, e));
}

static void sessions_expire_on_a_loop_that_somebody_keeps_busy(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    struct expiry e = {.watch = {.site = s}};
    site_register(s, ANN);
    visitor_open(&v, s);
    badge_get(&b, &v, ANN, "phone");
    visitor_close(&v);
    e.session = b.id;
    site_pass(s, INT64_C(3600) * 1000 - 1000);
    visitor_open(&v, s);
    assert_int_equal(sem_init(&e.watch.over, 0, 0), 0);
    assert_ok(s->server->courier.every_loop(&s->server->courier, look_for_it, look_again, &e));
    send_many(&v);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(visitor_read(&v, false), 200);
    }
    watch_end(&e.watch);
    assert_true(e.passed && e.gone_at > 0 && e.gone_at < MANY / 2);
    visitor_close(&v);
}

/* Half a request behind what fills a turn, and its other half later. */
static void what_is_left_of_a_turn_may_be_half_a_request(void **state)
{
    const span_t whole = SPAN_LIT(LIVE);
    for (size_t cut = 1; cut < whole.len; cut += 5) {
        struct visitor v;
        struct buf all;
        visitor_open(&v, *state);
        buf_init(&all, (size_t)1 << 16);
        for (int i = 0; i < 2 * LIMIT_REQUESTS_PER_ROUND; i++) {
            assert_ok(buf_append(&all, whole));
        }
        assert_ok(buf_append(&all, (span_t){whole.ptr, cut}));
        visitor_send(&v, buf_span(&all));
        buf_deinit(&all);
        for (int i = 0; i < 2 * LIMIT_REQUESTS_PER_ROUND; i++) {
            assert_int_equal(visitor_read(&v, false), 200);
        }
        visitor_send(&v, (span_t){whole.ptr + cut, whole.len - cut});
        assert_int_equal(visitor_read(&v, false), 200);
        visitor_close(&v);
    }
}

static void whoever_sends_much_and_says_that_it_was_all_is_answered_whole(void **state)
{
    struct visitor v;
    visitor_open(&v, *state);
    send_many(&v);
    visitor_say_end(&v);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(visitor_read(&v, false), 200);
    }
    assert_true(visitor_ends(&v));
    visitor_close(&v);
}

static bool nobody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) == 0;
}

static void whoever_goes_before_its_turn_is_forgotten(void **state)
{
    for (int i = 0; i < 50; i++) {
        struct visitor v;
        const struct linger now = {.l_onoff = 1};
        visitor_open(&v, *state);
        send_many(&v);
        assert_int_equal(setsockopt(v.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
        visitor_close(&v);
    }
    site_wait(nobody_is_here, *state);
}

#define BOTH(name) SITE_TEST(name, one), SITE_TEST_SECURE(name, one)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_round_answers_so_many_requests_of_a_connection_and_no_more),
        SITE_TEST_TIMED(sessions_expire_on_a_loop_that_somebody_keeps_busy, one),
        BOTH(what_is_left_of_a_turn_may_be_half_a_request),
        BOTH(whoever_sends_much_and_says_that_it_was_all_is_answered_whole),
        BOTH(whoever_goes_before_its_turn_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
