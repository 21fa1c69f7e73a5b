#include "journal/segments.h"

#include "base/util.h"
#include "codec/crc32c.h"
#include "journal/frame.h"
#include "tests/support/journal.h"
#include "tests/support/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

struct scene {
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    char segment[TESTING_PATH]; /* path of the first */
};

static int scene_make(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    testing_folder(s->folder);
    testing_join(s->dir, s->folder, "journal");
    testing_join(s->segment, s->dir, "00000000000000000001.cjl");
    *state = s;
    return 0;
}

static int scene_end(void **state)
{
    struct scene *s = *state;
    testing_folder_remove(s->folder);
    free(s);
    return 0;
}

/* One frame for each line of [from, to]; returns how many were acknowledged. */
static uint64_t append_and_close(struct journal *j, uint64_t from, uint64_t to)
{
    uint64_t line = from;
    for (; line <= to; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{\"a\":[1,2,3]}");
        if (!testing_append(j, &r)) {
            break;
        }
    }
    journal_close(&j);
    return line - from;
}

static uint64_t append_lines(const struct journal_config *config, uint64_t from, uint64_t to)
{
    struct journal *j = NULL;
    assert_ok(journal_open(config, &j, NULL));
    return append_and_close(j, from, to);
}

/* Offset of each frame of a segment's bytes; returns how many. */
static size_t find_frames(const uint8_t *bytes, size_t len, size_t *offsets, size_t most)
{
    size_t n = 0;
    struct frame_head head = {0};
    for (size_t at = 0; n < most && frame_head_read((span_t){bytes + at, len - at}, &head);) {
        offsets[n++] = at;
        at += FRAME_HEAD + head.length;
    }
    return n;
}

static void restore(const struct scene *s, const uint8_t *bytes, size_t len)
{
    testing_folder_remove(s->dir);
    assert_int_equal(mkdir(s->dir, 0700), 0);
    testing_store(s->segment, bytes, len);
}

/* ---- what is there ---------------------------------------------------------------------------- */

static void assert_not_opened(const struct scene *s, const char *reason, const char *file)
{
    const struct journal_config config = testing_config(s->dir);
    struct journal *j = NULL;
    struct journal_fault why = {0};
    assert_err(journal_open(&config, &j, &why), ERR_FORMAT);
    assert_string_equal(why.reason, reason);
    assert_string_equal(why.file, file);
}

static void what_others_may_change_is_not_taken(void **state)
{
    const struct scene *s = *state;
    const struct journal_config config = testing_config(s->dir);
    static const char dir[] = "the directory must be ours, mode 0700";
    static const char file[] = "must be a file of ours, mode 0600";
    static const char name[] = "00000000000000000001.cjl";
    append_lines(&config, 1, 2);
    assert_int_equal(chmod(s->dir, 0750), 0);
    assert_not_opened(s, dir, "");
    assert_int_equal(chmod(s->dir, 0700), 0);
    assert_int_equal(chmod(s->segment, 0604), 0);
    assert_not_opened(s, file, name);
    assert_int_equal(unlink(s->segment), 0);
    assert_int_equal(mkfifo(s->segment, 0600), 0); /* and it does not wait for a writer */
    assert_not_opened(s, file, name);
    assert_int_equal(testing_read(s->dir).result.code, ERR_IO);
    assert_int_equal(unlink(s->segment), 0);
    assert_int_equal(symlink("/dev/zero", s->segment), 0);
    assert_not_opened(s, file, name);
    assert_int_equal(unlink(s->segment), 0);
    assert_int_equal(append_lines(&config, 1, 2), 2);
}

/* ---- recovery --------------------------------------------------------------------------------- */

enum { LINES = 6 };

