/* A secret line: what is read of a pipe, and that a terminal shows nothing of it and is then as it was. */
#include "app/cli/secret_line.h"

#include "base/fd.h"
#include "base/util.h"
#include "tests/support/memcheck.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { SHOWN_BYTES = 512 };

/* ---- a pipe ---- */

static enum secret_answer from_pipe(const char *sent, struct secret_line *line)
{
    int ends[2] = {-1, -1};
    memset(line, 0x5a, sizeof *line);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], sent, strlen(sent)), (ssize_t)strlen(sent));
    fd_close(&ends[1]);
    const enum secret_answer answer = secret_line_ask(ends[0], -1, "Secret", line);
    fd_close(&ends[0]);
    return answer;
}

static void a_pipe_gives_its_first_line(void **state)
{
    static const struct {
        const char *sent, *line;
    } rows[] = {{"4821\n", "4821"}, {"4821", "4821"},         {"4821\nmore\n", "4821"},
                {"\n", ""},         {" 48 21 \n", " 48 21 "}, {"4821\r\n", "4821\r"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct secret_line line;
        assert_int_equal(from_pipe(rows[i].sent, &line), SECRET_READ);
        assert_string_equal(line.text, rows[i].line);
        assert_int_equal(line.len, strlen(rows[i].line));
    }
}

static void what_is_behind_the_line_stays_for_others(void **state)
{
    (void)state;
    int ends[2] = {-1, -1};
    char rest[8] = "";
    struct secret_line line;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "4821\nrest", 9), 9);
    assert_int_equal(secret_line_ask(ends[0], -1, "Secret", &line), SECRET_READ);
    assert_int_equal(read(ends[0], rest, sizeof rest), 4);
    assert_memory_equal(rest, "rest", 4);
    fd_close(&ends[0]);
    fd_close(&ends[1]);
}

static void a_line_has_a_length(void **state)
{
    (void)state;
    struct secret_line line;
    char text[SECRET_LINE_BYTES + 3];
    memset(text, '7', sizeof text);
    text[SECRET_LINE_BYTES] = '\n';
    text[SECRET_LINE_BYTES + 1] = '\0';
    assert_int_equal(from_pipe(text, &line), SECRET_READ);
    assert_int_equal(line.len, SECRET_LINE_BYTES);
    text[SECRET_LINE_BYTES] = '7';
    assert_int_equal(from_pipe(text, &line), SECRET_LONG);
}

static void an_end_without_a_line_is_none(void **state)
{
    (void)state;
    struct secret_line line;
    assert_int_equal(from_pipe("", &line), SECRET_NONE);
    assert_int_equal(secret_line_ask(9999, -1, "Secret", &line), SECRET_BROKEN); /* not open */
}

/* ---- a terminal ---- */

/* A program that asks at a terminal of its own, and whoever sits there. */
struct sitting {
    int desk; /* the other side of the terminal */
    int terminal;
    pid_t asks;
    char shown[SHOWN_BYTES];
    size_t len;
};

static void sit_down(struct sitting *s)
{
    *s = (struct sitting){.desk = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    char name[64];
    assert_true(s->desk >= 0);
    assert_int_equal(grantpt(s->desk) + unlockpt(s->desk), 0);
    assert_int_equal(ptsname_r(s->desk, name, sizeof name), 0);
    s->terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(s->terminal >= 0);
    s->asks = fork();
    assert_true(s->asks >= 0);
    if (s->asks == 0) {
        struct secret_line line;
        const enum secret_answer answer =
            secret_line_ask(s->terminal, s->terminal, "Secret", &line);
        _exit(answer == SECRET_READ && strcmp(line.text, "4821") == 0 ? 100 : (int)answer);
    }
}

/* Wait until the screen says it. */
static void see(struct sitting *s, const char *what)
{
    while (strstr(s->shown, what) == NULL) {
        struct pollfd look = {.fd = s->desk, .events = POLLIN};
        assert_int_equal(poll(&look, 1, 10000), 1);
        const ssize_t n = read(s->desk, s->shown + s->len, SHOWN_BYTES - 1 - s->len);
        assert_true(n > 0);
        s->len += (size_t)n;
        s->shown[s->len] = '\0';
    }
}

static void type(const struct sitting *s, const char *keys)
{
    assert_int_equal(write(s->desk, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* How the program ended. The terminal shows again what is typed. */
static int get_up(struct sitting *s)
{
    struct termios now;
    int status = 0;
    while (waitpid(s->asks, &status, 0) < 0) {
        assert_int_equal(errno, EINTR);
    }
    assert_int_equal(tcgetattr(s->terminal, &now), 0);
    assert_true((now.c_lflag & ECHO) != 0);
    assert_null(strstr(s->shown, "48"));
    fd_close(&s->terminal);
    fd_close(&s->desk);
    return status;
}

static void a_terminal_is_asked_twice_and_shows_nothing(void **state)
{
    (void)state;

    static const struct {
        const char *first, *again;
        int answer;
    } rows[] = {{"4821\n", "4821\n", 100},
                {"48\x7f\x7f"
                 "4821\n",
                 "4821\n", 100},
                {"4821\n", "4812\n", SECRET_UNLIKE},
                {"4821\n", "482\n", SECRET_UNLIKE},
                {"4821\n", "\x04", SECRET_NONE}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sitting s;
        sit_down(&s);
        see(&s, "Secret: ");
        type(&s, rows[i].first);
        see(&s, "Secret, once more: ");
        type(&s, rows[i].again);
        const int status = get_up(&s);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), rows[i].answer);
    }
}

static void whatever_ends_it_the_terminal_is_as_it_was(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                  SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE};
    if (is_memcheck()) {
        skip(); /* it delivers a signal that waited some calls later */
    }
    for (size_t i = 0; i < ARRAY_LEN(signals) + 1; i++) {
        struct sitting s;
        sit_down(&s);
        see(&s, "Secret: ");
        type(&s, i % 2 == 0 ? "48" : "48\x04"); /* half a line, which nobody ends */
        if (i == ARRAY_LEN(signals)) {
            type(&s, "21\n\x04");
            const int status = get_up(&s);
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), SECRET_NONE);
            return;
        }
        assert_int_equal(kill(s.asks, signals[i]), 0);
        const int status = get_up(&s);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gives_its_first_line),
        cmocka_unit_test(what_is_behind_the_line_stays_for_others),
        cmocka_unit_test(a_line_has_a_length),
        cmocka_unit_test(an_end_without_a_line_is_none),
        cmocka_unit_test(a_terminal_is_asked_twice_and_shows_nothing),
        cmocka_unit_test(whatever_ends_it_the_terminal_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
