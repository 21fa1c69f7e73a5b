/* report_test.c - the agreed keys, null for what does not exist, and the way back from a file. */
#include "lab/trials/report.h"

#include "base/util.h"
#include "codec/json_read.h"
#include "lab/trials/report_keys_test.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { USERS = 3, EACH = 4 };

static const double scores[USERS][2][EACH] = {
    {{-3, -2, -1, 0}, {1, 2, 3, 4}},
    {{-3, -1, 1, 3}, {-2, 0, 2, 4}},
    {{-2, -1, 0, 2}, {1, 3, 3, 5}},
};

struct made {
    struct score_user user[USERS];
    double eer[USERS];
    struct report report;
};

static void make(struct made *m)
{
    static const char *const names[USERS] = {"s002", "s003", "s\"004\""};
    for (size_t u = 0; u < USERS; u++) {
        m->user[u] = (struct score_user){names[u], scores[u][0], EACH, scores[u][1], EACH};
    }
    struct report *const r = &m->report;
    report_init(r);
    r->dataset = "cmu";
    r->detector = "ratio";
    r->background = "pairs:6";
    r->adapt = "off";
    r->model_version = "1";
    r->seed = INT64_MAX;
    r->seconds = 1.5;
    assert_ok(measures_compute(m->user, USERS, &r->measures, m->eer));
    assert_ok(bootstrap_measures(m->user, USERS, (struct bootstrap_options){100, 1}, r->interval));
    r->users = m->user;
    r->user_eer = m->eer;
    r->user_count = USERS;
}

static struct json *written(const struct report *r)
{
    CLEANUP(buf_deinit) struct buf out;
    struct json *tree = NULL;
    buf_init(&out, 1 << 20);
    assert_ok(report_write_json(r, &out));
    assert_int_equal(out.ptr[out.len - 1], '\n');
    assert_ok(json_parse(buf_span(&out), &tree, NULL));
    return tree;
}

static void a_result_of_people_has_exactly_the_agreed_keys(void **state)
{
    (void)state;
    struct made m;
    make(&m);
    CLEANUP(json_free) struct json *tree = written(&m.report);
    REPORT_HAS_PEOPLE_KEYS(tree);
    assert_int_equal(json_count(json_get(tree, "mean_eer_ci")), 2);
    assert_int_equal(json_kind(json_get(tree, "ania")), JSON_KIND_NULL);
    assert_int_equal(json_kind(json_get(tree, "commit")), JSON_KIND_NULL);
}

static void a_result_of_bots_has_its_own_figures(void **state)
{
    (void)state;
    struct made m;
    make(&m);
    m.report.kind = REPORT_BOTS;
    m.report.folds = &(struct report_fold){.family = "gan@x", .device = "pc", .auc = NAN};
    m.report.fold_count = 1;
    CLEANUP(json_free) struct json *tree = written(&m.report);
    REPORT_HAS_BOT_KEYS(tree);
    const struct json *const fold = json_item(json_get(tree, "folds"), 0);
    assert_int_equal(json_kind(json_get(fold, "auc")), JSON_KIND_NULL);
    assert_int_equal(json_kind(json_get(fold, "family")), JSON_KIND_TEXT);
}

static void an_empty_report_is_all_null_and_never_nan(void **state)
{
    (void)state;
    struct report r;
    CLEANUP(buf_deinit) struct buf table;
    report_init(&r);
    buf_init(&table, 1 << 16);
    CLEANUP(json_free) struct json *tree = written(&r);
    assert_int_equal(json_kind(json_get(tree, "mean_eer")), JSON_KIND_NULL);
    assert_int_equal(json_kind(json_get(tree, "mean_eer_ci")), JSON_KIND_NULL);
    assert_ok(report_write_table(&r, &table));
    assert_ok(buf_append_byte(&table, 0));
    assert_null(strstr((const char *)table.ptr, "nan"));
}

