#include "crypto/pwhash.h"

#include "base/rng.h"
#include "crypto/secret.h"

#include <argon2.h>
#include <sodium.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARGON_MAGIC "$argon2id$v=19$m="

enum {
    PREFIX_CHARS = 2 + PEPPER_ID_CHARS, /* p=ID */
    SALT_BYTES = 16,
    SALT_CHARS = 22,
    HASH_CHARS = 43,
    MIXED_BYTES = 32,
    LEAST_KIB = 8, /* RFC 9106 3.1, for one lane */
};

_Static_assert(PREFIX_CHARS + 100 < PWHASH_TEXT_BYTES, "prefix and Argon2 text fit");
_Static_assert(LEAST_KIB == ARGON2_MIN_MEMORY, "what libargon2 takes");

/* What a stored text says of itself. */
struct stored {
    span_t pepper_id;
    uint8_t salt[SALT_BYTES];
    uint8_t hash[PWHASH_HASH_BYTES];
    struct pwhash_cost cost;
};

/* A decimal number without sign or leading zero, at most `max`; moves the cursor behind it. */
static bool take_number(const char **cursor, uint32_t max, uint32_t *out)
{
    uint32_t value = 0;
    const char *p = *cursor;
    if (*p < '1' || *p > '9') {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value > max) {
            return false;
        }
    }
    *cursor = p;
    *out = value;
    return true;
}

static bool take_text(const char **cursor, const char *text)
{
    const size_t n = strlen(text);
    if (strncmp(*cursor, text, n) != 0) {
        return false;
    }
    *cursor += n;
    return true;
}

