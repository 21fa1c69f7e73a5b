/*
 * keys.h - the key ring: signing keys (current, previous) and the pepper, in locked memory.
 *
 * Floor      crypto
 * Source     CONTRACT 1 (SECRET_KEY, SECRET_KEY_PREVIOUS, PEPPER_FILE); HKDF-Expand, RFC 5869.
 * Ownership  keyring_open() gives one owner; keyring_close() wipes and frees. The configuration
 *            is only read during the call.
 * Errors     ERR_RANGE when a key, file or rule is refused, ERR_IO when the system fails; `why`
 *            then holds one line that names the setting and what is allowed, never a secret.
 * Threads    read-only after opening: any number of threads may use one key ring.
 *
 * A pepper file is text: one line per pepper, `canara-pepper-v1 ID HEX` with 8 and 64 lower-case
 * hexadecimal digits. The first line is used for new hashes, the others verify old ones; the last
 * line, the oldest pepper, is the root of keyring_derive().
 */
#ifndef CRYPTO_KEYS_H
#define CRYPTO_KEYS_H

#include "base/err.h"
#include "base/span.h"
#include "crypto/hmac.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYRING_WHY_BYTES 256
#define KEYRING_KEYS      2   /* current, previous */
#define KEYRING_PEPPERS   4   /* lines of a pepper file */
#define SECRET_KEY_MIN    32  /* bytes: RFC 7518 3.2 */
#define SECRET_KEY_MAX    512 /* bytes */
#define PEPPER_BYTES      32
#define PEPPER_ID_CHARS   8
#define PEPPER_FILE_MAX   1024 /* bytes */
#define DERIVED_KEY_BYTES 32
#define DEVICE_MAC_BYTES  16
#define PEPPER_MARK_BYTES 16

struct keyring_config {
    const char *secret_key;          /* NULL or "": absent */
    const char *secret_key_previous; /* NULL or "": absent */
    bool debug;
    const char *data_dir;    /* exists already */
    const char *pepper_file; /* NULL or "": absent */
};

struct keyring;

/* Load every key by the rules of the contract; with `debug`, make the absent ones (0600). */
NODISCARD err_t keyring_open(const struct keyring_config *config, struct keyring **out,
                             char why[KEYRING_WHY_BYTES]);

/* Wipe and release; takes NULL, leaves NULL. */
void keyring_close(struct keyring **k);

/* A key for one purpose, from the oldest pepper: the same label gives the same key at every
 * start. Labels are constants of ours, such as "audit" or "refresh". */
void keyring_derive(const struct keyring *k, const char *label, uint8_t out[DERIVED_KEY_BYTES]);

/* What a token says of a device instead of its id. */
void device_mac(const struct keyring *k, span_t device_id, uint8_t out[DEVICE_MAC_BYTES]);

/* What may be stored of a pepper, so that a later start knows it again: its id, and a MAC of a
 * constant under it. */
typedef struct pepper_mark {
    char id[PEPPER_ID_CHARS];
    uint8_t mac[PEPPER_MARK_BYTES];
} pepper_mark_t;

/* The marks of all peppers in the order of the file, the oldest last; returns how many. */
size_t keyring_marks(const struct keyring *k, pepper_mark_t out[KEYRING_PEPPERS]);

/* Look at a SECRET_KEY without loading it: NULL when it will do, else the reason. */
const char *secret_key_fault(span_t text);

/* Create a pepper file with one fresh pepper: 0600, never over an existing file. */
NODISCARD err_t pepper_file_make(const char *path, char why[KEYRING_WHY_BYTES]);

/* ---- for token.c and pwhash.c ------------------------------------------------------------- */

#define SIGNING_HEADER_BYTES 64

/* A key with the one JOSE header that is written for it. */
struct signing_key {
    struct hmac_key key;
    uint16_t kid;        /* follows from the key (keys.c) */
    uint16_t header_len; /* of `header`, base64url, without the dot */
    char header[SIGNING_HEADER_BYTES];
};

/* The signing keys, the current one first; returns how many (1 or 2). */
size_t keyring_signing(const struct keyring *k, const struct signing_key **out);

/* The pepper that new hashes use, and its id. */
const struct hmac_key *keyring_pepper(const struct keyring *k, char id[PEPPER_ID_CHARS + 1]);

/* The pepper of this id, or NULL. */
const struct hmac_key *keyring_pepper_of(const struct keyring *k, span_t id);

#endif
