/* Risk decisions: what is asked, what is decided, and that nothing fails open. */
#include "api/desk_test.h"

#define EVALUATE "/api/v1/risk/evaluate"
#define PLAIN    "{\"action\":\"transfer\",\"amount\":10,\"currency\":\"EUR\"}"

struct answer {
    unsigned status;
    char decision[16];
    char id[UUID_TEXT_SIZE];
};

static void text_member(const struct json *tree, const char *name, char *out, size_t size)
{
    span_t text = {0};
    out[0] = '\0';
    if (json_get_text(tree, name, &text)) {
        (void)snprintf(out, size, "%.*s", (int)text.len, (const char *)text.ptr);
    }
}

static struct answer evaluate(struct desk *d, const struct bearer *b, const char *body)
{
    struct call *c = desk_ask(d, b, "POST", EVALUATE, body);
    struct json *tree = answer_of(c);
    struct answer a = {.status = c->status};
    text_member(tree, "decision", a.decision, sizeof a.decision);
    text_member(tree, "decision_id", a.id, sizeof a.id);
    json_free(&tree);
    call_free(&c);
    return a;
}

static void expect_decision(struct desk *d, const struct bearer *b, const char *body,
                            const char *want)
{
    const struct answer a = evaluate(d, b, body);
    if (a.status != 200 || strcmp(a.decision, want) != 0) {
        fail_msg("%s: %u %s instead of %s", body, a.status, a.decision, want);
    }
}

static void predict_for(struct bearer *b, double risk)
{
    (void)behaviour_fact(b->owner, b->live, "ml_analysis_result", SPAN_LIT("{}"),
                         CANARA_FACT_PREDICTED_RISK, risk);
}

/* The same question with the id of its first answer. */
static const char *again(const struct answer *a, const char *amount)
{
    static _Thread_local char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"action\":\"transfer\",\"amount\":%s,\"currency\":\"EUR\","
                   "\"decision_id\":\"%s\"}",
                   amount, a->id);
    return text;
}

static void pass_mpin(struct desk *d, const struct bearer *b)
{
    desk_expect(d, b, "POST", "/api/v1/auth/verify-mpin", "{\"mpin\":\"" MPIN "\"}", 200);
}

/* ---- the question */

static void what_is_asked_must_make_sense(void **state)
{
    static const struct {
        const char *body, *words;
    } cases[] = {
        {"{}", "\"field\":\"action\",\"message\":\"field required\""},
        {"{\"action\":\"Pay me\"}", "\"field\":\"action\""},
        {"{\"action\":\"pay\",\"amount\":-1}", "must be between 0 and 1000000000000000"},
        {"{\"action\":\"pay\",\"amount\":1e16}", "must be between 0 and 1000000000000000"},
        {"{\"action\":\"pay\",\"amount\":\"1,5\"}", "must be between 0 and 1000000000000000"},
        {"{\"action\":\"pay\",\"amount\":true}", "must be a number"},
        {"{\"action\":\"pay\",\"currency\":\"eur\"}", "\"field\":\"currency\""},
        {"{\"action\":\"pay\",\"currency\":\"EURO\"}", "must be 3 to 3 bytes long"},
        {"{\"action\":\"pay\",\"beneficiary_new\":\"yes\"}", "must be true or false"},
        {"{\"action\":\"pay\",\"enforce\":1}", "must be true or false"},
        {"{\"action\":\"pay\",\"context\":[]}",
         "\"field\":\"context\",\"message\":\"must be an object\""},
        {"{\"action\":\"pay\",\"context\":{\"vpn\":1}}", "\"field\":\"context.vpn\""},
        {"{\"action\":\"pay\",\"decision_id\":\"x\"}", "must be a UUID"},
    };
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call *c = desk_ask(d, &b, "POST", EVALUATE, cases[i].body);
        if (c->status != 422 || !desk_said(c, cases[i].words)) {
            fail_msg("%s: %u %.*s", cases[i].body, c->status, (int)c->reply.len,
                     (const char *)c->reply.ptr);
        }
        call_free(&c);
    }
    assert_int_equal(evaluate(d, &b, "{\"action\":\"pay\",\"amount\":\"1000000000000000\"}").status,
                     200);
    assert_int_equal(evaluate(d, &b, "{\"action\":\"pay\",\"amount\":\"0.10\"}").status, 200);
}

