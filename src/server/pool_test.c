#include "server/pool.h"

#include "base/util.h"
#include "tests/support/random.h"
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
    return (struct task){.job = {.run = run, .drop = drop, .refuse = drop},
                         .gate = gate,
                         .ran = ran,
                         .dropped = dropped};
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

/* ---- shares */

/* Writes its name down when it is run, and again, in capitals, when it is refused. */
struct signer {
    struct job job;
    char name;
    pthread_mutex_t *gate;
    char *book;
    atomic_int *signed_in;
};

static void sign(struct signer *s, char name)
{
    s->book[atomic_fetch_add(s->signed_in, 1)] = name;
}

static void sign_run(struct job *job, int64_t waited_ms)
{
    (void)waited_ms;
    struct signer *s = CONTAINER_OF(job, struct signer, job);
    (void)pthread_mutex_lock(s->gate);
    (void)pthread_mutex_unlock(s->gate);
    sign(s, s->name);
}

static void sign_refused(struct job *job)
{
    struct signer *s = CONTAINER_OF(job, struct signer, job);
    sign(s, (char)(s->name - 'a' + 'A'));
}

enum { BOOK = 64 };

struct desk {
    struct pool *pool;
    pthread_mutex_t gate;
    atomic_int signed_in;
    char book[BOOK];
    struct signer signer[26];
};

/* One worker, held by `z` until desk_open(). */
static void desk_close(struct desk *d, size_t queue, size_t reserved)
{
    *d = (struct desk){.gate = PTHREAD_MUTEX_INITIALIZER};
    for (size_t i = 0; i < ARRAY_LEN(d->signer); i++) {
        d->signer[i] =
            (struct signer){.job = {.run = sign_run, .drop = sign_refused, .refuse = sign_refused},
                            .name = (char)('a' + i),
                            .gate = &d->gate,
                            .book = d->book,
                            .signed_in = &d->signed_in};
    }
    const struct pool_config config = {.name = "test",
                                       .workers = 1,
                                       .queue = queue,
                                       .reserved = reserved,
                                       .clock = clock_system()};
    assert_ok(pool_new(&config, &d->pool));
    (void)pthread_mutex_lock(&d->gate);
    assert_true(pool_post(d->pool, &d->signer['z' - 'a'].job));
    while (pool_busy(d->pool) == 0) {
        (void)usleep(100);
    }
}

static bool desk_post(struct desk *d, int name, uint64_t address, uint64_t party, bool first)
{
    struct job *job = &d->signer[name - 'a'].job;
    job->queued.address = address;
    job->queued.party = party;
    job->first = first;
    return pool_post(d->pool, job);
}

static void desk_open(struct desk *d, const char *book)
{
    (void)pthread_mutex_unlock(&d->gate);
    wait_for_rest(d->pool);
    pool_free(&d->pool);
    assert_string_equal(d->book, book);
}

static void a_flood_delays_and_refuses_itself_alone(void **state)
{
    (void)state;
    struct desk d;
    desk_close(&d, 4, 0);
    for (int name = 'a'; name <= 'd'; name++) {
        assert_true(desk_post(&d, name, 1, 1, false));
    }
    assert_false(desk_post(&d, 'e', 1, 1, false)); /* it has all there is */
    assert_true(desk_post(&d, 'o', 2, 1, false));  /* in the place of d */
    assert_true(desk_post(&d, 'p', 1, 2, false));  /* in the place of c */
    assert_int_equal(pool_depth(d.pool), 4);
    assert_int_equal(pool_refused(d.pool), 3);
    desk_open(&d, "DCzaopb");
}

static void what_goes_first_passes_others_and_has_places_of_its_own(void **state)
{
    (void)state;
    struct desk d;
    desk_close(&d, 2, 2);
    assert_true(desk_post(&d, 'a', 1, 1, false));
    assert_true(desk_post(&d, 'b', 2, 1, false));
    assert_false(desk_post(&d, 'c', 3, 1, false));
    assert_true(desk_post(&d, 'x', 3, 1, true));
    assert_true(desk_post(&d, 'y', 4, 1, true));
    assert_false(desk_post(&d, 'w', 5, 1, true)); /* limit + 1 */
    assert_int_equal(pool_depth(d.pool), 4);
    desk_open(&d, "zxyab");
}

static void what_goes_first_waits_among_others_when_its_places_are_taken(void **state)
{
    (void)state;
    struct desk d;
    desk_close(&d, 2, 1);
    assert_true(desk_post(&d, 'a', 1, 1, false));
    assert_true(desk_post(&d, 'x', 2, 1, true));
    assert_true(desk_post(&d, 'y', 3, 1, true));
    desk_open(&d, "zxay");
}

static void what_goes_first_lets_others_pass_now_and_then(void **state)
{
    (void)state;
    struct desk d;
    desk_close(&d, 4, 20);
    assert_true(desk_post(&d, 'v', 1, 1, false));
    assert_true(desk_post(&d, 'w', 1, 1, false));
    for (int name = 'a'; name <= 'q'; name++) {
        assert_true(desk_post(&d, name, 2, 1, true));
    }
    desk_open(&d, "zabcdefghvijklmnopwq");
}

