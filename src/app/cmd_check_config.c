/* canara check-config: reads the settings as serve would, and prints what would be used. */
#include "app/certificates.h"
#include "app/commands.h"
#include "app/descriptors.h"
#include "app/model_file.h"
#include "app/options.h"
#include "app/settings.h"
#include "app/settings_table.h"
#include "crypto/keys.h"

#include <inttypes.h>
#include <stdio.h>

static void print_all(const struct settings *s)
{
    size_t count = 0;
    const struct setting_row *const rows = settings_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char value[SETTING_LIST_BYTES];
        setting_print(&rows[i], s, value, sizeof value);
        (void)printf("%s=%s\n", rows[i].name, value);
    }
}

/* With DEBUG=False nothing is made by opening the keys, so that they can be tried here. */
static bool keys_open(const struct settings *s)
{
    if (s->debug) {
        return true;
    }
    const struct keyring_config config = {
        .secret_key = s->secret_key,
        .secret_key_previous = s->secret_key_previous,
        .debug = false,
        .data_dir = s->data_dir,
        .pepper_file = s->pepper_file,
    };
    char why[KEYRING_WHY_BYTES] = "";
    CLEANUP(keyring_close) struct keyring *keys = NULL;
    if (failed(keyring_open(&config, &keys, why))) {
        (void)fprintf(stderr, "canara check-config: %s\n", why);
        return false;
    }
    return true;
}

static bool model_opens(const struct settings *s)
{
    char why[MODEL_WHY_BYTES] = "";
    struct canara_model *model = NULL;
    if (failed(model_file_open(s->model_file, &model, why))) {
        (void)fprintf(stderr, "canara check-config: %s\n", why);
        return false;
    }
    canara_model_close(&model);
    return true;
}

static bool certificates_open(const struct settings *s)
{
    if (!settings_have_tls(s)) {
        return true;
    }
    char why[CERTIFICATES_WHY_BYTES] = "OpenSSL could not be set up";
    struct tls_server *tls = NULL;
    const bool good = !failed(tls_server_new(s->tls_only_1_3, clock_mono(clock_system()), &tls)) &&
                      !failed(certificates_load(s, tls, why));
    tls_server_free(&tls);
    if (!good) {
        (void)fprintf(stderr, "canara check-config: %s\n", why);
    }
    return good;
}

/* With the limits of this shell, raised as serve raises them. */
static void warn_of_descriptors(const struct settings *s)
{
    descriptors_raise();
    const uint64_t files = descriptors_limit();
    if (descriptors_for_connections(files, s->loops) == 0) {
        (void)fprintf(stderr,
                      "canara check-config: warning: LOOPS=%u: %" PRIu64
                      " descriptors are too few, %" PRIu64
                      " are needed (ulimit -n, LimitNOFILE=)\n",
                      s->loops, files, descriptors_least(s->loops));
    } else if (descriptors_let_one_fill(files, s->loops, s->connections_per_address)) {
        (void)fprintf(stderr,
                      "canara check-config: warning: CONNECTIONS_PER_ADDRESS=%u: one address can "
                      "take all places that %" PRIu64
                      " descriptors leave; lower it, or raise them (ulimit -n, LimitNOFILE=)\n",
                      s->connections_per_address, files);
    }
}

int cmd_check_config(int argc, char **argv)
{
    struct option_sets sets = {0};
    bool example = false;
    const struct option options[] = {
        {.name = "set",
         .operand = "NAME=VALUE",
         .help = "a setting that wins over all others; may come again",
         .kind = OPTION_SET,
         .into = &sets},
        {.name = "example",
         .help = "print .env.example instead: every setting with its default",
         .kind = OPTION_FLAG,
         .into = &example},
    };
    const struct option_spec spec = {
        .command = "canara check-config",
        .about = "Read the settings as serve would (--set, environment, .env, defaults), check\n"
                 "them, and print every effective value; secrets as set or not set.",
        .option = options,
        .options = sizeof options / sizeof *options,
    };
    const enum option_answer answer = options_read(&spec, argc, argv, NULL);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    if (example) {
        settings_print_example(stdout);
        return EXIT_CODE_DONE;
    }
    CLEANUP(settings_wipe) struct settings s = {0};
    if (failed(settings_load_and_say("canara check-config", &sets, &s)) || !keys_open(&s) ||
        !model_opens(&s) || !certificates_open(&s)) {
        return EXIT_CODE_FAILED;
    }
    warn_of_descriptors(&s);
    print_all(&s);
    return EXIT_CODE_DONE;
}
