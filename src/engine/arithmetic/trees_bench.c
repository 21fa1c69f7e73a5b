/* trees_bench.c - nanoseconds for one row through full random forests of usual sizes. */
#include "engine/arithmetic/trees.h"

#include "base/clock.h"
#include "base/rng.h"
#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 512, FEATURES = 40, REPEATS = 200, NODES = 65536, BYTES = TREES_BYTES_MAX };

static size_t grow(struct trees_node *node, size_t trees, size_t depth, struct rng *r)
{
    size_t n = 0;
    for (size_t t = 0; t < trees; t++) {
        const size_t splits = ((size_t)1 << depth) - 1;
        for (size_t i = 0; i < 2 * splits + 1; i++) {
            node[n++] = (struct trees_node){.value = (float)rng_normal(r),
                                            .feature = (uint16_t)rng_below(r, FEATURES),
                                            .is_split = i < splits,
                                            .missing_left = rng_below(r, 2) == 0};
        }
    }
    return n;
}

static void measure(size_t trees, size_t depth, const double (*x)[FEATURES])
{
    static struct trees_node node[NODES];
    static uint8_t bytes[BYTES];
    struct rng r;
    rng_seed(&r, 7);
    const size_t n = grow(node, trees, depth, &r);
    size_t size = 0;
    struct trees t;
    MUST(trees_write(node, n, (struct trees_shape){.features = FEATURES}, bytes, sizeof bytes,
                     &size) == TREES_GOOD);
    const struct clock *const clock = clock_system();
    const mono_t before = clock_mono(clock);
    MUST(trees_check((span_t){bytes, size}, FEATURES, &t) == TREES_GOOD);
    const mono_t checked = clock_mono(clock);
    double sum = 0.0;
    int64_t best_ns = INT64_MAX; /* the machine may have other work: the quietest repeat counts */
    for (int i = 0; i < REPEATS; i++) {
        const mono_t from = clock_mono(clock);
        for (size_t row = 0; row < ROWS; row++) {
            sum += trees_margin(&t, x[row]);
        }
        const int64_t ns = clock_mono(clock).ns - from.ns;
        best_ns = ns < best_ns ? ns : best_ns;
    }
    (void)printf("%4zu trees of depth %zu %8zu bytes %9.1f ns a row, check %8.1f us (sum %.3f)\n",
                 trees, depth, size, (double)best_ns / ROWS, (double)(checked.ns - before.ns) / 1e3,
                 sum);
}

int main(void)
{
    static double x[ROWS][FEATURES];
    struct rng r;
    rng_seed(&r, 1);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < FEATURES; j++) {
            x[i][j] = rng_normal(&r);
        }
    }

    static const struct {
        size_t trees, depth;
    } cases[] = {{50, 3}, {100, 3}, {100, 4}, {200, 3}, {300, 4}, {300, 6}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        measure(cases[i].trees, cases[i].depth, (const double(*)[FEATURES])x);
    }
    return 0;
}
