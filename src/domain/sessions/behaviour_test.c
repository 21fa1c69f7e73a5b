/* One message of events: taken whole or not at all, scored, decided, and in force at once. */
#include "domain/sessions/behaviour.h"

#include "domain/sessions/steps_test.h"
#include "journal/journal_read.h"
#include "tests/support/random.h"

#include <dirent.h>
#include <math.h>

#define TYPING "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":55}}"
#define CLICKS "{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":90}}"

static struct live *ann_logs_in(struct house *h)
{
    (void)register_account(h, ANN);
    return log_in(h, ANN, "phone");
}

/* ---- what stands in the journal */

enum { KEPT_MAX = 4096 };

struct kept {
    size_t records, events, facts;
    uint64_t line; /* the newest */
    bool gaps;
    char type[KEPT_MAX][24];
    char last_data[256];
};

static err_t keep(void *context, const journal_record_t *record)
{
    struct kept *k = context;
    MUST(k->records < KEPT_MAX);
    (void)snprintf(k->type[k->records], sizeof k->type[0], "%.*s", (int)record->type.len,
                   (const char *)record->type.ptr);
    (void)snprintf(k->last_data, sizeof k->last_data, "%.*s", (int)record->data.len,
                   (const char *)record->data.ptr);
    k->records++;
    k->events += record->kind == JOURNAL_EVENT ? 1U : 0U;
    k->facts += record->kind == JOURNAL_FACT ? 1U : 0U;
    if (record->line != 0) {
        k->gaps = k->gaps || record->line != k->line + 1;
        k->line = record->line;
    }
    return ERR_OK;
}

static struct kept *journal_of(struct house *h, uuid_t session)
{
    struct kept *k = calloc(1, sizeof *k);
    assert_non_null(k);
    settle(h);
    bool outrun = true;
    assert_ok(journal_session_records(h->svc.journal, session, (wall_t){SCRIPTED_WALL_MS}, keep, k,
                                      &outrun));
    assert_false(outrun);
    return k;
}

static size_t count_of(struct house *h, const struct live *live, const char *type)
{
    struct kept *k = journal_of(h, live->id);
    size_t n = 0;
    for (size_t i = 0; i < k->records; i++) {
        n += strcmp(k->type[i], type) == 0 ? 1U : 0U;
    }
    free(k);
    return n;
}

static void lines_are_numbered_from_one_without_a_gap(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    uint64_t seed = 23;
    for (int i = 0; i < 300; i++) {
        scripted_clock_pass(&h->clock, (int64_t)random_below(&seed, 3000));
        h->count = 0;
        switch (random_below(&seed, 6)) {
        case 0: predict(h, live, random_in(&seed, 0.0, 0.85)); break;
        case 1: behaviour_line(h->shard, live, "policy_note", SPAN_LIT("{}")); break;
        case 2:
            (void)behaviour_fact(h->shard, live, "mpin_verified", SPAN_LIT("{}"),
                                 CANARA_FACT_MPIN_PASSED, 0.0);
            break;
        default: (void)send(h, live, "[" TYPING "," TYPING "]");
        }
        settle(h);
    }
    behaviour_block(h->shard, live, END_OPERATOR, true);
    struct kept *k = journal_of(h, live->id);
    assert_false(k->gaps);
    assert_int_equal(k->line, live->lines);
    assert_int_equal(k->events, live->events);
    assert_int_equal(k->events + k->facts, live->lines);
    free(k);
}

static void a_session_begins_with_its_opening_and_what_it_starts_with(void **state)
{
    struct house *h = *state;
    (void)ann_logs_in(h);
    bool ended = false;
    enum session_end before = END_NONE;
    struct live *live = log_in(h, ANN, "tablet");
    assert_ok(session_end_stored(&h->svc, live->id, END_BLOCKED, &ended, &before));
    h->count = 0;
    live = log_in(h, ANN, "laptop");
    assert_true(behaviour_mpin_required(h->shard, live));
    assert_int_equal(house_count(h, NOTICE_CHALLENGE), 1);
    struct kept *k = journal_of(h, live->id);
    assert_string_equal(k->type[0], "session_opened");
    assert_string_equal(k->type[1], "device_new");
    assert_string_equal(k->type[k->records - 1], "policy_challenge");
    free(k);
    live = log_in(h, ANN, "laptop"); /* known by now, and no MPIN was passed on it */
    k = journal_of(h, live->id);
    assert_string_equal(k->type[1], "device_unproved");
    free(k);
}

