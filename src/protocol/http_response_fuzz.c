/* http_response_fuzz.c - any cut of any answer is read the same; the first byte is the option. */
#include "base/err.h"
#include "base/util.h"
#include "protocol/http_client.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT: libFuzzer's name */

static enum http_progress feed(uint8_t *bytes, size_t len, size_t step, bool to_head,
                               struct http_response *out)
{
    struct http_reader r;
    http_reader_init(&r, HTTP_BODY_MAX);
    enum http_progress p = HTTP_MORE;
    for (size_t have = 0; p == HTTP_MORE && have < len;) {
        have += size_min(step, len - have);
        p = http_response_read(&r, bytes, have, to_head, out);
    }
    return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2) {
        return 0;
    }
    const bool to_head = (bytes[0] & 1U) != 0;
    bytes++;
    len--;
    uint8_t *whole = malloc(len);
    uint8_t *cut = malloc(len);
    MUST(whole != NULL && cut != NULL);
    memcpy(whole, bytes, len);
    memcpy(cut, bytes, len);
    struct http_response a;
    struct http_response b;
    const enum http_progress p = feed(whole, len, len, to_head, &a);
    MUST(p == feed(cut, len, 1, to_head, &b));
    if (p == HTTP_READY) {
        MUST(a.status == b.status && a.used == b.used && a.header_count == b.header_count);
        MUST(span_eq(a.body, b.body) && a.used <= len);
    }
    free(whole);
    free(cut);
    return 0;
}
