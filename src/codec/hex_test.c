/* hex_test.c - both ways, and foreign digits. */
#include "codec/hex.h"

#include "base/util.h"
#include "tests/support/unit.h"

static void every_byte_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[256];
    uint8_t back[256];
    char text[513];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    hex_encode((span_t){bytes, sizeof bytes}, text);
    assert_memory_equal(text, "000102030405060708090a0b", 24);
    assert_int_equal(strlen(text), 512);
    assert_false(failed(hex_decode((span_t){(const uint8_t *)text, 512}, back, 256)));
    assert_memory_equal(back, bytes, sizeof bytes);
    assert_false(failed(hex_decode(SPAN_LIT("DEADbeef"), back, 4)));
    assert_memory_equal(back, "\xde\xad\xbe\xef", 4);
    assert_false(failed(hex_decode(SPAN_LIT(""), back, 0)));
}

static void other_digits_and_lengths_are_refused(void **state)
{
    (void)state;
    static const span_t cases[] = {SPAN_INIT("0"),     SPAN_INIT("00"),   SPAN_INIT("000"),
                                   SPAN_INIT("00000"), SPAN_INIT("0g00"), SPAN_INIT("00:0"),
                                   SPAN_INIT("00 0"),  SPAN_INIT("000@"), SPAN_INIT("")};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t out[2] = {7, 7};
        assert_int_equal(hex_decode(cases[i], out, 2).code, ERR_FORMAT);
        assert_true(out[0] == 7 && out[1] == 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(other_digits_and_lengths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
