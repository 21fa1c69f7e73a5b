#include "engine/machines/bot_motion.h"

#include "engine/arithmetic/numbers.h"
#include "engine/machines/bot_series.h"
#include "engine/machines/path.h"

#include <math.h>
#include <string.h>

#define GAP_MS       300.0 /* a longer silence ends a movement */
#define EVEN_MS      50.0  /* coarser than any recorder seen but remote screens */
#define RAW_PX       2.0   /* a slow pointer is reported px by px */
#define THIN_PX      4.0 /* rounding to whole px bends a step of this length by 10 degrees at most */
#define THIN_STEPS   3.0
#define REACH_MIN_PX 30.0 /* length of all moves */
#define MOVES_MIN    8.0
#define TIME_MIN_MS  1e-3

enum { POINTS_ROOM = 640 }; /* of a longer path the beginning is looked at */

/* A path in whole px. */
struct places {
    size_t n;
    double x[POINTS_ROOM], y[POINTS_ROOM], t[POINTS_ROOM];
};

static void lay_out(struct places *at, const canara_point_t *p, size_t n)
{
    at->n = n < POINTS_ROOM ? n : POINTS_ROOM;
    for (size_t i = 0; i < at->n; i++) {
        at->x[i] = whole_px(p[i].x);
        at->y[i] = whole_px(p[i].y);
        at->t[i] = p[i].t_ms;
    }
}

/* Moves of at least `thin_px`. Points of one instant are one point; times are told in ms: what is nearer
 * than TIME_MIN_MS was one report. */
static void take_points(struct bot_series *s, const struct places *at, double thin_px)
{
    const double least = thin_px * thin_px;
    double x = at->x[0];
    double y = at->y[0];
    double t = at->t[0];
    bot_series_begin(s);
    for (size_t i = 1; i < at->n; i++) {
        const double dx = at->x[i] - x;
        const double dy = at->y[i] - y;
        const double dt = at->t[i] - t;
        if (dt <= 0.0 || (dx * dx + dy * dy < least && dt <= GAP_MS)) {
            continue;
        }
        const double moves = dt > GAP_MS ? 0.0 : 1.0;
        bot_series_put(s, moves * dx, moves * dy, moves * (dt > TIME_MIN_MS ? dt : TIME_MIN_MS));
        x = at->x[i];
        y = at->y[i];
        t = at->t[i];
    }
    bot_series_end(s);
}

/* Positions every EVEN_MS of each movement, interpolated: the recorder's own clock is gone. */
static void take_even(struct bot_series *s, const struct places *at)
{
    double x = at->x[0];
    double y = at->y[0];
    double t = at->t[0];
    bot_series_begin(s);
    for (size_t i = 1; i < at->n; i++) {
        const double dt = at->t[i] - at->t[i - 1];
        if (!(dt >= 0.0) || dt > GAP_MS) {
            bot_series_put(s, 0.0, 0.0, 0.0);
            x = at->x[i];
            y = at->y[i];
            t = at->t[i];
        }
        while (at->t[i] >= t + EVEN_MS && s->n < BOT_SERIES_ROOM) {
            const double part = dt > 0.0 ? (t + EVEN_MS - at->t[i - 1]) / dt : 0.0;
            const double at_x = at->x[i - 1] + part * (at->x[i] - at->x[i - 1]);
            const double at_y = at->y[i - 1] + part * (at->y[i] - at->y[i - 1]);
            bot_series_put(s, at_x - x, at_y - y, EVEN_MS);
            x = at_x;
            y = at_y;
            t += EVEN_MS;
        }
    }
    bot_series_end(s);
}

bool bot_motion_features(const canara_point_t *p, size_t n, double spread,
                         double f[BOT_MOTION_FEATURES])
{
    if (n < BOT_MOTION_MIN_POINTS || !path_is_sane(p, n)) {
        return false;
    }
    struct places SCRATCH places;
    struct bot_series SCRATCH s;
    double SCRATCH raw[MOVE_FEATURES];
    bot_series_fn *const measure = bot_series_best();
    lay_out(&places, p, n);
    take_points(&s, &places, RAW_PX);
    measure(&s, raw);
    if (!(s.length >= REACH_MIN_PX) || !(s.moves >= MOVES_MIN)) {
        return false;
    }
    memcpy(f + (size_t)MOTION_RAW * MOVE_FEATURES, raw, sizeof raw);
    take_points(&s, &places, fmax(THIN_PX, THIN_STEPS * s.length / s.moves));
    measure(&s, f + (size_t)MOTION_THINNED * MOVE_FEATURES);
    take_even(&s, &places);
    measure(&s, f + (size_t)MOTION_EVEN * MOVE_FEATURES);
    f[BOT_MOTION_EVENNESS] = 1.0 / (1.0 + spread);
    return true;
}
