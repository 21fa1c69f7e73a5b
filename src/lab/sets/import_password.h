/*
 * import_password.h - sets of people who all type one password: entries in, a data set out.
 *
 * Floor      lab/sets
 * Source     the protocol of Killourhy and Maxion, "Comparing anomaly-detection algorithms for
 *            keystroke dynamics", DSN 2009: enrol a person's first entries, test his later ones
 *            against the first five entries of everybody else. Practised impostors: every eighth
 *            of all entries of everybody else (docs/engine/datasets.md).
 * Units      ms.
 * Ownership  the holder calls password_set_deinit().
 * Errors     ERR_NOMEM; ERR_IO from writing.
 * Threads    one.
 */
#ifndef LAB_IMPORT_PASSWORD_H
#define LAB_IMPORT_PASSWORD_H

#include "lab/sets/import.h"
#include "lab/sets/pool.h"

struct password_entry {
    const char *id; /* of its session */
    uint32_t user;
    uint32_t count; /* keys */
    const canara_key_t *keys;
    wall_t at;
};

struct password_set {
    struct pool pool;
    struct names users; /* also the names of the models */
    struct password_entry *entry;
    size_t count, cap;
};

struct password_rule {
    const char *domain; /* of the addresses: "cmu.invalid" */
    size_t enrol;       /* entries to learn from; 0: two thirds, rounded down */
    const struct dataset_info *about;
};

void password_set_init(struct password_set *set);
void password_set_deinit(struct password_set *set);

/* Add the next entry of a person; `id` and `keys` are copied. */
NODISCARD err_t password_set_add(struct password_set *set, const char *user, const char *id,
                                 wall_t at, const canara_key_t *keys, uint32_t count);

/* Write the data set to `dir`: everybody's entries, one to a session, and the trials. */
NODISCARD err_t password_set_write(const struct import *in, const struct password_set *set,
                                   const char *dir, const struct password_rule *rule);

#endif