/* ---- the decision */

static void a_decision_follows_the_risk(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    expect_decision(d, &b, PLAIN, "allow");
    predict_for(&b, 0.5);
    expect_decision(d, &b, PLAIN, "allow");
    predict_for(&b, 0.8);
    expect_decision(d, &b, PLAIN, "challenge");
    predict_for(&b, 0.99);
    desk_expect(d, &b, "POST", EVALUATE, PLAIN, 401); /* blocked: its token is worth nothing */
    assert_int_equal(counter_read(&d->api.metrics.evaluate_allow), 2);
    assert_int_equal(counter_read(&d->api.metrics.evaluate_challenge), 1);
}

static void the_context_counts_for_this_decision_only(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    const double before = peek(&d->house, b.live).risk;
    const struct answer a = evaluate(
        d, &b,
        "{\"action\":\"transfer\",\"amount\":900000,\"beneficiary_new\":true,"
        "\"context\":{\"remote_control\":true,\"rooted\":true,\"emulator\":true,\"vpn\":true}}");
    assert_int_equal(a.status, 200);
    assert_string_not_equal(a.decision, "allow");
    assert_near(peek(&d->house, b.live).risk, before, 0.2, "the session's own risk");
}

/* The same question under another login would not be a new one. */
static void a_challenge_by_context_alone_is_owed_by_the_account(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer next;
    desk_enter(d, &b, "phone");
    expect_decision(d, &b,
                    "{\"action\":\"transfer\",\"amount\":90000,\"beneficiary_new\":true,"
                    "\"context\":{\"remote_control\":true}}",
                    "challenge");
    desk_expect(d, &b, "POST", "/api/v1/auth/logout", "", 200);
    desk_enter(d, &next, "phone");
    expect_decision(d, &next, PLAIN, "challenge"); /* and not denied, as after a block */
    desk_expect(d, &next, "POST", "/api/v1/auth/change-mpin",
                "{\"mpin\":\"" MPIN "\",\"new_mpin\":\"5937\"}", 403);
    pass_mpin(d, &next);
    expect_decision(d, &next, PLAIN, "allow");
    desk_enter(d, &b, "phone");
    expect_decision(d, &b, PLAIN, "allow");
}

/* The score and the level that a question is answered with. */
static double score(struct desk *d, const struct bearer *b, const char *body, char level[16])
{
    struct call *c = desk_ask(d, b, "POST", EVALUATE, body);
    assert_int_equal(c->status, 200);
    struct json *tree = answer_of(c);
    double risk = -1.0;
    assert_true(json_as_double(json_get(tree, "risk_score"), &risk));
    text_member(tree, "risk_level", level, 16);
    json_free(&tree);
    call_free(&c);
    return risk;
}

static const char *const what_ifs[] = {
    "{\"action\":\"balance\"}",
    "{\"action\":\"transfer\",\"amount\":49999}",
    "{\"action\":\"transfer\",\"amount\":50001}",
    "{\"action\":\"transfer\",\"amount\":900000}",
    "{\"action\":\"transfer\",\"beneficiary_new\":true}",
    "{\"action\":\"transfer\",\"context\":{\"vpn\":true}}",
    "{\"action\":\"transfer\",\"context\":{\"rooted\":true}}",
    "{\"action\":\"transfer\",\"context\":{\"emulator\":true}}",
};

