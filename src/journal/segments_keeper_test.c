/* segments_keeper_test.c - what the keeper may not do while the writer goes on. */
#include "journal/frame.h"
#include "journal/journal.h"
#include "journal/segments_recover.h"
#include "journal/segments_steps_test.h"
#include "tests/support/scripted_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BYTES = 64 * 1024, HALF = BYTES / 2 };

/* The system's files, and a writer that takes the next segment just when the oldest is removed. */
struct busy {
    struct journal_files files; /* first member */
    struct segments *segments;
    int *fd;
    _Atomic int removed, cut;
    _Atomic bool early; /* a segment was prepared while another waited to be cut */
};

static struct busy *busy_of(const struct journal_files *self)
{
    const union {
        const struct journal_files *in;
        struct busy *out;
    } pointer = {.in = self};

    return pointer.out;
}

static int unlink_and_rotate(const struct journal_files *self, int dir, const char *name)
{
    struct busy *const b = busy_of(self);
    if (atomic_fetch_add(&b->removed, 1) == 0 && is_prepared(b->segments)) {
        assert_ok(segments_rotate(b->segments, b->fd, HALF, 3));
    }
    return unlinkat(dir, name, 0);
}

static int cut_and_look(const struct journal_files *self, int fd, off_t length)
{
    struct busy *const b = busy_of(self);
    if (is_prepared(b->segments)) {
        atomic_store(&b->early, true);
    }
    atomic_fetch_add(&b->cut, 1);
    return ftruncate(fd, length);
}

