/* replay_test.c - what was recorded is found again, wherever it begins; what is only alike is not. */
#include "engine/machines/replay.h"

#include "base/util.h"
#include "engine/arithmetic/numbers.h"
#include "engine/samples/events_test.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { EVENTS = 60, GRAMS_MAX = 16384, TWELVE = 12 };

struct gathered {
    uint64_t look[GRAMS_MAX], keep[GRAMS_MAX];
    size_t looks, keeps;
};

static void gather(void *ctx, const replay_grams_t *grams)
{
    struct gathered *const g = ctx;
    assert_true(grams->looks + grams->keeps > 0);
    assert_true(g->looks + grams->looks <= GRAMS_MAX && g->keeps + grams->keeps <= GRAMS_MAX);
    memcpy(g->look + g->looks, grams->look, grams->looks * sizeof *grams->look);
    memcpy(g->keep + g->keeps, grams->keep, grams->keeps * sizeof *grams->keep);
    g->looks += grams->looks;
    g->keeps += grams->keeps;
}

static bool meet(const struct gathered *recorded, const struct gathered *now)
{
    for (size_t i = 0; i < now->looks; i++) {
        for (size_t k = 0; k < recorded->keeps; k++) {
            if (now->look[i] == recorded->keep[k]) {
                return true;
            }
        }
    }
    return false;
}

/* ---- kinds of sessions; the first says how short an event may be */

enum diet {
    DIET_INTERVALS,
    DIET_SEED_CLIENT,
    DIET_MOUSE,
    DIET_NAVIGATION,
    DIET_KEYS,
    DIET_POINTS,
    DIET_SCROLL,
    DIET_ANY,
    DIETS
};

static void session_event(enum diet diet, struct test_event *e, uint64_t *seed)
{
    memset(e, 0, sizeof *e);
    switch (diet) {
    case DIET_INTERVALS:
        e->event.kind = CANARA_TYPING_PATTERN;
        e->event.has = CANARA_F_KEY_PRESS_INTERVALS;
        e->event.of.typing.key_press_intervals = e->intervals;
        e->event.of.typing.intervals = 4;
        for (int i = 0; i < 4; i++) {
            e->intervals[i] = random_in(seed, 0.08, 0.5);
        }
        return;
    case DIET_MOUSE:
    case DIET_NAVIGATION: do { test_event_seed_client(e, seed);
        } while (e->event.kind !=
                 (diet == DIET_MOUSE ? CANARA_MOUSE_MOVEMENT : CANARA_NAVIGATION_PATTERN));
        return;
    case DIET_KEYS:
        e->event.kind = CANARA_KEYSTROKES;
        test_event_random_keys(e, seed);
        return;
    case DIET_POINTS:
        e->event.kind = random_below(seed, 2) == 0 ? CANARA_POINTER : CANARA_TOUCH;
        test_event_random_points(e, seed);
        return;
    case DIET_SCROLL:
        e->event.kind = CANARA_SCROLL;
        e->event.has = CANARA_F_PIXELS | CANARA_F_VELOCITY;
        e->event.of.scroll.pixels = random_in(seed, -1500.0, 1500.0);
        e->event.of.scroll.velocity = random_in(seed, 100.0, 9000.0);
        return;
    case DIET_ANY:
        switch (random_below(seed, 4)) {
        case 0: session_event(DIET_KEYS, e, seed); return;
        case 1: session_event(DIET_POINTS, e, seed); return;
        case 2: session_event(DIET_SCROLL, e, seed); return;
        default: test_event_seed_client(e, seed); return;
        }
    case DIET_SEED_CLIENT:
    case DIETS: test_event_seed_client(e, seed); return;
    }
}

static void feed(replay_stream_t *r, struct gathered *g, enum diet diet, uint64_t seed, int from,
                 int count)
{
    struct test_event e;
    for (int i = 0; i < from + count; i++) {
        session_event(diet, &e, &seed);
        if (i >= from) {
            replay_event(r, &e.event, gather, g);
        }
    }
}

/* Twelve events of a recording, odd ones behind three of the thief's own. */
static bool is_found(const struct gathered *recorded, enum diet diet, uint64_t seed, int from)
{
    static struct gathered now;
    replay_stream_t r;
    now = (struct gathered){0};
    replay_begin(&r);
    feed(&r, &now, DIET_ANY, seed + 1000, 0, from % 2 == 1 ? 3 : 0);
    feed(&r, &now, diet, seed, from, TWELVE);
    return meet(recorded, &now);
}

