#include "engine/bot_motion.h"

#include "engine/path.h"

#include <math.h>
#include <string.h>

#define GAP_MS       300.0 /* a longer silence ends a movement */
#define EVEN_MS      50.0  /* coarser than any recorder seen but remote screens */
#define RAW_PX       2.0   /* a slow pointer is reported px by px */
#define THIN_PX      4.0 /* rounding to whole px bends a step of this length by 10 degrees at most */
#define THIN_STEPS   3.0
#define REACH_MIN_PX 30.0 /* length of all moves */
#define SAME_TIME    0.01 /* |a - b| / (a + b) of durations that are equal to 2 % */
#define MOVES_MIN    8.0
#define EVEN_MAX     4096 /* steps in the even series: a path may claim any length of time */

#define DOUBLE_STEP 1.6
#define WINDOW_KEPT 0.75
#define WINDOW_TURN 0.6   /* sum of |sine| */
#define WINDOW_MS   400.0 /* a fast recorder sees the flat top of a reach in many even steps */
#define ROUNDING    0.17  /* px^2: two ends, each uniform within half a px */

enum { WINDOW_MAX = 32, WINDOW_HOP = 4, RECENT_ROOM = 256 };

struct move {
    double dx, dy, dt;
    double step, speed;
};

/* Means that a series is measured against. */
struct scale {
    double speed, step, time;
};

/* Sums over one series. */
struct sums {
    struct move last;
    double ax, ay;                  /* last difference of second order */
    double step_r, speed_r, time_r; /* last relative changes */
    double sine;
    unsigned run; /* moves since the last gap */

    double n, pairs, turns, triples, reversals;
    double step_change, speed_change, time_change;
    double step_sq, speed_sq, time_sq, step_time;
    double step_next, speed_next, time_next;
    double turn, bend, sine_sq, sine_next, bend_change, bends;
    double step_spread, time_spread;
    double speed_x, turn_x, speed_xx, turn_xx, speed_turn;
    double spread, fast, rests, same_steps, same_times;
    double first, second, third;
};

static double relative(double a, double b)
{
    const double sum = a + b;
    return sum > 0.0 ? (b - a) / sum : 0.0;
}

