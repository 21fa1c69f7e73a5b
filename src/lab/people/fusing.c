#include "lab/people/fusing.h"

#include "engine/people/model.h"
#include "lab/people/alike.h"
#include "lab/people/fusing_lines.h"
#include "lab/people/people.h"
#include "lab/people/type_weights.h"
#include "lab/statistics/some_of.h"

#include <stdlib.h>
#include <string.h>

enum {
    GENUINE_MAX = 24,  /* trials of an owner at a stage */
    AHEAD_MAX = 200,   /* samples behind those learnt, from which they are taken */
    IMPOSTOR_EACH = 3, /* trials of another person at a stage */
    OTHERS_MAX = 64,   /* other people that an owner meets at a stage */
    OWNERS_MAX =
        320 /* people who play the owner at a stage: as many as the built-in model is made of */
};

struct fitting {
    const struct fusing *f;
    const struct bank_context *c; /* the field at hand */
    const struct stages *stages;
    struct people general[FUSING_FOLDS][FUSING_FOLDS]; /* of any field, when that is wanted */
    struct people people[FUSING_FOLDS][FUSING_FOLDS];  /* with both folds left out; i <= j */
    uint8_t *fold;                                     /* of each user */
    bool weighing; /* types of features are weighed against each other; then the scores are tried */
    double weight[FEATURE_TYPES];
    struct type_trials types;
    struct fusing_trials trials;
    struct alike alike;
};

static size_t users_of(const struct fusing *f)
{
    return f->fields[0].c->users;
}

static void deal(struct fitting *t)
{
    size_t n = 0;
    for (size_t u = 0; u < users_of(t->f); u++) {
        if (t->f->in[u]) {
            t->fold[u] = (uint8_t)(n++ % FUSING_FOLDS);
        }
    }
}

static void free_people(struct people people[FUSING_FOLDS][FUSING_FOLDS])
{
    for (size_t i = 0; i < FUSING_FOLDS; i++) {
        for (size_t j = i; j < FUSING_FOLDS; j++) {
            people_free(&people[i][j]);
        }
    }
}

/* People for each pair of folds: of any field, or of the one at hand. */
static err_t make_people(struct fitting *t, bool general)
{
    const size_t users = users_of(t->f);
    bool *in = calloc(users + 1, sizeof *in);
    err_t e = in == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    for (size_t i = 0; i < FUSING_FOLDS && !failed(e); i++) {
        for (size_t j = i; j < FUSING_FOLDS && !failed(e); j++) {
            for (size_t u = 0; u < users; u++) {
                in[u] = t->f->in[u] && t->fold[u] != i && t->fold[u] != j;
            }
            e = general ? people_general(t->f->fields, t->f->count, in, &t->general[i][j])
                        : people_new(t->c, t->stages, in, &t->people[i][j]);
        }
    }
    free(in);
    return e;
}

static err_t spread_people(struct fitting *t)
{
    for (size_t i = 0; i < FUSING_FOLDS; i++) {
        for (size_t j = i; j < FUSING_FOLDS; j++) {
            TRY(people_spread(&t->general[i][j], t->c, &t->people[i][j]));
        }
    }
    return ERR_OK;
}

/* One owner at one stage, with the people of a pair of folds. */
struct seat {
    struct part part;
    struct lens lens; /* of it */
    uint8_t row[LENS_BYTES];
    const struct population *population;
};

static void sit(const struct fitting *t, const struct part *part, size_t i, size_t j,
                struct seat *out)
{
    double usual[SAMPLE_FEATURES_MAX];
    const size_t low = i < j ? i : j;
    const size_t high = i < j ? j : i;
    out->population = &t->people[low][high].population;
    for (size_t f = 0; f < part->features; f++) {
        usual[f] = (double)out->population->usual[f];
    }
    out->part = *part;
    part_shrink(&out->part, usual);
    lens_make(&out->lens, &out->part, out->row);
}

static err_t try_sample(struct fitting *t, const struct seat *seat, size_t user, size_t i,
                        uint8_t label)
{
    struct sample s;
    double score[SCORES];
    bank_sample(t->c, user, i, &s);
    if (t->weighing) {
        return type_trials_add(&t->types, &seat->part, seat->population, &s, label);
    }
    if (!evidence_scores(&seat->lens, seat->population, &s, score, NULL)) {
        return ERR_OK;
    }
    return fusing_trials_add(&t->trials, score, seat->part.accepted, label);
}

/* The owner's own, later ones: spread over the next AHEAD_MAX. */
static err_t try_owner(struct fitting *t, size_t owner, size_t stage, const struct part *part)
{
    const size_t learnt = stage_samples(stage);
    const size_t all = bank_count(t->c, owner);
    const size_t ahead = all - learnt < AHEAD_MAX ? all - learnt : AHEAD_MAX;
    const size_t n = ahead < GENUINE_MAX ? ahead : GENUINE_MAX;
    struct seat seat;
    sit(t, part, t->fold[owner], (t->fold[owner] + stage + 1U) % FUSING_FOLDS, &seat);
    for (size_t i = 0; i < n; i++) {
        TRY(try_sample(t, &seat, owner, learnt + i * ahead / n, 0));
    }
    return ERR_OK;
}

/* One of another's first five samples, and some of all ages. */
static err_t try_other(struct fitting *t, const struct seat *seat, size_t other, size_t turn)
{
    const size_t n = bank_count(t->c, other);
    const size_t each = n < IMPOSTOR_EACH ? n : IMPOSTOR_EACH;
    for (size_t i = 0; i < each; i++) {
        const size_t at = i == 0 ? turn % (n < 5 ? n : 5) : (turn * 7 + i * (n / 2 + 1)) % n;
        TRY(try_sample(t, seat, other, at, 1));
    }
    return ERR_OK;
}

