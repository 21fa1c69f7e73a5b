#include "lab/bots/bot_hand.h"

#include "lab/bots/bot_hand_habit.h"

#include <math.h>

enum { STOPS_MAX = 12 };

/* ---- shapes: places to visit, the corners of a polygon or anywhere ---- */

static size_t stops_of(struct rng *rng, double x[STOPS_MAX], double y[STOPS_MAX])
{
    const size_t n = 2 + (size_t)rng_below(rng, STOPS_MAX - 1);
    const bool round_trip = rng_below(rng, 2) == 0 && n >= 5;
    const double cx = bot_habit_between(rng, 300.0, 1200.0);
    const double cy = bot_habit_between(rng, 250.0, 600.0);
    const double r = bot_habit_between(rng, 80.0, 300.0);
    const double from = bot_habit_between(rng, 0.0, 2.0 * BOT_HAND_PI);
    for (size_t i = 0; i < n; i++) {
        const double a = from + 2.0 * BOT_HAND_PI * (double)i / (double)(n - 1);
        x[i] = round_trip ? cx + r * cos(a) : bot_habit_between(rng, 0.0, 1600.0);
        y[i] = round_trip ? cy + r * sin(a) : bot_habit_between(rng, 0.0, 900.0);
    }
    return n;
}

static double eased(int law, double u)
{
    switch (law) {
    case 1: return u * u * (3.0 - 2.0 * u);
    case 2: return 1.0 - (1.0 - u) * (1.0 - u);
    case 3: return 0.5 * (1.0 - cos(BOT_HAND_PI * u));
    case 4: return u * u * u * (10.0 - 15.0 * u + 6.0 * u * u);
    default: return u;
    }
}

static void steps(struct bot_habit *h)
{
    double x[STOPS_MAX] = {0.0};
    double y[STOPS_MAX] = {0.0};
    const size_t n = stops_of(h->rng, x, y);
    const double step = exp(bot_habit_between(h->rng, log(2.0), log(40.0)));
    const bool uneven = rng_below(h->rng, 2) == 0;
    for (size_t i = 1; i < n; i++) {
        const double way = hypot(x[i] - x[i - 1], y[i] - y[i - 1]);
        double at = 0.0;
        while (at < way) {
            bot_habit_put(h, x[i - 1] + (x[i] - x[i - 1]) * at / way,
                          y[i - 1] + (y[i] - y[i - 1]) * at / way);
            at += uneven ? step * bot_habit_between(h->rng, 0.3, 1.7) : step;
        }
        h->t += rng_below(h->rng, 2) == 0 ? 0.0 : bot_habit_between(h->rng, 20.0, 400.0);
    }
}

static void bezier(struct bot_habit *h, int law)
{
    double x[STOPS_MAX] = {0.0};
    double y[STOPS_MAX] = {0.0};
    const size_t n = stops_of(h->rng, x, y);
    const double bow = bot_habit_between(h->rng, 0.0, 0.4);
    for (size_t i = 1; i < n; i++) {
        const double dx = x[i] - x[i - 1];
        const double dy = y[i] - y[i - 1];
        const double b1 = bow * rng_normal(h->rng);
        const double b2 = bow * rng_normal(h->rng);
        const size_t points = 8 + (size_t)rng_below(h->rng, 60);
        for (size_t k = 0; k < points; k++) {
            const double u = eased(law, (double)k / (double)points);
            const double w1 = 3.0 * u * (1.0 - u) * (1.0 - u);
            const double w2 = 3.0 * u * u * (1.0 - u);
            const double along = w1 * 0.33 + w2 * 0.67 + u * u * u;
            const double aside = w1 * b1 + w2 * b2;
            bot_habit_put(h, x[i - 1] + along * dx - aside * dy,
                          y[i - 1] + along * dy + aside * dx);
        }
        h->t += rng_below(h->rng, 2) == 0 ? 0.0 : bot_habit_between(h->rng, 20.0, 400.0);
    }
}

static void wind(struct bot_habit *h)
{
    double tx[STOPS_MAX] = {0.0};
    double ty[STOPS_MAX] = {0.0};
    const size_t n = stops_of(h->rng, tx, ty);
    const double gravity = bot_habit_between(h->rng, 4.0, 15.0);
    const double gust = bot_habit_between(h->rng, 1.0, 8.0);
    const double limit = bot_habit_between(h->rng, 8.0, 30.0);
    double x = tx[0];
    double y = ty[0];
    double vx = 0.0;
    double vy = 0.0;
    double wx = 0.0;
    double wy = 0.0;
    size_t at = 1;
    for (size_t k = 0; k < BOT_HAND_POINTS && at < n; k++) {
        const double way = hypot(tx[at] - x, ty[at] - y);
        if (way < 2.0 + limit * 0.25) {
            at++;
            continue;
        }
        const double w = fmin(gust, way);
        wx = wx / sqrt(3.0) + (2.0 * rng_double(h->rng) - 1.0) * w / sqrt(5.0);
        wy = wy / sqrt(3.0) + (2.0 * rng_double(h->rng) - 1.0) * w / sqrt(5.0);
        vx += wx + gravity * (tx[at] - x) / way;
        vy += wy + gravity * (ty[at] - y) / way;
        const double v = hypot(vx, vy);
        const double cap = fmin(limit, fmax(way, 3.0));
        if (v > cap) {
            const double to = cap * bot_habit_between(h->rng, 0.5, 1.0) / v;
            vx *= to;
            vy *= to;
        }
        x += vx;
        y += vy;
        bot_habit_put(h, x, y);
    }
}

