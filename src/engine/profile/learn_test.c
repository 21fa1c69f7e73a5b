/* learn_test.c - which sessions teach, what passes the gate, and how poison is noticed. */
#include "base/rng.h"
#include "engine/people/people_test.h"
#include "engine/profile/profile.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define T0     INT64_C(1750000000000)
#define DAY_MS INT64_C(86400000)

struct scene {
    struct canara_model *model;
    struct canara_profile *profile;
    struct test_person owner, other;
    uint64_t seed;
    int64_t at_ms;
    bool mpin; /* sessions pass one */
};

/* One session in which `who` types the password once; what it taught, and its evidence. */
static canara_lesson_t live(struct scene *s, const struct test_person *who, enum canara_trust trust,
                            double *nats)
{
    canara_session_t session;
    canara_key_t keys[PEOPLE_KEYS];
    canara_verdict_t v;
    canara_lesson_t lesson = {0};
    uint8_t wanted = 0;
    s->at_ms += DAY_MS / 2;
    canara_session_begin(&session, s->at_ms);
    const canara_event_t event = test_person_types(who, &s->seed, keys);
    assert_int_equal(canara_observe(&session, NULL, s->profile, &event, s->at_ms, &v), CANARA_OK);
    if (s->mpin) {
        assert_int_equal(canara_note(&session, NULL, CANARA_FACT_MPIN_PASSED, 0.0, s->at_ms, &v),
                         CANARA_OK);
    }
    struct session_state inside;
    assert_true(session_load(&session, &inside));
    *nats = (double)inside.heard[SHARE_TYPING];
    assert_int_equal(canara_learn_begin(s->profile, &session, trust, &wanted), CANARA_OK);
    if (wanted == 0) {
        return lesson;
    }
    assert_int_equal(canara_learn(s->profile, &event, s->at_ms), CANARA_OK);
    assert_int_equal(canara_learn_end(s->profile, s->at_ms, &lesson), CANARA_OK);
    return lesson;
}

static void begin_with(struct scene *s, const struct test_person *owner, int enrolled)
{
    canara_key_t keys[PEOPLE_KEYS];
    struct sample like;
    double nats = 0.0;
    *s = (struct scene){.owner = *owner, .other = test_person(2), .seed = 9, .at_ms = T0};
    struct test_person middle = test_person(3);
    for (int i = 0; i < PEOPLE_KEYS; i++) {
        middle.hold[i] = log(0.09);
        middle.interval[i] = log(0.20);
    }
    const canara_event_t event = test_person_types(&middle, &s->seed, keys);
    assert_true(sample_of_keys(&event, &like));
    s->model = test_model(&like);
    assert_non_null(s->model);
    assert_int_equal(canara_profile_new(s->model, &s->profile), CANARA_OK);
    for (int i = 0; i < enrolled; i++) {
        assert_int_equal(live(s, &s->owner, CANARA_TRUST_ENROLMENT, &nats).learnt, 1);
    }
}

static void begin(struct scene *s, int enrolled)
{
    const struct test_person owner = test_person(1);
    begin_with(s, &owner, enrolled);
}

static void end(struct scene *s)
{
    canara_profile_free(&s->profile);
    canara_model_close(&s->model);
}

static void the_owner_is_learnt_and_another_is_not(void **state)
{
    (void)state;
    struct scene s;
    double nats = 0.0;
    begin(&s, 30);
    int taken = 0;
    for (int i = 0; i < 40; i++) {
        taken += (int)live(&s, &s.owner, CANARA_TRUST_GATED, &nats).accepted;
    }
    assert_in_range(taken, 35, 40);
    const struct part *p = s.profile->part[0];
    assert_in_range(p->accepted, 30 + taken - PART_HELD, 30 + taken);
    assert_in_range(p->scored, 35, 40);
    assert_true(p->score_mean < -2.0F);
    for (int i = 0; i < 40; i++) {
        const canara_lesson_t lesson = live(&s, &s.other, CANARA_TRUST_GATED, &nats);
        assert_true(nats > 0.0);
        assert_int_equal(lesson.accepted, 0);
    }
    assert_int_equal(canara_profile_learning(s.profile).state, CANARA_LEARNT);
    end(&s);
}

