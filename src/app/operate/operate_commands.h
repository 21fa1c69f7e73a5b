/*
 * operate_commands.h - the commands of this room.
 *
 * Floor      app/operate
 * Ownership  nothing is kept.
 * Errors     exit codes (command.h).
 * Threads    the main thread.
 */
#ifndef APP_OPERATE_COMMANDS_H
#define APP_OPERATE_COMMANDS_H

int cmd_ctl(int argc, char **argv);
int cmd_journal(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_accept_loss(int argc, char **argv);
int cmd_clock(int argc, char **argv);
int cmd_keygen(int argc, char **argv);

#endif
