/* measure_patient.c - attackers with time: one leads the profile away, one learns from the levels. */
#include "app/simulate/measure.h"
#include "base/util.h"
#include "lab/statistics/numbers.h"

#include <math.h>

enum {
    POISON_SESSIONS = 200,
    POISON_ENTRIES = 3, /* logins told in a session */
    POISON_LOOK = 2,    /* sessions between two looks at whether he would be accepted */
    POISON_END = 50,
    POISON_ROWS = 6,
    DISTANCES = 4,
    FRESH = 5,   /* entries that a look takes */
    TRIES = 200, /* of one who probes */
    TRIES_EARLY = 10,
    ENTRIES_JUDGED = 20,
};

#define WELCOME 0.04 /* risk that only evidence for the owner leads to: it begins at .05 */

static err_t type(const struct actor *a, struct rng *r, int entries, struct tape *t)
{
    for (int i = 0; i < entries; i++) {
        TRY(actor_login(a, r, t, 3000 + 20000 * (int64_t)i));
    }
    return ERR_OK;
}

/* Somebody types so many entries on a day. */
struct typing {
    const struct actor *who;
    unsigned day;
    int entries;
};

static err_t play_entries(const struct typing *typing, const struct canara_profile *profile,
                          struct rng *r, struct tape *t, struct tape_result *out)
{
    TRY(type(typing->who, r, typing->entries, t));
    return tape_play(
        t, &(struct tape_play){.profile = profile, .begin_ms = session_begin_ms(typing->day)}, out);
}

/* ---- the lot ---- */

/* Whose logins are asked for an MPIN by lot, and who has none: the first time is the last. */
struct lottery {
    unsigned percent;
    struct rng r; /* of its own: without a lot everything else is what it was */
    bool asked;
};

static void lottery_begin(struct lottery *l, unsigned percent, uint64_t seed)
{
    *l = (struct lottery){.percent = percent};
    rng_seed(&l->r, ~seed);
}

/* At one more login. */
static bool is_asked(struct lottery *l)
{
    l->asked = l->asked || rng_below(&l->r, 100) < l->percent;
    return l->asked;
}

/* ---- poisoning ---- */

/* Of his own entries, how many would speak for the owner? He is welcome when more than half do. */
static err_t look(const struct actor *a, const struct canara_profile *profile, unsigned day,
                  struct rng *r, int *out)
{
    int welcome = 0;
    for (int i = 0; i < FRESH; i++) {
        CLEANUP(tape_deinit) struct tape t;
        struct tape_result played;
        tape_init(&t);
        TRY(play_entries(&(struct typing){a, day, 1}, profile, r, &t, &played));
        welcome += played.risk_peak <= WELCOME;
    }
    *out = welcome;
    return ERR_OK;
}

/* Who leads a profile away. */
struct poisoner {
    const struct actor *owner, *other;
    struct canara_profile *profile;
    struct rng r;
    struct lottery lottery;
};

struct poisoned {
    bool welcome_before; /* near from the start: nothing to poison */
    bool alarm; /* or a login was asked for the MPIN by lot: nothing is learnt from then on */
    bool accepted;
    bool accepted_first; /* before any alarm */
    unsigned alarm_at;
    double spoke; /* share of his entries in the looks of the last POISON_END sessions */
};

static err_t poison_day(const struct actor *now, struct canara_profile *profile, unsigned day,
                        struct rng *r, bool *alarm)
{
    CLEANUP(tape_deinit) struct tape t;
    struct tape_result played;
    canara_lesson_t lesson;
    tape_init(&t);
    TRY(play_entries(&(struct typing){now, day, POISON_ENTRIES}, profile, r, &t, &played));
    TRY(tape_learn(&t, profile, session_begin_ms(day), &played, &lesson));
    *alarm = lesson.drifted != 0 || lesson.waiting != 0;
    return ERR_OK;
}

/* The k-th session of his; without his MPIN what is asked for it teaches nothing. */
static err_t poison_session(struct poisoner *p, unsigned k, struct poisoned *out)
{
    struct actor now;
    bool alarm = false;
    if (is_asked(&p->lottery)) {
        alarm = true;
    } else {
        actor_between(p->owner, p->other, fmin(0.01 * k, 1.0), &now);
        TRY(poison_day(&now, p->profile, MEASURE_ENROLMENT + k, &p->r, &alarm));
    }
    if (alarm && !out->alarm) {
        out->alarm = true;
        out->alarm_at = k;
    }
    return ERR_OK;
}

