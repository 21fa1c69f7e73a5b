/*
 * line_sink.h - lines into a descriptor that is shared with others and that nobody may be reading.
 *
 * Floor      base
 * Source     pipe(7): at most PIPE_BUF bytes are written whole or not at all; open(2), O_NONBLOCK;
 *            proc(5), /proc/self/fd; send(2), MSG_DONTWAIT; pwritev2(2), RWF_NOWAIT.
 * Units      bytes; a line has at most LIMIT_LOG_LINE_BYTES.
 * Ownership  the sink borrows the descriptor and owns the second opening of it, if it has one.
 * Errors     none: a line is written, or it is not.
 * Threads    writes from any, at once; init and deinit from one.
 *
 * O_NONBLOCK belongs to the open file, which a shell, a parent or a service manager may share: the
 * flag is never set on what was given. A pipe or a terminal is opened once more, without waiting; a
 * socket is asked not to wait at each line. Where the second opening is refused (another user's
 * pipe, as often in a container) room is looked for before each line, one line at a time, and the write itself
 * is asked not to wait; only where the kernel cannot be asked (pipes before Linux 6.4) whoever fills the pipe
 * in between can make that wait. A file is written as it is.
 */
#ifndef BASE_LINE_SINK_H
#define BASE_LINE_SINK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum line_sink_way { LINE_SINK_PLAIN, LINE_SINK_OWN, LINE_SINK_SOCKET, LINE_SINK_LOOK };

struct line_sink {
    int fd;
    enum line_sink_way way;
    atomic_bool cut;      /* the last line that was begun has no end */
    pthread_mutex_t turn; /* LINE_SINK_LOOK */
};

void line_sink_init(struct line_sink *s, int fd);
void line_sink_deinit(struct line_sink *s);

/* Write a line, which ends with a newline, without waiting. False: it is lost, whole or in part; a
 * terminal may have taken its beginning, and the next line then begins anew. */
bool line_sink_write(struct line_sink *s, const char *line, size_t len);

#endif
