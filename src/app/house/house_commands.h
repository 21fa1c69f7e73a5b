/*
 * house_commands.h - the commands of this room.
 *
 * Floor      app/house
 * Ownership  nothing is kept.
 * Errors     exit codes (command.h).
 * Threads    the main thread.
 */
#ifndef APP_HOUSE_COMMANDS_H
#define APP_HOUSE_COMMANDS_H

int cmd_serve(int argc, char **argv);
int cmd_check_config(int argc, char **argv);

#endif