static void wait_for(bool (*come)(const struct busy *), const struct busy *b)
{
    for (int ms = 0; !come(b); ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
}

static bool has_next(const struct busy *b)
{
    return is_prepared(b->segments);
}

static bool was_cut_twice(const struct busy *b)
{
    return atomic_load(&b->cut) >= 2;
}

/* A segment is retired while the oldest is being removed: it is cut before another one is prepared, or the writer
 * could retire a second one that nobody has room for. */
static void what_was_retired_is_cut_before_the_next_is_prepared(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct busy b = {.files = *journal_files_system()};
    b.files.unlink = unlink_and_rotate;
    b.files.ftruncate = cut_and_look;
    struct journal_config config = testing_config(dir);
    config.files = &b.files;
    config.segment_bytes = BYTES;
    config.max_bytes = BYTES;
    struct segments s;
    struct segments_found found;
    int fd = -1;
    b.segments = &s;
    b.fd = &fd;
    assert_ok(segments_init(&s, &config, &found, NULL));
    segments_view_done(&s, 0); /* nothing may go yet */
    assert_ok(segments_rotate(&s, &fd, 0, 1));
    assert_ok(segments_rotate(&s, &fd, HALF, 2));
    wait_for(has_next, &b);
    segments_view_done(&s, UINT64_MAX);
    wait_for(was_cut_twice, &b);
    assert_true(atomic_load(&b.removed) > 0);
    assert_false(atomic_load(&b.early));
    segments_deinit(&s);
    assert_int_equal(close(fd), 0);
    testing_folder_remove(folder);
}

/* ---- what is prepared, and what is kept ---- */

#define MIB ((uint64_t)1 << 20)

enum { DAY_S = 24 * 3600 };

static void wait_for_keeper(struct segments *s)
{
    for (int ms = 0; !is_prepared(s); ms++) { /* behind its first look at what is old */
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
}

struct synced {
    struct journal_files files; /* first member */
    _Atomic unsigned times;
    bool fails;
};

static struct synced *synced_of(const struct journal_files *self)
{
    const union {
        const struct journal_files *in;
        struct synced *out;
    } pointer = {.in = self};

    return pointer.out;
}

static int count_sync(const struct journal_files *self, int fd)
{
    struct synced *const s = synced_of(self);
    (void)fd;
    atomic_fetch_add(&s->times, 1);
    errno = EIO;
    return s->fails ? -1 : 0;
}

/* To its last byte, so that no frame has to make it longer; and what a disk has to sync at once stays bounded. */
static void a_segment_is_made_as_long_as_it_has_to_be(void **state)
{
    static const struct {
        uint64_t bytes;
        unsigned syncs;
    } of[] = {{4096, 0}, {4096 + 100, 0}, {MIB + 4096, 0}, {9 * MIB + 100, 1}, {17 * MIB, 2}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(of); i++) {
        char folder[TESTING_PATH];
        char dir[TESTING_PATH];
        testing_folder(folder);
        testing_join(dir, folder, "journal");
        struct synced synced = {.files = *journal_files_system()};
        synced.files.fdatasync = count_sync;
        struct journal_config config = testing_config(dir);
        config.files = &synced.files;
        config.segment_bytes = of[i].bytes;
        struct segments s;
        struct segments_found found;
        struct stat st;
        assert_ok(segments_init(&s, &config, &found, NULL));
        wait_for_keeper(&s);
        assert_int_equal(fstatat(s.dir, SEGMENTS_NEXT, &st, 0), 0);
        assert_int_equal(st.st_size, of[i].bytes);
        assert_int_equal(atomic_load(&synced.times), of[i].syncs);
        segments_deinit(&s);
        testing_folder_remove(folder);
    }
}

static void a_segment_that_cannot_be_synced_is_none(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct synced synced = {.files = *journal_files_system(), .fails = true};
    synced.files.fdatasync = count_sync;
    struct journal_config config = testing_config(dir);
    config.files = &synced.files;
    config.segment_bytes = 9 * MIB;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    wait_until(j, false);
    journal_close(&j);
    testing_folder_remove(folder);
}

/* Two segments begun now; the keeper has looked at them. */
static void begin_two(struct segments *s, int *fd)
{
    assert_ok(segments_rotate(s, fd, 0, 1));
    assert_ok(segments_rotate(s, fd, HALF, 2));
    wait_for_keeper(s);
}

static void what_was_cut_off_a_segment_counts_no_more(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct journal_config config = testing_config(dir);
    config.files = journal_files_system();
    config.vouched = config.clock;
    config.segment_bytes = BYTES;
    struct segments s;
    struct segments_found found;
    int fd = -1;
    uint64_t count = 0;
    uint64_t bytes = 0;
    assert_ok(segments_init(&s, &config, &found, NULL));
    begin_two(&s, &fd);
    segments_sum(&s, &count, &bytes);
    const mono_t began = clock_mono(clock_system());
    segments_await(&s, 50); /* nothing is to come */
    const int64_t waited_ms = mono_ms_between(began, clock_mono(clock_system()));
    segments_deinit(&s);
    assert_int_equal(close(fd), 0);
    assert_true(waited_ms >= 50);
    assert_int_equal(count, 2);
    assert_int_equal(bytes, HALF + BYTES);
    testing_folder_remove(folder);
}

/* A server was killed while it made one. */
static void a_segment_left_half_made_is_in_nobodys_way(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    char path[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    testing_join(path, dir, SEGMENTS_NEXT);
    assert_int_equal(mkdir(dir, 0700), 0);
    testing_store(path, (const uint8_t *)"half", 4);
    struct journal_config config = testing_config(dir);
    config.probe_ms = 10 * WAIT_MS; /* it is not found out by a try that fails */
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    const journal_record_t r = testing_record(testing_id(1), 1, "{}");
    uint64_t position = 0;
    assert_ok(journal_append(journal_lane(j, 0), &r, &position));
    journal_kick(journal_lane(j, 0));
    for (int ms = 0; journal_durable(journal_lane(j, 0)) < position; ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
    journal_close(&j);
    testing_folder_remove(folder);
}

/* To the millisecond: a segment goes when the one behind it began longer ago than is kept. */
static void what_is_as_old_as_is_kept_stays_and_what_is_older_goes(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct scripted_clock clock;
    scripted_clock_init(&clock);
    struct journal_config config = testing_config(dir);
    config.files = journal_files_system();
    config.clock = &clock.face;
    config.vouched = &clock.face;
    config.segment_bytes = BYTES;
    config.retention_days = 1;
    struct segments s;
    struct segments_found found;
    int fd = -1;
    assert_ok(segments_init(&s, &config, &found, NULL));
    begin_two(&s, &fd);
    scripted_clock_pass(&clock, INT64_C(1000) * DAY_S);
    assert_ok(segments_rotate(&s, &fd, HALF, 3));
    wait_for_keeper(&s);
    const uint64_t kept = s.list[0].first;
    scripted_clock_pass(&clock, 1);
    assert_ok(segments_rotate(&s, &fd, HALF, 4));
    wait_for_keeper(&s);
    const uint64_t oldest = s.list[0].first;
    segments_deinit(&s);
    assert_int_equal(close(fd), 0);
    assert_int_equal(kept, 1);
    assert_int_equal(oldest, 2);
    testing_folder_remove(folder);
}

/* ---- what the view still needs at a start ---- */

enum { FRAMES = 200 };

/* The first look at what is there comes before there is a view that could say how far it is. */
static void a_start_removes_nothing_that_the_view_has_not_finished(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct journal_config config = testing_config(dir);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 1; line <= FRAMES; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{\"a\":[1,2,3]}");
        assert_true(testing_append(j, &r));
    }
    journal_close(&j);

    config.vouched = clock_system();
    config.files = journal_files_system();
    config.max_bytes = 1; /* all but the newest would go */
    struct segments s;
    struct segments_found found;
    config.view_done = 0;
    assert_ok(segments_init(&s, &config, &found, NULL));
    wait_for_keeper(&s);
    const size_t all = s.count;
    const uint64_t place = s.list[2].first;
    assert_true(all > 4);
    assert_int_equal(s.list[0].first, 1);
    segments_deinit(&s);

    config.view_done = place - 1; /* in the second */
    assert_ok(segments_init(&s, &config, &found, NULL));
    wait_for_keeper(&s);
    assert_int_equal(s.count, all - 1);
    segments_deinit(&s);

    config.view_done = place;
    assert_ok(segments_init(&s, &config, &found, NULL));
    wait_for_keeper(&s);
    assert_int_equal(s.list[0].first, place);
    segments_view_done(&s, UINT64_MAX); /* and it goes on when the view does */
    uint64_t count = 0;
    uint64_t bytes = 0;
    for (int ms = 0; count != 1; ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
        segments_sum(&s, &count, &bytes);
    }
    segments_deinit(&s);
    testing_folder_remove(folder);
}

/* ---- a segment whose first frame cannot be read ---- */

enum { LINES = 200, DAMAGED = 1 };

static void spoil_head(const struct segments *s, const char *dir)
{
    char name[SEGMENT_NAME_SIZE];
    char path[TESTING_PATH];
    segment_name_print(s->list[DAMAGED].first, name);
    testing_join(path, dir, name);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "?", 1, 0), 1);
    assert_int_equal(close(fd), 0);
}

/* Nobody knows when it was begun: that makes nothing older than it is, and nothing younger. */
static void an_unreadable_head_costs_no_segment_and_hides_none(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct journal_config config = testing_config(dir);
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (uint64_t line = 1; line <= LINES; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{\"a\":[1,2,3]}");
        assert_true(testing_append(j, &r));
    }
    journal_close(&j);

    config.vouched = clock_system();
    config.files = journal_files_system();
    config.retention_days = 1;
    struct segments s;
    struct segments_found found;
    assert_ok(segments_init(&s, &config, &found, NULL));
    wait_for_keeper(&s);
    const size_t count = s.count;
    assert_true(count > DAMAGED + 2);
    spoil_head(&s, dir);
    segments_deinit(&s);

    for (int start = 0; start < 2; start++) {
        assert_ok(segments_init(&s, &config, &found, NULL));
        wait_for_keeper(&s);
        assert_int_equal(s.count, count);
        assert_int_equal(segments_since(&s, (wall_t){1}), 0);
        segments_deinit(&s);
    }
    testing_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_retired_is_cut_before_the_next_is_prepared),
        cmocka_unit_test(a_segment_is_made_as_long_as_it_has_to_be),
        cmocka_unit_test(a_segment_that_cannot_be_synced_is_none),
        cmocka_unit_test(what_was_cut_off_a_segment_counts_no_more),
        cmocka_unit_test(a_segment_left_half_made_is_in_nobodys_way),
        cmocka_unit_test(what_is_as_old_as_is_kept_stays_and_what_is_older_goes),
        cmocka_unit_test(a_start_removes_nothing_that_the_view_has_not_finished),
        cmocka_unit_test(an_unreadable_head_costs_no_segment_and_hides_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
