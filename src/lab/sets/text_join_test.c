/* text_join_test.c - free text in pieces becomes the text it was, and nothing else is touched. */
#include "lab/sets/text_join.h"

#include "base/util.h"
#include "engine/samples/event_check.h"
#include "engine/samples/sample.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <string.h>

enum { EVENTS = 400, KEYS = 4000, SESSIONS = 6, APART = 150, HELD = 100, T0 = 1000000 };

/* A set by hand: events, their keys, and the clock of whoever types. */
struct hand {
    struct pool pool;
    struct dataset_session session[SESSIONS];
    size_t sessions;
    struct dataset_event event[EVENTS];
    size_t events;
    canara_key_t key[KEYS];
    size_t keys, joined;
    int64_t now; /* of the next press */
    bool begun;  /* times say when an event began */
};

static struct hand *hand_make(void)
{
    struct hand *h = calloc(1, sizeof *h);
    assert_non_null(h);
    pool_init(&h->pool);
    h->now = T0;
    return h;
}

static void hand_free(struct hand *h)
{
    pool_deinit(&h->pool);
    free(h);
}

static void begin_session(struct hand *h)
{
    assert_true(h->sessions < SESSIONS);
    h->session[h->sessions++] = (struct dataset_session){.id = "s", .first = (uint32_t)h->events};
}

static void take(struct hand *h, const struct dataset_event *e)
{
    assert_true(h->events < EVENTS);
    h->event[h->events++] = *e;
    h->session[h->sessions - 1].count++;
}

/* Keys of the classes of `letters` ('l', 'd', 's'; anything else tells nothing), one each APART ms. */
static void type(struct hand *h, const char *field, const char *letters)
{
    const size_t n = strlen(letters);
    canara_key_t *const keys = h->key + h->keys;
    assert_true(h->keys + n <= KEYS);
    h->keys += n;
    for (size_t i = 0; i < n; i++) {
        keys[i] = (canara_key_t){.down_ms = (double)(i * APART),
                                 .up_ms = (double)(i * APART + HELD),
                                 .key_class = letters[i] == 'l'   ? CANARA_KEY_LETTER
                                              : letters[i] == 'd' ? CANARA_KEY_DIGIT
                                              : letters[i] == 's' ? CANARA_KEY_SPACE
                                                                  : CANARA_KEY_OTHER};
    }
    const int64_t begin = h->now;
    h->now += (int64_t)n * APART;
    const struct dataset_event e = {
        .event = {.kind = CANARA_KEYSTROKES,
                  .has = CANARA_F_KEYS | CANARA_F_FIELD,
                  .of.keystrokes = {.field = {field, strlen(field)}, .keys = keys, .count = n}},
        .at = {h->begun ? begin : begin + (int64_t)(n - 1) * APART + HELD}};
    take(h, &e);
}

static void scroll(struct hand *h)
{
    const struct dataset_event e = {
        .event = {.kind = CANARA_SCROLL, .has = CANARA_F_PIXELS, .of.scroll.pixels = 3.0},
        .at = {h->now}};
    take(h, &e);
}

static void join(struct hand *h)
{
    assert_ok(text_join(&h->pool, h->session, h->sessions, h->event, &h->events, &h->joined));
    size_t at = 0;
    for (size_t s = 0; s < h->sessions; s++) {
        assert_int_equal(h->session[s].first, at);
        at += h->session[s].count;
    }
    assert_int_equal(at, h->events);
    for (size_t i = 0; i < h->events; i++) {
        assert_true(event_check(&h->event[i].event));
    }
}

static const char *const words[] = {"lllls",      "lls",  "lllllls", "ls",
                                    "llllllllls", "llls", "dds",     "llllls"};

static void type_words(struct hand *h, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        type(h, "note", words[i % ARRAY_LEN(words)]);
    }
}

/* Every key of the text is APART ms behind the one before it, as it was typed. */
static void assert_even(const canara_event_t *e)
{
    for (size_t i = 0; i < e->of.keystrokes.count; i++) {
        assert_near(e->of.keystrokes.keys[i].down_ms, (double)(i * APART), 1e-9, "down");
        assert_near(e->of.keystrokes.keys[i].up_ms, (double)(i * APART + HELD), 1e-9, "up");
    }
}

/* 64 words of some 300 keys: two texts of half of them, in whichever way a set tells the time. */
static void words_become_the_text_they_were(void **state)
{
    (void)state;
    for (int begun = 0; begun < 2; begun++) {
        struct hand *h = hand_make();
        h->begun = begun != 0;
        begin_session(h);
        type_words(h, 64);
        const size_t keys = h->keys;
        join(h);
        assert_int_equal(h->events, 2);
        assert_int_equal(h->joined, 64 - 2);
        size_t sum = 0;
        for (size_t i = 0; i < h->events; i++) {
            const size_t n = h->event[i].event.of.keystrokes.count;
            assert_true(n + 10 >= keys / 2 && n <= keys / 2 + 10);
            assert_even(&h->event[i].event);
            sum += n;
        }
        assert_int_equal(sum, keys);
        hand_free(h);
    }
}

