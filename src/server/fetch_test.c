/* A socket whose session rests speaks: a worker reads for it, and nothing is lost or out of order. */
#include "domain/sessions/live.h"
#include "domain/sessions/sleepers.h"
#include "server/visitor_test.h"

enum { COLD = 2, EVENTS = 5 };

static unsigned one = 1;
static unsigned three = 3;

/* ---- what only the owner's loop may touch ---- */

struct errand {
    uuid_t session;
    bool lay; /* it rests from now on, with a profile of this revision */
    uint32_t revision;
    bool away; /* how it was found, before */
    sem_t over;
};

/* As if it rested: how it comes to that is src/domain/sessions/rest_test.c's. */
static void run_errand(void *ctx, struct shard *s)
{
    struct errand *e = ctx;
    struct live *live = shard_peek(s, e->session);
    if (live == NULL) {
        return;
    }
    e->away = live->away;
    if (e->lay) {
        live->away = true;
        live->profile_revision = e->revision;
    }
}

/* As after a start: how that comes about is src/domain/sessions/checkpoint_test.c's. */
static void put_to_sleep(void *ctx, struct shard *s)
{
    struct live *live = shard_peek(s, ((struct errand *)ctx)->session);
    if (live != NULL) {
        live->asleep = true;
    }
}

static void errand_over(void *ctx)
{
    (void)sem_post(&((struct errand *)ctx)->over);
}

static void send_errand(struct site *s, struct errand *e, void (*each)(void *ctx, struct shard *s))
{
    assert_int_equal(sem_init(&e->over, 0, 0), 0);
    assert_ok(s->server->courier.every_loop(&s->server->courier, each, errand_over, e));
    while (sem_wait(&e->over) != 0) {
        MUST(errno == EINTR);
    }
}

static bool visit(struct site *s, const struct badge *b, bool lay, uint32_t revision)
{
    struct errand e = {.session = b->id, .lay = lay, .revision = revision};
    send_errand(s, &e, run_errand);
    return e.away;
}

static void lay(struct site *s, const struct badge *b)
{
    (void)visit(s, b, true, 0);
}

static bool rests(struct site *s, const struct badge *b)
{
    return visit(s, b, false, 0);
}

/* ---- a socket, and workers that are held up ---- */

static void open_socket(struct site *s, struct visitor *v, struct badge *b)
{
    visitor_open(v, s);
    badge_get(b, v, ANN, "phone");
    assert_int_equal(visitor_upgrade(v, b, ""), 101);
    visitor_expect(v, "\"connection_established\"");
}

static void say_event(struct visitor *v, int seq)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"event_type\":\"scroll\",\"data\":{\"pixels\":%d},\"seq\":%d}", seq, seq);
    visitor_say(v, text);
}

static void expect_acks(struct visitor *v, int from, int to)
{
    for (int seq = from; seq <= to; seq++) {
        char text[32];
        (void)snprintf(text, sizeof text, "\"seq\":%d", seq);
        visitor_expect(v, text);
    }
}

static void hold_workers(struct site *s, struct stopper held[COLD])
{
    for (size_t i = 0; i < COLD; i++) {
        stopper_begin(&held[i], s->server->cold);
    }
}

static void let_workers_go(struct stopper held[COLD])
{
    for (size_t i = 0; i < COLD; i++) {
        stopper_go_on(&held[i]);
    }
}

static bool one_waits(struct site *s)
{
    return pool_depth(s->server->cold) == 1;
}

static bool nobody_is_here(struct site *s)
{
    return gauge_read(&s->api.metrics.http_connections) +
               gauge_read(&s->api.metrics.ws_connections) ==
           0;
}

static bool nothing_travels(struct site *s)
{
    return atomic_load(&s->server->travelling) == 0;
}