static void a_tail_torn_at_any_byte_is_cut(void **state)
{
    const struct scene *s = *state;
    const struct journal_config config = testing_config(s->dir);
    append_lines(&config, 1, LINES);
    size_t len = 0;
    uint8_t *whole = testing_load(s->segment, &len);
    size_t at[LINES + 1] = {0};
    assert_int_equal(find_frames(whole, len, at, ARRAY_LEN(at)), LINES + 1); /* and the end mark */
    const size_t last = at[LINES - 1];
    const size_t end = at[LINES];
    for (size_t cut = last; cut < end; cut++) {
        for (int padded = 0; padded < 2; padded++) { /* with the zeros prepared behind, or not */
            uint8_t image[4096] = {0};
            memcpy(image, whole, cut);
            restore(s, image, padded != 0 ? sizeof image : cut);
            struct journal *j = NULL;
            struct journal_stats stats;
            assert_ok(journal_open(&config, &j, NULL));
            journal_stats_read(j, &stats);
            assert_int_equal(journal_committed(j), LINES);
            assert_true(stats.cut_bytes <= cut - last);
            journal_close(&j);
            assert_int_equal(testing_read(s->dir).records, LINES - 1);
        }
        if (cut % 16 == 0) {
            assert_int_equal(append_lines(&config, LINES, LINES + 2), 3);
            const struct testing_count count = testing_read(s->dir);
            assert_ok(count.result);
            assert_true(count.ordered && count.records == LINES + 2);
        }
    }
    free(whole);
}

static void a_flipped_byte_before_the_tail_stops_and_says_where(void **state)
{
    const struct scene *s = *state;
    const struct journal_config config = testing_config(s->dir);
    append_lines(&config, 1, LINES);
    size_t len = 0;
    uint8_t *whole = testing_load(s->segment, &len);
    size_t at[LINES + 1] = {0};
    const size_t frames = find_frames(whole, len, at, ARRAY_LEN(at));
    assert_int_equal(frames, LINES + 1);
    size_t frame = 0;
    for (size_t i = 0; i < at[LINES]; i++) { /* the end mark guards the last frame, too */
        frame += i >= at[frame + 1] ? 1 : 0;
        whole[i] ^= (uint8_t)(1U << (i % 8));
        restore(s, whole, len);
        struct journal *j = NULL;
        struct journal_fault why = {0};
        assert_err(journal_open(&config, &j, &why), ERR_FORMAT);
        assert_string_equal(why.file, "00000000000000000001.cjl");
        assert_int_equal(why.offset, at[frame]);
        assert_non_null(why.reason);
        whole[i] ^= (uint8_t)(1U << (i % 8));
    }
    free(whole);
}

static void a_missing_segment_stops_and_says_where(void **state)
{
    const struct scene *s = *state;
    const struct journal_config config = testing_config(s->dir);
    append_lines(&config, 1, 100);
    struct segment_list list = {0};
    const int dir = open(s->dir, O_RDONLY | O_DIRECTORY);
    assert_ok(segment_list_read(dir, &list));
    assert_true(list.count >= 4);
    char name[SEGMENT_NAME_SIZE];
    segment_name_print(list.first[1], name);
    assert_int_equal(unlinkat(dir, name, 0), 0);
    (void)close(dir);
    struct journal *j = NULL;
    struct journal_fault why = {0};
    assert_err(journal_open(&config, &j, &why), ERR_FORMAT);
    assert_string_equal(why.file, "00000000000000000001.cjl");
    segment_list_deinit(&list);
}

static void a_whole_frame_with_a_malformed_record_stops_and_says_where(void **state)
{
    const struct scene *s = *state;
    uint8_t bytes[FRAME_HEAD + JOURNAL_RECORD_FIXED] = {0};
    struct frame_head head = {.sequence = 1, .length = JOURNAL_RECORD_FIXED, .records = 1};
    const uint32_t crc = frame_head_write(&head, bytes);
    const span_t payload = {bytes + FRAME_HEAD, JOURNAL_RECORD_FIXED};
    frame_head_seal(bytes, crc32c(crc, payload));
    restore(s, bytes, sizeof bytes);
    const struct testing_count count = testing_read(s->dir);
    assert_err(count.result, ERR_FORMAT);
    assert_int_equal(count.fault.offset, 0);
    assert_non_null(strstr(count.fault.reason, "malformed"));
}

