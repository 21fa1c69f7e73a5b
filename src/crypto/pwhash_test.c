/* Stored passwords and MPINs: bound to account, purpose and pepper; foreign texts refused. */
#include "crypto/pwhash.h"

#include "base/rng.h"
#include "tests/support/scarce_memory.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <sodium.h>

#include <stdio.h>

#define HEX_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEX_B "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define A     "canara-pepper-v1 0000000a " HEX_A "\n"

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

static const struct hashing light = {.cost = {.memory_kib = 64, .passes = 1}};
static const struct hashing real = {.cost = {.memory_kib = 19456, .passes = 2}};

static bool verifies(const struct keyring *k, struct pwhash_subject who, span_t secret,
                     const char *stored)
{
    bool match = false;
    assert_ok(pwhash_verify(k, &light, who, secret, stored, &match));
    return match;
}

/* What Argon2id is given for a password under pepper A, worked out anew. */
static void mixed_by_hand(uuid_t account, const char *password, char out[SHA256_BYTES])
{
    uint8_t pepper[PEPPER_BYTES];
    for (size_t i = 0; i < sizeof pepper; i++) {
        pepper[i] = (uint8_t)(i % 16 * 0x11);
    }
    const uint8_t length = (uint8_t)strlen(password);
    struct hmac_key key;
    struct hmac m;
    hmac_key_init(&key, (span_t){pepper, sizeof pepper});
    hmac_begin(&m, &key);
    hmac_add(&m, SPAN_LIT("canara pass "));
    hmac_add(&m, (span_t){account.byte, sizeof account.byte});
    hmac_add(&m, (span_t){&length, 1});
    hmac_add(&m, (span_t){(const uint8_t *)password, length});
    hmac_end(&m, (uint8_t *)out);
}

/* What is stored is Argon2id of RFC 9106 in the text of its reference program: another implementation reads
 * ours, and we read its. */
static void another_implementation_agrees(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring_with(A);
    const struct pwhash_subject who = {uuid_random(), PWHASH_PASSWORD};
    char mixed[SHA256_BYTES];
    mixed_by_hand(who.account, "correct horse", mixed);

    char stored[PWHASH_TEXT_BYTES];
    char text[crypto_pwhash_argon2id_STRBYTES] = "";
    assert_ok(pwhash_make(k, &light, who, SPAN_LIT("correct horse"), stored));
    (void)snprintf(text, sizeof text, "%s", strchr(stored, '$'));
    assert_int_equal(crypto_pwhash_argon2id_str_verify(text, mixed, sizeof mixed), 0);

    assert_int_equal(crypto_pwhash_argon2id_str(text, mixed, sizeof mixed, 3, (size_t)100 * 1024),
                     0);
    (void)snprintf(stored, sizeof stored, "p=0000000a%.110s", text);
    assert_true(verifies(k, who, SPAN_LIT("correct horse"), stored));
    assert_false(verifies(k, who, SPAN_LIT("correct horsf"), stored));
}

static void the_right_secret_matches_and_no_other(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *k = ring_with(NULL);
    const struct pwhash_subject who = {uuid_random(), PWHASH_PASSWORD};
    char stored[PWHASH_TEXT_BYTES];
    assert_ok(pwhash_make(k, &light, who, SPAN_LIT("correct horse"), stored));
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
    assert_ok(pwhash_make(k, &light, who, SPAN_LIT("correct horse"), again));
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
    assert_err(pwhash_make(k, &light, who, (span_t){bytes, 0}, stored), ERR_RANGE);
    assert_err(pwhash_make(k, &light, who, (span_t){bytes, sizeof bytes}, stored), ERR_RANGE);
    assert_string_equal(stored, "untouched");
    assert_ok(pwhash_make(k, &light, who, (span_t){bytes, sizeof bytes - 2}, stored));
    assert_ok(pwhash_make(k, &light, who, (span_t){bytes, sizeof bytes - 1}, stored));
    assert_true(verifies(k, who, (span_t){bytes, sizeof bytes - 1}, stored));
    assert_false(verifies(k, who, (span_t){bytes, sizeof bytes}, stored));
    bytes[0] = 0; /* every byte counts, zero too */
    assert_false(verifies(k, who, (span_t){bytes, sizeof bytes - 1}, stored));
}

