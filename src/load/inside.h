/*
 * inside.h - a run and its connections, for the files of this floor.
 *
 * Floor      load
 * Ownership  a run owns its peers; a peer its descriptor and buffers.
 * Errors     a peer counts what happens to it and comes again, or not.
 * Threads    one.
 */
#ifndef LOAD_INSIDE_H
#define LOAD_INSIDE_H

#include "base/buf.h"
#include "base/rng.h"
#include "base/timer_wheel.h"
#include "base/util.h"
#include "load/load.h"
#include "load/schedule.h"
#include "net/loop.h"
#include "protocol/http_client.h"
#include "protocol/ws_frames.h"

enum {
    RECEIVE_BYTES = 65536,
    ANSWER_MAX_BYTES = 65536,
    OUT_MAX_BYTES = 1 << 20,
    CONNECTS_IN_AIR = 512,
    RETRY_MS = 1000, /* and up to as much again, by chance */
    RETRY_MAX_MS = 30000
};

enum peer_phase {
    PEER_OFF,        /* not connected; its timer brings it back */
    PEER_CONNECTING, /* connect() is under way */
    PEER_SECURING,   /* the TLS handshake is */
    PEER_SHAKING,    /* the upgrade is asked for, or granted and the greeting awaited */
    PEER_UP,
    PEER_OVER /* its session has ended: it does not come again */
};

/* A request in the air. */
struct flight {
    int64_t due_ns, sent_ns;
    int64_t seq;     /* of its last event; -1: none */
    uint32_t events; /* that its acknowledgement must count */
};

struct run;

struct peer {
    struct watch watch;
    struct timer timer; /* coming again, or looking for answers that are late */
    struct run *run;
    struct http_reader http;
    struct ws_reader ws;
    struct buf in;  /* an answer that is not whole yet */
    struct buf out; /* what the kernel would not take yet; with TLS what is not sealed yet */
    struct tls_conn *tls;
    struct flight *flight;
    struct rng rng;
    mono_t began;      /* connecting */
    mono_t not_before; /* it was told to wait */
    uint64_t next;     /* open loop: the number of its next request */
    uint64_t owed;     /* open loop: requests that are due and not sent */
    int64_t seq;       /* of the last event sent */
    uint32_t first, flying;
    uint32_t number;
    uint32_t echo_bytes; /* raw echo: received of the oldest in the air */
    uint8_t scenario, phase;
    bool upgraded;
    bool attempted; /* counted among those that have tried to connect */
};

struct run {
    const struct load_plan *plan;
    struct load_result *result;
    struct loop loop;
    struct timer_wheel wheel;
    struct watch stop, tick;
    struct peer *peer;
    struct flight *flights;
    uint32_t *asking; /* numbers of the peers that send requests */
    size_t askers;
    struct rhythm people[RHYTHM_PEOPLE];
    struct schedule schedule;
    mono_t began, measured_from, measured_to, end;
    mono_t scheduled_from; /* open loop: 0 ns until the connections are there */
    int64_t cpu_client, cpu_server;
    uint64_t scheduled;       /* open loop: requests dealt out so far */
    size_t started;           /* peers that were told to connect */
    size_t attempted;         /* peers that have tried once */
    size_t in_air, connected; /* connecting; ready */
    size_t login_next;
    enum load_phase phase;
    bool sending; /* false at the end: only answers are awaited */
    bool stopped;
    mono_t told; /* the last progress */
    uint64_t told_answers, told_events;
    uint8_t received[RECEIVE_BYTES];
    uint8_t plain[RECEIVE_BYTES + LIMIT_TLS_RECORD_BYTES]; /* with TLS: what it was */
    char text[LIMIT_WS_MESSAGE_BYTES];
};

/* ---- peer.c: its life */
void peer_init(struct peer *p, struct run *r, uint32_t number, enum scenario scenario);
void peer_deinit(struct peer *p);
void peer_connect(struct peer *p);
void peer_secured(struct peer *p);
void peer_up(struct peer *p);
/* Hang up because of this, and come again unless there is no sense in it. */
void peer_lose(struct peer *p, enum trouble why);
/* Hang up without a fault; `again` after `ms`. */
void peer_hang_up(struct peer *p, bool again, int64_t ms);
void peer_count(const struct peer *p, enum trouble why);
/* Its timer has fired. */
void peer_timer(struct timer *t, void *run);
bool peer_is_open_loop(const struct peer *p);

/* ---- peer_send.c */
/* Send what it may send now. */
void peer_pump(struct peer *p);
/* Hand `out` to the kernel; what it does not take goes later. */
void peer_flush(struct peer *p);
void peer_shake(struct peer *p); /* ask for the upgrade */
NODISCARD err_t peer_pong(struct peer *p, span_t payload);

/* ---- peer_read.c */
void peer_readable(struct peer *p);

#endif