/* ---- trouble ---------------------------------------------------------------------------------- */

enum operation { OP_OPEN, OP_WRITE, OP_DATASYNC, OP_SYNC, OP_CUT, OP_RENAME, OP_UNLINK };

struct countdown {
    _Atomic int before;  /* so many calls of the operation succeed */
    _Atomic int lasting; /* and then so many fail */
};

struct trouble {
    struct journal_files files; /* first member */
    struct countdown *countdown;
    enum operation operation;
    int number;
    bool partly; /* a write puts half of its first part down before */
};

static bool fails(const struct journal_files *self, enum operation operation)
{
    const struct trouble *t = (const void *)self;
    if (t->operation != operation || atomic_fetch_sub(&t->countdown->before, 1) > 0 ||
        atomic_fetch_sub(&t->countdown->lasting, 1) <= 0) {
        return false;
    }
    errno = t->number;
    return true;
}

static int try_open(const struct journal_files *self, int dir, const char *name, int flags,
                    mode_t mode)
{
    const struct journal_files *real = journal_files_system();
    return fails(self, OP_OPEN) ? -1 : real->open(real, dir, name, flags, mode);
}

static ssize_t try_pwritev(const struct journal_files *self, int fd, const struct iovec *parts,
                           int count, off_t offset)
{
    const struct journal_files *real = journal_files_system();
    const struct trouble *t = (const void *)self;
    if (!fails(self, OP_WRITE)) {
        return real->pwritev(real, fd, parts, count, offset);
    }
    if (t->partly) {
        assert_true(pwrite(fd, parts[0].iov_base, parts[0].iov_len / 2, offset) >= 0);
        errno = t->number;
    }
    return -1;
}

/* These tests fail calls, not the power: the real syncs would only cost time. */
static int try_fdatasync(const struct journal_files *self, int fd)
{
    (void)fd;
    return fails(self, OP_DATASYNC) ? -1 : 0;
}

static int try_fsync(const struct journal_files *self, int fd)
{
    (void)fd;
    return fails(self, OP_SYNC) ? -1 : 0;
}

static int try_ftruncate(const struct journal_files *self, int fd, off_t length)
{
    return fails(self, OP_CUT) ? -1 : ftruncate(fd, length);
}

static int try_rename(const struct journal_files *self, int dir, const char *from, const char *to)
{
    return fails(self, OP_RENAME) ? -1 : renameat(dir, from, dir, to);
}

static int try_unlink(const struct journal_files *self, int dir, const char *name)
{
    return fails(self, OP_UNLINK) ? -1 : unlinkat(dir, name, 0);
}

static struct trouble trouble_of(enum operation operation, int number, struct countdown *countdown)
{
    return (struct trouble){
        .files = {try_open, try_pwritev, try_fdatasync, try_fsync, try_ftruncate, try_rename,
                  try_unlink, journal_files_system()->room},
        .operation = operation,
        .number = number,
        .countdown = countdown,
    };
}

static void a_first_frame_torn_leaves_an_empty_journal(void **state)
{
    const struct scene *s = *state;
    const struct journal_config config = testing_config(s->dir);
    append_lines(&config, 1, 1);
    size_t len = 0;
    uint8_t *whole = testing_load(s->segment, &len);
    restore(s, whole, 50);
    assert_int_equal(append_lines(&config, 1, 3), 3);
    assert_int_equal(testing_read(s->dir).records, 3);

    restore(s, whole, 50);
    struct countdown countdown = {.lasting = 1};
    const struct trouble t = trouble_of(OP_UNLINK, EIO, &countdown);
    struct journal_config broken = config;
    struct journal *j = NULL;
    broken.files = &t.files;
    assert_err(journal_open(&broken, &j, NULL), ERR_IO); /* it would stand in the way of the next */
    free(whole);
}

