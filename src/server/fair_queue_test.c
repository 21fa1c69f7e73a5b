#include "server/fair_queue.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <string.h>

enum { MANY = 64 };

/* A job of an address and a party, with a name to know it by. */
struct guest {
    queued_t queued;
    char name;
    bool in;
};

static struct guest guest_of(char name, uint64_t address, uint64_t party)
{
    return (struct guest){.queued = {.address = address, .party = party}, .name = name};
}

static struct guest *guest_at(struct queued *q)
{
    return q == NULL ? NULL : CONTAINER_OF(q, struct guest, queued);
}

static void put(struct fair_queue *q, struct guest *g)
{
    struct queued *out = NULL;
    assert_true(fair_queue_put(q, &g->queued, &out));
    assert_null(out);
}

/* Who has to make room for it: a name, '-' for nobody, '!' when it is refused. */
static int put_full(struct fair_queue *q, struct guest *g)
{
    struct queued *out = NULL;
    if (!fair_queue_put(q, &g->queued, &out)) {
        assert_null(out);
        return '!';
    }
    return out == NULL ? '-' : guest_at(out)->name;
}

/* Work on all that waits, one at a time: the names in the order of their turns. */
static void take_all(struct fair_queue *q, char names[MANY + 1])
{
    size_t n = 0;
    for (struct queued *job = NULL; (job = fair_queue_take(q)) != NULL;) {
        assert_true(n < MANY);
        names[n++] = guest_at(job)->name;
        fair_queue_done(q, *job);
    }
    names[n] = '\0';
}

static void assert_turns(struct fair_queue *q, const char *names)
{
    char turns[MANY + 1];
    take_all(q, turns);
    assert_string_equal(turns, names);
    assert_int_equal(q->root.waiting, 0);
    assert_null(q->root.turn); /* whoever has nothing here is forgotten */
}

/* ---- turns */

static void one_party_is_served_first_come_first_served(void **state)
{
    (void)state;
    struct fair_queue q;
    struct guest g[6];
    assert_ok(fair_queue_init(&q, ARRAY_LEN(g), 1));
    for (size_t i = 0; i < ARRAY_LEN(g); i++) {
        g[i] = guest_of((char)('a' + i), 7, 9);
        put(&q, &g[i]);
    }
    assert_turns(&q, "abcdef");
    fair_queue_deinit(&q);
}

static void addresses_have_their_turns_and_parties_within_them(void **state)
{
    (void)state;

    static const struct {
        uint64_t address, party;
    } from[] = {{1, 1}, {1, 1}, {1, 1}, {1, 2}, {1, 2}, {2, 1}, {2, 1}, {3, 5}};

    struct fair_queue q;
    struct guest g[ARRAY_LEN(from)];
    assert_ok(fair_queue_init(&q, ARRAY_LEN(g), 1));
    for (size_t i = 0; i < ARRAY_LEN(g); i++) {
        g[i] = guest_of((char)('a' + i), from[i].address, from[i].party);
        put(&q, &g[i]);
    }
    assert_turns(&q, "afhdgbec"); /* 1.1 2.1 3.5, 1.2 2.1, 1.1, 1.2, 1.1 */
    fair_queue_deinit(&q);
}

/* However long a backlog is, whoever comes behind it waits for one job of it. */
static void a_backlog_delays_its_own_party_alone(void **state)
{
    (void)state;
    struct fair_queue q;
    struct guest flood[32];
    struct guest a = guest_of('A', 1, 2); /* of the same address */
    struct guest b = guest_of('B', 2, 1); /* of another one */
    assert_ok(fair_queue_init(&q, MANY, 1));
    for (size_t i = 0; i < ARRAY_LEN(flood); i++) {
        flood[i] = guest_of('.', 1, 1);
        put(&q, &flood[i]);
    }
    put(&q, &a);
    put(&q, &b);
    char turns[MANY + 1];
    take_all(&q, turns);
    assert_int_equal(strchr(turns, 'B') - turns, 1);
    assert_int_equal(strchr(turns, 'A') - turns, 2);
    fair_queue_deinit(&q);
}

/* ---- who makes room */

