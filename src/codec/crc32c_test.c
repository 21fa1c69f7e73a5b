/* crc32c_test.c - the vectors of RFC 3720, bit by bit, by table and by the processor. */
#include "codec/crc32c.h"

#include "codec/crc32c_table.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

/* The definition: one bit at a time. */
static uint32_t bit_by_bit(uint32_t before, span_t bytes)
{
    uint32_t crc = ~before;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0x82f63b78) : 0);
        }
    }
    return ~crc;
}

static void the_vectors_of_the_rfc_come_out(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};
    assert_int_equal(crc32c(0, (span_t){bytes, 32}), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc32c(0, (span_t){bytes, 32}), 0x62a8ab43);
    for (size_t i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)i;
    }
    assert_int_equal(crc32c(0, (span_t){bytes, 32}), 0x46dd794e);
    assert_int_equal(crc32c(0, SPAN_LIT("123456789")), 0xe3069283);
    assert_int_equal(crc32c(0, SPAN_LIT("")), 0);
    assert_int_equal(crc32c_portable(0, SPAN_LIT("123456789")), 0xe3069283);
}

static void both_ways_equal_the_definition_for_any_split(void **state)
{
    (void)state;
    uint64_t seed = 20250624;
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[200];
        const size_t len = random_below(&seed, sizeof bytes + 1);
        const size_t cut = random_below(&seed, len + 1);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)random_below(&seed, 256);
        }
        const uint32_t want = bit_by_bit(0, (span_t){bytes, len});
        const span_t head = {bytes, cut};
        const span_t tail = {bytes + cut, len - cut};
        assert_int_equal(crc32c(crc32c(0, head), tail), want);
        assert_int_equal(crc32c_portable(crc32c_portable(0, head), tail), want);
    }
}

static void every_entry_of_the_table_is_computed_again(void **state)
{
    (void)state;
    for (size_t byte = 0; byte < 256; byte++) {
        uint32_t entry = ~bit_by_bit(UINT32_MAX, (span_t){&(uint8_t){(uint8_t)byte}, 1});
        for (size_t k = 0; k < 8; k++) {
            assert_int_equal(crc32c_table[k][byte], entry);
            entry = ~bit_by_bit(~entry, (span_t){(const uint8_t *)"", 1});
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc_come_out),
        cmocka_unit_test(both_ways_equal_the_definition_for_any_split),
        cmocka_unit_test(every_entry_of_the_table_is_computed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
