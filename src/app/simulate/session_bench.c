/* session_bench.c - nanoseconds of CPU for an event of sessions that simulated people have: the engine's part
 * (canara_observe(), strangers and with a learnt profile) and the fingerprints for replays, over all events
 * and kind by kind; then a pointer's and a finger's event of 100 points. */
#include "app/simulate/measure_people.h"
#include "base/util.h"
#include "engine/machines/replay.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { PEOPLE = 12, SESSIONS_LEARNT = 6, MODEL_PEOPLE = 16, ROUNDS = 40, POINTS = 100, PATHS = 32 };

#define SEED UINT64_C(7)

struct subject {
    struct tape tape;
    struct canara_profile *profile;
};

static double now_ns(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void count_grams(void *ctx, const replay_grams_t *grams)
{
    *(double *)ctx += (double)(grams->looks + grams->keeps);
}

enum { STRANGER, KNOWN, TOKENS, WAYS };

/* Play the events of one kind, or of all (CANARA_EVENT_KINDS); returns their number. */
static size_t play(const struct tape *t, const struct canara_profile *profile, int way,
                   enum canara_event_kind kind, double *sum)
{
    canara_session_t s;
    canara_verdict_t v = {0};
    replay_stream_t stream;
    size_t events = 0;
    const int64_t begin = session_begin_ms(SESSIONS_LEARNT);
    canara_session_begin(&s, begin);
    replay_begin(&stream);
    for (size_t i = 0; i < t->count; i++) {
        const canara_event_t *e = &t->entry[i].event;
        if (kind != CANARA_EVENT_KINDS && e->kind != kind) {
            continue;
        }
        events++;
        if (way == TOKENS) {
            replay_event(&stream, e, count_grams, sum);
            continue;
        }
        (void)canara_observe(&s, NULL, way == KNOWN ? profile : NULL, e, begin + t->entry[i].ms,
                             &v);
        *sum += v.risk;
    }
    return events;
}

static void print_kind(const struct subject *of, size_t n, enum canara_event_kind kind)
{
    double ns[WAYS];
    double sum = 0.0;
    size_t events = 0;
    for (int way = 0; way < WAYS; way++) {
        events = 0;
        const double from = now_ns();
        for (int r = 0; r < ROUNDS; r++) {
            for (size_t i = 0; i < n; i++) {
                events += play(&of[i].tape, of[i].profile, way, kind, &sum);
            }
        }
        ns[way] = (now_ns() - from) / (double)(events > 0 ? events : 1);
    }
    if (events > 0) {
        (void)printf("%-24s %7zu %10.0f %10.0f %10.0f\n",
                     kind == CANARA_EVENT_KINDS ? "all" : canara_event_name(kind), events / ROUNDS,
                     ns[STRANGER], ns[KNOWN], ns[TOKENS]);
    }
}

/* Reaches as a browser tells them, 16 ms apart; swipes of 20 points each. */
static void draw(struct rng *r, bool touch, canara_point_t p[POINTS])
{
    double heading = 6.28 * rng_double(r);
    double x = 600.0;
    double y = 400.0;
    for (int k = 0; k < POINTS; k++) {
        const double v = 14.0 * sin(3.14159 * (double)(k % 40) / 40.0) + rng_double(r);
        const uint32_t phase = k % 20 == 0 ? 0U : (k % 20 == 19 ? 2U : 1U);
        heading += 0.12 * rng_normal(r);
        x += v * cos(heading);
        y += v * sin(heading);
        p[k] = (canara_point_t){.t_ms = 16.0 * k + (double)rng_below(r, 2),
                                .x = round(x),
                                .y = round(y),
                                .pressure = touch ? 0.5 + 0.1 * rng_double(r) : 0.0,
                                .area = touch ? 20.0 + rng_double(r) : 0.0,
                                .buttons = touch ? phase : 0U};
    }
}

/* By a stranger, and by the owner `known` as if he had done it: what it costs is the same. */
static err_t print_path(bool touch, struct canara_profile *known)
{
    static canara_point_t p[PATHS][POINTS];
    struct rng r;
    struct subject of = {.profile = known};
    tape_init(&of.tape);
    rng_seed(&r, SEED);
    err_t e = ERR_OK;
    for (int i = 0; i < PATHS && !failed(e); i++) {
        draw(&r, touch, p[i]);
        const canara_event_t event = {.kind = touch ? CANARA_TOUCH : CANARA_POINTER,
                                      .has = CANARA_F_POINTS,
                                      .of.path = {.points = p[i], .count = POINTS}};
        e = tape_event(&of.tape, &event, 2000 * (int64_t)i);
    }
    if (!failed(e)) {
        print_kind(&of, 1, touch ? CANARA_TOUCH : CANARA_POINTER);
    }
    tape_deinit(&of.tape);
    return e;
}

static err_t print_all(struct troupe *c, struct subject of[PEOPLE])
{
    const struct subject *mobile = &of[0];
    const struct subject *desk = &of[0];
    for (size_t i = 0; i < PEOPLE; i++) {
        struct actor a;
        actor_draw(c, i, &a);
        TRY(actor_learnt(c, &a, SESSIONS_LEARNT, &of[i].profile));
        TRY(actor_session(c, &a, SESSIONS_LEARNT, &of[i].tape, 0));
        mobile = a.body.mobile ? &of[i] : mobile;
        desk = a.body.mobile ? desk : &of[i];
    }
    (void)printf("ns of CPU                 events   stranger      known     replay\n");
    print_kind(of, PEOPLE, CANARA_EVENT_KINDS);
    for (int kind = 0; kind < CANARA_EVENT_KINDS; kind++) {
        print_kind(of, PEOPLE, (enum canara_event_kind)kind);
    }
    (void)printf("of %d points, in sessions of %d such events:\n", POINTS, PATHS);
    TRY(print_path(false, desk->profile));
    return print_path(true, mobile->profile);
}

int main(void)
{
    struct subject of[PEOPLE] = {0};
    CLEANUP(troupe_deinit) struct troupe c;
    for (size_t i = 0; i < PEOPLE; i++) {
        tape_init(&of[i].tape);
    }
    err_t e = troupe_init(&c, SEED);
    e = failed(e) ? e : troupe_train(&c, MODEL_PEOPLE, SESSIONS_LEARNT);
    e = failed(e) ? e : print_all(&c, of);
    for (size_t i = 0; i < PEOPLE; i++) {
        tape_deinit(&of[i].tape);
        canara_profile_free(&of[i].profile);
    }
    return failed(e) ? 1 : 0;
}