static void a_key_at_a_time_is_a_text_too(void **state)
{
    (void)state;
    struct hand *h = hand_make();
    begin_session(h);
    for (int i = 0; i < 120; i++) {
        type(h, "note", i % 6 == 5 ? "s" : "l");
    }
    join(h);
    assert_int_equal(h->events, 1);
    assert_int_equal(h->event[0].event.of.keystrokes.count, 120);
    assert_even(&h->event[0].event);
    hand_free(h);
}

/* A PIN or a phone number comes again with the same keys, and stays an entry; slips do not make a text of it. */
static void what_comes_again_stays_an_entry(void **state)
{
    (void)state;
    struct hand *h = hand_make();
    for (int s = 0; s < 3; s++) {
        begin_session(h);
        for (int i = 0; i < 10; i++) {
            type(h, "amount", i % 4 == 3 ? "dd" : "dddddd");
            type(h, "pin", "oooo");
        }
    }
    const size_t events = h->events;
    join(h);
    assert_int_equal(h->events, events);
    assert_int_equal(h->joined, 0);
    hand_free(h);
}

/* What one session says of a field holds for the sessions that are too short to say anything. */
static void what_else_happens_keeps_its_order(void **state)
{
    (void)state;
    struct hand *h = hand_make();
    begin_session(h);
    scroll(h);
    type(h, "note", "lllls");
    scroll(h);
    type(h, "pin", "dddd");
    scroll(h);
    type(h, "note", "lls");
    type(h, "note", "llllls");
    scroll(h);
    begin_session(h);
    type_words(h, 16);
    join(h);
    static const uint8_t kinds[] = {CANARA_SCROLL,     CANARA_KEYSTROKES, CANARA_SCROLL,
                                    CANARA_KEYSTROKES, CANARA_SCROLL,     CANARA_KEYSTROKES,
                                    CANARA_SCROLL};
    static const size_t keys[] = {0, 5, 0, 4, 0, 9, 0};
    assert_int_equal(h->session[0].count, ARRAY_LEN(kinds));
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const canara_event_t *const e = &h->event[i].event;
        assert_int_equal(e->kind, kinds[i]);
        assert_true(keys[i] == 0 || e->of.keystrokes.count == keys[i]);
    }
    hand_free(h);
}

/* Times that cannot be are no intervals: a pause, which is counted and not averaged. */
static void times_that_go_back_are_pauses(void **state)
{
    (void)state;
    struct hand *h = hand_make();
    begin_session(h);
    for (size_t i = 0; i < 16; i++) {
        h->now = T0 - 10000 * (int64_t)i;
        type(h, "note", words[i % ARRAY_LEN(words)]);
    }
    join(h);
    assert_int_equal(h->events, 1);
    const canara_event_t *const e = &h->event[0].event;
    for (size_t i = 1; i < e->of.keystrokes.count; i++) {
        const double passed =
            e->of.keystrokes.keys[i].down_ms - e->of.keystrokes.keys[i - 1].down_ms;
        assert_true(passed == (double)APART || passed > 2000.0);
    }
    hand_free(h);
}

/* Whatever is typed when: no key is lost, no event is one that the engine refuses (join() looks). */
static void no_key_is_lost(void **state)
{
    (void)state;
    uint64_t seed = 17;
    for (int round = 0; round < 200; round++) {
        struct hand *h = hand_make();
        h->begun = random_below(&seed, 2) == 0;
        for (size_t s = 0; s < SESSIONS; s++) {
            begin_session(h);
            const size_t n = random_below(&seed, 40);
            for (size_t i = 0; i < n; i++) {
                h->now += (int64_t)random_below(&seed, 4000) - 500;
                h->now += random_below(&seed, 30) == 0 ? 700000 : 0;
                type(h, random_below(&seed, 9) == 0 ? "pin" : "note",
                     words[random_below(&seed, ARRAY_LEN(words))]);
            }
        }
        const size_t keys = h->keys;
        size_t sum = 0;
        join(h);
        for (size_t i = 0; i < h->events; i++) {
            sum += h->event[i].event.of.keystrokes.count;
        }
        assert_int_equal(sum, keys);
        hand_free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_the_text_they_were),
        cmocka_unit_test(a_key_at_a_time_is_a_text_too),
        cmocka_unit_test(what_comes_again_stays_an_entry),
        cmocka_unit_test(what_else_happens_keeps_its_order),
        cmocka_unit_test(times_that_go_back_are_pauses),
        cmocka_unit_test(no_key_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
