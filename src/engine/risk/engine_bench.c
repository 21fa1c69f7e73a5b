/* engine_bench.c - nanoseconds of CPU for one canara_observe() of typical events, without a profile and with a
 * learnt one beside 51 other people; loading a profile, and what it takes in memory. */
#include "base/rng.h"
#include "base/util.h"
#include "engine/profile/profile.h"
#include "engine/profile/samples_of.h"

#include <inttypes.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 500000, ENTRY = 11, TEXT = 60, LESSONS = 60, COHORT = 51, VARIANTS = 64 };

enum { ENTRY_EVENT, TYPING_EVENT, TEXT_EVENT, PAGE_EVENT, EVENTS };

#define T0 INT64_C(1750000000000)

/* One person's events, a little different each time. */
struct variant {
    canara_key_t entry[ENTRY];
    canara_key_t text[TEXT];
    double interval[5];
    canara_event_t event[EVENTS];
};

static double jitter(struct rng *r)
{
    return exp(0.3 * (rng_double(r) - 0.5));
}

static void type(struct rng *r, canara_key_t *keys, size_t n)
{
    double at = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double hold = (60.0 + 7.0 * (double)(i % 4)) * jitter(r);
        const bool space = i % 6 == 5;
        keys[i] = (canara_key_t){.down_ms = at,
                                 .up_ms = at + hold,
                                 .key_class = space ? CANARA_KEY_SPACE : CANARA_KEY_LETTER};
        at += (150.0 + 31.0 * (double)(i % 5)) * jitter(r);
    }
}

static void vary(struct rng *r, struct variant *v)
{
    static const char *const pages[] = {"home", "accounts", "transfer", "history"};
    const char *page = pages[rng_below(r, 4)];
    type(r, v->entry, ENTRY);
    type(r, v->text, TEXT);
    for (size_t i = 0; i < ARRAY_LEN(v->interval); i++) {
        v->interval[i] = 0.16 * jitter(r);
    }
    v->event[ENTRY_EVENT] = (canara_event_t){
        .kind = CANARA_KEYSTROKES,
        .has = CANARA_F_KEYS | CANARA_F_FIELD,
        .of.keystrokes = {.field = {"password", 8}, .keys = v->entry, .count = ENTRY}};
    v->event[TYPING_EVENT] =
        (canara_event_t){.kind = CANARA_TYPING_PATTERN,
                         .has = CANARA_F_KEY_PRESS_INTERVALS | CANARA_F_WORDS_PER_MINUTE |
                                CANARA_F_BACKSPACE_FREQUENCY,
                         .of.typing = {.words_per_minute = 65.0 * jitter(r),
                                       .backspace_frequency = 0.02 * jitter(r),
                                       .key_press_intervals = v->interval,
                                       .intervals = ARRAY_LEN(v->interval)}};
    v->event[TEXT_EVENT] = (canara_event_t){.kind = CANARA_KEYSTROKES,
                                            .has = CANARA_F_KEYS,
                                            .of.keystrokes = {.keys = v->text, .count = TEXT}};
    v->event[PAGE_EVENT] = (canara_event_t){.kind = CANARA_NAVIGATION_PATTERN,
                                            .has = CANARA_F_CURRENT_PAGE | CANARA_F_TIME_ON_PAGE,
                                            .of.navigation = {.current_page = {page, strlen(page)},
                                                              .time_on_page_s = 10.0 * jitter(r)}};
}

/* ---- a model of people who are like the first event, each in his own way ---- */

struct arrays {
    float middle[(2 + COHORT) * SAMPLE_FEATURES_MAX];
    float spread[(2 + COHORT) * SAMPLE_FEATURES_MAX];
    float weight[SAMPLE_FEATURES_MAX]; /* by type, as a model of people has them */
};

static void keep_sample(void *ctx, const struct sample *s)
{
    *(struct sample *)ctx = *s;
}

