/* Letters are never made, only waited for; and nobody waits for loops that have ended. */
#include "server/news.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <semaphore.h>

struct taker {
    struct news_stock *stock;
    sem_t taken;
    struct news *got;
    pthread_t thread;
};

static void *take(void *context)
{
    struct taker *t = context;
    t->got = news_take(t->stock);
    (void)sem_post(&t->taken);
    return NULL;
}

static void begin(struct taker *t, struct news *all[NEWS_MAX])
{
    *t = (struct taker){.stock = NULL};
    assert_ok(news_stock_new(&t->stock));
    for (size_t i = 0; i < NEWS_MAX; i++) {
        all[i] = news_take(t->stock);
        assert_non_null(all[i]);
    }
    assert_int_equal(sem_init(&t->taken, 0, 0), 0);
    assert_int_equal(pthread_create(&t->thread, NULL, take, t), 0);
    assert_int_equal(sem_trywait(&t->taken), -1); /* there is none to be had */
}

static void end(struct taker *t)
{
    assert_int_equal(pthread_join(t->thread, NULL), 0);
    (void)sem_destroy(&t->taken);
    news_stock_free(&t->stock);
    assert_null(t->stock);
}

static void whoever_finds_none_waits_for_the_next_that_comes_back(void **state)
{
    (void)state;
    struct taker t;
    struct news *all[NEWS_MAX];
    begin(&t, all);
    struct news *const seventh = all[7];
    news_give(t.stock, seventh);
    end(&t);
    assert_ptr_equal(t.got, seventh);
}

static void nobody_waits_for_loops_that_have_ended(void **state)
{
    (void)state;
    struct taker t;
    struct news *all[NEWS_MAX];
    begin(&t, all);
    news_stock_close(t.stock);
    assert_int_equal(pthread_join(t.thread, NULL), 0);
    assert_null(t.got);
    news_give(t.stock, all[0]); /* letters that were on their way come back all the same */
    assert_null(news_take(t.stock));
    (void)sem_destroy(&t.taken);
    news_stock_free(&t.stock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_finds_none_waits_for_the_next_that_comes_back),
        cmocka_unit_test(nobody_waits_for_loops_that_have_ended),
    };
    return cmocka_run_group_tests_name("news", tests, NULL, NULL);
}
