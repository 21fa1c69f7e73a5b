/* uuid_text_test.c - one spelling for one id. */
#include "codec/uuid_text.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

static void an_id_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 20250624;
    for (int round = 0; round < 2000; round++) {
        uuid_t id = {{0}};
        uuid_t back = {{0}};
        char text[UUID_TEXT_SIZE];
        for (size_t i = 0; i < sizeof id.byte; i++) {
            id.byte[i] = (uint8_t)random_below(&seed, 256);
        }
        id.byte[6] = (uint8_t)((id.byte[6] & 0x0f) | 0x40);
        id.byte[8] = (uint8_t)((id.byte[8] & 0x3f) | 0x80);
        uuid_print(id, text);
        assert_int_equal(strlen(text), UUID_TEXT_LEN);
        assert_false(failed(uuid_parse((span_t){(const uint8_t *)text, UUID_TEXT_LEN}, &back)));
        assert_true(uuid_eq(id, back));
    }
    uuid_t id = {{0}};
    assert_false(failed(uuid_parse(SPAN_LIT("123e4567-e89b-42d3-a456-426614174000"), &id)));
    assert_memory_equal(id.byte, "\x12\x3e\x45\x67\xe8\x9b\x42\xd3\xa4\x56\x42\x66\x14\x17\x40\x00",
                        16);
}

static void other_spellings_are_refused(void **state)
{
    (void)state;
    static const span_t cases[] = {
        SPAN_INIT(""),
        SPAN_INIT("123e4567-e89b-12d3-a456-426614174000"), /* version 1 */
        SPAN_INIT("123e4567-e89b-42d3-c456-426614174000"), /* another variant */
        SPAN_INIT("123E4567-e89b-42d3-a456-426614174000"), /* upper case */
        SPAN_INIT("00000000-0000-0000-0000-000000000000"), /* nil */
        SPAN_INIT("123e4567e89b42d3a456426614174000"),     /* no hyphens */
        SPAN_INIT("{23e4567-e89b-42d3-a456-42661417400}"),
        SPAN_INIT("123e4567-e89b-42d3-a456-4266141740000"), /* too long */
        SPAN_INIT("123e4567-e89b-42d3-a456-42661417400"),   /* too short */
        SPAN_INIT("123e45670e89b-42d3-a456-426614174000"),
        SPAN_INIT("123e4567-e89b-42d3-a456-42661417400g"),
        SPAN_INIT("123e4567-e89b-42d3-a456-42661417400\0"),
        SPAN_INIT("../../etc/passwd/../../etc/passwd///"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uuid_t id = {{9}};
        assert_int_equal(uuid_parse(cases[i], &id).code, ERR_FORMAT);
        assert_int_equal(id.byte[0], 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_comes_back),
        cmocka_unit_test(other_spellings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
