/* What is believed of a wall clock that jumps, and from when on. */
#include "base/steady_clock.h"

#include "base/util.h"
#include "tests/support/scripted_clock.h"
#include "tests/support/unit.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   INT64_C(3600000)
#define YEAR_MS   (INT64_C(8760) * HOUR_MS)

struct bench {
    struct scripted_clock clock;
    struct steady_clock *steady;
};

static int set_up(void **state)
{
    static struct bench b;
    scripted_clock_init(&b.clock);
    assert_ok(steady_clock_new(&b.clock.face, &b.steady));
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    steady_clock_free(&b->steady);
    assert_null(b->steady);
    steady_clock_free(&b->steady);
    return 0;
}

static void begin(struct bench *b)
{
    steady_clock_begin(b->steady, &(steady_record_t){0});
}

/* As the ledger does: with a look each second. */
static void pass(struct bench *b, int64_t ms)
{
    for (int64_t left = ms; left > 0; left -= MS_PER_S) {
        (void)steady_clock_look(b->steady);
        scripted_clock_pass(&b->clock, left < MS_PER_S ? left : MS_PER_S);
    }
    (void)steady_clock_look(b->steady);
}

static void turn(struct bench *b, int64_t by_ms)
{
    scripted_clock_set_wall(&b->clock, wall_after_ms(clock_wall(&b->clock.face), by_ms));
}

static enum steady_state state_of(struct bench *b)
{
    return steady_clock_look(b->steady).state;
}

static int64_t vouched(struct bench *b)
{
    return clock_wall(steady_clock_vouched(b->steady)).ms;
}

static int64_t now(const struct bench *b)
{
    return clock_wall(&b->clock.face).ms;
}

static void before_the_start_nothing_is_old(void **state)
{
    struct bench *b = *state;
    assert_int_equal(vouched(b), 0);
    assert_int_equal(steady_clock_look(b->steady).latest.ms, now(b));
    assert_false(steady_clock_look(b->steady).known);
    begin(b);
    assert_int_equal(vouched(b), now(b));
}

static void a_jump_forward_is_believed_when_it_was_steady_for_a_while(void **state)
{
    struct bench *b = *state;
    begin(b);
    pass(b, HOUR_MS);
    turn(b, YEAR_MS);
    assert_int_equal(state_of(b), STEADY_AHEAD);
    assert_int_equal(vouched(b), now(b) - YEAR_MS);
    assert_int_equal(steady_clock_latest(b->steady).ms, now(b));
    pass(b, STEADY_FOR_MS - 1);
    assert_int_equal(state_of(b), STEADY_AHEAD);
    assert_int_equal(vouched(b), now(b) - YEAR_MS);
    assert_int_equal(steady_clock_look(b->steady).newest.ms, now(b) - YEAR_MS);
    pass(b, 1);
    assert_int_equal(state_of(b), STEADY_GOOD);
    assert_int_equal(vouched(b), now(b));
    assert_int_equal(steady_clock_look(b->steady).newest.ms, now(b));
}

static void a_moment_ahead_leaves_nothing_behind(void **state)
{
    struct bench *b = *state;
    begin(b);
    pass(b, HOUR_MS);
    for (int i = 0; i < 40; i++) { /* it adds up to nothing, either */
        turn(b, YEAR_MS);
        pass(b, MINUTE_MS);
        turn(b, -YEAR_MS);
        assert_int_equal(state_of(b), STEADY_GOOD);
        assert_int_equal(vouched(b), now(b));
        assert_true(steady_clock_look(b->steady).newest.ms <= now(b));
        pass(b, MINUTE_MS);
    }
}

static void many_small_steps_are_a_jump(void **state)
{
    struct bench *b = *state;
    begin(b);
    pass(b, HOUR_MS);
    for (int i = 0; i < 600; i++) {
        turn(b, MS_PER_S);
        pass(b, MS_PER_S);
    }
    assert_int_equal(state_of(b), STEADY_AHEAD);
    assert_in_range(now(b) - vouched(b), 600 * MS_PER_S - STEADY_STEP_MS, 600 * MS_PER_S);
}

static void behind_the_newest_time_it_stays_however_long_it_is_steady(void **state)
{
    struct bench *b = *state;
    begin(b);
    pass(b, HOUR_MS);
    turn(b, -STEADY_BACK_MS);
    assert_int_equal(state_of(b), STEADY_GOOD);
    turn(b, -1);
    assert_int_equal(state_of(b), STEADY_BACK);
    const int64_t newest = steady_clock_look(b->steady).newest.ms;
    turn(b, STEADY_BACK_MS + 1 - 4 * HOUR_MS);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(vouched(b), now(b));
        assert_int_equal(steady_clock_latest(b->steady).ms, now(b) + 4 * HOUR_MS);
        pass(b, HOUR_MS);
        assert_int_equal(state_of(b), STEADY_BACK);
        assert_int_equal(steady_clock_look(b->steady).newest.ms, newest);
    }
    pass(b, HOUR_MS);
    assert_int_equal(state_of(b), STEADY_GOOD);
    turn(b, 4 * HOUR_MS); /* put right: a time that nobody can know to be */
    pass(b, STEADY_FOR_MS);
    assert_int_equal(vouched(b), now(b));
}

