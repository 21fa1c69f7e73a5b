/* person_test.c - what evidence is worth: weights, correlation within a session, young profiles. */
#include "engine/profile/person.h"

#include "engine/people/evidence.h"
#include "engine/people/people_test.h"
#include "engine/profile/samples_of.h"
#include "engine/session/filter.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>

/* Found by the second implementation: two entries against five known samples reached a block. */
static void a_young_profile_never_speaks_half_a_nat_a_sample_against_somebody(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (size_t known = 0; known < EVIDENCE_YOUNG; known++) {
        double said = 0.0;
        for (int i = 0; i < 50; i++) {
            said += person_young(known, said, random_in(&seed, -1.0, 6.0));
            assert_true(said <= EVIDENCE_YOUNG_NATS * (double)known + 1e-12);
        }
    }
    assert_near(person_young(EVIDENCE_YOUNG, 3.0, 5.0), 5.0, 0.0, "no longer young");
    assert_near(person_young(5, 3.0, -2.0), -2.0, 0.0, "for the owner it may always speak");
}

static void samples_that_are_alike_add_less_and_less(void **state)
{
    (void)state;
    double heard = 0.0;
    double last = INFINITY;
    for (size_t n = 0; n < 20; n++) {
        const double more = person_average(heard, n, 1.0, 4.0);
        assert_true(more > 0.0 && more < last);
        last = more;
        heard += more;
    }
    heard = 0.0;
    for (size_t n = 0; n < 20; n++) {
        heard += person_average(heard, n, 1.0, 1.0);
    }
    assert_near(heard, 20.0, 1e-9, "what is not alike adds up");
}

static void a_session_of_a_crowd_says_no_more_than_odd_sessions_leave_it(void **state)
{
    (void)state;
    uint64_t seed = 78;
    for (int round = 0; round < 200; round++) {
        const struct fusion f = {.run = random_in(&seed, 1.0, 10.0),
                                 .ceiling = random_in(&seed, 4.5, 12.0),
                                 .floor = random_in(&seed, 4.5, 12.0)};
        const double usual = random_in(&seed, -2.0, 2.0);
        double average = 0.0;
        double heard = 0.0;
        for (size_t n = 0; n < 100; n++) {
            const double nats = usual + random_in(&seed, -2.0, 2.0);
            average += person_average(average, n, nats, f.run);
            const double more = person_average_doubted(heard, n, nats, &f);
            assert_true(person_average_doubted(heard, n, nats + 0.1, &f) >= more);
            heard += more;
            assert_true(heard <= f.ceiling && heard >= -f.floor);
            if (fabs(average) < 4.0 && n < 10) {
                assert_near(heard, evidence_doubt(average, f.ceiling, f.floor), 1e-9,
                            "the average");
            }
        }
    }
}

static void a_session_that_nothing_is_doubted_of_is_averaged(void **state)
{
    (void)state;
    const struct fusion f = {.run = 4.0, .ceiling = FUSION_SURE, .floor = FUSION_SURE};
    uint64_t seed = 79;
    for (size_t n = 0; n < 100; n++) {
        const double heard = random_in(&seed, -50.0, 50.0);
        const double nats = random_in(&seed, -4.0, 4.0);
        assert_true(person_average_doubted(heard, n, nats, &f) ==
                    person_average(heard, n, nats, 4.0));
    }
}

/* Summaries of the mouse are heard in the same share, beyond what actions may say. */
static void what_others_said_beyond_the_ends_is_not_taken_back(void **state)
{
    (void)state;
    const struct fusion f = {.run = 4.0, .ceiling = 4.5, .floor = 6.0};
    static const double heard[] = {-1e3, -6.1, -6.0, 4.5, 4.6, 1e3};
    for (size_t i = 0; i < sizeof heard / sizeof *heard; i++) {
        for (int nats = -4; nats <= 4; nats++) {
            const double more = person_average_doubted(heard[i], 30, nats, &f);
            assert_true(isfinite(more) && fabs(more) < 0.1);
        }
        assert_true(isfinite(evidence_margin(heard[i], f.ceiling, f.floor)));
    }
    for (int quarter = -48; quarter <= 48; quarter++) {
        const double margin = 0.25 * quarter;
        const double l = evidence_doubt(margin, f.ceiling, f.floor);
        assert_near(evidence_margin(l, f.ceiling, f.floor), margin, 1e-9, "there and back");
    }
}

