/*
 * svg.h - the few shapes that the plots are made of, as SVG text.
 *
 * Floor      lab/trials
 * Source     SVG 1.1. Colours: Okabe and Ito, "Color universal design", 2008: told apart by every eye.
 * Units      px of the drawing, y downwards.
 * Ownership  the buf is the caller's, borrowed until svg_end().
 * Errors     sticky as codec/json_write.h: svg_end() returns the first one.
 * Threads    one at a time.
 *
 * A drawing has a white ground of its own, so that it reads the same in dark viewers.
 */
#ifndef LAB_SVG_H
#define LAB_SVG_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

#define SVG_INK  "#222222"
#define SVG_PALE "#dddddd"
#define SVG_DIM  "#767676"

enum { SVG_COLOURS = 6 };

struct svg {
    struct buf *out;
    size_t start; /* bytes that were in `out` before */
    err_t error;
};

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

struct svg_point {
    double x, y;
};

/* A straight line or a path: `dash` may be NULL. */
struct svg_stroke {
    const char *colour;
    double width;
    const char *dash;
};

const char *svg_colour(size_t index); /* 0..SVG_COLOURS-1 */
const char *svg_dash(size_t index);   /* belongs to the colour; NULL is solid */

/* Open a document with its title, written and for screen readers. */
struct svg svg_begin(struct buf *out, double width, double height, const char *title);

void svg_line(struct svg *s, struct svg_point a, struct svg_point b, struct svg_stroke stroke);
void svg_rect(struct svg *s, struct svg_point corner, struct svg_point size, const char *fill);
void svg_frame(struct svg *s, struct svg_point corner, struct svg_point size);
void svg_dot(struct svg *s, struct svg_point at, double radius, const char *fill);

/* Text of any bytes, 13 px; `turn` in degrees about `at`. */
void svg_text(struct svg *s, struct svg_point at, enum svg_anchor anchor, int turn,
              const char *text);

/* A path of points, cut at the box named "plot" that svg_clip() declared. */
void svg_clip(struct svg *s, struct svg_point corner, struct svg_point size);
void svg_path_begin(struct svg *s, struct svg_stroke stroke);
void svg_path_point(struct svg *s, struct svg_point at);
void svg_path_end(struct svg *s);

/* Close the document. On an error the buf is as it was before svg_begin(). */
NODISCARD err_t svg_end(struct svg *s);

#endif
