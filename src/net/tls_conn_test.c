/* One connection, between OpenSSL's client and ours, without a socket. */
#include "net/tls_conn.h"

#include "base/util.h"
#include "net/tls_inside.h"
#include "net/tls_test.h"

#include <openssl/err.h>

struct world {
    struct tls_server *server;
    struct test_pair ec, rsa;
};

static mono_t mono_zero(void)
{
    return (mono_t){1000000};
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char why[TLS_WHY_BYTES] = "";
    assert_non_null(w);
    pair_ec(&w->ec);
    pair_rsa(&w->rsa, 2048);
    assert_ok(tls_server_new(false, mono_zero(), &w->server));
    const struct tls_pair both[] = {w->ec.pair, w->rsa.pair};
    assert_ok(tls_server_load(w->server, both, ARRAY_LEN(both), why));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    tls_server_free(&w->server);
    pair_free(&w->ec);
    pair_free(&w->rsa);
    free(w);
    return 0;
}

static void expect_heard(const struct talker *t, const char *text)
{
    assert_int_equal(t->heard, strlen(text));
    assert_memory_equal(t->plain, text, t->heard);
}

/* ---- shaking hands ---- */

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void both_versions_and_both_kinds_of_key_are_served(void **state)
{
    static const struct {
        const char *sigalgs;
        int key;
    } kinds[] = {{"ECDSA+SHA256", EVP_PKEY_EC}, {"RSA-PSS+SHA256:RSA+SHA256", EVP_PKEY_RSA}};

    struct world *w = *state;
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            struct talker t;
            talker_begin(&t, w->server, versions[v]);
            char algorithms[32]; /* not const: a macro of OpenSSL casts it */
            (void)snprintf(algorithms, sizeof algorithms, "%s", kinds[k].sigalgs);
            assert_int_equal(SSL_set1_sigalgs_list(t.ssl, algorithms), 1);
            assert_true(talker_shake(&t, 0));
            X509 *cert = SSL_get1_peer_certificate(t.ssl);
            assert_int_equal(EVP_PKEY_get_base_id(X509_get0_pubkey(cert)), kinds[k].key);
            X509_free(cert);
            talker_say(&t, SPAN_LIT("hello"), 0);
            expect_heard(&t, "hello");
            assert_ok(tls_conn_write(t.conn, SPAN_LIT("welcome")));
            uint8_t back[64];
            assert_int_equal(talker_hear(&t, back, sizeof back), 7);
            assert_memory_equal(back, "welcome", 7);
            talker_end(&t);
        }
    }
}

static void any_cut_of_the_bytes_is_the_same_talk(void **state)
{
    static const size_t steps[] = {1, 2, 3, 5, 7, 64, 1000};
    struct world *w = *state;
    uint8_t big[40000];
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (uint8_t)(i * 7);
    }
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
            struct talker t;
            talker_begin(&t, w->server, versions[v]);
            assert_true(talker_shake(&t, steps[i]));
            talker_say(&t, (span_t){big, sizeof big}, steps[i]);
            assert_int_equal(t.heard, sizeof big);
            assert_memory_equal(t.plain, big, sizeof big);
            talker_end(&t);
        }
    }
}

static void old_versions_are_refused(void **state)
{
    static const int old[] = {TLS1_VERSION, TLS1_1_VERSION};
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        struct talker t;
        talker_begin(&t, w->server, old[i]);
        SSL_set_security_level(t.ssl, 0);
        assert_int_equal(SSL_set_cipher_list(t.ssl, "ALL:@SECLEVEL=0"), 1);
        assert_false(talker_shake(&t, 0));
        assert_int_equal(t.answer, TLS_BROKEN);
        talker_end(&t);
    }
}

static void where_only_1_3_is_wanted_1_2_is_refused(void **state)
{
    struct world *w = *state;
    char why[TLS_WHY_BYTES];
    struct tls_server *s = NULL;
    assert_ok(tls_server_new(true, mono_zero(), &s));
    assert_ok(tls_server_load(s, &w->ec.pair, 1, why));
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        struct talker t;
        talker_begin(&t, s, versions[v]);
        assert_int_equal(talker_shake(&t, 0), versions[v] == TLS1_3_VERSION);
        talker_end(&t);
    }
    tls_server_free(&s);
}

