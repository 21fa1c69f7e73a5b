/* Settings: the defaults of the contract, every kind of value, and the rules between them. */
#include "app/settings/settings.h"

#include "app/settings/settings_table.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define KEY    "SECRET_KEY=mQ3vX9rT2kLp7WzA5sYh8NcJ4dGf6BeU"
#define PEPPER "PEPPER_FILE=/etc/canara/pepper"

static struct settings_report report;

static err_t load_sets(const char *const *set, size_t sets, struct settings *out)
{
    const struct settings_sources from = {.set = set, .sets = sets};
    return settings_load(&from, out, &report);
}

static void the_defaults_are_those_of_the_contract(void **state)
{
    (void)state;
    static const char *const set[] = {"DEBUG=True"};
    struct settings s;
    assert_ok(load_sets(set, 1, &s));
    assert_int_equal(s.mpin_length, 4);
    assert_int_equal(s.max_mpin_attempts, 3);
    assert_int_equal(s.mpin_lockout_minutes, 15);
    assert_near(s.suspicious_threshold, 0.7, 0, "suspicious");
    assert_near(s.high_risk_threshold, 0.9, 0, "high");
    assert_near(s.monitor_threshold, 0.4, 0, "monitor");
    assert_int_equal(s.session_expire_minutes, 60);
    assert_int_equal(s.session_max_hours, 12);
    assert_int_equal(s.session_rest_seconds, 60);
    assert_int_equal(s.max_sessions_per_account, 10);
    assert_int_equal(s.behavior_buffer_size, 1000);
    assert_int_equal(s.session_cleanup_interval_s, 300);
    assert_string_equal(s.cors_origins, "http://localhost:3000,http://localhost:8080");
    assert_string_equal(s.data_dir, "./data");
    assert_string_equal(s.database_path, "./data/canara.db");
    assert_string_equal(s.host, "127.0.0.1");
    assert_int_equal(s.port, 8000);
    assert_int_equal(s.password_min_length, 8);
    assert_int_equal(s.login_per_account.count, 5);
    assert_int_equal(s.login_per_account.window_s, 900);
    assert_int_equal(s.register_per_address.count, 20);
    assert_int_equal(s.register_per_address.window_s, 60);
    assert_int_equal(s.events_per_second, 200);
    assert_int_equal(s.event_bytes_per_second, 65536);
    assert_int_equal(s.connections_per_address, 1000);
    assert_int_equal(s.journal_retention_days, 90);
    assert_int_equal(s.journal_max_gb, 10);
    assert_int_equal(s.hash_queue, 32);
    assert_int_equal(s.replay_memory_mb, 64);
    assert_true(s.loops >= 1 && s.hash_workers >= 1 && s.ws_query_token);
    assert_int_equal(s.log_level, LOG_INFO);
    assert_int_equal(s.log_format, LOG_FORMAT_AUTO);

    static const char *const production[] = {KEY, PEPPER, "ALLOW_PLAINTEXT=True"};
    assert_ok(load_sets(production, 3, &s));
    assert_false(s.debug);
    assert_string_equal(s.host, "0.0.0.0");
    assert_string_equal(s.cors_origins, "");
}

