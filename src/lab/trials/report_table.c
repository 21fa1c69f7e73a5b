#include "lab/trials/report.h"

#include <math.h>
#include <string.h>

struct table_row {
    enum figure figure;
    const char *words;
};

/* clang-format off */
static const struct table_row people_rows[] = {
    {FIGURE_MEAN_EER,      "equal error rate, mean over users"},
    {FIGURE_GLOBAL_EER,    "equal error rate, one threshold"},
    {FIGURE_ZERO_MISS_FAR, "genuine flagged when no impostor passes"},
    {FIGURE_AUC,           "area under the ROC curve"},
    {FIGURE_CLLR,          "Cllr, bits"},
    {FIGURE_CLLR_MIN,      "Cllr at best calibration, bits"},
    {FIGURE_ECE,           "expected calibration error"},
    {FIGURE_BRIER,         "Brier score"},
    {FIGURE_FRR_070,       "genuine challenged   (risk >= 0.7)"},
    {FIGURE_FAR_070,       "impostor unchallenged (risk < 0.7)"},
    {FIGURE_FRR_090,       "genuine blocked      (risk >= 0.9)"},
    {FIGURE_FAR_090,       "impostor not blocked  (risk < 0.9)"},
};
static const struct table_row bot_rows[] = {
    {FIGURE_AUC,               "area under the ROC curve"},
    {FIGURE_DETECTION_FAR_001, "bots found, 1 % of humans flagged"},
    {FIGURE_DETECTION_FAR_010, "bots found, 10 % of humans flagged"},
};

/* clang-format on */

static const char *or_dash(const char *text)
{
    return text == NULL ? "-" : text;
}

static err_t table_head(const struct report *r, struct buf *out)
{
    TRY(buf_append_format(out, "data set    %-24s  detector  %s\n", or_dash(r->dataset),
                          or_dash(r->detector)));
    TRY(buf_append_format(out, "background  %-24s  adapt     %s\n", or_dash(r->background),
                          or_dash(r->adapt)));
    if (r->kind == REPORT_BOTS) {
        TRY(buf_append_format(out, "sessions    %zu of humans, %zu of bots, of %zu users\n",
                              r->measures.genuine, r->measures.impostor, r->measures.users));
    } else {
        TRY(buf_append_format(out, "trials      %zu genuine, %zu impostor, of %zu users\n",
                              r->measures.genuine, r->measures.impostor, r->measures.users));
    }
    TRY(buf_append_format(out, "\n%-40s %8s   95 %% interval", "figure", "value"));
    return r->kind == REPORT_BOTS ? buf_append_format(out, " over %s\n", or_dash(r->interval_over))
                                  : buf_append_byte(out, '\n');
}

static err_t figure_row(const struct report *r, const struct table_row *row, struct buf *out)
{
    const double value = r->measures.value[row->figure];
    const struct interval i = r->interval[row->figure];
    if (!isfinite(value)) {
        return buf_append_format(out, "%-40s %8s\n", row->words, "-");
    }
    TRY(buf_append_format(out, "%-40s %8.4f", row->words, value));
    if (isfinite(i.lo) && isfinite(i.hi)) {
        TRY(buf_append_format(out, "   [%.4f, %.4f]", i.lo, i.hi));
    }
    if (row->figure == FIGURE_MEAN_EER && isfinite(r->measures.mean_eer_sd)) {
        TRY(buf_append_format(out, "  sd %.4f", r->measures.mean_eer_sd));
    }
    return buf_append_byte(out, '\n');
}

/* Only when it exists: most evaluations have no sessions or do not adapt. */
static err_t plain_row(const char *words, double value, struct buf *out)
{
    return isfinite(value) ? buf_append_format(out, "%-40s %8.6g\n", words, value) : ERR_OK;
}

/* A name without its domain, or how many there are. */
static err_t fold_side(const char *name, size_t count, const char *many, struct buf *out)
{
    const char *const text = or_dash(name);
    const size_t len = strcspn(text, "@");
    return count > 1 ? buf_append_format(out, "%zu %-21s", count, many)
                     : buf_append_format(out, "%-24.*s", (int)(len > 23 ? 23 : len), text);
}

static err_t share(double value, struct buf *out)
{
    return isfinite(value) ? buf_append_format(out, " %6.3f", value)
                           : buf_append_format(out, " %6s", "-");
}

/* What each fold of families and devices gave that was left out. */
static err_t fold_rows(const struct report *r, struct buf *out)
{
    if (r->fold_count > 0) {
        TRY(buf_append_format(out, "\n%-24s%-24s %9s %6s %6s\n", "left out: bots", "people", "AUC",
                              "1 %", "10 %"));
    }
    for (size_t i = 0; i < r->fold_count; i++) {
        const struct report_fold *const f = &r->folds[i];
        TRY(fold_side(f->family, f->families, "families", out));
        TRY(fold_side(f->device, f->devices, "users", out));
        TRY(buf_append_format(out, "   "));
        TRY(share(f->auc, out));
        TRY(share(f->at_far_001, out));
        TRY(share(f->at_far_010, out));
        TRY(buf_append_byte(out, '\n'));
    }
    return ERR_OK;
}

static err_t table(const struct report *r, struct buf *out)
{
    const bool bots = r->kind == REPORT_BOTS;
    const struct table_row *const rows = bots ? bot_rows : people_rows;
    const size_t count =
        bots ? sizeof bot_rows / sizeof *bot_rows : sizeof people_rows / sizeof *people_rows;
    TRY(table_head(r, out));
    for (size_t i = 0; i < count; i++) {
        TRY(figure_row(r, &rows[i], out));
    }
    if (!bots) {
        TRY(plain_row("actions until the owner is locked out", r->anga, out));
        TRY(plain_row("actions until an impostor is locked out", r->ania, out));
        TRY(plain_row("impostors never detected", r->never_detected, out));
        TRY(plain_row("impostors learnt from", r->absorbed_impostors, out));
        TRY(plain_row("failures to enrol", r->failure_to_enrol, out));
    }
    TRY(fold_rows(r, out));
    TRY(buf_append_format(out, "\nseed %llu, model %s, commit %s", (unsigned long long)r->seed,
                          or_dash(r->model_version), or_dash(r->commit)));
    if (isfinite(r->seconds)) {
        TRY(buf_append_format(out, ", %.1f s", r->seconds));
    }
    return buf_append_byte(out, '\n');
}

err_t report_write_table(const struct report *r, struct buf *out)
{
    const size_t before = out->len;
    const err_t written = table(r, out);
    out->len = failed(written) ? before : out->len;
    return written;
}

err_t report_write_difference(const struct bootstrap_difference *d, const struct report_past *past,
                              struct buf *out)
{
    return buf_append_format(out,
                             "against %s, %s: mean EER %+.4f [%+.4f, %+.4f], p = %.3g, "
                             "%zu users in both\n",
                             past->dataset, past->detector, d->mean, d->interval.lo, d->interval.hi,
                             d->p, d->users);
}
