/* made_sets_test.h - made-up people and machines who type, swipe and point, written as data sets. */
#ifndef APP_MADE_SETS_TEST_H
#define APP_MADE_SETS_TEST_H

#include "app/evaluate/lab_desk_test.h"
#include "codec/json_read.h"
#include "lab/bots/bot_hand.h"
#include "lab/sets/set_writer.h"

#include <math.h>

enum { MADE_HABITS = 24, MADE_KEYS_MAX = 160 };

/* What a person does; the numbers are factors about 1, or offsets about 0. */
struct made_person {
    double hold[MADE_HABITS], gap[MADE_HABITS], press[MADE_HABITS], aside[MADE_HABITS];
    double pace, bend, length;
};

static inline struct made_person made_person(struct rng *r, bool differ)
{
    const double own = differ ? 1.0 : 0.0;
    struct made_person p = {.pace = exp(own * 0.3 * rng_normal(r)),
                            .bend = own * 0.3 * rng_normal(r),
                            .length = exp(own * 0.4 * rng_normal(r))};
    for (size_t i = 0; i < MADE_HABITS; i++) {
        p.hold[i] = exp(own * 0.25 * rng_normal(r));
        p.gap[i] = exp(own * 0.35 * rng_normal(r));
        p.press[i] = exp(own * 0.25 * rng_normal(r));
        p.aside[i] = own * 0.25 * rng_normal(r);
    }
    return p;
}

/* ---- events ---- */

/* An entry of `count` keys of one class (or of text: words with spaces); `touch` tells of pressure,
 * size and place. `exact` is a machine. */
struct made_entry {
    const char *field;
    size_t count;
    uint8_t key_class;
    bool words, touch, exact;
};

static inline void made_entry(struct set_writer *w, wall_t at, struct rng *r,
                              const struct made_person *p, const struct made_entry *e)
{
    canara_key_t keys[MADE_KEYS_MAX] = {0};
    double now = 0.0;
    for (size_t i = 0; i < e->count; i++) {
        const size_t h = e->words ? rng_below(r, 5) : i % MADE_HABITS;
        const double noise[2] = {e->exact ? 0.0 : rng_normal(r), e->exact ? 0.0 : rng_normal(r)};
        const double hold = 90.0 * (e->exact ? 1.0 : p->hold[h]) * exp(0.15 * noise[0]);
        canara_key_t *const k = &keys[i];
        k->down_ms = round(now * 10.0) / 10.0;
        k->up_ms = round((now + hold) * 10.0) / 10.0;
        k->key_class = e->words && h == 0 ? CANARA_KEY_SPACE : e->key_class;
        k->zone = e->words ? (uint8_t)(CANARA_ZONE_L1 + h) : CANARA_ZONE_NONE;
        if (e->touch) {
            k->has = 1U << CANARA_KEY_PRESSURE | 1U << CANARA_KEY_SIZE | 1U << CANARA_KEY_X |
                     1U << CANARA_KEY_Y;
            k->extra[CANARA_KEY_PRESSURE] = 0.4 * p->press[h] * exp(0.15 * rng_normal(r));
            k->extra[CANARA_KEY_SIZE] = 0.2 * p->press[(h + 7) % MADE_HABITS];
            k->extra[CANARA_KEY_X] = p->aside[h] + 0.1 * rng_normal(r);
            k->extra[CANARA_KEY_Y] = p->aside[(h + 5) % MADE_HABITS] + 0.1 * rng_normal(r);
        }
        now += (e->exact ? 120.0 : 180.0 * p->gap[h] * exp(0.2 * noise[1]));
    }
    const canara_event_t event = {
        .kind = CANARA_KEYSTROKES,
        .has = (uint32_t)CANARA_F_FIELD | (uint32_t)CANARA_F_KEYS,
        .of.keystrokes = {.field = {e->field, strlen(e->field)}, .keys = keys, .count = e->count}};
    set_writer_event(w, at, &event);
}

static inline void made_path(struct set_writer *w, wall_t at, enum canara_event_kind kind,
                             const canara_point_t *p, size_t n)
{
    const canara_event_t event = {
        .kind = kind, .has = CANARA_F_POINTS, .of.path = {.points = p, .count = (uint32_t)n}};
    set_writer_event(w, at, &event);
}

/* A swipe of a finger; `exact`: a script's. */
static inline void made_swipe(struct set_writer *w, wall_t at, struct rng *r,
                              const struct made_person *p, bool exact)
{
    enum { POINTS = 20 };

    canara_point_t point[POINTS];
    const double length = 500.0 * p->length * exp(exact ? 0.0 : 0.15 * rng_normal(r));
    const double bend = exact ? 0.0 : 120.0 * (p->bend + 0.1 * rng_normal(r));
    for (size_t i = 0; i < POINTS; i++) {
        const double t = (double)i / (POINTS - 1);
        const double s = exact ? t : t * t * (3.0 - 2.0 * t);
        point[i] = (canara_point_t){
            .t_ms = round(16.0 * (double)i * p->pace + (exact ? 0.0 : rng_double(r))),
            .x = round(400.0 + bend * 4.0 * t * (1.0 - t)),
            .y = round(1000.0 - length * s),
            .pressure = 0.4 * p->press[i % MADE_HABITS],
            .area = 0.2 * p->press[(i + 3) % MADE_HABITS],
            .buttons = i == 0            ? 0
                       : i + 1 == POINTS ? 2
                                         : 1};
    }
    made_path(w, at, CANARA_TOUCH, point, POINTS);
}

