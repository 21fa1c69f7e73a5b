#include "base/buf.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <string.h>

static void appended_pieces_of_any_cut_equal_the_whole(void **state)
{
    (void)state;
    uint8_t whole[5000];
    uint64_t seed = 20250705;
    for (size_t i = 0; i < sizeof whole; i++) {
        whole[i] = (uint8_t)random_u64(&seed);
    }
    for (int round = 0; round < 50; round++) {
        struct buf b;
        buf_init(&b, sizeof whole);
        for (size_t at = 0; at < sizeof whole;) {
            size_t step = random_below(&seed, 400);
            step = step > sizeof whole - at ? sizeof whole - at : step;
            assert_ok(buf_append(&b, (span_t){whole + at, step}));
            at += step;
        }
        assert_int_equal(b.len, sizeof whole);
        assert_memory_equal(b.ptr, whole, sizeof whole);

        const size_t dropped = random_below(&seed, sizeof whole);
        buf_consume(&b, dropped);
        assert_int_equal(b.len, sizeof whole - dropped);
        assert_memory_equal(b.ptr, whole + dropped, b.len);
        buf_deinit(&b);
    }
}

static void text_is_formatted_behind_what_is_there(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    assert_ok(buf_append_byte(&b, '<'));
    assert_ok(buf_append_format(&b, "%d-%s", 42, "x"));
    assert_ok(buf_append(&b, SPAN_LIT(">")));
    assert_span_text(buf_span(&b), "<42-x>");
    buf_consume(&b, 1000);
    assert_span_text(buf_span(&b), "");
    buf_clear(&b);
    buf_deinit(&b);
}

/* Bytes behind `len` are looked at, which nobody else does. */
static void a_secret_leaves_nothing_in_the_memory_that_stays(void **state)
{
    (void)state;
    uint8_t zeros[512] = {0};
    uint8_t whole[5000];
    uint64_t seed = 20261203;
    for (size_t i = 0; i < sizeof whole; i++) {
        whole[i] = (uint8_t)(1 + random_below(&seed, 255));
    }
    for (int round = 0; round < 200; round++) {
        struct buf b;
        buf_init_secret(&b, sizeof whole);
        const size_t first = random_below(&seed, 200);
        const size_t len = 250 + random_below(&seed, 250);
        assert_ok(
            buf_append(&b, (span_t){whole, first})); /* it may grow, and the rest follows it */
        assert_ok(buf_append(&b, (span_t){whole + first, len - first}));
        assert_memory_equal(b.ptr, whole, len);
        const size_t dropped = random_below(&seed, len + 20);
        buf_consume(&b, dropped);
        assert_int_equal(b.len, len - (dropped < len ? dropped : len));
        assert_memory_equal(b.ptr, whole + len - b.len, b.len);
        assert_memory_equal(b.ptr + b.len, zeros, len - b.len);
        buf_clear(&b);
        assert_int_equal(b.len, 0);
        assert_memory_equal(b.ptr, zeros, len);
        buf_deinit(&b);
        assert_true(b.secret);
    }
}

static void nothing_passes_the_limit_and_a_refusal_changes_nothing(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    assert_ok(buf_append(&b, SPAN_LIT("1234")));
    assert_err(buf_append(&b, SPAN_LIT("56")), ERR_LIMIT);
    assert_err(buf_append_format(&b, "%d", 56), ERR_LIMIT);
    assert_err(buf_reserve(&b, SIZE_MAX), ERR_LIMIT);
    assert_span_text(buf_span(&b), "1234");
    assert_ok(buf_append_byte(&b, '5'));
    assert_err(buf_append_byte(&b, '6'), ERR_LIMIT);
    assert_ok(buf_append(&b, (span_t){NULL, 0}));
    assert_span_text(buf_span(&b), "12345");
    buf_deinit(&b);
    assert_ok(buf_append_byte(&b, 'a'));
    assert_span_text(buf_span(&b), "a");
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_pieces_of_any_cut_equal_the_whole),
        cmocka_unit_test(text_is_formatted_behind_what_is_there),
        cmocka_unit_test(a_secret_leaves_nothing_in_the_memory_that_stays),
        cmocka_unit_test(nothing_passes_the_limit_and_a_refusal_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
