/* actions.c - pointer: moves, moves that end with a click, drags. */
#include "engine/arithmetic/numbers.h"
#include "engine/machines/path.h"
#include "engine/samples/strokes.h"
#include "engine/samples/trace.h"

#include <math.h>
#include <string.h>

#define PAUSE_MS 10000.0 /* without a report: the next one begins an action */

enum kind_of_action { MOVE, CLICK, DRAG };

struct teller {
    const canara_point_t *p;
    struct sample *work;
    sample_fn fn;
    void *ctx;
    double told_ms; /* end of the last action; negative: none yet */
};

static void add(struct sample *s, double x)
{
    s->type[s->count] = FEATURE_PLAIN;
    s->first[s->count] = 0;
    s->second[s->count] = 0;
    s->x[s->count++] = x;
}

static void add_speed(struct sample *s, const struct trace_spread *v)
{
    add(s, sinh_inverse(v->mean / 20.0));
    add(s, sinh_inverse(v->sd / 20.0));
    add(s, sinh_inverse(v->low / 20.0));
    add(s, sinh_inverse(v->high / 20.0));
}

static void describe(const struct trace *t, enum kind_of_action kind, double pause_s,
                     struct sample *out)
{
    add(out, 2.0 * (double)kind);
    add(out, pause_s < 0.0 ? NAN : log(fmin(pause_s, 20.0) + 0.01));
    add(out, log(t->duration + 0.01));
    add(out, log(t->length + 1.0));
    add(out, log(t->reach + 1.0));
    add(out, 2.0 * log((t->length + 1.0) / (t->reach + 1.0)));
    add(out, 2.0 * t->direction);
    add_speed(out, &t->vx);
    add_speed(out, &t->vy);
    add(out, sinh_inverse(t->speed.mean / 20.0));
    add(out, sinh_inverse(t->speed.sd / 20.0));
    add(out, sinh_inverse(t->speed.high / 20.0));
    add(out, sinh_inverse(t->gain.sd / 200.0));
    add(out, sinh_inverse(t->gain.low / 200.0));
    add(out, sinh_inverse(t->gain.high / 200.0));
    add(out, sinh_inverse(t->spin.mean));
    add(out, sinh_inverse(t->spin.sd));
    add(out, log(t->turned + 0.05));
    add(out, sinh_inverse(t->turned_net));
    add(out, 4.0 * t->sharp);
    add(out, log(t->beside + 1.0));
    add(out, sinh_inverse(t->beside_mean / 2.0));
    add(out, log(t->rising + 0.01));
    add(out, 4.0 * t->peak);
    add(out, log(t->last + 0.01));
}

static void tell(struct teller *t, size_t first, size_t end, enum kind_of_action kind)
{
    struct trace SCRATCH trace;
    if (end <= first || !trace_of(t->p + first, end - first, &trace)) {
        return;
    }
    const double pause = t->told_ms < 0.0 ? -1.0 : (t->p[first].t_ms - t->told_ms) / 1000.0;
    t->told_ms = t->p[end - 1].t_ms;
    t->work->kind = SAMPLE_ACTION;
    t->work->count = 0;
    describe(&trace, kind, fmax(pause, -1.0), t->work);
    sample_name(t->work, "action", (canara_text_t){NULL, 0}, FNV_START);
    t->fn(t->ctx, t->work);
}

/* Behind the point that ends what is pressed at `down`: the release is in. */
static size_t end_of_press(const canara_point_t *p, size_t n, size_t down)
{
    size_t i = down;
    while (i < n && p[i].buttons != 0) {
        i++;
    }
    return i < n ? i + 1 : n;
}

void actions_of(const canara_event_t *event, struct sample *work, sample_fn fn, void *ctx)
{
    const canara_point_t *p = event->of.path.points;
    const size_t n = event->of.path.count;
    struct teller t = {.p = p, .work = work, .fn = fn, .ctx = ctx, .told_ms = -1.0};
    if (event->kind != CANARA_POINTER || (event->has & CANARA_F_POINTS) == 0 ||
        !path_is_sane(p, n)) {
        return;
    }
    size_t first = 0;
    for (size_t i = 0; i < n;) {
        if (p[i].buttons != 0) {
            const size_t end = end_of_press(p, n, i);
            const bool drag = end - i > 2;
            tell(&t, first, drag ? i : end, drag ? MOVE : CLICK);
            if (drag) {
                tell(&t, i, end, DRAG);
            }
            first = end;
            i = end;
            continue;
        }
        if (i > first && p[i].t_ms - p[i - 1].t_ms > PAUSE_MS) {
            tell(&t, first, i, MOVE);
            first = i;
        }
        i++;
    }
    tell(&t, first, n, MOVE);
}
