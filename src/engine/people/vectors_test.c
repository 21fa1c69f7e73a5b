/* vectors_test.c - habits, parts and evidence against the second implementation's vectors. */
#include "tests/support/vectors.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/alone.h"
#include "engine/people/evidence.h"
#include "engine/people/habit.h"
#include "engine/people/model.h"
#include "engine/people/part.h"
#include "engine/profile/person.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { COHORT = 8, RESULTS = 2, LANES_ROOM = 6400 };

/* Middles and spreads. */
struct people {
    float middle[COHORT * SAMPLE_FEATURES_MAX], spread[COHORT * SAMPLE_FEATURES_MAX];
};

/* What the lines of a case have set up. */
struct desk {
    struct part part;
    struct sample sample;
    struct people all[2], single;
    struct population population;
    float number[LANES_ROOM];          /* of its lanes */
    float counts[SAMPLE_FEATURES_MAX]; /* how much each feature does */
    struct lens lens;
    uint8_t row[LENS_BYTES];
    struct likeness alike; /* of the scores before */
    struct fusion fusion;
    struct fusion_lines known;
    size_t lines; /* of them */
    struct person_weight weight;
    double result[RESULTS]; /* of the line before, for "is" */
};

static void begin(void *state)
{
    memset(state, 0, sizeof(struct desk));
}

static void check_result(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    assert_true(n <= RESULTS);
    vectors_near_all(v, d->result, x, n);
}

static void take_habit(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    struct habit_weights weights;
    habit_weights(weights.middle, n, PART_HALF_LIFE_MIDDLE);
    habit_weights(weights.spread, n, PART_HALF_LIFE_SPREAD);
    const habit_t h = habit_of(x, &weights, n, HABIT_SPREAD_MIN);
    d->result[0] = h.middle;
    d->result[1] = h.spread;
}

/* ---- a part ---- */

static struct sample *sample_of(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    assert_true(n <= SAMPLE_FEATURES_MAX);
    d->sample.context = 1;
    d->sample.count = n;
    for (size_t f = 0; f < n;
         f++) { /* a vector has floats, of which a line tells thirteen digits */
        d->sample.x[f] = d->sample.kind == SAMPLE_FEATURES ? (double)(float)x[f] : x[f];
    }
    return &d->sample;
}

/* Of what kind samples are; keys where nothing is said. */
static void take_kind(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 1);
    ((struct desk *)v->state)->sample.kind = (enum sample_kind)x[0];
}

static void begin_part(struct vectors *v, const double *x, size_t n)
{
    part_begin(&((struct desk *)v->state)->part, sample_of(v, x, n));
}

static void accept(struct vectors *v, const double *x, size_t n)
{
    part_accept(&((struct desk *)v->state)->part, sample_of(v, x, n));
}

static void hold(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    part_hold(&d->part, sample_of(v, x + 3, n - 3), (uint32_t)x[0], (int64_t)x[1], x[2] > 0.0);
}

static void let_in(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 3);
    const bool stopped = part_let_in(&d->part, (uint32_t)x[0], (int64_t)x[1]);
    d->part.pressed = (uint8_t)(d->part.pressed + (stopped ? 1U : 0U));
    vectors_same(v, stopped ? 1.0 : 0.0, x[2]);
}

static void release(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 3);
    vectors_same(v, (double)part_release(&d->part, (uint32_t)x[0], (int64_t)x[1]), x[2]);
}

static void refresh(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 1);
    part_refresh(&d->part, x[0] > 0.0);
}

static void shrink(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, d->part.features);
    part_shrink(&d->part, x);
}

static void anchor(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    (void)x;
    vectors_count(v, n, 0);
    part_anchor(&d->part);
}

static void note(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 1);
    part_note_score(&d->part, x[0]);
}

static void check_room(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 2);
    vectors_same(v, d->part.slots, x[0]);
    vectors_same(v, d->part.ring, x[1]);
}

