/*
 * settings.h - every setting of the server, typed and checked before anything starts.
 *
 * Floor      app/settings
 * Source     CONTRACT 1. --set wins over the environment, which wins over .env, which wins over
 *            the default. docs/configuration.md and .env.example are held to the table by tests.
 * Units      in the names.
 * Ownership  a struct settings is a value of about 13 KiB with two secrets in it: wipe it with
 *            settings_wipe() when the keys are loaded.
 * Errors     ERR_RANGE with a struct settings_fault (name, value, what is allowed); ERR_IO for a
 *            .env that is there but cannot be read.
 * Threads    at start only; read-only afterwards.
 */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "base/err.h"
#include "base/log.h"
#include "base/span.h"
#include "domain/ground/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTING_PATH_BYTES 512  /* NUL included */
#define SETTING_LIST_BYTES 1024 /* NUL included */
#define SETTING_KEY_BYTES  513  /* NUL included */
#define SETTING_WORD_BYTES 256  /* NUL included */

enum setting_log_format { LOG_FORMAT_AUTO, LOG_FORMAT_JSON, LOG_FORMAT_HUMAN };

struct settings {
    char secret_key[SETTING_KEY_BYTES];          /* "" = absent */
    char secret_key_previous[SETTING_KEY_BYTES]; /* "" = absent */
    char pepper_file[SETTING_PATH_BYTES];        /* "" = absent */
    char model_file[SETTING_PATH_BYTES];         /* "" = the built-in model */

    uint32_t mpin_length;
    uint32_t max_mpin_attempts;
    uint32_t mpin_lockout_minutes;
    uint32_t password_min_length;

    double monitor_threshold;
    double suspicious_threshold;
    double high_risk_threshold;

    uint32_t session_expire_minutes;
    uint32_t session_max_hours;
    uint32_t session_rest_seconds;
    uint32_t max_sessions_per_account;
    uint32_t random_challenge_percent;
    uint32_t behavior_buffer_size;
    uint32_t session_cleanup_interval_s;

    bool debug;
    char host[SETTING_WORD_BYTES]; /* a numeric address; "localhost" is already 127.0.0.1 */
    uint16_t port;                 /* 0 = any free one */
    bool allow_plaintext;
    bool ws_query_token;                      /* WS_QUERY_TOKEN=allow */
    char cors_origins[SETTING_LIST_BYTES];    /* comma-separated, checked */
    char public_origin[SETTING_WORD_BYTES];   /* "" = none */
    char trusted_proxies[SETTING_LIST_BYTES]; /* comma-separated networks, checked */
    char metrics_token[SETTING_WORD_BYTES];   /* "" = loopback only */

    char data_dir[SETTING_PATH_BYTES];
    char database_url[SETTING_PATH_BYTES];
    char database_path[SETTING_PATH_BYTES]; /* the file that database_url means */

    throttle_t login_per_account;
    throttle_t login_per_address;
    throttle_t register_per_address;
    throttle_t mpin_per_address;
    throttle_t evaluate_per_session;
    throttle_t login_success_per_account;
    throttle_t refresh_per_session;
    uint32_t events_per_second;
    uint32_t event_bytes_per_second;
    uint32_t connections_per_address;

    uint32_t journal_retention_days;
    uint32_t journal_max_gb;
    uint32_t journal_commit_us;
    uint32_t hash_workers;
    uint32_t hash_queue;
    uint32_t loops;
    uint32_t replay_memory_mb;
    enum log_level log_level;
    enum setting_log_format log_format;

    char tls_cert_file[SETTING_PATH_BYTES]; /* "" = plain */
    char tls_key_file[SETTING_PATH_BYTES];
    char tls_cert_file_2[SETTING_PATH_BYTES]; /* "" = none */
    char tls_key_file_2[SETTING_PATH_BYTES];
    bool tls_only_1_3;   /* TLS_MIN_VERSION=1.3 */
    bool proxy_protocol; /* PROXY protocol 2 before every connection */

    /* Refused when set: not served by this version. */
    char redis_url[SETTING_PATH_BYTES];
};

/* Where values come from. */
struct settings_sources {
    const char *const *set; /* NAME=VALUE of --set, in order; the last one of a name counts */
    size_t sets;
    const char *env_file; /* ".env", or NULL for none; a file that is absent is no fault */
    const char *const *environment; /* NULL-terminated NAME=VALUE, or NULL */
};

#define SETTINGS_WARNINGS_MAX 16

/* Why a start is refused, and what is odd. Values of secrets are never in here. */
struct settings_report {
    char fault[512];                          /* one line, "" when all is well */
    char warning[SETTINGS_WARNINGS_MAX][320]; /* one line each */
    size_t warnings;
};

/* Read every source and check every rule. On failure `*out` is untouched. */
NODISCARD err_t settings_load(const struct settings_sources *from, struct settings *out,
                              struct settings_report *report);

struct option_sets;

/* Load from .env of the working directory, the environment and --set (may be NULL). */
NODISCARD err_t settings_load_here(const struct option_sets *sets, struct settings *out,
                                   struct settings_report *report);

/* The same for commands that serve nobody: warnings and the fault go to stderr, each behind the name of
 * the command, and wait for its reader. */
NODISCARD err_t settings_load_and_say(const char *command, const struct option_sets *sets,
                                      struct settings *out);

/* Overwrite everything; for CLEANUP. */
void settings_wipe(struct settings *s);

/* Whether `host` is loopback (127.0.0.0/8, ::1). */
bool settings_host_is_loopback(const struct settings *s);

/* Whether the server ends TLS itself. */
bool settings_have_tls(const struct settings *s);

/* Whether only proxies may speak to the server, since nothing else keeps what they say secret: a
 * public address without TLS, and without leave to go on so. */
bool settings_need_proxies(const struct settings *s);

#endif
