/* MODEL_FILE: a good one opens, and any other stops the start with a line that names it. */
#include "app/house/model_file.h"

#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void the_built_in_model_opens_and_so_does_a_copy_of_it(void **state)
{
    (void)state;
    char why[MODEL_WHY_BYTES] = "";
    char path[SCRATCH_PATH];
    struct scratch dir = scratch_new();
    struct canara_model *own = NULL;
    struct canara_model *copy = NULL;
    size_t size = 0;
    const void *bytes = canara_model_builtin(&size);
    scratch_path(&dir, "copy", path);
    write_file(path, bytes, size);
    assert_ok(model_file_open("", &own, why));
    assert_ok(model_file_open(path, &copy, why));
    assert_string_equal(canara_model_name(own), canara_model_name(copy));
    canara_model_close(&own);
    canara_model_close(&copy);
    scratch_remove(&dir);
}

enum { HANGS_S = 20 };

static void what_is_no_model_is_named(void **state)
{
    (void)state;
    struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    char why[MODEL_WHY_BYTES] = "";
    struct canara_model *model = NULL;
    scratch_path(&dir, "bad", path);
    assert_err(model_file_open(path, &model, why), ERR_FORMAT); /* missing */
    assert_non_null(strstr(why, path));
    static const char *const bad[] = {"", "x", "no model at all, whatever it may say"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(path, bad[i], strlen(bad[i]));
        assert_err(model_file_open(path, &model, why), ERR_FORMAT);
        assert_non_null(strstr(why, path));
        assert_non_null(strstr(why, "MODEL_FILE="));
        assert_null(strchr(why, '\n'));
    }
    assert_err(model_file_open(dir.path, &model, why), ERR_FORMAT); /* a directory */
    assert_non_null(strstr(why, "is not a file"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    (void)alarm(HANGS_S);
    assert_err(model_file_open(path, &model, why), ERR_FORMAT); /* nobody writes into it */
    (void)alarm(0);
    assert_non_null(strstr(why, "is not a file"));
    assert_null(model);
    scratch_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_model_opens_and_so_does_a_copy_of_it),
        cmocka_unit_test(what_is_no_model_is_named),
    };
    return cmocka_run_group_tests_name("model file", tests, NULL, NULL);
}
