/*
 * dataset_time.h - times as other people's data sets have them.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md, "What else is taken"; RFC 3339, ISO 8601.
 * Units      ms since 1970-01-01 UTC, 1970 to 9999.
 * Errors     ERR_FORMAT: no time; ERR_RANGE: one that does not exist or lies outside these years.
 * Threads    no state.
 */
#ifndef LAB_DATASET_TIME_H
#define LAB_DATASET_TIME_H

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

/* Above it a number of time since 1970 is of milliseconds: seconds reach it in the year 5138. */
#define DATASET_EPOCH_MS_ABOVE 1e11

/* Read a time: RFC 3339; or with a blank for the T, a comma for the point, an offset such as +0200 or +02, or
 * none (UTC); or a number in digits. `*notes` gets NOTE_BIT()s of what was assumed or unusual. */
NODISCARD err_t dataset_time_text(span_t text, wall_t *out, uint32_t *notes);

/* A number of time since 1970. */
NODISCARD err_t dataset_time_number(double value, wall_t *out);

#endif
