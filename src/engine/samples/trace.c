#include "engine/samples/trace.h"

#include "engine/arithmetic/angles.h"
#include "engine/arithmetic/numbers.h"

#include <math.h>

#define SHARP 0.5236 /* 30 degrees */

enum { ROOM = TRACE_STEPS_MAX + ANGLES_ABREAST };

/* The steps, one array for each of their numbers. */
struct steps {
    size_t n;
    double dt[ROOM]; /* seconds */
    double dx[ROOM], dy[ROOM];
    double dot[ROOM], cross[ROOM]; /* with the last step of any length; 0, 1 for none */
    double turn[ROOM];             /* the angle between the two */
};

static void put_step(struct steps *s, double dt, double dx, double dy, double way[2])
{
    const size_t at = s->n++;
    const double dot = way[0] * dx + way[1] * dy;
    const double cross = way[0] * dy - way[1] * dx;
    /* straight back is half a turn to the left, unless that would lead beyond half a turn from the x axis */
    const bool beyond = way[1] > 0.0 || (!(way[1] < 0.0) && way[0] < 0.0);
    const bool aside = fabs(cross) > 0.0;
    s->dt[at] = dt;
    s->dx[at] = dx;
    s->dy[at] = dy;
    s->dot[at] = dot;
    s->cross[at] = aside ? cross : (beyond ? -0.0 : 0.0);
    if (fabs(dx) + fabs(dy) > 0.0) {
        way[0] = dx;
        way[1] = dy;
    }
}

static void take_steps(struct steps *s, const canara_point_t *p, size_t n, size_t each)
{
    double way[2] = {1.0, 0.0};
    size_t from = 0;
    s->n = 0;
    for (size_t i = each; i < n && s->n < TRACE_STEPS_MAX; i += each) {
        const double dt = (p[i].t_ms - p[from].t_ms) / 1000.0;
        if (dt >= 0.001) {
            put_step(s, dt, p[i].x - p[from].x, p[i].y - p[from].y, way);
            from = i;
        }
    }
    for (size_t i = 0; i < ANGLES_ABREAST; i++) {
        s->dot[s->n + i] = s->cross[s->n + i] = 0.0;
    }
    angles_of(s->cross, s->dot, s->n, s->turn);
}

/* Sums of a quantity, weighed by time. */
struct sums {
    double sum, square, low, high;
};

static const struct sums nothing = {.low = INFINITY, .high = -INFINITY};

static inline void put(struct sums *s, double x, double dt)
{
    s->low = x < s->low ? x : s->low;
    s->high = x > s->high ? x : s->high;
    s->sum += x * dt;
    s->square += x * x * dt;
}

static struct trace_spread spread_of(const struct sums *s, double time)
{
    if (!(time > 0.0)) {
        return (struct trace_spread){0.0, 0.0, 0.0, 0.0};
    }
    const double mean = s->sum / time;
    const double variance = s->square / time - mean * mean;
    return (struct trace_spread){
        .mean = mean, .sd = sqrt(variance > 0.0 ? variance : 0.0), .low = s->low, .high = s->high};
}

static void measure_speed(const struct steps *s, struct trace *out)
{
    struct sums vx = nothing;
    struct sums vy = nothing;
    struct sums speed = nothing;
    double peak_at = 0.0;
    double time = 0.0;
    double length = 0.0;
    for (size_t i = 0; i < s->n; i++) {
        const double dt = s->dt[i];
        const double per = 1.0 / dt;
        const double v = sqrt(s->dx[i] * s->dx[i] + s->dy[i] * s->dy[i]) * per;
        peak_at = v > speed.high ? time + 0.5 * dt : peak_at;
        put(&vx, s->dx[i] * per, dt);
        put(&vy, s->dy[i] * per, dt);
        put(&speed, v, dt);
        time += dt;
        length += v * dt;
        out->step_speed[i] = v;
    }
    out->duration = time;
    out->length = length;
    out->last = s->dt[s->n - 1];
    out->peak = peak_at / time;
    out->vx = spread_of(&vx, time);
    out->vy = spread_of(&vy, time);
    out->speed = spread_of(&speed, time);
}

static void measure_changes(const struct steps *s, struct trace *out)
{
    struct sums gain = nothing;
    struct sums spin = nothing;
    double time = 0.0;
    double turned = 0.0;
    double net = 0.0;
    size_t sharp = 0;
    bool rises = true;
    out->rising = s->dt[0];
    for (size_t i = 1; i < s->n; i++) {
        const double dt = s->dt[i];
        const double per = 1.0 / dt;
        const double more = (out->step_speed[i] - out->step_speed[i - 1]) * per;
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): angles_of() has filled them */
        const double angle = s->turn[i];
        put(&gain, more, dt);
        put(&spin, angle * per, dt);
        turned += fabs(angle);
        net += angle;
        sharp += fabs(angle) > SHARP;
        rises = rises && more > 0.0;
        out->rising += rises ? dt : 0.0;
        time += dt;
    }
    out->turned = turned;
    out->turned_net = net;
    out->sharp = (double)sharp / (double)(s->n - 1);
    out->gain = spread_of(&gain, time);
    out->spin = spread_of(&spin, time);
}

static void stand_beside(const canara_point_t *p, size_t n, size_t each, struct trace *out)
{
    const double x = p[n - 1].x - p[0].x;
    const double y = p[n - 1].y - p[0].y;
    const double per = 1.0 / (out->reach > 1.0 ? out->reach : 1.0);
    double sum = 0.0;
    double most = 0.0;
    size_t count = 0;
    for (size_t i = 0; i < n && count < TRACE_STEPS_MAX; i += each) {
        const double d = (x * (p[i].y - p[0].y) - y * (p[i].x - p[0].x)) * per;
        most = fabs(d) > most ? fabs(d) : most;
        out->step_beside[count++] = fabs(d);
        sum += d;
    }
    out->beside = most;
    out->beside_mean = sum / (double)count;
}

bool trace_of(const canara_point_t *p, size_t n, struct trace *out)
{
    struct steps SCRATCH s;
    const size_t each = 1 + n / TRACE_STEPS_MAX;
    take_steps(&s, p, n, each);
    if (s.n < TRACE_STEPS_MIN) {
        return false;
    }
    const double x = p[n - 1].x - p[0].x;
    const double y = p[n - 1].y - p[0].y;
    out->steps = s.n;
    out->reach = sqrt(x * x + y * y);
    out->direction = out->reach > 0.0 ? atan2(y, x) : 0.0;
    measure_speed(&s, out);
    measure_changes(&s, out);
    stand_beside(p, n, each, out);
    return true;
}