static void the_table_fits_a_terminal(void **state)
{
    (void)state;
    static const struct report_fold folds[2] = {
        {.family = "a-family-of-a-very-long-name@bots.example", .families = 1, .device = NULL},
        {.families = 12, .devices = 4000, .auc = .5, .at_far_001 = 1.0, .at_far_010 = NAN}};
    struct made m;
    make(&m);
    m.report.ania = 12.5;
    m.report.folds = folds;
    m.report.fold_count = ARRAY_LEN(folds);
    for (int kind = REPORT_PEOPLE; kind <= REPORT_BOTS; kind++) {
        CLEANUP(buf_deinit) struct buf table;
        m.report.kind = (enum report_kind)kind;
        buf_init(&table, 1 << 16);
        assert_ok(report_write_table(&m.report, &table));
        size_t column = 0;
        for (size_t i = 0; i < table.len; i++) {
            column = table.ptr[i] == '\n' ? 0 : column + 1;
            assert_true(column <= 80);
        }
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct made m;
    struct report_past past;
    struct report_fault fault;
    struct bootstrap_difference d;
    char path[] = "/tmp/canara-report-XXXXXX";
    CLEANUP(buf_deinit) struct buf out;
    make(&m);
    m.eer[1] = NAN;
    buf_init(&out, 1 << 20);
    assert_ok(report_write_json(&m.report, &out));
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, out.ptr, out.len), (ssize_t)out.len);
    assert_int_equal(close(fd), 0);
    assert_ok(report_read(path, &past, &fault));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(past.count, USERS);
    assert_string_equal(past.dataset, "cmu");
    assert_string_equal(past.user[0].model, "s\"004\""); /* sorted */
    assert_true(isnan(past.user[2].eer));
    assert_near(past.mean_eer, m.report.measures.value[FIGURE_MEAN_EER], 0.0, "mean");
    m.eer[1] = .5;
    m.eer[0] += .25;
    assert_ok(report_compare(&m.report, &past, (struct bootstrap_options){100, 1}, &d));
    assert_int_equal(d.users, 2);
    assert_near(d.mean, .125, 1e-15, "difference");
    out.len = 0;
    assert_ok(report_write_difference(&d, &past, &out));
    assert_ok(buf_append_byte(&out, 0));
    assert_non_null(strstr((const char *)out.ptr, "against cmu, ratio: mean EER +0.1250"));
    report_past_deinit(&past);
}

static void bad_results_are_refused_with_file_and_field(void **state)
{
    (void)state;
#define HEAD_GOOD "{\"dataset\":\"d\",\"detector\":\"x\",\"mean_eer\":0.1,"

    static const struct {
        const char *json, *says;
        enum err_code code;
    } cases[] = {
        {"", "old.json: byte ", ERR_FORMAT},
        {"{\"mean_eer\":.1,\"per_user\":[]}", "old.json: byte ", ERR_FORMAT},
        {"[]", "not a JSON object", ERR_FORMAT},
        {"{}", "old.json: dataset: ", ERR_FORMAT},
        {"{\"dataset\":\"\\u001b[2J\"}", "dataset: not a text", ERR_FORMAT},
        {"{\"dataset\":\"d\",\"detector\":7}", "detector: not a text", ERR_FORMAT},
        {"{\"dataset\":\"d\",\"detector\":\"x\"}", "mean_eer: not a number", ERR_RANGE},
        {"{\"dataset\":\"d\",\"detector\":\"x\",\"mean_eer\":1.01}", "mean_eer", ERR_RANGE},
        {HEAD_GOOD "\"seed\":1}", "per_user: not a list", ERR_FORMAT},
        {HEAD_GOOD "\"per_user\":[]}", "per_user: not a list", ERR_FORMAT},
        {HEAD_GOOD "\"per_user\":[1]}", "per_user[0].model", ERR_FORMAT},
        {HEAD_GOOD "\"per_user\":[{\"model\":\"\"}]}", "per_user[0].model", ERR_FORMAT},
        {HEAD_GOOD "\"per_user\":[{\"model\":\"a\",\"eer\":0},{\"model\":\"b\"}]}",
         "per_user[1].eer", ERR_RANGE},
        {HEAD_GOOD "\"per_user\":[{\"model\":\"a\",\"eer\":-0.1}]}", "per_user[0].eer", ERR_RANGE},
        {HEAD_GOOD "\"per_user\":[{\"model\":\"a\",\"eer\":\"0\"}]}", "per_user[0].eer", ERR_RANGE},
        {HEAD_GOOD "\"per_user\":[{\"model\":\"a\",\"eer\":0},{\"model\":\"a\",\"eer\":0}]}",
         "per_user: a is there twice", ERR_FORMAT},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct report_past past = {.count = 77};
        struct report_fault fault = {""};
        const span_t json = {(const uint8_t *)cases[c].json, strlen(cases[c].json)};
        const err_t e = report_parse(json, "old.json", &past, &fault);
        if (e.code != cases[c].code || strstr(fault.text, cases[c].says) == NULL) {
            fail_msg("%s: code %u, %s", cases[c].json, (unsigned)e.code, fault.text);
        }
        assert_int_equal(past.count, 77);
    }
#undef HEAD_GOOD
}

