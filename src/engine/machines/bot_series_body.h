/*
 * bot_series_body.h - the body of bot_series_any() and bot_series_avx2(): the same text for four floats an
 * instruction and for eight, included by the two files that give it its name.
 *
 * Floor      engine/machines
 * Precision  lane i takes the moves i, i + 8, i + 16, ... however wide the processor is, and the lanes are
 *            summed up in one order: the bits do not depend on it.
 */
#ifndef ENGINE_BOT_SERIES_BODY_H
#define ENGINE_BOT_SERIES_BODY_H

#include "engine/arithmetic/lanes.h"
#include "engine/arithmetic/numbers.h"
#include "engine/machines/bot_series.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#define SAME_TIME 0.01F /* |a - b| / (a + b) of durations that are equal to 2 % */
#define SAME_PX   0.5F

enum { SERIES_GROUP = 8, SERIES_PARTS = SERIES_GROUP / LANES };

static_assert((int)SERIES_GROUP <= (int)BOT_SERIES_LEAD,
              "a group fits what stands behind the last");

/* Sums over one series. */
enum series_sum {
    SUM_SPREAD_STEP, /* amounts of relative distance to the mean */
    SUM_SPREAD_SPEED,
    SUM_SPREAD_TIME,
    SUM_CHANGE_STEP, /* of relative changes: amounts, */
    SUM_CHANGE_SPEED,
    SUM_CHANGE_TIME,
    SUM_SQUARE_STEP, /* squares, */
    SUM_SQUARE_SPEED,
    SUM_SQUARE_TIME,
    SUM_NEXT_STEP, /* and products with the next */
    SUM_NEXT_SPEED,
    SUM_NEXT_TIME,
    SUM_STEP_TIME,
    SUM_BEND_CHANGE,
    SUM_TURN, /* of turns */
    SUM_BEND,
    SUM_SINE_SQUARE,
    SUM_SINE_NEXT,
    SUM_SPEED, /* relative speeds at turns */
    SUM_SPEED_SQUARE,
    SUM_TURN_SQUARE,
    SUM_SPEED_TURN,
    SUM_FAST, /* at reversals */
    SUM_SECOND,
    SUM_ASIDE, /* of the second differences */
    SUM_ALONG,
    SUM_ROUGH,
    SUM_ROUGH_SQUARE,
    SUM_ROUGH_FAST,
    SUM_PAIR_FAST,
    SUM_PAIR_FAST_SQUARE,
    SUM_THIRD,
    /* numbers */
    NUM_MOVES,
    NUM_STEPS, /* of some length */
    NUM_PAIRS,
    NUM_TRIPLES,
    NUM_TURNS,
    NUM_BENDS,
    NUM_REVERSALS,
    NUM_SAME_STEPS,
    NUM_SAME_TIMES,
    NUM_FLIPS,
    SERIES_SUMS = NUM_FLIPS + 3 /* four at a time */
};

static_assert(SERIES_SUMS % 4 == 0, "four at a time");

typedef float four_t __attribute__((vector_size(16)));

struct series_means {
    lanes_t step, speed, time;
    float step_px;
};

/* What the move before has left. */
struct series_last {
    lanes_t speed, sine, step_change, speed_change, time_change;
};

/* Some moves that stand side by side. */
struct some_moves {
    lanes_int_t valid, pair, triple, turns; /* all ones where true */
    lanes_t dx, dy, dt, step;
    lanes_t was_dx, was_dy, was_dt, was_step;
    lanes_t speed, was_speed;
    lanes_t cosine, sine; /* 0 where there is no turn */
    lanes_t fast;         /* relative speed of the pair */
};

/* The sums of one part of each group. */
struct some_sums {
    lanes_t of[SERIES_SUMS];
};

static inline lanes_t lanes_where(lanes_int_t where, lanes_t x)
{
    return lanes_of_bits(lanes_bits(x) & where);
}

static inline void count_where(struct some_sums *s, enum series_sum number, lanes_int_t where)
{
    s->of[number] += lanes_where(where, lanes_of(1.0F));
}

/* Where the whole is 0, so is the part. */
static inline lanes_t ratio_of(lanes_t part, lanes_t whole)
{
    return part / lanes_max(whole, lanes_of(FLT_MIN));
}

