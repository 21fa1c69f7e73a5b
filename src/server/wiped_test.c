/* What a client has said is nowhere but where it is still needed. */
#include "base/fd.h"
#include "server/site_test.h"

#include <fcntl.h>

#define SECRET_ONE "first-secret-Kq7"
#define SECRET_TWO "other-secret-Wz3"
#define LOGIN                                                                     \
    "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n" \
    "Content-Length: 48\r\n\r\n{\"email\":\"a@b.cd\",\"password\":\""

/* Looked through as a dump of the process is, in which nobody knows what was ever written. */
static bool holds(const uint8_t *bytes, size_t len, const char *secret)
{
    uint8_t *const dump = malloc(len + 1);
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    assert_non_null(dump);
    assert_true(memory >= 0);
    assert_int_equal(pread(memory, dump, len, (off_t)(uintptr_t)bytes), (ssize_t)len);
    const bool found = memmem(dump, len, secret, strlen(secret)) != NULL;
    fd_close(&memory);
    free(dump);
    return found;
}

static bool was_received(const struct worker *w, const char *secret)
{
    return holds(w->receive, sizeof w->receive, secret);
}

/* The loop reads what was sent. */
static void hear(struct conn *c, int peer, const char *text)
{
    assert_int_equal(send(peer, text, strlen(text), 0), (ssize_t)strlen(text));
    c->watch.ready(&c->watch, EPOLLIN);
}

static struct conn *bring(struct site *s, int *peer)
{
    site_make(s, 1, false);
    site_build(s);
    struct conn *const c = site_bring(s, peer);
    c->state = CONN_HTTP;
    return c;
}

static void a_request_is_kept_in_one_place_and_leaves_it_wiped(void **state)
{
    (void)state;
    struct site s;
    int peer = -1;
    struct conn *const c = bring(&s, &peer);
    struct worker *const w = s.server->worker[0];

    hear(c, peer, LOGIN SECRET_ONE);
    assert_false(was_received(w, SECRET_ONE));
    assert_true(holds(c->in.ptr, c->in.len, SECRET_ONE));

    /* a second one comes with the end of the first, and moves to its place */
    hear(c, peer, "\"}" LOGIN SECRET_TWO);
    assert_true(holds(c->out.ptr, c->out.len, "HTTP/1.1 415 "));
    assert_false(was_received(w, SECRET_ONE));
    assert_false(was_received(w, SECRET_TWO));
    assert_true(holds(c->in.ptr, c->in.len, SECRET_TWO));
    assert_false(holds(c->in.ptr, c->in.cap, SECRET_ONE));
    assert_false(holds(c->in.ptr + c->in.len, c->in.cap - c->in.len, SECRET_TWO));

    assert_int_equal(close(peer), 0);
    site_end(&s);
}

static void what_nobody_listens_to_is_wiped_too(void **state)
{
    (void)state;
    struct site s;
    int peer = -1;
    struct conn *const c = bring(&s, &peer);
    const struct worker *const w = s.server->worker[0];
    hear(c, peer, "GET / HTTP/9.9\r\n\r\n" SECRET_ONE);
    assert_int_equal(c->state, CONN_LINGER);
    assert_false(was_received(w, SECRET_ONE));
    hear(c, peer, SECRET_TWO);
    assert_int_equal(c->state, CONN_LINGER);
    assert_false(was_received(w, SECRET_TWO));
    assert_int_equal(close(peer), 0);
    site_end(&s);
}

static void an_answer_is_wiped_as_it_is_sent(void **state)
{
    (void)state;
    struct site s;
    int peer = -1;
    struct conn *const c = bring(&s, &peer);
    struct worker *const w = s.server->worker[0];
    hear(c, peer, "GET /health/live HTTP/1.1\r\nHost: h\r\nX-Request-Id: " SECRET_ONE "\r\n\r\n");
    assert_true(holds(c->out.ptr, c->out.len, SECRET_ONE));
    conn_flush_all(w);
    assert_int_equal(w->spares, 1);
    assert_false(holds(w->spare[0].ptr, w->spare[0].cap, SECRET_ONE));
    assert_false(w->spare[0].secret); /* the next one may say what is none */
    assert_int_equal(close(peer), 0);
    site_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_kept_in_one_place_and_leaves_it_wiped),
        cmocka_unit_test(what_nobody_listens_to_is_wiped_too),
        cmocka_unit_test(an_answer_is_wiped_as_it_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
