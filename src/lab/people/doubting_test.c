#include "lab/people/doubting.h"

#include "base/rng.h"
#include "base/util.h"
#include "engine/people/evidence.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { ROWS = 12000, COLUMNS = 2 };

struct trials {
    double x[ROWS * COLUMNS];
    uint8_t label[ROWS];
};

/* Two normal laws 3 deviations apart in the first column, nothing in the second: the ratio is
 * 3 (x - 1.5). Every odd_owner-th owner's trial is like another's and so on; 0: none. */
static void draw(struct trials *t, uint64_t seed, unsigned odd_owner, unsigned odd_other)
{
    struct rng r;
    rng_seed(&r, seed);
    for (size_t i = 0; i < ROWS; i++) {
        t->label[i] = i % 2 == 1;
        const unsigned odd = t->label[i] != 0 ? odd_other : odd_owner;
        const bool turned = odd > 0 && i / 2 % odd == 0;
        const double centre = (t->label[i] != 0) != turned ? 3.0 : 0.0;
        t->x[i * COLUMNS] = centre + rng_normal(&r);
        t->x[i * COLUMNS + 1] = rng_normal(&r);
    }
}

static struct logistic_data data_of(const struct trials *t)
{
    return (struct logistic_data){.x = t->x,
                                  .label = t->label,
                                  .rows = ROWS,
                                  .columns = COLUMNS,
                                  .ridge = 1e-6,
                                  .standardised = true};
}

static struct trials room;

static struct doubting fitted(struct logistic *line)
{
    const struct logistic_data data = data_of(&room);
    struct doubting m;
    assert_ok(logistic_fit(&data, line));
    assert_ok(doubting_fit(&data, line, &m));
    return m;
}

static void without_odd_trials_it_is_the_line(void **state)
{
    (void)state;
    struct logistic line;
    draw(&room, 1, 0, 0);
    const struct doubting m = fitted(&line);
    assert_true(fabs(m.weight[0] - line.weight[0]) < 0.15 && fabs(m.weight[0] - 3.0) < 0.25);
    assert_true(fabs(m.weight[1]) < 0.15);
    assert_true(fabs(m.bias + 4.5) < 0.4);
    assert_true(m.ceiling > 7.0 && m.floor > 7.0);
}

/* One owner's trial in 200: what speaks against an owner ends at about ln 200, and the line is as
 * steep as the other 199 ask for. */
static void odd_trials_end_what_is_said_and_bend_no_line(void **state)
{
    (void)state;
    struct logistic line;
    draw(&room, 2, 200, 0);
    const struct doubting m = fitted(&line);
    assert_true(m.weight[0] > line.weight[0] && fabs(m.weight[0] - 3.0) < 0.35);
    assert_true(fabs(m.ceiling - log(200.0)) < 0.5);
    assert_true(m.floor > 7.0);

    draw(&room, 3, 0, 200);
    const struct doubting n = fitted(&line);
    assert_true(fabs(n.weight[0] - 3.0) < 0.35);
    assert_true(fabs(n.floor - log(200.0)) < 0.5);
    assert_true(n.ceiling > 7.0);
}

static void many_odd_trials_leave_enough_for_a_challenge(void **state)
{
    (void)state;
    struct logistic line;
    draw(&room, 4, 10, 10);
    const struct doubting m = fitted(&line);
    assert_true(m.ceiling == DOUBTING_MIN && m.floor == DOUBTING_MIN);
    assert_true(m.weight[0] > line.weight[0]);
}

/* Its own measure: the trials cost it no more than they cost the line. */
static void it_loses_no_more_than_the_line(void **state)
{
    (void)state;
    for (uint64_t seed = 10; seed < 16; seed++) {
        struct logistic line;
        draw(&room, seed, seed % 2 == 0 ? 90 : 0, seed % 3 == 0 ? 300 : 0);
        const struct doubting m = fitted(&line);
        double loss[2] = {0.0, 0.0};
        for (size_t i = 0; i < ROWS; i++) {
            const double *x = room.x + i * COLUMNS;
            const double way = room.label[i] != 0 ? -1.0 : 1.0;
            const double l = evidence_doubt(doubting_margin(&m, COLUMNS, x), m.ceiling, m.floor);
            loss[0] += log1p(exp(way * l));
            loss[1] += log1p(exp(way * logistic_margin(&line, COLUMNS, x)));
        }
        assert_true(loss[0] <= loss[1] * 1.002); /* the unseen trials */
    }
}