static void a_question_does_not_price_what_it_asks(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    char level[16];
    size_t prices = 0;
    desk_enter(d, &b, "phone");
    const double shown = b.live->shown_risk;
    for (size_t i = 0; i < ARRAY_LEN(what_ifs); i++) {
        const double told = score(d, &b, what_ifs[i], level);
        const double edge = strcmp(level, "normal") == 0    ? shown
                            : strcmp(level, "monitor") == 0 ? d->house.svc.rules.risk.monitor
                                                            : d->house.svc.rules.risk.challenge;
        assert_near(told, edge, 1e-9, what_ifs[i]);
    }
    predict_for(&b, 0.3); /* less than "monitor": no change of level, so it is not shown yet */
    assert_near(score(d, &b, what_ifs[0], level), shown, 1e-9, "right after an event");
    scripted_clock_pass(&d->house.clock, 30000);
    assert_true(score(d, &b, what_ifs[0], level) > shown + 0.05);

    d->house.svc.rules.debug = true; /* an integrator may see them */
    const double calm = score(d, &b, what_ifs[0], level);
    for (size_t i = 1; i < ARRAY_LEN(what_ifs); i++) {
        prices += score(d, &b, what_ifs[i], level) > calm + 0.005 ? 1U : 0U;
    }
    assert_true(prices >= 3);
}

static void with_enforce_the_answer_is_a_problem(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    predict_for(&b, 0.8);
    struct call *c =
        desk_ask(d, &b, "POST", EVALUATE, "{\"action\":\"transfer\",\"enforce\":true}");
    assert_int_equal(c->status, 401);
    assert_true(desk_said(c, "error=\"insufficient_user_authentication\""));
    assert_true(desk_said(c, "\"decision_id\":\""));
    assert_true(desk_said(c, "\"risk_level\":\"challenge\",\"reasons\":["));
    call_free(&c);
    b.live->restricted = true;
    c = desk_ask(d, &b, "POST", EVALUATE, "{\"action\":\"transfer\",\"enforce\":true}");
    assert_int_equal(c->status, 403);
    assert_true(desk_said(c, "urn:canara:problem:denied"));
    call_free(&c);
}

/* ---- asking again */

static void a_challenged_decision_is_allowed_once_after_the_mpin(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    predict_for(&b, 0.8);
    const struct answer a = evaluate(d, &b, PLAIN);
    assert_string_equal(a.decision, "challenge");
    expect_decision(d, &b, again(&a, "10"), "challenge"); /* no MPIN yet */
    pass_mpin(d, &b);
    predict_for(&b, 0.8);
    expect_decision(d, &b, again(&a, "11"), "challenge"); /* another question */
    pass_mpin(d, &b);
    predict_for(&b, 0.8);
    expect_decision(d, &b, again(&a, "10"), "allow");
    expect_decision(d, &b, again(&a, "10"), "challenge"); /* once */
}

static const char *payment(const char *amount)
{
    static _Thread_local char text[128];
    (void)snprintf(text, sizeof text,
                   "{\"action\":\"transfer\",\"amount\":%s,\"currency\":\"EUR\"}", amount);
    return text;
}

/* What is on record of a question's amount. */
static void recorded_amount(struct desk *d, const char *id, char out[STORE_AMOUNT_BYTES])
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct decision_row row = {0};
    uuid_t key;
    bool known = false;
    assert_ok(uuid_parse(span_of(id), &key));
    assert_ok(store_begin(d->house.svc.store, STORE_READ, &tx));
    assert_ok(store_decision_get(&tx, key, &row, &known));
    assert_true(known);
    (void)snprintf(out, STORE_AMOUNT_BYTES, "%s", row.amount);
}

