/*
 * loadtest_report.h - what a load test has found, for people and for programs.
 *
 * Floor      app/loadtest
 * Source     docs/load-testing.md names every member.
 * Ownership  borrows.
 * Errors     ERR_NOMEM, ERR_IO for the text.
 * Threads    one.
 */
#ifndef APP_LOADTEST_REPORT_H
#define APP_LOADTEST_REPORT_H

#include "load/load.h"

#include <stdio.h>

/* A table, with the lines that have something to say. */
void loadtest_report_table(FILE *to, const struct load_plan *plan, const struct load_result *r);

/* One line of JSON. */
NODISCARD err_t loadtest_report_json(FILE *to, const struct load_plan *plan,
                                     const struct load_result *r);

#endif
