/* progress_test.c - what is said on the way, and that nothing is said too early. */
#include "app/cli/progress.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <string.h>

static void the_line_says_share_time_and_what_is_left(void **state)
{
    (void)state;

    static const struct {
        double seconds;
        size_t done, all;
        const char *want;
    } rows[] = {
        {12.0, 42, 100, "canara evaluate:  42 %, 12 s, about 17 s left"},
        {5.0, 0, 21, "canara evaluate:   0 %, 5 s"},
        {5.0, 0, 0, "canara evaluate:   0 %, 5 s"},
        {9.0, 21, 21, "canara evaluate: 100 %, 9 s, about 0 s left"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char line[PROGRESS_LINE_BYTES];
        progress_line(line, "canara evaluate", rows[i].seconds, rows[i].done, rows[i].all);
        assert_string_equal(line, rows[i].want);
    }
}

struct hand {
    struct clock clock;
    mono_t now;
};

static mono_t hand_mono(const struct clock *clock)
{
    return ((const struct hand *)(const void *)clock)->now;
}

static void two_seconds_pass_in_silence_and_a_file_hears_nothing(void **state)
{
    (void)state;
    struct hand hand = {.clock = {.mono = hand_mono}};
    for (int terminal = 0; terminal < 2; terminal++) {
        struct progress p;
        progress_init(&p, "canara test", &hand.clock, terminal == 1);
        hand.now.ns += NS_PER_S;
        progress_at(&p, 1, 9);
        assert_false(p.shown);
        hand.now.ns += 2 * NS_PER_S;
        progress_at(&p, 2, 9);
        assert_int_equal(p.shown, terminal == 1);
        progress_deinit(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_share_time_and_what_is_left),
        cmocka_unit_test(two_seconds_pass_in_silence_and_a_file_hears_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