static void an_amount_is_the_same_as_number_and_as_text(void **state)
{
    static const struct {
        const char *number, *text, *record;
    } cases[] = {
        {"19.99", "\"19.99\"", "19.99"},
        {"0.1", "\"0.10\"", "0.1"},
        {"1e-2", "\"0.01\"", "0.01"},
        {"1.005", "\"1.005\"", "1.005"},
        {"4.35", "\"4.350\"", "4.35"},
        {"10.0", "\"10\"", "10"},
        {"0", "\"0.00\"", "0"},
        {"-0.0", "\"0\"", "0"},
        {"1e-32", "\"0.00000000000000000000000000000001\"", "0.00000000000000000000000000000001"},
        {"1234567.891", "\"01234567.891\"", "1234567.891"},
        {"999999999999.99", "\"999999999999.99\"", "999999999999.99"},
        {"999999999999999.9", "\"999999999999999.9\"", "999999999999999.9"},
        {"1e15", "\"1000000000000000\"", "1000000000000000"},
    };

    static const char *const refused[] = {
        "1e-33", "5e-324", "1000000000000000.2", "1e16", "1e21", "1e308", "-0.01", "-19.99"};
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_int_equal(evaluate(d, &b, payment(refused[i])).status, 422);
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char record[STORE_AMOUNT_BYTES];
        predict_for(&b, 0.8);
        const struct answer a = evaluate(d, &b, payment(cases[i].number));
        assert_string_equal(a.decision, "challenge");
        recorded_amount(d, a.id, record);
        assert_string_equal(record, cases[i].record);
        pass_mpin(d, &b);
        predict_for(&b, 0.8);
        expect_decision(d, &b, again(&a, cases[i].text), "allow");
    }
}

/* Somebody who enters, is challenged and passes the MPIN. */
static struct answer challenged_and_passed(struct desk *d, struct bearer *b)
{
    desk_enter(d, b, "phone");
    predict_for(b, 0.8);
    const struct answer a = evaluate(d, b, PLAIN);
    pass_mpin(d, b);
    return a;
}

static void a_permission_is_for_that_question_alone(void **state)
{
    static const char *const others[] = {
        "\"action\":\"payment\",\"amount\":10,\"currency\":\"EUR\"",
        "\"action\":\"transfer\",\"amount\":10,\"currency\":\"USD\"",
        "\"action\":\"transfer\",\"amount\":10",
        "\"action\":\"transfer\",\"amount\":10,\"currency\":\"EUR\",\"beneficiary_new\":true",
    };
    struct desk *d = *state;
    struct bearer b;
    const struct answer a = challenged_and_passed(d, &b);
    predict_for(&b, 0.8);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        char body[256];
        (void)snprintf(body, sizeof body, "{%s,\"decision_id\":\"%s\"}", others[i], a.id);
        expect_decision(d, &b, body, "challenge");
    }
    expect_decision(d, &b, again(&a, "10"), "allow");
}

static void a_permission_by_mpin_does_not_keep(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    const struct answer a = challenged_and_passed(d, &b);
    scripted_clock_pass(&d->house.clock, 121 * MS_PER_S);
    predict_for(&b, 0.8);
    expect_decision(d, &b, again(&a, "10"), "challenge");
}

/* Nor does a wall clock that is set back stretch it. */
static void a_clock_that_goes_back_keeps_no_permission(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    const struct answer a = challenged_and_passed(d, &b);
    predict_for(&b, 0.8);
    house_turn_wall(&d->house.clock, -3600 * MS_PER_S);
    scripted_clock_pass(&d->house.clock, 600 * MS_PER_S);
    expect_decision(d, &b, again(&a, "10"), "challenge");
}

struct twin {
    const struct bearer *bearer;
    const struct answer *first;
};

static void ask_meanwhile(struct desk *d, void *ctx)
{
    const struct twin *t = ctx;
    expect_decision(d, t->bearer, again(t->first, "10"), "allow");
}

/* Whoever asks twice at once, with one MPIN: each stage of one call may see all of the other. */
static void of_two_retries_at_once_one_is_allowed(void **state)
{
    enum { STAGES = 5 };

    struct desk *d = *state;
    d->house.svc.rules.evaluate_per_session = (throttle_t){0};
    for (unsigned stage = 1; stage <= STAGES; stage++) {
        struct bearer b;
        const struct answer first = challenged_and_passed(d, &b);
        predict_for(&b, 0.8);
        struct twin twin = {&b, &first};
        desk_meanwhile(d, stage, ask_meanwhile, &twin);
        expect_decision(d, &b, again(&first, "10"), "challenge");
    }
}

