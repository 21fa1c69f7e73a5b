/* The memory of hashes: kept while it is used, given back when it is not, never handed out twice. */
#include "crypto/hash_memory.h"

#include "crypto/pwhash.h"
#include "crypto/secret.h"
#include "tests/support/scarce_memory.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <string.h>

static const size_t piece_bytes = (size_t)1 << 20;

static struct hash_piece taken(struct hash_memory *m, size_t bytes)
{
    struct hash_piece p = {0};
    assert_ok(hash_memory_take(m, bytes, &p));
    assert_true(p.bytes >= bytes);
    memset(p.at, 0xa5, bytes); /* all of it is ours */
    return p;
}

static void what_was_given_back_is_handed_out_again(void **state)
{
    (void)state;
    CLEANUP(hash_memory_free) struct hash_memory *m = NULL;
    assert_ok(hash_memory_new(2, &m));
    const struct hash_piece a = taken(m, piece_bytes);
    const struct hash_piece b = taken(m, piece_bytes);
    assert_ptr_not_equal(a.at, b.at);
    hash_memory_give(m, a);
    hash_memory_give(m, b);
    const struct hash_piece again = taken(m, piece_bytes / 2); /* a larger one will do */
    assert_ptr_equal(again.at, b.at);
    const struct hash_piece larger = taken(m, 2 * piece_bytes); /* a smaller one will not */
    assert_ptr_not_equal(larger.at, a.at);
    const struct hash_piece first = taken(m, piece_bytes);
    assert_ptr_equal(first.at, a.at);
    hash_memory_give(m, again);
    hash_memory_give(m, larger);
    hash_memory_give(m, first); /* one more than are kept */
}

/* Whether so much address space can still be had. */
static bool can_be_had(struct hash_memory *m, size_t bytes)
{
    struct hash_piece p = {0};
    scarce_memory_begin((size_t)1 << 16);
    const err_t e = hash_memory_take(m, bytes, &p);
    scarce_memory_end();
    if (!failed(e)) {
        hash_memory_give(m, p);
    }
    return !failed(e);
}

static void what_nobody_used_between_two_looks_goes_back(void **state)
{
    (void)state;
    CLEANUP(hash_memory_free) struct hash_memory *m = NULL;
    assert_ok(hash_memory_new(3, &m));
    assert_false(can_be_had(m, piece_bytes));
    hash_memory_give(m, taken(m, piece_bytes));
    assert_true(can_be_had(m, piece_bytes));
    hash_memory_rest(m);
    assert_true(can_be_had(m, piece_bytes)); /* used since the look before, and again now */
    hash_memory_rest(m);
    hash_memory_rest(m);
    assert_false(can_be_had(m, piece_bytes));
    hash_memory_rest(m);
    hash_memory_rest(NULL);
}

static void without_memory_of_its_own_each_piece_is_new_and_goes_back(void **state)
{
    (void)state;
    hash_memory_give(NULL, taken(NULL, piece_bytes));
    assert_false(can_be_had(NULL, piece_bytes));
    CLEANUP(hash_memory_free) struct hash_memory *none = NULL;
    assert_ok(hash_memory_new(0, &none));
    hash_memory_give(none, taken(none, piece_bytes));
    assert_false(can_be_had(none, piece_bytes));
    struct hash_memory *nothing = NULL;
    hash_memory_free(&nothing);
}

/* What a hash leaves in memory that is handed to the next one is nothing. */
static void a_hash_leaves_zeros(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(keyring_close) struct keyring *k = NULL;
    const struct keyring_config config = {.debug = true, .data_dir = dir.path};
    char why[KEYRING_WHY_BYTES];
    assert_ok(keyring_open(&config, &k, why));
    CLEANUP(hash_memory_free) struct hash_memory *m = NULL;
    assert_ok(hash_memory_new(1, &m));
    const struct hashing h = {.memory = m, .cost = {.memory_kib = 64, .passes = 1}};
    const struct pwhash_subject who = {.purpose = PWHASH_MPIN};
    char one[PWHASH_TEXT_BYTES];
    assert_ok(pwhash_make(k, &h, who, SPAN_LIT("4829"), one));

    struct hash_piece p = {0};
    assert_ok(hash_memory_take(m, (size_t)64 * 1024, &p));
    for (size_t i = 0; i < p.bytes; i++) {
        assert_int_equal(p.at[i], 0);
    }
    memset(p.at, 0xa5, p.bytes); /* what was in it before is of no account to the next */
    hash_memory_give(m, p);
    bool match = false;
    assert_ok(pwhash_verify(k, &h, who, SPAN_LIT("4829"), one, &match));
    assert_true(match);
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *take_and_give(void *context)
{
    struct hash_memory *const m = context;
    for (int i = 0; i < ROUNDS; i++) {
        struct hash_piece p = {0};
        MUST(!failed(hash_memory_take(m, 4096, &p)));
        const uint8_t mine = (uint8_t)(i + 1);
        memset(p.at, mine, p.bytes);
        for (size_t at = 0; at < p.bytes; at++) {
            MUST(p.at[at] == mine); /* nobody else has it */
        }
        hash_memory_give(m, p);
        if (i % 100 == 0) {
            hash_memory_rest(m);
        }
    }
    return NULL;
}

static void no_piece_is_in_two_hands(void **state)
{
    (void)state;
    CLEANUP(hash_memory_free) struct hash_memory *m = NULL;
    assert_ok(hash_memory_new(2, &m));
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, take_and_give, m), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
}

int main(void)
{
    if (failed(crypto_start())) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_back_is_handed_out_again),
        cmocka_unit_test(what_nobody_used_between_two_looks_goes_back),
        cmocka_unit_test(without_memory_of_its_own_each_piece_is_new_and_goes_back),
        cmocka_unit_test(a_hash_leaves_zeros),
        cmocka_unit_test(no_piece_is_in_two_hands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
