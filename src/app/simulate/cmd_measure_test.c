/* cmd_measure_test.c - canara simulate --measure: figures as a table and as JSON, and what is refused. */
#include "app/evaluate/lab_desk_test.h"
#include "codec/json_read.h"

enum { LINE_BYTES = 4 * SCRATCH_PATH };

static void make_model(struct lab_desk *d, char line[LINE_BYTES])
{
    char model[SCRATCH_PATH];
    scratch_path(&d->dir, "people.model", model);
    desk_make_set(d, "typists", 12, 4);
    (void)snprintf(line, LINE_BYTES, "--out %s", model);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    (void)snprintf(line, LINE_BYTES, "simulate --measure replay --people 2 --seed 3 --model %s",
                   model);
}

static void a_figure_is_printed_as_a_table_and_as_json(void **state)
{
    struct lab_desk *d = *state;
    char line[LINE_BYTES];
    make_model(d, line);
    assert_int_equal(desk_run(d, line), 0);
    assert_non_null(strstr(d->out, "caught within 12 events, from any place"));
    assert_string_equal(d->err, ""); /* no terminal: no progress */
    (void)strncat(line, " --json", sizeof line - strlen(line) - 1);
    assert_int_equal(desk_run(d, line), 0);
    CLEANUP(json_free) struct json *tree = NULL;
    assert_ok(json_parse((span_t){(const uint8_t *)d->out, strlen(d->out)}, &tree, NULL));
    assert_int_equal(json_kind(tree), JSON_KIND_OBJECT);
}

static void what_cannot_be_measured_is_refused(void **state)
{
    struct lab_desk *d = *state;
    assert_int_equal(desk_run(d, "simulate --measure patience"), 2);
    assert_non_null(strstr(d->err, "--measure: must be all or one of\n"));
    assert_non_null(strstr(d->err, "replay"));
    assert_int_equal(desk_run(d, "simulate --measure replay --people 2 --model /nonexistent"), 1);
    assert_non_null(strstr(d->err, "/nonexistent: No such file or directory"));
    assert_string_equal(d->out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_figure_is_printed_as_a_table_and_as_json, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_measured_is_refused, desk_setup,
                                        desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
