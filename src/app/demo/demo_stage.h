/*
 * demo_stage.h - how the demo speaks: acts, what happens, and whether it should have.
 *
 * Floor      app/demo
 * Ownership  plain value over a FILE that is the caller's.
 * Errors     none of its own; commands_main() looks at the stream at the end.
 * Threads    one.
 */
#ifndef APP_DEMO_STAGE_H
#define APP_DEMO_STAGE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

struct stage {
    FILE *out;
    bool terminal; /* the line of progress may be written over */
    bool colour;
    bool progress; /* such a line stands there */
    unsigned passed, failed;
};

/* Colour and progress only on a terminal; no colour with NO_COLOR or TERM=dumb. */
void stage_init(struct stage *s, FILE *out);

/* Begin an act. */
void stage_act(struct stage *s, const char *title, const char *story);

/* Tell what happens. */
void stage_say(struct stage *s, const char *format, ...) PRINTF_LIKE(2, 3);

/* Tell it in a line that the next one replaces; nothing without a terminal. */
void stage_progress(struct stage *s, const char *format, ...) PRINTF_LIKE(2, 3);

/* Take that line away. */
void stage_clear(struct stage *s);

/* Say whether what should happen has happened; returns `happened`. */
bool stage_expect(struct stage *s, bool happened, const char *format, ...) PRINTF_LIKE(3, 4);

/* Say what made the play end early; counts as a failure. */
void stage_broken(struct stage *s, const char *why);

/* The last line. */
void stage_end(struct stage *s);

#endif
