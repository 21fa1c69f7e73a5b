/* typists_bench.c - the rules on typing against a data set of people (canara dataset import): how often
 * they are met by the owner himself, by copies of his entries and by scripts that type the same keys.
 *
 *   lab_typists_bench DIR [KEYS]     of each entry the first KEYS keys alone: a PIN
 *
 * The model is the built-in one; a profile learns the enrolment and nothing after it. */
#include "base/rng.h"
#include "base/util.h"
#include "canara.h"
#include "engine/profile/profile.h"
#include "lab/sets/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 64, ENTRIES_KNOWN = 5 };

/* What a group of entries met. */
struct tally {
    size_t entries, copies, machines; /* bot.near_copy; any rule for machines but that */
    size_t challenged;                /* risk of .7 or more, rhythm and rules together */
};

/* A set, and how many keys of each entry are looked at. */
struct people {
    const struct dataset *set;
    size_t keys;
};

struct typed {
    canara_key_t key[KEYS_MAX];
    canara_event_t event;
};

/* The first entry of a session; false: there is none, or it is too long or too short. */
static bool entry_of(const struct people *of, size_t session, struct typed *out)
{
    const struct dataset_session *s = dataset_session(of->set, session);
    for (size_t e = s->first; e < (size_t)s->first + s->count; e++) {
        const canara_event_t *event = &dataset_event(of->set, e)->event;
        const size_t typed = event->of.keystrokes.count;
        const size_t n = typed < of->keys ? typed : of->keys;
        if (event->kind == CANARA_KEYSTROKES && typed <= KEYS_MAX) {
            for (size_t k = 0; k < n; k++) {
                out->key[k] = event->of.keystrokes.keys[k];
                out->key[k].has = 0; /* times alone, as a browser tells them */
            }
            out->event = *event;
            out->event.of.keystrokes.keys = out->key;
            out->event.of.keystrokes.count = n;
            return true;
        }
    }
    return false;
}

static void look(const struct canara_profile *p, const canara_event_t *event, struct tally *t)
{
    static const int64_t at = INT64_C(1750000000000);
    canara_session_t s;
    canara_verdict_t verdict;
    canara_reason_t reason[CANARA_REASONS_MAX];
    bool copy = false;
    bool machine = false;
    canara_session_begin(&s, at);
    if (canara_observe(&s, NULL, p, event, at + 60000, &verdict) != CANARA_OK) {
        return;
    }
    const size_t n = canara_reasons(&s, at + 60000, reason);
    for (size_t i = 0; i < n; i++) {
        const bool is_copy = strcmp(reason[i].name, "bot.near_copy") == 0;
        copy = copy || is_copy;
        machine = machine || (!is_copy && strncmp(reason[i].name, "bot.", 4) == 0);
    }
    t->entries++;
    t->copies += copy;
    t->machines += machine;
    t->challenged += verdict.risk >= 0.7;
}

static bool learn(struct canara_profile *p, const canara_event_t *event)
{
    canara_session_t s;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    canara_session_begin(&s, 0);
    return canara_learn_begin(p, &s, CANARA_TRUST_ENROLMENT, &wanted) == CANARA_OK &&
           canara_learn(p, event, 1000) == CANARA_OK &&
           canara_learn_end(p, 2000, &lesson) == CANARA_OK;
}

/* ---- copies ---- */

static const double jitter_ms[] = {0.0, 1.0, 2.0, 5.0, 10.0};

/* Times played again by a program whose timer is off by up to so much. */
static void shake(struct typed *t, double ms, struct rng *r)
{
    for (size_t i = 0; i < t->event.of.keystrokes.count; i++) {
        canara_key_t *k = &t->key[i];
        k->down_ms = fmax(k->down_ms + rng_between(r, -ms, ms), 0.0);
        k->up_ms = fmax(k->up_ms + rng_between(r, -ms, ms), k->down_ms);
    }
}

/* ---- scripts ---- */

enum script { FIXED, JITTER, UNIFORM, GAUSS, EXPONENTIAL, LOGNORMAL, DRAWN, SCRIPTS };

