/* contest_test.c - who may be known of in a trial, and who may not. */
#include "lab/trials/contest.h"

#include "base/rng.h"
#include "base/util.h"
#include "lab/sets/set_writer.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PLAYERS = 4, OTHERS = 12, KEYS = 6, ENROL = 12, GENUINE = 4, LESSONS = 10 };

struct habits {
    double hold[KEYS], gap[KEYS];
};

static struct habits habits_of(uint64_t seed)
{
    struct habits h = {.hold = {0.0}};
    struct rng r;
    rng_seed(&r, seed);
    for (size_t i = 0; i < KEYS; i++) {
        h.hold[i] = 60.0 + (double)rng_below(&r, 80);
        h.gap[i] = 120.0 + 180.0 * (double)(i % 3 == 1) + (double)rng_below(&r, 120); /* one text */
    }
    return h;
}

/* Session `name` of a user: one entry. */
static void write_session(struct set_writer *w, size_t user, const char *kind, size_t number,
                          uint64_t seed)
{
    struct habits h = habits_of(seed);
    struct rng r;
    canara_key_t keys[KEYS] = {0};
    char id[48];
    char email[48];
    rng_seed(&r, user * 1000 + number * 10 + (uint64_t)kind[0]);
    double now = 0.0;
    for (size_t i = 0; i < KEYS; i++) {
        keys[i].down_ms = round(now * 10.0) / 10.0;
        keys[i].up_ms = round((now + h.hold[i] * exp(0.1 * rng_normal(&r))) * 10.0) / 10.0;
        keys[i].key_class = CANARA_KEY_DIGIT;
        now += h.gap[i] * exp(0.1 * rng_normal(&r));
    }
    const canara_event_t event = {
        .kind = CANARA_KEYSTROKES,
        .has = (uint32_t)CANARA_F_FIELD | (uint32_t)CANARA_F_KEYS,
        .of.keystrokes = {.field = {"phone", 5}, .keys = keys, .count = KEYS}};
    (void)snprintf(id, sizeof id, "%s%zu-%zu", kind, user, number);
    (void)snprintf(email, sizeof email, "u%zu@x.example", user);
    set_writer_session(w, id, email);
    set_writer_event(w, (wall_t){1750000000000 + (int64_t)number * 86400000}, &event);
}

/* What differs from one made set to the next. */
struct how {
    size_t odd; /* this user's background sessions are somebody else's hands */
    bool taken; /* those of the first were by an impostor on his account */
    bool apart; /* the background is of people who are in no trial */
};

static void write_rows(struct set_writer *w, size_t m, bool taken)
{
    char id[48];
    char model[48];
    (void)snprintf(model, sizeof model, "m%zu", m);
    for (size_t i = 0; i < ENROL; i++) {
        (void)snprintf(id, sizeof id, "s%zu-%zu", m, i);
        set_writer_enrol(w, model, id);
    }
    for (size_t i = 0; i < (size_t)PLAYERS * GENUINE; i++) {
        const size_t u = i / GENUINE;
        (void)snprintf(id, sizeof id, "s%zu-%zu", u, ENROL + i % GENUINE);
        set_writer_trial(w, model, id, u == m ? DATASET_GENUINE : DATASET_IMPOSTOR);
    }
    for (size_t i = 0; i < LESSONS && taken && m == 0; i++) {
        (void)snprintf(id, sizeof id, "b0-%zu", i);
        set_writer_trial(w, model, id, DATASET_IMPOSTOR);
    }
}

static void write_background(const char *dir, size_t first)
{
    char path[2 * SCRATCH_PATH];
    (void)snprintf(path, sizeof path, "%s/background.tsv", dir);
    FILE *const f = fopen(path, "w");
    assert_non_null(f);
    for (size_t i = first * LESSONS; i < (size_t)(PLAYERS + OTHERS) * LESSONS; i++) {
        (void)fprintf(f, "b%zu-%zu\n", i / LESSONS, i % LESSONS);
    }
    assert_int_equal(fclose(f), 0);
}