static void ciphers_without_forward_secrecy_or_aead_are_refused(void **state)
{
    static const char *const bad[] = {"AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256",
                                      "ECDHE-RSA-AES256-SHA", "DHE-RSA-AES128-GCM-SHA256"};
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct talker t;
        talker_begin(&t, w->server, TLS1_2_VERSION);
        assert_int_equal(SSL_set_cipher_list(t.ssl, bad[i]), 1);
        assert_false(talker_shake(&t, 0));
        talker_end(&t);
    }
}

static void the_protocol_is_http_1_1_or_none(void **state)
{
    static const struct {
        const char *wire; /* lengths and names */
        bool good;
    } cases[] = {{"\x08http/1.1", true}, {"\x02h2\x08http/1.1", true}, {"\x02h2", false}};

    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct talker t;
        talker_begin(&t, w->server, TLS1_3_VERSION);
        assert_int_equal(SSL_set_alpn_protos(t.ssl, (const unsigned char *)cases[i].wire,
                                             (unsigned)strlen(cases[i].wire)),
                         0);
        assert_int_equal(talker_shake(&t, 0), cases[i].good);
        const unsigned char *chosen = NULL;
        unsigned len = 0;
        SSL_get0_alpn_selected(t.ssl, &chosen, &len);
        assert_int_equal(len, cases[i].good ? 8 : 0);
        talker_end(&t);
    }
}

/* ---- resuming ---- */

/* A session of a finished talk, with its ticket. */
static SSL_SESSION *session_of(struct tls_server *s, int version)
{
    struct talker t;
    uint8_t none[8];
    talker_begin(&t, s, version);
    assert_true(talker_shake(&t, 0));
    (void)talker_hear(&t, none, sizeof none); /* the ticket of 1.3 comes behind the handshake */
    SSL_SESSION *const session = SSL_get1_session(t.ssl);
    assert_int_equal(SSL_SESSION_has_ticket(session), 1);
    talker_end(&t);
    return session;
}

static bool resumes(struct tls_server *s, SSL_SESSION *session, int version)
{
    struct talker t;
    talker_begin(&t, s, version);
    assert_int_equal(SSL_set_session(t.ssl, session), 1);
    assert_true(talker_shake(&t, 0));
    const bool resumed = tls_conn_is_resumed(t.conn);
    assert_int_equal(SSL_session_reused(t.ssl), resumed);
    talker_end(&t);
    return resumed;
}

static void a_ticket_resumes_over_reloads_and_until_its_key_is_forgotten(void **state)
{
    struct world *w = *state;
    struct test_pair other;
    char why[TLS_WHY_BYTES];
    pair_ec(&other);
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        mono_t now = mono_zero();
        struct tls_server *s = NULL;
        assert_ok(tls_server_new(false, now, &s));
        assert_ok(tls_server_load(s, &w->ec.pair, 1, why));
        SSL_SESSION *session = session_of(s, versions[v]);
        assert_true(resumes(s, session, versions[v]));
        assert_ok(tls_server_load(s, &other.pair, 1, why));
        assert_true(resumes(s, session, versions[v]));
        for (int i = 1; i < LIMIT_TLS_TICKET_KEYS; i++) {
            now = mono_after_ms(now, LIMIT_TLS_TICKET_KEY_MS);
            assert_ok(tls_server_tick(s, now));
            assert_true(resumes(s, session, versions[v]));
        }
        now = mono_after_ms(now, LIMIT_TLS_TICKET_KEY_MS);
        assert_ok(tls_server_tick(s, now));
        assert_false(resumes(s, session, versions[v]));
        SSL_SESSION_free(session);
        tls_server_free(&s);
    }
    pair_free(&other);
}

static void a_ticket_of_another_server_is_a_full_handshake(void **state)
{
    struct world *w = *state;
    char why[TLS_WHY_BYTES];
    struct tls_server *s = NULL;
    assert_ok(tls_server_new(false, mono_zero(), &s));
    assert_ok(tls_server_load(s, &w->ec.pair, 1, why));
    SSL_SESSION *session = session_of(s, TLS1_3_VERSION);
    assert_false(resumes(w->server, session, TLS1_3_VERSION));
    SSL_SESSION_free(session);
    tls_server_free(&s);
}

/* ---- ending ---- */

