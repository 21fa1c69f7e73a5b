/* profile_test.c - parts that come, go and are stored; what a young profile may say. */
#include "engine/profile/profile.h"

#include "base/util.h"
#include "engine/arithmetic/numbers.h"
#include "engine/people/people_test.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define T0 INT64_C(1750000000000)

static struct sample sample_named(const char *field)
{
    struct sample s = {.kind = SAMPLE_SCROLL, .count = 2};
    sample_name(&s, "scroll", (canara_text_t){field, strlen(field)}, FNV_START);
    return s;
}

static struct canara_profile *profile_with(const struct canara_model *model)
{
    struct canara_profile *p = NULL;
    assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
    return p;
}

static size_t saved(const struct canara_profile *p, size_t number, uint8_t bytes[CANARA_PART_BYTES])
{
    canara_part_t part;
    assert_int_equal(canara_profile_save(p, number, bytes, &part), CANARA_OK);
    return part.size;
}

static void enrol(struct canara_profile *p, const struct test_person *person, int sessions,
                  uint64_t *seed)
{
    for (int i = 0; i < sessions; i++) {
        canara_session_t session;
        canara_key_t keys[PEOPLE_KEYS];
        canara_lesson_t lesson;
        uint8_t wanted = 0;
        canara_session_begin(&session, T0);
        const canara_event_t event = test_person_types(person, seed, keys);
        assert_int_equal(canara_learn_begin(p, &session, CANARA_TRUST_ENROLMENT, &wanted),
                         CANARA_OK);
        assert_int_equal(canara_learn(p, &event, T0), CANARA_OK);
        assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    }
}

static void no_profile_has_no_parts_and_is_learning(void **state)
{
    (void)state;
    uint8_t bytes[CANARA_PART_BYTES];
    canara_part_t part;
    struct canara_profile *none = NULL;
    canara_profile_free(&none);
    assert_int_equal(canara_profile_parts(NULL), 0);
    assert_int_equal(canara_profile_save(NULL, 0, bytes, &part), CANARA_BAD_VALUE);
    const canara_learning_t l = canara_profile_learning(NULL);
    assert_int_equal(l.state, CANARA_LEARNING);
    assert_int_equal(l.sessions, 0);
    assert_int_equal(l.needed, PROFILE_SESSIONS_NEEDED);
    assert_string_equal(canara_learning_name(CANARA_DRIFTED), "drifted");
    assert_string_equal(canara_learning_name((enum canara_learning_state)9), "learning");
}

static void a_part_of_a_known_context_replaces_it(void **state)
{
    (void)state;
    struct canara_profile *a = profile_with(NULL);
    struct canara_profile *b = profile_with(NULL);
    uint64_t seed = 3;
    const struct test_person person = test_person(1);
    enrol(a, &person, 7, &seed);
    uint8_t bytes[CANARA_PART_BYTES];
    const size_t size = saved(a, 0, bytes);
    assert_int_equal(canara_profile_load(b, bytes, size), CANARA_OK);
    assert_int_equal(canara_profile_load(b, bytes, size), CANARA_OK);
    assert_int_equal(canara_profile_parts(b), 1);
    canara_part_t part;
    assert_int_equal(canara_profile_save(b, 0, bytes, &part), CANARA_OK);
    assert_int_equal(part.changed, 0);
    assert_string_equal(part.name, a->part[0]->name);
    assert_int_equal(canara_profile_learning(b).state, CANARA_LEARNT);
    bytes[20] ^= 1;
    assert_int_equal(canara_profile_load(b, bytes, size), CANARA_BAD_FORMAT);
    assert_int_equal(canara_profile_parts(b), 1);
    canara_profile_free(&a);
    canara_profile_free(&b);
    assert_null(a);
}

/* The name of a set of features is long, and its part must still be one that loads. */
static void every_name_fits_and_loads(void **state)
{
    (void)state;
    static const char *const kinds[] = {"keys", "features", "typing"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (size_t n = 0; n <= 64; n++) {
            char field[65] = {0};
            memset(field, n % 2 == 0 ? 'x' : '\0', n); /* a name that is none, too */
            struct sample s = {.kind = SAMPLE_FEATURES, .count = 1};
            sample_name(&s, kinds[i], (canara_text_t){field, n}, FNV_START);
            assert_in_range(strnlen(s.name, sizeof s.name), 1, sizeof s.name - 1);
            struct part p;
            uint8_t bytes[CANARA_PART_BYTES];
            size_t size = 0;
            part_begin(&p, &s);
            part_save(&p, bytes, &size);
            assert_int_equal(part_load(&p, bytes, size), CANARA_OK);
        }
    }
}

