#include "lab/bots/train_bots.h"

#include "base/util.h"
#include "engine/arithmetic/forest.h"
#include "lab/bots/bot_labels.h"
#include "lab/bots/bot_rows.h"

#include <math.h>
#include <stdlib.h>

enum {
    POINTS_MAX = 2048,
    RECORDERS = 2, /* that tell each movement again */
    LONG_PATH = 8 * BOT_WINDOW_POINTS
};

struct bot_lesson {
    struct bot_rows rows; /* of windows */
    uint32_t group;       /* whose the next is: people, devices, families and generators */
    struct rng rng;
};

err_t bot_lesson_new(uint64_t seed, struct bot_lesson **out)
{
    struct bot_lesson *lesson = calloc(1, sizeof *lesson);
    if (lesson == NULL) {
        return err_new(ERR_NOMEM);
    }
    bot_rows_begin(&lesson->rows, BOT_COLUMNS);
    rng_seed(&lesson->rng, seed);
    *out = lesson;
    return ERR_OK;
}

void bot_lesson_free(struct bot_lesson **lesson)
{
    if (*lesson != NULL) {
        bot_rows_deinit(&(*lesson)->rows);
        free(*lesson);
        *lesson = NULL;
    }
}

static err_t add_windows(struct bot_lesson *l, const canara_point_t *path, size_t n, bool machine)
{
    struct bot_windows w;
    double x[BOT_COLUMNS];
    bot_windows_begin(&w, path, n);
    for (size_t at = 0; at < w.count; at++) {
        if (bot_windows_columns(&w, at, x)) {
            TRY(bot_rows_add(&l->rows, x, l->group, machine));
        }
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
    lesson->group++;
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
        if (dataset_session(set, i)->user == p->user && label[i] != BOT_LABEL_NONE) {
            TRY(pick_of_session(l, set, i, label[i] == BOT_LABEL_MACHINE, p));
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

err_t bot_lesson_add_set(struct bot_lesson *lesson, const struct dataset *set, const bool *without)
{
    CLEANUP(bot_labels_free) uint8_t *label = NULL;
    TRY(bot_labels(set, &label));
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

err_t bot_lesson_fit(const struct bot_lesson *lesson, struct buf *trees, char why[BOOST_WHY_BYTES])
{
    if (!bot_rows_of_both(&lesson->rows)) {
        (void)snprintf(why, BOOST_WHY_BYTES,
                       "movements of a pointer are needed, of people and of machines");
        return err_new(ERR_RANGE);
    }
    const struct boost_params params = bot_rows_params();
    return bot_rows_fit(&lesson->rows, &params, trees, why);
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
        fprintf(
            to,
            "/* Written by bot_trees_print(), src/lab/bots/train_bots.c; docs/engine/bots.md says "
            "from what. */\n#include \"engine/arithmetic/forest.h\"\n#include \"engine/machines/bot_learned.h\"\n\n"
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
