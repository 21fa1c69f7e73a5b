#include "base/rng.h"
#include "base/util.h"
#include "codec/base64.h"
#include "crypto/opaque.h"
#include "crypto/secret.h"
#include "domain/sessions/live.h"

#include <string.h>

static void ticket_hash(struct shard *s, span_t text, uint8_t out[16])
{
    uint8_t whole[OPAQUE_HASH_BYTES];
    opaque_hash(&shard_service(s)->ticket_key, text, whole);
    memcpy(out, whole, 16);
}

bool live_ticket_make(struct shard *s, struct live *live, char text[TICKET_CHARS + 1])
{
    struct mind *mind = live_mind(s, live);
    if (mind == NULL) {
        return false;
    }
    ticket_t *oldest = &mind->tickets[0];
    for (size_t i = 1; i < ARRAY_LEN(mind->tickets); i++) {
        if (mind->tickets[i].expires.ns < oldest->expires.ns) {
            oldest = &mind->tickets[i];
        }
    }
    uint8_t random[16];
    rng_fill(random, sizeof random);
    size_t len = 0;
    MUST(!failed(base64url_encode((span_t){random, sizeof random}, text, TICKET_CHARS, &len)));
    memory_wipe(random, sizeof random);
    text[TICKET_CHARS] = '\0';
    ticket_hash(s, (span_t){(const uint8_t *)text, TICKET_CHARS}, oldest->hash);
    oldest->expires =
        mono_after_ms(clock_mono(shard_service(s)->clock), (int64_t)TICKET_LIFE_S * MS_PER_S);
    return true;
}

bool live_ticket_spend(struct shard *s, struct live *live, span_t text)
{
    uint8_t hash[16];
    ticket_hash(s, text, hash);
    const mono_t now = clock_mono(shard_service(s)->clock);
    for (size_t i = 0; live->mind != NULL && i < ARRAY_LEN(live->mind->tickets); i++) {
        ticket_t *t = &live->mind->tickets[i];
        if (t->expires.ns > now.ns && ct_equal(t->hash, hash, sizeof hash)) {
            *t = (ticket_t){0};
            return true;
        }
    }
    return false;
}
