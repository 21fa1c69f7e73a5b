#include "engine/bot_learned.h"

#include <math.h>
#include <stdint.h>

#define Z_MAX 4.0

#define RAW(f)  (MOTION_RAW * MOVE_FEATURES + (f))
#define THIN(f) (MOTION_THINNED * MOVE_FEATURES + (f))
#define EVEN(f) (MOTION_EVEN * MOVE_FEATURES + (f))

size_t bot_column_feature(size_t column)
{
    static const uint8_t feature[BOT_COLUMNS] = {
        RAW(MOVE_STEP_CHANGE),    RAW(MOVE_SPEED_CHANGE),  RAW(MOVE_TIME_TELLS),
        RAW(MOVE_TIME_SLOPE),     RAW(MOVE_STEP_SPREAD),   RAW(MOVE_BEND_CHANGE),
        RAW(MOVE_STEP_MEMORY),    RAW(MOVE_SPEED_MEMORY),  RAW(MOVE_TURN),
        RAW(MOVE_TURN_MEMORY),    RAW(MOVE_SLOW_IN_BENDS), RAW(MOVE_SPEED_SPREAD),
        RAW(MOVE_JERK),           THIN(MOVE_BEND_CHANGE),  THIN(MOVE_TURN_MEMORY),
        THIN(MOVE_SLOW_IN_BENDS), THIN(MOVE_SPEED_SPREAD), THIN(MOVE_SPEED_MEMORY),
        THIN(MOVE_BEND),          THIN(MOVE_JERK),         EVEN(MOVE_STEP_CHANGE),
        EVEN(MOVE_BEND_CHANGE),   EVEN(MOVE_STEP_MEMORY),  EVEN(MOVE_BEND),
        EVEN(MOVE_TURN),          EVEN(MOVE_TURN_MEMORY),  EVEN(MOVE_SLOW_IN_BENDS),
        EVEN(MOVE_SPEED_SPREAD),  EVEN(MOVE_ROUGHNESS),    EVEN(MOVE_JERK),
        BOT_MOTION_EVENNESS};
    return feature[column];
}

double bot_table_nats(const struct bot_table *t, const double f[BOT_MOTION_FEATURES])
{
    double nats = t->bias;
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        const struct bot_column *k = &t->column[c];
        const double raw = (f[bot_column_feature(c)] - k->centre) / k->spread;
        const double z = fmax(-Z_MAX, fmin(raw, Z_MAX));
        nats += k->along * z + k->away * fabs(z);
    }
    return nats;
}
