/* json_write_test.c - documents, their commas, their numbers, and what happens when room ends. */
#include "codec/json_write.h"

#include "base/util.h"
#include "codec/utf8.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void write_sample(struct json_writer *w)
{
    json_begin_object(w);
    json_name(w, "a");
    json_int(w, -5);
    json_name(w, "b");
    json_begin_array(w);
    json_cstr(w, "x\"\\\n\x01\x7f");
    json_nil(w);
    json_bool(w, true);
    json_begin_object(w);
    json_end_object(w);
    json_begin_array(w);
    json_end_array(w);
    json_end_array(w);
    json_name(w, "c");
    json_raw(w, SPAN_LIT("{\"d\":1}"));
    json_name(w, "t");
    json_time(w, (wall_t){1750761000123});
    json_name(w, "id");
    json_uuid(w, (uuid_t){{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x42, 0xd3, 0xa4, 0x56}});
    json_end_object(w);
}

static const char sample[] =
    "{\"a\":-5,\"b\":[\"x\\\"\\\\\\n\\u0001\\u007f\",null,true,{},[]],\"c\":{\"d\":1},"
    "\"t\":\"2025-06-24T10:30:00.123Z\",\"id\":\"123e4567-e89b-42d3-a456-000000000000\"}";

static void a_document_comes_out_as_written(void **state)
{
    (void)state;
    struct buf out;
    struct json_writer w;
    buf_init(&out, 4096);
    assert_false(failed(buf_append(&out, SPAN_LIT("before "))));
    json_writer_init(&w, &out);
    write_sample(&w);
    assert_false(failed(json_finish(&w)));
    assert_span_text(json_written(&w), sample);
    assert_int_equal(out.len, strlen("before ") + strlen(sample));
    buf_deinit(&out);
}

static void any_room_too_small_is_an_error_and_leaves_the_buf_alone(void **state)
{
    (void)state;
    for (size_t room = 0; room <= strlen(sample); room++) {
        struct buf out;
        struct json_writer w;
        buf_init(&out, room + 1);
        assert_false(failed(buf_append_byte(&out, 'x')));
        json_writer_init(&w, &out);
        write_sample(&w);
        const bool fits = room == strlen(sample);
        assert_int_equal(json_finish(&w).code, fits ? ERR_NONE : ERR_LIMIT);
        assert_int_equal(out.len, fits ? room + 1 : 1);
        buf_deinit(&out);

        char *const memory = malloc(room == 0 ? 1 : room);
        assert_non_null(memory);
        json_writer_init_fixed(&w, memory, room);
        write_sample(&w);
        assert_int_equal(json_finish(&w).code, fits ? ERR_NONE : ERR_LIMIT);
        assert_int_equal(json_written(&w).len, fits ? room : 0);
        free(memory);
    }
}

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void assert_number(double value, const char *want)
{
    char memory[64];
    struct json_writer w;
    json_writer_init_fixed(&w, memory, sizeof memory);
    json_number(&w, value);
    assert_false(failed(json_finish(&w)));
    if (want != NULL) {
        assert_span_text(json_written(&w), want);
    }
    assert_true(json_written(&w).len < sizeof memory);
    memory[json_written(&w).len] = '\0';
    const double back = strtod(memory, NULL);
    if (bits_of(back) != bits_of(value)) {
        fail_msg("%.17g came out as %s", value, memory);
    }
}

static void numbers_are_short_and_read_back(void **state)
{
    (void)state;

    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {1.0, "1"},
        {-1.0, "-1"},
        {0.1, "0.1"},
        {0.15, "0.15"},
        {100.0, "100"},
        {1250.5, "1250.5"},
        {-0.001, "-0.001"},
        {0.0001, "0.0001"},
        {1e15, "1e+15"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e300, "1e+300"},
        {5e-324, "5e-324"},
        {999999999999.999, "999999999999.999"},
        {1.0 / 3.0, "0.3333333333333333"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_number(cases[i].value, cases[i].text);
    }
    assert_number(-0.0, NULL);
    uint64_t seed = 20250624;
    for (int round = 0; round < 20000; round++) {
        const uint64_t bits = random_u64(&seed);
        double value = 0.0;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            assert_number(value, NULL);
        }
        assert_number((double)random_below(&seed, 1U << 30) / 1000.0, NULL);
    }
}

