/* Throttles: exactly how many tries, and exactly when the next one. */
#include "domain/ground/quota.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/scarce_memory.h"
#include "tests/support/scripted_clock.h"
#include "tests/support/unit.h"

#include <stdlib.h>

#define HOUR_S INT64_C(3600)

struct post {
    struct scripted_clock clock;
    struct quota *quota;
};

static int set_up(void **state)
{
    struct post *p = calloc(1, sizeof *p);
    assert_non_null(p);
    scripted_clock_init(&p->clock);
    atomic_store(&p->clock.mono_ns, 24 * HOUR_S * NS_PER_S); /* all windows begin here */
    assert_ok(quota_new(&p->clock.face, &p->quota));
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct post *p = *state;
    quota_free(&p->quota);
    free(p);
    return 0;
}

static bool allowed(struct post *p, enum quota_kind kind, uint64_t key, throttle_t limit)
{
    uint32_t wait_s = 0;
    const bool yes = quota_allows(p->quota, kind, key, limit, &wait_s);
    assert_int_equal(yes, wait_s == 0);
    return yes;
}

static uint32_t wait_of(struct post *p, enum quota_kind kind, uint64_t key, throttle_t limit)
{
    uint32_t wait_s = 0;
    (void)quota_allows(p->quota, kind, key, limit, &wait_s);
    return wait_s;
}

static void charge_times(struct post *p, enum quota_kind kind, uint64_t key, throttle_t limit,
                         unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        quota_charge(p->quota, kind, key, limit);
    }
}

static bool begins(struct post *p, enum quota_kind kind, uint64_t key, throttle_t limit,
                   uint32_t *wait_s)
{
    *wait_s = 0;
    const bool yes = quota_begin(p->quota, kind, key, limit, wait_s);
    assert_int_equal(yes, *wait_s == 0);
    return yes;
}

static void tries_side_by_side_are_no_more_than_one_after_the_other(void **state)
{
    struct post *p = *state;

    static const enum quota_kind kind[] = {QUOTA_LOGIN_ACCOUNT, QUOTA_LOGIN_DEVICE};

    const throttle_t limit = {5, 900};
    uint32_t wait_s = 0;
    for (size_t k = 0; k < ARRAY_LEN(kind); k++) {
        for (int i = 0; i < 5; i++) {
            assert_true(begins(p, kind[k], 7, limit, &wait_s));
        }
        assert_false(begins(p, kind[k], 7, limit, &wait_s));
        assert_int_equal(wait_s, 1); /* until one of them has ended */
        assert_false(allowed(p, kind[k], 7, limit));
        assert_true(allowed(p, kind[k], 8, limit));

        quota_end(p->quota, kind[k], 7, limit, false); /* a right one counts no more */
        assert_true(begins(p, kind[k], 7, limit, &wait_s));
        for (int i = 0; i < 5; i++) {
            quota_end(p->quota, kind[k], 7, limit, true);
        }
        assert_false(begins(p, kind[k], 7, limit, &wait_s));
        assert_int_equal(wait_s, 60);

        for (int minute = 0; minute < 3;
             minute++) { /* past the limit one at a time, one a minute */
            scripted_clock_pass(&p->clock, 60 * MS_PER_S);
            assert_true(begins(p, kind[k], 7, limit, &wait_s));
            assert_false(begins(p, kind[k], 7, limit, &wait_s));
            assert_int_equal(wait_s, 1);
            quota_end(p->quota, kind[k], 7, limit, true);
            assert_false(begins(p, kind[k], 7, limit, &wait_s));
            assert_int_equal(wait_s, 60);
        }
    }
}

static void without_a_limit_any_number_is_under_way(void **state)
{
    struct post *p = *state;
    uint32_t wait_s = 0;
    for (int i = 0; i < 100; i++) {
        assert_true(begins(p, QUOTA_LOGIN_ACCOUNT, 7, (throttle_t){0}, &wait_s));
    }
    for (int i = 0; i < 100; i++) {
        quota_end(p->quota, QUOTA_LOGIN_ACCOUNT, 7, (throttle_t){0}, true);
    }
    assert_true(begins(p, QUOTA_LOGIN_ACCOUNT, 7, (throttle_t){1, 900}, &wait_s));
}

