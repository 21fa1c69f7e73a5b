/* lanes_plain.h - the smaller of two, lane by lane, on any machine; the same bits as lanes_sse2.h. */
#ifndef ENGINE_LANES_PLAIN_H
#define ENGINE_LANES_PLAIN_H

#include <math.h>

static inline lanes_t lanes_min(lanes_t a, lanes_t b)
{
    lanes_t out = a;
    for (int i = 0; i < LANES; i++) {
        out[i] = a[i] < b[i] ? a[i] : b[i];
    }
    return out;
}

static inline lanes_t lanes_max(lanes_t a, lanes_t b)
{
    lanes_t out = a;
    for (int i = 0; i < LANES; i++) {
        out[i] = a[i] > b[i] ? a[i] : b[i];
    }
    return out;
}

static inline lanes_t lanes_sqrt(lanes_t x)
{
    lanes_t out = x;
    for (int i = 0; i < LANES; i++) {
        out[i] = sqrtf(x[i]);
    }
    return out;
}

static inline lanes_t lanes_before(lanes_t last, lanes_t x)
{
    return __builtin_shufflevector(last, x, 3, 4, 5, 6);
}

#endif
