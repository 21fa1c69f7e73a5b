/* demo_stage_test.c - what the demo prints where there is no terminal, and what it counts. */
#include "app/demo/demo_stage.h"

#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

struct paper {
    char *text;
    size_t len;
    FILE *out;
};

static struct stage begin(struct paper *p)
{
    struct stage s;
    *p = (struct paper){0};
    p->out = open_memstream(&p->text, &p->len);
    assert_non_null(p->out);
    stage_init(&s, p->out);
    return s;
}

static void end(struct paper *p)
{
    assert_int_equal(fclose(p->out), 0);
    free(p->text);
}

static void a_pipe_gets_plain_lines(void **state)
{
    (void)state;
    struct paper p;
    struct stage s = begin(&p);
    assert_false(s.terminal || s.colour);
    stage_act(&s, "Act 1", "A story.");
    stage_say(&s, "%d events", 7);
    stage_progress(&s, "never seen");
    stage_clear(&s);
    assert_true(stage_expect(&s, true, "goes %s", "well"));
    assert_false(stage_expect(&s, false, "goes wrong"));
    stage_end(&s);
    assert_int_equal(fflush(p.out), 0);
    assert_string_equal(p.text, "\nAct 1\nA story.\n"
                                "        7 events\n"
                                "  ok    goes well\n"
                                "  FAIL  goes wrong\n"
                                "\n1 of 2 things happened as they should\n");
    end(&p);
}

static void a_play_that_breaks_off_has_failed(void **state)
{
    (void)state;
    struct paper p;
    struct stage s = begin(&p);
    stage_broken(&s, "no answer");
    assert_int_equal(s.failed, 1);
    assert_int_equal(s.passed, 0);
    assert_int_equal(fflush(p.out), 0);
    assert_non_null(strstr(p.text, "FAIL"));
    assert_non_null(strstr(p.text, "no answer"));
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gets_plain_lines),
        cmocka_unit_test(a_play_that_breaks_off_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
