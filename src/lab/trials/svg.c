#include "lab/trials/svg.h"

#include "codec/utf8.h"

#include <stdarg.h>

/* Text of more bytes than this is cut. */
enum { TEXT_BYTES = 160 };

PRINTF_LIKE(2, 3)

static void put(struct svg *s, const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(words, sizeof words, format, args);
    va_end(args);
    MUST(n >= 0 && (size_t)n < sizeof words);
    if (!failed(s->error)) {
        s->error = buf_append(s->out, (span_t){(const uint8_t *)words, (size_t)n});
    }
}

/* Any bytes as XML text: markup escaped; control bytes and what is no UTF-8 become '?'. */
static void put_text(struct svg *s, const char *text)
{
    span_t all = {(const uint8_t *)text, strnlen(text, TEXT_BYTES)};
    const bool utf8 = utf8_is_valid(all);
    for (size_t i = 0; i < all.len; i++) {
        const uint8_t c = all.ptr[i];
        if (c == '&') {
            put(s, "&amp;");
        } else if (c == '<') {
            put(s, "&lt;");
        } else if (c == '>') {
            put(s, "&gt;");
        } else if (c < ' ' || c == 0x7f || (c >= 0x80 && !utf8)) {
            put(s, "?");
        } else {
            put(s, "%c", c);
        }
    }
}

const char *svg_colour(size_t index)
{
    static const char *const colours[SVG_COLOURS] = {"#0072b2", "#d55e00", "#009e73",
                                                     "#cc79a7", "#e69f00", "#56b4e9"};
    MUST(index < SVG_COLOURS);
    return colours[index];
}

const char *svg_dash(size_t index)
{
    static const char *const dashes[SVG_COLOURS] = {NULL,       "9 4", "2 3",
                                                    "12 4 2 4", "5 2", "7 3 2 3"};
    MUST(index < SVG_COLOURS);
    return dashes[index];
}

struct svg svg_begin(struct buf *out, double width, double height, const char *title)
{
    struct svg s = {.out = out, .start = out->len};
    put(&s,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
        "viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
        "font-family=\"system-ui, 'DejaVu Sans', Arial, sans-serif\" font-size=\"13\" "
        "fill=\"" SVG_INK "\">\n<title>",
        width, height, width, height);
    put_text(&s, title);
    put(&s, "</title>\n");
    svg_rect(&s, (struct svg_point){0.0, 0.0}, (struct svg_point){width, height}, "#ffffff");
    put(&s, "<text x=\"%.1f\" y=\"30\" text-anchor=\"middle\" font-size=\"17\">", width / 2);
    put_text(&s, title);
    put(&s, "</text>\n");
    return s;
}

static void put_stroke(struct svg *s, struct svg_stroke stroke)
{
    put(s, " stroke=\"%s\" stroke-width=\"%.2g\"", stroke.colour, stroke.width);
    if (stroke.dash != NULL) {
        put(s, " stroke-dasharray=\"%s\"", stroke.dash);
    }
}

void svg_line(struct svg *s, struct svg_point a, struct svg_point b, struct svg_stroke stroke)
{
    put(s, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"", a.x, a.y, b.x, b.y);
    put_stroke(s, stroke);
    put(s, "/>\n");
}

void svg_rect(struct svg *s, struct svg_point corner, struct svg_point size, const char *fill)
{
    put(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", corner.x,
        corner.y, size.x, size.y, fill);
}

void svg_frame(struct svg *s, struct svg_point corner, struct svg_point size)
{
    put(s,
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
        "stroke=\"" SVG_INK "\"/>\n",
        corner.x, corner.y, size.x, size.y);
}

void svg_dot(struct svg *s, struct svg_point at, double radius, const char *fill)
{
    put(s,
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\" stroke=\"#ffffff\" "
        "stroke-width=\"1\"/>\n",
        at.x, at.y, radius, fill);
}

void svg_text(struct svg *s, struct svg_point at, enum svg_anchor anchor, int turn,
              const char *text)
{
    static const char *const anchors[] = {
        [SVG_START] = "start", [SVG_MIDDLE] = "middle", [SVG_END] = "end"};
    put(s, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"", at.x, at.y, anchors[anchor]);
    if (turn != 0) {
        put(s, " transform=\"rotate(%d %.1f %.1f)\"", turn, at.x, at.y);
    }
    put(s, ">");
    put_text(s, text);
    put(s, "</text>\n");
}

void svg_clip(struct svg *s, struct svg_point corner, struct svg_point size)
{
    put(s,
        "<clipPath id=\"plot\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
        "</clipPath>\n",
        corner.x, corner.y, size.x, size.y);
}

void svg_path_begin(struct svg *s, struct svg_stroke stroke)
{
    put(s, "<polyline clip-path=\"url(#plot)\" fill=\"none\" stroke-linejoin=\"round\"");
    put_stroke(s, stroke);
    put(s, " points=\"");
}

void svg_path_point(struct svg *s, struct svg_point at)
{
    put(s, "%.1f,%.1f ", at.x, at.y);
}

void svg_path_end(struct svg *s)
{
    put(s, "\"/>\n");
}

err_t svg_end(struct svg *s)
{
    put(s, "</svg>\n");
    if (failed(s->error)) {
        s->out->len = s->start;
    }
    return s->error;
}