static void whole_and_fixed_numbers_come_out(void **state)
{
    (void)state;
    char memory[256];
    struct json_writer w;
    json_writer_init_fixed(&w, memory, sizeof memory);
    json_begin_array(&w);
    json_int(&w, INT64_MIN);
    json_int(&w, INT64_MAX);
    json_uint(&w, UINT64_MAX);
    json_uint(&w, 0);
    json_fixed(&w, 0.456, 2);
    json_fixed(&w, -0.001, 2);
    json_fixed(&w, -1.5, 0);
    json_fixed(&w, 1e15, 2);
    json_end_array(&w);
    assert_false(failed(json_finish(&w)));
    assert_span_text(json_written(&w),
                     "[-9223372036854775808,9223372036854775807,18446744073709551615,0,0.46,0.00,"
                     "-2,1000000000000000.00]");
}

/* What is printed without printf() is what printf() prints, above all near the middle of two units. */
static void fixed_decimals_are_those_of_printf(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < 200000; i++) {
        const int decimals = i % 6;
        double value = (double)random_below(&seed, 1U << 30) / (i % 4 == 0 ? 1e9 : 2000.0);
        for (int k = 0; k < i % 7; k++) {
            value = nextafter(value, i % 3 == 0 ? 0 : 2e6);
        }
        char want[64];
        (void)snprintf(want, sizeof want, "%.*f", decimals, value);
        char memory[64];
        struct json_writer w;
        json_writer_init_fixed(&w, memory, sizeof memory);
        json_fixed(&w, value, decimals);
        assert_false(failed(json_finish(&w)));
        assert_span_text(json_written(&w), want);
    }
}

static void bytes_that_are_not_text_are_replaced(void **state)
{
    (void)state;
    char memory[64];
    struct json_writer w;
    json_writer_init_fixed(&w, memory, sizeof memory);
    json_text(&w, SPAN_LIT("a\xff\xe2\x82z\xc3\xa4\0"));
    assert_false(failed(json_finish(&w)));
    assert_span_text(json_written(&w), "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xc3\xa4\\u0000\"");
}

static void every_control_character_has_its_escape(void **state)
{
    (void)state;
    char memory[64];
    struct json_writer w;
    json_writer_init_fixed(&w, memory, sizeof memory);
    json_text(&w, SPAN_LIT("\b\t\n\f\r\x1f "));
    assert_false(failed(json_finish(&w)));
    assert_span_text(json_written(&w), "\"\\u0008\\t\\n\\u000c\\r\\u001f \"");
}

