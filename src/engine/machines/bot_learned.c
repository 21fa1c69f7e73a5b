#include "engine/machines/bot_learned.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <stdint.h>

#define RAW(f)   (MOTION_RAW * MOVE_FEATURES + (f))
#define THIN(f)  (MOTION_THINNED * MOVE_FEATURES + (f))
#define EVEN(f)  (MOTION_EVEN * MOVE_FEATURES + (f))
#define CLOCK(f) (BOT_MOTION_FEATURES + (f))

/* Without MOVE_SAME_TIMES, which knows the recorder's resolution; the even series has no times. */
static const uint8_t column_feature[BOT_COLUMNS] = {RAW(MOVE_STEP_CHANGE),
                                                    RAW(MOVE_SPEED_CHANGE),
                                                    RAW(MOVE_TIME_CHANGE),
                                                    RAW(MOVE_TIME_TELLS),
                                                    RAW(MOVE_TIME_SLOPE),
                                                    RAW(MOVE_STEP_SPREAD),
                                                    RAW(MOVE_TIME_SPREAD),
                                                    RAW(MOVE_BEND_CHANGE),
                                                    RAW(MOVE_STEP_MEMORY),
                                                    RAW(MOVE_SPEED_MEMORY),
                                                    RAW(MOVE_TIME_MEMORY),
                                                    RAW(MOVE_TURN),
                                                    RAW(MOVE_BEND),
                                                    RAW(MOVE_TURN_MEMORY),
                                                    RAW(MOVE_SLOW_IN_BENDS),
                                                    RAW(MOVE_SPEED_SPREAD),
                                                    RAW(MOVE_FAST_REVERSALS),
                                                    RAW(MOVE_RESTS),
                                                    RAW(MOVE_SAME_STEPS),
                                                    RAW(MOVE_ROUGHNESS),
                                                    RAW(MOVE_JERK),
                                                    THIN(MOVE_STEP_CHANGE),
                                                    THIN(MOVE_SPEED_CHANGE),
                                                    THIN(MOVE_TIME_CHANGE),
                                                    THIN(MOVE_TIME_TELLS),
                                                    THIN(MOVE_TIME_SLOPE),
                                                    THIN(MOVE_STEP_SPREAD),
                                                    THIN(MOVE_TIME_SPREAD),
                                                    THIN(MOVE_BEND_CHANGE),
                                                    THIN(MOVE_STEP_MEMORY),
                                                    THIN(MOVE_SPEED_MEMORY),
                                                    THIN(MOVE_TIME_MEMORY),
                                                    THIN(MOVE_TURN),
                                                    THIN(MOVE_BEND),
                                                    THIN(MOVE_TURN_MEMORY),
                                                    THIN(MOVE_SLOW_IN_BENDS),
                                                    THIN(MOVE_SPEED_SPREAD),
                                                    THIN(MOVE_FAST_REVERSALS),
                                                    THIN(MOVE_SAME_STEPS),
                                                    THIN(MOVE_ROUGHNESS),
                                                    THIN(MOVE_JERK),
                                                    EVEN(MOVE_STEP_CHANGE),
                                                    EVEN(MOVE_STEP_SPREAD),
                                                    EVEN(MOVE_BEND_CHANGE),
                                                    EVEN(MOVE_STEP_MEMORY),
                                                    EVEN(MOVE_TURN),
                                                    EVEN(MOVE_BEND),
                                                    EVEN(MOVE_TURN_MEMORY),
                                                    EVEN(MOVE_SLOW_IN_BENDS),
                                                    EVEN(MOVE_SPEED_SPREAD),
                                                    EVEN(MOVE_FAST_REVERSALS),
                                                    EVEN(MOVE_RESTS),
                                                    EVEN(MOVE_SAME_STEPS),
                                                    EVEN(MOVE_ROUGHNESS),
                                                    EVEN(MOVE_JERK),
                                                    BOT_MOTION_EVENNESS,
                                                    CLOCK(CLOCK_OFF_BEAT),
                                                    CLOCK(CLOCK_LATE_MEMORY),
                                                    CLOCK(CLOCK_SCATTER),
                                                    CLOCK(CLOCK_MEMORY),
                                                    CLOCK(CLOCK_SPREAD),
                                                    CLOCK(CLOCK_BURSTS),
                                                    CLOCK(CLOCK_STILL),
                                                    RAW(MOVE_ASIDE),
                                                    RAW(MOVE_ROUGH_WHEN_FAST),
                                                    RAW(MOVE_SPEED_FLIPS),
                                                    THIN(MOVE_ASIDE),
                                                    THIN(MOVE_ROUGH_WHEN_FAST),
                                                    THIN(MOVE_SPEED_FLIPS),
                                                    EVEN(MOVE_ASIDE),
                                                    EVEN(MOVE_ROUGH_WHEN_FAST),
                                                    EVEN(MOVE_SPEED_FLIPS)};

void bot_windows_begin(struct bot_windows *w, const canara_point_t *p, size_t n)
{
    const size_t rounded = (n + BOT_WINDOW_POINTS / 2) / BOT_WINDOW_POINTS;
    w->p = p;
    w->n = n;
    w->count = rounded == 0 ? 1 : (rounded < BOT_WINDOWS_MAX ? rounded : BOT_WINDOWS_MAX);
    w->spread = bot_motion_step_spreads(p, n, w->count, w->spread_of);
}

bool bot_windows_columns(const struct bot_windows *w, size_t at, double x[BOT_COLUMNS])
{
    double f[BOT_MOTION_FEATURES + CLOCK_FEATURES];
    const size_t from = at * w->n / w->count;
    const size_t n = (at + 1) * w->n / w->count - from;
    if (!bot_motion_features(w->p + from, n, w->spread_of[at], f)) {
        return false;
    }
    bot_clock_features(w->p + from, n, f + BOT_MOTION_FEATURES);
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        x[c] = f[column_feature[c]];
    }
    return true;
}

void bot_learned_add(const struct trees *trees, const struct bot_windows *w, struct bot_sum *sum)
{
    const bool enough = sum->windows >= BOT_LEARNED_ENOUGH;
    const size_t first = enough ? (size_t)sum->windows % w->count : 0;
    const size_t end = enough ? first + 1 : w->count;
    for (size_t at = first; at < end; at++) {
        double SCRATCH x[BOT_COLUMNS];
        if (bot_windows_columns(w, at, x)) {
            sum->margin += trees_margin(trees, x);
            sum->windows += 1.0;
        }
    }
}

double bot_learned_nats(const struct bot_sum *sum)
{
    if (!(sum->windows > 0.0)) {
        return 0.0;
    }
    const double most = fmin(sum->windows, BOT_LEARNED_MAX);
    const double over = sum->margin / sum->windows - BOT_LEARNED_ZERO;
    return over > 0.0 ? most * (1.0 - exp(-over / most)) : 0.0;
}
