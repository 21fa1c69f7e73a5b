/* On a full disk every call gets an answer, and what is refused has not happened. */
#include "server/visitor_test.h"

#include <stdio.h>
#include <string.h>

#define BOB     "bob@example.org"
#define AS_JSON "Content-Type: application/json\r\n"

enum { RISK_BYTES = 16, TELLERS = 3, BODY_BYTES = 256 };

static unsigned one = 1;
static unsigned three = 3;

/* A site with a control socket, in DEBUG. */
struct desk_site {
    struct site site; /* first member */
    char path[SCRATCH_PATH];
};

static int begin(void **state)
{
    const unsigned *const loops = *state;
    struct desk_site *const d = calloc(1, sizeof *d);
    assert_non_null(d);
    struct site *const s = &d->site;
    site_make(s, *loops, false);
    scratch_path(&s->house.dir, "control.sock", d->path);
    s->config.control_path = d->path;
    s->api.debug = true;
    site_open(s);
    *state = s;
    return 0;
}

static bool is_full(struct site *s)
{
    return journal_state_of(s->house.svc.journal) == JOURNAL_DISK_FULL;
}

static bool runs(struct site *s)
{
    return journal_state_of(s->house.svc.journal) == JOURNAL_RUNNING;
}

/* A journal that has nothing to write does not notice: somebody's event is the first to wait in vain. */
static void fill_disk(struct site *s, struct visitor *v, const struct badge *b)
{
    char target[128];
    char headers[SITE_TOKEN_BYTES + 128];
    atomic_store(&s->disk.error, ENOSPC);
    (void)snprintf(target, sizeof target, "/api/v1/ws/sessions/%s/events", b->session);
    (void)snprintf(headers, sizeof headers, "%s" AS_JSON, b->authorization);
    visitor_ask(v, "POST", target, headers, "[{\"event_type\":\"app_resume\",\"data\":{}}]");
    assert_int_equal(visitor_read(v, false), 503);
    site_wait(is_full, s);
}

static void make_room(struct site *s)
{
    atomic_store(&s->disk.error, 0);
    site_wait(runs, s);
}

static unsigned tell(struct visitor *desk, const struct badge *b)
{
    char body[BODY_BYTES];
    (void)snprintf(body, sizeof body, "{\"session_id\":\"%s\",\"nats\":1.5}", b->session);
    visitor_ask(desk, "POST", "/ctl/fact", AS_JSON, body);
    return visitor_read(desk, false);
}

/* The score of the answer, as it stands there. */
static void take_risk(const struct visitor *v, char out[RISK_BYTES])
{
    struct json *tree = NULL;
    double risk = -1.0;
    assert_ok(json_parse(v->answer.body, &tree, NULL));
    assert_true(json_get_double(tree, "risk_score", &risk));
    (void)snprintf(out, RISK_BYTES, "%.3f", risk);
    json_free(&tree);
}

static void a_fact_that_is_refused_counts_nowhere_and_told_again_it_counts_once(void **state)
{
    struct site *s = *state;
    struct visitor v[2];
    struct badge b[2];
    char risk[2][RISK_BYTES];
    struct visitor desk = operator_at(s->config.control_path);
    static const char *const who[] = {ANN, BOB};
    for (size_t i = 0; i < ARRAY_LEN(who); i++) {
        site_register(s, who[i]);
        visitor_open(&v[i], s);
        badge_get(&b[i], &v[i], who[i], "phone");
    }
    fill_disk(s, &v[1], &b[1]);
    for (int i = 0; i < TELLERS; i++) {
        assert_int_equal(tell(&desk, &b[0]), 503);
        assert_true(visitor_heard(&desk, "\"urn:canara:problem:unavailable\""));
        assert_span_text(http_response_find(&desk.answer, "retry-after"), "5");
    }
    assert_int_equal(house_audited(&s->house, "operator.fact"), 0);
    make_room(s);
    for (size_t i = 0; i < ARRAY_LEN(who); i++) {
        assert_int_equal(tell(&desk, &b[i]), 200);
        take_risk(&desk, risk[i]);
        visitor_close(&v[i]);
    }
    assert_string_equal(risk[0], risk[1]); /* as one who was told of once */
    assert_int_equal(house_audited(&s->house, "operator.fact"), 2);
    visitor_close(&desk);
}

/* One that has to read what waits for the disk, and one that only changes what is in memory. */
static void a_call_that_would_wait_for_the_disk_is_told_so(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    char target[128];
    char headers[SITE_TOKEN_BYTES + 128];
    site_register(s, ANN);
    visitor_open(&v, s);
    badge_get(&b, &v, ANN, "phone");
    (void)snprintf(target, sizeof target, "/api/v1/ws/sessions/%s/simulate-ml-analysis", b.session);
    (void)snprintf(headers, sizeof headers, "%s" AS_JSON, b.authorization);
    fill_disk(s, &v, &b);
    for (int i = 0; i < TELLERS; i++) {
        visitor_ask(&v, "POST", target, headers, "{}");
        assert_int_equal(visitor_read(&v, false), 503);
        assert_true(visitor_heard(&v, "\"urn:canara:problem:unavailable\""));
    }
    visitor_ask(&v, "POST", target, headers, "{\"predicted_risk_score\":0.1}");
    assert_int_equal(visitor_read(&v, false), 200);
    make_room(s);
    visitor_ask(&v, "POST", target, headers, "{}");
    assert_int_equal(visitor_read(&v, false), 200);
    visitor_close(&v);
}

static void it_is_not_ready_and_says_that_the_disk_is_full(void **state)
{
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    site_register(s, ANN);
    visitor_open(&v, s);
    badge_get(&b, &v, ANN, "phone");
    fill_disk(s, &v, &b);
    visitor_ask(&v, "GET", "/health/ready", "", "");
    assert_int_equal(visitor_read(&v, false), 503);
    assert_true(visitor_heard(&v, "\"The disk is full: events are refused until there is room\""));
    assert_span_text(http_response_find(&v.answer, "retry-after"), "1");
    make_room(s);
    visitor_ask(&v, "GET", "/health/ready", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    visitor_close(&v);
}

#define ON_A_SITE(name, loops) \
    cmocka_unit_test_prestate_setup_teardown(name, begin, site_tear_down, &(loops))
#define BOTH(name) ON_A_SITE(name, one), ON_A_SITE(name, three)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        BOTH(a_fact_that_is_refused_counts_nowhere_and_told_again_it_counts_once),
        BOTH(a_call_that_would_wait_for_the_disk_is_told_so),
        BOTH(it_is_not_ready_and_says_that_the_disk_is_full),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
