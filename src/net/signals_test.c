#include "net/signals.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <unistd.h>

struct bench {
    struct signals signals;
    int caught[8];
    size_t count;
};

static void note(struct signals *self, int signal_number)
{
    struct bench *b = CONTAINER_OF(self, struct bench, signals);
    if (b->count < ARRAY_LEN(b->caught)) {
        b->caught[b->count++] = signal_number;
    }
}

static void each_signal_arrives_in_the_loop(void **state)
{
    (void)state;
    static const int numbers[] = {SIGHUP, SIGTERM, SIGINT};
    struct loop loop;
    struct bench b = {.count = 0};
    assert_ok(loop_init(&loop, clock_system()));
    assert_ok(signals_init(&b.signals, &loop, note));
    assert_ok(loop_run_once(&loop, 0));
    assert_int_equal(b.count, 0);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_int_equal(kill(getpid(), numbers[i]), 0);
        assert_ok(loop_run_once(&loop, 10000));
        assert_int_equal(b.count, i + 1);
        assert_int_equal(b.caught[i], numbers[i]);
    }
    signals_deinit(&b.signals);
    loop_deinit(&loop);
}

static void the_mask_is_put_back_and_broken_pipes_are_errors(void **state)
{
    (void)state;
    struct loop loop;
    struct bench b = {.count = 0};
    sigset_t now;
    assert_ok(loop_init(&loop, clock_system()));
    assert_ok(signals_init(&b.signals, &loop, note));
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    assert_int_equal(sigismember(&now, SIGTERM), 1);

    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(close(ends[1]), 0);

    signals_deinit(&b.signals);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    assert_int_equal(sigismember(&now, SIGTERM), 0);
    loop_deinit(&loop);
}

static void stop_listening(struct signals *self, int signal_number)
{
    note(self, signal_number);
    signals_deinit(self);
}

static void a_handler_may_end_its_own_watch(void **state)
{
    (void)state;
    struct loop loop;
    struct bench b = {.count = 0};
    assert_ok(loop_init(&loop, clock_system()));
    assert_ok(signals_init(&b.signals, &loop, stop_listening));
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_ok(loop_run_once(&loop, 10000));
    assert_int_equal(b.count, 1);
    loop_deinit(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_signal_arrives_in_the_loop),
        cmocka_unit_test(the_mask_is_put_back_and_broken_pipes_are_errors),
        cmocka_unit_test(a_handler_may_end_its_own_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
