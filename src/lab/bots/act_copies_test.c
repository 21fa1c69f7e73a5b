/* act_copies_test.c - machines that send people's own acts again. */
#include "lab/bots/act_copies.h"

#include "base/util.h"
#include "lab/bots/boost_client.h"
#include "lab/bots/train_acts.h"
#include "lab/sets/set_writer.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>

enum { PEOPLE = 4, EACH = 40, ACTS = PEOPLE * EACH, KEYS = 12, VALUES_MAX = 12 };

/* How many sessions of each of two families; a session is one act. */
struct machines {
    size_t copies, scripts;
    double noise_ms; /* of the copies */
    size_t values;   /* 0: entries; else vectors, copied exactly */
};

struct act {
    canara_key_t key[KEYS];
    double value[VALUES_MAX];
};

/* A pace of his own for each place. */
static void person_acts(size_t person, struct rng *r, struct act *act)
{
    double at = 0.0;
    for (size_t i = 0; i < KEYS; i++) {
        const double own = 120.0 + 40.0 * (double)((i * (person + 3) + person) % 7);
        const double hold = 80.0 + 10.0 * (double)((i + 2 * person) % 5);
        at += i > 0 ? round(own * exp(0.2 * rng_normal(r))) : 0.0;
        act->key[i] =
            (canara_key_t){.down_ms = at, .up_ms = at + round(hold * exp(0.15 * rng_normal(r)))};
    }
    for (size_t i = 0; i < VALUES_MAX; i++) {
        act->value[i] = (double)((i * (person + 3)) % 7) + rng_normal(r);
    }
}

static void script_acts(struct rng *r, struct act *act)
{
    double at = 0.0;
    for (size_t i = 0; i < KEYS; i++) {
        at += i > 0 ? round(rng_between(r, 60.0, 400.0)) : 0.0;
        act->key[i] = (canara_key_t){.down_ms = at, .up_ms = at + round(rng_between(r, 50, 120))};
    }
    for (size_t i = 0; i < VALUES_MAX; i++) {
        act->value[i] = rng_between(r, 0.0, 7.0);
    }
}

static void add_noise(double ms, struct rng *r, struct act *act)
{
    double before = 0.0;
    for (size_t i = 0; i < KEYS && ms > 0.0; i++) {
        canara_key_t *const k = &act->key[i];
        k->down_ms = fmax(round(k->down_ms + ms * rng_normal(r)), before);
        before = k->down_ms;
        k->up_ms = fmax(round(k->up_ms + ms * rng_normal(r)), k->down_ms + 1.0);
    }
}

static void write_session(struct set_writer *w, size_t number, const char *user,
                          enum dataset_label label, const struct act *act, size_t values)
{
    char id[32];
    const canara_event_t vector = {
        .kind = CANARA_FEATURES,
        .has = CANARA_F_VALUES,
        .of.features = {.name = {"v", 1}, .values = act->value, .count = values}};
    const canara_event_t entry = {
        .kind = CANARA_KEYSTROKES,
        .has = CANARA_F_FIELD | CANARA_F_KEYS,
        .of.keystrokes = {.field = {"password", 8}, .keys = act->key, .count = KEYS}};
    (void)snprintf(id, sizeof id, "s%zu", number);
    set_writer_session(w, id, user);
    set_writer_event(w, (wall_t){1750000000000 + (int64_t)number * 100000},
                     values > 0 ? &vector : &entry);
    set_writer_trial(w, "-", id, label);
}

