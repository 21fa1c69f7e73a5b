/* Tokens: what we sign verifies, and nothing else does. */
#include "crypto/token.h"

#include "base/rng.h"
#include "codec/base64.h"
#include "tests/support/random.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define KEY_A "mQ3vX9rT2kLp7WzA5sYh8NcJ4dGf6BeU"
#define KEY_B "Zt8Kq1Rw5Ym2Xc9Vb4Nn7Lp3Jh6Gf0Ds"
#define PLAIN "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define NOW   INT64_C(1800000000)

#define ISS  "\"iss\":\"canara\""
#define AUD  "\"aud\":\"canara\""
#define SUB  "\"sub\":\"6f1c0a52-1111-4222-8333-444455556666\""
#define SID  "\"sid\":\"7f1c0a52-1111-4222-9333-444455556666\""
#define DID  "\"did\":\"AAECAwQFBgcICQoLDA0ODw\""
#define IAT  "\"iat\":1799999000"
#define EXP  "\"exp\":1800001000"
#define JTI  "\"jti\":\"8f1c0a52-1111-4222-a333-444455556666\""
#define GOOD "{" ISS "," AUD "," SUB "," SID "," DID "," IAT "," EXP "," JTI "}"

static struct keyring *ring(const char *key, const char *previous)
{
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    const struct keyring_config config = {
        .secret_key = key, .secret_key_previous = previous, .debug = true, .data_dir = dir.path};
    struct keyring *k = NULL;
    char why[KEYRING_WHY_BYTES];
    assert_ok(keyring_open(&config, &k, why));
    return k;
}

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void encode_to(char *out, size_t cap, span_t bytes)
{
    const size_t at = strlen(out);
    size_t len = 0;
    assert_ok(base64url_encode(bytes, out + at, cap - at - 1, &len));
    out[at + len] = '\0';
}

/* header.claims.mac, whatever header and claims say. */
static void forge(const char *header, span_t claims, const char *key_text, char *out, size_t cap)
{
    out[0] = '\0';
    encode_to(out, cap, text_of(header));
    (void)strncat(out, ".", 2);
    encode_to(out, cap, claims);
    struct hmac_key key;
    uint8_t mac[SHA256_BYTES];
    hmac_key_init(&key, text_of(key_text));
    hmac_sha256(&key, text_of(out), mac);
    (void)strncat(out, ".", 2);
    encode_to(out, cap, (span_t){mac, sizeof mac});
}

static enum token_answer check(const struct keyring *k, const char *text)
{
    token_claims_t claims;
    return token_check(k, text_of(text), NOW, &claims);
}

static token_claims_t some_claims(void)
{
    token_claims_t c = {.account = uuid_random(),
                        .session = uuid_random(),
                        .jti = uuid_random(),
                        .issued_s = NOW,
                        .expires_s = NOW + 3600};
    rng_fill(c.device_mac, sizeof c.device_mac);
    return c;
}

static void what_was_signed_comes_back(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring(KEY_A, NULL);
    for (int i = 0; i < 200; i++) {
        const token_claims_t in = some_claims();
        char text[TOKEN_TEXT_BYTES];
        size_t len = 0;
        assert_ok(token_sign(k, &in, text, &len));
        assert_int_equal(strlen(text), len);
        token_claims_t out = {0};
        assert_int_equal(token_check(k, (span_t){(uint8_t *)text, len}, NOW, &out), TOKEN_OK);
        assert_true(uuid_eq(in.account, out.account) && uuid_eq(in.session, out.session) &&
                    uuid_eq(in.jti, out.jti));
        assert_memory_equal(in.device_mac, out.device_mac, sizeof in.device_mac);
        assert_true(in.issued_s == out.issued_s && in.expires_s == out.expires_s);
    }
}

static void times_decide_to_the_second(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring(KEY_A, NULL);
    token_claims_t claims = some_claims();
    char text[TOKEN_TEXT_BYTES];
    size_t len = 0;
    assert_ok(token_sign(k, &claims, text, &len));

    static const struct {
        int64_t now;
        enum token_answer answer;
    } cases[] = {
        {NOW - TOKEN_FUTURE_S - 1, TOKEN_INVALID},
        {NOW - TOKEN_FUTURE_S, TOKEN_OK},
        {NOW, TOKEN_OK},
        {NOW + 3599, TOKEN_OK},
        {NOW + 3600, TOKEN_EXPIRED},
        {NOW + 3601, TOKEN_EXPIRED},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        token_claims_t out = {0};
        const enum token_answer answer =
            token_check(k, (span_t){(uint8_t *)text, len}, cases[i].now, &out);
        assert_int_equal(answer, cases[i].answer);
        assert_int_equal(out.expires_s, answer == TOKEN_INVALID ? 0 : NOW + 3600);
    }
    claims.expires_s = claims.issued_s;
    assert_err(token_sign(k, &claims, text, &len), ERR_RANGE);
    claims.issued_s = -1;
    assert_err(token_sign(k, &claims, text, &len), ERR_RANGE);
    claims = some_claims();
    claims.expires_s = INT64_C(253402300800);
    assert_err(token_sign(k, &claims, text, &len), ERR_RANGE);
}

