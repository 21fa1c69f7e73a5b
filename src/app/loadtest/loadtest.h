/*
 * loadtest.h - the commands behind `canara loadtest`.
 *
 * Floor      app/loadtest
 * Ownership  nothing is kept.
 * Errors     exit codes of commands.h.
 * Threads    the main thread.
 */
#ifndef APP_LOADTEST_H
#define APP_LOADTEST_H

int loadtest_cmd_prepare(int argc, char **argv);
int loadtest_cmd_run(int argc, char **argv);

#endif
