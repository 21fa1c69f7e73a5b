/* ws_frames_test.c - frames in, items out: the same items whatever the cuts. */
#include "protocol/ws_frames.h"

#include "base/util.h"
#include "protocol/ws_mask.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <stdlib.h>

enum { ITEMS_MAX = 16, SHOWN_MAX = 200 };

static const uint8_t zero_mask[WS_MASK_LEN] = {0};
static const uint8_t test_mask[WS_MASK_LEN] = {0x37, 0xfa, 0x21, 0x3d};

/* What came out: items in order, payloads as far as they fit. */
struct heard {
    size_t count;

    struct {
        enum ws_item item;
        unsigned code;
        size_t len;
        uint8_t payload[SHOWN_MAX];
    } at[ITEMS_MAX];
};

static void drain(struct ws_reader *r, uint8_t *bytes, size_t len, struct heard *out)
{
    uint8_t *cursor = bytes;
    struct ws_item_data data;
    for (enum ws_item item; (item = ws_next(r, &cursor, bytes + len, &data)) != WS_NEED_MORE;) {
        if (item == WS_FAULT && out->count > 0 && out->at[out->count - 1].item == WS_FAULT) {
            break;
        }
        assert_true(out->count < ITEMS_MAX);
        out->at[out->count].item = item;
        out->at[out->count].code = data.code;
        out->at[out->count].len = data.payload.len;
        if (data.payload.len > 0) {
            memcpy(out->at[out->count].payload, data.payload.ptr,
                   size_min(data.payload.len, SHOWN_MAX));
        }
        out->count++;
    }
    assert_ptr_equal(cursor, bytes + len);
}

/* Feed copies of at most `step` bytes (0: all), each in memory of exactly its size. */
static struct heard hear(enum ws_role role, size_t max, span_t wire, size_t step)
{
    struct heard out = {0};
    struct ws_reader r;
    ws_reader_init(&r, role, max);
    for (size_t at = 0; at < wire.len;) {
        const size_t n = step == 0 ? wire.len : size_min(step, wire.len - at);
        uint8_t *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, wire.ptr + at, n);
        drain(&r, copy, n, &out);
        free(copy);
        at += n;
    }
    ws_reader_deinit(&r);
    return out;
}

static void assert_same(const struct heard *a, const struct heard *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->at[i].item, b->at[i].item);
        assert_int_equal(a->at[i].code, b->at[i].code);
        assert_int_equal(a->at[i].len, b->at[i].len);
        assert_memory_equal(a->at[i].payload, b->at[i].payload, size_min(a->at[i].len, SHOWN_MAX));
    }
}

/* A masked frame with any first byte: masks, so that the table can hold plain text. */
static void add_frame(struct buf *out, unsigned first, span_t payload)
{
    const size_t start = out->len;
    assert_ok(ws_write_masked(out, WS_OP_BINARY, payload, test_mask));
    out->ptr[start] = (uint8_t)first;
}

struct frame {
    unsigned first;
    const char *payload; /* NULL: end of the row */
};

struct want {
    enum ws_item item; /* WS_NEED_MORE: end of the row */
    unsigned code;
    const char *payload;
};

