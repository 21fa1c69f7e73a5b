#include "app/simulate/measure_people.h"

#include "engine/people/model.h"
#include "lab/people/teach.h"
#include "lab/sets/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BEGIN_MS INT64_C(1750755600000) /* 2025-06-24T09:00Z */

enum { TEXT_SEED = 77, MODEL_SEEDS = 1 << 20, TRIES_MAX = 64 };

int64_t session_begin_ms(unsigned number)
{
    return FIRST_BEGIN_MS + (int64_t)number * MEASURE_SESSION_DAYS_MS;
}

err_t troupe_init(struct troupe *c, uint64_t seed)
{
    *c = (struct troupe){.seed = seed,
                         .scratch = malloc(sizeof *c->scratch),
                         .scanned = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *c->scanned)};
    buf_init(&c->text, PERSONA_EVENT_MAX);
    return c->scratch == NULL || c->scanned == NULL ? err_new(ERR_NOMEM) : ERR_OK;
}

void troupe_deinit(struct troupe *c)
{
    free(c->scratch);
    free(c->scanned);
    buf_deinit(&c->text);
    canara_model_close(&c->model);
}

/* The text makes part of a rhythm: what is hard to type is hard for all. */
static void draw_rhythm(struct actor *a)
{
    struct rng text;
    struct rng own;
    rng_seed(&text, TEXT_SEED);
    rng_seed(&own, rng_seed_for(a->seed, 9));
    for (int i = 0; i < PASSWORD_KEYS; i++) {
        const double hard = 0.20 * rng_normal(&text);
        a->rhythm.hold[i] = a->body.hold[CANARA_KEY_LETTER].mean + 0.12 * rng_normal(&own);
        a->rhythm.gap[i] = a->body.gap[CANARA_KEY_LETTER].mean + hard + 0.25 * rng_normal(&own);
    }
    a->rhythm.hold_spread = a->body.hold[CANARA_KEY_LETTER].spread;
    a->rhythm.gap_spread = 0.75 * a->body.gap[CANARA_KEY_LETTER].spread;
}

static void draw(uint64_t seed, struct actor *out)
{
    *out = (struct actor){.seed = seed};
    struct persona p;
    persona_init(&p, PERSONA_OWNER, seed, 0);
    out->body = p.body;
    draw_rhythm(out);
}

void actor_draw(const struct troupe *c, size_t number, struct actor *out)
{
    draw(rng_seed_for(c->seed, number + 1), out);
}

void actor_other(const struct troupe *c, const struct actor *owner, size_t number,
                 struct actor *out)
{
    const uint64_t seed = rng_seed_for(rng_seed_for(c->seed, number + 1), owner->seed);
    for (uint64_t i = 0; i < TRIES_MAX; i++) {
        draw(rng_seed_for(seed, i), out);
        if (out->body.mobile == owner->body.mobile) {
            return;
        }
    }
}

static double between(double a, double b, double share)
{
    return a + share * (b - a);
}

static struct log_normal habit_between(struct log_normal a, struct log_normal b, double share)
{
    return (struct log_normal){between(a.mean, b.mean, share), between(a.spread, b.spread, share)};
}

void actor_between(const struct actor *a, const struct actor *b, double share, struct actor *out)
{
    struct actor at = *a;
    for (int c = 0; c < CANARA_KEY_CLASSES; c++) {
        at.body.hold[c] = habit_between(a->body.hold[c], b->body.hold[c], share);
        at.body.gap[c] = habit_between(a->body.gap[c], b->body.gap[c], share);
    }
    for (int i = 0; i < PASSWORD_KEYS; i++) {
        at.rhythm.hold[i] = between(a->rhythm.hold[i], b->rhythm.hold[i], share);
        at.rhythm.gap[i] = between(a->rhythm.gap[i], b->rhythm.gap[i], share);
    }
    *out = at;
}

err_t actor_login(const struct actor *a, struct rng *r, struct tape *t, int64_t ms)
{
    canara_key_t keys[PASSWORD_KEYS] = {{0}};
    const double mood = 0.03 * rng_normal(r);
    double down = 0.0;
    for (int i = 0; i < PASSWORD_KEYS; i++) {
        const struct log_normal gap = {a->rhythm.gap[i] + mood, a->rhythm.gap_spread};
        const struct log_normal hold = {a->rhythm.hold[i] + 0.5 * mood, a->rhythm.hold_spread};
        down += i == 0 ? 0.0 : log_normal_draw(&gap, r, 45.0, 4000.0);
        keys[i] = (canara_key_t){.down_ms = round(10.0 * down) / 10.0,
                                 .key_class = (uint8_t)CANARA_KEY_LETTER};
        keys[i].up_ms =
            keys[i].down_ms + round(10.0 * log_normal_draw(&hold, r, 25.0, 600.0)) / 10.0;
    }
    const canara_event_t e = {
        .kind = CANARA_KEYSTROKES,
        .has = (uint32_t)CANARA_F_KEYS | (uint32_t)CANARA_F_FIELD,
        .of.keystrokes = {.field = {"password", 8}, .keys = keys, .count = PASSWORD_KEYS}};
    return tape_event(t, &e, ms);
}

