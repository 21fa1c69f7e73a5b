/* replay_memory_bench.c - nanoseconds an event; with the name of a file of buffer-file lines
 * (canara simulate, canara dataset import), how often honest sessions look like replays, and how
 * many replays of them, exact and with jitter, are found and after how many events. */
#include "domain/learnt/replay_memory.h"

#include "base/hash.h"
#include "base/rng.h"
#include "base/util.h"
#include "codec/event_scan.h"
#include "codec/json_read.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MEMORY_BYTES = 64 << 20,
    LINE_BYTES = 1 << 20,
    ROUNDS = 200000,
    TRIES = 10,
    EVENTS_MAX = 4000000,
    SHOW_MATCHES = 1
};

struct line {
    uuid_t account, session;
    char *type, *data;
};

struct lines {
    struct line *line;
    size_t count;
};

static uuid_t uuid_of(span_t text, uint64_t salt)
{
    uuid_t id = {{0}};
    for (uint64_t half = 0; half < 2; half++) {
        const uint64_t h = hash_bytes(hash_key_of(salt + half), text);
        memcpy(id.byte + 8 * half, &h, sizeof h);
    }
    return id;
}

static char *copy(span_t text)
{
    char *const out = calloc(1, text.len + 1);
    MUST(out != NULL);
    memcpy(out, text.ptr, text.len);
    return out;
}

/* The object behind `"data":`, up to `,"session_id":`. */
static span_t data_of(const char *line)
{
    const char *const from = strstr(line, "\"data\":");
    const char *const to = from == NULL ? NULL : strstr(from, ",\"session_id\":");
    MUST(to != NULL);
    return (span_t){(const uint8_t *)from + 7, (size_t)(to - from) - 7};
}

static void read_line(struct lines *all, const char *text)
{
    struct json *json = NULL;
    span_t type = {0};
    span_t session = {0};
    span_t email = {0};
    const span_t bytes = {(const uint8_t *)text, strlen(text)};
    MUST(!failed(json_parse(bytes, &json, NULL)));
    MUST(json_get_text(json, "event_type", &type) && json_get_text(json, "session_id", &session) &&
         json_get_text(json, "user_email", &email) && all->count < EVENTS_MAX);
    all->line[all->count++] = (struct line){.account = uuid_of(email, 1),
                                            .session = uuid_of(session, 3),
                                            .type = copy(type),
                                            .data = copy(data_of(text))};
    json_free(&json);
}

static struct lines read_lines(const char *path)
{
    struct lines all = {.line = calloc(EVENTS_MAX, sizeof(struct line))};
    char *const text = malloc(LINE_BYTES);
    FILE *const file = fopen(path, "re");
    MUST(all.line != NULL && text != NULL && file != NULL);
    while (fgets(text, LINE_BYTES, file) != NULL) {
        read_line(&all, text);
    }
    (void)fclose(file);
    free(text);
    return all;
}

/* What the replayer's timer does to every time, and his hand to nothing else. */
static void shake(canara_event_t *e, struct rng *r, double ms, struct event_scratch *scratch)
{
    if (ms <= 0.0) {
        return;
    }
    const double twice = 2.0 * ms;
    if (e->kind == CANARA_KEYSTROKES) {
        canara_key_t *const keys = (canara_key_t *)(void *)scratch->arrays;
        MUST((const void *)keys == (const void *)e->of.keystrokes.keys);
        for (size_t i = 0; i < e->of.keystrokes.count; i++) {
            keys[i].down_ms += twice * rng_double(r) - ms;
            keys[i].up_ms += twice * rng_double(r) - ms;
        }
    }
    if (e->kind == CANARA_POINTER || e->kind == CANARA_TOUCH) {
        canara_point_t *const points = (canara_point_t *)(void *)scratch->arrays;
        MUST((const void *)points == (const void *)e->of.path.points);
        for (size_t i = 0; i < e->of.path.count; i++) {
            points[i].t_ms += twice * rng_double(r) - ms;
        }
    }
}

struct tally {
    size_t sessions, caught, events, later, grams;
};

