/* segments_room_test.c - what the keeper makes of a disk without room: full, narrow, or rationed. */
#include "journal/journal.h"
#include "journal/segments_steps_test.h"
#include "tests/support/scripted_clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BYTES = 64 * 1024 };

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_on_a_full_disk_takes_no_events_until_there_is_room),
        cmocka_unit_test(a_start_on_a_broken_disk_takes_no_events_until_it_is_whole),
        cmocka_unit_test(as_long_as_the_segment_at_hand_has_room_events_are_taken),
        cmocka_unit_test(without_room_for_a_segment_what_is_left_is_left),
        cmocka_unit_test(what_is_written_in_vain_is_written_ever_more_seldom),
    };
    return cmocka_run_group_tests_name("segments_room", tests, NULL, NULL);
}
