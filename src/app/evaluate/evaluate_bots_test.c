/* evaluate_bots_test.c - sets of humans and bots, from the command line to the figures. */
#include "app/evaluate/made_sets_test.h"
#include "lab/bots/boost_client.h"
#include "lab/bots/bot_seen.h"
#include "lab/trials/report_keys_test.h"

enum { EACH = 30, USERS = 4 };

/* What a session of a person or a machine holds. */
typedef void (*act_fn)(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p,
                       bool bot);

static void act_pointer(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p,
                        bool bot)
{
    (void)p;
    canara_point_t point[BOT_HAND_POINTS];
    const size_t n = bot ? made_hand(r, BOT_HAND_STEPS, point) : made_drawing(r, point);
    made_path(w, at, CANARA_POINTER, point, n);
}

static void act_keys(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p,
                     bool bot)
{
    made_entry(w, at, r, p,
               &(struct made_entry){"search", 14, CANARA_KEY_LETTER, false, false, bot});
}

static void act_touch(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p,
                      bool bot)
{
    made_swipe(w, at, r, p, bot);
}

static void act_mixed(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p,
                      bool bot)
{
    act_keys(w, at, r, p, bot);
    act_touch(w, (wall_t){at.ms + 9000}, r, p, bot);
    act_pointer(w, (wall_t){at.ms + 30000}, r, p, bot);
}

/* Two people, two families (or one), EACH sessions each. */
static void make_bots(struct lab_desk *d, const char *name, act_fn act, size_t families)
{
    struct rng r;
    rng_seed(&r, 5);
    struct set_writer *const w = made_open(d, name);
    for (size_t u = 0; u < 2 + families; u++) {
        const struct made_person p = made_person(&r, true);
        for (size_t i = 0; i < EACH; i++) {
            char id[32];
            const wall_t at = made_session(w, u, i, id);
            act(w, at, &r, &p, u >= 2);
            set_writer_trial(w, "-", id, u < 2 ? DATASET_HUMAN : DATASET_BOT);
        }
    }
    made_close(w);
}

static void append(const struct lab_desk *d, const char *file, const char *text)
{
    char path[2 * SCRATCH_PATH];
    (void)snprintf(path, sizeof path, "%s/%s", d->set, file);
    FILE *const f = fopen(path, "a");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void machines_are_told_from_people_whatever_they_do(void **state)
{
    static const struct {
        const char *name;
        act_fn act;
        double auc, found; /* at least; a hand that is a formula itself is no person's */
    } rows[] = {{"pointer", act_pointer, 0.8, 0.35},
                {"keys", act_keys, 0.95, 0.9},
                {"touch", act_touch, 0.95, 0.9},
                {"mixed", act_mixed, 0.95, 0.9}};
    struct lab_desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        make_bots(d, rows[i].name, rows[i].act, 2);
        const double auc = made_figure(d, "", "auc");
        const double found = made_figure(d, "", "detection_at_far_001");
        if (auc < rows[i].auc || found < rows[i].found) {
            fail_msg("%s: auc %g, detection %g", rows[i].name, auc, found);
        }
    }
}

static void each_session_is_listed_with_its_score(void **state)
{
    struct lab_desk *d = *state;
    char rest[2 * SCRATCH_PATH];
    char file[SCRATCH_PATH];
    static char text[DESK_TEXT];
    size_t bots = 0;
    size_t people = 0;
    make_bots(d, "keys", act_keys, 2);
    scratch_path(&d->dir, "scores.tsv", file);
    (void)snprintf(rest, sizeof rest, "--json --replicates 20 --scores %s", file);
    assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
    desk_load(file, text);
    assert_memory_equal(text, "model\tsession\tlabel\tscore\n-\t", 28);
    for (const char *at = text; (at = strstr(at, "\tbot\t")) != NULL; at++) {
        bots++;
    }
    for (const char *at = text; (at = strstr(at, "\thuman\t")) != NULL; at++) {
        people++;
    }
    assert_int_equal(bots, 2 * EACH);
    assert_int_equal(people, 2 * EACH);
}

static bool trainer_is_missing(void)
{
    if (!boost_is_here()) {
        (void)fputs("skipped: canara-boost not found: build with libxgboost-dev\n", stderr);
        return true;
    }
    return false;
}

/* Numbers that go together where a hand made them. */
static void act_vectors(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p,
                        bool bot)
{
    (void)p;
    for (int i = 0; i < 5; i++) {
        const double one = rng_normal(r);
        const double values[] = {one, bot ? rng_normal(r) : one + 0.2 * rng_normal(r), NAN};
        const canara_event_t event = {
            .kind = CANARA_FEATURES,
            .has = CANARA_F_VALUES,
            .of.features = {.name = {"swipe", 5}, .values = values, .count = ARRAY_LEN(values)}};
        set_writer_event(w, (wall_t){at.ms + 1000 * (int64_t)i}, &event);
    }
}

