/* grow_test.c - the trees against a plain second implementation, row by row and cut by cut. */
#include "engine/profile/grow.h"

#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEATURES = 5, OWN = 60, OTHERS = 240, ALL = OWN + OTHERS };

struct rows {
    uint8_t row[ALL * FEATURES];
    double weight[OWN];
    struct grow_rows in;
};

static void make(struct rows *r, uint64_t seed)
{
    for (size_t i = 0; i < ALL; i++) {
        for (size_t f = 0; f < FEATURES; f++) {
            const uint64_t low = i < OWN && f < 2 ? 8 : 0;
            r->row[i * FEATURES + f] = (uint8_t)(low + random_below(&seed, CROWD_BINS - low));
        }
    }
    for (size_t i = 0; i < OWN; i++) {
        r->weight[i] = exp2(-2.0 * (double)i / OWN);
    }
    r->in = (struct grow_rows){.features = FEATURES,
                               .own = OWN,
                               .others = OTHERS,
                               .own_row = r->row,
                               .own_weight = r->weight,
                               .other_row = r->row + (size_t)OWN * FEATURES};
}

/* The definition, without sums that are shared: every cut of every node is counted anew. */
struct plain {
    double f[ALL], g[ALL], h[ALL];
    size_t node[ALL];
};

static double worth(double g, double h)
{
    return g * g / (h + 0.3);
}

static double gain_of(const struct rows *r, const struct plain *p, size_t node, size_t f,
                      size_t cut)
{
    double g[2] = {0.0, 0.0};
    double h[2] = {0.0, 0.0};
    size_t n[2] = {0, 0};
    bool there = false;
    for (size_t i = 0; i < ALL; i++) {
        if (p->node[i] == node) {
            const uint8_t bin = r->row[i * FEATURES + f];
            const size_t side = bin > cut;
            g[side] += p->g[i];
            h[side] += p->h[i];
            n[side]++;
            there = there || bin == cut;
        }
    }
    if (!there || n[0] < 10 || n[1] < 10) {
        return 0.0;
    }
    return worth(g[0], h[0]) + worth(g[1], h[1]) - worth(g[0] + g[1], h[0] + h[1]);
}

/* Grow along the cuts of the tree under test, and check that each is the best there is. */
/* NOLINTNEXTLINE(readability-function-cognitive-complexity): one definition, in one piece */
static void check_tree(const struct rows *r, struct plain *p, const struct tree *t)
{
    double sum = 0.0;
    for (size_t i = 0; i < OWN; i++) {
        sum += r->weight[i];
    }
    for (size_t i = 0; i < ALL; i++) {
        const double w = i < OWN ? r->weight[i] : sum / OTHERS;
        const double q = 1.0 / (1.0 + exp(-p->f[i]));
        p->g[i] = w * (q - (i < OWN ? 1.0 : 0.0));
        p->h[i] = w * q * (1.0 - q);
        p->node[i] = 0;
    }
    for (size_t k = 0; k < GROW_NODES; k++) {
        const double taken = gain_of(r, p, k, t->feature[k], t->cut[k]);
        for (size_t f = 0; f < FEATURES; f++) {
            for (size_t cut = 0; cut + 1 < CROWD_BINS; cut++) {
                assert_true(gain_of(r, p, k, f, cut) <= taken + 1e-9 + 1e-9 * taken);
            }
        }
        for (size_t i = 0; i < ALL; i++) {
            if (p->node[i] == k) {
                const bool right = r->row[i * FEATURES + t->feature[k]] > t->cut[k];
                p->node[i] = 2 * k + 1 + right;
            }
        }
    }
    for (size_t leaf = 0; leaf < GROW_LEAVES; leaf++) {
        double g = 0.0;
        double h = 0.0;
        for (size_t i = 0; i < ALL; i++) {
            g += p->node[i] == leaf + GROW_NODES ? p->g[i] : 0.0;
            h += p->node[i] == leaf + GROW_NODES ? p->h[i] : 0.0;
        }
        assert_near((double)t->leaf[leaf] / TREE_LEAF, -0.05 * g / (h + 0.3), 1.0 / TREE_LEAF,
                    "leaf");
    }
    for (size_t i = 0; i < ALL; i++) {
        p->f[i] += (double)t->leaf[p->node[i] - GROW_NODES] / TREE_LEAF;
    }
}

static void each_tree_takes_the_best_cuts_of_a_plain_search(void **state)
{
    (void)state;
    static struct rows r;
    static struct plain p;
    struct tree tree[GROW_TREES];
    make(&r, 1);
    assert_true(grow(&r.in, tree));
    for (size_t t = 0; t < 6; t++) {
        check_tree(&r, &p, &tree[t]);
    }
}

static void the_sum_is_what_the_rows_have_gathered(void **state)
{
    (void)state;
    static struct rows r;
    struct tree tree[GROW_TREES];
    make(&r, 2);
    assert_true(grow(&r.in, tree));
    double own = 0.0;
    double others = 0.0;
    for (size_t i = 0; i < ALL; i++) {
        double sum = 0.0;
        for (size_t t = 0; t < GROW_TREES; t++) {
            size_t k = 0;
            while (k < GROW_NODES) {
                k = 2 * k + 1 + (r.row[i * FEATURES + tree[t].feature[k]] > tree[t].cut[k]);
            }
            sum += (double)tree[t].leaf[k - GROW_NODES] / TREE_LEAF;
        }
        assert_near(trees_sum(tree, r.row + i * FEATURES), sum, 1e-9, "sum");
        *(i < OWN ? &own : &others) += sum;
    }
    assert_true(own / OWN > 0.3 && others / OTHERS < -0.2);
}

static void the_same_rows_give_the_same_trees(void **state)
{
    (void)state;
    static struct rows r;
    static struct tree a[GROW_TREES];
    static struct tree b[GROW_TREES];
    make(&r, 3);
    assert_true(grow(&r.in, a) && grow(&r.in, b));
    assert_memory_equal(a, b, sizeof a);
}

static void rows_without_a_difference_give_leaves_of_nothing(void **state)
{
    (void)state;
    static struct rows r;
    struct tree tree[GROW_TREES];
    make(&r, 4);
    memset(r.row, 7, sizeof r.row);
    assert_true(grow(&r.in, tree));
    assert_near(trees_sum(tree, r.row), 0.0, 1e-3, "sum");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tree_takes_the_best_cuts_of_a_plain_search),
        cmocka_unit_test(the_sum_is_what_the_rows_have_gathered),
        cmocka_unit_test(the_same_rows_give_the_same_trees),
        cmocka_unit_test(rows_without_a_difference_give_leaves_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
