/*
 * trees_fuzz.c - any bytes survive the check, and whatever passes can be walked with any row.
 *
 * The first byte is the number of features less one (255: as the trees say), the second how many of
 * the last bytes are the row; the rest are the trees. They are tried as they come and once more with
 * size and checksum put right, since no fuzzer guesses those.
 */
#include "engine/arithmetic/trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

static void put_u32(uint8_t *p, uint32_t v)
{
    for (size_t i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (8 * i) & 0xffU);
    }
}

static void seal(uint8_t *p, size_t size)
{
    put_u32(p + 24, (uint32_t)size);
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        if (i >= 28 && i < 32) {
            continue;
        }
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
        }
    }
    put_u32(p + 28, ~crc);
}

/* A row whose numbers are the given bytes, over and over. */
static void fill(double x[TREES_FEATURES_MAX], const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < TREES_FEATURES_MAX; i++) {
        uint64_t bits = 0;
        for (size_t b = 0; b < sizeof bits && len > 0; b++) {
            bits = bits << 8 | bytes[(i * sizeof bits + b) % len];
        }
        memcpy(x + i, &bits, sizeof bits);
    }
}

static void look(span_t forest, size_t features, const double *x)
{
    struct trees t;
    const enum trees_answer a = trees_check(forest, features, &t);
    MUST(trees_answer_text(a) != NULL);
    if (a != TREES_GOOD) {
        return;
    }
    MUST(t.features == features && t.trees <= TREES_MAX);
    MUST(isfinite(trees_margin(&t, x)));
    double nan[TREES_FEATURES_MAX];
    for (size_t i = 0; i < TREES_FEATURES_MAX; i++) {
        nan[i] = (double)NAN;
    }
    MUST(isfinite(trees_margin(&t, nan)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2) {
        return 0;
    }
    const size_t row = bytes[1] < len - 2 ? bytes[1] : len - 2;
    const size_t size = len - 2 - row;
    double x[TREES_FEATURES_MAX];
    fill(x, bytes + len - row, row);
    uint8_t *const copy = malloc(size + 1); /* exact, so that reading too far is seen */
    MUST(copy != NULL);
    memcpy(copy, bytes + 2, size);
    size_t features = (size_t)bytes[0] + 1;
    if (bytes[0] == UINT8_MAX && size >= TREES_HEAD_BYTES) {
        features = (size_t)copy[6] | (size_t)copy[7] << 8;
    }
    look((span_t){copy, size}, features, x);
    if (size >= TREES_HEAD_BYTES) {
        seal(copy, size);
        look((span_t){copy, size}, features, x);
    }
    free(copy);
    return 0;
}