/* Fail unless the journal holds lines 1, 2, ... up to at least `acknowledged`, then `last`. */
static void assert_kept(const char *dir, uint64_t acknowledged, uint64_t last)
{
    struct journal_reader *reader = NULL;
    assert_ok(journal_reader_open(dir, 0, JOURNAL_TO_THE_END, &reader, NULL));
    journal_record_t r = {0};
    uint64_t line = 0;
    for (bool more = true;;) {
        assert_ok(journal_reader_next(reader, &r, &more));
        if (!more || r.line == last) {
            break;
        }
        assert_int_equal(r.line, ++line);
    }
    assert_int_equal(r.line, last);
    assert_true(line >= acknowledged);
    journal_reader_close(&reader);
}

static void fail_once(const struct scene *s, enum operation operation, int after, int number)
{
    struct countdown countdown = {.before = after, .lasting = 1};
    struct trouble t = trouble_of(operation, number, &countdown);
    t.partly = after % 2 == 1;
    struct journal_config config = testing_config(s->dir);
    config.max_bytes = UINT64_C(1) << 20;
    config.files = &t.files;
    testing_folder_remove(s->dir);
    struct journal *j = NULL;
    const bool refused = failed(journal_open(&config, &j, NULL));
    assert_int_equal(refused, operation == OP_SYNC && after == 0); /* the name of the directory */
    const uint64_t acknowledged = refused ? 0 : append_and_close(j, 1, 60);
    config.files = NULL;
    assert_int_equal(append_lines(&config, 1000, 1000), 1); /* recovers */
    assert_kept(s->dir, acknowledged, 1000);
}

static void whatever_fails_once_nothing_acknowledged_is_lost(void **state)
{
    static const enum operation operations[] = {OP_OPEN, OP_WRITE,  OP_DATASYNC, OP_SYNC,
                                                OP_CUT,  OP_RENAME, OP_UNLINK};

    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        for (int after = 0; after < 40; after += after < 6 ? 1 : 9) {
            fail_once(*state, operations[i], after, EIO);
            fail_once(*state, operations[i], after, ENOSPC);
        }
    }
}

static void after_the_first_failed_sync_nothing_is_acknowledged(void **state)
{
    const struct scene *s = *state;
    struct countdown countdown = {.before = 3, .lasting = 1};
    const struct trouble t = trouble_of(OP_DATASYNC, EIO, &countdown);
    struct journal_config config = testing_config(s->dir);
    config.files = &t.files;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    struct journal_lane *lane = journal_lane(j, 0);
    uint64_t line = 1;
    journal_record_t r = testing_record(testing_id(1), line, "{}");
    while (testing_append(j, &r)) {
        r.line = ++line;
    }
    assert_int_equal(line, 4);
    assert_int_equal(journal_state_of(j), JOURNAL_FAILED);
    const uint64_t durable = journal_durable(lane);
    uint64_t position = 0;
    for (int i = 0; i < 5; i++) {
        assert_err(journal_append(lane, &r, &position), ERR_IO);
        assert_err(journal_room(lane, 1), ERR_IO);
        journal_kick(lane);
        assert_int_equal(journal_durable(lane), durable);
    }
    journal_close(&j);
}

/* A killed writer leaves frames that were written and not synced: a start that cannot make them
 * durable must not tell anybody of them, whether the segment is longer than they are or not. */
