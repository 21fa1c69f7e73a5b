#include "server/holding.h"

#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"

uint16_t holding_row(uint64_t neighbourhood)
{
    return (uint16_t)hash_row(neighbourhood, HOLDING_ROWS);
}

void holding_change(struct holding *h, uint16_t row, size_t before, size_t now)
{
    MUST(h->sum >= before && h->from[row] >= before);
    h->sum = h->sum - before + now;
    h->from[row] = h->from[row] - before + now;
}

bool holding_is_over(const struct holding *h, uint16_t row, size_t bytes, bool near)
{
    return bytes > LIMIT_LIGHT_BYTES &&
           (h->sum > LIMIT_HELD_BYTES || (near && h->from[row] > LIMIT_HELD_NEAR_BYTES));
}
