#include "app/evaluate/evaluate_checks.h"

#include "app/cli/command.h"
#include "app/cli/whole_file.h"
#include "app/evaluate/set_notes.h"
#include "base/util.h"
#include "engine/profile/samples_of.h"
#include "lab/sets/dataset_order.h"
#include "lab/trials/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- outputs ---- */

int evaluate_check_outputs(const struct evaluate_run *r)
{
    const struct evaluate_given *const g = r->given;
    const char *const path[] = {g->json_file, g->scores, g->det, g->reliability};
    char words[96] = "";
    if (g->reliability != NULL && r->options.detector != DETECTOR_FULL) {
        return evaluate_wrong("--reliability",
                              "the scores of this detector are no likelihood ratios");
    }
    for (size_t i = 0; i < ARRAY_LEN(path); i++) {
        const err_t e = path[i] == NULL ? ERR_OK : whole_file_check(path[i]);
        if (failed(e)) {
            return evaluate_broken(path[i], evaluate_words(e, words));
        }
    }
    return EXIT_CODE_DONE;
}

/* ---- the detector ---- */

/* What enrolment holds, looked at until there is something to compare. */
struct look {
    enum detector detector;
    bool compares;
    bool holds[SAMPLE_KINDS];
};

static void look_at(void *ctx, const struct sample *s)
{
    struct look *const l = ctx;
    l->holds[s->kind] = true;
    l->compares = l->compares || judge_compares(l->detector, s->kind);
}

static void look_at_model(const struct dataset *set, const struct dataset_model *m, struct look *l)
{
    struct sample work;
    for (size_t i = 0; i < m->enrols && !l->compares; i++) {
        const struct dataset_session *const s = dataset_session(set, m->enrol[i]);
        for (size_t e = s->first; e < (size_t)s->first + s->count && !l->compares; e++) {
            samples_of(&dataset_event(set, e)->event, &work, look_at, l);
        }
    }
}

int evaluate_check_detector(const struct evaluate_run *r)
{
    struct look l = {.detector = r->options.detector};
    for (size_t m = 0; m < dataset_models(r->set) && !l.compares; m++) {
        look_at_model(r->set, dataset_model(r->set, m), &l);
    }
    const bool holds_any = memchr(l.holds, 1, sizeof l.holds) != NULL;
    if (l.compares || !holds_any) {
        return EXIT_CODE_DONE;
    }
    return evaluate_wrong(
        "--detector",
        judge_is_reference(l.detector)
            ? "manhattan and scaled-manhattan do not compare free text, and the set "
              "enrols nothing else; one-class, ratio and full do"
            : "one-class and ratio do not compare strokes and movements of a pointer, "
              "and the set enrols nothing else; full, manhattan and scaled-manhattan "
              "do");
}

/* ---- the set ---- */

static void tell(const struct evaluate_run *r, const char *what)
{
    (void)fprintf(stderr, "canara evaluate: %s: %s\n", r->given->dir, what);
}

/* What a sample has no room for is not looked at: that is said. */
static void tell_long_vectors(const struct dataset *set)
{
    size_t vectors = 0;
    for (size_t i = 0; i < dataset_events(set); i++) {
        const canara_event_t *const e = &dataset_event(set, i)->event;
        vectors += e->kind == CANARA_FEATURES && e->of.features.count > SAMPLE_FEATURES_MAX;
    }
    if (vectors > 0) {
        (void)fprintf(stderr,
                      "canara evaluate: %zu vectors have more than %d values: those behind are not "
                      "looked at\n",
                      vectors, SAMPLE_FEATURES_MAX);
    }
}

static void tell_joined(const struct dataset *set)
{
    if (dataset_joined(set) > 0) {
        (void)fprintf(
            stderr,
            "canara evaluate: %zu pieces of free text were put together with those before them: a server "
            "would have to be sent %d keys at a time\n",
            dataset_joined(set), TEXT_KEYS_MIN);
    }
}

