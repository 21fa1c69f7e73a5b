#include "app/persona/persona_hand.h"

#include "base/util.h"

#include <math.h>
#include <string.h>

#define SCREEN_W 1280.0
#define SCREEN_H 720.0
#define PHONE_W  412.0
#define PHONE_H  880.0

enum { KEYS_MAX = 60, PATH_MAX_POINTS = 160, BOT_KEYS = 18, BOT_POINTS = 60 };

static const char *const class_names[CANARA_KEY_CLASSES] = {"letter", "digit", "space",    "delete",
                                                            "enter",  "punct", "modifier", "other"};
static const char *const zone_names[] = {"l1", "l2", "l3", "r1", "r2", "r3"};

static double tenth(double ms)
{
    return round(10.0 * ms) / 10.0;
}

/* What the line between two computers adds to a time. */
static double lag(struct persona *p)
{
    return p->kind == PERSONA_REMOTE ? rng_between(&p->rng, 0.0, 90.0) : 0.0;
}

static bool is_bot(const struct persona *p)
{
    return p->kind == PERSONA_BOT;
}

/* A text as classes of keys: words of letters with an erased slip here and there, or digits. */
static size_t draft(struct persona *p, bool digits, uint8_t out[KEYS_MAX])
{
    const size_t length =
        digits ? 3 + (size_t)rng_below(&p->rng, 9) : 10 + (size_t)rng_below(&p->rng, 30);
    size_t n = 0;
    size_t word = 3 + (size_t)rng_below(&p->rng, 6);
    while (n < length) {
        if (rng_double(&p->rng) < p->body.typo_share && n + 2 < length) {
            out[n++] = digits ? CANARA_KEY_DIGIT : CANARA_KEY_LETTER;
            out[n++] = CANARA_KEY_DELETE;
            continue;
        }
        const bool space = !digits && word == 0;
        out[n++] = digits ? CANARA_KEY_DIGIT : (space ? CANARA_KEY_SPACE : CANARA_KEY_LETTER);
        word = space ? 3 + (size_t)rng_below(&p->rng, 6) : (word > 0 ? word - 1 : 0);
    }
    return n;
}

/* The time to the next key, and how long it stays down. */
static void strike(struct persona *p, uint8_t key_class, double *gap, double *hold)
{
    if (is_bot(p)) {
        *gap =
            p->bot_is_metronome ? 100.0 + 0.2 * rng_normal(&p->rng) : rng_between(&p->rng, 4, 16);
        *hold = p->bot_is_metronome ? 50.0 : rng_between(&p->rng, 1.0, 6.0);
        return;
    }
    *gap = log_normal_draw(&p->body.gap[key_class], &p->rng, 45.0, 4000.0) + lag(p);
    *hold = log_normal_draw(&p->body.hold[key_class], &p->rng, 25.0, 600.0);
}

static void write_key(struct persona *p, struct json_writer *w, uint8_t key_class, double down,
                      double up)
{
    json_begin_object(w);
    json_name(w, "down");
    json_number(w, tenth(down));
    json_name(w, "up");
    json_number(w, tenth(up));
    json_name(w, "class");
    json_cstr(w, class_names[key_class]);
    if (key_class == CANARA_KEY_LETTER) {
        json_name(w, "zone");
        json_cstr(w, zone_names[rng_below(&p->rng, ARRAY_LEN(zone_names))]);
    }
    if (p->body.mobile && !is_bot(p)) {
        json_name(w, "pressure");
        json_fixed(w, fmin(fmax(p->body.pressure + 0.06 * rng_normal(&p->rng), 0.01), 1.0), 3);
        json_name(w, "x");
        json_fixed(w, fmin(fmax(0.2 * rng_normal(&p->rng) + p->body.slant, -1.0), 1.0), 3);
        json_name(w, "y");
        json_fixed(w, fmin(fmax(0.2 * rng_normal(&p->rng), -1.0), 1.0), 3);
    }
    json_end_object(w);
}

