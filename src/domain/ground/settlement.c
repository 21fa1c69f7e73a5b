#include "domain/ground/settlement.h"

#include "base/util.h"

#include <pthread.h>
#include <stdlib.h>

struct settlements {
    pthread_mutex_t mutex;
    size_t head, count;
    size_t reserved; /* places that comparisons under way hold */
    settlement_t ring[SETTLEMENTS_MAX];
};

err_t settlements_new(struct settlements **out)
{
    struct settlements *s = calloc(1, sizeof *s); /* untouched pages cost nothing */
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    MUST(pthread_mutex_init(&s->mutex, NULL) == 0);
    *out = s;
    return ERR_OK;
}

void settlements_free(struct settlements **s)
{
    if (*s == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&(*s)->mutex);
    free(*s);
    *s = NULL;
}

err_t settlements_reserve(struct settlements *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    const bool room = s->count + s->reserved < SETTLEMENTS_MAX;
    s->reserved += room ? 1U : 0U;
    (void)pthread_mutex_unlock(&s->mutex);
    return room ? ERR_OK : err_new(ERR_LIMIT);
}

void settlements_release(struct settlements *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    MUST(s->reserved > 0);
    s->reserved -= 1;
    (void)pthread_mutex_unlock(&s->mutex);
}

void settlements_keep(struct settlements *s, const settlement_t *item)
{
    (void)pthread_mutex_lock(&s->mutex);
    MUST(s->reserved > 0);
    s->reserved -= 1;
    s->ring[(s->head + s->count) % SETTLEMENTS_MAX] = *item;
    s->count += 1;
    (void)pthread_mutex_unlock(&s->mutex);
}

bool settlements_first(struct settlements *s, settlement_t *out)
{
    (void)pthread_mutex_lock(&s->mutex);
    const bool some = s->count > 0;
    if (some) {
        *out = s->ring[s->head];
    }
    (void)pthread_mutex_unlock(&s->mutex);
    return some;
}

void settlements_drop(struct settlements *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    MUST(s->count > 0);
    s->head = (s->head + 1) % SETTLEMENTS_MAX;
    s->count -= 1;
    (void)pthread_mutex_unlock(&s->mutex);
}