static void the_newest_of_the_longest_backlog_makes_room(void **state)
{
    (void)state;
    struct fair_queue q;
    struct guest g[4];
    struct guest other = guest_of('o', 2, 1);
    struct guest second = guest_of('s', 1, 2);
    assert_ok(fair_queue_init(&q, ARRAY_LEN(g), 1));
    for (size_t i = 0; i < ARRAY_LEN(g); i++) {
        g[i] = guest_of((char)('a' + i), 1, 1);
        put(&q, &g[i]);
    }
    struct guest more = guest_of('m', 1, 1);
    assert_int_equal(put_full(&q, &more), '!');   /* the backlog itself grows no more */
    assert_int_equal(put_full(&q, &other), 'd');  /* a b c, o */
    assert_int_equal(put_full(&q, &second), 'c'); /* a b, s, o: within the same address */
    struct guest third = guest_of('t', 2, 2);
    assert_int_equal(put_full(&q, &third), 'b'); /* 3 and 1: now 2 and 2 */
    struct guest fourth = guest_of('f', 2, 3);
    assert_int_equal(put_full(&q, &fourth), '!'); /* nothing would be won */
    assert_int_equal(q.root.waiting, 4);
    assert_turns(&q, "aost");
    fair_queue_deinit(&q);
}

static void equal_backlogs_do_not_push_each_other_out(void **state)
{
    (void)state;
    struct fair_queue q;
    struct guest g[4];
    assert_ok(fair_queue_init(&q, ARRAY_LEN(g), 1));
    for (size_t i = 0; i < ARRAY_LEN(g); i++) {
        g[i] = guest_of((char)('a' + i), i, i);
        put(&q, &g[i]);
    }
    struct guest late = guest_of('l', 9, 9);
    struct guest again = guest_of('n', 0, 0);
    assert_int_equal(put_full(&q, &late), '!');
    assert_int_equal(put_full(&q, &again), '!');
    assert_turns(&q, "abcd");
    fair_queue_deinit(&q);
}

/* An address may fill the queue with parties that have one job each. */
static void a_party_that_makes_room_with_its_only_job_leaves(void **state)
{
    (void)state;

    enum { LIMIT = 4, WORKERS = 1 };
    struct fair_queue q;
    assert_ok(fair_queue_init(&q, LIMIT, WORKERS));
    for (uint64_t round = 0; round < 50; round++) {
        struct guest many[LIMIT];
        struct guest other = guest_of('o', 2, round);
        char names[MANY + 1];
        size_t unused = 0;
        for (size_t i = 0; i < LIMIT; i++) {
            many[i] = guest_of((char)('a' + i), 1, 10 * round + i);
            put(&q, &many[i]);
        }
        assert_in_range(put_full(&q, &other), 'a', 'd');
        take_all(&q, names);
        assert_int_equal(strlen(names), LIMIT);
        for (const struct share *free_one = q.unused; free_one != NULL; free_one = free_one->next) {
            unused++;
        }
        assert_int_equal(unused, 2 * (LIMIT + WORKERS));
    }
    fair_queue_deinit(&q);
}

static void a_queue_of_no_places_refuses_everybody(void **state)
{
    (void)state;
    struct fair_queue q;
    struct guest g = guest_of('a', 1, 1);
    assert_ok(fair_queue_init(&q, 0, 2));
    assert_int_equal(put_full(&q, &g), '!');
    assert_null(fair_queue_take(&q));
    fair_queue_deinit(&q);
}

/* ---- alone */

