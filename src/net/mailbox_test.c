#include "net/mailbox.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { POSTERS = 4, LETTERS = 5000 };

struct numbered {
    struct letter letter;
    uint32_t poster;
    uint32_t number;
};

static bool rings(const struct mailbox *mb, int timeout_ms)
{
    struct pollfd p = {.fd = mailbox_fd(mb), .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1;
}

static void letters_arrive_in_order_and_ring_once(void **state)
{
    (void)state;
    struct mailbox mb;
    assert_ok(mailbox_init(&mb));
    assert_false(rings(&mb, 0));
    assert_null(mailbox_take(&mb));

    struct letter letters[5];
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n <= ARRAY_LEN(letters); n++) {
            for (size_t i = 0; i < n; i++) {
                mailbox_post(&mb, &letters[i]);
            }
            assert_true(rings(&mb, 0));
            for (size_t i = 0; i < n; i++) {
                assert_ptr_equal(mailbox_take(&mb), &letters[i]);
            }
            assert_null(mailbox_take(&mb));
            assert_false(rings(&mb, 0));
            assert_null(mailbox_take(&mb));
        }
    }
    mailbox_deinit(&mb);
}

static void a_letter_taken_may_be_posted_again_at_once(void **state)
{
    (void)state;
    struct mailbox mb;
    struct letter a;
    struct letter b;
    assert_ok(mailbox_init(&mb));
    mailbox_post(&mb, &a);
    for (int i = 0; i < 10; i++) {
        mailbox_post(&mb, &b);
        assert_ptr_equal(mailbox_take(&mb), &a);
        mailbox_post(&mb, &a);
        assert_ptr_equal(mailbox_take(&mb), &b);
    }
    assert_ptr_equal(mailbox_take(&mb), &a);
    assert_null(mailbox_take(&mb));
    mailbox_deinit(&mb);
}

/* A poster that is held up between saying that it rings and ringing: its letter is found meanwhile,
 * and its ring comes when nothing is left to take. */
static void a_ring_behind_its_letter_is_hushed(void **state)
{
    (void)state;
    const uint64_t one = 1;
    struct mailbox mb;
    struct letter a;
    assert_ok(mailbox_init(&mb));
    mailbox_post(&mb, &a);
    assert_ptr_equal(mailbox_take(&mb), &a);
    assert_null(mailbox_take(&mb));
    assert_int_equal(write(mailbox_fd(&mb), &one, sizeof one), sizeof one);
    assert_true(rings(&mb, 0));
    assert_null(mailbox_take(&mb));
    assert_false(rings(&mb, 0)); /* or its owner would come again and again for nothing */

    mailbox_post(&mb, &a);
    assert_true(rings(&mb, 0));
    assert_ptr_equal(mailbox_take(&mb), &a);
    assert_null(mailbox_take(&mb));
    mailbox_deinit(&mb);
}

struct poster {
    struct mailbox *mb;
    uint32_t id;
};

static void *post_all(void *argument)
{
    const struct poster *me = argument;
    for (uint32_t i = 0; i < LETTERS; i++) {
        struct numbered *n = malloc(sizeof *n);
        if (n == NULL) {
            return NULL;
        }
        n->poster = me->id;
        n->number = i;
        mailbox_post(me->mb, &n->letter);
    }
    return argument;
}

/* Sleeps on the descriptor whenever it is told that nothing is there: a ring that is lost shows
 * as a wait that does not end. The letters are freed here, posted there. */
static void nothing_is_lost_or_turned_round_between_threads(void **state)
{
    (void)state;
    struct mailbox mb;
    assert_ok(mailbox_init(&mb));
    pthread_t threads[POSTERS];
    struct poster posters[POSTERS];
    for (uint32_t i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){&mb, i};
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }

    uint32_t next[POSTERS] = {0};
    for (int taken = 0; taken < POSTERS * LETTERS;) {
        struct letter *letter = mailbox_take(&mb);
        if (letter == NULL) {
            assert_true(rings(&mb, 60000));
            continue;
        }
        struct numbered *n = CONTAINER_OF(letter, struct numbered, letter);
        assert_int_equal(n->number, next[n->poster]);
        next[n->poster]++;
        taken++;
        free(n);
    }
    for (size_t i = 0; i < POSTERS; i++) {
        void *done = NULL;
        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_non_null(done);
    }
    assert_null(mailbox_take(&mb));
    mailbox_deinit(&mb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_arrive_in_order_and_ring_once),
        cmocka_unit_test(a_letter_taken_may_be_posted_again_at_once),
        cmocka_unit_test(a_ring_behind_its_letter_is_hushed),
        cmocka_unit_test(nothing_is_lost_or_turned_round_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
