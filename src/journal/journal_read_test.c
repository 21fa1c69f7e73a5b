/* What a reader makes of segments that no writer would have left: each frame is laid down by hand. */
#include "journal/journal_read.h"

#include "base/util.h"
#include "codec/crc32c.h"
#include "journal/frame.h"
#include "journal/record.h"
#include "tests/support/journal.h"

#include <fcntl.h>
#include <sys/resource.h>

enum {
    CHUNK = 256 * 1024, /* what a reader reads at once */
    LOOK_ALIKES = 64,   /* more than that is damage, whatever they are */
    BYTES_MAX = 3 * CHUNK,
    LONG = 200 /* bytes of a record that could be two */
};

struct sheet {
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    uint8_t *bytes; /* of the segment at hand */
    size_t len;
};

static int sheet_make(void **state)
{
    struct sheet *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->bytes = calloc(1, BYTES_MAX);
    assert_non_null(s->bytes);
    testing_folder(s->folder);
    testing_join(s->dir, s->folder, "journal");
    assert_int_equal(mkdir(s->dir, 0700), 0);
    *state = s;
    return 0;
}

static int sheet_end(void **state)
{
    struct sheet *s = *state;
    testing_folder_remove(s->folder);
    free(s->bytes);
    free(s);
    return 0;
}

/* Write what was laid down as the segment `first`, and begin a new one. */
static void store_segment(struct sheet *s, uint64_t first)
{
    char name[SEGMENT_NAME_SIZE];
    char path[TESTING_PATH];
    segment_name_print(first, name);
    testing_join(path, s->dir, name);
    testing_store(path, s->bytes, s->len);
    memset(s->bytes, 0, BYTES_MAX);
    s->len = 0;
}

static void seal(struct sheet *s, uint64_t sequence, uint32_t records, size_t payload)
{
    const struct frame_head head = {
        .sequence = sequence, .length = (uint32_t)payload, .records = records};
    uint8_t *raw = s->bytes + s->len;
    const uint32_t crc = frame_head_write(&head, raw);
    frame_head_seal(raw, crc32c(crc, (span_t){raw + FRAME_HEAD, payload}));
    s->len += FRAME_HEAD + payload;
}

/* Put a record of `data` bytes behind the head to come; returns how long it is. */
static size_t put_record(struct sheet *s, size_t at, uint64_t line, size_t data)
{
    static const uint8_t text[LONG] = {0};
    journal_record_t r = testing_record(testing_id(1), line, "");
    uint8_t *to = s->bytes + s->len + FRAME_HEAD + at;
    size_t size = 0;
    r.type = (span_t){0};
    r.data = (span_t){text, data};
    assert_ok(journal_record_size(&r, &size));
    journal_record_head(&r, size, to);
    memcpy(to + JOURNAL_RECORD_FIXED, text, data);
    return size;
}

/* A sound frame of one record, whose line is the frame's number. Returns where it stands. */
static size_t lay(struct sheet *s, uint64_t sequence)
{
    const size_t at = s->len;
    seal(s, sequence, 1, put_record(s, 0, sequence, 2));
    return at;
}

static void lay_spoilt(struct sheet *s, uint64_t sequence)
{
    s->bytes[lay(s, sequence) + FRAME_HEAD] ^= 1;
}

static struct journal_reader *open_from(const struct sheet *s, uint64_t from, uint64_t limit)
{
    struct journal_reader *r = NULL;
    assert_ok(journal_reader_open(s->dir, from, limit, &r, NULL));
    return r;
}

static void assert_line(struct journal_reader *r, uint64_t line)
{
    journal_record_t record = {0};
    bool more = false;
    assert_ok(journal_reader_next(r, &record, &more));
    assert_true(more);
    assert_int_equal(record.line, line);
}

static void assert_over(struct journal_reader *r)
{
    journal_record_t record = {0};
    bool more = true;
    assert_ok(journal_reader_next(r, &record, &more));
    assert_false(more);
}

static void assert_damage(struct journal_reader *r, size_t offset)
{
    journal_record_t record = {0};
    bool more = true;
    assert_err(journal_reader_next(r, &record, &more), ERR_FORMAT);
    assert_int_equal(journal_reader_fault(r)->offset, offset);
}

