#include "engine/machines/path.h"

#include "engine/arithmetic/gcd.h"

#include <math.h>
#include <stdint.h>

/* What makes a movement a machine's. The duration keeps the flat top of a slow reach out: a bell
 * of one second stays within 5 % of its peak for about 250 ms. */
#define STRAIGHT_MIN_PX    100.0
#define STRAIGHT_DEVIATION 1.0  /* px: rounding to whole px gives up to .71 */
#define STRAIGHT_DETOUR    1.01 /* length over chord */
#define STRAIGHT_SPEED_CV  0.05
#define POINTER_MIN_MS     400.0
#define TOUCH_MIN_MS       100.0
#define PAUSE_MS           200.0
#define TURN_COSINE        0.94
#define TURN_SURELY_NOT    (TURN_COSINE * TURN_COSINE * (1.0 + 1e-9))
#define TURN_STEP_PX       3.0
#define BACK_MS            1.0
#define SWIPE_MIN_PX       50.0

enum {
    STRAIGHT_MIN_POINTS = 10,
    SWIPE_MIN_POINTS = 8,
    TAPS_MIN = 3,
    GRID_MIN_MOVES = 10,
    GRID_MIN_PX = 5,
    GRID_MIN_AXIS = 3
};

static double distance(const canara_point_t *a, const canara_point_t *b)
{
    const double x = b->x - a->x;
    const double y = b->y - a->y;
    return sqrt(x * x + y * y); /* path_is_sane(): no square is too large */
}

bool path_is_sane(const canara_point_t *p, size_t n)
{
    bool sane = true;
    for (size_t i = 0; i < n; i++) { /* to the end: nearly all are */
        sane = sane & (fabs(p[i].x) <= PATH_COORDINATE_MAX) &
               (fabs(p[i].y) <= PATH_COORDINATE_MAX) & (fabs(p[i].t_ms) <= 1e15);
    }
    return sane;
}

/* How far point `p` lies beside the line through `a` and `b`, `chord` px apart. */
static double beside(const canara_point_t *a, const canara_point_t *b, const canara_point_t *p,
                     double chord)
{
    return fabs((b->x - a->x) * (p->y - a->y) - (b->y - a->y) * (p->x - a->x)) / chord;
}

static bool is_straight_and_even(const canara_point_t *p, size_t n, size_t min_n, double min_ms)
{
    if (n < min_n || p[n - 1].t_ms - p[0].t_ms < min_ms) {
        return false;
    }
    const double chord = distance(&p[0], &p[n - 1]);
    if (chord < STRAIGHT_MIN_PX) {
        return false;
    }
    double length = 0.0;
    double speed = 0.0;
    double squares = 0.0;
    for (size_t i = 1; i < n; i++) {
        const double dt = p[i].t_ms - p[i - 1].t_ms;
        if (!(dt > 0.0) || beside(&p[0], &p[n - 1], &p[i], chord) >= STRAIGHT_DEVIATION) {
            return false;
        }
        const double step = distance(&p[i - 1], &p[i]);
        length += step;
        speed += step / dt;
        squares += (step / dt) * (step / dt);
    }
    const double steps = (double)(n - 1);
    const double mean = speed / steps;
    const double variance = fmax(squares / steps - mean * mean, 0.0);
    return length <= STRAIGHT_DETOUR * chord && sqrt(variance) < STRAIGHT_SPEED_CV * mean;
}

/* From one point to the next. */
struct step {
    double dt, x, y, square; /* of its length */
    bool same_buttons;
};

static struct step step_to(const canara_point_t *p)
{
    const double x = p->x - p[-1].x;
    const double y = p->y - p[-1].y;
    return (struct step){.dt = p->t_ms - p[-1].t_ms,
                         .x = x,
                         .y = y,
                         .square = x * x + y * y,
                         .same_buttons = p->buttons == p[-1].buttons};
}

static bool turns(const struct step *a, const struct step *b)
{
    const double least = TURN_STEP_PX * TURN_STEP_PX;
    const double dot = a->x * b->x + a->y * b->y;
    if (a->square < least || b->square < least ||
        (dot > 0.0 && dot * dot > TURN_SURELY_NOT * a->square * b->square)) {
        return false; /* mostly without a root */
    }
    return dot < TURN_COSINE * sqrt(a->square) * sqrt(b->square);
}