static void sessions_that_prove_too_little_teach_nothing(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, 10);

    static const struct {
        const char *what;
        enum canara_fact fact[2];
        double value[2];
        int wanted;
    } cases[] = {
        {"a calm session", {CANARA_FACT_EXTERNAL, CANARA_FACTS}, {0.0, 0.0}, 1},
        {"a new device", {CANARA_FACT_NEW_DEVICE, CANARA_FACTS}, {0.0, 0.0}, 0},
        {"a device on which no MPIN was passed",
         {CANARA_FACT_UNPROVED_DEVICE, CANARA_FACTS},
         {0.0, 0.0},
         0},
        {"the same with proof",
         {CANARA_FACT_UNPROVED_DEVICE, CANARA_FACT_MPIN_PASSED},
         {0.0, 0.0},
         1},
        {"a new device with proof",
         {CANARA_FACT_NEW_DEVICE, CANARA_FACT_MPIN_PASSED},
         {0.0, 0.0},
         1},
        {"a risk that was high once",
         {CANARA_FACT_PREDICTED_RISK, CANARA_FACT_MPIN_PASSED},
         {0.3, 0.0},
         0},
        {"a block", {CANARA_FACT_BLOCKED, CANARA_FACTS}, {0.0, 0.0}, 0},
        {"a challenge that waits", {CANARA_FACT_CHALLENGED, CANARA_FACTS}, {0.0, 0.0}, 0},
        {"a challenge that was answered",
         {CANARA_FACT_CHALLENGED, CANARA_FACT_MPIN_PASSED},
         {0.0, 0.0},
         1},
        {"an answer, and a challenge that came after it",
         {CANARA_FACT_MPIN_PASSED, CANARA_FACT_CHALLENGED},
         {0.0, 0.0},
         0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        canara_session_t session;
        canara_verdict_t v;
        uint8_t wanted = 9;
        canara_session_begin(&session, T0);
        for (int k = 0; k < 2 && cases[i].fact[k] != CANARA_FACTS; k++) {
            assert_int_equal(
                canara_note(&session, NULL, cases[i].fact[k], cases[i].value[k], T0, &v),
                CANARA_OK);
        }
        assert_int_equal(canara_learn_begin(s.profile, &session, CANARA_TRUST_GATED, &wanted),
                         CANARA_OK);
        if (wanted != cases[i].wanted) {
            fail_msg("%s: %d", cases[i].what, wanted);
        }
    }
    end(&s);
}

/* A sample of somebody against the owner's part, without a session around it. The opinion borrows from `room`. */
static bool look(const struct scene *s, const struct test_person *who, uint64_t seed, double *far,
                 struct population_room *room, struct opinion *out)
{
    canara_key_t keys[PEOPLE_KEYS];
    struct sample sample;
    const canara_event_t typed = test_person_types(who, &seed, keys);
    assert_true(sample_of_keys(&typed, &sample));
    *far = part_from_anchor(s->profile->part[0], &sample);
    return profile_opinion(s->profile, &sample, room, out);
}

/* An owner who is like the people of the model, or one who is held against himself. */
struct gate_case {
    int known;
    bool alone;
    double full; /* nats that an entry must say of twenty known; of fewer (known - 4) / 16 of it */
};

/* One entry on its way from the owner to somebody else: is it learnt when it says more than the gate asks, and only
 * then? How much less it says, nats. */
