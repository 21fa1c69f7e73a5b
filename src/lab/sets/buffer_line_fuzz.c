/* Any bytes as a line of a buffer file: taken as one of four kinds and in range, or refused with a
 * field and words. */
#include "lab/sets/buffer_line.h"

#include "engine/samples/event_check.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

/* What was taken, the engine takes too. */
static void play(const struct buffer_line *line)
{
    canara_session_t session;
    canara_verdict_t v;
    canara_session_begin(&session, line->text.at.ms);
    if (line->kind == BUFFER_EVENT) {
        MUST(event_check(&line->event));
        MUST(canara_observe(&session, NULL, NULL, &line->event, line->text.at.ms, &v) == CANARA_OK);
    } else if (line->kind == BUFFER_FACT) {
        MUST(line->fact < CANARA_FACTS);
        MUST(canara_note(&session, NULL, line->fact, line->value, line->text.at.ms, &v) ==
             CANARA_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct line_scratch *scratch; /* one loop, one scratch */
    if (scratch == NULL) {
        scratch = malloc(sizeof *scratch);
        MUST(scratch != NULL);
    }
    struct buffer_line line;
    struct line_fault fault = {.message = NULL};
    if (buffer_line_parse(scratch, (span_t){bytes, len}, &line, &fault) == LINE_REFUSED) {
        MUST(fault.message != NULL && strlen(fault.field) > 0);
        return 0;
    }
    MUST(dataset_name_is_readable(line.text.session) && line.text.email.len > 0);
    play(&line);
    return 0;
}
