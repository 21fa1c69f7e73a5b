#include "net/stream.h"

#include "base/limits.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
    int ours;
    int theirs;
};

static struct pair pair_new(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    return (struct pair){fds[0], fds[1]};
}

static void pair_close(struct pair *p)
{
    stream_close(&p->ours);
    stream_close(&p->theirs);
}

static void bytes_of_any_cut_arrive_as_they_were_sent(void **state)
{
    (void)state;
    CLEANUP(pair_close) struct pair p = pair_new();
    static uint8_t out[200000];
    static uint8_t in[sizeof out];
    uint64_t seed = 20250707;
    for (size_t i = 0; i < sizeof out; i++) {
        out[i] = (uint8_t)random_u64(&seed);
    }
    size_t sent = 0;
    size_t got = 0;
    while (got < sizeof in) {
        if (sent < sizeof out) {
            size_t n = 0;
            const size_t most = 1 + random_below(&seed, sizeof out - sent);
            if (stream_send(p.ours, (span_t){out + sent, most}, &n) == STREAM_MORE) {
                assert_true(n > 0 && n <= most);
                sent += n;
            }
        }
        size_t n = 0;
        const size_t room = 1 + random_below(&seed, sizeof in - got);
        if (stream_recv(p.theirs, in + got, room, &n) == STREAM_MORE) {
            assert_true(n > 0 && n <= room);
            got += n;
        }
    }
    assert_memory_equal(in, out, sizeof out);
}

static void both_directions_say_when_they_would_block(void **state)
{
    (void)state;
    CLEANUP(pair_close) struct pair p = pair_new();
    static uint8_t bytes[65536];
    size_t n = 77;
    assert_int_equal(stream_recv(p.ours, bytes, sizeof bytes, &n), STREAM_WOULD_BLOCK);
    assert_int_equal(n, 77);
    enum stream_outcome outcome = STREAM_MORE;
    for (int i = 0; i < 1000 && outcome == STREAM_MORE; i++) {
        outcome = stream_send(p.ours, (span_t){bytes, sizeof bytes}, &n);
    }
    assert_int_equal(outcome, STREAM_WOULD_BLOCK);
}

static void a_peer_that_went_is_an_outcome_and_not_a_signal(void **state)
{
    (void)state;
    CLEANUP(pair_close) struct pair p = pair_new();
    uint8_t byte = 0;
    size_t n = 0;
    stream_shut_write(p.theirs);
    assert_int_equal(stream_recv(p.ours, &byte, 1, &n), STREAM_CLOSED);
    assert_int_equal(stream_send(p.ours, SPAN_LIT("x"), &n), STREAM_MORE); /* half open */
    stream_close(&p.theirs);
    assert_int_equal(stream_send(p.ours, SPAN_LIT("x"), &n), STREAM_CLOSED);
}

static void a_descriptor_that_is_none_is_an_error(void **state)
{
    (void)state;
    uint8_t byte = 0;
    size_t n = 0;
    assert_int_equal(stream_recv(-1, &byte, 1, &n), STREAM_ERROR);
    assert_int_equal(stream_send(-1, SPAN_LIT("x"), &n), STREAM_ERROR);
    int none = -1;
    stream_close(&none);
    stream_set_no_delay(none);
    stream_set_lean(none);
    stream_shut_write(none);
}

/* A connection over loopback: ours, and that of somebody who reads nothing and has little room. */
static struct pair pair_over_tcp(void)
{
    const int narrow = 4096;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    CLEANUP(stream_close) int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pair p = {.theirs = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(setsockopt(p.theirs, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow), 0);
    assert_int_equal(bind(listening, (const struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(connect(p.theirs, (const struct sockaddr *)&at, size), 0);
    p.ours = accept(listening, NULL, NULL);
    assert_true(p.ours >= 0);
    return p;
}

static void the_kernel_holds_little_for_a_peer_that_never_reads(void **state)
{
    (void)state;
    static uint8_t bytes[16384];
    CLEANUP(pair_close) struct pair p = pair_over_tcp();
    size_t taken = 0;
    size_t n = 0;
    stream_set_lean(p.ours);
    while (taken < 1U << 24 &&
           stream_send(p.ours, (span_t){bytes, sizeof bytes}, &n) == STREAM_MORE) {
        taken += n;
    }
    /* what may be on its way, what waits behind it, and one write more */
    assert_in_range(taken, LIMIT_NOT_SENT_BYTES, LIMIT_NOT_SENT_BYTES + 65536 + 2 * sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_any_cut_arrive_as_they_were_sent),
        cmocka_unit_test(both_directions_say_when_they_would_block),
        cmocka_unit_test(a_peer_that_went_is_an_outcome_and_not_a_signal),
        cmocka_unit_test(a_descriptor_that_is_none_is_an_error),
        cmocka_unit_test(the_kernel_holds_little_for_a_peer_that_never_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
