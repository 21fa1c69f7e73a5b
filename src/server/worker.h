/*
 * worker.h - one loop thread: its connections, its sessions, its mail. Private to the server floor.
 *
 * Floor      server
 * Ownership  the server owns its workers; a worker owns its connections, its shard and its lane.
 * Threads    everything belongs to the worker's thread, except `mailbox` (post from any).
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "api/dispatch.h"
#include "api/talk.h"
#include "base/limits.h"
#include "base/rng.h"
#include "base/slab.h"
#include "base/timer_wheel.h"
#include "domain/sessions/sleepers.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/tls_conn.h"
#include "protocol/proxy_header.h"
#include "protocol/ws_frames.h"
#include "server/acks.h"
#include "server/holding.h"
#include "server/pool.h"
#include "server/pressure.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct server;

enum {
    RECEIVE_BYTES = 65536,
    PLAIN_BYTES = RECEIVE_BYTES + LIMIT_TLS_RECORD_BYTES, /* what a read may say under TLS */
    SPARE_BUFS = 256,       /* output buffers kept for the next connections */
    SPARE_BUF_BYTES = 8192, /* larger ones are given back to the heap */
    LINGER_MS = 2000,       /* how long a closing connection may go on sending to nobody */
    ACCEPT_BURST = 64,
    GRACE_MS = 150, /* how long a stop waits for the first request of a connection */
    STOP_MS = 5000  /* how long a clean stop waits for calls and acknowledgements */
};

enum conn_state {
    CONN_HTTP,   /* between requests, or inside one */
    CONN_CALL,   /* a call is on its way; nothing is read */
    CONN_SOCKET, /* a behaviour socket */
    CONN_LINGER, /* the last bytes are being sent; what comes in is dropped */
    CONN_PROXY,  /* before everything: a PROXY header is awaited */
    CONN_SHAKE   /* a TLS handshake is awaited, or under way */
};

/* One connection. Idle, it owns no heap memory. */
struct conn {
    struct watch watch;
    struct worker *worker;
    struct talk_sink sink;
    struct talk talk;
    struct timer timer;
    struct conn *dirty_next;
    struct buf in;        /* an incomplete request, or what waits for a fetch; wiped as it leaves */
    struct buf out;       /* not yet sent, in plain; of HTTP, wiped as it leaves */
    span_t page;          /* to be sent behind it: static bytes, nobody's copy */
    struct tls_conn *tls; /* NULL: plain, or nothing has come yet */

    union {
        struct http_reader http;
        struct ws_reader ws;
    } reader;

    struct peer_address peer;
    uint32_t index;
    uint32_t generation;
    uint32_t held;    /* bytes of memory, as the loop has counted them */
    uint32_t beside;  /* bytes of frames that are no message's text, not charged yet */
    uint16_t turn;    /* low bits of the last round that took requests from it, */
    uint8_t requests; /* and how many; at worst it misses one turn of 65,536 */
    uint8_t state;
    uint8_t pings;     /* sent since it was last heard */
    uint16_t messages; /* in its last read, up to UINT16_MAX */
    uint16_t row;      /* where they are counted */
    uint16_t paged;    /* low bits of the last round that took a piece of its page */
    bool dirty;        /* in a list of the worker's: something to send, or its turn to come */
    bool local;        /* of the control socket */
    bool shut;         /* LINGER: our side is closed */
    bool ended;        /* LINGER: the peer's side is closed */
    bool batch;        /* acks=batch */
    bool keep_alive;   /* of the request in hand */
    bool counted;      /* in guests */
    bool proxy;        /* of a proxy of ours, and of nobody behind it: no guest */
    bool partial;      /* a request has begun and is not complete: its deadline runs */
    bool has_ws;       /* reader.ws is in use, and may hold memory */
    bool overrun;      /* it does not read what it is sent: to be dropped */
    bool fetching;     /* a worker reads for its session; what came meanwhile is in `in` */
    bool shaking;      /* among the handshakes of its address */
};

/* Handshakes under way, the oldest first, among some that have ended. */
struct shakes {
    struct shake {
        uint32_t conn, generation;
    } at[LIMIT_HANDSHAKES_PER_LOOP];

    size_t count;
    uint64_t round; /* in which the newest began */
    unsigned begun; /* in that round */
};

