/* The pin in the opening record of a session: which profile it goes on with after a restart. */
#include "base/util.h"
#include "codec/json_write.h"
#include "domain/learnt/profile.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

static err_t read_pin(const char *json, profile_pin_t *out)
{
    const journal_record_t record = {.data = {(const uint8_t *)json, strlen(json)}};
    return profile_pin_read(&record, out);
}

static void a_pin_is_read_from_among_other_members(void **state)
{
    (void)state;
    profile_pin_t pin = {0};
    assert_ok(
        read_pin("{\"ip\":\"::1\",\"more\":{\"profile\":9,\"of\":[1,{}]},\"profile\":4294967295,"
                 "\"seen\":true,\"model\":\"people-\\u00e9-1\"} ",
                 &pin));
    assert_true(pin.set);
    assert_int_equal(pin.revision, UINT32_MAX);
    assert_string_equal(pin.model, "people-\xc3\xa9-1");
    assert_ok(read_pin("{\"model\":\"m\",\"profile\":0}", &pin));
    assert_true(pin.set);
    assert_int_equal(pin.revision, 0);
}

static void a_record_of_before_there_were_profiles_has_none(void **state)
{
    (void)state;
    static const char *const without[] = {"{}", "{\"ip\":\"::1\"}", "{\"model\":\"m\"}",
                                          "{\"profile\":null,\"model\":\"m\"}",
                                          "{\"profile\":\"3\"}"};
    for (size_t i = 0; i < ARRAY_LEN(without); i++) {
        profile_pin_t pin = {.set = true, .revision = 7};
        assert_ok(read_pin(without[i], &pin));
        assert_false(pin.set);
        assert_int_equal(pin.revision, 0);
        assert_string_equal(pin.model, "");
    }
}

static void what_is_no_pin_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "[]",
        "7",
        "{\"profile\":1",
        "{\"profile\":1,\"model\":\"m\"}x",
        "{\"profile\":-1,\"model\":\"m\"}",
        "{\"profile\":1.5,\"model\":\"m\"}",
        "{\"profile\":4294967296,\"model\":\"m\"}",
        "{\"profile\":1e300,\"model\":\"m\"}",
        "{\"profile\":1}",
        "{\"profile\":1,\"model\":2}",
        "{\"profile\":1,\"model\":\"m\",\"profile\":2}",
        "{\"profile\":1,\"model\":\"m\",\"model\":\"n\"}",
        "{\"profile\":\"1\",\"profile\":1,\"model\":\"m\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        profile_pin_t pin = {0};
        assert_err(read_pin(wrong[i], &pin), ERR_FORMAT);
    }
}

static void a_name_is_taken_up_to_its_room_and_not_beyond(void **state)
{
    (void)state;
    char name[PROFILE_MODEL_BYTES + 1] = {0};
    char json[PROFILE_MODEL_BYTES + 64];
    profile_pin_t pin = {0};
    memset(name, 'm', PROFILE_MODEL_BYTES - 1);
    (void)snprintf(json, sizeof json, "{\"profile\":1,\"model\":\"%s\"}", name);
    assert_ok(read_pin(json, &pin));
    assert_string_equal(pin.model, name);
    name[PROFILE_MODEL_BYTES - 1] = 'm';
    (void)snprintf(json, sizeof json, "{\"profile\":1,\"model\":\"%s\"}", name);
    assert_err(read_pin(json, &pin), ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_is_read_from_among_other_members),
        cmocka_unit_test(a_record_of_before_there_were_profiles_has_none),
        cmocka_unit_test(what_is_no_pin_is_refused),
        cmocka_unit_test(a_name_is_taken_up_to_its_room_and_not_beyond),
    };
    return cmocka_run_group_tests_name("profile pin", tests, NULL, NULL);
}
