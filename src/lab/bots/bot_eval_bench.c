/* bot_eval_bench.c - how well machines that move a pointer are told from people, and what of it costs what.
 *
 *   lab_bot_eval_bench                    nanoseconds of CPU an event of 100 points, part by part
 *   lab_bot_eval_bench rules DIR [POINTS] for each rule the share of a set's sessions that meet it, when
 *                                         clients send so many points at a time
 *   lab_bot_eval_bench sessions DIR       of each trial of a set of bots its user, label, score and rules met
 *   lab_bot_eval_bench hands DIR OTHERS DEVICE...
 *                                         one own generator and the people of these devices left out
 *   lab_bot_eval_bench trees DIR OTHERS   bot_learned_trees.c, learned from all, on stdout
 *
 * DIR is DELBOT mouse, OTHERS Balabit mouse, both by canara dataset import. CANARA_BOOST names the program
 * that grows trees. */
#include "lab/bots/bot_eval.h"

#include "base/rng.h"
#include "base/util.h"
#include "engine/session/bots.h"
#include "engine/session/filter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int complain(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    return 1;
}

static bool opened(const char *dir, struct dataset **out)
{
    struct dataset_fault fault;
    if (failed(dataset_open(dir, out, &fault))) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return false;
    }
    return true;
}

/* ---- rules ---- */

struct seen {
    struct session_state s;
    size_t points; /* of a message at most */
    bool met[BOT_RULES];
};

static void look(struct seen *w, const canara_event_t *event, int64_t at_ms)
{
    filter_advance(&w->s, at_ms);
    bots_look(&w->s, event, at_ms);
    for (size_t r = 0; r < BOT_RULES; r++) {
        w->met[r] = w->met[r] || w->s.bot[r] > 0.0;
    }
}

/* An event as a client would send it that tells so many points at a time. */
static void look_in_pieces(struct seen *w, const struct dataset_event *event)
{
    canara_event_t piece = event->event;
    const canara_point_t *p = piece.of.path.points;
    const size_t n = piece.of.path.count;
    if (piece.kind != CANARA_POINTER || w->points == 0) {
        look(w, &piece, event->at.ms);
        return;
    }
    for (size_t from = 0; from < n; from += w->points) {
        const size_t count = n - from < w->points ? n - from : w->points;
        piece.of.path.points = p + from;
        piece.of.path.count = count;
        look(w, &piece, event->at.ms - (int64_t)(p[n - 1].t_ms - p[from + count - 1].t_ms));
    }
}

/* What a session meets. */
static struct seen see_session(const struct dataset *set, size_t session, size_t points)
{
    static const canara_event_t quiet = {.kind = CANARA_IDLE_TIMEOUT};
    const struct dataset_session *in = dataset_session(set, session);
    struct seen w = {.points = points};
    filter_begin(&w.s, dataset_session_begin(set, session));
    for (size_t e = in->first; e < (size_t)in->first + in->count; e++) {
        look_in_pieces(&w, dataset_event(set, e));
    }
    look(&w, &quiet, w.s.at_ms + 1000);
    return w;
}

static void look_at_session(const struct dataset *set, size_t session, size_t points,
                            size_t met[BOT_RULES])
{
    const struct seen w = see_session(set, session, points);
    for (size_t r = 0; r < BOT_RULES; r++) {
        met[r] += w.met[r];
    }
}

static void print_rules(const char *name, const size_t *met, size_t sessions)
{
    (void)printf("%s, %zu sessions:\n", name, sessions);
    for (size_t r = 0; r < BOT_RULES && sessions > 0; r++) {
        if (met[r] > 0) {
            (void)printf("  %-28s %6zu %7.4f\n", bot_rule_row((enum bot_rule)r)->name, met[r],
                         (double)met[r] / (double)sessions);
        }
    }
}

static int rules(const struct dataset *set, size_t points)
{
    static const enum dataset_label labels[] = {DATASET_GENUINE, DATASET_IMPOSTOR, DATASET_HUMAN,
                                                DATASET_BOT};

    size_t met[BOT_RULES] = {0};
    size_t sessions = 0;
    for (size_t m = 0; m < dataset_models(set); m++) {
        const struct dataset_model *model = dataset_model(set, m);
        for (size_t i = 0; i < model->enrols; i++, sessions++) {
            look_at_session(set, model->enrol[i], points, met);
        }
    }
    print_rules("enrolment", met, sessions);
    for (size_t l = 0; l < ARRAY_LEN(labels); l++) {
        const struct dataset_trials bots = dataset_bot_trials(set);
        memset(met, 0, sizeof met);
        sessions = 0;
        for (size_t m = 0; m <= dataset_models(set); m++) {
            const struct dataset_trials t =
                m < dataset_models(set) ? dataset_model(set, m)->trials : bots;
            for (size_t i = 0; i < t.count; i++) {
                if (t.at[i].label == labels[l]) {
                    look_at_session(set, t.at[i].session, points, met);
                    sessions++;
                }
            }
        }
        print_rules(dataset_label_name(labels[l]), met, sessions);
    }
    return 0;
}

