#include "net/tls.h"

#include "net/tls_inside.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* RFC 9325 4.2: forward secrecy and AEAD only. The peer without AES in hardware puts ChaCha20
 * first, and then gets it. */
static const char ciphers_1_2[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char ciphers_1_3[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

enum { RSA_BITS_MIN = 2048, EC_BITS_MIN = 256, SECURITY_LEVEL = 2 /* 112 bits */ };

/* ---- for CLEANUP ---- */

static void free_ctx(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
}

static void free_cert(X509 **cert)
{
    X509_free(*cert);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void free_bio(BIO **bio)
{
    (void)BIO_free(*bio);
}

static void wipe_key(struct ticket_key *key)
{
    explicit_bzero(key, sizeof *key);
}

/* ---- what OpenSSL asks ---- */

/* RFC 7301 3.2: a client that names protocols, and not ours, hears so. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool begin_mac(EVP_MAC_CTX *mac, struct ticket_key *key)
{
    char digest[] = "SHA256";
    const OSSL_PARAM with[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, with) == 1;
}

/* The values are those of SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
enum { TICKET_ERROR = -1, TICKET_UNKNOWN = 0, TICKET_GOOD = 1, TICKET_RENEW = 2 };

static int seal_ticket(struct tls_server *s, unsigned char *name, unsigned char *iv,
                       EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    CLEANUP(wipe_key) struct ticket_key key = {0};
    tickets_newest(&s->tickets, &key);
    memcpy(name, key.name, sizeof key.name);
    const bool begun = RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
                       EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher, iv, NULL) == 1 &&
                       begin_mac(mac, &key);
    return begun ? TICKET_GOOD : TICKET_ERROR;
}

static int open_ticket(struct tls_server *s, const unsigned char *name, const unsigned char *iv,
                       EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    CLEANUP(wipe_key) struct ticket_key key = {0};
    bool newest = false;
    if (!tickets_find(&s->tickets, name, &key, &newest)) {
        return TICKET_UNKNOWN;
    }
    if (!begin_mac(mac, &key) ||
        EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher, iv, NULL) != 1) {
        return TICKET_ERROR;
    }
    return newest ? TICKET_GOOD : TICKET_RENEW;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int seal)
{
    struct tls_server *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    return seal == 1 ? seal_ticket(s, name, iv, cipher, mac)
                     : open_ticket(s, name, iv, cipher, mac);
}

/* ---- rules of a context ---- */

bool tls_set_rules(SSL_CTX *ctx, bool only_1_3)
{
    char groups[] = "X25519:P-256:P-384"; /* not const: a macro of OpenSSL casts it */
    SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(ctx, only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, ciphers_1_2) == 1 &&
           SSL_CTX_set_ciphersuites(ctx, ciphers_1_3) == 1 &&
           SSL_CTX_set1_groups_list(ctx, groups) == 1;
}

static bool set_rules(SSL_CTX *ctx, const struct tls_server *s)
{
    static const unsigned char id[] = "canara";
    (void)SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                       SSL_OP_CLEANSE_PLAINTEXT);
    (void)SSL_CTX_set_timeout(ctx,
                              (long)(LIMIT_TLS_TICKET_KEY_MS / 1000) * (LIMIT_TLS_TICKET_KEYS - 1));
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    return tls_set_rules(ctx, s->only_1_3) &&
           SSL_CTX_set_session_id_context(ctx, id, sizeof id - 1) == 1 &&
           SSL_CTX_set_num_tickets(ctx, 1) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) == 1;
}

static SSL_CTX *make_ctx(struct tls_server *s)
{
    CLEANUP(free_ctx) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL || !set_rules(ctx, s)) {
        return NULL;
    }
    (void)SSL_CTX_set_app_data(ctx, s);
    tls_watch_messages(ctx);
    SSL_CTX *const made = ctx;
    ctx = NULL;
    return made;
}

/* ---- certificates ---- */

PRINTF_LIKE(2, 3) static err_t refuse(char why[TLS_WHY_BYTES], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, TLS_WHY_BYTES, format, args);
    va_end(args);
    ERR_clear_error();
    return err_new(ERR_FORMAT);
}

/* Never ask at a terminal. The shape is OpenSSL's: NOLINTNEXTLINE(readability-non-const-parameter) */
static int no_password(char *out, int size, int writing, void *arg)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static BIO *over(span_t bytes)
{
    return bytes.len == 0 || bytes.len > LIMIT_TLS_PEM_BYTES
               ? NULL
               : BIO_new_mem_buf(bytes.ptr, (int)bytes.len);
}

/* What the certificate is for, in the words of an operator; NULL: not served. */
static const char *kind_of(const EVP_PKEY *key)
{
    const int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "RSA") == 1 && bits >= RSA_BITS_MIN) {
        return "RSA";
    }
    return EVP_PKEY_is_a(key, "EC") == 1 && bits >= EC_BITS_MIN ? "EC" : NULL;
}

static err_t add_chain(SSL_CTX *ctx, BIO *pem, const char *name, char why[TLS_WHY_BYTES])
{
    for (int i = 1;; i++) {
        X509 *cert = PEM_read_bio_X509(pem, NULL, no_password, NULL);
        if (cert == NULL) {
            const int reason = ERR_GET_REASON(ERR_peek_last_error());
            ERR_clear_error();
            return reason == PEM_R_NO_START_LINE
                       ? ERR_OK
                       : refuse(why, "%s: a certificate of the chain cannot be read", name);
        }
        if (i >= LIMIT_TLS_CHAIN || SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
            X509_free(cert);
            return refuse(why, "%s: more than %d certificates, or one too weak", name,
                          LIMIT_TLS_CHAIN);
        }
    }
}

