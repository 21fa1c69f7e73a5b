/* canara check-config: reads the settings as serve would, and prints what would be used. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/house/certificates.h"
#include "app/house/descriptors.h"
#include "app/house/house.h"
#include "app/house/house_commands.h"
#include "app/settings/settings.h"
#include "app/settings/settings_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

static void warn_of_certificates(const struct settings *s, struct tls_server *tls)
{
    char words[CERTIFICATES_WORDS_BYTES];
    if (tls != NULL && certificates_end_words(s, tls, clock_system(), words)) {
        (void)fprintf(stderr, "canara check-config: warning: %s\n", words);
    }
}

/* All that a start would refuse, as far as it can be known without one. */
static bool would_start(const struct settings *s)
{
    struct kit kit = {0};
    struct house *house = calloc(1, sizeof *house);
    if (house == NULL) {
        (void)fprintf(stderr, "canara check-config: out of memory\n");
        return false;
    }
    house->kit = &kit;
    const bool good = !failed(house_look(house, s, clock_system()));
    if (!good) {
        (void)fprintf(stderr, "canara check-config: %s\n", house->why);
    } else {
        warn_of_certificates(s, kit.tls);
    }
    kit_close(&kit);
    free(house);
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
    if (failed(settings_load_and_say("canara check-config", &sets, &s)) || !would_start(&s)) {
        return EXIT_CODE_FAILED;
    }
    warn_of_descriptors(&s);
    print_all(&s);
    return EXIT_CODE_DONE;
}
