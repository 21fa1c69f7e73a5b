/* vectors_sample_test.c - features and timing against the second implementation's vectors. */
#include "engine/machines/timing.h"
#include "engine/samples/sample.h"
#include "tests/support/unit.h"
#include "tests/support/vectors.h"

#include <math.h>
#include <string.h>

enum { KEYS = 512, NUMBERS = 1024, EXTRAS_TOLD = 4 };

/* What the lines of a case have set up. */
struct desk {
    canara_key_t key[KEYS];
    size_t keys;
    char field[64];
    size_t field_length;
    double number[NUMBERS]; /* intervals, series */
    size_t numbers;
    struct sample sample;
};

static void begin(void *state)
{
    memset(state, 0, sizeof(struct desk));
}

/* ---- keystrokes ---- */

static void add_key(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    canara_key_t *key = &d->key[d->keys++];
    assert_true(d->keys <= KEYS);
    vectors_count(v, n, 4 + EXTRAS_TOLD);
    key->down_ms = x[0];
    key->up_ms = x[1];
    key->key_class = (uint8_t)x[2];
    key->zone = (uint8_t)x[3];
    for (size_t e = 0; e < EXTRAS_TOLD; e++) {
        if (!isnan(x[4 + e])) {
            key->extra[e] = x[4 + e];
            key->has = (uint16_t)(key->has | 1U << e);
        }
    }
}

static void set_field(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    assert_true(n <= sizeof d->field);
    for (size_t i = 0; i < n; i++) {
        d->field[i] = (char)x[i];
    }
    d->field_length = n;
}

static canara_event_t keystrokes(const struct desk *d)
{
    canara_event_t event = {.kind = CANARA_KEYSTROKES, .has = CANARA_F_KEYS};
    event.of.keystrokes.keys = d->key;
    event.of.keystrokes.count = d->keys;
    if (d->field_length > 0) {
        event.has |= (uint32_t)CANARA_F_FIELD;
        event.of.keystrokes.field = (canara_text_t){d->field, d->field_length};
    }
    return event;
}

static void take_entry(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    const canara_event_t event = keystrokes(d);
    vectors_count(v, n, 1);
    vectors_same(v, sample_of_keys(&event, &d->sample), x[0]);
}

static void count_chunks(struct vectors *v, const double *x, size_t n)
{
    const canara_event_t event = keystrokes(v->state);
    vectors_count(v, n, 1);
    vectors_same(v, (double)sample_text_chunks(&event), x[0]);
}

static void take_text(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    const canara_event_t event = keystrokes(d);
    vectors_count(v, n, 2);
    sample_of_text(&event, (size_t)x[0], (size_t)x[1], &d->sample);
}

/* ---- summaries: whether there is a sample, then the event's numbers, NaN for those not sent ---- */

static void take_numbers(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    assert_true(n <= NUMBERS);
    memcpy(d->number, x, n * sizeof *x);
    d->numbers = n;
}

static uint32_t sent(double x, enum canara_field field)
{
    return isnan(x) ? 0U : (uint32_t)field;
}

static void take_summary(struct vectors *v, const canara_event_t *event, double want)
{
    struct desk *d = v->state;
    vectors_same(v, sample_of_summary(event, &d->sample), want);
}

static void take_typing(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 3);
    canara_event_t event = {.kind = CANARA_TYPING_PATTERN,
                            .has = sent(x[1], CANARA_F_WORDS_PER_MINUTE) |
                                   sent(x[2], CANARA_F_BACKSPACE_FREQUENCY) |
                                   sent(d->numbers > 0 ? 0.0 : NAN, CANARA_F_KEY_PRESS_INTERVALS)};
    event.of.typing.words_per_minute = x[1];
    event.of.typing.backspace_frequency = x[2];
    event.of.typing.key_press_intervals = d->number;
    event.of.typing.intervals = d->numbers;
    take_summary(v, &event, x[0]);
}

