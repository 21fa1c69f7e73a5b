/* alone_test.c - who is not like the people of the model is held against himself. */
#include "engine/people/alone.h"

#include "base/util.h"
#include "engine/people/people_test.h"
#include "engine/profile/profile.h"
#include "tests/support/unit.h"

#include <math.h>

enum { LEARNT = 30, TRIALS = 200, SLOW = 8 };

/* Somebody at a keyboard that is SLOW times slower than any that the model knows. */
static struct test_person slow_person(uint64_t seed)
{
    const struct test_person p = test_person(seed);
    return test_person_slower(&p, log((double)SLOW));
}

static struct sample typed_by(const struct test_person *person, uint64_t *seed)
{
    canara_key_t keys[PEOPLE_KEYS];
    struct sample s;
    const canara_event_t event = test_person_types(person, seed, keys);
    assert_true(sample_of_keys(&event, &s));
    return s;
}

static void learn_event(struct canara_profile *p, const canara_event_t *event, int64_t at,
                        enum canara_trust trust, canara_lesson_t *lesson)
{
    canara_session_t session;
    uint8_t wanted = 0;
    canara_session_begin(&session, at);
    assert_int_equal(canara_learn_begin(p, &session, trust, &wanted), CANARA_OK);
    assert_int_equal(canara_learn(p, event, at), CANARA_OK);
    assert_int_equal(canara_learn_end(p, at, lesson), CANARA_OK);
}

static struct canara_profile *profile_of(const struct test_person *person,
                                         const struct canara_model *model, uint64_t *seed)
{
    struct canara_profile *p = NULL;
    assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
    for (int i = 0; i < LEARNT; i++) {
        canara_key_t keys[PEOPLE_KEYS];
        canara_lesson_t lesson;
        const canara_event_t event = test_person_types(person, seed, keys);
        learn_event(p, &event, i, CANARA_TRUST_ENROLMENT, &lesson);
    }
    return p;
}

/* Everybody of the model is within three of its deviations of the sample `like`. */
static void only_who_is_far_from_all_people_is_foreign(void **state)
{
    (void)state;
    uint64_t seed = 5;
    const struct test_person owner = test_person(1);
    const struct test_person slow = slow_person(1);
    const struct sample like = typed_by(&owner, &seed);
    struct canara_model *model = test_model(&like);
    struct population_room room;
    struct canara_profile *near = profile_of(&owner, model, &seed);
    struct canara_profile *far = profile_of(&slow, model, &seed);
    const struct population *pop = model_population(model, &like, &room);
    for (int simulated = 0; simulated < 2; simulated++) {
        const double limit = alone_limit(&like, simulated != 0);
        const struct alone_way like_them = alone_way(near->part[0], &like, pop);
        const struct alone_way unlike = alone_way(far->part[0], &like, pop);
        assert_false(alone_is_foreign(&like_them, limit));
        assert_true(alone_is_foreign(&unlike, limit));
    }
    canara_profile_free(&near);
    canara_profile_free(&far);
    canara_model_close(&model);
}

/* Screens measure touches each in its own way: of simulated people they say less than keyboards do. Real people
 * are a measure as far as ever, and so is a text. */
/* A person with the pauses of another: the same fingers at another text. */
static struct test_person at_another_text(const struct test_person *who,
                                          const struct test_person *text)
{
    struct test_person p = *who;
    for (int i = 0; i < PEOPLE_KEYS; i++) {
        p.interval[i] = text->interval[i] + (i % 2 == 0 ? 0.8 : -0.8);
    }
    return p;
}

