/* plots_test.c - one whole SVG document of what is asked; nothing is left behind on refusal. */
#include "base/util.h"
#include "lab/trials/plot_det.h"
#include "lab/trials/plot_reliability.h"
#include "tests/support/unit.h"

#include <math.h>

static const double genuine[] = {-3, -2, -1, 0, 1};
static const double impostor[] = {-1, 0, 2, 3, 4, 5};
static const struct score_user user = {"u", genuine, ARRAY_LEN(genuine), impostor,
                                       ARRAY_LEN(impostor)};

static size_t count_of(const struct buf *b, const char *word)
{
    size_t n = 0;
    const size_t len = strlen(word);
    for (size_t i = 0; i + len <= b->len; i++) {
        n += memcmp(b->ptr + i, word, len) == 0 ? 1 : 0;
    }
    return n;
}

static void a_plot_is_one_document_with_every_curve(void **state)
{
    (void)state;
    for (size_t n = 1; n <= PLOT_DET_CURVES; n++) {
        struct plot_curve curves[PLOT_DET_CURVES];
        CLEANUP(buf_deinit) struct buf out;
        buf_init(&out, 1 << 20);
        for (size_t i = 0; i < n; i++) {
            curves[i] = (struct plot_curve){"curve", &user, 1};
        }
        assert_ok(plot_det("all", curves, n, &out));
        assert_int_equal(count_of(&out, "<svg "), 1);
        assert_int_equal(count_of(&out, "</svg>\n"), 1);
        assert_int_equal(count_of(&out, "<polyline "), n);
        assert_int_equal(count_of(&out, "curve: equal error rate 27.27 %"), n);
        assert_int_equal(count_of(&out, "nan"), 0);
        assert_int_equal(count_of(&out, "inf"), 0);
    }
}

static void names_cannot_break_out_of_their_element(void **state)
{
    (void)state;

    static const struct {
        const char *name, *want;
    } cases[] = {
        {"<script>&", "&lt;script&gt;&amp;"},
        {"a\x01\tb", "a??b"},
        {"na\xc3\xafve", "na\xc3\xafve"},
        {"bad\xff", "bad?"},
    };

    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        CLEANUP(buf_deinit) struct buf out;
        buf_init(&out, 1 << 20);
        const struct plot_curve curve = {cases[c].name, &user, 1};
        assert_ok(plot_det(cases[c].name, &curve, 1, &out));
        assert_int_equal(count_of(&out, cases[c].want), 3); /* title twice, legend */
        assert_int_equal(count_of(&out, "<script"), 0);
    }
}

static void a_reliability_diagram_shows_each_bin_that_has_trials(void **state)
{
    (void)state;
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, 1 << 20);
    assert_ok(plot_reliability("r", &user, 1, &out));
    assert_int_equal(count_of(&out, "</svg>\n"), 1);
    /* posteriors .05 .12 .27 .5 .73 .88 .95 .98 .99: the last three share a bin; and the legend */
    assert_int_equal(count_of(&out, "<circle "), 7 + 1);
    assert_int_equal(count_of(&out, "nan"), 0);
}

static void many_trials_stay_a_small_file(void **state)
{
    (void)state;

    enum { MANY = 20000 };

    double *const scores = calloc(2 * (size_t)MANY, sizeof *scores);
    assert_non_null(scores);
    for (size_t i = 0; i < 2 * (size_t)MANY; i++) {
        scores[i] = sin((double)(i * i % 7919)) + (i < MANY ? 0.0 : .5);
    }
    const struct score_user all = {"u", scores, MANY, scores + MANY, MANY};
    const struct plot_curve curve = {"many", &all, 1};
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, 1 << 20);
    assert_ok(plot_det("many", &curve, 1, &out));
    assert_true(out.len < 60000);
    free(scores);
}

static void what_cannot_be_drawn_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    const double bad = NAN;
    const struct score_user lacking = {"u", genuine, ARRAY_LEN(genuine), NULL, 0};
    const struct score_user wrong = {"u", genuine, ARRAY_LEN(genuine), &bad, 1};
    const struct plot_curve curves[PLOT_DET_CURVES + 1] = {{"good", &user, 1},
                                                           {"lacking", &lacking, 1}};
    const struct plot_curve broken = {"wrong", &wrong, 1};
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, 1 << 20);
    assert_ok(buf_append(&out, SPAN_LIT("before")));
    assert_err(plot_det("t", curves, 0, &out), ERR_RANGE);
    assert_err(plot_det("t", curves, PLOT_DET_CURVES + 1, &out), ERR_RANGE);
    assert_err(plot_det("t", curves, 2, &out), ERR_RANGE);
    assert_err(plot_det("t", &broken, 1, &out), ERR_RANGE);
    assert_err(plot_reliability("t", &lacking, 1, &out), ERR_RANGE);
    assert_err(plot_reliability("t", &wrong, 1, &out), ERR_RANGE);
    assert_span_text(buf_span(&out), "before");
    CLEANUP(buf_deinit) struct buf small;
    buf_init(&small, 1000);
    assert_err(plot_det("t", curves, 1, &small), ERR_LIMIT);
    assert_int_equal(small.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plot_is_one_document_with_every_curve),
        cmocka_unit_test(names_cannot_break_out_of_their_element),
        cmocka_unit_test(a_reliability_diagram_shows_each_bin_that_has_trials),
        cmocka_unit_test(many_trials_stay_a_small_file),
        cmocka_unit_test(what_cannot_be_drawn_is_refused_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