static void each_side_may_end_by_itself(void **state)
{
    struct world *w = *state;
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        struct talker t;
        uint8_t back[64];
        talker_begin(&t, w->server, versions[v]);
        assert_true(talker_shake(&t, 0));
        size_t done = 0;
        assert_int_equal(SSL_write_ex(t.ssl, "last", 4, &done), 1);
        (void)SSL_shutdown(t.ssl);
        talker_to_server(&t, 0);
        assert_int_equal(t.answer, TLS_ENDED);
        assert_true(t.conn->ended);
        expect_heard(&t, "last");
        assert_ok(tls_conn_write(t.conn, SPAN_LIT("answer")));
        assert_ok(tls_conn_close(t.conn));
        assert_ok(tls_conn_close(t.conn)); /* once is enough */
        assert_int_equal(talker_hear(&t, back, sizeof back), 6);
        assert_int_equal(SSL_get_shutdown(t.ssl), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        talker_end(&t);
    }
}

/* ---- attacks ---- */

static void what_is_no_tls_is_refused(void **state)
{
    static const char *const texts[] = {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "SSH-2.0-x\r\n",
                                        "\x16\x03\x01\x48\x01", /* too long a record */
                                        "\x16\x03\x01\x00\x05\x02\x01\x01\x01\x01",
                                        "\x17\x03\x03\x01\x01\x01\x01\x01\x01\x01"};
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct talker t;
        talker_begin(&t, w->server, TLS1_3_VERSION);
        talker_feed(&t, (span_t){(const uint8_t *)texts[i], strlen(texts[i])});
        const uint8_t rest[600] = {0};
        if (t.answer == TLS_GOING) {
            talker_feed(&t, (span_t){rest, sizeof rest});
        }
        assert_int_equal(t.answer, TLS_BROKEN);
        assert_false(t.conn->open);
        assert_int_equal(t.heard, 0);
        talker_end(&t);
    }
}

/* A ClientHello that claims 10,000 bytes, a byte in each record: as many as asked for. */
static enum tls_answer hello_of(struct tls_server *s, size_t bytes)
{
    static uint8_t cipher[LIMIT_TLS_HELLO_BYTES + 64];
    struct talker t;
    for (size_t i = 0; i < bytes; i += 6) {
        static const uint8_t claim[] = {1, 0, 0x27, 0x10};
        const uint8_t record[6] = {0x16, 3, 1, 0, 1, i / 6 < sizeof claim ? claim[i / 6] : 3};
        memcpy(cipher + i, record, sizeof record);
    }
    talker_begin(&t, s, TLS1_3_VERSION);
    talker_feed(&t, (span_t){cipher, bytes});
    const enum tls_answer answer = t.answer;
    talker_end(&t);
    return answer;
}

static void a_handshake_of_too_many_bytes_is_broken_off(void **state)
{
    struct world *w = *state;
    assert_int_equal(hello_of(w->server, LIMIT_TLS_HELLO_BYTES - 1), TLS_GOING);
    assert_int_equal(hello_of(w->server, LIMIT_TLS_HELLO_BYTES), TLS_GOING);
    assert_int_equal(hello_of(w->server, LIMIT_TLS_HELLO_BYTES + 1), TLS_BROKEN);
}