static void the_part_that_knows_least_makes_room(void **state)
{
    (void)state;
    struct canara_profile *p = profile_with(NULL);
    char field[] = "a";
    for (int i = 0; i < PROFILE_CONTEXTS; i++) {
        field[0] = (char)('a' + i);
        const struct sample s = sample_named(field);
        profile_part_for(p, &s)->accepted = i == 5 ? 1 : 9;
    }
    const struct sample sixth = sample_named("f");
    const struct sample more = sample_named("z");
    assert_non_null(profile_find(p, sixth.context));
    assert_non_null(profile_part_for(p, &more));
    assert_null(profile_find(p, sixth.context));
    assert_int_equal(canara_profile_parts(p), PROFILE_CONTEXTS);

    struct canara_profile *other = profile_with(NULL);
    uint8_t bytes[CANARA_PART_BYTES];
    assert_non_null(profile_part_for(other, &sixth));
    const size_t size = saved(other, 0, bytes);
    assert_int_equal(canara_profile_load(p, bytes, size), CANARA_FULL);
    canara_profile_free(&other);
    canara_profile_free(&p);
}

/* Messages of 20 to 35 keys are all different: they must not push out what is known of the PIN. */
static void free_text_does_not_crowd_out_other_parts(void **state)
{
    (void)state;
    struct canara_profile *p = profile_with(NULL);
    const struct sample pin = sample_named("pin");
    assert_non_null(profile_part_for(p, &pin));
    for (size_t n = 20; n <= 35; n++) {
        struct sample s = {.kind = SAMPLE_KEYS, .count = 3 * n - 2};
        sample_name(&s, "keys", (canara_text_t){"message", 7}, FNV_START + n);
        assert_non_null(profile_part_for(p, &s));
    }
    assert_int_equal(canara_profile_parts(p), 4);
    assert_non_null(profile_find(p, pin.context));
    canara_profile_free(&p);
}

static void *no_memory(size_t size)
{
    (void)size;
    return NULL;
}

static void without_memory_a_profile_stays_as_it_was(void **state)
{
    (void)state;
    struct canara_profile *p = profile_with(NULL);
    uint64_t seed = 3;
    const struct test_person person = test_person(1);
    enrol(p, &person, 2, &seed);
    uint8_t bytes[CANARA_PART_BYTES];
    const size_t size = saved(p, 0, bytes);

    struct canara_profile *q = profile_with(NULL);
    q->allocate = no_memory;
    assert_int_equal(canara_profile_load(q, bytes, size), CANARA_NO_MEMORY);
    assert_int_equal(canara_profile_parts(q), 0);

    canara_session_t session;
    canara_key_t keys[PEOPLE_KEYS];
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    canara_session_begin(&session, T0);
    const canara_event_t event = test_person_types(&person, &seed, keys);
    assert_int_equal(canara_learn_begin(q, &session, CANARA_TRUST_ENROLMENT, &wanted),
                     CANARA_NO_MEMORY);
    assert_int_equal(canara_learn(q, &event, T0), CANARA_BAD_VALUE);
    q->allocate = malloc;
    assert_int_equal(canara_learn_begin(q, &session, CANARA_TRUST_ENROLMENT, &wanted), CANARA_OK);
    q->allocate = no_memory;
    assert_int_equal(canara_learn(q, &event, T0), CANARA_NO_MEMORY);
    const canara_event_t page = {.kind = CANARA_NAVIGATION_PATTERN,
                                 .has = CANARA_F_CURRENT_PAGE,
                                 .of.navigation.current_page = {"home", 4}};
    const canara_event_t payment = {.kind = CANARA_TRANSACTION_ATTEMPT, .has = CANARA_F_AMOUNT};
    assert_int_equal(canara_learn(q, &page, T0), CANARA_NO_MEMORY);
    assert_int_equal(canara_learn(q, &payment, T0), CANARA_NO_MEMORY);
    assert_int_equal(canara_learn_end(q, T0, &lesson), CANARA_OK);
    assert_int_equal(lesson.learnt, 0);
    assert_int_equal(canara_profile_parts(q), 0);
    canara_profile_free(&p);
    canara_profile_free(&q);
}

