/*
 * say.h - what a server tells whoever started it, who may have stopped reading.
 *
 * Floor      app/house
 * Ownership  nothing is kept; the descriptor stays open and as it is.
 * Errors     none: a line is written whole and at once, or it is lost (base/line_sink.h).
 * Threads    any.
 *
 * A pipe that nobody reads fills up, and a write that waits for its reader stops a thread for as long. A
 * process that serves says nothing with printf().
 */
#ifndef APP_SAY_H
#define APP_SAY_H

#include "base/err.h"

/* Write a line, without its newline, to `fd`; what is beyond LIMIT_LOG_LINE_BYTES is cut. */
void say(int fd, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
