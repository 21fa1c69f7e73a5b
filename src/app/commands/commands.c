#include "app/commands/commands.h"

#include "app/cli/options.h"
#include "app/demo/demo_commands.h"
#include "app/evaluate/evaluate_commands.h"
#include "app/house/house_commands.h"
#include "app/loadtest/loadtest_commands.h"
#include "app/operate/operate_commands.h"
#include "app/simulate/simulate_commands.h"
#include "base/util.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct command table[] = {
    {"serve",        "run the server",                                     cmd_serve},
    {"ctl",          "speak to a running server",                          cmd_ctl},
    {"audit",        "verify or print the chain of security events",       cmd_audit},
    {"clock",        "compare this machine's time with the time on record", cmd_clock},
    {"demo",         "play an owner, a script and two thieves against a server", cmd_demo},
    {"journal",      "dump or verify the journal",                         cmd_journal},
    {"accept-loss",  "go on without what the journal has lost; ends all sessions", cmd_accept_loss},
    {"simulate",     "make or play traffic of simulated people and attackers", cmd_simulate},
    {"loadtest",     "fill a new data directory, make load, measure",     cmd_loadtest},
    {"dataset",      "convert and check data sets to measure with",        cmd_dataset},
    {"evaluate",     "measure the engine on a data set",                   cmd_evaluate},
    {"train",        "learn what people in general are like",              cmd_train},
    {"model",        "check a model and print what it holds",              cmd_model},
    {"replay",       "score buffer files again, with reasons",             cmd_replay},
    {"keygen",       "make a SECRET_KEY or a pepper file",                 cmd_keygen},
    {"check-config", "check the settings and print what would be used",   cmd_check_config},
    {"completion",   "print the completion script of a shell",            cmd_completion},
    {"version",      "print the version",                                 cmd_version},
    {"help",         "print this list, or the help of a command",         cmd_help},
};

/* clang-format on */

const struct command *commands_all(size_t *count)
{
    *count = ARRAY_LEN(table);
    return table;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

const char *commands_nearest(const char *name)
{
    size_t best = strlen(name) / 3 + 2;
    const char *nearest = NULL;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const size_t distance = word_distance(name, table[i].name, best);
        if (distance < best) {
            best = distance;
            nearest = table[i].name;
        }
    }
    return nearest;
}

static void print_commands(FILE *to)
{
    (void)fprintf(to, "usage: canara COMMAND [OPTION]...\n\n"
                      "Is this still the owner? Continuous authentication for banking "
                      "sessions.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        (void)fprintf(to, "  %-14s %s\n", table[i].name, table[i].help);
    }
    (void)fprintf(to, "\ncanara COMMAND --help says more of a command.\n");
}

static int unknown(const char *name)
{
    const char *const nearest = commands_nearest(name);
    if (nearest == NULL) {
        (void)fprintf(stderr, "canara: %.64s: no such command (see canara --help)\n", name);
    } else {
        (void)fprintf(stderr, "canara: %.64s: no such command; did you mean %s?\n", name, nearest);
    }
    return EXIT_CODE_USAGE;
}

int cmd_version(int argc, char **argv)
{
    const struct option_spec spec = {.command = "canara version",
                                     .about = "Print the version of this program."};
    const enum option_answer answer = options_read(&spec, argc, argv, NULL);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    (void)printf("canara %s\n", CANARA_VERSION);
    return EXIT_CODE_DONE;
}

int cmd_help(int argc, char **argv)
{
    const struct option_spec spec = {
        .command = "canara help",
        .usage = "[COMMAND]",
        .about = "Print the list of commands, or the help of one.",
        .words_max = 1,
    };
    struct option_words words = {0};
    const enum option_answer answer = options_read(&spec, argc, argv, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    if (words.count == 0) {
        print_commands(stdout);
        return EXIT_CODE_DONE;
    }
    const struct command *const command = find(words.word[0]);
    if (command == NULL) {
        return unknown(words.word[0]);
    }
    char help[] = "--help";
    char *ask[] = {words.word[0], help, NULL};
    return command->run(2, ask);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_commands(stderr);
        return EXIT_CODE_USAGE;
    }
    const char *const name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_commands(stdout);
        return EXIT_CODE_DONE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        (void)printf("canara %s\n", CANARA_VERSION);
        return EXIT_CODE_DONE;
    }
    const struct command *const command = find(name);
    return command == NULL ? unknown(name) : command->run(argc - 1, argv + 1);
}

int commands_main(int argc, char **argv)
{
    const int code = run(argc, argv);
    /* A full disk or a closed pipe must not look like success. */
    const bool told = fflush(stdout) == 0 && ferror(stdout) == 0;
    return code == EXIT_CODE_DONE && !told ? EXIT_CODE_FAILED : code;
}
