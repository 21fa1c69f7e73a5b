/* bot_typed_bench.c - typing in order: learn its weights, and count how well scripts are told from people.
 *
 *   lab_bot_typed_bench DIR...              with the weights that ship, against the people of DIR...
 *   lab_bot_typed_bench DIR... -- DIR...    with weights learned from the first against the second
 *
 * Each DIR is a data set of people (canara dataset import). The same user of several is one who typed
 * several fields. */
#include "lab/bots/bot_typed.h"

#include "base/util.h"
#include "lab/bots/bot_typist.h"
#include "lab/sets/dataset.h"
#include "lab/statistics/logistic.h"
#include "lab/statistics/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETS_MAX = 8, ENTRIES_MAX = 15, TEXT_MAX = 512, COLUMNS = BOT_TYPED_RATIOS - 1 };

/* The entries of one user of one set, in time order. */
struct own {
    const char *user;
    const canara_event_t **entry;
    size_t entries;
};

struct people {
    struct dataset *set[SETS_MAX];
    const canara_event_t **entry[SETS_MAX]; /* all of a set, users together */
    struct own *own[SETS_MAX];
    struct bot_typed_pool pool[SETS_MAX]; /* the same */
    size_t owns[SETS_MAX], sets;
};

/* What a session is made of. */
struct kind {
    const char *name;
    size_t entries;    /* of one field */
    bool text, fields; /* joined to one event; one of each set */
};

static const struct kind kinds[] = {
    {"one entry", 1, false, false},         {"two of a field", 2, false, false},
    {"five of a field", 5, false, false},   {"a text of five", 5, true, false},
    {"a text of fifteen", 15, true, false}, {"fields of all sets", 1, false, true}};

enum { KINDS = ARRAY_LEN(kinds), TEACHING_KINDS = KINDS - 1 };

/* What one session comes to. */
struct row {
    double x[BOT_TYPED_RATIOS];
    size_t columns;
    double alike, shipped;
};

struct rows {
    struct row *at;
    size_t count, room;
};

static const canara_event_t *entry_of(const struct dataset *set, size_t session)
{
    const struct dataset_session *const s = dataset_session(set, session);
    for (size_t e = s->first; e < (size_t)s->first + s->count; e++) {
        const canara_event_t *const event = &dataset_event(set, e)->event;
        if (event->kind == CANARA_KEYSTROKES && event->of.keystrokes.count <= BOT_TYPIST_KEYS) {
            return event;
        }
    }
    return NULL;
}

static bool gather(struct people *p, size_t s)
{
    const struct dataset *const set = p->set[s];
    const size_t sessions = dataset_sessions(set);
    p->entry[s] = calloc(sessions + 1, sizeof(void *));
    p->own[s] = calloc(dataset_users(set) + 1, sizeof *p->own[s]);
    if (p->entry[s] == NULL || p->own[s] == NULL) {
        return false;
    }
    size_t n = 0;
    for (size_t u = 0; u < dataset_users(set); u++) {
        struct own *const own = &p->own[s][p->owns[s]++];
        *own = (struct own){dataset_user(set, u), p->entry[s] + n, 0};
        for (size_t i = 0; i < sessions; i++) {
            const canara_event_t *const e =
                dataset_session(set, i)->user == u ? entry_of(set, i) : NULL;
            if (e != NULL) {
                own->entry[own->entries++] = e;
                n++;
            }
        }
    }
    p->pool[s] = (struct bot_typed_pool){p->entry[s], n};
    return true;
}

static bool open_sets(struct people *p, char **names, int count)
{
    struct dataset_fault fault;
    for (int i = 0; i < count; i++) {
        if (p->sets == SETS_MAX || failed(dataset_open(names[i], &p->set[p->sets], &fault))) {
            (void)fprintf(stderr, "%s\n", p->sets == SETS_MAX ? "too many sets" : fault.text);
            return false;
        }
        if (!gather(p, p->sets++)) {
            return false;
        }
    }
    return true;
}

static void close_sets(struct people *p)
{
    for (size_t s = 0; s < p->sets; s++) {
        free((void *)p->entry[s]);
        free(p->own[s]);
        dataset_close(&p->set[s]);
    }
}

/* ---- sessions ---- */

