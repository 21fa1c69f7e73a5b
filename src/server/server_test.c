/* Starting, binding, being asked to stop; with one loop and with three. */
#include "server/visitor_test.h"

#include <fcntl.h>
#include <unistd.h>

static unsigned one = 1;
static unsigned three = 3;

/* ---- binding */

static void expect_refusal(struct site *s, const char *words)
{
    char why[SERVER_WHY_BYTES] = "";
    assert_true(failed(server_new(&s->config, &s->server, why)));
    assert_null(s->server);
    if (strstr(why, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why, words);
    }
}

static void an_address_that_cannot_be_had_is_named_with_the_reason(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    struct site other;
    site_begin(&s, *loops, false);
    site_make(&other, *loops, false);
    const int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    assert_int_equal(bind(taken, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&at, &len), 0);
    other.config.port = ntohs(at.sin_port);
    expect_refusal(&other, "is in use by another process");
    other.config.port = 0;
    other.config.host = "192.0.2.1";
    expect_refusal(&other, "HOST=192.0.2.1 PORT=0: the address is not an address of this machine");
    other.config.host = "nowhere";
    expect_refusal(&other, "HOST=nowhere");
    other.config.host = "127.0.0.1";
    other.config.control_path = "/nowhere/control.sock";
    expect_refusal(&other, "control socket /nowhere/control.sock");
    (void)close(taken);
    site_end(&other);
    site_end(&s);
}

/* ---- life */

static void a_server_that_was_never_started_is_taken_down(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    char why[SERVER_WHY_BYTES] = "";
    struct server_numbers numbers = {0};
    site_make(&s, *loops, false);
    assert_ok(server_new(&s.config, &s.server, why));
    assert_int_equal(server_loops(s.server), *loops);
    assert_true(server_port(s.server) > 0);
    assert_false(s.api.ready(s.api.numbers_ctx));
    s.api.numbers(s.api.numbers_ctx, &numbers);
    assert_int_equal(numbers.shards, *loops);
    for (unsigned i = 0; i < *loops; i++) {
        assert_ptr_equal(numbers.shard[i], server_shard(s.server, i));
    }
    server_stop(s.server); /* nothing runs: nothing happens */
    site_end(&s);
}

/* A listener that was never opened has no descriptor to close: 0 would be somebody else's. */
static void a_server_that_ends_leaves_the_first_descriptor_open(void **state)
{
    const unsigned *loops = *state;
    struct site s;
    site_make(&s, *loops, false);
    site_open(&s);
    const int kept = dup(STDIN_FILENO);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(null >= 0);
    assert_int_equal(dup2(null, STDIN_FILENO), STDIN_FILENO);
    site_end(&s);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    if (kept >= 0) {
        (void)dup2(kept, STDIN_FILENO);
        (void)close(kept);
    }
    (void)close(null);
}

static void every_session_has_one_loop(void **state)
{
    struct site *s = *state;
    size_t owned[3] = {0};
    for (int i = 0; i < 300; i++) {
        uuid_t id;
        rng_fill(id.byte, sizeof id.byte);
        struct shard *owner = server_shard_of(s->server, id);
        assert_ptr_equal(owner, server_shard_of(s->server, id));
        for (unsigned k = 0; k < server_loops(s->server); k++) {
            owned[k] += owner == server_shard(s->server, k) ? 1U : 0U;
        }
    }
    assert_int_equal(owned[0] + owned[1] + owned[2], 300);
    for (unsigned k = 0; k < server_loops(s->server); k++) {
        assert_true(owned[k] > 0);
    }
}

