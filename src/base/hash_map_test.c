#include "base/hash_map.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <string.h>

enum { KEYS = 600 };

/* A key that sets all 16 bytes from a small number. */
static uuid_t key_of(uint64_t n)
{
    uuid_t id;
    uint64_t seed = n;
    const uint64_t half[2] = {random_u64(&seed), n};
    memcpy(id.byte, half, sizeof id.byte);
    return id;
}

struct model {
    bool in[KEYS];
    uint32_t value[KEYS];
    uint32_t count;
};

static void compare(const struct map *m, const struct model *naive)
{
    assert_int_equal(m->count, naive->count);
    for (size_t k = 0; k < KEYS; k++) {
        uint32_t got = 77;
        assert_int_equal(map_get(m, key_of(k), &got), naive->in[k]);
        assert_int_equal(got, naive->in[k] ? naive->value[k] : 77);
    }
}

static void step(struct map *m, struct model *naive, uint64_t *seed, uint64_t puts_in_ten)
{
    const size_t k = random_below(seed, KEYS);
    if (random_below(seed, 10) < puts_in_ten) {
        const uint32_t value = (uint32_t)random_u64(seed);
        assert_ok(map_put(m, key_of(k), value));
        naive->count += naive->in[k] ? 0 : 1;
        naive->in[k] = true;
        naive->value[k] = value;
        return;
    }
    assert_int_equal(map_remove(m, key_of(k)), naive->in[k]);
    naive->count -= naive->in[k] ? 1 : 0;
    naive->in[k] = false;
}

static void it_agrees_with_an_array_through_growth_and_decay(void **state)
{
    (void)state;
    uint64_t seed = 20250702;
    for (uint64_t round = 0; round < 6; round++) {
        struct map m;
        struct model naive = {.count = 0};
        map_init(&m, round);
        for (int i = 0; i < 6000; i++) {
            const uint64_t puts = (i / 1000) % 2 == 0 ? 8 : 2;
            step(&m, &naive, &seed, puts);
            if (i % 200 == 0) {
                compare(&m, &naive);
            }
        }
        compare(&m, &naive);
        map_deinit(&m);
    }
}

/* A table kept at 16 slots meets runs that go round its end in nearly every step. */
static void it_agrees_with_an_array_in_the_smallest_table(void **state)
{
    (void)state;
    uint64_t seed = 20250703;
    for (uint64_t round = 0; round < 300; round++) {
        struct map m;
        struct model naive = {.count = 0};
        map_init(&m, round);
        for (int i = 0; i < 200; i++) {
            step(&m, &naive, &seed, naive.count < 12 ? 9 : 0);
            assert_true(m.size <= 16);
        }
        compare(&m, &naive);
        map_deinit(&m);
    }
}

static void reserving_first_spares_the_growth(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, 1);
    assert_ok(map_reserve(&m, 1000));
    const uint32_t size = m.size;
    for (uint64_t k = 0; k < 1000; k++) {
        assert_ok(map_put(&m, key_of(k), (uint32_t)k));
    }
    assert_int_equal(m.size, size);
    assert_ok(map_reserve(&m, 10));
    assert_int_equal(m.size, size);
    map_deinit(&m);
}

static void an_empty_table_answers_and_lives_again_after_deinit(void **state)
{
    (void)state;
    struct map m;
    uint32_t out = 5;
    map_init(&m, 1);
    assert_false(map_get(&m, key_of(1), &out));
    assert_false(map_remove(&m, key_of(1)));
    assert_int_equal(out, 5);
    assert_ok(map_put(&m, (uuid_t){{0}}, 9));
    assert_true(map_get(&m, (uuid_t){{0}}, &out));
    assert_int_equal(out, 9);
    map_deinit(&m);
    assert_false(map_get(&m, (uuid_t){{0}}, &out));
    assert_ok(map_put(&m, (uuid_t){{0}}, 10));
    map_deinit(&m);
}

static void too_many_entries_are_refused_without_trying(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, 1);
    assert_err(map_reserve(&m, UINT32_MAX), ERR_LIMIT);
    assert_null(m.slots);
    map_deinit(&m);
}

static void numbers_serve_as_keys_too(void **state)
{
    (void)state;
    struct map64 m;
    map64_init(&m, 1);
    assert_ok(map64_put(&m, 0, 1));
    assert_ok(map64_put(&m, UINT64_MAX, 2));
    assert_ok(map64_put(&m, UINT64_C(1) << 32, 3));
    uint32_t out = 0;
    assert_true(map64_get(&m, UINT64_MAX, &out));
    assert_int_equal(out, 2);
    assert_true(map64_remove(&m, UINT64_MAX));
    assert_false(map64_get(&m, UINT64_MAX, &out));
    assert_true(map64_get(&m, 0, &out));
    assert_int_equal(out, 1);
    map64_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_an_array_through_growth_and_decay),
        cmocka_unit_test(it_agrees_with_an_array_in_the_smallest_table),
        cmocka_unit_test(reserving_first_spares_the_growth),
        cmocka_unit_test(an_empty_table_answers_and_lives_again_after_deinit),
        cmocka_unit_test(too_many_entries_are_refused_without_trying),
        cmocka_unit_test(numbers_serve_as_keys_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
