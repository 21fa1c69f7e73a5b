/*
 * evaluate_commands.h - the commands of this room.
 *
 * Floor      app/evaluate
 * Ownership  nothing is kept.
 * Errors     exit codes (command.h).
 * Threads    the main thread.
 */
#ifndef APP_EVALUATE_COMMANDS_H
#define APP_EVALUATE_COMMANDS_H

int cmd_evaluate(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_dataset(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_model(int argc, char **argv);

#endif
