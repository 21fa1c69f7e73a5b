/* axes_fit_test.c - the axes of made-up people: what tells them apart comes first, what is the same for all is none. */
#include "lab/people/axes_fit.h"

#include "lab/people/crowding.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

enum { PEOPLE = 12, EACH = 40, FEATURES = 5, PERSONAL = 2, SAME = 3, SPARSE = 4 };

/* Feature PERSONAL is a person's own, the two before it wander together, SAME never moves, SPARSE is missing in
 * every second sample. */
struct people {
    float x[PEOPLE * EACH][FEATURES];
    struct bank_sample sample[PEOPLE * EACH];
    uint32_t first[PEOPLE + 1];
    struct bank_context context;
    bool in[PEOPLE];
};

static float about(uint64_t *seed)
{
    return (float)(random_in(seed, -1.0, 1.0) + random_in(seed, -1.0, 1.0));
}

static void make(struct people *p)
{
    uint64_t seed = 9;
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < (size_t)PEOPLE * EACH; i++) {
        const size_t user = i / EACH;
        const float wave = about(&seed);
        p->x[i][0] = wave + 0.1F * about(&seed);
        p->x[i][1] = wave + 0.1F * about(&seed);
        p->x[i][PERSONAL] = 0.5F * (float)user + about(&seed);
        p->x[i][SAME] = 7.0F;
        p->x[i][SPARSE] = i % 2 == 0 ? NAN : about(&seed);
        p->sample[i] =
            (struct bank_sample){.user = (uint32_t)user, .session = (uint32_t)i / 10, .x = p->x[i]};
        p->first[user + 1] = (uint32_t)i + 1;
        p->in[user] = true;
    }
    p->context =
        (struct bank_context){.like = {.kind = SAMPLE_FEATURES, .context = 5, .count = FEATURES},
                              .sample = p->sample,
                              .samples = (size_t)PEOPLE * EACH,
                              .users = PEOPLE,
                              .first = p->first};
}

static float heaviest(const struct crowd *c, size_t axis, size_t *feature)
{
    float most = -1.0F;
    for (size_t f = 0; f < c->features; f++) {
        const float w = fabsf(c->to[f * CROWD_AXES_MAX + axis]);
        if (w > most) {
            most = w;
            *feature = f;
        }
    }
    return most;
}

static void the_first_axis_is_what_tells_people_apart(void **state)
{
    (void)state;
    static struct people p;
    struct crowding c;
    size_t feature = 0;
    make(&p);
    assert_false(failed(crowding_plain(&p.context, p.in, 6, &c)));
    assert_int_equal(c.crowd.axes, FEATURES);
    assert_true(heaviest(&c.crowd, 0, &feature) > 0.5F);
    assert_int_equal(feature, PERSONAL);
    assert_true(c.crowd.between[0] > 1.0F);
    for (size_t k = 1; k < c.crowd.axes; k++) {
        assert_true(c.crowd.between[k] <= 0.2F && c.crowd.between[k] > 0.0F);
    }
    crowding_free(&c);
}

static void levels_rise_and_are_nothing_where_a_value_is_missing(void **state)
{
    (void)state;
    static struct people p;
    struct crowding c;
    make(&p);
    assert_false(failed(crowding_plain(&p.context, p.in, 6, &c)));
    for (size_t f = 0; f < FEATURES; f++) {
        const float *level = c.crowd.level + f * CROWD_BINS;
        assert_near((double)level[0], 0.0, 0.0, "missing");
        for (size_t b = 2; b < c.crowd.edges[f] + 2U; b++) {
            assert_true(level[b] >= level[b - 1] && fabsf(level[b]) < 3.1F);
        }
    }
    const float *even = c.crowd.level + (size_t)PERSONAL * CROWD_BINS;
    assert_near((double)(even[16] + even[17]), 0.0, 0.1, "the middle");
    crowding_free(&c);
}

static void the_same_people_give_the_same_bits(void **state)
{
    (void)state;
    static struct people p;
    struct crowding a;
    struct crowding b;
    make(&p);
    assert_false(failed(crowding_plain(&p.context, p.in, 6, &a)));
    assert_false(failed(crowding_plain(&p.context, p.in, 6, &b)));
    assert_true(a.crowd.id == b.crowd.id);
    assert_memory_equal(a.room, b.room, crowd_room(&a.crowd));
    p.in[0] = false;
    crowding_free(&b);
    assert_false(failed(crowding_plain(&p.context, p.in, 6, &b)));
    assert_true(a.crowd.id != b.crowd.id);
    crowding_free(&a);
    crowding_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_axis_is_what_tells_people_apart),
        cmocka_unit_test(levels_rise_and_are_nothing_where_a_value_is_missing),
        cmocka_unit_test(the_same_people_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
