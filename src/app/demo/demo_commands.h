/*
 * demo_commands.h - the command of this room.
 *
 * Floor      app/demo
 * Ownership  nothing is kept.
 * Errors     exit codes (command.h).
 * Threads    the main thread.
 */
#ifndef APP_DEMO_COMMANDS_H
#define APP_DEMO_COMMANDS_H

int cmd_demo(int argc, char **argv);

#endif
