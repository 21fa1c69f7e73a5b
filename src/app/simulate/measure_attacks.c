/* measure_attacks.c - the owner at his best, and those who are somebody else all along. */
#include "app/simulate/measure.h"
#include "base/util.h"
#include "lab/statistics/numbers.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS  60000.0
#define HOUR_MS    3600000.0
#define WATCHED_MS (30 * INT64_C(60000))

enum {
    HONEST_SESSIONS = 20,
    TAKEOVERS = 3, /* of each owner */
    TAKEOVER_AT_MS = 120000,
    THIEVES = 5,
    CROWD = 32 /* people whose average a machine imitates */
};

static err_t play(const struct tape *t, const struct canara_profile *profile, unsigned number,
                  int64_t from_ms, bool owner, struct tape_result *out)
{
    return tape_play(t,
                     &(struct tape_play){.profile = profile,
                                         .begin_ms = session_begin_ms(number),
                                         .from_ms = from_ms,
                                         .owner = owner},
                     out);
}

/* ---- honest ---- */

struct honest {
    double challenges, blocks; /* an hour */
};

static err_t honest_one(struct measure *m, size_t number, struct honest *out)
{
    struct actor owner;
    const struct canara_profile *learnt = NULL;
    CLEANUP(canara_profile_free) struct canara_profile *profile = NULL;
    double hours = 0.0;
    TRY(measure_owner(m, number, &owner, &learnt));
    TRY(profile_copy(&m->troupe, learnt, &profile));
    *out = (struct honest){0};
    for (unsigned k = MEASURE_ENROLMENT; k < MEASURE_ENROLMENT + HONEST_SESSIONS; k++) {
        CLEANUP(tape_deinit) struct tape t;
        struct tape_result r = {0};
        canara_lesson_t lesson;
        tape_init(&t);
        TRY(actor_session(&m->troupe, &owner, k, &t, 0));
        TRY(play(&t, profile, k, 0, true, &r));
        TRY(tape_learn(&t, profile, session_begin_ms(k), &r, &lesson));
        out->challenges += r.challenges;
        out->blocks += r.blocks;
        hours += (double)tape_length(&t) / HOUR_MS;
    }
    out->challenges /= hours;
    out->blocks /= hours;
    return ERR_OK;
}

err_t measure_honest(struct measure *m, struct trial_report *out)
{
    static const struct trial_add words[] = {
        {"honest", "challenges per genuine hour", "1/h", TRIAL_MEAN, TRIAL_AT_MOST, 0.03},
        {"honest", "blocks per genuine hour", "1/h", TRIAL_MEAN, TRIAL_AT_MOST, 0.0},
    };
    CLEANUP(numbers_free) double *challenges = numbers_new(m->people);
    CLEANUP(numbers_free) double *blocks = numbers_new(m->people);
    if (challenges == NULL || blocks == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < m->people; i++) {
        struct honest one;
        TRY(honest_one(m, i, &one));
        challenges[i] = one.challenges;
        blocks[i] = one.blocks;
        measure_step(m);
    }
    TRY(trial_report_add(out, &words[0], challenges, m->people, m->troupe.seed));
    return trial_report_add(out, &words[1], blocks, m->people, m->troupe.seed);
}

/* ---- takeover ---- */

/* What the owner did in his first two minutes. */
static err_t begin_as_owner(struct measure *m, const struct actor *owner, unsigned number,
                            struct tape *t)
{
    CLEANUP(tape_deinit) struct tape whole;
    tape_init(&whole);
    TRY(actor_session(&m->troupe, owner, number, &whole, 0));
    for (size_t i = 0; i < whole.count && whole.entry[i].ms < TAKEOVER_AT_MS; i++) {
        TRY(tape_event(t, &whole.entry[i].event, whole.entry[i].ms));
    }
    return ERR_OK;
}

/* Behind what is on the tape already, without the password. */
static err_t splice(const struct tape *whole, int64_t at, struct tape *t)
{
    for (size_t i = 1; i < whole->count; i++) {
        const canara_event_t *event = &whole->entry[i].event;
        if (event->kind != CANARA_DEVICE_CONTEXT && event->kind != CANARA_LIFECYCLE) {
            TRY(tape_event(t, event, at + whole->entry[i].ms));
        }
    }
    return ERR_OK;
}

