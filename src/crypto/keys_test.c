/* The rules of SECRET_KEY and PEPPER_FILE, row by row. */
#include "crypto/keys.h"

#include "crypto/key_file.h"
#include "tests/support/random.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD_KEY  "mQ3vX9rT2kLp7WzA5sYh8NcJ4dGf6BeU"
#define OTHER_KEY "Zt8Kq1Rw5Ym2Xc9Vb4Nn7Lp3Jh6Gf0Ds"

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void weak_signing_keys_are_refused(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"", false},
        {"your-production-secret-key", false},
        {"mQ3vX9rT2kLp7WzA5sYh8NcJ4dGf6Be", false}, /* 31 */
        {GOOD_KEY, true},                           /* 32 */
        {"your-production-secret-key-which-is-long-enough", false},
        {"YOUR_PRODUCTION_SECRET_KEY_0123456789", false},
        {"changeme-changeme-changeme-4729184", false},
        {"please CHANGE ME before production 92", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"abababababababababababababababababab", false},
        {"0123456789abcdef0123456789abcdef", false},
        {"abcdefghijklmnopqrstuvwxyz012345", false},
        {"zyxwvutsrqponmlkjihgfedcba987654", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaabcdefgh1", false},
        {"1010011100101110101001110010110100100111", false},
        {"k7Qz9mXp4wk7Qz9mXp4wk7Qz9mXp4wk7Qz9mXp4w", false}, /* a piece again and again */
        {"qzmxkvwzqkmxvwqzkxmvwqkzmxvqwzkmxqvzwkmx", false}, /* of seven letters */
        {"a7Qaz9amXap4awkaR2aTbaNLa8caDEaFGaHJaKMa", false}, /* a third is one letter */
        {"9f86d081884c7d659a2feaa0c55ad015", true},          /* 32 hexadecimal digits */
        {"correct horse battery staple with eleven more words", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const fault = secret_key_fault(text_of(cases[i].text));
        if ((fault == NULL) != cases[i].good) {
            fail_msg("\"%s\": %s", cases[i].text, fault == NULL ? "taken" : fault);
        }
    }
    uint8_t zero[40];
    memcpy(zero, GOOD_KEY "12345678", sizeof zero);
    zero[20] = 0;
    assert_non_null(secret_key_fault((span_t){zero, sizeof zero}));
}

static void a_key_has_an_upper_limit(void **state)
{
    (void)state;
    char text[SECRET_KEY_MAX + 2];
    uint64_t seed = 512;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)('!' + (char)random_below(&seed, 90));
    }
    const uint8_t *const at = (const uint8_t *)text;
    assert_null(secret_key_fault((span_t){at, SECRET_KEY_MAX - 1}));
    assert_null(secret_key_fault((span_t){at, SECRET_KEY_MAX}));
    assert_non_null(secret_key_fault((span_t){at, SECRET_KEY_MAX + 1}));
}

