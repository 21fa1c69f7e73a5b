/* What an attacker tries first is refused; what people may well choose is not. */
#include "crypto/guess.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <stdio.h>

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static void first_guesses_of_mpins_are_known(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0000",   "1111",   "9999",   "1234",     "4321",     "0123",         "7890",
        "8901",   "9876",   "0987",   "1212",     "6969",     "1122",         "7788",
        "2580",   "0852",   "1984",   "2001",     "1900",     "2099",         "1357",
        "2468",   "8642",   "111111", "123456",   "654321",   "121212",       "123123",
        "112233", "159753", "147258", "12341234", "98765432", "123412341234",
    };
    static const char *const good[] = {
        "4829",   "7391",     "2738", "5062", "1806", "9135", "482917",
        "739105", "50629137", "2183", "",     "12a4", "abcd", " 1234",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (!mpin_is_guessable(text_of(bad[i]))) {
            fail_msg("%s passes", bad[i]);
        }
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (mpin_is_guessable(text_of(good[i]))) {
            fail_msg("%s is refused", good[i]);
        }
    }
    assert_true(mpin_is_sample(SPAN_LIT("1234")) && mpin_is_sample(SPAN_LIT("0000")));
    assert_false(mpin_is_sample(SPAN_LIT("1111")));
}

static void most_mpins_are_left(void **state)
{
    (void)state;
    unsigned refused = 0;
    for (unsigned i = 0; i < 10000; i++) {
        char mpin[8];
        (void)snprintf(mpin, sizeof mpin, "%04u", i);
        refused += mpin_is_guessable(text_of(mpin));
    }
    assert_in_range(refused, 300, 600); /* 3 to 6 in a hundred */
}

static void common_passwords_are_known_in_their_disguises(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "password",   "Password1", "PASSWORD123",    "p@ssw0rd",   "P@ssw0rd!", "passw0rd123",
        "12345678",   "123456789", "87654321",       "qwertyuiop", "qwerty123", "asdfghjkl",
        "1q2w3e4r",   "1qaz2wsx",  "zxcvbnm1",       "iloveyou",   "sunshine1", "letmein!",
        "welcome123", "abcdefgh",  "abcd1234",       "aaaaaaaa",   "abababab",  "football2024",
        "Princess1!", "trustno1",  "secretpassword",
    };
    static const char *const good[] = {
        "securepassword",   "correct horse battery", "SecurePass123!",  "Tr0ub4dor&3x",
        "xK9#mPq2vL",       "hunter-of-the-moon",    "mein Hund Bello", "correcthorse",
        "sunshine in june", "StrongPass!42x",        "zaqpoiqwe871",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (!password_is_common(text_of(bad[i]))) {
            fail_msg("%s passes", bad[i]);
        }
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (password_is_common(text_of(good[i]))) {
            fail_msg("%s is refused", good[i]);
        }
    }
}

static void any_bytes_are_answered(void **state)
{
    (void)state;
    uint64_t seed = 63;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[140];
        const size_t len = random_below(&seed, sizeof bytes + 1);
        const uint8_t base = round % 2 == 0 ? 0 : '0';
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)(base + random_below(&seed, base == 0 ? 256 : 60));
        }
        (void)mpin_is_guessable((span_t){bytes, len});
        (void)password_is_common((span_t){bytes, len});
    }
    assert_false(password_is_common((span_t){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_guesses_of_mpins_are_known),
        cmocka_unit_test(most_mpins_are_left),
        cmocka_unit_test(common_passwords_are_known_in_their_disguises),
        cmocka_unit_test(any_bytes_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