static inline lanes_t length_of(lanes_t x, lanes_t y)
{
    return lanes_sqrt(x * x + y * y);
}

/* The distance to the mean as a share of the sum. */
static inline lanes_t apart_of(lanes_t x, lanes_t mean)
{
    return lanes_abs(ratio_of(x - mean, x + mean));
}

static inline void take_moves(const struct bot_series *of, size_t at, struct some_moves *m)
{
    const lanes_t none = lanes_of(0.0F);
    m->dx = lanes_load(of->dx + at);
    m->dy = lanes_load(of->dy + at);
    m->dt = lanes_load(of->dt + at);
    m->step = lanes_load(of->step + at);
    m->was_dx = lanes_load(of->dx + at - 1);
    m->was_dy = lanes_load(of->dy + at - 1);
    m->was_dt = lanes_load(of->dt + at - 1);
    m->was_step = lanes_load(of->step + at - 1);
    m->valid = m->dt > none;
    m->pair = m->valid & (m->was_dt > none);
    m->triple = m->pair & (lanes_load(of->dt + at - 2) > none);
}

static inline void add_moves(struct some_sums *s, const struct series_means *mean,
                             struct some_moves *m)
{
    m->speed = ratio_of(m->step, m->dt);
    s->of[SUM_SPREAD_STEP] += lanes_where(m->valid, apart_of(m->step, mean->step));
    s->of[SUM_SPREAD_SPEED] += lanes_where(m->valid, apart_of(m->speed, mean->speed));
    s->of[SUM_SPREAD_TIME] += lanes_where(m->valid, apart_of(m->dt, mean->time));
    count_where(s, NUM_MOVES, m->valid);
    count_where(s, NUM_STEPS, m->step > lanes_of(0.0F));
}

static inline void add_turns(struct some_sums *s, const struct series_means *mean,
                             struct some_moves *m, struct series_last *last)
{
    const lanes_t norm = m->was_step * m->step;
    const lanes_t per = 1.0F / lanes_max(norm, lanes_of(FLT_MIN));
    m->turns = m->pair & (norm > lanes_of(0.0F));
    m->cosine = lanes_where(m->pair, (m->was_dx * m->dx + m->was_dy * m->dy) * per);
    m->sine = lanes_where(m->pair, (m->was_dx * m->dy - m->was_dy * m->dx) * per);
    m->was_speed = lanes_before(last->speed, m->speed);
    const lanes_t both = 0.5F * (m->was_speed + m->speed);
    m->fast = lanes_where(m->pair, ratio_of(both, both + mean->speed));

    const lanes_t turn = lanes_where(m->turns, 0.5F * (1.0F - m->cosine));
    const lanes_t fast = lanes_where(m->turns, m->fast);
    const lanes_t bend = lanes_abs(m->sine);
    s->of[SUM_TURN] += turn;
    s->of[SUM_TURN_SQUARE] += turn * turn;
    s->of[SUM_SPEED] += fast;
    s->of[SUM_SPEED_SQUARE] += fast * fast;
    s->of[SUM_SPEED_TURN] += fast * turn;
    s->of[SUM_BEND] += bend;
    s->of[SUM_SINE_SQUARE] += m->sine * m->sine;
    count_where(s, NUM_TURNS, m->turns);

    const lanes_t was = lanes_before(last->sine, m->sine);
    const lanes_int_t bends = m->turns & m->triple;
    s->of[SUM_SINE_NEXT] += m->sine * was;
    s->of[SUM_BEND_CHANGE] +=
        lanes_where(bends, ratio_of(lanes_abs(m->sine - was), bend + lanes_abs(was)));
    count_where(s, NUM_BENDS, bends);

    const lanes_int_t back = m->cosine < lanes_of(0.0F);
    s->of[SUM_FAST] += lanes_where(back, fast);
    count_where(s, NUM_REVERSALS, back);
    last->speed = m->speed;
    last->sine = m->sine;
}

static inline lanes_t add_change(struct some_sums *s, size_t of, lanes_t change, lanes_t was)
{
    s->of[SUM_CHANGE_STEP + of] += lanes_abs(change);
    s->of[SUM_SQUARE_STEP + of] += change * change;
    s->of[SUM_NEXT_STEP + of] += change * was;
    return change;
}

