/* How each kind of setting is read and printed. */
#include "app/settings/settings_table.h"
#include "base/util.h"
#include "net/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_MAX_S = 86400, RATE_COUNT_MAX = 1000000 };

static void *place_of(const struct setting_row *row, struct settings *s)
{
    return (uint8_t *)s + row->offset;
}

static const void *value_of(const struct setting_row *row, const struct settings *s)
{
    return (const uint8_t *)s + row->offset;
}

/* ---- reading ------------------------------------------------------------------------------ */

typedef bool parse_fn(const struct setting_row *row, const char *text, void *into);

/* Digits alone, without sign and without a zero in front; moves behind them. */
static bool take_number(const char **cursor, uint64_t max, uint64_t *out)
{
    const char *p = *cursor;
    uint64_t value = 0;
    if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9')) {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > max) {
            return false;
        }
    }
    *cursor = p;
    *out = value;
    return true;
}

static bool parse_number(const struct setting_row *row, const char *text, void *into)
{
    uint64_t value = 0;
    if (!take_number(&text, (uint64_t)row->high, &value) || *text != '\0' ||
        value < (uint64_t)row->low) {
        return false;
    }
    *(uint32_t *)into = (uint32_t)value;
    return true;
}

static bool parse_port(const struct setting_row *row, const char *text, void *into)
{
    uint32_t value = 0;
    if (!parse_number(row, text, &value)) {
        return false;
    }
    *(uint16_t *)into = (uint16_t)value;
    return true;
}

/* Digits with at most one point, nothing else: no exponent, no "nan", no locale. */
static bool parse_share(const struct setting_row *row, const char *text, void *into)
{
    (void)row;
    const size_t len = strlen(text);
    const char *const point = strchr(text, '.');
    if (len == 0 || len > 20 || strspn(text, "0123456789.") != len ||
        (point != NULL && strchr(point + 1, '.') != NULL) || strcmp(text, ".") == 0) {
        return false;
    }
    const double value = strtod(text, NULL);
    if (!(value >= 0 && value <= 1)) {
        return false;
    }
    *(double *)into = value;
    return true;
}

static bool parse_flag(const struct setting_row *row, const char *text, void *into)
{
    (void)row;

    static const struct {
        const char *text;
        bool value;
    } words[] = {{"True", true},   {"true", true},   {"1", true},
                 {"False", false}, {"false", false}, {"0", false}};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(text, words[i].text) == 0) {
            *(bool *)into = words[i].value;
            return true;
        }
    }
    return false;
}

static bool parse_choice(const struct setting_row *row, const char *text, void *into)
{
    (void)row;
    const bool allow = strcmp(text, "allow") == 0;
    if (!allow && strcmp(text, "deny") != 0) {
        return false;
    }
    *(bool *)into = allow;
    return true;
}

static bool parse_tls(const struct setting_row *row, const char *text, void *into)
{
    (void)row;
    const bool only_1_3 = strcmp(text, "1.3") == 0;
    if (!only_1_3 && strcmp(text, "1.2") != 0) {
        return false;
    }
    *(bool *)into = only_1_3;
    return true;
}

/* COUNT/NUMBERUNIT, COUNT/UNIT, or 0. */
static bool parse_rate(const struct setting_row *row, const char *text, void *into)
{
    (void)row;
    uint64_t count = 0;
    uint64_t window = 1;
    throttle_t *const out = into;
    if (!take_number(&text, RATE_COUNT_MAX, &count)) {
        return false;
    }
    if (count == 0 && *text == '\0') {
        *out = (throttle_t){0, 0};
        return true;
    }
    if (count == 0 || *text++ != '/') {
        return false;
    }
    if (*text >= '0' && *text <= '9' && !take_number(&text, WINDOW_MAX_S, &window)) {
        return false;
    }
    static const char units[] = "smh";
    static const uint64_t seconds[] = {1, 60, 3600};
    const char *const unit = *text == '\0' ? NULL : strchr(units, *text);
    if (unit == NULL || text[1] != '\0') {
        return false;
    }
    window *= seconds[unit - units];
    if (window == 0 || window > WINDOW_MAX_S) {
        return false;
    }
    *out = (throttle_t){(uint32_t)count, (uint32_t)window};
    return true;
}

