/* What the engine says to the same events stays what SESSION_VERSION says it is: a state of another
 * version is played again, not gone on with. */
#include "base/util.h"
#include "engine/people/people_test.h"
#include "engine/samples/events_test.h"
#include "engine/session/session_state.h"
#include "tests/support/unit.h"

#include <math.h>

#define T0 INT64_C(1750000000000)

/* When this fails, sessions are scored in another way than before. If that is what the change is for,
 * raise SESSION_VERSION, so that no checkpoint of before is gone on with, and note the new sum beside
 * it. If only the sum's own events changed, note the sum alone. */
#define KNOWN_VERSION UINT32_C(0xCA4A0011)
#define KNOWN_SUM     UINT64_C(0x21e032ccf52bac31)

enum { LESSONS = 6, SESSIONS = 60, EVENTS = 40, TYPED = 5, TEXT = 130, SUMMARIES = 3 };

/* FNV-1a, 64 bits (Fowler, Noll, Vo 1991). */
NO_SANITIZE_WRAP
static uint64_t add(uint64_t sum, uint64_t value)
{
    for (unsigned i = 0; i < 64; i += 8) {
        sum = (sum ^ (value >> i & 0xff)) * 0x100000001b3;
    }
    return sum;
}

/* Nine digits: more than a library of mathematics differs from another by. */
static uint64_t add_number(uint64_t sum, double x)
{
    return add(sum, (uint64_t)llround(x * 1e9));
}

/* What clients sum up of somebody: of typing, the mouse, scrolling. */
static canara_event_t summed_up(const struct test_person *who, uint64_t *seed, int which,
                                double interval[4])
{
    const double pace = exp(who->interval[0] + random_in(seed, -0.2, 0.2));
    switch (which) {
    case 0:
        for (int i = 0; i < 4; i++) {
            interval[i] = pace * random_in(seed, 0.8, 1.2);
        }
        return (canara_event_t){.kind = CANARA_TYPING_PATTERN,
                                .has = CANARA_F_WORDS_PER_MINUTE | CANARA_F_KEY_PRESS_INTERVALS,
                                .of.typing = {.words_per_minute = 12.0 / pace,
                                              .key_press_intervals = interval,
                                              .intervals = 4}};
    case 1:
        return (canara_event_t){
            .kind = CANARA_MOUSE_MOVEMENT,
            .has = CANARA_F_MOVEMENT_SPEED | CANARA_F_IDLE_TIME,
            .of.mouse = {.movement_speed = 60.0 / pace, .idle_time_s = 4.0 * pace}};
    default:
        return (canara_event_t){.kind = CANARA_SCROLL,
                                .has = CANARA_F_PIXELS | CANARA_F_VELOCITY,
                                .of.scroll = {.pixels = 60.0 / pace, .velocity = 300.0 / pace}};
    }
}

/* The last that is typed in a lesson is a text. */
static canara_event_t typed_by(const struct test_person *who, int i, uint64_t *seed,
                               canara_key_t *keys)
{
    return i + 1 == TYPED ? test_person_writes(who, seed, keys, TEXT)
                          : test_person_types(who, seed, keys);
}

static void learn(struct canara_profile *profile, const struct test_person *who, uint64_t *seed)
{
    canara_key_t keys[TEXT];
    canara_event_t typed[TYPED];
    canara_session_t s;
    canara_verdict_t v;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    for (int64_t day = 0; day < LESSONS; day++) {
        const int64_t at = T0 + day * 86400000;
        canara_session_begin(&s, at);
        const uint64_t before = *seed;
        for (int i = 0; i < TYPED; i++) {
            typed[i] = typed_by(who, i, seed, keys);
            assert_int_equal(canara_observe(&s, NULL, profile, &typed[i], at + i, &v), CANARA_OK);
        }
        *seed = before; /* the same once more */
        assert_int_equal(canara_learn_begin(profile, &s, CANARA_TRUST_ENROLMENT, &wanted),
                         CANARA_OK);
        for (int i = 0; i < TYPED; i++) {
            typed[i] = typed_by(who, i, seed, keys);
            assert_int_equal(canara_learn(profile, &typed[i], at + i), CANARA_OK);
        }
        for (int i = 0; i < SUMMARIES; i++) {
            double interval[4];
            const canara_event_t summary = summed_up(who, seed, i, interval);
            assert_int_equal(canara_learn(profile, &summary, at + TYPED), CANARA_OK);
        }
        assert_int_equal(canara_learn_end(profile, at + TYPED, &lesson), CANARA_OK);
    }
}