static double over(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

static void add_turn(struct sums *s, const struct move *m, const struct scale *mean)
{
    const struct move *a = &s->last;
    const double norm = a->step * m->step;
    if (!(norm > 0.0)) {
        s->sine = 0.0;
        return;
    }
    const double cosine = (a->dx * m->dx + a->dy * m->dy) / norm;
    const double sine = (a->dx * m->dy - a->dy * m->dx) / norm;
    const double turn = 0.5 * (1.0 - cosine);
    const double speed = 0.5 * (a->speed + m->speed);
    const double fast = speed / (speed + mean->speed);

    s->turns += 1.0;
    s->turn += turn;
    s->bend += fabs(sine);
    s->sine_sq += sine * sine;
    s->sine_next += s->run >= 3 ? sine * s->sine : 0.0;
    if (s->run >= 3) {
        s->bends += 1.0;
        s->bend_change += over(fabs(sine - s->sine), fabs(sine) + fabs(s->sine));
    }
    s->speed_x += fast;
    s->speed_xx += fast * fast;
    s->turn_x += turn;
    s->turn_xx += turn * turn;
    s->speed_turn += fast * turn;
    if (cosine < 0.0) {
        s->reversals += 1.0;
        s->fast += fast;
    }
    s->sine = sine;
}

static void add_pair(struct sums *s, const struct move *m, const struct scale *mean)
{
    const struct move *a = &s->last;
    const double step_r = relative(a->step, m->step);
    const double speed_r = relative(a->speed, m->speed);
    const double time_r = relative(a->dt, m->dt);
    const double ax = m->dx - a->dx;
    const double ay = m->dy - a->dy;

    s->pairs += 1.0;
    s->step_change += fabs(step_r);
    s->speed_change += fabs(speed_r);
    s->time_change += fabs(time_r);
    s->step_sq += step_r * step_r;
    s->speed_sq += speed_r * speed_r;
    s->time_sq += time_r * time_r;
    s->step_time += step_r * time_r;
    s->same_steps += fabs(ax) + fabs(ay) < 0.5 && m->step > 0.0 ? 1.0 : 0.0;
    s->same_times += fabs(time_r) <= SAME_TIME ? 1.0 : 0.0;
    s->second += sqrt(ax * ax + ay * ay);
    add_turn(s, m, mean);
    if (s->run >= 3) {
        const double jx = ax - s->ax;
        const double jy = ay - s->ay;
        s->step_next += step_r * s->step_r;
        s->speed_next += speed_r * s->speed_r;
        s->time_next += time_r * s->time_r;
        s->third += sqrt(jx * jx + jy * jy);
    }
    s->ax = ax;
    s->ay = ay;
    s->step_r = step_r;
    s->speed_r = speed_r;
    s->time_r = time_r;
}

static void add_move(struct sums *s, double dx, double dy, double dt, const struct scale *mean)
{
    if (dt > GAP_MS) {
        s->run = 0;
        return;
    }
    struct move m = {.dx = dx, .dy = dy, .dt = dt, .step = sqrt(dx * dx + dy * dy)};
    m.speed = m.step / dt;
    s->run++;
    s->n += 1.0;
    s->rests += m.step > 0.0 ? 0.0 : 1.0;
    s->first += m.step;
    s->spread += fabs(relative(mean->speed, m.speed));
    s->step_spread += fabs(relative(mean->step, m.step));
    s->time_spread += fabs(relative(mean->time, m.dt));
    if (s->run >= 2) {
        add_pair(s, &m, mean);
    }
    s->last = m;
}

static double correlation(double n, double x, double y, const double xx_yy_xy[3])
{
    if (n < 3.0) {
        return 0.0;
    }
    const double vx = xx_yy_xy[0] / n - (x / n) * (x / n);
    const double vy = xx_yy_xy[1] / n - (y / n) * (y / n);
    const double c = xx_yy_xy[2] / n - (x / n) * (y / n);
    return vx > 1e-9 && vy > 1e-9 ? fmax(-1.0, fmin(c / sqrt(vx * vy), 1.0)) : 0.0;
}

static void finish(const struct sums *s, double f[MOVE_FEATURES])
{
    f[MOVE_STEP_CHANGE] = over(s->step_change, s->pairs);
    f[MOVE_SPEED_CHANGE] = over(s->speed_change, s->pairs) - f[MOVE_STEP_CHANGE];
    f[MOVE_TIME_CHANGE] = over(s->time_change, s->pairs);
    f[MOVE_TIME_TELLS] = over(s->step_time, sqrt(s->step_sq * s->time_sq));
    f[MOVE_TIME_SLOPE] = fmax(-2.0, fmin(over(s->step_time, s->time_sq), 2.0));
    f[MOVE_STEP_SPREAD] = over(s->step_spread, s->n);
    f[MOVE_TIME_SPREAD] = over(s->time_spread, s->n);
    f[MOVE_BEND_CHANGE] = over(s->bend_change, s->bends);
    f[MOVE_STEP_MEMORY] = over(s->step_next, s->step_sq);
    f[MOVE_SPEED_MEMORY] = over(s->speed_next, s->speed_sq);
    f[MOVE_TIME_MEMORY] = over(s->time_next, s->time_sq);
    f[MOVE_TURN] = over(s->turn, s->turns);
    f[MOVE_BEND] = over(s->bend, s->turns);
    f[MOVE_TURN_MEMORY] = over(s->sine_next, s->sine_sq);
    f[MOVE_SLOW_IN_BENDS] = correlation(s->turns, s->speed_x, s->turn_x,
                                        (double[3]){s->speed_xx, s->turn_xx, s->speed_turn});
    f[MOVE_SPEED_SPREAD] = over(s->spread, s->n);
    f[MOVE_FAST_REVERSALS] = over(s->fast, s->reversals);
    f[MOVE_RESTS] = over(s->rests, s->n);
    f[MOVE_SAME_STEPS] = over(s->same_steps, s->pairs);
    f[MOVE_SAME_TIMES] = over(s->same_times, s->pairs);
    f[MOVE_ROUGHNESS] = over(s->second, s->second + s->first);
    f[MOVE_JERK] = over(s->third, s->third + s->second);
}

/* A series is walked twice: for its means, then against them. */
struct walk {
    struct scale mean;
    struct sums sums;
    double length, time, n;
    bool measured;
};

static void walk_move(struct walk *w, double dx, double dy, double dt)
{
    if (w->measured) {
        add_move(&w->sums, dx, dy, dt, &w->mean);
    } else if (dt <= GAP_MS) {
        w->length += sqrt(dx * dx + dy * dy);
        w->time += dt;
        w->n += 1.0;
    }
}

static void walk_measured(struct walk *w)
{
    w->mean.speed = over(w->length, w->time);
    w->mean.step = over(w->length, w->n);
    w->mean.time = over(w->time, w->n);
    w->measured = true;
}

/* Moves of at least `thin_px`. Points of one instant are one point. */
static void walk_points(struct walk *w, const canara_point_t *p, size_t n, double thin_px)
{
    double x = rint(p[0].x);
    double y = rint(p[0].y);
    double t = p[0].t_ms;
    for (size_t i = 1; i < n; i++) {
        const double dx = rint(p[i].x) - x;
        const double dy = rint(p[i].y) - y;
        const double dt = p[i].t_ms - t;
        if (dt <= 0.0 || (dx * dx + dy * dy < thin_px * thin_px && dt <= GAP_MS)) {
            continue;
        }
        walk_move(w, dx, dy, dt);
        x += dx;
        y += dy;
        t = p[i].t_ms;
    }
}

/* Positions every EVEN_MS of each movement, interpolated: the recorder's own clock is gone. */
static void walk_even(struct walk *w, const canara_point_t *p, size_t n)
{
    size_t steps = 0;
    double x = rint(p[0].x);
    double y = rint(p[0].y);
    double t = p[0].t_ms;
    for (size_t i = 1; i < n; i++) {
        const double dt = p[i].t_ms - p[i - 1].t_ms;
        if (!(dt >= 0.0) || dt > GAP_MS) {
            w->sums.run = 0;
            x = rint(p[i].x);
            y = rint(p[i].y);
            t = p[i].t_ms;
            continue;
        }
        while (p[i].t_ms >= t + EVEN_MS && steps < EVEN_MAX) {
            const double part = over(t + EVEN_MS - p[i - 1].t_ms, dt);
            const double at_x = rint(p[i - 1].x) + part * (rint(p[i].x) - rint(p[i - 1].x));
            const double at_y = rint(p[i - 1].y) + part * (rint(p[i].y) - rint(p[i - 1].y));
            walk_move(w, at_x - x, at_y - y, EVEN_MS);
            x = at_x;
            y = at_y;
            t += EVEN_MS;
            steps++;
        }
    }
}

/* The smallest spreads seen of people's curves grow with the window: chosen on the people of the
 * delbot set, 1 in 300 of whose drawings comes below. */
static const struct window {
    size_t moves;
    double step_px; /* mean, at least: rounding hides the spread of shorter ones */
    double limit;
} windows[] = {{12, 8.0, 0.05}, {16, 4.0, 0.05}, {24, 3.0, 0.075}, {32, 3.0, 0.1}};

/* The newest moves, the last one at [end - 1]; the room is moved up only when it is full. */
struct recent {
    double step[RECENT_ROOM];
    double bend[RECENT_ROOM]; /* |sine| of the turn into the move */
    double time[RECENT_ROOM]; /* ms */
    size_t end;
};

static void recent_add(struct recent *r, double step, double bend, double time)
{
    if (r->end == RECENT_ROOM) {
        const size_t from = RECENT_ROOM - (WINDOW_MAX - 1);
        memcpy(r->step, r->step + from, (WINDOW_MAX - 1) * sizeof *r->step);
        memcpy(r->bend, r->bend + from, (WINDOW_MAX - 1) * sizeof *r->bend);
        memcpy(r->time, r->time + from, (WINDOW_MAX - 1) * sizeof *r->time);
        r->end = WINDOW_MAX - 1;
    }
    r->step[r->end] = step;
    r->bend[r->end] = bend;
    r->time[r->end++] = time;
}

/* Spread of the last moves as a multiple of the window's limit. */
static double window_spread(const struct window *w, const struct recent *r)
{
    const size_t from = r->end - w->moves;
    double sum = r->step[from];
    double turn = 0.0;
    double time = r->time[from];
    for (size_t i = from + 1; i < r->end; i++) {
        sum += r->step[i];
        time += r->time[i];
        turn += r->bend[i];
    }
    if (sum < w->step_px * (double)w->moves || turn < WINDOW_TURN || time < WINDOW_MS) {
        return BOT_MOTION_UNEVEN; /* without double steps the mean is no larger */
    }
    const double most = DOUBLE_STEP * sum / (double)w->moves;
    double n = 0.0;
    double kept = 0.0;
    double squares = 0.0;
    for (size_t i = from; i < r->end; i++) {
        const double one = r->step[i] < most ? 1.0 : 0.0;
        n += one;
        kept += one * r->step[i];
        squares += one * r->step[i] * r->step[i];
    }
    const double mean = over(kept, n);
    if (n < WINDOW_KEPT * (double)w->moves || mean < w->step_px) {
        return BOT_MOTION_UNEVEN;
    }
    const double variance = squares / n - mean * mean - ROUNDING;
    return fmin(sqrt(fmax(variance, 0.0)) / (mean * w->limit), BOT_MOTION_UNEVEN);
}

static double least_spread(const struct recent *r, size_t moves)
{
    double least = BOT_MOTION_UNEVEN;
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
        if (moves >= windows[w].moves) {
            least = fmin(least, window_spread(&windows[w], r));
        }
    }
    return least;
}

