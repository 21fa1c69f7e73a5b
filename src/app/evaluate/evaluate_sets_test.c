/* evaluate_sets_test.c - sets of every form, of people who differ and of people who do not. */
#include "app/evaluate/made_sets_test.h"

enum { PEOPLE = 16, ENROL = 12, GENUINE = 6, IMPOSTOR = 2, STROKES = 4, ROWS = 4, ALIKE = 5 };

typedef void (*act_fn)(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p);

static void act_password(struct set_writer *w, wall_t at, struct rng *r,
                         const struct made_person *p)
{
    made_entry(w, at, r, p,
               &(struct made_entry){"password", 12, CANARA_KEY_OTHER, false, true, false});
}

static void act_phone(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p)
{
    made_entry(w, at, r, p,
               &(struct made_entry){"phone", 10, CANARA_KEY_DIGIT, false, true, false});
}

static void act_pin(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p)
{
    made_entry(w, at, r, p, &(struct made_entry){"mpin", 6, CANARA_KEY_OTHER, false, false, false});
}

static void act_text(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p)
{
    made_entry(w, at, r, p,
               &(struct made_entry){"note", 120, CANARA_KEY_LETTER, true, false, false});
}

static void act_swipes(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p)
{
    for (size_t i = 0; i < STROKES; i++) {
        made_swipe(w, (wall_t){at.ms + 2000 * (int64_t)i}, r, p, false);
    }
}

static void act_vectors(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p)
{
    for (size_t i = 0; i < ROWS; i++) {
        made_features(w, (wall_t){at.ms + 1000 * (int64_t)i}, r, p, "gait-2_x", 7);
    }
}

static void act_number(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p)
{
    for (size_t i = 0; i < ROWS; i++) {
        made_features(w, (wall_t){at.ms + 1000 * (int64_t)i}, r, p, "one", 1);
    }
}

static void act_many(struct set_writer *w, wall_t at, struct rng *r, const struct made_person *p)
{
    act_phone(w, at, r, p);
    act_pin(w, (wall_t){at.ms + 20000}, r, p);
    act_vectors(w, (wall_t){at.ms + 60000}, r, p);
}

static void name(char out[32], size_t user, size_t number)
{
    (void)snprintf(out, 32, "s%zu-%zu", user, number);
}

static void make(struct lab_desk *d, const char *set, act_fn act, size_t people, bool differ)
{
    struct rng r;
    rng_seed(&r, 11);
    struct set_writer *const w = made_open(d, set);
    for (size_t u = 0; u < people; u++) {
        const struct made_person p = made_person(&r, differ);
        for (size_t i = 0; i < ENROL + GENUINE; i++) {
            char id[32];
            act(w, made_session(w, u, i, id), &r, &p);
        }
    }
    for (size_t m = 0; m < people; m++) {
        char id[32];
        char model[32];
        (void)snprintf(model, sizeof model, "m%zu", m);
        for (size_t i = 0; i < ENROL; i++) {
            name(id, m, i);
            set_writer_enrol(w, model, id);
        }
        for (size_t u = 0; u < people; u++) {
            for (size_t i = 0; i < (u == m ? GENUINE : IMPOSTOR); i++) {
                name(id, u, ENROL + i);
                set_writer_trial(w, model, id, u == m ? DATASET_GENUINE : DATASET_IMPOSTOR);
            }
        }
    }
    made_close(w);
}

/* clang-format off */
static const struct {
    const char *name;
    act_fn act;
    double most; /* the equal error rate of people who differ */
} forms[] = {
    {"password", act_password, .05},
    {"phone",    act_phone,    .05},
    {"pin",      act_pin,      .15},
    {"text",     act_text,     .15},
    {"swipes",   act_swipes,   .15},
    {"vectors",  act_vectors,  .10},
    {"number",   act_number,   .35},
    {"many",     act_many,     .05},
};

/* clang-format on */