static void take_mouse(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 3);
    canara_event_t event = {.kind = CANARA_MOUSE_MOVEMENT,
                            .has = sent(x[1], CANARA_F_MOVEMENT_SPEED) |
                                   sent(x[2], CANARA_F_IDLE_TIME)};
    event.of.mouse.movement_speed = x[1];
    event.of.mouse.idle_time_s = x[2];
    take_summary(v, &event, x[0]);
}

static void take_scroll(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 3);
    canara_event_t event = {.kind = CANARA_SCROLL,
                            .has = sent(x[1], CANARA_F_PIXELS) | sent(x[2], CANARA_F_VELOCITY)};
    event.of.scroll.pixels = x[1];
    event.of.scroll.velocity = x[2];
    take_summary(v, &event, x[0]);
}

static void take_motion(struct vectors *v, const double *x, size_t n)
{
    canara_event_t event = {.kind = CANARA_MOTION, .has = CANARA_F_MOTION};
    vectors_count(v, n, 13);
    memcpy(event.of.motion.mean, x + 1, sizeof event.of.motion.mean);
    memcpy(event.of.motion.sd, x + 7, sizeof event.of.motion.sd);
    take_summary(v, &event, x[0]);
}

static void take_vector(struct vectors *v, const double *x, size_t n)
{
    canara_event_t event = {.kind = CANARA_FEATURES, .has = CANARA_F_VALUES};
    event.of.features.name = (canara_text_t){"swipe-v1", 8};
    event.of.features.values = x + 1;
    event.of.features.count = n - 1;
    take_summary(v, &event, x[0]);
}

/* ---- what came out ---- */

static void check_features(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, d->sample.count, n);
    vectors_near_all(v, d->sample.x, x, n);
}

static void check_bytes(struct vectors *v, const uint8_t *got, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, d->sample.count, n);
    for (size_t i = 0; i < n; i++) {
        vectors_same(v, got[i], x[i]);
    }
}

static void check_types(struct vectors *v, const double *x, size_t n)
{
    check_bytes(v, ((struct desk *)v->state)->sample.type, x, n);
}

static void check_first(struct vectors *v, const double *x, size_t n)
{
    check_bytes(v, ((struct desk *)v->state)->sample.first, x, n);
}

static void check_second(struct vectors *v, const double *x, size_t n)
{
    check_bytes(v, ((struct desk *)v->state)->sample.second, x, n);
}

static void check_context(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 2);
    vectors_same(v, (double)(d->sample.context >> 32), x[0]);
    vectors_same(v, (double)(d->sample.context & UINT32_MAX), x[1]);
}

static void check_name(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, strlen(d->sample.name), n);
    for (size_t i = 0; i < n; i++) {
        vectors_same(v, d->sample.name[i], x[i]);
    }
}

/* ---- series of intervals ---- */

static void check_fast(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 3);
    vectors_same(v, timing_is_fast(d->number, d->numbers, x[0], (size_t)x[1]), x[2]);
}

static void check_regular(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 1);
    vectors_same(v, timing_is_regular(d->number, d->numbers), x[0]);
}

static void check_even(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 1);
    vectors_same(v, timing_is_even(d->number, d->numbers), x[0]);
}

static void check_grid(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, 1);
    vectors_same(v, timing_is_on_grid(d->number, d->numbers), x[0]);
}

static void both_implementations_see_the_same_features(void **state)
{
    static const struct vector_verb verbs[] = {
        {"key", add_key},
        {"field", set_field},
        {"entry", take_entry},
        {"chunks", count_chunks},
        {"text", take_text},
        {"intervals", take_numbers},
        {"typing", take_typing},
        {"mouse", take_mouse},
        {"scroll", take_scroll},
        {"motion", take_motion},
        {"vector", take_vector},
        {"features", check_features},
        {"types", check_types},
        {"first", check_first},
        {"second", check_second},
        {"context", check_context},
        {"name", check_name},
        {"ms", take_numbers},
        {"fast", check_fast},
        {"regular", check_regular},
        {"even", check_even},
        {"grid", check_grid},
        {NULL, NULL},
    };
    (void)state;
    struct desk desk;
    struct vectors v = {.path = "tests/vectors/engine.txt", .area = "sample", .state = &desk};
    assert_true(vectors_run(&v, verbs, begin) >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_see_the_same_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
