/* crowds_test.c - crowds without memory, without order, of a wrong count. */
#include "engine/people/crowds.h"

#include "engine/people/crowd_test.h"
#include "tests/support/unit.h"

#include <stdlib.h>

enum { ROOM = 1 << 20, CROWDS = 3 };

/* What the heap still gives: a test that fails one allocation after the other has to count somewhere that
 * a function without an argument for it finds. */
static size_t left_to_give;

static void *give(size_t n, size_t size)
{
    if (left_to_give == 0) {
        return NULL;
    }
    left_to_give--;
    return calloc(n, size);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is written through a cursor */
static size_t write_some(uint8_t *bytes, struct test_crowd *t, const uint64_t context[CROWDS])
{
    struct crowd some[CROWDS];
    test_crowd(t, 5);
    for (size_t i = 0; i < CROWDS; i++) {
        some[i] = t->crowd;
        some[i].context = context[i];
    }
    struct byte_writer w = {.at = bytes, .left = ROOM};
    crowds_write(&w, some, CROWDS);
    assert_false(w.failed);
    return ROOM - w.left;
}

static void every_allocation_may_fail_and_leaves_nothing(void **state)
{
    (void)state;
    struct test_crowd t;
    struct crowds c;
    uint8_t *bytes = malloc(ROOM);
    assert_non_null(bytes);
    const size_t size = write_some(bytes, &t, (const uint64_t[CROWDS]){7, 8, 9});
    size_t fails = 0;
    for (;; fails++) {
        left_to_give = fails;
        const enum canara_status status =
            crowds_read_with((struct byte_reader){.at = bytes, .left = size}, give, &c);
        if (status == CANARA_OK) {
            break;
        }
        assert_int_equal(status, CANARA_NO_MEMORY);
    }
    assert_int_equal(fails, 2 + CROWDS);
    assert_int_equal(c.count, CROWDS);
    crowds_free(&c);
    crowds_free(&c); /* what is empty may be freed again */
    assert_int_equal(c.count, 0);
    free(bytes);
}

static void crowds_must_stand_in_order_and_once(void **state)
{
    (void)state;

    static const struct {
        uint64_t context[CROWDS];
        enum canara_status status;
    } cases[] = {{{1, 2, 3}, CANARA_OK},
                 {{1, 3, 2}, CANARA_BAD_FORMAT},
                 {{1, 1, 2}, CANARA_BAD_FORMAT},
                 {{2, 2, 2}, CANARA_BAD_FORMAT}};

    struct test_crowd t;
    uint8_t *bytes = malloc(ROOM);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct crowds c = {.count = 0};
        const size_t size = write_some(bytes, &t, cases[i].context);
        assert_int_equal(crowds_read((struct byte_reader){.at = bytes, .left = size}, &c),
                         cases[i].status);
        crowds_free(&c);
    }
    free(bytes);
}

static void no_bytes_are_no_crowds_and_a_wrong_count_is_refused(void **state)
{
    (void)state;
    struct test_crowd t;
    struct crowds c;
    uint8_t *bytes = malloc(ROOM);
    assert_non_null(bytes);
    const size_t size = write_some(bytes, &t, (const uint64_t[CROWDS]){7, 8, 9});
    assert_int_equal(crowds_read((struct byte_reader){.at = bytes, .left = 0}, &c), CANARA_OK);
    assert_int_equal(c.count, 0);
    assert_null(crowds_of(&c, 7, SAMPLE_FEATURES, TEST_FEATURES));

    static const uint32_t counts[] = {0, CROWDS - 1, CROWDS + 1, CROWD_MAX + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct byte_writer w = {.at = bytes, .left = 4};
        write_u32(&w, counts[i]);
        assert_int_equal(crowds_read((struct byte_reader){.at = bytes, .left = size}, &c),
                         CANARA_BAD_FORMAT);
    }
    assert_int_equal(crowds_read((struct byte_reader){.at = bytes, .left = 3}, &c),
                     CANARA_BAD_FORMAT);
    free(bytes);
}

static void nothing_is_written_of_no_crowds(void **state)
{
    (void)state;
    uint8_t bytes[4];
    struct byte_writer w = {.at = bytes, .left = sizeof bytes};
    crowds_write(&w, NULL, 0);
    assert_int_equal(w.left, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail_and_leaves_nothing),
        cmocka_unit_test(crowds_must_stand_in_order_and_once),
        cmocka_unit_test(no_bytes_are_no_crowds_and_a_wrong_count_is_refused),
        cmocka_unit_test(nothing_is_written_of_no_crowds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
