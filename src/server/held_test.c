/* What all connections of a loop hold together: it has a bound, and a neighbourhood a part of it. */
#include "base/limits.h"
#include "server/greet_test.h"

enum { CROWD = 400, BODY_BYTES = 65000 };

static bool all_were_weighed(struct site *s)
{
    const uint64_t here = (uint64_t)gauge_read(&s->api.metrics.http_connections);
    return here + counter_read(&s->api.metrics.held_dropped) == CROWD &&
           here * BODY_BYTES <= LIMIT_HELD_NEAR_BYTES;
}

/* Clients behind a proxy that says whose connection each is. */
static void behind_a_proxy(struct site *s)
{
    static struct cidr_list list; /* outlives the site */
    assert_ok(cidr_list_parse(span_of("127.0.0.0/8"), &list));
    site_make(s, 1, false);
    s->config.trusted = &list;
    s->config.proxy_protocol = true;
    s->config.connections_per_address = 1000;
    site_open(s);
}

/* A request without its last byte. */
static void send_most(struct visitor *v, span_t whose)
{
    static char text[BODY_BYTES];
    memset(text, ' ', sizeof text);
    visitor_send(v, whose);
    visitor_write(
        v,
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        "Content-Length: %d\r\n\r\n",
        BODY_BYTES + 1);
    ssize_t n = 1;
    for (size_t done = 0; n > 0 && done<sizeof text; done += n> 0 ? (size_t)n : 0) {
        n = send(v->fd, text + done, sizeof text - done, MSG_NOSIGNAL); /* or it was dropped */
    }
}

static void incomplete_requests_of_a_neighbourhood_have_a_bound(void **state)
{
    static struct visitor v[CROWD];
    (void)state;
    struct site s;
    struct visitor other;
    behind_a_proxy(&s);
    for (size_t i = 0; i < CROWD; i++) {
        visitor_connect(&v[i], server_port(s.server));
        send_most(&v[i], FROM(10, 0, 0, (uint8_t)(i % 200)));
    }
    site_wait(all_were_weighed, &s);

    visitor_connect(&other, server_port(s.server));
    send_most(&other, FROM(10, 0, 1, 1));
    visitor_write(&other, " ");
    assert_int_equal(visitor_read(&other, false), 400); /* blanks are no JSON */
    visitor_close(&other);

    for (size_t i = 0; i < CROWD; i++) {
        visitor_close(&v[i]);
    }
    site_end(&s);
}

/* Far fewer than the bound are no matter, and leave nothing. */
static void what_was_held_is_given_back(void **state)
{
    static struct visitor v[40];
    (void)state;
    struct site s;
    behind_a_proxy(&s);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        visitor_connect(&v[i], server_port(s.server));
        send_most(&v[i], FROM(10, 0, 0, 9));
    }
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        if (i % 2 == 0) { /* the others leave in the middle of it */
            visitor_write(&v[i], " ");
            assert_int_equal(visitor_read(&v[i], false), 400);
        }
        visitor_close(&v[i]);
    }
    site_wait(nobody_is_here, &s);
    assert_int_equal(counter_read(&s.api.metrics.held_dropped), 0);
    site_stop(&s);
    assert_int_equal(s.server->worker[0]->holding.sum, 0);
    site_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incomplete_requests_of_a_neighbourhood_have_a_bound),
        cmocka_unit_test(what_was_held_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
