/* A peer that says anything, before, during and after its handshake: no crash, no bound crossed. The
 * first byte chooses: bit 0, whether a real client shakes hands first; bit 1, whether its first
 * flight is changed, by groups of place (two bytes) and mask (one); bit 2, TLS 1.2; the upper bits,
 * how many bytes travel together. */
#include "net/tls_conn.h"

#include "net/tls_test.h"

#include <stdlib.h>

enum { SHAKE = 1, CHANGE = 2, VERSION_1_2 = 4, STEP_SHIFT = 3, CHANGES = 8 };

static struct {
    struct tls_server *server; /* one for many inputs: a fuzzer's process ends with it */
    struct test_pair pair;
    SSL_CTX *client;
} kept;

static void end_kept(void)
{
    tls_server_free(&kept.server);
    pair_free(&kept.pair);
    SSL_CTX_free(kept.client);
}

static void begin_kept(void)
{
    char why[TLS_WHY_BYTES];
    if (kept.server != NULL) {
        return;
    }
    pair_ec(&kept.pair);
    MUST(!failed(tls_server_new(false, (mono_t){1}, &kept.server)));
    MUST(!failed(tls_server_load(kept.server, &kept.pair.pair, 1, why)));
    kept.client = SSL_CTX_new(TLS_client_method());
    MUST(kept.client != NULL);
    MUST(atexit(end_kept) == 0);
}

static void check(const struct talker *t)
{
    MUST(t->conn->unsent.len <= LIMIT_TLS_UNSENT_BYTES);
    MUST(t->conn->hello_bytes <= LIMIT_TLS_HELLO_BYTES);
    MUST(t->conn->key_updates <= LIMIT_TLS_KEY_UPDATES + 1);
    MUST(t->conn->open || t->heard == 0);
}

static void feed(struct talker *t, span_t in, size_t step)
{
    while (in.len > 0 && t->answer == TLS_GOING) {
        const size_t n = in.len < step ? in.len : step;
        talker_feed(t, (span_t){in.ptr, n});
        in = (span_t){in.ptr + n, in.len - n};
        check(t);
    }
}

/* The client's first flight, with some of its bits changed. */
static span_t change(struct talker *t, span_t in, size_t step)
{
    static uint8_t flight[16384];
    (void)SSL_do_handshake(t->ssl);
    const int len = BIO_read(t->to_us, flight, sizeof flight);
    MUST(len > 0);
    for (int i = 0; i < CHANGES && in.len >= 3; i++) {
        flight[(in.ptr[0] | (size_t)in.ptr[1] << 8) % (size_t)len] ^= in.ptr[2];
        in = (span_t){in.ptr + 3, in.len - 3};
    }
    feed(t, (span_t){flight, (size_t)len}, step);
    talker_to_client(t);
    return in;
}

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct talker t; /* large */
    if (len < 2 || len > 65536) {
        return 0;
    }
    begin_kept();
    const uint8_t how = bytes[0];
    const size_t step = (size_t)1 << (how >> STEP_SHIFT) % 16;
    span_t in = {bytes + 1, len - 1};
    talker_begin_with(&t, kept.server, kept.client,
                      (how & VERSION_1_2) != 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
    if ((how & CHANGE) != 0) {
        in = change(&t, in, step);
    }
    if ((how & SHAKE) != 0) {
        (void)talker_shake(&t, 0);
    }
    feed(&t, in, step);
    if (t.conn->open && t.answer != TLS_BROKEN) {
        (void)failed(tls_conn_write(t.conn, SPAN_LIT("answer")));
        (void)failed(tls_conn_close(t.conn));
    }
    check(&t);
    talker_end(&t);
    return 0;
}
