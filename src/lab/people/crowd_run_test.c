/* crowd_run_test.c - how far samples of a session are alike is found again. */
#include "lab/people/crowd_run.h"

#include "base/rng.h"
#include "engine/profile/person.h"
#include "tests/support/unit.h"

#include <math.h>

enum { SESSIONS = 6000, SIZE = 10 };

struct sessions {
    double sum[SESSIONS], size[SESSIONS], heard[SESSIONS];
    uint8_t label[SESSIONS];
    struct run_blocks b;
};

static struct sessions room;

/* Sessions of so many samples, each a log ratio with mean +-.5 and variance 1 by itself; any two of a session
 * have this correlation. Of n such samples 1 + (n - 1) `alike` are worth one. */
static void draw(uint64_t seed, double alike, size_t least, size_t most)
{
    struct rng r;
    rng_seed(&r, seed);
    for (size_t i = 0; i < SESSIONS; i++) {
        const size_t n = least + i / 2 % (most - least + 1);
        const double common = sqrt(alike) * rng_normal(&r);
        room.label[i] = i % 2 == 1;
        room.size[i] = (double)n;
        room.sum[i] = 0.0;
        for (size_t k = 0; k < n; k++) {
            room.sum[i] +=
                (room.label[i] != 0 ? 0.5 : -0.5) + common + sqrt(1.0 - alike) * rng_normal(&r);
        }
    }
    room.b = (struct run_blocks){.sum = room.sum,
                                 .size = room.size,
                                 .heard = room.heard,
                                 .label = room.label,
                                 .count = SESSIONS};
}

static double searched(double *slope)
{
    double run;
    struct session_line m;
    assert_ok(crowd_run_search(&room.b, &run));
    assert_ok(crowd_run_line(&room.b, run, &m));
    *slope = m.slope;
    return run;
}

/* The log ratio of such a session is its sum by 1 + (n - 1) alike: that run is found, at slope 1. */
static void the_run_that_was_drawn_is_found(void **state)
{
    (void)state;
    const double alikes[] = {0.05, 0.2, 0.5, 0.8};
    for (size_t i = 0; i < 4; i++) {
        for (size_t least = 2; least <= SIZE; least += 8) {
            double slope;
            draw(40 + i, alikes[i], least, SIZE);
            const double run = searched(&slope);
            assert_near(slope, 1.0, 1e-6, "the line of the run that was found");
            assert_near(run, 1.0 + alikes[i] * (PERSON_RUN - 1.0), 0.5, "the run");
        }
    }
}

/* Some sessions of very many samples say nothing, loudly: the slope rises steeply as soon as anything is taken off, and
 * slowly from there. A straight line from the low end, which never moves, is wrong again and again. */
static void a_slope_that_bends_sharply_is_searched_to_its_end(void **state)
{
    (void)state;
    double slope;
    struct rng r;
    draw(60, 0.5, 1, 2);
    rng_seed(&r, 61);
    for (size_t i = 0; i < SESSIONS / 20; i++) {
        room.size[i] = 1e4;
        room.sum[i] = 3e3 * rng_normal(&r);
    }
    const double run = searched(&slope);
    assert_true(run > 1.0 && run < CROWD_RUN_MAX);
    assert_near(slope, 1.0, 1e-6, "the line of the run that was found");
}

/* Where no run gives slope 1 it is the end that comes nearest. */
static void what_no_run_explains_is_at_an_end(void **state)
{
    (void)state;
    double slope;
    draw(50, 0.3, SIZE, SIZE);
    for (size_t i = 0; i < SESSIONS; i++) {
        room.sum[i] *= 0.05; /* says far too little, whatever is taken off */
    }
    assert_near(searched(&slope), 1.0, 0.0, "too careful");
    assert_true(slope > 1.0);
    draw(51, 0.3, SIZE, SIZE);
    for (size_t i = 0; i < SESSIONS; i++) {
        room.sum[i] *= 10.0;
    }
    assert_near(searched(&slope), CROWD_RUN_MAX, 0.0, "too sure");
    assert_true(slope < 1.0);
}

static void sessions_of_one_sample_are_heard_as_they_are(void **state)
{
    (void)state;
    double slope;
    draw(52, 0.0, 1, 1);
    const double run = searched(&slope);
    assert_true(run == 1.0 || run == CROWD_RUN_MAX);
    for (size_t i = 0; i < SESSIONS; i++) {
        assert_near(room.heard[i], room.sum[i], 1e-12, "what is heard");
    }
}

static void one_side_alone_and_sums_that_are_no_numbers_are_refused(void **state)
{
    (void)state;
    double run;
    draw(54, 0.2, SIZE, SIZE);
    room.sum[7] = NAN;
    assert_int_equal(crowd_run_search(&room.b, &run).code, ERR_RANGE);
    draw(53, 0.2, SIZE, SIZE);
    for (size_t i = 0; i < SESSIONS; i++) {
        room.label[i] = 1;
    }
    assert_int_equal(crowd_run_search(&room.b, &run).code, ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_run_that_was_drawn_is_found),
        cmocka_unit_test(a_slope_that_bends_sharply_is_searched_to_its_end),
        cmocka_unit_test(what_no_run_explains_is_at_an_end),
        cmocka_unit_test(sessions_of_one_sample_are_heard_as_they_are),
        cmocka_unit_test(one_side_alone_and_sums_that_are_no_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
