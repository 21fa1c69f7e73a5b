#include "engine/people/people_lanes.h"

#include "engine/people/model.h"

#include <math.h>
#include <string.h>

static size_t groups_of(size_t cohort)
{
    return (PEOPLE_LANES_FIRST + cohort + PEOPLE_LANES_GROUP - 1) / PEOPLE_LANES_GROUP;
}

size_t people_lanes_floats(size_t features, size_t cohort)
{
    return groups_of(cohort) *
           (features * (PEOPLE_LANES_HABIT + PEOPLE_LANES_GROUP) + PEOPLE_LANES_GROUP);
}

/* Where one person's features begin, whichever array he stands in. */
static void find_person(const struct population *pop, size_t person, const float **middle,
                        const float **spread)
{
    const struct density *d = person < PEOPLE_LANES_FIRST ? &pop->all[person] : &pop->cohort_of;
    const size_t from =
        person < PEOPLE_LANES_FIRST ? 0 : (person - PEOPLE_LANES_FIRST) * pop->features;
    *middle = d->middle + from;
    *spread = d->spread + from;
}

void people_lanes_lay(const struct population *pop, float *at, struct people_lanes *out)
{
    const size_t n = pop->features;
    const size_t groups = groups_of(pop->cohort);
    float *log_spread = at + groups * n * PEOPLE_LANES_HABIT;
    float *log_sum = log_spread + groups * n * PEOPLE_LANES_GROUP;
    memset(at, 0, people_lanes_floats(n, pop->cohort) * sizeof *at);
    for (size_t person = 0; person < PEOPLE_LANES_FIRST + (size_t)pop->cohort; person++) {
        const size_t group = person / PEOPLE_LANES_GROUP;
        const size_t lane = person % PEOPLE_LANES_GROUP;
        const float *middle = NULL;
        const float *spread = NULL;
        double sum = 0.0;
        find_person(pop, person, &middle, &spread);
        for (size_t f = 0; f < n; f++) {
            const bool varies =
                spread[f] > 0.0F; /* of a vector's column: what does not is in nobody's way */
            const double log_of =
                varies ? (double)population_weight(pop, f) * log((double)spread[f]) : 0.0;
            float *habit = at + (group * n + f) * PEOPLE_LANES_HABIT + lane;
            habit[0] = middle[f];
            habit[PEOPLE_LANES_GROUP] = varies ? (float)(M_SQRT1_2 / (double)spread[f]) : 0.0F;
            log_spread[(group * n + f) * PEOPLE_LANES_GROUP + lane] = (float)log_of;
            sum += log_of;
        }
        log_sum[group * PEOPLE_LANES_GROUP + lane] = (float)sum;
    }
    *out = (struct people_lanes){.groups = groups,
                                 .habit = at,
                                 .log_spread = log_spread,
                                 .log_sum = log_sum,
                                 .beside = beside_best()};
}