static const char *const script_name[SCRIPTS] = {
    "one delay, timer noise 1 ms", "one delay +-20 %", "uniform delays",    "Gaussian delays",
    "exponential delays",          "lognormal delays", "keys of all people"};

/* Milliseconds until the next key, or of a hold, for a script with this mean. */
static double delay(enum script s, double mean, struct rng *r)
{
    switch (s) {
    case FIXED: return mean + rng_between(r, -1.0, 1.0);
    case JITTER: return mean * rng_between(r, 0.8, 1.2);
    case UNIFORM: return mean * rng_between(r, 0.33, 1.67);
    case GAUSS: return fmax(mean * (1.0 + 0.3 * rng_normal(r)), 1.0);
    case EXPONENTIAL: return 10.0 - mean * log(1.0 - rng_double(r));
    case LOGNORMAL: return mean * exp(0.4 * rng_normal(r));
    case DRAWN:
    case SCRIPTS: return mean;
    }
    return mean;
}

/* Holds and gaps that somebody, each time somebody else, really typed at that key. */
struct pool {
    const struct people *of;
    const struct dataset_trial *trial;
    size_t trials;
};

static void draw_keys(const struct pool *pool, struct typed *t, struct rng *r)
{
    double at = 0.0;
    for (size_t i = 0; i < t->event.of.keystrokes.count; i++) {
        struct typed other;
        const size_t pick = (size_t)rng_below(r, pool->trials);
        if (!entry_of(pool->of, pool->trial[pick].session, &other) ||
            other.event.of.keystrokes.count != t->event.of.keystrokes.count) {
            continue;
        }
        at += i > 0 ? other.key[i].down_ms - other.key[i - 1].down_ms : 0.0;
        t->key[i].down_ms = at;
        t->key[i].up_ms = at + other.key[i].up_ms - other.key[i].down_ms;
    }
}

/* How a script lets keys go. */
enum holding { AT_ONCE, ONE_LENGTH, SAME_LAW, HOLDINGS };

static const char *const holding_name[HOLDINGS] = {"held 1 ms", "one hold", "holds alike"};

/* The keys of the entry as a script types them. */
static void play(enum script s, enum holding h, const struct pool *pool, struct typed *t,
                 struct rng *r)
{
    const double mean = rng_between(r, 60.0, 250.0);
    const double hold = h == AT_ONCE ? 1.0 : rng_between(r, 40.0, 110.0);
    double at = 0.0;
    if (s == DRAWN) {
        draw_keys(pool, t, r);
        return;
    }
    for (size_t i = 0; i < t->event.of.keystrokes.count; i++) {
        const double held = h == SAME_LAW ? delay(s, hold, r) : hold * rng_between(r, 0.99, 1.01);
        t->key[i].down_ms = rint(10.0 * at) / 10.0;
        t->key[i].up_ms = t->key[i].down_ms + rint(10.0 * held) / 10.0;
        at += delay(s, mean, r);
    }
}

/* ---- a set ---- */

struct rates {
    struct tally learning, owner, impostor, copy[ARRAY_LEN(jitter_ms)], script[SCRIPTS][HOLDINGS];
};

static void machines(const struct people *of, const struct dataset_model *m, size_t trial,
                     const struct canara_profile *p, struct rates *out, struct rng *r)
{
    const struct pool pool = {of, m->trials.at, m->trials.count};
    for (size_t s = 0; s < SCRIPTS; s++) {
        for (size_t h = 0; h < HOLDINGS; h++) {
            struct typed t;
            if (entry_of(of, m->trials.at[trial].session, &t)) {
                play((enum script)s, (enum holding)h, &pool, &t, r);
                look(p, &t.event, &out->script[s][h]);
            }
        }
    }
}

static bool get_to_know(const struct people *of, const struct dataset_model *m,
                        struct canara_profile *p, struct rates *out)
{
    struct typed t;
    for (size_t i = 0; i < m->enrols; i++) {
        if (!entry_of(of, m->enrol[i], &t)) {
            continue;
        }
        if (i >= ENTRIES_KNOWN) {
            look(p, &t.event, &out->learning);
        }
        if (!learn(p, &t.event)) {
            return false;
        }
    }
    return true;
}