static void check_count(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 3);
    vectors_same(v, d->part.count, x[0]);
    vectors_same(v, d->part.accepted, x[1]);
    vectors_same(v, d->part.held, x[2]);
}

static void check_cells(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    const size_t slot = d->part.order[(size_t)x[0]];
    vectors_count(v, n, 1U + d->part.features);
    for (size_t f = 0; f + 1 < n; f++) {
        vectors_near(v, part_cell(&d->part, slot, f), x[1 + f]);
    }
}

/* Cells of 16 bits: there is no nearly. */
static void check_each(struct vectors *v, double (*get)(const struct part *, size_t),
                       const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, d->part.features);
    for (size_t f = 0; f < n; f++) {
        vectors_same(v, get(&d->part, f), x[f]);
    }
}

static void check_middle(struct vectors *v, const double *x, size_t n)
{
    check_each(v, part_middle, x, n);
}

static void check_spread(struct vectors *v, const double *x, size_t n)
{
    check_each(v, part_spread, x, n);
}

static void check_shrunk(struct vectors *v, const double *x, size_t n)
{
    check_each(v, part_shrunk, x, n);
}

static void check_nearest(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 1);
    vectors_float(v, (double)d->part.nearest, x[0]);
}

static void check_pressed(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 1);
    vectors_same(v, (double)d->part.pressed, x[0]);
}

static void check_drift(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 1);
    vectors_near(v, part_drift(&d->part), x[0]);
}

static void check_anchored(struct vectors *v, const double *x, size_t n)
{
    check_each(v, part_anchor_middle, x, n);
}

static void check_from_anchor(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_near(v, part_from_anchor(&d->part, sample_of(v, x + 1, n - 1)), x[0]);
}

static void check_noted(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 3);
    vectors_same(v, d->part.scored, x[0]);
    vectors_float(v, (double)d->part.score_mean, x[1]);
    vectors_float(v, (double)d->part.score_m2, x[2]);
}

/* ---- people, and a sample beside them ---- */

/* Middles, then spreads, of one more person or population. */
static void add_people(struct vectors *v, struct people *p, size_t from, const double *x, size_t n)
{
    const size_t features = ((struct desk *)v->state)->part.features;
    vectors_count(v, n, 2 * features);
    assert_true(from + features <= sizeof p->middle / sizeof *p->middle);
    for (size_t f = 0; f < features; f++) {
        p->middle[from + f] = (float)x[f];
        p->spread[from + f] = (float)x[features + f];
    }
}

static struct density density_of(const struct people *p)
{
    return (struct density){.middle = p->middle, .spread = p->spread};
}

static void add_novices(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    add_people(v, &d->all[0], 0, x, n);
    d->population.all[0] = density_of(&d->all[0]);
}

static void add_all(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    add_people(v, &d->all[1], 0, x, n);
    d->population.all[1] = density_of(&d->all[1]);
    d->population.features = d->part.features;
}

static void add_single(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    add_people(v, &d->single, (size_t)d->population.cohort * d->part.features, x, n);
    d->population.cohort = (uint16_t)(d->population.cohort + 1U);
    d->population.cohort_of = density_of(&d->single);
}

static void take_weights(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, d->part.features);
    for (size_t f = 0; f < n; f++) {
        d->counts[f] = (float)x[f];
    }
    d->population.weight = d->counts;
}

static void take_sample(struct vectors *v, const double *x, size_t n)
{
    (void)sample_of(v, x, n);
}

/* The second implementation rounds to the same bytes, so that the nearest differ by a float's sums
 * alone. It adds densities up in doubles where the C code has products of six floats and one logarithm
 * for them: a float's 6e-8 of each of some factors, over features of up to 20 nats. */
#define NEAREST_SLACK 1e-6
#define SCORE_SLACK   1e-5

