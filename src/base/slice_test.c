#include "base/slice.h"

#include "tests/support/unit.h"

#include <errno.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void a_shorter_slice_keeps_the_nice_value(void **state)
{
    (void)state;
    assert_int_equal(setpriority(PRIO_PROCESS, 0, 3), 0);
    if (!slice_ask(SLICE_SHORTEST_NS)) {
        skip();
    }
    errno = 0;
    assert_int_equal(getpriority(PRIO_PROCESS, 0), 3);
    assert_int_equal(errno, 0);
    struct sched_attr now = {0};
    assert_int_equal(syscall(SYS_sched_getattr, 0, &now, sizeof now, 0), 0);
    assert_true(now.sched_runtime == SLICE_SHORTEST_NS ||
                now.sched_runtime == 0); /* before Linux 6.12 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_shorter_slice_keeps_the_nice_value)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
