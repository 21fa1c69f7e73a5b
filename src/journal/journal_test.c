#include "journal/journal.h"

#include "base/util.h"
#include "journal/frame.h"
#include "journal/thread.h"
#include "journal/writer.h"
#include "tests/support/journal.h"

#include <dirent.h>

static size_t count_segments(const char *dir)
{
    DIR *d = opendir(dir);
    assert_non_null(d);
    size_t n = 0;
    uint64_t first = 0;
    for (const struct dirent *e = NULL; (e = readdir(d)) != NULL;) { /* NOLINT: own stream */
        n += segment_name_parse(e->d_name, &first) ? 1 : 0;
    }
    (void)closedir(d);
    return n;
}

static void append_lines(const struct journal_config *config, uint64_t from, uint64_t to)
{
    struct journal *j = NULL;
    assert_ok(journal_open(config, &j, NULL));
    for (uint64_t line = from; line <= to; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{\"words_per_minute\":60}");
        assert_true(testing_append(j, &r));
    }
    journal_close(&j);
    assert_null(j);
}

static void what_was_appended_is_read_back_in_order_over_restarts(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    const struct journal_config config = testing_config(dir);
    append_lines(&config, 1, 100);
    append_lines(&config, 101, 150);
    append_lines(&config, 151, 151);
    const struct testing_count count = testing_read(dir);
    assert_ok(count.result);
    assert_int_equal(count.records, 151);
    assert_true(count.ordered);
    assert_true(count_segments(dir) > 4);
    struct stat st;
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void opening_and_closing_without_records_leaves_nothing(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    const struct journal_config config = testing_config(dir);
    for (int i = 0; i < 3; i++) {
        struct journal *j = NULL;
        assert_ok(journal_open(&config, &j, NULL));
        assert_int_equal(journal_committed(j), 1);
        journal_close(&j);
    }
    assert_int_equal(count_segments(dir), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void a_second_server_is_refused(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    const struct journal_config config = testing_config(dir);
    struct journal *first = NULL;
    struct journal *second = NULL;
    struct journal_fault why = {0};
    const int input = fcntl(STDIN_FILENO, F_GETFD);
    assert_ok(journal_open(&config, &first, NULL));
    assert_err(journal_open(&config, &second, &why), ERR_LIMIT);
    assert_null(second);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), input); /* it closes what it opened alone */
    assert_non_null(strstr(why.reason, "another server"));
    journal_close(&first);
    assert_ok(journal_open(&config, &second, &why));
    journal_close(&second);
}

static void configurations_out_of_range_are_refused(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config bad[6];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bad[i] = testing_config(dir);
    }
    bad[0].lanes = 0;
    bad[1].lanes = JOURNAL_LANES_MAX + 1;
    bad[2].segment_bytes = JOURNAL_SEGMENT_BYTES_MIN - 1;
    bad[3].segment_bytes = JOURNAL_SEGMENT_BYTES_MAX + 1;
    bad[4].lane_bytes = JOURNAL_LANE_BYTES_MAX + 1;
    bad[5].retention_days = -1;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct journal *j = NULL;
        assert_err(journal_open(&bad[i], &j, NULL), ERR_RANGE);
    }
    struct journal_config nowhere = testing_config("/proc/none/journal");
    struct journal *j = NULL;
    assert_err(journal_open(&nowhere, &j, NULL), ERR_IO);
}

static void a_record_too_long_is_refused_and_the_longest_is_taken(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config config = testing_config(dir);
    config.segment_bytes = UINT64_C(256) * 1024;
    config.lane_bytes = (size_t)256 * 1024;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    static uint8_t data[JOURNAL_DATA_MAX + 1];
    memset(data, 'x', sizeof data);
    journal_record_t r = testing_record(testing_id(1), 1, "");
    uint64_t position = 0;
    r.data = (span_t){data, JOURNAL_DATA_MAX + 1};
    assert_err(journal_append(journal_lane(j, 0), &r, &position), ERR_RANGE);
    r.data.len--;
    for (uint64_t line = 1; line <= 9; line++) {
        r.line = line;
        assert_true(testing_append(j, &r));
    }
    journal_close(&j);
    const struct testing_count count = testing_read(dir);
    assert_int_equal(count.records, 9);
    assert_true(count.ordered);
}

