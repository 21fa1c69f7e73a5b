/* bags_test.c - bags of a profile: taught, stored in parts, loaded in any order, sealed. */
#include "engine/profile/bags.h"

#include "base/err.h"
#include "engine/profile/page.h"
#include "engine/profile/profile.h"
#include "engine/samples/strokes.h"
#include "tests/support/random.h"
#include "tests/support/scarce_memory.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define T0 INT64_C(1750000000000)

enum { VALUES = 12, LESSONS = 120 };

static struct canara_profile *profile(void)
{
    struct canara_profile *p = NULL;
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    return p;
}

static canara_event_t vector(const char *name, const double values[VALUES])
{
    return (canara_event_t){
        .kind = CANARA_FEATURES,
        .has = CANARA_F_VALUES,
        .of.features = {.name = {name, strlen(name)}, .values = values, .count = VALUES}};
}

/* A session of one vector; how many were taken. */
static uint32_t learn_vector(struct canara_profile *p, const char *name,
                             const double values[VALUES], enum canara_trust trust, bool mpin)
{
    canara_session_t s;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    const canara_event_t e = vector(name, values);
    canara_session_begin(&s, T0);
    if (mpin) {
        canara_verdict_t v;
        assert_int_equal(canara_note(&s, NULL, CANARA_FACT_MPIN_PASSED, 0.0, T0, &v), CANARA_OK);
    }
    assert_int_equal(canara_learn_begin(p, &s, trust, &wanted), CANARA_OK);
    assert_int_equal(wanted, 1);
    assert_int_equal(canara_learn(p, &e, T0), CANARA_OK);
    assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    return lesson.accepted;
}

/* The same, of a set's features. */
static uint32_t lesson_of(struct canara_profile *p, const char *name, uint64_t *seed,
                          enum canara_trust trust, bool mpin)
{
    double values[VALUES];
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = random_in(seed, -3.0, 3.0);
    }
    return learn_vector(p, name, values, trust, mpin);
}

