#include "crypto/token.h"

#include "codec/base64.h"
#include "codec/uuid_text.h"
#include "crypto/secret.h"

#include <stdio.h>
#include <string.h>

#define YEAR_10000_S INT64_C(253402300800)

enum {
    MAC_CHARS = BASE64URL_LEN(SHA256_BYTES),
    DEVICE_CHARS = BASE64URL_LEN(DEVICE_MAC_BYTES),
    CLAIMS_BYTES = 320, /* 235 as we write them; some room for white space of other writers */
    NUMBER_DIGITS = 12, /* seconds up to the year 9999 */
};

/* base64url of {"alg":"HS256","typ":"JWT"}, which any key of the ring may have signed. */
static const span_t plain_header = SPAN_INIT("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");

/* ---- writing ------------------------------------------------------------------------------ */

/* A text being filled, whose room is known to be enough. */
struct sheet {
    char *text;
    size_t len, cap;
};

static void put(struct sheet *s, span_t bytes)
{
    MUST(bytes.len <= s->cap - s->len);
    memcpy(s->text + s->len, bytes.ptr, bytes.len);
    s->len += bytes.len;
}

static void put_encoded(struct sheet *s, span_t bytes)
{
    size_t len = 0;
    MUST(!failed(base64url_encode(bytes, s->text + s->len, s->cap - s->len, &len)));
    s->len += len;
}

static size_t print_claims(const token_claims_t *c, char out[CLAIMS_BYTES])
{
    char account[UUID_TEXT_SIZE];
    char session[UUID_TEXT_SIZE];
    char jti[UUID_TEXT_SIZE];
    char device[DEVICE_CHARS];
    uuid_print(c->account, account);
    uuid_print(c->session, session);
    uuid_print(c->jti, jti);
    size_t device_len = 0;
    MUST(!failed(base64url_encode((span_t){c->device_mac, sizeof c->device_mac}, device,
                                  sizeof device, &device_len)));
    const int n = snprintf(out, CLAIMS_BYTES,
                           "{\"iss\":\"" TOKEN_ISSUER "\",\"aud\":\"" TOKEN_AUDIENCE
                           "\",\"sub\":\"%s\",\"sid\":\"%s\",\"did\":\"%.*s\",\"iat\":%lld,"
                           "\"exp\":%lld,\"jti\":\"%s\"}",
                           account, session, (int)device_len, device, (long long)c->issued_s,
                           (long long)c->expires_s, jti);
    MUST(n > 0 && n < CLAIMS_BYTES);
    return (size_t)n;
}

err_t token_sign(const struct keyring *k, const token_claims_t *claims, char out[TOKEN_TEXT_BYTES],
                 size_t *len)
{
    if (claims->issued_s < 0 || claims->expires_s <= claims->issued_s ||
        claims->expires_s >= YEAR_10000_S) {
        return err_new(ERR_RANGE);
    }
    const struct signing_key *key = NULL;
    MUST(keyring_signing(k, &key) > 0);

    char text[CLAIMS_BYTES];
    const size_t n = print_claims(claims, text);
    struct sheet sheet = {out, 0, TOKEN_TEXT_BYTES - 1};
    put(&sheet, (span_t){(const uint8_t *)key->header, key->header_len});
    put(&sheet, SPAN_LIT("."));
    put_encoded(&sheet, (span_t){(const uint8_t *)text, n});
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(&key->key, (span_t){(const uint8_t *)out, sheet.len}, mac);
    put(&sheet, SPAN_LIT("."));
    put_encoded(&sheet, (span_t){mac, sizeof mac});
    out[sheet.len] = '\0';
    *len = sheet.len;
    return ERR_OK;
}

/* ---- reading: the three parts and the MAC ------------------------------------------------- */

struct parts {
    span_t header, claims, mac;
    span_t signed_text; /* header, dot, claims */
};

