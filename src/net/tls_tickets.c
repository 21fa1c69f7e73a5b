#include "net/tls_tickets.h"

#include <openssl/rand.h>

#include <string.h>

static err_t make_key(struct ticket_key *out)
{
    return RAND_bytes(out->name, sizeof out->name) == 1 &&
                   RAND_priv_bytes(out->cipher, sizeof out->cipher) == 1 &&
                   RAND_priv_bytes(out->mac, sizeof out->mac) == 1
               ? ERR_OK
               : err_new(ERR_IO);
}

static void wipe(struct ticket_key *key)
{
    explicit_bzero(key, sizeof *key);
}

err_t tickets_init(struct tickets *t, mono_t now)
{
    CLEANUP(wipe) struct ticket_key first = {0};
    TRY(make_key(&first));
    *t = (struct tickets){.count = 1, .made = now};
    t->key[0] = first;
    return pthread_mutex_init(&t->mutex, NULL) == 0 ? ERR_OK : err_new(ERR_IO);
}

void tickets_deinit(struct tickets *t)
{
    if (t->count > 0) {
        (void)pthread_mutex_destroy(&t->mutex);
    }
    explicit_bzero(t->key, sizeof t->key);
    t->count = 0;
}

static err_t rotate(struct tickets *t)
{
    CLEANUP(wipe) struct ticket_key fresh = {0};
    TRY(make_key(&fresh));
    const size_t kept = t->count < LIMIT_TLS_TICKET_KEYS ? t->count : LIMIT_TLS_TICKET_KEYS - 1;
    memmove(&t->key[1], &t->key[0], kept * sizeof t->key[0]); /* the oldest is written over */
    t->key[0] = fresh;
    t->count = kept + 1;
    return ERR_OK;
}

err_t tickets_tick(struct tickets *t, mono_t now)
{
    err_t e = ERR_OK;
    (void)pthread_mutex_lock(&t->mutex);
    for (size_t i = 0; i < LIMIT_TLS_TICKET_KEYS && !failed(e); i++) {
        if (mono_ms_between(t->made, now) < LIMIT_TLS_TICKET_KEY_MS) {
            break;
        }
        e = rotate(t);
        if (!failed(e)) {
            const bool last = i + 1 == LIMIT_TLS_TICKET_KEYS;
            t->made = last ? now : mono_after_ms(t->made, LIMIT_TLS_TICKET_KEY_MS);
        }
    }
    (void)pthread_mutex_unlock(&t->mutex);
    return e;
}

void tickets_newest(struct tickets *t, struct ticket_key *out)
{
    (void)pthread_mutex_lock(&t->mutex);
    *out = t->key[0];
    (void)pthread_mutex_unlock(&t->mutex);
}

bool tickets_find(struct tickets *t, const uint8_t name[TICKET_NAME_BYTES], struct ticket_key *out,
                  bool *newest)
{
    bool found = false;
    (void)pthread_mutex_lock(&t->mutex);
    for (size_t i = 0; i < t->count && !found; i++) {
        found = memcmp(t->key[i].name, name, TICKET_NAME_BYTES) == 0; /* names are public */
        if (found) {
            *out = t->key[i];
            *newest = i == 0;
        }
    }
    (void)pthread_mutex_unlock(&t->mutex);
    return found;
}