/* Share of a lognormal stroke done t after its begin. */
static double done(double t, double mu, double sigma)
{
    return t <= 0.0 ? 0.0 : 0.5 * erfc(-(log(t) - mu) / (sigma * sqrt(2.0)));
}

static void lognormal(struct bot_habit *h)
{
    double x[STOPS_MAX] = {0.0};
    double y[STOPS_MAX] = {0.0};
    const size_t n = stops_of(h->rng, x, y);
    double begin[STOPS_MAX];
    double mu[STOPS_MAX];
    double sigma[STOPS_MAX];
    double t = 0.0;
    for (size_t i = 1; i < n; i++) {
        begin[i] = t;
        mu[i] = log(bot_habit_between(h->rng, 60.0, 250.0));
        sigma[i] = bot_habit_between(h->rng, 0.15, 0.5);
        t += exp(mu[i]) * bot_habit_between(h->rng, 0.4, 1.6);
    }
    h->pause_ms = fmin(h->pause_ms, 20.0);
    while (h->t < t + 400.0 && h->n < BOT_HAND_POINTS) {
        double at_x = x[0];
        double at_y = y[0];
        for (size_t i = 1; i < n; i++) {
            const double part = done(h->t - begin[i], mu[i], sigma[i]);
            at_x += part * (x[i] - x[i - 1]);
            at_y += part * (y[i] - y[i - 1]);
        }
        bot_habit_put(h, at_x, at_y);
    }
}

/* Catmull and Rom's spline of four values at u between the middle ones. */
static double spline_at(const double v[4], double u)
{
    return 0.5 *
           (2.0 * v[1] + (v[2] - v[0]) * u + (2.0 * v[0] - 5.0 * v[1] + 4.0 * v[2] - v[3]) * u * u +
            (3.0 * v[1] - v[0] - 3.0 * v[2] + v[3]) * u * u * u);
}

static void spline(struct bot_habit *h)
{
    double x[STOPS_MAX] = {0.0};
    double y[STOPS_MAX] = {0.0};
    const size_t n = stops_of(h->rng, x, y);
    const double off = bot_habit_between(h->rng, 0.0, 25.0);
    for (size_t i = 0; i < n; i++) {
        x[i] += off * rng_normal(h->rng);
        y[i] += off * rng_normal(h->rng);
    }
    const size_t points = 3 + (size_t)rng_below(h->rng, 30);
    const double drag = rng_below(h->rng, 2) == 0 ? 0.0 : bot_habit_between(h->rng, 0.2, 0.9);
    double shake_x = 0.0;
    double shake_y = 0.0;
    for (size_t i = 1; i < n; i++) {
        const size_t a = i >= 2 ? i - 2 : 0;
        const size_t d = i + 1 < n ? i + 1 : i;
        const double vx[4] = {x[a], x[i - 1], x[i], x[d]};
        const double vy[4] = {y[a], y[i - 1], y[i], y[d]};
        for (size_t k = 0; k < points; k++) {
            const double u = (double)k / (double)points;
            shake_x = drag * shake_x + h->shake_px * rng_normal(h->rng);
            shake_y = drag * shake_y + h->shake_px * rng_normal(h->rng);
            bot_habit_put(h, spline_at(vx, u) + shake_x, spline_at(vy, u) + shake_y);
        }
    }
}

static void curve(struct bot_habit *h)
{
    const double cx = bot_habit_between(h->rng, 300.0, 1200.0);
    const double cy = bot_habit_between(h->rng, 250.0, 600.0);
    const double rx = bot_habit_between(h->rng, 40.0, 300.0);
    const double ry = rng_below(h->rng, 2) == 0 ? rx : bot_habit_between(h->rng, 40.0, 300.0);
    const double per_ms = 2.0 * BOT_HAND_PI / bot_habit_between(h->rng, 400.0, 6000.0);
    const double waves = rng_below(h->rng, 3) == 0 ? 2.0 : 1.0;
    const double turns = bot_habit_between(h->rng, 0.7, 2.0);
    const bool by_clock = rng_below(h->rng, 2) == 0; /* or by count */
    const double from = bot_habit_between(h->rng, 0.0, 2.0 * BOT_HAND_PI);
    const double step = per_ms * h->pause_ms;
    double a = 0.0;
    for (size_t k = 0; a < 2.0 * BOT_HAND_PI * turns && k < BOT_HAND_POINTS; k++) {
        bot_habit_put(h, cx + rx * cos(from + a), cy + ry * sin(from + waves * a));
        a = by_clock ? per_ms * h->t : step * (double)(k + 1);
    }
}

