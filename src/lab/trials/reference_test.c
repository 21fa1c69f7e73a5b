/* reference_test.c - the published distances, worked out by hand over what was sent. */
#include "lab/trials/reference.h"

#include "engine/profile/samples_of.h"
#include "lab/sets/set_writer.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>

enum { VALUES = 3, ENROLLED = 4 };

/* Far from 0, about 0 and below it: a logarithm bends each of them in another way. */
static const double enrolled[ENROLLED][VALUES] = {
    {100.0, 0.5, -2000.0}, {140.0, -0.5, -2400.0}, {180.0, 0.1, -1600.0}, {220.0, 0.3, -2000.0}};
static const double tried[VALUES] = {500.0, 1.0, -3000.0};

static canara_event_t vector(const double *values)
{
    return (canara_event_t){
        .kind = CANARA_FEATURES,
        .has = (uint32_t)CANARA_F_VALUES,
        .of.features = {.name = {"stroke", 6}, .values = values, .count = VALUES}};
}

static struct dataset *made(const struct scratch *dir)
{
    static const struct dataset_info about = {
        .name = "v", .source = "test", .licence = "none", .modality = "features", .note = ""};
    char path[SCRATCH_PATH];
    struct set_writer *w = NULL;
    struct dataset *set = NULL;
    struct dataset_fault fault;
    scratch_path(dir, "set", path);
    assert_ok(set_writer_open(&w, path, &about));
    for (size_t i = 0; i < ENROLLED + 1; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "s%zu", i);
        const canara_event_t event = vector(i < ENROLLED ? enrolled[i] : tried);
        set_writer_session(w, id, "u");
        set_writer_event(w, (wall_t){1750000000000 + (int64_t)i * 86400000}, &event);
    }
    for (size_t i = 0; i < ENROLLED; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "s%zu", i);
        set_writer_enrol(w, "m", id);
    }
    set_writer_trial(w, "m", "s4", DATASET_GENUINE);
    assert_ok(set_writer_finish(&w));
    if (failed(dataset_open(path, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    return set;
}

/* Killourhy and Maxion: the distance from the mean, each value over its mean absolute deviation. */
static double by_hand(bool scaled)
{
    double sum = 0.0;
    for (size_t v = 0; v < VALUES; v++) {
        double mean = 0.0;
        double deviation = 0.0;
        for (size_t i = 0; i < ENROLLED; i++) {
            mean += enrolled[i][v] / ENROLLED;
        }
        for (size_t i = 0; i < ENROLLED; i++) {
            deviation += fabs(enrolled[i][v] - mean) / ENROLLED;
        }
        sum += fabs(tried[v] - mean) / (scaled ? deviation : 1.0);
    }
    return sum;
}

struct asked {
    const struct reference *reference;
    double plain, scaled;
};

static void ask(void *ctx, const struct sample *s)
{
    struct asked *const a = ctx;
    a->plain = reference_distance(a->reference, s, false);
    a->scaled = reference_distance(a->reference, s, true);
}

static struct asked distances(void)
{
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = made(&dir);
    CLEANUP(reference_free) struct reference *r = NULL;
    struct sample work;
    assert_ok(reference_new(set, dataset_model(set, 0), &r));
    struct asked a = {.reference = r, .plain = NAN, .scaled = NAN};
    const canara_event_t event = vector(tried);
    samples_of(&event, &work, ask, &a);
    return a;
}

static void vectors_are_compared_as_they_were_sent(void **state)
{
    (void)state;
    const struct asked a = distances(); /* within a float, which is what a sample has of a vector */
    assert_near(a.plain, by_hand(false), 1e-6 * by_hand(false), "plain");
    assert_near(a.scaled, by_hand(true), 1e-6 * by_hand(true), "scaled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_compared_as_they_were_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
