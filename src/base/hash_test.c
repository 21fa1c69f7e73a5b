#include "base/hash.h"

#include "base/util.h"
#include "tests/support/unit.h"

/* SipHash-1-3 under the zero key of the bytes 0, 1, 2, ...: as CPython 3.11 computes
 * hash(bytes(range(len))) with PYTHONHASHSEED=0, a second implementation. */
static void known_values_come_out(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        size_t len;
        uint64_t want;
    } cases[] = {
        { 1, UINT64_C(0x68a914128e01e473)},
        { 3, UINT64_C(0x4d4c9a4a8ef6e0ad)},
        { 7, UINT64_C(0x2f098ab0c751325a)},
        { 8, UINT64_C(0xead411e67ebe2eea)},
        { 9, UINT64_C(0x75927f9d95124362)},
        {15, UINT64_C(0xf30eb725bb91c9ea)},
        {16, UINT64_C(0x8972188433a5c5b7)},
        {17, UINT64_C(0x4883c49a2c009c1d)},
    };

    /* clang-format on */

    uint8_t bytes[32];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const uint64_t got = hash_bytes((hash_key_t){{0, 0}}, (span_t){bytes, cases[c].len});
        assert_true(got == cases[c].want);
    }
}

static void keys_lengths_and_every_bit_matter(void **state)
{
    (void)state;
    uint8_t bytes[24] = {0};
    const hash_key_t key = hash_key_of(1);
    const uint64_t plain = hash_bytes(key, (span_t){bytes, sizeof bytes});
    assert_true(plain != hash_bytes(hash_key_of(2), (span_t){bytes, sizeof bytes}));
    assert_true(plain != hash_bytes(key, (span_t){bytes, sizeof bytes - 1}));
    for (unsigned bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] = (uint8_t)(1U << bit % 8);
        assert_true(plain != hash_bytes(key, (span_t){bytes, sizeof bytes}));
        bytes[bit / 8] = 0;
    }
}

static void nothing_at_all_has_a_hash(void **state)
{
    (void)state;
    const hash_key_t key = hash_key_of(7);
    assert_true(hash_bytes(key, (span_t){NULL, 0}) == hash_bytes(key, SPAN_LIT("")));
}

static void keys_spread_over_all_rows(void **state)
{
    (void)state;

    enum { ROWS = 64 };

    unsigned met[ROWS] = {0};
    for (uint64_t key = 0; key < 16 * (uint64_t)ROWS; key++) {
        const uint32_t row = hash_row(key << 8, ROWS); /* as neighbourhoods come */
        assert_true(row < ROWS);
        met[row]++;
    }
    for (size_t i = 0; i < ROWS; i++) {
        assert_in_range(met[i], 1, 48);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_come_out),
        cmocka_unit_test(keys_lengths_and_every_bit_matter),
        cmocka_unit_test(nothing_at_all_has_a_hash),
        cmocka_unit_test(keys_spread_over_all_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