/* A change is 0 where there is no pair, so that products with the one before need no mask. */
static inline void add_changes(struct some_sums *s, const struct some_moves *m,
                               struct series_last *last)
{
    const lanes_t step =
        lanes_where(m->pair, ratio_of(m->step - m->was_step, m->step + m->was_step));
    const lanes_t speed =
        lanes_where(m->pair, ratio_of(m->speed - m->was_speed, m->speed + m->was_speed));
    const lanes_t time = lanes_where(m->pair, ratio_of(m->dt - m->was_dt, m->dt + m->was_dt));
    const lanes_t was_speed = lanes_before(last->speed_change, speed);
    add_change(s, 0, step, lanes_before(last->step_change, step));
    add_change(s, 1, speed, was_speed);
    add_change(s, 2, time, lanes_before(last->time_change, time));
    s->of[SUM_STEP_TIME] += step * time;
    count_where(s, NUM_PAIRS, m->pair);
    count_where(s, NUM_TRIPLES, m->triple);
    count_where(s, NUM_SAME_TIMES, m->pair & (lanes_abs(time) <= lanes_of(SAME_TIME)));
    count_where(s, NUM_FLIPS, speed * was_speed < lanes_of(0.0F));
    last->step_change = step;
    last->speed_change = speed;
    last->time_change = time;
}

/* Differences of second and third order. */
static inline void add_bent(struct some_sums *s, const struct bot_series *of, size_t at,
                            const struct series_means *mean, const struct some_moves *m)
{
    const lanes_t ax = m->dx - m->was_dx;
    const lanes_t ay = m->dy - m->was_dy;
    const lanes_t jx = ax - (m->was_dx - lanes_load(of->dx + at - 2));
    const lanes_t jy = ay - (m->was_dy - lanes_load(of->dy + at - 2));
    const lanes_t bent = lanes_where(m->pair, length_of(ax, ay));
    const lanes_t rough = ratio_of(bent, bent + mean->step);
    const lanes_int_t same = lanes_abs(ax) + lanes_abs(ay) < lanes_of(SAME_PX);
    s->of[SUM_SECOND] += bent;
    s->of[SUM_THIRD] += lanes_where(m->triple, length_of(jx, jy));
    s->of[SUM_ASIDE] += lanes_abs(m->sine) * m->step;
    s->of[SUM_ALONG] += lanes_where(m->pair, lanes_abs(m->cosine * m->step - m->was_step));
    s->of[SUM_ROUGH] += rough;
    s->of[SUM_ROUGH_SQUARE] += rough * rough;
    s->of[SUM_ROUGH_FAST] += rough * m->fast;
    s->of[SUM_PAIR_FAST] += m->fast;
    s->of[SUM_PAIR_FAST_SQUARE] += m->fast * m->fast;
    count_where(s, NUM_SAME_STEPS, m->pair & same & (m->step > lanes_of(0.0F)));
}

/* Of four numbers the sums over all lanes. */
static inline void sum_four(const struct some_sums part[SERIES_PARTS], size_t at, float *out)
{
    four_t q[4];
    for (size_t k = 0; k < 4; k++) {
        four_t half[SERIES_GROUP / 4];
        static_assert(sizeof(four_t) * (SERIES_GROUP / 4) == sizeof(lanes_t) * SERIES_PARTS,
                      "the same lanes");
        for (size_t p = 0; p < SERIES_PARTS; p++) {
            memcpy(half + p * (LANES / 4), &part[p].of[at + k], sizeof part[p].of[at + k]);
        }
        q[k] = half[0] + half[1];
    }
    const four_t a = __builtin_shufflevector(q[0], q[1], 0, 4, 1, 5);
    const four_t b = __builtin_shufflevector(q[0], q[1], 2, 6, 3, 7);
    const four_t c = __builtin_shufflevector(q[2], q[3], 0, 4, 1, 5);
    const four_t d = __builtin_shufflevector(q[2], q[3], 2, 6, 3, 7);
    const four_t ab = a + b; /* q0 q1 q0 q1 */
    const four_t cd = c + d;
    const four_t sum =
        __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    memcpy(out + at, &sum, sizeof sum);
}