static void people_who_differ_are_told_apart_in_every_form(void **state)
{
    struct lab_desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        make(d, forms[i].name, forms[i].act, PEOPLE, true);
        const double eer = made_figure(d, "--background folds:2", "mean_eer");
        if (!(eer >= 0.0 && eer <= forms[i].most)) {
            fail_msg("%s: mean EER %g", forms[i].name, eer);
        }
    }
}

static void people_who_are_alike_are_not(void **state)
{
    struct lab_desk *d = *state;
    for (size_t i = 0; i < ALIKE; i++) {
        make(d, forms[i].name, forms[i].act, PEOPLE, false);
        const double eer = made_figure(d, "--background folds:2", "global_eer");
        if (!(eer > 0.38 && eer < 0.62)) {
            fail_msg("%s: global EER %g", forms[i].name, eer);
        }
    }
}

static void every_detector_goes_with_every_background(void **state)
{
    static const char *const detectors[] = {"manhattan", "scaled-manhattan", "one-class", "ratio",
                                            "full"};
    static const char *const backgrounds[] = {"none", "all", "folds:3", "pairs:3"};
    struct lab_desk *d = *state;
    make(d, "phone", act_phone, PEOPLE, true);
    for (size_t i = 0; i < ARRAY_LEN(detectors); i++) {
        for (size_t k = 0; k < ARRAY_LEN(backgrounds); k++) {
            char rest[128];
            (void)snprintf(rest, sizeof rest, "--detector %s --background %s", detectors[i],
                           backgrounds[k]);
            const double eer = made_figure(d, rest, "mean_eer");
            const bool known = strcmp(backgrounds[k], "none") != 0 || i < 3;
            if (!(eer >= 0.0 && eer <= (known ? 0.15 : 0.4))) {
                fail_msg("%s: mean EER %g", rest, eer);
            }
        }
    }
}

static void few_people_are_measured_too(void **state)
{
    struct lab_desk *d = *state;
    static const size_t people[] = {2, 3, 7};
    char set[32];
    for (size_t i = 0; i < ARRAY_LEN(people); i++) {
        (void)snprintf(set, sizeof set, "few-%zu", people[i]);
        make(d, set, act_pin, people[i], true);
        const double eer = made_figure(d, "", "mean_eer");
        assert_true(eer >= 0.0 && eer <= 0.5);
        assert_non_null(
            strstr(d->err, "too few people for --background pairs:6: eight are needed"));
        assert_non_null(strstr(d->err, "the built-in model"));
    }
}

/* Too few when the folds of two people are left out, and not when those two are: their own kind is known then. */
static void ten_people_are_known_two_at_a_time(void **state)
{
    struct lab_desk *d = *state;
    make(d, "ten", act_pin, 10, true);
    assert_true(made_figure(d, "", "mean_eer") <= 0.3);
    assert_non_null(strstr(d->err, "two people at a time were left out"));
    assert_non_null(strstr(d->out, "leave-two-out"));
    (void)made_figure(d, "--background leave-two-out", "mean_eer");
    assert_null(strstr(d->err, "too few people"));
}

/* Seven in the third fold are one less than it takes. */
static void three_folds_take_twentyfour_people(void **state)
{
    struct lab_desk *d = *state;
    make(d, "21", act_pin, 21, true);
    (void)made_figure(d, "--background pairs:3 --replicates 10", "mean_eer");
    assert_non_null(strstr(d->err, "too few people for --background pairs:3: eight are needed"));
    make(d, "24", act_pin, 24, true);
    (void)made_figure(d, "--background pairs:3 --replicates 10", "mean_eer");
    assert_null(strstr(d->err, "too few people"));
}

/* Nobody else is learnt from: the figures are those of no background, and so is its name. */
static void a_detector_of_the_owner_alone_has_no_background(void **state)
{
    struct lab_desk *d = *state;
    make(d, "phone", act_phone, PEOPLE, true);
    const double none = made_figure(d, "--detector one-class --background none", "mean_eer");
    const double pairs = made_figure(d, "--detector one-class --background pairs:3", "mean_eer");
    assert_true(fabs(none - pairs) <= 0.0);
    assert_non_null(strstr(d->out, "\"background\":\"none\""));
    (void)made_figure(d, "--detector one-class --background folds:3", "mean_eer");
    assert_non_null(strstr(d->out, "\"background\":\"folds:3\"")); /* of the impostors */
}

