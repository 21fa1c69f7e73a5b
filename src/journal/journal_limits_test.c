/* What a journal takes up to its limits, and what it is when nothing is asked of it. */
#include "journal/frame.h"
#include "journal/journal.h"
#include "journal/writer.h"
#include "tests/support/journal.h"
#include "tests/support/scripted_clock.h"

#include <sys/statfs.h>

static uint64_t no_room(const struct journal_files *self, int dir)
{
    (void)self;
    (void)dir;
    return 0;
}

static void what_is_left_out_is_as_the_header_says(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_files files = *journal_files_system();
    files.room = no_room; /* so that no segment of that size is made */
    const struct journal_config config = {
        .dir = dir, .lanes = 1, .clock = clock_system(), .files = &files};
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    assert_int_equal(j->config.commit_us, JOURNAL_COMMIT_US_DEFAULT);
    assert_int_equal(j->config.segment_bytes, JOURNAL_SEGMENT_BYTES_DEFAULT);
    assert_int_equal(j->config.verify_bytes, JOURNAL_VERIFY_BYTES_DEFAULT);
    assert_int_equal(j->config.probe_ms, JOURNAL_PROBE_MS_DEFAULT);
    assert_int_equal(j->config.lane_bytes, JOURNAL_LANE_BYTES_DEFAULT);
    assert_ptr_equal(j->config.vouched, config.clock);
    assert_int_equal(writer_distance_us(j), JOURNAL_COMMIT_US_DEFAULT); /* no lane is crowded */
    journal_close(&j);
}

static journal_record_t record_of(size_t size)
{
    static uint8_t text[JOURNAL_DATA_MAX];
    journal_record_t r = testing_record(testing_id(1), 1, "");
    memset(text, 'x', sizeof text);
    r.type = (span_t){0};
    r.data = (span_t){text, size - JOURNAL_RECORD_FIXED};
    return r;
}

/* It could wait for ever. */
static void a_record_that_no_lane_or_segment_holds_is_refused(void **state)
{
    static const struct {
        size_t segment, lane, longest;
    } of[] = {{65536, 1024, 1024}, {65536, 1025, 2048}, {4096, 65536, 4096 - FRAME_HEAD}};

    for (size_t i = 0; i < ARRAY_LEN(of); i++) {
        char dir[TESTING_PATH];
        testing_join(dir, *state, "journal");
        struct journal_config config = testing_config(dir);
        config.segment_bytes = of[i].segment;
        config.lane_bytes = of[i].lane;
        struct journal *j = NULL;
        uint64_t position = 0;
        assert_ok(journal_open(&config, &j, NULL));
        journal_record_t r = record_of(of[i].longest + 1);
        assert_err(journal_append(journal_lane(j, 0), &r, &position), ERR_RANGE);
        r = record_of(of[i].longest);
        assert_true(testing_append(j, &r));
        struct journal_stats stats = {0};
        journal_stats_read(j, &stats);
        assert_int_equal(stats.bytes, FRAME_HEAD + of[i].longest);
        journal_close(&j);
        assert_int_equal(testing_read(dir).records, 1);
        testing_folder_remove(dir);
    }
}

static void there_is_room_for_what_does_not_wait_to_be_written(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config config = testing_config(dir);
    config.lane_bytes = JOURNAL_LANE_BYTES_MIN;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    struct journal_lane *lane = journal_lane(j, 0);
    uint64_t position = 0;
    for (int round = 0; round < 3; round++) {
        const journal_record_t r = record_of(200);
        assert_ok(journal_room(lane, JOURNAL_LANE_BYTES_MIN));
        assert_err(journal_room(lane, JOURNAL_LANE_BYTES_MIN + 1), ERR_LIMIT);
        assert_ok(journal_append(lane, &r, &position)); /* no kick: the writer sleeps on, */
        if (journal_durable(lane) < position) {         /* if it slept at all */
            assert_err(journal_room(lane, JOURNAL_LANE_BYTES_MIN), ERR_LIMIT);
        }
        journal_kick(lane);
        assert_true(testing_wait(j, lane, position));
    }
    journal_close(&j);
}

/* Each record fills a segment; the last has room behind it. */
static void segments_are_counted_however_many_they_are(void **state)
{
    enum { MANY = 140 };

    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    const struct journal_config config = testing_config(dir);
    struct journal *j = NULL;
    struct journal_stats stats = {0};
    journal_mark_t first = {0};
    journal_mark_t newest = {0};
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 1; line <= MANY; line++) {
        const journal_record_t r = record_of(line == MANY ? 200 : 4096 - FRAME_HEAD);
        assert_true(testing_append(j, &r));
        journal_mark_read(j, line == 1 ? &first : &newest);
    }
    const journal_record_t r = record_of(200);
    assert_true(testing_append(j, &r));
    journal_mark_read(j, &newest);
    journal_stats_read(j, &stats);
    assert_int_equal(stats.segments, MANY);
    assert_int_equal(stats.segment_bytes, MANY * 4096);
    assert_int_equal(journal_bytes_since(j, &first), MANY * 4096);
    assert_int_equal(newest.offset, FRAME_HEAD + 200);
    assert_int_equal(journal_bytes_since(j, &newest), 4096 - newest.offset);
    journal_close(&j);

    assert_ok(journal_open(&config, &j, NULL));
    journal_stats_read(j, &stats);
    assert_int_equal(stats.segments, MANY);
    journal_close(&j);
    assert_int_equal(testing_read(dir).records, MANY + 1);
}

