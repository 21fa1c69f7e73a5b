#include "engine/bot_motion.h"

#include "engine/lanes.h"
#include "engine/numbers.h"
#include "engine/path.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define GAP_MS       300.0 /* a longer silence ends a movement */
#define EVEN_MS      50.0  /* coarser than any recorder seen but remote screens */
#define RAW_PX       2.0   /* a slow pointer is reported px by px */
#define THIN_PX      4.0 /* rounding to whole px bends a step of this length by 10 degrees at most */
#define THIN_STEPS   3.0
#define REACH_MIN_PX 30.0  /* length of all moves */
#define SAME_TIME    0.01F /* |a - b| / (a + b) of durations that are equal to 2 % */
#define MOVES_MIN    8.0
#define TIME_MIN_MS  1e-3

#define DOUBLE_STEP 1.6
#define WINDOW_KEPT 0.75
#define WINDOW_TURN 0.6   /* sum of |sine| */
#define WINDOW_MS   400.0 /* a fast recorder sees the flat top of a reach in many even steps */
#define ROUNDING    0.17  /* px^2: two ends, each uniform within half a px */

enum {
    WINDOW_MAX = 32,
    WINDOW_HOP = 4,
    RECENT_ROOM = 256,
    MOVES_ROOM = 640 /* of a window of 96 points, 300 ms apart, each 50 ms; the rest is like it */
};

static_assert(LANES == 4, "four quantities of a move, and windows of whole lanes");

/* One move of a series, in floats: ratios of what is known to a px are not worth more. A move of no
 * time stands for a silence, which ends a movement. */
struct leg {
    float dx, dy, dt, step;
};

/* A series of moves, and what it is measured against. */
struct series {
    size_t n;
    double length, time, moves;
    float mean_speed, mean_step, mean_time;
    struct leg at[MOVES_ROOM];
};

/* Sums over one series. Lanes: step, speed, duration, turn. */
struct sums {
    struct leg last;
    float speed;    /* of it */
    float ax, ay;   /* last difference of second order */
    float sine;     /* of the last turn */
    unsigned run;   /* moves since the last silence */
    lanes_t ratio;  /* last relative changes */
    lanes_t change; /* sums of their amounts, squares and products with the next */
    lanes_t square;
    lanes_t next;
    lanes_t spread; /* amounts of relative distance to the means; of turns, relative speeds */

    float n, pairs, turns, bends, reversals;
    float step_time, turn, bend, sine_sq, sine_next;
    float speed_x, turn_x, speed_xx, turn_xx, speed_turn;
    float fast, rests, same_steps, same_times;
    float first, second, third;
    float aside, along;                                 /* of the second differences */
    float rough, rough_sq, rough_fast, fast_x, fast_sq; /* beside relative speed */
    float flips, triples;
};