static double try_gate(const struct gate_case *c, uint64_t seed, double share)
{
    struct scene s;
    struct population_room room;
    struct opinion opinion;
    double far = 0.0;
    double nats = 0.0;
    const struct test_person like_them = test_person(1);
    const struct test_person unlike = test_person_slower(&like_them, 3.0);
    begin_with(&s, c->alone ? &unlike : &like_them, c->known);
    s.seed = seed;
    const struct test_person who = test_person_between(&s.owner, &s.other, share);
    assert_true(look(&s, &who, s.seed, &far, &room, &opinion));
    assert_int_equal(opinion.alone, c->alone);
    assert_true(opinion.fusion->limit > 2.5); /* one entry can tell */
    const double known = (double)s.profile->part[0]->accepted;
    const double gate = c->full * fmin((known - 4.0) / 16.0, 1.0);
    const canara_lesson_t lesson = live(&s, &who, CANARA_TRUST_GATED, &nats);
    if (!opinion.led_away && lesson.accepted != (opinion.nats < gate)) {
        fail_msg("%d known: %g nats, the gate is %g, accepted %d", c->known, opinion.nats, gate,
                 (int)lesson.accepted);
    }
    end(&s);
    return opinion.nats - gate;
}

static void an_entry_is_learnt_from_the_gate_on(void **state)
{
    (void)state;
    static const struct gate_case cases[] = {
        {7, false, -3.0},  {10, false, -3.0}, {14, false, -3.0},
        {30, false, -3.0}, {10, true, -2.0},  {30, true, -2.0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int reached = 0;
        for (uint64_t seed = 1; seed <= 8; seed++) {
            double in = 0.0;
            double out = 1.0;
            double over = try_gate(&cases[k], seed, in);
            assert_true(try_gate(&cases[k], seed, out) >= 0.0);
            if (over >= 0.0) {
                continue; /* an odd one of the owner's own */
            }
            for (int i = 0; i < 20 && fabs(over) > 0.02; i++) { /* closer and closer to the gate */
                const double share = 0.5 * (in + out);
                over = try_gate(&cases[k], seed, share);
                *(over < 0.0 ? &in : &out) = share;
            }
            reached += fabs(over) <= 0.02;
        }
        assert_in_range(reached, 4, 8);
    }
}

static bool is_alarm(const canara_lesson_t *lesson)
{
    return lesson->drifted != 0 || lesson->waiting != 0;
}

/* He comes nearer by a hundredth of the way each session: the alarm must rise before he himself is
 * taken for the owner, and from then on nothing is learnt. Who was always near is another matter. */
static void slow_poison_raises_the_alarm_before_it_is_accepted(void **state)
{
    (void)state;
    int tried = 0;
    for (uint64_t who = 2; who < 14; who++) {
        struct scene s;
        struct population_room room;
        struct opinion opinion;
        double nats = 0.0;
        double far = 0.0;
        int alarm = 0;
        int accepted = 0;
        begin(&s, 50);
        s.other = test_person(who);
        assert_true(look(&s, &s.other, who, &far, &room, &opinion));
        tried += far > PART_FAR + 1.0;
        for (int session = 1; far > PART_FAR + 1.0 && session <= 200; session++) {
            const double share = 0.01 * session < 1.0 ? 0.01 * session : 1.0;
            const struct test_person now = test_person_between(&s.owner, &s.other, share);
            const canara_lesson_t lesson = live(&s, &now, CANARA_TRUST_GATED, &nats);
            double ignored = 0.0;
            alarm = alarm == 0 && is_alarm(&lesson) ? session : alarm;
            const bool spoke = look(&s, &s.other, s.seed, &ignored, &room, &opinion);
            accepted = accepted == 0 && spoke && opinion.nats < -2.0 ? session : accepted;
        }
        end(&s);
        if (far > PART_FAR + 1.0 && (alarm == 0 || (accepted != 0 && accepted < alarm))) {
            fail_msg("person %d: alarm at %d, accepted at %d", (int)who, alarm, accepted);
        }
    }
    assert_in_range(tried, 6, 12);
}

/* ---- the fence ---- */

/* The profile as a server keeps it between two sessions. */
static void save_and_load(struct scene *s)
{
    struct canara_profile *again = NULL;
    assert_int_equal(canara_profile_new(s->model, &again), CANARA_OK);
    for (size_t i = 0; i < canara_profile_parts(s->profile); i++) {
        uint8_t bytes[CANARA_PART_BYTES];
        canara_part_t part;
        assert_int_equal(canara_profile_save(s->profile, i, bytes, &part), CANARA_OK);
        assert_int_equal(canara_profile_load(again, bytes, part.size), CANARA_OK);
    }
    canara_profile_free(&s->profile);
    s->profile = again;
}

/* Somebody goes from the owner to another, `step` of the way a session; the session that raised the alarm of
 * the fence, 0: none. */
static int walk(struct scene *s, double step, int sessions, int mpin_every)
{
    int waits_since = 0;
    for (int k = 1; k <= sessions; k++) {
        double nats = 0.0;
        const struct test_person now = test_person_between(&s->owner, &s->other, step * k);
        s->mpin = mpin_every > 0 && k % mpin_every == 0;
        const canara_lesson_t lesson = live(s, &now, CANARA_TRUST_GATED, &nats);
        if (lesson.waiting != 0) {
            assert_int_equal(waits_since, 0); /* said once */
            assert_string_equal(lesson.waiting_part, s->profile->part[0]->name);
            waits_since = k;
        }
        save_and_load(s);
    }
    s->mpin = false;
    return waits_since;
}

static void without_a_mpin_a_habit_waits_at_its_fence(void **state)
{
    (void)state;
    struct scene s;
    double nats = 0.0;
    begin(&s, 50);
    assert_in_range(walk(&s, 0.01, 60, 0), 5, 59);
    assert_true(part_drift(s.profile->part[0]) <= PART_FENCE);
    assert_int_equal(canara_profile_learning(s.profile).state, CANARA_WAITING);
    canara_lesson_t lesson = live(&s, &s.owner, CANARA_TRUST_GATED, &nats);
    assert_int_equal(lesson.accepted, 0); /* nor from the owner, without one */
    assert_int_equal(lesson.refused, 1);
    s.mpin = true;
    s.profile->part[0]->pressed = UINT8_MAX; /* as bytes may say */
    for (int i = 0; i < 4; i++) {
        lesson = live(&s, &s.owner, CANARA_TRUST_GATED, &nats);
        assert_int_equal(lesson.waiting, 0);
    }
    assert_int_equal(canara_profile_learning(s.profile).state, CANARA_LEARNT);
    s.mpin = false;
    assert_int_equal(live(&s, &s.owner, CANARA_TRUST_GATED, &nats).accepted, 1);
    end(&s);
}

/* What somebody left in the quarantine is stopped in the owner's session, and that is no alarm. */
static void a_session_with_a_mpin_raises_no_alarm_of_the_fence(void **state)
{
    (void)state;
    struct scene s;
    double nats = 0.0;
    begin(&s, 50);
    assert_in_range(walk(&s, 0.01, 60, 0), 5, 59);
    struct part *p = s.profile->part[0];
    p->pressed = PART_PRESSED - 1;
    s.mpin = true;
    for (int i = 0; i < 5; i++) {
        const canara_lesson_t lesson = live(&s, &s.owner, CANARA_TRUST_GATED, &nats);
        assert_int_equal(lesson.waiting, 0);
        assert_true(lesson.accepted == 0 || p->pressed == 0);
    }
    assert_int_equal(p->pressed, 0);
    end(&s);
}

static void with_a_mpin_now_and_then_a_habit_goes_on(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, 50);
    assert_int_equal(walk(&s, 0.003, 120, 3), 0);
    assert_true(part_drift(s.profile->part[0]) > 1.4 * PART_FENCE);
    assert_int_equal(canara_profile_learning(s.profile).state, CANARA_LEARNT);
    end(&s);
}