static err_t poison(struct poisoner *p, struct poisoned *out)
{
    int spoke = 0;
    *out = (struct poisoned){.alarm = false};
    TRY(look(p->other, p->profile, MEASURE_ENROLMENT, &p->r, &spoke));
    out->welcome_before = spoke > FRESH / 2;
    for (unsigned k = 1; k <= POISON_SESSIONS; k++) {
        spoke = 0;
        TRY(poison_session(p, k, out));
        if (k % POISON_LOOK == 0) {
            TRY(look(p->other, p->profile, MEASURE_ENROLMENT + k, &p->r, &spoke));
        }
        out->spoke += k > POISON_SESSIONS - POISON_END ? spoke : 0;
        if (spoke > FRESH / 2 && !out->accepted) {
            out->accepted = true;
            out->accepted_first = !out->alarm;
        }
    }
    out->spoke /= (double)FRESH * POISON_END / POISON_LOOK;
    return ERR_OK;
}

/* How far the impostor is from the owner, as a share of the way to anybody. */
static const double distances[DISTANCES] = {0.25, 0.5, 1.0, 1.5};

static err_t poison_one(struct measure *m, size_t number, int distance, double row[POISON_ROWS])
{
    struct actor owner;
    struct actor anybody;
    struct actor other;
    struct poisoned one;
    const struct canara_profile *learnt = NULL;
    CLEANUP(canara_profile_free) struct canara_profile *profile = NULL;
    TRY(measure_owner(m, number, &owner, &learnt));
    TRY(profile_copy(&m->troupe, learnt, &profile));
    actor_other(&m->troupe, &owner, 200, &anybody);
    actor_between(&owner, &anybody, distances[distance], &other);
    const uint64_t seed = m->troupe.seed + 977 * number + (uint64_t)distance;
    struct poisoner p = {.owner = &owner, .other = &other, .profile = profile};
    rng_seed(&p.r, seed);
    lottery_begin(&p.lottery, m->random_percent, seed);
    TRY(poison(&p, &one));
    const bool counts = !one.welcome_before;
    row[0] = one.welcome_before ? 1.0 : 0.0;
    row[1] = counts ? (one.accepted_first ? 0.0 : 1.0) : NAN;
    row[2] = counts ? (one.alarm ? 1.0 : 0.0) : NAN;
    row[3] = counts && one.alarm ? (double)one.alarm_at : NAN;
    row[4] = counts ? (one.accepted ? 1.0 : 0.0) : NAN;
    row[5] = counts ? one.spoke : NAN;
    return ERR_OK;
}

