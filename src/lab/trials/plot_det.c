#include "lab/trials/plot_det.h"

#include "lab/statistics/ladder.h"
#include "lab/statistics/normal.h"
#include "lab/trials/svg.h"

#include <math.h>

#define WIDTH  680.0
#define LEFT   86.0
#define TOP    52.0
#define SIDE   540.0
#define LEGEND 22.0 /* px a row */
/* The axes' ends: a little outside the ticks. */
#define RATE_LOW  .0008
#define RATE_HIGH .55
/* A rate of 0 or 1 has no deviate: drawn far outside, and cut. */
#define RATE_EDGE 1e-7

struct axis {
    double low, px; /* deviate at the axis' begin, px a unit */
};

static struct axis axis_of(void)
{
    const double low = normal_deviate(RATE_LOW);
    return (struct axis){low, SIDE / (normal_deviate(RATE_HIGH) - low)};
}

/* How far along the axis a rate stands, px. */
static double along(struct axis a, double rate)
{
    return (normal_deviate(fmin(fmax(rate, RATE_EDGE), 1.0 - RATE_EDGE)) - a.low) * a.px;
}

/* x: genuine flagged, y: impostors that pass. */
static struct svg_point point_of(struct axis a, double flagged, double passed)
{
    return (struct svg_point){LEFT + along(a, flagged), TOP + SIDE - along(a, passed)};
}

static void draw_axes(struct svg *s, struct axis a)
{
    static const double ticks[] = {.001, .002, .005, .01, .02, .05, .1, .2, .4};
    const struct svg_stroke grid = {SVG_PALE, 1.0, NULL};
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        const double x = LEFT + along(a, ticks[i]);
        const double y = TOP + SIDE - along(a, ticks[i]);
        char text[16];
        (void)snprintf(text, sizeof text, "%g", ticks[i] * 100.0);
        svg_line(s, (struct svg_point){x, TOP}, (struct svg_point){x, TOP + SIDE}, grid);
        svg_line(s, (struct svg_point){LEFT, y}, (struct svg_point){LEFT + SIDE, y}, grid);
        svg_text(s, (struct svg_point){x, TOP + SIDE + 19.0}, SVG_MIDDLE, 0, text);
        svg_text(s, (struct svg_point){LEFT - 9.0, y + 4.5}, SVG_END, 0, text);
    }
    svg_line(s, (struct svg_point){LEFT, TOP + SIDE}, (struct svg_point){LEFT + SIDE, TOP},
             (struct svg_stroke){SVG_DIM, 1.0, "3 4"});
    svg_frame(s, (struct svg_point){LEFT, TOP}, (struct svg_point){SIDE, SIDE});
    svg_text(s, (struct svg_point){LEFT + SIDE / 2, TOP + SIDE + 44.0}, SVG_MIDDLE, 0,
             "owner flagged (false alarm rate, %)");
    svg_text(s, (struct svg_point){LEFT - 52.0, TOP + SIDE / 2}, SVG_MIDDLE, -90,
             "impostor passes (miss rate, %)");
    svg_clip(s, (struct svg_point){LEFT, TOP}, (struct svg_point){SIDE, SIDE});
}

/* Every operating point that stands apart from the one before it. */
static void draw_curve(struct svg *s, struct axis a, const struct ladder *l, size_t index)
{
    uint64_t flagged = 0;
    uint64_t passed = l->impostor;
    struct svg_point last = point_of(a, 0.0, 1.0);
    svg_path_begin(s, (struct svg_stroke){svg_colour(index), 2.2, svg_dash(index)});
    svg_path_point(s, last);
    for (size_t i = 0; i < l->steps; i++) {
        flagged += l->step[i].genuine;
        passed -= l->step[i].impostor;
        const struct svg_point at =
            point_of(a, (double)flagged / (double)l->genuine, (double)passed / (double)l->impostor);
        if (fabs(at.x - last.x) + fabs(at.y - last.y) >= 1.0 || i + 1 == l->steps) {
            svg_path_point(s, at);
            last = at;
        }
    }
    svg_path_end(s);
}

static void draw_legend(struct svg *s, const char *name, double eer, size_t index)
{
    const double y = TOP + SIDE + 70.0 + LEGEND * (double)index;
    char text[200];
    (void)snprintf(text, sizeof text, "%.120s: equal error rate %.2f %%", name, eer * 100.0);
    svg_line(s, (struct svg_point){LEFT, y}, (struct svg_point){LEFT + 44.0, y},
             (struct svg_stroke){svg_colour(index), 2.2, svg_dash(index)});
    svg_dot(s, (struct svg_point){LEFT + 22.0, y}, 4.5, svg_colour(index));
    svg_text(s, (struct svg_point){LEFT + 56.0, y + 4.5}, SVG_START, 0, text);
}

static err_t draw(struct svg *s, struct axis a, const struct plot_curve *curve, size_t index)
{
    CLEANUP(ladder_deinit) struct ladder l = {0};
    TRY(ladder_build(curve->users, curve->count, &l));
    if (!ladder_has_both(&l)) {
        return err_new(ERR_RANGE);
    }
    const double eer = ladder_eer(&l);
    draw_curve(s, a, &l, index);
    if (eer > RATE_LOW && eer < RATE_HIGH) {
        svg_dot(s, point_of(a, eer, eer), 4.5, svg_colour(index));
    }
    draw_legend(s, curve->name, eer, index);
    return ERR_OK;
}

err_t plot_det(const char *title, const struct plot_curve *curves, size_t count, struct buf *out)
{
    if (count == 0 || count > PLOT_DET_CURVES) {
        return err_new(ERR_RANGE);
    }
    const struct axis a = axis_of();
    const double height = TOP + SIDE + 70.0 + LEGEND * (double)count;
    struct svg s = svg_begin(out, WIDTH, height, title);
    draw_axes(&s, a);
    for (size_t i = 0; i < count && !failed(s.error); i++) {
        s.error = draw(&s, a, &curves[i], i);
    }
    return svg_end(&s);
}
