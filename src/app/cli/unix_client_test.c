/* The client of the control socket, against servers that behave and servers that do not. */
#include "app/cli/unix_client.h"

#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEARD_BYTES = 4096 };

/* A server for one connection: reads what comes until `until`, says `answer`, closes. */
struct one_server {
    struct scratch dir;
    char path[SCRATCH_PATH];
    int fd;
    const char *until;
    span_t answer;
    size_t step; /* bytes a write */
    char heard[HEARD_BYTES];
    pthread_t thread;
};

static void *serve(void *context)
{
    struct one_server *s = context;
    const int peer = accept(s->fd, NULL, NULL);
    size_t len = 0;
    while (peer >= 0 && strstr(s->heard, s->until) == NULL && len < HEARD_BYTES - 1) {
        const ssize_t n = read(peer, s->heard + len, HEARD_BYTES - 1 - len);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
    }
    for (size_t done = 0; peer >= 0 && done < s->answer.len;) {
        const size_t left = s->answer.len - done;
        const ssize_t n =
            send(peer, s->answer.ptr + done, left < s->step ? left : s->step, MSG_NOSIGNAL);
        if (n <= 0) {
            break;
        }
        done += (size_t)n;
    }
    if (peer >= 0) {
        (void)close(peer);
    }
    return NULL;
}

static void serve_one(struct one_server *s, const char *until, span_t answer, size_t step)
{
    memset(s, 0, sizeof *s);
    s->dir = scratch_new();
    scratch_path(&s->dir, "s", s->path);
    s->until = until;
    s->answer = answer;
    s->step = step;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    assert_true(strlen(s->path) < sizeof to.sun_path);
    memcpy(to.sun_path, s->path, strlen(s->path) + 1);
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(s->fd, 1), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void serve_end(struct one_server *s)
{
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->fd);
    scratch_remove(&s->dir);
}

static enum unix_outcome ask(const char *path, span_t body, struct unix_answer *out, char *why)
{
    const struct unix_request request = {
        .path = path, .method = "POST", .target = "/ctl/end", .body = body};
    return unix_ask(&request, out, why);
}

static void a_request_goes_out_whole_and_its_answer_comes_back(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 4096};
    static const char answer[] = "HTTP/1.1 100 Continue\r\n\r\n"
                                 "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct one_server s;
        serve_one(&s, "{\"a\":1}", SPAN_LIT(answer), steps[i]);
        char why[UNIX_WHY_BYTES] = "";
        CLEANUP(unix_answer_deinit) struct unix_answer a;
        unix_answer_init(&a);
        assert_int_equal(ask(s.path, SPAN_LIT("{\"a\":1}"), &a, why), UNIX_ANSWERED);
        assert_int_equal(a.status, 404);
        assert_span_text(buf_span(&a.body), "{}");
        assert_string_equal(why, "");
        serve_end(&s);
        assert_string_equal(s.heard,
                            "POST /ctl/end HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
    }
}

static void a_long_answer_is_taken_and_a_longer_one_is_not(void **state)
{
    (void)state;

    static const struct {
        size_t body;
        enum unix_outcome outcome;
    } cases[] = {{1000000, UNIX_ANSWERED}, {UNIX_ANSWER_BYTES, UNIX_BROKEN}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = malloc(cases[i].body + 128);
        assert_non_null(text);
        const int head =
            snprintf(text, 128, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", cases[i].body);
        memset(text + head, 'x', cases[i].body);
        struct one_server s;
        serve_one(&s, "\r\n\r\n", (span_t){(const uint8_t *)text, (size_t)head + cases[i].body},
                  65536);
        char why[UNIX_WHY_BYTES] = "";
        CLEANUP(unix_answer_deinit) struct unix_answer a;
        unix_answer_init(&a);
        assert_int_equal(ask(s.path, (span_t){0}, &a, why), cases[i].outcome);
        assert_int_equal(a.body.len, cases[i].outcome == UNIX_ANSWERED ? cases[i].body : 0);
        serve_end(&s);
        free(text);
    }
}

static void what_is_no_answer_is_said_to_be_none(void **state)
{
    (void)state;
    static const span_t answers[] = {
        SPAN_INIT(""),
        SPAN_INIT("HTTP/1.1 200 OK\r\nContent-Len"),
        SPAN_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"),
        SPAN_INIT("HTTP/1.1 200 OK\r\n\r\nabc"),
        SPAN_INIT("SSH-2.0-OpenSSH\r\n\r\n"),
        SPAN_INIT("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct one_server s;
        serve_one(&s, "\r\n\r\n", answers[i], 4096);
        char why[UNIX_WHY_BYTES] = "";
        CLEANUP(unix_answer_deinit) struct unix_answer a;
        unix_answer_init(&a);
        assert_int_equal(ask(s.path, (span_t){0}, &a, why), UNIX_BROKEN);
        assert_true(why[0] != '\0');
        assert_int_equal(a.body.len, 0);
        serve_end(&s);
    }
}

static void where_nobody_listens_is_told_apart(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char missing[SCRATCH_PATH];
    char file[SCRATCH_PATH];
    char below[SCRATCH_PATH + 8];
    char longest[200];
    scratch_path(&dir, "nothing", missing);
    scratch_path(&dir, "file", file);
    scratch_write(file, SPAN_LIT("no socket"), 0600);
    (void)snprintf(below, sizeof below, "%s/s", file);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const paths[] = {missing, file, below, longest, ""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char why[UNIX_WHY_BYTES] = "";
        CLEANUP(unix_answer_deinit) struct unix_answer a;
        unix_answer_init(&a);
        assert_int_equal(ask(paths[i], (span_t){0}, &a, why), UNIX_ABSENT);
        assert_true(why[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_goes_out_whole_and_its_answer_comes_back),
        cmocka_unit_test(a_long_answer_is_taken_and_a_longer_one_is_not),
        cmocka_unit_test(what_is_no_answer_is_said_to_be_none),
        cmocka_unit_test(where_nobody_listens_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