/* The people of the model type as `like` does, give or take .3. */
static void whoever_types_another_text_is_known_by_his_pauses_however_quick_he_is(void **state)
{
    (void)state;
    uint64_t seed = 6;
    const struct test_person owner = test_person(1);
    const struct test_person slow = slow_person(1);
    const struct test_person other = at_another_text(&owner, &owner);
    const struct test_person slow_other = test_person_slower(&other, 2.0);

    const struct {
        const struct test_person *who;
        bool otherwise;
    } rows[] = {{&owner, false}, {&slow, false}, {&other, true}, {&slow_other, true}};
    const struct sample like = typed_by(&owner, &seed);
    struct canara_model *model = test_model(&like);
    struct population_room room;
    const struct population *pop = model_population(model, &like, &room);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct canara_profile *p = profile_of(rows[i].who, model, &seed);
        const struct alone_way way = alone_way(p->part[0], &like, pop);
        assert_int_equal(alone_types_otherwise(&way), rows[i].otherwise);
        canara_profile_free(&p);
    }
    canara_model_close(&model);
}

/* Digits on glass: `away` of the screen beside where the model's people press. */
static canara_event_t presses(double away, uint64_t *seed, canara_key_t *keys)
{
    const struct test_person who = test_person(3);
    const canara_event_t event = test_person_types(&who, seed, keys);
    for (size_t i = 0; i < PEOPLE_KEYS; i++) {
        keys[i].has = 1U << CANARA_KEY_X | 1U << CANARA_KEY_Y;
        keys[i].extra[CANARA_KEY_X] = 0.1 * (double)(i % 3) + away + random_in(seed, -0.01, 0.01);
        keys[i].extra[CANARA_KEY_Y] = 0.6 + random_in(seed, -0.01, 0.01);
    }
    return event;
}

static void whoever_types_another_text_is_known_by_where_he_presses(void **state)
{
    (void)state;
    for (int far = 0; far < 2; far++) {
        uint64_t seed = 7;
        canara_key_t keys[PEOPLE_KEYS];
        struct sample like;
        struct population_room room;
        struct canara_profile *p = NULL;
        const canara_event_t theirs = presses(0.0, &seed, keys);
        assert_true(sample_of_keys(&theirs, &like));
        struct canara_model *model = test_model(&like);
        assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
        for (int i = 0; i < LEARNT; i++) {
            canara_lesson_t lesson;
            const canara_event_t event = presses(far != 0 ? 0.2 : 0.0, &seed, keys);
            learn_event(p, &event, i, CANARA_TRUST_ENROLMENT, &lesson);
        }
        const struct alone_way way =
            alone_way(p->part[0], &like, model_population(model, &like, &room));
        assert_int_equal(alone_types_otherwise(&way), far);
        canara_profile_free(&p);
        canara_model_close(&model);
    }
}

static void touches_are_held_against_simulated_people_soonest(void **state)
{
    (void)state;
    uint64_t seed = 5;
    const struct test_person owner = test_person(1);
    struct sample s = typed_by(&owner, &seed);
    assert_true(alone_limit(&s, true) == ALONE_FOREIGN_SIMULATED);
    assert_true(alone_limit(&s, false) == ALONE_FOREIGN);
    for (enum feature_type type = FEATURE_PRESSURE; type <= FEATURE_PLACE_Y; type++) {
        s.type[s.count - 1] = (uint8_t)type;
        assert_true(alone_limit(&s, true) == ALONE_FOREIGN_TOUCHED);
        assert_true(alone_limit(&s, false) == ALONE_FOREIGN);
    }
    s.kind = SAMPLE_TEXT;
    assert_true(alone_limit(&s, true) == ALONE_FOREIGN_SIMULATED);
}

/* Mean evidence of somebody's entries beside the profile. */
static double heard(const struct canara_profile *p, const struct test_person *who, uint64_t *seed)
{
    double sum = 0.0;
    for (int i = 0; i < TRIALS; i++) {
        struct population_room room;
        struct opinion opinion;
        const struct sample s = typed_by(who, seed);
        assert_true(profile_opinion(p, &s, &room, &opinion));
        assert_true(opinion.fusion == &room.alone);
        assert_true(fabs(opinion.nats) <= opinion.fusion->limit);
        sum += opinion.nats;
    }
    return sum / TRIALS;
}

/* A model of fast people knows nothing of slow ones, and says of the owner and of a thief alike that they are
 * not its people. */