/* How far a reach of this many ms has come: the smoothest one, Flash and Hogan 1985. */
static inline double made_reach(double t)
{
    const double u = fmin(fmax(t, 0.0), 1.0);
    return u * u * u * (10.0 + u * (6.0 * u - 15.0));
}

/* A hand that goes from place to place, misses, corrects and trembles, told by a clock that now and
 * then is late or has nothing to tell. */
static inline size_t made_drawing(struct rng *r, canara_point_t p[BOT_HAND_POINTS])
{
    double place[2] = {400.0, 300.0};
    double tremor[2] = {0.0, 0.0};
    double now = 0.0;
    size_t n = 0;
    for (size_t reach = 0; reach < 6; reach++) {
        const double aim[2] = {900.0 * rng_double(r), 700.0 * rng_double(r)};
        const double miss[2] = {12.0 * rng_normal(r), 12.0 * rng_normal(r)};
        const double lasts = 350.0 + 350.0 * rng_double(r);
        const double bow = 40.0 * rng_normal(r);
        double t = 0.0;
        while (t < lasts * 1.4 && n < BOT_HAND_POINTS) {
            const double far = made_reach(t / lasts);
            const double fix = made_reach((t - 0.8 * lasts) / (0.5 * lasts));
            const double side = bow * sin(3.14159 * far);
            for (size_t k = 0; k < 2; k++) {
                tremor[k] = 0.8 * tremor[k] + 0.25 * rng_normal(r);
            }
            const double late = rng_below(r, 12) == 0 ? 8.0 : 0.0;
            const canara_point_t at = {.t_ms = now + t + late,
                                       .x = round(place[0] + (aim[0] - place[0] + miss[0]) * far -
                                                  miss[0] * fix + side + tremor[0]),
                                       .y = round(place[1] + (aim[1] - place[1] + miss[1]) * far -
                                                  miss[1] * fix + side + tremor[1])};
            if (n == 0 || at.x != p[n - 1].x || at.y != p[n - 1].y) {
                p[n++] = at;
            }
            t += 8.0 + late;
        }
        now += lasts * 1.4 + 200.0 + 8.0 * (double)rng_below(r, 40);
        place[0] = aim[0];
        place[1] = aim[1];
    }
    return n;
}

static inline size_t made_hand(struct rng *r, enum bot_hand hand, canara_point_t *p)
{
    const size_t n = bot_hand_move(hand, r, p);
    for (size_t i = 0; i < n; i++) {
        p[i].t_ms = round(p[i].t_ms);
    }
    return n;
}

static inline void made_features(struct set_writer *w, wall_t at, struct rng *r,
                                 const struct made_person *p, const char *name, size_t count)
{
    double x[MADE_HABITS];
    for (size_t i = 0; i < count; i++) {
        x[i] = 10.0 * (double)i + 8.0 * p->aside[i] + rng_normal(r);
    }
    const canara_event_t event = {
        .kind = CANARA_FEATURES,
        .of.features = {.name = {name, strlen(name)}, .values = x, .count = count}};
    set_writer_event(w, at, &event);
}

/* ---- sets ---- */

static inline struct set_writer *made_open(struct lab_desk *d, const char *name)
{
    struct set_writer *w = NULL;
    scratch_path(&d->dir, name, d->set);
    const struct dataset_info about = {
        .name = name, .source = "made up", .licence = "none", .modality = "mixed", .note = ""};
    assert_false(failed(set_writer_open(&w, d->set, &about)));
    return w;
}

static inline void made_close(struct set_writer *w)
{
    assert_false(failed(set_writer_finish(&w)));
}

/* Session `number` of a user, a day apart from his last. */
static inline wall_t made_session(struct set_writer *w, size_t user, size_t number, char id[32])
{
    char email[64];
    (void)snprintf(id, 32, "s%zu-%zu", user, number);
    (void)snprintf(email, sizeof email, "u%zu@canara.example", user);
    set_writer_session(w, id, email);
    return (wall_t){1750000000000 + (int64_t)(number * 86400000 + user * 60000)};
}

static inline struct json *made_json(const char *text)
{
    struct json *tree = NULL;
    assert_ok(json_parse((span_t){(const uint8_t *)text, strlen(text)}, &tree, NULL));
    return tree;
}

static inline double made_number(const struct json *tree, const char *name)
{
    double value = -1.0;
    if (!json_get_double(tree, name, &value)) {
        fail_msg("%s is no number", name);
    }
    return value;
}

/* Evaluate the desk's set to JSON; the figure of this name. */
static inline double made_figure(struct lab_desk *d, const char *rest, const char *name)
{
    char line[SCRATCH_PATH];
    (void)snprintf(line, sizeof line, "--json --replicates 20 %s", rest);
    line[strlen(line) - (rest[0] == '\0' ? 1 : 0)] = '\0';
    if (desk_run_on_set(d, "evaluate", line) != 0) {
        fail_msg("%s: %s", line, d->err);
    }
    CLEANUP(json_free) struct json *tree = made_json(d->out);
    return made_number(tree, name);
}

#endif
