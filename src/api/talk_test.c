/* The conversation on a behaviour socket, word by word, with a sink that writes everything down. */
#include "api/talk.h"

#include "api/desk_test.h"
#include "base/limits.h"
#include "domain/sessions/sleepers.h"

enum { WORDS_KEPT = 64, WORD_BYTES = 1024 };

/* One socket: what was said on it and how it was closed. */
struct ear {
    struct talk_sink sink;
    struct talk talk;
    struct desk *desk;
    struct bearer who;
    size_t said;
    char word[WORDS_KEPT][WORD_BYTES];
    unsigned closes, code;
    char reason[128];
};

static void hear_text(struct talk_sink *self, span_t json)
{
    struct ear *e = CONTAINER_OF(self, struct ear, sink);
    assert_int_equal(e->closes, 0); /* nothing is said behind a close */
    assert_in_range(e->said, 0, WORDS_KEPT - 1);
    assert_in_range(json.len, 1, WORD_BYTES - 1);
    (void)snprintf(e->word[e->said++], WORD_BYTES, "%.*s", (int)json.len, (const char *)json.ptr);
}

static void hear_close(struct talk_sink *self, uint16_t code, const char *reason)
{
    struct ear *e = CONTAINER_OF(self, struct ear, sink);
    e->closes += 1;
    e->code = code;
    (void)snprintf(e->reason, sizeof e->reason, "%s", reason);
}

/* As the server does it: the session's news for its socket. */
static void pass_on(struct shard_watcher *self, struct live *live, enum notice what,
                    enum session_end how, const canara_verdict_t *verdict)
{
    (void)self;
    struct ear *e = live->socket;
    if (e != NULL) {
        talk_notice(&e->talk, &e->desk->api, e->who.owner, what, how, verdict);
    }
}

static struct ear *open_ear(struct desk *d)
{
    struct ear *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->sink = (struct talk_sink){.text = hear_text, .close = hear_close};
    e->desk = d;
    desk_enter(d, &e->who, "phone");
    d->house.watcher.notify = pass_on;
    e->who.live->socket = e;
    talk_begin(&e->talk, &d->api, e->who.owner, e->who.live, &e->sink);
    return e;
}

static talk_due_t say(struct ear *e, const char *text)
{
    struct desk *d = e->desk;
    return talk_message(&e->talk, &d->api, e->who.owner, d->house.scratch, d->house.events,
                        span_of(text));
}

static struct json *word(const struct ear *e, size_t i)
{
    struct json *tree = NULL;
    assert_in_range(i, 0, e->said - 1);
    assert_ok(json_parse(span_of(e->word[i]), &tree, NULL));
    return tree;
}

static void expect_word(const struct ear *e, size_t i, const char *want)
{
    assert_true(i < e->said);
    if (strcmp(e->word[i], want) != 0) {
        fail_msg("said %s\ninstead of %s", e->word[i], want);
    }
}

static void expect_close(const struct ear *e, unsigned code, const char *reason)
{
    if (e->closes != 1 || e->code != code || strcmp(e->reason, reason) != 0) {
        fail_msg("%u closes, %u \"%s\" instead of %u \"%s\"", e->closes, e->code, e->reason, code,
                 reason);
    }
}

static void fact(struct ear *e, double risk)
{
    (void)behaviour_fact(e->who.owner, e->who.live, "ml_analysis_result", SPAN_LIT("{}"),
                         CANARA_FACT_PREDICTED_RISK, risk);
}

#define AT "\"timestamp\":\"2026-03-01T09:30:00.000Z\""

/* ---- greeting */

static void the_greeting_says_where_the_session_stands(void **state)
{
    struct ear *e = open_ear(*state);
    char want[WORD_BYTES];
    assert_int_equal(e->said, 1);
    (void)snprintf(
        want, sizeof want,
        "{\"type\":\"connection_established\"," AT ",\"session_id\":\"%s\","
        "\"message\":\"Behavioral data collection started\",\"risk_level\":\"normal\","
        "\"mpin_required\":false,\"learning\":{\"sessions\":0,\"needed\":6,"
        "\"state\":\"learning\"},\"last_seq\":-1,\"limits\":{\"max_message_bytes\":65536,"
        "\"max_events_per_message\":256,\"events_per_second\":200,"
        "\"event_bytes_per_second\":65536}}",
        e->who.id);
    expect_word(e, 0, want);
    free(e);
}