/* ---- people who wander ---- */

#define DEVIATION 0.075 /* of test_person_types(): mean of |uniform in -.15 to .15| */
#define RHO       0.9

/* Every time of a key wanders by itself from a session to the next: AR(1). */
struct wanderer {
    struct rng rng;
    double sd; /* deviations */
    struct test_person off;
};

static struct wanderer wanderer(uint64_t seed, double sd)
{
    struct wanderer w = {.sd = sd * DEVIATION};
    rng_seed(&w.rng, seed);
    for (int i = 0; i < PEOPLE_KEYS; i++) {
        w.off.hold[i] = w.sd * rng_normal(&w.rng);
        w.off.interval[i] = w.sd * rng_normal(&w.rng);
    }
    return w;
}

static struct test_person wander(struct wanderer *w, const struct test_person *home)
{
    struct test_person now = *home;
    const double fresh = w->sd * sqrt(1.0 - RHO * RHO);
    for (int i = 0; i < PEOPLE_KEYS; i++) {
        w->off.hold[i] = RHO * w->off.hold[i] + fresh * rng_normal(&w->rng);
        w->off.interval[i] = RHO * w->off.interval[i] + fresh * rng_normal(&w->rng);
        now.hold[i] += w->off.hold[i];
        now.interval[i] += w->off.interval[i];
    }
    return now;
}

