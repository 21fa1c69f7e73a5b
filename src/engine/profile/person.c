#include "engine/profile/person.h"

#include "engine/arithmetic/numbers.h"
#include "engine/profile/samples_of.h"
#include "engine/session/filter.h"

#include <math.h>

struct person_weight person_weight_of(const struct fusion *f, const struct own_tally *tally)
{
    const double n = tally->scored;
    const double own = n / (n + PERSON_PRIOR_COUNT);
    const double own_variance = n > 1.0 ? tally->m2 / (n - 1.0) : f->variance;
    const double mean = own * tally->mean + (1.0 - own) * f->owner;
    const double variance = fmax(own * own_variance + (1.0 - own) * f->variance, 0.1);
    const double apart = f->impostor - mean;
    const double least = tally->many ? 0.0 : PERSON_APART_MIN;
    const double weight =
        apart < least * sqrt(variance) ? 0.0 : clip(apart / variance, 0.0, PERSON_WEIGHT_MAX);
    return (struct person_weight){.owner = mean,
                                  .centre = 0.5 * (f->impostor + mean),
                                  .weight = weight,
                                  .limit = f->limit,
                                  .variance = f->run};
}

double person_weigh(double l, double bias, const struct person_weight *w)
{
    const double weight = clip(w->weight, 0.0, PERSON_WEIGHT_MAX);
    const double weighed = weight * (l - bias - w->centre);
    return clip(weighed, -w->limit, w->limit) / fmax(w->variance, 1.0);
}

double person_average(double heard, size_t before, double nats, double run)
{
    const double alike = (run - 1.0) / (PERSON_RUN - 1.0);
    const double n = before < PERSON_MEMORY ? (double)before : PERSON_MEMORY;
    const double kept = before < PERSON_MEMORY ? 1.0 : 1.0 - 1.0 / PERSON_MEMORY;
    const double sum = before == 0 ? 0.0 : heard * (1.0 + alike * (n - 1.0)) * kept;
    const double now = before < PERSON_MEMORY ? n + 1.0 : n;
    return (sum + nats) / (1.0 + alike * (now - 1.0)) - heard;
}

double person_average_doubted(double heard, size_t before, double nats, const struct fusion *f)
{
    if (f->ceiling >= FUSION_SURE && f->floor >= FUSION_SURE) {
        return person_average(heard, before, nats, f->run);
    }
    const double margin = evidence_margin(heard, f->ceiling, f->floor);
    const double now = margin + person_average(margin, before, nats, f->run);
    return evidence_doubt(now, f->ceiling, f->floor) - clip(heard, -f->floor, f->ceiling);
}

double person_alike(enum sample_kind kind, size_t before)
{
    const double n = (double)before;
    switch (kind) {
    case SAMPLE_TYPING:
    case SAMPLE_MOUSE:
    case SAMPLE_SCROLL:
    case SAMPLE_TEXT: return 1.0 + PERSON_TEXT_ALIKE * fmin(n, PERSON_TEXT_ALIKE_MOST);
    case SAMPLE_MOTION: return 1.0 + PERSON_TEXT_ALIKE * fmin(n, PERSON_MOTION_ALIKE_MOST);
    case SAMPLE_KEYS:
    case SAMPLE_STROKE:
    case SAMPLE_ACTION:
    case SAMPLE_FEATURES:
    case SAMPLE_KINDS: break;
    }
    return 1.0 + PERSON_ALIKE * fmin(n, PERSON_ALIKE_MOST);
}

double person_young(size_t known, double said, double nats)
{
    if (known >= EVIDENCE_YOUNG) {
        return nats;
    }
    return fmin(nats, fmax(EVIDENCE_YOUNG_NATS * (double)known - said, 0.0));
}

/* What the chunks of a text say, sums. They are typed in one go, by one hand: one witness, their mean. */
struct text_heard {
    double nats, off;
    size_t chunks, known;
};

