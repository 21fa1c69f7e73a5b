#include "protocol/proxy_header.h"

#include "base/util.h"
#include "codec/crc32c.h"
#include "tests/support/unit.h"

#include <string.h>

#define SIGN "\r\n\r\n\0\r\nQUIT\n"
#define V4   "\xc0\x00\x02\x01\x0a\x00\x00\x01\xcd\xef\x01\xbb" /* 192.0.2.1:52719 to 10.0.0.1:443 */
#define V6                                       \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09" \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
    "\x12\x34\x01\xbb"
#define CASE(text) SPAN_INIT(text)

static const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};

static const struct {
    const char *name;
    span_t bytes;
    const uint8_t *source; /* NULL: not known */
    uint16_t port;
    bool own;
} good[] = {
    {"v4", CASE(SIGN "\x21\x11\x00\x0c" V4), mapped, 0xcdef, false},
    {"v6", CASE(SIGN "\x21\x21\x00\x24" V6), six, 0x1234, false},
    {"local", CASE(SIGN "\x20\x00\x00\x00"), NULL, 0, true},
    {"local with addresses", CASE(SIGN "\x20\x11\x00\x0c" V4), NULL, 0, true},
    {"local with anything", CASE(SIGN "\x20\xff\x00\x03xyz"), NULL, 0, true},
    {"unspecified", CASE(SIGN "\x21\x00\x00\x00"), NULL, 0, false},
    {"an extension", CASE(SIGN "\x21\x11\x00\x11" V4 "\x04\x00\x02\0\0"), mapped, 0xcdef, false},
    {"two", CASE(SIGN "\x21\x11\x00\x14" V4 "\x04\x00\x00\x02\x00\x02hi"), mapped, 0xcdef, false},
};

static void good_headers_say_who_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct proxy_header h = {0};
        const char *why = NULL;
        if (proxy_header_read(good[i].bytes, &h, &why) != PROXY_READY) {
            fail_msg("%s: %s", good[i].name, why == NULL ? "more" : why);
        }
        assert_int_equal(h.used, good[i].bytes.len);
        assert_int_equal(h.own, good[i].own);
        assert_int_equal(h.known, good[i].source != NULL);
        assert_int_equal(h.source_port, good[i].port);
        if (h.known) {
            assert_memory_equal(h.source, good[i].source, 16);
        }
    }
}

static void every_front_of_a_good_header_wants_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        for (size_t n = 0; n < good[i].bytes.len; n++) {
            struct proxy_header h = {.used = 77};
            const char *why = NULL;
            assert_int_equal(proxy_header_read((span_t){good[i].bytes.ptr, n}, &h, &why),
                             PROXY_MORE);
            assert_int_equal(h.used, 77);
        }
    }
}

static void what_follows_is_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        uint8_t bytes[128];
        struct proxy_header h = {0};
        const char *why = NULL;
        memset(bytes, 0x16, sizeof bytes);
        memcpy(bytes, good[i].bytes.ptr, good[i].bytes.len);
        assert_int_equal(proxy_header_read((span_t){bytes, sizeof bytes}, &h, &why), PROXY_READY);
        assert_int_equal(h.used, good[i].bytes.len);
    }
}

