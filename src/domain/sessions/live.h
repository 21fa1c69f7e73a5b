/*
 * live.h - the sessions that one loop owns, alive in memory.
 *
 * Floor      domain/sessions
 * Units      in names; mono_t for deadlines, wall_t for records.
 * Ownership  a `struct shard` owns its sessions; a `struct live *` is borrowed until the next call
 *            that may end sessions (shard_find, shard_advance, shard_end).
 * Errors     ERR_LIMIT when a table is full.
 * Threads    one: the loop that owns the shard. Others send it messages.
 *
 * A session is open, blocked (kept so that its status can be read) or gone. An open or blocked one
 * that nobody uses rests: rest.h.
 */
#ifndef DOMAIN_LIVE_H
#define DOMAIN_LIVE_H

#include "base/blocks.h"
#include "base/clock.h"
#include "base/hash_map.h"
#include "base/limits.h"
#include "base/metric.h"
#include "base/slab.h"
#include "base/timer_wheel.h"
#include "base/uuid.h"
#include "domain/accounts/account.h"
#include "domain/accounts/ledger.h"
#include "domain/ground/service.h"
#include "domain/learnt/replay_memory.h"
#include "domain/sessions/checkpoint_file.h"
#include "journal/journal.h"

#include <canara.h>
#include <stdbool.h>
#include <stdint.h>

enum { TICKET_LIFE_S = 30, TICKET_CHARS = 22 }; /* 128 bits in base64url */

/* A single-use key to open a socket: only its hash is kept (the first 128 bits). */
typedef struct ticket {
    uint8_t hash[16];
    mono_t expires;
} ticket_t;

/* What only a session in use needs. */
struct mind {
    canara_session_t engine;
    replay_track_t replay;
    ticket_t tickets[LIMIT_TICKETS_PER_SESSION];
};

/* What a session takes of memory. */
enum live_use {
    LIVE_AWAKE,
    LIVE_RESTING, /* its mind is packed: rest.h */
    LIVE_ASLEEP,  /* as a checkpoint had it, and not asked for since: sleepers.h */
    LIVE_USES
};

struct live {
    uuid_t id, account;
    struct mind *mind;              /* owned; NULL: packed. See live_engine() and live_mind() */
    uint8_t *packed;                /* owned; the mind of a session at rest, else NULL */
    struct canara_profile *profile; /* owned; NULL: a stranger, or `away`. See live_profile() */
    struct baselines *baselines;    /* owned; with DEBUG only, else NULL */
    char *email;                    /* owned; see live_device_id() */
    wall_t created, last_activity;
    mono_t active;        /* the monotonic moment of last_activity */
    mono_t dies;          /* absolute age reached */
    uint64_t lines;       /* buffer-file lines so far */
    uint64_t events;      /* accepted client events */
    uint64_t position;    /* journal position of its newest record */
    uint64_t block_place; /* blocked: of its block in the ledger, or LEDGER_REFUSED; 0: stored */
    int64_t seq;          /* highest client seq taken, -1 for none */
    int64_t seq_durable;  /* highest client seq known to be durable */
    struct timer expiry;  /* lazily re-armed: fires, looks, sleeps on */
    void *socket;         /* the connection that streams it, of the server floor; NULL */
    mono_t shown_at;      /* when the shown score was last refreshed */
    uuid_t challenge_id;  /* nil: none yet */
    mono_t events_full;   /* when its allowance of events is whole again: allowance.h */
    mono_t bytes_full;    /* and that of bytes; 0: it has not sent anything yet */
    mono_t asked_until;   /* EVALUATE_PER_SESSION: when its bucket will be empty */
    double shown_risk;    /* two decimals; what a bearer may see */
    uint32_t index;       /* its place in the slab */
    uint32_t mpin_failures;
    uint32_t profile_revision;
    uint16_t learnt_sessions; /* of the profile that is away, as */
    uint8_t learning_state;   /* canara_learning_t has them */
    uint8_t shown_level;
    bool blocked;
    bool away;       /* at rest, and the profile was dropped: scoring reads it again first */
    bool restricted; /* opened while the account was locked or after a risk block */
    bool owes;       /* recovery: the account owes an MPIN for a challenge */
    bool
        proved; /* its MPIN was right, and answers what is found until the engine has heard of it */
    bool untold;     /* challenged, and the ledger had no room for the account to hear of it */
    bool unpinned;   /* recovery: the profile it was scored with is missing */
    uint8_t how;     /* enum session_end of a blocked session */
    uint8_t told;    /* asleep: how it was ended meanwhile, while it could not be woken */
    bool asleep;     /* restored, and not asked for since: sleepers.h */
    bool opens_late; /* asleep: no checkpoint knows it, its opening is among what it has to play */
    bool unopened;   /* held again, and the journal has not shown its opening yet */
    bool doubted;    /* an MPIN is asked for because of what was found, not of what was asked for */
    bool mpin_due;   /* recovery: its row says that the account knows that it is asked */
    uint8_t use;     /* enum live_use, as it is counted */
    uint32_t unplayed; /* asleep: its newest record that is to be played, counted from 1; 0: none */
};

