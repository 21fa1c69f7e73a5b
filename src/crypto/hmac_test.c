/* HMAC-SHA-256 against RFC 4231 and the token example of RFC 7515. */
#include "crypto/hmac.h"

#include "codec/base64.h"
#include "codec/hex.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <stdio.h>

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void known_digests_come_out(void **state)
{
    (void)state;
    /* FIPS 180-4 examples. */
    uint8_t out[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256(SPAN_LIT("abc"), out);
    hex_encode((span_t){out, sizeof out}, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256((span_t){NULL, 0}, out);
    hex_encode((span_t){out, sizeof out}, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void the_vectors_of_rfc_4231_come_out(void **state)
{
    (void)state;
    static uint8_t long_key[131];
    memset(long_key, 0xaa, sizeof long_key);
    static uint8_t key_0b[20];
    memset(key_0b, 0x0b, sizeof key_0b);
    static uint8_t data_dd[50];
    memset(data_dd, 0xdd, sizeof data_dd);

    const struct {
        span_t key, data;
        const char *mac;
    } cases[] = {
        {{key_0b, sizeof key_0b},
         SPAN_LIT("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {SPAN_LIT("Jefe"), SPAN_LIT("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {{long_key, 20},
         {data_dd, sizeof data_dd},
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {{long_key, sizeof long_key},
         SPAN_LIT("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {{long_key, sizeof long_key},
         SPAN_LIT("This is a test using a larger than block-size key and a larger than block-size "
                  "data. The key needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hmac_key key;
        uint8_t mac[SHA256_BYTES];
        char hex[2 * SHA256_BYTES + 1];
        hmac_key_init(&key, cases[i].key);
        hmac_sha256(&key, cases[i].data, mac);
        hex_encode((span_t){mac, sizeof mac}, hex);
        assert_string_equal(hex, cases[i].mac);
    }
}

static void the_token_of_rfc_7515_verifies(void **state)
{
    (void)state;
    static const char key_text[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"
        "PS4hcgUuTwjAzZr1Z9CAow";
    static const char input[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                                "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                                "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    uint8_t key_bytes[64];
    size_t len = 0;
    assert_ok(base64url_decode(text_of(key_text), key_bytes, sizeof key_bytes, &len));
    struct hmac_key key;
    uint8_t mac[SHA256_BYTES];
    char text[BASE64URL_LEN(SHA256_BYTES)];
    hmac_key_init(&key, (span_t){key_bytes, len});
    hmac_sha256(&key, text_of(input), mac);
    assert_ok(base64url_encode((span_t){mac, sizeof mac}, text, sizeof text, &len));
    assert_span_text((span_t){(const uint8_t *)text, len},
                     "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

static void any_split_equals_the_whole(void **state)
{
    (void)state;
    uint64_t seed = 4231;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)random_u64(&seed);
    }
    struct hmac_key key;
    hmac_key_init(&key, (span_t){bytes, 40});
    uint8_t whole[SHA256_BYTES];
    hmac_sha256(&key, (span_t){bytes, sizeof bytes}, whole);
    for (int round = 0; round < 500; round++) {
        const size_t a = random_below(&seed, sizeof bytes + 1);
        const size_t b = a + random_below(&seed, sizeof bytes + 1 - a);
        struct hmac m;
        uint8_t mac[SHA256_BYTES];
        hmac_begin(&m, &key);
        hmac_add(&m, (span_t){bytes, a});
        hmac_add(&m, (span_t){bytes + a, b - a});
        hmac_add(&m, (span_t){bytes + b, sizeof bytes - b});
        hmac_end(&m, mac);
        assert_memory_equal(mac, whole, sizeof mac);
    }
}

static void a_wiped_key_is_zero(void **state)
{
    (void)state;
    struct hmac_key key;
    const struct hmac_key zero = {0};
    hmac_key_init(&key, SPAN_LIT("key"));
    hmac_key_wipe(&key);
    assert_memory_equal(&key, &zero, sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests_come_out),
        cmocka_unit_test(the_vectors_of_rfc_4231_come_out),
        cmocka_unit_test(the_token_of_rfc_7515_verifies),
        cmocka_unit_test(any_split_equals_the_whole),
        cmocka_unit_test(a_wiped_key_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
