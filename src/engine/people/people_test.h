/* people_test.h - made-up people for the engine's tests: how they type, and a model of all of them. */
#ifndef ENGINE_PEOPLE_TEST_H
#define ENGINE_PEOPLE_TEST_H

#include "engine/people/model.h"
#include "tests/support/random.h"

#include <math.h>
#include <string.h>

enum { PEOPLE_KEYS = 10 };

/* Somebody's rhythm: log hold and log interval of each key. */
struct test_person {
    double hold[PEOPLE_KEYS], interval[PEOPLE_KEYS];
};

static inline struct test_person test_person(uint64_t seed)
{
    struct test_person p = {{0}, {0}};
    for (int i = 0; i < PEOPLE_KEYS; i++) {
        p.hold[i] = log(0.09) + random_in(&seed, -0.8, 0.8);
        p.interval[i] = log(0.20) + random_in(&seed, -0.8, 0.8);
    }
    return p;
}

/* Between two people: `share` of the way from `a` to `b`. */
static inline struct test_person test_person_between(const struct test_person *a,
                                                     const struct test_person *b, double share)
{
    struct test_person p = {{0}, {0}};
    for (int i = 0; i < PEOPLE_KEYS; i++) {
        p.hold[i] = a->hold[i] + share * (b->hold[i] - a->hold[i]);
        p.interval[i] = a->interval[i] + share * (b->interval[i] - a->interval[i]);
    }
    return p;
}

/* The person types; `keys` is room for PEOPLE_KEYS that the event borrows. */
static inline canara_event_t test_person_types(const struct test_person *p, uint64_t *seed,
                                               canara_key_t *keys)
{
    double at = 0.0;
    for (int i = 0; i < PEOPLE_KEYS; i++) {
        const double hold = 1000.0 * exp(p->hold[i] + random_in(seed, -0.15, 0.15));
        keys[i] = (canara_key_t){
            .down_ms = at, .up_ms = at + hold, .key_class = (uint8_t)CANARA_KEY_LETTER};
        at += 1000.0 * exp(p->interval[i] + random_in(seed, -0.15, 0.15));
    }
    return (canara_event_t){
        .kind = CANARA_KEYSTROKES,
        .has = CANARA_F_KEYS | CANARA_F_FIELD,
        .of.keystrokes = {.field = {"password", 8}, .keys = keys, .count = PEOPLE_KEYS}};
}

/* The person writes `n` keys on glass, the rhythm of the others over and over: words of four letters. */
static inline canara_event_t test_person_writes(const struct test_person *p, uint64_t *seed,
                                                canara_key_t *keys, size_t n)
{
    double at = 0.0;
    for (size_t i = 0; i < n; i++) {
        const size_t k = i % PEOPLE_KEYS;
        const bool space = i % 5 == 4;
        keys[i] =
            (canara_key_t){.down_ms = at,
                           .up_ms = at + 1000.0 * exp(p->hold[k] + random_in(seed, -0.15, 0.15)),
                           .has = 1U << CANARA_KEY_PRESSURE,
                           .key_class = (uint8_t)(space ? CANARA_KEY_SPACE : CANARA_KEY_LETTER)};
        keys[i].extra[CANARA_KEY_PRESSURE] = exp(p->interval[k]);
        at += 1000.0 * exp(p->interval[k] + random_in(seed, -0.15, 0.15));
    }
    return (canara_event_t){.kind = CANARA_KEYSTROKES,
                            .has = CANARA_F_KEYS,
                            .of.keystrokes = {.keys = keys, .count = n}};
}

/* The same person, at times as many times longer as e^nats. */
static inline struct test_person test_person_slower(const struct test_person *who, double nats)
{
    struct test_person slow = *who;
    for (int i = 0; i < PEOPLE_KEYS; i++) {
        slow.hold[i] += nats;
        slow.interval[i] += nats;
    }
    return slow;
}

static inline void test_fusions(struct population *p)
{
    static const double at[FUSION_LINES] = {5.0, 10.0, 20.0, 50.0};
    for (int line = 0; line < FUSION_LINES; line++) {
        struct fusion *f = &p->fusion.line[line];
        p->fusion.at[line] = at[line];
        for (int i = 0; i < SCORES; i++) {
            f->scale[i] = 1.0;
        }
        f->weight[SCORE_RATIO] = 12.0;
        f->high = 6.0;
        f->limit = 7.0;
        f->impostor = 5.0;
        f->owner = -5.0;
        f->variance = 4.0;
        f->run = 1.0;
        f->ceiling = FUSION_SURE;
        f->floor = FUSION_SURE;
    }
}

/* A model that knows samples like this one, and nothing else. */
static inline struct canara_model *test_model(const struct sample *like)
{
    float middle[SAMPLE_FEATURES_MAX];
    float spread[SAMPLE_FEATURES_MAX];
    float usual[SAMPLE_FEATURES_MAX];
    uint8_t bytes[8192];
    for (size_t f = 0; f < like->count; f++) {
        middle[f] = isnan(like->x[f]) ? 0.0F : (float)like->x[f];
        spread[f] = 0.30F;
        usual[f] = 0.12F;
    }
    struct population p = {
        .context = like->context,
        .kind = (uint8_t)like->kind,
        .features = (uint16_t)like->count,
        .people = 50,
        .all = {{.middle = middle, .spread = spread}, {.middle = middle, .spread = spread}},
        .usual = usual};
    struct canara_model *model = NULL;
    test_fusions(&p);
    const size_t size = model_write("tests", &p, 1, bytes, sizeof bytes);
    return canara_model_open(bytes, size, &model) == CANARA_OK ? model : NULL;
}

/* A model that knows people in general, at every kind of sample. */
static inline struct canara_model *test_model_of_all(void)
{
    static const uint16_t features[SAMPLE_KINDS] = {
        [SAMPLE_KEYS] = KEY_ROWS, [SAMPLE_TYPING] = 6,  [SAMPLE_MOUSE] = 2,
        [SAMPLE_SCROLL] = 2,      [SAMPLE_MOTION] = 12, [SAMPLE_TEXT] = 44};
    float middle[KEY_ROWS];
    float spread[KEY_ROWS];
    uint8_t bytes[65536];
    struct population p[SAMPLE_KINDS] = {{0}};
    size_t n = 0;
    for (size_t f = 0; f < KEY_ROWS; f++) {
        middle[f] = -1.5F;
        spread[f] = 0.5F;
    }
    for (int kind = 0; kind < SAMPLE_KINDS; kind++) {
        if (features[kind] != 0) {
            p[n] = (struct population){
                .kind = (uint8_t)kind,
                .features = features[kind],
                .people = 50,
                .all = {{.middle = middle, .spread = spread}, {.middle = middle, .spread = spread}},
                .usual = spread};
            test_fusions(&p[n++]);
        }
    }
    struct canara_model *model = NULL;
    const size_t size = model_write("tests", p, n, bytes, sizeof bytes);
    return canara_model_open(bytes, size, &model) == CANARA_OK ? model : NULL;
}

#endif