/* An anchor that followed proved samples counted their noise as way, and locked him out for good. */
static void an_owner_with_a_mpin_may_wander_for_ever(void **state)
{
    (void)state;
    for (uint64_t who = 1; who <= 6; who++) {
        struct scene s;
        double nats = 0.0;
        unsigned taken = 0;
        begin(&s, 20);
        struct wanderer w = wanderer(who, 0.8);
        s.mpin = true;
        for (int session = 1; session <= 300; session++) {
            const struct test_person now = wander(&w, &s.owner);
            const canara_lesson_t lesson = live(&s, &now, CANARA_TRUST_GATED, &nats);
            taken += lesson.accepted;
            if (is_alarm(&lesson)) {
                fail_msg("wanderer %d: alarm in session %d", (int)who, session);
            }
        }
        assert_in_range(taken, 150, 300);
        assert_int_equal(canara_profile_learning(s.profile).state, CANARA_LEARNT);
        end(&s);
    }
}

/* Nor can somebody without the MPIN bring it about between the owner's sessions. */
static void a_thief_between_does_not_lock_the_owners_learning(void **state)
{
    (void)state;
    for (uint64_t who = 1; who <= 6; who++) {
        struct scene s;
        double nats = 0.0;
        unsigned thiefs = 0;
        begin(&s, 50);
        struct wanderer owner = wanderer(who, 0.8);
        struct wanderer thief = wanderer(who + 100, 0.8);
        for (int session = 1; session <= 100; session++) {
            const double share = fmin(0.01 * session, 0.25);
            const struct test_person way = test_person_between(&s.owner, &s.other, share);
            const struct test_person he = wander(&thief, &way);
            const struct test_person she = wander(&owner, &s.owner);
            thiefs += live(&s, &he, CANARA_TRUST_GATED, &nats).accepted;
            s.mpin = true;
            const canara_lesson_t lesson = live(&s, &she, CANARA_TRUST_GATED, &nats);
            s.mpin = false;
            assert_int_equal(lesson.drifted, 0);
        }
        assert_true(thiefs > 10);
        assert_int_equal(s.profile->part[0]->bits & PART_DRIFTED, 0);
        s.mpin = true;
        assert_int_equal(live(&s, &s.owner, CANARA_TRUST_GATED, &nats).accepted, 1);
        end(&s);
    }
}

static void the_alarm_stops_learning(void **state)
{
    (void)state;
    struct scene s;
    double nats = 0.0;
    begin(&s, 30);
    s.profile->part[0]->bits |= PART_DRIFTED;
    const canara_lesson_t lesson = live(&s, &s.owner, CANARA_TRUST_GATED, &nats);
    assert_int_equal(lesson.accepted, 0);
    assert_int_equal(lesson.refused, 1);
    assert_int_equal(canara_profile_learning(s.profile).state, CANARA_DRIFTED);
    end(&s);
}

