#include "base/err.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

static err_t fails_at(int step, int *reached)
{
    *reached = 1;
    TRY(step == 1 ? err_new(ERR_IO) : ERR_OK);
    *reached = 2;
    TRY(step == 2 ? err_new(ERR_NOMEM) : ERR_OK);
    *reached = 3;
    return ERR_OK;
}

static void try_leaves_with_the_callees_error(void **state)
{
    (void)state;
    int reached = 0;
    assert_err(fails_at(1, &reached), ERR_IO);
    assert_int_equal(reached, 1);
    assert_err(fails_at(2, &reached), ERR_NOMEM);
    assert_int_equal(reached, 2);
    assert_ok(fails_at(3, &reached));
    assert_int_equal(reached, 3);
}

static void count_release(int **held)
{
    --**held;
}

static err_t holds_while(int *held, err_t outcome)
{
    CLEANUP(count_release) int *mine = held;
    ++*mine;
    TRY(outcome);
    *mine += 10;
    return ERR_OK;
}

static void scopes_are_cleaned_on_every_way_out(void **state)
{
    (void)state;
    int held = 0;
    assert_err(holds_while(&held, err_new(ERR_LIMIT)), ERR_LIMIT);
    assert_int_equal(held, 0);
    assert_ok(holds_while(&held, ERR_OK));
    assert_int_equal(held, 10);
}

static void a_broken_fact_aborts_and_a_kept_one_does_not(void **state)
{
    (void)state;
    MUST(true);
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)close(STDERR_FILENO);
        MUST(child != 0);
        _exit(0);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Who reads nothing of it must not keep a broken process alive. */
static void a_broken_fact_aborts_though_nobody_reads_of_it(void **state)
{
    (void)state;
    int pipe_ends[2];
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
    char bytes[4096] = {0};
    while (write(pipe_ends[1], bytes, sizeof bytes) > 0) {}
    assert_int_equal(fcntl(pipe_ends[1], F_SETFL, 0), 0);
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)dup2(pipe_ends[1], STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        (void)alarm(PATIENCE_S);
        MUST(child != 0);
        _exit(0);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
}

static void sizes_that_overflow_are_told_and_leave_the_result_alone(void **state)
{
    (void)state;
    size_t out = 7;
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_false(size_mul(SIZE_MAX / 2, 3, &out));
    assert_int_equal(out, 7);
    assert_true(size_add(SIZE_MAX - 1, 1, &out));
    assert_true(out == SIZE_MAX);
    assert_true(size_mul(1 << 20, 3, &out));
    assert_int_equal(out, 3 << 20);
    assert_int_equal(size_min(2, 3), 2);
    assert_int_equal(size_max(2, 3), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(try_leaves_with_the_callees_error),
        cmocka_unit_test(scopes_are_cleaned_on_every_way_out),
        cmocka_unit_test(a_broken_fact_aborts_and_a_kept_one_does_not),
        cmocka_unit_test(a_broken_fact_aborts_though_nobody_reads_of_it),
        cmocka_unit_test(sizes_that_overflow_are_told_and_leave_the_result_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
