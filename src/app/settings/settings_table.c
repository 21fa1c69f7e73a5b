#include "app/settings/settings_table.h"

#include "app/cli/options.h"
#include "base/util.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>

_Static_assert(SERVER_LOOPS_MAX == 64, "the row of LOOPS says so");

#define AT(field)   offsetof(struct settings, field)
#define ROOM(field) sizeof(((struct settings *)0)->field)

/* name, kind, place, room, low, high, default, what an empty default becomes,
 * what is allowed,
 * meaning */
/* clang-format off */
static const struct setting_row rows[] = {
    {"SECRET_KEY", SETTING_SECRET, AT(secret_key), ROOM(secret_key), 0, 0,
     "", "made and kept in DATA_DIR/secret_key with DEBUG=True; required with DEBUG=False",
     "32 to 512 bytes, hard to guess, no sample value",
     "signs session tokens; make one with: canara keygen secret"},
    {"SECRET_KEY_PREVIOUS", SETTING_SECRET, AT(secret_key_previous), ROOM(secret_key_previous), 0, 0,
     "", NULL,
     "32 to 512 bytes, hard to guess, not SECRET_KEY itself",
     "still verifies tokens while SECRET_KEY is being changed"},
    {"PEPPER_FILE", SETTING_TEXT, AT(pepper_file), ROOM(pepper_file), 0, 0,
     "", "made and kept in DATA_DIR/pepper with DEBUG=True; required with DEBUG=False",
     "a file of mode 0600 or 0400 outside DATA_DIR",
     "mixed into every password and MPIN; make one with: canara keygen pepper FILE"},
    {"MPIN_LENGTH", SETTING_NUMBER, AT(mpin_length), 0, 4, 12,
     "4", NULL,
     "a whole number from 4 to 12",
     "digits of an MPIN"},
    {"MAX_MPIN_ATTEMPTS", SETTING_NUMBER, AT(max_mpin_attempts), 0, 1, 10,
     "3", NULL,
     "a whole number from 1 to 10",
     "wrong MPINs in a row until the account locks"},
    {"MPIN_LOCKOUT_MINUTES", SETTING_NUMBER, AT(mpin_lockout_minutes), 0, 1, 1440,
     "15", NULL,
     "a whole number from 1 to 1440",
     "length of the first lock; doubles with each further one, to 24 hours"},
    {"SUSPICIOUS_THRESHOLD", SETTING_SHARE, AT(suspicious_threshold), 0, 0, 0,
     "0.7", NULL,
     "a number from 0 to 1",
     "risk at or above: MPIN challenge"},
    {"HIGH_RISK_THRESHOLD", SETTING_SHARE, AT(high_risk_threshold), 0, 0, 0,
     "0.9", NULL,
     "a number from 0 to 1",
     "risk at or above: session blocked"},
    {"MONITOR_THRESHOLD", SETTING_SHARE, AT(monitor_threshold), 0, 0, 0,
     "0.4", NULL,
     "a number from 0 to 1",
     "risk at or above: monitored closely"},
    {"MODEL_FILE", SETTING_TEXT, AT(model_file), ROOM(model_file), 0, 0,
     "", "the model that is built in, made of simulated people",
     "a file made by canara train, of this version of the program",
     "what is known of people in general: populations, crowds of strokes and actions, calibration"},
    {"SESSION_EXPIRE_MINUTES", SETTING_NUMBER, AT(session_expire_minutes), 0, 1, 1440,
     "60", NULL,
     "a whole number from 1 to 1440",
     "minutes without activity until a session ends"},
    {"SESSION_MAX_HOURS", SETTING_NUMBER, AT(session_max_hours), 0, 1, 720,
     "12", NULL,
     "a whole number from 1 to 720",
     "hours until a session ends whatever it does"},
    {"SESSION_REST_SECONDS", SETTING_NUMBER, AT(session_rest_seconds), 0, 0, 86400,
     "60", NULL,
     "a whole number from 0 to 86400",
     "seconds without activity until a session gives its memory back; 0: never"},
    {"MAX_SESSIONS_PER_ACCOUNT", SETTING_NUMBER, AT(max_sessions_per_account), 0, 1, 64,
     "10", NULL,
     "a whole number from 1 to 64",
     "sessions of one account; a further login ends the oldest"},
    {"RANDOM_CHALLENGE_PERCENT", SETTING_NUMBER, AT(random_challenge_percent), 0, 0, 100,
     "0", NULL,
     "a whole number from 0 to 100",
     "logins of a hundred, drawn by lot, whose session is asked for the MPIN; 0: none"},
    {"BEHAVIOR_BUFFER_SIZE", SETTING_NUMBER, AT(behavior_buffer_size), 0, 1, 100000,
     "1000", NULL,
     "a whole number from 1 to 100000",
     "newest events of a session that its summary reads"},
    {"SESSION_CLEANUP_INTERVAL", SETTING_NUMBER, AT(session_cleanup_interval_s), 0, 1, 86400,
     "300", NULL,
     "a whole number from 1 to 86400",
     "seconds between sweeps of the store; expiry itself is exact"},
    {"BACKEND_CORS_ORIGINS", SETTING_ORIGINS, AT(cors_origins), ROOM(cors_origins), 0, 0,
     "", "http://localhost:3000,http://localhost:8080 with DEBUG=True, else none",
     "origins like https://bank.example or http://localhost:3000, with commas between; no *",
     "exact origins allowed for CORS and WebSocket"},
    {"PUBLIC_ORIGIN", SETTING_ORIGIN, AT(public_origin), ROOM(public_origin), 0, 0,
     "", NULL,
     "one origin like https://bank.example",
     "our own origin, always allowed"},
    {"DATABASE_URL", SETTING_TEXT, AT(database_url), ROOM(database_url), 0, 0,
     "sqlite:///canara.db", NULL,
     "sqlite:///FILE (under DATA_DIR) or sqlite:////ABSOLUTE/FILE",
     "where accounts, sessions and the audit are kept"},
    {"DATA_DIR", SETTING_TEXT, AT(data_dir), ROOM(data_dir), 0, 0,
     "./data", NULL,
     "a folder",
     "database, journal, session_buffers, generated keys, control socket"},
    {"HOST", SETTING_HOST, AT(host), ROOM(host), 0, 0,
     "", "127.0.0.1 with DEBUG=True, else 0.0.0.0",
     "a numeric address or localhost",
     "address to listen on"},
    {"PORT", SETTING_PORT, AT(port), 0, 0, 65535,
     "8000", NULL,
     "a whole number from 0 to 65535",
     "port to listen on; 0 takes any free one"},
    {"ALLOW_PLAINTEXT", SETTING_FLAG, AT(allow_plaintext), 0, 0, 0,
     "False", NULL,
     "True or False",
     "allow a public address without TLS and without trusted proxies"},
    {"TLS_CERT_FILE", SETTING_TEXT, AT(tls_cert_file), ROOM(tls_cert_file), 0, 0,
     "", NULL,
     "a file in PEM, the chain behind the certificate",
     "certificate of the server, elliptic curve or RSA; with it the port speaks TLS"},
    {"TLS_KEY_FILE", SETTING_TEXT, AT(tls_key_file), ROOM(tls_key_file), 0, 0,
     "", NULL,
     "a file in PEM without password, mode 0600 or 0640",
     "key of TLS_CERT_FILE"},
    {"TLS_CERT_FILE_2", SETTING_TEXT, AT(tls_cert_file_2), ROOM(tls_cert_file_2), 0, 0,
     "", NULL,
     "a file in PEM, the chain behind the certificate",
     "a second certificate, of the other kind: elliptic curve beside RSA"},
    {"TLS_KEY_FILE_2", SETTING_TEXT, AT(tls_key_file_2), ROOM(tls_key_file_2), 0, 0,
     "", NULL,
     "a file in PEM without password, mode 0600 or 0640",
     "key of TLS_CERT_FILE_2"},
    {"TLS_MIN_VERSION", SETTING_TLS, AT(tls_only_1_3), 0, 0, 0,
     "1.2", NULL,
     "1.2 or 1.3",
     "oldest version of TLS that is spoken"},
    {"TRUSTED_PROXIES", SETTING_NETWORKS, AT(trusted_proxies), ROOM(trusted_proxies), 0, 0,
     "", NULL,
     "networks like 10.0.0.0/8 or ::1, with commas between",
     "peers whose Forwarded and X-Forwarded-For, or PROXY header, are believed"},
    {"PROXY_PROTOCOL", SETTING_FLAG, AT(proxy_protocol), 0, 0, 0,
     "False", NULL,
     "True or False",
     "every connection begins with a PROXY protocol 2 header, from TRUSTED_PROXIES only"},
    {"METRICS_TOKEN", SETTING_SECRET, AT(metrics_token), ROOM(metrics_token), 0, 0,
     "", NULL,
     "16 to 255 printable characters without blanks",
     "bearer that may read /metrics from afar; without it loopback only"},
    {"DEBUG", SETTING_FLAG, AT(debug), 0, 0, 0,
     "False", NULL,
     "True or False",
     "development: sample MPINs, generated keys, full scores; loopback only"},
    {"PASSWORD_MIN_LENGTH", SETTING_NUMBER, AT(password_min_length), 0, 6, 128,
     "8", NULL,
     "a whole number from 8 to 128 (from 6 with DEBUG=True)",
     "shortest password taken at registration, in bytes"},
    {"LOGIN_PER_ACCOUNT", SETTING_RATE, AT(login_per_account), 0, 0, 0,
     "5/15m", NULL,
     "COUNT/WINDOW like 5/15m (s, m, h), or 0 with DEBUG=True",
     "failed logins of an account before it is slowed to one a minute"},
    {"LOGIN_PER_ADDRESS", SETTING_RATE, AT(login_per_address), 0, 0, 0,
     "60/1m", NULL,
     "COUNT/WINDOW like 60/1m (s, m, h), or 0 with DEBUG=True",
     "failed logins from an address"},
    {"REGISTER_PER_ADDRESS", SETTING_RATE, AT(register_per_address), 0, 0, 0,
     "20/1m", NULL,
     "COUNT/WINDOW like 20/1m (s, m, h), or 0 with DEBUG=True",
     "registrations tried from an address"},
    {"MPIN_PER_ADDRESS", SETTING_RATE, AT(mpin_per_address), 0, 0, 0,
     "60/1m", NULL,
     "COUNT/WINDOW like 60/1m (s, m, h), or 0 with DEBUG=True",
     "wrong MPINs from an address"},
    {"EVALUATE_PER_SESSION", SETTING_RATE, AT(evaluate_per_session), 0, 0, 0,
     "1200/1m", NULL,
     "COUNT/WINDOW like 1200/1m (s, m, h), or 0 with DEBUG=True",
     "risk decisions asked for in a session"},
    {"LOGIN_SUCCESS_PER_ACCOUNT", SETTING_RATE, AT(login_success_per_account), 0, 0, 0,
     "60/1h", NULL,
     "COUNT/WINDOW like 60/1h (s, m, h), or 0 with DEBUG=True",
     "successful logins of an account"},
    {"REFRESH_PER_SESSION", SETTING_RATE, AT(refresh_per_session), 0, 0, 0,
     "60/1h", NULL,
     "COUNT/WINDOW like 60/1h (s, m, h), or 0 with DEBUG=True",
     "refreshes of a session"},
    {"EVENTS_PER_SECOND", SETTING_NUMBER, AT(events_per_second), 0, 0, 1000000,
     "200", NULL,
     "a whole number from 1 to 1000000, or 0 with DEBUG=True or a loopback HOST",
     "events taken from one connection in a second"},
    {"EVENT_BYTES_PER_SECOND", SETTING_NUMBER, AT(event_bytes_per_second), 0, 0, 1000000000,
     "65536", NULL,
     "a whole number from 1 to 1000000000, or 0 with DEBUG=True or a loopback HOST",
     "bytes of messages with events taken from one connection in a second"},
    {"CONNECTIONS_PER_ADDRESS", SETTING_NUMBER, AT(connections_per_address), 0, 0, 1000000,
     "1000", NULL,
     "a whole number from 1 to 1000000, or 0 with DEBUG=True or a loopback HOST",
     "open connections of one address"},
    {"JOURNAL_RETENTION_DAYS", SETTING_NUMBER, AT(journal_retention_days), 0, 1, 3650,
     "90", NULL,
     "a whole number from 1 to 3650",
     "days until journal segments and buffer files are removed"},
    {"JOURNAL_MAX_GB", SETTING_NUMBER, AT(journal_max_gb), 0, 1, 100000,
     "10", NULL,
     "a whole number from 1 to 100000",
     "size at which the oldest journal segments are removed"},
    {"JOURNAL_COMMIT_US", SETTING_NUMBER, AT(journal_commit_us), 0, 1, 1000000,
     "500", NULL,
     "a whole number from 1 to 1000000",
     "least time between two journal commits, in microseconds"},
    {"HASH_WORKERS", SETTING_NUMBER, AT(hash_workers), 0, 1, 256,
     "", "one less than the processors, at least 1",
     "a whole number from 1 to 256",
     "threads that hash passwords and MPINs, 19 MiB each"},
    {"HASH_QUEUE", SETTING_NUMBER, AT(hash_queue), 0, 1, 4096,
     "32", NULL,
     "a whole number from 1 to 4096",
     "requests that may wait for a hash; more answer 503"},
    {"LOOPS", SETTING_NUMBER, AT(loops), 0, 1, SERVER_LOOPS_MAX,
     "", "half of the processors, at least 1",
     "a whole number from 1 to 64",
     "threads that serve connections and own sessions"},
    {"LOG_LEVEL", SETTING_LEVEL, AT(log_level), 0, 0, 0,
     "info", NULL,
     "debug, info, notice, warn or error",
     "least level that is logged"},
    {"LOG_FORMAT", SETTING_FORMAT, AT(log_format), 0, 0, 0,
     "auto", NULL,
     "auto, json or human",
     "shape of log lines; auto is human on a terminal, else json"},
    {"REPLAY_MEMORY_MB", SETTING_NUMBER, AT(replay_memory_mb), 0, 0, 4096,
     "64", NULL,
     "a whole number from 1 to 4096, or 0 with DEBUG=True",
     "memory for finding replayed behaviour, in MiB"},
    {"WS_QUERY_TOKEN", SETTING_CHOICE, AT(ws_query_token), 0, 0, 0,
     "allow", NULL,
     "allow or deny",
     "whether a WebSocket may bring its token as ?token="},
    {"REDIS_URL", SETTING_TEXT, AT(redis_url), ROOM(redis_url), 0, 0,
     "", NULL,
     "empty",
     "several nodes; not served yet by this version"},
};

/* clang-format on */

const struct setting_row *settings_rows(size_t *count)
{
    *count = ARRAY_LEN(rows);
    return rows;
}

const struct setting_row *settings_row(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *settings_nearest(const char *name)
{
    size_t best = strlen(name) / 3 + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const size_t distance = word_distance(name, rows[i].name, best);
        if (distance < best) {
            best = distance;
            nearest = rows[i].name;
        }
    }
    return nearest;
}

void settings_print_example(FILE *to)
{
    (void)fprintf(to,
                  "# Settings of canara. Copy to .env; the environment and --set win over it.\n"
                  "# A name behind '#' has no fixed default; its line says what happens without "
                  "it.\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct setting_row *const r = &rows[i];
        const bool fixed = r->fallback[0] != '\0';
        (void)fprintf(to, "\n# %s.\n", r->meaning);
        (void)fprintf(to, "# Allowed: %s.\n", r->allowed);
        if (r->found != NULL) {
            (void)fprintf(to, "# Without it: %s.\n", r->found);
        }
        (void)fprintf(to, "%s%s=%s\n", fixed ? "" : "# ", r->name, r->fallback);
    }
}
