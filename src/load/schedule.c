#include "load/schedule.h"

#include "base/clock.h"

#include <math.h>

/* Requests of the ramp: the area of a triangle. */
static double of_ramp(const struct schedule *s)
{
    return s->per_second * s->ramp_s / 2.0;
}

int64_t schedule_time(const struct schedule *s, uint64_t n)
{
    const double number = (double)n;
    const double ramp = of_ramp(s);
    const double seconds = number < ramp ? sqrt(2.0 * number * s->ramp_s / s->per_second)
                                         : s->ramp_s + (number - ramp) / s->per_second;
    return (int64_t)(seconds * (double)NS_PER_S);
}

/* Counted the same way round as schedule_time(): the estimate is put right by it. */
uint64_t schedule_due(const struct schedule *s, int64_t elapsed_ns)
{
    if (elapsed_ns < 0) {
        return 0;
    }
    const double t = (double)elapsed_ns / (double)NS_PER_S;
    const double estimate = t < s->ramp_s ? s->per_second * t * t / (2.0 * s->ramp_s)
                                          : of_ramp(s) + s->per_second * (t - s->ramp_s);
    uint64_t n = (uint64_t)estimate;
    while (schedule_time(s, n) <= elapsed_ns) {
        n += 1;
    }
    while (n > 0 && schedule_time(s, n - 1) > elapsed_ns) {
        n -= 1;
    }
    return n;
}