static void without_the_pepper_nothing_verifies(void **state)
{
    (void)state;
    CLEANUP(keyring_close) struct keyring *ours = ring_with(A);
    CLEANUP(keyring_close)
    struct keyring *forged = ring_with("canara-pepper-v1 0000000a " HEX_B "\n");
    CLEANUP(keyring_close)
    struct keyring *rotated = ring_with("canara-pepper-v1 0000000b " HEX_B "\n" A);
    CLEANUP(keyring_close)
    struct keyring *lost = ring_with("canara-pepper-v1 0000000b " HEX_B "\n");
    const struct pwhash_subject who = {uuid_random(), PWHASH_MPIN};
    char stored[PWHASH_TEXT_BYTES];
    assert_ok(pwhash_make(ours, &light, who, SPAN_LIT("4829"), stored));
    assert_memory_equal(stored, "p=0000000a$argon2id$v=19$m=64,t=1,p=1$", 38);
    assert_true(verifies(ours, who, SPAN_LIT("4829"), stored));
    assert_false(verifies(forged, who, SPAN_LIT("4829"), stored));
    assert_true(verifies(rotated, who, SPAN_LIT("4829"), stored));
    bool match = false;
    assert_err(pwhash_verify(lost, &light, who, SPAN_LIT("4829"), stored, &match), ERR_RANGE);

    assert_false(pwhash_is_stale(ours, &light, stored));
    assert_true(pwhash_is_stale(rotated, &light, stored));
    assert_true(pwhash_is_stale(ours, &real, stored));
    assert_true(pwhash_is_stale(ours, &light, "damaged"));
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
        const err_t answer = pwhash_verify(k, &light, who, SPAN_LIT("4829"), texts[i], &match);
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
    assert_ok(pwhash_dummy(k, &light, SPAN_LIT("anything")));
    assert_ok(pwhash_dummy(k, &light, (span_t){bytes, 0}));
    assert_ok(pwhash_dummy(k, &light, (span_t){bytes, sizeof bytes}));

    const struct pwhash_subject who = {uuid_random(), PWHASH_PASSWORD};
    char stored[PWHASH_TEXT_BYTES];
    assert_ok(pwhash_make(k, &real, who, SPAN_LIT("x"), stored));
    assert_true(verifies(k, who, SPAN_LIT("x"), stored));
    assert_ok(pwhash_dummy(k, &real, SPAN_LIT("x")));
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
    assert_ok(pwhash_make(k, &real, who, SPAN_LIT("right"), stored));
    assert_true(verifies(k, who, SPAN_LIT("right"), stored));

    scarce_memory_begin((size_t)4 << 20);
    const err_t right = pwhash_verify(k, &real, who, SPAN_LIT("right"), stored, &match);
    const err_t wrong = pwhash_verify(k, &real, who, SPAN_LIT("wrong"), stored, &match);
    const err_t nobody = pwhash_dummy(k, &real, SPAN_LIT("right"));
    const err_t make = pwhash_make(k, &real, who, SPAN_LIT("right"), made);
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
        cmocka_unit_test(another_implementation_agrees),
        cmocka_unit_test(the_right_secret_matches_and_no_other),
        cmocka_unit_test(lengths_are_held_at_the_limit),
        cmocka_unit_test(without_the_pepper_nothing_verifies),
        cmocka_unit_test(a_damaged_or_greedy_text_is_refused),
        cmocka_unit_test(the_dummy_takes_any_secret_and_the_real_cost_works),
        cmocka_unit_test(without_memory_there_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