static void each_throttle_lets_its_limit_through_and_not_one_more(void **state)
{
    static const struct {
        enum quota_kind kind;
        throttle_t limit;
    } row[] = {{QUOTA_LOGIN_ACCOUNT, {5, 900}},    {QUOTA_LOGIN_DEVICE, {5, 900}},
               {QUOTA_LOGIN_ADDRESS, {60, 60}},    {QUOTA_REGISTER_ADDRESS, {20, 60}},
               {QUOTA_MPIN_ADDRESS, {60, 60}},     {QUOTA_LOGIN_ADDRESS, {1, 1}},
               {QUOTA_MPIN_ADDRESS, {1000, 86400}}};

    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        const uint64_t key = 100 + i;
        charge_times(*state, row[i].kind, key, row[i].limit, row[i].limit.count - 1);
        assert_true(allowed(*state, row[i].kind, key, row[i].limit));
        charge_times(*state, row[i].kind, key, row[i].limit, 1);
        assert_false(allowed(*state, row[i].kind, key, row[i].limit));
        charge_times(*state, row[i].kind, key, row[i].limit, 1);
        assert_false(allowed(*state, row[i].kind, key, row[i].limit));
        assert_true(allowed(*state, row[i].kind, key + 1000, row[i].limit));
    }
}

static void asking_charges_nothing(void **state)
{
    const throttle_t limit = {1, 60};
    for (int i = 0; i < 100; i++) {
        assert_true(allowed(*state, QUOTA_LOGIN_ADDRESS, 1, limit));
    }
}

static void a_wait_is_the_first_whole_second_at_which_a_try_is_allowed(void **state)
{
    struct post *p = *state;
    uint64_t seed = 11;
    const throttle_t limit = {7, 60};
    for (int round = 0; round < 200; round++) {
        const uint64_t key = random_u64(&seed);
        for (int i = 0; i < 12; i++) {
            scripted_clock_pass(&p->clock, (int64_t)random_below(&seed, 9000));
            quota_charge(p->quota, QUOTA_LOGIN_ADDRESS, key, limit);
        }
        const uint32_t wait_s = wait_of(p, QUOTA_LOGIN_ADDRESS, key, limit);
        if (wait_s == 0) {
            continue;
        }
        scripted_clock_pass(&p->clock, (int64_t)(wait_s - 1) * MS_PER_S);
        assert_false(allowed(p, QUOTA_LOGIN_ADDRESS, key, limit));
        scripted_clock_pass(&p->clock, MS_PER_S);
        assert_true(allowed(p, QUOTA_LOGIN_ADDRESS, key, limit));
    }
}

static void a_window_slides_and_does_not_jump(void **state)
{
    struct post *p = *state;
    const throttle_t limit = {10, 60};
    scripted_clock_pass(&p->clock, 59 * MS_PER_S); /* the last second of a window */
    charge_times(p, QUOTA_LOGIN_ADDRESS, 1, limit, 10);
    scripted_clock_pass(&p->clock, 1 * MS_PER_S); /* the first of the next */
    assert_false(allowed(p, QUOTA_LOGIN_ADDRESS, 1, limit));

    unsigned through = 0; /* one try every 100 ms for a minute: no more than ten get through */
    for (int i = 0; i < 600; i++) {
        if (allowed(p, QUOTA_LOGIN_ADDRESS, 1, limit)) {
            quota_charge(p->quota, QUOTA_LOGIN_ADDRESS, 1, limit);
            through++;
        }
        scripted_clock_pass(&p->clock, 100);
    }
    assert_in_range(through, 9, 10);
    scripted_clock_pass(&p->clock, 120 * MS_PER_S);
    charge_times(p, QUOTA_LOGIN_ADDRESS, 1, limit, 9);
    assert_true(allowed(p, QUOTA_LOGIN_ADDRESS, 1, limit)); /* all else is forgotten */
}

static void past_its_limit_an_account_and_a_device_have_one_try_a_minute(void **state)
{
    struct post *p = *state;
    const throttle_t limit = {5, 900};

    static const enum quota_kind kinds[] = {QUOTA_LOGIN_ACCOUNT, QUOTA_LOGIN_DEVICE};

    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        charge_times(p, kinds[k], 1, limit, 5);
        for (int minute = 0; minute < 10; minute++) {
            assert_int_equal(wait_of(p, kinds[k], 1, limit), 60);
            scripted_clock_pass(&p->clock, 59999);
            assert_int_equal(wait_of(p, kinds[k], 1, limit), 1);
            scripted_clock_pass(&p->clock, 1);
            assert_true(allowed(p, kinds[k], 1, limit));
            quota_charge(p->quota, kinds[k], 1, limit);
        }
    }
}