static void a_challenge_that_is_open_is_repeated_to_a_new_socket(void **state)
{
    struct ear *e = open_ear(*state);
    fact(e, 0.8);
    struct ear again = {.sink = e->sink, .desk = e->desk, .who = e->who};
    talk_begin(&again.talk, &e->desk->api, e->who.owner, e->who.live, &again.sink);
    assert_int_equal(again.said, 2);
    assert_non_null(strstr(again.word[0], "\"risk_level\":\"challenge\",\"mpin_required\":true"));
    struct json *challenge = word(&again, 1);
    span_t text = {0};
    assert_true(json_get_text(challenge, "type", &text));
    assert_span_text(text, "mpin_required");
    assert_true(json_get_text(challenge, "message", &text));
    assert_span_text(text, "Please verify your MPIN to continue");
    assert_true(json_get_text(challenge, "challenge_id", &text));
    assert_int_equal(json_kind(json_get(challenge, "reasons")), JSON_KIND_ARRAY);
    json_free(&challenge);
    free(e);
}

static void acknowledge(struct ear *e, uint32_t count, int64_t seq)
{
    talk_ack_head_t head;
    talk_ack_head(&head, clock_wall(shard_service(e->who.owner)->clock));
    talk_acknowledge(&e->talk, &head, count, seq);
}

static void a_new_socket_is_told_the_last_number_that_is_durable(void **state)
{
    struct ear *e = open_ear(*state);
    const talk_due_t due = say(e, "{\"event_type\":\"app_resume\",\"data\":{},\"seq\":41}");
    struct ear again = {.sink = e->sink, .desk = e->desk, .who = e->who};
    talk_begin(&again.talk, &e->desk->api, e->who.owner, e->who.live, &again.sink);
    assert_non_null(strstr(again.word[0], "\"last_seq\":-1")); /* taken, but not on the disk */
    acknowledge(e, due.count, due.seq);
    again.said = 0;
    talk_begin(&again.talk, &e->desk->api, e->who.owner, e->who.live, &again.sink);
    assert_non_null(strstr(again.word[0], "\"last_seq\":41"));
    free(e);
}

static void a_new_socket_is_told_what_became_durable_when_there_was_none(void **state)
{
    struct ear *e = open_ear(*state);
    struct journal_lane *lane = shard_lane(e->who.owner);
    (void)say(e, "{\"event_type\":\"app_resume\",\"data\":{},\"seq\":41}");
    journal_kick(lane);
    while (journal_durable(lane) < journal_appended(lane)) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    struct ear again = {.sink = e->sink, .desk = e->desk, .who = e->who};
    talk_begin(&again.talk, &e->desk->api, e->who.owner, e->who.live, &again.sink);
    assert_non_null(strstr(again.word[0], "\"last_seq\":41"));
    free(e);
}

/* ---- messages */

static void events_are_owed_an_acknowledgement_and_get_it_later(void **state)
{
    struct ear *e = open_ear(*state);
    talk_due_t due = say(e, "{\"event_type\":\"app_resume\",\"data\":{},\"seq\":3}");
    assert_true(due.due);
    assert_int_equal(due.count, 1);
    assert_int_equal(due.seq, 3);
    assert_int_equal(due.position, journal_appended(shard_lane(e->who.owner)));
    assert_int_equal(e->said, 1); /* nothing but the greeting: it is not on the disk yet */
    acknowledge(e, due.count, due.seq);
    expect_word(e, 1,
                "{\"type\":\"data_received\"," AT ",\"status\":\"processed\",\"count\":1,"
                "\"seq\":3,\"risk_level\":\"normal\"}");
    due = say(e, "[{\"event_type\":\"app_resume\",\"data\":{}},{\"event_type\":\"app_resume\","
                 "\"data\":{},\"seq\":2}]"); /* an old number is acknowledged, too */
    assert_true(due.due);
    assert_int_equal(due.count, 2);
    assert_int_equal(due.seq, 3);
    acknowledge(e, UINT32_MAX, INT64_MAX); /* as long as it can be */
    expect_word(e, 2,
                "{\"type\":\"data_received\"," AT ",\"status\":\"processed\",\"count\":4294967295,"
                "\"seq\":9223372036854775807,\"risk_level\":\"normal\"}");
    acknowledge(e, 0, -1);
    expect_word(e, 3,
                "{\"type\":\"data_received\"," AT ",\"status\":\"processed\",\"count\":0,"
                "\"seq\":-1,\"risk_level\":\"normal\"}");
    free(e);
}