/* What doubting.h says it makes least, by evidence_doubt() and plain sums. */
static double lost(const struct logistic_data *d, const struct doubting *m)
{
    double sum[2] = {log1p(exp(m->ceiling)), log1p(exp(m->floor))}; /* the unseen */
    double ridge = 0.0;
    size_t rows[2] = {0, 0};
    for (size_t i = 0; i < d->rows; i++) {
        const size_t y = d->label[i] != 0;
        const double v = doubting_margin(m, d->columns, d->x + i * d->columns);
        const double l = evidence_doubt(v, m->ceiling, m->floor);
        sum[y] += log1p(exp(y != 0 ? -l : l));
        rows[y]++;
    }
    for (size_t c = 0; c < d->columns; c++) {
        ridge += 0.5 * d->ridge * m->weight[c] * m->weight[c];
    }
    return 0.5 * sum[0] / (double)rows[0] + 0.5 * sum[1] / (double)rows[1] + ridge;
}

/* No number of it can be moved a little, either way, and less be lost; those at an end not beyond it. */
static void nothing_near_it_loses_less(void **state)
{
    (void)state;
    for (uint64_t seed = 20; seed < 24; seed++) {
        struct logistic line;
        draw(&room, seed, seed % 2 == 0 ? 70 : 10, 150);
        const struct logistic_data data = data_of(&room);
        struct doubting m = fitted(&line);
        const double least = lost(&data, &m);
        double *const number[] = {&m.weight[0], &m.weight[1], &m.bias, &m.ceiling, &m.floor};
        for (size_t i = 0; i < ARRAY_LEN(number); i++) {
            const double was = *number[i];
            for (int way = -1; way <= 1; way += 2) {
                *number[i] = was + 0.01 * way;
                if (i < 3 || (*number[i] >= DOUBTING_MIN && *number[i] <= DOUBTING_MAX)) {
                    assert_true(lost(&data, &m) > least - 1e-12);
                }
            }
            *number[i] = was;
        }
    }
}

/* A column that runs to tens of thousands of scales gives a line of numbers, and its trials are told apart. */
static void margins_of_any_size_have_a_loss(void **state)
{
    (void)state;
    struct logistic line;
    draw(&room, 30, 0, 0);
    for (size_t i = 0; i < ROWS; i++) {
        const double far = room.label[i] != 0 ? 4e4 : -4e4;
        room.x[i * COLUMNS] = i % 5 == 0 ? far : room.x[i * COLUMNS] - 1.5;
    }
    const struct doubting m = fitted(&line);
    assert_true(isfinite(m.bias) && isfinite(m.ceiling) && isfinite(m.floor));
    assert_true(isfinite(m.weight[0]) && m.weight[0] > 0.0 && isfinite(m.weight[1]));
}

static void the_ratio_goes_from_floor_to_ceiling_and_never_back(void **state)
{
    (void)state;
    double last = -99.0;
    for (int i = -240; i <= 240; i++) {
        const double v = 0.25 * i;
        const double l = evidence_doubt(v, 5.0, 7.0);
        assert_true(l >= last && l >= -7.0 && l <= 5.0);
        last = l;
    }
    assert_true(fabs(evidence_doubt(60.0, 5.0, 7.0) - 5.0) < 1e-9);
    assert_true(fabs(evidence_doubt(-60.0, 5.0, 7.0) + 7.0) < 1e-9);
    for (int i = -40; i <= 40; i++) {
        const double v = 0.5 * i;
        assert_true(fabs(evidence_doubt(v, FUSION_SURE, FUSION_SURE) - v) < 1e-8);
    }
}

static void what_cannot_be_fitted_is_refused(void **state)
{
    (void)state;
    struct logistic line = {.bias = 0.0};
    struct doubting m;
    draw(&room, 5, 0, 0);
    struct logistic_data data = data_of(&room);
    data.standardised = false;
    assert_int_equal(doubting_fit(&data, &line, &m).code, ERR_RANGE);
    data = data_of(&room);
    data.columns = DOUBTING_COLUMNS_MAX + 1;
    data.rows = 1;
    assert_int_equal(doubting_fit(&data, &line, &m).code, ERR_RANGE);
    data = data_of(&room);
    memset(room.label, 1, sizeof room.label);
    assert_int_equal(doubting_fit(&data, &line, &m).code, ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_odd_trials_it_is_the_line),
        cmocka_unit_test(odd_trials_end_what_is_said_and_bend_no_line),
        cmocka_unit_test(many_odd_trials_leave_enough_for_a_challenge),
        cmocka_unit_test(it_loses_no_more_than_the_line),
        cmocka_unit_test(nothing_near_it_loses_less),
        cmocka_unit_test(margins_of_any_size_have_a_loss),
        cmocka_unit_test(the_ratio_goes_from_floor_to_ceiling_and_never_back),
        cmocka_unit_test(what_cannot_be_fitted_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