static void frames_found_by_a_start_are_synced_before_they_count(void **state)
{
    const struct scene *s = *state;
    struct journal_config config = testing_config(s->dir);
    assert_int_equal(append_lines(&config, 1, LINES), LINES);
    size_t len = 0;
    uint8_t *whole = testing_load(s->segment, &len);
    for (int padded = 0; padded < 2; padded++) {
        uint8_t image[4096] = {0};
        memcpy(image, whole, len);
        restore(s, image, padded != 0 ? sizeof image : len);
        /* the folder's parent is synced first, then the segment */
        struct countdown countdown = {.before = 1, .lasting = 1};
        const struct trouble t = trouble_of(OP_SYNC, EIO, &countdown);
        config.files = &t.files;
        struct journal *j = NULL;
        struct journal_fault why = {0};
        assert_err(journal_open(&config, &j, &why), ERR_IO);
        assert_true(countdown.lasting <= 0);
        assert_non_null(why.reason);
    }
    free(whole);
}

static void a_full_disk_refuses_and_heals_by_itself(void **state)
{
    const struct scene *s = *state;

    static const struct {
        enum operation operation;
        int number, before;
    } where[] = {{OP_WRITE, ENOSPC, 8},
                 {OP_WRITE, EDQUOT, 8},
                 {OP_OPEN, ENOSPC, 1},
                 {OP_RENAME, ENOSPC, 1},
                 {OP_RENAME, EDQUOT, 1}};

    for (size_t i = 0; i < ARRAY_LEN(where); i++) {
        testing_folder_remove(s->dir);
        struct countdown countdown = {.before = where[i].before, .lasting = 1 << 30};
        struct trouble t = trouble_of(where[i].operation, where[i].number, &countdown);
        t.partly = true;
        struct journal_config config = testing_config(s->dir);
        config.files = &t.files;
        struct journal *j = NULL;
        assert_ok(journal_open(&config, &j, NULL));
        struct journal_lane *lane = journal_lane(j, 0);
        journal_record_t r = testing_record(testing_id(1), 0, "{}");
        uint64_t position = 0;
        err_t e = ERR_OK;
        while (!failed(e)) {
            r.line++;
            e = journal_append(lane, &r, &position);
            journal_kick(lane);
            (void)poll(NULL, 0, 1);
        }
        assert_err(e, ERR_STORAGE);
        assert_err(journal_room(lane, 1), ERR_STORAGE);
        assert_int_equal(journal_state_of(j), JOURNAL_DISK_FULL);
        assert_true(journal_durable(lane) < position); /* waits, is not lost */

        atomic_store(&countdown.lasting, 0); /* room again */
        assert_true(testing_wait(j, lane, position));
        assert_int_equal(journal_state_of(j), JOURNAL_RUNNING);
        assert_true(testing_append(j, &r));
        journal_close(&j);
        const struct testing_count count = testing_read(s->dir);
        assert_ok(count.result);
        assert_true(count.ordered && count.last_line == r.line);
    }
}

static void assert_ends(const struct scene *s, enum operation operation, int before)
{
    struct countdown countdown = {.before = before, .lasting = 1 << 30};
    const struct trouble t = trouble_of(operation, EIO, &countdown);
    struct journal_config config = testing_config(s->dir);
    testing_folder_remove(s->dir);
    config.files = &t.files;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    uint64_t line = 1;
    journal_record_t r = testing_record(testing_id(1), line, "{}");
    while (testing_append(j, &r)) {
        r.line = ++line;
    }
    assert_int_equal(journal_state_of(j), JOURNAL_FAILED);
    journal_close(&j);
    const struct testing_count count = testing_read(s->dir);
    assert_ok(count.result);
    assert_true(count.ordered && count.last_line == line - 1);
}

/* A frame that was refused may stand there all the same, and a segment have its name. */
static void a_frame_or_name_that_a_broken_disk_refused_ends_the_journal(void **state)
{
    assert_ends(*state, OP_WRITE, 12);
    assert_ends(*state, OP_RENAME, 1);
}

