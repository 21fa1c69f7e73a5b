/* part_test.c - the ring, the quarantine, the limits of change, the anchor, and bytes. */
#include "engine/part.h"

#include "base/rng.h"
#include "base/util.h"
#include "engine/numbers.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

static struct sample sample_at(size_t count, double x)
{
    struct sample s = {.kind = SAMPLE_KEYS, .count = count};
    sample_name(&s, "keys", (canara_text_t){"pin", 3}, FNV_START + count);
    for (size_t f = 0; f < count; f++) {
        s.x[f] = x;
    }
    return s;
}

static struct part begun(size_t count)
{
    struct part p;
    const struct sample s = sample_at(count, 0.0);
    part_begin(&p, &s);
    return p;
}

static void accept_all(struct part *p, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct sample s = sample_at(p->features, x[i]);
        part_accept(p, &s);
    }
}

static void shrink(struct part *p)
{
    double usual[SAMPLE_FEATURES_MAX];
    for (size_t f = 0; f < p->features; f++) {
        usual[f] = 0.1;
    }
    part_shrink(p, usual);
}

/* A part that knows twenty samples about 0 with a deviation of 0.1. */
static struct part settled(size_t count)
{
    struct part p = begun(count);
    for (int i = 0; i < 20; i++) {
        accept_all(&p, (const double[]){i % 2 == 0 ? 0.1 : -0.1}, 1);
    }
    part_refresh(&p, false);
    shrink(&p);
    return p;
}

static void the_ring_keeps_the_newest_in_order(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 7, 31, 40, 41, 128};
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        struct part p = begun(widths[w]);
        assert_in_range(p.ring, 12, PART_RING);
        for (int i = 0; i < 60; i++) {
            accept_all(&p, (const double[]){0.05 * i - 3.0}, 1);
        }
        assert_int_equal(p.count, p.ring);
        assert_int_equal(p.accepted, 60);
        for (size_t i = 0; i < p.count; i++) {
            assert_near(part_cell(&p, p.order[i], widths[w] - 1), 0.05 * (double)(59 - i) - 3.0,
                        0.026, "newest first");
        }
    }
}

static void nothing_is_known_before_the_habit_is_worked_out(void **state)
{
    (void)state;
    struct part p = begun(3);
    accept_all(&p, (const double[]){1, 1, 1, 1, 1, 1}, 6);
    assert_true(isnan(part_middle(&p, 0)));
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = 0;
    part_save(&p, bytes, &size);
    assert_int_equal(part_load(&p, bytes, size), CANARA_OK);
}

