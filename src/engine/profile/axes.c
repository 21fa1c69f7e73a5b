#include "engine/profile/axes.h"

#include "engine/arithmetic/lanes.h"
#include "engine/arithmetic/numbers.h"

#include <assert.h>
#include <math.h>

#define ALIKE   0.1  /* of what two rows of a person have in common besides his middle */
#define OWN     30.0 /* rows that weigh as much as the spread that people have on average */
#define FREEDOM 4.0  /* of Student's t along each axis */

#define FACTOR_MAX 1e12 /* so that a product of all axes does not run over */

enum { WIDE = CROWD_AXES_MAX / LANES };

static_assert(CROWD_AXES_MAX % LANES == 0, "axes fill the lanes");

void axes_place(const struct crowd *c, const uint8_t *bins, float out[CROWD_AXES_MAX])
{
    lanes_t y[WIDE] = {{0.0F}};
    for (size_t f = 0; f < c->features && c->axes > 0; f++) {
        const lanes_t level = lanes_of(c->level[f * CROWD_BINS + bins[f]]);
        const float *to = c->to + f * CROWD_AXES_MAX;
        for (size_t k = 0; k < WIDE; k++) {
            y[k] += level * lanes_load(to + k * LANES);
        }
    }
    for (size_t k = 0; k < WIDE; k++) {
        lanes_store(out + k * LANES, y[k]);
    }
}

/* Weighted sums over rows. */
struct sums {
    double weight, squares; /* of weights, and of their squares */
    double y[CROWD_AXES_MAX], yy[CROWD_AXES_MAX];
};

static void add_up(const struct crowd *c, const struct axes_rows *rows, struct sums *s)
{
    for (size_t i = 0; i < rows->count; i++) {
        float y[CROWD_AXES_MAX];
        const double w = rows->weight[i];
        axes_place(c, rows->row + i * c->features, y);
        s->weight += w;
        s->squares += w * w;
        for (size_t k = 0; k < c->axes; k++) {
            s->y[k] += w * (double)y[k];
            s->yy[k] += w * (double)y[k] * (double)y[k];
        }
    }
}

void axes_learn(const struct crowd *c, const struct axes_rows *rows, struct axes_own *out)
{
    struct sums s = {.weight = 0.0};
    add_up(c, rows, &s);
    const double n = s.squares > 0.0 ? s.weight * s.weight / s.squares : 0.0;
    const double apart = n / (1.0 + fmax(n - 1.0, 0.0) * ALIKE);
    for (size_t k = 0; k < c->axes; k++) {
        const double mean = n > 0.0 ? s.y[k] / s.weight : 0.0;
        const double between = (double)c->between[k];
        double spread = 1.0;
        if (n > 1.0) {
            const double square = fmax(s.yy[k] / s.weight - mean * mean, 0.0) * n / (n - 1.0);
            spread = (OWN + n * square) / (OWN + n);
        }
        const double known = between * apart;
        out->middle[k] = (float)(mean * known / (1.0 + known));
        out->spread[k] = (float)(spread + between / (1.0 + known));
    }
}

double axes_apart(const struct crowd *c, const struct axes_rows *rows)
{
    struct sums s = {.weight = 0.0};
    add_up(c, rows, &s);
    if (c->axes == 0 || !(s.squares > 0.0)) {
        return 0.0;
    }
    const double n = s.weight * s.weight / s.squares;
    double sum = 0.0;
    for (size_t k = 0; k < c->axes; k++) {
        const double mean = s.y[k] / s.weight;
        sum += mean * mean / ((double)c->between[k] + ALIKE + (1.0 - ALIKE) / n);
    }
    return sqrt(sum / (double)c->axes);
}

static double bounded(double x)
{
    return x < FACTOR_MAX ? x : FACTOR_MAX;
}

/* Of Student's t with F degrees of freedom, spreads s and S of the owner and of everybody on an axis:
 * (F + 1) / 2 ln((1 + gap^2 / sF) / (1 + y^2 / SF)) + ln(s / S) / 2, all axes under two logarithms. */
double axes_score(const struct crowd *c, const struct axes_own *own, const uint8_t *bins)
{
    float y[CROWD_AXES_MAX];
    double his = 1.0;
    double theirs = 1.0;
    double his_spread = 1.0;
    double their_spread = 1.0;
    axes_place(c, bins, y);
    for (size_t k = 0; k < c->axes; k++) {
        const double gap = (double)y[k] - (double)own->middle[k];
        const double spread = (double)own->spread[k];
        const double all = 1.0 + (double)c->between[k];
        his *= bounded(spread * FREEDOM + gap * gap);
        theirs *= bounded(all * FREEDOM + (double)y[k] * (double)y[k]);
        his_spread *= spread;
        their_spread *= all;
    }
    const double sum =
        0.5 * (FREEDOM + 1.0) * log(his / theirs) - 0.5 * FREEDOM * log(his_spread / their_spread);
    return clip(sum, -AXES_CLIP, AXES_CLIP);
}