double bot_motion_step_spread(const canara_point_t *p, size_t n)
{
    double least = BOT_MOTION_UNEVEN;
    struct recent r;
    r.end = 0;
    double dx = 0.0;
    double dy = 0.0;
    size_t moves = 0;
    size_t last = 0;
    for (size_t i = 1; i < n; i++) {
        const double x = rint(p[i].x) - rint(p[last].x);
        const double y = rint(p[i].y) - rint(p[last].y);
        const double dt = p[i].t_ms - p[last].t_ms;
        if (!(dt > 0.0) || !(fabs(x) + fabs(y) > 0.0)) {
            continue;
        }
        last = i;
        const double step = sqrt(x * x + y * y);
        const double before = r.end > 0 ? r.step[r.end - 1] : 0.0;
        recent_add(&r, step, over(fabs(dx * y - dy * x), before * step), dt);
        dx = x;
        dy = y;
        if (++moves % WINDOW_HOP == 0) {
            least = fmin(least, least_spread(&r, moves));
        }
    }
    return least;
}

bool bot_motion_features(const canara_point_t *p, size_t n, double f[BOT_MOTION_FEATURES])
{
    if (n < BOT_MOTION_MIN_POINTS || !path_is_sane(p, n)) {
        return false;
    }
    struct walk raw = {0};
    walk_points(&raw, p, n, RAW_PX);
    walk_measured(&raw);
    if (!(raw.length >= REACH_MIN_PX) || !(raw.n >= MOVES_MIN)) {
        return false;
    }
    struct walk thin = {0};
    struct walk even = {0};
    const double thin_px = fmax(THIN_PX, THIN_STEPS * raw.mean.step);
    walk_points(&thin, p, n, thin_px);
    walk_even(&even, p, n);
    walk_measured(&thin);
    walk_measured(&even);

    walk_points(&raw, p, n, RAW_PX);
    walk_points(&thin, p, n, thin_px);
    walk_even(&even, p, n);
    finish(&raw.sums, f + (size_t)MOTION_RAW * MOVE_FEATURES);
    finish(&thin.sums, f + (size_t)MOTION_THINNED * MOVE_FEATURES);
    finish(&even.sums, f + (size_t)MOTION_EVEN * MOVE_FEATURES);
    f[BOT_MOTION_EVENNESS] = 1.0 / (1.0 + bot_motion_step_spread(p, n));
    return true;
}