static void one_mpin_frees_the_question_that_was_challenged_last(void **state)
{
    static const char *const amounts[] = {"10", "20", "30"};
    struct desk *d = *state;
    struct bearer b;
    struct answer a[ARRAY_LEN(amounts)];
    desk_enter(d, &b, "phone");
    predict_for(&b, 0.8);
    for (size_t i = 0; i < ARRAY_LEN(amounts); i++) {
        a[i] = evaluate(d, &b, payment(amounts[i]));
        assert_string_equal(a[i].decision, "challenge");
    }
    pass_mpin(d, &b);
    expect_decision(d, &b, payment("40"), "allow"); /* what is not challenged takes no place */
    predict_for(&b, 0.8);
    expect_decision(d, &b, again(&a[0], "10"), "challenge");
    expect_decision(d, &b, again(&a[1], "20"), "challenge");
    expect_decision(d, &b, again(&a[2], "30"), "allow");
    expect_decision(d, &b, again(&a[2], "30"), "challenge");
}

static void a_question_asked_under_two_ids_is_freed_once(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    predict_for(&b, 0.8);
    const struct answer first = evaluate(d, &b, PLAIN);
    const struct answer second = evaluate(d, &b, again(&first, "10"));
    assert_string_equal(second.decision, "challenge");
    pass_mpin(d, &b);
    predict_for(&b, 0.8);
    expect_decision(d, &b, again(&first, "10"), "allow");
    expect_decision(d, &b, again(&second, "10"), "challenge");
}

static void a_question_is_freed_by_an_mpin_within_ten_minutes(void **state)
{
    static const struct {
        int64_t wait_ms;
        const char *decision;
    } cases[] = {{600000, "allow"}, {600001, "challenge"}};
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bearer b;
        desk_enter(d, &b, "phone");
        predict_for(&b, 0.8);
        const struct answer a = evaluate(d, &b, PLAIN);
        assert_string_equal(a.decision, "challenge");
        scripted_clock_pass(&d->house.clock, cases[i].wait_ms);
        pass_mpin(d, &b);
        predict_for(&b, 0.8);
        expect_decision(d, &b, again(&a, "10"), cases[i].decision);
    }
}

static void machine_clicks(struct desk *d, const struct bearer *b)
{
    char path[96];
    (void)snprintf(path, sizeof path, "/api/v1/ws/sessions/%s/events", b->id);
    for (int i = 0; i < 10 && peek(&d->house, b->live).mpin_required == 0; i++) {
        desk_expect(d, b, "POST", path,
                    "[{\"event_type\":\"rapid_clicks\",\"data\":{\"clicks_per_second\":15}}]", 200);
    }
}

static void somebody_reports_it(struct desk *d, const struct bearer *b)
{
    (void)d;
    api_told(b->owner, b->live->id, TELL_FACT, END_NONE, 6.0);
}

/* Whoever passed the MPIN need not be who holds the session now. */
static void what_is_found_after_the_mpin_takes_the_permission_back(void **state)
{
    static void (*const finds[])(struct desk *, const struct bearer *) = {machine_clicks,
                                                                          somebody_reports_it};
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(finds); i++) {
        struct bearer b;
        const struct answer a = challenged_and_passed(d, &b);
        finds[i](d, &b);
        assert_false(b.live->blocked);
        assert_int_equal(peek(&d->house, b.live).mpin_required, 1);
        expect_decision(d, &b, again(&a, "10"), "challenge");
        pass_mpin(d, &b); /* which answers for what was found, too */
        predict_for(&b, 0.8);
        expect_decision(d, &b, again(&a, "10"), "allow");
    }
}

