/* bot_typed_test.c - typing put in order: people's habits below, times that are drawn above. */
#include "lab/bots/bot_typed.h"

#include "base/util.h"
#include "lab/bots/bot_typist.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { KEYS = 12, TRIES = 200 };

/* A person: a pace for each place, slow beside fast, and holds that hardly differ. */
static void person_types(struct rng *r, canara_key_t keys[KEYS])
{
    static const double usual[KEYS] = {0, 180, 150, 420, 160, 140, 300, 170, 600, 150, 190, 260};
    double at = 0.0;
    for (size_t i = 0; i < KEYS; i++) {
        at += i > 0 ? usual[i] * exp(0.2 * rng_normal(r)) : 0.0;
        keys[i] = (canara_key_t){.down_ms = at, .up_ms = at + 90.0 * exp(0.15 * rng_normal(r))};
    }
}

static canara_event_t entry(const canara_key_t *keys, const char *field)
{
    return (canara_event_t){
        .kind = CANARA_KEYSTROKES,
        .has = CANARA_F_FIELD | CANARA_F_KEYS,
        .of.keystrokes = {.field = {field, strlen(field)}, .keys = keys, .count = KEYS}};
}

static double margin_of(enum bot_script script, size_t entries, struct rng *r)
{
    canara_key_t keys[KEYS];
    canara_key_t typed[BOT_TYPIST_KEYS];
    struct bot_typed t = {.fields = 0};
    struct bot_typist typist;
    double margin = NAN;
    person_types(r, keys);
    const canara_event_t like = entry(keys, "password");
    const canara_event_t *const all[] = {&like};
    const struct bot_typed_pool pool = {all, 1};
    if (script != BOT_SCRIPTS) {
        bot_typist_begin(&typist, script, r);
    }
    for (size_t i = 0; i < entries; i++) {
        person_types(r, keys);
        canara_event_t event = like;
        if (script != BOT_SCRIPTS) {
            bot_typist_types(&typist, &like, &pool, r, typed);
            event.of.keystrokes.keys = typed;
        }
        bot_typed_add(&t, &event);
    }
    assert_true(bot_typed_margin(&t, &margin));
    return margin;
}

/* Share of pairs in which the script stands above the person. */
static double order(enum bot_script script, size_t entries)
{
    struct rng r;
    double people[TRIES];
    double above = 0.0;
    rng_seed(&r, 70);
    for (size_t i = 0; i < TRIES; i++) {
        people[i] = margin_of(BOT_SCRIPTS, entries, &r);
    }
    for (size_t i = 0; i < TRIES; i++) {
        const double bot = margin_of(script, entries, &r);
        for (size_t p = 0; p < TRIES; p++) {
            above += bot > people[p];
        }
    }
    return above / (TRIES * TRIES);
}

static void scripts_stand_above_people(void **state)
{
    (void)state;

    static const enum bot_script drawn[] = {BOT_SCRIPT_UNIFORM,     BOT_SCRIPT_GAUSS,
                                            BOT_SCRIPT_EXPONENTIAL, BOT_SCRIPT_LOGNORMAL,
                                            BOT_SCRIPT_FIXED,       BOT_SCRIPT_GAMMA};

    for (size_t s = 0; s < ARRAY_LEN(drawn); s++) {
        assert_true(order(drawn[s], 1) > 0.8);
        assert_true(order(drawn[s], 3) > 0.97);
    }
}

static void a_persons_own_times_in_another_order_do_not_agree(void **state)
{
    (void)state;
    assert_true(order(BOT_SCRIPT_SHUFFLED, 4) > 0.9);
}

static void every_script_types_what_the_engine_takes(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 71);
    for (unsigned s = 0; s < BOT_SCRIPTS; s++) {
        assert_true(strlen(bot_script_name((enum bot_script)s)) > 0);
        for (size_t i = 0; i < TRIES; i++) {
            assert_true(isfinite(margin_of((enum bot_script)s, 2, &r)));
        }
    }
}