static bool is_silent(const struct visitor *v)
{
    uint8_t byte = 0;
    return recv(v->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* ---- the tests ---- */

static void what_is_said_waits_for_the_worker_and_is_answered_in_order(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    struct stopper held[COLD];
    site_register(s, ANN);
    open_socket(s, &v, &b);
    for (int round = 0; round < 3; round++) {
        lay(s, &b);
        hold_workers(s, held);
        say_event(&v, round * EVENTS + 1);
        site_wait(one_waits, s);
        for (int i = 2; i <= EVENTS; i++) { /* some of it is read, some stays in the kernel */
            say_event(&v, round * EVENTS + i);
        }
        assert_true(rests(s, &b)); /* the loop goes on */
        assert_true(is_silent(&v));
        let_workers_go(held);
        expect_acks(&v, round * EVENTS + 1, (round + 1) * EVENTS);
        assert_false(rests(s, &b));
    }
    assert_int_equal(pool_depth(s->server->cold), 0);
    visitor_close(&v);
    site_wait(nobody_is_here, s);
    assert_true(nothing_travels(s));
}

/* Wherever the first read ends, even within the head of the frame. */
static void a_message_may_come_in_pieces(void **state)
{
    static const char text[] = "{\"event_type\":\"scroll\",\"data\":{\"pixels\":1}}";
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    uint8_t mask[WS_MASK_LEN] = {1, 2, 3, 4};
    site_register(s, ANN);
    open_socket(s, &v, &b);
    for (size_t cut = 1; cut < sizeof text + 5; cut += 3) {
        struct stopper held[COLD];
        struct buf frame;
        buf_init(&frame, 4096);
        assert_ok(ws_write_masked(&frame, WS_OP_TEXT, span_of(text), mask));
        lay(s, &b);
        hold_workers(s, held);
        visitor_send(&v, (span_t){frame.ptr, cut});
        site_wait(one_waits, s);
        visitor_send(&v, (span_t){frame.ptr + cut, frame.len - cut});
        let_workers_go(held);
        visitor_expect(&v, "\"data_received\"");
        assert_false(rests(s, &b));
        buf_deinit(&frame);
    }
    visitor_close(&v);
}

static void a_ping_wakes_nobody_unless_a_message_stands_behind_it(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    struct buf both;
    uint8_t mask[WS_MASK_LEN] = {5, 6, 7, 8};
    site_register(s, ANN);
    open_socket(s, &v, &b);
    lay(s, &b);
    for (int i = 0; i < 3; i++) {
        visitor_frame(&v, i == 2 ? WS_OP_PONG : WS_OP_PING, i == 0 ? "" : "are you there?");
        if (i < 2) {
            assert_int_equal(visitor_hear(&v), WS_PONG);
        }
        assert_true(rests(s, &b));
    }
    buf_init(&both, 4096);
    assert_ok(ws_write_masked(&both, WS_OP_PING, SPAN_LIT("you"), mask));
    assert_ok(ws_write_masked(
        &both, WS_OP_TEXT, SPAN_LIT("{\"event_type\":\"scroll\",\"data\":{\"pixels\":1}}"), mask));
    visitor_send(&v, buf_span(&both));
    buf_deinit(&both);
    assert_int_equal(visitor_hear(&v), WS_PONG);
    visitor_expect(&v, "\"data_received\"");
    assert_false(rests(s, &b));
    visitor_close(&v);
}

static void whoever_goes_meanwhile_is_forgotten_and_his_place_is_free(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct visitor next;
    struct badge b;
    struct badge other;
    struct stopper held[COLD];
    const struct linger hard = {.l_onoff = 1};
    site_register(s, ANN);
    open_socket(s, &next, &other);
    open_socket(s, &v, &b);
    lay(s, &b);
    hold_workers(s, held);
    say_event(&v, 1);
    site_wait(one_waits, s);
    visitor_close(&next);
    assert_int_equal(setsockopt(v.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    visitor_close(&v);
    site_wait(nobody_is_here, s);
    visitor_open(&next, s); /* in its place */
    assert_int_equal(visitor_upgrade(&next, &other, ""), 101);
    visitor_expect(&next, "\"connection_established\"");
    let_workers_go(held);
    site_wait(nothing_travels, s);
    assert_false(rests(s, &b)); /* what the worker read is the session's all the same */
    say_event(&next, 1);
    expect_acks(&next, 1, 1);
    visitor_close(&next);
    site_wait(nobody_is_here, s);
}

static void with_no_worker_free_the_loop_reads_it_itself(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor v[2];
    struct badge b[2];
    struct stopper held;
    site_make(&s, *loops, false);
    s.config.cold_workers = 1;
    s.config.cold_queue = 1;
    site_open(&s);
    site_register(&s, ANN);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        open_socket(&s, &v[i], &b[i]);
        lay(&s, &b[i]);
    }
    stopper_begin(&held, s.server->cold);
    say_event(&v[0], 1);
    site_wait(one_waits, &s);
    say_event(&v[1], 1);
    expect_acks(&v[1], 1, 1); /* while the only worker is held up */
    assert_true(rests(&s, &b[0]));
    stopper_go_on(&held);
    expect_acks(&v[0], 1, 1);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_close(&v[i]);
    }
    site_end(&s);
}

enum { READS = 5 };

static bool all_reads_wait(struct site *s)
{
    return pool_depth(s->server->cold) == READS;
}

static bool next_read_waits(struct site *s)
{
    return pool_depth(s->server->cold) == READS - 1;
}

static void ask_as_stranger(struct site *s, struct visitor *v, int number)
{
    char body[128];
    (void)snprintf(body, sizeof body,
                   "{\"email\":\"s%d@example.org\",\"password\":\"x\",\"device_id\":\"y\"}",
                   number);
    visitor_open(v, s);
    visitor_ask(v, "POST", "/api/v1/auth/login", "Content-Type: application/json\r\n", body);
}

/* All that waits is of one account. Three others want to log in: the newest three give their places,
 * each in its own way. */
static void what_gives_its_place_to_others_is_answered_all_the_same(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct sleepers *sleepers = NULL;
    struct visitor v[READS];
    struct badge b[READS];
    struct visitor stranger[3];
    struct stopper held;
    site_make(&s, *loops, false);
    s.config.cold_workers = 1;
    s.config.cold_queue = READS;
    assert_ok(sleepers_new(&s.house.svc, &sleepers));
    site_open(&s);
    site_register(&s, ANN);
    for (size_t i = 0; i < 3; i++) {
        open_socket(&s, &v[i], &b[i]);
        lay(&s, &b[i]);
    }
    for (size_t i = 3; i < READS; i++) {
        visitor_open(&v[i], &s);
        badge_get(&b[i], &v[i], ANN, "phone");
        struct errand e = {.session = b[i].id};
        send_errand(&s, &e, put_to_sleep);
    }
    site_wait(nothing_travels, &s);

    stopper_begin(&held, s.server->cold);
    for (size_t i = 0; i < 3; i++) {
        say_event(&v[i], 1);
        while (pool_depth(s.server->cold) <= i) {
            (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
    }
    visitor_ask(&v[3], "GET", "/api/v1/auth/session-status", b[3].authorization, "");
    site_wait(next_read_waits, &s);
    visitor_write(&v[4], "GET /api/v1/ws/behavior/%s HTTP/1.1\r\nHost: h\r\n%s%s\r\n", b[4].session,
                  SITE_HANDSHAKE, b[4].authorization);
    site_wait(all_reads_wait, &s);

    ask_as_stranger(&s, &stranger[0], 0);
    assert_int_equal(visitor_read(&v[4], false), 503);
    ask_as_stranger(&s, &stranger[1], 1);
    assert_int_equal(visitor_read(&v[3], false), 503);
    ask_as_stranger(&s, &stranger[2], 2);
    expect_acks(&v[2], 1, 1); /* the loop read it itself */
    assert_int_equal(pool_depth(s.server->cold), READS);
    stopper_go_on(&held);
    for (size_t i = 0; i < ARRAY_LEN(stranger); i++) {
        assert_int_equal(visitor_read(&stranger[i], false), 401);
        visitor_close(&stranger[i]);
    }
    expect_acks(&v[0], 1, 1);
    expect_acks(&v[1], 1, 1);
    for (size_t i = 0; i < READS; i++) {
        visitor_close(&v[i]);
    }
    site_close(&s);
    sleepers_free(&sleepers);
    site_end(&s);
}

static void a_profile_that_is_gone_asks_for_the_mpin(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    site_register(s, ANN);
    open_socket(s, &v, &b);
    (void)visit(s, &b, true, 7); /* of which the store knows nothing */
    say_event(&v, 1);
    visitor_expect(&v, "\"mpin_required\"");
    assert_false(rests(s, &b));
    visitor_close(&v);
}

/* Without a model nobody is learnt, and no profile is asked for. */
static void know_people(struct house *h)
{
    size_t size = 0;
    const void *bytes = canara_model_builtin(&size);
    assert_int_equal(canara_model_open(bytes, size, &h->model), CANARA_OK);
    assert_int_equal(canara_profile_new(h->model, &h->stranger), CANARA_OK);
    h->svc.model = h->model;
    h->svc.stranger = h->stranger;
}

static void while_the_store_is_away_the_event_is_refused_and_can_come_again(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct visitor v;
    struct badge b;
    site_make(&s, *loops, false);
    know_people(&s.house);
    site_open(&s);
    site_register(&s, ANN);
    open_socket(&s, &v, &b);
    (void)visit(&s, &b, true, 7);
    store_scripted_fail_begins(s.house.svc.store, UINT64_MAX);
    say_event(&v, 1);
    visitor_expect_close(&v, 1013);
    assert_true(rests(&s, &b));
    store_scripted_fail_begins(s.house.svc.store, 0);
    visitor_close(&v);
    visitor_open(&v, &s);
    assert_int_equal(visitor_upgrade(&v, &b, ""), 101);
    visitor_expect(&v, "\"connection_established\"");
    say_event(&v, 1);
    visitor_expect(&v, "\"mpin_required\""); /* it can be read, and is gone */
    visitor_close(&v);
    site_end(&s);
}

static void a_stop_does_not_lose_sight_of_who_is_away(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    struct stopper held[COLD];
    site_register(s, ANN);
    open_socket(s, &v, &b);
    lay(s, &b);
    hold_workers(s, held);
    say_event(&v, 1);
    site_wait(one_waits, s);
    s->server->courier.drain(&s->server->courier);
    let_workers_go(held);
    site_stop(s);
    assert_true(nothing_travels(s));
    visitor_close(&v);
}

static bool all_wait(struct site *s)
{
    return pool_depth(s->server->cold) == 3;
}

static void *close_site(void *context)
{
    site_close(context);
    return NULL;
}

/* The loops give up first, then the pools. False: not in time. */
static bool queue_is_given_up(struct site *s)
{
    const mono_t until = mono_after_ms(clock_mono(clock_system()), STOP_MS + 2000);
    while (pool_depth(s->server->cold) > 0 && clock_mono(clock_system()).ns < until.ns) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return pool_depth(s->server->cold) == 0;
}

/* A call, a connection on its way and a fetch: begun now, the call would go on to a pool that is
 * gone, and all of them would keep the stop waiting. */
static void a_stop_gives_up_what_no_worker_has_begun(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct sleepers *sleepers = NULL;
    struct visitor v[3];
    struct badge b[2];
    struct stopper held[COLD];
    pthread_t stopping;
    site_make(&s, *loops, false);
    assert_ok(sleepers_new(&s.house.svc, &sleepers));
    site_open(&s);
    site_register(&s, ANN);
    open_socket(&s, &v[0], &b[0]);
    lay(&s, &b[0]);
    visitor_open(&v[1], &s);
    badge_get(&b[1], &v[1], ANN, "phone");
    struct errand e = {.session = b[1].id};
    send_errand(&s, &e, put_to_sleep);
    visitor_open(&v[2], &s);

    hold_workers(&s, held);
    say_event(&v[0], 1);
    visitor_write(&v[1], "GET /api/v1/ws/behavior/%s HTTP/1.1\r\nHost: h\r\n%s%s\r\n", b[1].session,
                  SITE_HANDSHAKE, b[1].authorization);
    visitor_ask(&v[2], "POST", "/api/v1/auth/login", "Content-Type: application/json\r\n",
                "{\"email\":\"" ANN "\",\"password\":\"" PASSWORD "\",\"device_id\":\"phone\"}");
    site_wait(all_wait, &s);
    assert_int_equal(pthread_create(&stopping, NULL, close_site, &s), 0);
    const bool given_up = queue_is_given_up(&s);
    let_workers_go(held);
    assert_int_equal(pthread_join(stopping, NULL), 0);
    assert_true(given_up);
    assert_true(visitor_ends(&v[1]));
    assert_true(visitor_ends(&v[2]));
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_close(&v[i]);
    }
    sleepers_free(&sleepers);
    site_end(&s);
}

#define BOTH(name)   SITE_TEST(name, one), SITE_TEST(name, three)
#define SECURE(name) SITE_TEST_SECURE(name, one)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        BOTH(what_is_said_waits_for_the_worker_and_is_answered_in_order),
        SECURE(what_is_said_waits_for_the_worker_and_is_answered_in_order),
        BOTH(a_message_may_come_in_pieces),
        BOTH(a_ping_wakes_nobody_unless_a_message_stands_behind_it),
        SECURE(a_ping_wakes_nobody_unless_a_message_stands_behind_it),
        BOTH(whoever_goes_meanwhile_is_forgotten_and_his_place_is_free),
        cmocka_unit_test_prestate(with_no_worker_free_the_loop_reads_it_itself, &one),
        cmocka_unit_test_prestate(with_no_worker_free_the_loop_reads_it_itself, &three),
        cmocka_unit_test_prestate(what_gives_its_place_to_others_is_answered_all_the_same, &one),
        cmocka_unit_test_prestate(what_gives_its_place_to_others_is_answered_all_the_same, &three),
        BOTH(a_profile_that_is_gone_asks_for_the_mpin),
        cmocka_unit_test_prestate(
            while_the_store_is_away_the_event_is_refused_and_can_come_again, &one),
        BOTH(a_stop_does_not_lose_sight_of_who_is_away),
        cmocka_unit_test_prestate(a_stop_gives_up_what_no_worker_has_begun, &one),
        cmocka_unit_test_prestate(a_stop_gives_up_what_no_worker_has_begun, &three),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