static void the_wider_prefix_holds_ten_times_as_much(void **state)
{
    struct post *p = *state;
    const throttle_t limit = {6, 60};
    uint32_t wait_s = 0;
    for (uint64_t i = 0; i < 59; i++) { /* ten neighbours, never more than six tries each */
        quota_address_charge(p->quota, QUOTA_LOGIN_ADDRESS, i / 6, 500, limit);
    }
    assert_true(quota_address_allows(p->quota, QUOTA_LOGIN_ADDRESS, 99, 500, limit, &wait_s));
    assert_false(quota_address_allows(p->quota, QUOTA_LOGIN_ADDRESS, 0, 500, limit, &wait_s));
    quota_address_charge(p->quota, QUOTA_LOGIN_ADDRESS, 98, 500, limit);
    assert_false(quota_address_allows(p->quota, QUOTA_LOGIN_ADDRESS, 99, 500, limit, &wait_s));
    assert_true(quota_address_allows(p->quota, QUOTA_LOGIN_ADDRESS, 99, 501, limit, &wait_s));
}

static void an_address_waits_until_both_of_its_prefixes_allow_it(void **state)
{
    struct post *p = *state;
    const throttle_t limit = {2, 60};
    uint32_t wait_s = 0;
    for (uint64_t i = 0; i < 20; i++) {
        quota_address_charge(p->quota, QUOTA_LOGIN_ADDRESS, i, 500, limit);
    }
    assert_false(quota_address_allows(p->quota, QUOTA_LOGIN_ADDRESS, 99, 500, limit, &wait_s));
    scripted_clock_pass(&p->clock, (int64_t)wait_s * MS_PER_S);
    assert_true(quota_address_allows(p->quota, QUOTA_LOGIN_ADDRESS, 99, 500, limit, &wait_s));
}

static void zero_switches_a_throttle_off(void **state)
{
    struct post *p = *state;
    const throttle_t off = {0, 60};
    uint32_t wait_s = 0;
    for (int i = 0; i < 1000; i++) {
        quota_charge(p->quota, QUOTA_LOGIN_ACCOUNT, 1, off);
        quota_address_charge(p->quota, QUOTA_LOGIN_ADDRESS, 1, 1, off);
    }
    assert_true(allowed(p, QUOTA_LOGIN_ACCOUNT, 1, off));
    assert_true(quota_address_allows(p->quota, QUOTA_LOGIN_ADDRESS, 1, 1, off, &wait_s));
    assert_true(quota_allows(p->quota, QUOTA_LOGIN_ACCOUNT, 1, (throttle_t){0, 0}, &wait_s));
}

static void kinds_do_not_share_their_keys(void **state)
{
    const throttle_t limit = {1, 60};
    for (int kind = 0; kind < QUOTA_KINDS; kind++) {
        assert_true(allowed(*state, (enum quota_kind)kind, 1, limit));
        charge_times(*state, (enum quota_kind)kind, 1, limit, 1);
        assert_false(allowed(*state, (enum quota_kind)kind, 1, limit));
    }
}

static void the_wall_clock_has_no_say(void **state)
{
    struct post *p = *state;
    const throttle_t limit = {5, 900};
    charge_times(p, QUOTA_LOGIN_ACCOUNT, 1, limit, 5);
    scripted_clock_set_wall(&p->clock, (wall_t){SCRIPTED_WALL_MS + 24 * HOUR_S * MS_PER_S});
    assert_int_equal(wait_of(p, QUOTA_LOGIN_ACCOUNT, 1, limit), 60);
    scripted_clock_set_wall(&p->clock, (wall_t){SCRIPTED_WALL_MS - 24 * HOUR_S * MS_PER_S});
    assert_int_equal(wait_of(p, QUOTA_LOGIN_ACCOUNT, 1, limit), 60);
}

