/*
 * quota.h - throttles that act before any hashing, and how many connections an address holds.
 *
 * Floor      domain/ground
 * Source     THREATS.md rows 1, 3, 21; CONTRACT.md 1 (LOGIN_PER_ACCOUNT and so on).
 * Units      milliseconds of the monotonic clock; counts of tries.
 * Ownership  quota_new/quota_free; bounded: at most QUOTA_KEYS_MAX keys, the stalest is forgotten. Room
 *            for all is set aside by quota_new(), the only call that fails for memory: a throttle that
 *            could not count would let everybody through.
 * Threads    any; one mutex inside, never held across a call out.
 *
 * A throttle counts failures in a sliding window (two half-weighted windows); a key is asked with
 * quota_allows() before the work and charged with quota_charge() when it failed. Between quota_begin() and
 * quota_end() a try counts as if it had failed: tries side by side are no more than tries one after the other.
 */
#ifndef DOMAIN_QUOTA_H
#define DOMAIN_QUOTA_H

#include "base/clock.h"
#include "base/err.h"
#include "domain/ground/rules.h"

#include <stdbool.h>
#include <stdint.h>

enum { QUOTA_KEYS_MAX = 262144 };

enum quota_kind {
    QUOTA_LOGIN_ACCOUNT, /* afterwards one try a minute */
    QUOTA_LOGIN_DEVICE,  /* account and known device: an allowance of its own */
    QUOTA_LOGIN_ADDRESS,
    QUOTA_REGISTER_ADDRESS,
    QUOTA_MPIN_ADDRESS,
    QUOTA_LOGIN_SUCCESS, /* a bucket, as the next one: quota_take() */
    QUOTA_REFRESH,
    QUOTA_KINDS
};

struct quota;

NODISCARD err_t quota_new(const struct clock *clock, struct quota **out);
void quota_free(struct quota **q);

/* True when one more try is allowed; else `*wait_s` (1 or more) says when to come back.
 * Charges nothing. QUOTA_LOGIN_ACCOUNT and _DEVICE let one try a minute through past their
 * limit: passwords are slowed, never locked. */
bool quota_allows(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                  uint32_t *wait_s);

/* Count one failure (or one try, for QUOTA_REGISTER_ADDRESS). */
void quota_charge(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit);

/* Ask as quota_allows() does and begin a try, in one step; past the limit one at a time. True: quota_end() must
 * follow, which charges it when it failed. */
bool quota_begin(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                 uint32_t *wait_s);
void quota_end(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit, bool failed);

/* The same for an address: its own key at `limit`, and its wider prefix at ten times that.
 * `narrow` is the /32 or /64 key, `wide` the /24 or /48 key (net/address.h makes them). */
bool quota_address_allows(struct quota *q, enum quota_kind kind, uint64_t narrow, uint64_t wide,
                          throttle_t limit, uint32_t *wait_s);
void quota_address_charge(struct quota *q, enum quota_kind kind, uint64_t narrow, uint64_t wide,
                          throttle_t limit);

/* For what counts when it is done and not when it failed, a bucket (bucket.h): whether it has room for one
 * more, and to take that room, in one step. */
bool quota_has_room(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                    uint32_t *wait_s);
bool quota_take(struct quota *q, enum quota_kind kind, uint64_t key, throttle_t limit,
                uint32_t *wait_s);

#endif
