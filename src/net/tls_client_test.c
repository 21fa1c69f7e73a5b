/* tls_client_test.c - a client of ours and a server of ours: whom the client believes, and that it is bounded. */
#include "net/tls_client.h"

#include "net/tls_test.h"

#include <stdio.h>

enum { ROOM = 65536, UNSENT = 65536 };

struct side {
    struct tls_conn *conn;
    uint8_t heard[ROOM];
    size_t len;
    enum tls_answer answer;
};

struct two {
    struct test_pair pair;
    struct tls_server *server;
    struct tls_client *client;
    struct side here, there; /* the client's, the server's */
};

/* A server for "localhost", and a client that trusts its certificate unless it is told whom else. */
static void begin(struct two *t, struct tls_trust trust)
{
    char why[TLS_WHY_BYTES];
    *t = (struct two){0};
    pair_ec(&t->pair);
    assert_ok(tls_server_new(false, (mono_t){0}, &t->server));
    assert_ok(tls_server_load(t->server, &t->pair.pair, 1, why));
    trust.ca = trust.ca.ptr == NULL ? t->pair.pair.cert : trust.ca;
    assert_ok(tls_client_new(&trust, &t->client, why));
    assert_ok(tls_client_connect(t->client, UNSENT, &t->here.conn));
    assert_ok(tls_conn_new(t->server, &t->there.conn));
}

static void end(struct two *t)
{
    tls_conn_free(&t->here.conn);
    tls_conn_free(&t->there.conn);
    tls_client_free(&t->client);
    tls_server_free(&t->server);
    pair_free(&t->pair);
}

/* Carry what one has to send, `step` bytes at a time. */
static void carry(struct side *from, struct side *to, size_t step)
{
    while (from->conn->unsent.len > 0) {
        const size_t n = from->conn->unsent.len < step ? from->conn->unsent.len : step;
        size_t got = 0;
        assert_true(n + LIMIT_TLS_RECORD_BYTES <= ROOM - to->len);
        to->answer = tls_conn_feed(to->conn, (span_t){from->conn->unsent.ptr, n},
                                   to->heard + to->len, n + LIMIT_TLS_RECORD_BYTES, &got);
        to->len += got;
        buf_consume(&from->conn->unsent, n);
        if (to->answer != TLS_GOING) {
            return;
        }
    }
}

static void talk(struct two *t, size_t step)
{
    for (int i = 0; i < 6 && t->here.answer == TLS_GOING; i++) {
        carry(&t->here, &t->there, step);
        carry(&t->there, &t->here, step);
    }
}

static void a_client_believes_who_shows_a_certificate_that_it_trusts(void **state)
{
    static const size_t steps[] = {ROOM / 2, 100, 1};
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct two t;
        begin(&t, (struct tls_trust){.name = "localhost", .ca_name = "CA"});
        talk(&t, steps[i]);
        assert_true(t.here.conn->open && t.there.conn->open);
        assert_ok(tls_conn_write(t.here.conn, SPAN_LIT("who are you?")));
        assert_ok(tls_conn_write(t.there.conn, SPAN_LIT("localhost")));
        talk(&t, steps[i]);
        assert_span_text((span_t){t.there.heard, t.there.len}, "who are you?");
        assert_span_text((span_t){t.here.heard, t.here.len}, "localhost");
        assert_ok(tls_conn_close(t.here.conn));
        talk(&t, steps[i]);
        assert_int_equal(t.there.answer, TLS_ENDED);
        end(&t);
    }
}

/* Neither another name, nor an address that the certificate does not name, nor a stranger's certificate. */
static void a_client_hangs_up_on_anybody_else(void **state)
{
    struct test_pair stranger;
    (void)state;
    pair_ec(&stranger);

    const struct {
        struct tls_trust trust;
        const char *why;
    } others[] = {
        {{.name = "other.example", .ca_name = "CA"}, "hostname mismatch"},
        {{.name = "127.0.0.1", .ca_name = "CA"}, "IP address mismatch"},
        {{.name = "::1", .ca_name = "CA"}, "IP address mismatch"},
        {{.name = "localhost", .ca_name = "CA", .ca = stranger.pair.cert},
         "self-signed certificate"},
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct two t;
        begin(&t, others[i].trust);
        talk(&t, ROOM / 2);
        assert_int_equal(t.here.answer, TLS_BROKEN);
        assert_string_equal(tls_client_reason(t.here.conn), others[i].why);
        assert_false(t.there.conn->open);
        end(&t);
    }
    pair_free(&stranger);
}

static void a_client_that_believes_anybody_does(void **state)
{
    struct two t;
    (void)state;
    begin(&t, (struct tls_trust){.name = "127.0.0.1", .ca_name = "CA", .anybody = true});
    talk(&t, ROOM / 2);
    assert_true(t.here.conn->open && t.there.conn->open);
    end(&t);
}

/* What is not sent has a limit, and whoever answers no TLS at all is not heard for long. */
static void a_client_holds_and_reads_no_more_than_it_says(void **state)
{
    static uint8_t much[UNSENT];
    struct two t;
    (void)state;
    begin(&t, (struct tls_trust){.name = "localhost", .ca_name = "CA"});
    talk(&t, ROOM / 2);
    assert_err(tls_conn_write(t.here.conn, (span_t){much, sizeof much}), ERR_IO);
    assert_true(t.here.conn->unsent.len <= UNSENT);
    end(&t);

    begin(&t, (struct tls_trust){.name = "localhost", .ca_name = "CA"});
    size_t got = 0;
    t.here.answer = tls_conn_feed(t.here.conn, SPAN_LIT("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                  t.here.heard, ROOM, &got);
    assert_int_equal(t.here.answer, TLS_BROKEN);
    assert_string_equal(tls_client_reason(t.here.conn), "wrong version number");
    assert_int_equal(got, 0);
    end(&t);
}

static void what_cannot_be_trusted_is_refused_with_a_word(void **state)
{
    static const struct {
        struct tls_trust trust;
        const char *says;
    } rows[] = {
        {{.name = "localhost", .ca_name = "a.pem", .ca = SPAN_INIT("no certificate")},
         "a.pem: holds no certificate in PEM"},
        {{.name = "localhost", .ca_name = "empty.pem"}, "empty.pem: holds no certificate in PEM"},
        {{.name = "", .ca_name = "a.pem"}, ": is no name of a server"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_client *c = NULL;
        char why[TLS_WHY_BYTES];
        assert_err(tls_client_new(&rows[i].trust, &c, why), ERR_FORMAT);
        assert_string_equal(why, rows[i].says);
        assert_null(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_believes_who_shows_a_certificate_that_it_trusts),
        cmocka_unit_test(a_client_hangs_up_on_anybody_else),
        cmocka_unit_test(a_client_that_believes_anybody_does),
        cmocka_unit_test(a_client_holds_and_reads_no_more_than_it_says),
        cmocka_unit_test(what_cannot_be_trusted_is_refused_with_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
