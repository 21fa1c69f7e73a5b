/*
 * measure_print.h - a report of measurements as a table or as JSON.
 *
 * Floor      app/simulate
 * Errors     measure_json(): the buf's.
 * Threads    no state.
 */
#ifndef APP_MEASURE_PRINT_H
#define APP_MEASURE_PRINT_H

#include "app/simulate/trial.h"
#include "base/buf.h"

#include <stdio.h>

void measure_table(const struct trial_report *r, FILE *out);

/* What the command line asked for. */
struct measure_told {
    uint64_t seed;
    size_t people;
    unsigned random_percent;
};

NODISCARD err_t measure_json(const struct trial_report *r, const struct measure_told *told,
                             struct buf *out);

#endif
