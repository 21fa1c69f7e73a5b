#include "domain/restriction.h"

#include "base/rng.h"
#include "domain/clock_guard.h"
#include "domain/ledger.h"

#include <string.h>

/* A digit; after a lift, and of what was drawn since, which ledger counted and how far it had got by then. */
enum { VALUE_SHORT = 1, VALUE_LIFTED = 1 + 8 + 8 };

static const char *mark_key(uuid_t account, char out[48])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, "restricted.", 11);
    for (size_t i = 0; i < sizeof account.byte; i++) {
        out[11 + 2 * i] = digits[account.byte[i] >> 4];
        out[12 + 2 * i] = digits[account.byte[i] & 15];
    }
    out[43] = '\0';
    return out;
}

struct mark {
    enum account_mark kind;
    uint64_t ledger, place; /* of the lift; 0: not known */
};

static err_t read_mark(struct store_tx *tx, uuid_t account, struct mark *out)
{
    char key[48];
    struct meta_value value = {0};
    bool found = false;
    *out = (struct mark){.kind = MARK_NONE};
    TRY(store_meta_get(tx, mark_key(account, key), &value, &found));
    if (found && value.len == VALUE_SHORT) {
        out->kind = value.bytes[0] == '0' + MARK_BLOCKED      ? MARK_BLOCKED
                    : value.bytes[0] == '0' + MARK_CHALLENGED ? MARK_CHALLENGED
                                                              : MARK_NONE;
    } else if (found && value.len == VALUE_LIFTED) {
        out->kind = value.bytes[0] == '0' + MARK_CHALLENGED ? MARK_CHALLENGED : MARK_NONE;
        memcpy(&out->ledger, value.bytes + 1, sizeof out->ledger);
        memcpy(&out->place, value.bytes + 9, sizeof out->place);
    }
    return ERR_OK;
}

/* With what is known of the last lift. */
static err_t put_mark(struct store_tx *tx, const char *key, enum account_mark kind,
                      const struct mark *lifted)
{
    uint8_t value[VALUE_LIFTED] = {(uint8_t)('0' + kind)};
    memcpy(value + 1, &lifted->ledger, sizeof lifted->ledger);
    memcpy(value + 9, &lifted->place, sizeof lifted->place);
    return store_meta_put(tx, key, (span_t){value, sizeof value});
}

err_t account_mark_blocked(struct store_tx *tx, uuid_t account)
{
    char key[48];
    return store_meta_put(tx, mark_key(account, key), SPAN_LIT("1"));
}

/* The ledger took it before the last lift. */
static bool is_answered(const struct service *svc, const struct mark *now, uint64_t place)
{
    return now->ledger == ledger_number(svc->ledger) && place <= now->place;
}

err_t account_mark_blocked_at(struct service *svc, struct store_tx *tx, uuid_t account,
                              uint64_t place)
{
    struct mark now;
    TRY(read_mark(tx, account, &now));
    return is_answered(svc, &now, place) ? ERR_OK : account_mark_blocked(tx, account);
}

err_t account_mark_challenged(struct service *svc, struct store_tx *tx, uuid_t account,
                              uint64_t place, bool *stands)
{
    char key[48];
    struct mark now;
    TRY(read_mark(tx, account, &now));
    *stands = !is_answered(svc, &now, place);
    if (now.kind != MARK_NONE || !*stands) {
        return ERR_OK;
    }
    /* What waited before the lift stays answered, though this one may have gone before it. */
    return put_mark(tx, mark_key(account, key), MARK_CHALLENGED, &now);
}

err_t account_mark_lift(struct service *svc, struct store_tx *tx, uuid_t account)
{
    char key[48];
    const struct mark lifted = {.ledger = ledger_number(svc->ledger),
                                .place = ledger_posted(svc->ledger)};
    return put_mark(tx, mark_key(account, key), MARK_NONE, &lifted);
}

err_t account_restriction(struct service *svc, struct store_tx *tx, uuid_t account,
                          const struct mpin_state *mpin, restriction_t *out)
{
    struct mark mark;
    TRY(read_mark(tx, account, &mark));
    const bool locked = mpin->operator_needed || mpin->locked_until.ms > clock_vouched(svc).ms;
    *out = (restriction_t){.restricted = locked || mark.kind == MARK_BLOCKED,
                           .owes = mark.kind == MARK_CHALLENGED};
    return ERR_OK;
}

/* From the kernel: nobody knows beforehand which login it is. */
static bool is_drawn(uint32_t percent)
{
    uint32_t lot = 0;
    if (percent == 0) {
        return false;
    }
    rng_fill(&lot, sizeof lot);
    return ((uint64_t)lot * 100) >> 32 < percent;
}

err_t account_draw(struct service *svc, struct store_tx *tx, uuid_t account, restriction_t *r)
{
    char key[48];
    struct mark lifted;
    if (r->restricted || r->owes || !is_drawn(svc->rules.random_challenge_percent)) {
        return ERR_OK;
    }
    TRY(read_mark(tx, account, &lifted)); /* what waited before the lift stays answered */
    TRY(put_mark(tx, mark_key(account, key), MARK_CHALLENGED, &lifted));
    r->owes = true;
    r->drawn = true;
    return ERR_OK;
}