static void a_message_that_is_wrong_is_answered_with_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{", "{\"type\":\"error\"," AT ",\"message\":\"Invalid JSON format\"}"},
        {"{\"data\":{}}",
         "{\"type\":\"error\"," AT ",\"message\":\"Missing event_type in behavioral data\","
         "\"field\":\"event_type\"}"},
        {"[]", NULL},
        {"7", NULL},
        {"{\"event_type\":\"mpin_failed\",\"data\":{}}", NULL},
        {"{\"event_type\":\"app_resume\",\"data\":{},\"seq\":-1}", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ear *e = open_ear(*state);
        const uint64_t lines = e->who.live->lines;
        const talk_due_t due = say(e, cases[i].text);
        assert_false(due.due);
        assert_int_equal(e->said, 2);
        assert_non_null(strstr(e->word[1], "\"type\":\"error\""));
        if (cases[i].want != NULL) {
            expect_word(e, 1, cases[i].want);
        }
        assert_int_equal(e->who.live->lines, lines);
        assert_int_equal(e->closes, 0);
        free(e);
    }
}

static void ten_errors_in_a_row_close_and_a_good_message_starts_again(void **state)
{
    struct ear *e = open_ear(*state);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < LIMIT_WS_ERRORS_IN_A_ROW - 1; i++) {
            (void)say(e, "{");
        }
        assert_true(say(e, "{\"event_type\":\"app_resume\",\"data\":{}}").due);
    }
    assert_int_equal(e->closes, 0);
    for (int i = 0; i < LIMIT_WS_ERRORS_IN_A_ROW; i++) {
        (void)say(e, "{");
    }
    expect_close(e, WS_CLOSE_POLICY, "too many errors");
    const size_t said = e->said;
    assert_false(say(e, "{\"event_type\":\"app_resume\",\"data\":{}}").due);
    (void)say(e, "{");
    assert_int_equal(e->said, said); /* a closed socket is not listened to */
    free(e);
}

static void more_events_than_the_rate_allows_close(void **state)
{
    struct desk *d = *state;
    struct ear *e = open_ear(d);
    size_t taken = 0;
    d->house.svc.rules.events_per_second = 5;
    while (e->closes == 0 && taken < 1000) {
        taken += say(e, "{\"event_type\":\"app_resume\",\"data\":{}}").due ? 1U : 0U;
    }
    assert_in_range(taken, 5, LIMIT_EVENTS_PER_MESSAGE); /* time stands still */
    expect_close(e, WS_CLOSE_POLICY, "too many events");
    assert_int_equal(counter_read(&d->api.metrics.refused_rate), 1);
    free(e);
}

static void more_bytes_than_the_rate_allows_close_as_more_events_do(void **state)
{
    struct desk *d = *state;
    struct ear *e = open_ear(d);
    char text[1200];
    (void)snprintf(text, sizeof text, "{\"event_type\":\"zzz\",\"data\":{\"a\":\"%01000d\"}}", 0);
    size_t taken = 0;
    while (e->closes == 0 && taken < 1000) {
        taken += say(e, text).due ? 1U : 0U;
    }
    assert_int_equal(taken, LIMIT_EVENT_BYTES_FIRST / strlen(text)); /* time stands still */
    expect_close(e, WS_CLOSE_POLICY, "too many events");
    assert_int_equal(counter_read(&d->api.metrics.refused_rate), 1);
    free(e);
}

/* Text of about a thousand bytes that is read to its end and refused there. */
static void print_refused(char *text, size_t size)
{
    (void)snprintf(text, size, "{\"event_type\":\"zzz\",\"data\":{\"a\":\"%01000d\"},\"seq\":-1}",
                   0);
}