static void a_token_of_another_writer_with_our_claims_verifies(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring(KEY_A, NULL);
    static const char *const claims[] = {
        GOOD,
        "{" JTI "," EXP "," IAT "," DID "," SID "," SUB "," AUD "," ISS "}",
        "{ " ISS ", " AUD ",\n" SUB ", " SID ", " DID ", " IAT ", \"exp\" : 1800001000, " JTI " } ",
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        char text[1024];
        forge(PLAIN, text_of(claims[i]), KEY_A, text, sizeof text);
        assert_int_equal(check(k, text), TOKEN_OK);
    }
}

static void no_other_header_is_taken(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring(KEY_A, NULL);
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"typ\":\"JWT\"}",
        "{\"alg\":\"None\",\"typ\":\"JWT\"}",
        "{\"alg\":\"\",\"typ\":\"JWT\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS384\",\"typ\":\"JWT\"}",
        "{\"alg\":\"hs256\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\"}",
        "{\"typ\":\"JWT\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"typ\":\"jwt\"}",
        "{\"alg\":\"HS256\",\"alg\":\"none\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\", \"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"../../dev/null\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"' or 1=1\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":0}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":-1}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"99999999999999999999\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"jku\":\"https://evil.example/keys\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"exp\"]}",
        "{}",
        "",
        "[]",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char text[1024];
        forge(headers[i], text_of(GOOD), KEY_A, text, sizeof text);
        if (check(k, text) != TOKEN_INVALID) {
            fail_msg("header %s was taken", headers[i]);
        }
    }
}

static void no_other_claims_are_taken(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring(KEY_A, NULL);
    static const char *const claims[] = {
        "",
        "{}",
        "null",
        "[]",
        "\"x\"",
        "{" ISS "}",
        GOOD "x",
        GOOD GOOD,
        "[" GOOD "]",
        /* one is missing */
        "{" AUD "," SUB "," SID "," DID "," IAT "," EXP "," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT "," JTI "}",
        /* one comes twice */
        "{" ISS "," AUD "," SUB "," SUB "," SID "," DID "," IAT "," EXP "," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT "," EXP "," EXP "," JTI "}",
        /* a stranger among them */
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT "," EXP "," JTI ",\"admin\":1}",
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT "," EXP "," JTI ",}",
        "{," ISS "," AUD "," SUB "," SID "," DID "," IAT "," EXP "," JTI "}",
        /* wrong values */
        "{\"iss\":\"other\"," AUD "," SUB "," SID "," DID "," IAT "," EXP "," JTI "}",
        "{\"iss\":\"canara\\u0020\"," AUD "," SUB "," SID "," DID "," IAT "," EXP "," JTI "}",
        "{" ISS ",\"aud\":\"canara2\"," SUB "," SID "," DID "," IAT "," EXP "," JTI "}",
        "{" ISS ",\"aud\":[\"canara\"]," SUB "," SID "," DID "," IAT "," EXP "," JTI "}",
        "{" ISS "," AUD ",\"sub\":\"x\"," SID "," DID "," IAT "," EXP "," JTI "}",
        "{" ISS "," AUD ",\"sub\":1," SID "," DID "," IAT "," EXP "," JTI "}",
        "{" ISS "," AUD "," SUB "," SID ",\"did\":\"AAEC\"," IAT "," EXP "," JTI "}",
        "{" ISS "," AUD "," SUB "," SID ",\"did\":\"AAECAwQFBgcICQoLDA0ODx\"," IAT "," EXP "," JTI
        "}",
        "{" ISS "," AUD "," SUB "," SID "," DID ",\"iat\":\"1799999000\"," EXP "," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID ",\"iat\":1799999000.5," EXP "," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID ",\"iat\":-1," EXP "," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT ",\"exp\":1e12," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT ",\"exp\":01800001000," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT ",\"exp\":99999999999999999999," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT ",\"exp\":null," JTI "}",
        "{" ISS "," AUD "," SUB "," SID "," DID "," IAT ",\"exp\":1799999000," JTI "}",
        /* issued too far ahead */
        "{" ISS "," AUD "," SUB "," SID "," DID ",\"iat\":1800003601,\"exp\":1800007000," JTI "}",
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        char text[1500];
        forge(PLAIN, text_of(claims[i]), KEY_A, text, sizeof text);
        if (check(k, text) != TOKEN_INVALID) {
            fail_msg("claims %s were taken", claims[i]);
        }
    }
}