/* Go on behind damage; `lost` frames are missed, and -1: there is nothing behind it. */
static void assert_skip(struct journal_reader *r, int64_t lost)
{
    uint64_t frames = 77;
    bool found = lost < 0;
    assert_ok(journal_reader_skip(r, &frames, &found));
    assert_int_equal(found, lost >= 0);
    assert_int_equal(frames, found ? (uint64_t)lost : 77);
}

/* ---- going on behind damage ------------------------------------------------------------------- */

enum malformed { OTHER_KIND, ONE_MORE, ONE_LESS, MALFORMED };

/* A whole frame, as its checksum says, of three lines; not all of them can be read. Returns how many can. */
static unsigned lay_malformed(struct sheet *s, enum malformed how, uint64_t sequence)
{
    size_t size = 0;
    uint32_t records = 3;
    for (uint64_t i = 0; i < 3; i++) {
        size += put_record(s, size, 100 + i, LONG);
    }
    if (how == OTHER_KIND) {
        s->bytes[s->len + FRAME_HEAD + size / 3 + 4] = (uint8_t)JOURNAL_KINDS;
    } else {
        records = how == ONE_MORE ? 2 : 4;
    }
    const size_t len = s->len; /* what a client sent may be a frame: it is none of the journal */
    s->len += FRAME_HEAD + size - LONG;
    (void)lay(s, sequence + 1);
    s->len = len;
    seal(s, sequence, records, size);
    return how == ONE_LESS ? 2 : 1;
}

static void behind_a_malformed_record_the_next_frames_are_read(void **state)
{
    struct sheet *s = *state;
    for (int how = 0; how < MALFORMED; how++) {
        (void)lay(s, 1);
        const size_t at = s->len;
        const unsigned readable = lay_malformed(s, (enum malformed)how, 2);
        (void)lay(s, 3);
        const size_t spoilt = s->len;
        lay_spoilt(s, 4); /* and then one that is damaged otherwise */
        (void)lay(s, 5);
        store_segment(s, 1);
        struct journal_reader *r = open_from(s, 0, 6);
        assert_line(r, 1);
        for (unsigned i = 0; i < readable; i++) {
            assert_line(r, 100 + i);
        }
        assert_damage(r, at);
        assert_skip(r, 1);
        assert_line(r, 3);
        assert_damage(r, spoilt);
        assert_skip(r, 1);
        assert_line(r, 5);
        assert_over(r);
        journal_reader_close(&r);
    }
}

static void a_frame_that_slipped_by_one_byte_is_found(void **state)
{
    struct sheet *s = *state;
    (void)lay(s, 1);
    const size_t at = s->len;
    s->bytes[s->len++] = 'x';
    (void)lay(s, 2);
    store_segment(s, 1);
    struct journal_reader *r = open_from(s, 0, 3);
    assert_line(r, 1);
    assert_damage(r, at);
    assert_skip(r, 0);
    assert_line(r, 2);
    assert_over(r);
    struct journal_read_stats stats = {0};
    journal_reader_stats(r, &stats);
    assert_true(stats.segments == 1 && stats.frames == 2 && stats.records == 2);
    assert_int_equal(stats.bytes, 2 * at);
    journal_reader_close(&r);
}

/* It is the shortest frame there is, and nothing stands behind it. */
static void the_empty_frame_of_an_orderly_end_is_found(void **state)
{
    struct sheet *s = *state;
    s->bytes[s->len++] = 'x';
    seal(s, 2, 0, 0);
    store_segment(s, 1);
    struct journal_reader *r = open_from(s, 0, 3);
    assert_damage(r, 0);
    assert_skip(r, 1);
    assert_over(r);
    journal_reader_close(&r);
}

