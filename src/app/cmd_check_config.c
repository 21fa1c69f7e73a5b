/* canara check-config: reads the settings as serve would, and prints what would be used. */
#include "app/commands.h"
#include "app/house.h"
#include "app/options.h"
#include "app/settings.h"
#include "app/settings_table.h"

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
    }
    kit_close(&kit);
    free(house);
    return good;
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
    print_all(&s);
    return EXIT_CODE_DONE;
}