static void development_makes_its_keys_once(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    const struct keyring_config config = {.debug = true, .data_dir = dir.path};
    char why[KEYRING_WHY_BYTES];
    uint8_t first[DERIVED_KEY_BYTES];
    uint8_t second[DERIVED_KEY_BYTES];
    uint16_t kid[2] = {0};
    for (int i = 0; i < 2; i++) {
        CLEANUP(keyring_close) struct keyring *k = NULL;
        assert_ok(keyring_open(&config, &k, why));
        keyring_derive(k, "audit", i == 0 ? first : second);
        const struct signing_key *signing = NULL;
        assert_int_equal(keyring_signing(k, &signing), 1);
        kid[i] = signing->kid;
    }
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(kid[0], kid[1]);
    static const char *const made[] = {"secret_key", "pepper"};
    for (size_t i = 0; i < 2; i++) {
        char path[SCRATCH_PATH];
        struct stat st = {0};
        scratch_path(&dir, made[i], path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
}

static void production_asks_for_both_secrets(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch data = scratch_new();
    CLEANUP(scratch_remove) struct scratch etc = scratch_new();
    char inside[SCRATCH_PATH];
    char outside[SCRATCH_PATH];
    char absent[SCRATCH_PATH];
    char linked[SCRATCH_PATH];
    char why[KEYRING_WHY_BYTES];
    scratch_path(&data, "pepper", inside);
    scratch_path(&etc, "pepper", outside);
    scratch_path(&etc, "absent", absent);
    scratch_path(&etc, "link", linked);
    assert_ok(pepper_file_make(inside, why));
    assert_ok(pepper_file_make(outside, why));
    assert_int_equal(symlink(inside, linked), 0);

    const struct {
        const char *row, *key, *previous, *pepper, *says;
    } cases[] = {
        {"good", GOOD_KEY, NULL, outside, NULL},
        {"rotation", GOOD_KEY, OTHER_KEY, outside, NULL},
        {"no key", NULL, NULL, outside, "SECRET_KEY"},
        {"empty key", "", NULL, outside, "SECRET_KEY"},
        {"short key", "short", NULL, outside, "SECRET_KEY"},
        {"weak previous", GOOD_KEY, "changeme", outside, "SECRET_KEY_PREVIOUS"},
        {"same previous", GOOD_KEY, GOOD_KEY, outside, "SECRET_KEY_PREVIOUS"},
        {"no pepper", GOOD_KEY, NULL, NULL, "PEPPER_FILE"},
        {"absent pepper", GOOD_KEY, NULL, absent, "PEPPER_FILE"},
        {"pepper inside", GOOD_KEY, NULL, inside, "PEPPER_FILE"},
        {"link to inside", GOOD_KEY, NULL, linked, "PEPPER_FILE"},
        {"a folder", GOOD_KEY, NULL, etc.path, "PEPPER_FILE"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct keyring_config config = {.secret_key = cases[i].key,
                                              .secret_key_previous = cases[i].previous,
                                              .data_dir = data.path,
                                              .pepper_file = cases[i].pepper};
        CLEANUP(keyring_close) struct keyring *k = NULL;
        const err_t answer = keyring_open(&config, &k, why);
        if (failed(answer) != (cases[i].says != NULL) || failed(answer) != (k == NULL) ||
            (cases[i].says != NULL && strncmp(why, cases[i].says, strlen(cases[i].says)) != 0)) {
            fail_msg("%s: %s", cases[i].row, why);
        }
        assert_null(strstr(why, GOOD_KEY));
    }
}

/* canara check-config, before the first start has made the folder. */
static void no_pepper_lies_in_a_folder_that_is_yet_to_be_made(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch etc = scratch_new();
    char pepper[SCRATCH_PATH];
    char data[SCRATCH_PATH];
    char link[SCRATCH_PATH];
    char why[KEYRING_WHY_BYTES] = "";
    scratch_path(&etc, "pepper", pepper);
    scratch_path(&etc, "data", data);
    scratch_path(&etc, "link", link);
    assert_ok(pepper_file_make(pepper, why));
    assert_int_equal(symlink("data", link), 0);
    const char *const folders[] = {data, link};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const struct keyring_config config = {
            .secret_key = GOOD_KEY, .data_dir = folders[i], .pepper_file = pepper};
        CLEANUP(keyring_close) struct keyring *k = NULL;
        if (failed(keyring_open(&config, &k, why))) {
            fail_msg("%s: %s", folders[i], why);
        }
    }
}

static void a_pepper_file_of_others_or_damaged_is_refused(void **state)
{
    (void)state;
#define LINE(id, fill) "canara-pepper-v1 " id " " fill fill fill fill "\n"
#define FILL           "00112233445566ff"

    static const struct {
        const char *text;
        mode_t mode;
        bool good;
    } cases[] = {
        {LINE("0000000a", FILL), 0600, true},
        {LINE("0000000a", FILL), 0400, true},
        {LINE("0000000a", FILL), 0644, false},
        {LINE("0000000a", FILL), 0640, false},
        {LINE("0000000a", FILL), 0700, false},
        {LINE("0000000a", FILL) LINE("0000000b", FILL), 0600, true},
        {LINE("0000000a", FILL) LINE("0000000a", FILL), 0600, false},
        {LINE("1", FILL), 0600, false},
        {LINE("0000000A", FILL), 0600, false},
        {LINE("0000000a", "00112233445566f"), 0600, false},
        {LINE("0000000a", "00112233445566fg"), 0600, false},
        {"", 0600, false},
        {"\n", 0600, false},
        {"canara-pepper-v1 0000000a " FILL FILL FILL FILL, 0600, false}, /* no end of line */
        {LINE("00000001", FILL) LINE("00000002", FILL) LINE("00000003", FILL)
             LINE("00000004", FILL),
         0600, true},
        {LINE("00000001", FILL) LINE("00000002", FILL) LINE("00000003", FILL) LINE("00000004", FILL)
             LINE("00000005", FILL),
         0600, false},
    };
    CLEANUP(scratch_remove) struct scratch data = scratch_new();
    CLEANUP(scratch_remove) struct scratch etc = scratch_new();
    char path[SCRATCH_PATH];
    char why[KEYRING_WHY_BYTES];
    scratch_path(&etc, "pepper", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scratch_write(path, text_of(cases[i].text), cases[i].mode);
        const struct keyring_config config = {
            .secret_key = GOOD_KEY, .data_dir = data.path, .pepper_file = path};
        CLEANUP(keyring_close) struct keyring *k = NULL;
        if (failed(keyring_open(&config, &k, why)) == cases[i].good) {
            fail_msg("row %zu: %s", i, why);
        }
    }
}

static void the_newest_pepper_hashes_and_the_oldest_derives(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch etc = scratch_new();
    char path[SCRATCH_PATH];
    char why[KEYRING_WHY_BYTES];
    scratch_path(&etc, "pepper", path);
    static const char old[] = LINE("0000000a", "00112233445566ff");
    static const char both[] = LINE("0000000b", "7766554433221100") LINE("0000000a", FILL);
    uint8_t derived[2][DERIVED_KEY_BYTES];
    static const char *const texts[] = {old, both};
    static const char *const ids[] = {"0000000a", "0000000b"};
    for (size_t i = 0; i < 2; i++) {
        scratch_write(path, text_of(texts[i]), 0600);
        const struct keyring_config config = {
            .secret_key = GOOD_KEY, .debug = true, .data_dir = etc.path, .pepper_file = path};
        CLEANUP(keyring_close) struct keyring *k = NULL;
        assert_ok(keyring_open(&config, &k, why));
        char id[PEPPER_ID_CHARS + 1];
        (void)keyring_pepper(k, id);
        assert_string_equal(id, ids[i]);
        assert_non_null(keyring_pepper_of(k, SPAN_LIT("0000000a")));
        assert_null(keyring_pepper_of(k, SPAN_LIT("0000000c")));
        keyring_derive(k, "audit", derived[i]);
        uint8_t other[DERIVED_KEY_BYTES];
        keyring_derive(k, "refresh", other);
        assert_memory_not_equal(other, derived[i], sizeof other);
    }
    assert_memory_equal(derived[0], derived[1], DERIVED_KEY_BYTES);
}

static void a_pepper_is_never_written_over(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch etc = scratch_new();
    char path[SCRATCH_PATH];
    char why[KEYRING_WHY_BYTES];
    scratch_path(&etc, "pepper", path);
    scratch_write(path, SPAN_LIT("keep"), 0600);
    assert_err(pepper_file_make(path, why), ERR_IO);
    uint8_t bytes[16];
    span_t text = {0};
    assert_ok(key_file_read("PEPPER_FILE", path, &text, bytes, sizeof bytes, why));
    assert_span_text(text, "keep");
    scratch_path(&etc, "no/such/folder", path);
    assert_err(pepper_file_make(path, why), ERR_IO);
}

static void a_device_has_one_mac_per_installation(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    const struct keyring_config config = {.debug = true, .data_dir = dir.path};
    char why[KEYRING_WHY_BYTES];
    CLEANUP(keyring_close) struct keyring *k = NULL;
    assert_ok(keyring_open(&config, &k, why));
    uint8_t a[DEVICE_MAC_BYTES];
    uint8_t b[DEVICE_MAC_BYTES];
    device_mac(k, SPAN_LIT("device-1"), a);
    device_mac(k, SPAN_LIT("device-1"), b);
    assert_memory_equal(a, b, sizeof a);
    device_mac(k, SPAN_LIT("device-2"), b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void a_shared_key_may_be_read_by_a_group_and_by_nobody_else(void **state)
{
    static const struct {
        mode_t mode;
        bool alone, shared;
    } cases[] = {{0600, true, true},   {0400, true, true},   {0640, false, true},
                 {0440, false, true},  {0644, false, false}, {0660, false, false},
                 {0700, false, false}, {0650, false, false}, {0604, false, false}};

    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "key", path);
    scratch_write(path, SPAN_LIT("secret"), 0600);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[KEYRING_WHY_BYTES] = "";
        uint8_t bytes[16];
        span_t text = {0};
        assert_int_equal(chmod(path, cases[i].mode), 0);
        assert_int_equal(!failed(key_file_read("K", path, &text, bytes, sizeof bytes, why)),
                         cases[i].alone);
        assert_int_equal(!failed(key_file_read_shared("K", path, &text, bytes, sizeof bytes, why)),
                         cases[i].shared);
        if (!cases[i].shared) {
            assert_non_null(strstr(why, "must have mode 0640, 0600 or narrower"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_key_may_be_read_by_a_group_and_by_nobody_else),
        cmocka_unit_test(weak_signing_keys_are_refused),
        cmocka_unit_test(a_key_has_an_upper_limit),
        cmocka_unit_test(development_makes_its_keys_once),
        cmocka_unit_test(production_asks_for_both_secrets),
        cmocka_unit_test(no_pepper_lies_in_a_folder_that_is_yet_to_be_made),
        cmocka_unit_test(a_pepper_file_of_others_or_damaged_is_refused),
        cmocka_unit_test(the_newest_pepper_hashes_and_the_oldest_derives),
        cmocka_unit_test(a_pepper_is_never_written_over),
        cmocka_unit_test(a_device_has_one_mac_per_installation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
