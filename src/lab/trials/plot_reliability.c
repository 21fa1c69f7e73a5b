#include "lab/trials/plot_reliability.h"

#include "lab/statistics/ladder.h"
#include "lab/statistics/llr.h"
#include "lab/trials/svg.h"

#include <math.h>

#define WIDTH    620.0
#define HEIGHT   792.0
#define LEFT     86.0
#define SIDE     480.0
#define TOP      52.0
#define LOW_TOP  574.0 /* the counts' panel */
#define LOW_SIDE 110.0
#define GENUINE  0 /* colours */
#define IMPOSTOR 1
#define CURVE    2

static struct svg_point point_of(double predicted, double observed)
{
    return (struct svg_point){LEFT + SIDE * predicted, TOP + SIDE * (1.0 - observed)};
}

static void draw_axes(struct svg *s)
{
    const struct svg_stroke grid = {SVG_PALE, 1.0, NULL};
    for (int i = 0; i <= 5; i++) {
        const double at = i / 5.0;
        const struct svg_point corner = point_of(at, at);
        char text[16];
        (void)snprintf(text, sizeof text, "%.1f", at);
        svg_line(s, (struct svg_point){corner.x, TOP}, (struct svg_point){corner.x, TOP + SIDE},
                 grid);
        svg_line(s, (struct svg_point){LEFT, corner.y}, (struct svg_point){LEFT + SIDE, corner.y},
                 grid);
        svg_text(s, (struct svg_point){corner.x, LOW_TOP + LOW_SIDE + 19.0}, SVG_MIDDLE, 0, text);
        svg_text(s, (struct svg_point){LEFT - 9.0, corner.y + 4.5}, SVG_END, 0, text);
    }
    svg_line(s, point_of(0.0, 0.0), point_of(1.0, 1.0), (struct svg_stroke){SVG_DIM, 1.0, "3 4"});
    svg_frame(s, (struct svg_point){LEFT, TOP}, (struct svg_point){SIDE, SIDE});
    svg_text(s, (struct svg_point){LEFT - 52.0, TOP + SIDE / 2}, SVG_MIDDLE, -90,
             "observed share of impostors (classes balanced)");
    svg_text(s, (struct svg_point){LEFT + SIDE / 2, LOW_TOP + LOW_SIDE + 44.0}, SVG_MIDDLE, 0,
             "predicted probability of an impostor (equal priors)");
    svg_clip(s, (struct svg_point){LEFT, TOP}, (struct svg_point){SIDE, SIDE});
}

static void draw_curve(struct svg *s, const struct llr_bin bins[LLR_BINS])
{
    svg_path_begin(s, (struct svg_stroke){svg_colour(CURVE), 2.2, NULL});
    for (size_t b = 0; b < LLR_BINS; b++) {
        if (bins[b].weight > 0.0) {
            svg_path_point(
                s, point_of(bins[b].predicted / bins[b].weight, bins[b].observed / bins[b].weight));
        }
    }
    svg_path_end(s);
    for (size_t b = 0; b < LLR_BINS; b++) {
        if (bins[b].weight > 0.0) {
            svg_dot(s,
                    point_of(bins[b].predicted / bins[b].weight, bins[b].observed / bins[b].weight),
                    5.0, svg_colour(CURVE));
        }
    }
}

/* px of a count: 0 for none, a stump for 1, one decade the same everywhere. */
static double bar(uint64_t count, double decades)
{
    return count == 0 ? 0.0 : LOW_SIDE * (log10((double)count) + .3) / (decades + .3);
}

static void draw_counts(struct svg *s, const struct llr_bin bins[LLR_BINS])
{
    uint64_t most = 10;
    for (size_t b = 0; b < LLR_BINS; b++) {
        most = bins[b].genuine > most ? bins[b].genuine : most;
        most = bins[b].impostor > most ? bins[b].impostor : most;
    }
    const double decades = ceil(log10((double)most));
    uint64_t count = 1;
    for (int d = 0; d <= (int)decades; d++, count *= 10) {
        const double y = LOW_TOP + LOW_SIDE - bar(count, decades);
        char text[32];
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)count);
        svg_line(s, (struct svg_point){LEFT, y}, (struct svg_point){LEFT + SIDE, y},
                 (struct svg_stroke){SVG_PALE, 1.0, NULL});
        if (decades <= 5.0 || d % 2 == 0) {
            svg_text(s, (struct svg_point){LEFT - 9.0, y + 4.5}, SVG_END, 0, text);
        }
    }
    const double wide = SIDE / LLR_BINS;
    for (size_t b = 0; b < LLR_BINS; b++) {
        const double x = LEFT + wide * (double)b;
        const double g = bar(bins[b].genuine, decades);
        const double i = bar(bins[b].impostor, decades);
        svg_rect(s, (struct svg_point){x + 3.0, LOW_TOP + LOW_SIDE - g},
                 (struct svg_point){wide / 2 - 3.5, g}, svg_colour(GENUINE));
        svg_rect(s, (struct svg_point){x + wide / 2 + .5, LOW_TOP + LOW_SIDE - i},
                 (struct svg_point){wide / 2 - 3.5, i}, svg_colour(IMPOSTOR));
    }
    svg_frame(s, (struct svg_point){LEFT, LOW_TOP}, (struct svg_point){SIDE, LOW_SIDE});
    svg_text(s, (struct svg_point){LEFT - 52.0 - 12.0, LOW_TOP + LOW_SIDE / 2}, SVG_MIDDLE, -90,
             "trials");
}

static void draw_legend(struct svg *s, double ece)
{
    const double y = LOW_TOP + LOW_SIDE + 76.0;
    char text[64];
    (void)snprintf(text, sizeof text, "observed; calibration error %.4f", ece);
    svg_line(s, (struct svg_point){LEFT, y}, (struct svg_point){LEFT + 34.0, y},
             (struct svg_stroke){svg_colour(CURVE), 2.2, NULL});
    svg_dot(s, (struct svg_point){LEFT + 17.0, y}, 5.0, svg_colour(CURVE));
    svg_text(s, (struct svg_point){LEFT + 42.0, y + 4.5}, SVG_START, 0, text);
    svg_rect(s, (struct svg_point){LEFT + 282.0, y - 6.0}, (struct svg_point){12.0, 12.0},
             svg_colour(GENUINE));
    svg_text(s, (struct svg_point){LEFT + 300.0, y + 4.5}, SVG_START, 0, "owner");
    svg_rect(s, (struct svg_point){LEFT + 372.0, y - 6.0}, (struct svg_point){12.0, 12.0},
             svg_colour(IMPOSTOR));
    svg_text(s, (struct svg_point){LEFT + 390.0, y + 4.5}, SVG_START, 0, "impostor");
}

err_t plot_reliability(const char *title, const struct score_user *users, size_t count,
                       struct buf *out)
{
    CLEANUP(ladder_deinit) struct ladder l = {0};
    CLEANUP(llr_deinit) struct llr_term *terms = NULL;
    TRY(ladder_build(users, count, &l));
    if (!ladder_has_both(&l)) {
        return err_new(ERR_RANGE);
    }
    TRY(llr_build(&l, &terms));
    struct llr_bin bins[LLR_BINS];
    llr_bins(&l, terms, bins);
    struct svg s = svg_begin(out, WIDTH, HEIGHT, title);
    draw_axes(&s);
    draw_curve(&s, bins);
    draw_counts(&s, bins);
    draw_legend(&s, llr_ece(&l, terms));
    return svg_end(&s);
}
