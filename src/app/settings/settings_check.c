#include "app/settings/settings_check.h"

#include "base/util.h"
#include "crypto/keys.h"
#include "net/address.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS_MAX = 256, METRICS_TOKEN_MIN = 16, SHOWN_BYTES = 120 };

/* One line: name, value (NULL for what may be a secret), what is allowed. */
static bool refuse(struct settings_report *report, const char *name, const char *value,
                   const char *rule)
{
    (void)snprintf(report->fault, sizeof report->fault, "%s%s%.*s: %s", name,
                   value == NULL ? "" : "=", SHOWN_BYTES, value == NULL ? "" : value, rule);
    return false;
}

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

bool settings_host_is_loopback(const struct settings *s)
{
    struct peer_address a = {0};
    return !failed(address_parse(text_of(s->host), &a)) && address_is_loopback(&a);
}

bool settings_have_tls(const struct settings *s)
{
    return s->tls_cert_file[0] != '\0';
}

bool settings_need_proxies(const struct settings *s)
{
    return !settings_have_tls(s) && !s->allow_plaintext && !settings_host_is_loopback(s);
}

/* ---- what follows from other settings ----------------------------------------------------- */

static uint32_t processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (uint32_t)n;
}

static uint32_t within_workers(uint32_t n)
{
    return n < 1 ? 1 : (uint32_t)size_min(n, WORKERS_MAX);
}

/* sqlite:///x lies under DATA_DIR, sqlite:////x is absolute (as SQLAlchemy writes them). */
static bool find_database(struct settings *s, struct settings_report *report)
{
    static const char scheme[] = "sqlite:///";
    if (strncmp(s->database_url, "postgres", 8) == 0) {
        return refuse(report, "DATABASE_URL", NULL,
                      "PostgreSQL is not served yet by this version; use "
                      "sqlite:///FILE");
    }
    const char *const file = s->database_url + sizeof scheme - 1;
    if (strncmp(s->database_url, scheme, sizeof scheme - 1) != 0 || file[0] == '\0' ||
        strcmp(file, "/") == 0 || strpbrk(file, "?#") != NULL) {
        return refuse(report, "DATABASE_URL", NULL,
                      "must be sqlite:///FILE (under DATA_DIR) or sqlite:////ABSOLUTE/FILE");
    }
    const int n = file[0] == '/' ? snprintf(s->database_path, sizeof s->database_path, "%s", file)
                                 : snprintf(s->database_path, sizeof s->database_path, "%s/%s",
                                            s->data_dir, file);
    return n > 0 && (size_t)n < sizeof s->database_path
               ? true
               : refuse(report, "DATABASE_URL", s->database_url,
                        "the path with DATA_DIR is too long");
}

bool settings_complete(struct settings *s, struct settings_report *report)
{
    if (s->host[0] == '\0') {
        (void)snprintf(s->host, sizeof s->host, "%s", s->debug ? "127.0.0.1" : "0.0.0.0");
    }
    if (s->cors_origins[0] == '\0' && s->debug) {
        (void)snprintf(s->cors_origins, sizeof s->cors_origins,
                       "http://localhost:3000,http://localhost:8080");
    }
    if (s->hash_workers == 0) {
        s->hash_workers = within_workers(processors() - 1);
    }
    if (s->loops == 0) {
        s->loops = (uint32_t)size_min(within_workers(processors() / 2), SERVER_LOOPS_MAX);
    }
    return find_database(s, report);
}

/* ---- rules -------------------------------------------------------------------------------- */

typedef bool rule_fn(const struct settings *s, struct settings_report *report);

static bool only_what_is_served(const struct settings *s, struct settings_report *report)
{
    if (s->redis_url[0] != '\0') {
        return refuse(report, "REDIS_URL", NULL,
                      "several nodes are not served yet by this version");
    }
    return true;
}

static bool certificates_have_keys(const struct settings *s, struct settings_report *report)
{
    const struct {
        const char *cert_name, *cert, *key_name, *key;
    } pairs[] = {
        {"TLS_CERT_FILE", s->tls_cert_file, "TLS_KEY_FILE", s->tls_key_file},
        {"TLS_CERT_FILE_2", s->tls_cert_file_2, "TLS_KEY_FILE_2", s->tls_key_file_2},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        const bool cert = pairs[i].cert[0] != '\0';
        const bool key = pairs[i].key[0] != '\0';
        if (cert != key) {
            return refuse(report, cert ? pairs[i].cert_name : pairs[i].key_name,
                          cert ? pairs[i].cert : pairs[i].key,
                          "a certificate and its key are set together, or neither");
        }
    }
    if (s->tls_cert_file_2[0] != '\0' && !settings_have_tls(s)) {
        return refuse(report, "TLS_CERT_FILE_2", s->tls_cert_file_2, "needs TLS_CERT_FILE");
    }
    return true;
}

static bool headers_have_senders(const struct settings *s, struct settings_report *report)
{
    if (s->proxy_protocol && s->trusted_proxies[0] == '\0') {
        return refuse(report, "PROXY_PROTOCOL", "True",
                      "needs TRUSTED_PROXIES: nobody else may send a PROXY header");
    }
    return true;
}

static bool replays_are_remembered(const struct settings *s, struct settings_report *report)
{
    if (s->replay_memory_mb == 0 && !s->debug) {
        return refuse(report, "REPLAY_MEMORY_MB", "0",
                      "recorded behaviour would not be recognised; 0 needs DEBUG=True");
    }
    return true;
}