static const struct trial_add poison_words[DISTANCES][POISON_ROWS] = {
    {{"poisoning x0.25", "welcome before he began", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x0.25", "of the others: not accepted before an alarm", "share", TRIAL_MEAN,
      TRIAL_AT_LEAST, 1},
     {"poisoning x0.25", "of the others: alarm", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x0.25", "alarm after (median)", "sessions", TRIAL_MEDIAN, 0, 0},
     {"poisoning x0.25", "of the others: ever accepted", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x0.25", "of the others: entries for the owner, at the end", "share", TRIAL_MEAN, 0,
      0}},
    {{"poisoning x0.5", "welcome before he began", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x0.5", "of the others: not accepted before an alarm", "share", TRIAL_MEAN,
      TRIAL_AT_LEAST, 1},
     {"poisoning x0.5", "of the others: alarm", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x0.5", "alarm after (median)", "sessions", TRIAL_MEDIAN, 0, 0},
     {"poisoning x0.5", "of the others: ever accepted", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x0.5", "of the others: entries for the owner, at the end", "share", TRIAL_MEAN, 0,
      0}},
    {{"poisoning x1", "welcome before he began", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x1", "of the others: not accepted before an alarm", "share", TRIAL_MEAN,
      TRIAL_AT_LEAST, 1},
     {"poisoning x1", "of the others: alarm", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x1", "alarm after (median)", "sessions", TRIAL_MEDIAN, 0, 0},
     {"poisoning x1", "of the others: ever accepted", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x1", "of the others: entries for the owner, at the end", "share", TRIAL_MEAN, 0,
      0}},
    {{"poisoning x1.5", "welcome before he began", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x1.5", "of the others: not accepted before an alarm", "share", TRIAL_MEAN,
      TRIAL_AT_LEAST, 1},
     {"poisoning x1.5", "of the others: alarm", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x1.5", "alarm after (median)", "sessions", TRIAL_MEDIAN, 0, 0},
     {"poisoning x1.5", "of the others: ever accepted", "share", TRIAL_MEAN, 0, 0},
     {"poisoning x1.5", "of the others: entries for the owner, at the end", "share", TRIAL_MEAN, 0,
      0}},
};

err_t measure_poisoning(struct measure *m, struct trial_report *out)
{
    const size_t n = m->people;
    CLEANUP(numbers_free) double *value = numbers_new((size_t)DISTANCES * POISON_ROWS * n);
    if (value == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < n; i++) {
        for (int d = 0; d < DISTANCES; d++) {
            double row[POISON_ROWS];
            TRY(poison_one(m, i, d, row));
            for (int k = 0; k < POISON_ROWS; k++) {
                value[(size_t)(d * POISON_ROWS + k) * n + i] = row[k];
            }
        }
        measure_step(m);
    }
    for (int j = 0; j < DISTANCES * POISON_ROWS; j++) {
        TRY(trial_report_add(out, &poison_words[j / POISON_ROWS][j % POISON_ROWS],
                             value + (size_t)j * n, n, m->troupe.seed));
    }
    return ERR_OK;
}

/* ---- probing ---- */

/* One login of one who keeps the session's lesson in mind; the server may learn from it too. */
static err_t try_login(const struct actor *a, struct canara_profile *profile, unsigned day,
                       struct rng *r, enum canara_level *out)
{
    CLEANUP(tape_deinit) struct tape t;
    struct tape_result played;
    canara_lesson_t lesson;
    tape_init(&t);
    TRY(play_entries(&(struct typing){a, day, 1}, profile, r, &t, &played));
    TRY(tape_learn(&t, profile, session_begin_ms(day), &played, &lesson));
    *out = played.highest;
    return ERR_OK;
}

/* The share of fresh entries that nobody challenges. */
static err_t passing(const struct actor *a, const struct canara_profile *profile, struct rng *r,
                     double *out)
{
    int passed = 0;
    for (int i = 0; i < ENTRIES_JUDGED; i++) {
        CLEANUP(tape_deinit) struct tape t;
        struct tape_result played;
        tape_init(&t);
        TRY(play_entries(&(struct typing){a, MEASURE_ENROLMENT, 1}, profile, r, &t, &played));
        passed += played.highest < CANARA_LEVEL_CHALLENGE;
    }
    *out = (double)passed / ENTRIES_JUDGED;
    return ERR_OK;
}

/* Change the tempo of all keys, or some of them. */
static void vary(struct actor *a, struct rng *r)
{
    const double all = rng_below(r, 3) == 0 ? 0.15 * rng_normal(r) : 0.0;
    for (int i = 0; i < PASSWORD_KEYS; i++) {
        if (rng_below(r, 3) == 0) {
            a->rhythm.gap[i] += 0.2 * rng_normal(r);
        }
        if (rng_below(r, 3) == 0) {
            a->rhythm.hold[i] += 0.1 * rng_normal(r);
        }
        a->rhythm.gap[i] += all;
    }
}

enum { PROBE_ROWS = 4 };

static err_t probe_one(struct measure *m, size_t number, double row[PROBE_ROWS])
{
    struct actor owner;
    struct actor best;
    struct rng r;
    struct lottery lottery;
    unsigned through = 0;
    bool asked = false; /* a challenge that is not answered stays with the account */
    enum canara_level lowest = CANARA_LEVEL_BLOCKED;
    const struct canara_profile *learnt = NULL;
    CLEANUP(canara_profile_free) struct canara_profile *profile = NULL;
    TRY(measure_owner(m, number, &owner, &learnt));
    TRY(profile_copy(&m->troupe, learnt, &profile));
    actor_other(&m->troupe, &owner, 300, &best);
    rng_seed(&r, m->troupe.seed + 31 * number);
    lottery_begin(&lottery, m->random_percent, m->troupe.seed + 31 * number);
    TRY(passing(&best, profile, &r, &row[0]));
    for (unsigned k = 0; k < TRIES; k++) {
        struct actor next = best;
        enum canara_level level = CANARA_LEVEL_BLOCKED;
        vary(&next, &r);
        TRY(try_login(&next, profile, MEASURE_ENROLMENT + k, &r, &level));
        asked = is_asked(&lottery) || asked || level >= CANARA_LEVEL_CHALLENGE;
        through += asked ? 0 : 1;
        if (level <= lowest) {
            lowest = level;
            best = next;
        }
        if (k + 1 == TRIES_EARLY) {
            TRY(passing(&best, profile, &r, &row[1]));
        }
    }
    row[3] = (double)through;
    return passing(&best, profile, &r, &row[2]);
}

err_t measure_probing(struct measure *m, struct trial_report *out)
{
    static const struct trial_add words[PROBE_ROWS] = {
        {"probing", "entries unchallenged before", "share", TRIAL_MEAN, 0, 0},
        {"probing", "entries unchallenged after 10 tries", "share", TRIAL_MEAN, 0, 0},
        {"probing", "entries unchallenged after 200 tries", "share", TRIAL_MEAN, 0, 0},
        {"probing", "of 200 tries: through before an MPIN is asked for", "tries", TRIAL_MEAN, 0, 0},
    };
    CLEANUP(numbers_free) double *value = numbers_new(PROBE_ROWS * m->people);
    if (value == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < m->people; i++) {
        double row[PROBE_ROWS];
        TRY(probe_one(m, i, row));
        for (size_t k = 0; k < PROBE_ROWS; k++) {
            value[k * m->people + i] = row[k];
        }
        measure_step(m);
    }
    for (size_t k = 0; k < PROBE_ROWS; k++) {
        TRY(trial_report_add(out, &words[k], value + k * m->people, m->people, m->troupe.seed));
    }
    return ERR_OK;
}
