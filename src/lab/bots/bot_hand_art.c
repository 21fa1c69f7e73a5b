#include "base/err.h"
#include "lab/bots/bot_hand_habit.h"

#include <math.h>

/* Somewhere on a screen. */
static void place(struct rng *r, double at[2])
{
    at[0] = bot_habit_between(r, 100.0, 1500.0);
    at[1] = bot_habit_between(r, 100.0, 800.0);
}

/* A smooth map from a latent line to the plane, as a trained generator draws: sums of tanh, here and there
 * wrapped round a centre, with an error of its own at each point. */
void art_latent(struct bot_habit *h)
{
    enum { UNITS = 8 };

    struct rng *const r = h->rng;
    double gain[2][UNITS];
    double steep[UNITS];
    double centre[UNITS];
    const double size = bot_habit_between(r, 40.0, 500.0);
    const double error = size * exp(bot_habit_between(r, log(0.0005), log(0.03)));
    const double loop = rng_below(r, 2) == 0 ? 0.0 : bot_habit_between(r, 0.5, 1.4);
    const double memory = rng_below(r, 2) == 0 ? 0.0 : bot_habit_between(r, 0.3, 0.95);
    const size_t points = 16 + (size_t)rng_below(r, rng_below(r, 2) == 0 ? 40 : 160);
    for (size_t k = 0; k < UNITS; k++) {
        gain[0][k] = rng_normal(r);
        gain[1][k] = rng_normal(r);
        steep[k] = bot_habit_between(r, 1.0, 12.0);
        centre[k] = rng_double(r);
    }
    double off[2] = {0.0, 0.0};
    const double from = bot_habit_between(r, 0.0, 2.0 * BOT_HAND_PI);
    for (size_t i = 0; i < points; i++) {
        const double u = (double)i / (double)points;
        double at[2] = {700.0 + size * loop * cos(from + 2.0 * BOT_HAND_PI * u),
                        450.0 + size * loop * sin(from + 2.0 * BOT_HAND_PI * u)};
        for (size_t a = 0; a < 2; a++) {
            for (size_t k = 0; k < UNITS; k++) {
                at[a] += size * 0.3 * gain[a][k] * tanh(steep[k] * (u - centre[k]));
            }
            off[a] = memory * off[a] + error * rng_normal(r);
            at[a] += off[a];
        }
        bot_habit_put(h, at[0], at[1]);
    }
}

/* Minimum jerk from one place to another: how far after share u of the time. */
static double reached(double u)
{
    const double x = u < 0.0 ? 0.0 : (u > 1.0 ? 1.0 : u);
    return x * x * x * (10.0 - 15.0 * x + 6.0 * x * x);
}

enum { REACHES = 4 };

/* Reaches that overlap and end at a goal together. */
struct reaches {
    double begin[REACHES], last[REACHES]; /* ms */
    double way[REACHES][2];
    size_t n;
    double end;
};

static void plan_reaches(struct rng *r, const double at[2], struct reaches *out)
{
    double left[2];
    out->n = 1 + (size_t)rng_below(r, REACHES);
    out->end = 0.0;
    place(r, left);
    left[0] -= at[0];
    left[1] -= at[1];
    for (size_t k = 0; k < out->n; k++) {
        const double part = k + 1 == out->n ? 1.0 : bot_habit_between(r, 0.75, 1.15);
        out->last[k] = bot_habit_between(r, 150.0, k == 0 ? 900.0 : 350.0);
        out->begin[k] =
            k == 0 ? 0.0 : out->begin[k - 1] + bot_habit_between(r, 0.4, 1.1) * out->last[k - 1];
        for (size_t a = 0; a < 2; a++) {
            out->way[k][a] = part * left[a];
            left[a] -= out->way[k][a];
        }
        out->end = fmax(out->end, out->begin[k] + out->last[k]);
    }
}

/* How far all of them together have come after `t` ms. */
static void come_by(const struct reaches *of, double t, double now[2])
{
    now[0] = 0.0;
    now[1] = 0.0;
    for (size_t k = 0; k < of->n; k++) {
        const double part = reached((t - of->begin[k]) / of->last[k]);
        now[0] += part * of->way[k][0];
        now[1] += part * of->way[k][1];
    }
}

/* A first reach that misses and one to three corrections that overlap it, with noise that grows with the
 * speed (Harris and Wolpert 1998), asked where it is every few milliseconds. */
void art_corrections(struct bot_habit *h)
{
    struct rng *const r = h->rng;
    const double shaky = rng_below(r, 2) == 0 ? 0.0 : bot_habit_between(r, 0.01, 0.12);
    const size_t goals = 1 + (size_t)rng_below(r, 5);
    double at[2];
    place(r, at);
    for (size_t g = 0; g < goals; g++) {
        struct reaches reaches = {.n = 0};
        plan_reaches(r, at, &reaches);
        const double t0 = h->t;
        double was[2] = {0.0, 0.0};
        while (h->t - t0 < reaches.end && h->n < BOT_HAND_POINTS) {
            double now[2];
            come_by(&reaches, h->t - t0, now);
            const double noise = shaky * hypot(now[0] - was[0], now[1] - was[1]);
            was[0] = now[0];
            was[1] = now[1];
            bot_habit_put(h, at[0] + now[0] + noise * rng_normal(r),
                          at[1] + now[1] + noise * rng_normal(r));
        }
        at[0] += was[0];
        at[1] += was[1];
        h->t += rng_below(r, 2) == 0 ? 0.0 : bot_habit_between(r, 50.0, 400.0);
    }
}

