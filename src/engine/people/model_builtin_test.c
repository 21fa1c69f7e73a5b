/* model_builtin_test.c - the model that comes with the library opens and knows what it must. */
#include "canara.h"
#include "engine/people/model.h"
#include "tests/support/unit.h"

#include <string.h>

static struct canara_model *open_builtin(void)
{
    size_t size = 0;
    const void *bytes = canara_model_builtin(&size);
    struct canara_model *m = NULL;
    assert_true(size <= 1500000);
    assert_int_equal(canara_model_open(bytes, size, &m), CANARA_OK);
    return m;
}

/* How a secret of `count` keys is typed; all classes are "other". */
static void type(const char *field, size_t count, struct sample *out)
{
    canara_key_t keys[SAMPLE_KEYS_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        keys[i].down_ms = 150.0 * (double)i;
        keys[i].up_ms = 150.0 * (double)i + 90.0;
        keys[i].key_class = CANARA_KEY_OTHER;
    }
    const canara_event_t event = {.kind = CANARA_KEYSTROKES,
                                  .has = (uint32_t)CANARA_F_FIELD | (uint32_t)CANARA_F_KEYS,
                                  .of.keystrokes = {.field = {.ptr = field, .len = strlen(field)},
                                                    .keys = keys,
                                                    .count = count}};
    assert_true(sample_of_keys(&event, out));
}

static void it_says_that_its_people_are_simulated(void **state)
{
    (void)state;
    struct canara_model *m = open_builtin();
    assert_memory_equal(canara_model_name(m), "simulated-", 10);
    assert_string_equal(canara_model_version(), canara_model_name(m));
    assert_string_equal(canara_model_name(NULL), "");
    canara_model_close(&m);
}

static void it_knows_passwords_and_pins_of_their_own_and_keys_of_any_length(void **state)
{
    (void)state;
    static struct population_room room;
    static struct sample s;
    struct canara_model *m = open_builtin();
    for (size_t keys = 8; keys <= 14; keys++) {
        type("password", keys, &s);
        const struct population *pop = model_population(m, &s, &room);
        assert_non_null(pop);
        assert_true(pop->context == s.context);
        assert_true(pop->people >= 6 && pop->cohort > 0);
    }
    type("mpin", 4, &s);
    assert_true(model_population(m, &s, &room)->context == s.context);

    assert_non_null(m->general[SAMPLE_KEYS]);
    for (size_t keys = 3; keys <= SAMPLE_KEYS_MAX; keys++) {
        type("a-field-of-the-bank", keys, &s);
        const struct population *pop = model_population(m, &s, &room);
        assert_non_null(pop);
        assert_int_equal(pop->features, s.count);
        for (int i = 0; i < FUSION_LINES; i++) {
            assert_true(pop->fusion.line[i].limit > 0.0);
        }
    }
    canara_model_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_that_its_people_are_simulated),
        cmocka_unit_test(it_knows_passwords_and_pins_of_their_own_and_keys_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
