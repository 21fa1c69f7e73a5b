/* view_line_test.c - a line of a buffer file: compact, whole, the same whatever the client's spacing. */
#include "journal/view_line.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <string.h>

static const uuid_t session = {{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x42, 0xd3, 0xa4, 0x56}};

#define HEAD \
    "{\"timestamp\":\"2025-06-24T10:30:00.123Z\",\"event_type\":\"scroll_pattern\",\"data\":"
#define TAIL \
    ",\"session_id\":\"123e4567-e89b-42d3-a456-000000000000\",\"user_email\":\"a\\\"b@example.org\"}\n"

struct desk {
    struct view_renderer renderer;
    struct buf tail, out;
};

static void desk_open(struct desk *d)
{
    view_renderer_init(&d->renderer);
    buf_init(&d->tail, 4096);
    buf_init(&d->out, 65536);
    assert_false(failed(view_render_tail(session, "a\"b@example.org", &d->tail)));
}

static void desk_close(struct desk *d)
{
    view_renderer_deinit(&d->renderer);
    buf_deinit(&d->tail);
    buf_deinit(&d->out);
}

static span_t render(struct desk *d, span_t data)
{
    const journal_record_t record = {
        .at = {1750761000123}, .type = SPAN_INIT("scroll_pattern"), .data = data};
    buf_clear(&d->out);
    assert_false(failed(view_render_line(&d->renderer, &record, buf_span(&d->tail), &d->out)));
    return buf_span(&d->out);
}

static void white_space_between_tokens_goes_and_in_strings_stays(void **state)
{
    (void)state;

    static const struct {
        const char *data, *shown;
    } cases[] = {
        {"{}", "{}"},
        {"", "{}"},
        {"[1]", "{}"},
        {"{\"a\":1,\"b\":[true,null]}", "{\"a\":1,\"b\":[true,null]}"},
        {"{ \"a\" : 1 }", "{\"a\":1}"},
        {"{\"a\":\n\t1,\r\n\"b\":2}", "{\"a\":1,\"b\":2}"},
        {"{\"a b\":\"c \\\" d\"}", "{\"a b\":\"c \\\" d\"}"},
        {"{\"name\":\"\xc3\xa9\xe2\x82\xac\"}", "{\"name\":\"\xc3\xa9\xe2\x82\xac\"}"},
        {"{\"nbsp\":\"\xc2\xa0\", \"b\":1}", "{\"nbsp\":\"\xc2\xa0\",\"b\":1}"},
    };
    struct desk d;
    desk_open(&d);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char want[512];
        (void)snprintf(want, sizeof want, HEAD "%s" TAIL, cases[i].shown);
        const span_t line =
            render(&d, (span_t){(const uint8_t *)cases[i].data, strlen(cases[i].data)});
        assert_span_text(line, want);
    }
    desk_close(&d);
}

static void one_space_anywhere_changes_nothing(void **state)
{
    (void)state;
    static const char compact[] = "{\"abcdefgh\":[1,2,3],\"ij\":{\"kl\":4.5}}";
    static const char spaces[] = " \t\r\n";
    struct desk d;
    desk_open(&d);
    char want[512];
    (void)snprintf(want, sizeof want, HEAD "%s" TAIL, compact);
    for (size_t at = 1; at < sizeof compact - 2; at++) {
        if (compact[at] != ':' && compact[at] != ',' && compact[at] != '[') {
            continue;
        }
        for (size_t k = 0; k < sizeof spaces - 1; k++) {
            char data[sizeof compact + 1];
            memcpy(data, compact, at + 1);
            data[at + 1] = spaces[k];
            memcpy(data + at + 2, compact + at + 1, sizeof compact - at - 1);
            assert_span_text(render(&d, (span_t){(const uint8_t *)data, sizeof compact}), want);
        }
    }
    desk_close(&d);
}

static void a_line_without_room_leaves_what_was_there(void **state)
{
    (void)state;
    const journal_record_t record = {
        .at = {0}, .type = SPAN_INIT("x"), .data = SPAN_INIT("{\"a\":1}")};
    struct desk d;
    desk_open(&d);
    const size_t whole = render(&d, SPAN_LIT("{\"a\":1}")).len - strlen("scroll_pattern") + 1;
    for (size_t room = 4; room < whole + 4; room++) {
        struct buf out;
        buf_init(&out, room);
        assert_false(failed(buf_append(&out, SPAN_LIT("abc\n"))));
        assert_true(failed(view_render_line(&d.renderer, &record, buf_span(&d.tail), &out)));
        assert_span_text(buf_span(&out), "abc\n");
        buf_deinit(&out);
    }
    desk_close(&d);
}

static void a_head_is_kept_for_its_moment_and_type_alone(void **state)
{
    (void)state;
    char long_type[VIEW_HEAD_TYPE + 2];
    memset(long_type, 'x', sizeof long_type);

    const struct {
        int64_t at_ms;
        const char *type;
        size_t len;
        const char *time;
    } cases[] = {
        {1750761000123, "scroll", 6, "2025-06-24T10:30:00.123Z"},
        {1750761000123, "scroll", 6, "2025-06-24T10:30:00.123Z"},
        {1750761000124, "scroll", 6, "2025-06-24T10:30:00.124Z"},
        {1750761000124, "scrolm", 6, "2025-06-24T10:30:00.124Z"},
        {1750761000124, "scrol", 5, "2025-06-24T10:30:00.124Z"},
        {1750761000124, long_type, VIEW_HEAD_TYPE, "2025-06-24T10:30:00.124Z"},
        {1750761000124, long_type, VIEW_HEAD_TYPE + 1, "2025-06-24T10:30:00.124Z"},
        {1750761000124, long_type, VIEW_HEAD_TYPE, "2025-06-24T10:30:00.124Z"},
        {1750761000124, "", 0, "2025-06-24T10:30:00.124Z"},
        {1750761000124, "scroll", 6, "2025-06-24T10:30:00.124Z"},
    };
    struct desk d;
    desk_open(&d);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const journal_record_t record = {
            .at = {cases[i].at_ms},
            .type = {(const uint8_t *)cases[i].type, cases[i].len},
            .data = SPAN_INIT("{}"),
        };
        char want[512];
        (void)snprintf(want, sizeof want,
                       "{\"timestamp\":\"%s\",\"event_type\":\"%.*s\",\"data\":{}" TAIL,
                       cases[i].time, (int)cases[i].len, cases[i].type);
        buf_clear(&d.out);
        assert_false(failed(view_render_line(&d.renderer, &record, buf_span(&d.tail), &d.out)));
        assert_span_text(buf_span(&d.out), want);
    }
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_kept_for_its_moment_and_type_alone),
        cmocka_unit_test(white_space_between_tokens_goes_and_in_strings_stays),
        cmocka_unit_test(one_space_anywhere_changes_nothing),
        cmocka_unit_test(a_line_without_room_leaves_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