double hand_keys(struct persona *p, struct json_writer *w, const char *field, bool digits)
{
    uint8_t classes[KEYS_MAX];
    size_t n = draft(p, digits, classes);
    while (is_bot(p) && n < BOT_KEYS) {
        classes[n++] = digits ? CANARA_KEY_DIGIT : CANARA_KEY_LETTER;
    }
    json_name(w, "field");
    json_cstr(w, field);
    json_name(w, "keys");
    json_begin_array(w);
    double down = 0.0;
    double up = 0.0;
    for (size_t i = 0; i < n; i++) {
        double gap = 0.0;
        double hold = 0.0;
        strike(p, classes[i], &gap, &hold);
        down += i == 0 ? 0.0 : gap;
        up = down + hold;
        write_key(p, w, classes[i], down, up);
    }
    json_end_array(w);
    return up;
}

double hand_typing(struct persona *p, struct json_writer *w)
{
    uint8_t classes[KEYS_MAX];
    size_t n = draft(p, false, classes);
    while (is_bot(p) && n < BOT_KEYS) {
        classes[n++] = CANARA_KEY_LETTER;
    }
    double sum = 0.0;
    size_t deletes = 0;
    json_name(w, "key_press_intervals");
    json_begin_array(w);
    for (size_t i = 0; i < n; i++) {
        double gap = 0.0;
        double hold = 0.0;
        strike(p, classes[i], &gap, &hold);
        sum += gap;
        deletes += classes[i] == CANARA_KEY_DELETE;
        json_fixed(w, gap / 1000.0, 4);
    }
    json_end_array(w);
    json_name(w, "words_per_minute"); /* five keys are a word */
    json_fixed(w, fmin(12000.0 * (double)n / fmax(sum, 1.0), 10000.0), 1);
    json_name(w, "backspace_frequency");
    json_fixed(w, (double)deletes / (double)n, 3);
    return sum;
}

static void write_point(struct json_writer *w, double t, double x, double y, unsigned buttons)
{
    json_begin_array(w);
    json_number(w, tenth(t));
    json_number(w, round(x));
    json_number(w, round(y));
    json_uint(w, buttons);
    json_end_array(w);
}

/* Straight to the target, at one speed, and a click of no length. */
static double bot_pointer(struct persona *p, struct json_writer *w, double to_x, double to_y)
{
    for (int i = 0; i <= BOT_POINTS; i++) {
        const double u = (double)i / BOT_POINTS;
        write_point(w, 10.0 * i, p->x + u * (to_x - p->x), p->y + u * (to_y - p->y), 0);
    }
    write_point(w, 10.0 * BOT_POINTS, to_x, to_y, 1);
    write_point(w, 10.0 * BOT_POINTS, to_x, to_y, 0);
    p->x = to_x;
    p->y = to_y;
    return 10.0 * BOT_POINTS;
}

/* One stroke of a reach: a lognormal bell of speed (Plamondon 1995) along an arc. */
struct stroke {
    double begin_ms, mu, sigma;
    double dx, dy; /* where it leads */
    double turn;   /* rad: how far its direction turns on the way */
};

enum { STROKES_MAX = 4 };

struct reach {
    struct stroke stroke[STROKES_MAX];
    size_t strokes;
    double end_ms;
};

/* A stroke towards (dx, dy) that misses with a spread that grows with its length (Harris and Wolpert
 * 1998), and takes about `ms`. */
static struct stroke aimed(struct persona *p, double dx, double dy, double begin_ms, double ms)
{
    const double along = 1.0 + 0.05 * rng_normal(&p->rng);
    const double aside = 0.03 * rng_normal(&p->rng);
    const double sigma = rng_between(&p->rng, 0.22, 0.42);
    return (struct stroke){.begin_ms = begin_ms,
                           .mu = log(ms) - 1.6 * sigma, /* 95 of 100 parts are done after ms */
                           .sigma = sigma,
                           .dx = along * dx - aside * dy,
                           .dy = along * dy + aside * dx,
                           .turn = 3.0 * p->body.bow + 0.15 * rng_normal(&p->rng)};
}

/* The first stroke falls short or goes too far; others, each begun before the last has died away,
 * correct it (Woodworth 1899). */
