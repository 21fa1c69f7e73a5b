#include "crypto/keys.h"

#include "base/rng.h"
#include "base/util.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/key_file.h"
#include "crypto/secret.h"

#include <sodium.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PEPPER_MAGIC     "canara-pepper-v1 "
#define PEPPER_HEX_CHARS ((size_t)2 * PEPPER_BYTES)

enum {
    PEPPER_LINE_CHARS = sizeof PEPPER_MAGIC - 1 + PEPPER_ID_CHARS + 1 + PEPPER_HEX_CHARS,
    MADE_KEY_BYTES = 32,
};

struct pepper {
    struct hmac_key key;
    char id[PEPPER_ID_CHARS + 1];
};

struct keyring {
    struct signing_key signing[KEYRING_KEYS];
    size_t signing_count;
    struct pepper pepper[KEYRING_PEPPERS];
    size_t pepper_count;
    struct hmac_key device;
};

static void wipe_text(char (*text)[SECRET_KEY_MAX + 1])
{
    memory_wipe(*text, sizeof *text);
}

static void wipe_file(uint8_t (*bytes)[PEPPER_FILE_MAX])
{
    memory_wipe(*bytes, sizeof *bytes);
}

static err_t refuse(char why[KEYRING_WHY_BYTES], const char *name, const char *rule)
{
    (void)snprintf(why, KEYRING_WHY_BYTES, "%s %s", name, rule);
    return err_new(ERR_RANGE);
}

/* ---- signing keys ------------------------------------------------------------------------- */

static void add_signing(struct keyring *k, span_t text)
{
    struct signing_key *const s = &k->signing[k->signing_count++];
    hmac_key_init(&s->key, text);

    uint8_t mac[SHA256_BYTES];
    hmac_sha256(&s->key, SPAN_LIT("canara kid"), mac);
    s->kid = (uint16_t)((mac[0] << 8) | mac[1]);

    char header[SIGNING_HEADER_BYTES];
    const int n = snprintf(header, sizeof header,
                           "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%u\"}", (unsigned)s->kid);
    MUST(n > 0 && (size_t)n < sizeof header);
    size_t len = 0;
    MUST(!failed(base64url_encode((span_t){(const uint8_t *)header, (size_t)n}, s->header,
                                  sizeof s->header, &len)));
    s->header_len = (uint16_t)len;
}

static err_t add_checked(struct keyring *k, const char *name, span_t text,
                         char why[KEYRING_WHY_BYTES])
{
    const char *const fault = secret_key_fault(text);
    if (fault != NULL) {
        return refuse(why, name, fault);
    }
    add_signing(k, text);
    return ERR_OK;
}

static err_t path_in(const char *folder, const char *name, char out[PATH_MAX],
                     char why[KEYRING_WHY_BYTES])
{
    const int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    return n > 0 && n < PATH_MAX ? ERR_OK : refuse(why, "DATA_DIR", "is too long");
}

static err_t make_secret_key(const char *path, char why[KEYRING_WHY_BYTES])
{
    uint8_t bytes[MADE_KEY_BYTES];
    char hex[2 * MADE_KEY_BYTES + 1];
    rng_fill(bytes, sizeof bytes);
    hex_encode((span_t){bytes, sizeof bytes}, hex);
    const err_t made = key_file_make(path, (span_t){(uint8_t *)hex, sizeof hex - 1}, why);
    memory_wipe(bytes, sizeof bytes);
    memory_wipe(hex, sizeof hex);
    return made;
}

/* With DEBUG=True and no SECRET_KEY: DATA_DIR/secret_key, made when it is not there. */
static err_t add_kept_signing(struct keyring *k, const char *data_dir, char why[KEYRING_WHY_BYTES])
{
    char path[PATH_MAX];
    TRY(path_in(data_dir, "secret_key", path, why));
    if (!key_file_is_there(path)) {
        TRY(make_secret_key(path, why));
    }
    CLEANUP(wipe_text) char text[SECRET_KEY_MAX + 1] = {0};
    span_t bytes = {0};
    TRY(key_file_read("SECRET_KEY", path, &bytes, (uint8_t *)text, SECRET_KEY_MAX, why));
    while (bytes.len > 0 && (text[bytes.len - 1] == '\n' || text[bytes.len - 1] == '\r')) {
        bytes.len--;
    }
    return add_checked(k, "DATA_DIR/secret_key", bytes, why);
}

static span_t text_span(const char *text)
{
    return text == NULL ? (span_t){0} : (span_t){(const uint8_t *)text, strlen(text)};
}