static int sessions(const struct dataset *set)
{
    const struct dataset_trials t = dataset_bot_trials(set);
    const struct bot_judge shipped = {.trees = bot_learned_shipped(), .parts = BOT_PART_ALL};
    for (size_t i = 0; i < t.count; i++) {
        const size_t session = t.at[i].session;
        const struct seen w = see_session(set, session, 0);
        (void)printf("%s %s %.6f", dataset_user(set, dataset_session(set, session)->user),
                     dataset_label_name(t.at[i].label), bot_eval_session(set, session, &shipped));
        for (size_t r = 0; r < BOT_RULES; r++) {
            if (w.met[r]) {
                (void)printf(" %s", bot_rule_row((enum bot_rule)r)->name);
            }
        }
        (void)printf("\n");
    }
    return 0;
}

/* ---- own generators ---- */

enum { MOVEMENTS = 500 };

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double share_above(const double *x, size_t n, double limit)
{
    size_t above = 0;
    for (size_t i = 0; i < n; i++) {
        above += x[i] > limit;
    }
    return (double)above / (double)n;
}

struct left_out {
    const struct dataset *set, *others;
    uint32_t device[2];
    bool *without; /* one a user of the set */
};

/* Scores of the people who are left out, smallest first. */
static size_t people_of(const struct left_out *l, const struct bot_judge *judge, double *out)
{
    const struct dataset_trials t = dataset_bot_trials(l->set);
    size_t n = 0;
    for (size_t i = 0; i < t.count; i++) {
        const uint32_t user = dataset_session(l->set, t.at[i].session)->user;
        if (user == l->device[0] || user == l->device[1]) {
            out[n++] = bot_eval_session(l->set, t.at[i].session, judge);
        }
    }
    qsort(out, n, sizeof *out, by_size);
    return n;
}

static err_t learn_without(const struct left_out *l, int hand, struct buf *bytes, char *why)
{
    struct bot_lesson *lesson = NULL;
    TRY(bot_lesson_new(1, &lesson));
    err_t e = bot_lesson_add_set(lesson, l->set, l->without);
    e = failed(e) ? e : bot_lesson_add_set(lesson, l->others, NULL);
    e = failed(e) ? e : bot_lesson_add_hands(lesson, hand);
    e = failed(e) ? e : bot_lesson_fit(lesson, bytes, why);
    bot_lesson_free(&lesson);
    return e;
}

static int one_hand(const struct left_out *l, int hand, double share[2])
{
    struct trees trees;
    const struct bot_judge judge = {.trees = &trees, .parts = BOT_PART_ALL};
    struct buf bytes;
    struct rng rng;
    char why[BOOST_WHY_BYTES] = "";
    double *people = calloc(dataset_bot_trials(l->set).count, sizeof *people);
    double bots[2][MOVEMENTS];
    buf_init(&bytes, TREES_BYTES_MAX);
    const bool good = people != NULL && !failed(learn_without(l, hand, &bytes, why)) &&
                      trees_check(buf_span(&bytes), BOT_COLUMNS, &trees) == TREES_GOOD;
    rng_seed(&rng, 77);
    for (size_t i = 0; good && i < MOVEMENTS; i++) {
        canara_point_t path[BOT_HAND_POINTS];
        canara_point_t told[BOT_HAND_POINTS];
        const size_t n = bot_hand_move((enum bot_hand)hand, &rng, path);
        const size_t m = bot_hand_record(path, n, &rng, told);
        bots[0][i] = bot_eval_path(path, n, &judge);
        bots[1][i] = bot_eval_path(told, m, &judge);
    }
    if (good) {
        const size_t n = people_of(l, &judge, people);
        const double limit = people[n - 1 - n / 100];
        share[0] = share_above(bots[0], MOVEMENTS, limit);
        share[1] = share_above(bots[1], MOVEMENTS, limit);
    }
    free(people);
    buf_deinit(&bytes);
    return good ? 0 : complain(why);
}

static int hands(struct left_out *l)
{
    double sum[2] = {0.0, 0.0};
    for (int hand = 0; hand < BOT_HANDS; hand++) {
        double share[2];
        if (one_hand(l, hand, share) != 0) {
            return 1;
        }
        (void)printf("%-10s plain %.3f recorded %.3f\n", bot_hand_name((enum bot_hand)hand),
                     share[0], share[1]);
        (void)fflush(stdout);
        sum[0] += share[0] / BOT_HANDS;
        sum[1] += share[1] / BOT_HANDS;
    }
    (void)printf("mean       plain %.3f recorded %.3f\n", sum[0], sum[1]);
    return 0;
}

static uint32_t device_of(const struct dataset *set, const char *name)
{
    for (uint32_t u = 0; name != NULL && u < dataset_users(set); u++) {
        if (strncmp(dataset_user(set, u), name, strlen(name)) == 0 &&
            dataset_user(set, u)[strlen(name)] == '@') {
            return u;
        }
    }
    return DATASET_NO_USER;
}

/* ---- trees that ship ---- */

