/* boost_files_test.c - tables and margins go through bytes unchanged; others are refused by field. */
#include "lab/bots/boost_files.h"

#include "base/util.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3, COLUMNS = 2, HEAD = 16 };

static float features[ROWS * COLUMNS] = {1.0F, NAN, -2.0F, 0.0F, 1e30F, 3.5F};
static float labels[ROWS] = {0.0F, 1.0F, 1.0F};
static float weights[ROWS] = {1.0F, 0.0F, 2.5F};

static const struct boost_table sound = {
    .x = features, .label = labels, .weight = weights, .rows = ROWS, .columns = COLUMNS};

static void write_sound(struct buf *out)
{
    char why[BOOST_WHY_BYTES] = "";
    buf_init(out, BOOST_BYTES_MAX);
    assert_ok(boost_table_write(&sound, out, why));
    assert_int_equal(out->len, HEAD + sizeof features + sizeof labels + sizeof weights);
}

static void a_table_comes_back_bit_for_bit(void **state)
{
    (void)state;
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(buf_deinit) struct buf bytes;
    write_sound(&bytes);
    CLEANUP(boost_table_deinit) struct boost_table t = {0};
    assert_ok(boost_table_parse(buf_span(&bytes), &t, why));
    assert_int_equal(t.rows, ROWS);
    assert_int_equal(t.columns, COLUMNS);
    assert_memory_equal(t.x, features, sizeof features);
    assert_memory_equal(t.label, labels, sizeof labels);
    assert_memory_equal(t.weight, weights, sizeof weights);
}

static void margins_come_back_from_a_file(void **state)
{
    (void)state;
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(scratch_remove) struct scratch folder = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&folder, "margins", path);
    CLEANUP(buf_deinit) struct buf out;
    CLEANUP(buf_deinit) struct buf in;
    buf_init(&out, BOOST_BYTES_MAX);
    buf_init(&in, BOOST_BYTES_MAX);
    float got[ROWS] = {0};
    assert_ok(boost_margins_write(weights, ROWS, &out));
    assert_ok(boost_file_write(path, buf_span(&out), why));
    assert_ok(boost_file_read(path, &in, why));
    assert_ok(boost_margins_parse(buf_span(&in), got, ROWS, why));
    assert_memory_equal(got, weights, sizeof weights);
    assert_err(boost_margins_parse(buf_span(&in), got, ROWS - 1, why), ERR_FORMAT);
    scratch_path(&folder, "absent", path);
    assert_err(boost_file_read(path, &in, why), ERR_IO);
    assert_non_null(strstr(why, path));
}

static void a_wrong_table_is_refused_by_field_and_row(void **state)
{
    (void)state;
    static const uint32_t inf = 0x7f800000;
    static const uint32_t nan = 0x7fc00000;
    static const uint32_t half = 0x3f000000;
    static const uint32_t minus = 0xbf800000;
    static const uint32_t zero = 0;
    static const uint32_t two = 2;
    static const uint32_t many = UINT32_MAX;
    static const uint32_t columns = 257;
    const size_t label = HEAD + sizeof features;
    const size_t weight = label + sizeof labels;

    const struct {
        size_t at;
        const uint32_t *value;
        const char *want;
    } cases[] = {
        {0, &zero, "magic"},
        {4, &two, "version"},
        {8, &zero, "rows"},
        {8, &many, "rows"},
        {8, &two, "size"},
        {12, &zero, "columns"},
        {12, &columns, "columns"},
        {HEAD + 12, &inf, "features: row 1, column 1"},
        {label + 4, &half, "labels: row 1"},
        {label + 8, &nan, "labels: row 2"},
        {weight, &minus, "weights: row 0"},
        {weight + 4, &nan, "weights: row 1"},
        {weight + 8, &inf, "weights: row 2"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char why[BOOST_WHY_BYTES] = "";
        CLEANUP(buf_deinit) struct buf bytes;
        write_sound(&bytes);
        memcpy(bytes.ptr + cases[i].at, cases[i].value, 4);
        CLEANUP(boost_table_deinit) struct boost_table t = {0};
        assert_true(failed(boost_table_parse(buf_span(&bytes), &t, why)));
        assert_null(t.x);
        if (strncmp(why, cases[i].want, strlen(cases[i].want)) != 0) {
            fail_msg("said '%s', not '%s'", why, cases[i].want);
        }
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(buf_deinit) struct buf bytes;
    write_sound(&bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *const cut = malloc(len + 1);
        assert_non_null(cut);
        memcpy(cut, bytes.ptr, len);
        struct boost_table t = {0};
        assert_err(boost_table_parse((span_t){cut, len}, &t, why), ERR_FORMAT);
        free(cut);
    }
}

static void a_table_without_any_weight_is_not_written(void **state)
{
    (void)state;
    char why[BOOST_WHY_BYTES] = "";
    float none[ROWS] = {0};
    struct boost_table t = sound;
    t.weight = none;
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, BOOST_BYTES_MAX);
    assert_err(boost_table_write(&t, &bytes, why), ERR_RANGE);
    assert_int_equal(bytes.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_comes_back_bit_for_bit),
        cmocka_unit_test(margins_come_back_from_a_file),
        cmocka_unit_test(a_wrong_table_is_refused_by_field_and_row),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_table_without_any_weight_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