/* ---- seq */

static void a_repeated_number_is_acknowledged_and_not_stored_again(void **state)
{
    static const struct {
        const char *message;
        size_t stored;
        int64_t seq;
    } row[] = {
        {"{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":0}", 1, 0},
        {"{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":0}", 0, 0},
        {"{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":5}", 1, 5},
        {"{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":4}", 0, 5},
        {"{\"event_type\":\"idle_timeout\",\"data\":{}}", 1, 5}, /* without one: always new */
        {"{\"event_type\":\"idle_timeout\",\"data\":{}}", 1, 5},
        {"[{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":5},"
         "{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":6},"
         "{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":7}]",
         2, 7},
        {"{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":9007199254740991}", 1,
         EVENT_SEQ_MAX},
        {"{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":8}", 0, EVENT_SEQ_MAX},
    };
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    uint64_t events = 0;
    assert_int_equal(live->seq, -1);
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        const canara_session_t before = live->mind->engine;
        const behaviour_result_t r = send(h, live, row[i].message);
        events += row[i].stored;
        assert_int_equal(r.answer, BEHAVIOUR_TAKEN);
        assert_int_equal(r.stored, row[i].stored);
        assert_int_equal(r.seq, row[i].seq);
        assert_int_equal(r.position, live->position);
        assert_int_equal(live->events, events);
        if (row[i].stored == 0) {
            assert_memory_equal(&before, &live->mind->engine, sizeof before); /* nor scored again */
        }
    }
}

static void a_repeat_is_no_activity(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    (void)send(h, live, "{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":1}");
    scripted_clock_pass(&h->clock, 10 * MINUTE_MS);
    (void)send(h, live, "{\"event_type\":\"idle_timeout\",\"data\":{},\"seq\":1}");
    assert_int_equal(live_seconds_left(h->shard, live), 50 * 60);
}

static void a_position_is_durable_when_the_lane_says_so(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    const behaviour_result_t r = send(h, live, TYPING);
    assert_true(r.position > 0);
    settle(h);
    assert_true(journal_durable(shard_lane(h->shard)) >= r.position);
    assert_int_equal(count_of(h, live, "typing_pattern"), 1);
}

/* ---- all or nothing */

static int with_a_narrow_lane(void **state)
{
    return house_set_up(state, HOUSE_SCRIPTED, 8192);
}

static void a_message_that_does_not_fit_leaves_no_trace(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    char message[4096] = "[" TYPING;
    for (int i = 0; i < 39; i++) { /* each of the forty would fit alone */
        (void)strncat(message, "," TYPING, sizeof message - strlen(message) - 1);
    }
    (void)strncat(message, "]", sizeof message - strlen(message) - 1);
    settle(h);
    const struct as_it_was kept = as_it_is(live);
    const struct live before = kept.live;
    const uint64_t appended = journal_appended(shard_lane(h->shard));
    const behaviour_result_t r = send(h, live, message);
    assert_int_equal(r.answer, BEHAVIOUR_BUSY);
    assert_int_equal(r.stored, 0);
    assert_int_equal(journal_appended(shard_lane(h->shard)), appended);
    assert_int_equal(live->events, before.events);
    assert_int_equal(live->lines, before.lines);
    assert_int_equal(live->active.ns, before.active.ns);
    same_engine(live, &kept.engine);
    assert_int_equal(send(h, live, TYPING).answer, BEHAVIOUR_TAKEN);
}

