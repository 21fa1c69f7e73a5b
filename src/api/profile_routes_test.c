/* What was learnt, as clients and operators meet it: at the login, in the answers, over the control
 * socket. */
#include "api/desk_test.h"
#include "domain/learnt/people_test.h"
#include "journal/frame.h"
#include "tests/support/journal.h"

#include <fcntl.h>

enum { OFTEN = 14 };

static struct json *good(struct call *c)
{
    if (c->status != 200) {
        fail_msg("%u: %.*s", c->status, (int)c->reply.len, (const char *)c->reply.ptr);
    }
    struct json *a = answer_of(c);
    call_free(&c);
    return a;
}

static int64_t int_of(const struct json *a, const char *name)
{
    int64_t n = -1;
    assert_true(json_get_int(a, name, &n));
    return n;
}

static void assert_text(const struct json *a, const char *name, const char *want)
{
    span_t text = {0};
    assert_true(json_get_text(a, name, &text));
    if (!span_eq(text, span_of(want))) {
        fail_msg("%s is %.*s instead of %s", name, (int)text.len, (const char *)text.ptr, want);
    }
}

/* Log in over the wire, with the password typed by `who`. False when that alone was enough for a
 * block. */
static bool log_in_typing(struct desk *d, struct hand *who, struct bearer *b)
{
    char event[2048];
    char body[4096];
    type_event(who, event);
    const char *keys = strstr(event, "\"keys\"");
    assert_non_null(keys);
    (void)snprintf(
        body, sizeof body,
        "{\"email\":\"%s\",\"password\":\"%s\",\"device_id\":\"phone\",\"keystrokes\":{%.*s}", ANN,
        PASSWORD, (int)(strlen(keys) - 1), keys);
    struct call *c = desk_ask(d, NULL, "POST", "/api/v1/auth/login", body);
    if (c->status == 403) {
        call_free(&c);
        return false;
    }
    struct json *a = good(c);
    span_t token = {0};
    span_t id = {0};
    uuid_t session = {{0}};
    assert_true(json_get_text(a, "session_token", &token));
    assert_true(json_get_text(a, "session_id", &id));
    assert_ok(uuid_parse(id, &session));
    (void)snprintf(b->header, sizeof b->header, "Authorization: Bearer %.*s\r\n", (int)token.len,
                   (const char *)token.ptr);
    uuid_print(session, b->id);
    b->owner = desk_owner(d, session);
    b->live = shard_find(b->owner, session);
    assert_non_null(b->live);
    json_free(&a);
    return true;
}

static void log_out(struct desk *d, const struct bearer *b)
{
    desk_expect(d, b, "POST", "/api/v1/auth/logout", "", 200);
    settle(&d->house);
    scripted_clock_pass(&d->house.clock, 10 * MINUTE_MS);
}

/* Ann logs in so often that she is known by how she types her password. */
static uuid_t ann_is_known(struct desk *d)
{
    struct hand ann = ann_hand();
    const uuid_t account = register_account(&d->house, ANN);
    house_know_people(&d->house, "hand-made");
    for (int i = 0; i < OFTEN; i++) {
        struct bearer b = {0};
        assert_true(log_in_typing(d, &ann, &b));
        log_out(d, &b);
        assert_int_equal(tutor_teach(d->house.tutor), 0);
    }
    /* One sample a session is little to go by: not each of them passes the gate. */
    assert_true(counter_read(&d->house.svc.profiles.learnt) >= 8);
    return account;
}

static void the_password_of_a_login_is_learnt_and_judged_by_its_rhythm(void **state)
{
    struct desk *d = *state;
    struct hand ann = ann_hand();
    struct hand thief = thief_hand();
    (void)ann_is_known(d);
    struct bearer own = {0};
    ann.seed = 9999;
    assert_true(log_in_typing(d, &ann, &own));
    struct json *a = good(desk_ask(d, &own, "GET", "/api/v1/auth/session-status", ""));
    const struct json *learning = json_get(a, "learning");
    assert_text(learning, "state", "learnt");
    assert_int_equal(int_of(learning, "sessions"), int_of(learning, "needed"));
    json_free(&a);
    const double risk = peek(&d->house, own.live).risk;
    assert_true(risk < 0.05);

    struct bearer other = {0};
    if (log_in_typing(d, &thief, &other)) {
        assert_true(peek(&d->house, other.live).risk > 0.5);
    }
}