/* Calls are interrupted and take a part of what they are given, as they may. */
struct sluggish {
    struct journal_files files; /* first member */
    size_t most;                /* bytes of a call */
    _Atomic unsigned calls;
    _Atomic uint64_t beyond; /* writes that end neither with a page nor with the segment */
};

enum { SLUGGISH_SEGMENT = 4096 * 3 + 1000 };

static struct sluggish *sluggish_of(const struct journal_files *self)
{
    const union {
        const struct journal_files *in;
        struct sluggish *out;
    } pointer = {.in = self};

    return pointer.out;
}

static ssize_t sluggish_pwritev(const struct journal_files *self, int fd, const struct iovec *parts,
                                int count, off_t offset)
{
    struct sluggish *const s = sluggish_of(self);
    uint64_t end = (uint64_t)offset;
    for (int i = 0; i < count; i++) {
        end += parts[i].iov_len;
    }
    if (end != SLUGGISH_SEGMENT && (end % 4096 != 0 || end > SLUGGISH_SEGMENT)) {
        atomic_fetch_add(&s->beyond, 1);
    }
    if (atomic_fetch_add(&s->calls, 1) % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    int i = 0;
    while (parts[i].iov_len == 0) {
        i++;
    }
    const size_t len = parts[i].iov_len;
    return pwrite(fd, parts[i].iov_base, len < s->most ? len : s->most, offset);
}

static void writes_that_take_a_part_go_on_where_it_ended(void **state)
{
    static const size_t most[] = {1, 7, FRAME_HEAD, FRAME_HEAD + 1, 1000, 100000};

    const struct scene *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(most); i++) {
        struct sluggish sluggish = {.files = *journal_files_system(), .most = most[i]};
        struct journal_config config = testing_config(s->dir);
        testing_folder_remove(s->dir);
        sluggish.files.pwritev = sluggish_pwritev;
        config.segment_bytes = SLUGGISH_SEGMENT;
        config.files = &sluggish.files;
        assert_int_equal(append_lines(&config, 1, 150), 150);
        assert_kept(s->dir, 149, 150);
        assert_int_equal(atomic_load(&sluggish.beyond), 0);
    }
}

/* A file system that takes no write past the page cache, or only larger ones. */
struct picky {
    struct journal_files files; /* first member */
    _Atomic int *refused;
    int number; /* how it says so */
};

static ssize_t picky_pwritev(const struct journal_files *self, int fd, const struct iovec *parts,
                             int count, off_t offset)
{
    const struct picky *p = (const void *)self;
    if ((fcntl(fd, F_GETFL) & O_DIRECT) != 0) {
        (void)atomic_fetch_add(p->refused, 1);
        errno = p->number;
        return -1;
    }
    return pwritev(fd, parts, count, offset);
}

static void zeros_go_through_the_cache_where_they_must(void **state)
{
    enum { HALF = 30, ALL = 2 * HALF };

    const struct scene *s = *state;
    _Atomic int refused = 0;
    struct picky picky = {.files = *journal_files_system(), .refused = &refused, .number = EINVAL};
    picky.files.pwritev = picky_pwritev;
    struct journal_config config = testing_config(s->dir);
    config.files = &picky.files;
    assert_int_equal(append_lines(&config, 1, HALF), HALF);
    const int invalid = atomic_load(&refused); /* whether one more is prepared at the end is luck */
    assert_true(invalid > 0);
    picky.number = EOPNOTSUPP; /* as some that are stacked on others say it */
    assert_int_equal(append_lines(&config, HALF + 1, ALL), HALF);
    const int both = atomic_load(&refused);
    assert_true(both > invalid);
    config.segment_bytes += 100; /* no whole pages: it is not even tried */
    assert_int_equal(append_lines(&config, ALL + 1, ALL + HALF), HALF);
    assert_int_equal(atomic_load(&refused), both);
    assert_kept(s->dir, ALL + HALF - 1, ALL + HALF);
}

/* The real operations, and whether a segment was removed while the removal of another one was not
 * yet durable. */
