#include "lab/trials/lesson.h"

void lesson_init(struct lesson *l, size_t longest_bytes)
{
    *l = (struct lesson){.taught = false};
    MUST(pthread_mutex_init(&l->lock, NULL) == 0);
    buf_init(&l->bytes, longest_bytes);
}

void lesson_deinit(struct lesson *l)
{
    buf_deinit(&l->bytes);
    (void)pthread_mutex_destroy(&l->lock);
}

void lesson_announce(struct lesson *l)
{
    l->left++;
}

err_t lesson_hear(struct lesson *l, teach_fn *teach, const void *ctx, span_t *bytes)
{
    MUST(pthread_mutex_lock(&l->lock) == 0);
    if (!l->taught) {
        l->outcome = teach(ctx, &l->bytes);
        l->taught = true;
    }
    const err_t outcome = l->outcome;
    *bytes = buf_span(&l->bytes);
    MUST(pthread_mutex_unlock(&l->lock) == 0);
    return outcome;
}

void lesson_leave(struct lesson *l)
{
    MUST(pthread_mutex_lock(&l->lock) == 0);
    MUST(l->left > 0);
    l->left--;
    if (l->left == 0) {
        buf_deinit(&l->bytes);
    }
    MUST(pthread_mutex_unlock(&l->lock) == 0);
}
