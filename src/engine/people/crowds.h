/*
 * crowds.h - the crowds of a model: read whole, found by context.
 *
 * Floor      engine/people
 * Ownership  crowds_read() takes memory from the heap; crowds_free() gives it back.
 * Errors     CANARA_BAD_FORMAT, CANARA_NO_MEMORY; the crowds are then empty.
 * Threads    any, once read.
 */
#ifndef ENGINE_CROWDS_H
#define ENGINE_CROWDS_H

#include "canara.h"
#include "engine/people/crowd.h"

struct crowds {
    size_t count;
    struct crowd *crowd; /* by context, ascending */
    void **room;         /* of each */
};

void crowds_write(struct byte_writer *w, const struct crowd *crowd, size_t count);

/* From everything that is left in `r`. */
enum canara_status crowds_read(struct byte_reader r, struct crowds *out);

/* The same with other memory than calloc()'s, for tests; free() must take it. */
typedef void *allocate_t(size_t n, size_t size);
enum canara_status crowds_read_with(struct byte_reader r, allocate_t *allocate, struct crowds *out);
void crowds_free(struct crowds *c);

/* The crowd that samples of this context, kind and number of features are compared with; NULL when
 * there is none. */
const struct crowd *crowds_of(const struct crowds *c, uint64_t context, uint8_t kind,
                              size_t features);

#endif