struct removals {
    struct journal_files files; /* first member */
    _Atomic int *unsynced, *most;
};

static int note_unlink(const struct journal_files *self, int dir, const char *name)
{
    const struct removals *r = (const void *)self;
    uint64_t first = 0;
    if (segment_name_parse(name, &first)) {
        const int now = atomic_fetch_add(r->unsynced, 1) + 1;
        if (now > atomic_load(r->most)) {
            atomic_store(r->most, now);
        }
    }
    return unlinkat(dir, name, 0);
}

static int note_fsync(const struct journal_files *self, int fd)
{
    const struct removals *r = (const void *)self;
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        atomic_store(r->unsynced, 0);
    }
    return fsync(fd);
}

static void old_segments_go_one_after_the_other_also_on_the_disk(void **state)
{
    const struct scene *s = *state;
    _Atomic int unsynced = 0;
    _Atomic int most = 0;
    struct removals removals = {
        .files = *journal_files_system(), .unsynced = &unsynced, .most = &most};
    removals.files.unlink = note_unlink;
    removals.files.fsync = note_fsync;
    struct journal_config config = testing_config(s->dir);
    append_lines(&config, 1, 150);
    config.max_bytes = config.segment_bytes;
    config.files = &removals.files;
    struct journal *j = NULL;
    assert_ok(journal_open(&config, &j, NULL));
    for (int i = 0; i < 400 && atomic_load(&most) == 0; i++) {
        (void)poll(NULL, 0, 10);
    }
    (void)poll(NULL, 0, 50); /* and the others that are due */
    journal_close(&j);
    assert_int_equal(atomic_load(&most), 1);
    assert_int_equal(atomic_load(&unsynced), 0);
    assert_ok(testing_read(s->dir).result);
}

static void random_damage_never_reads_as_other_records(void **state)
{
    const struct scene *s = *state;
    const struct journal_config config = testing_config(s->dir);
    append_lines(&config, 1, LINES);
    size_t len = 0;
    uint8_t *whole = testing_load(s->segment, &len);
    uint64_t seed = 16;
    for (int round = 0; round < 300; round++) {
        uint8_t *bad = malloc(len + 1);
        assert_non_null(bad);
        memcpy(bad, whole, len);
        for (uint64_t n = random_below(&seed, 8) + 1; n > 0; n--) {
            bad[random_below(&seed, len)] = (uint8_t)random_u64(&seed);
        }
        restore(s, bad, len - random_below(&seed, len / 2));
        const struct testing_count count = testing_read(s->dir);
        assert_true(count.ordered && count.records <= LINES);
        free(bad);
    }
    free(whole);
}

int main(void)
{
#define IN_SCENE(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_end)
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_others_may_change_is_not_taken),
        IN_SCENE(a_tail_torn_at_any_byte_is_cut),
        IN_SCENE(a_first_frame_torn_leaves_an_empty_journal),
        IN_SCENE(a_flipped_byte_before_the_tail_stops_and_says_where),
        IN_SCENE(a_missing_segment_stops_and_says_where),
        IN_SCENE(a_whole_frame_with_a_malformed_record_stops_and_says_where),
        IN_SCENE(whatever_fails_once_nothing_acknowledged_is_lost),
        IN_SCENE(after_the_first_failed_sync_nothing_is_acknowledged),
        IN_SCENE(frames_found_by_a_start_are_synced_before_they_count),
        IN_SCENE(a_full_disk_refuses_and_heals_by_itself),
        IN_SCENE(a_frame_or_name_that_a_broken_disk_refused_ends_the_journal),
        IN_SCENE(writes_that_take_a_part_go_on_where_it_ended),
        IN_SCENE(zeros_go_through_the_cache_where_they_must),
        IN_SCENE(old_segments_go_one_after_the_other_also_on_the_disk),
        IN_SCENE(random_damage_never_reads_as_other_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
