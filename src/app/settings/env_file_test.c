/* The text of a .env file, line by line. */
#include "app/settings/env_file.h"

#include "tests/support/unit.h"

#include <stdlib.h>

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static const struct {
    const char *text, *name, *value; /* name NULL: a fault; "": no pair */
} lines[] = {
    {"PORT=8000", "PORT", "8000"},
    {"PORT=8000\n", "PORT", "8000"},
    {"PORT=8000\r\n", "PORT", "8000"},
    {"  PORT = 8000  ", "PORT", "8000"},
    {"export PORT=8000", "PORT", "8000"},
    {"export\tPORT=8000", "PORT", "8000"},
    {"export=1", "export", "1"},
    {"PORT=", "PORT", ""},
    {"PORT=   ", "PORT", ""},
    {"PORT=8000 # here", "PORT", "8000"},
    {"PORT=# nothing", "PORT", ""},
    {"URL=http://x/#y", "URL", "http://x/#y"},
    {"A='b c # d'", "A", "b c # d"},
    {"A=\"b \\\" \\\\ c\" # d", "A", "b \" \\ c"},
    {"A=''", "A", ""},
    {"A=b=c", "A", "b=c"},
    {"A=[\"b\", \"c\"]", "A", "[\"b\", \"c\"]"},
    {"_a1=x", "_a1", "x"},
    {"A=\xc3\xa9", "A", "\xc3\xa9"},
    {"", "", NULL},
    {"\n\n  \n# PORT=1\n  # x", "", NULL},
    {"PORT", NULL, NULL},
    {"=8000", NULL, NULL},
    {"1A=x", NULL, NULL},
    {"A B=x", NULL, NULL},
    {"A-B=x", NULL, NULL},
    {"export", NULL, NULL},
    {"A='b", NULL, NULL},
    {"A=\"b", NULL, NULL},
    {"A=\"b\\n\"", NULL, NULL},
    {"A=\"b\\", NULL, NULL},
    {"A='b' c", NULL, NULL},
    {"A=b\"c", NULL, NULL},
    {"A=b'c", NULL, NULL},
    {"A=b\x01", NULL, NULL},
    {"A=b\rc", NULL, NULL},
    {"\xef\xbb\xbfPORT=1", NULL, NULL},
};

static void one_line_gives_one_pair(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct env_reader r = env_reader_of(text_of(lines[i].text));
        struct env_pair pair = {0};
        const enum env_answer answer = env_reader_next(&r, &pair);
        if (lines[i].name == NULL || lines[i].name[0] == '\0') {
            const enum env_answer want = lines[i].name == NULL ? ENV_FAULT : ENV_END;
            if (answer != want) {
                fail_msg("\"%s\" gave %d", lines[i].text, (int)answer);
            }
            continue;
        }
        if (answer != ENV_PAIR || strcmp(pair.name, lines[i].name) != 0 ||
            strcmp(pair.value, lines[i].value) != 0) {
            fail_msg("\"%s\" gave %d %s=%s", lines[i].text, (int)answer, pair.name, pair.value);
        }
        assert_int_equal(env_reader_next(&r, &pair), ENV_END);
    }
}

static void a_zero_byte_is_a_fault(void **state)
{
    (void)state;
    struct env_reader r = env_reader_of((span_t){(const uint8_t *)"A=b\0c", 5});
    struct env_pair pair;
    assert_int_equal(env_reader_next(&r, &pair), ENV_FAULT);
}

static void lines_are_counted_and_a_fault_ends_it(void **state)
{
    (void)state;
    struct env_reader r = env_reader_of(SPAN_LIT("# one\nA=1\n\nB=2\nnonsense\nC=3\n"));
    struct env_pair pair;
    assert_int_equal(env_reader_next(&r, &pair), ENV_PAIR);
    assert_int_equal(r.line, 2);
    assert_int_equal(env_reader_next(&r, &pair), ENV_PAIR);
    assert_int_equal(r.line, 4);
    assert_int_equal(env_reader_next(&r, &pair), ENV_FAULT);
    assert_int_equal(r.line, 5);
    assert_int_equal(env_reader_next(&r, &pair), ENV_FAULT);
}

static void limits_hold_to_the_byte(void **state)
{
    (void)state;
    char *const text = calloc(1, ENV_FILE_MAX + 2);
    assert_non_null(text);
    struct env_pair pair;
    for (size_t value = ENV_VALUE_BYTES - 2; value <= ENV_VALUE_BYTES; value++) {
        for (int quoted = 0; quoted < 2; quoted++) {
            memset(text, 'x', value + 4);
            memcpy(text, quoted ? "A='" : "A=", quoted ? 3 : 2);
            const size_t len = value + (quoted ? 4 : 2);
            text[len - 1] = quoted ? '\'' : 'x';
            struct env_reader r = env_reader_of((span_t){(const uint8_t *)text, len});
            assert_int_equal(env_reader_next(&r, &pair),
                             value < ENV_VALUE_BYTES ? ENV_PAIR : ENV_FAULT);
        }
    }
    for (size_t name = ENV_NAME_BYTES - 2; name <= ENV_NAME_BYTES; name++) {
        memset(text, 'N', name);
        text[name] = '=';
        struct env_reader r = env_reader_of((span_t){(const uint8_t *)text, name + 1});
        assert_int_equal(env_reader_next(&r, &pair), name < ENV_NAME_BYTES ? ENV_PAIR : ENV_FAULT);
    }
    for (size_t file = ENV_FILE_MAX - 1; file <= ENV_FILE_MAX + 1; file++) {
        memset(text, '\n', file);
        struct env_reader r = env_reader_of((span_t){(const uint8_t *)text, file});
        assert_int_equal(env_reader_next(&r, &pair), file <= ENV_FILE_MAX ? ENV_END : ENV_FAULT);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_gives_one_pair),
        cmocka_unit_test(a_zero_byte_is_a_fault),
        cmocka_unit_test(lines_are_counted_and_a_fault_ends_it),
        cmocka_unit_test(limits_hold_to_the_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