/* When a recorder reports next: frames of a browser or mouse, screens over a network that come in
 * twos, or a busy computer that stamps late. */
struct recorder {
    int kind;
    double period, late;
    bool second;
};

static struct recorder recorder_of(struct rng *rng)
{
    struct recorder r = {.kind = (int)rng_below(rng, 3)};
    r.period = r.kind == 1 ? bot_habit_between(rng, 30.0, 70.0)
                           : (rng_below(rng, 2) == 0 ? 16.0 : bot_habit_between(rng, 7.0, 35.0));
    r.late = r.kind == 2 ? bot_habit_between(rng, 1.0, 12.0) : 0.2;
    return r;
}

static double next_report(struct recorder *r, struct rng *rng, double t)
{
    if (r->kind == 1) {
        r->second = !r->second && rng_below(rng, 3) != 0;
        return t +
               (r->second ? bot_habit_between(rng, 1.0, 9.0) : r->period + 3.0 * rng_normal(rng));
    }
    return t + r->period * (rng_below(rng, 8) == 0 ? 1.5 : 1.0);
}

/* Where a path was at `t`, from the points around it; `i` is the one before. */
static canara_point_t place_at(const canara_point_t *path, size_t i, double t, double scale)
{
    const canara_point_t *const a = &path[i];
    const canara_point_t *const b = &path[i + 1];
    const double gap = b->t_ms - a->t_ms;
    const double part = gap > 0.0 ? fmax(0.0, (t - a->t_ms) / gap) : 1.0;
    canara_point_t p = *a;
    p.x = round(scale * (a->x + part * (b->x - a->x)));
    p.y = round(scale * (a->y + part * (b->y - a->y)));
    return p;
}

size_t bot_hand_record(const canara_point_t *path, size_t n, struct rng *rng, canara_point_t *out)
{
    struct recorder r = recorder_of(rng);
    const double scale = rng_below(rng, 2) == 0 ? 1.0 : bot_habit_between(rng, 0.6, 1.3);
    const double whole_ms = r.kind == 1 ? 1.0 : 0.1;
    size_t kept = 0;
    size_t i = 0;
    double t = path[0].t_ms;
    double stamp = -HUGE_VAL;
    while (kept < n && i + 1 < n) {
        while (i + 2 < n && path[i + 1].t_ms < t) {
            i++;
        }
        if (path[i + 1].t_ms < t) {
            break;
        }
        canara_point_t p = place_at(path, i, t, scale);
        if (kept == 0 || hypot(p.x - out[kept - 1].x, p.y - out[kept - 1].y) > 0.0) {
            const double late = t - r.late * log1p(-rng_double(rng));
            stamp = fmax(stamp, whole_ms * round(late / whole_ms));
            p.t_ms = stamp;
            out[kept++] = p;
        }
        t = fmax(next_report(&r, rng, t), t + 0.5);
    }
    return kept;
}

size_t bot_hand_move(enum bot_hand hand, struct rng *rng, canara_point_t out[BOT_HAND_POINTS])
{
    struct bot_habit h;
    do {
        h = bot_habit_of(rng, out);
        switch (hand) {
        case BOT_HAND_STEPS: steps(&h); break;
        case BOT_HAND_BEZIER: bezier(&h, (int)rng_below(rng, 5)); break;
        case BOT_HAND_MIN_JERK: bezier(&h, 4); break;
        case BOT_HAND_WIND: wind(&h); break;
        case BOT_HAND_LOGNORMAL: lognormal(&h); break;
        case BOT_HAND_SPLINE: spline(&h); break;
        case BOT_HAND_SMOOTH: drift_smooth(&h); break;
        case BOT_HAND_MEMORY: drift_memory(&h); break;
        case BOT_HAND_PERLIN: drift_perlin(&h); break;
        case BOT_HAND_LATENT: art_latent(&h); break;
        case BOT_HAND_CORRECTIONS: art_corrections(&h); break;
        case BOT_HAND_DRAWN: art_drawn(&h); break;
        case BOT_HAND_TWEEN: art_tween(&h); break;
        case BOT_HAND_ROUNDED: art_rounded(&h); break;
        case BOT_HAND_CURVE:
        case BOT_HANDS: curve(&h); break;
        }
    } while (h.n < 16);
    return h.n;
}

const char *bot_hand_name(enum bot_hand hand)
{
    static const char *const names[BOT_HANDS] = {
        "steps",  "bezier", "min-jerk", "wind",        "lognormal", "spline", "curve",  "smooth",
        "memory", "perlin", "latent",   "corrections", "drawn",     "tween",  "rounded"};
    return (unsigned)hand < BOT_HANDS ? names[hand] : "unknown";
}