/* Bring a session into the cache while something else is done. */
static inline void live_prefetch(const struct live *live)
{
    enum { LINE = 64 };

    for (size_t at = 0; at < sizeof *live; at += LINE) {
        __builtin_prefetch((const char *)live + at);
    }
    const struct mind *mind = live->mind;
    for (size_t at = 0; mind != NULL && at < sizeof *mind; at += LINE) {
        __builtin_prefetch((const char *)mind + at);
    }
}

/* Asleep, and with something to play: it has to wake before it may end. */
static inline bool live_is_called(const struct live *live)
{
    return live->unplayed != 0 || live->opens_late;
}

enum notice {
    NOTICE_LEVEL,     /* the level changed */
    NOTICE_CHALLENGE, /* an MPIN is asked for */
    NOTICE_BLOCKED,   /* blocked: by risk, by MPIN failures, by an operator */
    NOTICE_ENDED      /* logged out, expired, replaced, revoked, ended by an operator */
};

struct shard;

/* How the shard tells the socket's side. Called in the owner loop, `live->socket` may be NULL. */
struct shard_watcher {
    void (*notify)(struct shard_watcher *self, struct live *live, enum notice what,
                   enum session_end how, const canara_verdict_t *verdict);
};

struct shard_config {
    struct service *service;
    struct ledger *ledger;
    struct journal_lane *lane;
    struct shard_watcher *watcher;
    uint32_t sessions_max;
};

/* Counters that the metrics page reads from other threads. */
struct shard_metrics {
    gauge_t by_level[4];
    gauge_t by_use[LIVE_USES];
    counter_t events[CANARA_EVENT_KINDS];
    counter_t challenges, expired;
    counter_t replays; /* facts of replayed behaviour */
    counter_t blocks_risk, blocks_mpin, blocks_operator;
    histogram_t decision_ns;
};

NODISCARD err_t shard_new(const struct shard_config *config, struct shard **out);
void shard_free(struct shard **s);

struct shard_metrics *shard_metrics(struct shard *s);
struct service *shard_service(struct shard *s);
struct journal_lane *shard_lane(struct shard *s);
struct shard_watcher *shard_watcher_of(struct shard *s);
struct blocks *shard_blocks(struct shard *s);
size_t shard_count(const struct shard *s);

/* Find an open or blocked session; one that has just expired is ended first and not found. One that
 * sleeps is woken, which may read the store: whoever must not wait asks sleeper_is() first. Nor is one
 * found that would be over if the wall clock were right, while nobody can vouch for that: it is not
 * ended either, only its socket closes. */
struct live *shard_find(struct shard *s, uuid_t id);

/* The same for those who end or restrict: found also while the clock is in doubt. */
struct live *shard_find_held(struct shard *s, uuid_t id);

/* Whether shard_find() would not find it now. It is ended first if its time is over for good. */
bool shard_shuts_out(struct shard *s, struct live *live, mono_t now);

/* End a session whose time is over by `now`; false: it is not. */
bool shard_expire(struct shard *s, struct live *live, mono_t now);

/* Find whatever is held under this id, without ending anything. */
struct live *shard_peek(struct shard *s, uuid_t id);

/* The engine's state, to look at. `room` is filled when it is packed. */
const canara_session_t *live_engine(const struct live *live, canara_session_t *room);