static bool parse_text(const struct setting_row *row, const char *text, void *into)
{
    const size_t len = strlen(text);
    if (len >= row->room) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    memcpy(into, text, len + 1);
    return true;
}

static bool parse_host(const struct setting_row *row, const char *text, void *into)
{
    struct peer_address a = {0};
    if (strcmp(text, "localhost") == 0) {
        text = "127.0.0.1";
    }
    if (failed(address_parse((span_t){(const uint8_t *)text, strlen(text)}, &a))) {
        return text[0] == '\0' && parse_text(row, text, into);
    }
    return parse_text(row, text, into);
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A port without the colon: 1 to 65535, up to the end. */
static bool is_port(const char *text)
{
    uint64_t port = 0;
    return take_number(&text, 65535, &port) && *text == '\0' && port > 0;
}

/* scheme://host[:port] (RFC 6454), already in lower case. */
static bool is_origin(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
    if (n == 0 || text[0] < 'a' || strncmp(text + n, "://", 3) != 0) {
        return false;
    }
    const char *host = text + n + 3;
    if (host[0] == '[') {
        n = strcspn(host, "]");
        struct peer_address a = {0};
        if (host[n] != ']' ||
            failed(address_parse((span_t){(const uint8_t *)host + 1, n - 1}, &a))) {
            return false;
        }
        n++;
    } else {
        n = strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-");
        if (n == 0 || !is_alnum(host[0])) {
            return false;
        }
    }
    return host[n] == '\0' || (host[n] == ':' && is_port(host + n + 1));
}

static bool parse_origin(const struct setting_row *row, const char *text, void *into)
{
    char low[SETTING_WORD_BYTES];
    const size_t len = strlen(text);
    if (len >= sizeof low) {
        return false;
    }
    for (size_t i = 0; i <= len; i++) {
        low[i] = ascii_lower(text[i]);
    }
    return (len == 0 || is_origin(low)) && parse_text(row, low, into);
}

/* Without one pair of double quotes around it. */
static span_t unquote(span_t s)
{
    if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"') {
        return (span_t){s.ptr + 1, s.len - 2};
    }
    return s;
}

/* One item in lower case behind what is in `list`. */
static bool append_origin(span_t item, char list[SETTING_LIST_BYTES], size_t *len)
{
    const size_t start = *len == 0 ? 0 : *len + 1;
    if (item.len == 0 || start + item.len >= SETTING_LIST_BYTES) {
        return false;
    }
    for (size_t i = 0; i < item.len; i++) {
        list[start + i] = ascii_lower((char)item.ptr[i]);
    }
    list[start + item.len] = '\0';
    if (!is_origin(list + start)) {
        return false;
    }
    if (start > 0) {
        list[start - 1] = ',';
    }
    *len = start + item.len;
    return true;
}

/* a,b or the JSON form of other frameworks: ["a", "b"]. */
static bool parse_origins(const struct setting_row *row, const char *text, void *into)
{
    span_t rest = span_trim((span_t){(const uint8_t *)text, strlen(text)});
    const bool json = rest.len >= 2 && rest.ptr[0] == '[' && rest.ptr[rest.len - 1] == ']';
    if (json) {
        rest = span_trim((span_t){rest.ptr + 1, rest.len - 2});
    }
    char list[SETTING_LIST_BYTES] = "";
    size_t len = 0;
    while (rest.len > 0) {
        const uint8_t *const comma = memchr(rest.ptr, ',', rest.len);
        const size_t n = comma == NULL ? rest.len : (size_t)(comma - rest.ptr);
        const span_t item = span_trim((span_t){rest.ptr, n});
        const span_t bare = unquote(item);
        if ((json && bare.len == item.len) || !append_origin(bare, list, &len)) {
            return false;
        }
        if (comma != NULL && n + 1 == rest.len) { /* a comma at the end */
            return false;
        }
        rest = (span_t){rest.ptr + n, rest.len - n};
        if (comma != NULL) {
            rest = (span_t){rest.ptr + 1, rest.len - 1};
        }
    }
    return parse_text(row, list, into);
}

