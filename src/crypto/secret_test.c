/* Secrets compare as they should, and are gone after a wipe. */
#include "crypto/secret.h"

#include "tests/support/unit.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void the_canary_is_gone_after_the_wipe(void **state)
{
    (void)state;
    static const char canary[] = "canary-7f3a9c5e1b";
    void *at = NULL;
    assert_ok(key_memory_new(4096, &at));
    memcpy(at, canary, sizeof canary);
    assert_non_null(memmem(at, 4096, canary, sizeof canary - 1));
    memory_wipe(at, 4096);
    assert_null(memmem(at, 4096, canary, 4));
    key_memory_free(&at);
    assert_null(at);
    key_memory_free(&at);
}

static void comparison_tells_equal_from_different(void **state)
{
    (void)state;
    assert_true(ct_equal("abcd", "abcd", 4));
    assert_false(ct_equal("abcd", "abce", 4));
    assert_false(ct_equal("Xbcd", "abcd", 4));
    assert_true(ct_equal("a", "b", 0));
}

/* In a child: the limits cannot be taken back. */
static void a_hardened_process_leaves_no_core(void **state)
{
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit core = {1, 1};
        const bool good = !failed(process_harden()) && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                          getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 &&
                          core.rlim_max == 0;
        _exit(good ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    if (failed(crypto_start())) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canary_is_gone_after_the_wipe),
        cmocka_unit_test(comparison_tells_equal_from_different),
        cmocka_unit_test(a_hardened_process_leaves_no_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
