#include "journal/record.h"

#include "base/util.h"
#include "journal/frame.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t render(const journal_record_t *record, uint8_t *out)
{
    size_t size = 0;
    assert_ok(journal_record_size(record, &size));
    journal_record_head(record, size, out);
    size_t at = JOURNAL_RECORD_FIXED;
    const span_t texts[] = {record->type, record->client_time, record->data};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].len > 0) {
            memcpy(out + at, texts[i].ptr, texts[i].len);
            at += texts[i].len;
        }
    }
    assert_int_equal(at, size);
    return size;
}

static journal_record_t sample(void)
{
    return (journal_record_t){.kind = JOURNAL_FACT,
                              .session = {{1, 2, 3}},
                              .account = {{4, 5, 6}},
                              .at = {-5},
                              .line = UINT64_MAX,
                              .seq = JOURNAL_NO_SEQ,
                              .secret = true,
                              .fact = 7,
                              .value = -0.0,
                              .type = SPAN_INIT("mpin_verified"),
                              .data = SPAN_INIT("{\"a\":1}"),
                              .client_time = SPAN_INIT("2026-01-01T00:00:00Z")};
}

static void reads_back_every_field_bit_for_bit(void **state)
{
    (void)state;
    const double values[] = {-0.0, 0.1, INFINITY, 5e-324, -1.5};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        journal_record_t in = sample();
        in.value = values[i];
        uint8_t bytes[512];
        const size_t size = render(&in, bytes);
        journal_record_t out = {0};
        size_t took = 0;
        assert_ok(journal_record_read((span_t){bytes, sizeof bytes}, &out, &took));
        assert_int_equal(took, size);
        assert_int_equal(out.kind, in.kind);
        assert_true(uuid_eq(out.session, in.session) && uuid_eq(out.account, in.account));
        assert_int_equal(out.at.ms, in.at.ms);
        assert_true(out.line == in.line && out.seq == in.seq && out.secret && out.fact == 7);
        assert_memory_equal(&out.value, &in.value, sizeof in.value);
        assert_span_text(out.type, "mpin_verified");
        assert_span_text(out.data, "{\"a\":1}");
        assert_span_text(out.client_time, "2026-01-01T00:00:00Z");
    }
}

static void refuses_every_prefix_and_bad_lengths(void **state)
{
    (void)state;
    const journal_record_t in = sample();
    uint8_t bytes[512] = {0};
    const size_t size = render(&in, bytes);
    journal_record_t out = {0};
    size_t took = 0;
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut + 1);
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        assert_err(journal_record_read((span_t){exact, cut}, &out, &took), ERR_FORMAT);
        free(exact);
    }
    const size_t structural[] = {0, 1, 3, 4, 5, 8, 9, 10, 12, 15};
    for (size_t i = 0; i < ARRAY_LEN(structural); i++) {
        uint8_t bad[512];
        memcpy(bad, bytes, sizeof bad);
        bad[structural[i]] ^= 0x80;
        assert_err(journal_record_read((span_t){bad, sizeof bad}, &out, &took), ERR_FORMAT);
    }
}

static void takes_texts_up_to_their_limits_only(void **state)
{
    (void)state;
    static uint8_t text[JOURNAL_DATA_MAX + 1];
    journal_record_t r = sample();
    size_t size = 0;
    r.type = (span_t){text, JOURNAL_TYPE_MAX};
    r.client_time = (span_t){text, JOURNAL_CLIENT_TIME_MAX};
    r.data = (span_t){text, JOURNAL_DATA_MAX};
    assert_ok(journal_record_size(&r, &size));
    assert_int_equal(size, JOURNAL_RECORD_MAX);
    r.type.len++;
    assert_err(journal_record_size(&r, &size), ERR_RANGE);
    r.type.len--;
    r.client_time.len++;
    assert_err(journal_record_size(&r, &size), ERR_RANGE);
    r.client_time.len--;
    r.data.len++;
    assert_err(journal_record_size(&r, &size), ERR_RANGE);
}

