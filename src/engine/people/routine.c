#include "engine/people/routine.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <string.h>

enum { HOUR_MS = 3600000, SESSIONS_FULL = 400 };

#define STEPS 1500.0 /* of ln(1 + amount): 1e15, the most that an event may say, is 51,808 */
#define PRIOR 1.0    /* session that all hours share */

static uint16_t amount_steps(double amount)
{
    return to_uint16(STEPS * log1p(amount));
}

unsigned routine_hour(int64_t at_ms)
{
    return (unsigned)(at_ms / HOUR_MS % ROUTINE_HOURS);
}

static double sessions(const struct routine *r)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < ROUTINE_HOURS; i++) {
        sum += r->hour[i];
    }
    return sum; /* exact: far below what a double counts to */
}

/* Half an hour early or late is no other hour: each lends a quarter to its neighbours. */
bool routine_hour_is_odd(const struct routine *r, unsigned hour)
{
    const double all = sessions(r);
    const double here = 0.5 * r->hour[hour] + 0.25 * r->hour[(hour + 1U) % ROUTINE_HOURS] +
                        0.25 * r->hour[(hour + ROUTINE_HOURS - 1U) % ROUTINE_HOURS];
    return all >= ROUTINE_KNOWN && (here + PRIOR / ROUTINE_HOURS) / (all + PRIOR) < ROUTINE_RARE;
}

bool routine_amount_is_high(const struct routine *r, double amount, bool *known)
{
    const size_t n = r->amounts;
    const size_t rank = (99 * n + 99) / 100; /* nearest rank, from 1: the largest of up to 99 */
    const uint16_t x = amount_steps(amount);
    size_t below = 0;
    for (size_t i = 0; i < n; i++) {
        below += r->amount[i] < x;
    }
    *known = n >= ROUTINE_KNOWN;
    return *known && below >= rank;
}

void routine_learn_hour(struct routine *r, unsigned hour)
{
    r->hour[hour] = (uint16_t)(r->hour[hour] + 1U);
    if (sessions(r) < SESSIONS_FULL) {
        return;
    }
    for (size_t i = 0; i < ROUTINE_HOURS; i++) {
        r->hour[i] = (uint16_t)(r->hour[i] / 2U);
    }
}

void routine_learn_amount(struct routine *r, double amount)
{
    r->amount[r->next] = amount_steps(amount);
    r->next = (uint16_t)((r->next + 1U) % ROUTINE_AMOUNTS);
    r->amounts = (uint16_t)(r->amounts + (r->amounts < ROUTINE_AMOUNTS ? 1U : 0U));
}

void routine_write(struct byte_writer *w, const struct routine *r)
{
    for (size_t i = 0; i < ROUTINE_HOURS; i++) {
        write_u16(w, r->hour[i]);
    }
    write_u16(w, r->amounts);
    write_u16(w, r->next);
    for (size_t i = 0; i < r->amounts; i++) {
        write_u16(w, r->amount[i]);
    }
}

bool routine_read(struct byte_reader *from, struct routine *r)
{
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < ROUTINE_HOURS; i++) {
        r->hour[i] = read_u16(from);
    }
    r->amounts = read_u16(from);
    r->next = read_u16(from);
    const bool full = r->amounts == ROUTINE_AMOUNTS;
    if (from->failed || sessions(r) >= SESSIONS_FULL || r->amounts > ROUTINE_AMOUNTS ||
        (full ? r->next >= ROUTINE_AMOUNTS : r->next != r->amounts)) {
        return false;
    }
    for (size_t i = 0; i < r->amounts; i++) {
        r->amount[i] = read_u16(from);
    }
    return !from->failed;
}
