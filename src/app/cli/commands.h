/*
 * commands.h - the table of commands of the one binary.
 *
 * Floor      app
 * Ownership  constants.
 * Errors     a command returns its exit code: 0 done, 1 failed, 2 wrong use, 128 and a signal's number: it came first.
 * Threads    the main thread.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include <stddef.h>

#define CANARA_VERSION "0.1.0"

enum exit_code {
    EXIT_CODE_DONE = 0,
    EXIT_CODE_FAILED = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_SIGNAL = 128
};

struct command {
    const char *name;
    const char *help;                  /* one line, lower case, no stop */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

/* The table, in the order of the help. */
const struct command *commands_all(size_t *count);

/* The command nearest to a mistyped name, or NULL. */
const char *commands_nearest(const char *name);

/* Find and run argv[1]: the whole of main(). */
int commands_main(int argc, char **argv);

/* Each in its own cmd_NAME.c. */
int cmd_serve(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_loadtest(int argc, char **argv);
int cmd_dataset(int argc, char **argv);
int cmd_evaluate(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_model(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_check_config(int argc, char **argv);
int cmd_ctl(int argc, char **argv);
int cmd_journal(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_accept_loss(int argc, char **argv);
int cmd_clock(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_help(int argc, char **argv);

#endif
