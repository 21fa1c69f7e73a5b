#include "net/signals.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <sys/wait.h>
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
    static const int numbers[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
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

/* In a process of its own: held signals stay so. */
static int early(void)
{
    static const int numbers[] = {SIGHUP, SIGUSR1, SIGUSR2};
    struct loop loop;
    struct bench b = {.count = 0};
    unsigned seen = 0;
    signals_hold();
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        (void)kill(getpid(), numbers[i]);
    }
    if (failed(loop_init(&loop, clock_system())) || failed(signals_init(&b.signals, &loop, note))) {
        return 1;
    }
    while (b.count < ARRAY_LEN(numbers) && !failed(loop_run_once(&loop, 10000))) {}
    for (size_t i = 0; i < b.count; i++) {
        seen |= 1U << (unsigned)b.caught[i];
    }
    signals_deinit(&b.signals);
    loop_deinit(&loop);
    return seen == ((1U << SIGHUP) | (1U << SIGUSR1) | (1U << SIGUSR2)) ? 0 : 2;
}

static void what_is_asked_for_before_there_is_a_loop_waits_for_it(void **state)
{
    (void)state;
    int status = -1;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(early());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_stop_before_there_is_a_loop_is_a_stop(void **state)
{
    (void)state;
    int status = -1;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signals_hold();
        (void)raise(SIGTERM);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
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
        cmocka_unit_test(what_is_asked_for_before_there_is_a_loop_waits_for_it),
        cmocka_unit_test(a_stop_before_there_is_a_loop_is_a_stop),
        cmocka_unit_test(a_handler_may_end_its_own_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
