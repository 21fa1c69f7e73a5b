#include "lab/people/alike.h"

#include "engine/people/evidence.h"

#include <math.h>

enum { SESSIONS_MIN = 20 };

/* The newest stage that leaves at least as many samples to look at as it has learnt. */
static const struct part *part_of(const struct field *field, size_t user, size_t *learnt)
{
    const struct part *found = NULL;
    for (size_t stage = 0; stage < STAGES; stage++) {
        const struct part *p = stages_part(field->stages, user, stage);
        if (p != NULL && bank_count(field->c, user) >= 2 * stage_samples(stage)) {
            found = p;
            *learnt = stage_samples(stage);
        }
    }
    return found;
}

/* Mean and squares of the sessions of one owner, first all of them, then about his mean. */
struct session_sum {
    double sum, square;
    size_t n;
};

static void close_session(struct alike *a, const struct session_sum *s, double mean)
{
    a->all += s->n;
    a->all_sessions += s->n > 0 ? 1U : 0U;
    if (s->n < 2) {
        return;
    }
    const double n = (double)s->n;
    const double own = s->sum / n;
    a->within += fmax(s->square - n * own * own, 0.0);
    a->between += n * (own - mean) * (own - mean);
    a->sessions++;
    a->samples += s->n;
}

static double score(const struct field *field, const struct lens *l, size_t user, size_t i)
{
    struct sample s;
    double out[SCORES];
    bank_sample(field->c, user, i, &s);
    return evidence_one_class(l, &s, out, NULL) ? out[SCORE_ONE_CLASS] : NAN;
}

static void look_at_owner(struct alike *a, const struct field *field, size_t user,
                          const struct part *p, size_t learnt)
{
    const struct bank_context *c = field->c;
    const size_t count = bank_count(c, user);
    const size_t before = a->sessions;
    double sum = 0.0;
    size_t n = 0;
    uint8_t row[LENS_BYTES];
    struct lens lens;
    lens_make(&lens, p, row);
    for (size_t i = learnt; i < count; i++) {
        const double x = score(field, &lens, user, i);
        sum += isnan(x) ? 0.0 : x;
        n += isnan(x) ? 0U : 1U;
    }
    struct session_sum session = {0};
    for (size_t i = learnt; n > 0 && i < count; i++) {
        const struct bank_sample *at = &c->sample[c->first[user] + i];
        const double x = score(field, &lens, user, i);
        if (i > learnt && at->session != at[-1].session) {
            close_session(a, &session, sum / (double)n);
            session = (struct session_sum){0};
        }
        if (!isnan(x)) {
            session.sum += x;
            session.square += x * x;
            session.n++;
        }
    }
    close_session(a, &session, n > 0 ? sum / (double)n : 0.0);
    a->owners += a->sessions > before ? 1U : 0U;
}

void alike_look(struct alike *a, const struct field *field, const bool *in)
{
    for (size_t u = 0; u < field->c->users; u++) {
        size_t learnt = 0;
        const struct part *p = in[u] ? part_of(field, u, &learnt) : NULL;
        if (p != NULL) {
            look_at_owner(a, field, u, p, learnt);
        }
    }
}

static double correlation(const struct alike *a)
{
    if (a->sessions < SESSIONS_MIN || a->sessions <= a->owners || a->samples <= a->sessions) {
        return 0.0;
    }
    const double between = a->between / (double)(a->sessions - a->owners);
    const double within = a->within / (double)(a->samples - a->sessions);
    const double each = (double)a->samples / (double)a->sessions;
    const double all = between + (each - 1.0) * within;
    return all > 0.0 ? fmin(fmax((between - within) / all, 0.0), 1.0) : 0.0;
}

double alike_run(const struct alike *a)
{
    if (a->all_sessions == 0) {
        return 1.0;
    }
    const double m = fmin((double)a->all / (double)a->all_sessions, ALIKE_RUN_MAX);
    return 1.0 + (m - 1.0) * correlation(a);
}
