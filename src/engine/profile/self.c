#include "engine/profile/self.h"

#include "engine/arithmetic/numbers.h"
#include "engine/samples/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST 0.05 /* distance: what is nearer is as near */

/* The line: between those that logistic regression fits to Antal's strokes and to Balabit's actions with 10, 20, 40,
 * 80 and all rows known. The more rows, the nearer is the nearest, and the more it says. */
#define LINE_FROM     10.0
#define LINE_TO       128.0
#define CROSSING      0.13 /* ln distance at which owner and others are as likely, with LINE_FROM rows */
#define CROSSING_FALL 0.3 /* for each e-fold of rows */
#define SLOPE         0.6 /* nats for each e-fold of the distance, with LINE_FROM rows */
#define SLOPE_POWER   0.7

/* Where owners and others are about the crossing, for each nat of the slope. */
#define OWNER    (-0.25)
#define IMPOSTOR 0.2

#define SCORES_HIGH 4.0
#define LIMIT       3.0
#define RUN         10.0 /* those of one session are averaged, not summed */
#define CEILING     4.5
#define FLOOR       6.0

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a;
    const float y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Lower median and mean absolute deviation of a column; `work` has room for it. */
static void measure(const struct self_rows *rows, size_t f, float *work, struct self *out)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const float x = rows->value[i * rows->features + f];
        if (!isnan(x)) {
            work[n++] = x;
        }
    }
    double sum = 0.0;
    float middle = 0.0F;
    if (n > 0) {
        qsort(work, n, sizeof *work, by_size);
        middle = work[(n - 1) / 2];
    }
    for (size_t i = 0; i < n; i++) {
        sum += fabs((double)work[i] - (double)middle);
    }
    const float spread = n > 0 ? (float)(sum / (double)n) : 1.0F;
    out->middle[f] = middle;
    out->spread[f] = rows->vectors || spread >= SELF_SPREAD_MIN ? spread : SELF_SPREAD_MIN;
}

static bool varies(const struct self *s, size_t f)
{
    return s->spread[f] > 0.0F;
}

static double scaled(const struct self *s, size_t f, double x)
{
    return clip((x - (double)s->middle[f]) / (double)s->spread[f], -LENS_CAP, LENS_CAP);
}

size_t self_rows_max(size_t features)
{
    return SELF_ROOM / features;
}

bool self_learn(const struct self_rows *rows, struct self *out)
{
    const size_t n = rows->features;
    const size_t most = self_rows_max(n);
    const size_t kept = rows->count < most ? rows->count : most;
    float *work = malloc(rows->count * sizeof *work);
    if (work == NULL) {
        return false;
    }
    memset(out, 0, sizeof *out);
    for (size_t f = 0; f < n; f++) {
        measure(rows, f, work, out);
    }
    free(work);
    for (size_t i = 0; i < kept; i++) {
        const float *value = rows->value + (i * rows->count / kept) * n;
        for (size_t f = 0; f < n; f++) {
            const bool there = !isnan(value[f]) && varies(out, f);
            out->row[i * n + f] = there ? lens_byte(scaled(out, f, (double)value[f])) : 0;
        }
    }
    out->rows = (uint16_t)kept;
    return true;
}

bool self_score(const struct self *s, const struct sample *x, double *out)
{
    struct lens_mark SCRATCH mark;
    uint32_t SCRATCH gap[SELF_ROOM];
    size_t there = 0;
    size_t known = 0;
    lens_clear(&mark, x->count);
    for (size_t f = 0; f < x->count; f++) {
        const double value = cell_kept(x->kind, x->x[f]);
        known += varies(s, f);
        if (!isnan(value) && varies(s, f)) {
            lens_put(&mark, f, scaled(s, f, value));
            there++;
        }
    }
    if (2 * there < known || there == 0 || s->rows == 0) {
        return false;
    }
    lens_row_distances(s->row, s->rows, x->count, &mark, gap);
    uint32_t least = gap[0];
    for (size_t i = 1; i < s->rows; i++) {
        least = gap[i] < least ? gap[i] : least;
    }
    *out = log(fmax(least / (LENS_STEP * (double)there), LEAST));
    return true;
}

void self_fusion(size_t known, struct fusion *out)
{
    const double folds = log(clip((double)known, LINE_FROM, LINE_TO) / LINE_FROM);
    const double slope = SLOPE * exp(SLOPE_POWER * folds);
    *out = (struct fusion){.high = SCORES_HIGH,
                           .limit = LIMIT,
                           .owner = OWNER * slope,
                           .impostor = IMPOSTOR * slope,
                           .variance = (IMPOSTOR - OWNER) * slope,
                           .run = RUN,
                           .ceiling = CEILING,
                           .floor = FLOOR};
    for (size_t i = 0; i < SCORES; i++) {
        out->scale[i] = 1.0;
    }
    out->mean[SCORE_NEAREST] = CROSSING - CROSSING_FALL * folds;
    out->weight[SCORE_NEAREST] = slope;
}
