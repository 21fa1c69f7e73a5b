/* Any bytes as a line of a data set. The first byte chooses: a row of names, or an event, which is
 * then taken or refused with a field and words, and in range when it was taken. */
#include "lab/sets/dataset_line.h"

#include "engine/samples/event_check.h"
#include "lab/sets/event_keep.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

static bool is_within(span_t part, span_t whole)
{
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static void check_row(enum row_form form, span_t line)
{
    struct name_row row = {.label = DATASET_LABELS};
    struct line_fault fault = {.message = NULL};
    if (name_row_parse(form, line, &row, &fault) == LINE_REFUSED) {
        MUST(fault.message != NULL && strlen(fault.field) > 0);
        return;
    }
    MUST(is_within(row.session, line) && dataset_name_is_readable(row.session));
    MUST(form == ROW_BACKGROUND ||
         (is_within(row.model, line) && dataset_name_is_readable(row.model)));
    MUST(form != ROW_TRIAL || row.label < DATASET_LABELS);
}

static void check_event(struct line_scratch *s, span_t line)
{
    struct event_line out;
    struct line_fault fault = {.message = NULL};
    if (event_line_parse(s, line, &out, &fault) == LINE_REFUSED) {
        MUST(fault.message != NULL && strlen(fault.field) > 0);
        return;
    }
    MUST(dataset_name_is_readable(out.session) && out.at.ms >= 0);
    MUST(event_check(&out.event));
    struct pool pool;
    pool_init(&pool);
    MUST(event_keep(&pool, &out.event));
    memset(s, 0xa5, sizeof *s); /* nothing borrows any more */
    MUST(event_check(&out.event));
    pool_deinit(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct line_scratch *scratch; /* one loop, one scratch */
    if (scratch == NULL) {
        scratch = malloc(sizeof *scratch);
        MUST(scratch != NULL);
    }
    if (len == 0) {
        return 0;
    }
    const span_t line = {bytes + 1, len - 1};
    switch (bytes[0]) {
    case '1': check_row(ROW_BACKGROUND, line); break;
    case '2': check_row(ROW_ENROL, line); break;
    case '3': check_row(ROW_TRIAL, line); break;
    default: check_event(scratch, line); break;
    }
    return 0;
}