static void a_full_table_forgets_old_keys_and_keeps_new_ones(void **state)
{
    struct post *p = *state;
    const throttle_t limit = {1, 86400};
    for (uint64_t key = 0; key < QUOTA_KEYS_MAX; key++) {
        if (key % 1024 == 0) {
            scripted_clock_pass(&p->clock, 10);
        }
        quota_charge(p->quota, QUOTA_LOGIN_ADDRESS, key, limit);
    }
    assert_false(allowed(p, QUOTA_LOGIN_ADDRESS, 0, limit)); /* it holds that many */
    scripted_clock_pass(&p->clock, 1);
    quota_charge(p->quota, QUOTA_LOGIN_ADDRESS, 8,
                 limit); /* it is among the first to be looked at */
    for (uint64_t key = 0; key < 1000; key++) {
        scripted_clock_pass(&p->clock, 1);
        quota_charge(p->quota, QUOTA_LOGIN_ADDRESS, 1000000 + key, limit);
    }
    unsigned forgotten = 0;
    for (uint64_t key = 0; key < QUOTA_KEYS_MAX; key++) {
        forgotten += allowed(p, QUOTA_LOGIN_ADDRESS, key, limit) ? 1U : 0U;
    }
    assert_int_equal(forgotten, 1000);
    assert_false(allowed(p, QUOTA_LOGIN_ADDRESS, 8, limit)); /* a flood wins nobody a fresh start */
    for (uint64_t key = 0; key < 1000; key++) {
        assert_false(allowed(p, QUOTA_LOGIN_ADDRESS, 1000000 + key, limit));
    }
}

static void a_bucket_is_taken_from_by_key_and_kind(void **state)
{
    struct post *p = *state;
    const throttle_t limit = {3, 3600};
    uint32_t wait_s = 0;
    for (int i = 0; i < 3; i++) {
        assert_true(quota_has_room(p->quota, QUOTA_REFRESH, 1, limit, &wait_s));
        assert_true(quota_take(p->quota, QUOTA_REFRESH, 1, limit, &wait_s));
    }
    assert_false(quota_has_room(p->quota, QUOTA_REFRESH, 1, limit, &wait_s));
    assert_int_equal(wait_s, 1200);
    assert_false(quota_take(p->quota, QUOTA_REFRESH, 1, limit, &wait_s));
    assert_true(quota_take(p->quota, QUOTA_REFRESH, 2, limit, &wait_s));
    assert_true(quota_take(p->quota, QUOTA_LOGIN_SUCCESS, 1, limit, &wait_s));
    assert_true(allowed(p, QUOTA_LOGIN_ACCOUNT, 1, limit));
    scripted_clock_pass(&p->clock, 1199999);
    assert_false(quota_take(p->quota, QUOTA_REFRESH, 1, limit, &wait_s));
    assert_int_equal(wait_s, 1);
    scripted_clock_pass(&p->clock, 1);
    assert_true(quota_take(p->quota, QUOTA_REFRESH, 1, limit, &wait_s));
    assert_true(quota_take(p->quota, QUOTA_REFRESH, 1, (throttle_t){0}, &wait_s));
    assert_true(quota_has_room(p->quota, QUOTA_REFRESH, 1, (throttle_t){0}, &wait_s));
}

static void without_memory_it_counts_all_the_same(void **state)
{
    struct post *p = *state;
    const throttle_t limit = {1, 3600};
    unsigned lost = 0;
    scarce_memory_begin(0);
    for (uint64_t key = 0; key < QUOTA_KEYS_MAX; key++) {
        uint32_t wait_s = 0;
        quota_charge(p->quota, QUOTA_LOGIN_ADDRESS, key, limit);
        lost += quota_allows(p->quota, QUOTA_LOGIN_ADDRESS, key, limit, &wait_s) ? 1U : 0U;
    }
    scarce_memory_end();
    assert_int_equal(lost, 0);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(each_throttle_lets_its_limit_through_and_not_one_more),
        SENTENCE(tries_side_by_side_are_no_more_than_one_after_the_other),
        SENTENCE(without_a_limit_any_number_is_under_way),
        SENTENCE(asking_charges_nothing),
        SENTENCE(a_wait_is_the_first_whole_second_at_which_a_try_is_allowed),
        SENTENCE(a_window_slides_and_does_not_jump),
        SENTENCE(past_its_limit_an_account_and_a_device_have_one_try_a_minute),
        SENTENCE(the_wider_prefix_holds_ten_times_as_much),
        SENTENCE(an_address_waits_until_both_of_its_prefixes_allow_it),
        SENTENCE(zero_switches_a_throttle_off),
        SENTENCE(kinds_do_not_share_their_keys),
        SENTENCE(the_wall_clock_has_no_say),
        SENTENCE(a_full_table_forgets_old_keys_and_keeps_new_ones),
        SENTENCE(a_bucket_is_taken_from_by_key_and_kind),
        SENTENCE(without_memory_it_counts_all_the_same),
    };
    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
