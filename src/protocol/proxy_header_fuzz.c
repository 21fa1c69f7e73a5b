/* Whatever a peer sends before a connection: no crash, no read past the bytes, and the same answer
 * whatever follows. */
#include "protocol/proxy_header.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct proxy_header h = {.used = 0};
    const char *why = NULL;
    const enum proxy_answer answer = proxy_header_read((span_t){bytes, len}, &h, &why);
    MUST((answer == PROXY_BAD) == (why != NULL));
    MUST(answer != PROXY_MORE || len < LIMIT_PROXY_HEADER_BYTES);
    if (answer != PROXY_READY) {
        return 0;
    }
    MUST(h.used >= 16 && h.used <= len && h.used <= LIMIT_PROXY_HEADER_BYTES);
    MUST(!(h.own && h.known));
    uint8_t *const exact = malloc(h.used); /* so that a read behind the header is seen */
    MUST(exact != NULL);
    memcpy(exact, bytes, h.used);
    struct proxy_header again = {.used = 0};
    MUST(proxy_header_read((span_t){exact, h.used}, &again, &why) == PROXY_READY);
    MUST(again.used == h.used && memcmp(again.source, h.source, sizeof h.source) == 0);
    MUST(proxy_header_read((span_t){exact, h.used - 1}, &again, &why) == PROXY_MORE);
    free(exact);
    return 0;
}
