/*
 * teach.h - a model made from background people: populations, fusions, and their bytes.
 *
 * Floor      lab/people
 * Ownership  the school owns what it has prepared; the bank is borrowed and must outlive it.
 * Errors     ERR_NOMEM; ERR_RANGE when not one context has people enough.
 * Threads    one school may be asked from several threads at once.
 */
#ifndef LAB_TEACH_H
#define LAB_TEACH_H

#include "base/buf.h"
#include "base/err.h"
#include "engine/people/model.h"
#include "lab/people/bank.h"
#include "lab/people/watch.h"

#include <stdbool.h>

/* Fewer people, or fewer samples of each of them, teach nothing (entries of one field: 6 to 24 people, 3 to 14 times);
 * in a dozen with ten each nothing lacks. */
enum { SCHOOL_PEOPLE = 8, SCHOOL_SAMPLES = 8 };

struct school;

struct school_plan {
    bool general; /* keys of any field, too, for fields that too few share or that are left out */
    /* People are a measure whatever text each types: those who are made up have a rhythm of their own anyway, and
     * whoever asks for the ratio itself has it of them. */
    bool any_text;
    bool
        made_up; /* they are: what they differ in is what their author thought of, and all features count alike */
};

/* Prepare what does not depend on who is background. */
NODISCARD err_t school_new(const struct bank *bank, struct school_plan plan, struct school **out);
void school_free(struct school **school);

/* Append to `out` the bytes of a model made from the users for whom `in` is true. `watch` may be NULL;
 * its steps are counted here. A field whose people each type a text of their own (texts.h) is left out: who types there
 * is compared with keys of any field, or held against himself (engine/people/alone.h). */
NODISCARD err_t school_teach(const struct school *school, const bool *in, struct model_title title,
                             struct watch *watch, struct buf *out);

/* The same by a school of its own for the bank's first `users` users, all of them, with keys of any
 * field. */
NODISCARD err_t school_teach_all(const struct bank *bank, size_t users, bool made_up,
                                 struct model_title title, struct watch *watch, struct buf *out);

#endif
