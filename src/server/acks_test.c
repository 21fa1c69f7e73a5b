#include "server/acks.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

static void nothing_comes_out_before_it_is_durable(void **state)
{
    (void)state;
    struct acks a;
    acks_init(&a);
    ack_t out = {0};
    assert_false(acks_pop(&a, UINT64_MAX, &out));
    assert_ok(acks_push(&a, &(ack_t){.position = 10, .seq = 1}));
    assert_ok(acks_push(&a, &(ack_t){.position = 20, .seq = 2}));
    assert_false(acks_pop(&a, 9, &out));
    assert_true(acks_pop(&a, 10, &out));
    assert_int_equal(out.seq, 1);
    assert_false(acks_pop(&a, 19, &out));
    assert_int_equal(acks_newest(&a)->seq, 2);
    assert_true(acks_pop(&a, 25, &out));
    assert_null(acks_newest(&a));
    acks_deinit(&a);
}

static void order_is_kept_through_growth_and_wrap(void **state)
{
    (void)state;
    struct acks a;
    acks_init(&a);
    uint64_t seed = 7;
    uint64_t in = 0;
    uint64_t out = 0;
    for (int round = 0; round < 20000; round++) {
        if (random_below(&seed, 5) < 3) {
            in += 1;
            assert_ok(acks_push(&a, &(ack_t){.position = in}));
            continue;
        }
        ack_t got = {0};
        if (acks_pop(&a, in, &got)) {
            out += 1;
            assert_int_equal(got.position, out);
        }
    }
    assert_int_equal(a.count, in - out);
    acks_deinit(&a);
}

static void the_limit_refuses_one_more(void **state)
{
    (void)state;
    struct acks a;
    acks_init(&a);
    for (uint64_t i = 0; i < ACKS_MAX; i++) {
        assert_ok(acks_push(&a, &(ack_t){.position = i}));
    }
    assert_err(acks_push(&a, &(ack_t){.position = ACKS_MAX}), ERR_LIMIT);
    ack_t got = {0};
    assert_true(acks_pop(&a, 0, &got));
    assert_ok(acks_push(&a, &(ack_t){.position = ACKS_MAX}));
    acks_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_comes_out_before_it_is_durable),
        cmocka_unit_test(order_is_kept_through_growth_and_wrap),
        cmocka_unit_test(the_limit_refuses_one_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