/* Pointers that lead nowhere, counts without end and NaN are in the fields that no bit of `has` names. */
static void what_was_not_sent_is_neither_looked_at_nor_learnt(void **state)
{
    (void)state;
    struct canara_profile *p = NULL;
    canara_session_t session;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    canara_session_begin(&session, T0);
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    assert_int_equal(canara_learn_begin(p, &session, CANARA_TRUST_ENROLMENT, &wanted), CANARA_OK);
    for (unsigned kind = 0; kind < CANARA_EVENT_KINDS; kind++) {
        canara_event_t event;
        canara_verdict_t verdict;
        canara_baseline_t baselines[CANARA_BASELINES_MAX];
        memset(&event, 0xff, sizeof event);
        event.kind = (enum canara_event_kind)kind;
        event.has = 0;
        assert_int_equal(canara_observe(&session, NULL, p, &event, T0, &verdict), CANARA_OK);
        assert_int_equal(canara_baselines(p, &event, baselines), 0);
        assert_int_equal(canara_learn(p, &event, T0), CANARA_OK);
    }
    assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    assert_int_equal(lesson.seen, 0);
    canara_profile_free(&p);
}

/* Wide samples leave room for fewer than twenty in the ring, and never had an anchor. */
static void wide_samples_are_anchored_too(void **state)
{
    (void)state;
    struct canara_profile *p = NULL;
    double values[128] = {0};
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    for (int i = 0; i < PART_ANCHOR_FROM; i++) {
        const canara_event_t event = {
            .kind = CANARA_FEATURES,
            .has = CANARA_F_VALUES,
            .of.features = {.name = {"wide", 4}, .values = values, .count = 128}};
        canara_session_t session;
        canara_lesson_t lesson;
        uint8_t wanted = 0;
        canara_session_begin(&session, T0);
        assert_int_equal(canara_learn_begin(p, &session, CANARA_TRUST_ENROLMENT, &wanted),
                         CANARA_OK);
        assert_int_equal(canara_learn(p, &event, T0), CANARA_OK);
        assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    }
    assert_true(p->part[0]->ring < PART_ANCHOR_FROM);
    assert_true((p->part[0]->bits & PART_ANCHORED) != 0);
    canara_profile_free(&p);
}

static void what_comes_at_the_wrong_time_or_is_no_event_is_refused(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, 6);
    canara_session_t session;
    canara_session_t never = {{0}};
    canara_lesson_t lesson;
    uint8_t wanted = 7;
    const canara_event_t idle = {.kind = CANARA_IDLE_TIMEOUT};
    const canara_event_t foreign = {.kind = (enum canara_event_kind)99};
    canara_session_begin(&session, T0);
    assert_int_equal(canara_learn(s.profile, &idle, T0), CANARA_BAD_VALUE);
    assert_int_equal(canara_learn_end(s.profile, T0, &lesson), CANARA_BAD_VALUE);
    assert_int_equal(canara_learn_begin(s.profile, &never, CANARA_TRUST_GATED, &wanted),
                     CANARA_BAD_VALUE);
    assert_int_equal(canara_learn_begin(s.profile, &session, (enum canara_trust)5, &wanted),
                     CANARA_BAD_VALUE);
    assert_int_equal(wanted, 7);
    assert_int_equal(canara_learn_begin(s.profile, &session, CANARA_TRUST_GATED, &wanted),
                     CANARA_OK);
    assert_int_equal(canara_learn(s.profile, &foreign, T0), CANARA_BAD_VALUE);
    assert_int_equal(canara_learn(s.profile, &idle, -1), CANARA_BAD_TIME);
    assert_int_equal(canara_learn(s.profile, &idle, INT64_MAX), CANARA_BAD_TIME);
    assert_int_equal(canara_learn_end(s.profile, INT64_MIN, &lesson), CANARA_BAD_TIME);
    assert_int_equal(canara_learn_end(s.profile, T0, &lesson), CANARA_OK);
    end(&s);
}