/* The state, to change it: unpacked when it has to be. NULL: no memory. */
struct mind *live_mind(struct shard *s, struct live *live);

/* The profile that this session is scored with, from its opening to its end; not while it is away. */
const struct canara_profile *live_profile(struct shard *s, const struct live *live);

/* The device's name, which stands behind the e-mail address in one block. */
const char *live_device_id(const struct live *live);

/* How far its learning was when it opened. */
canara_learning_t live_learning(const struct live *live);

/* Begin holding a session that login_open() wrote. Journals its opening, with the revision of the
 * profile, and the facts it starts with (new device, challenge). Takes seed->profile, also when it
 * fails. */
NODISCARD err_t shard_open(struct shard *s, const session_seed_t *seed, struct live **out);

/* Hold again a session of before the start, without journalling; recovery fills in the rest. */
NODISCARD err_t shard_restore(struct shard *s, const session_seed_t *seed, struct live **out);

/* The same out of a checkpoint. It sleeps. */
NODISCARD err_t shard_restore_saved(struct shard *s, const saved_session_t *saved,
                                    struct live **out);

/* Append the next sessions, at most `most`, as one block of a checkpoint; `*place` begins with 0.
 * `*more` is false when there are none behind them. Owner loop. */
NODISCARD err_t shard_save_some(struct shard *s, uint32_t most, uint32_t *place, struct buf *out,
                                uint32_t *saved, bool *more);

/* Append one session to the block at hand of a checkpoint. */
NODISCARD err_t live_save(struct shard *s, const struct live *live, struct buf *out);

/* Room to scan events in, made when it is first asked for; NULL: no memory. */
struct event_scratch *shard_scratch(struct shard *s);

/* Recovery: the session was active at this moment of the wall clock. */
void shard_restore_activity(struct shard *s, struct live *live, wall_t at);

/* End a session: the socket is told, the ledger writes it (unless `stored`), memory is freed
 * (a blocked session stays readable until it would have expired, and held until the store knows of
 * its block: a checkpoint must not forget it before). */
void shard_end(struct shard *s, struct live *live, enum session_end how, bool stored);

/* The account owes an MPIN from now on, for the challenge of this session: the ledger is told, and told
 * again while it has no room. */
void shard_owe(struct shard *s, struct live *live);

/* Note activity now (accepted event, login, MPIN or evaluate call). */
void live_touch(struct shard *s, struct live *live);

/* Count it under what it is now, asleep, at rest or awake. */
void live_recount(struct shard *s, struct live *live);

/* Set its timer to the next look at it: when it is over, or may rest. */
void live_arm(struct shard *s, struct live *live);

/* EVALUATE_PER_SESSION: true, and charged, when one more decision may be asked for; else `*wait_s` (1 or
 * more) says when to come back. A burst of the whole count, then one each share of the window. */
bool live_may_ask(struct shard *s, struct live *live, uint32_t *wait_s);

/* The monotonic moment at which it is over if nothing happens. */
mono_t live_deadline(const struct service *svc, const struct live *live);

/* Its time is over for good: by the monotonic clock, or by the time that is vouched for. */
bool live_is_over(const struct service *svc, const struct live *live, mono_t now);

/* Its time may be over: the wall clock says so, and nobody can vouch for it yet, or has. */
bool live_is_doubted(const struct service *svc, const struct live *live);

/* Seconds of inactivity left, at least 0, and the moment the session expires if nothing happens. */
int64_t live_seconds_left(struct shard *s, const struct live *live);
wall_t live_expires_at(struct shard *s, const struct live *live);

/* Expire what is due. Returns milliseconds until the next look, -1 for none. */
int64_t shard_advance(struct shard *s);

/* Call `each` for every session held; it must not end any. */
void shard_each(struct shard *s, void (*each)(void *ctx, struct live *live), void *ctx);

/* Make a ticket. Replaces the oldest when all are in use. False: no memory. */
bool live_ticket_make(struct shard *s, struct live *live, char text[TICKET_CHARS + 1]);

/* Spend a ticket: true once, within its 30 s. */
bool live_ticket_spend(struct shard *s, struct live *live, span_t text);

#endif