static void a_drain_is_seen_by_whoever_waits_for_it(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct pollfd drain = {.fd = server_drain_fd(s->server), .events = POLLIN};
    visitor_open(&v, s);
    visitor_ask(&v, "GET", "/health/ready", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    assert_int_equal(poll(&drain, 1, 0), 0);
    assert_false(server_is_draining(s->server));
    assert_null(server_drained_by(s->server));
    s->api.courier->drain(s->api.courier);
    assert_true(server_is_draining(s->server));
    assert_string_equal(server_drained_by(s->server), "operator");
    assert_int_equal(poll(&drain, 1, 1000), 1);
    visitor_ask(&v, "GET", "/health/ready", "", "");
    assert_int_equal(visitor_read(&v, false), 503);
    visitor_ask(&v, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    visitor_close(&v);
    char why[COURIER_WHY_BYTES] = "";
    assert_ok(s->api.courier->reload(s->api.courier, why)); /* worth a line, no more */
    assert_string_equal(why, "Nothing can change while it runs without TLS");
}

static void a_stopped_server_takes_nobody_in(void **state)
{
    struct site *s = *state;
    struct visitor v;
    visitor_open(&v, s);
    visitor_ask(&v, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    const uint16_t port = server_port(s->server);
    site_close(s);
    assert_true(visitor_ends(&v));
    visitor_close(&v);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), -1);
    (void)close(fd);
}

/* ---- the control socket */

/* However many sessions go on, a stop is as short. */
static void a_stop_asks_nothing_of_the_store(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    visitor_open(&v, s);
    site_register(s, ANN);
    for (int i = 0; i < 5; i++) {
        badge_get(&b, &v, ANN, "phone");
    }
    visitor_close(&v);
    const uint64_t before = store_scripted_operations(s->house.svc.store);
    site_stop(s);
    assert_int_equal(ledger_depth(s->house.ledger), 0);
    ledger_stop(s->house.ledger);
    (void)pthread_join(s->ledger_thread, NULL);
    assert_int_equal(store_scripted_operations(s->house.svc.store), before);
    assert_int_equal(pthread_create(&s->ledger_thread, NULL, site_run_ledger, s), 0);
}

static void the_control_socket_speaks_to_operators_only(void **state)
{
    const unsigned *const loops = *state;
    struct site s;
    char path[SCRATCH_PATH];
    site_make(&s, *loops, false);
    scratch_path(&s.house.dir, "control.sock", path);
    s.config.control_path = path;
    site_open(&s);
    struct visitor operator= operator_at(path);
    visitor_ask(&operator, "GET", "/ctl/status", "", "");
    assert_int_equal(visitor_read(&operator, false), 200);
    assert_true(visitor_heard(&operator, "\"version\":\"1.2.3\""));
    visitor_ask(&operator, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&operator, false), 404);

    struct visitor stranger;
    visitor_open(&stranger, &s);
    visitor_ask(&stranger, "GET", "/ctl/status", "", "");
    assert_int_equal(visitor_read(&stranger, false), 404);
    visitor_close(&stranger);
    visitor_close(&operator);
    site_end(&s);
}

/* And the other way round: operators, however many, take no place of the others. */
static void with_every_place_taken_operators_are_heard(void **state)
{
    struct site s;
    struct visitor v[3];
    struct visitor operators[LIMIT_CONTROL_CONNECTIONS + 1];
    char path[SCRATCH_PATH];
    (void)state;
    site_make(&s, 1, false);
    scratch_path(&s.house.dir, "control.sock", path);
    s.config.control_path = path;
    s.config.connections_max = 2;
    site_open(&s);
    for (size_t i = 0; i < LIMIT_CONTROL_CONNECTIONS; i++) {
        if (i < 2) {
            visitor_open(&v[i], &s);
            visitor_ask(&v[i], "GET", "/health/live", "", "");
            assert_int_equal(visitor_read(&v[i], false), 200);
        }
        operators[i] = operator_at(path);
        visitor_ask(&operators[i], "GET", "/ctl/status", "", "");
        assert_int_equal(visitor_read(&operators[i], false), 200);
    }
    visitor_open(&v[2], &s);
    assert_true(visitor_ends(&v[2]));
    operators[LIMIT_CONTROL_CONNECTIONS] = operator_at(path);
    assert_true(visitor_ends(&operators[LIMIT_CONTROL_CONNECTIONS]));
    visitor_close(&operators[LIMIT_CONTROL_CONNECTIONS]);
    visitor_close(&operators[0]);
    visitor_ask(&operators[1], "GET", "/ctl/status", "", "");
    assert_int_equal(visitor_read(&operators[1], false), 200);
    for (size_t i = 0; i < 3; i++) {
        visitor_close(&v[i]);
    }
    for (size_t i = 1; i < LIMIT_CONTROL_CONNECTIONS; i++) {
        visitor_close(&operators[i]);
    }
    site_end(&s);
}

#define BOTH(name)  SITE_TEST(name, one), SITE_TEST(name, three)
#define ALONE(name) cmocka_unit_test_prestate(name, &one), cmocka_unit_test_prestate(name, &three)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        ALONE(an_address_that_cannot_be_had_is_named_with_the_reason),
        ALONE(a_server_that_was_never_started_is_taken_down),
        ALONE(a_server_that_ends_leaves_the_first_descriptor_open),
        BOTH(every_session_has_one_loop),
        BOTH(a_drain_is_seen_by_whoever_waits_for_it),
        BOTH(a_stopped_server_takes_nobody_in),
        BOTH(a_stop_asks_nothing_of_the_store),
        ALONE(the_control_socket_speaks_to_operators_only),
        cmocka_unit_test(with_every_place_taken_operators_are_heard),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
