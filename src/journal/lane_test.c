#include "journal/lane.h"

#include "base/util.h"
#include "journal/record.h"
#include "tests/support/unit.h"

#include <string.h>

enum { SIZE = 1024 };

static const journal_record_t record = {.kind = JOURNAL_EVENT, .data = SPAN_INIT("{}")};

/* One that fills a frame to the last byte would otherwise wait for ever, and all behind it. */
static void a_budget_is_used_to_its_last_byte_and_not_beyond(void **state)
{
    (void)state;
    struct journal_lane lane = {0};
    size_t size = 0;
    assert_ok(journal_record_size(&record, &size));
    assert_ok(lane_init(&lane, NULL, SIZE));
    assert_ok(lane_put(&lane, &record, size));
    assert_ok(lane_put(&lane, &record, size));

    const struct {
        size_t budget, bytes;
        uint32_t records;
    } cases[] = {{0, 0, 0},
                 {size - 1, 0, 0},
                 {size, size, 1},
                 {2 * size - 1, size, 1},
                 {2 * size, 2 * size, 2},
                 {SIZE, 2 * size, 2}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct lane_run run = {0};
        uint32_t records = 0;
        assert_int_equal(lane_take(&lane, cases[i].budget, &run, &records), cases[i].bytes);
        assert_int_equal(run.part[0].len + run.part[1].len, cases[i].bytes);
        assert_int_equal(records, cases[i].records);
        lane_return(&lane);
    }
    lane_deinit(&lane);
}

static void a_ring_is_filled_to_its_last_byte_and_not_beyond(void **state)
{
    (void)state;
    struct journal_lane lane = {0};
    static const uint8_t text[SIZE] = {0};
    journal_record_t whole = {.kind = JOURNAL_EVENT};
    size_t size = 0;
    whole.data = (span_t){text, SIZE - JOURNAL_RECORD_FIXED};
    assert_ok(journal_record_size(&whole, &size));
    assert_int_equal(size, SIZE);
    assert_ok(lane_init(&lane, NULL, SIZE));
    for (int round = 0; round < 3; round++) {
        struct lane_run run = {0};
        uint32_t records = 0;
        assert_ok(lane_put(&lane, &whole, SIZE));
        assert_err(lane_put(&lane, &record, JOURNAL_RECORD_FIXED + record.data.len), ERR_LIMIT);
        assert_int_equal(lane_take(&lane, SIZE, &run, &records), SIZE);
        assert_err(lane_put(&lane, &record, JOURNAL_RECORD_FIXED + record.data.len), ERR_LIMIT);
        lane_finish(&lane);
    }
    lane_deinit(&lane);
}

/* Also when the length itself stands in two pieces, the end of the ring between them. */
static void records_are_found_wherever_the_ring_ends(void **state)
{
    (void)state;
    static uint8_t text[SIZE];
    struct journal_lane lane = {0};
    memset(text, 'x', sizeof text);
    assert_ok(lane_init(&lane, NULL, SIZE));
    for (size_t data = 0; data < (size_t)5 * SIZE; data++) { /* begins at each byte of the ring */
        const journal_record_t r = {.kind = JOURNAL_EVENT, .data = {text, data % 300}};
        struct lane_run run = {0};
        uint32_t records = 0;
        size_t size = 0;
        assert_ok(journal_record_size(&r, &size));
        assert_ok(lane_put(&lane, &r, size));
        assert_int_equal(lane_take(&lane, SIZE, &run, &records), size);
        assert_int_equal(records, 1);
        lane_finish(&lane);
    }
    lane_deinit(&lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_budget_is_used_to_its_last_byte_and_not_beyond),
        cmocka_unit_test(a_ring_is_filled_to_its_last_byte_and_not_beyond),
        cmocka_unit_test(records_are_found_wherever_the_ring_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