/* Frames that are written and not yet durable stand there, too. */
static void nothing_beyond_the_limit_is_gone_on_to(void **state)
{
    struct sheet *s = *state;
    (void)lay(s, 1);
    lay_spoilt(s, 2);
    (void)lay(s, 3);
    store_segment(s, 1);
    (void)lay(s, 4);
    store_segment(s, 4);
    struct journal_reader *r = open_from(s, 0, 3);
    const journal_place_t end = {0};
    assert_skip(r, -1); /* it has read nothing yet */
    assert_line(r, 1);
    assert_damage(r, FRAME_HEAD + JOURNAL_RECORD_FIXED + 2);
    assert_skip(r, -1);
    journal_reader_extend(r, 4, &end);
    assert_skip(r, 1);
    assert_line(r, 3);
    assert_over(r);
    journal_reader_close(&r);

    lay_spoilt(s, 1);
    lay_spoilt(s, 2);
    lay_spoilt(s, 3);
    store_segment(s, 1);
    r = open_from(s, 0, 4);
    assert_damage(r, 0);
    assert_skip(r, -1);
    journal_reader_extend(r, 5, &end);
    assert_skip(r, 3);
    assert_line(r, 4);
    journal_reader_close(&r);

    r = open_from(s, 3, 5); /* whoever begins with 3 misses no others */
    assert_damage(r, 0);
    assert_skip(r, 1);
    journal_reader_close(&r);
}

/* ---- the torn end ----------------------------------------------------------------------------- */

static bool is_torn(const struct sheet *s, uint64_t bytes)
{
    struct journal_reader *r = open_from(s, 0, JOURNAL_TO_THE_END);
    struct journal_read_stats stats = {0};
    journal_record_t record = {0};
    bool more = true;
    const err_t e = journal_reader_next(r, &record, &more);
    journal_reader_stats(r, &stats);
    journal_reader_close(&r);
    if (failed(e)) {
        assert_int_equal(e.code, ERR_FORMAT);
        return false;
    }
    assert_false(more);
    assert_int_equal(stats.torn_bytes, bytes);
    return true;
}

/* The reader looks through a long rest piece by piece: no frame falls between two of them. */
static void a_later_frame_is_found_wherever_two_pieces_meet(void **state)
{
    enum { BEFORE = CHUNK - FRAME_HEAD - 8, BEHIND = CHUNK + 8 };

    struct sheet *s = *state;
    for (size_t at = BEFORE; at < BEHIND; at += at % 2 + 1) {
        s->bytes[0] = 'x';
        s->len = at;
        (void)lay(s, 5);
        s->len = BYTES_MAX;
        store_segment(s, 1);
        assert_false(is_torn(s, 0));
        struct journal_reader *r = open_from(s, 0, 6);
        assert_damage(r, 0);
        assert_skip(r, 4);
        assert_line(r, 5);
        journal_reader_close(&r);
    }
}

static void a_torn_end_is_as_long_as_what_was_written_of_it(void **state)
{
    static const size_t lengths[] = {1,     2,         FRAME_HEAD,    1000,          CHUNK - 1,
                                     CHUNK, CHUNK + 1, 2 * CHUNK - 1, BYTES_MAX - 1, BYTES_MAX};
    struct sheet *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        s->bytes[0] = 'x';
        s->bytes[lengths[i] - 1] = 'x';
        s->len = BYTES_MAX;
        store_segment(s, 1);
        assert_true(is_torn(s, lengths[i]));
    }
    s->len = BYTES_MAX;
    store_segment(s, 1);
    assert_true(is_torn(s, 0));
}

/* Behaviour that a client chose may look like heads of frames: a few of them do not stop a start. */
static void a_few_things_that_look_like_heads_are_no_damage(void **state)
{
    struct sheet *s = *state;
    for (size_t count = 0; count <= LOOK_ALIKES; count += count == 0 ? LOOK_ALIKES - 1 : 1) {
        s->len = 1;
        for (size_t i = 0; i < count; i++) {
            lay_spoilt(s, 5);
        }
        const size_t len = s->len;
        s->bytes[0] = 'x';
        s->bytes[len - 1] = 'x';
        store_segment(s, 1);
        assert_int_equal(is_torn(s, len), count < LOOK_ALIKES);
    }
}

/* ---- what is not there ------------------------------------------------------------------------ */

static void segments_that_vanish_altogether_are_an_end(void **state)
{
    struct sheet *s = *state;
    (void)lay(s, 1);
    store_segment(s, 1);
    struct journal_reader *r = open_from(s, 0, JOURNAL_TO_THE_END);
    assert_line(r, 1);
    testing_folder_remove(s->dir);
    assert_over(r);
    journal_reader_close(&r);
}