static void quarantine_ends_after_three_sessions_or_seven_days(void **state)
{
    (void)state;

    static const struct {
        uint32_t sessions;
        int64_t ms;
        size_t released;
    } cases[] = {
        {0, 0, 0}, {2, 0, 0},           {3, 0, 1}, {0, PART_HELD_MS - 1, 0}, {0, PART_HELD_MS, 1},
        {9, 9, 1}, {2, INT64_C(-5), 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct part p = settled(3);
        const struct sample s = sample_at(3, 0.05);
        part_hold(&p, &s, 10, 1000000, false);
        assert_int_equal(p.count, 20);
        assert_int_equal(part_release(&p, 10 + cases[i].sessions, 1000000 + cases[i].ms),
                         cases[i].released);
        assert_int_equal(p.count, 20 + cases[i].released);
        assert_int_equal(p.held, 1 - cases[i].released);
    }
}

/* Sessions of ten samples pushed each other out of the quarantine, and nothing was ever learnt. */
static void busy_sessions_do_not_starve_each_other(void **state)
{
    (void)state;
    struct part p = settled(3);
    for (uint32_t session = 1; session <= 10; session++) {
        for (int i = 0; i < 10; i++) {
            const struct sample s = sample_at(3, 0.01 * (double)session);
            part_hold(&p, &s, session, 0, false);
        }
        assert_in_range(p.held, 2, PART_HELD);
        (void)part_release(&p, session, 0);
    }
    assert_int_equal(p.accepted, 20 + 7 * PART_HELD_A_SESSION);
    assert_near(part_cell(&p, p.order[0], 0), 0.07, 1e-3, "the newest that has waited");
}

static void what_leaves_the_quarantine_is_cut_at_three_deviations(void **state)
{
    (void)state;
    struct part p = settled(2);
    struct sample s = sample_at(2, 5.0);
    s.x[1] = NAN;
    part_hold(&p, &s, 1, 0, false);
    const double middle = part_middle(&p, 0);
    const double spread = part_spread(&p, 0);
    assert_int_equal(part_release(&p, 4, 0), 1);
    assert_near(part_cell(&p, p.order[0], 0), middle + 3.0 * spread, 1e-3, "cut");
    assert_true(isnan(part_cell(&p, p.order[0], 1)));
}

static void a_limited_refresh_moves_a_tenth_of_a_deviation(void **state)
{
    (void)state;
    struct part p = settled(2);
    const double middle = part_middle(&p, 0);
    const double spread = part_spread(&p, 0);
    for (int i = 0; i < 20; i++) {
        accept_all(&p, (const double[]){1.0}, 1);
    }
    part_refresh(&p, true);
    assert_near(part_middle(&p, 0), middle + PART_STEP * spread, 1e-3, "limited");
    part_refresh(&p, false);
    assert_near(part_middle(&p, 0), 1.0, 1e-3, "free");
}

static void drift_is_the_mean_over_features_from_the_anchor(void **state)
{
    (void)state;
    struct part p = settled(4);
    assert_near(part_drift(&p), 0.0, 0.0, "no anchor");
    part_anchor(&p);
    assert_near(part_drift(&p), 0.0, 0.0, "at the anchor");
    const double spread = part_anchor_spread(&p, 0);
    const double was = part_middle(&p, 0);
    for (int i = 0; i < 50; i++) {
        struct sample s = sample_at(4, was);
        s.x[2] = was + 8.0 * spread;
        part_accept(&p, &s);
    }
    part_refresh(&p, false);
    assert_near(part_drift(&p), 2.0, 0.1, "one feature of four, eight deviations away");
}

/* ---- the fence ---- */

/* Two samples a session of somebody `way` deviations from where settled() is (-.1, with a deviation of .1);
 * how many sessions were stopped. */
static int lead(struct part *p, double way, int sessions, bool proved)
{
    int stopped = 0;
    for (int i = 0; i < sessions; i++) {
        struct sample s = sample_at(p->features, 0.0);
        for (size_t f = 0; f < p->features; f++) {
            s.x[f] = 0.1 * (way - 1.0) + (i % 2 == 0 ? 0.01 : -0.01);
        }
        p->sessions += 1;
        stopped += part_let_in(p, p->sessions, 0);
        part_hold(p, &s, p->sessions, 0, proved);
        part_hold(p, &s, p->sessions, 0, proved);
    }
    return stopped;
}

static struct part anchored(size_t count)
{
    struct part p = settled(count);
    part_anchor(&p);
    return p;
}

static void a_habit_is_not_led_over_its_fence_without_proof(void **state)
{
    (void)state;
    static const size_t widths[] = {4, 31, 60};
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        struct part p = anchored(widths[w]);
        const double was = part_anchor_middle(&p, 0);
        assert_in_range(lead(&p, 2.0, 100, false), 50, 97);
        assert_true(part_drift(&p) > 0.5 && part_drift(&p) <= PART_FENCE);
        assert_true(part_anchor_middle(&p, 0) == was);
    }
}

static void within_the_fence_everybody_may_move(void **state)
{
    (void)state;
    struct part p = anchored(4);
    assert_int_equal(lead(&p, 0.6, 100, false), 0);
    assert_true(part_drift(&p) > 0.5);
}

static void proof_leads_the_habit_and_the_anchor_stays(void **state)
{
    (void)state;
    struct part p = anchored(4);
    const double was = part_anchor_middle(&p, 0);
    assert_int_equal(lead(&p, 2.0, 100, true), 0);
    assert_near(part_drift(&p), 2.0, 0.3, "the habit is where he is");
    assert_true(part_anchor_middle(&p, 0) == was);
    assert_true(lead(&p, 2.5, 20, false) > 0); /* and goes no further without */
    assert_near(part_drift(&p), 2.0, 0.3, "as far as it already was");
}

/* Others' samples that wait beside those of a proof do not come in with them. */
static void proof_does_not_take_along_what_was_not_proved(void **state)
{
    (void)state;
    struct part p = anchored(4);
    (void)lead(&p, 2.0, 60, false);
    const uint32_t accepted = p.accepted;
    const struct sample s = sample_at(4, 0.1);
    p.sessions += 1;
    part_hold(&p, &s, p.sessions, 0, true);
    p.sessions += PART_HELD_AFTER;
    assert_true(part_let_in(&p, p.sessions, 0));
    assert_int_equal(p.accepted, accepted + 1U);
    assert_int_equal(p.held, 0);
}