static bool split(span_t text, struct parts *out)
{
    if (text.len == 0 || text.len > TOKEN_MAX_BYTES) {
        return false;
    }
    const uint8_t *const end = text.ptr + text.len;
    const uint8_t *const dot = memchr(text.ptr, '.', text.len);
    if (dot == NULL) {
        return false;
    }
    const uint8_t *const claims = dot + 1;
    const uint8_t *const second = memchr(claims, '.', (size_t)(end - claims));
    if (second == NULL) {
        return false;
    }
    *out = (struct parts){
        .header = {text.ptr, (size_t)(dot - text.ptr)},
        .claims = {claims, (size_t)(second - claims)},
        .mac = {second + 1, (size_t)(end - second) - 1},
        .signed_text = {text.ptr, (size_t)(second - text.ptr)},
    };
    return out->mac.len == MAC_CHARS; /* a third dot is no base64url letter */
}

/* The header decides which keys may have signed; every one of those is asked. */
static bool is_signed(const struct keyring *k, const struct parts *p)
{
    uint8_t given[SHA256_BYTES];
    size_t len = 0;
    if (failed(base64url_decode(p->mac, given, sizeof given, &len)) || len != sizeof given) {
        return false;
    }
    const bool plain = span_eq(p->header, plain_header);
    const struct signing_key *key = NULL;
    const size_t keys = keyring_signing(k, &key);
    bool good = false;
    for (size_t i = 0; i < keys; i++) {
        const span_t header = {(const uint8_t *)key[i].header, key[i].header_len};
        if (!plain && !span_eq(p->header, header)) {
            continue;
        }
        uint8_t mac[SHA256_BYTES];
        hmac_sha256(&key[i].key, p->signed_text, mac);
        good |= ct_equal(mac, given, sizeof mac);
        memory_wipe(mac, sizeof mac);
    }
    return good;
}

/* ---- reading: the claims ------------------------------------------------------------------ */

struct cursor {
    span_t rest;
};

static void skip_space(struct cursor *c)
{
    while (c->rest.len > 0 && (c->rest.ptr[0] == ' ' || c->rest.ptr[0] == '\t' ||
                               c->rest.ptr[0] == '\n' || c->rest.ptr[0] == '\r')) {
        c->rest.ptr++;
        c->rest.len--;
    }
}

/* White space, then this one letter. */
static bool take(struct cursor *c, uint8_t letter)
{
    skip_space(c);
    if (c->rest.len == 0 || c->rest.ptr[0] != letter) {
        return false;
    }
    c->rest.ptr++;
    c->rest.len--;
    return true;
}

/* A string without escapes: none of our claims needs one. */
static bool take_text(struct cursor *c, span_t *out)
{
    if (!take(c, '"')) {
        return false;
    }
    size_t n = 0;
    while (n < c->rest.len && c->rest.ptr[n] != '"') {
        if (c->rest.ptr[n] == '\\' || c->rest.ptr[n] < 0x20 || c->rest.ptr[n] > 0x7e) {
            return false;
        }
        n++;
    }
    *out = (span_t){c->rest.ptr, n};
    c->rest.ptr += n;
    c->rest.len -= n;
    return take(c, '"');
}

/* A whole number that is not negative, without fraction or exponent. */
static bool take_number(struct cursor *c, int64_t *out)
{
    skip_space(c);
    int64_t value = 0;
    size_t n = 0;
    while (n < c->rest.len && n <= NUMBER_DIGITS && c->rest.ptr[n] >= '0' &&
           c->rest.ptr[n] <= '9') {
        value = value * 10 + (c->rest.ptr[n] - '0');
        n++;
    }
    if (n == 0 || n > NUMBER_DIGITS || (n > 1 && c->rest.ptr[0] == '0')) {
        return false;
    }
    c->rest.ptr += n;
    c->rest.len -= n;
    *out = value;
    return true;
}

static bool take_uuid(struct cursor *c, uuid_t *out)
{
    span_t text = {0};
    return take_text(c, &text) && !failed(uuid_parse(text, out));
}

