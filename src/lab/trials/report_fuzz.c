/* report_fuzz.c - any bytes as an earlier result: refused with words, or whole, sorted and in range. */
#include "lab/trials/report.h"

#include <math.h>
#include <string.h>

/* libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

static void check(const struct report_past *p)
{
    MUST(p->count > 0 && p->count <= REPORT_USERS);
    MUST(isnan(p->mean_eer) || (p->mean_eer >= 0.0 && p->mean_eer <= 1.0));
    for (size_t i = 0; i < p->count; i++) {
        const double eer = p->user[i].eer;
        MUST(strlen(p->user[i].model) <= REPORT_MODEL_BYTES);
        MUST(isnan(eer) || (eer >= 0.0 && eer <= 1.0));
        MUST(i == 0 || strcmp(p->user[i - 1].model, p->user[i].model) < 0);
    }
}

/* Compared with itself a result is no different. */
static void compare(const struct report_past *p)
{
    const double eer = p->user[0].eer;
    const struct score_user user = {.model = p->user[0].model};
    const struct report same = {.users = &user, .user_eer = &eer, .user_count = 1};
    const struct bootstrap_options options = {3, 1};
    struct bootstrap_difference d;
    const err_t e = report_compare(&same, p, options, &d);
    MUST(failed(e) == isnan(eer));
    if (!failed(e)) {
        MUST(fabs(d.mean) <= 0.0 && d.p >= 1.0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct report_past past;
    struct report_fault fault = {""};
    if (failed(report_parse((span_t){bytes, len}, "fuzz", &past, &fault))) {
        MUST(strlen(fault.text) > 0);
        return 0;
    }
    check(&past);
    compare(&past);
    report_past_deinit(&past);
    return 0;
}
