#include "convert.h"

#include "base/util.h"
#include "engine/arithmetic/trees.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = TREES_BYTES_MAX / TREES_NODE_BYTES };

/* One tree of the model, as arrays with an entry per node. */
struct source {
    const json_t *left, *right, *feature, *value, *missing_left, *kind;
    size_t nodes;
    size_t number;
};

/* The forest so far, and the library's numbers of the nodes that wait for their children. */
struct target {
    struct trees_node *node;
    uint32_t *origin;
    size_t count;
};

static void target_deinit(struct target *t)
{
    free(t->node);
    free(t->origin);
}

static void json_deinit(json_t **j)
{
    json_decref(*j);
}

static err_t refuse(char *why, const char *what)
{
    (void)snprintf(why, BOOST_WHY_BYTES, "model: %s", what);
    return err_new(ERR_FORMAT);
}

static err_t refuse_tree(char *why, const struct source *s, const char *what)
{
    (void)snprintf(why, BOOST_WHY_BYTES, "model: tree %zu: %s", s->number, what);
    return err_new(ERR_FORMAT);
}

/* ---- one tree ---- */

static const json_t *column(const json_t *tree, const char *name, size_t nodes)
{
    const json_t *const a = json_object_get(tree, name);
    return json_is_array(a) && json_array_size(a) == nodes ? a : NULL;
}

static err_t open_tree(const json_t *tree, size_t number, struct source *out, char *why)
{
    const size_t nodes = json_array_size(json_object_get(tree, "left_children"));
    const struct source s = {.left = column(tree, "left_children", nodes),
                             .right = column(tree, "right_children", nodes),
                             .feature = column(tree, "split_indices", nodes),
                             .value = column(tree, "split_conditions", nodes),
                             .missing_left = column(tree, "default_left", nodes),
                             .kind = column(tree, "split_type", nodes),
                             .nodes = nodes,
                             .number = number};
    if (nodes == 0 || s.left == NULL || s.right == NULL) {
        return refuse_tree(why, &s, "left_children or right_children: no nodes");
    }
    if (s.feature == NULL || s.value == NULL || s.missing_left == NULL || s.kind == NULL) {
        return refuse_tree(why, &s, "the arrays of the nodes are not of one length");
    }
    *out = s;
    return ERR_OK;
}

/* A whole number of an array, or -2 when it is none. */
static json_int_t whole(const json_t *array, size_t i)
{
    const json_t *const v = json_array_get(array, i);
    if (json_is_boolean(v)) {
        return json_is_true(v) ? 1 : 0;
    }
    return json_is_integer(v) ? json_integer_value(v) : -2;
}

/* Append one child to the forest; its own children come when its turn comes. */
static bool append_child(struct target *t, const struct source *s, size_t first, json_int_t origin)
{
    if (origin < 0 || (size_t)origin >= s->nodes || t->count - first >= s->nodes ||
        t->count >= NODES_MAX) {
        return false;
    }
    t->origin[t->count++] = (uint32_t)origin;
    return true;
}

static err_t convert_node(const struct source *s, struct target *t, size_t first, size_t i,
                          char *why)
{
    const size_t from = t->origin[i];
    const json_int_t left = whole(s->left, from);
    const json_int_t right = whole(s->right, from);
    const json_t *const value = json_array_get(s->value, from);
    if (!json_is_number(value)) {
        return refuse_tree(why, s, "split_conditions: not a number");
    }
    /* the library writes the shortest decimal that reads back as its float */
    t->node[i] = (struct trees_node){.value = (float)json_number_value(value)};
    if (left == -1 && right == -1) {
        return ERR_OK;
    }
    const json_int_t feature = whole(s->feature, from);
    if (whole(s->kind, from) != 0) {
        return refuse_tree(why, s, "split_type: only numerical splits are known");
    }
    if (feature < 0 || feature >= TREES_FEATURES_MAX) {
        return refuse_tree(why, s, "split_indices: no such feature");
    }
    t->node[i].is_split = true;
    t->node[i].feature = (uint16_t)feature;
    t->node[i].missing_left = whole(s->missing_left, from) == 1;
    if (!append_child(t, s, first, left) || !append_child(t, s, first, right)) {
        return refuse_tree(why, s, "children: outside the tree, shared, in a circle or too many");
    }
    return ERR_OK;
}

