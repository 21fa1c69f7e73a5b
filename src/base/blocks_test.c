#include "base/blocks.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <string.h>

enum { PIECES = 400, ROUNDS = 20000 };

struct piece {
    uint8_t *at;
    size_t size;
    uint8_t mark;
};

static void check(const struct piece *p, uint8_t byte)
{
    for (size_t i = 0; i < p->size; i++) {
        assert_int_equal(p->at[i], byte);
    }
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    static struct piece piece[PIECES];
    uint64_t seed = 3;
    struct blocks b;
    blocks_init(&b);
    for (int round = 0; round < ROUNDS; round++) {
        struct piece *p = &piece[random_below(&seed, PIECES)];
        if (p->at != NULL) {
            check(p, p->mark);
            blocks_give(&b, p->at, p->size);
            *p = (struct piece){0};
            continue;
        }
        p->size = 1 + random_below(&seed, BLOCKS_MAX);
        p->at = blocks_take(&b, p->size);
        p->mark = (uint8_t)random_below(&seed, 256);
        assert_non_null(p->at);
        assert_int_equal((uintptr_t)p->at % BLOCKS_UNIT, 0);
        check(p, 0);
        memset(p->at, p->mark, p->size);
    }
    blocks_give(&b, NULL, 5);
    blocks_deinit(&b);
}

static void what_was_given_back_is_taken_again(void **state)
{
    (void)state;
    struct blocks b;
    blocks_init(&b);
    void *one = blocks_take(&b, 33);
    void *two = blocks_take(&b, 48);
    blocks_give(&b, one, 33);
    assert_ptr_equal(blocks_take(&b, 40), one);
    assert_ptr_not_equal(blocks_take(&b, 40), two);
    blocks_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(what_was_given_back_is_taken_again),
    };
    return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
