/* bags_test.c - bags of a profile: taught, stored in parts, loaded in any order, sealed. */
#include "engine/bags.h"

#include "engine/page.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <string.h>

#define T0 INT64_C(1750000000000)

enum { VALUES = 12, LESSONS = 120 };

static struct canara_profile *profile(void)
{
    struct canara_profile *p = NULL;
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    return p;
}

/* A session of one vector of a set's features. */
static void teach(struct canara_profile *p, const char *name, uint64_t *seed)
{
    double values[VALUES];
    canara_session_t s;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = random_in(seed, -3.0, 3.0);
    }
    const canara_event_t e = {
        .kind = CANARA_FEATURES,
        .has = CANARA_F_VALUES,
        .of.features = {.name = {name, strlen(name)}, .values = values, .count = VALUES}};
    canara_session_begin(&s, T0);
    assert_int_equal(canara_learn_begin(p, &s, CANARA_TRUST_ENROLMENT, &wanted), CANARA_OK);
    assert_int_equal(canara_learn(p, &e, T0), CANARA_OK);
    assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    assert_int_equal(lesson.accepted, 1);
}

static struct canara_profile *taught(void)
{
    struct canara_profile *p = profile();
    uint64_t seed = 3;
    for (int i = 0; i < LESSONS; i++) {
        teach(p, "swipes", &seed);
    }
    return p;
}

struct stored {
    uint8_t bytes[CANARA_PROFILE_PARTS][CANARA_PART_BYTES];
    canara_part_t part[CANARA_PROFILE_PARTS];
    size_t count;
};

static void store(const struct canara_profile *p, struct stored *out)
{
    out->count = bags_parts(p);
    for (size_t i = 0; i < out->count; i++) {
        memset(out->bytes[i], 0, sizeof out->bytes[i]);
        assert_int_equal(bags_save(p, i, out->bytes[i], &out->part[i]), CANARA_OK);
        assert_true(bags_are(out->bytes[i], out->part[i].size));
        assert_in_range(out->part[i].size, 1, CANARA_PART_BYTES);
    }
}

static void a_bag_is_an_own_part_and_pages(void **state)
{
    (void)state;
    static struct stored s;
    struct canara_profile *p = taught();
    store(p, &s);
    assert_true(s.count >= 2);
    assert_int_equal(bags_sessions(p), 0); /* nothing is worked out without a model */
    for (size_t i = 0; i < s.count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(s.part[i].name, s.part[j].name);
        }
    }
    canara_profile_free(&p);
}

static void parts_may_come_in_any_order_and_twice(void **state)
{
    (void)state;
    static struct stored s;
    static struct stored again;
    struct canara_profile *p = taught();
    store(p, &s);
    for (int way = 0; way < 2; way++) {
        struct canara_profile *q = profile();
        for (size_t i = 0; i < 2 * s.count; i++) {
            const size_t at = way == 0 ? i % s.count : s.count - 1 - i % s.count;
            assert_int_equal(bags_load(q, s.bytes[at], s.part[at].size), CANARA_OK);
        }
        store(q, &again);
        assert_int_equal(again.count, s.count);
        for (size_t i = 0; i < s.count; i++) {
            size_t same = 0;
            while (same < again.count && strcmp(again.part[same].name, s.part[i].name) != 0) {
                same++;
            }
            assert_true(same < again.count);
            assert_int_equal(again.part[same].size, s.part[i].size);
            assert_memory_equal(again.bytes[same], s.bytes[i], s.part[i].size);
        }
        canara_profile_free(&q);
    }
    canara_profile_free(&p);
}

static void a_sealed_bag_keeps_what_scores(void **state)
{
    (void)state;
    struct canara_profile *p = taught();
    const size_t before = bags_parts(p);
    bags_seal(p);
    assert_true(bags_parts(p) <= before);
    assert_int_equal(bags_sessions(p), 0); /* nothing is worked out without a model */
    canara_profile_free(&p);
}

static void no_more_bags_than_there_is_room_for(void **state)
{
    (void)state;
    struct canara_profile *p = profile();
    uint64_t seed = 8;
    char name[] = "set-a";
    for (int i = 0; i < 10; i++) {
        name[4] = (char)('a' + i);
        teach(p, name, &seed);
        assert_true(bags_parts(p) <= (size_t)PROFILE_BAGS * (1 + BAG_PAGES));
    }
    canara_profile_free(&p);
}

static void bytes_of_nobody_are_refused(void **state)
{
    (void)state;
    static struct stored s;
    struct canara_profile *p = taught();
    struct canara_profile *q = profile();
    store(p, &s);
    assert_false(bags_are(s.bytes[0], 0));
    assert_false(bags_are(s.bytes[0], 3));
    assert_false(bags_are((const uint8_t *)"CNRX....", 8));
    for (size_t i = 0; i < s.count; i++) {
        for (size_t cut = 4; cut < s.part[i].size; cut += 31) {
            assert_int_equal(bags_load(q, s.bytes[i], cut), CANARA_BAD_FORMAT);
        }
        s.bytes[i][9] ^= 1;
        assert_int_equal(bags_load(q, s.bytes[i], s.part[i].size), CANARA_BAD_FORMAT);
    }
    assert_int_equal(bags_parts(q), 0);
    canara_profile_free(&q);
    canara_profile_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bag_is_an_own_part_and_pages),
        cmocka_unit_test(parts_may_come_in_any_order_and_twice),
        cmocka_unit_test(a_sealed_bag_keeps_what_scores),
        cmocka_unit_test(no_more_bags_than_there_is_room_for),
        cmocka_unit_test(bytes_of_nobody_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
