#include "net/loop.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PEERS = 6 };

struct peer {
    struct watch watch;
    struct bench *bench;
    int calls;
    uint32_t last;
};

struct bench {
    struct loop loop;
    struct peer *peer[PEERS];
};

/* An eventfd that rings already: readable and writable at once. */
static int ringing(void)
{
    const int fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void note(struct watch *self, uint32_t events)
{
    struct peer *p = CONTAINER_OF(self, struct peer, watch);
    p->calls++;
    p->last = events;
}

static struct peer *peer_new(struct bench *b, void (*ready)(struct watch *, uint32_t))
{
    struct peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->watch = (struct watch){.fd = ringing(), .events = EPOLLIN, .ready = ready};
    p->bench = b;
    assert_ok(loop_watch(&b->loop, &p->watch));
    return p;
}

static void peer_free(struct peer **p)
{
    loop_unwatch(&(*p)->bench->loop, &(*p)->watch);
    (void)close((*p)->watch.fd);
    free(*p);
    *p = NULL;
}

static void handlers_run_for_what_is_wanted_until_it_is_not(void **state)
{
    (void)state;
    struct bench b;
    assert_ok(loop_init(&b.loop, clock_system()));
    struct peer *p = peer_new(&b, note);
    assert_ok(loop_run_once(&b.loop, -1));
    assert_ok(loop_run_once(&b.loop, -1)); /* level-triggered: again */
    assert_int_equal(p->calls, 2);
    assert_int_equal(p->last, EPOLLIN);

    assert_ok(loop_change(&b.loop, &p->watch, EPOLLOUT));
    assert_ok(loop_change(&b.loop, &p->watch, EPOLLOUT));
    assert_ok(loop_run_once(&b.loop, -1));
    assert_int_equal(p->last, EPOLLOUT);

    assert_ok(loop_change(&b.loop, &p->watch, 0));
    assert_ok(loop_run_once(&b.loop, 0));
    assert_int_equal(p->calls, 3);
    loop_unwatch(&b.loop, &p->watch);
    assert_ok(loop_watch(&b.loop, &p->watch));
    peer_free(&p);
    assert_ok(loop_run_once(&b.loop, 0));
    loop_deinit(&b.loop);
}

/* Whoever comes first frees everybody: nobody else may be called, or looked at. */
static void free_all(struct watch *self, uint32_t events)
{
    (void)events;
    struct bench *b = CONTAINER_OF(self, struct peer, watch)->bench;
    for (size_t i = 0; i < PEERS; i++) {
        peer_free(&b->peer[i]);
    }
}

static void peers_freed_within_a_batch_are_not_called(void **state)
{
    (void)state;
    struct bench b;
    assert_ok(loop_init(&b.loop, clock_system()));
    for (size_t i = 0; i < PEERS; i++) {
        b.peer[i] = peer_new(&b, free_all);
    }
    assert_ok(loop_run_once(&b.loop, -1));
    for (size_t i = 0; i < PEERS; i++) {
        assert_null(b.peer[i]);
    }
    loop_deinit(&b.loop);
}

/* Frees the next one and puts a new one in its place, maybe at the same address and descriptor. */
static void replace_others(struct watch *self, uint32_t events)
{
    (void)events;
    struct peer *p = CONTAINER_OF(self, struct peer, watch);
    p->calls++;
    for (size_t i = 0; i < PEERS; i++) {
        if (p->bench->peer[i] != p) {
            peer_free(&p->bench->peer[i]);
            p->bench->peer[i] = peer_new(p->bench, note);
        }
    }
}

static void a_report_never_reaches_the_heir_of_a_descriptor(void **state)
{
    (void)state;
    struct bench b;
    assert_ok(loop_init(&b.loop, clock_system()));
    for (size_t i = 0; i < PEERS; i++) {
        b.peer[i] = peer_new(&b, replace_others);
    }
    assert_ok(loop_run_once(&b.loop, -1));
    int calls = 0;
    for (size_t i = 0; i < PEERS; i++) {
        calls += b.peer[i]->calls;
    }
    assert_int_equal(calls, 1);
    for (size_t i = 0; i < PEERS; i++) {
        peer_free(&b.peer[i]);
    }
    loop_deinit(&b.loop);
}

static void more_than_a_batch_is_served_in_turns(void **state)
{
    (void)state;

    enum { MANY = LIMIT_LOOP_BATCH + 50 };
    struct bench b;
    assert_ok(loop_init(&b.loop, clock_system()));
    static struct peer *many[MANY];
    for (size_t i = 0; i < MANY; i++) {
        many[i] = peer_new(&b, note);
    }
    assert_ok(loop_run_once(&b.loop, -1));
    assert_ok(loop_run_once(&b.loop, -1));
    for (size_t i = 0; i < MANY; i++) {
        assert_true(many[i]->calls > 0);
        peer_free(&many[i]);
    }
    loop_deinit(&b.loop);
}

static void *wake(void *loop)
{
    loop_wake(loop);
    return NULL;
}

static void another_thread_ends_the_wait_and_it_ends_once(void **state)
{
    (void)state;
    struct loop l;
    assert_ok(loop_init(&l, clock_system()));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake, &l), 0);
    assert_ok(loop_run_once(&l, -1));
    assert_int_equal(pthread_join(thread, NULL), 0);
    loop_wake(&l);
    loop_wake(&l);
    assert_ok(loop_run_once(&l, -1));
    uint64_t count = 0;
    assert_int_equal(read(l.wake_fd, &count, sizeof count), -1); /* nothing rings any more */
    loop_deinit(&l);
}

static mono_t five(const struct clock *self)
{
    (void)self;
    return (mono_t){5};
}

static void now_is_what_the_clock_said_after_the_wait(void **state)
{
    (void)state;
    const struct clock scripted = {.mono = five};
    struct loop l;
    assert_ok(loop_init(&l, &scripted));
    assert_ok(loop_run_once(&l, 0));
    assert_true(loop_now(&l).ns == 5);
    loop_deinit(&l);
}

static void what_cannot_be_watched_is_an_error(void **state)
{
    (void)state;
    struct loop l;
    assert_ok(loop_init(&l, clock_system()));
    struct watch w = {.fd = -1, .events = EPOLLIN, .ready = note};
    assert_err(loop_watch(&l, &w), ERR_IO);
    assert_err(loop_change(&l, &w, EPOLLOUT), ERR_IO);
    assert_int_equal(w.events, EPOLLIN);
    loop_unwatch(&l, &w);
    loop_deinit(&l);
    assert_err(loop_run_once(&l, 0), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handlers_run_for_what_is_wanted_until_it_is_not),
        cmocka_unit_test(peers_freed_within_a_batch_are_not_called),
        cmocka_unit_test(a_report_never_reaches_the_heir_of_a_descriptor),
        cmocka_unit_test(more_than_a_batch_is_served_in_turns),
        cmocka_unit_test(another_thread_ends_the_wait_and_it_ends_once),
        cmocka_unit_test(now_is_what_the_clock_said_after_the_wait),
        cmocka_unit_test(what_cannot_be_watched_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
