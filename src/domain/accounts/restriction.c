#include "domain/accounts/restriction.h"

#include "base/rng.h"
#include "domain/accounts/ledger.h"
#include "domain/ground/clock_guard.h"

#include <string.h>

/* A digit; since there are lifts, which ledger counted and how far it had got by the last one; then, what the
 * mark stands for. The first two are of before. */
enum { VALUE_SHORT = 1, VALUE_LIFTED = 1 + 8 + 8, VALUE_LONG = 1 + 8 + 8 + 8 };

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
    uint64_t ledger; /* whose places these are; 0: not known */
    uint64_t lifted; /* at this place, the last time */
    uint64_t newest; /* place of what it stands for; 0: none, or not by the ledger */
};

static enum account_mark kind_of(uint8_t digit)
{
    return digit == '0' + MARK_BLOCKED      ? MARK_BLOCKED
           : digit == '0' + MARK_CHALLENGED ? MARK_CHALLENGED
                                            : MARK_NONE;
}

static err_t read_mark(struct store_tx *tx, uuid_t account, struct mark *out)
{
    char key[48];
    struct meta_value value = {0};
    bool found = false;
    *out = (struct mark){.kind = MARK_NONE};
    TRY(store_meta_get(tx, mark_key(account, key), &value, &found));
    if (!found ||
        (value.len != VALUE_SHORT && value.len != VALUE_LIFTED && value.len != VALUE_LONG)) {
        return ERR_OK;
    }
    out->kind = kind_of(value.bytes[0]);
    if (value.len >= VALUE_LIFTED) {
        memcpy(&out->ledger, value.bytes + 1, sizeof out->ledger);
        memcpy(&out->lifted, value.bytes + 9, sizeof out->lifted);
    }
    if (value.len == VALUE_LONG) {
        memcpy(&out->newest, value.bytes + 17, sizeof out->newest);
    }
    return ERR_OK;
}

static err_t put_mark(struct store_tx *tx, uuid_t account, const struct mark *mark)
{
    char key[48];
    uint8_t value[VALUE_LONG] = {(uint8_t)('0' + mark->kind)};
    memcpy(value + 1, &mark->ledger, sizeof mark->ledger);
    memcpy(value + 9, &mark->lifted, sizeof mark->lifted);
    memcpy(value + 17, &mark->newest, sizeof mark->newest);
    return store_meta_put(tx, mark_key(account, key), (span_t){value, sizeof value});
}

err_t account_mark_blocked(struct store_tx *tx, uuid_t account)
{
    struct mark mark;
    TRY(read_mark(tx, account, &mark)); /* what waited before the lift stays answered */
    mark.kind = MARK_BLOCKED;
    return put_mark(tx, account, &mark);
}

/* `*stands`: no lift came after the ledger took it. What another ledger held, nobody writes any more. */
static err_t mark_at(struct service *svc, struct store_tx *tx, uuid_t account,
                     const struct mark *fresh, bool *stands)
{
    struct mark mark;
    TRY(read_mark(tx, account, &mark));
    if (mark.ledger != ledger_number(svc->ledger)) {
        mark = (struct mark){.kind = mark.kind, .ledger = ledger_number(svc->ledger)};
    }
    *stands = fresh->newest > mark.lifted;
    const bool graver =
        mark.kind == MARK_NONE || (fresh->kind == MARK_BLOCKED && mark.kind != MARK_BLOCKED);
    if (!*stands || (!graver && fresh->newest <= mark.newest)) {
        return ERR_OK;
    }
    mark.kind = graver ? fresh->kind : mark.kind;
    mark.newest = fresh->newest > mark.newest ? fresh->newest : mark.newest;
    return put_mark(tx, account, &mark);
}

err_t account_mark_blocked_at(struct service *svc, struct store_tx *tx, uuid_t account,
                              uint64_t place)
{
    bool stands = false;
    const struct mark block = {.kind = MARK_BLOCKED, .newest = place};
    return mark_at(svc, tx, account, &block, &stands);
}

err_t account_mark_challenged(struct service *svc, struct store_tx *tx, uuid_t account,
                              uint64_t place, bool *stands)
{
    const struct mark challenge = {.kind = MARK_CHALLENGED, .newest = place};
    return mark_at(svc, tx, account, &challenge, stands);
}

err_t account_mark_lift(struct service *svc, struct store_tx *tx, uuid_t account, uint64_t place)
{
    struct mark mark;
    const uint64_t ledger = ledger_number(svc->ledger);
    TRY(read_mark(tx, account, &mark));
    const bool stays = mark.ledger == ledger && mark.newest > place;
    mark = (struct mark){.kind = stays ? mark.kind : MARK_NONE,
                         .ledger = ledger,
                         .lifted = place,
                         .newest = stays ? mark.newest : 0};
    return put_mark(tx, account, &mark);
}

err_t account_mark_renew(struct service *svc, struct store_tx *tx, uuid_t account)
{
    const struct mark owed = {.kind = MARK_CHALLENGED,
                              .ledger = ledger_number(svc->ledger),
                              .lifted = ledger_posted(svc->ledger)};
    return put_mark(tx, account, &owed);
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
    struct mark mark;
    if (r->restricted || r->owes || !is_drawn(svc->rules.random_challenge_percent)) {
        return ERR_OK;
    }
    TRY(read_mark(tx, account, &mark)); /* what waited before the lift stays answered */
    mark.kind = MARK_CHALLENGED;
    TRY(put_mark(tx, account, &mark));
    r->owes = true;
    r->drawn = true;
    return ERR_OK;
}