/* However narrow: what was taken is there as a whole, with all its decisions, and nothing else. */
static void under_pressure_every_message_is_whole_or_absent(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    uint64_t taken = 0;
    for (int i = 0; i < 200; i++) {
        const behaviour_result_t r = send(h, live, "[" CLICKS "," TYPING "," CLICKS "]");
        assert_true(r.answer == BEHAVIOUR_TAKEN || r.answer == BEHAVIOUR_BUSY);
        assert_int_equal(r.stored, r.answer == BEHAVIOUR_TAKEN ? 3 : 0);
        taken += r.stored;
        scripted_clock_pass(&h->clock, 100);
        if (i % 10 == 0) {
            settle(h);
        }
    }
    struct kept *k = journal_of(h, live->id);
    assert_false(k->gaps);
    assert_int_equal(k->events, taken);
    assert_int_equal(live->events, taken);
    free(k);
}

static void a_fact_that_cannot_be_written_takes_effect_all_the_same(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    char data[9000];
    memset(data, ' ', sizeof data);
    data[0] = '{';
    data[sizeof data - 1] = '}';
    (void)behaviour_fact(h->shard, live, "ml_analysis_result",
                         (span_t){(const uint8_t *)data, sizeof data}, CANARA_FACT_PREDICTED_RISK,
                         0.95);
    assert_true(live->blocked);
    struct kept *k = journal_of(h, live->id);
    assert_false(k->gaps); /* what follows takes its number */
    free(k);
}

/* ---- decisions */

static void a_change_of_level_is_a_line_and_a_notice(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    predict(h, live, 0.5);
    assert_int_equal(house_count(h, NOTICE_LEVEL), 1);
    assert_int_equal(live->shown_level, CANARA_LEVEL_MONITOR);
    struct kept *k = journal_of(h, live->id);
    assert_string_equal(k->type[k->records - 1], "risk_score_update");
    assert_non_null(strstr(k->last_data, "\"risk_level\":\"monitor\",\"previous\":\"normal\""));
    free(k);
    predict(h, live, 0.5);
    assert_int_equal(house_count(h, NOTICE_LEVEL), 1);
    assert_int_equal(count_of(h, live, "risk_score_update"), 1);
    predict(h, live, 0.05);
    assert_int_equal(house_count(h, NOTICE_LEVEL), 2);
    assert_int_equal(live->shown_level, CANARA_LEVEL_NORMAL);
}

static void a_challenge_is_told_once_until_it_is_answered(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    assert_true(uuid_is_nil(live->challenge_id));
    predict(h, live, 0.75);
    assert_true(behaviour_mpin_required(h->shard, live));
    const uuid_t first = live->challenge_id;
    assert_false(uuid_is_nil(first));
    for (int i = 0; i < 10; i++) {
        predict(h, live, 0.75);
        assert_int_equal(send(h, live, TYPING).answer, BEHAVIOUR_TAKEN); /* the session goes on */
    }
    assert_int_equal(house_count(h, NOTICE_CHALLENGE), 1);
    assert_true(uuid_eq(live->challenge_id, first));
    predict(h, live, 0.05); /* risk alone does not lift it */
    assert_true(behaviour_mpin_required(h->shard, live));

    const double before = peek(h, live).risk;
    predict(h, live, 0.75);
    (void)behaviour_fact(h->shard, live, "mpin_challenge_passed", SPAN_LIT("{}"),
                         CANARA_FACT_MPIN_PASSED, 0.0);
    assert_false(behaviour_mpin_required(h->shard, live));
    assert_true(peek(h, live).risk < 0.75);
    assert_true(before >= 0.0);
    predict(h, live, 0.75);
    assert_int_equal(house_count(h, NOTICE_CHALLENGE), 2);
    assert_false(uuid_eq(live->challenge_id, first));
}

static void a_block_by_risk_is_in_force_when_the_call_returns(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    predict(h, live, 0.95);
    assert_true(live->blocked);
    assert_int_equal(live->how, END_BLOCKED);
    assert_int_equal(h->count, 1); /* the block, and no level, no challenge beside it */
    assert_int_equal(h->told[0].what, NOTICE_BLOCKED);
    assert_true(h->told[0].blocked);
    assert_int_equal(h->told[0].lines, live->lines); /* told after its lines were appended */
    assert_int_equal(ledger_depth(h->ledger), 1);
    struct kept *k = journal_of(h, live->id);
    assert_string_equal(k->type[k->records - 3], "ml_analysis_result");
    assert_string_equal(k->type[k->records - 2], "risk_score_update");
    assert_string_equal(k->type[k->records - 1], "session_blocked");
    assert_string_equal(k->last_data, "{\"why\":\"risk\"}");
    free(k);
    enum canara_level level = CANARA_LEVEL_NORMAL;
    assert_true(behaviour_shown_risk(h->shard, live, &level) >= 0.9);
    assert_int_equal(level, CANARA_LEVEL_BLOCKED);
}

