#include "lab/people/model_about.h"

#include "base/util.h"
#include "engine/people/model.h"

#include <inttypes.h>

const char *model_kind_name(unsigned kind)
{
    /* clang-format off */
    static const char *const names[SAMPLE_KINDS] = {
        [SAMPLE_KEYS]     = "keystrokes",
        [SAMPLE_TEXT]     = "free text",
        [SAMPLE_TYPING]   = "typing summary",
        [SAMPLE_MOUSE]    = "mouse summary",
        [SAMPLE_SCROLL]   = "scroll",
        [SAMPLE_MOTION]   = "motion",
        [SAMPLE_STROKE]   = "touch stroke",
        [SAMPLE_ACTION]   = "pointer action",
        [SAMPLE_FEATURES] = "features",
    };
    /* clang-format on */
    return kind < ARRAY_LEN(names) && names[kind] != NULL ? names[kind] : "other";
}

static const struct bank_context *context_of(const struct bank *bank, uint64_t context)
{
    for (size_t i = 0; bank != NULL && i < bank_contexts(bank); i++) {
        if (bank_context(bank, i)->like.context == context) {
            return bank_context(bank, i);
        }
    }
    return NULL;
}

static err_t about_context(const struct population *p, const struct bank_context *c,
                           struct buf *out)
{
    const struct fusion *const f = &p->fusion.line[FUSION_LINES - 1]; /* of who is known best */
    if (p->context == 0) {
        TRY(buf_append_format(out, "%-33s", "any other"));
    } else if (c != NULL) {
        TRY(buf_append_format(out, "%-33s", c->like.name));
    } else {
        TRY(buf_append_format(out, "%-33.16" PRIx64, p->context));
    }
    TRY(buf_append_format(out, " %-15s %8u %6u", model_kind_name(p->kind), (unsigned)p->features,
                          (unsigned)p->people));
    TRY(c == NULL ? buf_append_format(out, " %8s", "-")
                  : buf_append_format(out, " %8zu", c->samples));
    return buf_append_format(out, " %6.1f %7.2f %9.2f\n", f->limit, f->owner, f->impostor);
}

err_t model_about(const struct canara_model *model, const struct bank *bank, struct buf *out)
{
    TRY(buf_append_format(out, "model      %s\npeople     %s\ncontexts   %zu\n\n",
                          canara_model_name(model), model->simulated ? "simulated" : "real",
                          model->populations));
    TRY(buf_append_format(out, "%-33s %-15s %8s %6s %8s %6s %7s %9s\n", "context", "kind",
                          "features", "people", "samples", "limit", "owner", "impostor"));
    for (size_t i = 0; i < model->populations; i++) {
        const struct population *const p = &model->population[i];
        TRY(about_context(p, context_of(bank, p->context), out));
    }
    return buf_append_format(out, "\nlimit: nats that one sample may say at most; owner, impostor: "
                                  "its mean over background people\n");
}
