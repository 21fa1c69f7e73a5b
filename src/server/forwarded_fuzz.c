/* Whatever a proxy and its client write: no crash; where a quoted string does not end the answer is
 * nobody; and what a client writes to the left of a proxy's own words changes the answer to nobody at
 * most. The first byte says which header. */
#include "server/forwarded.h"

#include "base/err.h"

#include <string.h>

enum { TEXT_MAX = 4096, APPENDED_MAX = 64 };

static const span_t appended = SPAN_INIT(", for=192.0.2.7;host=\"h\"");
static const span_t appended_old = SPAN_INIT(", 192.0.2.7");

static struct peer_address walk(const char *name, span_t text)
{
    static const struct peer_address peer = {
        .bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}};
    const struct cidr_list trusted = {
        .net = {{.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10}, .bits = 104}},
        .count = 1};
    struct http_request req = {.header_count = 1};
    req.headers[0] = (struct http_header){
        .name = {(const uint8_t *)name, strlen(name)},
        .value = text,
    };
    return forwarded_for(&trusted, peer, &req);
}

static bool is(const struct peer_address *a, const char *text)
{
    struct peer_address b = {.port = 0};
    MUST(!failed(address_parse((span_t){(const uint8_t *)text, strlen(text)}, &b)));
    return memcmp(a->bytes, b.bytes, sizeof b.bytes) == 0;
}

static bool a_quote_is_open(span_t text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (quoted && text.ptr[i] == '\\') {
            i++;
        } else if (text.ptr[i] == '"') {
            quoted = !quoted;
        }
    }
    return quoted;
}

/* The answer when a proxy appends its own words. */
static struct peer_address walk_behind(const char *name, span_t text, span_t behind)
{
    uint8_t both[TEXT_MAX + APPENDED_MAX];
    memcpy(both, text.ptr, text.len);
    memcpy(both + text.len, behind.ptr, behind.len);
    return walk(name, (span_t){both, text.len + behind.len});
}

static void check_elements(span_t text)
{
    const bool open = a_quote_is_open(text);
    const struct peer_address found = walk("Forwarded", text);
    MUST(!open || is(&found, "::"));
    const struct peer_address behind = walk_behind("Forwarded", text, appended);
    MUST(is(&behind, open ? "::" : "192.0.2.7"));
}

static void check_addresses(span_t text)
{
    (void)walk("X-Forwarded-For", text);
    const struct peer_address behind = walk_behind("X-Forwarded-For", text, appended_old);
    MUST(is(&behind, "192.0.2.7"));
}

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0 || len > TEXT_MAX) {
        return 0;
    }
    const span_t text = {bytes + 1, len - 1};
    if (bytes[0] % 2 == 0) {
        check_elements(text);
    } else {
        check_addresses(text);
    }
    return 0;
}