static void an_event_that_blocks_takes_the_rest_of_its_message_with_it(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    char message[16384] = "[" CLICKS;
    for (int i = 0; i < 99; i++) {
        (void)strncat(message, "," CLICKS, sizeof message - strlen(message) - 1);
    }
    (void)strncat(message, "]", sizeof message - strlen(message) - 1);
    predict(h, live, 0.85);
    for (int i = 0; i < 20 && !live->blocked; i++) {
        scripted_clock_pass(&h->clock, 1000);
        const behaviour_result_t r = send(h, live, message);
        assert_int_equal(r.answer, BEHAVIOUR_TAKEN);
        assert_int_equal(r.stored, 100);
        settle(h);
    }
    assert_true(live->blocked);
    assert_int_equal(house_count(h, NOTICE_BLOCKED), 1);
    assert_int_equal(count_of(h, live, "session_blocked"), 1);
    struct kept *k = journal_of(h, live->id);
    assert_int_equal(k->events % 100, 0);
    assert_false(k->gaps);
    free(k);
}

static void a_block_from_outside_says_why(void **state)
{
    static const struct {
        enum session_end how;
        const char *data;
    } row[] = {{END_MPIN_LOCKED, "{\"why\":\"mpin\"}"}, {END_OPERATOR, "{\"why\":\"operator\"}"}};
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct live *live = log_in(h, ANN, "phone");
        h->count = 0;
        behaviour_block(h->shard, live, row[i].how, true);
        assert_int_equal(h->told[0].how, row[i].how);
        struct kept *k = journal_of(h, live->id);
        assert_string_equal(k->last_data, row[i].data);
        free(k);
    }
    assert_int_equal(ledger_depth(h->ledger), 0);
}

/* ---- what a bearer may see */

static void the_shown_risk_has_two_decimals(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    uint64_t seed = 29;
    for (int i = 0; i < 200; i++) {
        enum canara_level level = CANARA_LEVEL_NORMAL;
        predict(h, live, random_in(&seed, 0.0, 0.85));
        behaviour_show(h->shard, live);
        h->count = 0;
        settle(h);
        const double shown = behaviour_shown_risk(h->shard, live, &level);
        assert_near(shown * 100.0, round(shown * 100.0), 1e-9, "two decimals");
        assert_near(shown, peek(h, live).risk, 0.005 + 1e-9, "the nearest");
    }
}

static void the_shown_risk_is_refreshed_every_thirty_seconds_at_most(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    enum canara_level level = CANARA_LEVEL_NORMAL;
    const double first = behaviour_shown_risk(h->shard, live, &level);
    predict(h, live, 0.3); /* less than "monitor": no change of level */
    assert_true(peek(h, live).risk > first + 0.1);
    scripted_clock_pass(&h->clock, 29999);
    assert_near(behaviour_shown_risk(h->shard, live, &level), first, 0.0, "as before");
    assert_near(behaviour_see(h->shard, live).risk, first, 0.0, "as before, seen with the rest");
    scripted_clock_pass(&h->clock, 1);
    const double second = behaviour_see(h->shard, live).risk;
    assert_true(second > first + 0.05);
    assert_near(behaviour_shown_risk(h->shard, live, &level), second, 0.0, "the same");
    predict(h, live, 0.6); /* a new level shows at once */
    assert_true(behaviour_shown_risk(h->shard, live, &level) > second + 0.1);
    assert_int_equal(level, CANARA_LEVEL_MONITOR);
    assert_int_equal(behaviour_see(h->shard, live).level, CANARA_LEVEL_MONITOR);
    assert_false(behaviour_see(h->shard, live).mpin_required);
}

/* ---- what the scanner takes, the engine takes */

