/*
 * service.h - what every part of the domain may ask for, handed in and never global.
 *
 * Floor      domain/ground
 * Ownership  app/ owns every member and outlives all users; the struct itself is borrowed.
 * Threads    members are safe from any thread as their own headers say.
 */
#ifndef DOMAIN_SERVICE_H
#define DOMAIN_SERVICE_H

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "crypto/keys.h"
#include "crypto/opaque.h"
#include "crypto/pwhash.h"
#include "domain/ground/quota.h"
#include "domain/ground/rules.h"
#include "journal/journal.h"
#include "journal/view.h"
#include "store/store.h"

#include <stdatomic.h>

struct account_locks;
struct audit;
struct canara_model;
struct canara_profile;
struct ledger;
struct replay_memory;
struct sleepers;
struct steady_clock;
struct tutor;

/* What becomes of profiles, for the metrics page. */
struct profile_counts {
    counter_t loaded;                            /* with a session that opened */
    counter_t damaged;                           /* parts set aside */
    counter_t learnt, refused, dropped, drifted; /* sessions, after their end ... */
    counter_t waiting;                           /* ... that came to a fence once too often */
};

struct service {
    rules_t rules;
    const struct clock *clock;
    struct log *log;
    const struct asked *asked; /* a start may be told to stop; NULL: by nobody */
    struct store *store;
    struct keyring *keys;
    struct journal *journal;
    struct view *view;
    struct quota *quota;
    struct account_locks *locks; /* one MPIN comparison at a time per account */
    struct audit *audit;
    struct ledger *ledger;                 /* ledger_new() puts itself here; NULL before */
    const struct canara_model *model;      /* NULL: nobody is learnt, rules only */
    const struct canara_profile *stranger; /* of the model, without parts; NULL with it */
    struct tutor *tutor;                   /* tutor_new() puts itself here; NULL before */
    struct profile_counts profiles;
    counter_t drawn;              /* logins that are asked for their MPIN by lot */
    struct sleepers *sleepers;    /* sessions not yet awake after a start; NULL: none */
    struct replay_memory *replay; /* NULL: behaviour is compared with nothing */
    struct steady_clock *steady;  /* what of the wall clock is believed: clock_guard.h */
    _Atomic int clock_state;      /* enum steady_state, as it was logged last */
    struct hashing hashing;       /* of passwords and MPINs; at PWHASH_COST, except in tests */
    struct hmac_key refresh_key, ticket_key; /* opaque_key_init() */
};

#endif
