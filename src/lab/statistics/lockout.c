#include "lab/statistics/lockout.h"

#include "base/err.h"

#include <math.h>

size_t lockout_first(struct risk_run run)
{
    for (size_t i = 0; i < run.count; i++) {
        MUST(!isnan(run.risk[i]));
        if (run.risk[i] >= LOCKOUT_RISK) {
            return i + 1;
        }
    }
    return 0;
}

struct tally {
    double means; /* sum over users of the mean over runs locked out */
    size_t users; /* with such a run */
    size_t locked;
    size_t runs;
};

static void count_user(struct tally *t, const struct risk_run *runs, size_t count)
{
    double actions = 0.0;
    size_t locked = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t first = lockout_first(runs[i]);
        actions += (double)first;
        locked += first > 0 ? 1 : 0;
    }
    t->runs += count;
    t->locked += locked;
    if (locked > 0) {
        t->means += actions / (double)locked;
        t->users++;
    }
}

static double mean_of(const struct tally *t)
{
    return t->users == 0 ? NAN : t->means / (double)t->users;
}

struct lockout lockout_compute(const struct lockout_user *users, size_t count)
{
    struct tally genuine = {0};
    struct tally impostor = {0};
    for (size_t u = 0; u < count; u++) {
        count_user(&genuine, users[u].genuine, users[u].genuine_count);
        count_user(&impostor, users[u].impostor, users[u].impostor_count);
    }
    return (struct lockout){.anga = mean_of(&genuine),
                            .ania = mean_of(&impostor),
                            .genuine_locked = genuine.locked,
                            .genuine_runs = genuine.runs,
                            .never_detected = impostor.runs - impostor.locked,
                            .impostor_runs = impostor.runs};
}
