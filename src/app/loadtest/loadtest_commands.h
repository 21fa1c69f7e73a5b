/*
 * loadtest_commands.h - the command of this room.
 *
 * Floor      app/loadtest
 * Ownership  nothing is kept.
 * Errors     exit codes (command.h).
 * Threads    the main thread.
 */
#ifndef APP_LOADTEST_COMMANDS_H
#define APP_LOADTEST_COMMANDS_H

int cmd_loadtest(int argc, char **argv);

#endif