/* ---- lanes and threads ------------------------------------------------------------------------ */

enum { PER_THREAD = 3000 };

struct pusher {
    struct journal *j;
    unsigned lane;
    uint64_t refused;
};

static void *push(void *context)
{
    struct pusher *p = context;
    struct journal_lane *lane = journal_lane(p->j, p->lane);
    uint64_t position = 0;
    for (uint64_t line = 1; line <= PER_THREAD;) {
        const journal_record_t r =
            testing_record(testing_id((uint8_t)p->lane), line, "{\"clicks_per_second\":3}");
        if (failed(journal_append(lane, &r, &position))) {
            p->refused++;
            journal_kick(lane);
            struct pollfd wait = {.fd = journal_lane_fd(lane), .events = POLLIN};
            (void)poll(&wait, 1, 100);
            journal_lane_ack(lane);
            continue;
        }
        line++;
        if (line % 7 == 0) {
            journal_kick(lane);
        }
    }
    journal_kick(lane);
    while (journal_durable(lane) < position) {
        struct pollfd wait = {.fd = journal_lane_fd(lane), .events = POLLIN};
        (void)poll(&wait, 1, 100);
        journal_lane_ack(lane);
    }
    return NULL;
}

static void two_lanes_keep_their_order_and_lose_nothing(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config config = testing_config(dir);
    config.lanes = 2;
    config.segment_bytes = UINT64_C(128) * 1024;
    config.lane_bytes = 8192;
    config.commit_us = 50;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    struct pusher pushers[2] = {{.j = j, .lane = 0}, {.j = j, .lane = 1}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        assert_ok(thread_start(&threads[i], "push", push, &pushers[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        thread_join(threads[i]);
    }
    struct journal_stats stats;
    journal_stats_read(j, &stats);
    assert_int_equal(stats.records, 2 * PER_THREAD);
    assert_int_equal(stats.queued_bytes, 0);
    assert_true(stats.commit.count == stats.frames && stats.frames < stats.records);

    uint64_t lines[2] = {0};
    struct journal_reader *reader = NULL;
    assert_ok(journal_reader_open(dir, 0, journal_committed(j), &reader, NULL));
    journal_record_t r = {0};
    for (bool more = true;;) {
        assert_ok(journal_reader_next(reader, &r, &more));
        if (!more) {
            break;
        }
        const uint8_t lane = r.session.byte[15];
        assert_true(lane < 2);
        assert_int_equal(r.line, ++lines[lane]);
    }
    assert_int_equal(lines[0], PER_THREAD);
    assert_int_equal(lines[1], PER_THREAD);
    journal_reader_close(&reader);
    journal_close(&j);
}

static void a_reader_follows_a_running_writer(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    const struct journal_config config = testing_config(dir);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    struct journal_reader *reader = NULL;
    assert_ok(journal_reader_open(dir, 0, journal_committed(j), &reader, NULL));
    uint64_t seen = 0;
    for (uint64_t line = 1; line <= 120; line++) {
        journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
        if (line % 5 != 0) {
            continue;
        }
        const uint64_t limit = journal_committed(j);
        journal_place_t end = {0};
        journal_end_read(j, &end);
        journal_reader_extend(reader, limit, &end);
        for (bool more = true; more;) {
            assert_ok(journal_reader_next(reader, &r, &more));
            if (more) {
                assert_int_equal(r.line, ++seen);
                assert_true(journal_reader_frame(reader) < journal_committed(j));
            }
        }
        assert_int_equal(seen, line);
        assert_int_equal(journal_reader_sequence(reader), journal_committed(j));
    }
    journal_reader_close(&reader);
    journal_close(&j);
}

static void a_reader_begins_at_the_frame_asked_for(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    const struct journal_config config = testing_config(dir);
    append_lines(&config, 1, 90); /* one frame each */
    for (uint64_t from = 1; from <= 90; from += 11) {
        struct journal_reader *reader = NULL;
        assert_ok(journal_reader_open(dir, from, JOURNAL_TO_THE_END, &reader, NULL));
        journal_record_t r = {0};
        bool more = false;
        assert_ok(journal_reader_next(reader, &r, &more));
        assert_true(more);
        assert_int_equal(r.line, from);
        journal_reader_close(&reader);
    }
}

static void a_full_lane_refuses_without_blocking(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config config = testing_config(dir);
    config.lane_bytes = JOURNAL_LANE_BYTES_MIN;
    config.segment_bytes = UINT64_C(64) * 1024;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    struct journal_lane *lane = journal_lane(j, 0);
    uint64_t position = 0;
    uint64_t taken = 0;
    err_t e = ERR_OK;
    for (int i = 0; i < 100000 && !failed(e); i++) { /* no kick: the writer sleeps on */
        const journal_record_t r = testing_record(testing_id(1), taken + 1, "{}");
        e = journal_append(lane, &r, &position);
        taken += failed(e) ? 0 : 1;
    }
    assert_err(e, ERR_LIMIT);
    journal_kick(lane);
    assert_true(testing_wait(j, lane, position));
    const journal_record_t r = testing_record(testing_id(1), taken + 1, "{}");
    assert_true(testing_append(j, &r));
    journal_close(&j);
    assert_int_equal(testing_read(dir).records, taken + 1);
}

/* Looks at sessions end their rounds with a kick, too. */
static void a_kick_without_anything_new_lets_the_writer_sleep(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    const struct journal_config config = testing_config(dir);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 1; line <= 3; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r)); /* each kick behind an append does wake it */
        for (int i = 0; i < 2000 && !atomic_load(&j->sleeping); i++) {
            (void)poll(NULL, 0, 1);
        }
        const uint64_t kicks = atomic_load(&journal_lane(j, 0)->kicks);
        journal_kick(journal_lane(j, 0));
        assert_int_equal(atomic_load(&journal_lane(j, 0)->kicks), kicks);
    }
    journal_close(&j);
    assert_int_equal(testing_read(dir).records, 3);
}

