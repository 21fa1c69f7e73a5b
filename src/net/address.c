#include "net/address.h"

#include "base/util.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t loopback_v6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

enum { V4_BITS_FROM = 96 };

/* `*is_v4` says how it was written, not what it is: ::ffff:1.2.3.4 was written as v6. */
static err_t parse_bytes(span_t text, uint8_t out[16], bool *is_v4)
{
    char cstr[ADDRESS_TEXT_BYTES];
    if (text.len == 0 || text.len >= sizeof cstr || memchr(text.ptr, 0, text.len) != NULL) {
        return err_new(ERR_FORMAT);
    }
    memcpy(cstr, text.ptr, text.len);
    cstr[text.len] = '\0';

    uint8_t v4[4];
    if (inet_pton(AF_INET, cstr, v4) == 1) {
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + sizeof mapped, v4, sizeof v4);
        *is_v4 = true;
        return ERR_OK;
    }
    uint8_t v6[16];
    if (inet_pton(AF_INET6, cstr, v6) != 1) {
        return err_new(ERR_FORMAT);
    }
    memcpy(out, v6, sizeof v6);
    *is_v4 = false;
    return ERR_OK;
}

err_t address_parse(span_t text, struct peer_address *out)
{
    struct peer_address a = {.port = 0};
    bool is_v4 = false;
    TRY(parse_bytes(text, a.bytes, &is_v4));
    *out = a;
    return ERR_OK;
}

struct peer_address address_from_socket(const struct sockaddr_storage *from)
{
    struct peer_address a = {.port = 0};
    if (from->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        memcpy(a.bytes, mapped, sizeof mapped);
        memcpy(a.bytes + sizeof mapped, &in.sin_addr, 4);
        a.port = ntohs(in.sin_port);
        return a;
    }
    if (from->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        memcpy(a.bytes, &in6.sin6_addr, sizeof a.bytes);
        a.port = ntohs(in6.sin6_port);
        return a;
    }
    memcpy(a.bytes, loopback_v6, sizeof a.bytes);
    return a;
}

/* Four numbers with dots between; inet_ntop() takes ten times as long for every request. */
static void print_v4(const uint8_t bytes[4], char *out)
{
    for (size_t i = 0; i < 4; i++) {
        const unsigned n = bytes[i];
        if (n >= 100) {
            *out++ = (char)('0' + n / 100);
        }
        if (n >= 10) {
            *out++ = (char)('0' + n / 10 % 10);
        }
        *out++ = (char)('0' + n % 10);
        *out++ = i < 3 ? '.' : '\0';
    }
}

void address_print(const struct peer_address *a, char out[ADDRESS_TEXT_BYTES])
{
    if (address_is_v4(a)) {
        print_v4(a->bytes + sizeof mapped, out);
        return;
    }
    MUST(inet_ntop(AF_INET6, a->bytes, out, ADDRESS_TEXT_BYTES) != NULL);
}

bool address_is_v4(const struct peer_address *a)
{
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

bool address_is_loopback(const struct peer_address *a)
{
    if (address_is_v4(a)) {
        return a->bytes[12] == 127;
    }
    return memcmp(a->bytes, loopback_v6, sizeof loopback_v6) == 0;
}

static uint64_t big_end(const uint8_t *bytes, size_t len)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++) {
        n = n << 8 | bytes[i];
    }
    return n;
}

/* 0:ffff::/32, which the v4 keys borrow, is in a block that the IETF keeps (RFC 4291, 2.5). */
uint64_t address_narrow_key(const struct peer_address *a)
{
    if (address_is_v4(a)) {
        return UINT64_C(0xffff) << 32 | big_end(a->bytes + 12, 4);
    }
    return big_end(a->bytes, 8);
}

/* With the first bit turned, what is in use (2000::/3, fc00::/7, fe80::/10) becomes what is not. */
uint64_t address_wide_key(const struct peer_address *a)
{
    const uint64_t turned = UINT64_C(1) << 63;
    if (address_is_v4(a)) {
        return turned | UINT64_C(0xffff) << 32 | big_end(a->bytes + 12, 3) << 8;
    }
    return turned ^ big_end(a->bytes, 6) << 16;
}

/* ---- networks ----------------------------------------------------------------------------- */

static bool has_prefix(const uint8_t bytes[16], const uint8_t prefix[16], unsigned bits)
{
    const size_t whole = bits / 8;
    if (memcmp(bytes, prefix, whole) != 0) {
        return false;
    }
    const unsigned rest = bits % 8;
    return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static bool is_zero_behind(const uint8_t bytes[16], unsigned bits)
{
    for (unsigned i = bits; i < 128; i++) {
        if ((bytes[i / 8] & (0x80U >> i % 8)) != 0) {
            return false;
        }
    }
    return true;
}

/* One to three digits, no sign, no leading zero. */
static err_t parse_bits(span_t text, unsigned most, unsigned *out)
{
    if (text.len == 0 || text.len > 3 || (text.len > 1 && text.ptr[0] == '0')) {
        return err_new(ERR_FORMAT);
    }
    unsigned n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return err_new(ERR_FORMAT);
        }
        n = n * 10 + (unsigned)(text.ptr[i] - '0');
    }
    if (n > most) {
        return err_new(ERR_FORMAT);
    }
    *out = n;
    return ERR_OK;
}

static err_t parse_cidr(span_t text, cidr_t *out)
{
    const uint8_t *slash = memchr(text.ptr, '/', text.len);
    const size_t address_len = slash == NULL ? text.len : (size_t)(slash - text.ptr);
    cidr_t net = {.bits = 128};
    bool is_v4 = false;
    TRY(parse_bytes((span_t){text.ptr, address_len}, net.bytes, &is_v4));

    if (slash != NULL) {
        const unsigned before = is_v4 ? V4_BITS_FROM : 0;
        unsigned bits = 0;
        TRY(parse_bits((span_t){slash + 1, text.len - address_len - 1}, 128 - before, &bits));
        net.bits = (uint8_t)(before + bits);
    }
    if (!is_zero_behind(net.bytes, net.bits)) {
        return err_new(ERR_FORMAT);
    }
    *out = net;
    return ERR_OK;
}

err_t cidr_list_parse(span_t text, struct cidr_list *out)
{
    struct cidr_list list = {.count = 0};
    span_t rest = span_trim(text);
    while (rest.len > 0) {
        const uint8_t *comma = memchr(rest.ptr, ',', rest.len);
        const size_t len = comma == NULL ? rest.len : (size_t)(comma - rest.ptr);
        const span_t one = span_trim((span_t){rest.ptr, len});
        if (list.count == ARRAY_LEN(list.net)) {
            return err_new(ERR_LIMIT);
        }
        if (one.len == 0 || (comma != NULL && len + 1 == rest.len)) {
            return err_new(ERR_FORMAT); /* an empty place between commas, or after the last */
        }
        TRY(parse_cidr(one, &list.net[list.count]));
        list.count++;
        const size_t step = comma == NULL ? len : len + 1;
        rest = (span_t){rest.ptr + step, rest.len - step};
    }
    *out = list;
    return ERR_OK;
}

bool cidr_list_has(const struct cidr_list *list, const struct peer_address *a)
{
    const bool v4 = address_is_v4(a);
    for (size_t i = 0; i < list->count; i++) {
        const cidr_t *net = &list->net[i];
        if (v4 && net->bits < V4_BITS_FROM) {
            continue;
        }
        if (has_prefix(a->bytes, net->bytes, net->bits)) {
            return true;
        }
    }
    return false;
}
