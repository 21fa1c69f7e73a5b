/* bot_steps.c - does a program set the steps of a curve? */
#include "base/util.h"
#include "engine/arithmetic/lanes.h"
#include "engine/arithmetic/numbers.h"
#include "engine/machines/bot_motion.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define DOUBLE_STEP 1.6
#define WINDOW_KEPT 0.75
#define WINDOW_TURN 0.6   /* sum of |sine| */
#define WINDOW_MS   400.0 /* a fast recorder sees the flat top of a reach in many even steps */
#define SURELY      1e-5  /* of the squares: more than all rounding */
#define ROUNDING    0.17  /* px^2: two ends, each uniform within half a px */
#define EXACT_TO    1e10 /* px^2 of a path: their differences are right to 1e-4; beyond, no telling */

enum {
    WINDOW_MAX = 32,
    WINDOW_HOP = 4,
    RECENT_ROOM = 256,
};

/* The smallest spreads seen of people's curves grow with the window: chosen on the people of the
 * delbot set, 1 in 300 of whose drawings comes below. */
static const struct window {
    size_t moves;
    double step_px; /* mean, at least: rounding hides the spread of shorter ones */
    double limit;
} windows[] = {{12, 8.0, 0.05}, {16, 4.0, 0.05}, {24, 3.0, 0.075}, {32, 3.0, 0.1}};

/* Over all moves of a path up to one of them. */
struct sums {
    double length, squares, turn, ms;
};

/* The newest moves to another place; when the room is full all but the last few are left behind. */
struct recent {
    size_t end;                   /* moves in the room */
    size_t seen;                  /* of them looked at */
    size_t moves;                 /* of the path that were looked at */
    size_t from[RECENT_ROOM + 1]; /* point that a move begins at, and the last one ends at */
    float dx[RECENT_ROOM + LANES];
    float dy[RECENT_ROOM + LANES];
    float step[RECENT_ROOM + LANES];
    float bend[RECENT_ROOM + LANES]; /* |sine| of the turn into the move */
    float ms[RECENT_ROOM];
    float top[RECENT_ROOM / WINDOW_HOP]; /* the longest of so many moves */
    struct sums sum[RECENT_ROOM + 1];    /* over the moves before each */
};

static_assert(RECENT_ROOM % WINDOW_HOP == 0 && WINDOW_MAX % WINDOW_HOP == 0, "whole hops");

