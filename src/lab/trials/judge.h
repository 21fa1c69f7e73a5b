/*
 * judge.h - one detector at work: enrols people, then scores their trials one by one.
 *
 * Floor      lab/trials
 * Units      as contest.h.
 * Ownership  as each function says.
 * Errors     ERR_NOMEM; ERR_FORMAT when a model's bytes are none (a bug of the school).
 * Threads    a judge is read only after judge_init(); a sitting has one user.
 */
#ifndef LAB_JUDGE_H
#define LAB_JUDGE_H

#include "base/buf.h"
#include "base/err.h"
#include "canara.h"
#include "lab/people/bank.h"
#include "lab/trials/contest.h"

/* What enrolment has left of one person: parts as bytes, or plain means for the reference. */
struct enrolled {
    struct buf parts; /* each: u32 size, bytes */
    struct reference *reference;
};

struct judge {
    enum detector detector;
    bool adapt;
    const struct bank *bank;
    struct canara_model *model;
};

struct sitting {
    struct canara_profile *profile;
    const struct enrolled *enrolled;
};

/* Learn a person from the enrolment sessions, under supervision. */
NODISCARD err_t judge_enrol(const struct dataset *set, const struct dataset_model *m,
                            enum detector detector, struct enrolled *out);
void enrolled_free(struct enrolled *e);

/* A published detector: it compares measurements, not evidence. */
bool judge_is_reference(enum detector d);

/* Whether a detector looks at samples of this kind: the parts of the evidence know neither strokes nor
 * movements of the pointer, which have no habit of their own, and the published ones no free text. */
bool judge_compares(enum detector d, enum sample_kind kind);

/* A detector with this model; empty bytes: the built-in one. */
NODISCARD err_t judge_init(struct judge *j, enum detector detector, bool adapt,
                           const struct bank *bank, span_t model);
void judge_deinit(struct judge *j);

/* Take a person in, score one of his bouts (and learn from it, when adapting), let him go. */
NODISCARD err_t judge_sit(const struct judge *j, const struct enrolled *e, struct sitting *out);
NODISCARD err_t judge_try(const struct judge *j, struct sitting *s, const struct dataset *set,
                          struct bout *bout);
void judge_rise(struct sitting *s);

#endif
