#include "server/guests.h"

#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

static struct peer_address at(const char *text)
{
    struct peer_address a = {.port = 0};
    assert_ok(address_parse((span_t){(const uint8_t *)text, strlen(text)}, &a));
    return a;
}

static bool enters(struct guests *g, const char *text)
{
    const struct peer_address a = at(text);
    return guests_enter(g, &a);
}

static void leaves(struct guests *g, const char *text)
{
    const struct peer_address a = at(text);
    guests_leave(g, &a);
}

static void an_address_holds_its_limit_and_not_one_more(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"192.0.2.7", "192.0.2.7", "192.0.2.8"},
        {"2001:db8::7", "2001:db8::8", "2001:db8:0:1::7"}, /* one /64, and another */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct guests g;
        guests_init(&g, 3, 30);
        assert_true(enters(&g, rows[i][0]));
        assert_true(enters(&g, rows[i][1]));  /* limit - 1 */
        assert_true(enters(&g, rows[i][0]));  /* limit */
        assert_false(enters(&g, rows[i][1])); /* limit + 1 */
        assert_true(enters(&g, rows[i][2]));
        leaves(&g, rows[i][0]);
        assert_true(enters(&g, rows[i][0]));
        assert_false(enters(&g, rows[i][0]));
        guests_deinit(&g);
    }
}

static void a_neighbourhood_holds_its_limit_and_not_one_more(void **state)
{
    (void)state;
    static const char *const rows[][5] = {
        {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.3.1"},
        {"2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:ffff::1", "2001:db8:1::1",
         "2001:db8:2::1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct guests g;
        guests_init(&g, 2, 3);
        assert_true(enters(&g, rows[i][0]));
        assert_true(enters(&g, rows[i][1]));  /* limit - 1 */
        assert_true(enters(&g, rows[i][2]));  /* limit */
        assert_false(enters(&g, rows[i][3])); /* limit + 1 */
        assert_false(enters(&g, rows[i][0]));
        assert_true(enters(&g, rows[i][4])); /* the next one has its own */
        leaves(&g, rows[i][1]);
        assert_true(enters(&g, rows[i][3]));
        guests_deinit(&g);
    }
}

static void without_a_limit_everybody_enters_and_the_table_empties_again(void **state)
{
    (void)state;
    struct guests g;
    guests_init(&g, 0, 0);
    char text[64];
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 5000; i++) {
            (void)snprintf(text, sizeof text, "192.0.2.%u", i % 100);
            if (round == 0) {
                assert_true(enters(&g, text));
            } else {
                leaves(&g, text);
            }
        }
    }
    assert_int_equal(g.count.as_uuid.count, 0);
    guests_deinit(&g);
}

/* Whoever chooses addresses must not know where they are put. */
static void no_two_tables_hash_alike(void **state)
{
    (void)state;
    struct guests one;
    struct guests two;
    guests_init(&one, 1, 1);
    guests_init(&two, 1, 1);
    assert_memory_not_equal(&one.count.as_uuid.key, &two.count.as_uuid.key,
                            sizeof one.count.as_uuid.key);
    guests_deinit(&one);
    guests_deinit(&two);
}

static void who_is_refused_is_not_counted(void **state)
{
    (void)state;
    struct guests g;
    guests_init(&g, 1, 2);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(enters(&g, "192.0.2.1"), i == 0);
    }
    assert_true(enters(&g, "192.0.2.2"));
    for (int i = 0; i < 100; i++) {
        assert_false(enters(&g, "192.0.2.3"));
    }
    leaves(&g, "192.0.2.1");
    assert_true(enters(&g, "192.0.2.3"));
    leaves(&g, "192.0.2.2");
    leaves(&g, "192.0.2.3");
    assert_int_equal(g.count.as_uuid.count, 0);
    guests_deinit(&g);
}

static void those_on_this_machine_are_no_neighbourhood(void **state)
{
    (void)state;
    static const char *const rows[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"};
    struct guests g;
    guests_init(&g, 1, 2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(enters(&g, rows[i]));
        assert_false(enters(&g, rows[i]));
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        leaves(&g, rows[i]);
    }
    guests_deinit(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_on_this_machine_are_no_neighbourhood),
        cmocka_unit_test(an_address_holds_its_limit_and_not_one_more),
        cmocka_unit_test(a_neighbourhood_holds_its_limit_and_not_one_more),
        cmocka_unit_test(no_two_tables_hash_alike),
        cmocka_unit_test(who_is_refused_is_not_counted),
        cmocka_unit_test(without_a_limit_everybody_enters_and_the_table_empties_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