static void proof_and_somebody_else_in_turn_keep_within_the_fence(void **state)
{
    (void)state;
    struct part p = anchored(4);
    const double was = part_anchor_middle(&p, 0);
    for (int i = 0; i < 200; i++) {
        (void)lead(&p, 2.0, 1, false);
        (void)lead(&p, 0.0, 1, true);
    }
    assert_true(part_anchor_middle(&p, 0) == was);
    assert_true(part_drift(&p) <= PART_FENCE);
}

/* Twenty samples of nothing but noise, with a deviation of .1. */
static struct part enrolled(struct rng *rng, size_t n)
{
    struct part p = begun(n);
    for (int i = 0; i < PART_ANCHOR_FROM; i++) {
        struct sample s = sample_at(n, 0.0);
        for (size_t f = 0; f < n; f++) {
            s.x[f] = 0.125 * rng_normal(rng); /* mean of |x|: .1 */
        }
        part_accept(&p, &s);
    }
    part_refresh(&p, false);
    part_anchor(&p);
    return p;
}

/* Features that wander each by itself from a session to the next: AR(1), rho .9, `sd` deviations. */
static void wander(struct rng *rng, double sd, size_t n, double *off)
{
    for (size_t f = 0; f < n; f++) {
        off[f] = 0.9 * off[f] + sqrt(1.0 - 0.9 * 0.9) * 0.1 * sd * rng_normal(rng);
    }
}

static void hold_about(struct part *p, struct rng *rng, const double *off, bool proved)
{
    struct sample s = sample_at(p->features, 0.0);
    for (size_t f = 0; f < p->features; f++) {
        s.x[f] = off[f] + 0.125 * rng_normal(rng);
    }
    part_hold(p, &s, p->sessions, 0, proved);
}

/* An anchor that followed proved samples counted their noise as way, which never shrank: 17 of these 20
 * honest owners had gone three deviations by then. */
static void the_noise_of_proved_samples_is_no_way(void **state)
{
    (void)state;

    enum { WIDTH = 12, PEOPLE = 20 };

    for (uint64_t who = 1; who <= PEOPLE; who++) {
        struct rng rng;
        double off[WIDTH] = {0.0};
        double most = 0.0;
        rng_seed(&rng, who);
        struct part p = enrolled(&rng, WIDTH);
        for (p.sessions = 1; p.sessions <= 300; p.sessions++) {
            wander(&rng, 0.8, WIDTH, off);
            assert_false(part_let_in(&p, p.sessions, 0));
            hold_about(&p, &rng, off, true);
            hold_about(&p, &rng, off, true);
            most = fmax(most, part_drift(&p));
        }
        assert_true(most > 0.6 && most < 0.5 * PART_DRIFT);
    }
}

/* Samples without proof of somebody who wanders; in how many sessions the part has waited. */
static int wait_of_wanderer(uint64_t seed, double sd, int sessions, bool forgets)
{
    enum { WIDTH = 12 };

    struct rng rng;
    double off[WIDTH] = {0.0};
    int waited = 0;
    rng_seed(&rng, seed);
    struct part p = enrolled(&rng, WIDTH);
    for (int i = 0; i < sessions; i++) {
        wander(&rng, sd, WIDTH, off);
        waited += p.pressed >= PART_PRESSED;
        if (p.pressed >= PART_PRESSED) {
            continue;
        }
        p.sessions += 1;
        const uint8_t pressed = p.pressed;
        const bool stopped = part_let_in(&p, p.sessions, 0);
        p.pressed = (uint8_t)((forgets ? p.pressed : pressed) + (stopped ? 1U : 0U));
        hold_about(&p, &rng, off, false);
        hold_about(&p, &rng, off, false);
    }
    return waited;
}

/* Not by much: the samples that led a habit to its fence are in the ring, and lead on until others outweigh
 * them, so that the first stop is mostly followed by two more. */