/* Record a session; every twelve events of it must be found. */
static void check_session(enum diet diet, uint64_t seed)
{
    static struct gathered recorded;
    replay_stream_t r;
    recorded = (struct gathered){0};
    replay_begin(&r);
    feed(&r, &recorded, diet, seed, 0, EVENTS);
    for (int from = 0; from + TWELVE <= EVENTS; from++) {
        if (!is_found(&recorded, diet, seed, from)) {
            fail_msg("diet %d, seed %d, from %d", (int)diet, (int)seed, from);
        }
    }
}

static void twelve_recorded_events_are_found_wherever_they_begin(void **state)
{
    (void)state;
    for (enum diet diet = 0; diet < DIETS; diet++) {
        for (uint64_t seed = 1; seed <= 40; seed++) {
            check_session(diet, seed);
        }
    }
}

static void twelve_events_are_enough_for_a_recording_too(void **state)
{
    (void)state;
    static struct gathered recorded, now;
    for (enum diet diet = 0; diet < DIETS; diet++) {
        for (uint64_t seed = 1; seed <= 500; seed++) {
            replay_stream_t r;
            recorded = (struct gathered){0};
            now = (struct gathered){0};
            replay_begin(&r);
            feed(&r, &recorded, diet, seed, 0, TWELVE);
            replay_begin(&r);
            feed(&r, &now, diet, seed, 0, TWELVE);
            if (!meet(&recorded, &now)) {
                fail_msg("diet %d, seed %d", (int)diet, (int)seed);
            }
        }
    }
}

static void different_sessions_have_no_gram_in_common(void **state)
{
    (void)state;
    static struct gathered recorded, now;
    for (enum diet diet = 0; diet < DIETS; diet++) {
        for (uint64_t seed = 1; seed <= 30; seed++) {
            replay_stream_t r;
            recorded = (struct gathered){0};
            now = (struct gathered){0};
            replay_begin(&r);
            feed(&r, &recorded, diet, seed, 0, EVENTS);
            replay_begin(&r);
            feed(&r, &now, diet, seed + 500, 0, EVENTS);
            assert_false(meet(&recorded, &now));
        }
    }
}

static void about_one_gram_of_seven_is_kept(void **state)
{
    (void)state;
    static struct gathered g;
    replay_stream_t r;
    g = (struct gathered){0};
    replay_begin(&r);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        feed(&r, &g, DIET_SEED_CLIENT, seed, 0, EVENTS);
    }
    assert_near((double)g.keeps / (double)g.looks, 2.0 / (REPLAY_WINDOW + 1), 0.02, "density");
}

/* ---- what says nothing */

static void what_clients_repeat_says_nothing(void **state)
{
    (void)state;
    static const double rounded[] = {0.1, 0.2, 0.15, 0.3, 0.12, 0.1, 0.25};
    static const double constant[] = {0.1234, 0.1234, 0.1234, 0.1234};
    static const canara_key_t metronome[] = {{.down_ms = 0, .up_ms = 50},
                                             {.down_ms = 100, .up_ms = 150},
                                             {.down_ms = 200, .up_ms = 250}};
    static const canara_point_t still[] = {{.t_ms = 0, .x = 5, .y = 5},
                                           {.t_ms = 90, .x = 6, .y = 5}};
    const canara_event_t rows[] = {
        {.kind = CANARA_TYPING_PATTERN,
         .has = CANARA_F_WORDS_PER_MINUTE | CANARA_F_KEY_PRESS_INTERVALS |
                CANARA_F_BACKSPACE_FREQUENCY,
         .of.typing = {60.0, 0.05, rounded, ARRAY_LEN(rounded)}},
        {.kind = CANARA_TYPING_PATTERN,
         .has = CANARA_F_KEY_PRESS_INTERVALS,
         .of.typing = {0.0, 0.0, constant, ARRAY_LEN(constant)}},
        {.kind = CANARA_MOUSE_MOVEMENT, .has = CANARA_F_MOVEMENT_SPEED | CANARA_F_IDLE_TIME},
        {.kind = CANARA_MOUSE_MOVEMENT,
         .has = CANARA_F_MOVEMENT_SPEED | CANARA_F_IDLE_TIME,
         .of.mouse = {137.21, 2.917, {NULL, 0}}},
        {.kind = CANARA_KEYSTROKES,
         .has = CANARA_F_KEYS,
         .of.keystrokes = {{NULL, 0}, metronome, ARRAY_LEN(metronome)}},
        {.kind = CANARA_POINTER, .has = CANARA_F_POINTS, .of.path = {still, ARRAY_LEN(still)}},
        {.kind = CANARA_MOTION, .has = CANARA_F_MOTION},
        {.kind = CANARA_TRANSACTION_ATTEMPT,
         .has = CANARA_F_AMOUNT,
         .of.transaction = {811.37, {0}}},
        {.kind = CANARA_IDLE_TIMEOUT},
    };
    static struct gathered g;
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        replay_stream_t r;
        g = (struct gathered){0};
        replay_begin(&r);
        for (int i = 0; i < 200; i++) {
            replay_event(&r, &rows[row], gather, &g);
        }
        if (g.looks != 0 || g.keeps != 0) {
            fail_msg("row %zu gave %zu grams", row, g.looks);
        }
    }
}

