#include "lab/train_bots.h"

#include "base/util.h"
#include "engine/forest.h"
#include "lab/boost_client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 1 << 20,
    POINTS_MAX = 2048,
    RECORDERS = 2, /* that tell each movement again */
    LONG_PATH = 8 * BOT_WINDOW_POINTS
};

struct row {
    float x[BOT_COLUMNS];
    uint32_t group;
    bool machine;
};

struct bot_lesson {
    struct row *row;
    size_t rows, room;
    uint32_t groups; /* people, devices, families and generators so far */
    struct rng rng;
};

err_t bot_lesson_new(uint64_t seed, struct bot_lesson **out)
{
    struct bot_lesson *lesson = calloc(1, sizeof *lesson);
    if (lesson == NULL) {
        return err_new(ERR_NOMEM);
    }
    rng_seed(&lesson->rng, seed);
    *out = lesson;
    return ERR_OK;
}

void bot_lesson_free(struct bot_lesson **lesson)
{
    if (*lesson != NULL) {
        free((*lesson)->row);
        free(*lesson);
        *lesson = NULL;
    }
}

static err_t add_row(struct bot_lesson *l, const struct bot_windows *w, size_t at, bool machine)
{
    double x[BOT_COLUMNS];
    if (!bot_windows_columns(w, at, x)) {
        return ERR_OK;
    }
    if (l->rows == l->room) {
        const size_t room = l->room == 0 ? 4096 : 2 * l->room;
        if (room > ROWS_MAX) {
            return err_new(ERR_LIMIT);
        }
        struct row *more = reallocarray(l->row, room, sizeof *more);
        if (more == NULL) {
            return err_new(ERR_NOMEM);
        }
        l->row = more;
        l->room = room;
    }
    struct row *row = &l->row[l->rows++];
    row->machine = machine;
    row->group = l->groups;
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        row->x[c] = (float)x[c];
    }
    return ERR_OK;
}

static err_t add_windows(struct bot_lesson *l, const canara_point_t *path, size_t n, bool machine)
{
    struct bot_windows w;
    bot_windows_begin(&w, path, n);
    for (size_t at = 0; at < w.count; at++) {
        TRY(add_row(l, &w, at, machine));
    }
    return ERR_OK;
}

err_t bot_lesson_add(struct bot_lesson *lesson, const canara_point_t *path, size_t n, bool machine)
{
    canara_point_t again[POINTS_MAX];
    if (n < 2 || n > POINTS_MAX) {
        return ERR_OK;
    }
    if (n > LONG_PATH) { /* one stretch of it */
        path += n / 2 - BOT_WINDOW_POINTS;
        n = 2 * (size_t)BOT_WINDOW_POINTS;
    }
    TRY(add_windows(lesson, path, n, machine));
    for (int r = 0; r < RECORDERS; r++) {
        const size_t m = bot_hand_record(path, n, &lesson->rng, again);
        TRY(add_windows(lesson, again, m, machine));
    }
    return ERR_OK;
}

void bot_lesson_next(struct bot_lesson *lesson)
{
    lesson->groups++;
}

/* ---- data sets ---- */

static bool is_path(const struct dataset_event *e)
{
    return e->event.kind == CANARA_POINTER && (e->event.has & CANARA_F_POINTS) != 0 &&
           e->event.of.path.count >= BOT_MOTION_MIN_POINTS;
}

/* The paths of one user, counted; every so many of them learned from. */
struct pick {
    uint32_t user;
    size_t all; /* paths there are; 0 while they are being counted */
    size_t seen;
};

static bool is_picked(struct pick *p)
{
    const size_t take = p->all < BOT_LESSON_PER_USER ? p->all : BOT_LESSON_PER_USER;
    const size_t at = p->seen++;
    return p->all > 0 && at * take / p->all != (at + 1) * take / p->all;
}

static err_t pick_of_session(struct bot_lesson *l, const struct dataset *set, size_t session,
                             bool machine, struct pick *p)
{
    const struct dataset_session *s = dataset_session(set, session);
    for (size_t e = 0; e < s->count; e++) {
        const struct dataset_event *event = dataset_event(set, s->first + e);
        if (is_path(event) && is_picked(p)) {
            TRY(bot_lesson_add(l, event->event.of.path.points, event->event.of.path.count,
                               machine));
        }
    }
    return ERR_OK;
}

