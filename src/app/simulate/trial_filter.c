#include "app/simulate/trial_filter.h"

#include "base/err.h"
#include "base/rng.h"
#include "base/util.h"
#include "engine/profile/person.h"
#include "engine/session/filter.h"
#include "engine/session/policy.h"
#include "lab/statistics/numbers.h"

#include <math.h>

#define MINUTE_MS  60000.0
#define HONEST_MS  (120.0 * MINUTE_MS)
#define WATCHED_MS (30.0 * MINUTE_MS)
#define BEFORE_MS  (20.0 * MINUTE_MS) /* of the owner, before another takes over */

enum { TRIAL_MODALITIES = 3 };

/* A way of acting: how far apart people are in it, how often it comes, how much one event may say. */
struct modality {
    enum share share;
    double apart;   /* deviations between owner and others */
    double mean_ms; /* from one event to the next, exponential */
    double limit;   /* nats */
};

static const struct modality modalities[TRIAL_MODALITIES] = {
    {SHARE_TYPING, 1.6, 18000.0, 5.0},
    {SHARE_POINTER, 0.7, 9000.0, 2.0},
    {SHARE_NAVIGATION, 0.5, 23000.0, 1.5},
};

/* One stream of evidence: l = mean + apart (offset + run), unit variance within the brackets. */
struct stream {
    struct person_weight weight;
    double apart, offset, run, due_ms;
};

struct stage {
    const struct trial_filter *trial;
    struct rng rng;
    struct session_state s;
    struct stream stream[TRIAL_MODALITIES];
    double now_ms;
};

static double exponential(struct rng *r, double mean)
{
    return -mean * log(1.0 - rng_double(r));
}

/* How much less m events in a row say than m single ones: m Var(mean of m) / Var(one). */
static double variance_of_run(double m)
{
    double within = 1.0;
    for (int k = 1; k < (int)m; k++) {
        within += 2.0 * (1.0 - k / m) * pow(TRIAL_FILTER_AGAIN, k);
    }
    return m * TRIAL_FILTER_OFFSET + (1.0 - TRIAL_FILTER_OFFSET) * within;
}

static void draw_offset(struct stage *st, struct stream *stream)
{
    stream->offset = sqrt(TRIAL_FILTER_OFFSET) * rng_normal(&st->rng);
    stream->run = sqrt(1.0 - TRIAL_FILTER_OFFSET) * rng_normal(&st->rng);
}

NO_SANITIZE_WRAP static void begin(struct stage *st, const struct trial_filter *t, uint64_t person)
{
    const struct own_tally nobody = {.scored = 0};
    *st = (struct stage){.trial = t};
    rng_seed(&st->rng, t->seed + UINT64_C(0x9e3779b97f4a7c15) * (person + 1));
    filter_begin(&st->s, 0);
    for (int i = 0; i < TRIAL_MODALITIES; i++) {
        const struct modality *m = &modalities[i];
        struct stream *stream = &st->stream[i];
        const double d = t->apart * m->apart;
        const struct fusion f = {.limit = m->limit,
                                 .owner = -0.5 * d * d,
                                 .impostor = 0.5 * d * d,
                                 .variance = d * d,
                                 .run = variance_of_run(fmax(floor(180000.0 / m->mean_ms), 1.0))};
        stream->apart = d;
        stream->weight = person_weight_of(&f, &nobody);
        stream->due_ms = exponential(&st->rng, m->mean_ms);
        draw_offset(st, stream);
    }
}

/* The next event of whichever modality is due. True: it asked for a proof. */
static bool step(struct stage *st, bool owner)
{
    int next = 0;
    for (int i = 1; i < TRIAL_MODALITIES; i++) {
        next = st->stream[i].due_ms < st->stream[next].due_ms ? i : next;
    }
    struct stream *stream = &st->stream[next];
    session_mark_t before;
    session_mark(&st->s, &before);
    const canara_config_t config = canara_config_default();
    canara_verdict_t v;
    const double fresh =
        sqrt((1.0 - TRIAL_FILTER_OFFSET) * (1.0 - TRIAL_FILTER_AGAIN * TRIAL_FILTER_AGAIN));
    st->now_ms = stream->due_ms;
    stream->due_ms += exponential(&st->rng, modalities[next].mean_ms);
    stream->run = TRIAL_FILTER_AGAIN * stream->run + fresh * rng_normal(&st->rng);

    const double moved = owner ? st->trial->drift : 0.0;
    const double l = (owner ? -0.5 : 0.5) * stream->apart * stream->apart +
                     stream->apart * (stream->offset + stream->run + moved);
    const enum share share = modalities[next].share;
    filter_advance(&st->s, (int64_t)st->now_ms);
    const double nats = person_weigh(l, (double)st->s.bias[share], &stream->weight);
    person_hear(&st->s, share, nats, l - stream->weight.owner);
    filter_evidence(&st->s, share, nats);
    policy_apply(&st->s, &before, &config, &v);
    return v.challenge_started != 0 || v.blocked != 0;
}

/* What canara_note() does with a MPIN that was right. */
static void prove(struct stage *st)
{
    person_proved(&st->s);
    filter_passed(&st->s);
    st->s.latched = 0;
    st->s.blocked = 0;
    st->s.level = CANARA_LEVEL_NORMAL;
}

/* What one person's two honest hours and one takeover gave. */
struct person_found {
    double challenges_an_hour;
    double minutes; /* from the takeover to the challenge; infinite beyond 30 */
};

static struct person_found one_person(const struct trial_filter *t, uint64_t person)
{
    struct person_found out = {0};
    struct stage st;
    begin(&st, t, person);
    double challenges = 0.0;
    while (st.now_ms < HONEST_MS) {
        if (step(&st, true)) {
            challenges += 1.0;
            prove(&st);
        }
    }
    out.challenges_an_hour = challenges / (HONEST_MS / (60.0 * MINUTE_MS));

    begin(&st, t, ~person);
    while (st.now_ms < BEFORE_MS) {
        if (step(&st, true)) {
            prove(&st);
        }
    }
    for (int i = 0; i < TRIAL_MODALITIES; i++) {
        draw_offset(&st, &st.stream[i]);
    }
    const double taken = st.now_ms;
    out.minutes = INFINITY;
    while (st.now_ms < taken + WATCHED_MS) {
        if (step(&st, false)) {
            out.minutes = (st.now_ms - taken) / MINUTE_MS;
            break;
        }
    }
    return out;
}

err_t trial_filter_run(const struct trial_filter *t, struct trial_report *out)
{
    CLEANUP(numbers_free) double *often = numbers_new(t->people);
    CLEANUP(numbers_free) double *minutes = numbers_new(t->people);
    CLEANUP(numbers_free) double *missed = numbers_new(t->people);
    if (often == NULL || minutes == NULL || missed == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < t->people; i++) {
        const struct person_found one = one_person(t, i);
        often[i] = one.challenges_an_hour;
        minutes[i] = one.minutes;
        missed[i] = isinf(one.minutes) ? 1.0 : 0.0;
    }
    static const struct trial_add words[] = {
        {"filter", "false challenges per genuine hour", "1/h", TRIAL_MEAN, TRIAL_AT_MOST, 0.03},
        {"filter", "takeover found after (median)", "min", TRIAL_MEDIAN, TRIAL_AT_MOST, 5.0},
        {"filter", "takeover missed at 30 minutes", "share", TRIAL_MEAN, TRIAL_AT_MOST, 0.10},
    };
    const double *values[] = {often, minutes, missed};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        TRY(trial_report_add(out, &words[i], values[i], t->people, t->seed));
    }
    return ERR_OK;
}
