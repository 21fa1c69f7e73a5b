/* gaps_plain.h - sums of differences of bytes, two of eight, on any machine. */
#ifndef ENGINE_GAPS_PLAIN_H
#define ENGINE_GAPS_PLAIN_H

static inline void gaps_of_two(bytes_t a, bytes_t b, uint32_t out[2])
{
    for (int row = 0; row < 2; row++) {
        out[row] = 0;
        for (int i = 8 * row; i < 8 * row + 8; i++) {
            out[row] += (uint32_t)(a[i] > b[i] ? a[i] - b[i] : b[i] - a[i]);
        }
    }
}

#endif