/* Half an hour of somebody's banking, on a device and behind a password that are there already. */
static err_t bank_on(struct measure *m, const struct actor *a, unsigned number, struct tape *t)
{
    const int64_t from = tape_length(t);
    for (unsigned k = 0; tape_length(t) < from + WATCHED_MS; k++) {
        CLEANUP(tape_deinit) struct tape whole;
        const int64_t at = tape_length(t) + 1000;
        tape_init(&whole);
        TRY(actor_session(&m->troupe, a, number + k, &whole, 0));
        TRY(splice(&whole, at, t));
    }
    return ERR_OK;
}

static err_t takeover_one(struct measure *m, size_t number, size_t thief, double *minutes)
{
    struct actor owner;
    struct actor other;
    const struct canara_profile *profile = NULL;
    struct tape_result r = {0};
    CLEANUP(tape_deinit) struct tape t;
    tape_init(&t);
    TRY(measure_owner(m, number, &owner, &profile));
    actor_other(&m->troupe, &owner, thief, &other);
    TRY(begin_as_owner(m, &owner, MEASURE_ENROLMENT + (unsigned)thief, &t));
    const int64_t from = tape_length(&t) + 1;
    TRY(bank_on(m, &other, (unsigned)thief, &t));
    TRY(play(&t, profile, MEASURE_ENROLMENT, from, false, &r));
    const int64_t after = r.stopped_ms - from;
    *minutes = r.stopped_ms < 0 || after > WATCHED_MS ? INFINITY : (double)after / MINUTE_MS;
    return ERR_OK;
}

err_t measure_takeover(struct measure *m, struct trial_report *out)
{
    static const struct trial_add words[] = {
        {"takeover", "found after (median)", "min", TRIAL_MEDIAN, TRIAL_AT_MOST, 5.0},
        {"takeover", "missed at 30 minutes", "share", TRIAL_MEAN, TRIAL_AT_MOST, 0.10},
    };
    CLEANUP(numbers_free) double *middle = numbers_new(m->people);
    CLEANUP(numbers_free) double *missed = numbers_new(m->people);
    if (middle == NULL || missed == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < m->people; i++) {
        double minutes[TAKEOVERS];
        for (size_t k = 0; k < TAKEOVERS; k++) {
            TRY(takeover_one(m, i, k, &minutes[k]));
            missed[i] += isinf(minutes[k]) ? 1.0 / TAKEOVERS : 0.0;
        }
        numbers_sort(minutes, TAKEOVERS);
        middle[i] = minutes[TAKEOVERS / 2];
        measure_step(m);
    }
    TRY(trial_report_add(out, &words[0], middle, m->people, m->troupe.seed));
    return trial_report_add(out, &words[1], missed, m->people, m->troupe.seed);
}

/* ---- the password ---- */

static err_t login_level(const struct actor *a, const struct canara_profile *profile, uint64_t seed,
                         bool new_device, enum canara_level *out)
{
    CLEANUP(tape_deinit) struct tape t;
    struct tape_result r = {0};
    struct rng draw;
    tape_init(&t);
    rng_seed(&draw, seed);
    if (new_device) {
        TRY(tape_fact(&t, CANARA_FACT_NEW_DEVICE, 0));
    }
    TRY(actor_login(a, &draw, &t, 3000));
    TRY(play(&t, profile, MEASURE_ENROLMENT, 0, false, &r));
    *out = r.highest;
    return ERR_OK;
}

enum { LOGIN_ROWS = 6 };

static err_t login_one(struct measure *m, size_t number, double share[LOGIN_ROWS])
{
    struct actor owner;
    struct actor thief;
    const struct canara_profile *profile = NULL;
    TRY(measure_owner(m, number, &owner, &profile));
    for (size_t k = 0; k < THIEVES; k++) {
        const uint64_t seed = m->troupe.seed + 1000 * number + k;
        enum canara_level level = CANARA_LEVEL_NORMAL;
        actor_other(&m->troupe, &owner, 100 + k, &thief);
        for (int device = 0; device < 2; device++) {
            TRY(login_level(&thief, profile, seed, device == 1, &level));
            share[device] += level >= CANARA_LEVEL_CHALLENGE ? 1.0 / THIEVES : 0.0;
            TRY(login_level(&owner, profile, seed, device == 1, &level));
            share[2 + device] += level >= CANARA_LEVEL_CHALLENGE ? 1.0 / THIEVES : 0.0;
            share[4 + device] += level == CANARA_LEVEL_BLOCKED ? 1.0 / THIEVES : 0.0;
        }
    }
    return ERR_OK;
}