static const struct {
    const char *set;
    bool good;
} values[] = {
    {"MPIN_LENGTH=4", true},
    {"MPIN_LENGTH=12", true},
    {"MPIN_LENGTH=3", false},
    {"MPIN_LENGTH=13", false},
    {"MPIN_LENGTH=4.0", false},
    {"MPIN_LENGTH=+4", false},
    {"MPIN_LENGTH=-4", false},
    {"MPIN_LENGTH= 4", false},
    {"MPIN_LENGTH=04", false},
    {"MPIN_LENGTH=0x4", false},
    {"MPIN_LENGTH=four", false},
    {"MPIN_LENGTH=99999999999999999999999", false},
    {"MPIN_LENGTH=", true}, /* empty is as if it was not there */
    {"PORT=0", true},
    {"PORT=65535", true},
    {"PORT=65536", false},
    {"MONITOR_THRESHOLD=0", true},
    {"MONITOR_THRESHOLD=.5", true},
    {"HIGH_RISK_THRESHOLD=1", true},
    {"HIGH_RISK_THRESHOLD=1.0", true},
    {"HIGH_RISK_THRESHOLD=1.01", false},
    {"HIGH_RISK_THRESHOLD=nan", false},
    {"HIGH_RISK_THRESHOLD=inf", false},
    {"HIGH_RISK_THRESHOLD=9e-1", false},
    {"HIGH_RISK_THRESHOLD=0,9", false},
    {"HIGH_RISK_THRESHOLD=-0.9", false},
    {"HIGH_RISK_THRESHOLD=.", false},
    {"HIGH_RISK_THRESHOLD=0.9.1", false},
    {"DEBUG=True", true},
    {"DEBUG=true", true},
    {"DEBUG=1", true},
    {"DEBUG=yes", false},
    {"DEBUG=TRUE", false},
    {"ALLOW_PLAINTEXT=0", true},
    {"ALLOW_PLAINTEXT=2", false},
    {"LOGIN_PER_ACCOUNT=5/15m", true},
    {"LOGIN_PER_ACCOUNT=5/m", true},
    {"LOGIN_PER_ACCOUNT=1/1s", true},
    {"LOGIN_PER_ACCOUNT=1000000/24h", true},
    {"LOGIN_PER_ACCOUNT=0", true},
    {"LOGIN_PER_ACCOUNT=1000001/1h", false},
    {"LOGIN_PER_ACCOUNT=5/25h", false},
    {"LOGIN_PER_ACCOUNT=5/0s", false},
    {"LOGIN_PER_ACCOUNT=0/1s", false},
    {"LOGIN_PER_ACCOUNT=5", false},
    {"LOGIN_PER_ACCOUNT=5/", false},
    {"LOGIN_PER_ACCOUNT=5/15", false},
    {"LOGIN_PER_ACCOUNT=5/15d", false},
    {"LOGIN_PER_ACCOUNT=5/15mm", false},
    {"LOGIN_PER_ACCOUNT=/15m", false},
    {"HOST=localhost", true},
    {"HOST=::1", true},
    {"HOST=127.0.0.53", true},
    {"HOST=bank.example", false},
    {"HOST=[::1]", false},
    {"HOST=127.0.0.1:8000", false},
    {"BACKEND_CORS_ORIGINS=https://bank.example", true},
    {"BACKEND_CORS_ORIGINS=https://Bank.Example:8443, capacitor://localhost", true},
    {"BACKEND_CORS_ORIGINS=[\"https://a.example\", \"https://b.example\"]", true},
    {"BACKEND_CORS_ORIGINS=http://[::1]:3000", true},
    {"BACKEND_CORS_ORIGINS=*", false},
    {"BACKEND_CORS_ORIGINS=https://*.bank.example", false},
    {"BACKEND_CORS_ORIGINS=https://bank.example/", false},
    {"BACKEND_CORS_ORIGINS=https://bank.example/app", false},
    {"BACKEND_CORS_ORIGINS=bank.example", false},
    {"BACKEND_CORS_ORIGINS=null", false},
    {"BACKEND_CORS_ORIGINS=https://a.example,,https://b.example", false},
    {"BACKEND_CORS_ORIGINS=https://a.example,", false},
    {"BACKEND_CORS_ORIGINS=[https://a.example]", false},
    {"BACKEND_CORS_ORIGINS=https://a.example:0", false},
    {"BACKEND_CORS_ORIGINS=https://a.example:65536", false},
    {"BACKEND_CORS_ORIGINS=https://user@a.example", false},
    {"BACKEND_CORS_ORIGINS=http://[::1", false},
    {"PUBLIC_ORIGIN=https://bank.example", true},
    {"PUBLIC_ORIGIN=https://a.example,https://b.example", false},
    {"TRUSTED_PROXIES=10.0.0.0/8, ::1", true},
    {"TRUSTED_PROXIES=10.0.0.0/33", false},
    {"TRUSTED_PROXIES=proxy", false},
    {"LOG_LEVEL=debug", true},
    {"LOG_LEVEL=error", true},
    {"LOG_LEVEL=INFO", false},
    {"LOG_FORMAT=json", true},
    {"LOG_FORMAT=xml", false},
    {"WS_QUERY_TOKEN=deny", true},
    {"WS_QUERY_TOKEN=False", false},
    {"DATABASE_URL=sqlite:///other.db", true},
    {"DATABASE_URL=sqlite:////var/lib/canara/canara.db", true},
    {"DATABASE_URL=sqlite:///", false},
    {"DATABASE_URL=sqlite://x", false},
    {"DATABASE_URL=sqlite:///x?mode=ro", false},
    {"DATABASE_URL=mysql://x", false},
    {"METRICS_TOKEN=0123456789abcdef", true},
    {"METRICS_TOKEN=0123456789abcde", false},
    {"METRICS_TOKEN=0123456789 abcdef", false},
    {"SECRET_KEY=your-production-secret-key", false},
    {"SECRET_KEY_PREVIOUS=changeme", false},
    {"LOOPS=0", false},
    {"LOOPS=64", true},
    {"LOOPS=65", false},
    {"JOURNAL_COMMIT_US=0", false},
    {"JOURNAL_COMMIT_US=1", true},
};

