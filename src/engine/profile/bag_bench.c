/* bag_bench.c - nanoseconds for an action from points to evidence, milliseconds to work a bag out. */
#include "engine/profile/bag.h"

#include "base/clock.h"
#include "base/rng.h"
#include "engine/profile/samples_of.h"
#include "engine/samples/strokes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FEATURES = 31, CROWD = 4000, OWN = 1000, POINTS = 40, REPEATS = 20000 };

struct world {
    struct crowd crowd;
    uint8_t edges[FEATURES];
    float edge[FEATURES * CROWD_EDGES];
    uint8_t row[CROWD * FEATURES];
    float share[FEATURES * CROWD_COARSE];
    float level[FEATURES * CROWD_BINS], to[FEATURES * CROWD_AXES_MAX], between[CROWD_AXES_MAX];
};

static void make(struct world *w, struct rng *r)
{
    for (size_t f = 0; f < FEATURES; f++) {
        w->edges[f] = CROWD_EDGES;
        for (size_t i = 0; i < CROWD_EDGES; i++) {
            w->edge[f * CROWD_EDGES + i] = -4.0F + 0.25F * (float)i;
        }
    }
    for (size_t i = 0; i < sizeof w->row; i++) {
        w->row[i] = (uint8_t)rng_below(r, CROWD_BINS);
    }
    for (size_t i = 0; i < sizeof w->level / sizeof *w->level; i++) {
        w->level[i] = (float)rng_below(r, 256) / 64.0F - 2.0F;
    }
    for (size_t i = 0; i < sizeof w->to / sizeof *w->to; i++) {
        w->to[i] = (float)rng_below(r, 256) / 128.0F - 1.0F;
    }
    for (size_t k = 0; k < CROWD_AXES_MAX; k++) {
        w->between[k] = 1.0F;
    }
    w->crowd = (struct crowd){.context = 1,
                              .kind = SAMPLE_ACTION,
                              .features = FEATURES,
                              .rows = CROWD,
                              .edges = w->edges,
                              .edge = w->edge,
                              .row = w->row,
                              .axes = CROWD_AXES_MAX,
                              .level = w->level,
                              .to = w->to,
                              .between = w->between};
    crowd_index(&w->crowd, w->share);
}

struct sum {
    const struct world *world;
    const struct own *own;
    double sum;
    size_t n;
};

static void extract(void *ctx, const struct sample *s)
{
    struct sum *sum = ctx;
    sum->sum += s->x[0];
    sum->n++;
}

static void score(void *ctx, const struct sample *s)
{
    struct sum *sum = ctx;
    uint8_t bins[CROWD_FEATURES_MAX];
    double out[SCORES];
    crowd_bins(&sum->world->crowd, s, bins);
    own_scores(sum->own, &sum->world->crowd, bins, out);
    sum->sum += out[CROWD_HISTOGRAM] + out[CROWD_TREES] + out[CROWD_AXES];
    sum->n++;
}

static void measure(const char *what, const canara_event_t *event, sample_fn fn, struct sum *sum)
{
    const struct clock *const clock = clock_system();
    struct sample work;
    int64_t best = INT64_MAX;
    for (int i = 0; i < REPEATS; i++) {
        const mono_t from = clock_mono(clock);
        samples_of(event, &work, fn, sum);
        const int64_t ns = clock_mono(clock).ns - from.ns;
        best = ns < best ? ns : best;
    }
    (void)printf("%-32s %8lld ns (%d points, sum %.1f)\n", what, (long long)best, POINTS, sum->sum);
}

int main(void)
{
    static struct world w;
    static struct own own = {.context = 1, .kind = SAMPLE_ACTION, .features = FEATURES};
    static canara_point_t point[POINTS];
    struct rng r;
    rng_seed(&r, 1);
    make(&w, &r);
    const struct clock *const clock = clock_system();
    const mono_t from = clock_mono(clock);
    if (!own_work_out(&own, &(struct own_rows){.crowd = &w.crowd, .row = w.row, .count = OWN})) {
        return 1;
    }
    (void)printf("%d own rows against %d         %8.1f ms\n", OWN, CROWD,
                 (double)(clock_mono(clock).ns - from.ns) / 1e6);
    for (size_t i = 0; i < POINTS; i++) {
        const double t = (double)i / POINTS;
        point[i] = (canara_point_t){.t_ms = 400.0 * t,
                                    .x = 300.0 * t * t + rng_normal(&r),
                                    .y = 100.0 * sin(3.0 * t) + rng_normal(&r),
                                    .pressure = 0.5,
                                    .area = 0.1,
                                    .buttons = i == 0 ? 0 : 1};
    }
    struct sum sum = {.world = &w, .own = &own};
    canara_event_t event = {.kind = CANARA_TOUCH,
                            .has = CANARA_F_POINTS,
                            .of.path = {.points = point, .count = POINTS}};
    measure("stroke, features", &event, extract, &sum);
    event.kind = CANARA_POINTER;
    for (size_t i = 0; i < POINTS; i++) {
        point[i].buttons = 0;
    }
    measure("action, features", &event, extract, &sum);
    measure("action, features and scores", &event, score, &sum);
    return 0;
}