static void the_first_sample_of_a_session_counts_whole_and_later_ones_less(void **state)
{
    (void)state;
    assert_near(person_alike(SAMPLE_KEYS, 0), 1.0, 0.0, "a password at a login");
    assert_near(person_alike(SAMPLE_KEYS, 1), 1.0 + PERSON_ALIKE, 1e-12, "the second");
    for (size_t before = 0; before < 200; before++) {
        const double keys = person_alike(SAMPLE_KEYS, before);
        const double text = person_alike(SAMPLE_TEXT, before);
        assert_true(person_alike(SAMPLE_KEYS, before + 1) >= keys);
        assert_true(keys <= 1.0 + PERSON_ALIKE * PERSON_ALIKE_MOST);
        assert_true(text >= keys && person_alike(SAMPLE_TEXT, before + 1) >= text);
        assert_true(text <= 1.0 + PERSON_TEXT_ALIKE * PERSON_TEXT_ALIKE_MOST);
    }
    assert_near(person_alike(SAMPLE_TEXT, 0), 1.0, 0.0, "the first message");

    static const enum sample_kind summed_up[] = {SAMPLE_TYPING, SAMPLE_MOUSE, SAMPLE_SCROLL};

    for (size_t i = 0; i < sizeof summed_up / sizeof *summed_up; i++) {
        static const double less[] = {1.0, 2.0, 3.0, 4.0, 4.0};
        for (size_t before = 0; before < sizeof less / sizeof *less; before++) {
            assert_near(person_alike(summed_up[i], before), less[before], 1e-12, "a summary");
        }
    }
    assert_near(person_alike(SAMPLE_MOTION, 0), 1.0, 0.0, "the first look at how it is held");
    assert_near(person_alike(SAMPLE_MOTION, 20), 13.0, 1e-12, "all that follow");
    /* a day that shifts every field: 40 samples of half a nat are no 20 */
    double sum = 0.0;
    for (size_t before = 0; before < 40; before++) {
        sum += 0.5 / person_alike(SAMPLE_KEYS, before);
    }
    assert_in_range((int)(100.0 * sum), 800, 1000);
}

static void evidence_is_cut_whatever_comes(void **state)
{
    (void)state;
    uint64_t seed = 9;
    const struct person_weight w = {
        .centre = 0.5, .weight = 1.25, .limit = 3.0, .variance = 1.0, .owner = -2.0};
    for (int i = 0; i < 1000; i++) {
        const double l = person_weigh(random_in(&seed, -1e6, 1e6), random_in(&seed, 0.0, 1.0), &w);
        assert_true(fabs(l) <= 3.0);
    }
}

/* ---- copies of what the owner typed ---- */

#define T0 INT64_C(1750000000000)

enum { LESSONS = 60 };

static void keep(void *ctx, const struct sample *s)
{
    *(struct sample *)ctx = *s;
}

/* Somebody who is known by LESSONS entries, the newest of which are in `keys`. */
struct known {
    struct canara_model *model;
    struct canara_profile *profile;
    struct test_person person;
    uint64_t seed;
    canara_key_t keys[LESSONS][PEOPLE_KEYS];
};

static void get_to_know(struct known *k)
{
    struct sample work;
    struct sample like = {.count = 0};
    memset(k, 0, sizeof *k);
    k->seed = 11;
    k->person = test_person(4);
    const canara_event_t first = test_person_types(&k->person, &k->seed, k->keys[0]);
    samples_of(&first, &work, keep, &like);
    k->model = test_model(&like);
    assert_non_null(k->model);
    assert_int_equal(canara_profile_new(k->model, &k->profile), CANARA_OK);
    for (int i = 0; i < LESSONS; i++) {
        canara_session_t s;
        canara_lesson_t lesson;
        uint8_t wanted = 0;
        const canara_event_t e = test_person_types(&k->person, &k->seed, k->keys[i]);
        canara_session_begin(&s, T0);
        assert_int_equal(canara_learn_begin(k->profile, &s, CANARA_TRUST_ENROLMENT, &wanted), 0);
        assert_int_equal(canara_learn(k->profile, &e, T0), CANARA_OK);
        assert_int_equal(canara_learn_end(k->profile, T0, &lesson), CANARA_OK);
    }
}