static bool thresholds_rise(const struct settings *s, struct settings_report *report)
{
    char value[32];
    char rule[96];
    if (s->monitor_threshold > s->suspicious_threshold) {
        (void)snprintf(value, sizeof value, "%g", s->monitor_threshold);
        (void)snprintf(rule, sizeof rule, "must not be above SUSPICIOUS_THRESHOLD (%g)",
                       s->suspicious_threshold);
        return refuse(report, "MONITOR_THRESHOLD", value, rule);
    }
    if (s->suspicious_threshold > s->high_risk_threshold) {
        (void)snprintf(value, sizeof value, "%g", s->suspicious_threshold);
        (void)snprintf(rule, sizeof rule, "must not be above HIGH_RISK_THRESHOLD (%g)",
                       s->high_risk_threshold);
        return refuse(report, "SUSPICIOUS_THRESHOLD", value, rule);
    }
    return true;
}

static bool address_is_safe(const struct settings *s, struct settings_report *report)
{
    if (settings_host_is_loopback(s)) {
        return true;
    }
    if (s->debug) {
        return refuse(report, "HOST", s->host, "must be 127.0.0.1 or ::1 with DEBUG=True");
    }
    if (settings_need_proxies(s) && s->trusted_proxies[0] == '\0') {
        return refuse(report, "HOST", s->host,
                      "a public address needs TLS_CERT_FILE and TLS_KEY_FILE, TRUSTED_PROXIES (the "
                      "proxy that ends TLS) or ALLOW_PLAINTEXT=True; or set HOST=127.0.0.1");
    }
    return true;
}

static bool throttles_are_on(const struct settings *s, struct settings_report *report)
{
    if (s->debug) {
        return true;
    }

    const struct {
        const char *name;
        uint32_t count;
        bool loopback_will_do; /* load tests */
    } rows[] = {
        {"LOGIN_PER_ACCOUNT", s->login_per_account.count, false},
        {"LOGIN_PER_ADDRESS", s->login_per_address.count, false},
        {"REGISTER_PER_ADDRESS", s->register_per_address.count, false},
        {"MPIN_PER_ADDRESS", s->mpin_per_address.count, false},
        {"EVALUATE_PER_SESSION", s->evaluate_per_session.count, false},
        {"LOGIN_SUCCESS_PER_ACCOUNT", s->login_success_per_account.count, false},
        {"REFRESH_PER_SESSION", s->refresh_per_session.count, false},
        {"EVENTS_PER_SECOND", s->events_per_second, true},
        {"EVENT_BYTES_PER_SECOND", s->event_bytes_per_second, true},
        {"CONNECTIONS_PER_ADDRESS", s->connections_per_address, true},
    };

    const bool loopback = settings_host_is_loopback(s);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].count == 0 && !(loopback && rows[i].loopback_will_do)) {
            return refuse(report, rows[i].name, "0",
                          rows[i].loopback_will_do
                              ? "no limit is allowed only with DEBUG=True or a loopback HOST"
                              : "switching it off is allowed only with DEBUG=True");
        }
    }
    return true;
}

static bool key_is_good(const char *name, const char *text, struct settings_report *report)
{
    const char *const fault = text[0] == '\0' ? NULL : secret_key_fault(text_of(text));
    return fault == NULL ? true : refuse(report, name, NULL, fault);
}

static bool secrets_are_good(const struct settings *s, struct settings_report *report)
{
    if (!key_is_good("SECRET_KEY", s->secret_key, report) ||
        !key_is_good("SECRET_KEY_PREVIOUS", s->secret_key_previous, report)) {
        return false;
    }
    if (s->debug) {
        return true;
    }
    if (s->secret_key[0] == '\0') {
        return refuse(report, "SECRET_KEY", NULL,
                      "is not set: required with DEBUG=False (make one: canara keygen secret)");
    }
    if (s->pepper_file[0] == '\0') {
        return refuse(report, "PEPPER_FILE", NULL,
                      "is not set: required with DEBUG=False (make one outside DATA_DIR: canara "
                      "keygen pepper FILE)");
    }
    return true;
}

static bool metrics_token_is_good(const struct settings *s, struct settings_report *report)
{
    const size_t len = strlen(s->metrics_token);
    if (len > 0 && (len < METRICS_TOKEN_MIN || strchr(s->metrics_token, ' ') != NULL)) {
        return refuse(report, "METRICS_TOKEN", NULL,
                      "must be 16 to 255 printable characters without blanks");
    }
    return true;
}

enum { PASSWORD_MIN_NIST = 8 }; /* NIST SP 800-63B-4, 3.1.1.2 */

static bool passwords_are_long(const struct settings *s, struct settings_report *report)
{
    if (s->debug || s->password_min_length >= PASSWORD_MIN_NIST) {
        return true;
    }
    char value[16];
    (void)snprintf(value, sizeof value, "%u", (unsigned)s->password_min_length);
    return refuse(report, "PASSWORD_MIN_LENGTH", value,
                  "less than 8 is allowed only with DEBUG=True");
}

bool settings_check(const struct settings *s, struct settings_report *report)
{
    static rule_fn *const rules[] = {
        only_what_is_served,    secrets_are_good,     replays_are_remembered, thresholds_rise,
        address_is_safe,        throttles_are_on,     metrics_token_is_good,  passwords_are_long,
        certificates_have_keys, headers_have_senders,
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (!rules[i](s, report)) {
            return false;
        }
    }
    return true;
}
