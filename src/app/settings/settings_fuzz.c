/* Any bytes as the text of a .env file: read or refused with one line, and what was read keeps
 * every rule. */
#include "app/settings/settings.h"

#include "app/settings/env_file.h"
#include "app/settings/settings_table.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

/* The pairs come out within their bounds, and the reader ends. */
static void read_pairs(span_t text)
{
    struct env_reader r = env_reader_of(text);
    struct env_pair pair;
    enum env_answer answer = ENV_PAIR;
    unsigned line = 0;
    while ((answer = env_reader_next(&r, &pair)) == ENV_PAIR) {
        MUST(r.line > line);
        line = r.line;
        MUST(strlen(pair.name) > 0 && strlen(pair.name) < ENV_NAME_BYTES);
        MUST(strlen(pair.value) < ENV_VALUE_BYTES);
    }
    MUST((answer == ENV_FAULT) == (r.why != NULL));
    MUST(env_reader_next(&r, &pair) == answer);
}

static void check_rules(const struct settings *s)
{
    MUST(s->monitor_threshold >= 0 && s->monitor_threshold <= s->suspicious_threshold &&
         s->suspicious_threshold <= s->high_risk_threshold && s->high_risk_threshold <= 1);
    MUST(s->mpin_length >= 4 && s->mpin_length <= 12);
    MUST(s->loops >= 1 && s->hash_workers >= 1);
    MUST(!s->debug || settings_host_is_loopback(s));
    MUST(s->debug || (strlen(s->secret_key) >= 32 && s->pepper_file[0] != '\0'));
    MUST(s->debug || s->login_per_account.count > 0);
    MUST(s->redis_url[0] == '\0');
    MUST((s->tls_cert_file[0] == '\0') == (s->tls_key_file[0] == '\0'));
    MUST(strlen(s->database_path) > 0);
    size_t count = 0;
    const struct setting_row *const rows = settings_rows(&count);
    for (size_t i = 0; i < count; i++) {
        char text[SETTING_LIST_BYTES];
        setting_print(&rows[i], s, text, sizeof text);
        MUST(strlen(text) < sizeof text);
    }
}

static void check_line(const char *text)
{
    MUST(text[0] != '\0');
    for (; *text != '\0'; text++) {
        MUST(*text >= 0x20 && *text <= 0x7e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    read_pairs((span_t){bytes, len});

    static int fd = -1; /* one file in memory for the whole run */
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("env", MFD_CLOEXEC);
        MUST(fd >= 0);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    MUST(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, len, 0) == (ssize_t)len);
    const struct settings_sources from = {.env_file = path};
    struct settings s;
    struct settings_report report;
    if (failed(settings_load(&from, &s, &report))) {
        check_line(report.fault);
    } else {
        MUST(report.fault[0] == '\0');
        check_rules(&s);
    }
    for (size_t i = 0; i < report.warnings; i++) {
        check_line(report.warning[i]);
    }
    return 0;
}