static size_t load(const char *folder, const char *name, char *out, size_t cap)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t len = fread(out, 1, cap, f);
    assert_int_equal(fclose(f), 0);
    return len;
}

static void no_message_that_the_scanner_takes_can_stop_the_engine(void **state)
{
    struct house *h = *state;
    struct live *live = ann_logs_in(h);
    char *text = malloc(EVENT_MESSAGE_MAX);
    assert_non_null(text);
    DIR *dir = opendir("fuzz/corpus/event_scan");
    assert_non_null(dir);
    uint64_t seed = 31;
    unsigned taken = 0;
    const struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        if (entry->d_name[0] == '.') {
            continue;
        }
        const size_t len = load("fuzz/corpus/event_scan", entry->d_name, text, EVENT_MESSAGE_MAX);
        for (int i = 0; i < 60; i++) {
            size_t count = 0;
            scan_fault_t fault = {0};
            const span_t message = {(const uint8_t *)text, len};
            if (event_scan(h->scratch, message, h->events, &count, &fault) == SCAN_OK) {
                behaviour_result_t r = {0};
                behaviour_take(h->shard, live, h->events, count,
                               clock_mono(shard_service(h->shard)->clock), &r);
                assert_int_equal(r.answer, BEHAVIOUR_TAKEN);
                taken++;
            }
            h->count = 0;
            settle(h);
            /* A digit becomes another one: ends of ranges, times that go back. */
            char *digit = len > 0 ? &text[random_below(&seed, len)] : text;
            *digit = (char)(*digit >= '0' && *digit <= '9' ? '0' + (int)random_below(&seed, 10)
                                                           : *digit);
        }
    }
    assert_int_equal(closedir(dir), 0);
    free(text);
    assert_true(taken > 300);
}

static void at_another_level_the_shown_risk_is_the_edge_of_that_level(void **state)
{
    static const struct {
        double risk; /* of the session */
        double at[4];
    } cases[] = {
        {0.2, {0.2, 0.4, 0.7, 0.9}},
        {0.5, {0.39, 0.5, 0.7, 0.9}},
        {0.8, {0.39, 0.69, 0.8, 0.9}},
    };
    struct house *h = *state;
    (void)register_account(h, ANN);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct live *live = log_in(h, ANN, "phone");
        predict(h, live, cases[i].risk);
        live->shown_risk = cases[i].risk;
        for (int level = CANARA_LEVEL_NORMAL; level <= CANARA_LEVEL_BLOCKED; level++) {
            assert_near(behaviour_shown_risk_at(h->shard, live, (enum canara_level)level),
                        cases[i].at[level], 1e-9, "what is shown");
        }
    }
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define NARROW(f) cmocka_unit_test_setup_teardown(f, with_a_narrow_lane, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        SENTENCE(lines_are_numbered_from_one_without_a_gap),
        SENTENCE(a_session_begins_with_its_opening_and_what_it_starts_with),
        SENTENCE(a_repeated_number_is_acknowledged_and_not_stored_again),
        SENTENCE(a_repeat_is_no_activity),
        SENTENCE(a_position_is_durable_when_the_lane_says_so),
        NARROW(a_message_that_does_not_fit_leaves_no_trace),
        NARROW(under_pressure_every_message_is_whole_or_absent),
        NARROW(a_fact_that_cannot_be_written_takes_effect_all_the_same),
        SENTENCE(a_change_of_level_is_a_line_and_a_notice),
        SENTENCE(a_challenge_is_told_once_until_it_is_answered),
        SENTENCE(a_block_by_risk_is_in_force_when_the_call_returns),
        SENTENCE(an_event_that_blocks_takes_the_rest_of_its_message_with_it),
        SENTENCE(a_block_from_outside_says_why),
        SENTENCE(the_shown_risk_has_two_decimals),
        SENTENCE(the_shown_risk_is_refreshed_every_thirty_seconds_at_most),
        SENTENCE(at_another_level_the_shown_risk_is_the_edge_of_that_level),
        SENTENCE(no_message_that_the_scanner_takes_can_stop_the_engine),
    };
    return cmocka_run_group_tests_name("behaviour", tests, NULL, NULL);
}