static void what_is_refused_counts_for_the_bytes_as_what_is_taken_does(void **state)
{
    static const char good[] = "{\"event_type\":\"app_resume\",\"data\":{}}";
    struct desk *d = *state;
    struct ear *e = open_ear(d);
    char text[1200];
    print_refused(text, sizeof text);
    size_t left = LIMIT_EVENT_BYTES_FIRST; /* time stands still */
    while (left >= strlen(text) + strlen(good)) {
        const size_t said = e->said;
        assert_false(say(e, text).due);
        assert_non_null(strstr(e->word[said], "\"type\":\"error\"")); /* as ever */
        assert_true(say(e, good).due);                                /* no ten errors in a row */
        e->said = said;
        left -= strlen(text) + strlen(good);
    }
    assert_int_equal(e->closes, 0);
    (void)say(e, text);
    (void)say(e, text);
    expect_close(e, WS_CLOSE_POLICY, "too many events");
    assert_int_equal(counter_read(&d->api.metrics.refused_rate), 1);
    free(e);
}

static void without_a_limit_what_is_refused_costs_nothing(void **state)
{
    struct desk *d = *state;
    char text[1200];
    print_refused(text, sizeof text);
    for (int i = 0; i < 2; i++) {
        struct ear *e = open_ear(d);
        d->house.svc.rules.events_per_second = i == 0 ? 0 : 1000;
        d->house.svc.rules.event_bytes_per_second = i == 0 ? 65536 : 0;
        for (size_t bytes = 0; bytes < (size_t)2 * LIMIT_EVENT_BYTES_FIRST; bytes += strlen(text)) {
            (void)say(e, text);
            e->talk.errors_in_a_row = 0;
            e->said = 1;
        }
        assert_int_equal(e->closes, 0);
        free(e);
    }
}

/* ---- news */

static void a_new_level_is_told_with_the_one_before(void **state)
{
    struct ear *e = open_ear(*state);
    fact(e, 0.5);
    expect_word(e, 1,
                "{\"type\":\"risk_update\"," AT
                ",\"risk_level\":\"monitor\",\"previous\":\"normal\"}");
    fact(e, 0.8);
    assert_non_null(strstr(e->word[2], "\"risk_level\":\"challenge\",\"previous\":\"monitor\""));
    assert_non_null(strstr(e->word[3], "\"type\":\"mpin_required\""));
    assert_int_equal(e->closes, 0);
    free(e);
}

static void a_risk_that_blocks_says_so_and_closes(void **state)
{
    struct ear *e = open_ear(*state);
    fact(e, 0.99);
    assert_true(e->who.live->blocked);
    expect_word(e, e->said - 1,
                "{\"type\":\"session_blocked\"," AT ",\"reason\":\"High risk behavior detected\"}");
    expect_close(e, TALK_CLOSE_BLOCKED, "High risk behavior detected");
    free(e);
}

static void each_end_has_its_code(void **state)
{
    static const struct {
        enum session_end how;
        unsigned code;
        const char *reason;
    } ends[] = {
        {END_LOGGED_OUT, 4408, "logged out"},        {END_EXPIRED, 4401, "session expired"},
        {END_REPLACED, 4401, "session ended"},       {END_REVOKED, 4401, "session ended"},
        {END_REFRESH_REUSED, 4401, "session ended"},
    };

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct ear *e = open_ear(*state);
        const uuid_t id = e->who.live->id;
        api_told(e->who.owner, id, TELL_END, ends[i].how, 0.0);
        expect_close(e, ends[i].code, ends[i].reason);
        assert_null(shard_find(e->who.owner, id));
        free(e);
    }
}

static void each_block_has_its_words(void **state)
{
    static const struct {
        enum session_end how;
        const char *reason;
    } blocks[] = {{END_BLOCKED, "High risk behavior detected"},
                  {END_MPIN_LOCKED, "Too many failed MPIN attempts"},
                  {END_OPERATOR, "Session ended by administrator"}};

    for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
        struct ear *e = open_ear(*state);
        api_told(e->who.owner, e->who.live->id, TELL_BLOCK, blocks[i].how, 0.0);
        expect_close(e, 4403, blocks[i].reason);
        assert_true(e->who.live->blocked);
        api_told(e->who.owner, e->who.live->id, TELL_BLOCK, blocks[i].how,
                 0.0); /* once is enough */
        assert_int_equal(e->closes, 1);
        free(e);
    }
}

/* ---- news from workers */

