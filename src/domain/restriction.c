#include "domain/restriction.h"

#include "domain/clock_guard.h"

#include <string.h>

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

err_t account_mark_restricted(struct store_tx *tx, uuid_t account, bool restricted)
{
    char key[48];
    return store_meta_put(tx, mark_key(account, key), restricted ? SPAN_LIT("1") : SPAN_LIT("0"));
}

err_t account_is_restricted(struct service *svc, struct store_tx *tx, uuid_t account,
                            const struct mpin_state *mpin, bool *out)
{
    char key[48];
    struct meta_value mark = {0};
    bool found = false;
    TRY(store_meta_get(tx, mark_key(account, key), &mark, &found));
    const bool locked = mpin->operator_needed || mpin->locked_until.ms > clock_vouched(svc).ms;
    *out = locked || (found && mark.len == 1 && mark.bytes[0] == '1');
    return ERR_OK;
}