static void check_score(struct vectors *v, double got, double want, enum score which)
{
    vectors_within(v, got, want, which == SCORE_NEAREST ? NEAREST_SLACK : SCORE_SLACK);
}

/* How far the nearest of the ring is, and whether that makes a copy of it. */
static void check_copied(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 2);
    vectors_near(v, d->alike.closest, x[0]);
    vectors_same(v, evidence_is_copy(&d->part, &d->alike), x[1]);
}

/* No numbers: nothing can be said. */
static void check_scores(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    double score[SCORES];
    assert_true(people_lanes_floats(d->part.features, d->population.cohort) <=
                sizeof d->number / sizeof *d->number);
    people_lanes_lay(&d->population, d->number, &d->population.lanes);
    lens_make(&d->lens, &d->part, d->row);
    vectors_count(
        v, evidence_scores(&d->lens, &d->population, &d->sample, score, &d->alike) ? SCORES : 0, n);
    for (unsigned i = 0; i < n; i++) {
        check_score(v, score[i], x[i], (enum score)i);
    }
}

static void check_one_class(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    double score[SCORES];
    lens_make(&d->lens, &d->part, d->row);
    vectors_count(v, evidence_one_class(&d->lens, &d->sample, score, NULL) ? 2 : 0, n);
    if (n > 0) {
        check_score(v, score[SCORE_ONE_CLASS], x[0], SCORE_ONE_CLASS);
        check_score(v, score[SCORE_NEAREST], x[1], SCORE_NEAREST);
    }
}

/* The people have been laid side by side for the scores. */
static void check_foreign(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 2);
    const struct alone_way way = alone_way(&d->part, &d->sample, &d->population);
    vectors_same(v, alone_is_foreign(&way, ALONE_FOREIGN), x[0]);
    vectors_same(v, alone_is_foreign(&way, ALONE_FOREIGN_SIMULATED), x[1]);
}

/* So many pauses, so many places behind them; whether they are of another text. */
static void check_otherwise(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    struct sample like = d->sample;
    vectors_count(v, n, 3);
    like.kind = SAMPLE_KEYS;
    for (size_t f = 0; f < like.count; f++) {
        const double at = (double)f;
        like.type[f] = at < x[0]          ? FEATURE_DOWN_DOWN
                       : at < x[0] + x[1] ? FEATURE_PLACE_Y
                                          : FEATURE_HOLD;
    }
    const struct alone_way way = alone_way(&d->part, &like, &d->population);
    vectors_same(v, alone_types_otherwise(&way), x[2]);
}

/* ---- fusion and person ---- */

/* Text or a field, how many are known, features. */
static void take_alone(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 3);
    alone_fusion(x[0] > 0.0 ? SAMPLE_TEXT : SAMPLE_KEYS, (size_t)x[2], (size_t)x[1], &d->fusion);
}

/* In the order of the vectors. */
static struct fusion fusion_of(const double x[FUSION_NUMBERS])
{
    struct fusion f;
    memcpy(f.mean, x, sizeof f.mean);
    memcpy(f.scale, x + SCORES, sizeof f.scale);
    memcpy(f.weight, x + (size_t)2 * SCORES, sizeof f.weight);
    const double *rest = x + (size_t)3 * SCORES;
    f.high = rest[0];
    f.bias = rest[1];
    f.limit = rest[2];
    f.impostor = rest[3];
    f.owner = rest[4];
    f.variance = rest[5];
    f.run = rest[6];
    f.ceiling = rest[7];
    f.floor = rest[8];
    return f;
}

static void take_fusion(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, FUSION_NUMBERS);
    ((struct desk *)v->state)->fusion = fusion_of(x);
}

static void take_line(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 1 + FUSION_NUMBERS);
    assert_true(d->lines < FUSION_LINES);
    d->known.at[d->lines] = x[0];
    d->known.line[d->lines++] = fusion_of(x + 1);
}

