/*
 * evaluate_scores.h - each trial with its score, a row each. Inner part of cmd_evaluate.c.
 *
 * Floor      app/evaluate
 * Source     docs/evaluation.md, "Scores".
 * Units      scores as contest.h and bot_eval.h say; a risk from 0 to 1.
 * Errors     exit codes, after one line on stderr; what was at the path before stays then.
 * Threads    one.
 */
#ifndef APP_EVALUATE_SCORES_H
#define APP_EVALUATE_SCORES_H

#include "app/evaluate/evaluate.h"

/* Write the file of --scores, if one was asked for: tab-separated, a line of names first. Scores have all of their
 * digits; a trial without one has `-`. */
int evaluate_scores(const struct evaluate_run *r);

#endif
