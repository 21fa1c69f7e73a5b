/* Stored passwords and MPINs: bound to account, purpose and pepper; foreign texts refused. */
#include "crypto/pwhash.h"

#include "base/rng.h"
#include "tests/support/scarce_memory.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <sodium.h>

#include <stdio.h>

static const struct pwhash_cost light = {.memory_kib = 64, .passes = 1};

static struct keyring *ring_with(const char *peppers)
{
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH] = "";
    if (peppers != NULL) {
        scratch_path(&dir, "chosen", path);
        scratch_write(path, (span_t){(const uint8_t *)peppers, strlen(peppers)}, 0600);
    }
    const struct keyring_config config = {.debug = true, .data_dir = dir.path, .pepper_file = path};
    struct keyring *k = NULL;
    char why[KEYRING_WHY_BYTES];
    assert_ok(keyring_open(&config, &k, why));
    return k;
}

static bool verifies(const struct keyring *k, struct pwhash_subject who, span_t secret,
                     const char *stored)
{
    bool match = false;
    assert_ok(pwhash_verify(k, who, secret, stored, &match));
    return match;
}

/* The Argon2id beneath is that of RFC 9106: a text of the reference program verifies
 * (echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32). */
static void a_text_of_the_reference_program_verifies(void **state)
{
    (void)state;
    static const char text[crypto_pwhash_argon2id_STRBYTES] =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert_int_equal(crypto_pwhash_argon2id_str_verify(text, "password", 8), 0);
}

static void the_right_secret_matches_and_no_other(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring_with(NULL);
    const struct pwhash_subject who = {uuid_random(), PWHASH_PASSWORD};
    char stored[PWHASH_TEXT_BYTES];
    assert_ok(pwhash_make(k, who, SPAN_LIT("correct horse"), light, stored));
    assert_true(verifies(k, who, SPAN_LIT("correct horse"), stored));
    assert_false(verifies(k, who, SPAN_LIT("correct horsf"), stored));
    assert_false(verifies(k, who, SPAN_LIT("correct hors"), stored));
    assert_false(verifies(k, who, SPAN_LIT("correct horse "), stored));
    assert_false(verifies(k, who, SPAN_LIT(""), stored));
    const struct pwhash_subject mpin = {who.account, PWHASH_MPIN};
    const struct pwhash_subject other = {uuid_random(), PWHASH_PASSWORD};
    assert_false(verifies(k, mpin, SPAN_LIT("correct horse"), stored));
    assert_false(verifies(k, other, SPAN_LIT("correct horse"), stored));
    assert_null(strstr(stored, "horse"));

    char again[PWHASH_TEXT_BYTES];
    assert_ok(pwhash_make(k, who, SPAN_LIT("correct horse"), light, again));
    assert_string_not_equal(stored, again); /* a salt each time */
}

static void lengths_are_held_at_the_limit(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring_with(NULL);
    const struct pwhash_subject who = {uuid_random(), PWHASH_PASSWORD};
    uint8_t bytes[PWHASH_SECRET_BYTES + 1];
    memset(bytes, 'x', sizeof bytes);
    char stored[PWHASH_TEXT_BYTES] = "untouched";
    assert_err(pwhash_make(k, who, (span_t){bytes, 0}, light, stored), ERR_RANGE);
    assert_err(pwhash_make(k, who, (span_t){bytes, sizeof bytes}, light, stored), ERR_RANGE);
    assert_string_equal(stored, "untouched");
    assert_ok(pwhash_make(k, who, (span_t){bytes, sizeof bytes - 2}, light, stored));
    assert_ok(pwhash_make(k, who, (span_t){bytes, sizeof bytes - 1}, light, stored));
    assert_true(verifies(k, who, (span_t){bytes, sizeof bytes - 1}, stored));
    assert_false(verifies(k, who, (span_t){bytes, sizeof bytes}, stored));
    bytes[0] = 0; /* every byte counts, zero too */
    assert_false(verifies(k, who, (span_t){bytes, sizeof bytes - 1}, stored));
}

static void without_the_pepper_nothing_verifies(void **state)
{
    (void)state;
#define HEX_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX_B "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define A     "canara-pepper-v1 0000000a " HEX_A "\n"
    CLEANUP(keyring_close) struct keyring *ours = ring_with(A);
    CLEANUP(keyring_close)
    struct keyring *forged = ring_with("canara-pepper-v1 0000000a " HEX_B "\n");
    CLEANUP(keyring_close)
    struct keyring *rotated = ring_with("canara-pepper-v1 0000000b " HEX_B "\n" A);
    CLEANUP(keyring_close)
    struct keyring *lost = ring_with("canara-pepper-v1 0000000b " HEX_B "\n");
    const struct pwhash_subject who = {uuid_random(), PWHASH_MPIN};
    char stored[PWHASH_TEXT_BYTES];
    assert_ok(pwhash_make(ours, who, SPAN_LIT("4829"), light, stored));
    assert_memory_equal(stored, "p=0000000a$argon2id$v=19$m=64,t=1,p=1$", 38);
    assert_true(verifies(ours, who, SPAN_LIT("4829"), stored));
    assert_false(verifies(forged, who, SPAN_LIT("4829"), stored));
    assert_true(verifies(rotated, who, SPAN_LIT("4829"), stored));
    bool match = false;
    assert_err(pwhash_verify(lost, who, SPAN_LIT("4829"), stored, &match), ERR_RANGE);

    assert_false(pwhash_is_stale(ours, stored, light));
    assert_true(pwhash_is_stale(rotated, stored, light));
    assert_true(pwhash_is_stale(ours, stored, PWHASH_COST));
    assert_true(pwhash_is_stale(ours, "damaged", light));
}

