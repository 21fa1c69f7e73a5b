/*
 * profile.h - what was learnt of an account: read for a session, pinned in its journal, seen again.
 *
 * Floor      domain/learnt
 * Source     docs/decisions/0015: a profile does not change while a session runs; the opening record
 *            of the journal says which revision it was scored with.
 * Ownership  profiles that are handed out belong to the caller: canara_profile_free(). They borrow
 *            svc->model.
 * Errors     ERR_STORAGE, ERR_NOMEM; on failure nothing was changed and nothing is handed out.
 * Threads    workers, in the transaction they hold.
 */
#ifndef DOMAIN_PROFILE_H
#define DOMAIN_PROFILE_H

#include "codec/json_write.h"
#include "domain/ground/service.h"
#include "journal/record.h"

#include <canara.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PROFILE_MODEL_BYTES = 96,  /* of a model's name, and NUL */
    PROFILE_REVISIONS_KEPT = 5 /* that an operator can go back to */
};

/* A superseded part is kept so much longer than the longest session, for its re-scoring. */
#define PROFILE_MARGIN_MS (INT64_C(3600) * 1000)

/* Read the newest revision for a session that opens, in the caller's WRITE transaction. A part that
 * cannot be read is set aside, with an audit entry and a line in the log. `*out` is NULL when nothing
 * is known (then the stranger's profile speaks), or without a model. */
NODISCARD err_t profile_open(struct service *svc, struct store_tx *tx, uuid_t account,
                             struct canara_profile **out, uint32_t *revision);

/* ---- the pin in the opening record */

typedef struct profile_pin {
    bool set; /* false: a session of before there were profiles */
    uint32_t revision;
    char model[PROFILE_MODEL_BYTES];
} profile_pin_t;

/* Write the members "profile" and "model" of the opening record. Nothing without a model. */
void profile_pin_write(const struct service *svc, uint32_t revision, struct json_writer *w);

/* Read them back. ERR_FORMAT: no object, a member twice, a revision that is none, or one without a model. */
NODISCARD err_t profile_pin_read(const journal_record_t *record, profile_pin_t *out);

/* How the profile of a pin was found. */
enum profile_found {
    PROFILE_AS_PINNED,
    PROFILE_OTHER_MODEL, /* read under another model than the pinned one: near, not the same bits */
    PROFILE_MISSING      /* purged, damaged, or not readable under this model: none is handed out */
};

/* Read the profile that a pin names, for recovery and re-scoring. */
NODISCARD err_t profile_of_pin(struct service *svc, uuid_t account, const profile_pin_t *pin,
                               struct canara_profile **out, enum profile_found *found);

/* ---- for those who learn and those who look */

/* Read a revision into a new profile, which may have no parts; `*damaged` parts were left out. */
NODISCARD err_t profile_read(struct service *svc, struct store_tx *tx, uuid_t account,
                             uint32_t revision, struct canara_profile **out, size_t *damaged);

/* Read the newest revision to look at it; what is damaged is left out. NULL without a model. */
NODISCARD err_t profile_newest(struct service *svc, struct store_tx *tx, uuid_t account,
                               struct canara_profile **out);

#endif