static void the_mpin_is_learnt_as_a_field_of_its_own(void **state)
{
    struct desk *d = *state;
    struct hand ann = ann_hand();
    const uuid_t account = register_account(&d->house, ANN);
    house_know_people(&d->house, "hand-made");
    char event[2048];
    char body[4096];
    struct bearer b = {0};
    assert_true(log_in_typing(d, &ann, &b));
    type_event(&ann, event);
    const char *keys = strstr(event, "\"keys\"");
    assert_non_null(keys);
    (void)snprintf(body, sizeof body, "{\"mpin\":\"%s\",\"keystrokes\":{%.*s}", MPIN,
                   (int)(strlen(keys) - 1), keys);
    desk_expect(d, &b, "POST", "/api/v1/auth/verify-mpin", body, 200);
    log_out(d, &b);
    assert_int_equal(tutor_teach(d->house.tutor), 0);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct canara_profile *profile = NULL;
    assert_ok(store_begin(d->house.svc.store, STORE_READ, &tx));
    assert_ok(profile_newest(&d->house.svc, &tx, account, &profile));
    assert_int_equal(canara_profile_parts(profile), 3); /* password, MPIN, hours */
    canara_profile_free(&profile);
}

static void scoring_again_gives_the_very_double_of_the_live_session(void **state)
{
    struct desk *d = *state;
    struct hand ann = ann_hand();
    struct hand thief = thief_hand();
    d->api.debug = true;
    d->house.svc.rules.debug = true;
    (void)ann_is_known(d);
    for (int i = 0; i < 4; i++) {
        struct bearer b = {0};
        char path[128];
        assert_true(log_in_typing(d, &ann, &b));
        struct live *typing = b.live;
        type_as(&d->house, typing, i % 2 == 0 ? &ann : &thief, 1);
        if (typing == NULL || typing->blocked) {
            continue;
        }
        (void)snprintf(path, sizeof path, "/api/v1/ws/sessions/%s/simulate-ml-analysis", b.id);
        struct json *a = good(desk_ask(d, &b, "POST", path, ""));
        const double live = peek(&d->house, b.live).risk;
        double again = -1.0;
        assert_true(json_get_double(a, "predicted_risk_score", &again));
        assert_memory_equal(&again, &live, sizeof live);
        assert_text(a, "model_version", canara_model_name(d->house.model));
        json_free(&a);
    }
}

static void without_its_profile_or_model_a_session_is_not_scored_again(void **state)
{
    struct desk *d = *state;
    struct hand ann = ann_hand();
    char path[128];
    struct bearer b = {0};
    d->api.debug = true;
    const uuid_t account = ann_is_known(d);
    assert_true(log_in_typing(d, &ann, &b));
    (void)snprintf(path, sizeof path, "/api/v1/ws/sessions/%s/simulate-ml-analysis", b.id);
    desk_expect(d, &b, "POST", path, "", 200);
    const struct canara_model *model = d->house.svc.model;
    struct canara_model *another = NULL;
    people_model("another", &another);
    d->house.svc.model = another;
    struct call *c = desk_ask(d, &b, "POST", path, "");
    assert_int_equal(c->status, 409);
    assert_true(desk_said(c, "urn:canara:problem:profile-unavailable"));
    call_free(&c);
    d->house.svc.model = model;
    canara_model_close(&another);
    desk_expect(d, &b, "POST", path, "", 200);
    {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        enum profile_answer answer = PROFILE_GONE;
        size_t purged = 0;
        const wall_t now = clock_wall(&d->house.clock.face);
        assert_ok(store_begin(d->house.svc.store, STORE_WRITE, &tx));
        assert_ok(store_profile_roll_back(&tx, account, 0, now, &answer));
        assert_ok(store_profile_purge(&tx, account, 1, wall_after_ms(now, 1), &purged));
        assert_ok(store_commit(&tx));
    }
    desk_expect(d, &b, "POST", path, "", 409);
    desk_expect(d, &b, "POST", path, "{\"predicted_risk_score\":0.1}", 200);
}

