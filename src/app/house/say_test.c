/* What a server says reaches whoever reads, whole, and waits for nobody. */
#include "app/house/say.h"

#include "base/limits.h"
#include "base/util.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINES_MORE_THAN_FIT = 5000, READ_BYTES = 1 << 17 };

struct ends {
    int reader, writer;
};

static struct ends open_pipe(void)
{
    int fd[2];
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    return (struct ends){fd[0], fd[1]};
}

static void close_pipe(struct ends p)
{
    assert_int_equal(close(p.reader), 0);
    assert_int_equal(close(p.writer), 0);
}

/* All that is there now. */
static size_t hear(struct ends p, char out[READ_BYTES])
{
    size_t len = 0;
    assert_int_equal(fcntl(p.reader, F_SETFL, O_NONBLOCK), 0);
    for (ssize_t n = 0; (n = read(p.reader, out + len, READ_BYTES - 1 - len)) > 0;) {
        len += (size_t)n;
    }
    out[len] = '\0';
    return len;
}

static void a_reader_gets_each_line_whole(void **state)
{
    static char heard[READ_BYTES];
    (void)state;
    const struct ends p = open_pipe();
    say(p.writer, "listening on %s:%d", "http://127.0.0.1", 8000);
    say(p.writer, "%s", "");
    say(p.writer, "  health  %s", "x");
    (void)hear(p, heard);
    assert_string_equal(heard, "listening on http://127.0.0.1:8000\n\n  health  x\n");
    close_pipe(p);
}

static void nobody_reading_makes_nobody_wait_and_lines_that_got_in_are_whole(void **state)
{
    static char heard[READ_BYTES];
    (void)state;
    const struct ends p = open_pipe();
    const int flags = fcntl(p.writer, F_GETFL);
    for (int i = 0; i < LINES_MORE_THAN_FIT; i++) {
        say(p.writer, "line %06d, of which nobody reads a word", i);
    }
    assert_int_equal(fcntl(p.writer, F_GETFL), flags); /* others write there, and may wait */
    const size_t len = hear(p, heard);
    size_t lines = 0;
    for (const char *at = heard; *at != '\0'; at = strchr(at, '\n') + 1) {
        char want[64];
        (void)snprintf(want, sizeof want, "line %06zu, of which nobody reads a word\n", lines++);
        assert_int_equal(strncmp(at, want, strlen(want)), 0);
    }
    assert_in_range(lines, 1, LINES_MORE_THAN_FIT - 1);
    assert_int_equal(len, lines * strlen("line 000000, of which nobody reads a word\n"));
    say(p.writer, "again");
    (void)hear(p, heard);
    assert_string_equal(heard, "again\n");
    close_pipe(p);
}

static void a_line_that_is_too_long_is_cut_and_ends(void **state)
{
    static char heard[READ_BYTES];
    static char text[2 * LIMIT_LOG_LINE_BYTES];
    (void)state;
    const struct ends p = open_pipe();
    for (size_t len = LIMIT_LOG_LINE_BYTES - 3; len < LIMIT_LOG_LINE_BYTES + 3; len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        say(p.writer, "%s", text);
        const size_t got = hear(p, heard);
        assert_int_equal(got, size_min(len + 1, LIMIT_LOG_LINE_BYTES));
        assert_int_equal(heard[got - 1], '\n');
        assert_null(memchr(heard, '\n', got - 1));
    }
    close_pipe(p);
}

static void what_is_closed_hears_nothing(void **state)
{
    (void)state;
    say(-1, "nobody");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_gets_each_line_whole),
        cmocka_unit_test(nobody_reading_makes_nobody_wait_and_lines_that_got_in_are_whole),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_and_ends),
        cmocka_unit_test(what_is_closed_hears_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