static struct reach plan_reach(struct persona *p, double dx, double dy)
{
    struct reach r = {0};
    const double way = hypot(dx, dy);
    const double whole_ms =
        (p->body.reach_base_ms + p->body.reach_bit_ms * log2(way / 40.0 + 1.0)) *
        exp(0.18 * rng_normal(&p->rng));
    const double reached = rng_between(&p->rng, 0.82, 1.04);
    double ms = 0.62 * whole_ms;
    double begin = 0.0;
    r.stroke[0] = aimed(p, reached * dx, reached * dy, 0.0, ms);
    r.strokes = 1;
    double left_x = dx - r.stroke[0].dx;
    double left_y = dy - r.stroke[0].dy;
    while (r.strokes < STROKES_MAX && hypot(left_x, left_y) > 2.5) {
        begin += ms * rng_between(&p->rng, 0.75, 1.25);
        ms = rng_between(&p->rng, 110.0, 190.0) + 0.7 * hypot(left_x, left_y);
        struct stroke *const k = &r.stroke[r.strokes++];
        *k = aimed(p, left_x, left_y, begin, ms);
        left_x -= k->dx;
        left_y -= k->dy;
    }
    r.end_ms = begin + 1.3 * ms;
    return r;
}

static double stroke_done(const struct stroke *k, double t)
{
    const double since = t - k->begin_ms;
    return since <= 0.0 ? 0.0 : 0.5 * erfc(-(log(since) - k->mu) / (k->sigma * sqrt(2.0)));
}

/* Where the strokes have led to by `t`. A turning stroke follows the arc over its chord. */
static void reach_at(const struct reach *r, double t, double at[2])
{
    for (size_t i = 0; i < r->strokes; i++) {
        const struct stroke *const k = &r->stroke[i];
        const double done = stroke_done(k, t);
        const double aside = k->turn * done * (1.0 - done); /* a shallow arc, to the second order */
        at[0] += done * k->dx - aside * k->dy;
        at[1] += done * k->dy + aside * k->dx;
    }
}

/* What muscles add: a tremor of about 9 Hz, and noise that grows with the speed. */
struct shake {
    double x[2], y[2];
};

static void shake_on(struct persona *p, struct shake *s, double dt, double speed)
{
    enum { TREMOR_HZ = 9 };

    const double damp = exp(-dt / 90.0);
    const double turn = cos(2.0 * 3.14159265358979 * TREMOR_HZ * dt / 1000.0);
    const double kick =
        (0.35 * p->body.tremor_px + 0.1 * speed * sqrt(dt)) * sqrt(1.0 - damp * damp);
    const double x =
        2.0 * damp * turn * s->x[0] - damp * damp * s->x[1] + kick * rng_normal(&p->rng);
    const double y =
        2.0 * damp * turn * s->y[0] - damp * damp * s->y[1] + kick * rng_normal(&p->rng);
    s->x[1] = s->x[0];
    s->y[1] = s->y[0];
    s->x[0] = x;
    s->y[0] = y;
}

/* When the recorder looks next: a clock that now and then skips a beat; remote control sends what it
 * has every 45 ms, late. */
static double next_look(struct persona *p, double t)
{
    const double beat = p->kind == PERSONA_REMOTE ? 45.0 : p->body.sample_ms;
    return t + (rng_below(&p->rng, 24) == 0 ? 2.0 : 1.0) * beat;
}

/* A reach as strokes, muscles and the recorder make it, then a rest and a click. */
static double hand_reach(struct persona *p, struct json_writer *w, double to_x, double to_y)
{
    const struct reach r = plan_reach(p, to_x - p->x, to_y - p->y);
    struct shake shake = {0};
    double was[2] = {p->x, p->y};
    double shown[2] = {round(p->x), round(p->y)};
    double stamp = 0.0;
    double t = 0.0;
    write_point(w, stamp, p->x, p->y, 0);
    for (int i = 1; i < PATH_MAX_POINTS && t < r.end_ms; i++) {
        const double next = next_look(p, t);
        double at[2] = {p->x, p->y};
        reach_at(&r, next, at);
        shake_on(p, &shake, next - t, hypot(at[0] - was[0], at[1] - was[1]) / (next - t));
        t = next;
        memcpy(was, at, sizeof was);
        const double x = round(at[0] + shake.x[0]);
        const double y = round(at[1] + shake.y[0]);
        if (fabs(x - shown[0]) + fabs(y - shown[1]) > 0.0) { /* who does not move is not told of */
            stamp = fmax(stamp + 0.1, t - 0.4 * log1p(-rng_double(&p->rng)) + lag(p));
            write_point(w, stamp, x, y, 0);
            shown[0] = x;
            shown[1] = y;
        }
    }
    const double rest = fmax(stamp, t) + rng_between(&p->rng, 60.0, 350.0) + lag(p);
    const double hold = rng_between(&p->rng, 60.0, 140.0);
    write_point(w, rest, shown[0], shown[1], 1);
    write_point(w, rest + hold, shown[0], shown[1], 0);
    p->x = shown[0];
    p->y = shown[1];
    return rest + hold;
}

