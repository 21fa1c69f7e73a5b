#include "engine/bot_learned.h"

#include <math.h>
#include <stdint.h>

#define RAW(f)   (MOTION_RAW * MOVE_FEATURES + (f))
#define THIN(f)  (MOTION_THINNED * MOVE_FEATURES + (f))
#define EVEN(f)  (MOTION_EVEN * MOVE_FEATURES + (f))
#define CLOCK(f) (BOT_MOTION_FEATURES + (f))

/* Without MOVE_SAME_TIMES, which knows the recorder's resolution; the even series has no times. */
static const uint8_t column_feature[BOT_COLUMNS] = {
    RAW(MOVE_STEP_CHANGE),    RAW(MOVE_SPEED_CHANGE),    RAW(MOVE_TIME_CHANGE),
    RAW(MOVE_TIME_TELLS),     RAW(MOVE_TIME_SLOPE),      RAW(MOVE_STEP_SPREAD),
    RAW(MOVE_TIME_SPREAD),    RAW(MOVE_BEND_CHANGE),     RAW(MOVE_STEP_MEMORY),
    RAW(MOVE_SPEED_MEMORY),   RAW(MOVE_TIME_MEMORY),     RAW(MOVE_TURN),
    RAW(MOVE_BEND),           RAW(MOVE_TURN_MEMORY),     RAW(MOVE_SLOW_IN_BENDS),
    RAW(MOVE_SPEED_SPREAD),   RAW(MOVE_FAST_REVERSALS),  RAW(MOVE_RESTS),
    RAW(MOVE_SAME_STEPS),     RAW(MOVE_ROUGHNESS),       RAW(MOVE_JERK),
    THIN(MOVE_STEP_CHANGE),   THIN(MOVE_SPEED_CHANGE),   THIN(MOVE_TIME_CHANGE),
    THIN(MOVE_TIME_TELLS),    THIN(MOVE_TIME_SLOPE),     THIN(MOVE_STEP_SPREAD),
    THIN(MOVE_TIME_SPREAD),   THIN(MOVE_BEND_CHANGE),    THIN(MOVE_STEP_MEMORY),
    THIN(MOVE_SPEED_MEMORY),  THIN(MOVE_TIME_MEMORY),    THIN(MOVE_TURN),
    THIN(MOVE_BEND),          THIN(MOVE_TURN_MEMORY),    THIN(MOVE_SLOW_IN_BENDS),
    THIN(MOVE_SPEED_SPREAD),  THIN(MOVE_FAST_REVERSALS), THIN(MOVE_SAME_STEPS),
    THIN(MOVE_ROUGHNESS),     THIN(MOVE_JERK),           EVEN(MOVE_STEP_CHANGE),
    EVEN(MOVE_STEP_SPREAD),   EVEN(MOVE_BEND_CHANGE),    EVEN(MOVE_STEP_MEMORY),
    EVEN(MOVE_TURN),          EVEN(MOVE_BEND),           EVEN(MOVE_TURN_MEMORY),
    EVEN(MOVE_SLOW_IN_BENDS), EVEN(MOVE_SPEED_SPREAD),   EVEN(MOVE_FAST_REVERSALS),
    EVEN(MOVE_RESTS),         EVEN(MOVE_SAME_STEPS),     EVEN(MOVE_ROUGHNESS),
    EVEN(MOVE_JERK),          BOT_MOTION_EVENNESS,       CLOCK(CLOCK_OFF_BEAT),
    CLOCK(CLOCK_LATE_MEMORY), CLOCK(CLOCK_SCATTER),      CLOCK(CLOCK_MEMORY),
    CLOCK(CLOCK_SPREAD),      CLOCK(CLOCK_BURSTS),       CLOCK(CLOCK_STILL)};

bool bot_learned_columns(const canara_point_t *p, size_t n, double x[BOT_COLUMNS])
{
    double f[BOT_MOTION_FEATURES + CLOCK_FEATURES];
    if (!bot_motion_features(p, n, f)) {
        return false;
    }
    bot_clock_features(p, n, f + BOT_MOTION_FEATURES);
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        x[c] = f[column_feature[c]];
    }
    return true;
}

void bot_learned_add(const struct trees *trees, const canara_point_t *p, size_t n,
                     struct bot_sum *sum)
{
    const size_t rounded = (n + BOT_WINDOW_POINTS / 2) / BOT_WINDOW_POINTS;
    const size_t windows = rounded > 0 ? rounded : 1;
    for (size_t w = 0; w < windows; w++) {
        const size_t from = w * n / windows;
        const size_t to = (w + 1) * n / windows;
        double x[BOT_COLUMNS];
        if (bot_learned_columns(p + from, to - from, x)) {
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
