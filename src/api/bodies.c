#include "api/bodies.h"

#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"

static bool is_large(size_t bytes)
{
    return bytes > LIMIT_BODY_SMALL_BYTES;
}

static bool has_room(const atomic_size_t *held, size_t bytes, size_t limit)
{
    const size_t now = atomic_load(held);
    return now <= limit && bytes <= limit - now;
}

/* Nobody else takes, so that what has room keeps it. */
bool bodies_take(struct bodies *b, uint64_t address, size_t bytes, body_charge_t *out)
{
    const size_t row = hash_row(address, BODIES_ROWS);
    if (!has_room(&b->held, bytes, LIMIT_BODIES_BYTES)) {
        return false;
    }
    if (is_large(bytes)) {
        if (!has_room(&b->large, bytes, LIMIT_BODIES_LARGE_BYTES) ||
            !has_room(&b->from[row], bytes, LIMIT_BODIES_ADDRESS_BYTES)) {
            return false;
        }
        (void)atomic_fetch_add(&b->large, bytes);
        (void)atomic_fetch_add(&b->from[row], bytes);
    }
    (void)atomic_fetch_add(&b->held, bytes);
    *out = (body_charge_t){.bodies = b, .bytes = bytes, .row = row};
    return true;
}

static void less(atomic_size_t *held, size_t bytes)
{
    MUST(atomic_fetch_sub(held, bytes) >= bytes);
}

void bodies_give(body_charge_t *charge)
{
    struct bodies *const b = charge->bodies;
    if (b == NULL) {
        return;
    }
    if (is_large(charge->bytes)) {
        less(&b->from[charge->row], charge->bytes);
        less(&b->large, charge->bytes);
    }
    less(&b->held, charge->bytes);
    *charge = (body_charge_t){.bodies = NULL};
}

size_t bodies_held(const struct bodies *b)
{
    return atomic_load(&b->held);
}