static double over(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

/* Lane by lane; 0 where the whole is. */
static lanes_t share_of(lanes_t part, lanes_t whole)
{
    const lanes_int_t there = whole > 0.0F; /* all ones where true */
    const lanes_t safe =
        lanes_of_bits((lanes_bits(whole) & there) | (lanes_bits(lanes_of(1.0F)) & ~there));
    return lanes_of_bits(lanes_bits(part / safe) & there);
}

/* A turn of this sine and cosine at this relative speed. Returns the change of the bend: part, whole. */
static void add_turn(struct sums *s, float cosine, float sine, float fast, float bend[2])
{
    const float turn = 0.5F * (1.0F - cosine);
    s->turns += 1.0F;
    s->turn += turn;
    s->bend += fabsf(sine);
    s->sine_sq += sine * sine;
    if (s->run >= 3) {
        s->sine_next += sine * s->sine;
        s->bends += 1.0F;
        bend[0] = fabsf(sine - s->sine);
        bend[1] = fabsf(sine) + fabsf(s->sine);
    }
    s->speed_x += fast;
    s->speed_xx += fast * fast;
    s->turn_x += turn;
    s->turn_xx += turn * turn;
    s->speed_turn += fast * turn;
    if (cosine < 0.0F) {
        s->reversals += 1.0F;
        s->fast += fast;
    }
}

static void add_pair(struct sums *s, const struct series *of, const struct leg *m, float speed,
                     lanes_t turned, float fast)
{
    const struct leg *a = &s->last;
    const float ax = m->dx - a->dx;
    const float ay = m->dy - a->dy;
    float bend[2] = {0.0F, 0.0F};
    const bool turns = a->step * m->step > 0.0F;
    if (turns) {
        add_turn(s, turned[1], turned[2], fast, bend);
    }
    s->sine = turns ? turned[2] : 0.0F;

    const lanes_t was = {a->step, s->speed, a->dt, 0.0F};
    const lanes_t is = {m->step, speed, m->dt, bend[0]};
    const lanes_t ratio =
        share_of(is - was, is + was + (lanes_t){0.0F, 0.0F, 0.0F, bend[1] - bend[0]});
    s->pairs += 1.0F;
    s->change += lanes_abs(ratio);
    s->square += ratio * ratio;
    s->step_time += ratio[0] * ratio[2];
    s->same_steps += fabsf(ax) + fabsf(ay) < 0.5F && m->step > 0.0F ? 1.0F : 0.0F;
    s->same_times += fabsf(ratio[2]) <= SAME_TIME ? 1.0F : 0.0F;
    const float bent = sqrtf(ax * ax + ay * ay);
    const float rough = bent > 0.0F ? bent / (bent + of->mean_step) : 0.0F;
    s->second += bent;
    s->aside += fabsf(turned[2]) * m->step;
    s->along += fabsf(turned[1] * m->step - a->step);
    s->rough += rough;
    s->rough_sq += rough * rough;
    s->rough_fast += rough * fast;
    s->fast_x += fast;
    s->fast_sq += fast * fast;
    if (s->run >= 3) {
        s->triples += 1.0F;
        s->flips += ratio[1] * s->ratio[1] < 0.0F ? 1.0F : 0.0F;
        const float jx = ax - s->ax;
        const float jy = ay - s->ay;
        s->next += ratio * s->ratio;
        s->third += sqrtf(jx * jx + jy * jy);
    }
    s->ax = ax;
    s->ay = ay;
    s->ratio = ratio;
}

static void add_move(struct sums *s, const struct series *of, const struct leg *m)
{
    if (!(m->dt > 0.0F)) {
        s->run = 0;
        return;
    }
    const struct leg *a = &s->last;
    const float norm = a->step * m->step;
    const float dot = a->dx * m->dx + a->dy * m->dy;
    const float cross = a->dx * m->dy - a->dy * m->dx;
    const lanes_t turned =
        share_of((lanes_t){m->step, dot, cross, 0.0F}, (lanes_t){m->dt, norm, norm, 1.0F});
    const float speed = turned[0];
    const lanes_t is = {m->step, speed, m->dt, 0.5F * (s->speed + speed)};
    const lanes_t mean = {of->mean_step, of->mean_speed, of->mean_time, 0.0F};
    const lanes_t apart =
        lanes_abs(share_of(is - mean, is + mean + (lanes_t){0.0F, 0.0F, 0.0F, of->mean_speed}));
    s->run++;
    s->n += 1.0F;
    s->rests += m->step > 0.0F ? 0.0F : 1.0F;
    s->first += m->step;
    s->spread += apart;
    if (s->run >= 2) {
        add_pair(s, of, m, speed, turned, apart[3]);
    }
    s->last = *m;
    s->speed = speed;
}

static double correlation(double n, double x, double y, const double xx_yy_xy[3])
{
    if (n < 3.0) {
        return 0.0;
    }
    const double vx = xx_yy_xy[0] / n - (x / n) * (x / n);
    const double vy = xx_yy_xy[1] / n - (y / n) * (y / n);
    const double c = xx_yy_xy[2] / n - (x / n) * (y / n);
    return vx > 1e-6 && vy > 1e-6 ? fmax(-1.0, fmin(c / sqrt(vx * vy), 1.0)) : 0.0;
}

enum { STEP, SPEED, TIME, TURN };

static void finish(const struct sums *s, double f[MOVE_FEATURES])
{
    const double step_change = over((double)s->change[STEP], (double)s->pairs);
    const double square[3] = {(double)s->square[STEP], (double)s->square[SPEED],
                              (double)s->square[TIME]};
    const double turns = (double)s->turns;
    f[MOVE_STEP_CHANGE] = step_change;
    f[MOVE_SPEED_CHANGE] = over((double)s->change[SPEED], (double)s->pairs) - step_change;
    f[MOVE_TIME_CHANGE] = over((double)s->change[TIME], (double)s->pairs);
    f[MOVE_TIME_TELLS] = over((double)s->step_time, sqrt(square[STEP] * square[TIME]));
    f[MOVE_TIME_SLOPE] = fmax(-2.0, fmin(over((double)s->step_time, square[TIME]), 2.0));
    f[MOVE_STEP_SPREAD] = over((double)s->spread[STEP], (double)s->n);
    f[MOVE_TIME_SPREAD] = over((double)s->spread[TIME], (double)s->n);
    f[MOVE_BEND_CHANGE] = over((double)s->change[TURN], (double)s->bends);
    f[MOVE_STEP_MEMORY] = over((double)s->next[STEP], square[STEP]);
    f[MOVE_SPEED_MEMORY] = over((double)s->next[SPEED], square[SPEED]);
    f[MOVE_TIME_MEMORY] = over((double)s->next[TIME], square[TIME]);
    f[MOVE_TURN] = over((double)s->turn, turns);
    f[MOVE_BEND] = over((double)s->bend, turns);
    f[MOVE_TURN_MEMORY] = over((double)s->sine_next, (double)s->sine_sq);
    f[MOVE_SLOW_IN_BENDS] =
        correlation(turns, (double)s->speed_x, (double)s->turn_x,
                    (double[3]){(double)s->speed_xx, (double)s->turn_xx, (double)s->speed_turn});
    f[MOVE_SPEED_SPREAD] = over((double)s->spread[SPEED], (double)s->n);
    f[MOVE_FAST_REVERSALS] = over((double)s->fast, (double)s->reversals);
    f[MOVE_RESTS] = over((double)s->rests, (double)s->n);
    f[MOVE_SAME_STEPS] = over((double)s->same_steps, (double)s->pairs);
    f[MOVE_SAME_TIMES] = over((double)s->same_times, (double)s->pairs);
    f[MOVE_ROUGHNESS] = over((double)s->second, (double)(s->second + s->first));
    f[MOVE_ASIDE] = over((double)s->aside, (double)(s->aside + s->along));
    f[MOVE_ROUGH_WHEN_FAST] =
        correlation((double)s->pairs, (double)s->rough, (double)s->fast_x,
                    (double[3]){(double)s->rough_sq, (double)s->fast_sq, (double)s->rough_fast});
    f[MOVE_SPEED_FLIPS] = over((double)s->flips, (double)s->triples);
    f[MOVE_JERK] = over((double)s->third, (double)(s->third + s->second));
}

static void measure(const struct series *of, double f[MOVE_FEATURES])
{
    struct sums s = {.n = 0.0F};
    for (size_t i = 0; i < of->n; i++) {
        add_move(&s, of, &of->at[i]);
    }
    finish(&s, f);
}

static void begin_series(struct series *s)
{
    s->n = 0;
    s->length = 0.0;
    s->time = 0.0;
    s->moves = 0.0;
}

/* Times are told in ms: what is nearer than TIME_MIN_MS was one report. */
static void put_move(struct series *s, double dx, double dy, double dt)
{
    if (s->n == MOVES_ROOM) {
        return;
    }
    struct leg *m = &s->at[s->n++];
    if (dt > GAP_MS) {
        *m = (struct leg){.dt = 0.0F};
        return;
    }
    const double step = sqrt(dx * dx + dy * dy);
    *m = (struct leg){(float)dx, (float)dy, (float)(dt > TIME_MIN_MS ? dt : TIME_MIN_MS),
                      (float)step};
    s->length += step;
    s->time += dt;
    s->moves += 1.0;
}

static void end_series(struct series *s)
{
    s->mean_speed = (float)over(s->length, s->time);
    s->mean_step = (float)over(s->length, s->moves);
    s->mean_time = (float)over(s->time, s->moves);
}

/* Moves of at least `thin_px`. Points of one instant are one point. */
static void take_points(struct series *s, const canara_point_t *p, size_t n, double thin_px)
{
    double x = rint(p[0].x);
    double y = rint(p[0].y);
    double t = p[0].t_ms;
    begin_series(s);
    for (size_t i = 1; i < n; i++) {
        const double dx = rint(p[i].x) - x;
        const double dy = rint(p[i].y) - y;
        const double dt = p[i].t_ms - t;
        if (dt <= 0.0 || (dx * dx + dy * dy < thin_px * thin_px && dt <= GAP_MS)) {
            continue;
        }
        put_move(s, dx, dy, dt);
        x += dx;
        y += dy;
        t = p[i].t_ms;
    }
    end_series(s);
}

/* Positions every EVEN_MS of each movement, interpolated: the recorder's own clock is gone. */
static void take_even(struct series *s, const canara_point_t *p, size_t n)
{
    double x = rint(p[0].x);
    double y = rint(p[0].y);
    double t = p[0].t_ms;
    double was_x = x;
    double was_y = y;
    begin_series(s);
    for (size_t i = 1; i < n; i++) {
        const double dt = p[i].t_ms - p[i - 1].t_ms;
        const double is_x = rint(p[i].x);
        const double is_y = rint(p[i].y);
        if (!(dt >= 0.0) || dt > GAP_MS) {
            put_move(s, 0.0, 0.0, 2.0 * GAP_MS);
            x = is_x;
            y = is_y;
            t = p[i].t_ms;
        }
        while (p[i].t_ms >= t + EVEN_MS && s->n < MOVES_ROOM) {
            const double part = over(t + EVEN_MS - p[i - 1].t_ms, dt);
            const double at_x = was_x + part * (is_x - was_x);
            const double at_y = was_y + part * (is_y - was_y);
            put_move(s, at_x - x, at_y - y, EVEN_MS);
            x = at_x;
            y = at_y;
            t += EVEN_MS;
        }
        was_x = is_x;
        was_y = is_y;
    }
    end_series(s);
}

/* The smallest spreads seen of people's curves grow with the window: chosen on the people of the
 * delbot set, 1 in 300 of whose drawings comes below. */
static const struct window {
    size_t moves;
    double step_px; /* mean, at least: rounding hides the spread of shorter ones */
    double limit;
} windows[] = {{12, 8.0, 0.05}, {16, 4.0, 0.05}, {24, 3.0, 0.075}, {32, 3.0, 0.1}};

/* The newest moves, the last one at [end - 1], with sums over all moves up to and with each; the room is
 * moved up only when it is full. */
struct recent {
    size_t from[RECENT_ROOM]; /* point that it begins at */
    float step[RECENT_ROOM];
    double length[RECENT_ROOM];
    double turn[RECENT_ROOM]; /* |sine| of the turns into the moves */
    double time[RECENT_ROOM]; /* ms */
    size_t end;
    size_t moves; /* of all */
};

/* One move to a new place. */
struct reach {
    double step, bend, ms;
};

static void recent_add(struct recent *r, size_t point, const struct reach *m)
{
    if (r->end == RECENT_ROOM) {
        const size_t from = RECENT_ROOM - WINDOW_MAX;
        memmove(r->from, r->from + from, WINDOW_MAX * sizeof *r->from);
        memmove(r->step, r->step + from, WINDOW_MAX * sizeof *r->step);
        memmove(r->length, r->length + from, WINDOW_MAX * sizeof *r->length);
        memmove(r->turn, r->turn + from, WINDOW_MAX * sizeof *r->turn);
        memmove(r->time, r->time + from, WINDOW_MAX * sizeof *r->time);
        r->end = WINDOW_MAX;
    }
    const size_t at = r->end++;
    r->moves++;
    r->from[at] = point;
    r->step[at] = (float)m->step;
    r->length[at] = m->step + (at > 0 ? r->length[at - 1] : 0.0);
    r->turn[at] = m->bend + (at > 0 ? r->turn[at - 1] : 0.0);
    r->time[at] = m->ms + (at > 0 ? r->time[at - 1] : 0.0);
}

/* Count, sum and squares of the steps that are no double ones. */
static void kept_steps(const float *step, size_t n, float most, double out[3])
{
    lanes_t count = lanes_of(0.0F);
    lanes_t sum = count;
    lanes_t squares = count;
    for (size_t i = 0; i < n; i += LANES) { /* windows are of whole lanes */
        const lanes_t x = lanes_load(step + i);
        const lanes_int_t kept = x < lanes_of(most);
        const lanes_t one = lanes_of_bits(lanes_bits(x) & kept);
        count += lanes_of_bits(lanes_bits(lanes_of(1.0F)) & kept);
        sum += one;
        squares += one * one;
    }
    out[0] = (double)((count[0] + count[1]) + (count[2] + count[3]));
    out[1] = (double)((sum[0] + sum[1]) + (sum[2] + sum[3]));
    out[2] = (double)((squares[0] + squares[1]) + (squares[2] + squares[3]));
}

/* Spread of the last moves as a multiple of the window's limit. */
static double window_spread(const struct window *w, const struct recent *r)
{
    const size_t last = r->end - 1;
    const size_t from = r->end - w->moves;
    const double sum = r->length[last] - r->length[from] + (double)r->step[from];
    if (sum < w->step_px * (double)w->moves || r->turn[last] - r->turn[from] < WINDOW_TURN ||
        (from > 0 ? r->time[last] - r->time[from - 1] : r->time[last]) < WINDOW_MS) {
        return BOT_MOTION_UNEVEN; /* without double steps the mean is no larger */
    }
    double kept[3];
    kept_steps(r->step + from, w->moves, (float)(DOUBLE_STEP * sum / (double)w->moves), kept);
    const double n = kept[0];
    const double mean = over(kept[1], n);
    if (n < WINDOW_KEPT * (double)w->moves || mean < w->step_px) {
        return BOT_MOTION_UNEVEN;
    }
    const double variance = kept[2] / n - mean * mean - ROUNDING;
    const double spread = variance > 0.0 ? sqrt(variance) / (mean * w->limit) : 0.0;
    return spread < BOT_MOTION_UNEVEN ? spread : BOT_MOTION_UNEVEN;
}

/* The smaller one of what is known and the spread of the newest moves, by every window that they fill and
 * that begins at point `first` or later. */
static double least_spread(const struct recent *r, size_t first, double least)
{
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
        if (r->moves >= windows[w].moves && r->from[r->end - windows[w].moves] >= first) {
            const double spread = window_spread(&windows[w], r);
            least = spread < least ? spread : least;
        }
    }
    return least;
}