static void an_honest_wanderer_waits_less(void **state)
{
    (void)state;
    int people[2] = {0, 0};
    int waited[2] = {0, 0};
    for (uint64_t seed = 1; seed <= 40; seed++) {
        for (int forgets = 0; forgets < 2; forgets++) {
            const int n = wait_of_wanderer(seed, 0.5, 200, forgets != 0);
            people[forgets] += n > 0;
            waited[forgets] += n;
        }
    }
    assert_true(people[1] < people[0] && waited[1] < waited[0]);
    assert_in_range(people[1], 1, 10);
}

static void who_keeps_away_from_the_fence_is_forgiven(void **state)
{
    (void)state;
    struct part p = anchored(4);
    p.pressed = PART_PRESSED - 1;
    (void)lead(&p, 0.3, PART_HELD_AFTER, false);
    assert_int_equal(p.pressed, PART_PRESSED - 1); /* nothing has come in yet */
    (void)lead(&p, 0.3, 1, false);
    assert_int_equal(p.pressed, PART_PRESSED - 2); /* one for a session */
    assert_int_equal(lead(&p, 0.3, 10, false), 0);
    assert_int_equal(p.pressed, 0);
}

static void who_pushes_is_not_forgiven(void **state)
{
    (void)state;
    struct part p = anchored(4);
    int sessions = 0;
    for (; p.pressed < PART_PRESSED && sessions < 40; sessions++) {
        p.pressed = (uint8_t)(p.pressed + lead(&p, 2.0, 1, false));
    }
    assert_in_range(sessions, 5, 20); /* three times in a row */
    p.pressed = 1;
    (void)lead(&p, 2.0, 10, false);
    assert_int_equal(p.pressed, 1);
    assert_true(part_drift(&p) > PART_AT_EASE);
}

static void scores_of_the_owner_have_their_mean_and_variance(void **state)
{
    (void)state;
    struct part p = begun(1);
    part_note_score(&p, -4.0);
    part_note_score(&p, -2.0);
    part_note_score(&p, 0.0);
    assert_near((double)p.score_mean, -2.0, 1e-6, "mean");
    assert_near((double)p.score_m2, 8.0, 1e-5, "sum of squares");
}

/* ---- bytes ---- */

static size_t saved(const struct part *p, uint8_t bytes[CANARA_PART_BYTES])
{
    size_t size = 0;
    part_save(p, bytes, &size);
    assert_in_range(size, 1, CANARA_PART_BYTES);
    return size;
}

static struct part lived_in(size_t count, uint64_t *seed)
{
    struct part p = begun(count);
    const int n = 1 + (int)random_below(seed, 70);
    for (int i = 0; i < n; i++) {
        struct sample s = sample_at(count, random_in(seed, -2.0, 1.0));
        s.x[random_below(seed, count)] = NAN;
        if (random_below(seed, 3) == 0) {
            part_hold(&p, &s, ++p.sessions, (int64_t)random_below(seed, 1000000000),
                      random_below(seed, 2) == 0);
        } else {
            part_accept(&p, &s);
        }
    }
    part_refresh(&p, false);
    shrink(&p);
    if (random_below(seed, 2) == 0) {
        part_anchor(&p);
    }
    return p;
}

static void a_part_comes_back_from_its_bytes_as_it_was(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 200; round++) {
        const size_t count = 1 + (size_t)random_below(&seed, SAMPLE_FEATURES_MAX);
        const struct part p = lived_in(count, &seed);
        uint8_t bytes[CANARA_PART_BYTES];
        uint8_t again[CANARA_PART_BYTES];
        const size_t size = saved(&p, bytes);
        struct part q;
        assert_int_equal(part_load(&q, bytes, size), CANARA_OK);
        assert_int_equal(saved(&q, again), size);
        assert_memory_equal(bytes, again, size);
        assert_int_equal(q.count, p.count);
        for (size_t f = 0; f < count; f++) {
            assert_true(part_middle(&q, f) == part_middle(&p, f) || isnan(part_middle(&p, f)));
        }
    }
}

