/*
 * fusion_bytes.h - lines from scores to nats, to and from the bytes of a model.
 *
 * Floor      engine/people
 * Ownership  everything is borrowed for the call.
 * Errors     false: a number is out of its range, or the bytes ended.
 * Threads    no shared state.
 */
#ifndef ENGINE_FUSION_BYTES_H
#define ENGINE_FUSION_BYTES_H

#include "engine/arithmetic/byte_cursor.h"
#include "engine/people/evidence.h"

#include <stdbool.h>

enum { FUSION_BYTES = 8 * FUSION_NUMBERS };

void fusion_write(struct byte_writer *w, const struct fusion *f);
bool fusion_read(struct byte_reader *r, struct fusion *f);

/* Each with the number of known samples it is for; they ascend. */
void fusion_lines_write(struct byte_writer *w, const struct fusion_lines *f);
bool fusion_lines_read(struct byte_reader *r, struct fusion_lines *f);

#endif