/* A question asked in between says nothing about who asks. */
static void another_question_takes_no_permission_back(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    const struct answer a = challenged_and_passed(d, &b);
    expect_decision(d, &b,
                    "{\"action\":\"transfer\",\"amount\":90000,\"beneficiary_new\":true,"
                    "\"context\":{\"remote_control\":true,\"rooted\":true}}",
                    "challenge");
    expect_decision(d, &b, again(&a, "10"), "allow");
}

static void a_decision_of_another_session_is_nobodys(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "phone");
    predict_for(&b, 0.8);
    predict_for(&other, 0.8);
    const struct answer a = evaluate(d, &b, PLAIN);
    pass_mpin(d, &b);
    expect_decision(d, &other, again(&a, "10"), "challenge");
}

/* ---- how often */

static void a_session_asks_so_often_and_no_more(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    struct bearer other;
    d->house.svc.rules.evaluate_per_session = (throttle_t){3, 60};
    desk_enter(d, &b, "phone");
    desk_enter(d, &other, "tablet");
    for (int i = 0; i < 3; i++) {
        desk_expect(d, &b, "POST", EVALUATE, "{}", 422); /* costs nothing */
        expect_decision(d, &b, PLAIN, "allow");
    }
    struct call *c = desk_ask(d, &b, "POST", EVALUATE, PLAIN);
    assert_int_equal(c->status, 429);
    assert_true(desk_said(c, "Retry-After: "));
    call_free(&c);
    expect_decision(d, &other, PLAIN, "allow");
    scripted_clock_pass(&d->house.clock, 2 * MINUTE_MS);
    expect_decision(d, &b, PLAIN, "allow");
    d->house.svc.rules.evaluate_per_session = (throttle_t){0};
    for (int i = 0; i < 10; i++) {
        expect_decision(d, &b, PLAIN, "allow");
    }
}

/* ---- failures */

static void without_the_store_there_is_no_permission(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    bool done = false;
    for (uint64_t n = 1; n < 20 && !done; n++) {
        store_scripted_fail_operation(d->house.svc.store, n, err_new(ERR_STORAGE));
        const struct answer a = evaluate(d, &b, PLAIN);
        store_scripted_fail_operation(d->house.svc.store, 0, ERR_OK);
        assert_true(a.status == 503 || a.status == 200);
        assert_true((a.decision[0] != '\0') == (a.status == 200));
        done = a.status == 200;
    }
    assert_true(done);
    store_scripted_fail_commits(d->house.svc.store, 1);
    assert_int_equal(evaluate(d, &b, PLAIN).status, 503); /* not on record: not told */
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(what_is_asked_must_make_sense),
        DESK_TEST(a_decision_follows_the_risk),
        DESK_TEST(the_context_counts_for_this_decision_only),
        DESK_TEST(a_challenge_by_context_alone_is_owed_by_the_account),
        DESK_TEST(a_question_does_not_price_what_it_asks),
        DESK_TEST(with_enforce_the_answer_is_a_problem),
        DESK_TEST(a_challenged_decision_is_allowed_once_after_the_mpin),
        DESK_TEST(an_amount_is_the_same_as_number_and_as_text),
        DESK_TEST(a_permission_is_for_that_question_alone),
        DESK_TEST(a_permission_by_mpin_does_not_keep),
        DESK_TEST(a_clock_that_goes_back_keeps_no_permission),
        DESK_TEST(of_two_retries_at_once_one_is_allowed),
        DESK_TEST(one_mpin_frees_the_question_that_was_challenged_last),
        DESK_TEST(a_question_asked_under_two_ids_is_freed_once),
        DESK_TEST(a_question_is_freed_by_an_mpin_within_ten_minutes),
        DESK_TEST(what_is_found_after_the_mpin_takes_the_permission_back),
        DESK_TEST(another_question_takes_no_permission_back),
        DESK_TEST(a_decision_of_another_session_is_nobodys),
        DESK_TEST(a_session_asks_so_often_and_no_more),
        DESK_TEST(without_the_store_there_is_no_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
