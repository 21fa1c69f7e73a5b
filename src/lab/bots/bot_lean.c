#include "lab/bots/bot_lean.h"

#include "engine/machines/path.h"

#include <math.h>

#define SWIPE_PX     50.0
#define ROUNDING_PX  0.2
#define USUAL_ASIDE  0.02 /* of the chord: root mean square */
#define USUAL_SPEEDS 0.5  /* spread over mean of the speeds within a swipe */
#define USUAL_TIMES  0.25 /* of the durations of swipes, */
#define USUAL_HOLDS  0.18 /* and of taps */
#define WHITE        1.4  /* von Neumann's ratio: 2 of white noise, near 0 of what goes slowly */

enum { SWIPE_POINTS = 5, ALIKE_MIN = 3 };

static double within(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

/* How much less than usual, as a logarithm; `floor` is what rounding hides. */
static double less_than(double x, double usual, double floor)
{
    return within(-log((x + floor) / (usual + floor)), -1.0, 2.0);
}

static double lean_of_line(const canara_point_t *p, size_t n, double chord)
{
    const double x = (p[n - 1].x - p[0].x) / chord;
    const double y = (p[n - 1].y - p[0].y) / chord;
    double squares = 0.0;
    for (size_t i = 1; i + 1 < n; i++) {
        const double aside = x * (p[i].y - p[0].y) - y * (p[i].x - p[0].x);
        squares += aside * aside;
    }
    return less_than(sqrt(squares / (double)(n - 2)), USUAL_ASIDE * chord, ROUNDING_PX);
}

static double lean_of_speed(const canara_point_t *p, size_t n)
{
    double count = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 1; i < n; i++) {
        const double dt = p[i].t_ms - p[i - 1].t_ms;
        if (dt > 0.0) {
            const double v = hypot(p[i].x - p[i - 1].x, p[i].y - p[i - 1].y) / dt;
            count += 1.0;
            sum += v;
            squares += v * v;
        }
    }
    if (!(sum > 0.0) || count < 4.0) {
        return 0.0;
    }
    const double mean = sum / count;
    return less_than(sqrt(fmax(squares / count - mean * mean, 0.0)) / mean, USUAL_SPEEDS, 0.03);
}

/* Flesh gives way slowly: a pressure of white noise was drawn, one that never changes was not measured. */
static double lean_of_pressure(const canara_point_t *p, size_t n)
{
    double mean = 0.0;
    for (size_t i = 0; i < n; i++) {
        mean += p[i].pressure / (double)n;
    }
    double squares = 0.0;
    double changes = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double off = p[i].pressure - mean;
        const double change = i > 0 ? p[i].pressure - p[i - 1].pressure : 0.0;
        squares += off * off;
        changes += change * change;
    }
    if (!(squares > 1e-12)) {
        return 0.3;
    }
    return n >= 8 ? (changes > WHITE * squares ? 0.5 : -0.5) : 0.0;
}

static double lean_of_stroke(const canara_point_t *p, size_t n)
{
    const double chord = hypot(p[n - 1].x - p[0].x, p[n - 1].y - p[0].y);
    if (n >= SWIPE_POINTS && chord >= SWIPE_PX) {
        return 0.6 * lean_of_line(p, n, chord) + 0.6 * lean_of_speed(p, n) + lean_of_pressure(p, n);
    }
    return chord > 0.0 ? -0.3 : 0.3; /* a tap: fingers roll, and some drivers hide it */
}

void bot_lean_add(struct bot_lean *lean, const canara_point_t *p, size_t n)
{
    if (!path_is_sane(p, n)) {
        return;
    }
    for (size_t first = 0; first < n;) {
        const size_t length = path_stroke_length(p, n, first);
        if (length >= 2) {
            lean->sum += lean_of_stroke(p + first, length);
            lean->strokes++;
        }
        first += length;
    }
}

/* Durations that spread less than people's. */
static double lean_of_times(const struct bot_lasts *l, size_t n, double usual)
{
    if (n < ALIKE_MIN || !(l->mean > 0.0F)) {
        return 0.0;
    }
    const double spread = sqrt((double)l->squares / (double)(n - 1)) / (double)l->mean;
    return less_than(spread, usual, 0.02) * (1.0 - 2.0 / (double)n);
}

/* A share of few is no share yet. */
static double share_of(struct bot_share s)
{
    return (double)s.part / ((double)s.all + 2.0);
}

double bot_lean_of(const struct bot_lean *lean, const struct bot_habits *h)
{
    const double strokes = lean->strokes > 0 ? lean->sum / (double)lean->strokes : 0.0;
    const double times = lean_of_times(&h->tap_ms, h->taps, USUAL_HOLDS) +
                         lean_of_times(&h->swipe_ms, h->swipes, USUAL_TIMES);
    const double made = 4.0 * (share_of(h->quick) + share_of(h->straight));
    return within(strokes + 0.7 * times + made, -BOT_LEAN_MAX, BOT_LEAN_MAX);
}