static void a_foreign_owner_is_told_from_thieves_by_himself(void **state)
{
    (void)state;
    uint64_t seed = 7;
    const struct test_person fast = test_person(40);
    const struct sample like = typed_by(&fast, &seed);
    struct canara_model *model = test_model(&like);
    for (uint64_t u = 1; u <= 10; u++) {
        const struct test_person owner = slow_person(u);
        const struct test_person thief = slow_person(u + 100);
        struct canara_profile *p = profile_of(&owner, model, &seed);
        assert_true(heard(p, &owner, &seed) < -1.0);
        assert_true(heard(p, &thief, &seed) > 2.0);
        canara_profile_free(&p);
    }
    canara_model_close(&model);
}

/* Summaries have too few numbers to hold anybody against himself: without people nothing is said. */
static void a_summary_is_never_judged_alone(void **state)
{
    (void)state;
    uint64_t seed = 9;
    const struct test_person owner = test_person(3);
    struct sample s = typed_by(&owner, &seed);

    static const enum sample_kind silent[] = {SAMPLE_TYPING, SAMPLE_MOUSE, SAMPLE_SCROLL,
                                              SAMPLE_MOTION};

    assert_true(alone_speaks(&s));
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        s.kind = silent[i];
        assert_false(alone_speaks(&s));
    }
}

/* More known samples say more, a text never more than three nats, and all of it is in order. */
static void the_lines_are_lines(void **state)
{
    (void)state;
    double limit = 0.0;
    for (size_t known = EVIDENCE_SAMPLES_MIN; known <= 400; known++) {
        for (size_t n = 1; n <= SAMPLE_FEATURES_MAX; n++) {
            struct fusion f;
            struct fusion of_text;
            alone_fusion(SAMPLE_KEYS, n, known, &f);
            alone_fusion(SAMPLE_TEXT, n, known, &of_text);
            assert_true(f.limit >= limit && of_text.limit <= 3.0);
            assert_true(f.owner < 0.0 && f.owner > -f.limit && f.variance > 0.0);
            assert_true(f.impostor > 0.0 && f.impostor < f.limit);
            assert_true(of_text.owner > -of_text.limit && of_text.impostor < of_text.limit);
            limit = f.limit;
            double last = -INFINITY;
            for (unsigned step = 0; step <= 40; step++) {
                const double score[SCORES] = {
                    [SCORE_ONE_CLASS] = step / 10.0, [SCORE_NEAREST] = step / 10.0};
                const double nats = evidence_fuse(&f, score, known);
                assert_true(isfinite(nats) && nats >= last);
                last = nats;
            }
            assert_true(last > 0.0);
        }
    }
}

/* A model without a text has an opinion of texts all the same, three nats at most, and none of scrolling. */
static void what_the_model_does_not_know_is_judged_alone_or_not_at_all(void **state)
{
    enum { KEYS = 50, SCROLLS = 12 };

    (void)state;
    uint64_t seed = 11;
    const struct test_person owner = test_person(1);
    const struct test_person thief = test_person(2);
    const struct sample like = typed_by(&owner, &seed);
    struct canara_model *model = test_model(&like);
    struct canara_profile *p = NULL;
    canara_lesson_t lesson;
    canara_key_t keys[KEYS];
    assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
    for (int i = 0; i < LEARNT; i++) {
        const canara_event_t text = test_person_writes(&owner, &seed, keys, KEYS);
        learn_event(p, &text, i, CANARA_TRUST_ENROLMENT, &lesson);
    }
    double said[2] = {0.0, 0.0};
    for (int i = 0; i < TRIALS; i++) {
        struct population_room room;
        struct opinion opinion;
        struct sample s;
        const canara_event_t text =
            test_person_writes(i % 2 == 0 ? &owner : &thief, &seed, keys, KEYS);
        sample_of_text(&text, 0, 1, &s);
        assert_true(profile_opinion(p, &s, &room, &opinion));
        assert_true(opinion.alone && fabs(opinion.nats) <= 3.0);
        said[i % 2] += opinion.nats;
    }
    assert_true(said[0] < 0.0 && said[1] > 0.0);
    const canara_event_t scroll = {.kind = CANARA_SCROLL,
                                   .has = (uint32_t)CANARA_F_PIXELS | (uint32_t)CANARA_F_VELOCITY,
                                   .of.scroll = {.pixels = 300.0, .velocity = 900.0}};
    for (int i = 0; i < SCROLLS; i++) {
        learn_event(p, &scroll, LEARNT + i, CANARA_TRUST_ENROLMENT, &lesson);
    }
    struct population_room room;
    struct opinion opinion;
    struct sample s;
    assert_true(sample_of_summary(&scroll, &s));
    assert_non_null(profile_lens(p, s.context));
    assert_false(profile_opinion(p, &s, &room, &opinion));
    canara_profile_free(&p);
    canara_model_close(&model);
}

