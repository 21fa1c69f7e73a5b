#include "server/pool.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct task {
    struct job job;
    pthread_mutex_t *gate;
    atomic_int *ran, *dropped;
};

static void run(struct job *job, int64_t waited_ms)
{
    struct task *t = CONTAINER_OF(job, struct task, job);
    assert_true(waited_ms >= 0);
    (void)pthread_mutex_lock(t->gate);
    (void)pthread_mutex_unlock(t->gate);
    atomic_fetch_add(t->ran, 1);
}

static void drop(struct job *job)
{
    struct task *t = CONTAINER_OF(job, struct task, job);
    atomic_fetch_add(t->dropped, 1);
    memset(t, 0xff, sizeof *t); /* its owner has it back: nobody looks at it any more */
}

static struct task make(pthread_mutex_t *gate, atomic_int *ran, atomic_int *dropped)
{
    return (struct task){
        .job = {.run = run, .drop = drop}, .gate = gate, .ran = ran, .dropped = dropped};
}

static void wait_for_rest(struct pool *p)
{
    while (pool_depth(p) > 0 || pool_busy(p) > 0) {
        (void)usleep(100);
    }
}

static void the_queue_takes_its_limit_and_refuses_one_more(void **state)
{
    (void)state;

    enum { QUEUE = 4 };

    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    atomic_int dropped = 0;
    struct pool *p = NULL;
    const struct pool_config config = {
        .name = "test", .workers = 1, .queue = QUEUE, .clock = clock_system()};
    assert_ok(pool_new(&config, &p));

    struct task tasks[QUEUE + 2];
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        tasks[i] = make(&gate, &ran, &dropped);
    }
    (void)pthread_mutex_lock(&gate);
    assert_true(pool_post(p, &tasks[0].job));
    while (pool_busy(p) == 0) {
        (void)usleep(100); /* until the one worker holds it */
    }
    for (size_t i = 1; i <= QUEUE; i++) {
        assert_true(pool_post(p, &tasks[i].job)); /* up to the limit */
    }
    assert_false(pool_post(p, &tasks[QUEUE + 1].job)); /* limit + 1 */
    assert_int_equal(pool_depth(p), QUEUE);
    assert_int_equal(pool_refused(p), 1);
    (void)pthread_mutex_unlock(&gate);
    wait_for_rest(p);
    pool_free(&p);
    assert_int_equal(atomic_load(&ran), QUEUE + 1);
    assert_int_equal(atomic_load(&dropped), 0);
    assert_null(p);
}

static void many_workers_run_everything_once(void **state)
{
    (void)state;

    enum { TASKS = 500 };

    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    atomic_int dropped = 0;
    struct pool *p = NULL;
    const struct pool_config config = {
        .name = "test", .workers = 4, .queue = TASKS, .nice = 5, .clock = clock_system()};
    assert_ok(pool_new(&config, &p));
    static struct task tasks[TASKS];
    for (size_t i = 0; i < TASKS; i++) {
        tasks[i] = make(&gate, &ran, &dropped);
        assert_true(pool_post(p, &tasks[i].job));
    }
    wait_for_rest(p);
    pool_free(&p);
    assert_int_equal(atomic_load(&ran), TASKS);
    assert_int_equal(atomic_load(&dropped), 0);
}

static void *stop(void *context)
{
    pool_stop(context);
    return NULL;
}

/* What runs is waited for, what waits is its owner's again, and nothing new is taken. */
static void a_stop_ends_what_runs_and_drops_what_waits(void **state)
{
    (void)state;

    enum { WORKERS = 2, WAITING = 6 };

    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    atomic_int dropped = 0;
    struct pool *p = NULL;
    const struct pool_config config = {
        .name = "test", .workers = WORKERS, .queue = WAITING + 1, .clock = clock_system()};
    assert_ok(pool_new(&config, &p));
    struct task tasks[WORKERS + WAITING];
    struct task late = make(&gate, &ran, &dropped);
    (void)pthread_mutex_lock(&gate);
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        tasks[i] = make(&gate, &ran, &dropped);
        assert_true(pool_post(p, &tasks[i].job));
        while (i < WORKERS && pool_busy(p) <= i) {
            (void)usleep(100);
        }
    }

    pthread_t stopping;
    assert_int_equal(pthread_create(&stopping, NULL, stop, p), 0);
    for (int i = 0; atomic_load(&dropped) < WAITING; i++) {
        assert_true(i < 100000);
        (void)usleep(100);
    }
    assert_int_equal(pool_depth(p), 0);
    assert_int_equal(pool_busy(p), WORKERS);
    assert_false(pool_post(p, &late.job)); /* there is room, but nobody will come */
    assert_int_equal(pool_refused(p), 1);
    assert_int_equal(atomic_load(&ran), 0);
    (void)pthread_mutex_unlock(&gate);
    assert_int_equal(pthread_join(stopping, NULL), 0);
    assert_int_equal(pool_busy(p), 0);
    assert_int_equal(atomic_load(&ran), WORKERS);
    pool_stop(p); /* twice is fine */
    assert_false(pool_post(p, &late.job));
    pool_free(&p);
    assert_int_equal(atomic_load(&ran), WORKERS);
    assert_int_equal(atomic_load(&dropped), WAITING);
}

/* Whoever frees a pool that he did not stop gets back what waits just the same. */
static void a_pool_that_is_freed_drops_what_waits(void **state)
{
    (void)state;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    atomic_int dropped = 0;

    enum { TASKS = 500 };

    for (int round = 0; round < 20; round++) { /* workers are anywhere when it comes */
        struct pool *p = NULL;
        const struct pool_config config = {
            .name = "test", .workers = 4, .queue = TASKS, .clock = clock_system()};
        assert_ok(pool_new(&config, &p));
        static struct task tasks[TASKS];
        for (size_t i = 0; i < TASKS; i++) {
            tasks[i] = make(&gate, &ran, &dropped);
            assert_true(pool_post(p, &tasks[i].job));
        }
        pool_free(&p);
        assert_int_equal(atomic_load(&ran) + atomic_load(&dropped), (round + 1) * TASKS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_takes_its_limit_and_refuses_one_more),
        cmocka_unit_test(many_workers_run_everything_once),
        cmocka_unit_test(a_stop_ends_what_runs_and_drops_what_waits),
        cmocka_unit_test(a_pool_that_is_freed_drops_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