/* People type, machines touch. */
static void act_apart(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p,
                      bool bot)
{
    (bot ? act_touch : act_keys)(w, at, r, p, bot);
}

/* Keys, touches and vectors: nothing ships for them, so that the set itself is learned from. */
static void without_movements_acts_are_learned_and_left_out(void **state)
{
    static const struct {
        const char *name;
        act_fn act;
    } rows[] = {{"keys", act_keys}, {"touch", act_touch}, {"vectors", act_vectors}};
    struct lab_desk *d = *state;
    if (trainer_is_missing()) {
        skip();
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        make_bots(d, rows[i].name, rows[i].act, 2);
        assert_int_equal(desk_run_on_set(d, "evaluate", "--json --replicates 20"), 0);
        assert_non_null(strstr(d->out, "\"background\":\"pairs:6\""));
        CLEANUP(json_free) struct json *tree = made_json(d->out);
        assert_int_equal(json_count(json_get(tree, "folds")), 4);
        assert_true(made_number(tree, "auc") > 0.95);
        assert_int_equal(desk_run_on_set(d, "evaluate", "--background none --replicates 20 --json"),
                         0);
        assert_non_null(strstr(d->out, "\"background\":\"none\""));
    }
}

static void without_anything_to_learn_from_nothing_is_left_out_and_that_is_told(void **state)
{
    static const char *const backgrounds[] = {"pairs:2", "folds:2"};
    struct lab_desk *d = *state;
    make_bots(d, "apart", act_apart, 2);
    const double plain = made_figure(d, "", "auc");
    for (size_t i = 0; i < ARRAY_LEN(backgrounds); i++) {
        char options[80];
        (void)snprintf(options, sizeof options, "--json --replicates 20 --background %s",
                       backgrounds[i]);
        assert_int_equal(desk_run_on_set(d, "evaluate", options), 0);
        assert_non_null(strstr(d->err, "have nothing in common that could be learned from"));
        assert_non_null(strstr(d->out, "\"background\":\"none\""));
        CLEANUP(json_free) struct json *tree = made_json(d->out);
        assert_near(made_number(tree, "auc"), plain, 1e-12, backgrounds[i]);
    }
}

static void the_keys_are_those_of_the_format(void **state)
{
    struct lab_desk *d = *state;
    make_bots(d, "keys", act_keys, 2);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--json --replicates 20"), 0);
    CLEANUP(json_free) struct json *tree = made_json(d->out);
    REPORT_HAS_BOT_KEYS(tree);
    assert_int_equal((int)made_number(tree, "users"), USERS);
    assert_int_equal((int)made_number(tree, "sessions_human"), 2 * EACH);
    assert_int_equal(json_count(json_get(tree, "auc_ci")), 2);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--replicates 20"), 0);
    assert_non_null(strstr(d->out, "60 of humans, 60 of bots, of 4 users"));
    assert_non_null(strstr(d->out, "bots found, 1 % of humans flagged"));
}

static void an_empty_enrolment_and_unknown_events_do_no_harm(void **state)
{
    struct lab_desk *d = *state;
    make_bots(d, "keys", act_keys, 2);
    const double before = made_figure(d, "", "auc");
    FILE *const enrol = desk_open(d, "enrol.tsv");
    assert_int_equal(fclose(enrol), 0);
    append(d, "events.jsonl",
           "{\"timestamp\":\"2025-06-15T09:00:00.000Z\",\"event_type\":\"wink\",\"data\":{},"
           "\"session_id\":\"odd\",\"user_email\":\"odd@canara.example\"}\n");
    assert_near(made_figure(d, "", "auc"), before, 1e-12, "auc");
    append(d, "trials.tsv", "-\todd\thuman\n");
    assert_true(made_figure(d, "", "auc") > 0.9);
}

static void a_recorded_session_is_found_when_it_is_played_again(void **state)
{
    struct lab_desk *d = *state;
    struct rng r;
    rng_seed(&r, 8);
    struct set_writer *const w = made_open(d, "replays");
    const struct made_person p = made_person(&r, true);
    for (size_t i = 0; i < (size_t)2 * EACH; i++) {
        char id[32];
        const wall_t at = made_session(w, 0, i, id);
        struct rng same;
        rng_seed(&same, i % EACH); /* the second half does what the first half did */
        act_keys(w, at, &same, &p, false);
        act_keys(w, (wall_t){at.ms + 20000}, &same, &p, false);
        set_writer_trial(w, "-", id, i < EACH ? DATASET_HUMAN : DATASET_BOT);
    }
    made_close(w);
    assert_true(made_figure(d, "", "detection_at_far_001") > 0.95);
}