static void a_sealed_profile_scores_the_same_and_does_nothing_else(void **state)
{
    (void)state;
    const struct test_person owner = test_person(1);
    uint64_t seed = 77;
    canara_key_t keys[PEOPLE_KEYS];
    struct sample s;
    struct population_room room;
    struct opinion opinion[2];
    canara_baseline_t shown[2][CANARA_BASELINES_MAX];
    const canara_event_t typed = test_person_types(&owner, &seed, keys);
    assert_true(sample_of_keys(&typed, &s));
    struct canara_model *model = test_model(&s);
    struct canara_profile *p = profile_with(model);
    enrol(p, &owner, 30, &seed);
    uint8_t bytes[CANARA_PART_BYTES];
    const size_t size = saved(p, 0, bytes);
    assert_true(profile_opinion(p, &s, &room, &opinion[0]));
    const size_t n = canara_baselines(p, &typed, shown[0]);

    p->allocate = no_memory;
    assert_int_equal(canara_profile_seal(p), CANARA_NO_MEMORY);
    assert_int_equal(saved(p, 0, bytes), size);
    p->allocate = malloc;
    canara_session_t session;
    uint8_t wanted = 0;
    canara_session_begin(&session, T0);
    assert_int_equal(canara_learn_begin(p, &session, CANARA_TRUST_ENROLMENT, &wanted), CANARA_OK);
    assert_int_equal(canara_profile_seal(p), CANARA_BAD_VALUE);
    canara_lesson_t lesson;
    assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(canara_profile_seal(p), CANARA_OK);
    }

    assert_true(profile_opinion(p, &s, &room, &opinion[1]));
    assert_true(!(opinion[0].nats < opinion[1].nats) && !(opinion[0].nats > opinion[1].nats));
    assert_int_equal(canara_baselines(p, &typed, shown[1]), n);
    assert_memory_equal(shown[0], shown[1], n * sizeof shown[0][0]);
    assert_int_equal(canara_profile_learning(p).state, CANARA_LEARNT);
    canara_part_t part;
    assert_int_equal(canara_profile_save(p, 0, bytes, &part), CANARA_BAD_VALUE);
    assert_int_equal(canara_profile_load(p, bytes, size), CANARA_BAD_VALUE);
    assert_int_equal(canara_learn_begin(p, &session, CANARA_TRUST_ENROLMENT, &wanted),
                     CANARA_BAD_VALUE);
    canara_profile_free(&p);
    canara_model_close(&model);
}

static void a_young_profile_says_nothing_and_then_little(void **state)
{
    (void)state;
    const struct test_person owner = test_person(1);
    const struct test_person other = test_person(2);
    uint64_t seed = 77;
    canara_key_t keys[PEOPLE_KEYS];
    struct sample s;
    struct population_room room;
    const canara_event_t typed = test_person_types(&other, &seed, keys);
    assert_true(sample_of_keys(&typed, &s));
    struct canara_model *model = test_model(&s);
    assert_non_null(model);
    struct canara_profile *p = profile_with(model);
    for (int n = 1; n <= 30; n++) {
        struct opinion opinion;
        enrol(p, &owner, 1, &seed);
        const bool speaks = profile_opinion(p, &s, &room, &opinion);
        assert_int_equal(speaks, n >= EVIDENCE_SAMPLES_MIN);
        if (speaks) {
            assert_true(fabs(opinion.nats) <= 0.5 * n);
            assert_true(opinion.nats > 0.0);
        }
    }
    canara_profile_free(&p);
    canara_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_profile_has_no_parts_and_is_learning),
        cmocka_unit_test(a_part_of_a_known_context_replaces_it),
        cmocka_unit_test(every_name_fits_and_loads),
        cmocka_unit_test(the_part_that_knows_least_makes_room),
        cmocka_unit_test(free_text_does_not_crowd_out_other_parts),
        cmocka_unit_test(without_memory_a_profile_stays_as_it_was),
        cmocka_unit_test(a_sealed_profile_scores_the_same_and_does_nothing_else),
        cmocka_unit_test(a_young_profile_says_nothing_and_then_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
