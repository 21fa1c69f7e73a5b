/* learn.c - what an ended session may teach, and how little of it is believed at once. */
#include "engine/arithmetic/numbers.h"
#include "engine/profile/bags.h"
#include "engine/profile/profile.h"
#include "engine/profile/samples_of.h"
#include "engine/samples/event_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RISK_CALM 0.2    /* a session that was ever above teaches nothing */
#define GATE_NATS (-3.0) /* evidence for the owner that one sample must give ... */
#define GATE_ALONE_NATS \
    (-2.0)               /* of who is held against himself alone, whose line says less (alone.h) */
#define GATE_SHARE   0.8 /* ... or this share of the most that it can give yet */
#define GATE_SUM     (-2.0) /* that a modality must have given in the session */
#define ALARM_NATS   (-1.0) /* like today's habit, and far from the anchor: the habit was led away */
#define STRONG_LIMIT 2.5    /* a modality whose single samples can pass the gate by themselves */

static bool has_mpin(const struct session_state *s)
{
    return (s->proofs & SESSION_MPIN_PASSED) != 0;
}

/* Password and proved device, or MPIN; and no MPIN that was asked for and did not come. */
static bool is_proved(const struct session_state *s)
{
    return s->latched == 0 && (has_mpin(s) || (s->proofs & SESSION_UNPROVED_DEVICE) == 0);
}

static void lesson_free(struct canara_profile *profile)
{
    free(profile->lesson);
    profile->lesson = NULL;
}

enum canara_status canara_learn_begin(struct canara_profile *profile,
                                      const struct canara_session *ended, enum canara_trust trust,
                                      uint8_t *wanted)
{
    struct session_state s;
    if (profile->sealed || !session_load(ended, &s) ||
        (trust != CANARA_TRUST_GATED && trust != CANARA_TRUST_ENROLMENT)) {
        return CANARA_BAD_VALUE;
    }
    *wanted = trust == CANARA_TRUST_ENROLMENT ||
              (s.risk_peak < RISK_CALM && s.blocked == 0 && is_proved(&s));
    if (*wanted == 0) {
        lesson_free(profile);
        return CANARA_OK;
    }
    struct lesson_state *l =
        profile->lesson != NULL ? profile->lesson : profile->allocate(sizeof *l);
    if (l == NULL) {
        return CANARA_NO_MEMORY;
    }
    profile->lesson = l;
    l->trust = trust;
    l->ended = s;
    l->counts = (canara_lesson_t){0};
    l->page = 0;
    l->walked = false;
    l->spent = false;
    memset(l->touched, 0, sizeof l->touched);
    return CANARA_OK;
}

static void raise_alarm(struct canara_profile *profile, struct part *p)
{
    p->bits |= PART_DRIFTED | PART_CHANGED;
    profile->lesson->counts.drifted = 1;
    memcpy(profile->lesson->counts.drifted_part, p->name, sizeof p->name);
}

static size_t number_of(const struct canara_profile *profile, const struct part *p)
{
    size_t i = 0;
    while (profile->part[i] != p) {
        i++;
    }
    return i;
}

/* What a single sample must say for the owner. It rises with what is known: as few as five samples know
 * nobody well, and a gate that the owner himself cannot pass would let his profile learn no more. Until
 * enrolment is over, proof, quarantine and a calm session stand before him. */
static double gate(const struct opinion *opinion, const struct part *p)
{
    const double known = (double)p->accepted - (EVIDENCE_SAMPLES_MIN - 1);
    const double grown = fmin(known / (PART_ANCHOR_FROM - EVIDENCE_SAMPLES_MIN + 1), 1.0);
    const double least = opinion->alone ? GATE_ALONE_NATS : GATE_NATS;
    return fmax(least * grown, -GATE_SHARE * evidence_limit(opinion->fusion, p->accepted));
}

/* Was it the owner? Asked of each sample where one sample can tell, of the modality otherwise. */
static bool passes(struct canara_profile *profile, struct part *p, const struct sample *s,
                   double *nats)
{
    struct population_room SCRATCH room;
    struct opinion opinion;
    *nats = NAN;
    if (p->count < EVIDENCE_SAMPLES_MIN) {
        return true;
    }
    const size_t number = number_of(profile, p);
    if (profile->lens[number].accepted != p->accepted) {
        profile_focus(profile, number); /* what this lesson has let in counts already */
    }
    if (!profile_opinion(profile, s, &room, &opinion)) {
        return false;
    }
    if (opinion.led_away && opinion.current < ALARM_NATS) {
        raise_alarm(profile, p);
        return false;
    }
    *nats = opinion.alone ? NAN : opinion.nats; /* the tally is of one line only */
    if (opinion.fusion->limit > STRONG_LIMIT) {
        return opinion.nats < gate(&opinion, p);
    }
    return (double)profile->lesson->ended.heard[sample_share(s->kind)] < GATE_SUM;
}