static void tell_disorder(const struct evaluate_run *r)
{
    char words[2][256];
    const struct dataset_disorder d = dataset_disorder(r->set);
    const size_t lines = dataset_disorder_words(&d, words);
    for (size_t i = 0; i < lines; i++) {
        tell(r, words[i]);
    }
}

/* Trials of a label, of the impostors that are asked for. */
static size_t trials_of(const struct evaluate_run *r, enum dataset_label label)
{
    size_t n = 0;
    for (size_t m = 0; m < dataset_models(r->set); m++) {
        const struct dataset_model *const model = dataset_model(r->set, m);
        const struct dataset_trials t =
            r->options.practised && label == DATASET_IMPOSTOR ? model->practised : model->trials;
        for (size_t i = 0; i < t.count; i++) {
            n += t.at[i].label == label;
        }
    }
    return n;
}

static bool is_of_people(const struct evaluate_run *r)
{
    return dataset_models(r->set) > 0;
}

void evaluate_tell_set(const struct evaluate_run *r)
{
    set_notes_tell("canara evaluate", r->given->dir, r->set);
    tell_long_vectors(r->set);
    tell_joined(r->set);
    tell_disorder(r);
    if (is_of_people(r) && trials_of(r, DATASET_IMPOSTOR) == 0) {
        tell(r, "has no impostor trial: there are no error rates without");
    }
    if (is_of_people(r) && trials_of(r, DATASET_GENUINE) == 0) {
        tell(r, "has no genuine trial: there are no error rates without");
    }
    const char *const name = dataset_about(r->set)->name;
    if (r->given->against != NULL && strcmp(r->past.dataset, name) != 0) {
        (void)fprintf(
            stderr,
            "canara evaluate: --against: is of the data set %s, and this one is %s: users "
            "are paired by the names of their models alone\n",
            r->past.dataset, name);
    }
}

/* Figures would else be the same with every background, and nobody would know why. */
static void tell_own_texts(const struct evaluate_run *r)
{
    const size_t fields = r->contest.left_out;
    if (fields > 0) {
        (void)fprintf(
            stderr,
            "canara evaluate: %s: %zu %s typed by each person with a text, or a rhythm, of "
            "his own: the background says nothing there; owners are compared with keys of "
            "any field, or held against themselves\n",
            r->given->dir, fields, fields == 1 ? "field is" : "fields are");
    }
}

void evaluate_tell_unmeasured(const struct evaluate_run *r)
{
    size_t genuine = 0;
    size_t impostors = 0;
    tell_own_texts(r);
    if (r->evaluation.scored == 0) {
        tell(r,
             "not one trial could be scored, so no figure exists: a model has to hold five samples "
             "of a kind that the detector compares, with most of their values "
             "(docs/engine/datasets.md)");
        return;
    }
    for (size_t u = 0; u < r->evaluation.count; u++) {
        genuine += r->evaluation.users[u].genuine_count;
        impostors += r->evaluation.users[u].impostor_count;
    }
    if (genuine == 0 && trials_of(r, DATASET_GENUINE) > 0) {
        tell(r, "no genuine trial could be scored: there are no error rates without");
    }
    if (impostors == 0 && trials_of(r, DATASET_IMPOSTOR) > 0) {
        tell(r,
             r->options.background == BACKGROUND_FOLDS
                 ? "no impostor trial could be scored: impostors of --background folds:K are the "
                   "others of the owner's fold; take fewer folds, or pairs:K"
                 : "no impostor trial could be scored: there are no error rates without");
    }
}

void evaluate_tell_misleading(const struct evaluate_run *r)
{
    const double cllr = r->report.measures.value[FIGURE_CLLR];
    if (cllr > 1.0) { /* false for NaN: scores that are no likelihood ratios */
        (void)fprintf(
            stderr,
            "canara evaluate: %s: Cllr is %.3f: as evidence these scores mislead, since to "
            "say nothing would cost 1.000; %s\n",
            r->given->dir, cllr,
            r->options.background == BACKGROUND_NONE && r->given->model == NULL
                ? "the built-in model knows no people of this kind (docs/evaluation.md)"
                : "the people of the background may be too few, or others (docs/evaluation.md)");
    }
}
