#include "server/news.h"

#include "base/util.h"

#include <pthread.h>
#include <stdlib.h>

struct news_stock {
    pthread_mutex_t mutex;
    pthread_cond_t back;
    struct news *free;
    bool closed;
    struct news all[NEWS_MAX];
};

err_t news_stock_new(struct news_stock **out)
{
    struct news_stock *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    MUST(pthread_mutex_init(&s->mutex, NULL) == 0);
    MUST(pthread_cond_init(&s->back, NULL) == 0);
    for (size_t i = 0; i < NEWS_MAX; i++) {
        s->all[i].next = s->free;
        s->free = &s->all[i];
    }
    *out = s;
    return ERR_OK;
}

void news_stock_free(struct news_stock **s)
{
    if (*s == NULL) {
        return;
    }
    (void)pthread_cond_destroy(&(*s)->back);
    (void)pthread_mutex_destroy(&(*s)->mutex);
    free(*s);
    *s = NULL;
}

struct news *news_take(struct news_stock *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    while (s->free == NULL && !s->closed) {
        (void)pthread_cond_wait(&s->back, &s->mutex);
    }
    struct news *n = s->closed ? NULL : s->free;
    if (n != NULL) {
        s->free = n->next;
    }
    (void)pthread_mutex_unlock(&s->mutex);
    return n;
}

void news_give(struct news_stock *s, struct news *n)
{
    (void)pthread_mutex_lock(&s->mutex);
    n->next = s->free;
    s->free = n;
    (void)pthread_cond_signal(&s->back);
    (void)pthread_mutex_unlock(&s->mutex);
}

void news_stock_close(struct news_stock *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->closed = true;
    (void)pthread_cond_broadcast(&s->back);
    (void)pthread_mutex_unlock(&s->mutex);
}
