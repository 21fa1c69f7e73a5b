/* email_test.c - addresses that are taken, their one key, and those that are not. */
#include "codec/email.h"

#include "base/util.h"
#include "tests/support/unit.h"

static err_t parse(const char *text, email_t *out, const char **fault)
{
    return email_parse((span_t){(const uint8_t *)text, strlen(text)}, out, fault);
}

static void good_addresses_are_taken(void **state)
{
    (void)state;

    static const struct {
        const char *given, *text, *key;
    } cases[] = {
        {"user@canara.com", "user@canara.com", "user@canara.com"},
        {"User.Name+Tag@Canara.COM", "User.Name+Tag@canara.com", "user.name+tag@canara.com"},
        {"a@b.c", "a@b.c", "a@b.c"},
        {"!#$%&'*+-/=?^_`{|}~@x-1.example", "!#$%&'*+-/=?^_`{|}~@x-1.example",
         "!#$%&'*+-/=?^_`{|}~@x-1.example"},
        {"x@1.2.3.xn--p1ai", "x@1.2.3.xn--p1ai", "x@1.2.3.xn--p1ai"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        email_t email = {0};
        assert_false(failed(parse(cases[i].given, &email, NULL)));
        assert_string_equal(email.text, cases[i].text);
        assert_string_equal(email.key, cases[i].key);
        assert_int_equal(email.len, strlen(cases[i].text));
    }
}

static void lengths_hold_to_the_last_byte(void **state)
{
    (void)state;
    char text[400];
    email_t email = {0};
    for (int local = 63; local <= 65; local++) {
        memset(text, 'a', sizeof text);
        memcpy(text + local, "@b.cd", 6);
        assert_int_equal(failed(parse(text, &email, NULL)), local > 64);
    }
    for (int label = 62; label <= 64; label++) {
        memset(text, 'a', sizeof text);
        text[1] = '@';
        memcpy(text + 2 + label, ".cd", 4);
        assert_int_equal(failed(parse(text, &email, NULL)), label > 63);
    }
    for (size_t whole = 253; whole <= 255; whole++) {
        memset(text, 'a', sizeof text);
        text[64] = '@';
        text[120] = '.';
        text[180] = '.';
        text[240] = '.';
        text[whole] = '\0';
        assert_int_equal(failed(parse(text, &email, NULL)), whole > 254);
    }
}

static void bad_addresses_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",          "@",        "a@",           "@b.c",         "a",
        "a@b",       "a@@b.c",   "a@b@c.d",      "a b@c.d",      ".a@b.c",
        "a.@b.c",    "a..b@c.d", "a@.b.c",       "a@b..c",       "a@b.c.",
        "a@-b.c",    "a@b-.c",   "a@b_c.d",      "a@127.0.0.1",  "a@[127.0.0.1]",
        "\"a\"@b.c", "a@b.c\n",  "\xc3\xa4@b.c", "a@\xc3\xa4.c", "a(x)@b.c",
        "a@b.c d",   "<a@b.c>",  "a,b@c.d",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        email_t email = {.len = 9};
        const char *fault = NULL;
        if (parse(cases[i], &email, &fault).code != ERR_FORMAT) {
            fail_msg("%s: taken", cases[i]);
        }
        assert_non_null(fault);
        assert_int_equal(email.len, 9);
    }
    email_t email = {0};
    assert_true(failed(email_parse(SPAN_LIT("a\0@b.c"), &email, NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_taken),
        cmocka_unit_test(lengths_hold_to_the_last_byte),
        cmocka_unit_test(bad_addresses_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