static void families_are_left_out_when_it_is_asked_for(void **state)
{
    struct lab_desk *d = *state;
    if (trainer_is_missing()) {
        skip();
    }
    make_bots(d, "pointer", act_pointer, 2);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--background pairs:6 --replicates 20"), 0);
    assert_non_null(strstr(d->out, "left out: bots"));
    assert_non_null(strstr(d->out, "pairs:6"));
    assert_int_equal(desk_run_on_set(d, "evaluate", "--background folds:2 --replicates 20 --json"),
                     0);
    CLEANUP(json_free) struct json *tree = made_json(d->out);
    assert_int_equal(json_count(json_get(tree, "folds")), 2);
}

static void a_set_that_was_learned_from_is_known_by_its_movements(void **state)
{
    struct lab_desk *d = *state;
    struct dataset *set = NULL;
    struct dataset_fault fault;
    uint64_t *hash = NULL;
    size_t count = 0;
    make_bots(d, "pointer", act_pointer, 2);
    assert_false(failed(dataset_open(d->set, &set, &fault)));
    const struct bot_seen shipped = bot_seen_shipped();
    assert_false(bot_seen_any(&shipped, set));
    assert_false(failed(bot_seen_add(set, &hash, &count)));
    assert_int_equal(count, (size_t)USERS * BOT_SEEN_EACH);
    assert_true(bot_seen_any(&(struct bot_seen){hash, count}, set));
    for (size_t i = 1; i < shipped.count; i++) {
        assert_true(shipped.hash[i - 1] < shipped.hash[i]);
    }
    free(hash);
    dataset_close(&set);
}

static void what_bots_have_no_use_for_is_refused(void **state)
{
    static const struct {
        const char *rest;
        int code;
        const char *says;
    } rows[] = {
        {"--detector ratio", 2, "--detector: bots are told by the detector full alone"},
        {"--model x", 2, "--model: a model holds people"},
        {"--others x", 2, "--others: needs a --background"},
        {"--impostors practised", 1, "has no file trials-practised.tsv"},
        {"--reliability /tmp/x", 2, "--reliability: "},
    };
    struct lab_desk *d = *state;
    make_bots(d, "keys", act_keys, 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const int code = desk_run_on_set(d, "evaluate", rows[i].rest);
        if (code != rows[i].code || strstr(d->err, rows[i].says) == NULL) {
            fail_msg("%s: %d, %s", rows[i].rest, code, d->err);
        }
        assert_ptr_equal(strchr(d->err, '\n'), d->err + strlen(d->err) - 1);
    }
    FILE *const trials = desk_open(d, "trials.tsv");
    (void)fputs("-\ts0-0\thuman\n", trials);
    assert_int_equal(fclose(trials), 0);
    assert_int_equal(desk_run_on_set(d, "evaluate", ""), 1);
    assert_non_null(strstr(d->err, "needs trials of both humans and bots"));
}

/* No script of ours swipes: with one family there is nothing to learn of, where it is left out. */
static void one_family_of_touches_is_told_by_rules(void **state)
{
    struct lab_desk *d = *state;
    make_bots(d, "touch", act_touch, 1);
    const double plain = made_figure(d, "", "auc");
    assert_int_equal(desk_run_on_set(d, "evaluate", "--json --replicates 20 --background pairs:6"),
                     0);
    assert_non_null(strstr(d->err, "have nothing in common that could be learned from"));
    assert_non_null(strstr(d->out, "\"background\":\"none\""));
    CLEANUP(json_free) struct json *tree = made_json(d->out);
    assert_near(made_number(tree, "auc"), plain, 1e-12, "auc");
}

/* Trials of the first person and of all bots. */
static void keep_one_person(const struct lab_desk *d)
{
    FILE *const trials = desk_open(d, "trials.tsv");
    for (size_t i = 0; i < EACH; i++) {
        assert_true(fprintf(trials, "-\ts0-%zu\thuman\n-\ts2-%zu\tbot\n", i, i) > 0);
    }
    assert_int_equal(fclose(trials), 0);
}