/* Entries one after the other as one event; the pause between is the last one before it. */
static void join(const canara_event_t *const *entry, size_t n, canara_key_t *out,
                 canara_event_t *event)
{
    size_t keys = 0;
    double at = 0.0;
    for (size_t i = 0; i < n; i++) {
        const size_t count = entry[i]->of.keystrokes.count;
        const canara_key_t *const k = entry[i]->of.keystrokes.keys;
        for (size_t j = 0; j < count && keys < TEXT_MAX; j++, keys++) {
            out[keys] = k[j];
            out[keys].down_ms += at;
            out[keys].up_ms += at;
        }
        at = 2.0 * out[keys - 1].down_ms - out[keys > 1 ? keys - 2 : 0].down_ms;
    }
    *event = *entry[0];
    event->of.keystrokes.keys = out;
    event->of.keystrokes.count = keys;
}

/* The same as a summary tells it. */
static canara_event_t summary_of(const canara_event_t *e, double interval[TEXT_MAX])
{
    const size_t n = e->of.keystrokes.count;
    for (size_t i = 1; i < n; i++) {
        interval[i - 1] =
            (e->of.keystrokes.keys[i].down_ms - e->of.keystrokes.keys[i - 1].down_ms) / 1000.0;
    }
    return (canara_event_t){.kind = CANARA_TYPING_PATTERN,
                            .has = CANARA_F_KEY_PRESS_INTERVALS,
                            .of.typing = {.key_press_intervals = interval, .intervals = n - 1}};
}

static void add(struct bot_typed *t, const canara_event_t *e, bool bare)
{
    double interval[TEXT_MAX];
    const canara_event_t summary = summary_of(e, interval);
    bot_typed_add(t, bare ? &summary : e);
}

static void weigh(const canara_event_t *const *entry, size_t n, const struct kind *kind, bool bare,
                  struct rows *out)
{
    static const char names[SETS_MAX + 1] = "abcdefgh";
    static canara_key_t keys[TEXT_MAX];
    struct bot_typed t = {.fields = 0};
    canara_event_t text;
    if (kind->text) {
        join(entry, n, keys, &text);
        add(&t, &text, bare);
    }
    for (size_t i = 0; !kind->text && i < n; i++) {
        canara_event_t one = *entry[i];
        one.of.keystrokes.field = (canara_text_t){&names[kind->fields ? i : 0], 1};
        add(&t, &one, bare);
    }
    struct row *const row = &out->at[out->count];
    row->columns = bot_typed_ratios(&t, row->x);
    row->alike = bot_typed_alike(&t);
    out->count += bot_typed_margin(&t, &row->shipped);
}

/* As people typed it, or as a script does: BOT_SCRIPTS is nobody. */
struct hand {
    enum bot_script script;
    bool bare;
    struct rng rng;
};

/* The entries that a session is made after. */
struct model {
    const canara_event_t *const *entry;
    size_t entries;
    const struct bot_typed_pool
        *pool; /* of the entries' set; one for each of them where they are of several */
    bool several;
};

static void type(struct hand *hand, const struct model *like, const struct kind *kind,
                 struct rows *out)
{
    static canara_key_t keys[ENTRIES_MAX][BOT_TYPIST_KEYS];
    canara_event_t typed[ENTRIES_MAX];
    const canara_event_t *entry[ENTRIES_MAX];
    struct bot_typist typist;
    if (hand->script == BOT_SCRIPTS) {
        weigh(like->entry, like->entries, kind, hand->bare, out);
        return;
    }
    bot_typist_begin(&typist, hand->script, &hand->rng);
    for (size_t i = 0; i < like->entries; i++) {
        bot_typist_types(&typist, like->entry[i], &like->pool[like->several ? i : 0], &hand->rng,
                         keys[i]);
        typed[i] = *like->entry[i];
        typed[i].of.keystrokes.keys = keys[i];
        entry[i] = &typed[i];
    }
    weigh(entry, like->entries, kind, hand->bare, out);
}