/* Whether a movement ends with this step (`before` comes before it, and may be NULL). */
static bool breaks(const struct step *before, const struct step *s)
{
    return !(s->dt > 0.0) || s->dt > PAUSE_MS || !s->same_buttons || !(s->square > 0.0) ||
           (before != NULL && turns(before, s));
}

bool path_pointer_is_straight(const canara_point_t *p, size_t n)
{
    size_t first = 0;
    struct step was = {.dt = 0.0};
    for (size_t i = 1; i <= n; i++) {
        const struct step is = i < n ? step_to(&p[i]) : (struct step){.dt = 0.0};
        const bool is_second = i < first + 2;
        if (i < n && !breaks(is_second ? NULL : &was, &is)) {
            was = is;
            continue;
        }
        if (is_straight_and_even(p + first, i - first, STRAIGHT_MIN_POINTS, POINTER_MIN_MS)) {
            return true;
        }
        /* a turn belongs to both movements */
        first = !is_second && is.dt > 0.0 ? i - 1 : i;
        was = is;
    }
    return false;
}

size_t path_stroke_length(const canara_point_t *p, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && p[end].buttons == PATH_TOUCH_MOVE) {
        end++;
    }
    return (end < n && p[end].buttons == PATH_TOUCH_UP ? end + 1 : end) - first;
}

bool path_touch_is_straight(const canara_point_t *p, size_t n)
{
    for (size_t first = 0; first < n;) {
        const size_t length = path_stroke_length(p, n, first);
        if (is_straight_and_even(p + first, length, SWIPE_MIN_POINTS, TOUCH_MIN_MS)) {
            return true;
        }
        first += length;
    }
    return false;
}

/* Fold one difference of coordinates into the step of its axis; false when it is not whole. */
static bool fold_step(double gap, uint64_t *step, size_t *moves)
{
    const double whole = round(fabs(gap));
    if (fabs(fabs(gap) - whole) > 1e-6) {
        return false;
    }
    *moves += whole > 0.0;
    *step = gcd(*step, (uint64_t)whole);
    return true;
}

/* A common step only ever gets smaller. */
static bool is_too_fine(uint64_t x, uint64_t y)
{
    return (x > 0 && x < GRID_MIN_PX) || (y > 0 && y < GRID_MIN_PX);
}

bool path_is_on_grid(const canara_point_t *p, size_t n)
{
    uint64_t step_x = 0;
    uint64_t step_y = 0;
    size_t moves_x = 0;
    size_t moves_y = 0;
    for (size_t i = 1; i < n; i++) {
        if (!fold_step(p[i].x - p[i - 1].x, &step_x, &moves_x) ||
            !fold_step(p[i].y - p[i - 1].y, &step_y, &moves_y) || is_too_fine(step_x, step_y)) {
            return false;
        }
    }
    return moves_x >= GRID_MIN_AXIS && moves_y >= GRID_MIN_AXIS &&
           moves_x + moves_y >= GRID_MIN_MOVES && step_x >= GRID_MIN_PX && step_y >= GRID_MIN_PX;
}

static bool same(double a, double b)
{
    return !(a < b) && !(a > b);
}

/* Pressure stuck at 0 or 1 and one area throughout: nothing was measured, or nothing was there. */
static bool is_stuck(const canara_point_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!same(p[i].pressure, p[0].pressure) || !same(p[i].area, p[0].area)) {
            return false;
        }
    }
    return same(p[0].pressure, 0.0) || same(p[0].pressure, 1.0);
}

bool path_touch_is_synthetic(const canara_point_t *p, size_t n)
{
    size_t taps = 0;
    bool still = true;
    for (size_t first = 0; first < n;) {
        const size_t length = path_stroke_length(p, n, first);
        const canara_point_t *stroke = p + first;
        first += length;
        if (length < 2) {
            continue;
        }
        const bool stuck = is_stuck(stroke, length);
        const double reach = distance(&stroke[0], &stroke[length - 1]);
        if (stuck && length >= SWIPE_MIN_POINTS && reach >= SWIPE_MIN_PX) {
            return true;
        }
        taps++;
        still = still && stuck && !(reach > 0.0);
    }
    return taps >= TAPS_MIN && still;
}

bool path_times_go_back(const canara_point_t *p, size_t n, bool touch)
{
    size_t back = 0;
    for (size_t i = 1; i < n; i++) {
        const bool landing = touch && p[i].buttons == PATH_TOUCH_DOWN;
        back += !landing && p[i].t_ms < p[i - 1].t_ms - BACK_MS;
    }
    return back >= 2;
}
