/*
 * measure.h - canara simulate --measure: attacks and honest oddities, each with a figure.
 *
 * Floor      app/simulate
 * Source     docs/engine/attacks.md says what each one does.
 * Ownership  measure_init/measure_deinit by the holder.
 * Errors     ERR_NOMEM; ERR_RANGE: too few people for a model.
 * Threads    one.
 * Precision  same seed and people: same bits.
 */
#ifndef APP_MEASURE_H
#define APP_MEASURE_H

#include "app/simulate/measure_people.h"
#include "app/simulate/trial.h"

enum {
    MEASURE_PEOPLE_MAX = 1000,
    MEASURE_MODEL_PEOPLE = 40,
    MEASURE_MODEL_SESSIONS = 16,
    MEASURE_ENROLMENT = 30 /* sessions that an owner has behind him */
};

struct measure {
    struct troupe troupe;
    size_t people;
    unsigned random_percent;        /* logins of attackers that are asked for an MPIN by lot */
    struct canara_profile **learnt; /* of each person, made when first asked for */
    void (*progress)(void *ctx, size_t done, size_t all); /* may be NULL */
    void *progress_ctx;
    size_t done, all; /* people measured */
};

typedef err_t (*measure_fn)(struct measure *m, struct trial_report *out);

struct measure_row {
    const char *name;
    measure_fn run;
};

/* The names for a help text; measure_find() knows the same ones. */
#define MEASURE_NAMES                                                       \
    "filter     the session filter on made-up evidence of known strength\n" \
    "honest     challenges per genuine hour of learnt owners\n"             \
    "takeover   somebody else goes on in the owner's session\n"             \
    "login      a thief types the owner's password\n"                       \
    "bot        a machine with human-like jitter\n"                         \
    "replay     a recorded session, played again\n"                         \
    "poisoning  an impostor leads the profile away, 1 % a session\n"        \
    "probing    an attacker who sees levels alone adapts his rhythm\n"      \
    "unusual    honest but slow, trembling, one-handed, tired, on a new phone\n"

struct measure_options {
    const char *name;  /* of a measurement, or "all" */
    const char *model; /* file; NULL: made from simulated people of other seeds */
    uint64_t seed;
    size_t people;
    unsigned random_percent; /* [0, 100] */
    bool json;
};

/* Measure and print; the exit code of the command. */
int measure_command(const struct measure_options *o);

/* The measurement of this name; NULL: there is none. */
const struct measure_row *measure_find(const char *name);

NODISCARD err_t measure_init(struct measure *m, uint64_t seed, size_t people);
void measure_deinit(struct measure *m);

/* Train the people in general, unless the model was given. */
NODISCARD err_t measure_prepare(struct measure *m, size_t people, unsigned sessions);

/* Run one, or all for NULL. */
NODISCARD err_t measure_run(struct measure *m, const struct measure_row *row,
                            struct trial_report *out);

/* One more person is done. */
void measure_step(struct measure *m);

/* The owner of a number and his profile after MEASURE_ENROLMENT sessions, which belongs to `m`. */
NODISCARD err_t measure_owner(struct measure *m, size_t number, struct actor *owner,
                              const struct canara_profile **profile);

/* ---- the measurements ---- */

NODISCARD err_t measure_filter(struct measure *m, struct trial_report *out);
NODISCARD err_t measure_honest(struct measure *m, struct trial_report *out);
NODISCARD err_t measure_takeover(struct measure *m, struct trial_report *out);
NODISCARD err_t measure_login(struct measure *m, struct trial_report *out);
NODISCARD err_t measure_bot(struct measure *m, struct trial_report *out);
NODISCARD err_t measure_replay(struct measure *m, struct trial_report *out);
NODISCARD err_t measure_poisoning(struct measure *m, struct trial_report *out);
NODISCARD err_t measure_probing(struct measure *m, struct trial_report *out);
NODISCARD err_t measure_unusual(struct measure *m, struct trial_report *out);

#endif