/* The same people whatever the machines are. */
static struct dataset *open_set(struct scratch *dir, struct machines m)
{
    static const struct dataset_info about = {
        .name = "copies", .source = "test", .licence = "none", .modality = "mixed", .note = ""};
    static struct act acts[ACTS];
    char path[SCRATCH_PATH];
    char user[32];
    struct set_writer *w = NULL;
    struct dataset *set = NULL;
    struct dataset_fault fault;
    struct rng r;
    size_t number = 0;
    rng_seed(&r, 5);
    scratch_path(dir, "set", path);
    assert_false(failed(set_writer_open(&w, path, &about)));
    for (; number < ACTS; number++) {
        person_acts(number % PEOPLE, &r, &acts[number]);
        (void)snprintf(user, sizeof user, "person%zu@x.invalid", number % PEOPLE);
        write_session(w, number, user, DATASET_HUMAN, &acts[number], m.values);
    }
    for (size_t i = 0; i < m.scripts; i++) {
        struct act act;
        script_acts(&r, &act);
        write_session(w, number++, "script@x.invalid", DATASET_BOT, &act, m.values);
    }
    for (size_t i = 0; i < m.copies; i++) {
        struct act act = acts[i * 7 % ACTS];
        add_noise(m.noise_ms, &r, &act);
        write_session(w, number++, "copies@x.invalid", DATASET_BOT, &act, m.values);
    }
    assert_false(failed(set_writer_finish(&w)));
    if (failed(dataset_open(path, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    return set;
}

static void copies_are_counted_and_scripts_are_none(void **state)
{
    (void)state;

    static const struct {
        struct machines given;
        size_t least, most;
    } cases[] = {
        {{.copies = 30, .scripts = 60}, 30, 30},
        {{.copies = 30, .scripts = 60, .noise_ms = 4.0}, 28, 30},
        {{.copies = 30, .scripts = 60, .noise_ms = 80.0}, 0, 0}, /* copies no more */
        {{.copies = 0, .scripts = 60}, 0, 0},
        {{.copies = 30, .scripts = 60, .values = VALUES_MAX}, 30, 30},
        {{.copies = 30, .scripts = 60, .values = 2}, 0, 0}, /* alike by chance */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close) struct dataset *set = open_set(&dir, cases[i].given);
        CLEANUP(act_copies_deinit) struct act_copies found = {.first = NULL};
        const enum bot_act kind = cases[i].given.values > 0 ? BOT_ACT_VECTOR : BOT_ACT_TYPED;
        assert_false(failed(act_copies_find(set, set, &found)));
        assert_int_equal(found.machines[kind], cases[i].given.copies + cases[i].given.scripts);
        if (found.copies[kind] < cases[i].least || found.copies[kind] > cases[i].most) {
            fail_msg("case %zu: %zu copies", i, found.copies[kind]);
        }
        assert_false(act_copies_are_most(&found, kind));
    }
}

/* ---- what is learned ---- */

/* Skip, and say why, where the optional program was not built. */
static void need_boost(void)
{
    if (!boost_is_here()) {
        (void)fputs("skipped: canara-boost not found: build with libxgboost-dev\n", stderr);
        skip();
    }
}

/* Learn, the first person left out, with or without the copies that the set has. */
static void learn(const struct dataset *set, bool with_copies, struct act_trees *out)
{
    static const bool without[PEOPLE + 2] = {true};
    CLEANUP(act_lesson_free) struct act_lesson *lesson = NULL;
    CLEANUP(act_copies_deinit) struct act_copies found = {.first = NULL};
    char why[BOOST_WHY_BYTES] = "";
    act_trees_init(out);
    assert_false(failed(act_copies_find(set, set, &found)));
    assert_false(failed(act_lesson_new(1, &lesson)));
    assert_false(failed(act_lesson_add_set(lesson, set, without, with_copies ? NULL : &found)));
    if (failed(act_lesson_fit(lesson, out, why))) {
        fail_msg("%s", why);
    }
}

struct sum {
    const struct act_trees *trees;
    double margin, acts;
};

static err_t add_first_person(void *ctx, const struct act_met *met)
{
    struct sum *const s = ctx;
    if (met->user == 0) {
        s->margin += trees_margin(&s->trees->trees[met->act->kind], met->act->x);
        s->acts += 1.0;
    }
    return ERR_OK;
}

/* Mean margin of the acts of the person who was left out. */
static double margin_left_out(struct machines m, bool with_copies)
{
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = open_set(&dir, m);
    CLEANUP(act_trees_deinit) struct act_trees t;
    learn(set, with_copies, &t);
    struct sum s = {.trees = &t};
    assert_false(failed(act_walk(set, SIZE_MAX, NULL, add_first_person, &s)));
    assert_int_equal((int)s.acts, EACH);
    return s.margin / s.acts;
}

static void copies_make_no_machine_of_those_they_copy(void **state)
{
    (void)state;

    static const double noise_ms[] = {0.0, 4.0};

    need_boost();
    const double absent = margin_left_out((struct machines){.scripts = 60}, false);
    for (size_t i = 0; i < sizeof noise_ms / sizeof *noise_ms; i++) {
        const struct machines m = {.copies = 50, .scripts = 60, .noise_ms = noise_ms[i]};
        const double learned = margin_left_out(m, true);
        const double passed = margin_left_out(m, false);
        if (!(passed <= absent + 0.3) || !(learned > absent + 1.0)) {
            fail_msg("%g ms: %g, with copies %g, never there %g", noise_ms[i], passed, learned,
                     absent);
        }
    }
}

static void who_copies_nobody_is_learned_as_before(void **state)
{
    (void)state;
    need_boost();
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *set =
        open_set(&dir, (struct machines){.copies = 30, .scripts = 60, .noise_ms = 80.0});
    CLEANUP(act_trees_deinit) struct act_trees one;
    CLEANUP(act_trees_deinit) struct act_trees two;
    learn(set, true, &one);
    learn(set, false, &two);
    const struct buf *const a = &one.bytes[BOT_ACT_TYPED];
    const struct buf *const b = &two.bytes[BOT_ACT_TYPED];
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->ptr, b->ptr, a->len);
}

static void of_copies_alone_nothing_is_learned(void **state)
{
    (void)state;
    need_boost();
    static const struct machines all[] = {{.copies = 60, .scripts = 20},
                                          {.copies = 60, .scripts = 20, .values = VALUES_MAX}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close) struct dataset *set = open_set(&dir, all[i]);
        CLEANUP(act_trees_deinit) struct act_trees t;
        learn(set, false, &t);
        assert_false(t.learned[BOT_ACT_TYPED] || t.learned[BOT_ACT_VECTOR]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_counted_and_scripts_are_none),
        cmocka_unit_test(copies_make_no_machine_of_those_they_copy),
        cmocka_unit_test(who_copies_nobody_is_learned_as_before),
        cmocka_unit_test(of_copies_alone_nothing_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