/* Habits drift and moods come, and the password's rhythm goes along with that of letters. */
static struct actor actor_today(const struct actor *a, unsigned number)
{
    struct actor now = *a;
    body_drift(&now.body, rng_seed_for(a->seed, 3), number);
    const double hold =
        now.body.hold[CANARA_KEY_LETTER].mean - a->body.hold[CANARA_KEY_LETTER].mean;
    const double gap = now.body.gap[CANARA_KEY_LETTER].mean - a->body.gap[CANARA_KEY_LETTER].mean;
    for (int i = 0; i < PASSWORD_KEYS; i++) {
        now.rhythm.hold[i] += hold;
        now.rhythm.gap[i] += gap;
    }
    return now;
}

err_t actor_session(struct troupe *c, const struct actor *a, unsigned number, struct tape *t,
                    int64_t at_ms)
{
    struct persona p;
    struct rng r;
    persona_init(&p, PERSONA_OWNER, a->seed, number);
    const struct actor today = actor_today(a, number);
    p.body = today.body;
    rng_seed(&r, rng_seed_for(rng_seed_for(a->seed, 11), number));
    TRY(actor_login(&today, &r, t, at_ms));
    for (;;) {
        int64_t due_ms = 0;
        bool more = false;
        size_t count = 0;
        scan_fault_t fault;
        TRY(persona_next(&p, &due_ms, &c->text, &more));
        if (!more) {
            return ERR_OK;
        }
        MUST(event_scan(c->scratch, buf_span(&c->text), c->scanned, &count, &fault) == SCAN_OK);
        MUST(count == 1);
        TRY(tape_event(t, &c->scanned[0].event, at_ms + 3000 + due_ms));
    }
}

/* ---- learning ---- */

err_t profile_copy(const struct troupe *c, const struct canara_profile *from,
                   struct canara_profile **out)
{
    struct canara_profile *copy = NULL;
    if (canara_profile_new(c->model, &copy) != CANARA_OK) {
        return err_new(ERR_NOMEM);
    }
    for (size_t i = 0; i < canara_profile_parts(from); i++) {
        uint8_t bytes[CANARA_PART_BYTES];
        canara_part_t part;
        MUST(canara_profile_save(from, i, bytes, &part) == CANARA_OK);
        if (canara_profile_load(copy, bytes, part.size) != CANARA_OK) {
            canara_profile_free(&copy);
            return err_new(ERR_NOMEM);
        }
    }
    *out = copy;
    return ERR_OK;
}

err_t actor_learnt(struct troupe *c, const struct actor *a, unsigned sessions,
                   struct canara_profile **out)
{
    struct canara_profile *profile = NULL;
    if (canara_profile_new(c->model, &profile) != CANARA_OK) {
        return err_new(ERR_NOMEM);
    }
    err_t e = ERR_OK;
    for (unsigned i = 0; i < sessions && !failed(e); i++) {
        CLEANUP(tape_deinit) struct tape t;
        struct tape_result r = {0};
        canara_lesson_t lesson;
        const int64_t begin = session_begin_ms(i);
        tape_init(&t);
        e = actor_session(c, a, i, &t, 0);
        if (!failed(e)) {
            e = tape_play(
                &t, &(struct tape_play){.profile = profile, .begin_ms = begin, .owner = true}, &r);
        }
        if (!failed(e)) {
            e = tape_learn(&t, profile, begin, &r, &lesson);
        }
    }
    if (failed(e)) {
        canara_profile_free(&profile);
        return e;
    }
    *out = profile;
    return ERR_OK;
}

static err_t gather_session(struct troupe *c, const struct actor *a, unsigned k, const char *who,
                            struct dataset *set)
{
    CLEANUP(tape_deinit) struct tape t;
    char session[64];
    tape_init(&t);
    (void)snprintf(session, sizeof session, "%s-%u", who, k);
    TRY(actor_session(c, a, k, &t, 0));
    for (size_t n = 0; n < t.count; n++) {
        const struct dataset_event e = {.event = t.entry[n].event,
                                        .at = {session_begin_ms(k) + t.entry[n].ms}};
        TRY(dataset_take(set, who, session, &e));
    }
    return ERR_OK;
}

static err_t gather(struct troupe *c, struct dataset *set, size_t people, unsigned sessions)
{
    for (size_t i = 0; i < people; i++) {
        struct actor a;
        char who[32];
        actor_draw(c, MODEL_SEEDS + i, &a);
        (void)snprintf(who, sizeof who, "other%zu", i);
        for (unsigned k = 0; k < sessions; k++) {
            TRY(gather_session(c, &a, k, who, set));
        }
    }
    return ERR_OK;
}

err_t troupe_train(struct troupe *c, size_t people, unsigned sessions)
{
    CLEANUP(dataset_close) struct dataset *set = NULL;
    CLEANUP(bank_free) struct bank *bank = NULL;
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, MODEL_BYTES_MAX);
    TRY(dataset_blank(&set));
    TRY(gather(c, set, people, sessions));
    TRY(bank_new(set, NULL, &bank));
    const struct model_title title = {.label = "measured-others"}; /* they are who is measured */
    TRY(school_teach_all(bank, dataset_users(set), true, title, NULL, &bytes));
    MUST(canara_model_open(bytes.ptr, bytes.len, &c->model) == CANARA_OK);
    return ERR_OK;
}