static bool parse_networks(const struct setting_row *row, const char *text, void *into)
{
    struct cidr_list list;
    return !failed(cidr_list_parse((span_t){(const uint8_t *)text, strlen(text)}, &list)) &&
           parse_text(row, text, into);
}

static bool parse_level(const struct setting_row *row, const char *text, void *into)
{
    (void)row;
    return log_level_of((span_t){(const uint8_t *)text, strlen(text)}, into);
}

static const char *const format_names[] = {
    [LOG_FORMAT_AUTO] = "auto", [LOG_FORMAT_JSON] = "json", [LOG_FORMAT_HUMAN] = "human"};

static bool parse_format(const struct setting_row *row, const char *text, void *into)
{
    (void)row;
    for (size_t i = 0; i < ARRAY_LEN(format_names); i++) {
        if (strcmp(text, format_names[i]) == 0) {
            *(enum setting_log_format *)into = (enum setting_log_format)i;
            return true;
        }
    }
    return false;
}

/* ---- printing ----------------------------------------------------------------------------- */

typedef void print_fn(const void *value, char *out, size_t cap);

static void print_secret(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", *(const char *)value == '\0' ? "not set" : "set");
}

static void print_text(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", (const char *)value);
}

static void print_number(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%u", *(const uint32_t *)value);
}

static void print_port(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%u", (unsigned)*(const uint16_t *)value);
}

static void print_share(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%g", *(const double *)value);
}

static void print_flag(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", *(const bool *)value ? "True" : "False");
}

static void print_choice(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", *(const bool *)value ? "allow" : "deny");
}

static void print_tls(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", *(const bool *)value ? "1.3" : "1.2");
}

static void print_rate(const void *value, char *out, size_t cap)
{
    const throttle_t *const t = value;
    if (t->count == 0) {
        (void)snprintf(out, cap, "0");
    } else if (t->window_s % 3600 == 0) {
        (void)snprintf(out, cap, "%u/%uh", t->count, t->window_s / 3600);
    } else if (t->window_s % 60 == 0) {
        (void)snprintf(out, cap, "%u/%um", t->count, t->window_s / 60);
    } else {
        (void)snprintf(out, cap, "%u/%us", t->count, t->window_s);
    }
}

static void print_level(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", log_level_name(*(const enum log_level *)value));
}

static void print_format(const void *value, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", format_names[*(const enum setting_log_format *)value]);
}

/* clang-format off */
static const struct {
    parse_fn *parse;
    print_fn *print;
} kinds[SETTING_KINDS] = {
    [SETTING_SECRET]   = {parse_text,     print_secret},
    [SETTING_TEXT]     = {parse_text,     print_text},
    [SETTING_NUMBER]   = {parse_number,   print_number},
    [SETTING_PORT]     = {parse_port,     print_port},
    [SETTING_SHARE]    = {parse_share,    print_share},
    [SETTING_FLAG]     = {parse_flag,     print_flag},
    [SETTING_CHOICE]   = {parse_choice,   print_choice},
    [SETTING_TLS]      = {parse_tls,      print_tls},
    [SETTING_RATE]     = {parse_rate,     print_rate},
    [SETTING_HOST]     = {parse_host,     print_text},
    [SETTING_ORIGIN]   = {parse_origin,   print_text},
    [SETTING_ORIGINS]  = {parse_origins,  print_text},
    [SETTING_NETWORKS] = {parse_networks, print_text},
    [SETTING_LEVEL]    = {parse_level,    print_level},
    [SETTING_FORMAT]   = {parse_format,   print_format},
};

/* clang-format on */

bool setting_parse(const struct setting_row *row, const char *text, struct settings *into)
{
    return kinds[row->kind].parse(row, text, place_of(row, into));
}

void setting_print(const struct setting_row *row, const struct settings *s, char *out, size_t cap)
{
    kinds[row->kind].print(value_of(row, s), out, cap);
}
