/*
 * command.h - what a command of the one binary is, and how it ends.
 *
 * Floor      app/cli
 * Ownership  constants.
 * Errors     a command returns its exit code: 0 done, 1 failed, 2 wrong use, 128 and a signal's number: it came first.
 * Threads    the main thread.
 */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

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

#endif
