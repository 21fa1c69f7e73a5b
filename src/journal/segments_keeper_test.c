/* segments_keeper_test.c - what the keeper may not do while the writer goes on. */
#include "journal/frame.h"
#include "journal/journal.h"
#include "journal/segments.h"
#include "journal/segments_recover.h"
#include "journal/writer.h"
#include "tests/support/journal.h"
#include "tests/support/scripted_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WAIT_MS = 5000, BYTES = 64 * 1024, HALF = BYTES / 2 };

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

static bool is_prepared(struct segments *s)
{
    assert_int_equal(pthread_mutex_lock(&s->lock), 0);
    const bool yes = s->prepared >= 0;
    assert_int_equal(pthread_mutex_unlock(&s->lock), 0);
    return yes;
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

/* ---- a start on a full disk ---- */

struct full {
    struct journal_files files; /* first member */
    _Atomic bool is_full;
    int number; /* how it says so */
};

static ssize_t put_if_there_is_room(const struct journal_files *self, int fd,
                                    const struct iovec *parts, int count, off_t offset)
{
    const struct full *const f = (const void *)self;
    if (atomic_load(&f->is_full)) {
        errno = f->number;
        return -1;
    }
    return pwritev(fd, parts, count, offset);
}

static void wait_until(const struct journal *j, bool takes)
{
    for (int ms = 0; journal_takes_events(j) != takes; ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
}

static void takes_no_events_while_writes_fail(int number)
{
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct full full = {.files = *journal_files_system(), .is_full = true, .number = number};
    full.files.pwritev = put_if_there_is_room;
    struct journal_config config = testing_config(dir);
    config.files = &full.files;
    config.probe_ms = 1;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    wait_until(j, false);
    assert_int_equal(journal_state_of(j), JOURNAL_RUNNING);
    atomic_store(&full.is_full, false);
    wait_until(j, true);
    const journal_record_t r = testing_record(testing_id(1), 1, "{}");
    assert_true(testing_append(j, &r));
    assert_true(journal_takes_events(j));
    journal_close(&j);
    testing_folder_remove(folder);
}

/* Where no segment can be made the journal takes no events, before the first has failed; and takes them as soon as one
 * can. A segment at hand is enough. */
static void a_start_on_a_full_disk_takes_no_events_until_there_is_room(void **state)
{
    (void)state;
    takes_no_events_while_writes_fail(ENOSPC);
    takes_no_events_while_writes_fail(EDQUOT);
}

/* It is tried through the page cache once more, and no further. */
static void a_start_on_a_broken_disk_takes_no_events_until_it_is_whole(void **state)
{
    (void)state;
    takes_no_events_while_writes_fail(EIO);
    takes_no_events_while_writes_fail(EINVAL);
}

/* Takes frames, and no zeros once it is full. */
static ssize_t put_frames(const struct journal_files *self, int fd, const struct iovec *parts,
                          int count, off_t offset)
{
    return parts[0].iov_len == FRAME_HEAD ? pwritev(fd, parts, count, offset)
                                          : put_if_there_is_room(self, fd, parts, count, offset);
}

static void as_long_as_the_segment_at_hand_has_room_events_are_taken(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct full full = {.files = *journal_files_system(), .number = ENOSPC};
    full.files.pwritev = put_frames;
    struct journal_config config = testing_config(dir);
    config.files = &full.files;
    config.probe_ms = 1;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (int ms = 0; !is_prepared(&j->segments); ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
    atomic_store(&full.is_full, true);
    const journal_record_t r = testing_record(testing_id(1), 1, "{}");
    assert_true(testing_append(j, &r));
    for (int ms = 0; !atomic_load(&j->segments.failing); ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
    assert_true(journal_takes_events(j));
    journal_close(&j);
    testing_folder_remove(folder);
}

/* A disk that lacks one byte for a segment. */
struct narrow {
    struct journal_files files; /* first member */
    _Atomic uint64_t room;
    _Atomic unsigned asked, written;
};

static struct narrow *narrow_of(const struct journal_files *self)
{
    const union {
        const struct journal_files *in;
        struct narrow *out;
    } pointer = {.in = self};

    return pointer.out;
}

static uint64_t tell_room(const struct journal_files *self, int dir)
{
    (void)dir;
    struct narrow *const n = narrow_of(self);
    atomic_fetch_add(&n->asked, 1);
    return atomic_load(&n->room);
}

static ssize_t count_and_put(const struct journal_files *self, int fd, const struct iovec *parts,
                             int count, off_t offset)
{
    atomic_fetch_add(&narrow_of(self)->written, 1);
    return pwritev(fd, parts, count, offset);
}

/* What is left is for the database and the buffer files: it is not filled with zeros at each look, up to the last byte,
 * only to find that they are too many. */
static void without_room_for_a_segment_what_is_left_is_left(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct narrow narrow = {.files = *journal_files_system(), .room = BYTES - 1};
    narrow.files.room = tell_room;
    narrow.files.pwritev = count_and_put;
    struct journal_config config = testing_config(dir);
    config.files = &narrow.files;
    config.segment_bytes = BYTES;
    config.probe_ms = 1;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    wait_until(j, false);
    for (int ms = 0; atomic_load(&narrow.asked) < 3; ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
    assert_int_equal(atomic_load(&narrow.written), 0);
    atomic_store(&narrow.room, BYTES);
    wait_until(j, true);
    const journal_record_t r = testing_record(testing_id(1), 1, "{}");
    assert_true(testing_append(j, &r));
    journal_close(&j);
    testing_folder_remove(folder);
}

/* ---- a quota ---- */

/* What the file system calls free is not all for us: it is refused when it is written. */
struct rationed {
    struct journal_files files; /* first member */
    _Atomic bool is_full;
    _Atomic unsigned begun;
};

static ssize_t put_by_quota(const struct journal_files *self, int fd, const struct iovec *parts,
                            int count, off_t offset)
{
    union {
        const struct journal_files *in;
        struct rationed *out;
    } const r = {.in = self};

    if (atomic_load(&r.out->is_full)) {
        atomic_fetch_add(&r.out->begun, 1);
        errno = EDQUOT;
        return -1;
    }
    return pwritev(fd, parts, count, offset);
}

/* Wait until a segment was begun so often, and it is settled when the next one will be. */
static void wait_for_tries(struct journal *j, const struct rationed *r, unsigned times)
{
    unsigned settled = 0;
    for (int ms = 0; settled < times; ms++) {
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
        assert_int_equal(pthread_mutex_lock(&j->segments.lock), 0);
        settled = j->segments.in_vain;
        assert_int_equal(pthread_mutex_unlock(&j->segments.lock), 0);
    }
    assert_int_equal(settled, times);
    assert_int_equal(atomic_load(&r->begun), times);
}

/* A quota lets each try write as far as it goes, for nothing: tries come after pauses that grow. */
static void what_is_written_in_vain_is_written_ever_more_seldom(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct rationed quota = {.files = *journal_files_system(), .is_full = true};
    quota.files.pwritev = put_by_quota;
    struct scripted_clock clock;
    scripted_clock_init(&clock);
    struct journal_config config = testing_config(dir);
    config.files = &quota.files;
    config.clock = &clock.face;
    config.probe_ms = 1;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    wait_until(j, false);
    for (unsigned tries = 1; tries < 9; tries++) {
        wait_for_tries(j, &quota, tries);
        scripted_clock_pass(&clock, tries < 6 ? (1 << tries) - 1 : 63); /* all but the last ms */
        (void)usleep(10 * 1000);
        assert_int_equal(atomic_load(&quota.begun), tries);
        scripted_clock_pass(&clock, 1);
    }
    atomic_store(&quota.is_full, false);
    for (int ms = 0; ms < WAIT_MS && !journal_takes_events(j); ms++) {
        scripted_clock_pass(&clock, 64);
        (void)usleep(1000);
    }
    assert_true(journal_takes_events(j));
    const journal_record_t r = testing_record(testing_id(1), 1, "{}");
    assert_true(testing_append(j, &r));
    journal_close(&j);
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
        cmocka_unit_test(a_start_on_a_full_disk_takes_no_events_until_there_is_room),
        cmocka_unit_test(a_start_on_a_broken_disk_takes_no_events_until_it_is_whole),
        cmocka_unit_test(as_long_as_the_segment_at_hand_has_room_events_are_taken),
        cmocka_unit_test(without_room_for_a_segment_what_is_left_is_left),
        cmocka_unit_test(what_is_written_in_vain_is_written_ever_more_seldom),
        cmocka_unit_test(a_segment_is_made_as_long_as_it_has_to_be),
        cmocka_unit_test(a_segment_that_cannot_be_synced_is_none),
        cmocka_unit_test(what_was_cut_off_a_segment_counts_no_more),
        cmocka_unit_test(a_segment_left_half_made_is_in_nobodys_way),
        cmocka_unit_test(what_is_as_old_as_is_kept_stays_and_what_is_older_goes),
        cmocka_unit_test(an_unreadable_head_costs_no_segment_and_hides_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