static void what_is_to_be_alone_waits_for_its_like_and_others_pass(void **state)
{
    (void)state;
    struct fair_queue q;
    struct guest g[] = {guest_of('a', 1, 1), guest_of('b', 1, 1), guest_of('c', 1, 1),
                        guest_of('d', 1, 2)};
    assert_ok(fair_queue_init(&q, ARRAY_LEN(g), 4));
    g[0].queued.alone = true;
    g[1].queued.alone = true;
    for (size_t i = 0; i < ARRAY_LEN(g); i++) {
        put(&q, &g[i]);
    }
    assert_int_equal(guest_at(fair_queue_take(&q))->name, 'a');
    assert_int_equal(guest_at(fair_queue_take(&q))->name, 'd');
    assert_null(fair_queue_take(&q)); /* two workers have nothing to do */
    fair_queue_done(&q, g[3].queued);
    assert_null(fair_queue_take(&q));
    fair_queue_done(&q, g[0].queued);
    assert_int_equal(guest_at(fair_queue_take(&q))->name, 'b');
    assert_int_equal(guest_at(fair_queue_take(&q))->name, 'c'); /* it may be beside one */
    fair_queue_done(&q, g[1].queued);
    fair_queue_done(&q, g[2].queued);
    assert_turns(&q, "");
    fair_queue_deinit(&q);
}

static void what_is_cleared_is_handed_back_while_others_are_worked_on(void **state)
{
    (void)state;
    struct fair_queue q;
    struct guest g[6];
    assert_ok(fair_queue_init(&q, ARRAY_LEN(g), 1));
    for (size_t i = 0; i < ARRAY_LEN(g); i++) {
        g[i] = guest_of((char)('a' + i), i % 2, i % 3);
        put(&q, &g[i]);
    }
    const struct guest *const busy = guest_at(fair_queue_take(&q));
    size_t count = 0;
    for (const struct queued *left = fair_queue_clear(&q); left != NULL; left = left->next) {
        assert_ptr_not_equal(left, &busy->queued);
        count += 1;
    }
    assert_int_equal(count, ARRAY_LEN(g) - 1);
    fair_queue_done(&q, busy->queued);
    assert_turns(&q, "");
    fair_queue_deinit(&q);
}

/* ---- whatever comes */

/* Everybody who is let in goes out once, and the shares never run out. */
static void a_long_life_loses_nobody(void **state)
{
    (void)state;

    enum { LIMIT = 12, WORKERS = 3, STEPS = 50000 };

    uint64_t r = 11;
    struct fair_queue q;
    static struct guest g[MANY];
    struct queued *work[WORKERS] = {NULL};
    assert_ok(fair_queue_init(&q, LIMIT, WORKERS));
    for (int step = 0; step < STEPS; step++) {
        struct guest *const some = &g[random_below(&r, MANY)];
        const size_t worker = random_below(&r, WORKERS);
        if (!some->in) {
            *some = guest_of('x', random_below(&r, 5), random_below(&r, 4));
            some->queued.alone = random_below(&r, 3) == 0;
            struct queued *out = NULL;
            some->in = fair_queue_put(&q, &some->queued, &out);
            if (out != NULL) {
                assert_true(some->in && guest_at(out)->in);
                guest_at(out)->in = false;
            }
        }
        assert_in_range(q.root.waiting, 0, LIMIT);
        if (work[worker] != NULL) {
            fair_queue_done(&q, *work[worker]);
            guest_at(work[worker])->in = false;
        }
        work[worker] = fair_queue_take(&q);
    }
    size_t in = 0;
    for (size_t i = 0; i < WORKERS; i++) {
        if (work[i] != NULL) {
            fair_queue_done(&q, *work[i]);
            guest_at(work[i])->in = false;
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        in += g[i].in ? 1 : 0;
    }
    assert_int_equal(in, q.root.waiting);
    char turns[MANY + 1];
    take_all(&q, turns);
    assert_int_equal(strlen(turns), in);
    fair_queue_deinit(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_party_is_served_first_come_first_served),
        cmocka_unit_test(addresses_have_their_turns_and_parties_within_them),
        cmocka_unit_test(a_backlog_delays_its_own_party_alone),
        cmocka_unit_test(the_newest_of_the_longest_backlog_makes_room),
        cmocka_unit_test(equal_backlogs_do_not_push_each_other_out),
        cmocka_unit_test(a_party_that_makes_room_with_its_only_job_leaves),
        cmocka_unit_test(a_queue_of_no_places_refuses_everybody),
        cmocka_unit_test(what_is_to_be_alone_waits_for_its_like_and_others_pass),
        cmocka_unit_test(what_is_cleared_is_handed_back_while_others_are_worked_on),
        cmocka_unit_test(a_long_life_loses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