/* One person, or nobody to learn with: the figures are those of what ships, and are named so. */
static void what_cannot_be_left_out_is_scored_with_what_ships(void **state)
{
    static const struct {
        const char *rest, *says;
    } rows[] = {
        {"--background all", "--background all: a set of humans and bots enrols nobody; nobody is"},
        {"--background folds:2", "--background folds:2: leaving out takes bots and two users"},
        {"--background pairs:6", "--background pairs:6: leaving out takes bots and two users"},
        {"--background leave-two-out", "--background leave-two-out: leaving out takes bots"},
        {"--background none --adapt gated", "--adapt gated: nothing is learnt between trials"},
        {"--seed 1", "is not learned: leaving out takes bots and two users of people"},
    };
    struct lab_desk *d = *state;
    make_bots(d, "keys", act_keys, 1);
    keep_one_person(d);
    const double plain = made_figure(d, "", "auc");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char options[96];
        (void)snprintf(options, sizeof options, "--json --replicates 20 %s", rows[i].rest);
        assert_int_equal(desk_run_on_set(d, "evaluate", options), 0);
        assert_non_null(strstr(d->err, rows[i].says));
        assert_ptr_equal(strchr(d->err, '\n'), d->err + strlen(d->err) - 1);
        assert_non_null(strstr(d->out, "\"background\":\"none\",\"adapt\":\"off\""));
        CLEANUP(json_free) struct json *tree = made_json(d->out);
        assert_near(made_number(tree, "auc"), plain, 1e-12, rows[i].rest);
    }
}

/* A trainer that is not there, and one that gives nothing. */
static void without_a_trainer_that_works_nobody_is_left_out(void **state)
{
    static const struct {
        const char *program, *says;
    } rows[] = {
        {"/nonexistent", "--background pairs:2: leaving out takes the program canara-boost"},
        {"/bin/true", "--background pairs:2: canara-boost gave bad trees"},
    };
    struct lab_desk *d = *state;
    make_bots(d, "pointer", act_pointer, 2);
    const double plain = made_figure(d, "", "auc");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        /* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
        assert_int_equal(setenv("CANARA_BOOST", rows[i].program, 1), 0);
        const int code =
            desk_run_on_set(d, "evaluate", "--json --replicates 20 --background pairs:2");
        assert_int_equal(unsetenv("CANARA_BOOST"), 0);
        /* NOLINTEND(concurrency-mt-unsafe) */
        assert_int_equal(code, 0);
        if (strstr(d->err, rows[i].says) == NULL) {
            fail_msg("%s", d->err);
        }
        assert_non_null(strstr(d->err, "nobody is left out, the detector that ships scores"));
        assert_non_null(strstr(d->out, "\"background\":\"none\""));
        CLEANUP(json_free) struct json *tree = made_json(d->out);
        assert_near(made_number(tree, "auc"), plain, 1e-12, rows[i].program);
    }
}

/* A set of a kind that nothing ships for, and nobody asked for a background: that it is scored by hand is told. */
static void what_is_not_learned_by_itself_is_told(void **state)
{
    struct lab_desk *d = *state;
    make_bots(d, "keys", act_keys, 2);
    /* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
    assert_int_equal(setenv("CANARA_BOOST", "/nonexistent", 1), 0);
    const int code = desk_run_on_set(d, "evaluate", "--json --replicates 20");
    assert_int_equal(unsetenv("CANARA_BOOST"), 0);
    /* NOLINTEND(concurrency-mt-unsafe) */
    assert_int_equal(code, 0);
    assert_non_null(strstr(d->err, "is not learned: leaving out takes the program canara-boost"));
    assert_non_null(strstr(d->out, "\"background\":\"none\""));

    make_bots(d, "touch", act_touch, 1);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--json --replicates 20"), 0);
    assert_non_null(strstr(d->err, "have nothing in common that could be learned from"));

    make_bots(d, "pointer", act_pointer, 2);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--json --replicates 20"), 0);
    assert_string_equal(d->err, ""); /* a detector ships */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_session_is_listed_with_its_score, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(machines_are_told_from_people_whatever_they_do, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(without_movements_acts_are_learned_and_left_out, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(
            without_anything_to_learn_from_nothing_is_left_out_and_that_is_told, desk_setup,
            desk_teardown),
        cmocka_unit_test_setup_teardown(what_is_not_learned_by_itself_is_told, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(one_family_of_touches_is_told_by_rules, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(the_keys_are_those_of_the_format, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(an_empty_enrolment_and_unknown_events_do_no_harm,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(a_recorded_session_is_found_when_it_is_played_again,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(families_are_left_out_when_it_is_asked_for, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(a_set_that_was_learned_from_is_known_by_its_movements,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_left_out_is_scored_with_what_ships,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(without_a_trainer_that_works_nobody_is_left_out, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(what_bots_have_no_use_for_is_refused, desk_setup,
                                        desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
