#include "server/pool.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct task {
    struct job job;
    pthread_mutex_t *gate;
    atomic_int *ran;
};

static void run(struct job *job, int64_t waited_ms)
{
    struct task *t = CONTAINER_OF(job, struct task, job);
    assert_true(waited_ms >= 0);
    (void)pthread_mutex_lock(t->gate);
    (void)pthread_mutex_unlock(t->gate);
    atomic_fetch_add(t->ran, 1);
}

static void the_queue_takes_its_limit_and_refuses_one_more(void **state)
{
    (void)state;

    enum { QUEUE = 4 };

    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    struct pool *p = NULL;
    const struct pool_config config = {
        .name = "test", .workers = 1, .queue = QUEUE, .clock = clock_system()};
    assert_ok(pool_new(&config, &p));

    struct task tasks[QUEUE + 2];
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        tasks[i] = (struct task){.job = {.run = run}, .gate = &gate, .ran = &ran};
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
    pool_free(&p); /* runs what is queued */
    assert_int_equal(atomic_load(&ran), QUEUE + 1);
    assert_null(p);
}

static void many_workers_run_everything_once(void **state)
{
    (void)state;

    enum { TASKS = 500 };

    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    struct pool *p = NULL;
    const struct pool_config config = {
        .name = "test", .workers = 4, .queue = TASKS, .nice = 5, .clock = clock_system()};
    assert_ok(pool_new(&config, &p));
    static struct task tasks[TASKS];
    for (size_t i = 0; i < TASKS; i++) {
        tasks[i] = (struct task){.job = {.run = run}, .gate = &gate, .ran = &ran};
        assert_true(pool_post(p, &tasks[i].job));
    }
    pool_free(&p);
    assert_int_equal(atomic_load(&ran), TASKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_takes_its_limit_and_refuses_one_more),
        cmocka_unit_test(many_workers_run_everything_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