static void wrong_keys_and_other_shapes_are_invalid(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring(KEY_A, NULL);
    char good[1024];
    char text[1200];
    forge(PLAIN, text_of(GOOD), KEY_A, good, sizeof good);
    assert_int_equal(check(k, good), TOKEN_OK);
    forge(PLAIN, text_of(GOOD), KEY_B, text, sizeof text);
    assert_int_equal(check(k, text), TOKEN_INVALID);
    forge(PLAIN, text_of(GOOD), "", text, sizeof text);
    assert_int_equal(check(k, text), TOKEN_INVALID);

    const char *const mac = strrchr(good, '.');
    const int unsigned_len = (int)(mac - good);
    static const char *const tails[] = {"", ".", "..", ".AAAA"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        (void)snprintf(text, sizeof text, "%.*s%s", unsigned_len, good, tails[i]);
        assert_int_equal(check(k, text), TOKEN_INVALID);
    }
    static const char *const around[][2] = {{"", "="},  {"", "=="},     {"", "."},  {".", ""},
                                            {" ", ""},  {"", " "},      {"", "\n"}, {"", "A"},
                                            {"", ".A"}, {"Bearer ", ""}};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        (void)snprintf(text, sizeof text, "%s%s%s", around[i][0], good, around[i][1]);
        assert_int_equal(check(k, text), TOKEN_INVALID);
    }
    assert_int_equal(check(k, ""), TOKEN_INVALID);
    assert_int_equal(check(k, "."), TOKEN_INVALID);
    assert_int_equal(check(k, ".."), TOKEN_INVALID);
    assert_int_equal(check(k, "..."), TOKEN_INVALID);
}

static void every_changed_bit_is_found(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring(KEY_A, NULL);
    const token_claims_t claims = some_claims();
    char text[TOKEN_TEXT_BYTES];
    size_t len = 0;
    assert_ok(token_sign(k, &claims, text, &len));
    token_claims_t out;
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            text[i] = (char)((unsigned char)text[i] ^ (1U << bit));
            assert_int_equal(token_check(k, (span_t){(uint8_t *)text, len}, NOW, &out),
                             TOKEN_INVALID);
            text[i] = (char)((unsigned char)text[i] ^ (1U << bit));
        }
        assert_int_equal(token_check(k, (span_t){(uint8_t *)text, i}, NOW, &out), TOKEN_INVALID);
    }
    assert_int_equal(token_check(k, (span_t){(uint8_t *)text, len}, NOW, &out), TOKEN_OK);
}

static void long_texts_are_invalid_at_any_length(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring(KEY_A, NULL);

    enum { EXTRA_MAX = 4 * TOKEN_MAX_BYTES };

    static char claims[EXTRA_MAX + sizeof GOOD];
    static char text[2 * sizeof claims];
    for (size_t extra = 200; extra < EXTRA_MAX; extra = extra * 2 - 1) {
        /* Rightly signed, but with white space where the claims would stop fitting. */
        memset(claims, ' ', extra);
        memcpy(claims + extra, GOOD, sizeof GOOD);
        forge(PLAIN, text_of(claims), KEY_A, text, sizeof text);
        assert_int_equal(check(k, text), TOKEN_INVALID);
    }
}

static void a_rotation_keeps_old_tokens_alive_and_ends_older_ones(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *before = ring(KEY_A, NULL);
    CLEANUP(keyring_close) struct keyring *during = ring(KEY_B, KEY_A);
    CLEANUP(keyring_close) struct keyring *after = ring(KEY_B, NULL);
    const token_claims_t claims = some_claims();
    char old[TOKEN_TEXT_BYTES];
    char new[TOKEN_TEXT_BYTES];
    char plain[1024];
    size_t len = 0;
    assert_ok(token_sign(before, &claims, old, &len));
    assert_ok(token_sign(during, &claims, new, &len));
    forge(PLAIN, text_of(GOOD), KEY_A, plain, sizeof plain);
    assert_int_equal(check(before, old), TOKEN_OK);
    assert_int_equal(check(before, new), TOKEN_INVALID);
    assert_int_equal(check(during, old), TOKEN_OK);
    assert_int_equal(check(during, new), TOKEN_OK);
    assert_int_equal(check(during, plain), TOKEN_OK); /* without kid every key is asked */
    assert_int_equal(check(after, old), TOKEN_INVALID);
    assert_int_equal(check(after, new), TOKEN_OK);
    assert_int_equal(check(after, plain), TOKEN_INVALID);

    /* The kid of one key on a text signed by the other. */
    const struct signing_key *keys = NULL;
    assert_int_equal(keyring_signing(during, &keys), 2);
    char header[SIGNING_HEADER_BYTES];
    (void)snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%u\"}",
                   (unsigned)keys[0].kid);
    forge(header, text_of(GOOD), KEY_A, plain, sizeof plain);
    assert_int_equal(check(during, plain), TOKEN_INVALID);
    forge(header, text_of(GOOD), KEY_B, plain, sizeof plain);
    assert_int_equal(check(during, plain), TOKEN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_comes_back),
        cmocka_unit_test(times_decide_to_the_second),
        cmocka_unit_test(a_token_of_another_writer_with_our_claims_verifies),
        cmocka_unit_test(no_other_header_is_taken),
        cmocka_unit_test(no_other_claims_are_taken),
        cmocka_unit_test(wrong_keys_and_other_shapes_are_invalid),
        cmocka_unit_test(every_changed_bit_is_found),
        cmocka_unit_test(long_texts_are_invalid_at_any_length),
        cmocka_unit_test(a_rotation_keeps_old_tokens_alive_and_ends_older_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
