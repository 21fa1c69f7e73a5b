/*
 * kit.h - what a server takes out of files and keeps in memory: keys, the model, certificates.
 *
 * Floor      app/house
 * Ownership  kit_close() closes and wipes whatever is there; a house borrows it.
 * Errors     one line in `why`: what an operator must mend. What was there stays.
 * Threads    the main thread. tls.h says who may use `tls`.
 *
 * It outlives a house: a process that takes DATA_DIR back goes on with what it holds, whatever has
 * become of the files, and one that is to take over has read all of it before it says so.
 */
#ifndef APP_KIT_H
#define APP_KIT_H

#include "app/settings/settings.h"
#include "base/clock.h"
#include "crypto/keys.h"
#include "net/tls.h"

#include <canara.h>

enum { KIT_WHY_BYTES = 640 };

struct kit {
    struct keyring *keys;
    struct canara_model *model;
    struct tls_server *tls; /* NULL: plain */
};

/* Whether kit_keys() would make a key or a pepper, as DEBUG has it. */
bool kit_makes_keys(const struct settings *s);

/* Each opens one of them, unless it is there already. */
NODISCARD err_t kit_keys(struct kit *k, const struct settings *s, char why[KIT_WHY_BYTES]);
NODISCARD err_t kit_model(struct kit *k, const struct settings *s, char why[KIT_WHY_BYTES]);
NODISCARD err_t kit_tls(struct kit *k, const struct settings *s, mono_t now,
                        char why[KIT_WHY_BYTES]);

/* Read the keys anew while nobody uses them; those that were there stay where the files will not do. */
void kit_keys_again(struct kit *k, const struct settings *s);

/* Closes all; twice is fine. */
void kit_close(struct kit *k);

#endif