static void put_right_it_is_good_at_once(void **state)
{
    struct bench *b = *state;
    begin(b);
    pass(b, HOUR_MS);
    turn(b, -2 * HOUR_MS);
    pass(b, HOUR_MS);
    turn(b, 2 * HOUR_MS);
    assert_int_equal(state_of(b), STEADY_GOOD);
    assert_int_equal(vouched(b), now(b));
}

static void a_start_that_was_ahead_can_be_put_right(void **state)
{
    static const int64_t by_ms[] = {12 * MINUTE_MS, HOUR_MS, YEAR_MS};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(by_ms); i++) {
        turn(b, by_ms[i]);
        begin(b);
        pass(b, MINUTE_MS);
        turn(b, -by_ms[i]);
        assert_int_equal(state_of(b), STEADY_GOOD);
        assert_false(steady_clock_look(b->steady).known);
        assert_int_equal(vouched(b), now(b));
        assert_int_equal(steady_clock_latest(b->steady).ms, now(b));
    }
}

static void a_start_long_after_the_newest_time_is_in_doubt(void **state)
{
    struct bench *b = *state;
    const steady_record_t known = {.newest = {now(b)}, .known = true};
    const steady_record_t begun = {.first = {now(b)}, .begun = true};
    turn(b, STEADY_GAP_MS);
    steady_clock_begin(b->steady, &known);
    assert_int_equal(state_of(b), STEADY_GOOD);
    assert_int_equal(vouched(b), now(b));
    assert_int_equal(steady_clock_look(b->steady).newest.ms, known.newest.ms);
    turn(b, 1);
    for (int i = 0; i < 2; i++) {
        steady_clock_begin(b->steady, i == 0 ? &known : &begun);
        assert_int_equal(state_of(b), STEADY_AHEAD);
        assert_int_equal(vouched(b), known.newest.ms);
    }
    steady_clock_begin(b->steady, &known);
    pass(b, STEADY_FOR_MS - 1);
    assert_int_equal(vouched(b), known.newest.ms + STEADY_FOR_MS - 1);
    assert_int_equal(steady_clock_look(b->steady).newest.ms, known.newest.ms + STEADY_FOR_MS - 1);
    pass(b, 1);
    assert_int_equal(vouched(b), now(b));
    assert_int_equal(steady_clock_look(b->steady).newest.ms, now(b));
}

static void an_operator_is_believed_at_once(void **state)
{
    struct bench *b = *state;
    begin(b);
    pass(b, HOUR_MS);
    turn(b, YEAR_MS);
    steady_clock_accept(b->steady);
    assert_int_equal(state_of(b), STEADY_GOOD);
    assert_int_equal(vouched(b), now(b));
    turn(b, -YEAR_MS);
    assert_int_equal(state_of(b), STEADY_BACK);
    steady_clock_accept(b->steady);
    assert_int_equal(state_of(b), STEADY_GOOD);
    assert_int_equal(steady_clock_look(b->steady).newest.ms, now(b));
    assert_int_equal(steady_clock_latest(b->steady).ms, now(b));
}

/* Whatever happens: what is vouched for is not ahead of the clock, nor the latest behind it; and
 * without an operator the newest time moves forward only, by no more than passed unless it was
 * steady. */
NO_SANITIZE_WRAP
static void at_random_the_two_times_hold_the_clock_between_them(void **state)
{
    struct bench *b = *state;
    uint64_t seed = 20260301;
    begin(b);
    int64_t newest = 0;
    for (int i = 0; i < 20000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const int64_t r = (int64_t)(seed >> 40);
        if (r % 50 == 0) {
            turn(b, (r / 50 - (1 << 17)) * (r % 7 == 0 ? 1000 : 1));
        }
        pass(b, r % 5000);
        const steady_look_t l = steady_clock_look(b->steady);
        assert_true(l.vouched.ms <= l.now.ms);
        assert_true(l.latest.ms >= l.now.ms);
        assert_true(l.newest.ms >= newest);
        newest = l.newest.ms;
    }
}

static void the_face_passes_the_monotonic_time_through(void **state)
{
    struct bench *b = *state;
    begin(b);
    assert_int_equal(clock_mono(steady_clock_vouched(b->steady)).ns, clock_mono(&b->clock.face).ns);
    assert_string_equal(steady_state_name(STEADY_GOOD), "good");
    assert_string_equal(steady_state_name(STEADY_AHEAD), "ahead");
    assert_string_equal(steady_state_name(STEADY_BACK), "back");
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(before_the_start_nothing_is_old),
        SENTENCE(a_jump_forward_is_believed_when_it_was_steady_for_a_while),
        SENTENCE(a_moment_ahead_leaves_nothing_behind),
        SENTENCE(many_small_steps_are_a_jump),
        SENTENCE(behind_the_newest_time_it_stays_however_long_it_is_steady),
        SENTENCE(put_right_it_is_good_at_once),
        SENTENCE(a_start_that_was_ahead_can_be_put_right),
        SENTENCE(a_start_long_after_the_newest_time_is_in_doubt),
        SENTENCE(an_operator_is_believed_at_once),
        SENTENCE(at_random_the_two_times_hold_the_clock_between_them),
        SENTENCE(the_face_passes_the_monotonic_time_through),
    };
    return cmocka_run_group_tests_name("steady_clock", tests, NULL, NULL);
}