static bool take_base64(const char **cursor, size_t chars, uint8_t *out, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = 0;
    if (strspn(*cursor, letters) != chars ||
        sodium_base642bin(out, size, *cursor, chars, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 ||
        len != size) {
        return false;
    }
    *cursor += chars;
    return true;
}

/* The whole grammar, so that a foreign or damaged row cannot ask for a gigabyte. */
static err_t parse(const char *text, struct stored *out)
{
    if (strnlen(text, PWHASH_TEXT_BYTES) >= PWHASH_TEXT_BYTES || strlen(text) <= PREFIX_CHARS ||
        text[0] != 'p' || text[1] != '=') {
        return err_new(ERR_FORMAT);
    }
    struct stored s = {.pepper_id = {(const uint8_t *)text + 2, PEPPER_ID_CHARS}};
    const char *p = text + PREFIX_CHARS;
    if (!take_text(&p, ARGON_MAGIC) || !take_number(&p, PWHASH_MAX_KIB, &s.cost.memory_kib) ||
        s.cost.memory_kib < LEAST_KIB || !take_text(&p, ",t=") ||
        !take_number(&p, PWHASH_MAX_PASSES, &s.cost.passes) || !take_text(&p, ",p=1$") ||
        !take_base64(&p, SALT_CHARS, s.salt, sizeof s.salt) || !take_text(&p, "$") ||
        !take_base64(&p, HASH_CHARS, s.hash, sizeof s.hash) || *p != '\0') {
        return err_new(ERR_FORMAT);
    }
    *out = s;
    return ERR_OK;
}

/* HMAC(pepper, purpose, account, length, secret): what Argon2 is given, of one length always. */
static void mix(const struct hmac_key *pepper, struct pwhash_subject who, span_t secret,
                uint8_t out[MIXED_BYTES])
{
    const uint8_t length = (uint8_t)secret.len;
    struct hmac m;
    hmac_begin(&m, pepper);
    hmac_add(&m, who.purpose == PWHASH_MPIN ? SPAN_LIT("canara mpin ") : SPAN_LIT("canara pass "));
    hmac_add(&m, (span_t){who.account.byte, sizeof who.account.byte});
    hmac_add(&m, (span_t){&length, 1});
    hmac_add(&m, secret);
    hmac_end(&m, out);
}

static bool is_hashable(span_t secret)
{
    return secret.len > 0 && secret.len <= PWHASH_SECRET_BYTES;
}

/* The memory of this thread's hash. libargon2 asks for it by a call that takes nothing of ours; it is set
 * for that one call. */
static _Thread_local struct hash_piece at_hand;

static int lend(uint8_t **memory, size_t bytes)
{
    MUST(bytes <= at_hand.bytes);
    *memory = at_hand.at;
    return ARGON2_OK;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libargon2's type */
static void take_back(uint8_t *memory, size_t bytes)
{
    (void)memory; /* wiped before this is called (FLAG_clear_internal_memory) */
    (void)bytes;
}

/* Argon2id of a mixed secret, which is wiped. */
static err_t hash(struct hash_memory *memory, struct pwhash_cost cost, uint8_t salt[SALT_BYTES],
                  uint8_t mixed[MIXED_BYTES], uint8_t out[PWHASH_HASH_BYTES])
{
    struct hash_piece piece = {0};
    const err_t taken = hash_memory_take(memory, (size_t)cost.memory_kib * 1024, &piece);
    if (failed(taken)) {
        memory_wipe(mixed, MIXED_BYTES);
        return taken;
    }
    argon2_context order = {
        .outlen = PWHASH_HASH_BYTES,
        .pwdlen = MIXED_BYTES,
        .saltlen = SALT_BYTES,
        .t_cost = cost.passes,
        .m_cost = cost.memory_kib,
        .lanes = 1,
        .threads = 1,
        .version = ARGON2_VERSION_13,
        .allocate_cbk = lend,
        .free_cbk = take_back,
    };
    order.out = out;
    order.pwd = mixed;
    order.salt = salt;
    at_hand = piece;
    const int made = argon2id_ctx(&order);
    at_hand = (struct hash_piece){0};
    hash_memory_give(memory, piece);
    memory_wipe(mixed, MIXED_BYTES);
    return made == ARGON2_OK ? ERR_OK
                             : err_new(ERR_NOMEM); /* what else it refuses was looked at before */
}

/* "$argon2id$...", as the reference program writes it. */
static void write_text(const char *pepper_id, const struct stored *s, char out[PWHASH_TEXT_BYTES])
{
    enum { VARIANT = sodium_base64_VARIANT_ORIGINAL_NO_PADDING };

    char salt[SALT_CHARS + 1];
    char hash[HASH_CHARS + 1];
    MUST(sodium_bin2base64(salt, sizeof salt, s->salt, sizeof s->salt, VARIANT) != NULL);
    MUST(sodium_bin2base64(hash, sizeof hash, s->hash, sizeof s->hash, VARIANT) != NULL);
    const int n =
        snprintf(out, PWHASH_TEXT_BYTES, "p=%s" ARGON_MAGIC "%" PRIu32 ",t=%" PRIu32 ",p=1$%s$%s",
                 pepper_id, s->cost.memory_kib, s->cost.passes, salt, hash);
    MUST(n > 0 && n < PWHASH_TEXT_BYTES);
}

err_t pwhash_make(const struct keyring *k, const struct hashing *h, struct pwhash_subject who,
                  span_t secret, char out[PWHASH_TEXT_BYTES])
{
    if (!is_hashable(secret)) {
        return err_new(ERR_RANGE);
    }
    MUST(h->cost.memory_kib <= PWHASH_MAX_KIB && h->cost.passes <= PWHASH_MAX_PASSES);
    char id[PEPPER_ID_CHARS + 1];
    const struct hmac_key *const pepper = keyring_pepper(k, id);
    struct stored s = {.cost = h->cost};
    uint8_t mixed[MIXED_BYTES];
    rng_fill(s.salt, sizeof s.salt);
    mix(pepper, who, secret, mixed);
    TRY(hash(h->memory, s.cost, s.salt, mixed, s.hash));
    write_text(id, &s, out);
    return ERR_OK;
}

static err_t hash_again(struct hash_memory *memory, const struct hmac_key *pepper,
                        struct pwhash_subject who, span_t secret, struct stored *s,
                        struct pwhash_proof *out)
{
    struct pwhash_proof proof = {.usable = is_hashable(secret)};
    uint8_t mixed[MIXED_BYTES];
    mix(pepper, who, proof.usable ? secret : SPAN_LIT("x"), mixed);
    TRY(hash(memory, s->cost, s->salt, mixed, proof.given));
    memcpy(proof.kept, s->hash, sizeof proof.kept);
    *out = proof;
    memory_wipe(&proof, sizeof proof);
    return ERR_OK;
}

err_t pwhash_prove(const struct keyring *k, const struct hashing *h, struct pwhash_subject who,
                   span_t secret, const char *stored, struct pwhash_proof *out)
{
    struct stored s = {0};
    TRY(parse(stored, &s));
    const struct hmac_key *const pepper = keyring_pepper_of(k, s.pepper_id);
    if (pepper == NULL) {
        return err_new(ERR_RANGE);
    }
    return hash_again(h->memory, pepper, who, secret, &s, out);
}

bool pwhash_compare(struct pwhash_proof *proof)
{
    const bool match = ct_equal(proof->given, proof->kept, sizeof proof->given) && proof->usable;
    pwhash_proof_wipe(proof);
    return match;
}

void pwhash_proof_wipe(struct pwhash_proof *proof)
{
    memory_wipe(proof, sizeof *proof);
}

err_t pwhash_verify(const struct keyring *k, const struct hashing *h, struct pwhash_subject who,
                    span_t secret, const char *stored, bool *out_match)
{
    struct pwhash_proof proof = {0};
    TRY(pwhash_prove(k, h, who, secret, stored, &proof));
    *out_match = pwhash_compare(&proof);
    return ERR_OK;
}

bool pwhash_is_known(const struct keyring *k, const char *stored)
{
    struct stored s = {0};
    return !failed(parse(stored, &s)) && keyring_pepper_of(k, s.pepper_id) != NULL;
}

err_t pwhash_dummy(const struct keyring *k, const struct hashing *h, span_t secret)
{
    /* A salt and a hash that nobody's secret gives; the cost is that of a real one. */
    struct stored s = {.salt = "canara dummy sal", .cost = h->cost};
    char id[PEPPER_ID_CHARS + 1];
    const struct hmac_key *const pepper = keyring_pepper(k, id);
    const struct pwhash_subject nobody = {.purpose = PWHASH_PASSWORD};
    struct pwhash_proof proof = {0};
    TRY(hash_again(h->memory, pepper, nobody, secret, &s, &proof));
    (void)pwhash_compare(&proof);
    return ERR_OK;
}

bool pwhash_is_stale(const struct keyring *k, const struct hashing *h, const char *stored)
{
    struct stored s = {0};
    if (failed(parse(stored, &s))) {
        return true;
    }
    char id[PEPPER_ID_CHARS + 1];
    (void)keyring_pepper(k, id);
    return s.cost.memory_kib != h->cost.memory_kib || s.cost.passes != h->cost.passes ||
           memcmp(s.pepper_id.ptr, id, PEPPER_ID_CHARS) != 0;
}