/* Whole px from one point to another. */
static void way_of(const canara_point_t *a, const canara_point_t *b, double way[2])
{
    way[0] = rint(b->x) - rint(a->x);
    way[1] = rint(b->y) - rint(a->y);
}

double bot_motion_step_spreads(const canara_point_t *p, size_t n, size_t parts, double *part)
{
    struct recent SCRATCH r;
    double least = BOT_MOTION_UNEVEN;
    double before[2] = {0.0, 0.0};
    size_t last = 0;
    size_t at = 0; /* the part of point i */
    r.end = 0;
    r.moves = 0;
    for (size_t k = 0; k < parts; k++) {
        part[k] = BOT_MOTION_UNEVEN;
    }
    for (size_t i = 1; i < n; i++) {
        double way[2];
        const double dt = p[i].t_ms - p[last].t_ms;
        way_of(&p[last], &p[i], way);
        at += at + 1 < parts && i >= (at + 1) * n / parts;
        if (!(dt > 0.0) || !(fabs(way[0]) + fabs(way[1]) > 0.0)) {
            continue;
        }
        const double step = sqrt(way[0] * way[0] + way[1] * way[1]);
        const double was = r.end > 0 ? (double)r.step[r.end - 1] : 0.0;
        const double cross = before[0] * way[1] - before[1] * way[0];
        recent_add(&r, last, &(struct reach){step, over(fabs(cross), was * step), dt});
        last = i;
        before[0] = way[0];
        before[1] = way[1];
        if (r.moves % WINDOW_HOP == 0) {
            if (parts > 0) {
                part[at] = least_spread(&r, at * n / parts, part[at]);
            }
            least = parts == 1 ? part[0] : least_spread(&r, 0, least);
        }
    }
    return least;
}

double bot_motion_step_spread(const canara_point_t *p, size_t n)
{
    return bot_motion_step_spreads(p, n, 0, NULL);
}

bool bot_motion_features(const canara_point_t *p, size_t n, double spread,
                         double f[BOT_MOTION_FEATURES])
{
    if (n < BOT_MOTION_MIN_POINTS || !path_is_sane(p, n)) {
        return false;
    }
    struct series SCRATCH moves;
    take_points(&moves, p, n, RAW_PX);
    if (!(moves.length >= REACH_MIN_PX) || !(moves.moves >= MOVES_MIN)) {
        return false;
    }
    const double thin_px = fmax(THIN_PX, THIN_STEPS * over(moves.length, moves.moves));
    measure(&moves, f + (size_t)MOTION_RAW * MOVE_FEATURES);
    take_points(&moves, p, n, thin_px);
    measure(&moves, f + (size_t)MOTION_THINNED * MOVE_FEATURES);
    take_even(&moves, p, n);
    measure(&moves, f + (size_t)MOTION_EVEN * MOVE_FEATURES);
    f[BOT_MOTION_EVENNESS] = 1.0 / (1.0 + spread);
    return true;
}