static void teach(struct canara_profile *p, const char *name, uint64_t *seed)
{
    assert_int_equal(lesson_of(p, name, seed, CANARA_TRUST_ENROLMENT, false), 1);
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

static void a_bag_that_is_known_makes_room_for_a_mpin_only(void **state)
{
    (void)state;
    struct canara_profile *p = profile();
    uint64_t seed = 5;
    for (int i = 0; i < PROFILE_SESSIONS_NEEDED; i++) {
        teach(p, "swipes", &seed);
        teach(p, "clicks", &seed);
        teach(p, "swipes", &seed);
    }
    const uint64_t swipes = p->bag[0]->own.context;
    const uint64_t clicks = p->bag[1]->own.context;
    assert_int_equal(p->bags, PROFILE_BAGS);
    assert_int_equal(lesson_of(p, "thief", &seed, CANARA_TRUST_GATED, false), 0);
    assert_true(p->bag[0]->own.context == swipes && p->bag[1]->own.context == clicks);
    assert_int_equal(lesson_of(p, "other", &seed, CANARA_TRUST_GATED, true), 1);
    const uint64_t other = p->bag[1]->own.context;
    assert_true(p->bag[0]->own.context == swipes && other != clicks);
    assert_int_equal(lesson_of(p, "third", &seed, CANARA_TRUST_GATED, false),
                     1); /* `other` was new */
    assert_true(p->bag[0]->own.context == swipes && p->bag[1]->own.context != other);
    canara_profile_free(&p);
}

static struct canara_model *builtin(void)
{
    size_t size = 0;
    const void *bytes = canara_model_builtin(&size);
    struct canara_model *model = NULL;
    assert_int_equal(canara_model_open(bytes, size, &model), CANARA_OK);
    return model;
}

/* ---- hands that the built-in model's people are not like ---- */

enum { SWIPES = 10, STEPS = 30, SWIPE_POINTS = STEPS + 1, TAUGHT = 20 };

/* How somebody swipes: px, s, and how he bends. */
struct hand {
    double reach, seconds, bend;
};

static const struct hand owner = {3900.0, 1.6, 700.0};
static const struct hand thief = {2600.0, 2.6, 250.0};

/* Swipes upwards, one behind the other. */
static canara_event_t swipes_of(const struct hand *h, uint64_t *seed,
                                canara_point_t points[SWIPES * SWIPE_POINTS])
{
    double t = 0.0;
    size_t at = 0;
    for (int i = 0; i < SWIPES; i++) {
        const double reach = h->reach * random_in(seed, 0.8, 1.25);
        const double ms = 1000.0 * h->seconds * random_in(seed, 0.8, 1.25);
        const double bend = h->bend * random_in(seed, 0.6, 1.4);
        t += 1500.0;
        for (int k = 0; k <= STEPS; k++) {
            const double way = (double)k / STEPS;
            points[at++] = (canara_point_t){.t_ms = t + ms * way,
                                            .x = 600.0 + 4.0 * way * (1.0 - way) * bend +
                                                 random_in(seed, -2.0, 2.0),
                                            .y = 4500.0 - reach * way + random_in(seed, -2.0, 2.0),
                                            .pressure = 0.4,
                                            .area = 0.2,
                                            .buttons = k == 0 ? 0 : (k == STEPS ? 2 : 1)};
        }
        t += ms;
    }
    return (canara_event_t){
        .kind = CANARA_TOUCH, .has = CANARA_F_POINTS, .of.path = {.points = points, .count = at}};
}

struct heard {
    const struct canara_profile *profile;
    double nats;
    int strokes;
};

static void hear(void *ctx, const struct sample *s)
{
    struct heard *h = ctx;
    struct population_room room;
    struct opinion opinion;
    assert_true(profile_opinion(h->profile, s, &room, &opinion));
    assert_true(opinion.alone && fabs(opinion.nats) <= opinion.fusion->limit);
    h->nats += opinion.nats;
    h->strokes++;
}

/* Mean evidence of somebody's swipes. */
static double heard_of(const struct canara_profile *p, const struct hand *h, uint64_t *seed)
{
    static canara_point_t points[SWIPES * SWIPE_POINTS];
    struct sample work;
    struct heard sum = {.profile = p};
    for (int i = 0; i < 20; i++) {
        const canara_event_t e = swipes_of(h, seed, points);
        strokes_of(&e, &work, hear, &sum);
    }
    assert_int_equal(sum.strokes, 20 * SWIPES);
    return sum.nats / sum.strokes;
}

static void a_hand_that_no_people_are_like_is_told_from_another(void **state)
{
    (void)state;
    static canara_point_t points[SWIPES * SWIPE_POINTS];
    struct canara_model *model = builtin();
    struct canara_profile *p = NULL;
    uint64_t seed = 11;
    assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
    for (int i = 0; i < TAUGHT; i++) {
        canara_session_t s;
        canara_lesson_t lesson;
        uint8_t wanted = 0;
        const canara_event_t e = swipes_of(&owner, &seed, points);
        canara_session_begin(&s, T0);
        assert_int_equal(canara_learn_begin(p, &s, CANARA_TRUST_ENROLMENT, &wanted), CANARA_OK);
        assert_int_equal(canara_learn(p, &e, T0), CANARA_OK);
        assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    }
    assert_int_equal(p->bags, 1);
    assert_int_equal(p->bag[0]->own.form, OWN_ALONE);
    const double own = heard_of(p, &owner, &seed);
    const double other = heard_of(p, &thief, &seed); /* spoke for the owner, too, before */
    assert_true(own < -0.3 && other > 0.3);
    canara_profile_free(&p);
    canara_model_close(&model);
}

/* Codes of two bytes are rounded, and what is rounded is worked out into the own part. */
static void vectors_at_the_ends_of_their_range_are_stored_and_loaded(void **state)
{
    (void)state;
    struct canara_model *model = builtin();
    struct canara_profile *p = NULL;
    struct canara_profile *q = profile();
    static struct stored s;
    assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
    for (int i = 0; i < 9; i++) {
        double values[VALUES];
        for (size_t f = 0; f < VALUES; f++) {
            values[f] = i == 0 ? 1e7 * (double)f : (f % 2 == 0 ? 1e9 : -1e9);
        }
        learn_vector(p, "wide", values, CANARA_TRUST_ENROLMENT, false);
    }
    assert_int_equal(p->bag[0]->own.form, OWN_ALONE);
    store(p, &s);
    for (size_t i = 0; i < s.count; i++) {
        assert_int_equal(canara_profile_load(q, s.bytes[i], s.part[i].size), CANARA_OK);
    }
    assert_int_equal(bags_parts(q), s.count);
    canara_profile_free(&p);
    canara_profile_free(&q);
    canara_model_close(&model);
}

static void a_lesson_that_had_no_memory_to_end_works_out_what_it_learnt_at_the_second_end(
    void **state)
{
    (void)state;
    if (!scarce_memory_drains()) {
        skip();
    }
    struct canara_model *model = builtin();
    struct canara_profile *p = NULL;
    struct scarce_block *taken = NULL;
    double values[VALUES] = {1.0};
    const canara_event_t e = vector("swipes", values);
    canara_session_t s;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
    canara_session_begin(&s, T0);
    assert_int_equal(canara_learn_begin(p, &s, CANARA_TRUST_ENROLMENT, &wanted), CANARA_OK);
    for (int i = 0; i < TAUGHT; i++) {
        values[1] = i;
        assert_int_equal(canara_learn(p, &e, T0), CANARA_OK);
    }
    scarce_memory_drain(256, &taken);
    const enum canara_status first = canara_learn_end(p, T0, &lesson);
    scarce_memory_give_back(&taken);
    assert_int_equal(first, CANARA_NO_MEMORY);
    assert_int_equal(p->bag[0]->own.form, OWN_NOTHING);
    assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    assert_int_equal(lesson.accepted, TAUGHT);
    assert_int_equal(p->bag[0]->own.form, OWN_ALONE);
    canara_profile_free(&p);
    canara_model_close(&model);
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
        cmocka_unit_test(a_bag_that_is_known_makes_room_for_a_mpin_only),
        cmocka_unit_test(a_hand_that_no_people_are_like_is_told_from_another),
        cmocka_unit_test(vectors_at_the_ends_of_their_range_are_stored_and_loaded),
        cmocka_unit_test(
            a_lesson_that_had_no_memory_to_end_works_out_what_it_learnt_at_the_second_end),
        cmocka_unit_test(bytes_of_nobody_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