static void play_again(const struct people *of, const struct dataset_model *m,
                       const struct canara_profile *p, struct rates *out, struct rng *r)
{
    const size_t kept = p->parts > 0 ? p->part[0]->count : 0; /* the ring's newest */
    for (size_t i = m->enrols - kept; i < m->enrols; i++) {
        for (size_t j = 0; j < ARRAY_LEN(jitter_ms); j++) {
            struct typed t;
            if (entry_of(of, m->enrol[i], &t)) {
                shake(&t, jitter_ms[j], r);
                look(p, &t.event, &out->copy[j]);
            }
        }
    }
}

static void try_all(const struct people *of, const struct dataset_model *m,
                    const struct canara_profile *p, struct rates *out, struct rng *r)
{
    for (size_t i = 0; i < m->trials.count; i++) {
        struct typed t;
        if (!entry_of(of, m->trials.at[i].session, &t)) {
            continue;
        }
        const bool own = m->trials.at[i].label == DATASET_GENUINE;
        look(p, &t.event, own ? &out->owner : &out->impostor);
        if (own) {
            machines(of, m, i, p, out, r);
        }
    }
}

static bool go_through(const struct people *of, const struct dataset_model *m,
                       const struct canara_model *model, struct rates *out, struct rng *r)
{
    struct canara_profile *p = NULL;
    const bool good = canara_profile_new(model, &p) == CANARA_OK && get_to_know(of, m, p, out);
    if (good) {
        play_again(of, m, p, out, r);
        try_all(of, m, p, out, r);
    }
    canara_profile_free(&p);
    return good;
}

static void print(const char *name, const struct tally *t)
{
    const double n = (double)(t->entries > 0 ? t->entries : 1);
    (void)printf("%-44s %7zu entries, copy %6.2f %%, machine %6.2f %%, risk >= .7 %6.2f %%\n", name,
                 t->entries, 100.0 * (double)t->copies / n, 100.0 * (double)t->machines / n,
                 100.0 * (double)t->challenged / n);
}

static void print_all(const struct rates *x)
{
    char name[64];
    print("owner, while he is learnt", &x->learning);
    print("owner, afterwards", &x->owner);
    print("other people", &x->impostor);
    for (size_t j = 0; j < ARRAY_LEN(jitter_ms); j++) {
        (void)snprintf(name, sizeof name, "copies of the owner +-%g ms", jitter_ms[j]);
        print(name, &x->copy[j]);
    }
    for (size_t s = 0; s < SCRIPTS; s++) {
        for (size_t h = 0; h < (s == DRAWN ? 1 : HOLDINGS); h++) {
            (void)snprintf(name, sizeof name, "%s%s%s", script_name[s], s == DRAWN ? "" : ", ",
                           s == DRAWN ? "" : holding_name[h]);
            print(name, &x->script[s][h]);
        }
    }
}

int main(int argc, char **argv)
{
    struct dataset *set = NULL;
    struct dataset_fault fault;
    struct canara_model *model = NULL;
    struct rates rates = {.owner = {0}};
    struct rng r;
    if (argc < 2) {
        (void)printf("skipped: lab_typists_bench DIR needs a data set\n");
        return 0;
    }
    if (failed(dataset_open(argv[1], &set, &fault))) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    const struct people of = {set, argc > 2 ? strtoul(argv[2], NULL, 10) : KEYS_MAX};
    size_t size = 0;
    const void *builtin = canara_model_builtin(&size);
    bool good = canara_model_open(builtin, size, &model) == CANARA_OK;
    rng_seed(&r, 1);
    for (size_t m = 0; good && m < dataset_models(set); m++) {
        good = go_through(&of, dataset_model(set, m), model, &rates, &r);
    }
    print_all(&rates);
    canara_model_close(&model);
    dataset_close(&set);
    return good ? 0 : 1;
}
