/*
 * lockout.h - after how many actions the owner and an impostor are locked out (ANGA, ANIA).
 *
 * Floor      lab/statistics
 * Source     Mondal and Bours, "A computational approach to the continuous authentication biometric
 *            system", 2015: average numbers of genuine and of impostor actions, over those that
 *            were locked out; impostors never detected are counted beside.
 * Units      actions, the first is 1; risks 0..1.
 * Ownership  sequences are the caller's, borrowed for the call.
 * Errors     none: a risk that is NaN is a bug (MUST).
 * Threads    no state.
 */
#ifndef LAB_LOCKOUT_H
#define LAB_LOCKOUT_H

#include <stddef.h>

#define LOCKOUT_RISK .9 /* where the session filter blocks */

/* The risk after each event of one session, in order. */
struct risk_run {
    const double *risk;
    size_t count;
};

struct lockout_user {
    const struct risk_run *genuine;
    size_t genuine_count;
    const struct risk_run *impostor;
    size_t impostor_count;
};

struct lockout {
    double anga;           /* mean over users of the mean over runs locked out; NaN: nobody was */
    double ania;           /* the same of impostors */
    size_t genuine_locked; /* runs */
    size_t genuine_runs;
    size_t never_detected; /* impostor runs without a lockout */
    size_t impostor_runs;
};

/* The number of actions until the risk reaches LOCKOUT_RISK; 0: never. */
size_t lockout_first(struct risk_run run);

/* Compute it over users. */
struct lockout lockout_compute(const struct lockout_user *users, size_t count);

#endif
