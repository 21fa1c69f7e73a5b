#include "app/evaluate/evaluate_scores.h"

#include "app/cli/command.h"
#include "app/cli/whole_file.h"
#include "base/write_all.h"
#include "lab/statistics/llr.h"

enum { PIECE_BYTES = 64 * 1024, ROW_BYTES = 1024 };

/* What goes into a file a piece at a time. */
struct pen {
    struct buf text;
    int fd;
};

static err_t flush(struct pen *p)
{
    TRY(write_all(p->fd, buf_span(&p->text)));
    buf_clear(&p->text);
    return ERR_OK;
}

static err_t end_row(struct pen *p)
{
    TRY(buf_append_byte(&p->text, '\n'));
    return p->text.len < PIECE_BYTES ? ERR_OK : flush(p);
}

/* ---- people ---- */

static err_t write_bout(struct pen *p, const struct evaluate_run *r, const struct bout *b)
{
    TRY(buf_append_format(&p->text, "%s\t%s\t%s\t", dataset_model(r->set, b->model)->name,
                          dataset_session(r->set, b->session)->id,
                          b->genuine ? "genuine" : "impostor"));
    TRY(b->scored ? buf_append_format(&p->text, "%.17g", b->score)
                  : buf_append_byte(&p->text, '-'));
    if (r->evaluation.llr) {
        TRY(b->scored ? buf_append_format(&p->text, "\t%.6f", llr_risk(b->score))
                      : buf_append(&p->text, SPAN_LIT("\t-")));
    }
    if (r->options.adapt) {
        TRY(buf_append_format(&p->text, "\t%d", b->absorbed ? 1 : 0));
    }
    return end_row(p);
}

/* Those that the background leaves out were not tried. */
static err_t write_people(struct pen *p, const struct evaluate_run *r)
{
    TRY(buf_append_format(&p->text, "model\tsession\tlabel\tscore%s%s",
                          r->evaluation.llr ? "\trisk" : "", r->options.adapt ? "\tlearnt" : ""));
    TRY(end_row(p));
    for (size_t i = 0; i < r->contest.bouts; i++) {
        if (r->contest.bout[i].tried) {
            TRY(write_bout(p, r, &r->contest.bout[i]));
        }
    }
    return flush(p);
}

/* ---- bots ---- */

static err_t write_bots(struct pen *p, const struct evaluate_run *r)
{
    const struct dataset_trials trials = dataset_bot_trials(r->set);
    TRY(buf_append(&p->text, SPAN_LIT("model\tsession\tlabel\tscore\n")));
    for (size_t i = 0; i < trials.count; i++) {
        TRY(buf_append_format(
            &p->text, "-\t%s\t%s\t%.17g", dataset_session(r->set, trials.at[i].session)->id,
            trials.at[i].label == DATASET_BOT ? "bot" : "human", r->bots.trial_score[i]));
        TRY(end_row(p));
    }
    return flush(p);
}

static err_t write_scores(const struct evaluate_run *r)
{
    CLEANUP(whole_file_deinit) struct whole_file file = {.fd = -1};
    TRY(whole_file_begin(&file, r->given->scores));
    struct pen p = {.fd = file.fd};
    buf_init(&p.text, PIECE_BYTES + ROW_BYTES);
    const err_t e = r->report.kind == REPORT_BOTS ? write_bots(&p, r) : write_people(&p, r);
    buf_deinit(&p.text);
    TRY(e);
    return whole_file_done(&file);
}

int evaluate_scores(const struct evaluate_run *r)
{
    char words[96] = "";
    if (r->given->scores == NULL) {
        return EXIT_CODE_DONE;
    }
    const err_t e = write_scores(r);
    return failed(e) ? evaluate_broken(r->given->scores, evaluate_words(e, words)) : EXIT_CODE_DONE;
}