/* What may be written is read, or the next start would find damage. */
static void what_is_as_long_as_may_be_is_read_and_nothing_longer(void **state)
{
    (void)state;
    static uint8_t text[JOURNAL_DATA_MAX + 1];
    static uint8_t bytes[JOURNAL_RECORD_MAX + 1];
    journal_record_t longest = sample();
    longest.type = (span_t){text, JOURNAL_TYPE_MAX};
    longest.client_time = (span_t){text, JOURNAL_CLIENT_TIME_MAX};
    longest.data = (span_t){text, JOURNAL_DATA_MAX};
    journal_record_t out = {0};
    size_t took = 0;
    assert_int_equal(render(&longest, bytes), JOURNAL_RECORD_MAX);
    assert_ok(journal_record_read((span_t){bytes, JOURNAL_RECORD_MAX}, &out, &took));
    assert_int_equal(took, JOURNAL_RECORD_MAX);
    assert_int_equal(out.type.len, JOURNAL_TYPE_MAX);
    assert_int_equal(out.client_time.len, JOURNAL_CLIENT_TIME_MAX);
    assert_int_equal(out.data.len, JOURNAL_DATA_MAX);

    for (int i = 0; i < 3; i++) {
        journal_record_t longer = longest;
        (i == 0 ? &longer.type : i == 1 ? &longer.client_time : &longer.data)->len++;
        journal_record_head(&longer, JOURNAL_RECORD_MAX + 1, bytes);
        assert_err(journal_record_read((span_t){bytes, sizeof bytes}, &out, &took), ERR_FORMAT);
    }
}

static void a_record_without_texts_is_read(void **state)
{
    (void)state;
    const journal_record_t shortest = {.kind = JOURNAL_SESSION_END, .line = 3};
    uint8_t bytes[JOURNAL_RECORD_FIXED];
    journal_record_t out = {0};
    size_t took = 0;
    assert_int_equal(render(&shortest, bytes), sizeof bytes);
    assert_ok(journal_record_read((span_t){bytes, sizeof bytes}, &out, &took));
    assert_int_equal(took, sizeof bytes);
    assert_int_equal(out.line, 3);
}

static void a_frame_head_is_whole_or_refused(void **state)
{
    (void)state;
    uint8_t payload[100] = {1, 2, 3};
    const struct frame_head in = {.sequence = 42, .at = {1000}, .length = 100, .records = 1};
    uint8_t raw[FRAME_HEAD];
    frame_head_seal(raw, frame_head_write(&in, raw));
    struct frame_head out = {0};
    assert_true(frame_head_read((span_t){raw, sizeof raw}, &out));
    assert_false(frame_is_whole(&out, (span_t){raw, sizeof raw}, (span_t){payload, 100}));
    assert_false(frame_head_read((span_t){raw, sizeof raw - 1}, &out));
    assert_int_equal(out.sequence, 42);

    static const struct {
        const char *name;
        uint64_t sequence;
        uint32_t length, records;
    } bad[] = {{"sequence 0", 0, 100, 1},          {"last sequence", UINT64_MAX, 100, 1},
               {"records without bytes", 1, 0, 1}, {"bytes without records", 1, 100, 0},
               {"too many records", 1, 100, 2},    {"too long", 1, FRAME_PAYLOAD_MAX + 1, 1}};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct frame_head head = {
            .sequence = bad[i].sequence, .length = bad[i].length, .records = bad[i].records};
        frame_head_seal(raw, frame_head_write(&head, raw));
        if (frame_head_read((span_t){raw, sizeof raw}, &out)) {
            fail_msg("%s was taken", bad[i].name);
        }
    }
}

static void segment_names_are_exact(void **state)
{
    (void)state;
    char name[SEGMENT_NAME_SIZE];
    uint64_t n = 0;
    segment_name_print(7, name);
    assert_string_equal(name, "00000000000000000007.cjl");
    assert_true(segment_name_parse(name, &n));
    assert_int_equal(n, 7);
    const char *bad[] = {"",
                         "7.cjl",
                         "00000000000000000000.cjl",
                         "18446744073709551615.cjl",
                         "99999999999999999999.cjl",
                         "0000000000000000000a.cjl",
                         "00000000000000000007.cjm",
                         "00000000000000000007.cjl ",
                         "next.tmp"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (segment_name_parse(bad[i], &n)) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_every_field_bit_for_bit),
        cmocka_unit_test(refuses_every_prefix_and_bad_lengths),
        cmocka_unit_test(takes_texts_up_to_their_limits_only),
        cmocka_unit_test(what_is_as_long_as_may_be_is_read_and_nothing_longer),
        cmocka_unit_test(a_record_without_texts_is_read),
        cmocka_unit_test(a_frame_head_is_whole_or_refused),
        cmocka_unit_test(segment_names_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
