/* Whatever the text: no crash, and what is accepted prints as something that reads the same. */
#include "net/address.h"

#include "base/err.h"

#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const span_t text = {bytes, len};
    struct peer_address a = {.port = 0};
    if (!failed(address_parse(text, &a))) {
        char printed[ADDRESS_TEXT_BYTES];
        address_print(&a, printed);
        struct peer_address again = {.port = 0};
        MUST(!failed(address_parse((span_t){(const uint8_t *)printed, strlen(printed)}, &again)));
        MUST(memcmp(a.bytes, again.bytes, sizeof a.bytes) == 0);
    }

    struct cidr_list list = {.count = 0};
    if (!failed(cidr_list_parse(text, &list))) {
        for (size_t i = 0; i < list.count; i++) {
            struct peer_address first = {.port = 0};
            memcpy(first.bytes, list.net[i].bytes, sizeof first.bytes);
            MUST(list.net[i].bits <= 128);
            MUST(cidr_list_has(&list, &first) || address_is_v4(&first));
        }
    }
    return 0;
}