static void a_damaged_or_greedy_text_is_refused(void **state)
{
    (void)state;
#define SALT "c29tZXNhbHRzb21lc2FsdA"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    CLEANUP(keyring_close) struct keyring *k = ring_with(A);
    static const char *const texts[] = {
        "",
        "p=",
        "p=0000000a",
        "p=0000000a$argon2id$",
        "$argon2id$v=19$m=64,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2i$v=19$m=64,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=16$m=64,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=65537,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=4294967295,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=99999999999999,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=64,t=11,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=64,t=0,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=64,t=1,p=2$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=064,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=-64,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=7,t=1,p=1$" SALT "$" HASH,
        "p=0000000a$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdB$" HASH, /* bits too many */
        "p=0000000a$argon2id$v=19$m=64,t=1,p=1$" SALT "$" HASH "A",
        "p=0000000a$argon2id$v=19$m=64,t=1,p=1$" SALT "$" HASH "=",
        "p=0000000a$argon2id$v=19$m=64,t=1,p=1$" SALT "A$" HASH,
        "p=0000000a$argon2id$v=19$m=64,t=1,p=1$" SALT HASH,
    };
    const struct pwhash_subject who = {uuid_random(), PWHASH_MPIN};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool match = true;
        const err_t answer = pwhash_verify(k, who, SPAN_LIT("4829"), texts[i], &match);
        if (answer.code != ERR_FORMAT || !match) {
            fail_msg("\"%s\" gave %d", texts[i], (int)answer.code);
        }
    }
}

static void the_dummy_takes_any_secret_and_the_real_cost_works(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring_with(NULL);
    uint8_t bytes[PWHASH_SECRET_BYTES + 1] = {0};
    assert_ok(pwhash_dummy(k, SPAN_LIT("anything"), light));
    assert_ok(pwhash_dummy(k, (span_t){bytes, 0}, light));
    assert_ok(pwhash_dummy(k, (span_t){bytes, sizeof bytes}, light));

    const struct pwhash_subject who = {uuid_random(), PWHASH_PASSWORD};
    char stored[PWHASH_TEXT_BYTES];
    assert_ok(pwhash_make(k, who, SPAN_LIT("x"), PWHASH_COST, stored));
    assert_true(verifies(k, who, SPAN_LIT("x"), stored));
    assert_ok(pwhash_dummy(k, SPAN_LIT("x"), PWHASH_COST));
    assert_true(strlen(stored) < PWHASH_TEXT_BYTES);
}

/* Right, wrong and nobody's: without memory all three are neither right nor wrong. */
static void without_memory_there_is_no_answer(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring_with(NULL);
    const struct pwhash_subject who = {uuid_random(), PWHASH_PASSWORD};
    char stored[PWHASH_TEXT_BYTES];
    char made[PWHASH_TEXT_BYTES];
    bool match = true;
    assert_ok(pwhash_make(k, who, SPAN_LIT("right"), PWHASH_COST, stored));
    assert_true(verifies(k, who, SPAN_LIT("right"), stored));

    scarce_memory_begin((size_t)4 << 20);
    const err_t right = pwhash_verify(k, who, SPAN_LIT("right"), stored, &match);
    const err_t wrong = pwhash_verify(k, who, SPAN_LIT("wrong"), stored, &match);
    const err_t nobody = pwhash_dummy(k, SPAN_LIT("right"), PWHASH_COST);
    const err_t make = pwhash_make(k, who, SPAN_LIT("right"), PWHASH_COST, made);
    scarce_memory_end();

    assert_err(right, ERR_NOMEM);
    assert_err(wrong, ERR_NOMEM);
    assert_err(nobody, ERR_NOMEM);
    assert_err(make, ERR_NOMEM);
    assert_true(match); /* untouched */
    assert_true(verifies(k, who, SPAN_LIT("right"), stored));
    assert_false(verifies(k, who, SPAN_LIT("wrong"), stored));
}

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_the_reference_program_verifies),
        cmocka_unit_test(the_right_secret_matches_and_no_other),
        cmocka_unit_test(lengths_are_held_at_the_limit),
        cmocka_unit_test(without_the_pepper_nothing_verifies),
        cmocka_unit_test(a_damaged_or_greedy_text_is_refused),
        cmocka_unit_test(the_dummy_takes_any_secret_and_the_real_cost_works),
        cmocka_unit_test(without_memory_there_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