static void every_flipped_byte_and_every_cut_is_refused(void **state)
{
    (void)state;
    uint64_t seed = 6;
    struct part p = lived_in(31, &seed);
    uint8_t bytes[CANARA_PART_BYTES];
    const size_t size = saved(&p, bytes);
    struct part untouched;
    memset(&untouched, 7, sizeof untouched);
    struct part q = untouched;
    for (size_t i = 0; i < size; i++) {
        const uint8_t flip = (uint8_t)(1U << random_below(&seed, 8));
        bytes[i] ^= flip;
        assert_int_equal(part_load(&q, bytes, size), CANARA_BAD_FORMAT);
        bytes[i] ^= flip;
        assert_int_equal(part_load(&q, bytes, i), CANARA_BAD_FORMAT);
    }
    assert_int_equal(part_load(&q, bytes, CANARA_PART_BYTES + 1), CANARA_BAD_FORMAT);
    assert_memory_equal(&q, &untouched, sizeof q);
    assert_int_equal(part_load(&q, bytes, size), CANARA_OK);
}

/* Right checksums over wrong fields: what a program that is not ours might write. */
static void fields_out_of_range_are_refused(void **state)
{
    (void)state;

    static const struct {
        const char *what;
        size_t at, n;
        uint8_t bytes[4];
        enum canara_status want;
    } cases[] = {
        {"as it is", 0, 0, {0}, CANARA_OK},
        {"version", 4, 1, {99}, CANARA_BAD_VERSION},
        {"kind", 6, 1, {200}, CANARA_BAD_FORMAT},
        {"bits", 7, 1, {0x80}, CANARA_BAD_FORMAT},
        {"narrow cells where they are wide", 7, 1, {PART_NARROW}, CANARA_BAD_FORMAT},
        {"name without a letter", 16, 1, {0}, CANARA_BAD_FORMAT},
        {"name in upper case", 16, 1, {'K'}, CANARA_BAD_FORMAT},
        {"something behind the name", 48, 1, {'x'}, CANARA_BAD_FORMAT},
        {"no features", 49, 2, {0, 0}, CANARA_BAD_FORMAT},
        {"too many features", 49, 2, {129, 0}, CANARA_BAD_FORMAT},
        {"more samples than the ring has", 51, 2, {51, 0}, CANARA_BAD_FORMAT},
        {"fewer samples than there are", 51, 2, {2, 0}, CANARA_BAD_FORMAT},
        {"quarantine too full", 53, 2, {7, 0}, CANARA_BAD_FORMAT},
        {"fewer accepted than kept", 55, 4, {1, 0, 0, 0}, CANARA_BAD_FORMAT},
        {"mean that is no number", 67, 4, {0, 0, 0xc0, 0x7f}, CANARA_BAD_FORMAT},
        {"negative squares", 71, 4, {0, 0, 0x80, 0xbf}, CANARA_BAD_FORMAT},
        {"infinite distance", 75, 4, {0, 0, 0x80, 0x7f}, CANARA_BAD_FORMAT},
        {"pressed without an anchor", 79, 1, {1}, CANARA_BAD_FORMAT},
        {"something in what is reserved", 80, 2, {0, 1}, CANARA_BAD_FORMAT},
        {"no spread", 82 + 6, 2, {0, 0}, CANARA_BAD_FORMAT},
    };
    const struct part p = settled(3);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t bytes[CANARA_PART_BYTES];
        const size_t size = saved(&p, bytes);
        memcpy(bytes + cases[i].at, cases[i].bytes, cases[i].n);
        const uint64_t sum = fnv_add(FNV_START, bytes, size - 8);
        memcpy(bytes + size - 8, &sum, 8);
        struct part q;
        if (part_load(&q, bytes, size) != cases[i].want) {
            fail_msg("%s", cases[i].what);
        }
    }
}

/* A held sample of a session to come made the difference wrap, and it was let in at once. */
static void quarantine_of_the_future_is_refused(void **state)
{
    (void)state;
    struct part p = settled(3);
    p.sessions = 4;
    const struct sample s = sample_at(3, 0.0);
    part_hold(&p, &s, 5, 0, false);
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = saved(&p, bytes);
    assert_int_equal(part_load(&p, bytes, size), CANARA_BAD_FORMAT);
    p.sessions = 5;
    size = saved(&p, bytes);
    assert_int_equal(part_load(&p, bytes, size), CANARA_OK);
    p.in_quarantine[0].at_ms = INT64_MAX;
    size = saved(&p, bytes);
    assert_int_equal(part_load(&p, bytes, size), CANARA_BAD_FORMAT);
}