static bool is_met(const struct fitting *t, size_t user, size_t owner)
{
    return t->f->in[user] && user != owner && bank_count(t->c, user) > 0;
}

static size_t count_met(const struct fitting *t, size_t owner)
{
    size_t n = 0;
    for (size_t u = 0; u < t->c->users; u++) {
        n += is_met(t, u, owner);
    }
    return n;
}

/* Of many others some, evenly chosen, and not the same at each stage: time grows with the people, not with their
 * pairs. */
static err_t try_others(struct fitting *t, size_t owner, size_t stage, const struct part *part)
{
    struct seat seat[FUSING_FOLDS];
    for (size_t i = 0; i < FUSING_FOLDS; i++) {
        sit(t, part, t->fold[owner], i, &seat[i]);
    }
    const size_t others = count_met(t, owner);
    size_t turn = owner + stage;
    for (size_t u = 0; u < t->c->users; u++) {
        if (!is_met(t, u, owner)) {
            continue;
        }
        if (some_of(turn++, OTHERS_MAX, others)) {
            TRY(try_other(t, &seat[t->fold[u]], u, owner + stage * 3 + u));
        }
    }
    return ERR_OK;
}

/* `number` of `people`. Of many some play the owner, not the same at each stage. */
static err_t try_user(struct fitting *t, size_t user, size_t number, size_t people, bool own)
{
    for (size_t stage = 0; stage < STAGES; stage++) {
        const struct part *part = stages_part(t->stages, user, stage);
        if (part != NULL && bank_count(t->c, user) > stage_samples(stage) &&
            some_of(number + stage, OWNERS_MAX, people)) {
            TRY(own ? try_owner(t, user, stage, part) : try_others(t, user, stage, part));
        }
    }
    t->trials.sides++;
    return ERR_OK;
}

/* Whoever has a first stage behind him. */
static bool may_play(const struct fitting *t, size_t user)
{
    return t->f->in[user] && bank_count(t->c, user) > stage_samples(0);
}

static err_t try_all(struct fitting *t)
{
    size_t people = 0;
    for (size_t u = 0; u < t->c->users; u++) {
        people += may_play(t, u);
    }
    size_t number = 0;
    for (size_t u = 0; u < t->c->users; u++) {
        if (!t->weighing) {
            watch_step(t->f->watch);
        }
        if (may_play(t, u)) {
            TRY(try_user(t, u, number, people, true));
            TRY(try_user(t, u, number++, people, false));
        }
    }
    return ERR_OK;
}

static void weigh_people(struct fitting *t)
{
    for (size_t i = 0; i < FUSING_FOLDS; i++) {
        for (size_t j = i; j < FUSING_FOLDS; j++) {
            people_weigh(&t->people[i][j], &t->c->like, t->weight);
        }
    }
}

static err_t try_field(struct fitting *t, const struct field *field)
{
    t->c = field->c;
    t->stages = field->stages;
    TRY(t->f->general ? spread_people(t) : make_people(t, false));
    weigh_people(t);
    TRY(try_all(t));
    free_people(t->people);
    return ERR_OK;
}

/* The first pass of two. */
static err_t weigh_types(struct fitting *t)
{
    size_t people = 0;
    t->weighing = true;
    for (size_t i = 0; i < t->f->count; i++) {
        TRY(try_field(t, &t->f->fields[i]));
    }
    t->weighing = false;
    for (size_t u = 0; u < users_of(t->f); u++) {
        people += t->f->in[u];
    }
    return type_weights_fit(&t->types, people, t->weight);
}

/* Features of other kinds are of one type. */
static bool is_typed(enum sample_kind kind)
{
    return kind == SAMPLE_KEYS || kind == SAMPLE_TEXT;
}

static err_t fit(struct fitting *t, struct fused *out)
{
    struct fusion_lines *const lines = &out->lines;
    for (size_t k = 0; k < FEATURE_TYPES; k++) {
        t->weight[k] = 1.0;
    }
    deal(t);
    if (t->f->general) {
        TRY(make_people(t, true));
    }
    if (!t->f->all_alike && is_typed(t->f->fields[0].c->like.kind)) {
        TRY(weigh_types(t));
    }
    for (size_t i = 0; i < t->f->count; i++) {
        TRY(try_field(t, &t->f->fields[i]));
        alike_look(&t->alike, &t->f->fields[i], t->f->in);
    }
    memcpy(out->weight, t->weight, sizeof out->weight);
    TRY(fusing_lines_fit(&t->trials, lines));
    const double run = alike_run(&t->alike);
    for (size_t i = 0; i < FUSION_LINES; i++) {
        lines->line[i].run = run;
    }
    return fusing_lines_tell(&t->trials, lines, t->f->fields[0].c->like.kind,
                             watch_calibration(t->f->watch));
}

err_t fusing_fit(const struct fusing *f, struct fused *out)
{
    struct fitting *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return err_new(ERR_NOMEM);
    }
    t->f = f;
    t->fold = calloc(users_of(f) + 1, sizeof *t->fold);
    const err_t e = t->fold == NULL ? err_new(ERR_NOMEM) : fit(t, out);
    free_people(t->people);
    free_people(t->general);
    fusing_trials_deinit(&t->trials);
    type_trials_deinit(&t->types);
    free(t->fold);
    free(t);
    return e;
}