struct worker { /* by what belongs together, there are few: NOLINT(clang-analyzer-optin*) */
    struct server *server;
    unsigned index;
    struct loop loop;
    struct mailbox mailbox;
    struct watch mail_watch, lane_watch, accept_watch, control_watch;
    struct watch probe_watch; /* queued behind those who are ready, to see how long they wait */
    struct pressure pressure;
    struct listener listener, control; /* control: worker 0 only */
    struct shard *shard;
    struct journal_lane *lane;
    struct shard_watcher watcher;
    struct slab conns;
    uint32_t operators; /* of them, those of the control socket: their places are their own */
    struct timer_wheel wheel;
    struct acks acks;
    struct conn *dirty;
    struct conn *later; /* had their turn in this round, and have more; marked, too */
    struct buf spare[SPARE_BUFS];
    size_t spares;
    uint64_t round; /* of the loop: messages of one round may share an acknowledgement */
    uint64_t acked_round;
    uint32_t generation;
    struct event_scratch *scratch;
    scanned_event_t *events;
    struct mail *stop; /* made ahead: a stop must not need memory */
    pthread_t thread;
    bool running;
    bool stopping;
    mono_t grace_until; /* stopping: see may_ask() */
    bool quiet;     /* stopping, and without connections: it only lets calls of others through */
    mono_t stop_by; /* of the system's clock */
    mono_t accept_again, control_again; /* 0: not paused */
    struct shakes shakes;
    struct rng_stock random; /* for names of requests */
    struct bodies bodies;    /* of calls that began here */
    struct holding holding;  /* of connections that are here */
    uint8_t *plain;          /* PLAIN_BYTES with TLS, else NULL */
    uint8_t receive[RECEIVE_BYTES];
};

/* ---- mail between workers ---- */

enum mail_kind {
    MAIL_TRIP,
    MAIL_HANDOVER,
    MAIL_TELL,
    MAIL_VISIT,
    MAIL_WAKE,
    MAIL_FETCH,
    MAIL_STOP
};

struct mail {
    struct letter letter;
    enum mail_kind kind;
};

/* Whoever finds a session asleep lets a worker read for it, once. */
enum wake_state { WAKE_UNASKED, WAKE_ASKED, WAKE_READ, WAKE_OVER };

/* A call on its way. */
struct trip {
    struct mail mail;
    struct job job;
    struct call *call;
    struct worker *home;
    struct worker *at; /* where the next stage runs, when it is a loop */
    uint32_t conn, generation;
    enum call_place place;
    enum wake_state wake;
    waking_t waking;
};

/* A connection on its way to the loop that owns its session. */
struct handover {
    struct mail mail;
    struct job job;
    struct worker *to;
    enum wake_state wake;
    waking_t waking;
    struct call *call;
    upgrade_t upgrade;
    struct peer_address peer;
    struct buf out; /* not yet sent */
    struct tls_conn *tls;
    int fd;
    bool counted, proxy;
    size_t len;
    uint8_t bytes[];
};

/* ---- conn.c ---- */

/* Take over a connected descriptor; NULL (and the descriptor closed) when there is no room. */
struct conn *conn_open(struct worker *w, int fd, const struct peer_address *peer, bool local);

/* Find a connection that may be gone. */
struct conn *conn_find(struct worker *w, uint32_t index, uint32_t generation);

/* Close now, whatever is unsent. */
void conn_drop(struct conn *c);

/* Send what there is, then close. */
void conn_finish(struct conn *c);

/* Put the connection on the list of those to be flushed at the end of the round. */
void conn_mark(struct conn *c);

/* A round begins: whoever had more requests than it may have answered in the last one is next. */
void conn_begin_round(struct worker *w);

/* Send what there is. False: the connection is gone. */
bool conn_flush(struct conn *c);

/* Send what every marked connection has. */
void conn_flush_all(struct worker *w);

/* Requests were read that nobody has looked at. */
bool conn_has_more(const struct conn *c);

/* What the connection wants to hear of, besides room for what is unsent. */
uint32_t conn_wants(const struct conn *c);

/* Whether what it says next may be a secret, and is wiped where it was received. */
bool conn_says_secrets(const struct conn *c);

/* Bytes have come, in plain. Behind it the connection may be gone: conn_find(). */
void conn_take(struct conn *c, uint8_t *bytes, size_t len);

/* The peer will say nothing more, but it may still be listening. */
void conn_hear_end(struct conn *c);

/* Timers of connections that are due. */
void conn_timer(struct timer *t, void *worker);

/* ---- requests.c ---- */

/* With more than this unsent, no further request is read. */
enum { OUT_FULL_BYTES = LIMIT_OUT_BUFFER_BYTES / 2 };

