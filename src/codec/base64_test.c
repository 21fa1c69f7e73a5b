/* base64_test.c - the vectors of RFC 4648 section 10, every length, and texts that only look right. */
#include "codec/base64.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void the_vectors_of_the_rfc_come_out(void **state)
{
    (void)state;

    static const struct {
        const char *plain, *std, *url;
    } cases[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[16];
        uint8_t back[16];
        size_t n = 0;
        assert_false(failed(base64_encode(text_of(cases[i].plain), text, sizeof text, &n)));
        assert_span_text((span_t){(const uint8_t *)text, n}, cases[i].std);
        assert_false(failed(base64url_encode(text_of(cases[i].plain), text, sizeof text, &n)));
        assert_span_text((span_t){(const uint8_t *)text, n}, cases[i].url);
        assert_false(failed(base64_decode(text_of(cases[i].std), back, sizeof back, &n)));
        assert_span_text((span_t){back, n}, cases[i].plain);
        assert_false(failed(base64url_decode(text_of(cases[i].url), back, sizeof back, &n)));
        assert_span_text((span_t){back, n}, cases[i].plain);
    }
}

static void any_bytes_come_back_and_need_exactly_their_room(void **state)
{
    (void)state;
    uint64_t seed = 20250624;
    for (size_t len = 0; len < 130; len++) {
        uint8_t bytes[130];
        uint8_t back[130];
        char text[BASE64_LEN(130)];
        size_t n = 0;
        size_t m = 0;
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)random_below(&seed, 256);
        }
        const span_t plain = {bytes, len};
        assert_false(failed(base64url_encode(plain, text, BASE64URL_LEN(len), &n)));
        assert_int_equal(n, BASE64URL_LEN(len));
        assert_false(failed(base64url_decode((span_t){(uint8_t *)text, n}, back, len, &m)));
        assert_int_equal(m, len);
        assert_true(len == 0 || memcmp(back, bytes, len) == 0);
        assert_false(failed(base64_encode(plain, text, BASE64_LEN(len), &n)));
        assert_int_equal(n, BASE64_LEN(len));
        assert_false(failed(base64_decode((span_t){(uint8_t *)text, n}, (uint8_t *)text, len, &m)));
        assert_int_equal(m, len);
        assert_true(len == 0 || memcmp(text, bytes, len) == 0);
        if (len > 0) {
            const size_t less = BASE64URL_LEN(len) - 1;
            assert_int_equal(base64url_encode(plain, text, less, &n).code, ERR_LIMIT);
            assert_int_equal(base64_encode(plain, text, BASE64_LEN(len) - 1, &n).code, ERR_LIMIT);
        }
    }
}

static void one_text_for_one_value(void **state)
{
    (void)state;
    static const char *const url[] = {"Z",    "Zg==", "Zh",    "Zm9",   "Zm8=",  "Zm+v",
                                      "Zm/v", "Zm v", "Zm9vY", "\xffg", "Zm9v\n"};
    static const char *const std[] = {"Zg",   "Zg=",      "Zh==",  "Zm9=", "Z===",     "====", "=",
                                      "Zm-v", "Zg==Zg==", "Zm9v=", "Z=g=", "Zm9v====", "Zm\nv"};
    uint8_t out[16];
    size_t n = 77;
    for (size_t i = 0; i < ARRAY_LEN(url); i++) {
        assert_int_equal(base64url_decode(text_of(url[i]), out, sizeof out, &n).code, ERR_FORMAT);
    }
    for (size_t i = 0; i < ARRAY_LEN(std); i++) {
        assert_int_equal(base64_decode(text_of(std[i]), out, sizeof out, &n).code, ERR_FORMAT);
    }
    assert_int_equal(base64url_decode(text_of("Zm9v"), out, 2, &n).code, ERR_LIMIT);
    assert_int_equal(n, 77);
}

/* 64 bytes are letters, in any place of a group and of what is left behind the groups. */
static void every_byte_is_a_letter_or_refused_in_every_place(void **state)
{
    (void)state;
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (unsigned byte = 0; byte < 256; byte++) {
        const bool is_letter = byte != 0 && strchr(letters, (int)byte) != NULL;
        for (size_t at = 0; at < 7; at++) {
            uint8_t text[7];
            uint8_t out[5] = {0};
            size_t len = 0;
            memset(text, 'A', sizeof text);
            text[at] = (uint8_t)byte;
            const err_t e = base64url_decode((span_t){text, sizeof text}, out, sizeof out, &len);
            const size_t digit = is_letter ? (size_t)(strchr(letters, (int)byte) - letters) : 0;
            const bool whole = at < 6 || digit % 4 == 0; /* the last two bits are of no byte */
            assert_int_equal(e.code, is_letter && whole ? ERR_NONE : ERR_FORMAT);
            for (size_t bit = 0; !failed(e) && bit < 40; bit++) {
                const bool want = bit / 6 == at && (digit >> (5 - bit % 6) & 1) != 0;
                assert_int_equal(out[bit / 8] >> (7 - bit % 8) & 1, want);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_a_letter_or_refused_in_every_place),
        cmocka_unit_test(the_vectors_of_the_rfc_come_out),
        cmocka_unit_test(any_bytes_come_back_and_need_exactly_their_room),
        cmocka_unit_test(one_text_for_one_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
