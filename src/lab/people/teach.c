#include "lab/people/teach.h"

#include "engine/people/model.h"
#include "lab/people/crowding.h"
#include "lab/people/fusing.h"
#include "lab/people/people.h"
#include "lab/people/stages.h"
#include "lab/people/texts.h"

#include <stdlib.h>

struct school {
    const struct bank *bank;
    struct school_plan plan;
    size_t contexts;
    struct stages **stages; /* of each context; NULL where too few samples are */
};

/* A context that several people share often enough to say something about people in general. */
static bool is_worth(const struct bank_context *c)
{
    size_t people = 0;
    for (size_t u = 0; u < c->users; u++) {
        people += bank_count(c, u) >= stage_samples(0);
    }
    return people >= PEOPLE_MIN;
}

err_t school_new(const struct bank *bank, struct school_plan plan, struct school **out)
{
    struct school *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->bank = bank;
    s->plan = plan;
    s->contexts = bank_contexts(bank);
    s->stages = calloc(s->contexts + 1, sizeof(struct stages *));
    err_t e = s->stages == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    for (size_t i = 0; i < s->contexts && !failed(e); i++) {
        if (is_worth(bank_context(bank, i)) && !sample_is_of_crowd(&bank_context(bank, i)->like)) {
            e = stages_new(bank_context(bank, i), &s->stages[i]);
        }
    }
    if (failed(e)) {
        school_free(&s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void school_free(struct school **school)
{
    if (*school == NULL) {
        return;
    }
    for (size_t i = 0; (*school)->stages != NULL && i < (*school)->contexts; i++) {
        stages_free(&(*school)->stages[i]);
    }
    free((*school)->stages);
    free(*school);
    *school = NULL;
}

/* Populations with their fusions, while a model is made. */
struct class
{
    struct watch *watch; /* or NULL */
    struct people *people;
    size_t count;
    struct crowding *crowding;
    size_t crowds;
    bool made_up;
    bool *own_texts; /* of each context: left out, since its people type texts of their own */
    size_t left_out; /* how many of them, of people enough to teach something */
};

/* Fit the fusion of people that were just made; too few trials are no error: they are left out. */
static err_t keep(struct people *p, const struct fusing *f, struct class *class)
{
    struct fused fused;
    const err_t fitted = fusing_fit(f, &fused);
    if (failed(fitted)) {
        people_free(p);
        return fitted.code == ERR_RANGE ? ERR_OK : fitted;
    }
    p->population.fusion = fused.lines;
    people_weigh(p, f->general ? NULL : &f->fields[0].c->like, fused.weight);
    class->people[class->count++] = *p;
    return ERR_OK;
}

/* People who each type a text of their own are no measure for one of them: whoever types his text, owner or thief, is
 * as unlike theirs. */
static bool have_own_texts(const struct school *school, const struct field *field, const bool *in)
{
    return !school->plan.any_text && texts_common(field->c, field->stages, in) < TEXTS_COMMON;
}

/* Its people are taken as done, for the field and for keys of any. */
static void leave_out(const struct school *school, size_t context, struct class *class)
{
    const size_t users = bank_context(school->bank, context)->users;
    class->own_texts[context] = true;
    for (size_t i = 0; i < (school->plan.general ? 2 : 1) * users; i++) {
        watch_step(class->watch);
    }
}

static err_t teach_context(const struct school *school, size_t context, const bool *in,
                           struct class *class)
{
    const struct bank_context *c = bank_context(school->bank, context);
    if (sample_is_of_crowd(&c->like)) {
        const err_t made = class->crowds == CROWD_MAX
                               ? ERR_OK
                               : crowding_new(c, in, class->watch, &class->crowding[class->crowds]);
        class->crowds += !failed(made) && class->crowds < CROWD_MAX;
        return made.code == ERR_RANGE ? ERR_OK : made;
    }
    const struct field field = {.c = bank_context(school->bank, context),
                                .stages = school->stages[context]};
    struct people p = {.number = NULL};
    const err_t e = people_new(field.c, field.stages, in, &p);
    if (e.code == ERR_RANGE) {
        return ERR_OK; /* too few in this background */
    }
    TRY(e);
    if (have_own_texts(school, &field, in)) {
        class->left_out +=
            p.population.people >= SCHOOL_PEOPLE; /* fewer would teach nothing, either */
        people_free(&p);
        leave_out(school, context, class);
        return ERR_OK;
    }
    const struct fusing fusing = {
        .fields = &field, .count = 1, .all_alike = class->made_up, .in = in, .watch = class->watch};
    return keep(&p, &fusing, class);
}

/* Keys of any field, for the fields that no two customers share. */
static err_t teach_general(const struct school *school, const bool *in, struct class *class)
{
    struct field *fields = calloc(school->contexts + 1, sizeof *fields);
    size_t count = 0;
    if (fields == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < school->contexts; i++) {
        const struct bank_context *c = bank_context(school->bank, i);
        if (school->stages[i] != NULL && c->like.kind == SAMPLE_KEYS && !class->own_texts[i]) {
            fields[count++] = (struct field){.c = c, .stages = school->stages[i]};
        }
    }
    struct people p = {.number = NULL};
    err_t e = count == 0 ? ERR_OK : people_general(fields, count, in, &p);
    if (!failed(e) && count > 0) {
        const struct fusing fusing = {.fields = fields,
                                      .count = count,
                                      .general = true,
                                      .all_alike = class->made_up,
                                      .in = in,
                                      .watch = class->watch};
        e = keep(&p, &fusing, class);
    }
    free(fields);
    return e.code == ERR_RANGE ? ERR_OK : e;
}

static int by_context(const void *a, const void *b)
{
    const uint64_t x = ((const struct people *)a)->population.context;
    const uint64_t y = ((const struct people *)b)->population.context;
    return x < y ? -1 : x > y;
}

static int by_crowd(const void *a, const void *b)
{
    const uint64_t x = ((const struct crowding *)a)->crowd.context;
    const uint64_t y = ((const struct crowding *)b)->crowd.context;
    return x < y ? -1 : x > y;
}

static err_t write(const struct class *class, struct model_title title, struct buf *out)
{
    size_t size = 4096;
    struct crowd crowd[CROWD_MAX];
    struct population *all = calloc(class->count + 1, sizeof *all);
    if (all == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < class->crowds; i++) {
        crowd[i] = class->crowding[i].crowd;
        size += crowd_size(&crowd[i]);
    }
    for (size_t i = 0; i < class->count; i++) {
        all[i] = class->people[i].population;
        size += 8192 + sizeof(float) * all[i].features * (6U + 2U * all[i].cohort);
    }
    uint8_t *bytes = malloc(size);
    const size_t used = bytes == NULL
                            ? 0
                            : model_write_whole(title,
                                                &(struct model_parts){.population = all,
                                                                      .populations = class->count,
                                                                      .crowd = crowd,
                                                                      .crowds = class->crowds},
                                                bytes, size);
    const err_t e = used == 0 ? err_new(ERR_NOMEM) : buf_append(out, (span_t){bytes, used});
    free(bytes);
    free(all);
    return e;
}

static bool is_taught(const struct school *school, size_t context)
{
    return school->stages[context] != NULL ||
           sample_is_of_crowd(&bank_context(school->bank, context)->like);
}

/* A step for each user of each context, keys of any field once more. */
static size_t steps_of(const struct school *school)
{
    size_t n = 0;
    for (size_t i = 0; i < school->contexts; i++) {
        const struct bank_context *const c = bank_context(school->bank, i);
        const bool again = school->plan.general && c->like.kind == SAMPLE_KEYS;
        n += is_taught(school, i) ? c->users * (again ? 2 : 1) : 0;
    }
    return n;
}

err_t school_teach(const struct school *school, const bool *in, struct model_title title,
                   struct watch *watch, struct buf *out)
{
    if (watch != NULL) {
        watch->done = 0;
        watch->all = steps_of(school);
    }
    struct class class = {.watch = watch,
                          .made_up = school->plan.made_up || title.simulated,
                          .people = calloc(school->contexts + 2, sizeof *class.people),
                          .crowding = calloc(CROWD_MAX, sizeof *class.crowding),
                          .own_texts = calloc(school->contexts + 1, sizeof *class.own_texts)};
    err_t e = class.people == NULL || class.crowding == NULL || class.own_texts == NULL
                  ? err_new(ERR_NOMEM)
                  : ERR_OK;
    for (size_t i = 0; i < school->contexts && !failed(e); i++) {
        if (is_taught(school, i)) {
            e = teach_context(school, i, in, &class);
        }
    }
    if (!failed(e) && school->plan.general) {
        e = teach_general(school, in, &class);
    }
    if (watch != NULL) {
        watch->left_out = class.left_out;
    }
    if (!failed(e) && class.count + class.crowds + class.left_out == 0) {
        e = err_new(ERR_RANGE);
    }
    if (!failed(e)) {
        qsort(class.people, class.count, sizeof *class.people, by_context);
        qsort(class.crowding, class.crowds, sizeof *class.crowding, by_crowd);
        e = write(&class, title, out);
    }
    for (size_t i = 0; class.people != NULL && i < class.count; i++) {
        people_free(&class.people[i]);
    }
    free(class.people);
    for (size_t i = 0; i < class.crowds; i++) {
        crowding_free(&class.crowding[i]);
    }
    free(class.crowding);
    free(class.own_texts);
    return e;
}

err_t school_teach_all(const struct bank *bank, size_t users, bool made_up,
                       struct model_title title, struct watch *watch, struct buf *out)
{
    struct school *school = NULL;
    bool *const in = calloc(users + 1, sizeof *in);
    if (in == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t u = 0; u < users; u++) {
        in[u] = true;
    }
    err_t e = school_new(
        bank, (struct school_plan){.general = true, .any_text = made_up, .made_up = made_up},
        &school);
    if (!failed(e)) {
        e = school_teach(school, in, title, watch, out);
    }
    school_free(&school);
    free(in);
    return e;
}
