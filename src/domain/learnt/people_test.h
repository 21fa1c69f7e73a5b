/*
 * people_test.h - a model of people who type, made by hand, and two of them.
 *
 * Floor      domain/learnt (tests only)
 * Ownership  house_know_people() gives the house its model, which house_end() takes down.
 *
 * The evidence is the scaled Manhattan distance alone: about -4 nats for the owner, at most 6 for
 * another. What the built-in model would say is the engine's own affair.
 */
#ifndef DOMAIN_PEOPLE_TEST_H
#define DOMAIN_PEOPLE_TEST_H

#include "domain/learnt/baselines.h"
#include "domain/learnt/profile.h"
#include "domain/sessions/steps_test.h"
#include "engine/people/model.h"
#include "tests/support/random.h"

enum { PEOPLE_KEYS = 9, PEOPLE_PARTS = 2 /* what is typed, and the hours */ };

static inline void people_model(const char *label, struct canara_model **out)
{
    static _Thread_local float middle[KEY_ROWS];
    static _Thread_local float spread[KEY_ROWS];
    static _Thread_local uint8_t bytes[65536];
    for (size_t i = 0; i < KEY_ROWS; i++) {
        middle[i] = -1.8F;
        spread[i] = 0.6F;
    }
    struct population people = {
        .kind = SAMPLE_KEYS,
        .features = KEY_ROWS,
        .people = 50,
        .all = {{.middle = middle, .spread = spread}, {.middle = middle, .spread = spread}},
        .usual = spread};
    for (size_t line = 0; line < FUSION_LINES; line++) {
        struct fusion *const f = &people.fusion.line[line];
        *f = (struct fusion){.weight = {[SCORE_ONE_CLASS] = 4.0},
                             .high = 20.0,
                             .bias = -8.0,
                             .limit = 6.0,
                             .impostor = 6.0,
                             .owner = -4.0,
                             .variance = 1.0,
                             .run = 1.0,
                             .ceiling = FUSION_SURE,
                             .floor = FUSION_SURE};
        for (size_t i = 0; i < SCORES; i++) {
            f->scale[i] = 1.0;
        }
        people.fusion.at[line] = 5.0;
    }
    const size_t size = model_write(label, &people, 1, bytes, sizeof bytes);
    assert_true(size > 0);
    assert_int_equal(canara_model_open(bytes, size, out), CANARA_OK);
}

/* From now on the house learns. */
static inline void house_know_people(struct house *h, const char *label)
{
    canara_profile_free(&h->stranger);
    canara_model_close(&h->model);
    people_model(label, &h->model);
    assert_int_equal(canara_profile_new(h->model, &h->stranger), CANARA_OK);
    h->svc.model = h->model;
    h->svc.stranger = h->stranger;
    if (h->tutor == NULL) {
        assert_ok(tutor_new(&h->svc, &h->tutor));
    }
}

/* How somebody types a password: his own times, a little different each time. */
struct hand {
    double hold_ms, pause_ms;
    uint64_t seed;
    bool has_mpin; /* and passes it in each session */
};

static inline struct hand ann_hand(void)
{
    return (struct hand){.hold_ms = 95.0, .pause_ms = 130.0, .seed = 7};
}

static inline struct hand thief_hand(void)
{
    return (struct hand){.hold_ms = 190.0, .pause_ms = 420.0, .seed = 70};
}

static inline void type_keys(struct hand *who, const char *field, int keys, char out[2048])
{
    double at = 0.0;
    size_t len = (size_t)snprintf(
        out, 2048, "{\"event_type\":\"keystrokes\",\"data\":{\"field\":\"%s\",\"keys\":[", field);
    for (int i = 0; i < keys; i++) {
        const double hold = who->hold_ms * (0.9 + 0.02 * (i % 3) + random_in(&who->seed, 0, 0.2));
        len += (size_t)snprintf(out + len, 2048 - len,
                                "%s{\"down\":%.3f,\"up\":%.3f,\"class\":\"other\"}",
                                i == 0 ? "" : ",", at, at + hold);
        at += who->pause_ms * (0.9 + 0.05 * (i % 4) + random_in(&who->seed, 0, 0.2)) + hold * 0.5;
    }
    (void)snprintf(out + len, 2048 - len, "]}}");
}

static inline void type_event(struct hand *who, char out[2048])
{
    type_keys(who, "password", PEOPLE_KEYS, out);
}

/* Type the password `times` times. */
static inline void type_as(struct house *h, struct live *live, struct hand *who, int times)
{
    for (int i = 0; i < times; i++) {
        char text[2048];
        type_event(who, text);
        scripted_clock_pass(&h->clock, 5000);
        (void)send(h, live, text);
    }
}

/* She logs out, and the lesson of her session waits. */
static inline void ann_goes(struct house *h, struct live *live)
{
    bool ended = false;
    enum session_end before = END_NONE;
    assert_false(live->blocked);
    assert_ok(session_end_stored(&h->svc, live->id, END_LOGGED_OUT, &ended, &before));
    shard_end(h->shard, live, END_LOGGED_OUT, true);
    settle(h);
    scripted_clock_pass(&h->clock, 10 * MINUTE_MS);
    h->count = 0; /* what the watcher was told */
}

/* A session of Ann's from login to logout. */
static inline void ann_comes_and_goes(struct house *h, struct hand *who)
{
    struct live *live = log_in(h, ANN, "phone");
    type_as(h, live, who, 2);
    if (who->has_mpin) {
        (void)behaviour_fact(h->shard, live, "mpin_challenge_passed", SPAN_LIT("{}"),
                             CANARA_FACT_MPIN_PASSED, 0.0);
    }
    ann_goes(h, live);
}

/* The same, and the lesson is given. */
static inline void ann_learns(struct house *h, struct hand *who, int sessions)
{
    for (int i = 0; i < sessions; i++) {
        ann_comes_and_goes(h, who);
        assert_int_equal(tutor_teach(h->tutor), 0);
    }
}

static inline struct profile_head head_of_profile(struct house *h, uuid_t account)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct profile_head head = {0};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_profile_head(&tx, account, &head));
    return head;
}

struct parts_held {
    char typed[STORE_PART_NAME_BYTES]; /* the name of the one that holds what she types */
    size_t parts;
};

static inline err_t note_name(void *ctx, const struct profile_part *part)
{
    struct parts_held *held = ctx;
    if (strncmp(part->name, "keys:", 5) == 0) {
        (void)snprintf(held->typed, sizeof held->typed, "%s", part->name);
    }
    held->parts += 1;
    return ERR_OK;
}

static inline struct parts_held parts_of(struct house *h, uuid_t account, uint32_t revision)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct parts_held held = {0};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_profile_load(&tx, account, revision, note_name, &held));
    return held;
}

#endif