/* Fill the segment at hand and take away the one before it, as retention does. */
static void lose_the_past(struct house *h)
{
    static char data[30 * 1024];
    memset(data, ' ', sizeof data - 1);
    data[0] = '{';
    data[sizeof data - 2] = '}';
    for (uint64_t line = 1; line <= 40; line++) {
        const journal_record_t r = testing_record(testing_id(9), line, data);
        assert_true(testing_append(h->svc.journal, &r));
    }
    const int dir = open(h->journal_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    char name[SEGMENT_NAME_SIZE];
    assert_ok(segment_list_read(dir, &list));
    assert_int_equal(list.count, 2);
    segment_name_print(list.first[0], name);
    assert_int_equal(unlinkat(dir, name, 0), 0);
    (void)close(dir);
}

static void without_its_beginning_a_session_is_not_scored_again(void **state)
{
    struct desk *d = *state;
    struct hand ann = ann_hand();
    char path[128];
    struct bearer b = {0};
    d->api.debug = true;
    (void)ann_is_known(d);
    assert_true(log_in_typing(d, &ann, &b));
    (void)snprintf(path, sizeof path, "/api/v1/ws/sessions/%s/simulate-ml-analysis", b.id);
    desk_expect(d, &b, "POST", path, "", 200);
    lose_the_past(&d->house);
    desk_expect(d, &b, "POST", path, "", 409);
}

/* ---- operators ---- */

static void an_operator_sees_parts_and_never_their_content(void **state)
{
    struct desk *d = *state;
    const uint32_t newest = head_of_profile(&d->house, ann_is_known(d)).revision;
    struct call *c = ask_local(d, "POST", "/ctl/profile", "{\"email\":\"" ANN "\"}");
    struct json *a = good(c);
    assert_int_equal(int_of(a, "revision"), newest);
    assert_int_equal(int_of(a, "damaged"), 0);
    assert_int_equal(json_count(json_get(a, "parts")), 2); /* password, hours */
    const struct json *part = json_item(json_get(a, "parts"), 0);
    assert_int_equal(json_count(part), 3); /* name, revision, bytes */
    assert_true(int_of(part, "bytes") > 0);
    assert_text(json_get(a, "learning"), "state", "learnt");
    json_free(&a);
    assert_int_equal(house_audited(&d->house, "operator.profile"), 1);
    assert_int_equal(house_audited(&d->house, "operator.profile_reset"), 0);
}

static void an_operator_resets_and_goes_back_and_it_is_in_the_audit(void **state)
{
    struct desk *d = *state;
    struct hand ann = ann_hand();
    const uuid_t account = ann_is_known(d);
    const uint32_t newest = head_of_profile(&d->house, account).revision;
    char id[UUID_TEXT_SIZE];
    char body[256];
    struct bearer b = {0};
    uuid_print(account, id);
    struct json *a =
        good(ask_local(d, "POST", "/ctl/profile", "{\"email\":\"" ANN "\",\"reset\":true}"));
    assert_int_equal(int_of(a, "revision"), newest + 1);
    assert_text(json_get(a, "learning"), "state", "learning");
    assert_int_equal(json_count(json_get(a, "parts")), 0);
    json_free(&a);
    assert_int_equal(house_audited(&d->house, "operator.profile_reset"), 1);
    assert_true(log_in_typing(d, &ann, &b));
    assert_int_equal(canara_profile_learning(live_profile(b.owner, b.live)).sessions, 0);

    (void)snprintf(body, sizeof body, "{\"account_id\":\"%s\",\"rollback\":%u}", id, newest);
    a = good(ask_local(d, "POST", "/ctl/profile", body));
    assert_int_equal(int_of(a, "revision"), newest + 2);
    assert_text(json_get(a, "learning"), "state", "learnt");
    json_free(&a);
    assert_int_equal(house_audited(&d->house, "operator.profile_rollback"), 1);
    assert_true(log_in_typing(d, &ann, &b));
    assert_int_equal(canara_profile_learning(live_profile(b.owner, b.live)).state, CANARA_LEARNT);
}

static void an_operator_is_told_what_cannot_be(void **state)
{
    struct desk *d = *state;

    static const struct {
        const char *body;
        unsigned status;
    } cases[] = {
        {"{}", 422},
        {"{\"email\":\"ann@example.org\",\"account_id\":\"11111111-1111-4111-8111-111111111111\"}",
         422},
        {"{\"email\":\"nobody@example.org\"}", 404},
        {"{\"account_id\":\"11111111-1111-4111-8111-111111111111\"}", 404},
        {"{\"account_id\":\"x\"}", 422},
        {"{\"email\":\"ann@example.org\",\"rollback\":9}", 404},
        {"{\"email\":\"ann@example.org\",\"rollback\":0}", 422},
        {"{\"email\":\"ann@example.org\",\"rollback\":4294967296}", 422},
        {"{\"email\":\"ann@example.org\",\"rollback\":\"1\"}", 422},
        {"{\"email\":\"ann@example.org\",\"reset\":1}", 422},
        {"{\"email\":\"ann@example.org\",\"reset\":true,\"rollback\":1}", 422},
        {"{\"email\":\"ann@example.org\",\"reset\":false}", 200},
    };

    (void)register_account(&d->house, ANN);
    house_know_people(&d->house, "hand-made");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call *c = ask_local(d, "POST", "/ctl/profile", cases[i].body);
        if (c->status != cases[i].status) {
            fail_msg("%s: %u instead of %u", cases[i].body, c->status, cases[i].status);
        }
        call_free(&c);
    }
    store_scripted_fail_begins(d->house.svc.store, UINT64_MAX);
    struct call *c = ask_local(d, "POST", "/ctl/profile", "{\"email\":\"" ANN "\"}");
    assert_int_equal(c->status, 503);
    call_free(&c);
    store_scripted_fail_begins(d->house.svc.store, 0);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(the_password_of_a_login_is_learnt_and_judged_by_its_rhythm),
        DESK_TEST(the_mpin_is_learnt_as_a_field_of_its_own),
        DESK_TEST(scoring_again_gives_the_very_double_of_the_live_session),
        DESK_TEST(without_its_profile_or_model_a_session_is_not_scored_again),
        DESK_TEST(without_its_beginning_a_session_is_not_scored_again),
        DESK_TEST(an_operator_sees_parts_and_never_their_content),
        DESK_TEST(an_operator_resets_and_goes_back_and_it_is_in_the_audit),
        DESK_TEST(an_operator_is_told_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
