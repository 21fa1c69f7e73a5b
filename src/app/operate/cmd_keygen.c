/* canara keygen: makes the two secrets that a server needs. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/operate/operate_commands.h"
#include "base/rng.h"
#include "codec/base64.h"
#include "crypto/keys.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>

enum { SECRET_BYTES = 48 };

static int print_secret(void)
{
    uint8_t bytes[SECRET_BYTES];
    char text[BASE64URL_LEN(SECRET_BYTES)];
    size_t len = 0;
    do { /* one in many millions looks like a pattern and would be refused at the start */
        rng_fill(bytes, sizeof bytes);
        MUST(!failed(base64url_encode((span_t){bytes, sizeof bytes}, text, sizeof text, &len)));
    } while (secret_key_fault((span_t){(const uint8_t *)text, len}) != NULL);
    (void)printf("SECRET_KEY=%.*s\n", (int)len, text);
    memory_wipe(bytes, sizeof bytes);
    memory_wipe(text, sizeof text);
    return EXIT_CODE_DONE;
}

static int make_pepper(const char *path)
{
    char why[KEYRING_WHY_BYTES] = "";
    if (failed(pepper_file_make(path, why))) {
        (void)fprintf(stderr, "canara keygen: %s\n", why);
        return EXIT_CODE_FAILED;
    }
    (void)printf("PEPPER_FILE=%s\n", path);
    return EXIT_CODE_DONE;
}

int cmd_keygen(int argc, char **argv)
{
    const struct option_spec spec = {
        .command = "canara keygen",
        .usage = "secret | pepper FILE",
        .about = "secret        print a line SECRET_KEY=... with 384 random bits\n"
                 "pepper FILE   make FILE (mode 0600, never over an existing one) with an id and\n"
                 "              256 random bits. Keep it outside DATA_DIR, and keep a copy:\n"
                 "              without it no password and no MPIN verifies.",
        .words_min = 1,
        .words_max = 2,
    };
    struct option_words words = {0};
    const enum option_answer answer = options_read(&spec, argc, argv, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    if (words.count == 1 && strcmp(words.word[0], "secret") == 0) {
        return print_secret();
    }
    if (words.count == 2 && strcmp(words.word[0], "pepper") == 0) {
        return make_pepper(words.word[1]);
    }
    (void)fprintf(stderr, "canara keygen: say secret, or pepper and a FILE\n");
    return EXIT_CODE_USAGE;
}