err_t measure_login(struct measure *m, struct trial_report *out)
{
    static const struct trial_add words[LOGIN_ROWS] = {
        {"login", "thief challenged or blocked, the owner's device", "share", 0, 0, 0},
        {"login", "thief challenged or blocked, new device", "share", 0, 0, 0},
        {"login", "owner challenged or blocked, his device", "share", 0, 0, 0},
        {"login", "owner challenged or blocked, new device", "share", 0, 0, 0},
        {"login", "owner blocked, his device", "share", 0, TRIAL_AT_MOST, 0},
        {"login", "owner blocked, new device", "share", 0, TRIAL_AT_MOST, 0},
    };
    CLEANUP(numbers_free) double *share = numbers_new(LOGIN_ROWS * m->people);
    if (share == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < m->people; i++) {
        double one[LOGIN_ROWS] = {0};
        TRY(login_one(m, i, one));
        for (size_t k = 0; k < LOGIN_ROWS; k++) {
            share[k * m->people + i] = one[k];
        }
        measure_step(m);
    }
    for (size_t k = 0; k < LOGIN_ROWS; k++) {
        TRY(trial_report_add(out, &words[k], share + k * m->people, m->people, m->troupe.seed));
    }
    return ERR_OK;
}

/* ---- machines ---- */

/* The average of many people: a generator that was trained on published typing. */
static void average(struct measure *m, const struct actor *owner, struct actor *out)
{
    actor_other(&m->troupe, owner, 1000, out);
    for (size_t k = 1; k < CROWD; k++) {
        struct actor next;
        actor_other(&m->troupe, owner, 1000 + k, &next);
        actor_between(out, &next, 1.0 / (double)(k + 1), out);
    }
}

/* One that knows how fast the owner types and how long he holds, and not which key how. */
static void informed(const struct actor *owner, struct actor *out)
{
    *out = *owner;
    for (int i = 0; i < PASSWORD_KEYS; i++) {
        out->rhythm.hold[i] = owner->body.hold[CANARA_KEY_LETTER].mean;
        out->rhythm.gap[i] = owner->body.gap[CANARA_KEY_LETTER].mean;
    }
}

static err_t bot_one(struct measure *m, size_t number, bool knows, double *stopped, double *late)
{
    struct actor owner;
    struct actor bot;
    const struct canara_profile *profile = NULL;
    struct tape_result r = {0};
    CLEANUP(tape_deinit) struct tape t;
    tape_init(&t);
    TRY(measure_owner(m, number, &owner, &profile));
    if (knows) {
        informed(&owner, &bot);
    } else {
        average(m, &owner, &bot);
    }
    struct rng draw;
    rng_seed(&draw, m->troupe.seed + number);
    bot.seed = owner.seed ^ 0xB07U;
    TRY(actor_login(&bot, &draw, &t, 0));
    TRY(bank_on(m, &bot, 7, &t));
    TRY(play(&t, profile, MEASURE_ENROLMENT, 0, false, &r));
    *late =
        r.stopped_ms < 0 || r.stopped_ms > WATCHED_MS ? INFINITY : (double)r.stopped_ms / MINUTE_MS;
    *stopped = isinf(*late) ? 0.0 : 1.0;
    return ERR_OK;
}

err_t measure_bot(struct measure *m, struct trial_report *out)
{
    static const struct trial_add words[2][2] = {
        {{"bot", "average person's jitter: stopped in 30 minutes", "share", TRIAL_MEAN, 0, 0},
         {"bot", "average person's jitter: stopped after (median)", "min", TRIAL_MEDIAN, 0, 0}},
        {{"bot", "owner's speed without his rhythm: stopped", "share", TRIAL_MEAN, 0, 0},
         {"bot", "owner's speed without his rhythm: after (median)", "min", TRIAL_MEDIAN, 0, 0}}};
    CLEANUP(numbers_free) double *value = numbers_new(4 * m->people);
    if (value == NULL) {
        return err_new(ERR_NOMEM);
    }
    double *row[2][2] = {{value, value + m->people},
                         {value + 2 * m->people, value + 3 * m->people}};
    for (size_t i = 0; i < m->people; i++) {
        TRY(bot_one(m, i, false, &row[0][0][i], &row[0][1][i]));
        TRY(bot_one(m, i, true, &row[1][0][i], &row[1][1][i]));
        measure_step(m);
    }
    for (int k = 0; k < 4; k++) {
        TRY(trial_report_add(out, &words[k / 2][k % 2], row[k / 2][k % 2], m->people,
                             m->troupe.seed));
    }
    return ERR_OK;
}
