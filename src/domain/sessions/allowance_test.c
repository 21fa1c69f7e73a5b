/* How much a session may send: in events, in bytes, at once and over time. */
#include "domain/sessions/allowance.h"

#include "domain/sessions/steps_test.h"

enum {
    MESSAGE = LIMIT_WS_MESSAGE_BYTES,
    FIRST = LIMIT_EVENT_BYTES_FIRST,
    RATE = 65536,
    SMALL = 100
};

static struct live *ann_logs_in(struct house *h)
{
    (void)register_account(h, ANN);
    return log_in(h, ANN, "phone");
}

/* A message, as it is taken. */
static bool allows(struct house *h, struct live *live, size_t count, size_t bytes)
{
    const mono_t now = clock_mono(shard_service(h->shard)->clock);
    return live_allows_bytes(h->shard, live, bytes, now) &&
           live_allows_events(h->shard, live, count, now);
}

/* What a new session begins with. */
static void spend_first(struct house *h, struct live *live)
{
    for (size_t bytes = 0; bytes < FIRST; bytes += MESSAGE) {
        assert_true(allows(h, live, 1, MESSAGE));
    }
}

static void a_connection_has_its_events_a_second_and_at_least_one_message(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    h->svc.rules.event_bytes_per_second = 0;
    assert_true(allows(h, live, LIMIT_EVENTS_PER_MESSAGE, MESSAGE)); /* one whole message */
    assert_false(allows(h, live, 1, SMALL));
    scripted_clock_pass(&h->clock, 4); /* 0.8 of an event */
    assert_false(allows(h, live, 1, SMALL));
    scripted_clock_pass(&h->clock, 1);
    assert_true(allows(h, live, 1, SMALL));
    size_t let_through = 0;
    for (int ms = 0; ms < 10000; ms++) {
        scripted_clock_pass(&h->clock, 1);
        let_through += allows(h, live, 1, SMALL) ? 1U : 0U;
    }
    assert_int_equal(let_through, 2000);
    scripted_clock_pass(&h->clock, HOUR_MS / 2); /* a long silence saves nothing up */
    assert_false(allows(h, live, LIMIT_EVENTS_PER_MESSAGE + 1, SMALL));
    assert_true(allows(h, live, LIMIT_EVENTS_PER_MESSAGE, SMALL));
}

static void a_connection_has_its_bytes_a_second_whatever_it_puts_in_an_event(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    size_t bytes = 0;
    spend_first(h, live);
    assert_false(allows(h, live, 1, 1));
    for (int ms = 0; ms < 60000; ms += 5) { /* as often as events are allowed */
        scripted_clock_pass(&h->clock, 5);
        bytes += allows(h, live, 1, 58000) ? 58000U : 0U;
    }
    assert_in_range(bytes, 60U * RATE - 58000, 60U * RATE);
}

static void a_client_that_comes_back_may_send_what_it_has_kept(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    const int64_t most = LIMIT_EVENT_BYTES_BURST_S * (int64_t)RATE;
    spend_first(h, live);
    assert_false(allows(h, live, 1, 1));
    scripted_clock_pass(&h->clock, HOUR_MS / 2);
    int64_t sent = 0;
    while (allows(h, live, 1, MESSAGE)) {
        sent += MESSAGE;
    }
    assert_int_equal(sent, most);
    assert_false(allows(h, live, 1, 1));
}

static void what_is_refused_costs_nothing_of_what_refuses_it(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    assert_true(allows(h, live, 1, FIRST - SMALL));
    for (int i = 0; i < 1000; i++) {
        assert_false(allows(h, live, 1, SMALL + 1)); /* too many bytes */
    }
    assert_true(allows(h, live, LIMIT_EVENTS_PER_MESSAGE - 1, SMALL));
    scripted_clock_pass(&h->clock, 2000); /* a second's worth of events, two of bytes */
    for (int i = 0; i < 1000; i++) {
        assert_false(allows(h, live, LIMIT_EVENTS_PER_MESSAGE + 1, SMALL)); /* too many events */
    }
    const size_t left = (size_t)2 * RATE - (size_t)1000 * SMALL; /* their bytes were sent */
    assert_false(allows(h, live, 1, left + 1));
    assert_true(allows(h, live, LIMIT_EVENTS_PER_MESSAGE, left));
}

static void bytes_are_charged_without_an_event_and_events_without_a_byte(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    const mono_t now = clock_mono(&h->clock.face);
    assert_true(live_allows_events(h->shard, live, LIMIT_EVENTS_PER_MESSAGE, now));
    assert_false(live_allows_events(h->shard, live, 1, now));
    for (size_t bytes = 0; bytes < FIRST; bytes += MESSAGE) {
        assert_true(live_allows_bytes(h->shard, live, MESSAGE, now));
    }
    assert_false(live_allows_bytes(h->shard, live, 1, now));
    assert_true(live_allows_events(h->shard, live, 0, now));
    assert_true(live_allows_bytes(h->shard, live, 0, now));
}

static void a_message_is_never_too_big_for_the_bucket(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    h->svc.rules.event_bytes_per_second = 1;
    assert_true(allows(h, live, 1, MESSAGE));
    assert_false(allows(h, live, 1, 1));
    scripted_clock_pass(&h->clock, 999);
    assert_false(allows(h, live, 1, 1));
    scripted_clock_pass(&h->clock, 1);
    assert_true(allows(h, live, 1, 1));
    h->svc.rules.events_per_second = 1000000;
    h->svc.rules.event_bytes_per_second = 1000000000;
    live = log_in(h, ANN, "tablet");
    for (int i = 0; i < 3; i++) { /* 256 events a millisecond */
        assert_true(allows(h, live, LIMIT_EVENTS_PER_MESSAGE, MESSAGE));
        scripted_clock_pass(&h->clock, 1);
    }
}

static void a_limit_of_0_is_none_and_that_of_events_switches_both_off(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    h->svc.rules.event_bytes_per_second = 0;
    for (int i = 0; i < 200; i++) {
        assert_true(allows(h, live, 1, MESSAGE));
    }
    h->svc.rules.event_bytes_per_second = RATE;
    h->svc.rules.events_per_second = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(allows(h, live, 100000, MESSAGE));
    }
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(a_connection_has_its_events_a_second_and_at_least_one_message),
        SENTENCE(a_connection_has_its_bytes_a_second_whatever_it_puts_in_an_event),
        SENTENCE(a_client_that_comes_back_may_send_what_it_has_kept),
        SENTENCE(what_is_refused_costs_nothing_of_what_refuses_it),
        SENTENCE(bytes_are_charged_without_an_event_and_events_without_a_byte),
        SENTENCE(a_message_is_never_too_big_for_the_bucket),
        SENTENCE(a_limit_of_0_is_none_and_that_of_events_switches_both_off),
    };
    return cmocka_run_group_tests_name("allowance", tests, NULL, NULL);
}
