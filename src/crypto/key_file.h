/*
 * key_file.h - small secret files: read with every doubt checked, made whole or not at all.
 *
 * Floor      crypto
 * Ownership  the caller's memory; nothing allocates but the path.
 * Errors     ERR_RANGE for a file that breaks a rule, ERR_IO when the system fails; `why` then
 *            holds one line.
 * Threads    at start only.
 */
#ifndef CRYPTO_KEY_FILE_H
#define CRYPTO_KEY_FILE_H

#include "base/err.h"
#include "base/span.h"
#include "crypto/keys.h"

#include <stdbool.h>
#include <stddef.h>

/* Read a regular file of ours, mode 0600 or 0400, of 1..cap bytes, into `out`. `setting` is the
 * name for the message. */
NODISCARD err_t key_file_read(const char *setting, const char *path, span_t *out, uint8_t *into,
                              size_t cap, char why[KEYRING_WHY_BYTES]);

/* The same for a key that other programs need, too: it may belong to root, and a group may read it
 * (0640, 0440 and narrower). */
NODISCARD err_t key_file_read_shared(const char *setting, const char *path, span_t *out,
                                     uint8_t *into, size_t cap, char why[KEYRING_WHY_BYTES]);

/* Make a file of mode 0600 that is there with all its bytes or not at all; never over an existing
 * one. */
NODISCARD err_t key_file_make(const char *path, span_t bytes, char why[KEYRING_WHY_BYTES]);

/* Whether anything is at `path` (a dangling link counts). */
bool key_file_is_there(const char *path);

/* Whether `path`, which is there, lies inside `folder`, after every link is followed. True when in
 * doubt; false for a folder that is not there yet. */
bool path_is_inside(const char *path, const char *folder);

#endif
