/*
 * replay.h - recorded behaviour played again: one session's events into few, rare fingerprints.
 *
 * Floor      engine/machines
 * Source     winnowing: Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document
 *            fingerprinting", SIGMOD 2003; rolling hash: Karp and Rabin, 1987.
 * Units      a token is one quantised number; a gram is REPLAY_GRAM tokens in a row.
 * Ownership  plain value of the caller, beside its canara_session_t; nothing to free.
 * Errors     none.
 * Threads    one at a time per value; no shared state.
 *
 * Guarantee: of any REPLAY_GRAM + REPLAY_WINDOW - 1 = 24 tokens in a row at least one gram is kept
 * if any gram among them speaks, and which one depends on nothing outside them. An event with one
 * number that speaks gives two tokens or more, so twelve such events are enough. A gram speaks
 * when at least REPLAY_DISTINCT of its tokens differ. docs/engine/replay.md has the figures.
 */
#ifndef ENGINE_REPLAY_H
#define ENGINE_REPLAY_H

#include "canara.h"

#include <stddef.h>
#include <stdint.h>

enum {
    REPLAY_GRAM = 12,    /* tokens in a fingerprint */
    REPLAY_WINDOW = 13,  /* grams of which at least one is kept */
    REPLAY_DISTINCT = 7, /* different tokens that a gram needs to speak */
    REPLAY_BATCH = 16    /* most grams handed over at once */
};

typedef struct replay_stream {
    uint64_t roll;                  /* of the tokens in `token` */
    uint64_t window[REPLAY_WINDOW]; /* the newest grams; UINT64_MAX for one that does not speak */
    uint64_t least;                 /* the least of them */
    uint32_t token[REPLAY_GRAM];    /* the newest tokens, a ring */
    uint16_t newest;                /* bit i: no later token equals token[i] */
    uint8_t at;                     /* where the next token goes */
    uint8_t tokens;                 /* so far, up to REPLAY_GRAM */
    uint8_t distinct;               /* different tokens in the ring */
    uint8_t window_at;              /* where the next gram goes */
    uint8_t grams;                  /* so far, up to REPLAY_WINDOW */
    uint8_t least_age;              /* grams since `least` */
} replay_stream_t;

/* What some tokens gave. Every gram that speaks is to be looked up; few of them are to be kept. */
typedef struct replay_grams {
    uint64_t look[REPLAY_BATCH], keep[REPLAY_BATCH];
    size_t looks, keeps;
} replay_grams_t;

typedef void (*replay_take_fn)(void *ctx, const replay_grams_t *grams);

/* Begin a session: no tokens. */
void replay_begin(replay_stream_t *r);

/* Take in one event; `take` is called with what it gave, as often as needed, never with nothing. */
void replay_event(replay_stream_t *r, const canara_event_t *event, replay_take_fn take, void *ctx);

#endif