static void files_too_long_or_not_there_are_refused(void **state)
{
    (void)state;
    struct report_past past;
    struct report_fault fault;
    const size_t len = REPORT_FILE_BYTES + 1;
    uint8_t *const blanks = malloc(len);
    assert_non_null(blanks);
    memset(blanks, ' ', len);
    assert_err(report_parse((span_t){blanks, len}, NULL, &past, &fault), ERR_LIMIT);
    assert_err(report_parse((span_t){blanks, len - 1}, NULL, &past, &fault), ERR_FORMAT);
    free(blanks);
    assert_err(report_read("/nowhere/old.json", &past, &fault), ERR_IO);
    assert_string_equal(fault.text, "/nowhere/old.json: No such file or directory");
    assert_err(report_read("/tmp", &past, NULL), ERR_IO); /* a folder */
}

static void a_seed_that_no_reader_takes_is_refused(void **state)
{
    (void)state;
    struct report r;
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, 1 << 16);
    report_init(&r);
    r.seed = (uint64_t)INT64_MAX + 1;
    assert_err(report_write_json(&r, &out), ERR_RANGE);
    assert_int_equal(out.len, 0);
}

static void results_without_a_common_user_are_not_compared(void **state)
{
    (void)state;
    struct made m;
    struct bootstrap_difference d;
    struct report_past_user other = {.model = NULL, .eer = .1};
    char name[] = "nobody";
    make(&m);
    other.model = name;
    const struct report_past past = {.user = &other, .count = 1};
    const struct bootstrap_options options = {10, 1};
    assert_err(report_compare(&m.report, &past, options, &d), ERR_RANGE);
    m.report.users = NULL;
    assert_err(report_compare(&m.report, &past, options, &d), ERR_RANGE);
}

static void a_full_buf_is_told(void **state)
{
    (void)state;
    struct made m;
    make(&m);
    for (size_t limit = 0; limit < 700; limit += 7) {
        CLEANUP(buf_deinit) struct buf out;
        buf_init(&out, limit);
        assert_err(report_write_json(&m.report, &out), ERR_LIMIT);
        assert_err(report_write_table(&m.report, &out), ERR_LIMIT);
        assert_int_equal(out.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_of_people_has_exactly_the_agreed_keys),
        cmocka_unit_test(a_result_of_bots_has_its_own_figures),
        cmocka_unit_test(an_empty_report_is_all_null_and_never_nan),
        cmocka_unit_test(the_table_fits_a_terminal),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(bad_results_are_refused_with_file_and_field),
        cmocka_unit_test(files_too_long_or_not_there_are_refused),
        cmocka_unit_test(a_seed_that_no_reader_takes_is_refused),
        cmocka_unit_test(results_without_a_common_user_are_not_compared),
        cmocka_unit_test(a_full_buf_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
