#include "base/slab.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 3000 };

struct item {
    uint64_t stamp[25]; /* 200 bytes: some hundred to a chunk */
};

static void items_stay_where_they_are_and_keep_what_they_hold(void **state)
{
    (void)state;
    struct slab s;
    slab_init(&s, sizeof(struct item), MOST);

    static struct {
        struct item *at;
        uint64_t stamp;
    } naive[MOST];

    uint32_t taken = 0;
    uint64_t seed = 20250704;
    for (int i = 0; i < 30000; i++) {
        const uint32_t k = (uint32_t)random_below(&seed, MOST);
        uint32_t index = SLAB_NONE;
        if (slab_is_taken(&s, k)) {
            assert_ptr_equal(slab_at(&s, k), naive[k].at);
            assert_true(naive[k].at->stamp[24] == naive[k].stamp);
            slab_give(&s, k);
            assert_false(slab_is_taken(&s, k));
            taken--;
        } else if (taken < MOST) {
            assert_ok(slab_take(&s, &index));
            assert_true(index < MOST);
            struct item *it = slab_at(&s, index);
            assert_int_equal((uintptr_t)it % 16, 0);
            assert_true(it->stamp[0] == 0 && it->stamp[24] == 0);
            naive[index].at = it;
            naive[index].stamp = random_u64(&seed);
            it->stamp[0] = naive[index].stamp;
            it->stamp[24] = naive[index].stamp;
            taken++;
        }
        assert_int_equal(s.count, taken);
    }
    slab_deinit(&s);
}

static void the_limit_holds_and_what_is_given_back_comes_again(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 16, 17, 70000};
    for (size_t c = 0; c < ARRAY_LEN(sizes); c++) {
        struct slab s;
        slab_init(&s, sizes[c], 9);
        uint32_t index = SLAB_NONE;
        for (uint32_t i = 0; i < 9; i++) {
            assert_ok(slab_take(&s, &index));
            assert_int_equal(index, i);
            memset(slab_at(&s, index), 0xff, sizes[c]);
        }
        assert_err(slab_take(&s, &index), ERR_LIMIT);
        assert_int_equal(index, 8);
        slab_give(&s, 4);
        assert_ok(slab_take(&s, &index));
        assert_int_equal(index, 4);
        assert_int_equal(*(const uint8_t *)slab_at(&s, index), 0);
        slab_deinit(&s);
        assert_false(slab_is_taken(&s, 0));
        assert_ok(slab_take(&s, &index));
        assert_int_equal(index, 0);
        slab_deinit(&s);
    }
}

/* The sanitizers are to answer NULL as malloc does, instead of ending the program. The names are
 * the ones that they look for. */
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

static void a_refusal_of_the_heap_leaves_the_slab_as_it_was(void **state)
{
    (void)state;
    struct slab s;
    slab_init(&s, (size_t)1 << 60, 5);
    uint32_t index = 77;
    for (int i = 0; i < 20; i++) {
        assert_err(slab_take(&s, &index), ERR_NOMEM);
    }
    assert_int_equal(index, 77);
    assert_int_equal(s.count, 0);
    assert_int_equal(s.seen, 0);
    assert_false(slab_is_taken(&s, 0));
    slab_deinit(&s);
}

static void give_of_a_free_index(struct slab *s)
{
    slab_give(s, 1);
}

static void ask_for_an_index_never_taken(struct slab *s)
{
    (void)slab_at(s, SLAB_NONE);
}

static bool aborts(void (*misuse)(struct slab *s), struct slab *s)
{
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)close(STDERR_FILENO);
        misuse(s);
        _exit(0);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void misuse_aborts(void **state)
{
    (void)state;
    struct slab s;
    slab_init(&s, 8, 100);
    uint32_t index = 0;
    assert_ok(slab_take(&s, &index));
    assert_ok(slab_take(&s, &index));
    slab_give(&s, 1);
    assert_true(aborts(give_of_a_free_index, &s));
    assert_true(aborts(ask_for_an_index_never_taken, &s));
    assert_true(slab_is_taken(&s, 0));
    assert_false(slab_is_taken(&s, SLAB_NONE));
    slab_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_stay_where_they_are_and_keep_what_they_hold),
        cmocka_unit_test(the_limit_holds_and_what_is_given_back_comes_again),
        cmocka_unit_test(a_refusal_of_the_heap_leaves_the_slab_as_it_was),
        cmocka_unit_test(misuse_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