static void each_value_is_taken_or_named(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const char *const set[] = {"DEBUG=True", values[i].set};
        struct settings s;
        const err_t answer = load_sets(set, 2, &s);
        const size_t name = strcspn(values[i].set, "=");
        if (failed(answer) == values[i].good ||
            (!values[i].good && strncmp(report.fault, values[i].set, name) != 0)) {
            fail_msg("%s: \"%s\"", values[i].set, report.fault);
        }
    }
}

static void origins_come_out_in_one_form(void **state)
{
    (void)state;
    static const char *const set[] = {
        "DEBUG=True", "BACKEND_CORS_ORIGINS=[ \"https://A.example\" , \"http://b.example:81\" ]"};
    struct settings s;
    assert_ok(load_sets(set, 2, &s));
    assert_string_equal(s.cors_origins, "https://a.example,http://b.example:81");
}

static const struct {
    const char *set[6];
    const char *says; /* NULL: good */
} matrix[] = {
    {{NULL}, "SECRET_KEY:"},
    {{KEY}, "PEPPER_FILE:"},
    {{PEPPER}, "SECRET_KEY:"},
    {{KEY, PEPPER}, "HOST=0.0.0.0:"},
    {{KEY, PEPPER, "HOST=127.0.0.1"}, NULL},
    {{KEY, PEPPER, "HOST=::1"}, NULL},
    {{KEY, PEPPER, "HOST=192.0.2.1"}, "HOST=192.0.2.1:"},
    {{KEY, PEPPER, "ALLOW_PLAINTEXT=True"}, NULL},
    {{KEY, PEPPER, "TRUSTED_PROXIES=10.0.0.1"}, NULL},
    {{"SECRET_KEY=short", PEPPER, "ALLOW_PLAINTEXT=True"}, "SECRET_KEY:"},
    {{"SECRET_KEY=your-production-secret-key-your-production", PEPPER}, "SECRET_KEY:"},
    {{"DEBUG=True"}, NULL},
    {{"DEBUG=True", "HOST=0.0.0.0"}, "HOST=0.0.0.0:"},
    {{"DEBUG=True", "HOST=::"}, "HOST=:::"},
    {{"DEBUG=True", "HOST=0.0.0.0", "ALLOW_PLAINTEXT=True"}, "HOST=0.0.0.0:"},
    {{"DEBUG=True", "LOGIN_PER_ACCOUNT=0", "MPIN_PER_ADDRESS=0"}, NULL},
    {{KEY, PEPPER, "HOST=127.0.0.1", "LOGIN_PER_ACCOUNT=0"}, "LOGIN_PER_ACCOUNT=0:"},
    {{KEY, PEPPER, "HOST=127.0.0.1", "LOGIN_PER_ADDRESS=0"}, "LOGIN_PER_ADDRESS=0:"},
    {{KEY, PEPPER, "HOST=127.0.0.1", "REGISTER_PER_ADDRESS=0"}, "REGISTER_PER_ADDRESS=0:"},
    {{KEY, PEPPER, "HOST=127.0.0.1", "MPIN_PER_ADDRESS=0"}, "MPIN_PER_ADDRESS=0:"},
    {{"DEBUG=True", "EVALUATE_PER_SESSION=0"}, NULL},
    {{KEY, PEPPER, "HOST=127.0.0.1", "EVALUATE_PER_SESSION=0"}, "EVALUATE_PER_SESSION=0:"},
    {{"DEBUG=True", "LOGIN_SUCCESS_PER_ACCOUNT=0", "REFRESH_PER_SESSION=0"}, NULL},
    {{KEY, PEPPER, "HOST=127.0.0.1", "LOGIN_SUCCESS_PER_ACCOUNT=0"},
     "LOGIN_SUCCESS_PER_ACCOUNT=0:"},
    {{KEY, PEPPER, "HOST=127.0.0.1", "REFRESH_PER_SESSION=0"}, "REFRESH_PER_SESSION=0:"},
    {{KEY, PEPPER, "HOST=127.0.0.1", "EVENTS_PER_SECOND=0"}, NULL},
    {{KEY, PEPPER, "ALLOW_PLAINTEXT=True", "EVENTS_PER_SECOND=0"}, "EVENTS_PER_SECOND=0:"},
    {{KEY, PEPPER, "HOST=127.0.0.1", "EVENT_BYTES_PER_SECOND=0"}, NULL},
    {{KEY, PEPPER, "ALLOW_PLAINTEXT=True", "EVENT_BYTES_PER_SECOND=0"},
     "EVENT_BYTES_PER_SECOND=0:"},
    {{KEY, PEPPER, "ALLOW_PLAINTEXT=1", "CONNECTIONS_PER_ADDRESS=0"}, "CONNECTIONS_PER_ADDRESS=0:"},
    {{"DEBUG=True", "MONITOR_THRESHOLD=0.8"}, "MONITOR_THRESHOLD=0.8:"},
    {{"DEBUG=True", "SUSPICIOUS_THRESHOLD=0.95"}, "SUSPICIOUS_THRESHOLD=0.95:"},
    {{"DEBUG=True", "MONITOR_THRESHOLD=0.7", "HIGH_RISK_THRESHOLD=0.7"}, NULL},
    {{"DEBUG=True", "TLS_CERT_FILE=/x"}, "TLS_CERT_FILE=/x:"},
    {{"DEBUG=True", "TLS_KEY_FILE=/x"}, "TLS_KEY_FILE=/x:"},
    {{"DEBUG=True", "TLS_CERT_FILE_2=/x"}, "TLS_CERT_FILE_2=/x:"},
    {{"DEBUG=True", "TLS_KEY_FILE_2=/x"}, "TLS_KEY_FILE_2=/x:"},
    {{"DEBUG=True", "TLS_CERT_FILE_2=/x", "TLS_KEY_FILE_2=/y"}, "TLS_CERT_FILE_2=/x:"},
    {{"DEBUG=True", "TLS_CERT_FILE=/x", "TLS_KEY_FILE=/y"}, NULL},
    {{KEY, PEPPER, "TLS_CERT_FILE=/x", "TLS_KEY_FILE=/y"}, NULL},
    {{KEY, PEPPER, "TLS_CERT_FILE=/x"}, "TLS_CERT_FILE=/x:"},
    {{KEY, PEPPER, "TLS_CERT_FILE=/x", "TLS_KEY_FILE=/y", "TLS_CERT_FILE_2=/z"},
     "TLS_CERT_FILE_2=/z:"},
    {{KEY, PEPPER, "TLS_CERT_FILE=/x", "TLS_KEY_FILE=/y", "TLS_CERT_FILE_2=/z",
      "TLS_KEY_FILE_2=/w"},
     NULL},
    {{"DEBUG=True", "TLS_MIN_VERSION=1.3"}, NULL},
    {{"DEBUG=True", "TLS_MIN_VERSION=1.1"}, "TLS_MIN_VERSION=1.1:"},
    {{"DEBUG=True", "PROXY_PROTOCOL=True"}, "PROXY_PROTOCOL=True:"},
    {{"DEBUG=True", "PROXY_PROTOCOL=True", "TRUSTED_PROXIES=127.0.0.1"}, NULL},
    {{"DEBUG=True", "REDIS_URL=redis://x"}, "REDIS_URL:"},
    {{"DEBUG=True", "DATABASE_URL=postgresql://a:b@x/y"}, "DATABASE_URL:"},
    {{"DEBUG=True", "PASSWORD_MIN_LENGTH=6"}, NULL},
    {{"DEBUG=True", "PASSWORD_MIN_LENGTH=5"}, "PASSWORD_MIN_LENGTH=5:"},
    {{KEY, PEPPER, "HOST=127.0.0.1", "PASSWORD_MIN_LENGTH=7"}, "PASSWORD_MIN_LENGTH=7:"},
    {{KEY, PEPPER, "HOST=127.0.0.1", "PASSWORD_MIN_LENGTH=8"}, NULL},
    {{"DEBUG=True", "DEBUG=False"}, "SECRET_KEY:"},
    {{"DEBUG=True", "REPLAY_MEMORY_MB=0"}, NULL},
    {{KEY, PEPPER, "HOST=127.0.0.1", "REPLAY_MEMORY_MB=0"}, "REPLAY_MEMORY_MB=0:"},
    {{"DEBUG=True", "PROT=1"}, "--set PROT:"},
    {{"DEBUG=True", "PORT"}, "--set PORT:"},
};