static void forget(struct known *k)
{
    canara_profile_free(&k->profile);
    canara_model_close(&k->model);
}

/* Nats of the rule after entry `i` of the lessons, each time moved by up to `ms`. */
static double nats_of_copy(struct known *k, size_t i, double ms, struct session_state *s)
{
    canara_key_t keys[PEOPLE_KEYS];
    canara_event_t e = test_person_types(&k->person, &k->seed, keys);
    memcpy(keys, k->keys[i], sizeof keys);
    for (int at = 0; at < PEOPLE_KEYS && ms > 0.0; at++) {
        keys[at].down_ms = fmax(keys[at].down_ms + random_in(&k->seed, -ms, ms), 0.0);
        keys[at].up_ms += random_in(&k->seed, -ms, ms);
    }
    person_look(s, k->profile, &e);
    return s->bot[BOT_NEAR_COPY];
}

static void an_entry_played_again_is_a_copy_and_the_next_one_counts_half(void **state)
{
    (void)state;
    struct known k;
    get_to_know(&k);
    for (int ms = 0; ms <= 1; ms++) {
        for (size_t i = LESSONS - PART_RING; i < LESSONS; i++) {
            struct session_state s;
            filter_begin(&s, T0);
            assert_near(nats_of_copy(&k, i, ms, &s), 3.0, 0.0, "a copy");
            assert_near(nats_of_copy(&k, i, ms, &s), 4.5, 0.0, "once more");
            filter_advance(&s, T0 + 600000);
            assert_near(s.bot[BOT_NEAR_COPY], 2.25, 1e-9, "after ten minutes");
        }
    }
    struct session_state s;
    filter_begin(&s, T0);
    assert_near(nats_of_copy(&k, 0, 0.0, &s), 0.0, 0.0, "what has left the ring is forgotten");
    assert_int_equal(canara_profile_seal(k.profile), CANARA_OK);
    assert_near(nats_of_copy(&k, LESSONS - 1, 1.0, &s), 3.0, 0.0, "sealed");
    forget(&k);
}

static void what_the_owner_types_anew_is_no_copy(void **state)
{
    (void)state;
    struct known k;
    canara_key_t keys[PEOPLE_KEYS];
    get_to_know(&k);
    for (int i = 0; i < 500; i++) {
        struct session_state s;
        filter_begin(&s, T0);
        const canara_event_t e = test_person_types(&k.person, &k.seed, keys);
        person_look(&s, k.profile, &e);
        assert_near(s.bot[BOT_NEAR_COPY], 0.0, 0.0, "the owner");
    }
    forget(&k);
}

static void few_features_and_owners_like_a_clock_are_never_copies(void **state)
{
    (void)state;
    struct part p = {.nearest = 1.0F};
    assert_true(evidence_is_copy(&p, &(struct likeness){0.249, EVIDENCE_COPY_FEATURES}));
    assert_false(evidence_is_copy(&p, &(struct likeness){0.25, EVIDENCE_COPY_FEATURES}));
    assert_false(evidence_is_copy(&p, &(struct likeness){0.0, EVIDENCE_COPY_FEATURES - 1}));
    p.nearest = 0.0F;
    assert_false(evidence_is_copy(&p, &(struct likeness){0.0, SAMPLE_FEATURES_MAX}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_young_profile_never_speaks_half_a_nat_a_sample_against_somebody),
        cmocka_unit_test(samples_that_are_alike_add_less_and_less),
        cmocka_unit_test(a_session_of_a_crowd_says_no_more_than_odd_sessions_leave_it),
        cmocka_unit_test(a_session_that_nothing_is_doubted_of_is_averaged),
        cmocka_unit_test(what_others_said_beyond_the_ends_is_not_taken_back),
        cmocka_unit_test(the_first_sample_of_a_session_counts_whole_and_later_ones_less),
        cmocka_unit_test(evidence_is_cut_whatever_comes),
        cmocka_unit_test(an_entry_played_again_is_a_copy_and_the_next_one_counts_half),
        cmocka_unit_test(what_the_owner_types_anew_is_no_copy),
        cmocka_unit_test(few_features_and_owners_like_a_clock_are_never_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
