#include "lab/people/crowd_run.h"

#include "engine/profile/person.h"
#include "lab/people/doubting.h"

#include <math.h>
#include <stdbool.h>

enum { LOOKS = 24 };

#define RIDGE        1e-3
#define SCALE_MIN    1e-6
#define RUN_ENOUGH   1e-7
#define SLOPE_ENOUGH 1e-8

/* Standardised in place, as doubting_fit() asks for. */
err_t crowd_run_line(const struct run_blocks *b, double run, struct session_line *out)
{
    const double alike = (run - 1.0) / (PERSON_RUN - 1.0);
    const double n = (double)b->count;
    double sum = 0.0;
    double square = 0.0;
    for (size_t i = 0; i < b->count; i++) {
        b->heard[i] = b->sum[i] / (1.0 + alike * (b->size[i] - 1.0));
        sum += b->heard[i];
        square += b->heard[i] * b->heard[i];
    }
    if (!isfinite(square)) {
        return err_new(ERR_RANGE);
    }
    const double mean = sum / n;
    const double scale = fmax(sqrt(fmax(square / n - mean * mean, 0.0)), SCALE_MIN);
    for (size_t i = 0; i < b->count; i++) {
        b->heard[i] = (b->heard[i] - mean) / scale;
    }
    const struct logistic_data data = {.x = b->heard,
                                       .label = b->label,
                                       .rows = b->count,
                                       .columns = 1,
                                       .ridge = RIDGE,
                                       .standardised = true};
    struct logistic from;
    struct doubting m;
    TRY(logistic_fit(&data, &from));
    TRY(doubting_fit(&data, &from, &m));
    *out = (struct session_line){.bias = m.bias - m.weight[0] * mean / scale,
                                 .slope = m.weight[0] / scale,
                                 .ceiling = m.ceiling,
                                 .floor = m.floor};
    for (size_t i = 0; i < b->count; i++) {
        b->heard[i] = b->heard[i] * scale + mean;
    }
    return ERR_OK;
}

/* Sessions of one sample have nothing that is alike: whatever the run, they are heard the same. */
static bool all_are_single(const struct run_blocks *b)
{
    bool single = true;
    for (size_t i = 0; i < b->count; i++) {
        single = single && b->size[i] <= 1.0;
    }
    return single;
}

/* A run, and how far the slope of its line is from 1: that grows with the run. */
struct end {
    double run, miss;
};

static err_t look(const struct run_blocks *b, struct end *at)
{
    struct session_line m;
    TRY(crowd_run_line(b, at->run, &m));
    at->miss = m.slope - 1.0;
    return ERR_OK;
}

/* Where a straight line between both ends has it; an end that stays a second time counts half. */
static err_t search_between(const struct run_blocks *b, struct end low, struct end high,
                            double *out)
{
    const struct end *moved = NULL;
    struct end at = high;
    for (int i = 0; i < LOOKS && high.run - low.run > RUN_ENOUGH; i++) {
        at.run = low.run - low.miss * (high.run - low.run) / (high.miss - low.miss);
        TRY(look(b, &at));
        if (fabs(at.miss) < SLOPE_ENOUGH) {
            break;
        }
        struct end *const moves = at.miss < 0.0 ? &low : &high;
        struct end *const stays = at.miss < 0.0 ? &high : &low;
        stays->miss *= moves == moved ? 0.5 : 1.0;
        *moves = at;
        moved = moves;
    }
    *out = at.run;
    return ERR_OK;
}

err_t crowd_run_search(const struct run_blocks *b, double *out)
{
    struct end low = {.run = 1.0};
    struct end high = {.run = CROWD_RUN_MAX};
    TRY(look(b, &low));
    if (low.miss >= 0.0 || all_are_single(b)) {
        *out = low.miss >= 0.0 ? low.run : high.run;
        return ERR_OK;
    }
    TRY(look(b, &high));
    if (high.miss <= 0.0) {
        *out = high.run;
        return ERR_OK;
    }
    return search_between(b, low, high, out);
}