/* The start-up matrix: what the server must refuse, and by which name. */
static void rules_between_settings_hold(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
        size_t sets = 0;
        while (sets < 6 && matrix[i].set[sets] != NULL) {
            sets++;
        }
        struct settings s;
        const err_t answer = load_sets(matrix[i].set, sets, &s);
        const bool as_wanted = matrix[i].says == NULL
                                   ? !failed(answer) && report.fault[0] == '\0'
                                   : failed(answer) && strncmp(report.fault, matrix[i].says,
                                                               strlen(matrix[i].says)) == 0;
        if (!as_wanted) {
            fail_msg("row %zu: \"%s\"", i, report.fault);
        }
        assert_null(strstr(report.fault, "mQ3vX9rT"));
        assert_null(strchr(report.fault, '\n'));
    }
    static const char *const later[] = {"REDIS_URL=redis://x",
                                        "DATABASE_URL=postgresql://db/canara"};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        const char *const sets[] = {"DEBUG=True", later[i]};
        struct settings s;
        assert_err(load_sets(sets, 2, &s), ERR_RANGE);
        assert_non_null(strstr(report.fault, "not served yet by this version"));
    }
}

static void the_nearer_source_wins(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char file[SCRATCH_PATH];
    scratch_path(&dir, "env", file);
    scratch_write(file, SPAN_LIT("DEBUG=True\nPORT=1\nLOOPS=3\nHASH_QUEUE=wrong\nMPIN_LENGTH=5\n"),
                  0600);
    static const char *const environment[] = {"PATH=/bin",    "PORT=2",       "LOOPS=4",
                                              "HASH_QUEUE=9", "MPIN_LENGTH=", NULL};
    static const char *const set[] = {"PORT=5", "PORT=3"};
    const struct settings_sources from = {set, 2, file, environment};
    struct settings s;
    assert_ok(settings_load(&from, &s, &report));
    assert_int_equal(s.port, 3);
    assert_int_equal(s.loops, 4);
    assert_int_equal(s.hash_queue, 9); /* the wrong value under it does not count */
    assert_int_equal(s.mpin_length, 4);
    assert_int_equal(report.warnings, 0);
}

