/* utf8_test.c - every code point, every cut, and what Markus Kuhn's stress test is made of. */
#include "codec/utf8.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

static void every_code_point_is_taken(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        if (code >= 0xd800 && code <= 0xdfff) {
            continue;
        }
        uint8_t bytes[4];
        const size_t len = utf8_put(code, bytes);
        if (!utf8_is_valid((span_t){bytes, len}) || utf8_sequence((span_t){bytes, len}) != len ||
            (len > 1 && utf8_is_valid((span_t){bytes, len - 1}))) {
            fail_msg("U+%04X", code);
        }
    }
}

/* RFC 3629 section 4, written down a second time, byte by byte. */
static size_t sequence_again(const uint8_t *b, size_t len)
{
#define TAIL(i) (len > (i) && b[i] >= 0x80 && b[i] <= 0xbf)
    if (len == 0) {
        return 0;
    }
    if (b[0] < 0x80) {
        return 1;
    }
    if (b[0] >= 0xc2 && b[0] <= 0xdf) {
        return TAIL(1) ? 2 : 0;
    }
    if (b[0] >= 0xe0 && b[0] <= 0xef) {
        const bool odd =
            (b[0] == 0xe0 && len > 1 && b[1] < 0xa0) || (b[0] == 0xed && len > 1 && b[1] > 0x9f);
        return TAIL(1) && TAIL(2) && !odd ? 3 : 0;
    }
    if (b[0] >= 0xf0 && b[0] <= 0xf4) {
        const bool odd =
            (b[0] == 0xf0 && len > 1 && b[1] < 0x90) || (b[0] == 0xf4 && len > 1 && b[1] > 0x8f);
        return TAIL(1) && TAIL(2) && TAIL(3) && !odd ? 4 : 0;
    }
    return 0;
}

static bool valid_again(const uint8_t *b, size_t len)
{
    while (len > 0) {
        const size_t n = sequence_again(b, len);
        if (n == 0) {
            return false;
        }
        b += n;
        len -= n;
    }
    return true;
}

static void any_cut_equals_the_whole(void **state)
{
    (void)state;
    static const uint8_t interesting[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
                                          0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed,
                                          0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff};
    uint64_t seed = 20250624;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[24];
        const size_t len = random_below(&seed, sizeof bytes + 1);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = random_below(&seed, 3) == 0
                           ? 'a'
                           : interesting[random_below(&seed, sizeof interesting)];
        }
        const bool want = valid_again(bytes, len);
        assert_int_equal(utf8_is_valid((span_t){bytes, len}), want);
        utf8_state_t state_of = {0};
        bool good = true;
        for (size_t i = 0; i < len && good;) {
            const size_t n = size_min(len - i, 1 + random_below(&seed, 5));
            good = utf8_feed(&state_of, (span_t){bytes + i, n});
            i += n;
        }
        assert_int_equal(good && utf8_is_complete(&state_of), want);
    }
}

static void a_wrong_byte_is_seen_at_once(void **state)
{
    (void)state;
    static const span_t cases[] = {
        SPAN_INIT("\x80"),     SPAN_INIT("\xc0"),         SPAN_INIT("\xc1"),
        SPAN_INIT("\xf5"),     SPAN_INIT("\xff"),         SPAN_INIT("\xe0\x9f"),
        SPAN_INIT("\xed\xa0"), SPAN_INIT("\xf0\x8f"),     SPAN_INIT("\xf4\x90"),
        SPAN_INIT("\xc3\x28"), SPAN_INIT("aaaaaaaa\xfe"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        utf8_state_t state_of = {0};
        assert_false(utf8_feed(&state_of, cases[i]));
    }
    assert_int_equal(utf8_sequence(SPAN_LIT("")), 0);
}

static void what_steers_is_not_printable(void **state)
{
    (void)state;

    static const uint8_t override[] = {0xe2, 0x80, 0xae}; /* of the direction of a text */

    static const struct {
        span_t text;
        bool printable;
    } cases[] = {
        {SPAN_INIT(""), true},          {SPAN_INIT("a b"), true},
        {SPAN_INIT("M\xc3\xa4"), true}, {SPAN_INIT("\xf0\x9f\x98\x80"), true},
        {SPAN_INIT("a\tb"), false},     {SPAN_INIT("a\n"), false},
        {SPAN_INIT("\x7f"), false},     {SPAN_INIT("a\xc2\x85"), false},
        {SPAN_INIT("a\xff"), false},    {SPAN_INIT("\xc3"), false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(utf8_is_printable(cases[i].text), cases[i].printable);
    }
    assert_false(utf8_is_printable((span_t){override, sizeof override}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_taken),
        cmocka_unit_test(any_cut_equals_the_whole),
        cmocka_unit_test(a_wrong_byte_is_seen_at_once),
        cmocka_unit_test(what_steers_is_not_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