/* Play every session once; `copy_of` makes a second session of it. */
static struct tally play(struct replay_memory *m, const struct lines *all, bool copies,
                         double jitter_ms)
{
    static struct event_scratch scratch;
    struct tally t = {0};
    struct rng r;
    rng_seed(&r, 7);
    replay_track_t track = {0};
    size_t at = 0;
    bool hit = false;
    for (size_t i = 0; i < all->count; i++) {
        const struct line *const l = &all->line[i];
        if (i == 0 || !uuid_eq(l->session, all->line[i - 1].session)) {
            track = (replay_track_t){0};
            at = 0;
            hit = false;
            t.sessions++;
        }
        scanned_event_t e;
        scan_fault_t fault;
        const span_t type = {(const uint8_t *)l->type, strlen(l->type)};
        const span_t data = {(const uint8_t *)l->data, strlen(l->data)};
        MUST(event_scan_stored(&scratch, type, data, &e, &fault) == SCAN_OK);
        shake(&e.event, &r, jitter_ms, &scratch);
        uuid_t session = l->session;
        session.byte[0] ^= copies ? 0x5a : 0;
        session.byte[1] ^= (uint8_t)(10.0 * jitter_ms);
        const unsigned matches = replay_memory_feed(m, &track, l->account, session, &e.event,
                                                    clock_wall(clock_system()));
        t.events++;
        at++;
        t.grams += matches;
        if (matches > 0 && !hit) {
            hit = true;
            t.caught++;
            t.later += at > 12 ? 1U : 0U;
            if (SHOW_MATCHES && !copies && t.caught <= 5) {
                (void)printf("  honest match: event %zu, %s %.200s\n", at, l->type, l->data);
            }
        }
    }
    return t;
}

static void measure_file(const char *path)
{
    const struct lines all = read_lines(path);
    static const double jitter[] = {0.0, 1.0, 2.0, 5.0, 10.0};
    for (size_t i = 0; i < ARRAY_LEN(jitter); i++) {
        struct replay_memory *m = NULL;
        MUST(!failed(replay_memory_new(MEMORY_BYTES, clock_system(), &m)));
        const struct tally honest = play(m, &all, false, 0.0);
        if (i == 0) {
            (void)printf("honest: %zu sessions, %zu events; %zu sessions matched, by %zu grams; "
                         "%zu grams kept\n",
                         honest.sessions, honest.events, honest.caught, honest.grams,
                         replay_memory_count(m));
        }
        const struct tally t = play(m, &all, true, jitter[i]);
        (void)printf("replayed, +-%4.1f ms: %zu of %zu sessions caught, %zu after event 12\n",
                     jitter[i], t.caught, t.sessions, t.later);
        replay_memory_free(&m);
    }
}

/* Processor time, the best of several tries: the machine has others to serve. */
static void measure(struct replay_memory *m, const char *name, canara_event_t *e, double *values,
                    size_t count)
{
    struct rng r;
    rng_seed(&r, 3);
    replay_track_t track = {0};
    unsigned matches = 0;
    double best = 1e9;
    const wall_t now = clock_wall(clock_system());
    for (int try = 0; try < TRIES; try++) {
        const clock_t from = clock();
        for (int i = 0; i < ROUNDS; i++) {
            for (size_t k = 0; k < count; k++) {
                values[k] = 0.1 + 0.2 * rng_double(&r);
            }
            track.kept = 0;
            matches += replay_memory_feed(m, &track, (uuid_t){{1}}, (uuid_t){{2}}, e, now);
        }
        best = fmin(best, 1e9 / CLOCKS_PER_SEC * (double)(clock() - from) / ROUNDS);
    }
    (void)printf("%-32s %8.1f ns an event (%u matches)\n", name, best, matches);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        measure_file(argv[1]);
        return 0;
    }
    struct replay_memory *m = NULL;
    MUST(!failed(replay_memory_new(MEMORY_BYTES, clock_system(), &m)));
    static double intervals[5];
    canara_event_t typing = {.kind = CANARA_TYPING_PATTERN,
                             .has = CANARA_F_KEY_PRESS_INTERVALS,
                             .of.typing = {.key_press_intervals = intervals, .intervals = 5}};
    canara_event_t mouse = {.kind = CANARA_MOUSE_MOVEMENT,
                            .has = CANARA_F_MOVEMENT_SPEED | CANARA_F_IDLE_TIME};
    canara_event_t idle = {.kind = CANARA_IDLE_TIMEOUT};
    measure(m, "typing_pattern, 5 intervals", &typing, intervals, 5);
    mouse.of.mouse.movement_speed = 137.21;
    measure(m, "mouse_movement", &mouse, &mouse.of.mouse.idle_time_s, 1);
    measure(m, "idle_timeout", &idle, intervals, 5);
    replay_memory_free(&m);
    return 0;
}