static void a_detector_is_refused_for_what_it_does_not_compare(void **state)
{
    static const struct {
        const char *set, *detector, *says; /* NULL: it does */
    } rows[] = {
        {"swipes", "one-class", "do not compare strokes"},
        {"swipes", "ratio", "do not compare strokes"},
        {"swipes", "manhattan", NULL},
        {"text", "scaled-manhattan", "do not compare free text"},
        {"text", "one-class", NULL},
    };
    struct lab_desk *d = *state;
    make(d, "swipes", act_swipes, 4, true);
    make(d, "text", act_text, 4, true);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char rest[64];
        (void)snprintf(rest, sizeof rest, "--detector %s --replicates 10", rows[i].detector);
        scratch_path(&d->dir, rows[i].set, d->set);
        const int code = desk_run_on_set(d, "evaluate", rest);
        assert_int_equal(code, rows[i].says == NULL ? 0 : 2);
        assert_true(rows[i].says == NULL || strstr(d->err, rows[i].says) != NULL);
    }
}

static void what_leaves_nothing_to_measure_is_said(void **state)
{
    struct lab_desk *d = *state;
    make(d, "alone", act_phone, 1, true);
    assert_int_equal(desk_run_on_set(d, "evaluate", "--detector manhattan --replicates 10"), 0);
    assert_non_null(strstr(d->err, "has no impostor trial"));
}

/* Two people a fold at least, or somebody has no impostor: as many folds as that leaves, and no more. */
static void folds_are_as_many_as_pairs_of_people(void **state)
{
    static const struct {
        size_t people;
        const char *asked, *got; /* NULL: as asked */
        int impostors;
    } rows[] = {
        {4, "folds:4", "folds:2", 4 * 1 * IMPOSTOR},
        {4, "folds:2", NULL, 4 * 1 * IMPOSTOR},
        {5, "folds:3", "folds:2", (3 * 2 + 2 * 1) * IMPOSTOR},
        {3, "folds:4096", "folds:1", 3 * 2 * IMPOSTOR},
        {16, "folds:16", "folds:8", 16 * IMPOSTOR},
    };
    struct lab_desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[16];
        char rest[96];
        char says[64];
        (void)snprintf(name, sizeof name, "folds-%zu", i);
        make(d, name, act_phone, rows[i].people, true);
        (void)snprintf(rest, sizeof rest,
                       "--json --detector manhattan --background %s --replicates 10",
                       rows[i].asked);
        assert_int_equal(desk_run_on_set(d, "evaluate", rest), 0);
        CLEANUP(json_free) struct json *tree = made_json(d->out);
        assert_int_equal((int)made_number(tree, "trials_impostor"), rows[i].impostors);
        assert_int_equal((int)made_number(tree, "trials_unscored_impostor"), 0);
        (void)snprintf(says, sizeof says, "\"background\":\"%s\"",
                       rows[i].got == NULL ? rows[i].asked : rows[i].got);
        assert_non_null(strstr(d->out, says));
        (void)snprintf(says, sizeof says, "too few people for --background %s:", rows[i].asked);
        assert_int_equal(strstr(d->err, says) != NULL, rows[i].got != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_who_differ_are_told_apart_in_every_form, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(people_who_are_alike_are_not, desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(every_detector_goes_with_every_background, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(few_people_are_measured_too, desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(ten_people_are_known_two_at_a_time, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(three_folds_take_twentyfour_people, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(a_detector_of_the_owner_alone_has_no_background, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(a_detector_is_refused_for_what_it_does_not_compare,
                                        desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(folds_are_as_many_as_pairs_of_people, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(what_leaves_nothing_to_measure_is_said, desk_setup,
                                        desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