/* Velocity that forgets, drawn towards a goal (Uhlenbeck and Ornstein 1930). */
void art_drawn(struct bot_habit *h)
{
    struct rng *const r = h->rng;
    const double forget = exp(bot_habit_between(r, log(0.03), log(0.6)));
    const double shake = exp(bot_habit_between(r, log(0.1), log(4.0)));
    const double fastest = bot_habit_between(r, 4.0, 40.0);
    double goal[2];
    double at[2];
    double v[2] = {0.0, 0.0};
    place(r, at);
    place(r, goal);
    const size_t points = 24 + (size_t)rng_below(r, 300);
    for (size_t k = 0; k < points; k++) {
        const double way = hypot(goal[0] - at[0], goal[1] - at[1]);
        if (way < 2.0 * fastest) {
            place(r, goal);
        }
        for (size_t a = 0; a < 2; a++) {
            const double wanted = fastest * (goal[a] - at[a]) / fmax(way, 1.0);
            v[a] += forget * (wanted - v[a]) + shake * rng_normal(r);
            at[a] += v[a];
        }
        bot_habit_put(h, at[0], at[1]);
    }
}

/* An arc of which so much is done at each tick: tweens of pyautogui and of animation libraries. */
void art_tween(struct bot_habit *h)
{
    struct rng *const r = h->rng;
    const size_t goals = 1 + (size_t)rng_below(r, 6);
    const double power = bot_habit_between(r, 1.0, 5.0);
    const int law = (int)rng_below(r, 4);
    double at[2];
    place(r, at);
    for (size_t g = 0; g < goals; g++) {
        double to[2];
        place(r, to);
        const double bow = rng_below(r, 3) == 0 ? 0.0 : bot_habit_between(r, -0.5, 0.5);
        const size_t points = 10 + (size_t)rng_below(r, 80);
        for (size_t i = 0; i <= points; i++) {
            const double u = (double)i / (double)points;
            const double out = 1.0 - pow(1.0 - u, power);
            const double in = pow(u, power);
            const double swing = 1.0 - cos(2.5 * BOT_HAND_PI * u) * pow(2.0, -8.0 * u) * (1.0 - u);
            const double part = law == 0   ? out
                                : law == 1 ? in
                                : law == 2 ? swing
                                           : u * out + (1.0 - u) * in;
            const double aside = bow * sin(BOT_HAND_PI * part);
            const double dx = to[0] - at[0];
            const double dy = to[1] - at[1];
            bot_habit_put(h, at[0] + part * dx - aside * dy, at[1] + part * dy + aside * dx);
        }
        at[0] = to[0];
        at[1] = to[1];
        h->t += rng_below(r, 2) == 0 ? 0.0 : bot_habit_between(r, 20.0, 600.0);
    }
}

/* A polygon through wanted places, its corners rounded by a running mean, walked at a pace with a random
 * walk of its own: what scripts make of recorded or wanted places. */
void art_rounded(struct bot_habit *h)
{
    enum { CORNERS = 10, MEAN_MAX = 24 };

    struct rng *const r = h->rng;
    double x[CORNERS] = {0.0};
    double y[CORNERS] = {0.0};
    double ring[2][MEAN_MAX];
    const size_t n = 3 + (size_t)rng_below(r, CORNERS - 2);
    const size_t mean = 2 + (size_t)rng_below(r, MEAN_MAX - 1);
    MUST(mean > 0); /* a draw does not wrap: the analyser */
    const double pace = bot_habit_between(r, 3.0, 30.0);
    const double drift = bot_habit_between(r, 0.0, 0.35);
    const double back = bot_habit_between(r, 0.02, 0.3);
    for (size_t i = 0; i < n; i++) {
        double at[2];
        place(r, at);
        x[i] = at[0];
        y[i] = at[1];
    }
    for (size_t k = 0; k < mean; k++) {
        ring[0][k] = x[0];
        ring[1][k] = y[0];
    }
    const double whole = (double)mean;
    double slow = 0.0;
    double done = 0.0;
    size_t corner = 0;
    for (size_t k = 0; corner + 1 < n && k < BOT_HAND_POINTS; k++) {
        const double way = hypot(x[corner + 1] - x[corner], y[corner + 1] - y[corner]);
        const double u = done / fmax(way, 1.0);
        ring[0][k % mean] = x[corner] + u * (x[corner + 1] - x[corner]);
        ring[1][k % mean] = y[corner] + u * (y[corner + 1] - y[corner]);
        double sx = 0.0;
        double sy = 0.0;
        for (size_t i = 0; i < mean; i++) {
            sx += ring[0][i] / whole;
            sy += ring[1][i] / whole;
        }
        bot_habit_put(h, sx, sy);
        slow = (1.0 - back) * slow + drift * rng_normal(r);
        done += pace * exp(fmax(-2.0, fmin(slow, 1.0)));
        if (done >= way) {
            done = 0.0;
            corner++;
        }
    }
}