static void agreement_is_bounded(void **state)
{
    (void)state;
    struct rng r;
    struct bot_typed person = {.fields = 0};
    struct bot_typed anew = {.fields = 0};
    canara_key_t keys[KEYS];
    rng_seed(&r, 72);
    assert_true(bot_typed_alike(&person) == 0.0);
    for (size_t i = 0; i < 50; i++) {
        person_types(&r, keys);
        const canara_event_t event = entry(keys, "password");
        bot_typed_add(&person, &event);
        for (size_t k = 1; k < KEYS; k++) {
            keys[k].down_ms = keys[k - 1].down_ms + rng_between(&r, 50.0, 500.0);
            keys[k].up_ms = keys[k].down_ms + rng_between(&r, 50.0, 150.0);
        }
        bot_typed_add(&anew, &event);
        assert_true(bot_typed_alike(&person) >= -2.0 && bot_typed_alike(&anew) <= 3.0);
    }
    assert_true(bot_typed_alike(&person) == -2.0);
    assert_true(bot_typed_alike(&anew) == 3.0);
}

/* Other fields, other numbers of keys and other classes are not held against each other. */
static void other_fields_are_not_compared(void **state)
{
    (void)state;
    struct rng r;
    struct bot_typed t = {.fields = 0};
    canara_key_t keys[KEYS];
    rng_seed(&r, 73);
    person_types(&r, keys);
    canara_event_t event = entry(keys, "password");
    bot_typed_add(&t, &event);
    event = entry(keys, "name");
    bot_typed_add(&t, &event);
    event = entry(keys, "password");
    event.of.keystrokes.count = KEYS - 1;
    bot_typed_add(&t, &event);
    keys[3].key_class = CANARA_KEY_DIGIT;
    event = entry(keys, "password");
    bot_typed_add(&t, &event);
    assert_true(bot_typed_alike(&t) == 0.0);
    assert_int_equal(t.fields, 4);
}

/* Intervals without a field may be of other words each time: they never speak against anybody. */
static void bare_intervals_only_speak_for_a_person(void **state)
{
    (void)state;
    struct rng r;
    struct bot_typed same = {.fields = 0};
    struct bot_typed other = {.fields = 0};
    rng_seed(&r, 74);
    for (size_t n = 0; n < 6; n++) {
        canara_key_t keys[KEYS];
        double s[KEYS], drawn[KEYS];
        person_types(&r, keys);
        for (size_t i = 1; i < KEYS; i++) {
            s[i - 1] = (keys[i].down_ms - keys[i - 1].down_ms) / 1000.0;
            drawn[i - 1] = rng_between(&r, 0.1, 0.5);
        }
        canara_event_t event = {.kind = CANARA_TYPING_PATTERN,
                                .has = CANARA_F_KEY_PRESS_INTERVALS,
                                .of.typing = {.key_press_intervals = s, .intervals = KEYS - 1}};
        bot_typed_add(&same, &event);
        event.of.typing.key_press_intervals = drawn;
        bot_typed_add(&other, &event);
    }
    assert_true(bot_typed_alike(&same) == -2.0);
    assert_true(bot_typed_alike(&other) <= 0.0);
}

static void nothing_typed_says_nothing(void **state)
{
    (void)state;
    double ratio[BOT_TYPED_RATIOS];
    double margin = NAN;
    struct bot_typed t = {.fields = 0};
    canara_key_t keys[KEYS] = {{.down_ms = 0.0}};
    canara_event_t event = entry(keys, "password");
    event.of.keystrokes.count = 1;
    bot_typed_add(&t, &event);
    event.has = CANARA_F_FIELD;
    bot_typed_add(&t, &event);
    event = (canara_event_t){.kind = CANARA_IDLE_TIMEOUT};
    bot_typed_add(&t, &event);
    event = (canara_event_t){.kind = CANARA_TYPING_PATTERN, .has = CANARA_F_KEY_PRESS_INTERVALS};
    bot_typed_add(&t, &event);
    assert_int_equal(bot_typed_ratios(&t, ratio), 0);
    assert_false(bot_typed_margin(&t, &margin));
    assert_true(bot_typed_alike(&t) == 0.0);
    for (size_t i = 0; i < 3; i++) { /* all keys at once: nothing to divide by */
        event = entry(keys, "password");
        bot_typed_add(&t, &event);
    }
    assert_true(bot_typed_margin(&t, &margin) && isfinite(margin));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_stand_above_people),
        cmocka_unit_test(a_persons_own_times_in_another_order_do_not_agree),
        cmocka_unit_test(every_script_types_what_the_engine_takes),
        cmocka_unit_test(agreement_is_bounded),
        cmocka_unit_test(other_fields_are_not_compared),
        cmocka_unit_test(bare_intervals_only_speak_for_a_person),
        cmocka_unit_test(nothing_typed_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
