/* Time of one token check and one signature, on one core. */
#include "crypto/token.h"

#include "base/clock.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 1000000 };

int main(void)
{
    char dir[] = "/tmp/canara-bench-XXXXXX";
    char path[64];
    char why[KEYRING_WHY_BYTES];
    MUST(mkdtemp(dir) != NULL);
    const struct keyring_config config = {
        .secret_key = "mQ3vX9rT2kLp7WzA5sYh8NcJ4dGf6BeU", .debug = true, .data_dir = dir};
    CLEANUP(keyring_close) struct keyring *k = NULL;
    MUST(!failed(keyring_open(&config, &k, why)));
    (void)snprintf(path, sizeof path, "%s/pepper", dir);
    MUST(unlink(path) == 0 && rmdir(dir) == 0);

    const token_claims_t claims = {.account = uuid_random(),
                                   .session = uuid_random(),
                                   .jti = uuid_random(),
                                   .issued_s = 1800000000,
                                   .expires_s = 1800003600};
    char text[TOKEN_TEXT_BYTES];
    size_t len = 0;
    const struct clock *const clock = clock_system();
    const mono_t start = clock_mono(clock);
    for (int i = 0; i < ROUNDS / 10; i++) {
        MUST(!failed(token_sign(k, &claims, text, &len)));
    }
    const mono_t middle = clock_mono(clock);
    for (int i = 0; i < ROUNDS; i++) {
        token_claims_t out;
        MUST(token_check(k, (span_t){(uint8_t *)text, len}, 1800000001, &out) == TOKEN_OK);
    }
    const mono_t end = clock_mono(clock);
    (void)printf("%zu bytes: sign %.0f ns, check %.0f ns\n", len,
                 (double)(middle.ns - start.ns) / (ROUNDS / 10.0),
                 (double)(end.ns - middle.ns) / ROUNDS);
    return 0;
}
