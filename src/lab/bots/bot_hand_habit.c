#include "lab/bots/bot_hand_habit.h"

#include <math.h>

double bot_habit_between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_double(r);
}

struct bot_habit bot_habit_of(struct rng *rng, canara_point_t *out)
{
    struct bot_habit h = {.rng = rng, .out = out};
    h.pause_ms = exp(bot_habit_between(rng, log(4.0), log(40.0)));
    h.law = (int)rng_below(rng, 4);
    h.jitter = bot_habit_between(rng, 0.05, 0.9);
    h.shake_px = rng_below(rng, 2) == 0 ? 0.0 : exp(bot_habit_between(rng, log(0.3), log(6.0)));
    h.whole = rng_below(rng, 4) != 0;
    return h;
}

static double pause_of(struct bot_habit *h)
{
    const double spread = h->jitter * h->pause_ms;
    switch (h->law) {
    case 1: return h->pause_ms + spread * bot_habit_between(h->rng, -1.0, 1.0);
    case 2: return fmax(h->pause_ms + 0.5 * spread * rng_normal(h->rng), 0.5);
    case 3: return h->pause_ms - spread * (1.0 + log1p(-rng_double(h->rng)));
    default: return h->pause_ms + 0.3 * fabs(rng_normal(h->rng)); /* what a scheduler adds */
    }
}

void bot_habit_put(struct bot_habit *h, double x, double y)
{
    if (h->n == BOT_HAND_POINTS) {
        return;
    }
    const double sx = x + h->shake_px * rng_normal(h->rng);
    const double sy = y + h->shake_px * rng_normal(h->rng);
    h->out[h->n++] = (canara_point_t){
        .t_ms = h->t, .x = h->whole ? round(sx) : sx, .y = h->whole ? round(sy) : sy};
    h->t += pause_of(h);
}

/* A closed or open curve of a few harmonics, and noise that is smooth over a few points. */
void drift_smooth(struct bot_habit *h)
{
    enum { WAVES = 6, MEMORY_MAX = 8 };

    struct rng *const r = h->rng;
    double ax[WAVES];
    double ay[WAVES];
    double phase[2 * WAVES];
    double noise[2][MEMORY_MAX] = {{0.0}};
    const double size = bot_habit_between(r, 60.0, 400.0);
    const double fall = bot_habit_between(r, 0.5, 2.5);
    const size_t points = 24 + (size_t)rng_below(r, 200);
    const size_t memory = 1 + (size_t)rng_below(r, MEMORY_MAX);
    const double rough = exp(bot_habit_between(r, log(0.2), log(12.0)));
    const double turns = bot_habit_between(r, 0.3, 1.5);
    for (size_t i = 0; i < WAVES; i++) {
        const double part = size * pow((double)(i + 1), -fall);
        ax[i] = part * rng_normal(r);
        ay[i] = part * rng_normal(r);
        phase[i] = bot_habit_between(r, 0.0, 2.0 * BOT_HAND_PI);
        phase[WAVES + i] = bot_habit_between(r, 0.0, 2.0 * BOT_HAND_PI);
    }
    for (size_t k = 0; k < points; k++) {
        const double a = 2.0 * BOT_HAND_PI * turns * (double)k / (double)points;
        double x = 700.0;
        double y = 400.0;
        for (size_t i = 0; i < WAVES; i++) {
            x += ax[i] * sin((double)(i + 1) * a + phase[i]);
            y += ay[i] * sin((double)(i + 1) * a + phase[WAVES + i]);
        }
        noise[0][k % memory] = rough * rng_normal(r);
        noise[1][k % memory] = rough * rng_normal(r);
        for (size_t i = 0; i < memory; i++) {
            x += noise[0][i] / (double)memory;
            y += noise[1][i] / (double)memory;
        }
        bot_habit_put(h, x, y);
    }
}

/* Steps that follow from the two before them and a draw. */
void drift_memory(struct bot_habit *h)
{
    struct rng *const r = h->rng;
    const double size = bot_habit_between(r, 0.6, 0.98); /* of the complex poles */
    const double angle = bot_habit_between(r, 0.0, 0.5); /* per point */
    const double spread = exp(bot_habit_between(r, log(0.3), log(8.0)));
    const double pull = bot_habit_between(r, 0.0, 0.02) * (1.0 - size) * (1.0 - size);
    const double a1 = 2.0 * size * cos(angle);
    const double a2 = -size * size;
    const size_t points = 24 + (size_t)rng_below(r, 300);
    double v[2][2] = {{0.0, 0.0}, {0.0, 0.0}};
    double at[2] = {bot_habit_between(r, 300.0, 1200.0), bot_habit_between(r, 200.0, 600.0)};
    const double home[2] = {at[0], at[1]};
    const double gain = /* variance of such steps over that of the draws, Box and Jenkins 1970 */
        sqrt((1.0 - a2) / ((1.0 + a2) * ((1.0 - a2) * (1.0 - a2) - a1 * a1) + 1e-12));
    for (size_t k = 0; k < points; k++) {
        for (size_t i = 0; i < 2; i++) {
            const double next = a1 * v[i][0] + a2 * v[i][1] +
                                spread * rng_normal(r) / fmax(gain, 1.0) + pull * (home[i] - at[i]);
            v[i][1] = v[i][0];
            v[i][0] = next;
            at[i] += next;
        }
        bot_habit_put(h, at[0], at[1]);
    }
}

/* Noise between whole numbers, joined smoothly. */
static double noise_at(const double *value, size_t n, double u)
{
    const size_t i = (size_t)u % (n - 1);
    const double f = u - floor(u);
    const double s = f * f * f * (f * (6.0 * f - 15.0) + 10.0);
    return value[i] + s * (value[i + 1] - value[i]);
}

/* Reaches, straight but for smooth noise aside and in pace. */
void drift_perlin(struct bot_habit *h)
{
    enum { VALUES = 32 };

    struct rng *const r = h->rng;
    double value[3][VALUES];
    for (size_t i = 0; i < VALUES; i++) {
        value[0][i] = bot_habit_between(r, -1.0, 1.0);
        value[1][i] = bot_habit_between(r, -1.0, 1.0);
        value[2][i] = bot_habit_between(r, -1.0, 1.0);
    }
    const double aside = bot_habit_between(r, 2.0, 60.0);
    const double pace = bot_habit_between(r, 0.0, 0.9);
    const double per_point = bot_habit_between(r, 0.03, 0.4);
    const size_t reaches = 1 + (size_t)rng_below(r, 4);
    double x = bot_habit_between(r, 200.0, 1300.0);
    double y = bot_habit_between(r, 150.0, 700.0);
    double u = 0.0;
    for (size_t k = 0; k < reaches; k++) {
        const double dx = bot_habit_between(r, 200.0, 1300.0) - x;
        const double dy = bot_habit_between(r, 150.0, 700.0) - y;
        const size_t points = 16 + (size_t)rng_below(r, 80);
        double done = 0.0;
        while (done < 1.0) {
            const double hem = fmin(1.0, 5.0 * fmin(done, 1.0 - done));
            bot_habit_put(h, x + done * dx + hem * aside * noise_at(value[0], VALUES, u),
                          y + done * dy + hem * aside * noise_at(value[1], VALUES, u));
            done += (1.0 + pace * noise_at(value[2], VALUES, u)) / (double)points;
            u += per_point;
        }
        x += dx;
        y += dy;
    }
}
