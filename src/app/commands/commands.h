/*
 * commands.h - the table of commands of the one binary.
 *
 * Floor      app/commands
 * Ownership  constants.
 * Errors     exit codes (command.h).
 * Threads    the main thread.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/cli/command.h"

#include <stddef.h>

/* The table, in the order of the help. */
const struct command *commands_all(size_t *count);

/* The command nearest to a mistyped name, or NULL. */
const char *commands_nearest(const char *name);

/* Find and run argv[1]: the whole of main(). */
int commands_main(int argc, char **argv);

int cmd_completion(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_help(int argc, char **argv);

#endif
