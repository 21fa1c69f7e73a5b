/* Opaque bearer texts and the chain of audit records. */
#include "crypto/opaque.h"

#include "crypto/hash_chain.h"
#include "tests/support/random.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

static struct keyring *ring(void)
{
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    const struct keyring_config config = {.debug = true, .data_dir = dir.path};
    struct keyring *k = NULL;
    char why[KEYRING_WHY_BYTES];
    assert_ok(keyring_open(&config, &k, why));
    return k;
}

static void texts_are_new_each_time_and_hash_by_purpose(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring();
    CLEANUP(hmac_key_wipe) struct hmac_key refresh;
    CLEANUP(hmac_key_wipe) struct hmac_key ticket;
    opaque_key_init(&refresh, k, "refresh");
    opaque_key_init(&ticket, k, "ticket");
    char a[OPAQUE_CHARS + 1];
    char b[OPAQUE_CHARS + 1];
    opaque_make(a);
    opaque_make(b);
    assert_int_equal(strlen(a), OPAQUE_CHARS);
    assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                     OPAQUE_CHARS);
    assert_string_not_equal(a, b);

    const span_t text = {(const uint8_t *)a, OPAQUE_CHARS};
    uint8_t one[OPAQUE_HASH_BYTES];
    uint8_t two[OPAQUE_HASH_BYTES];
    opaque_hash(&refresh, text, one);
    opaque_hash(&refresh, text, two);
    assert_memory_equal(one, two, sizeof one);
    opaque_hash(&ticket, text, two);
    assert_memory_not_equal(one, two, sizeof one);
}

static bool is_same(chain_hash_t a, chain_hash_t b)
{
    return memcmp(a.byte, b.byte, sizeof a.byte) == 0;
}

static void every_change_to_a_record_changes_the_chain(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring();
    CLEANUP(hmac_key_wipe) struct hmac_key key;
    chain_key_init(&key, k);
    const chain_hash_t none = {{0}};
    const span_t fields[] = {SPAN_INIT("1"), SPAN_INIT("login"), SPAN_INIT("")};
    const chain_hash_t good = chain_next(&key, none, fields, 3);
    assert_true(is_same(good, chain_next(&key, none, fields, 3)));

    const span_t moved[] = {SPAN_INIT("1l"), SPAN_INIT("ogin"), SPAN_INIT("")};
    const span_t swapped[] = {SPAN_INIT("login"), SPAN_INIT("1"), SPAN_INIT("")};
    assert_false(is_same(good, chain_next(&key, none, moved, 3)));
    assert_false(is_same(good, chain_next(&key, none, swapped, 3)));
    assert_false(is_same(good, chain_next(&key, none, fields, 2)));
    assert_false(is_same(good, chain_next(&key, good, fields, 3)));

    uint64_t seed = 27;
    uint8_t bytes[40];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)random_u64(&seed);
    }
    const span_t one = {bytes, sizeof bytes};
    const chain_hash_t before = chain_next(&key, good, &one, 1);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ (1U << (bit % 8)));
        assert_false(is_same(before, chain_next(&key, good, &one, 1)));
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ (1U << (bit % 8)));
    }
    CLEANUP(keyring_close) struct keyring *other = ring();
    CLEANUP(hmac_key_wipe) struct hmac_key other_key;
    chain_key_init(&other_key, other);
    assert_false(is_same(good, chain_next(&other_key, none, fields, 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_new_each_time_and_hash_by_purpose),
        cmocka_unit_test(every_change_to_a_record_changes_the_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
