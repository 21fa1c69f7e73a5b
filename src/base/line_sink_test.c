/* A descriptor that nobody reads costs lines and never waits; what it was given for is left alone. */
#include "base/line_sink.h"

#include "base/limits.h"
#include "base/util.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PIPE_BYTES = 65536, MORE_LINES = 5000, PATIENCE_S = 10 };

struct pair {
    int reader, writer;
};

static struct pair new_pipe(void)
{
    int fd[2];
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    return (struct pair){fd[0], fd[1]};
}

static struct pair new_socket(void)
{
    int fd[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    return (struct pair){fd[0], fd[1]};
}

static struct pair new_terminal(void)
{
    const int reader = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(grantpt(reader), 0);
    assert_int_equal(unlockpt(reader), 0);
    char name[64];
    assert_int_equal(ptsname_r(reader, name, sizeof name), 0);
    const int writer = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(writer >= 0);
    return (struct pair){reader, writer};
}

/* All that is there, as text. */
static char *drain(int fd)
{
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    size_t len = 0;
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    for (ssize_t n = 0; (n = read(fd, text + len, 4096)) > 0;) {
        len += (size_t)n;
        assert_true(len < (1 << 20) - 4096);
    }
    return text;
}

static size_t fill(struct line_sink *s)
{
    size_t written = 0;
    char line[64];
    for (int i = 0; i < MORE_LINES; i++) {
        const int n = snprintf(line, sizeof line, "line %04d, of which nobody reads a word\n", i);
        written += line_sink_write(s, line, (size_t)n) ? 1U : 0U;
    }
    return written;
}

/* As many lines as there is room for, whole; later ones when there is room again. */
static void holds(struct pair p, enum line_sink_way way, bool whole)
{
    struct line_sink s;
    line_sink_init(&s, p.writer);
    assert_int_equal(s.way, way);
    const int flags = fcntl(p.writer, F_GETFL);
    const size_t written = fill(&s);
    assert_in_range(written, 1, MORE_LINES - 1);
    assert_int_equal(fcntl(p.writer, F_GETFL), flags); /* others share it */
    char *before = drain(p.reader);
    size_t seen = 0;
    for (const char *at = before; (at = strstr(at, "a word")) != NULL; at++) {
        seen++;
    }
    assert_true(whole ? seen == written : seen >= written);

    assert_true(line_sink_write(&s, "again\n", 6));
    char *after = drain(p.reader);
    assert_string_equal(strchr(after, 'a'), whole ? "again\n" : "again\r\n");
    free(before);
    free(after);
    line_sink_deinit(&s);
    assert_int_equal(close(p.reader), 0);
    assert_int_equal(close(p.writer), 0);
}

static void a_pipe_that_nobody_reads_makes_nobody_wait(void **state)
{
    (void)state;
    holds(new_pipe(), LINE_SINK_OWN, true);
}

static void a_socket_that_nobody_reads_makes_nobody_wait(void **state)
{
    (void)state;
    holds(new_socket(), LINE_SINK_SOCKET, true);
}

static void a_terminal_that_nobody_reads_makes_nobody_wait(void **state)
{
    (void)state;
    holds(new_terminal(), LINE_SINK_OWN, false);
}

/* A pipe of another user cannot be opened again: room is looked for. */
static void a_pipe_that_cannot_be_opened_again_makes_nobody_wait(void **state)
{
    (void)state;
    const struct pair p = new_pipe();
    struct line_sink s;
    line_sink_init(&s, p.writer);
    line_sink_deinit(&s);
    line_sink_init(&s, -1);
    s.fd = p.writer;
    s.way = LINE_SINK_LOOK;
    char line[LIMIT_LOG_LINE_BYTES];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    assert_true(line_sink_write(&s, "first\n", 6));
    size_t written = 0;
    for (int i = 0; i < MORE_LINES; i++) {
        written += line_sink_write(&s, line, sizeof line) ? 1U : 0U;
    }
    assert_in_range(written, 1, PIPE_BYTES / sizeof line);
    line_sink_deinit(&s);
    assert_int_equal(close(p.reader), 0);
    assert_int_equal(close(p.writer), 0);
}

/* Somebody may fill the pipe between the look and the write. What is longer than its room stands for that:
 * the look finds some, and the write does not fit. */
static void a_pipe_that_fills_up_after_the_look_makes_nobody_wait(void **state)
{
    (void)state;
    static char line[3 * LIMIT_LOG_LINE_BYTES];
    const struct pair p = new_pipe();
    struct iovec nothing = {0};
    if (pwritev2(p.writer, &nothing, 1, -1, RWF_NOWAIT) < 0) {
        print_message("skipped: this kernel cannot be asked\n");
    } else {
        struct line_sink s;
        assert_true(fcntl(p.writer, F_SETPIPE_SZ, 2 * LIMIT_LOG_LINE_BYTES) > 0);
        line_sink_init(&s, -1);
        s.fd = p.writer;
        s.way = LINE_SINK_LOOK;
        memset(line, 'x', sizeof line);
        (void)alarm(PATIENCE_S);
        assert_false(line_sink_write(&s, line, sizeof line));
        (void)alarm(0);
        line_sink_deinit(&s);
    }
    assert_int_equal(close(p.reader), 0);
    assert_int_equal(close(p.writer), 0);
}

static void what_cannot_be_written_is_lost(void **state)
{
    (void)state;
    struct line_sink s;
    line_sink_init(&s, -1);
    assert_false(line_sink_write(&s, "lost\n", 5));
    line_sink_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_that_nobody_reads_makes_nobody_wait),
        cmocka_unit_test(a_socket_that_nobody_reads_makes_nobody_wait),
        cmocka_unit_test(a_terminal_that_nobody_reads_makes_nobody_wait),
        cmocka_unit_test(a_pipe_that_cannot_be_opened_again_makes_nobody_wait),
        cmocka_unit_test(a_pipe_that_fills_up_after_the_look_makes_nobody_wait),
        cmocka_unit_test(what_cannot_be_written_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
