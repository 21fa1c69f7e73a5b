#include "lab/sets/import_path.h"

void path_begin(struct path_cutter *c, struct set_writer *to, wall_t start)
{
    c->to = to;
    c->start = start;
    c->events = 0;
    c->count = 0;
}

static void write_event(struct path_cutter *c)
{
    if (c->count == 0) {
        return;
    }
    const canara_event_t event = {
        .kind = CANARA_POINTER,
        .has = CANARA_F_POINTS,
        .of.path = {.points = c->point, .count = c->count},
    };
    const double last = c->point[c->count - 1].t_ms;
    set_writer_event(c->to, wall_after_ms(c->start, (int64_t)last), &event);
    c->events++;
    c->count = 0;
}

void path_add(struct path_cutter *c, const canara_point_t *point)
{
    if (c->count == PATH_POINTS_MAX ||
        (c->count > 0 && point->t_ms - c->point[c->count - 1].t_ms > PATH_PAUSE_MS)) {
        write_event(c);
    }
    c->point[c->count++] = *point;
}

size_t path_end(struct path_cutter *c)
{
    write_event(c);
    return c->events;
}
