/* load_test.c - a load on servers that send back, that lie, that hang up, and that say nothing. */
#include "load/load.h"

#include "base/util.h"
#include "protocol/ws_frames.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 8, BYTES = 65536, CLIENTS_MAX = 512 };

/* What a server does with the bytes that came; its connection is closed when it says false. */
typedef bool behaviour_fn(int fd, const uint8_t *bytes, size_t len);

struct bad_server {
    int fd;
    uint16_t port;
    atomic_bool stop;
    behaviour_fn *behave;
    pthread_t thread;
};

/* ---- ways to behave ---- */

static bool tell(int fd, const void *bytes, size_t len)
{
    return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool tell_text(int fd, const char *text)
{
    return tell(fd, text, strlen(text));
}

static bool send_back(int fd, const uint8_t *bytes, size_t len)
{
    return tell(fd, bytes, len);
}

static bool say_nothing(int fd, const uint8_t *bytes, size_t len)
{
    (void)fd;
    (void)bytes;
    (void)len;
    return true;
}

static bool hang_up(int fd, const uint8_t *bytes, size_t len)
{
    (void)fd;
    (void)bytes;
    (void)len;
    return false;
}

static bool talk_nonsense(int fd, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return tell_text(fd, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
}

static bool be_full(int fd, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return tell_text(fd, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                         "Content-Length: 2\r\n\r\n{}");
}

static bool be_full_for_a_day(int fd, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return tell_text(fd, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 86400\r\n"
                         "Content-Length: 2\r\n\r\n{}");
}

static bool be_full_and_leave(int fd, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    (void)tell_text(fd, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                        "Connection: close\r\nContent-Length: 2\r\n\r\n{}");
    return false;
}

static bool refuse_token(int fd, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return tell_text(fd, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
}

static bool forbid(int fd, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return tell_text(fd, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
}

static bool say_it_is_gone(int fd, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return tell_text(fd, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
}

static bool tell_frame(int fd, const char *text)
{
    uint8_t head[WS_HEAD_MAX];
    const size_t n = ws_frame_head(head, WS_OP_TEXT, strlen(text));
    return tell(fd, head, n) && tell_text(fd, text);
}

static bool is_upgrade(const uint8_t *bytes, size_t len)
{
    return len > 4 && memcmp(bytes, "GET ", 4) == 0;
}

/* As the service does it, but each acknowledgement says `ack`. */
static bool converse(int fd, const uint8_t *bytes, size_t len, const char *ack)
{
    if (!is_upgrade(bytes, len)) {
        return tell_frame(fd, ack);
    }
    return tell_text(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\n\r\n") &&
           tell_frame(fd, "{\"type\":\"connection_established\",\"last_seq\":41}");
}

static bool acknowledge(int fd, const uint8_t *bytes, size_t len)
{
    return converse(
        fd, bytes, len,
        "{\"type\":\"data_received\",\"count\":1,\"seq\":-1,\"risk_level\":\"normal\"}");
}

static bool acknowledge_two(int fd, const uint8_t *bytes, size_t len)
{
    return converse(fd, bytes, len, "{\"type\":\"data_received\",\"count\":2,\"seq\":-1}");
}

static bool acknowledge_the_first(int fd, const uint8_t *bytes, size_t len)
{
    return converse(fd, bytes, len, "{\"type\":\"data_received\",\"count\":1,\"seq\":42}");
}

static bool say_error(int fd, const uint8_t *bytes, size_t len)
{
    return converse(fd, bytes, len, "{\"type\":\"error\",\"message\":\"Invalid JSON format\"}");
}

static bool say_what_is_unheard_of(int fd, const uint8_t *bytes, size_t len)
{
    return converse(fd, bytes, len, "{\"type\":\"lottery_won\"}");
}

static bool close_with_1013(int fd, const uint8_t *bytes, size_t len)
{
    static const uint8_t close_frame[] = {0x88, 2, 1013 >> 8, 1013 & 255};
    return is_upgrade(bytes, len) ? converse(fd, bytes, len, "")
                                  : tell(fd, close_frame, sizeof close_frame);
}

static bool close_as_blocked(int fd, const uint8_t *bytes, size_t len)
{
    static const uint8_t close_frame[] = {0x88, 2, 4403 >> 8, 4403 & 255};
    return is_upgrade(bytes, len) ? converse(fd, bytes, len, "")
                                  : tell(fd, close_frame, sizeof close_frame);
}

/* ---- a server that behaves so ---- */

static size_t serve_ready(struct bad_server *s, struct pollfd *watched, size_t count)
{
    static _Thread_local uint8_t bytes[BYTES];
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        bool keep = true;
        if (watched[i].revents != 0) {
            const ssize_t n = recv(watched[i].fd, bytes, sizeof bytes, 0);
            keep = n > 0 && s->behave(watched[i].fd, bytes, (size_t)n);
        }
        if (keep) {
            watched[kept++] = watched[i];
        } else {
            (void)close(watched[i].fd);
        }
    }
    return kept;
}

static void *serve(void *context)
{
    struct bad_server *const s = context;
    struct pollfd watched[CLIENTS_MAX] = {{.fd = s->fd, .events = POLLIN}};
    size_t count = 1;
    while (!atomic_load(&s->stop)) {
        (void)poll(watched, (nfds_t)count, 10);
        const bool comes = watched[0].revents != 0;
        count = serve_ready(s, watched, count);
        if (comes && count < CLIENTS_MAX) {
            watched[count++] = (struct pollfd){.fd = accept(s->fd, NULL, NULL), .events = POLLIN};
        }
    }
    for (size_t i = 0; i < count; i++) {
        (void)close(watched[i].fd);
    }
    return NULL;
}

static void start(struct bad_server *s, behaviour_fn *behave)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    *s =
        (struct bad_server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .behave = behave};
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct bad_server *s)
{
    atomic_store(&s->stop, true);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
}

/* ---- a load on it ---- */

enum { FAST = 100 };

/* Time that goes a hundred times as fast: whoever waits for seconds is not waited for here. */
static mono_t fast_mono(const struct clock *self)
{
    (void)self;
    return (mono_t){clock_mono(clock_system()).ns * FAST};
}

static const struct clock fast_clock = {.mono = fast_mono};

static struct load_session sessions[CONNECTIONS];
static const struct tokens tokens = {.session = sessions, .sessions = CONNECTIONS};

static struct load_plan plan_of(const char *mix, uint16_t port)
{
    struct load_plan plan = {.authority = "127.0.0.1",
                             .tokens = &tokens,
                             .connections = CONNECTIONS,
                             .depth = 1,
                             .batch = 2,
                             .duration_ms = 150,
                             .timeout_ms = 200,
                             .sources = 3,
                             .stop_fd = -1,
                             .clock = clock_system()};
    assert_ok(mix_parse(mix, &plan.mix));
    assert_ok(address_parse(SPAN_LIT("127.0.0.1"), &plan.target));
    plan.target.port = port;
    return plan;
}

static struct load_result *run(const struct load_plan *plan)
{
    struct load_result *r = malloc(sizeof *r);
    assert_non_null(r);
    assert_ok(load_run(plan, r));
    return r;
}

/* ---- tests ---- */

static void each_bad_behaviour_has_its_name(void **state)
{
    (void)state;

    static const struct {
        const char *mix;
        behaviour_fn *behave;
        enum trouble want;
    } rows[] = {
        {"events", hang_up, TROUBLE_CLOSED},
        {"events", say_nothing, TROUBLE_TIMEOUT},
        {"events", talk_nonsense, TROUBLE_PROTOCOL},
        {"events", be_full, TROUBLE_HTTP_503},
        {"events", refuse_token, TROUBLE_HTTP_401},
        {"events", acknowledge_two, TROUBLE_MISMATCH},
        {"events", say_error, TROUBLE_REJECTED},
        {"events", say_what_is_unheard_of, TROUBLE_PROTOCOL},
        {"events", close_with_1013, TROUBLE_WS_1013},
        {"events", close_as_blocked, TROUBLE_WS_ENDED},
        {"batches", acknowledge, TROUBLE_MISMATCH},
        {"idle", hang_up, TROUBLE_CLOSED},
        {"status", hang_up, TROUBLE_CLOSED},
        {"status", say_nothing, TROUBLE_TIMEOUT},
        {"status", talk_nonsense, TROUBLE_PROTOCOL},
        {"status", be_full, TROUBLE_HTTP_503},
        {"status", refuse_token, TROUBLE_HTTP_401},
        {"status", be_full_and_leave, TROUBLE_HTTP_503}, /* and no more: that it leaves was told */
        {"storm", be_full, TROUBLE_HTTP_503},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bad_server s;
        start(&s, rows[i].behave);
        const struct load_plan plan = plan_of(rows[i].mix, s.port);
        struct load_result *r = run(&plan);
        if (r->tally.trouble[rows[i].want] == 0 ||
            r->tally.trouble[rows[i].want] != tally_troubles(&r->tally)) {
            fail_msg("row %zu, %s: no %s, or something else", i, rows[i].mix,
                     trouble_name(rows[i].want));
        }
        assert_int_equal(tally_answers(&r->tally), 0);
        free(r);
        stop(&s);
    }
}

static void whoever_is_told_that_it_is_over_does_not_come_again(void **state)
{
    (void)state;

    static const struct {
        const char *mix;
        behaviour_fn *behave;
        enum trouble want;
    } rows[] = {
        {"events", refuse_token, TROUBLE_HTTP_401},     {"events", forbid, TROUBLE_HTTP_403},
        {"events", say_it_is_gone, TROUBLE_HTTP_410},   {"storm", say_it_is_gone, TROUBLE_HTTP_410},
        {"events", close_as_blocked, TROUBLE_WS_ENDED}, {"status", refuse_token, TROUBLE_HTTP_401},
        {"status", forbid, TROUBLE_HTTP_403},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bad_server s;
        start(&s, rows[i].behave);
        struct load_plan plan = plan_of(rows[i].mix, s.port);
        plan.clock = &fast_clock;
        plan.duration_ms = 10000; /* others come again after 2 s at most */
        plan.timeout_ms = INT64_C(2000) * FAST;
        struct load_result *r = run(&plan);
        if (r->tally.trouble[rows[i].want] != CONNECTIONS ||
            tally_troubles(&r->tally) != CONNECTIONS) {
            fail_msg("row %zu, %s: %llu times %s", i, rows[i].mix,
                     (unsigned long long)r->tally.trouble[rows[i].want],
                     trouble_name(rows[i].want));
        }
        free(r);
        stop(&s);
    }
}

/* Half a minute, whatever is asked for: a run shows how the server is doing now. */
static void a_wait_that_is_asked_for_has_an_end(void **state)
{
    (void)state;
    struct bad_server s;
    start(&s, be_full_for_a_day);
    struct load_plan plan = plan_of("status", s.port);
    plan.clock = &fast_clock;
    plan.duration_ms = 100000; /* begin, and after 30, 60 and 90 s */
    plan.timeout_ms = INT64_C(2000) * FAST;
    struct load_result *r = run(&plan);
    assert_in_range(r->tally.trouble[TROUBLE_HTTP_503], 2 * CONNECTIONS, 4 * CONNECTIONS);
    free(r);
    stop(&s);
}

static void nobody_there_is_refused(void **state)
{
    (void)state;
    struct bad_server s;
    start(&s, say_nothing);
    stop(&s); /* the port is free now */
    const struct load_plan plan = plan_of("events", s.port);
    struct load_result *r = run(&plan);
    assert_true(r->tally.trouble[TROUBLE_REFUSED] >= CONNECTIONS);
    assert_int_equal(r->connected_most, 0);
    free(r);
}

static void good_answers_are_counted_and_timed(void **state)
{
    (void)state;
    static const char *const mixes[] = {"echo", "events"};
    static behaviour_fn *const behave[] = {send_back, acknowledge};
    for (size_t i = 0; i < ARRAY_LEN(mixes); i++) {
        struct bad_server s;
        start(&s, behave[i]);
        const struct load_plan plan = plan_of(mixes[i], s.port);
        struct load_result *r = run(&plan);
        const enum scenario which = i == 0 ? SCENARIO_ECHO : SCENARIO_EVENTS;
        assert_true(r->tally.answers[which] > 0);
        assert_int_equal(tally_troubles(&r->tally), 0);
        assert_int_equal(r->connected_most, CONNECTIONS);
        assert_in_range(r->tally.latency[which].count, r->tally.answers[which],
                        r->tally.answers[which] + CONNECTIONS);
        assert_true(r->seconds >= 0.15);
        assert_int_equal(r->tally.events, i == 0 ? 0 : r->tally.answers[which]);
        free(r);
        stop(&s);
    }
}

static void a_count_ends_it(void **state)
{
    (void)state;
    struct bad_server s;
    start(&s, send_back);
    struct load_plan plan = plan_of("echo", s.port);
    plan.duration_ms = 60000;
    plan.count = 100;
    struct load_result *r = run(&plan);
    assert_in_range(tally_answers(&r->tally), 100, 100 + CONNECTIONS);
    free(r);
    stop(&s);
}

static void sequences_go_on_and_are_held_to(void **state)
{
    (void)state;
    struct bad_server s;
    start(&s, acknowledge_the_first); /* right once: 41 was the last, 42 is the next */
    struct load_plan plan = plan_of("events", s.port);
    plan.sequence = true;
    plan.connections = 1;
    struct load_result *r = run(&plan);
    assert_int_equal(r->tally.all_answers, 1);
    assert_int_equal(r->tally.trouble[TROUBLE_MISMATCH], 1);
    free(r);
    stop(&s);
}

/* A server that stops answering: the waiting of all that were due counts, not of one in the air. */
static void waiting_is_not_left_out(void **state)
{
    (void)state;
    struct bad_server s;
    start(&s, say_nothing);
    struct load_plan plan = plan_of("echo", s.port);
    plan.per_second = 1000;
    plan.duration_ms = 200;
    plan.timeout_ms = 2000;
    struct load_result *r = run(&plan);
    assert_int_equal(tally_answers(&r->tally), 0);
    /* 200 were due, 8 connections had one each in the air. */
    assert_in_range(r->tally.unsent, 150, 260);
    free(r);
    stop(&s);
}

static void an_open_loop_keeps_its_rate(void **state)
{
    (void)state;
    struct bad_server s;
    start(&s, send_back);
    struct load_plan plan = plan_of("echo", s.port);
    plan.per_second = 500;
    plan.duration_ms = 400;
    plan.depth = 64;
    struct load_result *r = run(&plan);
    assert_in_range(r->tally.latency[SCENARIO_ECHO].count, 100, 260); /* 200; a busy machine */
    assert_in_range(r->tally.sent[SCENARIO_ECHO].count, 100, 260);
    free(r);
    stop(&s);
}

static void sources_are_networks_of_their_own(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LOAD_SOURCES_MAX; i++) {
        assert_int_equal(load_source(i) >> 24, 127);
        assert_true(i == 0 || load_source(i) >> 8 != load_source(i - 1) >> 8);
    }
    assert_true(load_source(0) != 0x7f000001U);
}

static int name_sessions(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        (void)snprintf(sessions[i].id, sizeof sessions[i].id, "session-%u", i);
        (void)snprintf(sessions[i].token, sizeof sessions[i].token, "token-%u", i);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_behaviour_has_its_name),
        cmocka_unit_test(whoever_is_told_that_it_is_over_does_not_come_again),
        cmocka_unit_test(a_wait_that_is_asked_for_has_an_end),
        cmocka_unit_test(nobody_there_is_refused),
        cmocka_unit_test(good_answers_are_counted_and_timed),
        cmocka_unit_test(a_count_ends_it),
        cmocka_unit_test(sequences_go_on_and_are_held_to),
        cmocka_unit_test(waiting_is_not_left_out),
        cmocka_unit_test(an_open_loop_keeps_its_rate),
        cmocka_unit_test(sources_are_networks_of_their_own),
    };
    return cmocka_run_group_tests_name("load", tests, name_sessions, NULL);
}
