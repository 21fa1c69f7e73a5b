/*
 * rules.h - the numbers that the session rules run on, as the operator set them.
 *
 * Floor      domain/ground
 * Units      in every name.
 * Ownership  a value inside `struct service`; changed only before the threads start.
 */
#ifndef DOMAIN_RULES_H
#define DOMAIN_RULES_H

#include <canara.h>
#include <stdbool.h>
#include <stdint.h>

/* At most `count` in `window_s` seconds; count 0 = no throttle. */
typedef struct throttle {
    uint32_t count;
    uint32_t window_s;
} throttle_t;

typedef struct rules {
    bool debug;
    uint32_t mpin_length;
    uint32_t mpin_attempts;
    uint32_t
        mpin_attempts_total; /* in a row, without success between, until an operator is needed */
    int64_t mpin_lockout_ms;
    int64_t mpin_lockout_max_ms;
    int64_t session_idle_ms;
    int64_t session_age_ms;
    int64_t rest_after_ms; /* without activity, until a session rests; 0: never */
    uint32_t sessions_per_account;
    uint32_t random_challenge_percent; /* of logins, [0, 100]; 0: never */
    uint32_t summary_events;
    uint32_t password_min_bytes;
    uint32_t events_per_second;      /* of a session; 0 = no limit, nor on bytes */
    uint32_t event_bytes_per_second; /* of its messages; 0 = no limit */
    canara_config_t risk;
    throttle_t login_per_account, login_per_address, register_per_address, mpin_per_address;
    throttle_t evaluate_per_session;
    throttle_t login_success_per_account, refresh_per_session; /* buckets */
} rules_t;

#endif
