/* view_seen_test.c - what is noted of files that were let go is found again, or forgotten, and never another's. */
#include "journal/view_seen.h"

#include "tests/support/unit.h"

static uuid_t id_of(uint64_t number)
{
    uuid_t id = {{0}};
    memcpy(id.byte, &number, sizeof number);
    return id;
}

static void what_was_noted_last_is_found_and_nobody_else(void **state)
{
    enum { MANY = 100000 };

    struct view_seen seen;
    uint64_t lines = 7;
    uint64_t size = 8;
    size_t found = 0;
    (void)state;
    view_seen_init(&seen, 1);
    assert_false(view_seen_find(&seen, id_of(1), &lines, &size));
    for (uint64_t i = 0; i < MANY; i++) {
        view_seen_note(&seen, id_of(i), 1, 1);
        view_seen_note(&seen, id_of(i), i, i * 1000);
    }
    assert_true(lines == 7 && size == 8);
    for (uint64_t i = 0; i < MANY; i++) {
        if (view_seen_find(&seen, id_of(i), &lines, &size)) {
            assert_true(lines == i && size == i * 1000);
            found++;
        }
        assert_false(view_seen_find(&seen, id_of(MANY + i), &lines, &size));
    }
    assert_in_range(found, MANY * 9 / 10, MANY); /* some share a row */
    view_seen_deinit(&seen);
    view_seen_deinit(&seen);
}

static void what_is_too_large_is_forgotten(void **state)
{
    static const struct {
        uint64_t lines, size;
        bool fits;
    } rows[] = {{(1 << 24) - 1, (UINT64_C(1) << 40) - 1, true},
                {1 << 24, 1, false},
                {1, UINT64_C(1) << 40, false},
                {UINT64_MAX, UINT64_MAX, false}};
    struct view_seen seen;
    (void)state;
    view_seen_init(&seen, 2);
    for (uint64_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t lines = 0;
        uint64_t size = 0;
        view_seen_note(&seen, id_of(i), rows[i].lines, rows[i].size);
        assert_int_equal(view_seen_find(&seen, id_of(i), &lines, &size), rows[i].fits);
        assert_true(!rows[i].fits || (lines == rows[i].lines && size == rows[i].size));
    }
    view_seen_deinit(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_noted_last_is_found_and_nobody_else),
        cmocka_unit_test(what_is_too_large_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