static void make_people(struct rng *r, const canara_event_t *event, struct arrays *a,
                        struct population *out)
{
    struct sample work;
    struct sample like = {.count = 0};
    samples_of(event, &work, keep_sample, &like);
    const size_t n = like.count;
    for (size_t i = 0; i < (2 + COHORT) * n; i++) {
        const double x = like.x[i % n];
        a->middle[i] = (float)((isnan(x) ? 0.0 : x) + rng_double(r) - 0.5);
        a->spread[i] = 0.3F;
    }
    for (size_t f = 0; f < n; f++) {
        a->weight[f] = 1.0F + 0.25F * (float)like.type[f];
    }
    *out = (struct population){.context = like.context,
                               .kind = (uint8_t)like.kind,
                               .features = (uint16_t)n,
                               .people = COHORT,
                               .cohort = COHORT,
                               .usual = a->spread,
                               .weight = a->weight,
                               .cohort_of = {a->middle + 2 * n, a->spread + 2 * n}};
    for (size_t i = 0; i < 2; i++) {
        out->all[i] = (struct density){a->middle + i * n, a->spread + i * n};
    }
    static const double at[FUSION_LINES] = {5.0, 10.0, 20.0, 50.0};
    for (size_t i = 0; i < FUSION_LINES; i++) {
        out->fusion.at[i] = at[i];
        out->fusion.line[i] = (struct fusion){.scale = {1.0, 1.0, 1.0, 1.0, 1.0},
                                              .weight = {1.0, 1.0, 1.0, 1.0, 1.0},
                                              .high = 6.0,
                                              .limit = 6.0,
                                              .impostor = 4.0,
                                              .owner = -4.0,
                                              .variance = 4.0,
                                              .run = 1.0,
                                              .ceiling = FUSION_SURE,
                                              .floor = FUSION_SURE};
    }
}

static int by_context(const void *a, const void *b)
{
    const struct population *x = a;
    const struct population *y = b;
    return x->context < y->context ? -1 : x->context > y->context;
}

static struct canara_model *make_model(struct rng *r, const struct variant *v)
{
    enum { POPULATIONS = 3, ROOM = 1 << 20 };
    struct population p[POPULATIONS];
    struct canara_model *model = NULL;
    struct arrays *a = calloc(POPULATIONS, sizeof *a);
    uint8_t *bytes = malloc(ROOM);
    if (a != NULL && bytes != NULL) {
        for (size_t i = 0; i < POPULATIONS; i++) {
            make_people(r, &v->event[i], &a[i], &p[i]);
        }
        qsort(p, POPULATIONS, sizeof *p, by_context);
        const size_t size = model_write("bench", p, POPULATIONS, bytes, ROOM);
        (void)canara_model_open(bytes, size, &model);
    }
    free(a);
    free(bytes);
    return model;
}

/* ---- measuring ---- */