static bool end_of(const X509 *cert, wall_t *out)
{
    struct tm tm = {0};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1) {
        return false;
    }
    out->ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

/* A context on its way, with what is known of it. */
struct draft {
    SSL_CTX *ctx;
    const char *kinds[LIMIT_TLS_PAIRS];
    wall_t not_after; /* 0: none yet */
    size_t ends_first;
};

static void free_draft(struct draft *d)
{
    SSL_CTX_free(d->ctx);
}

/* Whether a key of this kind is taken for the first time. */
static bool take_kind(struct draft *d, size_t index, const char *kind)
{
    for (size_t i = 0; i < index; i++) {
        if (d->kinds[i] != NULL && strcmp(d->kinds[i], kind) == 0) {
            return false;
        }
    }
    d->kinds[index] = kind;
    return true;
}

static err_t add_pair(struct draft *d, size_t index, const struct tls_pair *pair,
                      char why[TLS_WHY_BYTES])
{
    CLEANUP(free_bio) BIO *cert_pem = over(pair->cert);
    CLEANUP(free_bio) BIO *key_pem = over(pair->key);
    CLEANUP(free_cert)
    X509 *cert = cert_pem == NULL ? NULL : PEM_read_bio_X509_AUX(cert_pem, NULL, no_password, NULL);
    if (cert == NULL) {
        return refuse(why, "%s: holds no certificate in PEM", pair->cert_name);
    }
    CLEANUP(free_key)
    EVP_PKEY *key =
        key_pem == NULL ? NULL : PEM_read_bio_PrivateKey(key_pem, NULL, no_password, NULL);
    if (key == NULL) {
        return refuse(why, "%s: holds no private key in PEM, or one behind a password",
                      pair->key_name);
    }
    const char *const kind = kind_of(key);
    if (kind == NULL) {
        return refuse(why,
                      "%s: must be an elliptic curve (P-256 or larger) or RSA (%d bits or more)",
                      pair->key_name, RSA_BITS_MIN);
    }
    if (!take_kind(d, index, kind)) {
        return refuse(why, "%s: a second %s key; one elliptic curve and one RSA can be served",
                      pair->key_name, kind);
    }
    if (X509_check_private_key(cert, key) != 1) {
        return refuse(why, "%s: is not the key of %s", pair->key_name, pair->cert_name);
    }
    if (SSL_CTX_use_certificate(d->ctx, cert) != 1 || SSL_CTX_use_PrivateKey(d->ctx, key) != 1) {
        return refuse(why, "%s: refused by OpenSSL (too weak?)", pair->cert_name);
    }
    wall_t end = {0};
    if (!end_of(cert, &end)) {
        return refuse(why, "%s: its end cannot be read", pair->cert_name);
    }
    if (d->not_after.ms == 0 || end.ms < d->not_after.ms) {
        d->not_after = end;
        d->ends_first = index;
    }
    return add_chain(d->ctx, cert_pem, pair->cert_name, why);
}

err_t tls_server_load(struct tls_server *s, const struct tls_pair *pair, size_t pairs,
                      char why[TLS_WHY_BYTES])
{
    MUST(pairs >= 1 && pairs <= LIMIT_TLS_PAIRS);
    CLEANUP(free_draft) struct draft d = {.ctx = make_ctx(s)};
    if (d.ctx == NULL) {
        (void)refuse(why, "TLS: OpenSSL could not be set up");
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < pairs; i++) {
        TRY(add_pair(&d, i, &pair[i], why));
    }
    (void)pthread_mutex_lock(&s->mutex);
    SSL_CTX *const before = s->ctx;
    s->ctx = d.ctx;
    s->not_after = d.not_after;
    s->ends_first = d.ends_first;
    (void)pthread_mutex_unlock(&s->mutex);
    d.ctx = before; /* its last connection takes it along */
    return ERR_OK;
}

/* ---- life ---- */

err_t tls_server_new(bool only_1_3, mono_t now, struct tls_server **out)
{
    struct tls_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->only_1_3 = only_1_3;
    s->wire = tls_wire_new();
    if (s->wire == NULL || pthread_mutex_init(&s->mutex, NULL) != 0) {
        BIO_meth_free(s->wire);
        free(s);
        return err_new(ERR_NOMEM);
    }
    const err_t e = tickets_init(&s->tickets, now);
    if (failed(e)) {
        tls_server_free(&s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void tls_server_free(struct tls_server **s)
{
    if (*s == NULL) {
        return;
    }
    SSL_CTX_free((*s)->ctx);
    BIO_meth_free((*s)->wire);
    tickets_deinit(&(*s)->tickets);
    (void)pthread_mutex_destroy(&(*s)->mutex);
    free(*s);
    *s = NULL;
}

SSL_CTX *tls_server_ctx(struct tls_server *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    SSL_CTX *const ctx = s->ctx;
    const bool held = ctx != NULL && SSL_CTX_up_ref(ctx) == 1;
    (void)pthread_mutex_unlock(&s->mutex);
    return held ? ctx : NULL;
}

wall_t tls_server_not_after(struct tls_server *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    const wall_t end = s->not_after;
    (void)pthread_mutex_unlock(&s->mutex);
    return end;
}

size_t tls_server_ends_first(struct tls_server *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    const size_t number = s->ends_first;
    (void)pthread_mutex_unlock(&s->mutex);
    return number;
}

err_t tls_server_tick(struct tls_server *s, mono_t now)
{
    return tickets_tick(&s->tickets, now);
}
