/* The processor's own CRC-32C. Another architecture answers "no" and the table does the work. */
#include "base/err.h"
#include "codec/crc32c_table.h"

#if defined(__x86_64__)

#include <nmmintrin.h>
#include <string.h>

bool crc32c_is_fast(void)
{
    return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) uint32_t crc32c_fast(uint32_t before, span_t bytes)
{
    uint64_t crc = ~before;
    const uint8_t *at = bytes.ptr;
    size_t left = bytes.len;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t eight = 0;
        memcpy(&eight, at, sizeof eight);
        crc = _mm_crc32_u64(crc, eight);
    }
    uint32_t last = (uint32_t)crc;
    for (; left > 0; left--, at++) {
        last = _mm_crc32_u8(last, *at);
    }
    return ~last;
}

#else

bool crc32c_is_fast(void)
{
    return false;
}

uint32_t crc32c_fast(uint32_t before, span_t bytes)
{
    (void)before;
    (void)bytes;
    MUST(crc32c_is_fast());
    return 0;
}

#endif