/* Two of a party that are to be alone take one of two workers, and the other serves the rest. */
static void who_is_to_be_alone_keeps_no_second_worker_waiting(void **state)
{
    (void)state;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_t open = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    atomic_int dropped = 0;
    struct pool *p = NULL;
    const struct pool_config config = {
        .name = "test", .workers = 2, .queue = 4, .clock = clock_system()};
    assert_ok(pool_new(&config, &p));
    struct task alone[3];
    struct task other = make(&open, &ran, &dropped);
    other.job.queued.party = 1;
    (void)pthread_mutex_lock(&gate);
    for (size_t i = 0; i < ARRAY_LEN(alone); i++) {
        alone[i] = make(&gate, &ran, &dropped);
        alone[i].job.queued.alone = true;
        assert_true(pool_post(p, &alone[i].job));
    }
    assert_true(pool_post(p, &other.job));
    while (atomic_load(&ran) == 0) {
        (void)usleep(100); /* for ever, if both workers were taken */
    }
    assert_int_equal(pool_depth(p), 2);
    (void)pthread_mutex_unlock(&gate);
    wait_for_rest(p);
    pool_free(&p);
    assert_int_equal(atomic_load(&ran), 4);
    assert_int_equal(atomic_load(&dropped), 0);
}

enum { POSTERS = 4, POSTS = 400, SHELF = 8 };

struct poster {
    struct pool *pool;
    uint64_t seed;
    atomic_int run, dropped, refused, rejected;

    struct parcel {
        struct job job;
        struct poster *from;
    } parcel[POSTS];
};

static void parcel_run(struct job *job, int64_t waited_ms)
{
    (void)waited_ms;
    (void)atomic_fetch_add(&CONTAINER_OF(job, struct parcel, job)->from->run, 1);
}

static void parcel_drop(struct job *job)
{
    (void)atomic_fetch_add(&CONTAINER_OF(job, struct parcel, job)->from->dropped, 1);
}

static void parcel_refuse(struct job *job)
{
    (void)atomic_fetch_add(&CONTAINER_OF(job, struct parcel, job)->from->refused, 1);
}

static void *post_all(void *context)
{
    struct poster *p = context;
    for (size_t i = 0; i < POSTS; i++) {
        struct parcel *const parcel = &p->parcel[i];
        parcel->from = p;
        parcel->job = (struct job){.queued = {.address = random_below(&p->seed, 3),
                                              .party = random_below(&p->seed, 3),
                                              .alone = random_below(&p->seed, 2) == 0},
                                   .first = random_below(&p->seed, 8) == 0,
                                   .run = parcel_run,
                                   .drop = parcel_drop,
                                   .refuse = parcel_refuse};
        if (!pool_post(p->pool, &parcel->job)) {
            (void)atomic_fetch_add(&p->rejected, 1);
        }
    }
    return NULL;
}

/* Posted from everywhere into a queue that is always full, and stopped in the middle: each job gets
 * one end, and one only. */
static void a_stop_while_the_queue_is_full_loses_nobody(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        static struct poster posters[POSTERS];
        pthread_t thread[POSTERS];
        struct pool *p = NULL;
        const struct pool_config config = {
            .name = "test", .workers = 3, .queue = SHELF, .reserved = 2, .clock = clock_system()};
        assert_ok(pool_new(&config, &p));
        for (size_t i = 0; i < POSTERS; i++) {
            posters[i] = (struct poster){.pool = p, .seed = (uint64_t)round * POSTERS + i};
            assert_int_equal(pthread_create(&thread[i], NULL, post_all, &posters[i]), 0);
        }
        (void)usleep((unsigned)round * 200);
        pool_stop(p);
        int ends = 0;
        for (size_t i = 0; i < POSTERS; i++) {
            assert_int_equal(pthread_join(thread[i], NULL), 0);
            ends += atomic_load(&posters[i].run) + atomic_load(&posters[i].dropped) +
                    atomic_load(&posters[i].refused) + atomic_load(&posters[i].rejected);
        }
        assert_int_equal(ends, POSTERS * POSTS);
        assert_int_equal(pool_depth(p) + pool_busy(p), 0);
        pool_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_takes_its_limit_and_refuses_one_more),
        cmocka_unit_test(many_workers_run_everything_once),
        cmocka_unit_test(a_stop_ends_what_runs_and_drops_what_waits),
        cmocka_unit_test(a_pool_that_is_freed_drops_what_waits),
        cmocka_unit_test(a_flood_delays_and_refuses_itself_alone),
        cmocka_unit_test(what_goes_first_passes_others_and_has_places_of_its_own),
        cmocka_unit_test(what_goes_first_waits_among_others_when_its_places_are_taken),
        cmocka_unit_test(what_goes_first_lets_others_pass_now_and_then),
        cmocka_unit_test(who_is_to_be_alone_keeps_no_second_worker_waiting),
        cmocka_unit_test(a_stop_while_the_queue_is_full_loses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