/* Retention takes what is before the frame that is waited for; then that frame is damaged, not taken. */
static void a_reader_is_outrun_by_a_missing_frame_alone(void **state)
{
    struct sheet *s = *state;
    char path[TESTING_PATH];
    (void)lay(s, 1);
    store_segment(s, 1);
    lay_spoilt(s, 2);
    store_segment(s, 2);
    struct journal_reader *r = open_from(s, 0, 4);
    assert_line(r, 1);
    testing_join(path, s->dir, "00000000000000000001.cjl");
    assert_int_equal(unlink(path), 0);
    assert_damage(r, 0);
    assert_false(journal_reader_is_outrun(r));
    testing_join(path, s->dir, "00000000000000000002.cjl");
    assert_int_equal(unlink(path), 0);
    assert_false(journal_reader_is_outrun(r)); /* nothing is left that would say so */
    (void)lay(s, 3);
    store_segment(s, 3);
    assert_true(journal_reader_is_outrun(r));
    journal_reader_close(&r);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    const struct sheet *s = *state;
    const journal_mark_t mark = {.sequence = 2, .segment = 1};
    struct journal_reader *r = NULL;
    struct journal_fault why = {0};
    char path[TESTING_PATH];
    testing_join(path, s->folder, "elsewhere");
    assert_err(journal_reader_open(path, 0, JOURNAL_TO_THE_END, &r, &why), ERR_IO);
    assert_string_equal(why.reason, "the directory cannot be opened");
    assert_err(journal_reader_open_at(path, &mark, JOURNAL_TO_THE_END, &r, NULL), ERR_IO);
    assert_null(r);
}

/* A process that has no descriptor left. */
static void a_folder_that_cannot_be_listed_is_told(void **state)
{
    const struct sheet *s = *state;
    struct journal_reader *r = NULL;
    journal_record_t record = {0};
    bool more = true;
    struct rlimit usual;
    assert_ok(journal_reader_open(s->dir, 0, JOURNAL_TO_THE_END, &r, NULL));
    const int next = open(s->dir, O_RDONLY | O_CLOEXEC);
    assert_true(next >= 0);
    assert_int_equal(close(next), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    const struct rlimit none = {.rlim_cur = (rlim_t)next, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const err_t e = journal_reader_next(r, &record, &more);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_err(e, ERR_IO);
    assert_string_equal(journal_reader_fault(r)->reason, "the directory cannot be read");
    assert_ok(journal_reader_next(r, &record, &more)); /* with one it goes on */
    journal_reader_close(&r);
}

/* In whatever order the file system lists them, and however many they are. */
static void segments_are_listed_by_their_numbers(void **state)
{
    enum { MANY = 199, STEP = 61 };

    struct sheet *s = *state;
    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    for (uint64_t i = 0; i < MANY; i++) {
        store_segment(s, i * STEP % MANY + 1);
    }
    const int dir = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(segment_list_read(dir, &list));
    (void)close(dir);
    assert_int_equal(list.count, MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        assert_int_equal(list.first[i], i + 1);
    }
}

int main(void)
{
#define ON_SHEET(f) cmocka_unit_test_setup_teardown(f, sheet_make, sheet_end)
    const struct CMUnitTest tests[] = {
        ON_SHEET(behind_a_malformed_record_the_next_frames_are_read),
        ON_SHEET(a_frame_that_slipped_by_one_byte_is_found),
        ON_SHEET(the_empty_frame_of_an_orderly_end_is_found),
        ON_SHEET(nothing_beyond_the_limit_is_gone_on_to),
        ON_SHEET(a_later_frame_is_found_wherever_two_pieces_meet),
        ON_SHEET(a_torn_end_is_as_long_as_what_was_written_of_it),
        ON_SHEET(a_few_things_that_look_like_heads_are_no_damage),
        ON_SHEET(segments_that_vanish_altogether_are_an_end),
        ON_SHEET(a_reader_is_outrun_by_a_missing_frame_alone),
        ON_SHEET(a_folder_that_is_not_there_is_told),
        ON_SHEET(a_folder_that_cannot_be_listed_is_told),
        ON_SHEET(segments_are_listed_by_their_numbers),
    };
    return cmocka_run_group_tests_name("journal_read", tests, NULL, NULL);
}