/* What a terminal or a reader would obey: DEL, the second set of controls, the turns of direction. */
static bool steers(uint32_t code)
{
    return (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static void what_steers_a_terminal_is_an_escape_and_nothing_else_is(void **state)
{
    (void)state;
    for (uint32_t code = 0x20; code <= 0x10ffff; code += code < 0x3000 ? 1 : 0x101) {
        uint8_t text[4];
        char memory[32];
        char want[32];
        struct json_writer w;
        if (code == '"' || code == '\\' || (code >= 0xd800 && code <= 0xdfff)) {
            continue;
        }
        const size_t len = utf8_put(code, text);
        uint32_t seen = 7;
        assert_int_equal(utf8_steering((span_t){text, len}, &seen), steers(code) ? len : 0);
        assert_int_equal(seen, steers(code) ? code : 7);
        if (len > 1) { /* not before it is whole */
            assert_int_equal(utf8_steering((span_t){text, len - 1}, &seen), 0);
        }
        (void)(steers(code) ? snprintf(want, sizeof want, "\"\\u%04x\"", (unsigned)code)
                            : snprintf(want, sizeof want, "\"%.*s\"", (int)len, (char *)text));
        json_writer_init_fixed(&w, memory, sizeof memory);
        json_text(&w, (span_t){text, len});
        assert_false(failed(json_finish(&w)));
        assert_span_text(json_written(&w), want);
    }
}

static void the_value_of_somebody_else_keeps_its_value(void **state)
{
    (void)state;

    static const struct {
        const char *value, *want;
    } cases[] = {
        {"{}", "{}"},
        {"{ \"a\" :\n[1,\"\\u009b\",\"\\\\\"]}", "{ \"a\" :\n[1,\"\\u009b\",\"\\\\\"]}"},
        {"\"\xc2\x9b"
         "31m\x7f\xe2\x80\xae\xe2\x80\xac\"",
         "\"\\u009b31m\\u007f\\u202e\\u202c\""},
        {"{\"\xe2\x81\xa9\":\"caf\xc3\xa9 \xe2\x82\xac\"}",
         "{\"\\u2069\":\"caf\xc3\xa9 \xe2\x82\xac\"}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[128];
        struct json_writer w;
        const span_t value = {(const uint8_t *)cases[i].value, strlen(cases[i].value)};
        json_writer_init_fixed(&w, memory, sizeof memory);
        json_foreign(&w, value);
        assert_false(failed(json_finish(&w)));
        assert_span_text(json_written(&w), cases[i].want);
    }
}

/* Eight bytes are looked at together: what stands where, and beside what, must not matter. */
static void a_byte_comes_out_the_same_wherever_it_stands(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte <= 0xff; byte++) {
        char alone[32];
        struct json_writer w;
        json_writer_init_fixed(&w, alone, sizeof alone);
        const uint8_t one = (uint8_t)byte;
        json_text(&w, (span_t){&one, 1});
        assert_false(failed(json_finish(&w)));
        const size_t inner = json_written(&w).len - 2;
        for (size_t at = 0; at < 17; at++) {
            uint8_t text[17];
            char got[128];
            memset(text, at % 2 == 0 ? 'a' : '~', sizeof text);
            text[at] = (uint8_t)byte;
            json_writer_init_fixed(&w, got, sizeof got);
            json_text(&w, (span_t){text, sizeof text});
            assert_false(failed(json_finish(&w)));
            assert_int_equal(json_written(&w).len, sizeof text - 1 + inner + 2);
            assert_memory_equal(got + 1 + at, alone + 1, inner);
        }
    }
}

/* An answer with a token that could not be finished leaves nothing of it behind. */
static void what_was_written_in_vain_to_a_secret_buf_is_wiped(void **state)
{
    (void)state;
    static const char token[] = "a-token-of-somebody";
    uint8_t large[256] = {0};
    struct buf b;
    struct json_writer w;
    buf_init_secret(&b, 128);
    assert_false(failed(buf_append(&b, (span_t){large, 128}))); /* as much as it may hold */
    buf_cut(&b, 0);
    assert_false(failed(buf_append(&b, (span_t){(const uint8_t *)"kept", 4})));
    json_writer_init(&w, &b);
    json_begin_object(&w);
    json_name(&w, "token");
    json_text(&w, (span_t){(const uint8_t *)token, sizeof token - 1});
    json_name(&w, "more");
    json_text(&w, (span_t){large, sizeof large});
    json_end_object(&w);
    assert_true(failed(json_finish(&w)));
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.ptr, "kept", 4);
    assert_null(memmem(b.ptr, b.limit, token, sizeof token - 1));
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_comes_out_as_written),
        cmocka_unit_test(any_room_too_small_is_an_error_and_leaves_the_buf_alone),
        cmocka_unit_test(numbers_are_short_and_read_back),
        cmocka_unit_test(whole_and_fixed_numbers_come_out),
        cmocka_unit_test(fixed_decimals_are_those_of_printf),
        cmocka_unit_test(bytes_that_are_not_text_are_replaced),
        cmocka_unit_test(every_control_character_has_its_escape),
        cmocka_unit_test(what_steers_a_terminal_is_an_escape_and_nothing_else_is),
        cmocka_unit_test(the_value_of_somebody_else_keeps_its_value),
        cmocka_unit_test(what_was_written_in_vain_to_a_secret_buf_is_wiped),
        cmocka_unit_test(a_byte_comes_out_the_same_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
