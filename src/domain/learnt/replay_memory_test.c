/* replay_memory_test.c - whose behaviour it was, how long it counts, and what the file keeps. */
#include "domain/learnt/replay_memory.h"

#include "base/util.h"
#include "codec/crc32c.h"
#include "engine/samples/events_test.h"
#include "tests/support/random.h"
#include "tests/support/scripted_clock.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

enum { MEMORY = 1 << 20, TWELVE = 12 };

static const uuid_t ann = {{1}};
static const uuid_t bob = {{2}};

struct desk {
    struct scripted_clock clock;
    struct replay_memory *memory;
};

static int set_up(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    scripted_clock_init(&d->clock);
    assert_ok(replay_memory_new(MEMORY, &d->clock.face, &d->memory));
    *state = d;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *d = *state;
    replay_memory_free(&d->memory);
    free(d);
    return 0;
}

static uuid_t session_of(uint8_t n)
{
    return (uuid_t){{9, n}};
}

/* Play recording `seed` in a session; how many grams other sessions had left. */
static unsigned play(struct desk *d, uuid_t account, uint8_t session, uint64_t seed, int events)
{
    replay_track_t track = {0};
    struct test_event e;
    unsigned grams = 0;
    for (int i = 0; i < events; i++) {
        test_event_seed_client(&e, &seed);
        grams += replay_memory_feed(d->memory, &track, account, session_of(session), &e.event,
                                    clock_wall(&d->clock.face));
    }
    return grams;
}

static void a_session_is_no_replay_of_itself(void **state)
{
    struct desk *d = *state;
    assert_int_equal(play(d, ann, 1, 5, 40), 0);
    assert_int_equal(play(d, ann, 1, 5, 40), 0); /* a restart loses the track, not the tags */
    assert_int_equal(play(d, ann, 2, 6, 40), 0);
}

static void twelve_events_of_another_session_are_known(void **state)
{
    struct desk *d = *state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        (void)play(d, ann, 1, seed, TWELVE);
        assert_true(play(d, ann, 2, seed, TWELVE) > 0);
    }
}

/* A factor about 1: twelve uniform numbers are nearly normal. */
static double spread(double share, uint64_t *seed)
{
    double sum = -6.0;
    for (int i = 0; i < TWELVE; i++) {
        sum += random_in(seed, 0.0, 1.0);
    }
    return exp(share * sum);
}

/* Whether a person whose times vary by `share` (a standard deviation) about his own looks like his own
 * replay in any of twenty sessions of ten passwords and ten summaries. */
static unsigned meet_himself(struct desk *d, uint8_t person, double share, uint64_t *seed)
{
    enum { KEYS = 9, SUMMARY = 5, SESSIONS = 20, EACH = 10 };

    const uuid_t account = {{100, person}};
    double hold[KEYS];
    double gap[KEYS];
    unsigned grams = 0;
    for (size_t i = 0; i < KEYS; i++) {
        hold[i] = random_in(seed, 60.0, 130.0);
        gap[i] = random_in(seed, 90.0, 300.0);
    }
    for (unsigned s = 1; s <= SESSIONS; s++) {
        replay_track_t track = {0};
        const uuid_t session = {{101, person, (uint8_t)s}};
        for (int e = 0; e < EACH; e++) {
            canara_key_t keys[KEYS];
            double interval[SUMMARY];
            double at = 0.0;
            for (size_t i = 0; i < KEYS; i++) {
                keys[i] =
                    (canara_key_t){.down_ms = at, .up_ms = at + hold[i] * spread(share, seed)};
                at += gap[i] * spread(share, seed);
            }
            for (size_t i = 0; i < SUMMARY; i++) {
                interval[i] = 1e-4 * rint(10.0 * gap[i] * spread(share, seed));
            }
            const canara_event_t typed = {.kind = CANARA_KEYSTROKES,
                                          .has = CANARA_F_KEYS,
                                          .of.keystrokes = {.keys = keys, .count = KEYS}};
            const canara_event_t told = {
                .kind = CANARA_TYPING_PATTERN,
                .has = CANARA_F_KEY_PRESS_INTERVALS,
                .of.typing = {.key_press_intervals = interval, .intervals = SUMMARY}};
            grams += replay_memory_feed(d->memory, &track, account, session, &typed,
                                        clock_wall(&d->clock.face));
            grams += replay_memory_feed(d->memory, &track, account, session, &told,
                                        clock_wall(&d->clock.face));
        }
    }
    return grams;
}

static void a_steady_typist_is_no_replay_of_himself(void **state)
{
    struct desk *d = *state;
    uint64_t seed = 11;
    replay_memory_free(&d->memory);
    assert_ok(replay_memory_new((size_t)8 * MEMORY, &d->clock.face, &d->memory));
    for (uint8_t person = 0; person < 50; person++) {
        assert_int_equal(meet_himself(d, person, 0.05, &seed), 0);
    }
}

static void another_account_needs_more_than_one_gram(void **state)
{
    struct desk *d = *state;
    (void)play(d, ann, 1, 5, 60);
    const unsigned own = play(d, ann, 2, 5, 60);
    const unsigned other = play(d, bob, 3, 5, 60);
    assert_true(own > 10);
    assert_true(other > 5 && other < own);
}

static void what_a_session_repeats_itself_says_nothing(void **state)
{
    struct desk *d = *state;
    for (uint8_t session = 1; session <= 3; session++) {
        replay_track_t track = {0};
        struct test_event e;
        for (int round = 0; round < 20; round++) {
            uint64_t seed = 77;
            for (int i = 0; i < TWELVE; i++) {
                test_event_seed_client(&e, &seed);
                assert_int_equal(replay_memory_feed(d->memory, &track, ann, session_of(session),
                                                    &e.event, clock_wall(&d->clock.face)),
                                 0);
            }
        }
    }
}

