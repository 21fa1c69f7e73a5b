/*
 * session_state.h - what one session remembers: the inside of canara_session_t.
 *
 * Floor      engine/session
 * Units      nats of evidence, positive against the owner; times in milliseconds since 1970.
 * Ownership  plain value; worked on where the public type lies (session_inside()), or in a copy. What
 *            may refuse a call is asked before anything is changed.
 * Errors     session_load() and session_inside() refuse a value that canara_session_begin() never made.
 * Threads    no shared state.
 */
#ifndef ENGINE_SESSION_STATE_H
#define ENGINE_SESSION_STATE_H

#include "canara.h"
#include "engine/machines/bot_habits.h"
#include "engine/session/rules.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What a state means. Raised with every change of the struct below, and with every change of the engine
 * after which the same events give other numbers: a checkpoint of before is then passed over, and its
 * sessions are played again (docs/decisions/0039). version_test.c notices. */
#define SESSION_VERSION  UINT32_C(0xCA4A0011)
#define SESSION_TIME_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* What device_context last said, and where the pointer stands. */
enum session_bits {
    SESSION_ROOTED = 1 << 0,
    SESSION_EMULATOR = 1 << 1,
    SESSION_REMOTE_CONTROL = 1 << 2,
    SESSION_VPN = 1 << 3,
    SESSION_POINTER_KNOWN = 1 << 4, /* pointer_x, pointer_y hold */
    SESSION_POINTER_MOVED = 1 << 5, /* since the last press */
    SESSION_POINTER_MOVES = 1 << 6, /* at any time: the device has a pointer that moves */
    SESSION_POINTER_DOWN = 1 << 7
};

/* What the session has shown besides behaviour. */
enum session_proofs {
    SESSION_MPIN_PASSED = 1 << 0,
    SESSION_UNPROVED_DEVICE = 1 << 1, /* new, or no MPIN was ever passed on it before */
    SESSION_CHALLENGED = 1 << 2       /* at any time */
};

enum { PERSON_SHARES = SHARE_MOTION + 1 };

struct __attribute__((may_alias)) session_state {
    uint32_t version; /* SESSION_VERSION */
    uint8_t level;    /* enum canara_level */
    uint8_t latched;  /* 1: a challenge waits for its answer */
    uint8_t blocked;  /* 1: for good */
    uint8_t bits;     /* enum session_bits */
    int64_t begin_ms;
    int64_t at_ms;                 /* every number below stands as of this time */
    double lambda;                 /* log odds that this is not the owner */
    double share[SHARES];          /* who moved lambda by how much */
    double bot[BOT_RULES];         /* nats */
    double spent[BOT_RULES];       /* nats given so far, for the repeat law; a proof leaves it */
    int64_t leapt_ms;              /* the newest pointer event ended in a leap then, and the pointer
                                        has not stirred since; 0: it did not */
    double motion[2];              /* margins of windows of movement, and how many; both decay */
    struct bot_habits habits;      /* of reaches, clicks, taps and swipes */
    double context[CONTEXT_RULES]; /* nats */
    uint8_t context_times[16];     /* how often each rule has counted, 0..2 */
    uint64_t model_hash, os_hash;  /* of device_context; 0 = not told */
    double pointer_x, pointer_y;   /* px */
    uint64_t page_hash;            /* of the newest navigation_pattern; 0 = none yet */
    float heard[PERSON_SHARES];    /* nats that the modality has given in all, without decay */
    float off[PERSON_SHARES];      /* sum of its evidence less the owner's usual */
    float bias[PERSON_SHARES];     /* offset that a proof has shown to be the owner's own today */
    uint16_t samples[PERSON_SHARES]; /* behind `heard` and `off`, to 65535 */
    uint8_t proofs;                  /* enum session_proofs */
    uint8_t asked;                   /* events about the person since a challenge waits, to 255 */
    double risk_peak;                /* the highest risk so far */
};

/* What the consequences of an event are measured against: the part of an earlier state that they need,
 * because a copy of the whole costs as much as many a rule. */
typedef struct {
    double lambda;
    double share[PERSON_SHARES];
    uint8_t level, latched, blocked;
} session_mark_t;

static_assert(sizeof(struct session_state) <= sizeof(canara_session_t) &&
                  _Alignof(canara_session_t) >= sizeof(uint64_t),
              "the state must fit");
static_assert(sizeof(struct session_state) ==
                  32 + sizeof(struct bot_habits) +
                      sizeof(double) * (SHARES + 2 * BOT_RULES + 2 + CONTEXT_RULES) + 56 + 8 +
                      (size_t)14 * PERSON_SHARES + 2 + 8,
              "no padding: sessions are compared byte by byte");
static_assert(CONTEXT_RULES <= 16, "one counter for each context rule");

/* Times that no session has are damage, and would overflow. */
static inline bool session_time_ok(int64_t at_ms)
{
    return at_ms >= 0 && at_ms <= SESSION_TIME_MAX;
}

static inline bool session_is_one(const struct session_state *s)
{
    return s->version == SESSION_VERSION && session_time_ok(s->begin_ms) &&
           session_time_ok(s->at_ms) && session_time_ok(s->leapt_ms);
}

static inline bool session_load(const canara_session_t *from, struct session_state *s)
{
    memcpy(s, from, sizeof *s);
    return session_is_one(s);
}

/* The state inside a value of the public type, to work on; NULL where there is none. */
static inline struct session_state *session_inside(canara_session_t *session)
{
    struct session_state *s = (void *)session; /* may_alias: that is what the attribute is for */
    return session_is_one(s) ? s : NULL;
}

static inline void session_mark(const struct session_state *s, session_mark_t *out)
{
    out->lambda = s->lambda;
    for (int i = 0; i < PERSON_SHARES; i++) {
        out->share[i] = s->share[i];
    }
    out->level = s->level;
    out->latched = s->latched;
    out->blocked = s->blocked;
}

static inline void session_store(canara_session_t *to, const struct session_state *s)
{
    memcpy(to, s, sizeof *s);
}

#endif