/* One entry of each set by the user who is the first set's u-th: 0 where one has none. */
static size_t across(const struct people *p, size_t u, size_t i,
                     const canara_event_t *out[ENTRIES_MAX])
{
    for (size_t s = 0; s < p->sets; s++) {
        const struct own *found = NULL;
        for (size_t v = 0; v < p->owns[s] && found == NULL; v++) {
            found = strcmp(p->own[s][v].user, p->own[0][u].user) == 0 ? &p->own[s][v] : NULL;
        }
        if (found == NULL || found->entries <= i) {
            return 0;
        }
        out[s] = found->entry[i];
    }
    return p->sets;
}

static void make_across(const struct people *p, const struct kind *kind, struct hand *hand,
                        struct rows *out)
{
    const canara_event_t *entry[ENTRIES_MAX];
    for (size_t u = 0; u < p->owns[0]; u++) {
        for (size_t i = 0; i < p->own[0][u].entries; i++) {
            const struct model like = {entry, across(p, u, i, entry), p->pool, true};
            if (like.entries > 0) {
                type(hand, &like, kind, out);
            }
        }
    }
}

static void make(const struct people *p, const struct kind *kind, struct hand *hand,
                 struct rows *out)
{
    out->count = 0;
    rng_seed(&hand->rng, 1 + (uint64_t)hand->script);
    if (kind->fields) {
        make_across(p, kind, hand, out);
        return;
    }
    for (size_t s = 0; s < p->sets; s++) {
        for (size_t u = 0; u < p->owns[s]; u++) {
            const struct own *const own = &p->own[s][u];
            for (size_t i = 0; i + kind->entries <= own->entries; i += kind->entries) {
                const struct model like = {own->entry + i, kind->entries, &p->pool[s], false};
                type(hand, &like, kind, out);
            }
        }
    }
}

static bool room_for(const struct people *p, struct rows *rows)
{
    for (size_t s = 0; s < p->sets; s++) {
        rows->room += p->pool[s].entries;
    }
    rows->at = calloc(rows->room + 1, sizeof *rows->at);
    return rows->at != NULL;
}

/* ---- weights ---- */

struct weights {
    double of[BOT_TYPED_RATIOS];
    bool learned;
};

/* Sessions of the teaching kinds, people's and the teaching scripts', as one matrix. */
struct lesson {
    double *x, *weight;
    uint8_t *label;
    size_t rows, columns;
};

static void take(struct lesson *l, const struct rows *rows, bool bot)
{
    for (size_t i = 0; i < rows->count; i++, l->rows++) {
        memcpy(l->x + l->rows * l->columns, rows->at[i].x + 1, l->columns * sizeof *l->x);
        l->weight[l->rows] = 1.0 / (double)rows->count;
        l->label[l->rows] = bot;
    }
}

static bool learn(const struct people *p, bool bare, struct weights *out)
{
    struct rows rows = {.at = NULL};
    struct logistic model;
    bool good = room_for(p, &rows);
    const size_t most = rows.room * TEACHING_KINDS * (1 + BOT_SCRIPT_TEACHING) + 1;
    struct lesson l = {.x = calloc(most * COLUMNS, sizeof *l.x),
                       .weight = calloc(most, sizeof *l.weight),
                       .label = calloc(most, sizeof *l.label),
                       .columns = (bare ? BOT_TYPED_BARE : BOT_TYPED_RATIOS) - 1};
    good = good && l.x != NULL && l.weight != NULL && l.label != NULL;
    for (size_t k = 0; good && k < TEACHING_KINDS; k++) {
        for (unsigned s = 0; s <= BOT_SCRIPT_TEACHING; s++) {
            struct hand hand = {
                .script = s < BOT_SCRIPT_TEACHING ? (enum bot_script)s : BOT_SCRIPTS, .bare = bare};
            make(p, &kinds[k], &hand, &rows);
            take(&l, &rows, s < BOT_SCRIPT_TEACHING);
        }
    }
    const struct logistic_data data = {.x = l.x,
                                       .label = l.label,
                                       .weight = l.weight,
                                       .rows = l.rows,
                                       .columns = l.columns,
                                       .ridge = 2e-3};
    good = good && !failed(logistic_fit(&data, &model));
    *out = (struct weights){.learned = good};
    out->of[0] = good ? model.bias : 0.0;
    for (size_t c = 0; good && c < l.columns; c++) {
        out->of[c + 1] = model.weight[c] / model.scale[c];
        out->of[0] -= out->of[c + 1] * model.mean[c];
    }
    free(l.x);
    free(l.weight);
    free(l.label);
    free(rows.at);
    return good;
}