/* Nanoseconds of CPU: the machine may have other work. */
static int64_t now(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static double passed(int64_t from, int rounds)
{
    return (double)(now() - from) / rounds;
}

static bool teach(struct canara_profile *p, const struct variant *v)
{
    canara_session_t s;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    canara_session_begin(&s, T0);
    bool good = canara_learn_begin(p, &s, CANARA_TRUST_ENROLMENT, &wanted) == CANARA_OK;
    for (int e = 0; good && e < EVENTS; e++) {
        good = canara_learn(p, &v->event[e], T0) == CANARA_OK;
    }
    return good && canara_learn_end(p, T0, &lesson) == CANARA_OK;
}

static void measure(const char *name, const struct canara_profile *p, const struct variant *v,
                    int e)
{
    canara_session_t s;
    canara_verdict_t verdict = {0};
    double risk = 0.0;
    canara_session_begin(&s, T0);
    const int64_t from = now();
    for (int i = 0; i < ROUNDS; i++) {
        (void)canara_observe(&s, NULL, p, &v[i % VARIANTS].event[e], T0 + (int64_t)i * 137,
                             &verdict);
        risk += verdict.risk;
    }
    (void)printf("%-44s %8.1f ns (mean risk %.4f)\n", name, passed(from, ROUNDS), risk / ROUNDS);
}

static void measure_begin(void)
{
    canara_session_t s;
    const int64_t from = now();
    for (int i = 0; i < ROUNDS; i++) {
        canara_session_begin(&s, T0 + i);
        __asm__ volatile("" : : "r"(&s) : "memory");
    }
    (void)printf("%-44s %8.1f ns\n", "session begin", passed(from, ROUNDS));
}

/* Save all parts, load them into new profiles, look at what one takes before and after sealing. */
static bool measure_loading(const struct canara_model *model, const struct canara_profile *p)
{
    enum { LOADS = 2000 };

    static uint8_t bytes[CANARA_PROFILE_PARTS][CANARA_PART_BYTES];
    static struct canara_profile *loaded[LOADS];
    canara_part_t part[CANARA_PROFILE_PARTS];
    const size_t parts = canara_profile_parts(p);
    bool good = true;
    for (size_t i = 0; i < parts; i++) {
        good = good && canara_profile_save(p, i, bytes[i], &part[i]) == CANARA_OK;
    }
    const size_t before = mallinfo2().uordblks;
    const int64_t from = now();
    for (int n = 0; good && n < LOADS; n++) {
        good = canara_profile_new(model, &loaded[n]) == CANARA_OK;
        for (size_t i = 0; good && i < parts; i++) {
            good = canara_profile_load(loaded[n], bytes[i], part[i].size) == CANARA_OK;
        }
    }
    const double load = passed(from, LOADS);
    const size_t whole = (mallinfo2().uordblks - before) / LOADS;
    const int64_t sealing = now();
    for (int n = 0; good && n < LOADS; n++) {
        good = canara_profile_seal(loaded[n]) == CANARA_OK;
    }
    const double seal = passed(sealing, LOADS);
    const size_t sealed = (mallinfo2().uordblks - before) / LOADS;
    for (int n = 0; n < LOADS; n++) {
        canara_profile_free(&loaded[n]);
    }
    (void)printf("%-44s %8.1f us a part, and %.1f us to seal it\n", "profile load",
                 load / 1000 / (double)parts, seal / 1000 / (double)parts);
    (void)printf("%-44s %8zu bytes a part, %zu sealed (%zu parts, with the profile's own %zu)\n",
                 "profile in memory", whole / parts, sealed / parts, parts, sizeof *p);
    return good;
}

int main(void)
{
    static const char *const names[EVENTS] = {"keystrokes, entry of 11 keys",
                                              "typing_pattern, 5 intervals",
                                              "keystrokes, free text of 60", "navigation_pattern"};
    static struct variant v[VARIANTS];
    struct rng r;
    struct canara_profile *p = NULL;
    rng_seed(&r, 7);
    for (size_t i = 0; i < VARIANTS; i++) {
        vary(&r, &v[i]);
    }
    struct canara_model *model = make_model(&r, &v[0]);
    bool good = model != NULL && canara_profile_new(model, &p) == CANARA_OK;
    const int64_t from = now();
    for (int i = 0; good && i < LESSONS; i++) {
        good = teach(p, &v[i]);
    }
    if (!good) {
        return 1;
    }
    (void)printf("%-44s %8.1f us\n", "lesson of four events", passed(from, LESSONS) / 1000);
    for (int e = 0; e < EVENTS; e++) {
        char name[64];
        measure(names[e], NULL, v, e);
        (void)snprintf(name, sizeof name, "  with a learnt profile");
        measure(name, p, v, e);
    }
    measure_begin();
    good = measure_loading(model, p);
    canara_profile_free(&p);
    canara_model_close(&model);
    return good ? 0 : 1;
}
