/* A journal that ends before what somebody has seen durable is refused, and left as it is; and who reads may
 * go on behind damage. */
#include "base/util.h"
#include "journal/journal.h"
#include "journal/journal_read.h"
#include "tests/support/journal.h"

#include <fcntl.h>

enum { LINES = 30, MANY = 90 };

struct scene {
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];
    char segment[TESTING_PATH];
    struct journal_config config;
    journal_mark_t mark; /* behind the frame in the middle */
    uint64_t end;
};

static int scene_make(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct journal *j = NULL;
    assert_non_null(s);
    testing_folder(s->folder);
    testing_join(s->dir, s->folder, "journal");
    testing_join(s->segment, s->dir, "00000000000000000001.cjl");
    s->config = testing_config(s->dir);
    s->config.segment_bytes = 65536;
    assert_ok(journal_open(&s->config, &j, NULL));
    for (uint64_t line = 1; line <= LINES; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{\"a\":[1,2,3]}");
        assert_true(testing_append(j, &r));
        if (line == LINES / 2) {
            journal_mark_read(j, &s->mark);
        }
    }
    s->end = journal_committed(j);
    journal_close(&j);
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

static enum err_code open_code(const struct scene *s, struct journal_fault *why)
{
    struct journal *j = NULL;
    const err_t e = journal_open(&s->config, &j, why);
    journal_close(&j);
    return e.code;
}

static void what_was_durable_is_no_torn_tail_wherever_it_is_cut(void **state)
{
    struct scene *s = *state;
    size_t len = 0;
    struct journal_fault why = {0};
    uint8_t *whole = testing_load(s->segment, &len);
    s->config.holds = s->end;
    s->config.verify_from = &s->mark;
    assert_int_equal(open_code(s, &why), ERR_NONE);
    for (size_t left = 0; left < len; left += 97) {
        size_t after = 0;
        testing_store(s->segment, whole, left);
        assert_int_equal(open_code(s, &why), ERR_RANGE);
        free(testing_load(s->segment, &after));
        assert_int_equal(after, left); /* whoever mends it finds what there was */
        assert_string_equal(why.file, "00000000000000000001.cjl");
        assert_true(why.offset <= left);
        assert_in_range(why.next, 1, s->end - 1); /* so much is there */
    }
    for (size_t left = 0; left < len; left += 97) { /* a crash has lost writes */
        uint8_t *holed = calloc(1, len);
        assert_non_null(holed);
        memcpy(holed, whole, left);
        testing_store(s->segment, holed, len);
        free(holed);
        assert_int_equal(open_code(s, &why), ERR_RANGE);
    }
    testing_store(s->segment, whole, len);
    assert_int_equal(open_code(s, &why), ERR_NONE);
    free(whole);
}

static void a_journal_without_segments_holds_nothing(void **state)
{
    struct scene *s = *state;
    struct journal_fault why = {0};
    s->config.holds = s->end;
    testing_folder_remove(s->dir);
    assert_int_equal(open_code(s, &why), ERR_RANGE);
    assert_string_equal(why.file, "");
    assert_int_equal(why.next, 1);
    s->config.holds = 1; /* before the first frame */
    assert_int_equal(open_code(s, &why), ERR_NONE);
}

static void another_journal_of_the_same_length_is_refused(void **state)
{
    struct scene *s = *state;
    struct journal_fault why = {0};
    s->config.verify_from = &s->mark;
    s->mark.crc ^= 1;
    assert_int_equal(open_code(s, &why), ERR_RANGE);
    assert_int_equal(why.offset, s->mark.offset);
    s->mark.crc ^= 1;
    s->mark.segment = 7;
    assert_int_equal(open_code(s, &why), ERR_RANGE);
}

static void a_frame_that_retention_took_proves_nothing(void **state)
{
    struct scene *s = *state;
    char later[TESTING_PATH];
    struct journal_fault why = {0};
    struct journal *j = NULL;
    s->config.segment_bytes = JOURNAL_SEGMENT_BYTES_MIN;
    assert_ok(journal_open(&s->config, &j, NULL)); /* goes on in a second segment */
    const journal_record_t r = testing_record(testing_id(1), LINES + 1, "{}");
    assert_true(testing_append(j, &r));
    journal_close(&j);
    testing_join(later, s->dir, "00000000000000000032.cjl");
    assert_int_equal(access(later, F_OK), 0);
    assert_int_equal(unlink(s->segment), 0);
    s->config.verify_from = &s->mark;
    s->config.holds = s->end;
    assert_int_equal(open_code(s, &why), ERR_NONE);
}

/* How many records can be read when the reader goes on behind what is damaged. */
static uint64_t read_behind(const char *dir, uint64_t limit, uint64_t *lost)
{
    struct journal_reader *r = NULL;
    journal_record_t record = {0};
    uint64_t records = 0;
    bool more = true;
    *lost = 0;
    assert_ok(journal_reader_open(dir, 0, limit, &r, NULL));
    while (more) {
        const err_t e = journal_reader_next(r, &record, &more);
        uint64_t frames = 0;
        bool found = false;
        if (failed(e)) {
            assert_int_equal(e.code, ERR_FORMAT);
            assert_ok(journal_reader_skip(r, &frames, &found));
            *lost += frames;
            more = found;
        } else if (more) {
            records++;
        }
    }
    journal_reader_close(&r);
    return records;
}

static void a_reader_goes_on_behind_damage_and_missing_segments(void **state)
{
    struct scene *s = *state;
    char later[TESTING_PATH];
    struct journal *j = NULL;
    uint64_t lost = 0;
    size_t len = 0;
    uint8_t *whole = testing_load(s->segment, &len);
    s->config.segment_bytes = JOURNAL_SEGMENT_BYTES_MIN;
    assert_ok(journal_open(&s->config, &j, NULL));
    for (uint64_t line = LINES + 1; line <= MANY; line++) {
        const journal_record_t r = testing_record(testing_id(1), line, "{}");
        assert_true(testing_append(j, &r));
    }
    const uint64_t limit = journal_committed(j);
    journal_close(&j);
    assert_int_equal(read_behind(s->dir, limit, &lost), MANY);
    assert_int_equal(lost, 0);
    for (size_t at = 0; at < len; at += 61) { /* one frame, or the empty one at the end */
        uint8_t bad = whole[at] ^ 0x10;
        const int fd = open(s->segment, O_RDWR);
        assert_int_equal(pwrite(fd, &bad, 1, (off_t)at), 1);
        const uint64_t records = read_behind(s->dir, limit, &lost);
        assert_true(records == MANY || records + lost == MANY);
        assert_true(lost <= 1);
        assert_int_equal(pwrite(fd, whole + at, 1, (off_t)at), 1);
        (void)close(fd);
    }
    free(whole);
    testing_join(later, s->dir, "00000000000000000032.cjl");
    assert_int_equal(unlink(later), 0);
    const uint64_t records = read_behind(s->dir, limit, &lost);
    assert_true(records < MANY && lost > 0);
    assert_int_equal(records + lost, MANY);
}

int main(void)
{
#define IN_SCENE(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_end)
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_was_durable_is_no_torn_tail_wherever_it_is_cut),
        IN_SCENE(a_journal_without_segments_holds_nothing),
        IN_SCENE(another_journal_of_the_same_length_is_refused),
        IN_SCENE(a_frame_that_retention_took_proves_nothing),
        IN_SCENE(a_reader_goes_on_behind_damage_and_missing_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