static void a_young_part_goes_on_learning_behind_the_gate(void **state)
{
    (void)state;
    struct scene s;
    double nats = 0.0;
    begin(&s, 0);
    for (int i = 0; i < 30; i++) {
        (void)live(&s, &s.owner, CANARA_TRUST_GATED, &nats);
    }
    assert_true(s.profile->part[0]->accepted >= 20);
    end(&s);
}

static void what_comes_once_a_session_is_not_pushed_out(void **state)
{
    (void)state;

    enum { SESSIONS = 8, OTHERS = 40 };

    struct scene s;
    struct sample password;
    canara_key_t keys[PEOPLE_KEYS];
    begin(&s, 0);
    for (int k = 0; k < SESSIONS; k++) {
        canara_session_t session;
        canara_lesson_t lesson;
        uint8_t wanted = 0;
        s.at_ms += DAY_MS;
        canara_session_begin(&session, s.at_ms);
        assert_int_equal(canara_learn_begin(s.profile, &session, CANARA_TRUST_ENROLMENT, &wanted),
                         CANARA_OK);
        canara_event_t event = test_person_types(&s.owner, &s.seed, keys);
        assert_true(sample_of_keys(&event, &password));
        assert_int_equal(canara_learn(s.profile, &event, s.at_ms), CANARA_OK);
        for (int i = 0; i < OTHERS; i++) { /* each in a field that never comes again */
            char field[32];
            (void)snprintf(field, sizeof field, "f%d-%d", k, i);
            event = test_person_types(&s.owner, &s.seed, keys);
            event.of.keystrokes.field = (canara_text_t){field, strlen(field)};
            assert_int_equal(canara_learn(s.profile, &event, s.at_ms), CANARA_OK);
        }
        assert_int_equal(canara_learn_end(s.profile, s.at_ms, &lesson), CANARA_OK);
        const struct part *p = profile_find(s.profile, password.context);
        assert_non_null(p);
        assert_int_equal(p->accepted, k + 1);
    }
    end(&s);
}

/* A session in which the owner types each of the fields from `first` to `last` once. */
static canara_lesson_t types_fields(struct scene *s, int first, int last, enum canara_trust trust)
{
    canara_session_t session;
    canara_key_t keys[PEOPLE_KEYS];
    canara_verdict_t v;
    canara_lesson_t lesson = {0};
    uint8_t wanted = 0;
    s->at_ms += DAY_MS;
    canara_session_begin(&session, s->at_ms);
    if (s->mpin) {
        assert_int_equal(canara_note(&session, NULL, CANARA_FACT_MPIN_PASSED, 0.0, s->at_ms, &v),
                         CANARA_OK);
    }
    assert_int_equal(canara_learn_begin(s->profile, &session, trust, &wanted), CANARA_OK);
    for (int i = first; i <= last; i++) {
        char field[32];
        (void)snprintf(field, sizeof field, "f%02d", i);
        canara_event_t event = test_person_types(&s->owner, &s->seed, keys);
        event.of.keystrokes.field = (canara_text_t){field, strlen(field)};
        assert_int_equal(canara_learn(s->profile, &event, s->at_ms), CANARA_OK);
    }
    assert_int_equal(canara_learn_end(s->profile, s->at_ms, &lesson), CANARA_OK);
    return lesson;
}

static size_t known_well(const struct scene *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->profile->parts; i++) {
        n += s->profile->part[i]->sessions >= PROFILE_SESSIONS_NEEDED ? 1U : 0U;
    }
    return n;
}

