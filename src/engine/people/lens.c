#include "engine/people/lens.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <string.h>

enum { STEP = 16, HALF_STEP = STEP / 2, MIDDLE = 128, FARTHEST = 124 };

typedef uint8_t bytes_t __attribute__((vector_size(16)));
typedef uint64_t halves_t __attribute__((vector_size(16)));

#if defined(__SSE2__)
#include "engine/arithmetic/gaps_sse2.h"
#else
#include "engine/arithmetic/gaps_plain.h"
#endif

size_t lens_bytes(const struct part *p)
{
    return (size_t)p->count * p->features + LENS_TAIL;
}

void lens_make(struct lens *out, const struct part *p, uint8_t *row)
{
    double SCRATCH z[SAMPLE_FEATURES_MAX];
    *out = (struct lens){.part = p, .row = row, .count = p->count, .accepted = p->accepted};
    for (size_t i = 0; i < p->count; i++) {
        part_row(p, p->order[i], LENS_CAP, z);
        for (size_t f = 0; f < p->features; f++) {
            *row++ = isnan(z[f]) ? 0 : lens_byte(z[f]);
        }
    }
    memset(row, 0, LENS_TAIL);
}

void lens_clear(struct lens_mark *mark, size_t features)
{
    memset(mark->at, 0, features + LENS_TAIL);
    memset(mark->far, 0, features + LENS_TAIL);
    memset(mark->counts, 0, features + LENS_TAIL);
}

void lens_put(struct lens_mark *mark, size_t f, double z)
{
    const uint8_t byte = lens_byte(z);
    mark->at[f] = byte;
    mark->far[f] = (uint8_t)(byte >= MIDDLE ? byte - FARTHEST : byte + FARTHEST);
    mark->counts[f] = UINT8_MAX;
}

/* Both compilers make one instruction of it. */
static uint32_t gaps(const uint8_t a[STEP], const uint8_t b[STEP])
{
    uint32_t sum = 0;
    for (size_t i = 0; i < STEP; i++) {
        const int gap = a[i] - b[i];
        sum += (uint32_t)(gap < 0 ? -gap : gap);
    }
    return sum;
}

static bytes_t load(const uint8_t *at)
{
    bytes_t x;
    memcpy(&x, at, sizeof x);
    return x;
}

static uint32_t step(bytes_t row, bytes_t at, bytes_t far, bytes_t counts)
{
    uint8_t SCRATCH here[STEP];
    uint8_t SCRATCH there[STEP];
    const bytes_t x = (row | ((bytes_t)(row == 0) & far)) & counts;
    memcpy(here, &at, sizeof here);
    memcpy(there, &x, sizeof there);
    return gaps(here, there);
}

static uint32_t distance(const uint8_t *row, size_t n, const struct lens_mark *mark)
{
    uint32_t sum = 0;
    for (size_t f = 0; f < n; f += STEP) {
        sum += step(load(row + f), load(mark->at + f), load(mark->far + f), load(mark->counts + f));
    }
    return sum;
}

/* Two halves of a step, one of each row. */
static bytes_t load_two(const uint8_t *a, const uint8_t *b)
{
    uint64_t low;
    uint64_t high;
    memcpy(&low, a, sizeof low);
    memcpy(&high, b, sizeof high);
    return (bytes_t)(halves_t){low, high};
}

/* Rows of at most half a step: two at a time. Behind the last one there are bytes to read. */
static void short_distances(const uint8_t *row, size_t rows, size_t n, const struct lens_mark *mark,
                            uint32_t *out)
{
    const bytes_t at = load_two(mark->at, mark->at);
    const bytes_t far = load_two(mark->far, mark->far);
    const bytes_t counts = load_two(mark->counts, mark->counts);
    for (size_t i = 0; i < rows; i += 2, row += 2 * n) {
        const bytes_t two = load_two(row, row + n);
        uint32_t sums[2];
        gaps_of_two(at, (two | ((bytes_t)(two == 0) & far)) & counts, sums);
        out[i] = sums[0];
        if (i + 1 < rows) {
            out[i + 1] = sums[1];
        }
    }
}

void lens_row_distances(const uint8_t *row, size_t rows, size_t features,
                        const struct lens_mark *mark, uint32_t *out)
{
    if (features <= HALF_STEP) {
        short_distances(row, rows, features, mark, out);
        return;
    }
    if (features > STEP) {
        for (size_t i = 0; i < rows; i++, row += features) {
            out[i] = distance(row, features, mark);
        }
        return;
    }
    const bytes_t at = load(mark->at); /* most samples are that short */
    const bytes_t far = load(mark->far);
    const bytes_t counts = load(mark->counts);
    for (size_t i = 0; i < rows; i++, row += features) {
        out[i] = step(load(row), at, far, counts);
    }
}

void lens_distances(const struct lens *l, const struct lens_mark *mark, uint32_t out[PART_RING])
{
    lens_row_distances(l->row, l->count, l->part->features, mark, out);
}

/* Up to a step of one run. */
struct piece {
    uint8_t at[STEP], far[STEP], counts[STEP]; /* 0 behind the run */
    size_t from;
    float weight;
};

static size_t cut(const struct lens_mark *mark, const struct lens_run *run, size_t runs,
                  struct piece piece[SAMPLE_FEATURES_MAX])
{
    size_t n = 0;
    for (size_t r = 0; r < runs; r++) {
        for (size_t f = run[r].begin; f < run[r].end && n < SAMPLE_FEATURES_MAX; f += STEP) {
            const size_t left = run[r].end - f < STEP ? run[r].end - f : STEP;
            struct piece *const p = &piece[n++];
            *p = (struct piece){.from = f, .weight = run[r].weight};
            memcpy(p->at, mark->at + f, left);
            memcpy(p->far, mark->far + f, left);
            memcpy(p->counts, mark->counts + f, left);
        }
    }
    return n;
}

void lens_weighed_distances(const struct lens *l, const struct lens_mark *mark,
                            const struct lens_run *run, size_t runs, uint32_t out[PART_RING],
                            float weighed[PART_RING])
{
    struct piece SCRATCH piece[SAMPLE_FEATURES_MAX];
    const size_t pieces = cut(mark, run, runs, piece);
    const uint8_t *row = l->row;
    for (size_t i = 0; i < l->count; i++, row += l->part->features) {
        uint32_t sum = 0;
        float heavy = 0.0F;
        for (size_t k = 0; k < pieces; k++) {
            const struct piece *const p = &piece[k];
            const uint32_t steps =
                step(load(row + p->from), load(p->at), load(p->far), load(p->counts));
            sum += steps;
            heavy += p->weight * (float)steps;
        }
        out[i] = sum;
        weighed[i] = heavy;
    }
}
