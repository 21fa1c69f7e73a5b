/* event_redact_test.c - keystrokes of a secret field show how many there were and no more. */
#include "codec/event_redact.h"

#include "base/util.h"
#include "tests/support/unit.h"

static void keys_become_their_count(void **state)
{
    (void)state;

    static const struct {
        const char *data, *shown;
    } cases[] = {
        {"{\"field\":\"mpin\",\"keys\":[{\"down\":0},{\"down\":1}]}",
         "{\"field\":\"mpin\",\"keys\":2}"},
        {"{ \"keys\" : [ ] , \"a\":{\"keys\":[1]} }", "{ \"keys\" : 0 , \"a\":{\"keys\":[1]} }"},
        {"{\"k\\u0065ys\":[[],[]],\"\\u0061\":1}", "{\"k\\u0065ys\":2,\"\\u0061\":1}"},
        {"{\"field\":\"mpin\"}", "{\"field\":\"mpin\"}"},
        {"{}", "{}"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        buf_init(&out, 256);
        assert_false(failed(buf_append_byte(&out, '>')));
        const span_t data = {(const uint8_t *)cases[i].data, strlen(cases[i].data)};
        assert_false(failed(event_redact_keys(data, &out)));
        assert_span_text((span_t){out.ptr + 1, out.len - 1}, cases[i].shown);
        buf_deinit(&out);
    }
}

static void bad_data_and_no_room_leave_the_buf_alone(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "[]", "{\"keys\":5}", "{\"keys\":[}", "{\"keys\":[]} x",
                                        "{"};
    struct buf out;
    buf_init(&out, 8);
    assert_false(failed(buf_append_byte(&out, '>')));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const span_t data = {(const uint8_t *)cases[i], strlen(cases[i])};
        assert_int_equal(event_redact_keys(data, &out).code, ERR_FORMAT);
        assert_int_equal(out.len, 1);
    }
    assert_int_equal(event_redact_keys(SPAN_LIT("{\"keys\":[1]}"), &out).code, ERR_LIMIT);
    assert_int_equal(event_redact_keys(SPAN_LIT("{\"other\":[1]}"), &out).code, ERR_LIMIT);
    assert_int_equal(out.len, 1);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_become_their_count),
        cmocka_unit_test(bad_data_and_no_room_leave_the_buf_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
