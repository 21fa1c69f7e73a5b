#include "lab/people/bank.h"

#include "base/util.h"
#include "engine/profile/samples_of.h"

#include <stdlib.h>
#include <string.h>

/* While samples come in: one after the other, each with its context. */
struct raw {
    uint32_t user, session, context;
    size_t at; /* in `number` */
};

struct shelf {
    struct bank_context shown;
    struct bank_sample *sample;
    uint32_t *first;
};

struct bank {
    size_t users;
    float *number;
    size_t numbers, numbers_cap;
    struct raw *raw;
    size_t raws, raws_cap;
    struct shelf *shelf;
    size_t shelves, shelves_cap;
};

struct taking {
    struct bank *bank;
    uint32_t user, session;
    err_t error;
};

/* Memory for at least `need` elements: `old` or its successor; NULL, and `old` as it was. */
static void *grown(void *old, size_t *cap, size_t need, size_t each)
{
    if (need <= *cap) {
        return old;
    }
    const size_t wanted = size_max(size_max(1024, *cap * 2), need);
    void *fresh = realloc(old, wanted * each);
    if (fresh != NULL) {
        *cap = wanted;
    }
    return fresh;
}

static err_t shelf_for(struct bank *b, const struct sample *s, uint32_t *out)
{
    for (size_t left = b->shelves; left > 0; left--) {
        const size_t i = left - 1;
        if (b->shelf[i].shown.like.context == s->context) {
            *out = (uint32_t)i;
            return ERR_OK;
        }
    }
    if (b->shelves == BANK_CONTEXTS_MAX) {
        return err_new(ERR_LIMIT);
    }
    struct shelf *shelf = grown(b->shelf, &b->shelves_cap, b->shelves + 1, sizeof *shelf);
    if (shelf == NULL) {
        return err_new(ERR_NOMEM);
    }
    b->shelf = shelf;
    b->shelf[b->shelves] = (struct shelf){.shown = {.like = *s, .users = b->users}};
    *out = (uint32_t)b->shelves++;
    return ERR_OK;
}

static err_t keep(struct taking *t, const struct sample *s)
{
    struct bank *b = t->bank;
    uint32_t context = 0;
    TRY(shelf_for(b, s, &context));
    if (b->shelf[context].shown.like.count != s->count) {
        return ERR_OK; /* two contexts of one hash: as good as impossible, and then left out */
    }
    struct raw *raw = grown(b->raw, &b->raws_cap, b->raws + 1, sizeof *raw);
    if (raw == NULL) {
        return err_new(ERR_NOMEM);
    }
    b->raw = raw;
    float *number = grown(b->number, &b->numbers_cap, b->numbers + s->count, sizeof *number);
    if (number == NULL) {
        return err_new(ERR_NOMEM);
    }
    b->number = number;
    b->raw[b->raws++] =
        (struct raw){.user = t->user, .session = t->session, .context = context, .at = b->numbers};
    for (size_t f = 0; f < s->count; f++) {
        b->number[b->numbers++] = (float)s->x[f];
    }
    b->shelf[context].shown.samples++;
    return ERR_OK;
}

static void take(void *ctx, const struct sample *s)
{
    struct taking *t = ctx;
    if (!failed(t->error)) {
        t->error = keep(t, s);
    }
}

static err_t take_all(struct bank *b, const struct dataset *set, const bool *wanted)
{
    struct sample *work = malloc(sizeof *work);
    struct taking t = {.bank = b, .error = work == NULL ? err_new(ERR_NOMEM) : ERR_OK};
    for (size_t i = 0; i < dataset_sessions(set) && !failed(t.error); i++) {
        const struct dataset_session *s = dataset_session(set, i);
        if (wanted != NULL && !wanted[i]) {
            continue;
        }
        t.user = s->user;
        t.session = (uint32_t)i;
        for (size_t e = 0; e < s->count; e++) {
            samples_of(&dataset_event(set, s->first + e)->event, work, take, &t);
        }
    }
    free(work);
    return t.error;
}

/* Sort by context and person; within a person the order stays. */
static err_t sort(struct bank *b)
{
    for (size_t i = 0; i < b->shelves; i++) {
        struct shelf *s = &b->shelf[i];
        s->sample = calloc(s->shown.samples, sizeof *s->sample);
        s->first = calloc(b->users + 2, sizeof *s->first);
        if (s->sample == NULL || s->first == NULL) {
            return err_new(ERR_NOMEM);
        }
        s->shown.sample = s->sample;
        s->shown.first = s->first;
    }
    for (size_t i = 0; i < b->raws; i++) {
        b->shelf[b->raw[i].context].first[b->raw[i].user + 2]++;
    }
    for (size_t i = 0; i < b->shelves; i++) {
        for (size_t u = 0; u < b->users; u++) {
            b->shelf[i].first[u + 2] += b->shelf[i].first[u + 1];
        }
    }
    for (size_t i = 0; i < b->raws; i++) {
        struct shelf *s = &b->shelf[b->raw[i].context];
        s->sample[s->first[b->raw[i].user + 1]++] = (struct bank_sample){
            .user = b->raw[i].user, .session = b->raw[i].session, .x = b->number + b->raw[i].at};
    }
    return ERR_OK;
}

err_t bank_new(const struct dataset *set, const bool *wanted, struct bank **out)
{
    struct bank *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return err_new(ERR_NOMEM);
    }
    b->users = dataset_users(set);
    err_t e = take_all(b, set, wanted);
    if (!failed(e)) {
        e = sort(b);
    }
    if (failed(e)) {
        bank_free(&b);
        return e;
    }
    *out = b;
    return ERR_OK;
}

void bank_free(struct bank **bank)
{
    if (*bank == NULL) {
        return;
    }
    for (size_t i = 0; i < (*bank)->shelves; i++) {
        free((*bank)->shelf[i].sample);
        free((*bank)->shelf[i].first);
    }
    free((*bank)->shelf);
    free((*bank)->raw);
    free((*bank)->number);
    free(*bank);
    *bank = NULL;
}

size_t bank_contexts(const struct bank *bank)
{
    return bank->shelves;
}

const struct bank_context *bank_context(const struct bank *bank, size_t number)
{
    return &bank->shelf[number].shown;
}

struct bank_reach bank_reach(const struct bank *bank, const bool *in, size_t often)
{
    struct bank_reach best = {0, 0};
    for (size_t i = 0; i < bank_contexts(bank); i++) {
        const struct bank_context *const c = bank_context(bank, i);
        struct bank_reach r = {0, 0};
        for (size_t u = 0; u < c->users; u++) {
            r.people += in[u] && bank_count(c, u) > 0;
            r.often += in[u] && bank_count(c, u) >= often;
        }
        if (r.often > best.often || (r.often == best.often && r.people > best.people)) {
            best = r;
        }
    }
    return best;
}

void bank_sample(const struct bank_context *c, size_t user, size_t i, struct sample *out)
{
    const struct bank_sample *from = &c->sample[c->first[user] + i];
    *out = c->like;
    for (size_t f = 0; f < out->count; f++) {
        out->x[f] = (double)from->x[f];
    }
}