static void a_slip_in_the_file_is_told(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char file[SCRATCH_PATH];
    scratch_path(&dir, "env", file);
    const struct settings_sources from = {.env_file = file};
    struct settings s;

    assert_err(settings_load(&from, &s, &report), ERR_RANGE); /* absent is no fault of the file */
    assert_non_null(strstr(report.fault, "SECRET_KEY"));

    scratch_write(file, SPAN_LIT("DEBUG=True\nSUSPICIOUS_TRESHOLD=0.5\nZZZ=1\n"), 0600);
    assert_ok(settings_load(&from, &s, &report));
    assert_int_equal(report.warnings, 2);
    assert_non_null(strstr(report.warning[0], "line 2: unknown setting SUSPICIOUS_TRESHOLD; did "
                                              "you mean SUSPICIOUS_THRESHOLD?"));
    assert_non_null(strstr(report.warning[1], "line 3: unknown setting ZZZ"));
    assert_null(strstr(report.warning[1], "mean"));

    scratch_write(file, SPAN_LIT("DEBUG=True\nDEBUG=True\n"), 0600);
    assert_err(settings_load(&from, &s, &report), ERR_RANGE);
    assert_non_null(strstr(report.fault, "line 2"));

    scratch_write(file, SPAN_LIT("DEBUG=True\nnonsense\n"), 0600);
    assert_err(settings_load(&from, &s, &report), ERR_RANGE);
    assert_non_null(strstr(report.fault, "line 2"));

    const struct settings_sources folder = {.env_file = dir.path};
    assert_err(settings_load(&folder, &s, &report), ERR_RANGE);
    assert_non_null(strstr(report.fault, "must be a regular file"));
}

