/* Any bytes as a token text, and any bytes as rightly signed claims. Nothing that was not signed is
 * ever taken; what is taken can be signed again and read back. */
#include "crypto/token.h"

#include "codec/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY "mQ3vX9rT2kLp7WzA5sYh8NcJ4dGf6BeU"
#define NOW INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

static struct keyring *make_ring(void)
{
    char dir[] = "/tmp/canara-fuzz-XXXXXX";
    char path[64];
    char why[KEYRING_WHY_BYTES];
    MUST(mkdtemp(dir) != NULL);
    const struct keyring_config config = {.secret_key = KEY, .debug = true, .data_dir = dir};
    struct keyring *k = NULL;
    MUST(!failed(keyring_open(&config, &k, why)));
    (void)snprintf(path, sizeof path, "%s/pepper", dir);
    MUST(unlink(path) == 0 && rmdir(dir) == 0);
    return k;
}

static void try_claims(const struct keyring *k, const struct hmac_key *key, span_t claims)
{
    static const char header[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";
    char text[2048];
    size_t at = sizeof header - 1;
    size_t len = 0;
    memcpy(text, header, at);
    if (failed(base64url_encode(claims, text + at, sizeof text - at - 50, &len))) {
        return;
    }
    at += len;
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(key, (span_t){(uint8_t *)text, at}, mac);
    text[at++] = '.';
    MUST(!failed(base64url_encode((span_t){mac, sizeof mac}, text + at, sizeof text - at, &len)));

    token_claims_t out = {0};
    const enum token_answer answer = token_check(k, (span_t){(uint8_t *)text, at + len}, NOW, &out);
    if (answer == TOKEN_INVALID) {
        return;
    }
    char again[TOKEN_TEXT_BYTES];
    token_claims_t back = {0};
    MUST(!failed(token_sign(k, &out, again, &len)));
    MUST(token_check(k, (span_t){(uint8_t *)again, len}, NOW, &back) == answer);
    MUST(memcmp(&out, &back, sizeof out) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct keyring *k; /* made once: a fuzzer's process ends with it */
    static struct hmac_key key;
    if (k == NULL) {
        k = make_ring();
        hmac_key_init(&key, SPAN_LIT(KEY));
    }
    token_claims_t out = {0};
    MUST(token_check(k, (span_t){bytes, len}, NOW, &out) == TOKEN_INVALID);
    try_claims(k, &key, (span_t){bytes, len});
    return 0;
}
