/* Command lines, and the distance between words. */
#include "app/cli/options.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { ARGS_MAX = 80 };

/* What one command line was read as. */
struct seen {
    bool flag;
    const char *text;
    int64_t number, seed;
    struct option_sets sets;
    bool maybe;
    const char *value; /* of --maybe */
    struct option_words words;
};

static enum option_answer read_line(char *line, struct seen *out)
{
    *out = (struct seen){.number = 7};
    struct option_maybe maybe = {.given = &out->maybe, .value = &out->value};
    const struct option options[] = {
        {"maybe", "[WORD]", "a value that may be left out", OPTION_MAYBE, &maybe, 0, 0},
        {"flag", NULL, "a flag", OPTION_FLAG, &out->flag, 0, 0},
        {"text", "WORD", "a text", OPTION_TEXT, &out->text, 0, 0},
        {"number", "N", "a number", OPTION_NUMBER, &out->number, -5, 100},
        {"seed", "N", "any number", OPTION_NUMBER, &out->seed, 0, INT64_MAX},
        {"set", "NAME=VALUE", "a setting", OPTION_SET, &out->sets, 0, 0},
    };
    const struct option_spec spec = {.command = "canara test",
                                     .usage = "[WORD]...",
                                     .about = "About it.",
                                     .option = options,
                                     .options = ARRAY_LEN(options),
                                     .words_max = 2};
    static char *argv[ARGS_MAX];
    int argc = 0;
    char *rest = NULL;
    for (char *w = strtok_r(line, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = w;
    }
    return options_read(&spec, argc, argv, &out->words);
}

static void every_form_is_read(void **state)
{
    (void)state;
    char line[] = "test one --flag --text=a=b --number 42 two --set A=1 --set=B=2";
    struct seen s;
    assert_int_equal(read_line(line, &s), OPTIONS_OK);
    assert_true(s.flag);
    assert_string_equal(s.text, "a=b");
    assert_int_equal(s.number, 42);
    assert_int_equal(s.sets.count, 2);
    assert_string_equal(s.sets.value[0], "A=1");
    assert_string_equal(s.sets.value[1], "B=2");
    assert_int_equal(s.words.count, 2);
    assert_string_equal(s.words.word[0], "one");
    assert_string_equal(s.words.word[1], "two");
}

static void lines_are_taken_or_refused(void **state)
{
    (void)state;

    static const struct {
        const char *line;
        enum option_answer answer;
    } cases[] = {
        {"test", OPTIONS_OK},
        {"test -", OPTIONS_OK},
        {"test -- --flag", OPTIONS_OK},
        {"test --number -5", OPTIONS_OK},
        {"test --seed 9223372036854775807", OPTIONS_OK},
        {"test --seed 9223372036854775808", OPTIONS_FAULT},
        {"test --number=100", OPTIONS_OK},
        {"test --help", OPTIONS_HELP},
        {"test -h", OPTIONS_HELP},
        {"test --flag --help", OPTIONS_HELP},
        {"test --flag=1", OPTIONS_FAULT},
        {"test --fla", OPTIONS_FAULT},
        {"test --flags", OPTIONS_FAULT},
        {"test --", OPTIONS_OK},
        {"test --=x", OPTIONS_FAULT},
        {"test -f", OPTIONS_FAULT},
        {"test --text", OPTIONS_FAULT},
        {"test --number", OPTIONS_FAULT},
        {"test --number=", OPTIONS_FAULT},
        {"test --number=101", OPTIONS_FAULT},
        {"test --number=-6", OPTIONS_FAULT},
        {"test --number=4x", OPTIONS_FAULT},
        {"test --number=+4", OPTIONS_FAULT},
        {"test --number=99999999999999999999", OPTIONS_FAULT},
        {"test one two three", OPTIONS_FAULT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128];
        struct seen s;
        (void)snprintf(line, sizeof line, "%s", cases[i].line);
        if (read_line(line, &s) != cases[i].answer) {
            fail_msg("%s", cases[i].line);
        }
    }
}

static void a_repeated_option_ends_at_its_limit(void **state)
{
    (void)state;
    for (size_t n = OPTIONS_SETS_MAX - 1; n <= OPTIONS_SETS_MAX + 1; n++) {
        char line[16 * (OPTIONS_SETS_MAX + 2)] = "test";
        for (size_t i = 0; i < n; i++) {
            (void)strncat(line, " --set=A=1", 11);
        }
        struct seen s;
        assert_int_equal(read_line(line, &s), n <= OPTIONS_SETS_MAX ? OPTIONS_OK : OPTIONS_FAULT);
    }
}

static void distances_count_edits(void **state)
{
    (void)state;

    static const struct {
        const char *a, *b;
        size_t limit, distance;
    } cases[] = {
        {"", "", 3, 0},          {"a", "a", 3, 0},
        {"a", "b", 3, 1},        {"serve", "sevre", 3, 1},
        {"serve", "serv", 3, 1}, {"serve", "server", 3, 1},
        {"PROT", "PORT", 3, 1},  {"abc", "xyz", 2, 3},
        {"", "abcd", 3, 4},      {"kitten", "sitting", 5, 3},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(word_distance(cases[i].a, cases[i].b, cases[i].limit), cases[i].distance);
        assert_int_equal(word_distance(cases[i].b, cases[i].a, cases[i].limit), cases[i].distance);
    }
    char wide[200];
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    assert_int_equal(word_distance(wide, wide, 300), 301); /* too long to be one of our words */
}

static void a_value_may_be_left_out(void **state)
{
    (void)state;
    struct seen s;
    char alone[] = "test --maybe word";
    assert_int_equal(read_line(alone, &s), OPTIONS_OK);
    assert_true(s.maybe && s.value == NULL && s.words.count == 1);
    char given[] = "test word --maybe=x";
    assert_int_equal(read_line(given, &s), OPTIONS_OK);
    assert_true(s.maybe && s.words.count == 1);
    assert_string_equal(s.value, "x");
    char none[] = "test word";
    assert_int_equal(read_line(none, &s), OPTIONS_OK);
    assert_false(s.maybe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_may_be_left_out),
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(lines_are_taken_or_refused),
        cmocka_unit_test(a_repeated_option_ends_at_its_limit),
        cmocka_unit_test(distances_count_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