static err_t pick_of_user(struct bot_lesson *l, const struct dataset *set, const uint8_t *label,
                          struct pick *p)
{
    for (size_t i = 0; i < dataset_sessions(set); i++) {
        if (dataset_session(set, i)->user == p->user && label[i] != 0) {
            TRY(pick_of_session(l, set, i, label[i] == 2, p));
        }
    }
    return ERR_OK;
}

/* BOT_LESSON_PER_USER of one user's movements, evenly. */
static err_t add_user(struct bot_lesson *l, const struct dataset *set, const uint8_t *label,
                      uint32_t user)
{
    struct pick pick = {.user = user};
    bot_lesson_next(l);
    TRY(pick_of_user(l, set, label, &pick));
    pick = (struct pick){.user = user, .all = pick.seen};
    return pick_of_user(l, set, label, &pick);
}

static void free_bytes(uint8_t **p)
{
    free(*p);
}

err_t bot_lesson_add_set(struct bot_lesson *lesson, const struct dataset *set, const bool *without)
{
    /* 0 not learned from, 1 a person, 2 a machine */
    CLEANUP(free_bytes) uint8_t *label = calloc(dataset_sessions(set) + 1, 1);
    if (label == NULL) {
        return err_new(ERR_NOMEM);
    }
    const struct dataset_trials trials = dataset_bot_trials(set);
    for (size_t i = 0; i < trials.count; i++) {
        label[trials.at[i].session] = trials.at[i].label == DATASET_BOT ? 2 : 1;
    }
    for (size_t m = 0; m < dataset_models(set); m++) {
        const struct dataset_model *model = dataset_model(set, m);
        for (size_t i = 0; i < model->enrols; i++) {
            label[model->enrol[i]] = 1;
        }
    }
    for (uint32_t u = 0; u < dataset_users(set); u++) {
        if (without == NULL || !without[u]) {
            TRY(add_user(lesson, set, label, u));
        }
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    return ERR_OK;
}

err_t bot_lesson_add_hands(struct bot_lesson *lesson, int without)
{
    canara_point_t path[BOT_HAND_POINTS];
    for (int hand = 0; hand < BOT_HANDS; hand++) {
        bot_lesson_next(lesson);
        for (size_t i = 0; hand != without && i < BOT_LESSON_PER_HAND; i++) {
            const size_t n = bot_hand_move((enum bot_hand)hand, &lesson->rng, path);
            TRY(bot_lesson_add(lesson, path, n, true));
        }
    }
    return ERR_OK;
}

/* ---- the fit ---- */

/* Everybody's rows weigh the root of how many there are, and people as much as machines. */
static void weigh(const struct bot_lesson *l, const double *rows_of, float *weight)
{
    double sum[2] = {0.0, 0.0};
    for (size_t i = 0; i < l->rows; i++) {
        sum[l->row[i].machine] += 1.0 / sqrt(rows_of[l->row[i].group]);
    }
    for (size_t i = 0; i < l->rows; i++) {
        const double one = 1.0 / sqrt(rows_of[l->row[i].group]);
        weight[i] = (float)(0.5 * (double)l->rows * one / sum[l->row[i].machine]);
    }
}

static void free_doubles(double **p)
{
    free(*p);
}

static err_t fill(const struct bot_lesson *l, struct boost_table *t)
{
    CLEANUP(free_doubles) double *rows_of = calloc(l->groups + 1, sizeof *rows_of);
    t->x = calloc(l->rows * BOT_COLUMNS, sizeof *t->x);
    t->label = calloc(l->rows, sizeof *t->label);
    t->weight = calloc(l->rows, sizeof *t->weight);
    if (rows_of == NULL || t->x == NULL || t->label == NULL || t->weight == NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
        return err_new(ERR_NOMEM);
    }
    t->rows = l->rows;
    t->columns = BOT_COLUMNS;
    for (size_t i = 0; i < l->rows; i++) {
        memcpy(t->x + i * BOT_COLUMNS, l->row[i].x, sizeof l->row[i].x);
        t->label[i] = l->row[i].machine ? 1.0F : 0.0F;
        rows_of[l->row[i].group] += 1.0;
    }
    weigh(l, rows_of, t->weight);
    return ERR_OK;
}

err_t bot_lesson_fit(const struct bot_lesson *lesson, struct buf *trees, char why[BOOST_WHY_BYTES])
{
    size_t machines = 0;
    for (size_t i = 0; i < lesson->rows; i++) {
        machines += lesson->row[i].machine;
    }
    if (machines == 0 || machines == lesson->rows) {
        (void)snprintf(why, BOOST_WHY_BYTES,
                       "movements of a pointer are needed, of people and of machines");
        return err_new(ERR_RANGE);
    }
    CLEANUP(boost_table_deinit) struct boost_table table = {0};
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    TRY(fill(lesson, &table));
    struct boost_params p = boost_params_default();
    p.rounds = BOT_TREES;
    p.depth = BOT_TREES_DEPTH;
    p.eta = 0.15;
    p.min_child = 20.0;
    p.lambda = 5.0;
    p.subsample = 0.7;
    p.colsample = 0.5;
    p.seed = 1;
    return boost_train(&table, &p, trees, why);
}

static bool print_bytes(const char *what, const uint8_t *bytes, size_t n, FILE *to)
{
    bool ok = fprintf(to, "%s{", what) > 0;
    for (size_t i = 0; i < n; i++) {
        ok = ok && fprintf(to, "%s%u,", i % 48 == 0 ? "\n    " : "", bytes[i]) > 0;
    }
    return ok && fprintf(to, "}") > 0;
}

static bool print_floats(const float *x, size_t n, FILE *to)
{
    bool ok = fprintf(to, "{") > 0;
    for (size_t i = 0; i < n; i++) {
        ok = ok && (isnan(x[i]) ? fprintf(to, "NAN,") : fprintf(to, "%#.9gF,", (double)x[i])) > 0;
    }
    return ok && fprintf(to, "},\n    ") > 0;
}

static bool print_forest(const struct forest *f, FILE *to)
{
    size_t rows = 0;
    for (size_t b = 0; b < FOREST_BANDS; b++) {
        rows += f->rows[b];
    }
    bool ok = fprintf(to,
                      "\nstatic const struct forest forest = {\n    .trees = %zu,\n"
                      "    .features = %zu,\n    .base = %.17g,\n",
                      f->trees, f->features, f->base) > 0 &&
              print_bytes("    .place_feature = ", f->place_feature, FOREST_PLACES, to) &&
              print_bytes(",\n    .rows = ", f->rows, FOREST_BANDS, to) &&
              fprintf(to, ",\n    .threshold = {") > 0;
    for (size_t i = 0; i < rows; i++) {
        ok = ok && print_floats(f->threshold[i], FOREST_BAND, to);
    }
    ok = ok && fprintf(to, "},\n    .place = {") > 0;
    for (size_t i = 0; i < FOREST_SPLITS; i++) {
        ok = ok && print_bytes(i > 0 ? ", " : "", f->place[i], f->trees, to);
    }
    ok = ok && fprintf(to, "},\n    .rank = {") > 0;
    for (size_t i = 0; i < FOREST_SPLITS; i++) {
        ok = ok && print_bytes(i > 0 ? ", " : "", f->rank[i], f->trees, to);
    }
    ok = ok && fprintf(to, "},\n    .leaf = {") > 0;
    for (size_t i = 0; i < f->trees; i++) {
        ok = ok && print_floats(f->leaf[i], FOREST_LEAVES, to);
    }
    return ok && fprintf(to, "},\n};\n") > 0;
}

err_t bot_trees_print(span_t bytes, FILE *to)
{
    struct trees t;
    struct forest forest;
    if (trees_check(bytes, BOT_COLUMNS, &t) != TREES_GOOD || !forest_lay(&t, &forest)) {
        return err_new(ERR_FORMAT);
    }
    const bool ok =
        fprintf(to,
                "/* Written by bot_trees_print(), src/lab/train_bots.c; docs/engine/bots.md says "
                "from what. */\n#include \"engine/bot_learned.h\"\n#include \"engine/forest.h\"\n\n"
                "#include <math.h>\n\n/* clang-format off */\n") > 0 &&
        print_bytes("static const uint8_t bytes[] = ", bytes.ptr, bytes.len, to) &&
        fprintf(to, ";\n") > 0 && print_forest(&forest, to) &&
        fprintf(
            to,
            "\n/* clang-format on */\n\nstatic const struct trees shipped = {\n"
            "    .root = bytes + TREES_HEAD_BYTES,\n"
            "    .node = bytes + TREES_HEAD_BYTES + (size_t)%u * TREES_ROOT_BYTES,\n"
            "    .trees = %u,\n    .nodes = %u,\n    .features = BOT_COLUMNS,\n    .base = %.17g,\n"
            "    .forest = &forest,\n};\n\n"
            "const struct trees *bot_learned_shipped(void)\n{\n    return &shipped;\n}\n",
            t.trees, t.trees, t.nodes, t.base) > 0;
    return ok ? ERR_OK : err_new(ERR_IO);
}