static err_t load_signing(struct keyring *k, const struct keyring_config *c,
                          char why[KEYRING_WHY_BYTES])
{
    const span_t current = text_span(c->secret_key);
    const span_t previous = text_span(c->secret_key_previous);
    if (current.len > 0) {
        TRY(add_checked(k, "SECRET_KEY", current, why));
    } else if (c->debug) {
        TRY(add_kept_signing(k, c->data_dir, why));
    } else {
        return refuse(why, "SECRET_KEY",
                      "is not set: required with DEBUG=False (make one: canara keygen secret)");
    }
    if (previous.len == 0) {
        return ERR_OK;
    }
    if (previous.len == current.len && ct_equal(previous.ptr, current.ptr, current.len)) {
        return refuse(why, "SECRET_KEY_PREVIOUS", "must differ from SECRET_KEY");
    }
    return add_checked(k, "SECRET_KEY_PREVIOUS", previous, why);
}

/* ---- pepper ------------------------------------------------------------------------------- */

static bool is_hex(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

/* One line without its end. */
static err_t add_pepper(struct keyring *k, span_t line)
{
    const size_t magic = sizeof PEPPER_MAGIC - 1;
    if (line.len != PEPPER_LINE_CHARS || memcmp(line.ptr, PEPPER_MAGIC, magic) != 0 ||
        line.ptr[magic + PEPPER_ID_CHARS] != ' ') {
        return err_new(ERR_FORMAT);
    }
    const span_t id = {line.ptr + magic, PEPPER_ID_CHARS};
    const span_t hex = {id.ptr + PEPPER_ID_CHARS + 1, PEPPER_HEX_CHARS};
    if (!is_hex(id) || !is_hex(hex) || keyring_pepper_of(k, id) != NULL) {
        return err_new(ERR_FORMAT);
    }
    uint8_t bytes[PEPPER_BYTES];
    TRY(hex_decode(hex, bytes, sizeof bytes));
    struct pepper *const p = &k->pepper[k->pepper_count++];
    hmac_key_init(&p->key, (span_t){bytes, sizeof bytes});
    memory_wipe(bytes, sizeof bytes);
    memcpy(p->id, id.ptr, PEPPER_ID_CHARS);
    return ERR_OK;
}

static err_t add_peppers(struct keyring *k, span_t text, char why[KEYRING_WHY_BYTES])
{
    static const char rule[] = "must hold lines \"canara-pepper-v1 ID HEX\" as canara keygen "
                               "pepper writes them, at most 4";
    while (text.len > 0) {
        const uint8_t *const end = memchr(text.ptr, '\n', text.len);
        if (end == NULL || k->pepper_count == KEYRING_PEPPERS ||
            failed(add_pepper(k, (span_t){text.ptr, (size_t)(end - text.ptr)}))) {
            return refuse(why, "PEPPER_FILE", rule);
        }
        text.len -= (size_t)(end - text.ptr) + 1;
        text.ptr = end + 1;
    }
    return k->pepper_count > 0 ? ERR_OK : refuse(why, "PEPPER_FILE", rule);
}

err_t pepper_file_make(const char *path, char why[KEYRING_WHY_BYTES])
{
    uint8_t bytes[PEPPER_ID_CHARS / 2 + PEPPER_BYTES];
    char id[PEPPER_ID_CHARS + 1];
    char hex[2 * PEPPER_BYTES + 1];
    char line[PEPPER_LINE_CHARS + 2];
    rng_fill(bytes, sizeof bytes);
    hex_encode((span_t){bytes, PEPPER_ID_CHARS / 2}, id);
    hex_encode((span_t){bytes + PEPPER_ID_CHARS / 2, PEPPER_BYTES}, hex);
    const int n = snprintf(line, sizeof line, PEPPER_MAGIC "%s %s\n", id, hex);
    MUST(n == PEPPER_LINE_CHARS + 1);
    const err_t made = key_file_make(path, (span_t){(uint8_t *)line, (size_t)n}, why);
    memory_wipe(bytes, sizeof bytes);
    memory_wipe(hex, sizeof hex);
    memory_wipe(line, sizeof line);
    return made;
}

static err_t pepper_path(const struct keyring_config *c, char out[PATH_MAX],
                         char why[KEYRING_WHY_BYTES])
{
    if (c->pepper_file == NULL || c->pepper_file[0] == '\0') {
        if (!c->debug) {
            return refuse(why, "PEPPER_FILE",
                          "is not set: required with DEBUG=False (make one: canara keygen pepper "
                          "FILE, outside DATA_DIR)");
        }
        TRY(path_in(c->data_dir, "pepper", out, why));
        return key_file_is_there(out) ? ERR_OK : pepper_file_make(out, why);
    }
    const int n = snprintf(out, PATH_MAX, "%s", c->pepper_file);
    if (n >= PATH_MAX) {
        return refuse(why, "PEPPER_FILE", "is too long");
    }
    if (!key_file_is_there(out)) {
        return refuse(why, "PEPPER_FILE", "names no file (make one: canara keygen pepper FILE)");
    }
    if (!c->debug && path_is_inside(out, c->data_dir)) {
        return refuse(why, "PEPPER_FILE",
                      "must lie outside DATA_DIR, so that a copy of the data has no key to it");
    }
    return ERR_OK;
}

static err_t load_peppers(struct keyring *k, const struct keyring_config *c,
                          char why[KEYRING_WHY_BYTES])
{
    char path[PATH_MAX];
    TRY(pepper_path(c, path, why));
    CLEANUP(wipe_file) uint8_t bytes[PEPPER_FILE_MAX] = {0};
    span_t text = {0};
    TRY(key_file_read("PEPPER_FILE", path, &text, bytes, sizeof bytes, why));
    TRY(add_peppers(k, text, why));

    uint8_t device[DERIVED_KEY_BYTES];
    keyring_derive(k, "device", device);
    hmac_key_init(&k->device, (span_t){device, sizeof device});
    memory_wipe(device, sizeof device);
    return ERR_OK;
}

/* ---- the ring ----------------------------------------------------------------------------- */

err_t keyring_open(const struct keyring_config *config, struct keyring **out,
                   char why[KEYRING_WHY_BYTES])
{
    why[0] = '\0';
    void *memory = NULL;
    if (failed(crypto_start()) || failed(key_memory_new(sizeof(struct keyring), &memory))) {
        (void)snprintf(why, KEYRING_WHY_BYTES, "no memory for keys");
        return err_new(ERR_NOMEM);
    }
    CLEANUP(keyring_close) struct keyring *k = memory;
    TRY(load_signing(k, config, why));
    TRY(load_peppers(k, config, why));
    (void)sodium_mprotect_readonly(k);
    *out = k;
    k = NULL;
    return ERR_OK;
}

void keyring_close(struct keyring **k)
{
    void *memory = *k;
    key_memory_free(&memory);
    *k = NULL;
}

void keyring_derive(const struct keyring *k, const char *label, uint8_t out[DERIVED_KEY_BYTES])
{
    MUST(k->pepper_count > 0);
    static const uint8_t first = 1; /* HKDF-Expand, one block: T(1) = HMAC(PRK, info | 0x01) */
    struct hmac m;
    hmac_begin(&m, &k->pepper[k->pepper_count - 1].key);
    hmac_add(&m, SPAN_LIT("canara derive "));
    hmac_add(&m, text_span(label));
    hmac_add(&m, (span_t){&first, 1});
    hmac_end(&m, out);
}

void device_mac(const struct keyring *k, span_t device_id, uint8_t out[DEVICE_MAC_BYTES])
{
    uint8_t mac[SHA256_BYTES];
    hmac_sha256(&k->device, device_id, mac);
    memcpy(out, mac, DEVICE_MAC_BYTES);
}

size_t keyring_marks(const struct keyring *k, pepper_mark_t out[KEYRING_PEPPERS])
{
    for (size_t i = 0; i < k->pepper_count; i++) {
        uint8_t mac[SHA256_BYTES];
        hmac_sha256(&k->pepper[i].key, SPAN_LIT("canara pepper mark"), mac);
        memcpy(out[i].mac, mac, sizeof out[i].mac);
        memcpy(out[i].id, k->pepper[i].id, sizeof out[i].id);
    }
    return k->pepper_count;
}

size_t keyring_signing(const struct keyring *k, const struct signing_key **out)
{
    *out = k->signing;
    return k->signing_count;
}

const struct hmac_key *keyring_pepper(const struct keyring *k, char id[PEPPER_ID_CHARS + 1])
{
    memcpy(id, k->pepper[0].id, sizeof k->pepper[0].id);
    return &k->pepper[0].key;
}

const struct hmac_key *keyring_pepper_of(const struct keyring *k, span_t id)
{
    for (size_t i = 0; i < k->pepper_count; i++) {
        if (span_eq(id, (span_t){(const uint8_t *)k->pepper[i].id, PEPPER_ID_CHARS})) {
            return &k->pepper[i].key;
        }
    }
    return NULL;
}