static void bad_headers_are_refused_with_a_reason(void **state)
{
    static const struct {
        span_t bytes;
        const char *why;
    } cases[] = {
        {CASE("PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n"), "does not begin as PROXY protocol 2 does"},
        {CASE("GET / HTTP/1.1\r\n"), "does not begin as PROXY protocol 2 does"},
        {CASE("\x16\x03\x01"), "does not begin as PROXY protocol 2 does"},
        {CASE("\r\n\r\n\0\r\nQUIT\r"), "does not begin as PROXY protocol 2 does"},
        {CASE(SIGN "\x11\x11\x00\x0c" V4), "not version 2"},
        {CASE(SIGN "\x31"), "not version 2"},
        {CASE(SIGN "\x22\x11\x00\x0c" V4), "neither LOCAL nor PROXY"},
        {CASE(SIGN "\x21\x12\x00\x0c" V4), /* UDP */
         "no stream, an unknown family, or addresses cut off"},
        {CASE(SIGN "\x21\x41\x00\x0c" V4), "no stream, an unknown family, or addresses cut off"},
        {CASE(SIGN "\x21\x11\x00\x0b" V4), "no stream, an unknown family, or addresses cut off"},
        {CASE(SIGN "\x21\x21\x00\x0c" V4), "no stream, an unknown family, or addresses cut off"},
        {CASE(SIGN "\x21\x31\x00\x0c" V4), "no stream, an unknown family, or addresses cut off"},
        {CASE(SIGN "\x21\x11\x00\x0e" V4 "\x04\x00"), "an extension is cut off"},
        {CASE(SIGN "\x21\x11\x00\x0f" V4 "\x04\x00\x01"), "an extension is longer than the header"},
        {CASE(SIGN "\x21\x11\x00\x10" V4 "\x04\xff\xff\x00"),
         "an extension is longer than the header"},
        {CASE(SIGN "\x21\x11\x00\x13" V4 "\x03\x00\x04\0\0\0\0"), "the checksum is wrong"},
        {CASE(SIGN "\x21\x11\x00\x11" V4 "\x03\x00\x02\0\0"), "the checksum is wrong"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct proxy_header h = {.used = 77};
        const char *why = "";
        if (proxy_header_read(cases[i].bytes, &h, &why) != PROXY_BAD ||
            strcmp(why, cases[i].why) != 0) {
            fail_msg("case %zu: %s", i, why);
        }
        assert_int_equal(h.used, 77);
    }
}

static void a_right_checksum_is_taken_and_any_flipped_bit_is_not(void **state)
{
    uint8_t bytes[] = SIGN "\x21\x11\x00\x16" V4 "\x04\x00\x00\x03\x00\x04\0\0\0\0";

    enum { LEN = sizeof bytes - 1, SUM = LEN - 4 };

    struct proxy_header h = {0};
    const char *why = "";
    (void)state;
    const uint32_t sum = crc32c(0, (span_t){bytes, LEN});
    for (size_t i = 0; i < 4; i++) {
        bytes[SUM + i] = (uint8_t)(sum >> (24 - 8 * i));
    }
    assert_int_equal(proxy_header_read((span_t){bytes, LEN}, &h, &why), PROXY_READY);
    assert_memory_equal(h.source, mapped, 16);
    for (size_t bit = 0; bit < (size_t)LEN * 8; bit++) {
        const bool local = bit / 8 == 12 && bit % 8 == 0; /* the rest is then passed over */
        const bool no_sum = bit / 8 == LEN - 7; /* the type of the extension: another one */
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        const enum proxy_answer answer = proxy_header_read((span_t){bytes, LEN}, &h, &why);
        assert_int_equal(answer == PROXY_READY, local || no_sum);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void a_header_may_be_so_long_and_no_longer(void **state)
{
    (void)state;
    for (size_t len = LIMIT_PROXY_HEADER_BYTES - 1; len <= LIMIT_PROXY_HEADER_BYTES + 1; len++) {
        uint8_t bytes[LIMIT_PROXY_HEADER_BYTES + 1] = SIGN "\x21\x11";
        struct proxy_header h = {0};
        const char *why = "";
        const size_t behind = len - 16;
        const size_t value = behind - 12 - 3;
        bytes[14] = (uint8_t)(behind >> 8);
        bytes[15] = (uint8_t)behind;
        bytes[28] = 0xe0; /* for anybody's own use */
        bytes[29] = (uint8_t)(value >> 8);
        bytes[30] = (uint8_t)value;
        const bool fits = len <= LIMIT_PROXY_HEADER_BYTES;
        assert_int_equal(proxy_header_read((span_t){bytes, len}, &h, &why),
                         fits ? PROXY_READY : PROXY_BAD);
        assert_int_equal(proxy_header_read((span_t){bytes, len - 1}, &h, &why),
                         fits ? PROXY_MORE : PROXY_BAD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_headers_say_who_it_is),
        cmocka_unit_test(every_front_of_a_good_header_wants_more),
        cmocka_unit_test(what_follows_is_left_alone),
        cmocka_unit_test(bad_headers_are_refused_with_a_reason),
        cmocka_unit_test(a_right_checksum_is_taken_and_any_flipped_bit_is_not),
        cmocka_unit_test(a_header_may_be_so_long_and_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