static void look_between(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 1);
    assert_int_equal(d->lines, FUSION_LINES);
    fusion_between(&d->known, (size_t)x[0], &d->fusion);
}

static void check_numbers(struct vectors *v, const double *x, size_t n)
{
    const struct fusion *f = &((struct desk *)v->state)->fusion;
    const double rest[] = {f->high,     f->bias, f->limit,   f->impostor, f->owner,
                           f->variance, f->run,  f->ceiling, f->floor};
    vectors_count(v, n, FUSION_NUMBERS);
    vectors_near_all(v, f->mean, x, SCORES);
    vectors_near_all(v, f->scale, x + SCORES, SCORES);
    vectors_near_all(v, f->weight, x + (size_t)2 * SCORES, SCORES);
    vectors_near_all(v, rest, x + (size_t)3 * SCORES, sizeof rest / sizeof *rest);
}

static void fuse(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 1 + SCORES);
    d->result[0] = evidence_fuse(&d->fusion, x + 1, (size_t)x[0]);
}

/* Of samples that come by the dozen, or not. */
static void check_weight(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    const struct own_tally tally = {.scored = d->part.scored,
                                    .mean = (double)d->part.score_mean,
                                    .m2 = (double)d->part.score_m2,
                                    .many = x[0] > 0.0};
    d->weight = person_weight_of(&d->fusion, &tally);
    const double got[] = {d->weight.owner, d->weight.centre, d->weight.weight, d->weight.limit,
                          d->weight.variance};
    vectors_count(v, n, 1 + sizeof got / sizeof *got);
    vectors_near_all(v, got, x + 1, n - 1);
}

/* What the last two samples of a session leave of all of them. */
static void average(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    double heard = 0.0;
    for (size_t i = 0; i + 1 < n; i++) {
        d->result[0] = heard;
        heard += person_average(heard, i, x[1 + i], x[0]);
    }
    d->result[1] = heard;
}

static void average_doubted(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    double heard = 0.0;
    for (size_t i = 0; i < n; i++) {
        d->result[0] = heard;
        heard += person_average_doubted(heard, i, x[i], &d->fusion);
    }
    d->result[1] = heard;
}

static void weigh(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 2);
    d->result[0] = person_weigh(x[0], x[1], &d->weight);
}

static void both_implementations_know_the_same_person(void **state)
{
    static const struct vector_verb verbs[] = {
        {"habit", take_habit},
        {"is", check_result},
        {"kind", take_kind},
        {"begin", begin_part},
        {"room", check_room},
        {"accept", accept},
        {"hold", hold},
        {"let_in", let_in},
        {"release", release},
        {"refresh", refresh},
        {"shrink", shrink},
        {"anchor", anchor},
        {"note", note},
        {"count", check_count},
        {"cells", check_cells},
        {"middle", check_middle},
        {"spread", check_spread},
        {"shrunk", check_shrunk},
        {"nearest", check_nearest},
        {"copied", check_copied},
        {"pressed", check_pressed},
        {"drift", check_drift},
        {"anchored", check_anchored},
        {"from_anchor", check_from_anchor},
        {"noted", check_noted},
        {"novices", add_novices},
        {"all", add_all},
        {"weights", take_weights},
        {"single", add_single},
        {"sample", take_sample},
        {"scores", check_scores},
        {"one_class", check_one_class},
        {"foreign", check_foreign},
        {"otherwise", check_otherwise},
        {"alone", take_alone},
        {"fusion", take_fusion},
        {"line", take_line},
        {"between", look_between},
        {"numbers", check_numbers},
        {"fuse", fuse},
        {"weight", check_weight},
        {"weigh", weigh},
        {"average", average},
        {"average_doubted", average_doubted},
        {NULL, NULL},
    };
    (void)state;
    struct desk desk;
    struct vectors v = {.path = "tests/vectors/engine.txt", .area = "part", .state = &desk};
    assert_true(vectors_run(&v, verbs, begin) >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_know_the_same_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