/* Behind the gate a foreign owner goes on learning and a thief does not, and nothing is noted in the tally of
 * another line. */
static void a_foreign_owner_goes_on_learning(void **state)
{
    (void)state;
    uint64_t seed = 13;
    const struct test_person fast = test_person(40);
    const struct test_person owner = slow_person(1);
    const struct test_person thief = slow_person(2);
    const struct sample like = typed_by(&fast, &seed);
    struct canara_model *model = test_model(&like);
    struct canara_profile *p = profile_of(&owner, model, &seed);
    uint32_t accepted[2] = {0, 0};
    for (int i = 0; i < TRIALS; i++) {
        canara_key_t keys[PEOPLE_KEYS];
        canara_lesson_t lesson;
        const canara_event_t event = test_person_types(i % 2 == 0 ? &owner : &thief, &seed, keys);
        learn_event(p, &event, LEARNT + i, CANARA_TRUST_GATED, &lesson);
        accepted[i % 2] += (uint32_t)lesson.accepted;
    }
    assert_true(accepted[0] >= TRIALS / 20);
    assert_int_equal(accepted[1], 0);
    assert_int_equal(p->part[0]->scored, 0);
    canara_profile_free(&p);
    canara_model_close(&model);
}

/* Texts of letters in so many of the six zones, the quicker hand first. */
static canara_event_t text_in(const struct test_person *who, uint64_t *seed, canara_key_t *keys,
                              size_t n, unsigned zones)
{
    const canara_event_t e = test_person_writes(who, seed, keys, n);
    for (size_t i = 0; i < n; i++) {
        keys[i].zone = (uint8_t)(CANARA_ZONE_L1 + (i / 3) % zones);
        if (zones == 1) {
            keys[i].key_class = (uint8_t)CANARA_KEY_LETTER; /* one long word */
        } else if (i % 9 == 8) {
            keys[i].key_class = (uint8_t)CANARA_KEY_DIGIT;
        }
    }
    return e;
}

static void a_short_text_without_most_groups_of_longer_ones_speaks(void **state)
{
    enum { LONG = 60, SHORT = 20 };

    (void)state;
    uint64_t seed = 12;
    const struct test_person owner = test_person(1);
    const struct sample like = typed_by(&owner, &seed);
    struct canara_model *model = test_model(&like);
    struct canara_profile *p = NULL;
    canara_lesson_t lesson;
    canara_key_t keys[LONG];
    struct population_room room;
    struct opinion opinion;
    struct sample s;
    assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
    for (int i = 0; i < LEARNT; i++) {
        const canara_event_t text = text_in(&owner, &seed, keys, LONG, 6);
        learn_event(p, &text, i, CANARA_TRUST_ENROLMENT, &lesson);
    }
    const canara_event_t text = text_in(&owner, &seed, keys, SHORT, 1);
    sample_of_text(&text, 0, 1, &s);
    size_t there = 0;
    size_t known = 0;
    const struct lens *l = profile_lens(p, s.context);
    assert_non_null(l);
    for (size_t f = 0; f < s.count; f++) {
        const bool knows = !isnan(part_middle(l->part, f));
        known += knows;
        there += knows && !isnan(s.x[f]);
    }
    assert_true(10 * there < 7 * known && 2 * there > known);
    assert_true(profile_opinion(p, &s, &room, &opinion));
    /* a single feature does not */
    for (size_t f = 1; f < s.count; f++) {
        s.x[f] = NAN;
    }
    assert_false(profile_opinion(p, &s, &room, &opinion));
    canara_profile_free(&p);
    canara_model_close(&model);
}

