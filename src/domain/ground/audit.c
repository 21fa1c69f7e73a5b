#include "domain/ground/audit.h"

#include "crypto/hash_chain.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct audit {
    const struct clock *clock;
    struct hmac_key key;
};

err_t audit_new(const struct keyring *keys, const struct clock *clock, struct audit **out)
{
    struct audit *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return err_new(ERR_NOMEM);
    }
    a->clock = clock;
    chain_key_init(&a->key, keys);
    *out = a;
    return ERR_OK;
}

void audit_free(struct audit **a)
{
    if (*a == NULL) {
        return;
    }
    hmac_key_wipe(&(*a)->key);
    free(*a);
    *a = NULL;
}

static span_t text_of(const char *s)
{
    return (span_t){(const uint8_t *)s, strlen(s)};
}

static chain_hash_t hash_of(const struct audit *a, const struct audit_row *row)
{
    chain_hash_t previous = {{0}};
    memcpy(previous.byte, row->prev, sizeof previous.byte);
    const span_t fields[] = {
        {(const uint8_t *)&row->seq, sizeof row->seq},
        {(const uint8_t *)&row->at.ms, sizeof row->at.ms},
        text_of(row->kind),
        {row->account.byte, sizeof row->account.byte},
        {row->session.byte, sizeof row->session.byte},
        text_of(row->detail),
    };
    return chain_next(&a->key, previous, fields, sizeof fields / sizeof *fields);
}

err_t audit_append(struct audit *a, struct store_tx *tx, const audit_entry_t *entry)
{
    struct audit_row row = {
        .at = clock_wall(a->clock), .account = entry->account, .session = entry->session};
    MUST(strlen(entry->kind) < sizeof row.kind && strlen(entry->detail) < sizeof row.detail);
    memcpy(row.kind, entry->kind, strlen(entry->kind) + 1);
    memcpy(row.detail, entry->detail, strlen(entry->detail) + 1);
    TRY(store_audit_head(tx, &row.seq, row.prev));
    row.seq += 1;
    const chain_hash_t hash = hash_of(a, &row);
    memcpy(row.hash, hash.byte, sizeof row.hash);
    return store_audit_insert(tx, &row);
}

err_t audit_record(struct audit *a, struct store *store, const audit_entry_t *entry)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(store, STORE_WRITE, &tx));
    TRY(audit_append(a, &tx, entry));
    return store_commit(&tx);
}

/* ---- verifying ---- */

struct last {
    const struct audit *audit;
    bool fits;
};

static err_t check_last(void *ctx, const struct audit_row *row)
{
    struct last *l = ctx;
    const chain_hash_t hash = hash_of(l->audit, row);
    l->fits = ct_equal(hash.byte, row->hash, sizeof hash.byte);
    return ERR_OK;
}

err_t audit_head_fits(const struct audit *a, struct store_tx *tx, bool *out)
{
    uint64_t seq = 0;
    uint8_t head[STORE_DIGEST_BYTES];
    struct last l = {.audit = a, .fits = true};
    TRY(store_audit_head(tx, &seq, head));
    if (seq > 0) {
        TRY(store_audit_walk(tx, seq, check_last, &l));
    }
    *out = l.fits;
    return ERR_OK;
}

struct walk {
    const struct audit *audit;
    uint8_t prev[STORE_DIGEST_BYTES];
    uint64_t records, bad;
};

static err_t check(void *ctx, const struct audit_row *row)
{
    struct walk *w = ctx;
    const chain_hash_t hash = hash_of(w->audit, row);
    if (row->seq != w->records + 1 || !ct_equal(row->prev, w->prev, sizeof w->prev) ||
        !ct_equal(hash.byte, row->hash, sizeof hash.byte)) {
        w->bad = w->records + 1;
        return err_new(ERR_FORMAT);
    }
    memcpy(w->prev, row->hash, sizeof w->prev);
    w->records += 1;
    return ERR_OK;
}

err_t audit_verify(const struct audit *a, struct store *store, const uint8_t *head,
                   enum audit_verdict *out, uint64_t *records, uint64_t *at)
{
    struct walk w = {.audit = a};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(store, STORE_READ, &tx));
    const err_t walked = store_audit_walk(&tx, 1, check, &w);
    if (failed(walked) && w.bad == 0) {
        return walked;
    }
    *records = w.records;
    *at = w.bad;
    *out = w.bad == 0 ? AUDIT_INTACT : AUDIT_BROKEN;
    if (w.bad == 0 && head != NULL && !ct_equal(head, w.prev, sizeof w.prev)) {
        *out = AUDIT_BROKEN; /* the tail is missing */
        *at = w.records + 1;
    }
    return ERR_OK;
}
