#include "net/loop.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The loop only has to return from its wait; all there is to do is to let the ringing stop. */
static void woken(struct watch *self, uint32_t events)
{
    (void)events;
    uint64_t count = 0;
    const ssize_t got = read(self->fd, &count, sizeof count);
    (void)got;
}

err_t loop_init(struct loop *l, const struct clock *clock)
{
    const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) {
        return err_new(ERR_IO);
    }
    const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) {
        (void)close(epoll_fd);
        return err_new(ERR_IO);
    }
    l->clock = clock;
    l->now = clock_mono(clock);
    l->epoll_fd = epoll_fd;
    l->wake_fd = wake_fd;
    l->wake = (struct watch){.fd = wake_fd, .events = EPOLLIN, .ready = woken};
    l->next = 0;
    l->count = 0;
    l->full = false;

    const err_t watched = loop_watch(l, &l->wake);
    if (failed(watched)) {
        loop_deinit(l);
    }
    return watched;
}

void loop_deinit(struct loop *l)
{
    (void)close(l->wake_fd);
    (void)close(l->epoll_fd);
    l->wake_fd = -1;
    l->epoll_fd = -1;
}

static err_t control(struct loop *l, int operation, struct watch *w, uint32_t events)
{
    struct epoll_event e = {.events = events, .data = {.ptr = w}};
    if (epoll_ctl(l->epoll_fd, operation, w->fd, &e) == 0) {
        return ERR_OK;
    }
    return err_new(errno == ENOMEM || errno == ENOSPC ? ERR_NOMEM : ERR_IO);
}

err_t loop_watch(struct loop *l, struct watch *w)
{
    return control(l, EPOLL_CTL_ADD, w, w->events);
}

err_t loop_change(struct loop *l, struct watch *w, uint32_t events)
{
    if (events == w->events) {
        return ERR_OK;
    }
    TRY(control(l, EPOLL_CTL_MOD, w, events));
    w->events = events;
    return ERR_OK;
}

void loop_unwatch(struct loop *l, struct watch *w)
{
    (void)control(l, EPOLL_CTL_DEL, w, 0); /* fails only when it is not watched any more */
    for (size_t i = l->next; i < l->count; i++) {
        if (l->batch[i].data.ptr == w) {
            l->batch[i].data.ptr = NULL;
        }
    }
}

err_t loop_run_once(struct loop *l, int timeout_ms)
{
    const int got = epoll_wait(l->epoll_fd, l->batch, LIMIT_LOOP_BATCH, timeout_ms);
    l->now = clock_mono(l->clock);
    l->full = got == LIMIT_LOOP_BATCH;
    if (got < 0) {
        return errno == EINTR ? ERR_OK : err_new(ERR_IO);
    }
    l->count = (size_t)got;
    l->next = 0;
    while (l->next < l->count) {
        const struct epoll_event e = l->batch[l->next++];
        if (l->next < l->count) { /* the next one's owner comes into the cache meanwhile */
            __builtin_prefetch(l->batch[l->next].data.ptr);
        }
        if (e.data.ptr != NULL) {
            struct watch *w = e.data.ptr;
            w->ready(w, e.events);
        }
    }
    l->count = 0;
    l->next = 0;
    return ERR_OK;
}

void loop_wake(struct loop *l)
{
    const int before = errno; /* may be called from a signal handler */
    const uint64_t one = 1;
    const ssize_t put = write(l->wake_fd, &one, sizeof one);
    (void)put; /* fails only when it rings already */
    errno = before;
}
