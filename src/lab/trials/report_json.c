#include "codec/json_write.h"
#include "lab/trials/report.h"

#include <math.h>

void report_init(struct report *r)
{
    *r = (struct report){.anga = NAN,
                         .ania = NAN,
                         .never_detected = NAN,
                         .absorbed_impostors = NAN,
                         .failure_to_enrol = NAN,
                         .seconds = NAN,
                         .measures.mean_eer_sd = NAN};
    for (size_t f = 0; f < FIGURES; f++) {
        r->measures.value[f] = NAN;
        r->interval[f] = (struct interval){NAN, NAN};
    }
}

static void write_double(struct json_writer *w, double value)
{
    if (isfinite(value)) {
        json_number(w, value);
        return;
    }
    json_nil(w);
}

static void named_double(struct json_writer *w, const char *name, double value)
{
    json_name(w, name);
    write_double(w, value);
}

static void named_text(struct json_writer *w, const char *name, const char *value)
{
    json_name(w, name);
    if (value == NULL) {
        json_nil(w);
        return;
    }
    json_cstr(w, value);
}

static void named_count(struct json_writer *w, const char *name, size_t value)
{
    json_name(w, name);
    json_uint(w, value);
}

static void figure_value(struct json_writer *w, const struct report *r, enum figure f)
{
    named_double(w, figure_key(f), r->measures.value[f]);
}

/* "KEY_ci": [lo, hi], or null. */
static void figure_interval(struct json_writer *w, const struct report *r, enum figure f)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s_ci", figure_key(f));
    json_name(w, name);
    if (!isfinite(r->interval[f].lo) || !isfinite(r->interval[f].hi)) {
        json_nil(w);
        return;
    }
    json_begin_array(w);
    json_number(w, r->interval[f].lo);
    json_number(w, r->interval[f].hi);
    json_end_array(w);
}

static void people_figures(struct json_writer *w, const struct report *r)
{
    figure_value(w, r, FIGURE_MEAN_EER);
    named_double(w, "mean_eer_sd", r->measures.mean_eer_sd);
    figure_interval(w, r, FIGURE_MEAN_EER);
    figure_value(w, r, FIGURE_GLOBAL_EER);
    figure_interval(w, r, FIGURE_GLOBAL_EER);

    static const enum figure rest[] = {
        FIGURE_ZERO_MISS_FAR, FIGURE_AUC,     FIGURE_CLLR,    FIGURE_CLLR_MIN, FIGURE_ECE,
        FIGURE_BRIER,         FIGURE_FRR_070, FIGURE_FAR_070, FIGURE_FRR_090,  FIGURE_FAR_090};

    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        figure_value(w, r, rest[i]);
    }
    named_double(w, "anga", r->anga);
    named_double(w, "ania", r->ania);
    named_double(w, "never_detected", r->never_detected);
    named_double(w, "absorbed_impostors", r->absorbed_impostors);
    named_double(w, "failure_to_enrol", r->failure_to_enrol);
}

static void bot_figures(struct json_writer *w, const struct report *r)
{
    static const enum figure all[] = {FIGURE_AUC, FIGURE_DETECTION_FAR_001,
                                      FIGURE_DETECTION_FAR_010};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        figure_value(w, r, all[i]);
        figure_interval(w, r, all[i]);
    }
}

static void fold_figures(struct json_writer *w, const struct report_fold *f)
{
    json_begin_object(w);
    named_text(w, "family", f->family);
    named_count(w, "families", f->families);
    named_text(w, "device", f->device);
    named_count(w, "devices", f->devices);
    named_count(w, "sessions_human", f->humans);
    named_count(w, "sessions_bot", f->bots);
    named_double(w, "auc", f->auc);
    named_double(w, figure_key(FIGURE_DETECTION_FAR_001), f->at_far_001);
    named_double(w, figure_key(FIGURE_DETECTION_FAR_010), f->at_far_010);
    json_end_object(w);
}

/* How many sessions of whom there were, and what was left out. */
static void bot_counts(struct json_writer *w, const struct report *r)
{
    named_count(w, "sessions", r->measures.genuine + r->measures.impostor);
    named_count(w, "sessions_human", r->measures.genuine);
    named_count(w, "sessions_bot", r->measures.impostor);
    named_text(w, "interval_over", r->interval_over);
    json_name(w, "folds");
    json_begin_array(w);
    for (size_t f = 0; f < r->fold_count; f++) {
        fold_figures(w, &r->folds[f]);
    }
    json_end_array(w);
}

static void per_user(struct json_writer *w, const struct report *r)
{
    if (r->users == NULL || r->user_eer == NULL) {
        return;
    }
    json_name(w, "per_user");
    json_begin_array(w);
    for (size_t u = 0; u < r->user_count; u++) {
        json_begin_object(w);
        named_text(w, "model", r->users[u].model);
        named_double(w, "eer", r->user_eer[u]);
        json_end_object(w);
    }
    json_end_array(w);
}

err_t report_write_json(const struct report *r, struct buf *out)
{
    if (r->seed > INT64_MAX) {
        return err_new(ERR_RANGE);
    }
    const size_t before = out->len;
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w);
    named_text(&w, "dataset", r->dataset);
    named_text(&w, "detector", r->detector);
    named_text(&w, "background", r->background);
    named_text(&w, "adapt", r->adapt);
    named_count(&w, "users", r->measures.users);
    if (r->kind == REPORT_BOTS) {
        bot_counts(&w, r);
        bot_figures(&w, r);
    } else {
        named_count(&w, "trials_genuine", r->measures.genuine);
        named_count(&w, "trials_impostor", r->measures.impostor);
        named_count(&w, "trials_unscored_genuine", r->unscored_genuine);
        named_count(&w, "trials_unscored_impostor", r->unscored_impostor);
        people_figures(&w, r);
    }
    named_double(&w, "seconds", r->seconds);
    named_text(&w, "commit", r->commit);
    named_text(&w, "model_version", r->model_version);
    json_name(&w, "seed");
    json_uint(&w, r->seed);
    if (r->kind == REPORT_PEOPLE) {
        per_user(&w, r);
    }
    json_end_object(&w);
    TRY(json_finish(&w));
    const err_t ended = buf_append_byte(out, '\n');
    out->len = failed(ended) ? before : out->len;
    return ended;
}
