/*
 * lesson.h - the bytes of a model that is taught once, by whoever asks first, and heard by many.
 *
 * Floor      lab/trials
 * Ownership  a lesson owns its bytes until the last that was announced has left, or lesson_deinit().
 * Errors     those of the teacher, the same for everybody who asks.
 * Threads    any number may hear and leave at once: who asks while it is taught waits.
 */
#ifndef LAB_LESSON_H
#define LAB_LESSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct lesson {
    pthread_mutex_t lock;
    bool taught;
    err_t outcome; /* of teaching */
    struct buf bytes;
    size_t left; /* of those who were announced */
};

/* Append the model to `bytes`. */
typedef err_t teach_fn(const void *ctx, struct buf *bytes);

void lesson_init(struct lesson *l, size_t longest_bytes);
void lesson_deinit(struct lesson *l);

/* One more will hear, or at least leave; before the first does. */
void lesson_announce(struct lesson *l);

/* Hear it; it is taught when nobody has asked before. `*bytes` lives until the caller leaves. */
NODISCARD err_t lesson_hear(struct lesson *l, teach_fn *teach, const void *ctx, span_t *bytes);

/* One is done with it; the last frees the bytes. */
void lesson_leave(struct lesson *l);

#endif
