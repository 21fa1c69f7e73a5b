/*
 * simulate_commands.h - the command of this room.
 *
 * Floor      app/simulate
 * Ownership  nothing is kept.
 * Errors     exit codes (command.h).
 * Threads    the main thread.
 */
#ifndef APP_SIMULATE_COMMANDS_H
#define APP_SIMULATE_COMMANDS_H

int cmd_simulate(int argc, char **argv);

#endif