static bool take_issuer(struct cursor *c, token_claims_t *out)
{
    (void)out;
    span_t text = {0};
    return take_text(c, &text) && span_eq(text, SPAN_LIT(TOKEN_ISSUER));
}

static bool take_audience(struct cursor *c, token_claims_t *out)
{
    (void)out;
    span_t text = {0};
    return take_text(c, &text) && span_eq(text, SPAN_LIT(TOKEN_AUDIENCE));
}

static bool take_account(struct cursor *c, token_claims_t *out)
{
    return take_uuid(c, &out->account);
}

static bool take_session(struct cursor *c, token_claims_t *out)
{
    return take_uuid(c, &out->session);
}

static bool take_device(struct cursor *c, token_claims_t *out)
{
    span_t text = {0};
    size_t len = 0;
    return take_text(c, &text) && text.len == DEVICE_CHARS &&
           !failed(base64url_decode(text, out->device_mac, sizeof out->device_mac, &len)) &&
           len == sizeof out->device_mac;
}

static bool take_issued(struct cursor *c, token_claims_t *out)
{
    return take_number(c, &out->issued_s);
}

static bool take_expires(struct cursor *c, token_claims_t *out)
{
    return take_number(c, &out->expires_s);
}

static bool take_jti(struct cursor *c, token_claims_t *out)
{
    return take_uuid(c, &out->jti);
}

/* clang-format off */
static const struct claim {
    span_t name;
    bool (*take)(struct cursor *c, token_claims_t *out);
} claim_table[] = {
    {SPAN_INIT("iss"), take_issuer},
    {SPAN_INIT("aud"), take_audience},
    {SPAN_INIT("sub"), take_account},
    {SPAN_INIT("sid"), take_session},
    {SPAN_INIT("did"), take_device},
    {SPAN_INIT("iat"), take_issued},
    {SPAN_INIT("exp"), take_expires},
    {SPAN_INIT("jti"), take_jti},
};

/* clang-format on */
enum { CLAIM_COUNT = sizeof claim_table / sizeof *claim_table };

/* One member; `*seen` gains its bit. A name that is foreign or comes twice is refused. */
static bool take_member(struct cursor *c, unsigned *seen, token_claims_t *out)
{
    span_t name = {0};
    if (!take_text(c, &name) || !take(c, ':')) {
        return false;
    }
    for (unsigned i = 0; i < CLAIM_COUNT; i++) {
        if (span_eq(name, claim_table[i].name)) {
            const bool again = (*seen & (1U << i)) != 0;
            *seen |= 1U << i;
            return !again && claim_table[i].take(c, out);
        }
    }
    return false;
}

static bool read_claims(span_t text, token_claims_t *out)
{
    struct cursor c = {text};
    unsigned seen = 0;
    if (!take(&c, '{')) {
        return false;
    }
    do {
        if (!take_member(&c, &seen, out)) {
            return false;
        }
    } while (take(&c, ','));
    if (!take(&c, '}')) {
        return false;
    }
    skip_space(&c);
    return c.rest.len == 0 && seen == (1U << CLAIM_COUNT) - 1;
}

enum token_answer token_check(const struct keyring *k, span_t text, int64_t now_s,
                              token_claims_t *out)
{
    struct parts parts;
    if (!split(text, &parts) || !is_signed(k, &parts)) {
        return TOKEN_INVALID;
    }
    uint8_t bytes[CLAIMS_BYTES];
    size_t len = 0;
    token_claims_t claims = {0};
    if (failed(base64url_decode(parts.claims, bytes, sizeof bytes, &len)) ||
        !read_claims((span_t){bytes, len}, &claims) || claims.expires_s <= claims.issued_s ||
        claims.issued_s > now_s + TOKEN_FUTURE_S) {
        return TOKEN_INVALID;
    }
    *out = claims;
    return now_s >= claims.expires_s ? TOKEN_EXPIRED : TOKEN_OK;
}
