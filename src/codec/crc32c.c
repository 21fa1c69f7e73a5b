#include "codec/crc32c.h"

#include "codec/crc32c_table.h"

#include <string.h>

uint32_t crc32c_portable(uint32_t before, span_t bytes)
{
    uint32_t crc = ~before;
    const uint8_t *at = bytes.ptr;
    size_t left = bytes.len;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t eight = 0;
        memcpy(&eight, at, sizeof eight);
        eight ^= crc;
        crc = 0;
        for (size_t i = 0; i < 8; i++) {
            crc ^= crc32c_table[7 - i][eight >> (8 * i) & 0xff];
        }
    }
    for (; left > 0; left--, at++) {
        crc = crc >> 8 ^ crc32c_table[0][(crc ^ *at) & 0xff];
    }
    return ~crc;
}

uint32_t crc32c(uint32_t before, span_t bytes)
{
    return crc32c_is_fast() ? crc32c_fast(before, bytes) : crc32c_portable(before, bytes);
}