/* The bytes of version 2: without what the fence needs. */
static size_t as_version_2(const struct part *p, const uint8_t *bytes, size_t size, uint8_t *out)
{
    const size_t row = (size_t)p->features * ((p->bits & PART_NARROW) != 0 ? 1 : 2);
    const size_t rows = PART_HABIT_BYTES * (size_t)p->features + row * p->count;
    size_t n = 79;
    size_t at = n + 3;
    memcpy(out, bytes, n);
    memcpy(out + n, bytes + at, rows);
    n += rows;
    at += rows;
    for (size_t i = 0; i < p->held; i++) {
        memcpy(out + n, bytes + at, 12);
        memcpy(out + n + 12, bytes + at + 13, row);
        n += 12 + row;
        at += 13 + row;
    }
    assert_int_equal(at + 8, size);
    out[4] = 2;
    const uint64_t sum = fnv_add(FNV_START, out, n);
    memcpy(out + n, &sum, 8);
    return n + 8;
}

static void a_part_of_version_2_is_read_and_has_proved_nothing(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (int round = 0; round < 50; round++) {
        struct part p = lived_in(1 + (size_t)random_below(&seed, SAMPLE_FEATURES_MAX), &seed);
        p.pressed = 0;
        uint8_t bytes[CANARA_PART_BYTES];
        uint8_t old[CANARA_PART_BYTES];
        uint8_t again[CANARA_PART_BYTES];
        const size_t size = as_version_2(&p, bytes, saved(&p, bytes), old);
        struct part q;
        assert_int_equal(part_load(&q, old, size), CANARA_OK);
        assert_int_equal(part_load(&q, old, size - 1), CANARA_BAD_FORMAT);
        for (size_t i = 0; i < q.held; i++) {
            assert_int_equal(q.in_quarantine[i].proved, 0);
            p.in_quarantine[i].proved = 0;
        }
        assert_int_equal(saved(&q, again), saved(&p, bytes));
        assert_memory_equal(again, bytes, saved(&p, bytes));
    }
}

static void a_proof_is_yes_or_no(void **state)
{
    (void)state;
    struct part p = anchored(3);
    const struct sample s = sample_at(3, 0.0);
    uint8_t bytes[CANARA_PART_BYTES];
    p.sessions = 1;
    p.pressed = 255;
    part_hold(&p, &s, 1, 0, true);
    struct part q;
    assert_int_equal(part_load(&q, bytes, saved(&p, bytes)), CANARA_OK);
    assert_int_equal(q.in_quarantine[0].proved, 1);
    assert_int_equal(q.pressed, 255);
    p.in_quarantine[0].proved = 2;
    assert_int_equal(part_load(&q, bytes, saved(&p, bytes)), CANARA_BAD_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ring_keeps_the_newest_in_order),
        cmocka_unit_test(nothing_is_known_before_the_habit_is_worked_out),
        cmocka_unit_test(quarantine_ends_after_three_sessions_or_seven_days),
        cmocka_unit_test(busy_sessions_do_not_starve_each_other),
        cmocka_unit_test(what_leaves_the_quarantine_is_cut_at_three_deviations),
        cmocka_unit_test(a_limited_refresh_moves_a_tenth_of_a_deviation),
        cmocka_unit_test(drift_is_the_mean_over_features_from_the_anchor),
        cmocka_unit_test(a_habit_is_not_led_over_its_fence_without_proof),
        cmocka_unit_test(within_the_fence_everybody_may_move),
        cmocka_unit_test(proof_leads_the_habit_and_the_anchor_stays),
        cmocka_unit_test(proof_does_not_take_along_what_was_not_proved),
        cmocka_unit_test(proof_and_somebody_else_in_turn_keep_within_the_fence),
        cmocka_unit_test(the_noise_of_proved_samples_is_no_way),
        cmocka_unit_test(an_honest_wanderer_waits_less),
        cmocka_unit_test(who_keeps_away_from_the_fence_is_forgiven),
        cmocka_unit_test(who_pushes_is_not_forgiven),
        cmocka_unit_test(a_part_of_version_2_is_read_and_has_proved_nothing),
        cmocka_unit_test(a_proof_is_yes_or_no),
        cmocka_unit_test(scores_of_the_owner_have_their_mean_and_variance),
        cmocka_unit_test(a_part_comes_back_from_its_bytes_as_it_was),
        cmocka_unit_test(every_flipped_byte_and_every_cut_is_refused),
        cmocka_unit_test(fields_out_of_range_are_refused),
        cmocka_unit_test(quarantine_of_the_future_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
