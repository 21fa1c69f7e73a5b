/* persona_test.c - simulated sessions: repeatable, within the contract, and told apart. */
#include "app/persona/persona.h"

#include "base/util.h"
#include "canara.h"
#include "codec/event_scan.h"
#include "tests/support/unit.h"

#include <stdlib.h>

#define T0 INT64_C(1750000000000)

/* What the engine said of one session. */
struct outcome {
    size_t events;
    double highest;
    bool challenged, blocked;
};

static struct outcome play(enum persona_kind kind, uint64_t seed, unsigned number)
{
    struct event_scratch *scratch = malloc(sizeof *scratch);
    scanned_event_t *out = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *out);
    assert_non_null(scratch);
    assert_non_null(out);
    struct buf text;
    buf_init(&text, PERSONA_EVENT_MAX);
    struct persona p;
    persona_init(&p, kind, seed, number);
    canara_session_t session;
    canara_session_begin(&session, T0);

    struct outcome o = {0};
    int64_t last = 0;
    int64_t due = 0;
    bool more = false;
    for (;;) {
        assert_ok(persona_next(&p, &due, &text, &more));
        if (!more) {
            break;
        }
        size_t count = 0;
        scan_fault_t fault;
        if (event_scan(scratch, buf_span(&text), out, &count, &fault) != SCAN_OK) {
            fail_msg("%s %llu: %s (%s) in %.*s", persona_kind_name(kind), (unsigned long long)seed,
                     fault.message, fault.field, (int)text.len, (const char *)text.ptr);
        }
        assert_int_equal(count, 1);
        assert_true(out[0].event.kind != CANARA_UNKNOWN);
        assert_true(due >= last && due <= PERSONA_SESSION_MAX_MS);
        last = due;
        canara_verdict_t v;
        assert_int_equal(canara_observe(&session, NULL, NULL, &out[0].event, T0 + due, &v),
                         CANARA_OK);
        o.events++;
        o.highest = v.risk > o.highest ? v.risk : o.highest;
        o.challenged = o.challenged || v.challenge_started;
        o.blocked = o.blocked || v.blocked;
    }
    assert_int_equal(text.len, 0);
    buf_deinit(&text);
    free(out);
    free(scratch);
    return o;
}

/* All bytes and times of a session. */
static void record(enum persona_kind kind, uint64_t seed, unsigned number, struct buf *all)
{
    struct buf text;
    buf_init(&text, PERSONA_EVENT_MAX);
    struct persona p;
    persona_init(&p, kind, seed, number);
    bool more = true;
    while (more) {
        int64_t due = 0;
        assert_ok(persona_next(&p, &due, &text, &more));
        assert_ok(buf_append_format(all, "%lld ", (long long)due));
        assert_ok(buf_append(all, buf_span(&text)));
    }
    buf_deinit(&text);
}

static bool same_session(enum persona_kind a_kind, uint64_t a_seed, unsigned a_number,
                         enum persona_kind b_kind, unsigned b_number)
{
    struct buf a;
    struct buf b;
    buf_init(&a, (size_t)1 << 24);
    buf_init(&b, (size_t)1 << 24);
    record(a_kind, a_seed, a_number, &a);
    record(b_kind, a_seed, b_number, &b);
    const bool same = span_eq(buf_span(&a), buf_span(&b));
    buf_deinit(&a);
    buf_deinit(&b);
    return same;
}

static void equal_seeds_give_equal_bytes_and_other_sessions_others(void **state)
{
    (void)state;
    for (unsigned k = 0; k < PERSONA_STUFFER; k++) {
        const enum persona_kind kind = (enum persona_kind)k;
        assert_true(same_session(kind, 7, 3, kind, 3));
        assert_true(same_session(kind, 7, 3, kind, 4) == (kind == PERSONA_REPLAY));
    }
    assert_true(same_session(PERSONA_REPLAY, 7, 9, PERSONA_OWNER, 0));
    assert_false(same_session(PERSONA_OTHER, 7, 0, PERSONA_OWNER, 0));
}

static void honest_sessions_stay_normal(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        const struct outcome o = play(PERSONA_OWNER, seed, (unsigned)seed);
        if (o.challenged || o.highest >= 0.4 || o.events < 20) {
            fail_msg("seed %llu: %zu events, highest risk %g", (unsigned long long)seed, o.events,
                     o.highest);
        }
    }
}

static void bots_are_stopped_and_remote_control_is_watched(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        const struct outcome bot = play(PERSONA_BOT, seed, 0);
        assert_true(bot.challenged || bot.blocked);
        assert_true(bot.blocked);
        const struct outcome remote = play(PERSONA_REMOTE, seed, 0);
        assert_true(remote.highest >= 0.4);
        assert_false(remote.blocked);
        (void)play(PERSONA_OTHER, seed, 2);
        (void)play(PERSONA_REPLAY, seed, 2);
    }
}

static void a_stuffer_tries_logins_and_sends_no_event(void **state)
{
    (void)state;
    struct persona p;
    persona_init(&p, PERSONA_STUFFER, 5, 0);
    struct persona_login login;
    int64_t due = 0;
    int64_t last = 0;
    int tries = 0;
    while (persona_attempt(&p, &due, &login)) {
        assert_true(due >= last);
        assert_true(strchr(login.email, '@') != NULL && login.password[0] != '\0');
        last = due;
        tries++;
    }
    assert_int_equal(tries, PERSONA_ATTEMPTS);
    assert_int_equal(play(PERSONA_STUFFER, 5, 0).events, 0);
    persona_init(&p, PERSONA_OWNER, 5, 0);
    assert_false(persona_attempt(&p, &due, &login));
}

static void an_event_that_does_not_fit_is_told_again(void **state)
{
    (void)state;
    struct buf small;
    struct buf large;
    buf_init(&small, 8);
    buf_init(&large, PERSONA_EVENT_MAX);
    struct persona p;
    persona_init(&p, PERSONA_OWNER, 1, 0);
    int64_t due = -1;
    bool more = false;
    assert_err(persona_next(&p, &due, &small, &more), ERR_LIMIT);
    assert_int_equal(due, -1);
    assert_ok(persona_next(&p, &due, &large, &more));
    assert_true(more);
    assert_span_text(buf_span(&large),
                     "{\"event_type\":\"lifecycle\",\"data\":{\"state\":\"foreground\"}}");
    buf_deinit(&small);
    buf_deinit(&large);
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (unsigned k = 0; k < PERSONA_KINDS; k++) {
        enum persona_kind found = PERSONA_KINDS;
        assert_true(persona_kind_find(persona_kind_name((enum persona_kind)k), &found));
        assert_int_equal(found, k);
    }
    enum persona_kind untouched = PERSONA_BOT;
    assert_false(persona_kind_find("nobody", &untouched));
    assert_int_equal(untouched, PERSONA_BOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_seeds_give_equal_bytes_and_other_sessions_others),
        cmocka_unit_test(honest_sessions_stay_normal),
        cmocka_unit_test(bots_are_stopped_and_remote_control_is_watched),
        cmocka_unit_test(a_stuffer_tries_logins_and_sends_no_event),
        cmocka_unit_test(an_event_that_does_not_fit_is_told_again),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