static int ship(struct left_out *l)
{
    struct buf bytes;
    char why[BOOST_WHY_BYTES] = "";
    buf_init(&bytes, TREES_BYTES_MAX);
    const bool good = !failed(learn_without(l, BOT_HANDS, &bytes, why)) &&
                      !failed(bot_trees_print(buf_span(&bytes), stdout));
    buf_deinit(&bytes);
    return good ? 0 : complain(why);
}

/* ---- cost ---- */

enum { COST_POINTS = 100, PATHS = 64, ROUNDS = 400 };

static double now_ns(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void print_cost(const char *name, double from)
{
    (void)printf("%-36s %8.0f ns\n", name, (now_ns() - from) / ((double)PATHS * ROUNDS));
}

static double cost_of_all(canara_point_t path[PATHS][COST_POINTS], bool young)
{
    double sum = 0.0;
    struct session_state s;
    filter_begin(&s, INT64_C(1750000000000));
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < PATHS; i++) {
            s.motion[1] = young ? 0.0 : s.motion[1];
            const canara_event_t e = {.kind = CANARA_POINTER,
                                      .has = CANARA_F_POINTS,
                                      .of.path = {.points = path[i], .count = COST_POINTS}};
            bots_look(&s, &e, INT64_C(1750000000000) + 5000);
            sum += s.bot[0];
        }
    }
    return sum;
}

static double cost_of_parts(canara_point_t path[PATHS][COST_POINTS])
{
    double sum = 0.0;
    double x[BOT_COLUMNS] = {0.0};
    struct bot_windows w;
    double from = now_ns();
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < PATHS; i++) {
            bot_windows_begin(&w, path[i], COST_POINTS);
            sum += bot_windows_columns(&w, 0, x) ? x[0] : 0.0;
            sum += bot_windows_columns(&w, 1, x) ? x[0] : 0.0;
        }
    }
    print_cost("columns of its two windows", from);
    from = now_ns();
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < PATHS; i++) {
            sum += bot_motion_step_spread(path[i], COST_POINTS);
        }
    }
    print_cost("even steps", from);
    from = now_ns();
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < PATHS; i++) {
            bot_clock_features(path[i], COST_POINTS, x);
            sum += x[0];
        }
    }
    print_cost("clock", from);
    from = now_ns();
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < PATHS; i++) {
            x[0] += 1e-9;
            sum += trees_margin(bot_learned_shipped(), x);
        }
    }
    print_cost("trees, a window", from);
    return sum;
}

static int cost(void)
{
    static canara_point_t path[PATHS][COST_POINTS];
    struct rng rng;
    rng_seed(&rng, 9);
    for (int i = 0; i < PATHS; i++) { /* reaches as a browser tells them, 16 ms apart */
        double heading = 6.28 * rng_double(&rng);
        double x = 600.0;
        double y = 400.0;
        for (int k = 0; k < COST_POINTS; k++) {
            const double v = 14.0 * sin(3.14159 * (double)(k % 40) / 40.0) + rng_double(&rng);
            heading += 0.12 * rng_normal(&rng);
            x += v * cos(heading);
            y += v * sin(heading);
            path[i][k] = (canara_point_t){
                .t_ms = 16.0 * k + (double)rng_below(&rng, 2), .x = round(x), .y = round(y)};
        }
    }
    double sum = 0.0;
    for (int round = 0; round < 3; round++) {
        double from = now_ns();
        sum += cost_of_all(path, true);
        print_cost("pointer event of 100 points", from);
        from = now_ns();
        sum += cost_of_all(path, false);
        print_cost("the same in a long session", from);
    }
    sum += cost_of_parts(path);
    return sum > -1e300 ? 0 : 1;
}

/* One own generator after the other left out, with these two devices of people. */
static int hands_without(struct left_out *l, const char *one, const char *other)
{
    l->device[0] = device_of(l->set, one);
    l->device[1] = device_of(l->set, other);
    l->without = calloc(dataset_users(l->set) + 1, sizeof *l->without);
    if (l->without == NULL) {
        return complain("no memory");
    }
    for (uint32_t u = 0; u < dataset_users(l->set); u++) {
        l->without[u] = u == l->device[0] || u == l->device[1];
    }
    const int status = hands(l);
    free(l->without);
    return status;
}

int main(int argc, char **argv)
{
    struct left_out l = {.device = {DATASET_NO_USER, DATASET_NO_USER}};
    struct dataset *set = NULL;
    struct dataset *others = NULL;
    if (argc < 3) {
        return cost();
    }
    const bool each = strcmp(argv[1], "sessions") == 0;
    const bool only_rules = each || strcmp(argv[1], "rules") == 0;
    if (!opened(argv[2], &set) || (argc > 3 && !only_rules && !opened(argv[3], &others))) {
        return 1;
    }
    l.set = set;
    l.others = others;
    int status = 1;
    if (each) {
        status = sessions(set);
    } else if (only_rules) {
        status = rules(set, argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
    } else if (others == NULL) {
        status = complain("needs a second set of people");
    } else if (strcmp(argv[1], "trees") == 0) {
        status = ship(&l);
    } else {
        status = hands_without(&l, argc > 4 ? argv[4] : NULL, argc > 5 ? argv[5] : NULL);
    }
    dataset_close(&set);
    dataset_close(&others);
    return status;
}
