/*
 * secret_line.h - one line that nobody may see: typed twice at a terminal without echo, or sent down a pipe.
 *
 * Floor      app/cli
 * Ownership  the caller keeps the line in memory that stays out of core dumps (key_memory_new()), which wipes
 *            it at its end.
 * Errors     an answer; whoever asked says it.
 * Threads    the only one. A signal that ends the program while it waits gives the terminal its echo back first.
 */
#ifndef APP_SECRET_LINE_H
#define APP_SECRET_LINE_H

#include <stddef.h>

enum { SECRET_LINE_BYTES = 128 };

struct secret_line {
    size_t len;
    char text[SECRET_LINE_BYTES + 1]; /* without its end */
    char again[SECRET_LINE_BYTES + 1];
};

enum secret_answer {
    SECRET_READ,
    SECRET_NONE,   /* the input ended before there was a line */
    SECRET_LONG,   /* more than SECRET_LINE_BYTES */
    SECRET_UNLIKE, /* the second time it was another one */
    SECRET_BROKEN  /* errno says why */
};

/* Read one line from `in`. When that is a terminal ask for it on `out`, and once more: `what` is what is wanted,
 * "New MPIN". */
enum secret_answer secret_line_ask(int in, int out, const char *what, struct secret_line *line);

#endif
