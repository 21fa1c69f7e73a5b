/* measure_unusual.c - honest people whom a careless engine punishes. None may be blocked. */
#include "app/simulate/measure.h"
#include "base/util.h"
#include "lab/statistics/numbers.h"

#include <math.h>

enum { UNUSUAL_SESSIONS = 10, SHORT_ENTRIES = 8 };

/* How somebody comes to be unusual. */
enum unusual_way {
    ALWAYS,   /* he was enrolled like this */
    SUDDENLY, /* he was enrolled in his usual way */
    AT_FIRST  /* nothing is known of him yet */
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of the table below */
struct oddity {
    const char *name;
    enum unusual_way way;
    double gap, hold; /* added to the logarithms */
    double spread;    /* factor */
    double touch;     /* factor on area and pressure, and a slant */
    double growth;    /* of gap and hold, more with each session */
    bool new_device, short_fields;
};

/* clang-format off */
static const struct oddity oddities[] = {
    {"slow typist",        ALWAYS,   1.10, 0.30, 1.0, 1.0,  0.00, false, false},
    {"short fields only",  ALWAYS,   0.00, 0.00, 1.0, 1.0,  0.00, false, true},
    {"first sessions",     AT_FIRST, 0.00, 0.00, 1.0, 1.0,  0.00, false, false},
    {"tremor",             ALWAYS,   0.15, 0.00, 2.2, 1.0,  0.00, false, false},
    {"tremor of one day",  SUDDENLY, 0.15, 0.00, 2.2, 1.0,  0.00, false, false},
    {"one hand of two",    SUDDENLY, 0.45, 0.10, 1.3, 1.15, 0.00, false, false},
    {"new phone",          SUDDENLY, 0.05, 0.10, 1.0, 1.40, 0.00, true,  false},
    {"tired",              SUDDENLY, 0.20, 0.10, 1.2, 1.0,  0.00, false, false},
    {"drifting",           SUDDENLY, 0.00, 0.00, 1.0, 1.0,  0.03, false, false},
};

/* clang-format on */

static void twist(const struct oddity *o, double days, struct actor *a)
{
    const double gap = o->gap + o->growth * days;
    const double hold = o->hold + 0.5 * o->growth * days;
    for (int c = 0; c < CANARA_KEY_CLASSES; c++) {
        a->body.gap[c].mean += gap;
        a->body.hold[c].mean += hold;
        a->body.gap[c].spread *= o->spread;
        a->body.hold[c].spread *= o->spread;
    }
    for (int i = 0; i < PASSWORD_KEYS; i++) {
        a->rhythm.gap[i] += gap;
        a->rhythm.hold[i] += hold;
    }
    a->rhythm.gap_spread *= o->spread;
    a->rhythm.hold_spread *= o->spread;
    a->body.tremor_px *= o->spread;
    a->body.area *= o->touch;
    a->body.pressure = fmin(a->body.pressure * o->touch, 0.95);
    a->body.slant += 0.3 * (o->touch - 1.0);
    a->body.swipe_ms *= exp(0.5 * gap);
    a->body.reach_bit_ms *= exp(0.5 * gap);
}

/* Fields of three and four keys and nothing else. */
static err_t short_session(const struct actor *a, unsigned number, struct tape *t)
{
    struct rng r;
    rng_seed(&r, a->seed + 7919 * (uint64_t)number);
    TRY(actor_login(a, &r, t, 0));
    for (int i = 0; i < SHORT_ENTRIES; i++) {
        canara_key_t keys[4] = {{0}};
        const size_t n = 3 + (size_t)rng_below(&r, 2);
        double down = 0.0;
        for (size_t k = 0; k < n; k++) {
            down +=
                k == 0 ? 0.0 : log_normal_draw(&a->body.gap[CANARA_KEY_DIGIT], &r, 45.0, 4000.0);
            keys[k] = (canara_key_t){.down_ms = down, .key_class = (uint8_t)CANARA_KEY_DIGIT};
            keys[k].up_ms =
                down + log_normal_draw(&a->body.hold[CANARA_KEY_DIGIT], &r, 25.0, 600.0);
        }
        const canara_event_t e = {
            .kind = CANARA_KEYSTROKES,
            .has = (uint32_t)CANARA_F_KEYS | (uint32_t)CANARA_F_FIELD,
            .of.keystrokes = {.field = {"amount", 6}, .keys = keys, .count = n}};
        TRY(tape_event(t, &e, 10000 + 15000 * (int64_t)i));
    }
    return ERR_OK;
}

static err_t session_of(struct measure *m, const struct oddity *o, const struct actor *a,
                        unsigned number, struct tape *t)
{
    if (o->new_device) {
        TRY(tape_fact(t, CANARA_FACT_NEW_DEVICE, 0));
    }
    return o->short_fields ? short_session(a, number, t)
                           : actor_session(&m->troupe, a, number, t, 1);
}

static err_t play_and_learn(const struct tape *t, struct canara_profile *profile, unsigned number,
                            struct tape_result *r)
{
    canara_lesson_t lesson;
    const int64_t begin = session_begin_ms(number);
    TRY(tape_play(t, &(struct tape_play){.profile = profile, .begin_ms = begin, .owner = true}, r));
    return tape_learn(t, profile, begin, r, &lesson);
}

/* The profile before the unusual sessions. */
static err_t prepared(struct measure *m, const struct oddity *o, const struct actor *odd,
                      const struct canara_profile *usual, struct canara_profile **out)
{
    if (o->way == SUDDENLY) {
        return profile_copy(&m->troupe, usual, out);
    }
    CLEANUP(canara_profile_free) struct canara_profile *p = NULL;
    TRY(actor_learnt(&m->troupe, odd, 0, &p));
    for (unsigned k = 0; k < MEASURE_ENROLMENT && o->way == ALWAYS; k++) {
        CLEANUP(tape_deinit) struct tape t;
        struct tape_result r;
        tape_init(&t);
        TRY(session_of(m, o, odd, k, &t));
        TRY(play_and_learn(&t, p, k, &r));
    }
    *out = p;
    p = NULL;
    return ERR_OK;
}

struct odd_result {
    double challenged, blocked; /* shares of sessions */
    double hourly;              /* challenges an hour */
};

static err_t oddity_one(struct measure *m, const struct oddity *o, size_t number,
                        struct odd_result *out)
{
    struct actor usual;
    const struct canara_profile *learnt = NULL;
    CLEANUP(canara_profile_free) struct canara_profile *profile = NULL;
    TRY(measure_owner(m, number, &usual, &learnt));
    struct actor odd = usual;
    twist(o, 0.0, &odd);
    TRY(prepared(m, o, &odd, learnt, &profile));
    double hours = 0.0;
    double challenges = 0.0;
    *out = (struct odd_result){0};
    for (unsigned k = 0; k < UNUSUAL_SESSIONS; k++) {
        const unsigned day = o->way == AT_FIRST ? k : MEASURE_ENROLMENT + k;
        CLEANUP(tape_deinit) struct tape t;
        struct tape_result r;
        tape_init(&t);
        odd = usual;
        twist(o, k, &odd);
        TRY(session_of(m, o, &odd, day, &t));
        TRY(play_and_learn(&t, profile, day, &r));
        out->challenged += r.challenges > 0 ? 1.0 / UNUSUAL_SESSIONS : 0.0;
        out->blocked += r.blocks > 0 ? 1.0 / UNUSUAL_SESSIONS : 0.0;
        challenges += r.challenges;
        hours += (double)tape_length(&t) / 3600000.0;
    }
    out->hourly = challenges / hours;
    return ERR_OK;
}

static err_t add_oddity(struct measure *m, const struct oddity *o, const double *value,
                        struct trial_report *out)
{
    const size_t n = m->people;
    const struct trial_add words[] = {
        {o->name, "sessions blocked", "share", TRIAL_MEAN, TRIAL_AT_MOST, 0.0},
        {o->name, "sessions challenged", "share", TRIAL_MEAN, TRIAL_NO_GOAL, 0.0},
        {o->name, "challenges an hour", "1/h", TRIAL_MEAN, TRIAL_NO_GOAL, 0.0},
    };
    for (size_t k = 0; k < ARRAY_LEN(words); k++) {
        TRY(trial_report_add(out, &words[k], value + k * n, n, m->troupe.seed));
    }
    return ERR_OK;
}

err_t measure_unusual(struct measure *m, struct trial_report *out)
{
    const size_t n = m->people;
    CLEANUP(numbers_free) double *value = numbers_new(ARRAY_LEN(oddities) * 3 * n);
    if (value == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t o = 0; o < ARRAY_LEN(oddities); o++) {
            struct odd_result one;
            TRY(oddity_one(m, &oddities[o], i, &one));
            value[(3 * o + 0) * n + i] = one.blocked;
            value[(3 * o + 1) * n + i] = one.challenged;
            value[(3 * o + 2) * n + i] = one.hourly;
        }
        measure_step(m);
    }
    for (size_t o = 0; o < ARRAY_LEN(oddities); o++) {
        TRY(add_oddity(m, &oddities[o], value + 3 * o * n, out));
    }
    return ERR_OK;
}
