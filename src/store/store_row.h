/*
 * store_row.h - what the store keeps, row by row, and the answers it gives.
 *
 * Floor      store
 * Units      wall_t in milliseconds; {0} means "never". Sizes of text members count their NUL.
 * Ownership  values: every row is copied with = and has nothing to free.
 *
 * Nothing secret stands here in clear: passwords and MPINs are peppered hashes, refresh tokens
 * and devices are keyed by a digest. Account rows hold hashes: wipe them after use.
 */
#ifndef STORE_STORE_ROW_H
#define STORE_STORE_ROW_H

#include "base/clock.h"
#include "base/span.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_DIGEST_BYTES = 32,
    STORE_EMAIL_BYTES = 255, /* RFC 5321: 254 and NUL */
    STORE_HASH_BYTES = 128,  /* crypto_pwhash_STRBYTES */
    STORE_DEVICE_BYTES = 129,
    STORE_KIND_BYTES = 48,
    STORE_DETAIL_BYTES = 1025, /* 1 KiB of JSON text and NUL */
    STORE_ACTION_BYTES = 65,
    STORE_AMOUNT_BYTES = 49,
    STORE_CURRENCY_BYTES = 17,
    STORE_REASONS_BYTES = 2049,
    STORE_PART_NAME_BYTES = 33, /* of a profile's part, and NUL */
    STORE_PART_BYTES = 4096,    /* of its content */
    STORE_PARTS_MAX = 64,       /* of one save: those that changed and those that went */
    STORE_META_KEY_BYTES = 65,  /* and NUL */
    STORE_META_BYTES = 1024,    /* of a value */
    STORE_HASH_BEGIN = 10,      /* characters of a hash that say what it was made with */
    STORE_HASH_BEGINS = 4       /* different ones that one question may name */
};

/* What a device was to its account before it was used now. */
struct device_standing {
    bool known;
    bool first;  /* the account never had one: it is the device that it was opened with */
    bool proved; /* the first, or a MPIN was passed on it */
};

struct account_row {
    uuid_t id;
    char email[STORE_EMAIL_BYTES];     /* as it is answered */
    char email_key[STORE_EMAIL_BYTES]; /* the form in which two addresses are the same; unique */
    char password_hash[STORE_HASH_BYTES];
    char mpin_hash[STORE_HASH_BYTES];
    int64_t password_pepper; /* which pepper the hash was made with */
    int64_t mpin_pepper;
    wall_t created;
};

enum account_created { ACCOUNT_CREATED, ACCOUNT_EMAIL_TAKEN };

/* The MPIN's tries of one account; all zero for an account that never failed. */
struct mpin_state {
    uint32_t failures;       /* in the current row of attempts */
    uint32_t total_failures; /* without a success between them */
    wall_t locked_until;     /* {0} while not locked */
    uint32_t lock_count;     /* how often it was locked: the next lock is longer */
    bool operator_needed;    /* only an operator may open it again */
};

/* Why a session is over. The numbers are stored: add at the end only. */
enum session_end {
    END_NONE, /* live */
    END_LOGGED_OUT,
    END_BLOCKED,     /* by its risk */
    END_MPIN_LOCKED, /* blocked by too many wrong MPINs on its account */
    END_EXPIRED,
    END_REPLACED,       /* one login too many ended the oldest */
    END_REVOKED,        /* by its owner from another session, or by a changed secret */
    END_REFRESH_REUSED, /* a refresh token came twice */
    END_OPERATOR,
    END_REASONS
};

struct session_row {
    uuid_t id;
    uuid_t account;
    uint8_t device_key[STORE_DIGEST_BYTES];
    wall_t created;
    wall_t last_activity;
    wall_t expires_max; /* absolute end, whatever the activity */
    wall_t ended;       /* {0} while live */
    double risk;        /* 0..1 */
    enum session_end end;
    char device_id[STORE_DEVICE_BYTES];
    uint8_t level; /* enum canara_level */
    bool mpin_required;
};

/* What changes while a session lives: one item of a batch. */
struct session_activity {
    uuid_t id;
    wall_t last_activity;
    double risk; /* 0..1 */
    uint8_t level;
    bool mpin_required;
};

/* The refresh tokens of a session, a family: one row however many there were. All of them begin alike, and
 * only the newest is good. */
struct refresh_row {
    uuid_t session;
    uint8_t family[STORE_DIGEST_BYTES]; /* of how they begin */
    uint8_t newest[STORE_DIGEST_BYTES]; /* of the newest one as a whole */
    wall_t expires;
};

/* A token that somebody shows, as the store knows tokens. */
struct refresh_mark {
    uint8_t family[STORE_DIGEST_BYTES];
    uint8_t whole[STORE_DIGEST_BYTES];
};

enum refresh_answer {
    REFRESH_FRESH,   /* the newest one */
    REFRESH_REUSED,  /* of a family that has a newer one: revoke it, end the session */
    REFRESH_UNKNOWN, /* of no family: never put, revoked or purged */
    REFRESH_EXPIRED  /* the newest one, too old */
};

/* One link of the audit chain; the domain computes `hash` over the rest. */
struct audit_row {
    uint64_t seq; /* 1, 2, 3 without a gap */
    wall_t at;
    char kind[STORE_KIND_BYTES];
    uuid_t account; /* nil: none */
    uuid_t session; /* nil: none */
    char detail[STORE_DETAIL_BYTES];
    uint8_t prev[STORE_DIGEST_BYTES]; /* hash of seq - 1; zero for the first */
    uint8_t hash[STORE_DIGEST_BYTES];
};

struct decision_row {
    uuid_t id;
    uuid_t session;
    uuid_t account;
    wall_t at;
    wall_t mpin_passed_at; /* {0}: not since the decision */
    double risk;           /* 0..1 */
    char action[STORE_ACTION_BYTES];
    char amount[STORE_AMOUNT_BYTES]; /* decimal text as asked; "" = not given */
    char currency[STORE_CURRENCY_BYTES];
    char reasons[STORE_REASONS_BYTES]; /* JSON text */
    uint8_t decision;                  /* the domain's number for allow, challenge, deny */
    uint8_t level;
    bool beneficiary_new;
    bool retry_used; /* the one exempt retry is spent */
};

/* Where the profile of an account stands; all zero when nothing was ever learnt. Revision N can be
 * loaded when it is 0 (which has no parts) or oldest <= N <= revision. */
struct profile_head {
    uint32_t revision; /* the newest */
    uint32_t oldest;   /* the first that is still whole */
    wall_t saved;
};

/* Whether a revision can be loaded, or returned to: see above. */
static inline bool store_profile_is_whole(const struct profile_head *head, uint32_t revision)
{
    return revision == 0 || (revision >= head->oldest && revision <= head->revision);
}

/* One part as it is loaded or saved; what it points to is borrowed for the call. */
struct profile_part {
    const char *name;
    uint32_t revision; /* loaded: the one that it was saved with; saving: ignored */
    span_t content;    /* saving: empty takes the part away */
};

struct profile_save {
    uuid_t account;
    uint32_t base; /* the revision that was learnt from */
    wall_t at;
    const struct profile_part *part; /* those that change; the others stay */
    size_t count;                    /* <= STORE_PARTS_MAX */
};

enum profile_answer {
    PROFILE_SAVED,
    PROFILE_OVERTAKEN, /* another revision was saved meanwhile: load and learn again */
    PROFILE_GONE       /* that revision never was, or is whole no more */
};

struct meta_value {
    uint8_t bytes[STORE_META_BYTES];
    size_t len;
};

#endif
