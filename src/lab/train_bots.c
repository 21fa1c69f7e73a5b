#include "lab/train_bots.h"

#include "base/util.h"
#include "lab/logistic.h"

#include <math.h>
#include <stdlib.h>

enum { COLUMNS = 2 * BOT_COLUMNS, ROWS_MAX = 200000, POINTS_MAX = 2048 };

#define SPREAD_MIN 0.01
#define Z_MAX      4.0
#define RIDGE      0.01
#define CENTRE     0.99 /* share of people's movements that get nothing */

struct row {
    double f[BOT_COLUMNS];
    bool machine;
};

struct bot_lesson {
    struct row *row;
    size_t rows, room;
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

static err_t add_row(struct bot_lesson *l, const canara_point_t *path, size_t n, bool machine)
{
    double f[BOT_MOTION_FEATURES];
    if (!bot_motion_features(path, n, f)) {
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
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        row->f[c] = f[bot_column_feature(c)];
    }
    return ERR_OK;
}

err_t bot_lesson_add(struct bot_lesson *lesson, const canara_point_t *path, size_t n, bool machine)
{
    canara_point_t again[POINTS_MAX];
    if (n < 2 || n > POINTS_MAX) {
        return ERR_OK;
    }
    TRY(add_row(lesson, path, n, machine));
    return add_row(lesson, again, bot_hand_record(path, n, &lesson->rng, again), machine);
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
    TRY(pick_of_user(l, set, label, &pick));
    pick = (struct pick){.user = user, .all = pick.seen};
    return pick_of_user(l, set, label, &pick);
}

static void free_bytes(uint8_t **p)
{
    free(*p);
}

err_t bot_lesson_add_set(struct bot_lesson *lesson, const struct dataset *set,
                         const uint32_t without[2])
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
        if (u != without[0] && u != without[1]) {
            TRY(add_user(lesson, set, label, u));
        }
    }
    return ERR_OK;
}

err_t bot_lesson_add_hands(struct bot_lesson *lesson)
{
    canara_point_t path[BOT_HAND_POINTS];
    for (int hand = 0; hand < BOT_HANDS; hand++) {
        for (size_t i = 0; i < BOT_LESSON_PER_HAND; i++) {
            const size_t n = bot_hand_move((enum bot_hand)hand, &lesson->rng, path);
            TRY(bot_lesson_add(lesson, path, n, true));
        }
    }
    return ERR_OK;
}

/* ---- the fit ---- */

/* Centre and spread of people. */
static void standardise(const struct bot_lesson *l, struct bot_table *t)
{
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        double n = 0.0;
        double sum = 0.0;
        double squares = 0.0;
        for (size_t i = 0; i < l->rows; i++) {
            if (!l->row[i].machine) {
                n += 1.0;
                sum += l->row[i].f[c];
                squares += l->row[i].f[c] * l->row[i].f[c];
            }
        }
        const double mean = sum / n;
        t->column[c].centre = mean;
        t->column[c].spread = sqrt(fmax(squares / n - mean * mean, 0.0)) + SPREAD_MIN;
    }
}

static void expand(const struct bot_table *t, const struct row *row, double x[COLUMNS])
{
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        const double raw = (row->f[c] - t->column[c].centre) / t->column[c].spread;
        x[c] = fmax(-Z_MAX, fmin(raw, Z_MAX));
        x[BOT_COLUMNS + c] = fabs(x[c]);
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Take the standardisation of the regression into the table, and move its zero to where 99 of 100
 * movements of people are below. `margin` is room for one number a row. */
static void fold(const struct bot_lesson *l, const struct logistic *m, const double *x,
                 double *margin, struct bot_table *t)
{
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        t->column[c].along = m->weight[c] / m->scale[c];
        t->column[c].away = m->weight[BOT_COLUMNS + c] / m->scale[BOT_COLUMNS + c];
    }
    t->bias = m->bias;
    for (size_t c = 0; c < COLUMNS; c++) {
        t->bias -= m->weight[c] * m->mean[c] / m->scale[c];
    }
    size_t people = 0;
    for (size_t i = 0; i < l->rows; i++) {
        if (!l->row[i].machine) {
            margin[people++] = logistic_margin(m, COLUMNS, x + i * COLUMNS);
        }
    }
    qsort(margin, people, sizeof *margin, ascending);
    t->bias -= fmax(margin[(size_t)(CENTRE * (double)(people - 1))], 0.0);
}

static void free_doubles(double **p)
{
    free(*p);
}

err_t bot_lesson_fit(const struct bot_lesson *lesson, struct bot_table *out)
{
    size_t machines = 0;
    for (size_t i = 0; i < lesson->rows; i++) {
        machines += lesson->row[i].machine;
    }
    if (machines == 0 || machines == lesson->rows) {
        return err_new(ERR_RANGE);
    }
    CLEANUP(free_doubles) double *x = calloc(lesson->rows, (COLUMNS + 1) * sizeof *x);
    CLEANUP(free_bytes) uint8_t *label = calloc(lesson->rows, 1);
    if (x == NULL || label == NULL) {
        return err_new(ERR_NOMEM);
    }
    struct bot_table t = {0};
    struct logistic m;
    standardise(lesson, &t);
    for (size_t i = 0; i < lesson->rows; i++) {
        expand(&t, &lesson->row[i], x + i * COLUMNS);
        label[i] = lesson->row[i].machine;
    }
    TRY(logistic_fit(
        &(struct logistic_data){
            .x = x, .label = label, .rows = lesson->rows, .columns = COLUMNS, .ridge = RIDGE},
        &m));
    fold(lesson, &m, x, x + lesson->rows * COLUMNS, &t);
    *out = t;
    return ERR_OK;
}

err_t bot_table_print(const struct bot_table *table, FILE *to)
{
    bool ok =
        fprintf(to,
                "/* Written by bot_table_print(), src/lab/train_bots.c; docs/engine/bots.md says "
                "from what. */\n#include \"engine/bot_learned.h\"\n\n"
                "/* clang-format off */\nstatic const struct bot_table shipped = {\n"
                "    .bias = %.9g,\n    .column = {\n",
                table->bias) > 0;
    for (size_t c = 0; c < BOT_COLUMNS; c++) {
        const struct bot_column *k = &table->column[c];
        ok = ok && fprintf(to, "        {%.9g, %.9g, %.9g, %.9g},\n", k->centre, k->spread,
                           k->along, k->away) > 0;
    }
    ok = ok && fprintf(to, "    },\n};\n/* clang-format on */\n\nconst struct bot_table "
                           "*bot_table_shipped(void)\n{\n    return &shipped;\n}\n") > 0;
    return ok ? ERR_OK : err_new(ERR_IO);
}
