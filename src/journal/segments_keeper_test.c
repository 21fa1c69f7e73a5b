/* segments_keeper_test.c - what the keeper may not do while the writer goes on. */
#include "journal/frame.h"
#include "journal/journal.h"
#include "journal/segments.h"
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
};

static ssize_t put_if_there_is_room(const struct journal_files *self, int fd,
                                    const struct iovec *parts, int count, off_t offset)
{
    const struct full *const f = (const void *)self;
    if (atomic_load(&f->is_full)) {
        errno = ENOSPC;
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

/* Where no segment can be made the journal takes no events, before the first has failed; and takes them as soon as one
 * can. A segment at hand is enough. */
static void a_start_on_a_full_disk_takes_no_events_until_there_is_room(void **state)
{
    (void)state;
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    testing_folder(folder);
    testing_join(dir, folder, "journal");
    struct full full = {.files = *journal_files_system(), .is_full = true};
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

/* Let time pass until a segment was begun so often. */
static void pass_until_begun(const struct rationed *r, struct scripted_clock *clock, unsigned times)
{
    for (int ms = 0; atomic_load(&r->begun) < times; ms++) {
        assert_true(ms < WAIT_MS);
        scripted_clock_pass(clock, 1);
        (void)usleep(1000);
    }
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
        assert_int_equal(atomic_load(&quota.begun), tries);
        scripted_clock_pass(&clock, tries < 6 ? (1 << tries) - 1 : 63); /* all but the last ms */
        (void)usleep(10 * 1000);
        assert_int_equal(atomic_load(&quota.begun), tries);
        pass_until_begun(&quota, &clock, tries + 1);
        wait_until(j, false);
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

static void wait_for_keeper(struct segments *s)
{
    for (int ms = 0; !is_prepared(s); ms++) { /* behind its first look at what is old */
        assert_true(ms < WAIT_MS);
        (void)usleep(1000);
    }
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
        cmocka_unit_test(without_room_for_a_segment_what_is_left_is_left),
        cmocka_unit_test(what_is_written_in_vain_is_written_ever_more_seldom),
        cmocka_unit_test(an_unreadable_head_costs_no_segment_and_hides_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
