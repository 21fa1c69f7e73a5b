#include "app/persona_hand.h"

#include "base/util.h"

#include <math.h>

#define SCREEN_W 1280.0
#define SCREEN_H 720.0
#define PHONE_W  412.0
#define PHONE_H  880.0

enum { KEYS_MAX = 60, PATH_MAX_POINTS = 160, BOT_KEYS = 18, BOT_POINTS = 60 };

static const char *const class_names[CANARA_KEY_CLASSES] = {"letter", "digit", "space",    "delete",
                                                            "enter",  "punct", "modifier", "other"};
static const char *const zone_names[] = {"l1", "l2", "l3", "r1", "r2", "r3"};

static double between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_double(r);
}

static double tenth(double ms)
{
    return round(10.0 * ms) / 10.0;
}

/* What the line between two computers adds to a time. */
static double lag(struct persona *p)
{
    return p->kind == PERSONA_REMOTE ? between(&p->rng, 0.0, 90.0) : 0.0;
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
        *gap = p->bot_is_metronome ? 100.0 + 0.2 * rng_normal(&p->rng) : between(&p->rng, 4, 16);
        *hold = p->bot_is_metronome ? 50.0 : between(&p->rng, 1.0, 6.0);
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
    return 10.0 * BOT_POINTS;
}

/* Bell-shaped in speed, bent, trembling; sampled by the mouse, or by what remote control sends. */
static double hand_reach(struct persona *p, struct json_writer *w, double to_x, double to_y)
{
    const double dx = to_x - p->x;
    const double dy = to_y - p->y;
    const double way = hypot(dx, dy);
    const double whole_ms =
        (p->body.reach_base_ms + p->body.reach_bit_ms * log2(way / 40.0 + 1.0)) *
        exp(0.18 * rng_normal(&p->rng));
    const double bow = p->body.bow + 0.03 * rng_normal(&p->rng);
    const double step = p->kind == PERSONA_REMOTE ? 45.0 : p->body.sample_ms;
    double shake_x = 0.0;
    double shake_y = 0.0;
    double t = 0.0;
    for (int i = 0; i < PATH_MAX_POINTS && t < whole_ms; i++) {
        const double u = t / whole_ms;
        const double done = u * u * u * (10.0 - 15.0 * u + 6.0 * u * u);
        const double bend = bow * sin(3.14159265358979 * done);
        shake_x = 0.6 * shake_x + p->body.tremor_px * rng_normal(&p->rng);
        shake_y = 0.6 * shake_y + p->body.tremor_px * rng_normal(&p->rng);
        write_point(w, t, p->x + dx * done - dy * bend + shake_x,
                    p->y + dy * done + dx * bend + shake_y, 0);
        t += step * (1.0 + 0.05 * rng_double(&p->rng)) + lag(p);
    }
    const double rest = t + between(&p->rng, 60.0, 350.0) + lag(p);
    const double hold = between(&p->rng, 60.0, 140.0);
    write_point(w, rest, to_x, to_y, 1);
    write_point(w, rest + hold, to_x, to_y, 0);
    return rest + hold;
}

double hand_pointer(struct persona *p, struct json_writer *w)
{
    double to_x = 0.0;
    double to_y = 0.0;
    do {
        to_x = between(&p->rng, 20.0, SCREEN_W - 20.0);
        to_y = between(&p->rng, 20.0, SCREEN_H - 20.0);
    } while (hypot(to_x - p->x, to_y - p->y) < 150.0);
    json_name(w, "points");
    json_begin_array(w);
    const double took = is_bot(p) ? bot_pointer(p, w, to_x, to_y) : hand_reach(p, w, to_x, to_y);
    json_end_array(w);
    p->x = to_x;
    p->y = to_y;
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
    const double x = between(&p->rng, 0.3 * PHONE_W, 0.7 * PHONE_W);
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
        const double x = between(&p->rng, 20.0, PHONE_W - 20.0);
        const double y = between(&p->rng, 60.0, PHONE_H - 20.0);
        const double slip = is_bot(p) ? 0.0 : between(&p->rng, 0.2, 2.5);
        const double down[3] = {t, x, y};
        write_touch(p, w, down, 0);
        t += is_bot(p) ? 10.0 : between(&p->rng, 50.0, 130.0);
        const double lift[3] = {t, x + slip, y + 0.5 * slip};
        write_touch(p, w, lift, 2);
        t += is_bot(p) ? 40.0 : between(&p->rng, 250.0, 1200.0) + lag(p);
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