/* Keys of any field, of people who told times alone: the rows that nobody has are as people_general.c writes them. */
static struct canara_model *model_of_times(void)
{
    static float middle[KEY_ROWS];
    static float spread[KEY_ROWS];
    static uint8_t bytes[65536];
    for (size_t row = 0; row < KEY_ROWS; row++) {
        const size_t type = row / ((size_t)CANARA_KEY_CLASSES * CANARA_KEY_CLASSES);
        middle[row] = type < FEATURE_PRESSURE ? -1.5F : 0.0F;
        spread[row] = type < FEATURE_PRESSURE ? 0.5F : 1.0F;
    }
    struct population p = {
        .kind = SAMPLE_KEYS,
        .features = KEY_ROWS,
        .people = 50,
        .all = {{.middle = middle, .spread = spread}, {.middle = middle, .spread = spread}},
        .usual = spread};
    struct canara_model *model = NULL;
    test_fusions(&p);
    const size_t size = model_write("tests", &p, 1, bytes, sizeof bytes);
    return canara_model_open(bytes, size, &model) == CANARA_OK ? model : NULL;
}

static void people_without_a_measurement_are_no_measure_for_it(void **state)
{
    (void)state;
    uint64_t seed = 13;
    const struct test_person owner = test_person(1);
    struct canara_model *model = model_of_times();
    struct population_room room;
    struct opinion opinion;
    struct sample s;
    canara_lesson_t lesson;
    canara_key_t keys[PEOPLE_KEYS];
    assert_non_null(model);
    for (int touch = 0; touch < 2; touch++) {
        struct canara_profile *p = NULL;
        assert_int_equal(canara_profile_new(model, &p), CANARA_OK);
        for (int i = 0; i <= LEARNT; i++) {
            const canara_event_t event = test_person_types(&owner, &seed, keys);
            for (int k = 0; k < PEOPLE_KEYS && touch == 1; k++) {
                keys[k].has = 1U << CANARA_KEY_PRESSURE;
                keys[k].extra[CANARA_KEY_PRESSURE] = random_in(&seed, 0.3, 0.4);
            }
            assert_true(sample_of_keys(&event, &s));
            learn_event(p, &event, i, CANARA_TRUST_ENROLMENT, &lesson);
        }
        assert_true((model_population(model, &s, &room) != NULL) == (touch == 0));
        assert_true(profile_opinion(p, &s, &room, &opinion));
        assert_true(opinion.alone == (touch == 1));
        canara_profile_free(&p);
    }
    canara_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_is_far_from_all_people_is_foreign),
        cmocka_unit_test(whoever_types_another_text_is_known_by_his_pauses_however_quick_he_is),
        cmocka_unit_test(whoever_types_another_text_is_known_by_where_he_presses),
        cmocka_unit_test(touches_are_held_against_simulated_people_soonest),
        cmocka_unit_test(a_foreign_owner_is_told_from_thieves_by_himself),
        cmocka_unit_test(a_summary_is_never_judged_alone),
        cmocka_unit_test(the_lines_are_lines),
        cmocka_unit_test(what_the_model_does_not_know_is_judged_alone_or_not_at_all),
        cmocka_unit_test(a_foreign_owner_goes_on_learning),
        cmocka_unit_test(a_short_text_without_most_groups_of_longer_ones_speaks),
        cmocka_unit_test(people_without_a_measurement_are_no_measure_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