static void a_month_later_it_is_forgotten(void **state)
{
    struct desk *d = *state;

    static const struct {
        int days;
        bool known;
    } rows[] = {{1, true}, {REPLAY_DAYS, true}, {REPLAY_DAYS + 1, false}, {90, false}, {-1, true}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        replay_memory_free(&d->memory);
        assert_ok(replay_memory_new(MEMORY, &d->clock.face, &d->memory));
        (void)play(d, ann, 1, 5, 40);
        scripted_clock_set_wall(&d->clock,
                                wall_after_ms(clock_wall(&d->clock.face), rows[i].days * DAY_MS));
        assert_int_equal(play(d, ann, 2, 5, 40) > 0, rows[i].known);
    }
}

static void one_session_leaves_only_so_much(void **state)
{
    struct desk *d = *state;
    (void)play(d, ann, 1, 5, 100000);
    const size_t count = replay_memory_count(d->memory);
    assert_true(count > REPLAY_DENSE && count <= REPLAY_SESSION);
    assert_true(play(d, ann, 2, 5, TWELVE) > 0);
}

static void a_full_memory_keeps_the_newest(void **state)
{
    struct desk *d = *state;
    replay_memory_free(&d->memory);
    assert_ok(replay_memory_new(4096, &d->clock.face, &d->memory));
    for (uint8_t s = 1; s < 200; s++) {
        scripted_clock_pass(&d->clock, DAY_MS / 10);
        (void)play(d, ann, s, s, 60);
    }
    assert_true(replay_memory_count(d->memory) <= 512);
    assert_true(play(d, ann, 250, 199, 60) > 0);
}

static void what_was_saved_is_known_again(void **state)
{
    struct desk *d = *state;
    struct buf text;
    buf_init(&text, (size_t)2 * MEMORY);
    (void)play(d, ann, 1, 5, 40);
    assert_true(replay_memory_changed(d->memory));
    assert_ok(replay_memory_write(d->memory, 7, &text));
    assert_false(replay_memory_changed(d->memory));
    const size_t count = replay_memory_count(d->memory);

    replay_memory_free(&d->memory);
    assert_ok(replay_memory_new(MEMORY, &d->clock.face, &d->memory));
    replay_saved_t saved = {0};
    assert_ok(replay_memory_read(d->memory, buf_span(&text), &saved));
    assert_int_equal(saved.sequence, 7);
    assert_int_equal(saved.at.ms, 0);
    assert_int_equal(replay_memory_count(d->memory), count);
    assert_true(play(d, ann, 2, 5, TWELVE) > 0);

    scripted_clock_pass(&d->clock, (REPLAY_DAYS + 1) * DAY_MS);
    assert_ok(replay_memory_write(d->memory, 7, &text)); /* and what has expired goes */
    assert_int_equal(replay_memory_count(d->memory), 0);
    buf_deinit(&text);
}

/* It says when it was saved, not up to which frame. */
static void a_file_of_before_is_read_by_its_time(void **state)
{
    struct desk *d = *state;
    struct buf text;
    buf_init(&text, (size_t)2 * MEMORY);
    (void)play(d, ann, 1, 5, 40);
    assert_ok(replay_memory_write(d->memory, 1234567, &text));
    text.ptr[7] = '1';
    const uint32_t sum = crc32c(0, (span_t){text.ptr, 52});
    memcpy(text.ptr + 52, &sum, sizeof sum);
    replay_memory_free(&d->memory);
    assert_ok(replay_memory_new(MEMORY, &d->clock.face, &d->memory));
    replay_saved_t saved = {.sequence = 7};
    assert_ok(replay_memory_read(d->memory, buf_span(&text), &saved));
    assert_int_equal(saved.sequence, 0);
    assert_int_equal(saved.at.ms, 1234567);
    assert_true(play(d, ann, 2, 5, TWELVE) > 0);
    buf_deinit(&text);
}

static void any_damage_of_the_file_is_seen(void **state)
{
    struct desk *d = *state;
    struct buf text;
    replay_saved_t saved = {.at = {7}};
    buf_init(&text, (size_t)2 * MEMORY);
    (void)play(d, ann, 1, 5, 40);
    assert_ok(replay_memory_write(d->memory, 7, &text));
    replay_memory_free(&d->memory);
    assert_ok(replay_memory_new(MEMORY, &d->clock.face, &d->memory));
    for (size_t i = 0; i < text.len; i++) {
        if (i >= 56 && i < 64) {
            continue; /* the head's last bytes are spare */
        }
        text.ptr[i] ^= 0x10;
        assert_err(replay_memory_read(d->memory, buf_span(&text), &saved), ERR_FORMAT);
        text.ptr[i] ^= 0x10;
    }
    for (size_t len = 0; len < text.len; len += 7) {
        assert_err(replay_memory_read(d->memory, (span_t){text.ptr, len}, &saved), ERR_FORMAT);
    }
    assert_int_equal(replay_memory_count(d->memory), 0);
    assert_int_equal(saved.at.ms, 7);
    replay_memory_free(&d->memory);
    assert_ok(replay_memory_new((size_t)2 * MEMORY, &d->clock.face, &d->memory));
    assert_err(replay_memory_read(d->memory, buf_span(&text), &saved), ERR_FORMAT);
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_session_is_no_replay_of_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(twelve_events_of_another_session_are_known, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_steady_typist_is_no_replay_of_himself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_account_needs_more_than_one_gram, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_a_session_repeats_itself_says_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_month_later_it_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_session_leaves_only_so_much, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_memory_keeps_the_newest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_saved_is_known_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_before_is_read_by_its_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_damage_of_the_file_is_seen, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