/* Who has the password logs in often and types in fields of his own. */
static void what_is_known_well_makes_room_for_a_mpin_only(void **state)
{
    (void)state;

    enum { OWN = PROFILE_CONTEXTS - 1 }; /* the hours of his sessions are the last part */

    struct scene s;
    begin(&s, 0);
    for (int k = 0; k < PROFILE_SESSIONS_NEEDED; k++) {
        (void)types_fields(&s, 1, OWN, CANARA_TRUST_ENROLMENT);
    }
    assert_int_equal(s.profile->parts, PROFILE_CONTEXTS);
    assert_int_equal(known_well(&s), PROFILE_CONTEXTS);
    for (int i = 50; i < 55; i++) {
        const canara_lesson_t lesson = types_fields(&s, i, i, CANARA_TRUST_GATED);
        assert_int_equal(lesson.seen, 1);
        assert_int_equal(lesson.refused, 1);
        assert_int_equal(known_well(&s), PROFILE_CONTEXTS);
    }
    s.mpin = true; /* one comes, and with it a place that is not known well yet */
    assert_int_equal(types_fields(&s, 60, 60, CANARA_TRUST_GATED).accepted, 1);
    assert_int_equal(known_well(&s), PROFILE_CONTEXTS - 1);
    s.mpin = false;
    assert_int_equal(types_fields(&s, 61, 64, CANARA_TRUST_GATED).accepted, 4);
    assert_int_equal(known_well(&s), PROFILE_CONTEXTS - 1);
    end(&s);
}

/* The hours and pages of an owner whose places are all taken are not worth a field of his. */
static void a_table_pushes_out_nothing_that_is_known_well(void **state)
{
    (void)state;

    struct scene s;
    canara_session_t session;
    canara_lesson_t lesson = {0};
    uint8_t wanted = 0;
    begin(&s, 0);
    for (int k = 0; k < PROFILE_SESSIONS_NEEDED; k++) {
        (void)types_fields(&s, 1, PROFILE_CONTEXTS - 1, CANARA_TRUST_ENROLMENT);
    }
    const canara_event_t event = {.kind = CANARA_NAVIGATION_PATTERN,
                                  .has = CANARA_F_CURRENT_PAGE,
                                  .of.navigation = {.current_page = {"home", 4}}};
    canara_session_begin(&session, s.at_ms);
    assert_int_equal(canara_learn_begin(s.profile, &session, CANARA_TRUST_GATED, &wanted),
                     CANARA_OK);
    assert_int_equal(canara_learn(s.profile, &event, s.at_ms), CANARA_OK);
    assert_int_equal(canara_learn_end(s.profile, s.at_ms, &lesson), CANARA_OK);
    assert_null(profile_table(s.profile, PART_NAVIGATION));
    assert_int_equal(known_well(&s), PROFILE_CONTEXTS);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_is_learnt_and_another_is_not),
        cmocka_unit_test(sessions_that_prove_too_little_teach_nothing),
        cmocka_unit_test(an_entry_is_learnt_from_the_gate_on),
        cmocka_unit_test(slow_poison_raises_the_alarm_before_it_is_accepted),
        cmocka_unit_test(without_a_mpin_a_habit_waits_at_its_fence),
        cmocka_unit_test(a_session_with_a_mpin_raises_no_alarm_of_the_fence),
        cmocka_unit_test(with_a_mpin_now_and_then_a_habit_goes_on),
        cmocka_unit_test(an_owner_with_a_mpin_may_wander_for_ever),
        cmocka_unit_test(a_thief_between_does_not_lock_the_owners_learning),
        cmocka_unit_test(the_alarm_stops_learning),
        cmocka_unit_test(what_was_not_sent_is_neither_looked_at_nor_learnt),
        cmocka_unit_test(wide_samples_are_anchored_too),
        cmocka_unit_test(a_young_part_goes_on_learning_behind_the_gate),
        cmocka_unit_test(what_comes_once_a_session_is_not_pushed_out),
        cmocka_unit_test(what_is_known_well_makes_room_for_a_mpin_only),
        cmocka_unit_test(a_table_pushes_out_nothing_that_is_known_well),
        cmocka_unit_test(what_comes_at_the_wrong_time_or_is_no_event_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