static void news_change_what_they_are_about(void **state)
{
    struct ear *e = open_ear(*state);
    api_told(e->who.owner, e->who.live->id, TELL_MPIN_FAILURES, END_NONE, 2.0);
    assert_int_equal(e->who.live->mpin_failures, 2);
    const uint64_t lines = e->who.live->lines;
    api_told(e->who.owner, e->who.live->id, TELL_FACT, END_NONE, 1.0);
    assert_true(e->who.live->lines > lines);
    api_told(e->who.owner, (uuid_t){{1}}, TELL_END, END_LOGGED_OUT, 0.0); /* of nobody */
    assert_int_equal(e->closes, 0);
    free(e);
}

/* It cannot be woken to be told while the store is away: it hears of it when it wakes. */
static void news_reach_a_session_that_sleeps_on(void **state)
{
    static const enum session_end how[] = {END_OPERATOR, END_REVOKED};
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(how); i++) {
        struct bearer b;
        struct sleepers *sleepers = NULL;
        desk_enter(d, &b, "phone");
        const uuid_t id = b.live->id;
        assert_ok(sleepers_new(&d->house.svc, &sleepers));
        b.live->asleep = true;
        live_recount(b.owner, b.live);
        store_scripted_fail_begins(d->house.svc.store, 1);
        api_told(b.owner, id, i == 0 ? TELL_BLOCK : TELL_END, how[i], 0.0);
        assert_true(shard_peek(b.owner, id)->asleep);
        const struct live *woken = shard_find(b.owner, id);
        assert_true(i == 0 ? woken != NULL && woken->how == (uint8_t)how[i] : woken == NULL);
        sleepers_free(&sleepers);
    }
}

/* ---- the end */

static void a_close_is_said_once(void **state)
{
    struct ear *e = open_ear(*state);
    talk_end(&e->talk, WS_CLOSE_GOING_AWAY, "server is stopping");
    talk_end(&e->talk, WS_CLOSE_TRY_LATER, "overload");
    expect_close(e, 1001, "server is stopping");
    acknowledge(e, 1, 1);
    assert_int_equal(e->said, 1);
    free(e);
}

static void a_decision_counts_from_the_moment_its_bytes_could_be_read(void **state)
{
    struct ear *e = open_ear(*state);
    struct scripted_clock *clock = &e->desk->house.clock;
    const struct clock *face = &clock->face;
    e->talk.heard = clock_mono(face);
    scripted_clock_pass(clock, 7); /* others were ready before it */
    for (int i = 0; i < 3; i++) {
        assert_true(
            say(e, "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":3}}").due);
    }
    assert_false(say(e, "{\"event_type\":\"rapid_clicks\"}").due); /* nothing is decided */
    struct histogram_view seen = {0};
    histogram_read(&shard_metrics(e->who.owner)->decision_ns, &seen);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.sum_ns, 3 * INT64_C(7000000));
    free(e);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_decision_counts_from_the_moment_its_bytes_could_be_read),
        DESK_TEST(the_greeting_says_where_the_session_stands),
        DESK_TEST(a_challenge_that_is_open_is_repeated_to_a_new_socket),
        DESK_TEST(a_new_socket_is_told_the_last_number_that_is_durable),
        DESK_TEST(a_new_socket_is_told_what_became_durable_when_there_was_none),
        DESK_TEST(events_are_owed_an_acknowledgement_and_get_it_later),
        DESK_TEST(a_message_that_is_wrong_is_answered_with_what_is_wrong),
        DESK_TEST(ten_errors_in_a_row_close_and_a_good_message_starts_again),
        DESK_TEST(more_events_than_the_rate_allows_close),
        DESK_TEST(more_bytes_than_the_rate_allows_close_as_more_events_do),
        DESK_TEST(what_is_refused_counts_for_the_bytes_as_what_is_taken_does),
        DESK_TEST(without_a_limit_what_is_refused_costs_nothing),
        DESK_TEST(a_new_level_is_told_with_the_one_before),
        DESK_TEST(a_risk_that_blocks_says_so_and_closes),
        DESK_TEST(each_end_has_its_code),
        DESK_TEST(each_block_has_its_words),
        DESK_TEST(news_change_what_they_are_about),
        DESK_TEST(news_reach_a_session_that_sleeps_on),
        DESK_TEST(a_close_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
