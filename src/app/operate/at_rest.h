/*
 * at_rest.h - the database and the keys of a data directory, for commands that work beside a server or
 * without one.
 *
 * Floor      app/operate
 * Ownership  what is opened is the caller's: store_close(), keyring_close(), audit_free().
 * Errors     said on stderr, after the name of the command, where they are found.
 * Threads    the main thread.
 */
#ifndef APP_AT_REST_H
#define APP_AT_REST_H

#include "app/cli/options.h"
#include "app/settings/settings.h"
#include "crypto/keys.h"
#include "domain/ground/audit.h"
#include "store/store.h"

#include <stdbool.h>

enum { AT_REST_OPTION_BYTES = SETTING_PATH_BYTES + 16 };

/* Take --data-dir DIR (NULL: not given) for a --set that comes last; `text` holds it as long as `sets` is used. False:
 * it is too long. */
bool at_rest_data_dir(struct option_sets *sets, const char *dir, char text[AT_REST_OPTION_BYTES]);

/* Say what failed; the exit code for it. */
int at_rest_complain(const char *command, const char *what);

/* Whether database and pepper are there: nothing is made. */
bool at_rest_is_there(const char *command, const struct settings *s);

/* Whoever only looks (`look`) leaves a database of an older version as it is: the server that runs on it may be
 * of that version. */
NODISCARD err_t at_rest_store(const char *command, const struct settings *s, bool look,
                              struct store **out);
NODISCARD err_t at_rest_audit(const char *command, const struct settings *s, struct keyring **keys,
                              struct audit **out);

/* Whether the keys are those that the database was made with: nothing may be written under others. */
bool at_rest_fits(const char *command, struct store *store, const struct keyring *keys,
                  const struct audit *audit);

#endif