static void numbers_out_of_every_range_do_no_harm(void **state)
{
    (void)state;
    static const double odd[] = {
        (double)NAN, (double)INFINITY, -(double)INFINITY, 1e308, -1e308, 0.0, -0.0, 1e-300, -5.0,
        1e9};
    static struct gathered g;
    uint64_t seed = 9;
    struct test_event e;
    replay_stream_t r;
    replay_begin(&r);
    for (int i = 0; i < 5000; i++) {
        g = (struct gathered){0};
        test_event_random(&e, &seed);
        for (size_t k = 0; k < ARRAY_LEN(e.intervals); k++) {
            e.intervals[k] = odd[random_below(&seed, ARRAY_LEN(odd))];
        }
        for (size_t k = 0; k < ARRAY_LEN(e.keys); k++) {
            e.keys[k].up_ms = odd[random_below(&seed, ARRAY_LEN(odd))];
        }
        for (size_t k = 0; k < ARRAY_LEN(e.points); k++) {
            e.points[k].x = odd[random_below(&seed, ARRAY_LEN(odd))];
            e.points[k].t_ms = odd[random_below(&seed, ARRAY_LEN(odd))];
        }
        replay_event(&r, &e.event, gather, &g);
    }
}

/* Grams are kept for months: a number must have the bin that it had. The sum was made when each step was
 * looked at by itself, with the library's logarithm. */
static void a_path_has_the_grams_that_it_always_had(void **state)
{
    (void)state;

    enum { POINTS = 150, PATHS = 60 };

    static struct gathered g;
    static canara_point_t p[POINTS];
    uint64_t seed = 31;
    uint64_t sum = FNV_START;
    replay_stream_t r;
    replay_begin(&r);
    for (size_t path = 0; path < PATHS; path++) {
        const size_t count = 1 + random_below(&seed, POINTS);
        const bool whole = path % 2 == 0;
        double t = 0.0;
        double x = 500.0;
        double y = 300.0;
        for (size_t i = 0; i < count; i++) {
            p[i] = (canara_point_t){.t_ms = whole ? round(t) : t,
                                    .x = whole ? round(x) : x,
                                    .y = whole ? round(y) : y,
                                    .buttons = (uint32_t)(random_below(&seed, 12) == 0)};
            t += random_in(&seed, -1.0, 40.0);
            x += random_in(&seed, -20.0, 20.0);
            y += random_in(&seed, -20.0, 20.0);
        }
        const canara_event_t e = {.kind = CANARA_POINTER,
                                  .has = CANARA_F_POINTS,
                                  .of.path = {.points = p, .count = count}};
        g.looks = g.keeps = 0;
        replay_event(&r, &e, gather, &g);
        sum = fnv_add(sum, g.look, g.looks * sizeof *g.look);
        sum = fnv_add(sum, g.keep, g.keeps * sizeof *g.keep);
    }
    assert_int_equal(sum, UINT64_C(0x9a014d4bd6ef9d5a));
}

static void a_field_that_was_not_sent_is_not_read(void **state)
{
    (void)state;
    static struct gathered g;
    replay_stream_t r;
    g = (struct gathered){0};
    replay_begin(&r);
    for (int kind = 0; kind < CANARA_EVENT_KINDS; kind++) {
        canara_event_t e;
        memset(&e, 0x5a, sizeof e); /* its pointers point nowhere */
        e.kind = (enum canara_event_kind)kind;
        e.has = 0;
        replay_event(&r, &e, gather, &g);
    }
    assert_int_equal(g.looks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twelve_recorded_events_are_found_wherever_they_begin),
        cmocka_unit_test(twelve_events_are_enough_for_a_recording_too),
        cmocka_unit_test(different_sessions_have_no_gram_in_common),
        cmocka_unit_test(about_one_gram_of_seven_is_kept),
        cmocka_unit_test(what_clients_repeat_says_nothing),
        cmocka_unit_test(numbers_out_of_every_range_do_no_harm),
        cmocka_unit_test(a_path_has_the_grams_that_it_always_had),
        cmocka_unit_test(a_field_that_was_not_sent_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
