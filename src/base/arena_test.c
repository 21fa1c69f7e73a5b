#include "base/arena.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <string.h>

static void pieces_are_aligned_apart_and_inside(void **state)
{
    (void)state;
    uint64_t seed = 20250701;
    uint8_t mem[1000];
    for (int round = 0; round < 200; round++) {
        struct arena a;
        const size_t offset = random_below(&seed, 16);
        arena_init(&a, mem + offset, sizeof mem - offset);
        const uint8_t *end = mem + offset;
        for (;;) {
            const size_t size = random_below(&seed, 50);
            const size_t align = (size_t)1 << random_below(&seed, 7);
            uint8_t *piece = arena_alloc(&a, size, align);
            if (piece == NULL) {
                break;
            }
            assert_int_equal((uintptr_t)piece % align, 0);
            assert_true(piece >= end && piece + size <= mem + sizeof mem);
            memset(piece, 0xaa, size);
            end = piece + size;
        }
        assert_true((size_t)(mem + sizeof mem - end) < 50 + 64);
    }
}

static void a_full_arena_refuses(void **state)
{
    (void)state;
    uint8_t mem[64];
    struct arena a;
    arena_init(&a, mem, sizeof mem);
    void *first = arena_alloc(&a, 64, 1);
    assert_ptr_equal(first, mem);
    assert_null(arena_alloc(&a, 1, 1));
    assert_non_null(arena_alloc(&a, 0, 1));
}

static void sizes_that_overflow_are_refused_and_change_nothing(void **state)
{
    (void)state;
    _Alignas(16) uint8_t mem[64];
    struct arena a;
    arena_init(&a, mem, sizeof mem);
    assert_non_null(arena_alloc(&a, 1, 1));
    assert_null(arena_alloc(&a, SIZE_MAX, 1));
    assert_null(arena_alloc(&a, SIZE_MAX - 8, 16));
    assert_int_equal(a.used, 1);
    assert_non_null(arena_alloc(&a, 60, 4)); /* behind three bytes of padding */
    assert_null(arena_alloc(&a, 1, 1));

    arena_init(&a, NULL, 0);
    assert_null(arena_alloc(&a, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_apart_and_inside),
        cmocka_unit_test(a_full_arena_refuses),
        cmocka_unit_test(sizes_that_overflow_are_refused_and_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