static void write_set(const char *dir, struct how how)
{
    static const struct dataset_info about = {
        .name = "phone", .source = "test", .licence = "none", .modality = "keystrokes", .note = ""};
    struct set_writer *w = NULL;
    assert_false(failed(set_writer_open(&w, dir, &about)));
    for (size_t u = 0; u < PLAYERS + OTHERS; u++) {
        for (size_t i = 0; i < ENROL + GENUINE && u < PLAYERS; i++) {
            write_session(w, u, "s", i, u);
        }
        for (size_t i = 0; i < LESSONS; i++) {
            write_session(w, u, "b", i, u == how.odd ? 77 : u);
        }
    }
    for (size_t m = 0; m < PLAYERS; m++) {
        write_rows(w, m, how.taken);
    }
    assert_false(failed(set_writer_finish(&w)));
    write_background(dir, how.apart ? PLAYERS : 0);
}

static uint64_t bits_of(double x)
{
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static struct dataset *made(const struct scratch *dir, const char *name, struct how how)
{
    char path[SCRATCH_PATH];
    struct dataset *set = NULL;
    struct dataset_fault fault;
    scratch_path(dir, name, path);
    write_set(path, how);
    if (failed(dataset_open(path, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    return set;
}

static void run(const struct dataset *set, enum background background, size_t folds, size_t threads,
                struct contest *out)
{
    const struct contest_options options = {
        .detector = DETECTOR_FULL, .background = background, .folds = folds, .threads = threads};
    assert_ok(contest_run(set, &options, out));
    assert_in_range(out->bouts, PLAYERS * PLAYERS * GENUINE, PLAYERS * PLAYERS * GENUINE + LESSONS);
    for (size_t i = 0; i < out->bouts; i++) {
        assert_true(isfinite(out->bout[i].score));
    }
}

/* What a person did beside the trials teaches nothing where he is owner or impostor. */
static void owner_and_impostor_are_left_out_of_a_named_background(void **state)
{
    (void)state;

    enum { ODD = 1 };

    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *plain = made(&dir, "plain", (struct how){.odd = SIZE_MAX});
    CLEANUP(dataset_close) struct dataset *odd = made(&dir, "odd", (struct how){.odd = ODD});
    struct contest a;
    struct contest b;
    run(plain, BACKGROUND_PAIRS, 4096, 2, &a);
    run(odd, BACKGROUND_PAIRS, 4096, 2, &b);
    size_t differ = 0;
    for (size_t i = 0; i < a.bouts; i++) {
        const uint32_t owner = dataset_model(plain, a.bout[i].model)->user;
        const uint32_t other = dataset_session(plain, a.bout[i].session)->user;
        const bool same = bits_of(a.bout[i].score) == bits_of(b.bout[i].score);
        assert_true(a.bout[i].scored && b.bout[i].scored);
        if (owner == ODD || other == ODD) {
            assert_true(same);
        } else {
            differ += !same;
        }
    }
    assert_true(differ > 0);
    assert_true(a.checksum != b.checksum);
    contest_free(&a);
    contest_free(&b);
}

/* Whoever was on somebody's account teaches nobody, though the sessions stand in background.tsv. */
static void who_took_over_an_account_is_in_no_background(void **state)
{
    (void)state;

    static const struct {
        enum background background;
        size_t folds;
    } rows[] = {{BACKGROUND_PAIRS, 4096}, {BACKGROUND_PAIRS, 2}, {BACKGROUND_FOLDS, 2}};
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *plain = made(&dir, "mine", (struct how){.odd = SIZE_MAX, .taken = true});
    CLEANUP(dataset_close)
    struct dataset *odd = made(&dir, "others", (struct how){.odd = 0, .taken = true});
    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        struct contest a;
        struct contest b;
        run(plain, rows[r].background, rows[r].folds, 2, &a);
        run(odd, rows[r].background, rows[r].folds, 2, &b);
        assert_true(a.checksum == b.checksum);
        size_t taken = 0;
        for (size_t i = 0; i < a.bouts; i++) {
            const size_t user = dataset_session(plain, a.bout[i].session)->user;
            const bool unknown = dataset_victim(plain, user) != DATASET_NO_USER;
            taken += unknown && a.bout[i].scored && b.bout[i].scored;
            assert_true(unknown || bits_of(a.bout[i].score) == bits_of(b.bout[i].score));
        }
        assert_int_equal(taken, LESSONS);
        contest_free(&a);
        contest_free(&b);
    }
}

/* Who is in no trial is never left out: there is one model for everybody, and one to train. */
static void the_same_teachers_teach_once(void **state)
{
    (void)state;

    static const struct {
        enum background background;
        size_t folds, all,
            apart; /* models trained with a background of everybody, of others alone */
    } rows[] = {{BACKGROUND_PAIRS, 4096, 10, 1},
                {BACKGROUND_PAIRS, 2, 3, 1},
                {BACKGROUND_FOLDS, 2, 2, 1},
                {BACKGROUND_NONE, 0, 0, 0}};
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *all = made(&dir, "all", (struct how){.odd = SIZE_MAX});
    CLEANUP(dataset_close)
    struct dataset *apart = made(&dir, "apart", (struct how){.odd = SIZE_MAX, .apart = true});
    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        struct contest c;
        run(all, rows[r].background, rows[r].folds, 3, &c);
        assert_int_equal(c.taught, rows[r].all);
        contest_free(&c);
        run(apart, rows[r].background, rows[r].folds, 3, &c);
        assert_int_equal(c.taught, rows[r].apart);
        contest_free(&c);
    }
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = made(&dir, "plain", (struct how){.odd = SIZE_MAX});
    struct contest one;
    struct contest four;
    run(set, BACKGROUND_PAIRS, 3, 1, &one);
    run(set, BACKGROUND_PAIRS, 3, 4, &four);
    for (size_t i = 0; i < one.bouts; i++) {
        assert_true(bits_of(one.bout[i].score) == bits_of(four.bout[i].score));
    }
    assert_true(one.checksum == four.checksum);
    contest_free(&one);
    contest_free(&four);
}

static void every_background_scores_what_it_may(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = made(&dir, "plain", (struct how){.odd = SIZE_MAX});

    static const enum background all[] = {BACKGROUND_NONE, BACKGROUND_FOLDS, BACKGROUND_PAIRS};

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct contest c;
        run(set, all[i], 2, 2, &c);
        size_t scored = 0;
        for (size_t k = 0; k < c.bouts; k++) {
            scored += c.bout[k].scored;
        }
        /* two of four are in each fold: the impostors of the other fold are none of folds:2 */
        assert_int_equal(scored, all[i] == BACKGROUND_FOLDS ? c.bouts / 2 : c.bouts);
        contest_free(&c);
    }
    struct contest c = {.bouts = 7};
    const struct contest_options closed = {
        .detector = DETECTOR_FULL, .background = BACKGROUND_ALL, .threads = 2};
    assert_err(contest_run(set, &closed, &c), ERR_RANGE); /* four people are too few */
    assert_int_equal(c.bouts, 7);
    const struct contest_options broken = {.detector = DETECTOR_FULL,
                                           .background = BACKGROUND_NONE,
                                           .model = SPAN_INIT("no model at all"),
                                           .threads = 1};
    assert_err(contest_run(set, &broken, &c), ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owner_and_impostor_are_left_out_of_a_named_background),
        cmocka_unit_test(who_took_over_an_account_is_in_no_background),
        cmocka_unit_test(the_same_teachers_teach_once),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(every_background_scores_what_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
