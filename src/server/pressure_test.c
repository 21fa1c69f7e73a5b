/* pressure_test.c - who is let go when a loop falls behind, and who is not. */
#include "server/pressure.h"

#include "base/util.h"
#include "tests/support/unit.h"

/* A made-up loop: rounds of a length, a rest between them, reads that bring so many messages. */
struct play {
    int64_t round_us, rest_us;
    unsigned reads, messages;
    bool full;        /* more are ready than a round hears */
    int64_t probe_us; /* way of a probe */
};

struct outcome {
    unsigned gone;
    unsigned changes;
    int64_t high_after_ms; /* -1: never */
};

static struct outcome play(struct pressure *p, mono_t *now, const struct play *how, int64_t ms)
{
    struct outcome out = {.high_after_ms = -1};
    const int64_t from = now->ns;
    int64_t probe_due = 0;
    while (now->ns < from + ms * NS_PER_MS) {
        const mono_t before = *now;
        now->ns += how->rest_us * 1000;
        out.changes += pressure_round(p, before, *now, how->full) ? 1U : 0U;
        if (p->high && out.high_after_ms < 0) {
            out.high_after_ms = (now->ns - from) / NS_PER_MS;
        }
        if (probe_due > 0 && now->ns >= probe_due) {
            pressure_probed(p, *now);
            probe_due = 0;
        }
        if (pressure_wants_probe(p)) {
            probe_due = now->ns + how->probe_us * 1000;
        }
        for (unsigned i = 0; i < how->reads; i++) {
            if (pressure_lets_go(p, how->messages)) {
                out.gone++;
            } else {
                pressure_read(p, how->messages);
            }
        }
        now->ns += how->round_us * 1000;
    }
    return out;
}

static void a_loop_that_keeps_up_lets_nobody_go(void **state)
{
    (void)state;

    static const struct {
        const char *what;
        struct play how;
    } rows[] = {
        {"idle", {10, 100000, 0, 0, false, 0}},
        {"half busy", {1000, 1000, 100, 3, false, 0}},
        {"one in flight on 4,000 connections, without rest", {8000, 0, 256, 1, true, 64000}},
        {"sixteen in flight without rest", {40000, 0, 256, 16, true, 160000}},
        {"a burst with a backlog, soon heard", {20000, 0, 64, 300, false, 0}},
        {"a backlog, but with rest", {60000, 6000, 64, 300, false, 0}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pressure p;
        mono_t now = {NS_PER_S};
        pressure_init(&p, now);
        const struct outcome out = play(&p, &now, &rows[i].how, 5000);
        if (out.gone != 0 || p.high) {
            fail_msg("%s: %u gone", rows[i].what, out.gone);
        }
    }
}

static void a_loop_that_is_behind_lets_a_part_go_each_interval_and_no_more(void **state)
{
    (void)state;

    static const struct {
        const char *what;
        struct play how;
        unsigned least, most; /* sockets in the second after it was seen */
    } rows[] = {
        {"few that send much", {60000, 0, 64, 300, false, 0}, 20, 60},
        {"1,152 sockets, more than a round hears", {20000, 0, 256, 40, true, 90000}, 550, 800},
        {"the same in short rounds", {5000, 0, 64, 40, true, 90000}, 550, 800},
        {"so late that nobody is served, for another reason than sockets",
         {20000, 0, 256, 2, true, 1500000},
         0,
         0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pressure p;
        mono_t now = {NS_PER_S};
        pressure_init(&p, now);
        const struct outcome first = play(&p, &now, &rows[i].how, 3000);
        if (first.high_after_ms < (int64_t)PRESSURE_PATIENCE * PRESSURE_INTERVAL_MS ||
            first.high_after_ms > 2000 || first.changes != 1) {
            fail_msg("%s: high after %d ms", rows[i].what, (int)first.high_after_ms);
        }
        const struct outcome then = play(&p, &now, &rows[i].how, 1000);
        if (then.gone < rows[i].least || then.gone > rows[i].most) {
            fail_msg("%s: %u gone", rows[i].what, then.gone);
        }
    }
}

static void new_sockets_wait_until_the_loop_has_kept_up_longer_each_time(void **state)
{
    (void)state;
    static const struct play behind = {60000, 0, 64, 300, false, 0};
    static const struct play late = {30000, 0, 64, 20, false, 0};
    static const struct play calm = {1000, 0, 16, 1, false, 0};
    struct pressure p;
    mono_t now = {NS_PER_S};
    pressure_init(&p, now);
    for (int64_t second = 1; second <= 4; second *= 2) {
        (void)play(&p, &now, &behind, 1000);
        assert_true(p.high);
        assert_int_equal(play(&p, &now, &late, 3000).gone, 0);
        assert_true(p.high);
        (void)play(&p, &now, &calm, 1000 * second - 200);
        assert_true(p.high);
        (void)play(&p, &now, &calm, 400);
        assert_false(p.high);
    }
    static const struct play idle = {10, 1000000, 0, 0, false, 0};
    (void)play(&p, &now, &behind, 1000);
    (void)play(&p, &now, &idle, 9000);
    assert_false(p.high);
    (void)play(&p, &now, &calm, 62000); /* long ago: it is forgotten */
    (void)play(&p, &now, &behind, 1000);
    (void)play(&p, &now, &calm, 1400);
    assert_false(p.high);
}

static void a_probe_that_nobody_asked_for_says_nothing(void **state)
{
    (void)state;
    struct pressure p;
    pressure_init(&p, (mono_t){NS_PER_S});
    pressure_probed(&p, (mono_t){5 * NS_PER_S});
    assert_false(pressure_wants_probe(&p));
    assert_int_equal(p.shortest_ns, INT64_MAX);
    assert_false(pressure_lets_go(&p, UINT32_MAX));
}

/* One full round may be chance: all who wait for one commit come back at once. */
static void a_queue_stands_after_two_full_rounds(void **state)
{
    (void)state;
    static const bool full[] = {true, false, true, true, true, false, true, true};
    static const bool stands[] = {false, false, false, true, true, false, false, true};
    struct pressure p;
    mono_t now = {NS_PER_S};
    pressure_init(&p, now);
    for (size_t i = 0; i < ARRAY_LEN(full); i++) {
        now.ns += NS_PER_MS;
        (void)pressure_round(&p, now, now, full[i]);
        assert_int_equal(p.stands, stands[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_stands_after_two_full_rounds),
        cmocka_unit_test(a_loop_that_keeps_up_lets_nobody_go),
        cmocka_unit_test(a_loop_that_is_behind_lets_a_part_go_each_interval_and_no_more),
        cmocka_unit_test(new_sockets_wait_until_the_loop_has_kept_up_longer_each_time),
        cmocka_unit_test(a_probe_that_nobody_asked_for_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
