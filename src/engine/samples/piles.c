#include "engine/samples/piles.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>

void piles_begin(struct pile *piles, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        piles[i].n = 0;
    }
}

void pile_add(struct pile *pile, double x)
{
    sorted_add(pile->x, pile->n++, x);
}

static double middle_of(const struct pile *pile)
{
    return pile->x[(pile->n - 1) / 2];
}

double pile_middle(const struct pile *pile)
{
    return pile->n < PILE_MIN ? NAN : middle_of(pile);
}

/* What is left of piles while the least is taken again and again. */
struct taking {
    const double *next[PILES_MAX];
    const double *end[PILES_MAX];
    size_t piles, numbers;
};

static void begin(struct taking *t, const struct pile *piles, size_t count)
{
    t->piles = t->numbers = 0;
    for (size_t i = 0; i < count; i++) {
        if (piles[i].n > 0) {
            t->numbers += piles[i].n;
            t->next[t->piles] = piles[i].x;
            t->end[t->piles++] = piles[i].x + piles[i].n;
        }
    }
}

static double take_least(struct taking *t)
{
    size_t least = 0;
    for (size_t i = 1; i < t->piles; i++) {
        least = *t->next[i] < *t->next[least] ? i : least;
    }
    const double x = *t->next[least]++;
    if (t->next[least] == t->end[least]) {
        t->piles--;
        t->next[least] = t->next[t->piles];
        t->end[least] = t->end[t->piles];
    }
    return x;
}

struct quartiles piles_quartiles(const struct pile *piles, size_t count)
{
    struct taking t;
    double at[4] = {NAN, NAN, NAN, NAN};
    begin(&t, piles, count);
    if (t.numbers >= PILES_COUNT_MIN) {
        const size_t last = t.numbers - 1;
        size_t taken = 0;
        for (size_t q = 1; q <= 3; q++) {
            for (; taken <= q * last / 4; taken++) {
                at[q] = take_least(&t);
            }
        }
    }
    return (struct quartiles){.low = at[1], .middle = at[2], .high = at[3]};
}

double piles_deviation(const struct pile *piles, size_t count, double middle)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < piles[i].n; k++) {
            sum += fabs(piles[i].x[k] - middle);
        }
        n += piles[i].n;
    }
    return n < PILES_COUNT_MIN ? NAN : sum / (double)n;
}

double piles_unevenness(const struct pile *piles, size_t count)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct pile *const p = &piles[i];
        if (p->n < PILE_MIN || !(middle_of(p) > 0.0)) {
            continue;
        }
        for (size_t k = 0; k < p->n; k++) {
            sum += fmin(fabs(p->x[k] - middle_of(p)) / middle_of(p), 1.0);
        }
        n += p->n;
    }
    return n < PILES_COUNT_MIN ? NAN : sum / (double)n;
}
