/* house_rules.c - from settings, in the units of who sets them, to what the domain goes by. */
#include "app/house/house_steps.h"

enum { MPIN_ATTEMPTS_TOTAL = 10, MPIN_LOCKOUT_MAX_H = 24 };

rules_t house_rules(const struct settings *s)
{
    return (rules_t){.debug = s->debug,
                     .mpin_length = s->mpin_length,
                     .mpin_attempts = s->max_mpin_attempts,
                     .mpin_attempts_total = MPIN_ATTEMPTS_TOTAL > s->max_mpin_attempts
                                                ? MPIN_ATTEMPTS_TOTAL
                                                : s->max_mpin_attempts,
                     .mpin_lockout_ms = (int64_t)s->mpin_lockout_minutes * 60 * MS_PER_S,
                     .mpin_lockout_max_ms = (int64_t)MPIN_LOCKOUT_MAX_H * 3600 * MS_PER_S,
                     .session_idle_ms = (int64_t)s->session_expire_minutes * 60 * MS_PER_S,
                     .session_age_ms = (int64_t)s->session_max_hours * 3600 * MS_PER_S,
                     .rest_after_ms = (int64_t)s->session_rest_seconds * MS_PER_S,
                     .sessions_per_account = s->max_sessions_per_account,
                     .random_challenge_percent = s->random_challenge_percent,
                     .summary_events = s->behavior_buffer_size,
                     .password_min_bytes = s->password_min_length,
                     .events_per_second = s->events_per_second,
                     .event_bytes_per_second = s->event_bytes_per_second,
                     .risk = {.monitor = s->monitor_threshold,
                              .challenge = s->suspicious_threshold,
                              .block = s->high_risk_threshold},
                     .login_per_account = s->login_per_account,
                     .login_per_address = s->login_per_address,
                     .register_per_address = s->register_per_address,
                     .mpin_per_address = s->mpin_per_address,
                     .evaluate_per_session = s->evaluate_per_session,
                     .login_success_per_account = s->login_success_per_account,
                     .refresh_per_session = s->refresh_per_session};
}