/* ---- retention, walks -------------------------------------------------------------------------- */

static void await_segments(const char *dir, size_t most)
{
    for (int i = 0; i < 400 && count_segments(dir) > most; i++) {
        (void)poll(NULL, 0, 10);
    }
    assert_true(count_segments(dir) <= most);
}

static void size_retention_takes_the_oldest_but_waits_for_the_view(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config config = testing_config(dir);
    config.max_bytes = 3 * config.segment_bytes;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    journal_view_done(j, 1); /* a view that has finished nothing */
    uint64_t line = 1;
    for (; line <= 200; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    assert_true(count_segments(dir) >= 6);
    journal_view_done(j, journal_committed(j));
    for (; line <= 260; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    await_segments(dir, 3);
    journal_close(&j);
    const struct testing_count count = testing_read(dir);
    assert_ok(count.result);
    assert_int_equal(count.last_line, 260); /* the newest stay */
    assert_true(count.records < 200);
    append_lines(&config, 261, 261); /* and the sequence goes on */
    assert_int_equal(testing_read(dir).last_line, 261);
}

static bool is_short(struct journal *j)
{
    struct journal_stats stats = {0};
    journal_stats_read(j, &stats);
    return stats.cut_short;
}

static void await_short(struct journal *j, bool wanted)
{
    for (int i = 0; i < 400 && is_short(j) != wanted; i++) {
        (void)poll(NULL, 0, 10);
    }
    assert_int_equal(is_short(j), wanted);
}

struct later_clock {
    struct clock clock;
    _Atomic int64_t ahead_ms;
};

static mono_t later_mono(const struct clock *self)
{
    (void)self;
    return clock_mono(clock_system());
}

static wall_t later_wall(const struct clock *self)
{
    const struct later_clock *c = (const void *)self; /* its first member */
    return wall_after_ms(clock_wall(clock_system()), atomic_load(&c->ahead_ms));
}

static void age_retention_takes_what_is_too_old(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct later_clock clock = {.clock = {later_mono, later_wall}};
    struct journal_config config = testing_config(dir);
    config.clock = &clock.clock;
    config.retention_days = 7;
    append_lines(&config, 1, 150);
    assert_true(count_segments(dir) >= 5);
    atomic_store(&clock.ahead_ms, INT64_C(8) * 24 * 3600 * MS_PER_S);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    await_segments(dir, 1); /* all but the newest */
    journal_close(&j);
}

static void a_clock_that_is_ahead_and_not_vouched_for_takes_nothing(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct later_clock clock = {.clock = {later_mono, later_wall}};
    struct later_clock vouched = {.clock = {later_mono, later_wall}};
    struct journal_config config = testing_config(dir);
    config.clock = &clock.clock;
    config.vouched = &vouched.clock;
    config.retention_days = 7;
    append_lines(&config, 1, 150);
    atomic_store(&clock.ahead_ms, INT64_C(100) * 24 * 3600 * MS_PER_S);
    append_lines(&config, 151, 300); /* and these say that they are of then */
    atomic_store(&clock.ahead_ms, 0);
    append_lines(&config, 301, 450);
    const size_t all = count_segments(dir);
    atomic_store(&clock.ahead_ms, INT64_C(8) * 24 * 3600 * MS_PER_S);
    append_lines(&config, 451, 451); /* the keeper has looked once at least */
    assert_true(count_segments(dir) >= all);
    atomic_store(&vouched.ahead_ms, INT64_C(8) * 24 * 3600 * MS_PER_S);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    await_segments(
        dir, 2); /* those of a time to come hold up none that is older: all but the two newest */
    journal_close(&j);
}

static void retention_of_what_is_young_is_told_until_enough_is_kept_again(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct later_clock clock = {.clock = {later_mono, later_wall}};
    struct journal_config config = testing_config(dir);
    config.clock = &clock.clock;
    config.max_bytes = 3 * config.segment_bytes;
    config.young_ms = INT64_C(12) * 3600 * MS_PER_S;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    uint64_t line = 1;
    for (; count_segments(dir) < 3; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    assert_false(is_short(j)); /* young, but nothing is missing */
    for (const uint64_t end = line + 100; line < end; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    await_short(j, true);
    atomic_store(&clock.ahead_ms, config.young_ms);
    await_short(j, false);
    for (const uint64_t end = line + 30; line < end; line++) { /* what goes now is old */
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    journal_close(&j);
}

struct walk {
    uint64_t records;
    uint64_t stop_at;
};

static err_t walk_one(void *context, const journal_record_t *record)
{
    struct walk *w = context;
    assert_true(uuid_eq(record->session, testing_id(2)));
    assert_int_equal(record->line, ++w->records);
    return w->records == w->stop_at ? err_new(ERR_LIMIT) : ERR_OK;
}

static void all_records_of_one_session_come_in_order(void **state)
{
    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    const struct journal_config config = testing_config(dir);
    append_lines(&config, 1, 60); /* another session, another life */
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    (void)poll(NULL, 0, 2); /* those segments began before */
    const wall_t since = clock_wall(clock_system());
    for (uint64_t line = 1; line <= 60; line++) {
        journal_record_t r = testing_record(testing_id(2), line, "{}");
        assert_true(testing_append(j, &r));
        r.session = testing_id(3);
        assert_true(testing_append(j, &r));
    }
    struct walk walk = {0};
    bool outrun = true;
    assert_ok(journal_session_records(j, testing_id(2), since, walk_one, &walk, &outrun));
    assert_int_equal(walk.records, 60);
    assert_false(outrun);
    walk = (struct walk){.stop_at = 5};
    assert_err(journal_session_records(j, testing_id(2), since, walk_one, &walk, &outrun),
               ERR_LIMIT);
    assert_int_equal(walk.records, 5);
    assert_true(journal_sequence_since(j, since) > 1);
    assert_int_equal(journal_sequence_for_tail(j, UINT64_MAX), 0);
    assert_true(journal_sequence_for_tail(j, 1) > 60);
    journal_close(&j);
}

/* By the times of the segments all of it came before it was opened. */
static void a_session_opened_while_the_clock_was_ahead_is_read_from_its_opening(void **state)
{
    enum { LINES = 60 };

    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct later_clock clock = {.clock = {later_mono, later_wall}};
    struct journal_config config = testing_config(dir);
    config.clock = &clock.clock;
    append_lines(&config, 1, LINES);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    atomic_store(&clock.ahead_ms, INT64_C(50) * 60 * MS_PER_S);
    const wall_t since = clock_wall(&clock.clock);
    journal_record_t opening = testing_record(testing_id(2), 1, "{}");
    opening.kind = JOURNAL_SESSION_OPEN;
    assert_true(testing_append(j, &opening));
    atomic_store(&clock.ahead_ms, 0);
    for (uint64_t line = 1; line <= LINES; line++) {
        const journal_record_t r = testing_record(testing_id(2), line + 1, "{}");
        assert_true(testing_append(j, &r));
    }
    struct walk walk = {0};
    bool outrun = true;
    assert_ok(journal_session_records(j, testing_id(2), since, walk_one, &walk, &outrun));
    assert_int_equal(walk.records, LINES + 1);
    assert_false(outrun);
    journal_close(&j);
}

struct race {
    const char *dir;
    bool
        oldest_first; /* as retention removes segments; else one from the middle, which nobody may */
    uint64_t records;
};

/* Others remove segments while the first record is looked at. */
static err_t lose_segments(void *context, const journal_record_t *record)
{
    struct race *w = context;
    (void)record;
    if (w->records++ > 0) {
        return ERR_OK;
    }
    const int dir = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    assert_ok(segment_list_read(dir, &list));
    assert_true(list.count > 4);
    for (size_t i = w->oldest_first ? 0 : 1; i < 2; i++) {
        char name[SEGMENT_NAME_SIZE];
        segment_name_print(list.first[i], name);
        assert_int_equal(unlinkat(dir, name, 0), 0);
    }
    (void)close(dir);
    return ERR_OK;
}

static void what_retention_takes_under_a_reader_is_no_damage(void **state)
{
    for (int oldest_first = 1; oldest_first >= 0; oldest_first--) {
        char dir[TESTING_PATH];
        testing_join(dir, *state, oldest_first ? "oldest" : "middle");
        const struct journal_config config = testing_config(dir);
        append_lines(&config, 1, 200);
        struct journal *j = NULL;
        assert_ok(journal_open(&config, &j, NULL));
        struct race race = {.dir = dir, .oldest_first = oldest_first};
        bool outrun = !oldest_first;
        const err_t e =
            journal_session_records(j, testing_id(1), (wall_t){0}, lose_segments, &race, &outrun);
        assert_int_equal(e.code, oldest_first ? ERR_NONE : ERR_FORMAT);
        assert_int_equal(outrun, oldest_first);
        assert_in_range(race.records, 1, 199);
        journal_close(&j);
    }
}

/* Lines from the mark to the end; -1: the mark is refused. */
static int64_t lines_behind(const char *dir, const journal_mark_t *mark, uint64_t expected)
{
    struct journal_reader *reader = NULL;
    if (failed(journal_reader_open_at(dir, mark, JOURNAL_TO_THE_END, &reader, NULL))) {
        return -1;
    }
    int64_t lines = 0;
    for (bool more = true;;) {
        journal_record_t record = {0};
        assert_ok(journal_reader_next(reader, &record, &more));
        if (!more) {
            break;
        }
        assert_int_equal(record.line, expected + (uint64_t)lines);
        lines++;
    }
    journal_reader_close(&reader);
    return lines;
}

static void a_mark_is_found_again_and_everything_behind_it_is_read(void **state)
{
    enum { LINES = 120 };

    char dir[TESTING_PATH];
    testing_join(dir, *state, "journal");
    struct journal_config config = testing_config(dir);
    journal_mark_t mark[LINES + 1];
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 0; line <= LINES; line++) {
        const journal_record_t r = testing_record(testing_id(1), line + 1, "{\"a\":1}");
        assert_true(line == LINES || testing_append(j, &r));
        journal_mark_read(j, &mark[line]);
        assert_int_equal(mark[line].sequence, journal_committed(j));
    }
    journal_close(&j);
    assert_true(count_segments(dir) > 3);
    for (uint64_t i = 0; i < LINES; i++) {
        assert_int_equal(lines_behind(dir, &mark[i], i + 2), LINES - 1 - (int64_t)i);
        journal_mark_t other = mark[i];
        other.crc ^= 1;
        assert_int_equal(lines_behind(dir, &other, 0), -1);
        other = mark[i];
        other.sequence += 1;
        assert_int_equal(lines_behind(dir, &other, 0), -1);
        other = mark[i];
        other.offset += 1;
        assert_int_equal(lines_behind(dir, &other, 0), -1);
        other.offset = UINT64_MAX - 7;
        assert_int_equal(lines_behind(dir, &other, 0), -1);
    }
    const journal_mark_t none = {0};
    assert_int_equal(lines_behind(dir, &none, 0), -1);

    config.verify_from =
        &mark[LINES / 2]; /* and an open that verifies from there goes on rightly */
    append_lines(&config, LINES + 1, LINES + 10);
    const journal_mark_t foreign = {.sequence = 1000000, .segment = 999999, .offset = 0};
    config.verify_from = &foreign; /* somebody has seen a frame that is not there */
    assert_err(journal_open(&config, &j, NULL), ERR_RANGE);
    const struct testing_count count = testing_read(dir);
    assert_ok(count.result);
    assert_int_equal(count.records, LINES + 10);
    assert_true(count.ordered);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, testing_folder_make, testing_folder_end)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_kick_without_anything_new_lets_the_writer_sleep),
        IN_FOLDER(what_was_appended_is_read_back_in_order_over_restarts),
        IN_FOLDER(opening_and_closing_without_records_leaves_nothing),
        IN_FOLDER(a_second_server_is_refused),
        IN_FOLDER(configurations_out_of_range_are_refused),
        IN_FOLDER(a_record_too_long_is_refused_and_the_longest_is_taken),
        IN_FOLDER(two_lanes_keep_their_order_and_lose_nothing),
        IN_FOLDER(a_reader_follows_a_running_writer),
        IN_FOLDER(a_reader_begins_at_the_frame_asked_for),
        IN_FOLDER(a_full_lane_refuses_without_blocking),
        IN_FOLDER(size_retention_takes_the_oldest_but_waits_for_the_view),
        IN_FOLDER(age_retention_takes_what_is_too_old),
        IN_FOLDER(a_clock_that_is_ahead_and_not_vouched_for_takes_nothing),
        IN_FOLDER(retention_of_what_is_young_is_told_until_enough_is_kept_again),
        IN_FOLDER(all_records_of_one_session_come_in_order),
        IN_FOLDER(what_retention_takes_under_a_reader_is_no_damage),
        IN_FOLDER(a_session_opened_while_the_clock_was_ahead_is_read_from_its_opening),
        IN_FOLDER(a_mark_is_found_again_and_everything_behind_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
