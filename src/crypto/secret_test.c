/* Secrets fit or are refused, compare as they should, and are gone after a wipe. */
#include "crypto/secret.h"

#include "tests/support/unit.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_secret_fits_up_to_its_limit(void **state)
{
    (void)state;
    uint8_t bytes[SECRET_MAX_BYTES + 1];
    memset(bytes, 'x', sizeof bytes);
    for (size_t len = SECRET_MAX_BYTES - 1; len <= SECRET_MAX_BYTES + 1; len++) {
        CLEANUP(secret_wipe) struct secret s = {0};
        assert_ok(secret_set(&s, SPAN_LIT("before")));
        if (len > SECRET_MAX_BYTES) {
            assert_err(secret_set(&s, (span_t){bytes, len}), ERR_LIMIT);
            assert_span_text(secret_span(&s), "before");
        } else {
            assert_ok(secret_set(&s, (span_t){bytes, len}));
            assert_int_equal(secret_span(&s).len, len);
        }
    }
}

static void a_shorter_secret_leaves_nothing_of_the_longer(void **state)
{
    (void)state;
    struct secret s = {0};
    assert_ok(secret_set(&s, SPAN_LIT("correct horse battery staple")));
    assert_ok(secret_set(&s, SPAN_LIT("ab")));
    for (size_t i = 2; i < sizeof s.byte; i++) {
        assert_int_equal(s.byte[i], 0);
    }
    assert_ok(secret_set(&s, (span_t){NULL, 0}));
    assert_int_equal(s.len, 0);
}

/* Looks through the memory of the struct after its scope has ended by way of the wipe. */
static void the_canary_is_gone_after_the_wipe(void **state)
{
    (void)state;
    static const char canary[] = "canary-7f3a9c5e1b";
    struct secret s = {0};
    assert_ok(secret_set(&s, SPAN_LIT(canary)));
    assert_non_null(memmem(&s, sizeof s, canary, sizeof canary - 1));
    secret_wipe(&s);
    assert_null(memmem(&s, sizeof s, canary, 4));
    secret_wipe(NULL);

    void *at = NULL;
    assert_ok(key_memory_new(4096, &at));
    memcpy(at, canary, sizeof canary);
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
        cmocka_unit_test(a_secret_fits_up_to_its_limit),
        cmocka_unit_test(a_shorter_secret_leaves_nothing_of_the_longer),
        cmocka_unit_test(the_canary_is_gone_after_the_wipe),
        cmocka_unit_test(comparison_tells_equal_from_different),
        cmocka_unit_test(a_hardened_process_leaves_no_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