static void keys_may_be_updated_so_often_and_no_more(void **state)
{
    struct world *w = *state;
    struct talker t;
    talker_begin(&t, w->server, TLS1_3_VERSION);
    assert_true(talker_shake(&t, 0));
    for (int i = 1; i <= LIMIT_TLS_KEY_UPDATES + 1; i++) {
        assert_int_equal(SSL_key_update(t.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        talker_say(&t, SPAN_LIT("x"), 0);
        assert_int_equal(t.answer, i <= LIMIT_TLS_KEY_UPDATES ? TLS_GOING : TLS_BROKEN);
        uint8_t none[8];
        (void)talker_hear(&t, none, sizeof none);
    }
    assert_true(t.heard >= LIMIT_TLS_KEY_UPDATES);
    talker_end(&t);
}

static void renegotiation_is_refused(void **state)
{
    struct world *w = *state;
    struct talker t;
    uint8_t none[8];
    talker_begin(&t, w->server, TLS1_2_VERSION);
    assert_true(talker_shake(&t, 0));
    assert_int_equal(SSL_renegotiate(t.ssl), 1);
    (void)SSL_do_handshake(t.ssl);
    talker_to_server(&t, 0);
    (void)talker_hear(&t, none, sizeof none);
    (void)SSL_do_handshake(t.ssl);
    assert_int_equal(SSL_is_init_finished(t.ssl), 0); /* it is told no, and gives up */
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
    ERR_clear_error();
    talker_end(&t);
}

static void a_changed_record_breaks_the_connection(void **state)
{
    struct world *w = *state;
    for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
        struct talker t;
        size_t done = 0;
        talker_begin(&t, w->server, versions[v]);
        assert_true(talker_shake(&t, 0));
        assert_int_equal(SSL_write_ex(t.ssl, "money", 5, &done), 1);
        uint8_t record[128];
        const int len = BIO_read(t.to_us, record, sizeof record);
        assert_in_range(len, 6, sizeof record);
        record[len - 1] ^= 1;
        talker_feed(&t, (span_t){record, (size_t)len});
        assert_int_equal(t.answer, TLS_BROKEN);
        assert_int_equal(t.heard, 0);
        assert_true(t.conn->unsent.len > 0); /* the alert */
        talker_end(&t);
    }
}

static void idle_it_holds_no_buffer(void **state)
{
    struct world *w = *state;
    struct talker t;
    uint8_t back[64];
    talker_begin(&t, w->server, TLS1_3_VERSION);
    assert_true(talker_shake(&t, 0));
    talker_say(&t, SPAN_LIT("x"), 0);
    assert_ok(tls_conn_write(t.conn, SPAN_LIT("y")));
    (void)talker_hear(&t, back, sizeof back);
    assert_null(t.conn->unsent.ptr);
    assert_null(t.conn->feed.ptr);
    assert_int_equal(SSL_alloc_buffers(t.ssl), 1); /* of the client: ours is not asked */
    talker_end(&t);
}

/* That OpenSSL does it is looked for in a running server's memory: tests/contract/test_memory.py. */
static void what_it_opens_is_wiped_until_it_may_hear_openly(void **state)
{
    struct world *w = *state;
    struct talker t;
    talker_begin(&t, w->server, TLS1_3_VERSION);
    assert_true(talker_shake(&t, 0));
    assert_true((SSL_get_options(t.conn->ssl) & SSL_OP_CLEANSE_PLAINTEXT) != 0);
    talker_say(&t, SPAN_LIT("a secret"), 0);
    expect_heard(&t, "a secret");
    tls_conn_hear_openly(t.conn);
    assert_true((SSL_get_options(t.conn->ssl) & SSL_OP_CLEANSE_PLAINTEXT) == 0);
    talker_say(&t, SPAN_LIT(", and none"), 3);
    expect_heard(&t, "a secret, and none");
    talker_end(&t);
}

static void too_much_unsent_is_an_error_and_not_memory(void **state)
{
    static uint8_t big[LIMIT_TLS_UNSENT_BYTES];
    struct world *w = *state;
    struct talker t;
    talker_begin(&t, w->server, TLS1_3_VERSION);
    assert_true(talker_shake(&t, 0));
    assert_err(tls_conn_write(t.conn, (span_t){big, sizeof big}), ERR_IO);
    assert_true(t.conn->unsent.len <= LIMIT_TLS_UNSENT_BYTES);
    talker_end(&t);
}

static void before_the_first_certificate_nobody_is_served(void **state)
{
    (void)state;
    struct tls_server *s = NULL;
    struct tls_conn *c = NULL;
    assert_ok(tls_server_new(false, mono_zero(), &s));
    assert_err(tls_conn_new(s, &c), ERR_NOMEM);
    assert_null(c);
    tls_server_free(&s);
    tls_server_free(&s);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(both_versions_and_both_kinds_of_key_are_served),
        WITH(any_cut_of_the_bytes_is_the_same_talk),
        WITH(old_versions_are_refused),
        WITH(where_only_1_3_is_wanted_1_2_is_refused),
        WITH(ciphers_without_forward_secrecy_or_aead_are_refused),
        WITH(the_protocol_is_http_1_1_or_none),
        WITH(a_ticket_resumes_over_reloads_and_until_its_key_is_forgotten),
        WITH(a_ticket_of_another_server_is_a_full_handshake),
        WITH(each_side_may_end_by_itself),
        WITH(what_is_no_tls_is_refused),
        WITH(a_handshake_of_too_many_bytes_is_broken_off),
        WITH(keys_may_be_updated_so_often_and_no_more),
        WITH(renegotiation_is_refused),
        WITH(a_changed_record_breaks_the_connection),
        WITH(idle_it_holds_no_buffer),
        WITH(what_it_opens_is_wiped_until_it_may_hear_openly),
        WITH(too_much_unsent_is_an_error_and_not_memory),
        WITH(before_the_first_certificate_nobody_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