struct look {
    struct session_state *s;
    const struct canara_profile *profile;
    struct text_heard text;
};

/* float on purpose: a session is small. */
void person_hear(struct session_state *s, enum share share, double nats, double off)
{
    s->heard[share] = (float)((double)s->heard[share] + nats);
    s->off[share] = (float)((double)s->off[share] + off);
    s->samples[share] = (uint16_t)(s->samples[share] + (s->samples[share] < UINT16_MAX ? 1 : 0));
}

/* What a sample of `nats` adds to its session. */
static double hear(const struct session_state *s, enum share share, const struct opinion *o,
                   double nats)
{
    const double heard = (double)s->heard[share];
    const size_t before = s->samples[share];
    if (o->crowd) {
        return person_average_doubted(heard, before, nats, o->fusion);
    }
    return o->tally.many ? person_average(heard, before, nats, o->fusion->run) : nats;
}

/* What a sample says less for being one of many. Of a text the chunks are heard as one, so that what samples of a
 * session have in common says nothing of it. */
static double variance_of(const struct session_state *s, enum sample_kind kind,
                          const struct opinion *o)
{
    if (o->tally.many) {
        return 1.0; /* person_average() discounts what comes by the dozen */
    }
    const double alike = person_alike(kind, s->samples[sample_share(kind)]);
    return kind == SAMPLE_TEXT ? alike : fmax(o->fusion->run, alike);
}

/* How far it is off for the owner, and how many samples it rests on. */
struct said {
    double off;
    size_t known;
};

/* Let the session hear a sample. */
static void count(struct session_state *s, enum share share, double among, const struct said *said)
{
    const double nats = person_young(said->known, s->share[share], among);
    person_hear(s, share, nats, said->off);
    filter_evidence(s, share, nats);
}

static void look_at(void *ctx, const struct sample *sample)
{
    struct look *look = ctx;
    struct population_room SCRATCH room;
    struct opinion opinion;
    if (!profile_opinion(look->profile, sample, &room, &opinion)) {
        return;
    }
    const enum share share = sample_share(sample->kind);
    if (opinion.is_copy) {
        rule_met_bot(look->s, BOT_NEAR_COPY);
    }
    struct person_weight w = person_weight_of(opinion.fusion, &opinion.tally);
    w.variance = variance_of(look->s, sample->kind, &opinion);
    const double weighed = person_weigh(opinion.nats, (double)look->s->bias[share], &w);
    /* what was led away is not for the owner, not even through his centre */
    const double alone = opinion.led_away ? fmax(weighed, 0.0) : weighed;
    if (sample->kind == SAMPLE_TEXT) {
        look->text.nats += alone;
        look->text.off += opinion.nats - w.owner;
        look->text.known = opinion.tally.known;
        look->text.chunks++;
        return;
    }
    count(look->s, share, hear(look->s, share, &opinion, alone),
          &(struct said){opinion.nats - w.owner, opinion.tally.known});
}

static void count_text(struct session_state *s, const struct text_heard *text)
{
    const double n = (double)text->chunks;
    if (text->chunks > 0) {
        count(s, sample_share(SAMPLE_TEXT), text->nats / n,
              &(struct said){text->off / n, text->known});
    }
}

void person_look(struct session_state *s, const struct canara_profile *profile,
                 const canara_event_t *event)
{
    struct sample SCRATCH work;
    if (profile == NULL || canara_profile_parts(profile) == 0) {
        return;
    }
    struct look look = {.s = s, .profile = profile};
    samples_for(profile, event, &work, look_at, &look);
    count_text(s, &look.text);
}

void person_proved(struct session_state *s)
{
    for (int i = 0; i < PERSON_SHARES; i++) {
        const double n = s->samples[i];
        if (n > 0.0) {
            s->bias[i] =
                (float)clip((double)s->off[i] / n * n / (n + PERSON_BIAS_SHRINK), 0.0, 1.0);
        }
    }
}