static void happen(canara_session_t *s, const struct canara_profile *profile,
                   const struct test_person *who, uint64_t *seed, int64_t at, canara_verdict_t *v)
{
    struct test_event any;
    canara_key_t keys[TEXT];
    canara_event_t typed;
    double interval[4];
    enum canara_fact fact = CANARA_FACTS;
    switch (random_below(seed, 10)) {
    case 0:
        fact = (enum canara_fact)random_below(seed, CANARA_FACTS);
        assert_int_equal(canara_note(s, NULL, fact, random_in(seed, 0.0, 0.8), at, v), CANARA_OK);
        return;
    case 1:
    case 2:
        typed = test_person_types(who, seed, keys);
        assert_int_equal(canara_observe(s, NULL, profile, &typed, at, v), CANARA_OK);
        return;
    case 3: test_event_random(&any, seed); break;
    case 4:
        typed = test_person_writes(who, seed, keys, TEXT);
        assert_int_equal(canara_observe(s, NULL, profile, &typed, at, v), CANARA_OK);
        return;
    case 5:
    case 6:
        typed = summed_up(who, seed, (int)random_below(seed, SUMMARIES), interval);
        assert_int_equal(canara_observe(s, NULL, profile, &typed, at, v), CANARA_OK);
        return;
    default: test_event_seed_client(&any, seed);
    }
    assert_int_equal(canara_observe(s, NULL, profile, &any.event, at, v), CANARA_OK);
}

static uint64_t score(const struct canara_profile *profile, const struct test_person *who,
                      uint64_t sum, uint64_t *seed)
{
    canara_session_t s;
    canara_verdict_t v = {0};
    canara_reason_t reason[CANARA_REASONS_MAX];
    int64_t at = T0 + INT64_C(864000000);
    canara_session_begin(&s, at);
    for (int i = 0; i < EVENTS; i++) {
        at += (int64_t)random_below(seed, 8000);
        happen(&s, profile, who, seed, at, &v);
        sum = add_number(sum, v.risk);
        sum = add(sum, (uint64_t)v.level);
        sum = add(sum, v.mpin_required);
        const size_t n = canara_reasons(&s, at, reason);
        for (size_t k = 0; k < n; k++) {
            sum = add_number(sum, reason[k].nats);
        }
    }
    return sum;
}

static uint64_t live(const struct canara_model *model, const struct test_person *owner,
                     const struct test_person *thief, uint64_t sum, uint64_t *seed)
{
    struct canara_profile *profile = NULL;
    assert_int_equal(canara_profile_new(model, &profile), CANARA_OK);
    learn(profile, owner, seed);
    for (int i = 0; i < SESSIONS; i++) {
        sum = score(i % 3 == 0 ? NULL : profile, i % 2 == 0 ? owner : thief, sum, seed);
    }
    canara_profile_free(&profile);
    return sum;
}

static void the_same_events_give_the_same_numbers_until_the_version_is_raised(void **state)
{
    uint64_t seed = 2026;
    uint64_t sum = 0xcbf29ce484222325;
    const struct test_person ann = test_person(1);
    const struct test_person thief = test_person(2);
    const struct test_person foreigner = test_person_slower(&ann, 2.0); /* whom no model knows */
    const struct test_person other = test_person_slower(&thief, 2.0);
    struct canara_model *model = test_model_of_all();
    (void)state;
    assert_non_null(model);
    sum = live(model, &ann, &thief, sum, &seed);
    sum = live(model, &foreigner, &other, sum, &seed);
    canara_model_close(&model);
    if (SESSION_VERSION != KNOWN_VERSION || sum != KNOWN_SUM) {
        fail_msg("version %#x and sum %#llx: see the head of version_test.c", SESSION_VERSION,
                 (unsigned long long)sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_events_give_the_same_numbers_until_the_version_is_raised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