/* Segments that begin in one millisecond: none of them is passed over. */
static void records_of_the_very_moment_are_among_those_since_then(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct scripted_clock clock;
    scripted_clock_init(&clock);
    struct journal_config config = testing_config(dir);
    config.clock = &clock.face;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 1; line <= 200; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    const wall_t moment = clock_wall(&clock.face);
    assert_int_equal(journal_sequence_since(j, moment), 0);
    assert_true(journal_sequence_since(j, wall_after_ms(moment, 1)) > 1);
    journal_close(&j);
}

static uint64_t fill(struct journal *j, unsigned lines)
{
    for (uint64_t line = 1; line <= lines; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    return journal_committed(j);
}

enum { SOME_SEGMENTS = 100, HOUR_S = 3600, TWO_DAYS_S = 48 * HOUR_S };

static void turn(struct scripted_clock *clock, int64_t by_s)
{
    scripted_clock_set_wall(clock, wall_after_ms(clock_wall(&clock->face), by_s * MS_PER_S));
}

/* However many segments began since, by whatever clock. */
static void what_came_before_the_clock_was_set_back_is_among_those_since_then(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct scripted_clock clock;
    scripted_clock_init(&clock);
    struct journal_config config = testing_config(dir);
    config.clock = &clock.face;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    (void)fill(j, SOME_SEGMENTS);
    turn(&clock, 1);
    const wall_t moment = clock_wall(&clock.face);
    const uint64_t sequence = fill(j, 1);
    (void)fill(j, SOME_SEGMENTS);
    turn(&clock, -HOUR_S);
    (void)fill(j, SOME_SEGMENTS);
    assert_true(journal_sequence_since(j, moment) > 1);
    assert_true(journal_sequence_since(j, moment) < sequence);
    journal_close(&j);
}

/* All that came since would be read by everybody for as long as it is kept. */
static void a_clock_that_was_far_ahead_for_a_moment_holds_nobody_up(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct scripted_clock clock;
    scripted_clock_init(&clock);
    struct journal_config config = testing_config(dir);
    config.clock = &clock.face;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    (void)fill(j, SOME_SEGMENTS);
    turn(&clock, TWO_DAYS_S);
    const uint64_t ahead = fill(j, SOME_SEGMENTS);
    turn(&clock, -TWO_DAYS_S);
    (void)fill(j, SOME_SEGMENTS);
    turn(&clock, 1);
    const wall_t moment = clock_wall(&clock.face);
    const uint64_t sequence = fill(j, SOME_SEGMENTS);
    assert_true(journal_sequence_since(j, moment) > ahead);
    assert_true(journal_sequence_since(j, moment) < sequence);
    journal_close(&j);
}

/* Where nobody can tell, room is taken to be there: a write will say. */
static void room_is_what_the_file_system_says(void **state)
{
    const struct journal_files *files = journal_files_system();
    const int here = open(*state, O_RDONLY | O_DIRECTORY);
    const int proc = open("/proc", O_RDONLY | O_DIRECTORY);
    struct statfs st;
    assert_int_equal(fstatfs(here, &st), 0);
    assert_true(st.f_blocks > 0);
    assert_true(files->room(files, here) <= (uint64_t)st.f_blocks * (uint64_t)st.f_bsize);
    assert_true(files->room(files, proc) == UINT64_MAX); /* it has no blocks */
    assert_true(files->room(files, -1) == UINT64_MAX);
    (void)close(here);
    (void)close(proc);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, testing_folder_make, testing_folder_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_left_out_is_as_the_header_says),
        IN_FOLDER(a_record_that_no_lane_or_segment_holds_is_refused),
        IN_FOLDER(there_is_room_for_what_does_not_wait_to_be_written),
        IN_FOLDER(segments_are_counted_however_many_they_are),
        IN_FOLDER(records_of_the_very_moment_are_among_those_since_then),
        IN_FOLDER(what_came_before_the_clock_was_set_back_is_among_those_since_then),
        IN_FOLDER(a_clock_that_was_far_ahead_for_a_moment_holds_nobody_up),
        IN_FOLDER(room_is_what_the_file_system_says),
    };
    return cmocka_run_group_tests_name("journal_limits", tests, NULL, NULL);
}