/* Bytes of requests have come, behind those that wait. Behind it the connection may be gone:
 * conn_find(). */
void conn_read_requests(struct conn *c, uint8_t *bytes, size_t len);

/* The answer of its call is complete. */
void conn_answer(struct conn *c, struct call *call);

/* Go on with requests that came behind the one that was just answered. */
void conn_resume(struct conn *c);

/* Answer what is no request, and close. */
void conn_refuse(struct conn *c, unsigned status, const char *reason);

/* ---- greet.c: what comes before the first request ---- */

/* A connection was accepted: begin with what the settings ask of it. False: it is gone. */
bool greet_begin(struct conn *c);

/* Whether this peer may speak to us at all. Counts one that may not. */
bool greet_allows(struct server *s, const struct peer_address *peer);

/* Whose connection it is by a PROXY header that comes from `proxy`. */
struct peer_address greet_client(const struct peer_address *proxy, const struct proxy_header *h);

/* A PROXY header is readable. */
void greet_read_proxy(struct conn *c);

/* Whether a handshake that has not begun has to wait for the next round of its loop. */
bool greet_waits(const struct conn *c);

/* The first bytes under TLS are here. False: the connection is going, or gone. */
bool greet_shake(struct conn *c, span_t bytes);

/* Its handshake is complete. */
void greet_shaken(struct conn *c);

/* It goes, or is through: no handshake of its address any more. */
void greet_leave(struct conn *c);

/* The deadline of a PROXY header or a handshake has passed. */
void greet_late(struct conn *c);

/* ---- channel.c: TLS between the socket and the connection ---- */

/* Cipher bytes have come. Behind it the connection may be gone: conn_find(). */
void channel_take(struct conn *c, span_t cipher);

/* Send what there is, sealed where it has to be. False: the connection is broken. */
bool channel_send(struct conn *c);

/* What is not yet sent. */
size_t channel_pending(const struct conn *c);

/* Whether the peer has said under TLS that it will say nothing more, and all of it was heard. */
bool channel_has_ended(const struct conn *c);

/* Before the descriptor is closed: last words, as far as they go out at once. */
void channel_end(struct conn *c);

/* ---- socket.c: the behaviour socket ---- */

/* A valid upgrade request: to the owner's loop, or at once. Takes `call`. `rest` came behind it. */
void socket_upgrade(struct conn *c, struct call *call, const upgrade_t *up, span_t rest);

/* A connection from another loop has arrived. */
void socket_arrive(struct worker *w, struct handover *h);

/* Bytes have come. */
void socket_read(struct conn *c, uint8_t *bytes, size_t len);

/* The same, when nothing is waited for. */
void socket_hear(struct conn *c, uint8_t *bytes, size_t len);

/* Ping, or give up on a dead peer. */
void socket_tick(struct conn *c, mono_t now);

/* The session's news for its socket. */
void socket_notify(struct shard_watcher *watcher, struct live *live, enum notice what,
                   enum session_end how, const canara_verdict_t *verdict);

/* Send acknowledgements that the journal has made good, and wake calls that waited for it. */
void socket_acknowledge(struct worker *w);

/* The connection goes: the session forgets it. */
void socket_detach(struct conn *c);

/* ---- fetch.c ---- */

struct fetch;

/* True when these bytes are kept until a worker has read the profile of the session. With no worker
 * free the loop reads it itself, when the event is scored. */
bool fetch_holds(struct conn *c, const uint8_t *bytes, size_t len);

/* The fetch that a letter is. */
struct fetch *fetch_of(struct mail *mail);

/* A worker has read it. */
void fetch_arrive(struct worker *w, struct fetch *f);

/* Nobody reads that letter any more. */
void fetch_drop(struct fetch *f);

/* ---- trip.c ---- */

/* Send a call to its first stage. The trip takes `call`. */
void trip_begin(struct conn *c, struct call *call, enum call_place place);

/* A trip has come to this worker. */
void trip_arrive(struct worker *w, struct trip *t);

/* What the trip waits for will never be: answer 503. */
void trip_give_up(struct worker *w, struct trip *t);

/* ---- worker.c ---- */

void worker_init(struct worker *w, struct server *server, unsigned index);
NODISCARD err_t worker_start(struct worker *w);
void worker_deinit(struct worker *w);

/* Let the loop that owns the session finish a waking. Takes `w`. */
void worker_wake(struct server *s, waking_t *w);

/* Fill in the ways to other loops. */
void worker_courier(struct courier *c);

#endif
