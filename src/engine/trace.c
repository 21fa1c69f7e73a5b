#include "engine/trace.h"

#include <math.h>

#define SHARP 0.5236 /* 30 degrees */

struct step {
    double dt, dx, dy, speed, angle;
};

/* Sums of a quantity, weighed by time. */
struct sums {
    double time, sum, square, low, high;
};

static void put(struct sums *s, double x, double dt)
{
    s->low = s->time > 0.0 ? fmin(s->low, x) : x;
    s->high = s->time > 0.0 ? fmax(s->high, x) : x;
    s->time += dt;
    s->sum += x * dt;
    s->square += x * x * dt;
}

static struct trace_spread spread_of(const struct sums *s)
{
    if (!(s->time > 0.0)) {
        return (struct trace_spread){0.0, 0.0, 0.0, 0.0};
    }
    const double mean = s->sum / s->time;
    return (struct trace_spread){.mean = mean,
                                 .sd = sqrt(fmax(s->square / s->time - mean * mean, 0.0)),
                                 .low = s->low,
                                 .high = s->high};
}

static double turn(double from, double to)
{
    return remainder(to - from, 2.0 * 3.14159265358979323846);
}

struct walk {
    struct sums vx, vy, speed, gain, spin;
    struct step last;
    size_t angles, sharp;
    bool rises;
    double peak_at;
};

static void take_step(struct walk *w, const struct step *s, struct trace *out)
{
    put(&w->vx, s->dx / s->dt, s->dt);
    put(&w->vy, s->dy / s->dt, s->dt);
    if (out->steps == 0 || s->speed > w->speed.high) {
        w->peak_at = out->duration + 0.5 * s->dt;
    }
    put(&w->speed, s->speed, s->dt);
    if (out->steps > 0) {
        const double gain = (s->speed - w->last.speed) / s->dt;
        const double angle = turn(w->last.angle, s->angle);
        put(&w->gain, gain, s->dt);
        put(&w->spin, angle / s->dt, s->dt);
        out->turned += fabs(angle);
        out->turned_net += angle;
        w->angles++;
        w->sharp += fabs(angle) > SHARP;
        w->rises = w->rises && gain > 0.0;
    }
    out->duration += s->dt;
    out->length += s->speed * s->dt;
    out->last = s->dt;
    out->rising = w->rises ? out->duration : out->rising;
    w->last = *s;
}

static void stand_beside(const canara_point_t *p, size_t n, size_t each, struct trace *out)
{
    const double x = p[n - 1].x - p[0].x;
    const double y = p[n - 1].y - p[0].y;
    const double chord = fmax(out->reach, 1.0);
    double sum = 0.0;
    size_t count = 0;
    for (size_t i = 0; i < n && count < TRACE_STEPS_MAX; i += each) {
        const double d = (x * (p[i].y - p[0].y) - y * (p[i].x - p[0].x)) / chord;
        out->beside = fmax(out->beside, fabs(d));
        out->step_beside[count++] = fabs(d);
        sum += d;
    }
    out->beside_mean = sum / (double)count;
}

bool trace_of(const canara_point_t *p, size_t n, struct trace *out)
{
    struct walk w = {.rises = true};
    const size_t each = 1 + n / TRACE_STEPS_MAX;
    size_t from = 0;
    out->duration = out->length = out->turned = out->turned_net = out->beside = 0.0;
    out->rising = out->last = 0.0;
    out->steps = 0;
    for (size_t i = each; i < n && out->steps < TRACE_STEPS_MAX; i += each) {
        struct step s = {.dt = (p[i].t_ms - p[from].t_ms) / 1000.0,
                         .dx = p[i].x - p[from].x,
                         .dy = p[i].y - p[from].y};
        if (!(s.dt >= 0.001)) {
            continue;
        }
        const double length = sqrt(s.dx * s.dx + s.dy * s.dy);
        s.speed = length / s.dt;
        s.angle = length > 0.0 ? atan2(s.dy, s.dx) : w.last.angle;
        take_step(&w, &s, out);
        out->step_speed[out->steps++] = s.speed;
        from = i;
    }
    if (out->steps < TRACE_STEPS_MIN) {
        return false;
    }
    const double x = p[n - 1].x - p[0].x;
    const double y = p[n - 1].y - p[0].y;
    out->reach = sqrt(x * x + y * y);
    out->direction = out->reach > 0.0 ? atan2(y, x) : 0.0;
    out->sharp = (double)w.sharp / (double)w.angles;
    out->peak = w.peak_at / out->duration;
    out->vx = spread_of(&w.vx);
    out->vy = spread_of(&w.vy);
    out->speed = spread_of(&w.speed);
    out->gain = spread_of(&w.gain);
    out->spin = spread_of(&w.spin);
    stand_beside(p, n, each, out);
    return true;
}
