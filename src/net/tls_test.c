/* Certificates: what is served, and what is refused with which words. */
#include "net/tls.h"

#include "base/util.h"
#include "net/tls_inside.h"
#include "net/tls_test.h"

static const mono_t start = {1000000};

static struct tls_server *server(void)
{
    struct tls_server *s = NULL;
    assert_ok(tls_server_new(false, start, &s));
    return s;
}

/* Whether a client can shake hands. */
static bool serves(struct tls_server *s)
{
    struct talker t;
    talker_begin(&t, s, TLS1_3_VERSION);
    const bool good = talker_shake(&t, 0);
    talker_end(&t);
    return good;
}

static void bad_files_are_refused_with_a_reason_and_the_old_ones_stay(void **state)
{
    struct test_pair ec, other, rsa, small;
    pair_ec(&ec);
    pair_ec(&other);
    pair_rsa(&rsa, 2048);
    pair_rsa(&small, 1024);

    BIO *locked = BIO_new(BIO_s_mem());
    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(locked, ec.key, EVP_aes_128_cbc(), "word", 4, NULL, NULL), 1);
    static uint8_t long_file[LIMIT_TLS_PEM_BYTES + 1];

    const struct {
        span_t cert, key;
        const char *why;
    } cases[] = {
        {{NULL, 0}, ec.pair.key, "CERT: holds no certificate in PEM"},
        {SPAN_LIT("hello"), ec.pair.key, "CERT: holds no certificate in PEM"},
        {{long_file, sizeof long_file}, ec.pair.key, "CERT: holds no certificate in PEM"},
        {ec.pair.key, ec.pair.key, "CERT: holds no certificate in PEM"},
        {ec.pair.cert, {NULL, 0}, "KEY: holds no private key in PEM, or one behind a password"},
        {ec.pair.cert, ec.pair.cert, "KEY: holds no private key in PEM, or one behind a password"},
        {ec.pair.cert, pem_of(locked),
         "KEY: holds no private key in PEM, or one behind a password"},
        {ec.pair.cert, other.pair.key, "KEY: is not the key of CERT"},
        {ec.pair.cert, rsa.pair.key, "KEY: is not the key of CERT"},
        {small.pair.cert, small.pair.key,
         "KEY: must be an elliptic curve (P-256 or larger) or RSA (2048 bits or more)"},
    };

    (void)state;
    struct tls_server *s = server();
    char why[TLS_WHY_BYTES] = "";
    assert_ok(tls_server_load(s, &ec.pair, 1, why));
    const wall_t end = tls_server_not_after(s);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct tls_pair bad = {
            .cert_name = "CERT", .key_name = "KEY", .cert = cases[i].cert, .key = cases[i].key};
        assert_err(tls_server_load(s, &bad, 1, why), ERR_FORMAT);
        assert_string_equal(why, cases[i].why);
        assert_true(serves(s));
        assert_true(end.ms == tls_server_not_after(s).ms);
    }
    const struct tls_pair twice[] = {ec.pair, other.pair};
    assert_err(tls_server_load(s, twice, 2, why), ERR_FORMAT);
    assert_string_equal(why, "KEY: a second EC key; one elliptic curve and one RSA can be served");
    tls_server_free(&s);
    (void)BIO_free(locked);
    pair_free(&ec);
    pair_free(&other);
    pair_free(&rsa);
    pair_free(&small);
}

static void the_first_end_of_two_certificates_is_told(void **state)
{
    struct test_pair soon, late;
    char why[TLS_WHY_BYTES];
    (void)state;
    pair_over(&soon, EVP_EC_gen("P-256"), 5);
    pair_over(&late, EVP_RSA_gen(2048), 50);
    struct tls_server *s = server();
    assert_true(tls_server_not_after(s).ms == 0);
    for (int i = 0; i < 2; i++) {
        const struct tls_pair pairs[] = {i == 0 ? soon.pair : late.pair,
                                         i == 0 ? late.pair : soon.pair};
        assert_ok(tls_server_load(s, pairs, 2, why));
        assert_int_equal(tls_server_ends_first(s), i);
        const int64_t days = (tls_server_not_after(s).ms - (int64_t)time(NULL) * 1000) / 86400000;
        assert_in_range(days, 4, 5);
    }
    tls_server_free(&s);
    pair_free(&soon);
    pair_free(&late);
}