/* Put the nodes into the order level by level; pruned ones, which no split names, fall away. */
static err_t convert_tree(const struct source *s, struct target *t, char *why)
{
    const size_t first = t->count;
    if (!append_child(t, s, first, 0)) {
        return refuse_tree(why, s, "too many nodes");
    }
    for (size_t i = first; i < t->count; i++) {
        TRY(convert_node(s, t, first, i, why));
    }
    return ERR_OK;
}

/* ---- the model ---- */

static bool text_is(const json_t *object, const char *name, const char *want)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text != NULL && strcmp(text, want) == 0;
}

/* The first margin: the library keeps a probability. */
static bool read_base(const json_t *learner, float *out)
{
    const json_t *const param = json_object_get(learner, "learner_model_param");
    const char *const text = json_string_value(json_object_get(param, "base_score"));
    if (text == NULL) {
        return false;
    }
    char *end = NULL;
    const float p = strtof(text, &end);
    if (end == text || *end != '\0' || !(p > 0.0F) || !(p < 1.0F)) {
        return false;
    }
    *out = -logf(1.0F / p - 1.0F); /* as the library does it */
    return true;
}

static err_t convert_trees(const json_t *learner, struct target *t, char *why)
{
    const json_t *const booster = json_object_get(learner, "gradient_booster");
    if (!text_is(booster, "name", "gbtree")) {
        return refuse(why, "gradient_booster: not gbtree");
    }
    const json_t *const trees = json_object_get(json_object_get(booster, "model"), "trees");
    if (!json_is_array(trees) || json_array_size(trees) > TREES_MAX) {
        return refuse(why, "trees: none, or too many");
    }
    for (size_t i = 0; i < json_array_size(trees); i++) {
        struct source s;
        TRY(open_tree(json_array_get(trees, i), i, &s, why));
        TRY(convert_tree(&s, t, why));
    }
    return ERR_OK;
}

static err_t write_forest(const struct target *t, struct trees_shape shape, struct buf *out,
                          char *why)
{
    TRY(buf_reserve(out, TREES_BYTES_MAX));
    size_t size = 0;
    const enum trees_answer a =
        trees_write(t->node, t->count, shape, out->ptr + out->len, TREES_BYTES_MAX, &size);
    if (a != TREES_GOOD) {
        return refuse(why, trees_answer_text(a));
    }
    out->len += size;
    return ERR_OK;
}

err_t convert_model(span_t json, size_t columns, struct buf *out, char why[BOOST_WHY_BYTES])
{
    json_error_t error;
    CLEANUP(json_deinit)
    json_t *root = json_loadb((const char *)json.ptr, json.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        return refuse(why, error.text);
    }
    const json_t *const learner = json_object_get(root, "learner");
    if (!text_is(json_object_get(learner, "objective"), "name", "binary:logistic")) {
        return refuse(why, "objective: not binary:logistic");
    }
    struct trees_shape shape = {.features = columns};
    if (!read_base(learner, &shape.base)) {
        return refuse(why, "base_score: not a probability");
    }
    CLEANUP(target_deinit)
    struct target t = {.node = calloc(NODES_MAX, sizeof *t.node),
                       .origin = calloc(NODES_MAX, sizeof *t.origin)};
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    if (t.node == NULL || t.origin == NULL) {
        (void)snprintf(why, BOOST_WHY_BYTES, "model: no memory");
        return err_new(ERR_NOMEM);
    }
    TRY(convert_trees(learner, &t, why));
    return write_forest(&t, shape, out, why);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
}