/* A pipe was read as a file without a line: a service with nothing but defaults. */
static void a_pipe_is_no_settings_file(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char file[SCRATCH_PATH];
    static const char *const sets[] = {"DEBUG=True"};
    scratch_path(&dir, "env", file);
    assert_int_equal(mkfifo(file, 0600), 0);
    const struct settings_sources from = {.env_file = file, .set = sets, .sets = 1};
    struct settings s;
    assert_err(settings_load(&from, &s, &report), ERR_RANGE);
    assert_non_null(strstr(report.fault, "must be a regular file"));
}

static void an_overlong_value_is_refused_and_a_failure_changes_nothing(void **state)
{
    (void)state;
    char set[2][1200];
    memset(set, 'x', sizeof set);
    memcpy(set[0], "DATA_DIR=", 9);
    memcpy(set[1], "DATA_DIR=", 9);
    set[0][9 + SETTING_PATH_BYTES] = '\0'; /* one byte more than fits */
    set[1][1199] = '\0';
    for (size_t i = 0; i < 2; i++) {
        const char *const sets[] = {"DEBUG=True", set[i]};
        struct settings s = {.port = 77};
        assert_err(load_sets(sets, 2, &s), ERR_RANGE);
        assert_int_equal(s.port, 77);
        assert_memory_equal(report.fault, "DATA_DIR=", 9);
        assert_true(strlen(report.fault) < 300);
    }
    static const char *const control[] = {"DEBUG=True", "LOG_LEVEL=in\nfo\x1b"};
    struct settings s;
    assert_err(load_sets(control, 2, &s), ERR_RANGE);
    assert_non_null(strstr(report.fault, "LOG_LEVEL=in?fo?:"));
}

static void secrets_are_wiped_and_never_printed(void **state)
{
    (void)state;
    static const char *const set[] = {KEY, PEPPER, "HOST=127.0.0.1"};
    struct settings s;
    assert_ok(load_sets(set, 3, &s));
    size_t count = 0;
    const struct setting_row *const rows = settings_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char text[SETTING_LIST_BYTES];
        setting_print(&rows[i], &s, text, sizeof text);
        assert_null(strstr(text, "mQ3vX9rT"));
    }
    assert_non_null(memmem(&s, sizeof s, "mQ3vX9rT", 8));
    settings_wipe(&s);
    assert_null(memmem(&s, sizeof s, "mQ3vX9rT", 8));
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    static const char *const set[] = {"DEBUG=True", "MPIN_PER_ADDRESS=7/90s",
                                      "LOGIN_PER_ADDRESS=8/2h", "MONITOR_THRESHOLD=0.125",
                                      "WS_QUERY_TOKEN=deny"};
    struct settings s;
    assert_ok(load_sets(set, 5, &s));
    struct settings back = s;
    size_t count = 0;
    const struct setting_row *const rows = settings_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char text[SETTING_LIST_BYTES];
        setting_print(&rows[i], &s, text, sizeof text);
        if (rows[i].kind != SETTING_SECRET && !setting_parse(&rows[i], text, &back)) {
            fail_msg("%s=%s", rows[i].name, text);
        }
    }
    assert_memory_equal(&back, &s, sizeof s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_contract),
        cmocka_unit_test(each_value_is_taken_or_named),
        cmocka_unit_test(origins_come_out_in_one_form),
        cmocka_unit_test(rules_between_settings_hold),
        cmocka_unit_test(the_nearer_source_wins),
        cmocka_unit_test(a_slip_in_the_file_is_told),
        cmocka_unit_test(a_pipe_is_no_settings_file),
        cmocka_unit_test(an_overlong_value_is_refused_and_a_failure_changes_nothing),
        cmocka_unit_test(secrets_are_wiped_and_never_printed),
        cmocka_unit_test(what_is_printed_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