struct pupil {
    struct canara_profile *profile;
    int64_t at_ms;
    bool no_memory;
};

/* What has waited, in its turn: before what this session adds. A habit that has come to its fence too
 * often waits from now on. */
static void let_in(struct canara_profile *profile, size_t number, int64_t at_ms)
{
    struct lesson_state *l = profile->lesson;
    struct part *p = profile->part[number];
    const bool stopped = part_let_in(p, p->sessions, at_ms);
    if (stopped && !has_mpin(&l->ended) && ++p->pressed == PART_PRESSED) {
        l->counts.waiting = 1;
        memcpy(l->counts.waiting_part, p->name, sizeof p->name);
    }
    profile_shrink(profile, p, &l->like[number]);
    profile_focus(profile, number);
}

static void take(struct pupil *pupil, struct part *p, const struct sample *s)
{
    struct lesson_state *l = pupil->profile->lesson;
    const size_t number = number_of(pupil->profile, p);
    const bool young = p->count < EVIDENCE_SAMPLES_MIN;
    const bool first = !l->touched[number];
    l->counts.accepted++;
    l->touched[number] = true;
    l->like[number] = *s;
    p->sessions += first && p->sessions < UINT32_MAX ? 1U : 0U;
    if (l->trust == CANARA_TRUST_ENROLMENT || young) {
        part_accept(p, s);
        return;
    }
    if (first && (p->bits & PART_ANCHORED) != 0) {
        let_in(pupil->profile, number, pupil->at_ms);
    }
    p->pressed = has_mpin(&l->ended) ? 0 : p->pressed;
    part_hold(p, s, p->sessions, pupil->at_ms, has_mpin(&l->ended));
}

/* It learns no more, or not before a MPIN was passed. */
static bool stands_still(const struct part *p, const struct lesson_state *l)
{
    const bool waits = p->pressed >= PART_PRESSED && !has_mpin(&l->ended);
    return (p->bits & PART_DRIFTED) != 0 || (waits && l->trust == CANARA_TRUST_GATED);
}

static void teach_part(struct pupil *pupil, const struct sample *s)
{
    struct lesson_state *l = pupil->profile->lesson;
    if (!profile_has_place(pupil->profile, s)) {
        l->counts.seen++;
        l->counts.refused++;
        return;
    }
    struct part *p = profile_part_for(pupil->profile, s);
    if (p == NULL) {
        pupil->no_memory = true;
        return;
    }
    l->counts.seen++;
    if (stands_still(p, l) || !part_is_like(p, s)) {
        l->counts.refused++;
        return;
    }
    double nats = NAN;
    if (l->trust == CANARA_TRUST_GATED && !passes(pupil->profile, p, s, &nats)) {
        l->counts.refused++;
        return;
    }
    if (!isnan(nats)) {
        part_note_score(p, nats);
    }
    take(pupil, p, s);
}

static void teach(void *ctx, const struct sample *s)
{
    struct pupil *pupil = ctx;
    canara_lesson_t *const counts = &pupil->profile->lesson->counts;
    const canara_lesson_t before = *counts;
    if (!sample_is_of_crowd(s) || sample_is_kept_twice(s)) {
        teach_part(pupil, s);
    }
    if (sample_is_of_crowd(s)) {
        counts->seen = before.seen; /* a sample that is kept twice counts once */
        counts->refused = before.refused;
        counts->accepted = before.accepted;
        pupil->no_memory =
            bags_teach(pupil->profile, s, pupil->at_ms) != CANARA_OK || pupil->no_memory;
    }
}

/* ---- tables: a session that may teach is counted, without a quarantine of its own ---- */

