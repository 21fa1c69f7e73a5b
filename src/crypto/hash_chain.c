#include "crypto/hash_chain.h"

#include "crypto/secret.h"

enum { LENGTH_BYTES = 8 };

void chain_key_init(struct hmac_key *key, const struct keyring *k)
{
    uint8_t derived[DERIVED_KEY_BYTES];
    keyring_derive(k, "audit", derived);
    hmac_key_init(key, (span_t){derived, sizeof derived});
    memory_wipe(derived, sizeof derived);
}

static void add_with_length(struct hmac *m, span_t field)
{
    uint8_t length[LENGTH_BYTES];
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        length[i] = (uint8_t)((uint64_t)field.len >> (8 * i));
    }
    hmac_add(m, (span_t){length, sizeof length});
    hmac_add(m, field);
}

chain_hash_t chain_next(const struct hmac_key *key, chain_hash_t previous, const span_t *fields,
                        size_t count)
{
    struct hmac m;
    hmac_begin(&m, key);
    hmac_add(&m, (span_t){previous.byte, sizeof previous.byte});
    for (size_t i = 0; i < count; i++) {
        add_with_length(&m, fields[i]);
    }
    chain_hash_t next;
    hmac_end(&m, next.byte);
    return next;
}
