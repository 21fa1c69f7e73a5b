/* strokes.c - touch: from landing to lift. */
#include "engine/samples/strokes.h"

#include "engine/arithmetic/numbers.h"
#include "engine/machines/path.h"
#include "engine/samples/trace.h"

#include <math.h>
#include <string.h>

enum { SORTED_MAX = 64, LAST_STEPS = 3, FIRST_STEPS = 5 };

static void add(struct sample *s, double x)
{
    s->type[s->count] = FEATURE_PLAIN;
    s->first[s->count] = 0;
    s->second[s->count] = 0;
    s->x[s->count++] = x;
}

/* Sort up to SORTED_MAX of n values, evenly taken. */
static size_t sort_some(const double *x, size_t n, double *out)
{
    const size_t kept = n < SORTED_MAX ? n : SORTED_MAX;
    for (size_t i = 0; i < kept; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): the caller has filled n */
        const double v = x[i * n / kept];
        size_t at = i;
        while (at > 0 && out[at - 1] > v) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = v;
    }
    return kept;
}

static double quantile(const double *sorted, size_t n, double q)
{
    return sorted[(size_t)(q * (double)(n - 1) + 0.5)];
}

static double mean_of(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum / (double)n;
}

static void add_quantiles(struct sample *s, const double *x, size_t n, double unit)
{
    double SCRATCH sorted[SORTED_MAX];
    const size_t kept = sort_some(x, n, sorted);
    add(s, sinh_inverse(quantile(sorted, kept, 0.2) / unit));
    add(s, sinh_inverse(quantile(sorted, kept, 0.5) / unit));
    add(s, sinh_inverse(quantile(sorted, kept, 0.8) / unit));
}

static void add_gains(struct sample *s, const struct trace *t)
{
    double SCRATCH gain[TRACE_STEPS_MAX];
    gain[0] = 0.0; /* a trace has TRACE_STEPS_MIN steps at least, which -O3 does not see */
    const double each = t->duration / (double)t->steps;
    for (size_t i = 1; i < t->steps; i++) {
        gain[i - 1] = (t->step_speed[i] - t->step_speed[i - 1]) / each;
    }
    const size_t n = t->steps - 1;
    add_quantiles(s, gain, n, 200.0);
    add(s, sinh_inverse(mean_of(gain, n < FIRST_STEPS ? n : FIRST_STEPS) / 200.0));
}

static void describe(const canara_point_t *p, size_t n, double pause_s, const struct trace *t,
                     struct sample *out)
{
    const size_t end = t->steps < LAST_STEPS ? t->steps : LAST_STEPS;
    const double net = sqrt(t->vx.mean * t->vx.mean + t->vy.mean * t->vy.mean);
    add(out, pause_s > 0.0 ? log(pause_s + 0.01) : NAN);
    add(out, log(t->duration + 0.01));
    add(out, log(t->reach + 1.0));
    add(out, log(t->length + 1.0));
    add(out, 2.0 * log((t->length + 1.0) / (t->reach + 1.0)));
    add(out, 2.0 * t->direction);
    add(out, 2.0 * atan2(t->vy.mean, t->vx.mean));
    add(out, log((net + 1.0) / (t->speed.mean + 1.0)) * 2.0);
    add_quantiles(out, t->step_speed, t->steps, 20.0);
    add(out, sinh_inverse(t->speed.high / 20.0));
    add(out, sinh_inverse(t->speed.mean / 20.0));
    add(out, sinh_inverse(mean_of(t->step_speed + t->steps - end, end) / 20.0));
    add_gains(out, t);
    add(out, log(t->beside + 1.0));
    add_quantiles(out, t->step_beside, t->steps, 2.0);
    add(out, sinh_inverse(t->beside_mean / 2.0));
    add(out, 4.0 * t->peak);
    add(out, log(t->turned + 0.05));
    add(out, 2.0 * log(p[n / 2].pressure + 0.03));
    add(out, 2.0 * log(p[n / 2].area + 0.05));
    add(out, sinh_inverse(t->vx.mean / 20.0));
    add(out, sinh_inverse(t->vy.mean / 20.0));
}

/* Behind the last point of the stroke that begins at `first`. */
static size_t end_of(const canara_point_t *p, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && p[end].buttons == PATH_TOUCH_MOVE) {
        end++;
    }
    return end < n && p[end].buttons == PATH_TOUCH_UP ? end + 1 : end;
}

void strokes_of(const canara_event_t *event, struct sample *work, sample_fn fn, void *ctx)
{
    const canara_point_t *p = event->of.path.points;
    const size_t n = event->of.path.count;
    struct trace SCRATCH t;
    if (event->kind != CANARA_TOUCH || (event->has & CANARA_F_POINTS) == 0 || !path_is_sane(p, n)) {
        return;
    }
    for (size_t first = 0; first < n;) {
        const size_t end = end_of(p, n, first);
        if (trace_of(p + first, end - first, &t)) {
            const double pause = first == 0 ? 0.0 : (p[first].t_ms - p[first - 1].t_ms) / 1000.0;
            work->kind = SAMPLE_STROKE;
            work->count = 0;
            describe(p + first, end - first, pause, &t, work);
            sample_name(work, "stroke", (canara_text_t){NULL, 0}, FNV_START);
            fn(ctx, work);
        }
        first = end;
    }
}
