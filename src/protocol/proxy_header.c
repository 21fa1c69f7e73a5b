#include "protocol/proxy_header.h"

#include "base/util.h"
#include "codec/crc32c.h"

#include <string.h>

enum {
    SIGNATURE_LEN = 12,
    FIXED_LEN = 16,
    IPV4_LEN = 12, /* two addresses, two ports */
    IPV6_LEN = 36,
    UNIX_LEN = 216,
    TLV_HEAD_LEN = 3,
    TLV_CRC32C = 0x03,
    CRC_LEN = 4
};

static const uint8_t signature[SIGNATURE_LEN] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

static enum proxy_answer bad(const char **reason, const char *why)
{
    *reason = why;
    return PROXY_BAD;
}

static size_t two(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* The sum over the whole header, the four bytes of the sum itself taken as zero. */
static bool sum_is_right(span_t header, size_t at)
{
    static const uint8_t zero[CRC_LEN] = {0};
    const uint8_t *const said = header.ptr + at;
    uint32_t sum = crc32c(0, (span_t){header.ptr, at});
    sum = crc32c(sum, (span_t){zero, sizeof zero});
    sum = crc32c(sum, (span_t){said + CRC_LEN, header.len - at - CRC_LEN});
    return sum ==
           ((uint32_t)said[0] << 24 | (uint32_t)said[1] << 16 | (uint32_t)said[2] << 8 | said[3]);
}

/* Walk the extensions, from `at` to the end of the header. */
static enum proxy_answer read_extensions(span_t header, size_t at, const char **reason)
{
    bool summed = false;
    while (at < header.len) {
        if (header.len - at < TLV_HEAD_LEN) {
            return bad(reason, "an extension is cut off");
        }
        const uint8_t type = header.ptr[at];
        const size_t len = two(header.ptr + at + 1);
        at += TLV_HEAD_LEN;
        if (len > header.len - at) {
            return bad(reason, "an extension is longer than the header");
        }
        if (type == TLV_CRC32C) {
            if (summed || len != CRC_LEN || !sum_is_right(header, at)) {
                return bad(reason, "the checksum is wrong");
            }
            summed = true;
        }
        at += len;
    }
    return PROXY_READY;
}

static void take_source(const uint8_t *at, bool v4, struct proxy_header *out)
{
    out->known = true;
    if (v4) {
        out->source[10] = 0xff;
        out->source[11] = 0xff;
        memcpy(out->source + 12, at, 4);
        out->source_port = (uint16_t)two(at + 8);
        return;
    }
    memcpy(out->source, at, 16);
    out->source_port = (uint16_t)two(at + 32);
}

/* Addresses by family and transport; where the extensions begin, or 0 for what is not served. */
static size_t read_addresses(span_t header, struct proxy_header *out)
{
    const uint8_t *const at = header.ptr + FIXED_LEN;
    const size_t room = header.len - FIXED_LEN;
    switch (header.ptr[13]) {
    case 0x00: return FIXED_LEN; /* unspecified */
    case 0x11:                   /* TCP over IPv4 */
        if (room < IPV4_LEN) {
            return 0;
        }
        take_source(at, true, out);
        return FIXED_LEN + IPV4_LEN;
    case 0x21: /* TCP over IPv6 */
        if (room < IPV6_LEN) {
            return 0;
        }
        take_source(at, false, out);
        return FIXED_LEN + IPV6_LEN;
    case 0x31: return room < UNIX_LEN ? 0 : FIXED_LEN + UNIX_LEN;
    default: return 0;
    }
}

static enum proxy_answer read_whole(span_t header, struct proxy_header *out, const char **reason)
{
    struct proxy_header h = {.used = header.len};
    const uint8_t command = header.ptr[12] & 0x0f;
    if (command > 1) {
        return bad(reason, "neither LOCAL nor PROXY");
    }
    h.own = command == 0;
    if (!h.own) { /* of LOCAL, the rest is to be passed over unread */
        const size_t at = read_addresses(header, &h);
        if (at == 0) {
            return bad(reason, "no stream, an unknown family, or addresses cut off");
        }
        const enum proxy_answer answer = read_extensions(header, at, reason);
        if (answer != PROXY_READY) {
            return answer;
        }
    }
    *out = h;
    return PROXY_READY;
}

enum proxy_answer proxy_header_read(span_t bytes, struct proxy_header *out, const char **reason)
{
    const size_t front = size_min(bytes.len, SIGNATURE_LEN);
    if (front > 0 && memcmp(bytes.ptr, signature, front) != 0) {
        return bad(reason, "does not begin as PROXY protocol 2 does");
    }
    if (bytes.len > SIGNATURE_LEN && bytes.ptr[SIGNATURE_LEN] >> 4 != 2) {
        return bad(reason, "not version 2");
    }
    if (bytes.len < FIXED_LEN) {
        return PROXY_MORE;
    }
    const size_t len = FIXED_LEN + two(bytes.ptr + 14);
    if (len > LIMIT_PROXY_HEADER_BYTES) {
        return bad(reason, "too long");
    }
    return bytes.len < len ? PROXY_MORE : read_whole((span_t){bytes.ptr, len}, out, reason);
}

size_t proxy_header_wanted(span_t front)
{
    return front.len < FIXED_LEN
               ? FIXED_LEN
               : size_min(FIXED_LEN + two(front.ptr + 14), LIMIT_PROXY_HEADER_BYTES);
}