/* The same certificate again and again: a chain need not be a lawful one to be counted. */
static void a_chain_has_so_many_certificates_and_no_more(void **state)
{
    struct test_pair ec;
    char why[TLS_WHY_BYTES];
    (void)state;
    pair_ec(&ec);
    struct tls_server *s = server();
    struct buf file;
    buf_init(&file, LIMIT_TLS_PEM_BYTES);
    for (int i = 1; i <= LIMIT_TLS_CHAIN + 1; i++) {
        assert_ok(buf_append(&file, ec.pair.cert));
        struct tls_pair pair = ec.pair;
        pair.cert = buf_span(&file);
        assert_int_equal(failed(tls_server_load(s, &pair, 1, why)), i > LIMIT_TLS_CHAIN);
    }
    assert_string_equal(why, "CERT: more than 8 certificates, or one too weak");
    assert_ok(buf_append(&file, SPAN_LIT("-----BEGIN CERTIFICATE-----\nxx\n")));
    buf_deinit(&file);
    assert_ok(buf_append(&file, ec.pair.cert));
    assert_ok(buf_append(&file,
                         SPAN_LIT("-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n")));
    struct tls_pair torn = ec.pair;
    torn.cert = buf_span(&file);
    assert_err(tls_server_load(s, &torn, 1, why), ERR_FORMAT);
    assert_string_equal(why, "CERT: a certificate of the chain cannot be read");
    buf_deinit(&file);
    tls_server_free(&s);
    pair_free(&ec);
}

/* ---- ticket keys ---- */

static void a_key_is_new_each_hour_and_the_oldest_is_forgotten(void **state)
{
    struct tickets t;
    struct ticket_key seen[LIMIT_TLS_TICKET_KEYS + 2], found;
    bool newest = false;
    mono_t now = start;
    (void)state;
    assert_ok(tickets_init(&t, now));
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        tickets_newest(&t, &seen[i]);
        for (size_t k = 0; k <= i; k++) {
            assert_int_equal(tickets_find(&t, seen[k].name, &found, &newest),
                             i - k < LIMIT_TLS_TICKET_KEYS);
        }
        assert_true(tickets_find(&t, seen[i].name, &found, &newest));
        assert_true(newest);
        assert_memory_equal(&found, &seen[i], sizeof found);
        assert_ok(tickets_tick(&t, mono_after_ms(now, LIMIT_TLS_TICKET_KEY_MS - 1)));
        tickets_newest(&t, &found);
        assert_memory_equal(&found, &seen[i], sizeof found);
        now = mono_after_ms(now, LIMIT_TLS_TICKET_KEY_MS);
        assert_ok(tickets_tick(&t, now));
    }
    tickets_newest(&t, &seen[0]);
    assert_ok(tickets_tick(&t, mono_after_ms(now, (int64_t)LIMIT_TLS_TICKET_KEY_MS * 100)));
    assert_false(tickets_find(&t, seen[0].name, &found, &newest)); /* long asleep: all are new */
    tickets_deinit(&t);
    static const struct ticket_key none[LIMIT_TLS_TICKET_KEYS];
    assert_memory_equal(t.key, none, sizeof none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_refused_with_a_reason_and_the_old_ones_stay),
        cmocka_unit_test(the_first_end_of_two_certificates_is_told),
        cmocka_unit_test(a_chain_has_so_many_certificates_and_no_more),
        cmocka_unit_test(a_key_is_new_each_hour_and_the_oldest_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