static inline double share_of(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

/* Steps, and what they are measured against. */
static inline void measure_steps(struct bot_series *s, struct series_means *mean)
{
    enum { LENGTH, TIME, MOVES };

    struct some_sums SCRATCH part[SERIES_PARTS];
    float sum[4];
    for (size_t k = 0; k < SERIES_PARTS; k++) {
        for (size_t i = 0; i < 4; i++) {
            part[k].of[i] = lanes_of(0.0F);
        }
    }
    for (size_t i = 0; i < s->n; i += SERIES_GROUP) {
        for (size_t k = 0; k < SERIES_PARTS; k++) {
            const size_t at = BOT_SERIES_LEAD + i + k * LANES;
            const lanes_t step = length_of(lanes_load(s->dx + at), lanes_load(s->dy + at));
            const lanes_t dt = lanes_load(s->dt + at);
            lanes_store(s->step + at, step);
            part[k].of[LENGTH] += step;
            part[k].of[TIME] += dt;
            part[k].of[MOVES] += lanes_where(dt > lanes_of(0.0F), lanes_of(1.0F));
        }
    }
    sum_four(part, 0, sum);
    s->length = (double)sum[LENGTH];
    s->moves = (double)sum[MOVES];
    mean->step_px = (float)share_of(s->length, s->moves);
    mean->step = lanes_of(mean->step_px);
    mean->speed = lanes_of((float)share_of(s->length, (double)sum[TIME]));
    mean->time = lanes_of((float)share_of((double)sum[TIME], s->moves));
}

static inline double correlation(float number, float sx, float sy, const float xx_yy_xy[3])
{
    if (number < 3.0F) {
        return 0.0;
    }
    const double per = 1.0 / (double)number;
    const double x = (double)sx * per;
    const double y = (double)sy * per;
    const double vx = (double)xx_yy_xy[0] * per - x * x;
    const double vy = (double)xx_yy_xy[1] * per - y * y;
    const double c = (double)xx_yy_xy[2] * per - x * y;
    return vx > 1e-6 && vy > 1e-6 ? clip(c / sqrt(vx * vy), -1.0, 1.0) : 0.0;
}

enum { QUOTIENTS = (MOVE_FEATURES + SERIES_GROUP - 1) / SERIES_GROUP * SERIES_GROUP };

/* Each feature as a part of a whole. */
struct quotients {
    float part[QUOTIENTS], whole[QUOTIENTS];
};

static inline void set(struct quotients *q, enum bot_move_feature f, float part, float whole)
{
    q->part[f] = part;
    q->whole[f] = whole;
}

static inline void set_changes(struct quotients *q, const float s[SERIES_SUMS])
{
    const float pairs = s[NUM_PAIRS];
    set(q, MOVE_STEP_CHANGE, s[SUM_CHANGE_STEP], pairs);
    set(q, MOVE_SPEED_CHANGE, s[SUM_CHANGE_SPEED] - s[SUM_CHANGE_STEP], pairs);
    set(q, MOVE_TIME_CHANGE, s[SUM_CHANGE_TIME], pairs);
    set(q, MOVE_TIME_TELLS, s[SUM_STEP_TIME], sqrtf(s[SUM_SQUARE_STEP] * s[SUM_SQUARE_TIME]));
    set(q, MOVE_TIME_SLOPE, s[SUM_STEP_TIME], s[SUM_SQUARE_TIME]);
    set(q, MOVE_STEP_MEMORY, s[SUM_NEXT_STEP], s[SUM_SQUARE_STEP]);
    set(q, MOVE_SPEED_MEMORY, s[SUM_NEXT_SPEED], s[SUM_SQUARE_SPEED]);
    set(q, MOVE_TIME_MEMORY, s[SUM_NEXT_TIME], s[SUM_SQUARE_TIME]);
    set(q, MOVE_SAME_STEPS, s[NUM_SAME_STEPS], pairs);
    set(q, MOVE_SAME_TIMES, s[NUM_SAME_TIMES], pairs);
    set(q, MOVE_SPEED_FLIPS, s[NUM_FLIPS], s[NUM_TRIPLES]);
}

static inline void set_rest(struct quotients *q, const float s[SERIES_SUMS], float length)
{
    set(q, MOVE_STEP_SPREAD, s[SUM_SPREAD_STEP], s[NUM_MOVES]);
    set(q, MOVE_SPEED_SPREAD, s[SUM_SPREAD_SPEED], s[NUM_MOVES]);
    set(q, MOVE_TIME_SPREAD, s[SUM_SPREAD_TIME], s[NUM_MOVES]);
    set(q, MOVE_RESTS, s[NUM_MOVES] - s[NUM_STEPS], s[NUM_MOVES]);
    set(q, MOVE_BEND_CHANGE, s[SUM_BEND_CHANGE], s[NUM_BENDS]);
    set(q, MOVE_TURN, s[SUM_TURN], s[NUM_TURNS]);
    set(q, MOVE_BEND, s[SUM_BEND], s[NUM_TURNS]);
    set(q, MOVE_TURN_MEMORY, s[SUM_SINE_NEXT], s[SUM_SINE_SQUARE]);
    set(q, MOVE_FAST_REVERSALS, s[SUM_FAST], s[NUM_REVERSALS]);
    set(q, MOVE_ROUGHNESS, s[SUM_SECOND], s[SUM_SECOND] + length);
    set(q, MOVE_JERK, s[SUM_THIRD], s[SUM_THIRD] + s[SUM_SECOND]);
    set(q, MOVE_ASIDE, s[SUM_ASIDE], s[SUM_ASIDE] + s[SUM_ALONG]);
    set(q, MOVE_SLOW_IN_BENDS, 0.0F, 1.0F);
    set(q, MOVE_ROUGH_WHEN_FAST, 0.0F, 1.0F);
    for (size_t i = MOVE_FEATURES; i < QUOTIENTS; i++) {
        q->part[i] = 0.0F;
        q->whole[i] = 1.0F;
    }
}

static inline void finish(const float s[SERIES_SUMS], float length, double f[MOVE_FEATURES])
{
    struct quotients SCRATCH q;
    set_changes(&q, s);
    set_rest(&q, s, length);
    for (size_t i = 0; i < QUOTIENTS; i += LANES) {
        const lanes_t whole = lanes_load(q.whole + i);
        lanes_store(q.part + i,
                    lanes_where(whole > lanes_of(0.0F), ratio_of(lanes_load(q.part + i), whole)));
    }
    for (size_t i = 0; i < MOVE_FEATURES; i++) {
        f[i] = (double)q.part[i];
    }
    f[MOVE_TIME_SLOPE] = clip(f[MOVE_TIME_SLOPE], -2.0, 2.0);
    f[MOVE_SLOW_IN_BENDS] =
        correlation(s[NUM_TURNS], s[SUM_SPEED], s[SUM_TURN],
                    (float[3]){s[SUM_SPEED_SQUARE], s[SUM_TURN_SQUARE], s[SUM_SPEED_TURN]});
    f[MOVE_ROUGH_WHEN_FAST] =
        correlation(s[NUM_PAIRS], s[SUM_ROUGH], s[SUM_PAIR_FAST],
                    (float[3]){s[SUM_ROUGH_SQUARE], s[SUM_PAIR_FAST_SQUARE], s[SUM_ROUGH_FAST]});
}

static inline void bot_series_body(struct bot_series *s, double f[MOVE_FEATURES])
{
    struct some_sums part[SERIES_PARTS] = {0};
    struct series_last last = {.speed = lanes_of(0.0F)};
    struct series_means mean;
    float SCRATCH sum[SERIES_SUMS];
    measure_steps(s, &mean);
    for (size_t i = 0; i < s->n; i += SERIES_GROUP) {
        for (size_t k = 0; k < SERIES_PARTS; k++) {
            const size_t at = BOT_SERIES_LEAD + i + k * LANES;
            struct some_moves SCRATCH m;
            take_moves(s, at, &m);
            add_moves(&part[k], &mean, &m);
            add_turns(&part[k], &mean, &m, &last);
            add_changes(&part[k], &m, &last);
            add_bent(&part[k], s, at, &mean, &m);
        }
    }
    for (size_t i = 0; i < SERIES_SUMS; i += 4) {
        sum_four(part, i, sum);
    }
    finish(sum, (float)s->length, f);
}

#endif