/* clang-format off */
static const struct {
    const char *row;
    struct frame in[6];
    struct want out[5];
} cases[] = {
    {"one text",        {{0x81, "hello"}},                      {{WS_MESSAGE_TEXT, 0, "hello"}}},
    {"one binary",      {{0x82, "\xff\xfe"}},                   {{WS_MESSAGE_BINARY, 0, "\xff\xfe"}}},
    {"empty ones",      {{0x81, ""}, {0x82, ""}, {0x89, ""}, {0x8a, ""}},
                        {{WS_MESSAGE_TEXT, 0, ""}, {WS_MESSAGE_BINARY, 0, ""}, {WS_PING, 0, ""}, {WS_PONG, 0, ""}}},
    {"two fragments",   {{0x01, "hel"}, {0x80, "lo"}},          {{WS_MESSAGE_TEXT, 0, "hello"}}},
    {"empty fragments", {{0x01, ""}, {0x00, ""}, {0x80, ""}},   {{WS_MESSAGE_TEXT, 0, ""}}},
    {"ping inside",     {{0x02, "a"}, {0x89, "ping"}, {0x00, "b"}, {0x8a, "pong"}, {0x80, "c"}},
                        {{WS_PING, 0, "ping"}, {WS_PONG, 0, "pong"}, {WS_MESSAGE_BINARY, 0, "abc"}}},
    {"then another",    {{0x01, "a"}, {0x80, "b"}, {0x81, "c"}, {0x02, "d"}, {0x80, "e"}},
                        {{WS_MESSAGE_TEXT, 0, "ab"}, {WS_MESSAGE_TEXT, 0, "c"}, {WS_MESSAGE_BINARY, 0, "de"}}},
    {"cut code point",  {{0x01, "\xce"}, {0x00, ""}, {0x80, "\xba"}}, {{WS_MESSAGE_TEXT, 0, "\xce\xba"}}},
    {"bad UTF-8",       {{0x81, "a\xff"}},                      {{WS_FAULT, 1007, ""}}},
    {"surrogate",       {{0x81, "\xed\xa0\x80"}},               {{WS_FAULT, 1007, ""}}},
    {"overlong",        {{0x81, "\xc0\xaf"}},                   {{WS_FAULT, 1007, ""}}},
    {"beyond 10ffff",   {{0x81, "\xf4\x90\x80\x80"}},           {{WS_FAULT, 1007, ""}}},
    {"open at the end", {{0x81, "\xce"}},                       {{WS_FAULT, 1007, ""}}},
    {"open at last",    {{0x01, "\xce"}, {0x80, ""}},           {{WS_FAULT, 1007, ""}}},
    {"fails in part",   {{0x01, "a\xff"}},                      {{WS_FAULT, 1007, ""}}},
    {"binary is free",  {{0x02, "\xff"}, {0x80, "\xff"}},       {{WS_MESSAGE_BINARY, 0, "\xff\xff"}}},
    {"rsv1",            {{0xc1, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"rsv2",            {{0xa1, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"rsv3",            {{0x99, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"opcode 3",        {{0x83, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"opcode 7",        {{0x87, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"opcode 11",       {{0x8b, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"opcode 15",       {{0x8f, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"cut ping",        {{0x09, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"lone middle",     {{0x20, "a"}},                          {{WS_FAULT, 1002, ""}}},
    {"lone last",       {{0x81, "a"}, {0x80, "b"}},             {{WS_MESSAGE_TEXT, 0, "a"}, {WS_FAULT, 1002, ""}}},
    {"text in text",    {{0x01, "a"}, {0x81, "b"}},             {{WS_FAULT, 1002, ""}}},
    {"binary in text",  {{0x01, "a"}, {0x02, "b"}},             {{WS_FAULT, 1002, ""}}},
    {"close",           {{0x88, ""}},                           {{WS_CLOSE, 1005, ""}}},
    {"close 1000",      {{0x88, "\x03\xe8"}},                   {{WS_CLOSE, 1000, ""}}},
    {"close reason",    {{0x88, "\x03\xe9" "bye"}},             {{WS_CLOSE, 1001, "bye"}}},
    {"close in text",   {{0x01, "a"}, {0x88, "\x03\xe8"}},      {{WS_CLOSE, 1000, ""}}},
    {"after close",     {{0x88, "\x03\xe8"}, {0x89, "a"}, {0x8f, "b"}}, {{WS_CLOSE, 1000, ""}}},
    {"close, 1 byte",   {{0x88, "\x03"}},                       {{WS_FAULT, 1002, ""}}},
    {"close 1005",      {{0x88, "\x03\xed"}},                   {{WS_FAULT, 1002, ""}}},
    {"close, bad text", {{0x88, "\x03\xe8" "\xff"}},            {{WS_FAULT, 1007, ""}}},
    {"close, cut text", {{0x88, "\x03\xe8" "\xce"}},            {{WS_FAULT, 1007, ""}}},
    {"faults stay",     {{0x81, "\xff"}, {0x81, "a"}},          {{WS_FAULT, 1007, ""}}},
};

/* clang-format on */

static void build(const struct frame *in, size_t n, struct buf *wire)
{
    for (size_t i = 0; i < n && in[i].payload != NULL; i++) {
        add_frame(wire, in[i].first,
                  (span_t){(const uint8_t *)in[i].payload, strlen(in[i].payload)});
    }
}

static void check(const char *row, const struct heard *got, const struct want *want)
{
    size_t n = 0;
    for (; n < 5 && want[n].item != WS_NEED_MORE; n++) {
        if (n >= got->count || got->at[n].item != want[n].item || got->at[n].code != want[n].code) {
            fail_msg("%s: item %zu of %zu is wrong", row, n, got->count);
        }
        assert_span_text((span_t){got->at[n].payload, got->at[n].len}, want[n].payload);
    }
    assert_int_equal(got->count, n);
}

static void frames_become_the_items_they_should(void **state)
{
    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct buf wire;
        buf_init(&wire, 65536);
        build(cases[c].in, ARRAY_LEN(cases[c].in), &wire);
        for (size_t step = 0; step <= wire.len; step++) {
            const struct heard got = hear(WS_SERVER, 65536, buf_span(&wire), step);
            check(cases[c].row, &got, cases[c].out);
        }
        buf_deinit(&wire);
    }
}

static void close_codes_are_those_of_the_registry(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 65536; code++) {
        const bool want = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
                          (code >= 3000 && code < 5000);
        assert_int_equal(ws_close_code_is_valid(code), want);
    }
}

static void sizes_are_refused_at_the_header(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *row;
        uint8_t bytes[14];
        size_t len;
        unsigned code; /* 0: waits for the payload */
    } heads[] = {
        {"at the limit",       {0x82, 0xfe, 0x03, 0xe8, 1, 2, 3, 4}, 8, 0},
        {"one beyond",         {0x82, 0xfe, 0x03, 0xe9, 1, 2, 3, 4}, 8, 1009},
        {"64 KiB",             {0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4}, 14, 1009},
        {"2^62",               {0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 14, 1009},
        {"2^63",               {0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 14, 1002},
        {"long form of 125",   {0x82, 0xfe, 0, 125, 1, 2, 3, 4}, 8, 1002},
        {"long form of 65535", {0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}, 14, 1002},
        {"ping of 126",        {0x89, 0xfe}, 2, 1002},
        {"ping of 2^16",       {0x89, 0xff}, 2, 1002},
        {"no mask",            {0x81, 0x05}, 2, 1002},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(heads); c++) {
        for (size_t step = 0; step < 3; step++) {
            const struct heard got =
                hear(WS_SERVER, 1000, (span_t){heads[c].bytes, heads[c].len}, step);
            assert_int_equal(got.count, heads[c].code == 0 ? 0 : 1);
            assert_int_equal(got.count == 0 ? 0 : got.at[0].code, heads[c].code);
        }
    }
}

static void fragments_count_towards_the_limit(void **state)
{
    (void)state;
    uint8_t half[501] = {0};
    for (size_t last = 499; last <= 501; last++) {
        struct buf wire;
        buf_init(&wire, 65536);
        add_frame(&wire, 0x02, (span_t){half, 500});
        add_frame(&wire, 0x80, (span_t){half, last});
        const struct heard got = hear(WS_SERVER, 1000, buf_span(&wire), 0);
        assert_int_equal(got.count, 1);
        assert_int_equal(got.at[0].item, last <= 500 ? WS_MESSAGE_BINARY : WS_FAULT);
        assert_int_equal(got.at[0].code, last <= 500 ? 0 : 1009);
        buf_deinit(&wire);
    }
}

static void bad_text_is_noticed_before_its_frame_ends(void **state)
{
    (void)state;
    struct buf wire;
    buf_init(&wire, 65536);
    add_frame(&wire, 0x81, SPAN_LIT("abcdef\xffghijkl"));
    struct heard got = hear(WS_SERVER, 1000, (span_t){wire.ptr, 6 + 6}, 0);
    assert_int_equal(got.count, 0);
    got = hear(WS_SERVER, 1000, (span_t){wire.ptr, 6 + 7}, 0);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.at[0].code, 1007);
    buf_deinit(&wire);
}

static void a_client_takes_unmasked_frames_only(void **state)
{
    (void)state;
    struct buf wire;
    buf_init(&wire, 65536);
    assert_ok(ws_write_text(&wire, SPAN_LIT("hello")));
    assert_ok(ws_write_ping(&wire, SPAN_LIT("p")));
    assert_ok(ws_write_pong(&wire, SPAN_LIT("q")));
    assert_ok(ws_write_binary(&wire, SPAN_LIT("")));
    assert_ok(ws_write_close(&wire, 4403, SPAN_LIT("blocked")));
    static const struct want want[5] = {{WS_MESSAGE_TEXT, 0, "hello"},
                                        {WS_PING, 0, "p"},
                                        {WS_PONG, 0, "q"},
                                        {WS_MESSAGE_BINARY, 0, ""},
                                        {WS_CLOSE, 4403, "blocked"}};
    for (size_t step = 0; step <= wire.len; step++) {
        const struct heard got = hear(WS_CLIENT, 1000, buf_span(&wire), step);
        check("client", &got, want);
    }
    buf_clear(&wire);
    assert_ok(ws_write_masked(&wire, WS_OP_TEXT, SPAN_LIT("a"), zero_mask));
    const struct heard got = hear(WS_CLIENT, 1000, buf_span(&wire), 0);
    assert_int_equal(got.at[0].code, 1002);
    buf_deinit(&wire);
}

static void close_reasons_are_cut_between_code_points(void **state)
{
    (void)state;
    uint8_t reason[200];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(reason, 'a', shift);
        for (size_t i = shift; i + 4 <= sizeof reason; i += 4) {
            static const uint8_t smile[4] = {0xf0, 0x9f, 0x98, 0x80};
            memcpy(reason + i, smile, sizeof smile);
        }
        struct buf wire;
        buf_init(&wire, 1024);
        assert_ok(ws_write_close(&wire, 1008, (span_t){reason, 180 + shift}));
        const struct heard got = hear(WS_CLIENT, 1000, buf_span(&wire), 0);
        assert_int_equal(got.at[0].item, WS_CLOSE);
        assert_in_range(got.at[0].len, 120, 123);
        buf_deinit(&wire);
    }
    struct buf wire;
    buf_init(&wire, 1024);
    assert_ok(ws_write_close(&wire, WS_CLOSE_NONE, SPAN_LIT("never sent")));
    assert_int_equal(wire.len, 2);
    buf_deinit(&wire);
}

static void every_length_survives_both_ways_and_any_cut(void **state)
{
    (void)state;
    static const size_t lengths[] = {0,    1,     2,     7,     8,     9,     31,  32,
                                     33,   124,   125,   126,   127,   128,   129, 1000,
                                     4096, 65534, 65535, 65536, 65537, 100000};
    uint64_t seed = 42;
    uint8_t *payload = malloc(100000);
    assert_non_null(payload);
    for (size_t i = 0; i < 100000; i++) {
        payload[i] = (uint8_t)(random_u64(&seed) & 0x7f);
    }
    for (size_t l = 0; l < ARRAY_LEN(lengths); l++) {
        struct buf wire;
        buf_init(&wire, 200000);
        add_frame(&wire, 0x81, (span_t){payload, lengths[l]});
        const struct heard whole = hear(WS_SERVER, 200000, buf_span(&wire), 0);
        assert_int_equal(whole.count, 1);
        assert_int_equal(whole.at[0].item, WS_MESSAGE_TEXT);
        assert_int_equal(whole.at[0].len, lengths[l]);
        assert_memory_equal(whole.at[0].payload, payload, size_min(lengths[l], SHOWN_MAX));
        for (int round = 0; round < 6; round++) {
            const size_t step = round == 0 ? 1 : 1 + random_below(&seed, wire.len);
            const struct heard cut = hear(WS_SERVER, 200000, buf_span(&wire), step);
            assert_same(&whole, &cut);
        }
        buf_deinit(&wire);
    }
    free(payload);
}

static void masking_by_words_equals_masking_by_bytes(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[128];
        uint8_t want[128];
        const size_t start = random_below(&seed, 16);
        const size_t n = random_below(&seed, sizeof bytes - start);
        const size_t done = random_below(&seed, 9);
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)random_below(&seed, 256);
            want[i] = bytes[i];
        }
        for (size_t i = 0; i < n; i++) {
            want[start + i] = (uint8_t)(want[start + i] ^ test_mask[(done + i) % 4]);
        }
        ws_mask(bytes + start, n, test_mask, done);
        assert_memory_equal(bytes, want, sizeof bytes);
    }
}

static void nothing_is_held_between_messages(void **state)
{
    (void)state;
    struct buf wire;
    buf_init(&wire, 65536);
    add_frame(&wire, 0x01, SPAN_LIT("hel"));
    add_frame(&wire, 0x89, SPAN_LIT("ping"));
    add_frame(&wire, 0x80, SPAN_LIT("lo"));
    struct ws_reader r;
    ws_reader_init(&r, WS_SERVER, 1000);
    assert_false(ws_reader_is_mid_message(&r));
    struct heard out = {0};
    for (size_t i = 0; i < wire.len; i++) {
        uint8_t byte = wire.ptr[i];
        drain(&r, &byte, 1, &out);
        assert_int_equal(ws_reader_is_mid_message(&r), i + 1 < wire.len);
    }
    assert_null(r.held);
    assert_int_equal(out.count, 2);

    ws_reader_init(&r, WS_SERVER, 1000);
    drain(&r, wire.ptr, 12, &out);
    ws_reader_deinit(&r);
    assert_null(r.held);
    assert_false(ws_reader_is_mid_message(&r));
    buf_deinit(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_become_the_items_they_should),
        cmocka_unit_test(close_codes_are_those_of_the_registry),
        cmocka_unit_test(sizes_are_refused_at_the_header),
        cmocka_unit_test(fragments_count_towards_the_limit),
        cmocka_unit_test(bad_text_is_noticed_before_its_frame_ends),
        cmocka_unit_test(a_client_takes_unmasked_frames_only),
        cmocka_unit_test(close_reasons_are_cut_between_code_points),
        cmocka_unit_test(every_length_survives_both_ways_and_any_cut),
        cmocka_unit_test(masking_by_words_equals_masking_by_bytes),
        cmocka_unit_test(nothing_is_held_between_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