/* ---- rates ---- */

static void scores_of(const struct rows *rows, const struct weights *w, double *out)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *const r = &rows->at[i];
        double sum = r->alike;
        for (size_t c = 0; c < r->columns; c++) {
            sum += w->of[c] * r->x[c];
        }
        out[i] = w->learned ? sum : r->shipped;
    }
}

/* How many of n sorted numbers are below x. */
static size_t below(const double *sorted, size_t n, double x)
{
    size_t low = 0;
    while (n > 0) {
        const bool right = sorted[low + n / 2] < x;
        low += right ? n / 2 + 1 : 0;
        n = right ? n - n / 2 - 1 : n / 2;
    }
    return low;
}

static void print_script(const char *name, const double *people, size_t n, const double *bots,
                         size_t count)
{
    double wins = 0.0;
    double at_001 = 0.0;
    double at_010 = 0.0;
    const double limit_001 = people[n - 1 - n / 100];
    const double limit_010 = people[n - 1 - n / 10];
    for (size_t i = 0; i < count; i++) {
        wins += (double)below(people, n, bots[i]);
        at_001 += bots[i] > limit_001;
        at_010 += bots[i] > limit_010;
    }
    const double all = (double)count;
    (void)printf("    %-12s auc %.3f, at 1 %% %.3f, at 10 %% %.3f\n", name, wins / (double)n / all,
                 at_001 / all, at_010 / all);
}

static bool rate(const struct people *p, bool bare, const struct weights *w)
{
    struct rows rows = {.at = NULL};
    bool good = room_for(p, &rows);
    double *const people = calloc(rows.room + 1, sizeof *people);
    double *const bots = calloc(rows.room + 1, sizeof *bots);
    good = good && people != NULL && bots != NULL;
    for (size_t k = 0; good && k < KINDS; k++) {
        struct hand hand = {.script = BOT_SCRIPTS, .bare = bare};
        make(p, &kinds[k], &hand, &rows);
        const size_t n = rows.count;
        if (n == 0) {
            continue;
        }
        scores_of(&rows, w, people);
        numbers_sort(people, n);
        (void)printf("%s, %s: %zu of people, median %.2f, 99 %% %.2f, largest %.2f\n",
                     kinds[k].name, bare ? "intervals alone" : "keys", n, people[n / 2],
                     people[n - 1 - n / 100], people[n - 1]);
        for (unsigned s = 0; s < BOT_SCRIPTS; s++) {
            hand.script = (enum bot_script)s;
            make(p, &kinds[k], &hand, &rows);
            scores_of(&rows, w, bots);
            print_script(bot_script_name(hand.script), people, n, bots, rows.count);
        }
    }
    free(people);
    free(bots);
    free(rows.at);
    return good;
}

static bool go(const struct people *teachers, const struct people *others)
{
    bool good = true;
    for (int bare = 0; good && bare < 2; bare++) {
        struct weights w = {.learned = false};
        if (teachers->sets > 0) {
            good = learn(teachers, bare != 0, &w);
            (void)printf("weights:");
            for (size_t c = 0; c < (bare != 0 ? BOT_TYPED_BARE : BOT_TYPED_RATIOS); c++) {
                (void)printf(" %.3f", w.of[c]);
            }
            (void)printf("\n");
        }
        good = good && rate(others, bare != 0, &w);
    }
    return good;
}

int main(int argc, char **argv)
{
    struct people teachers = {.sets = 0};
    struct people others = {.sets = 0};
    int cut = 1;
    if (argc < 2) {
        (void)printf("skipped: lab_bot_typed_bench DIR... needs data sets\n");
        return 0;
    }
    while (cut < argc && strcmp(argv[cut], "--") != 0) {
        cut++;
    }
    const bool learns = cut < argc;
    const bool good = (!learns || (open_sets(&teachers, argv + 1, cut - 1) &&
                                   open_sets(&others, argv + cut + 1, argc - cut - 1))) &&
                      (learns || open_sets(&others, argv + 1, argc - 1)) && go(&teachers, &others);
    close_sets(&teachers);
    close_sets(&others);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see that both were closed */
    return good ? 0 : 1;
}