/* Count, sum and squares of the steps that are no double ones. */
static void kept_steps(const float *step, size_t n, float most, double out[3])
{
    lanes_t count = lanes_of(0.0F);
    lanes_t sum = count;
    lanes_t squares = count;
    static_assert(LANES == 4, "windows are of whole lanes, and their sums of four");
    for (size_t i = 0; i < n; i += LANES) {
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

/* Whether so many steps with this sum and these squares are surely spread by more than `bound`, a share
 * of their mean. */
static bool is_wider(double n, double sum, double squares, double bound)
{
    const double least = sum * bound;
    const double sure = (1.0 - SURELY) * n * squares;
    return sure - sum * sum - ROUNDING * n * n > least * least;
}

/* Spread of the window that begins with move `from` as a multiple of its limit, when steps of `most` px
 * are left out as double ones; BOT_MOTION_UNEVEN when it does not count, or is more than `known`. */
static double window_spread(const struct window *w, const struct recent *r, size_t from, float most,
                            double known)
{
    double kept[3];
    kept_steps(r->step + from, w->moves, most, kept);
    const double n = kept[0];
    if (n < WINDOW_KEPT * (double)w->moves || kept[1] < w->step_px * n ||
        is_wider(n, kept[1], kept[2], w->limit * known)) {
        return BOT_MOTION_UNEVEN;
    }
    const double mean = kept[1] / n;
    const double variance = kept[2] / n - mean * mean - ROUNDING;
    const double spread = variance > 0.0 ? sqrt(variance) / (mean * w->limit) : 0.0;
    return spread < BOT_MOTION_UNEVEN ? spread : BOT_MOTION_UNEVEN;
}

/* The longest move of a window that begins and ends with whole hops. */
static float longest_of(const struct recent *r, size_t from, size_t end)
{
    float top = 0.0F;
    for (size_t hop = from / WINDOW_HOP; hop < end / WINDOW_HOP; hop++) {
        top = r->top[hop] > top ? r->top[hop] : top;
    }
    return top;
}

/* Go on with the sums over one move. */
static struct sums sum_up(struct sums so_far, double step, double bend, double ms)
{
    return (struct sums){.length = so_far.length + step,
                         .squares = so_far.squares + step * step,
                         .turn = so_far.turn + bend,
                         .ms = so_far.ms + ms};
}

/* Over the moves of a window; the turn into its first is none of its own. One leap across all that a
 * coordinate may be leaves nothing of a step of 9 px in the running squares: then it is added up. */
static struct sums sums_of(const struct recent *r, size_t from, size_t end)
{
    const struct sums *a = &r->sum[from];
    const struct sums *b = &r->sum[end];
    if (b->squares < EXACT_TO) {
        return (struct sums){.length = b->length - a->length,
                             .squares = b->squares - a->squares,
                             .turn = b->turn - r->sum[from + 1].turn,
                             .ms = b->ms - a->ms};
    }
    struct sums window = {0.0, 0.0, 0.0, 0.0};
    for (size_t i = from; i < end; i++) {
        const double bend = i > from ? (double)r->bend[i] : 0.0;
        window = sum_up(window, (double)r->step[i], bend, (double)r->ms[i]);
    }
    return window;
}

/* The same of the window that ends before move `end`. Most windows have no double step, and their spread
 * is known from the sums. */
static double spread_under(const struct window *w, const struct recent *r, size_t end, double known)
{
    const size_t from = end - w->moves;
    const double n = (double)w->moves;
    const struct sums in = sums_of(r, from, end);
    /* the time first, which a recorder mostly decides alike for all windows of a size */
    if (in.ms < WINDOW_MS || in.turn < WINDOW_TURN || in.length < w->step_px * n) {
        return BOT_MOTION_UNEVEN; /* without double steps the mean is no larger */
    }
    const float most = (float)(DOUBLE_STEP * in.length / n);
    if (is_wider(n, in.length, in.squares, w->limit * known) && longest_of(r, from, end) < most) {
        return BOT_MOTION_UNEVEN;
    }
    return window_spread(w, r, from, most, known);
}

/* What was found of a path, and of its parts. */
struct found {
    size_t n, parts;
    size_t at;    /* the part of the newest move's last point */
    size_t first; /* point of it */
    double least, *part;
};

/* The spreads of the windows that end before move `end`. */
static void look_at_windows(struct found *f, const struct recent *r, size_t end)
{
    double unused = 0.0;
    double *const part = f->parts > 0 ? &f->part[f->at] : &unused;
    for (size_t w = 0; w < ARRAY_LEN(windows) && windows[w].moves <= r->moves; w++) {
        const bool within = r->from[end - windows[w].moves] >= f->first;
        const double known = within && *part > f->least ? *part : f->least;
        const double spread = spread_under(&windows[w], r, end, known);
        f->least = spread < f->least ? spread : f->least;
        *part = within && spread < *part ? spread : *part;
    }
}

/* Lengths and turns of the moves that were not looked at, and of none behind them. */
static void measure_moves(struct recent *r)
{
    for (size_t i = r->seen; i < r->end; i += LANES) {
        const lanes_t x = lanes_load(r->dx + i);
        const lanes_t y = lanes_load(r->dy + i);
        lanes_store(r->step + i, lanes_sqrt(x * x + y * y));
    }
    r->bend[0] = 0.0F; /* stays: of the first move of all, or left behind */
    for (size_t i = r->seen > 0 ? r->seen : 1; i < r->end; i += LANES) {
        const lanes_t cross = lanes_load(r->dx + i - 1) * lanes_load(r->dy + i) -
                              lanes_load(r->dy + i - 1) * lanes_load(r->dx + i);
        const lanes_t norm = lanes_load(r->step + i - 1) * lanes_load(r->step + i);
        lanes_store(r->bend + i, lanes_abs(cross) / lanes_max(norm, lanes_of(1.0F)));
    }
}

static float longest(const float step[WINDOW_HOP])
{
    const float a = step[0] > step[1] ? step[0] : step[1];
    const float b = step[2] > step[3] ? step[2] : step[3];
    static_assert(WINDOW_HOP == 4, "two pairs");
    return a > b ? a : b;
}

static void look_at_moves(struct found *f, struct recent *r)
{
    memset(r->dx + r->end, 0, LANES * sizeof *r->dx);
    memset(r->dy + r->end, 0, LANES * sizeof *r->dy);
    measure_moves(r);
    struct sums so_far = r->sum[r->seen];
    for (size_t i = r->seen; i < r->end; i++) {
        so_far = sum_up(so_far, (double)r->step[i], (double)r->bend[i], (double)r->ms[i]);
        r->sum[i + 1] = so_far;
        r->moves++;
        if (r->moves % WINDOW_HOP != 0) {
            continue;
        }
        r->top[i / WINDOW_HOP] = longest(r->step + i + 1 - WINDOW_HOP);
        while (f->at + 1 < f->parts && r->from[i + 1] >= (f->at + 1) * f->n / f->parts) {
            f->at++;
            f->first = f->at * f->n / f->parts;
        }
        look_at_windows(f, r, i + 1);
    }
    r->seen = r->end;
}

/* Leave behind what no window can need again. */
static void leave_behind(struct recent *r)
{
    const size_t from = r->end - WINDOW_MAX;
    memmove(r->from, r->from + from, (WINDOW_MAX + 1) * sizeof *r->from);
    memmove(r->dx, r->dx + from, WINDOW_MAX * sizeof *r->dx);
    memmove(r->dy, r->dy + from, WINDOW_MAX * sizeof *r->dy);
    memmove(r->step, r->step + from, WINDOW_MAX * sizeof *r->step);
    memmove(r->sum, r->sum + from, (WINDOW_MAX + 1) * sizeof *r->sum);
    memmove(r->top, r->top + from / WINDOW_HOP, WINDOW_MAX / WINDOW_HOP * sizeof *r->top);
    r->end = r->seen = WINDOW_MAX;
}

double bot_motion_step_spreads(const canara_point_t *p, size_t n, size_t parts, double *part)
{
    struct recent SCRATCH r;
    struct found f = {.n = n, .parts = parts, .least = BOT_MOTION_UNEVEN, .part = part};
    r.end = r.seen = r.moves = 0;
    memset(r.bend, 0, sizeof r.bend); /* lanes store into it, which a checker does not see */
    r.from[0] = 0;
    r.sum[0] = (struct sums){0.0, 0.0, 0.0, 0.0};
    for (size_t k = 0; k < parts; k++) {
        part[k] = BOT_MOTION_UNEVEN;
    }
    double x = n > 0 ? whole_px(p[0].x) : 0.0;
    double y = n > 0 ? whole_px(p[0].y) : 0.0;
    double t = n > 0 ? p[0].t_ms : 0.0;
    for (size_t i = 1; i < n; i++) {
        const double is_x = whole_px(p[i].x);
        const double is_y = whole_px(p[i].y);
        const double dx = is_x - x;
        const double dy = is_y - y;
        const double ms = p[i].t_ms - t;
        if (!(ms > 0.0) || !(fabs(dx) + fabs(dy) > 0.0)) {
            continue;
        }
        if (r.end == RECENT_ROOM) {
            look_at_moves(&f, &r);
            leave_behind(&r);
        }
        r.dx[r.end] = (float)dx;
        r.dy[r.end] = (float)dy;
        r.ms[r.end] = (float)ms;
        r.from[++r.end] = i;
        x = is_x;
        y = is_y;
        t = p[i].t_ms;
    }
    look_at_moves(&f, &r);
    return f.least;
}

double bot_motion_step_spread(const canara_point_t *p, size_t n)
{
    return bot_motion_step_spreads(p, n, 0, NULL);
}
