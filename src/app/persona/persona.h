/*
 * persona.h - simulated customers and attackers: from a seed to a session of events.
 *
 * Floor      app/persona
 * Source     the events are those of the tables in codec/event_fields.h.
 * Units      milliseconds from the begin of the session.
 * Ownership  plain value, nothing to free; no clock, no kernel: equal arguments give equal bytes.
 * Errors     those of the buf that takes the text.
 * Threads    one at a time per persona.
 */
#ifndef APP_PERSONA_H
#define APP_PERSONA_H

#include "app/persona/persona_body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum persona_kind {
    PERSONA_OWNER,
    PERSONA_OTHER,   /* somebody else at the owner's account */
    PERSONA_BOT,     /* a script: superhuman, or a metronome, by its seed */
    PERSONA_REPLAY,  /* the owner's first session, recorded, over and over */
    PERSONA_REMOTE,  /* somebody else through remote control: laggy */
    PERSONA_STUFFER, /* tries logins and never has a session */
    PERSONA_KINDS
};

enum {
    PERSONA_EVENT_MAX = 64 * 1024, /* a buf limit that every event fits */
    PERSONA_ATTEMPTS = 40,         /* logins of one round of a stuffer */
    PERSONA_SESSION_MAX_MS = 20 * 60 * 1000
};

struct persona {
    enum persona_kind kind;
    struct persona_body body;
    struct rng rng;
    unsigned step; /* events or attempts so far */
    bool over;
    bool bot_is_metronome;
    int64_t now_ms, end_ms;
    enum persona_page page;
    int64_t page_since_ms, page_until_ms;
    unsigned pages; /* left so far */
    double x, y;    /* where the pointer stands */
};

struct persona_login {
    char email[64];
    char password[32];
    char device_id[32];
};

/* Prepare session `number` (from 0 on) of the account `seed`. */
void persona_init(struct persona *p, enum persona_kind kind, uint64_t seed, unsigned number);

/* The next event: `event` then holds one JSON object as a client sends it and nothing else, due
 * `*due_ms` after the begin. `*more` turns false after the last one; `event` is then empty. */
NODISCARD err_t persona_next(struct persona *p, int64_t *due_ms, struct buf *event, bool *more);

/* The next login of a PERSONA_STUFFER; false after the last one, and for everybody else. */
bool persona_attempt(struct persona *p, int64_t *due_ms, struct persona_login *out);

/* The kind of this name ("owner", "other", "bot", "replay", "remote_control",
 * "credential_stuffing"); false for any other. */
bool persona_kind_find(const char *name, enum persona_kind *out);
const char *persona_kind_name(enum persona_kind kind);

#endif