/* NULL: no place for one, or no memory. */
static struct part *table(struct pupil *pupil, enum part_table kind, bool *counted)
{
    if (!profile_has_place_for_table(pupil->profile, kind)) {
        return NULL;
    }
    struct part *p = profile_table_for(pupil->profile, kind);
    if (p == NULL) {
        pupil->no_memory = true;
        return NULL;
    }
    p->accepted += p->accepted < UINT32_MAX ? 1U : 0U;
    p->sessions += !*counted && p->sessions < UINT32_MAX ? 1U : 0U;
    p->bits |= PART_CHANGED;
    *counted = true;
    return p;
}

static void count_page(struct pupil *pupil, const canara_event_t *event)
{
    struct lesson_state *l = pupil->profile->lesson;
    const uint64_t page = navigation_page(event);
    struct part *p = page == 0 ? NULL : table(pupil, PART_NAVIGATION, &l->walked);
    if (p != NULL) {
        navigation_learn(&p->of.navigation, l->page, page, navigation_dwell(event));
        l->page = page;
    }
}

static void count_amount(struct pupil *pupil, const canara_event_t *event)
{
    struct lesson_state *l = pupil->profile->lesson;
    const bool told =
        event->kind == CANARA_TRANSACTION_ATTEMPT && (event->has & (uint32_t)CANARA_F_AMOUNT) != 0;
    struct part *p = told ? table(pupil, PART_ROUTINE, &l->spent) : NULL;
    if (p != NULL) {
        routine_learn_amount(&p->of.routine, event->of.transaction.amount);
    }
}

/* The hour of a session counts when something of it was believed, or nothing was there to doubt.
 * Without memory for it an hour is lost, and the lesson is not. */
static void count_hour(struct canara_profile *profile)
{
    struct lesson_state *l = profile->lesson;
    struct pupil pupil = {.profile = profile};
    struct part *p = l->counts.accepted == 0 && l->counts.seen > 0
                         ? NULL
                         : table(&pupil, PART_ROUTINE, &l->spent);
    if (p != NULL) {
        routine_learn_hour(&p->of.routine, routine_hour(l->ended.begin_ms));
    }
}

static bool time_ok(int64_t at_ms)
{
    return at_ms >= 0 && at_ms <= SESSION_TIME_MAX;
}

enum canara_status canara_learn(struct canara_profile *profile, const canara_event_t *event,
                                int64_t at_ms)
{
    struct pupil pupil = {.profile = profile, .at_ms = at_ms};
    struct sample SCRATCH work;
    if (!time_ok(at_ms)) {
        return CANARA_BAD_TIME;
    }
    if (profile->lesson == NULL || !event_check(event)) {
        return CANARA_BAD_VALUE;
    }
    samples_for(profile, event, &work, teach, &pupil);
    count_page(&pupil, event);
    count_amount(&pupil, event);
    return pupil.no_memory ? CANARA_NO_MEMORY : CANARA_OK;
}

/* The end of a lesson for one part: the habit is worked out again, and held against its anchor. With one,
 * let_in() has done so. */
static void settle(struct canara_profile *profile, size_t number, int64_t at_ms)
{
    struct lesson_state *l = profile->lesson;
    struct part *p = profile->part[number];
    const bool enrolling = l->trust == CANARA_TRUST_ENROLMENT;
    if (enrolling || (p->bits & PART_ANCHORED) == 0) {
        (void)part_release(p, p->sessions, at_ms);
        part_refresh(p, false);
        profile_shrink(profile, p, &l->like[number]);
        profile_focus(profile, number);
        if (p->accepted >= PART_ANCHOR_FROM) {
            part_anchor(p);
        }
    }
    if (part_drift(p) > PART_DRIFT) {
        raise_alarm(profile, p);
    }
}

enum canara_status canara_learn_end(struct canara_profile *profile, int64_t at_ms,
                                    canara_lesson_t *out)
{
    struct lesson_state *l = profile->lesson;
    if (!time_ok(at_ms)) {
        return CANARA_BAD_TIME;
    }
    if (l == NULL) {
        return CANARA_BAD_VALUE;
    }
    for (size_t i = 0; i < profile->parts; i++) {
        if (l->touched[i]) {
            settle(profile, i, at_ms);
        }
    }
    if (bags_settle(profile, at_ms) != CANARA_OK) {
        return CANARA_NO_MEMORY;
    }
    count_hour(profile);
    l->counts.learnt = l->counts.accepted > 0 || l->walked || l->spent;
    *out = l->counts;
    lesson_free(profile);
    return CANARA_OK;
}