double hand_pointer(struct persona *p, struct json_writer *w)
{
    double to_x = 0.0;
    double to_y = 0.0;
    do {
        to_x = rng_between(&p->rng, 20.0, SCREEN_W - 20.0);
        to_y = rng_between(&p->rng, 20.0, SCREEN_H - 20.0);
    } while (hypot(to_x - p->x, to_y - p->y) < 150.0);
    json_name(w, "points");
    json_begin_array(w);
    const double took = is_bot(p) ? bot_pointer(p, w, to_x, to_y) : hand_reach(p, w, to_x, to_y);
    json_end_array(w);
    return took;
}

static void write_touch(struct persona *p, struct json_writer *w, const double at[3],
                        unsigned phase)
{
    const bool bot = is_bot(p);
    json_begin_array(w);
    json_number(w, tenth(at[0]));
    json_fixed(w, at[1], 1);
    json_fixed(w, at[2], 1);
    json_fixed(w, bot ? 1.0 : fmin(fmax(p->body.pressure + 0.05 * rng_normal(&p->rng), 0.02), 1.0),
               3);
    json_fixed(w, bot ? 1.0 : fmax(p->body.area * (1.0 + 0.08 * rng_normal(&p->rng)), 1.0), 1);
    json_uint(w, phase);
    json_end_array(w);
}

static double touch_swipe(struct persona *p, struct json_writer *w)
{
    enum { STEPS = 22 };

    const bool bot = is_bot(p);
    const bool up = rng_below(&p->rng, 4) != 0;
    const double x = rng_between(&p->rng, 0.3 * PHONE_W, 0.7 * PHONE_W);
    const double y = up ? 0.85 * PHONE_H : 0.15 * PHONE_H;
    const double px = p->body.swipe_px * exp(0.15 * rng_normal(&p->rng)) * (up ? -1.0 : 1.0);
    const double ms = p->body.swipe_ms * exp(0.15 * rng_normal(&p->rng));
    const double slant = p->body.slant + 0.05 * rng_normal(&p->rng);
    double t = 0.0;
    for (int i = 0; i <= STEPS; i++) {
        const double u = (double)i / STEPS;
        const double done = bot ? u : u * u * (3.0 - 2.0 * u);
        const double noise = bot ? 0.0 : 0.4 * rng_normal(&p->rng);
        t = fmax(t, ms * u + (i == 0 || bot ? 0.0 : 0.8 * rng_double(&p->rng))) +
            (i == 0 ? 0.0 : 0.4 * lag(p));
        const double at[3] = {t, x + slant * px * done * (bot ? 1.0 : done) + noise,
                              y + px * done + noise};
        write_touch(p, w, at, i == 0 ? 0U : (i == STEPS ? 2U : 1U));
    }
    return t;
}

static double touch_taps(struct persona *p, struct json_writer *w)
{
    double t = 0.0;
    for (uint64_t taps = 1 + rng_below(&p->rng, 4); taps > 0; taps--) {
        const double x = rng_between(&p->rng, 20.0, PHONE_W - 20.0);
        const double y = rng_between(&p->rng, 60.0, PHONE_H - 20.0);
        const double slip = is_bot(p) ? 0.0 : rng_between(&p->rng, 0.2, 2.5);
        const double down[3] = {t, x, y};
        write_touch(p, w, down, 0);
        t += is_bot(p) ? 10.0 : rng_between(&p->rng, 50.0, 130.0);
        const double lift[3] = {t, x + slip, y + 0.5 * slip};
        write_touch(p, w, lift, 2);
        t += is_bot(p) ? 40.0 : rng_between(&p->rng, 250.0, 1200.0) + lag(p);
    }
    return t;
}

double hand_touch(struct persona *p, struct json_writer *w)
{
    json_name(w, "points");
    json_begin_array(w);
    const double took = rng_below(&p->rng, 3) == 0 ? touch_taps(p, w) : touch_swipe(p, w);
    json_end_array(w);
    return took;
}
