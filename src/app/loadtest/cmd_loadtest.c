/* canara loadtest: fill a new data directory, and make load of a known kind and amount. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/loadtest/loadtest.h"
#include "app/loadtest/loadtest_commands.h"
#include "base/util.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct command table[] = {
    {"prepare", "make a new data directory with accounts and live sessions", loadtest_cmd_prepare},
    {"run",     "put a bounded load on a server and measure",               loadtest_cmd_run},
};

/* clang-format on */

static void print_help(FILE *to)
{
    (void)fprintf(to, "usage: canara loadtest COMMAND [OPTION]...\n\n"
                      "Measure a server under load; docs/load-testing.md is the handbook.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        (void)fprintf(to, "  %-9s %s\n", table[i].name, table[i].help);
    }
    (void)fprintf(to, "\ncanara loadtest COMMAND --help says more of a command.\n");
}

int cmd_loadtest(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_CODE_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_CODE_DONE;
    }
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(argv[1], table[i].name) == 0) {
            return table[i].run(argc - 1, argv + 1);
        }
    }
    (void)fprintf(stderr, "canara loadtest: %.32s: must be prepare or run\n", argv[1]);
    return EXIT_CODE_USAGE;
}
