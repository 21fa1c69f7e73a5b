/* convert_test.c - a model in the library's JSON becomes the trees that it means, or is refused. */
#include "convert.h"

#include "base/util.h"
#include "engine/arithmetic/trees.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 4096 };

/* What a test may put elsewhere; the rest of the model is right. */
struct parts {
    const char *objective, *base, *booster, *left, *right, *feature, *value, *missing, *kind;
};

/* Nodes in an order of the library's own: 0 -> (3, 1), 3 -> (2, 4); 5 was pruned. */
static const struct parts sound = {.objective = "binary:logistic",
                                   .base = "5E-1",
                                   .booster = "gbtree",
                                   .left = "[3,-1,-1,2,-1,-1]",
                                   .right = "[1,-1,-1,4,-1,-1]",
                                   .feature = "[1,0,0,0,0,9]",
                                   .value = "[1.5E0,1E1,2E1,-2.5E-1,3E1,0E0]",
                                   .missing = "[1,0,0,0,0,0]",
                                   .kind = "[0,0,0,0,0,0]"};

static span_t model(const struct parts *p, char text[TEXT])
{
    const int n = snprintf(
        text, TEXT,
        "{\"learner\":{\"objective\":{\"name\":\"%s\"},"
        "\"learner_model_param\":{\"base_score\":\"%s\"},"
        "\"gradient_booster\":{\"name\":\"%s\",\"model\":{\"trees\":[{\"left_children\":%s,"
        "\"right_children\":%s,\"split_indices\":%s,\"split_conditions\":%s,"
        "\"default_left\":%s,\"split_type\":%s}]}}},\"version\":[1,7,4]}",
        p->objective, p->base, p->booster, p->left, p->right, p->feature, p->value, p->missing,
        p->kind);
    assert_true(n > 0 && n < TEXT);
    return (span_t){(const uint8_t *)text, (size_t)n};
}

static void the_librarys_order_of_nodes_does_not_matter(void **state)
{
    (void)state;

    const struct {
        double x[2];
        double want;
    } cases[] = {
        {{-1.0, 0.0}, 20.0},         {{0.0, 0.0}, 30.0},         {{0.0, 2.0}, 10.0},
        {{-1.0, (double)NAN}, 20.0}, {{(double)NAN, 0.0}, 30.0},
    };

    char text[TEXT];
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, TREES_BYTES_MAX);
    assert_ok(convert_model(model(&sound, text), 2, &out, why));
    struct trees t;
    assert_int_equal(trees_check(buf_span(&out), 2, &t), TREES_GOOD);
    assert_int_equal(t.nodes, 5);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_near(trees_margin(&t, cases[i].x), cases[i].want, 0.0, "row");
    }
}

static void a_base_score_becomes_the_first_margin(void **state)
{
    (void)state;
    struct parts p = sound;
    p.base = "2.5E-1";
    char text[TEXT];
    char why[BOOST_WHY_BYTES] = "";
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, TREES_BYTES_MAX);
    assert_ok(convert_model(model(&p, text), 2, &out, why));
    struct trees t;
    assert_int_equal(trees_check(buf_span(&out), 2, &t), TREES_GOOD);
    assert_near(t.base, -log(3.0), 1e-6, "logit 0.25");
}

static void a_model_that_is_not_ours_is_refused_with_its_field(void **state)
{
    (void)state;
    struct parts p[14];
    for (size_t i = 0; i < ARRAY_LEN(p); i++) {
        p[i] = sound;
    }
    static const char *const want[ARRAY_LEN(p)] = {
        "objective",     "base_score", "base_score",    "gradient_booster", "children",
        "children",      "children",   "length",        "split_conditions", "not finite",
        "split_indices", "split_type", "left_children", "features",
    };
    p[0].objective = "reg:squarederror";
    p[1].base = "1E0";
    p[2].base = "much";
    p[3].booster = "dart";
    p[4].left = "[0,-1,-1,2,-1,-1]";  /* a circle */
    p[5].right = "[3,-1,-1,4,-1,-1]"; /* shared, and then too many */
    p[5].left = "[3,-1,-1,0,-1,-1]";
    p[6].left = "[6,-1,-1,2,-1,-1]"; /* outside */
    p[7].value = "[1.5E0]";
    p[8].value = "[1.5E0,\"a\",2E1,-2.5E-1,3E1,0E0]";
    p[9].value = "[1E300,1E1,2E1,-2.5E-1,3E1,0E0]";
    p[10].feature = "[-1,0,0,0,0,0]";
    p[11].kind = "[1,0,0,0,0,0]";
    p[12].left = "{}";
    p[13].feature = "[2,0,0,0,0,0]";
    for (size_t i = 0; i < ARRAY_LEN(p); i++) {
        char text[TEXT];
        char why[BOOST_WHY_BYTES] = "";
        CLEANUP(buf_deinit) struct buf out;
        buf_init(&out, TREES_BYTES_MAX);
        assert_err(convert_model(model(&p[i], text), 2, &out, why), ERR_FORMAT);
        assert_int_equal(out.len, 0);
        if (strstr(why, want[i]) == NULL) {
            fail_msg("case %zu: said '%s', without '%s'", i, why, want[i]);
        }
    }
}

static void cut_and_changed_text_never_hurts(void **state)
{
    (void)state;
    char text[TEXT];
    const span_t whole = model(&sound, text);
    uint64_t seed = 3;
    for (size_t round = 0; round < 3000; round++) {
        uint8_t *const copy = malloc(whole.len);
        assert_non_null(copy);
        memcpy(copy, whole.ptr, whole.len);
        size_t len = whole.len;
        if (round < whole.len) {
            len = round;
        } else {
            copy[random_below(&seed, len)] = (uint8_t) "019-[]{},\"Ex"[random_below(&seed, 12)];
        }
        char why[BOOST_WHY_BYTES] = "";
        CLEANUP(buf_deinit) struct buf out;
        buf_init(&out, TREES_BYTES_MAX);
        if (!failed(convert_model((span_t){copy, len}, 2, &out, why))) {
            struct trees t;
            assert_int_equal(trees_check(buf_span(&out), 2, &t), TREES_GOOD);
        } else {
            assert_true(why[0] != '\0');
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_librarys_order_of_nodes_does_not_matter),
        cmocka_unit_test(a_base_score_becomes_the_first_margin),
        cmocka_unit_test(a_model_that_is_not_ours_is_refused_with_its_field),
        cmocka_unit_test(cut_and_changed_text_never_hurts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
