#include "app/cli/secret_line.h"

#include "base/fd.h"
#include "base/util.h"
#include "crypto/secret.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* ---- bytes ---- */

/* `stops` -1: nothing ends the wait. */
static bool wait_for(int in, int stops)
{
    struct pollfd look[2] = {{.fd = in, .events = POLLIN}, {.fd = stops, .events = POLLIN}};
    while (poll(look, ARRAY_LEN(look), -1) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    if (look[1].revents != 0) {
        errno = EINTR;
        return false;
    }
    return true;
}

/* One byte at a time: what is behind the line is not ours. */
static enum secret_answer read_line(int in, int stops, char text[SECRET_LINE_BYTES + 1],
                                    size_t *len)
{
    *len = 0;
    for (;;) {
        const ssize_t n = wait_for(in, stops) ? read(in, &text[*len], 1) : -1;
        if (n < 0) {
            return SECRET_BROKEN;
        }
        if (n == 0 && *len == 0) {
            return SECRET_NONE;
        }
        if (n == 0 || text[*len] == '\n') {
            text[*len] = '\0';
            return SECRET_READ;
        }
        if (*len == SECRET_LINE_BYTES) {
            return SECRET_LONG;
        }
        *len += 1;
    }
}

/* ---- a terminal that shows nothing ---- */

/* How it was, and how signals were. While it shows nothing they wait, so that none ends or stops the program
 * before it is as it was. */
struct quiet {
    int in, stops; /* `stops`: what ends the program has come */
    struct termios was;
    sigset_t mask;
};

static bool hold_signals(struct quiet *q)
{
    static const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                  SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE};
    sigset_t held;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        (void)sigaddset(&held, numbers[i]);
    }
    q->stops = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    (void)sigaddset(&held, SIGTSTP); /* Ctrl-Z waits for the end of the line */
    return q->stops >= 0 && pthread_sigmask(SIG_BLOCK, &held, &q->mask) == 0;
}

/* What has come meanwhile acts now. */
static void end_quiet(struct quiet *q)
{
    (void)tcsetattr(q->in, TCSAFLUSH, &q->was);
    fd_close(&q->stops);
    (void)pthread_sigmask(SIG_SETMASK, &q->mask, NULL);
}

static bool begin_quiet(int in, struct quiet *q)
{
    *q = (struct quiet){.in = in, .stops = -1};
    if (tcgetattr(in, &q->was) != 0 || !hold_signals(q)) {
        fd_close(&q->stops);
        return false;
    }
    struct termios silent = q->was;
    silent.c_lflag |= (tcflag_t)(ICANON | ISIG | ECHONL);
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(in, TCSAFLUSH, &silent) != 0) {
        end_quiet(q);
        return false;
    }
    return true;
}

static enum secret_answer ask_twice(const struct quiet *q, int out, const char *what,
                                    struct secret_line *line)
{
    size_t again = 0;
    (void)dprintf(out, "%s: ", what);
    const enum secret_answer first = read_line(q->in, q->stops, line->text, &line->len);
    if (first != SECRET_READ) {
        return first;
    }
    (void)dprintf(out, "%s, once more: ", what);
    const enum secret_answer second = read_line(q->in, q->stops, line->again, &again);
    if (second != SECRET_READ) {
        return second;
    }
    return again == line->len && ct_equal(line->text, line->again, again) ? SECRET_READ
                                                                          : SECRET_UNLIKE;
}

enum secret_answer secret_line_ask(int in, int out, const char *what, struct secret_line *line)
{
    struct quiet q;
    if (isatty(in) == 0) {
        return read_line(in, -1, line->text, &line->len);
    }
    if (!begin_quiet(in, &q)) {
        return SECRET_BROKEN;
    }
    const enum secret_answer answer = ask_twice(&q, out, what, line);
    const int why = errno;
    end_quiet(&q);
    errno = why;
    return answer;
}
