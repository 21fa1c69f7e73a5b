#include "engine/machines/timing.h"

#include "engine/arithmetic/gcd.h"
#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <stdint.h>

#define BLUR_MS 100.0 /* browsers that resist fingerprinting */

enum { BINS_MAX = 64 }; /* 512 values in more bins than this have over a bit of entropy */

bool timing_is_fast(const double *ms, size_t n, double below_ms, size_t min_n)
{
    size_t fast = 0;
    for (size_t i = 0; i < n; i++) {
        fast += ms[i] < below_ms;
    }
    return n >= min_n && (double)fast > TIMING_FAST_SHARE * (double)n;
}

/* Whether every value is a whole number of ticks, within the rounding to a millisecond. */
static bool fits_tick(const double *ms, size_t n, double tick)
{
    for (size_t i = 0; i < n; i++) {
        if (fabs(ms[i] - tick * round(ms[i] / tick)) > 1.0) {
            return false;
        }
    }
    return true;
}

/* A key held down repeats once a frame or two; so few ticks tell nothing about a hand. */
static bool is_auto_repeat(const double *ms, size_t n, double mean)
{
    static const double frames[] = {100.0 / 12.0, 100.0 / 6.0, 100.0 / 3.0};
    for (size_t f = 0; f < sizeof frames / sizeof *frames; f++) {
        if (mean < 1.5 * frames[f] && fits_tick(ms, n, frames[f])) {
            return true;
        }
    }
    return false;
}

/* Timers so coarse that a hand's spread falls into two or three of their ticks: Windows' 64 Hz,
 * displays at 60 and 30 Hz, browsers that blur time to 100 ms. */
static bool is_coarse_timer(const double *ms, size_t n)
{
    static const double ticks[] = {15.625, 100.0 / 6.0, 100.0 / 3.0, 100.0};
    for (size_t t = 0; t < sizeof ticks / sizeof *ticks; t++) {
        if (fits_tick(ms, n, ticks[t])) {
            return true;
        }
    }
    return false;
}

static int64_t bin_of(double ms)
{
    return (int64_t)floor(ms / TIMING_BIN_MS);
}

/* One bin holds more than half of the values (Boyer and Moore's vote, 1991). Where none does, the entropy is
 * a bit at least: -log2 of the largest share. */
static bool one_bin_has_most(const double *ms, size_t n)
{
    int64_t SCRATCH bin[TIMING_SERIES_MAX];
    int64_t most = 0;
    size_t votes = 0;
    size_t held = 0;
    for (size_t i = 0; i < n; i++) {
        bin[i] = bin_of(ms[i]);
        most = votes == 0 ? bin[i] : most;
        votes = bin[i] == most ? votes + 1 : votes - 1;
    }
    for (size_t i = 0; i < n; i++) {
        held += bin[i] == most;
    }
    return 2 * held > n;
}

/* Entropy of the values in bins of TIMING_BIN_MS is under TIMING_ENTROPY_MIN, a bit. */
static bool entropy_is_low(const double *ms, size_t n)
{
    if (!one_bin_has_most(ms, n)) {
        return false;
    }
    int64_t SCRATCH bin[BINS_MAX];
    uint32_t SCRATCH count[BINS_MAX];
    size_t bins = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t b = bin_of(ms[i]);
        size_t at = 0;
        while (at < bins && bin[at] != b) {
            at++;
        }
        if (at == BINS_MAX) {
            return false;
        }
        if (at == bins) {
            bin[bins] = b;
            count[bins] = 0;
            bins++;
        }
        count[at]++;
    }
    double bits = 0.0;
    for (size_t b = 0; b < bins; b++) {
        const double p = (double)count[b] / (double)n;
        bits -= p * log2(p);
    }
    return bits < TIMING_ENTROPY_MIN;
}

/* Standard deviation over mean; 0 where the mean is. */
static double variation(const double *ms, size_t n, double *mean)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += ms[i];
    }
    *mean = sum / (double)n;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        squares += (ms[i] - *mean) * (ms[i] - *mean);
    }
    return *mean > 0.0 ? sqrt(squares / (double)n) / *mean : 0.0;
}

bool timing_is_regular(const double *ms, size_t n)
{
    if (n < TIMING_REGULAR_MIN || n > TIMING_SERIES_MAX) {
        return false;
    }
    double mean = 0.0;
    if (variation(ms, n, &mean) < TIMING_CV_MIN) {
        return !is_auto_repeat(ms, n, mean);
    }
    return entropy_is_low(ms, n) && !is_coarse_timer(ms, n);
}

bool timing_is_even(const double *ms, size_t n)
{
    if (n < TIMING_REGULAR_MIN || n > TIMING_SERIES_MAX) {
        return false;
    }
    double mean = 0.0;
    const double cv = variation(ms, n, &mean);
    return cv < TIMING_EVEN_CV && mean >= TIMING_FAST_HOLD_MS && !fits_tick(ms, n, BLUR_MS);
}

bool timing_is_on_grid(const double *ms, size_t n)
{
    uint64_t step = 0;
    for (size_t i = 0; i < n; i++) {
        const double whole = round(ms[i]);
        if (fabs(ms[i] - whole) > 1e-6 || whole < 0.0 || whole > 1e9) {
            return false;
        }
        step = gcd(step, (uint64_t)whole);
    }
    /* Keyboards polled at 125 Hz, kernels at 100 Hz, frames rounded, browsers that blur time. */
    const bool platform = step == 8 || step == 10 || step == 16 || step == 100;
    return n >= TIMING_REGULAR_MIN && step >= 5 && !platform;
}
