/*
 * evaluate_checks.h - what canara evaluate says before it works for minutes. Inner part of cmd_evaluate.c.
 *
 * Floor      app/evaluate
 * Ownership  as evaluate.h.
 * Errors     exit codes, after one line on stderr.
 * Threads    one.
 */
#ifndef APP_EVALUATE_CHECKS_H
#define APP_EVALUATE_CHECKS_H

#include "app/evaluate/evaluate.h"

/* The files that are to be written can be, and what is to be drawn exists. */
int evaluate_check_outputs(const struct evaluate_run *r);

/* Whether the detector compares anything that is enrolled. */
int evaluate_check_detector(const struct evaluate_run *r);

/* Lines on stderr about what is measured all the same: vectors that are too long, times that go back, a set
 * without trials of a kind, a result of another set. */
void evaluate_tell_set(const struct evaluate_run *r);

/* Why there are no error rates although the set has trials of both kinds. */
void evaluate_tell_unmeasured(const struct evaluate_run *r);

/* That the evidence costs more than none would: for the report that is done. */
void evaluate_tell_misleading(const struct evaluate_run *r);

#endif
