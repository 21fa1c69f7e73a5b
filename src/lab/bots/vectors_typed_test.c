/* vectors_typed_test.c - typing in order against the second implementation's vectors. */
#include "lab/bots/bot_typed.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS "tests/vectors/typed.txt"

enum { LINE_BYTES = 16384, KEYS = 128, NUMBERS = 3 * KEYS };

static size_t numbers_of(char **words, double out[NUMBERS])
{
    size_t n = 0;
    for (char *word = strtok_r(NULL, " \n", words); word != NULL;
         word = strtok_r(NULL, " \n", words)) {
        char *end = NULL;
        assert_true(n < NUMBERS);
        out[n++] = strtod(word, &end);
        assert_true(end != word && *end == '\0');
    }
    return n;
}

static void take_keys(struct bot_typed *t, char **words)
{
    canara_key_t keys[KEYS];
    double number[NUMBERS];
    const char *const field = strtok_r(NULL, " \n", words);
    const size_t n = numbers_of(words, number) / 3;
    for (size_t i = 0; i < n; i++) {
        keys[i] = (canara_key_t){.down_ms = number[3 * i],
                                 .up_ms = number[3 * i + 1],
                                 .key_class = (uint8_t)number[3 * i + 2]};
    }
    const canara_event_t event = {
        .kind = CANARA_KEYSTROKES,
        .has = CANARA_F_FIELD | CANARA_F_KEYS,
        .of.keystrokes = {.field = {field, strlen(field)}, .keys = keys, .count = n}};
    bot_typed_add(t, &event);
}

static void take_intervals(struct bot_typed *t, char **words)
{
    double number[NUMBERS];
    const size_t n = numbers_of(words, number);
    const canara_event_t event = {.kind = CANARA_TYPING_PATTERN,
                                  .has = CANARA_F_KEY_PRESS_INTERVALS,
                                  .of.typing = {.key_press_intervals = number, .intervals = n}};
    bot_typed_add(t, &event);
}

static void near(double got, double want, const char *name, const char *what)
{
    if (fabs(got - want) > 1e-9 * (1.0 + fabs(want))) {
        fail_msg("%s: %s is %.17g, not %.17g", name, what, got, want);
    }
}

static void check(const struct bot_typed *t, const char *name, char **words)
{
    double want[NUMBERS] = {0};
    double got[BOT_TYPED_RATIOS];
    double margin = NAN;
    const size_t told = numbers_of(words, want);
    assert_true(told >= 2);
    const size_t n = told - 2;
    assert_int_equal(bot_typed_ratios(t, got), n);
    assert_int_equal(bot_typed_margin(t, &margin), n > 0);
    near(bot_typed_alike(t), want[0], name, "agreement");
    near(margin, want[1], name, "margin");
    for (size_t i = 0; i < n; i++) {
        near(got[i], want[2 + i], name, "a ratio");
    }
}

static void both_implementations_agree(void **state)
{
    (void)state;
    FILE *const f = fopen(VECTORS, "r");
    struct bot_typed t = {.fields = 0};
    static char line[LINE_BYTES];
    char name[64] = "";
    size_t cases = 0;
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        char *words = NULL;
        const char *const what = strtok_r(line, " \n", &words);
        if (strcmp(what, "case") == 0) {
            (void)snprintf(name, sizeof name, "%s", strtok_r(NULL, "\n", &words));
            t = (struct bot_typed){.fields = 0};
            cases++;
        } else if (strcmp(what, "keys") == 0) {
            take_keys(&t, &words);
        } else if (strcmp(what, "intervals") == 0) {
            take_intervals(&t, &words);
        } else {
            check(&t, name, &words);
        }
    }
    (void)fclose(f);
    assert_int_equal(cases, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
