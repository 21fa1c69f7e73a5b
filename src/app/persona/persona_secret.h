/*
 * persona_secret.h - how a persona types a password and an MPIN: the same keys every day, so that each
 *                    place in the text has a rhythm of its own.
 *
 * Floor      app/persona
 * Source     log-normal holds and gaps as in persona_body.h, one pair for each place in the text.
 * Units      milliseconds; pressure and size are shares, 0 to 1.
 * Ownership  plain value; equal arguments give equal bytes.
 * Errors     those of the writer or the buf.
 * Threads    one at a time per persona.
 */
#ifndef APP_PERSONA_SECRET_H
#define APP_PERSONA_SECRET_H

#include "app/persona/persona.h"
#include "codec/json_write.h"

enum secret_field { SECRET_PASSWORD, SECRET_MPIN, SECRET_FIELDS };

enum { SECRET_KEYS_MAX = 14 };

struct secret_key {
    struct log_normal hold, gap; /* gap: down to down, from the key before */
    double pressure, size;
};

struct persona_secret {
    bool mobile;
    size_t count[SECRET_FIELDS]; /* keys; of the account: a thief types as many */
    struct secret_key key[SECRET_FIELDS][SECRET_KEYS_MAX];
    struct rng rng;
};

/* How persona `p` types the secrets of the account `seed` in session `number`; `p` is fresh from
 * persona_init() with the same arguments. */
void secret_init(struct persona_secret *s, const struct persona *p, uint64_t seed, unsigned number);

/* Type it: write {"field":...,"keys":[...]}. With `touch` a mobile persona's keys tell pressure and
 * size (events may, bodies of login and verify-mpin do not). Returns how long it took. */
double secret_type(struct persona_secret *s, enum secret_field field, bool touch,
                   struct json_writer *w);

/* Type it as a whole event: {"event_type":"keystrokes","data":...}, told `*took_ms` after its begin. */
NODISCARD err_t secret_event(struct persona_secret *s, enum secret_field field, struct buf *event,
                             int64_t *took_ms);

#endif
