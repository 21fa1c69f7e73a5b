/* How a password or an MPIN was typed: what is refused, and that what is taken is scored. */
#include "api/desk_test.h"
#include "api/routes.h"

/* Check a body; the number of faults, the first one in `field` and `message`. */
static size_t check(struct desk *d, const char *body, struct faults *f)
{
    struct call *c = call_new(&d->api);
    *f = (struct faults){0};
    assert_ok(json_parse(span_of(body), &c->json, NULL));
    body_keystrokes(c, f);
    call_free(&c);
    return f->count;
}

static void typing_that_could_have_been_is_taken(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"keystrokes\":null}",
        "{\"keystrokes\":{\"keys\":[{\"down\":0,\"up\":0}]}}",
        "{\"keystrokes\":{\"keys\":[{\"down\":1.5,\"up\":80},{\"down\":60,\"up\":120}]}}",
        "{\"keystrokes\":{\"keys\":[{\"down\":600000,\"up\":600000,\"class\":\"other\"}]}}",
        "{\"keystrokes\":{\"field\":\"anything\",\"keys\":[{\"down\":0,\"up\":1,\"more\":[]}]}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct faults f;
        if (check(*state, bodies[i], &f) > 0) {
            fail_msg("%s: %s %s", bodies[i], f.row[0].field, f.row[0].message);
        }
    }
}

static void typing_that_cannot_have_been_is_refused_at_its_place(void **state)
{
    static const struct {
        const char *body, *field, *message;
    } cases[] = {
        {"{\"keystrokes\":[]}", "keystrokes", "must be an object"},
        {"{\"keystrokes\":7}", "keystrokes", "must be an object"},
        {"{\"keystrokes\":{}}", "keystrokes.keys", "field required"},
        {"{\"keystrokes\":{\"keys\":{}}}", "keystrokes.keys", "must be an array"},
        {"{\"keystrokes\":{\"keys\":[]}}", "keystrokes.keys", "must have 1 to 512 items"},
        {"{\"keystrokes\":{\"keys\":[1]}}", "keystrokes.keys[0]", "must be an object"},
        {"{\"keystrokes\":{\"keys\":[{}]}}", "keystrokes.keys[0].down",
         "must be a number from 0 to 600000, not below the one before"},
        {"{\"keystrokes\":{\"keys\":[{\"down\":-1,\"up\":1}]}}", "keystrokes.keys[0].down",
         "must be a number from 0 to 600000, not below the one before"},
        {"{\"keystrokes\":{\"keys\":[{\"down\":600001,\"up\":600001}]}}", "keystrokes.keys[0].down",
         "must be a number from 0 to 600000, not below the one before"},
        {"{\"keystrokes\":{\"keys\":[{\"down\":\"1\",\"up\":2}]}}", "keystrokes.keys[0].down",
         "must be a number from 0 to 600000, not below the one before"},
        {"{\"keystrokes\":{\"keys\":[{\"down\":5,\"up\":6},{\"down\":4,\"up\":9}]}}",
         "keystrokes.keys[1].down", "must be a number from 0 to 600000, not below the one before"},
        {"{\"keystrokes\":{\"keys\":[{\"down\":5,\"up\":4}]}}", "keystrokes.keys[0].up",
         "must be a number from down to 600000"},
        {"{\"keystrokes\":{\"keys\":[{\"down\":5}]}}", "keystrokes.keys[0].up",
         "must be a number from down to 600000"},
        {"{\"keystrokes\":{\"keys\":[{\"down\":5,\"up\":6,\"class\":\"digit\"}]}}",
         "keystrokes.keys[0].class", "must be one of other"}, /* which key it was is a secret */
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct faults f;
        if (check(*state, cases[i].body, &f) != 1 || strcmp(f.row[0].field, cases[i].field) != 0 ||
            strcmp(f.row[0].message, cases[i].message) != 0) {
            fail_msg("%s: %zu, %s %s", cases[i].body, f.count, f.row[0].field, f.row[0].message);
        }
    }
}

static void write_keys(char *out, size_t size, size_t count)
{
    size_t len = (size_t)snprintf(out, size, "{\"keystrokes\":{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(out + len, size - len, "%s{\"down\":%zu,\"up\":%zu}",
                                i == 0 ? "" : ",", i * 100, i * 100 + 70);
    }
    (void)snprintf(out + len, size - len, "]}}");
}

static void up_to_512_keys_are_taken(void **state)
{
    static char body[65536];
    struct faults f;
    write_keys(body, sizeof body, 512);
    assert_int_equal(check(*state, body, &f), 0);
    write_keys(body, sizeof body, 513);
    assert_int_equal(check(*state, body, &f), 1);
}

/* ---- taking it */

static void what_was_typed_is_journalled_and_scored(void **state)
{
    static const char *const fields[] = {"password", "mpin"};
    struct desk *d = *state;
    static char body[65536];
    write_keys(body, sizeof body, 512); /* the longest */
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        struct bearer b;
        desk_enter(d, &b, "phone");
        struct call *c = call_new(&d->api);
        assert_ok(json_parse(span_of(body), &c->json, NULL));
        const uint64_t lines = b.live->lines;
        const uint64_t events = b.live->events;
        take_keystrokes(c, b.owner, b.live, fields[i]);
        assert_true(b.live->lines > lines); /* a decision may stand behind it */
        assert_int_equal(b.live->events, events + 1);
        assert_int_equal(c->position, journal_appended(shard_lane(b.owner)));
        call_free(&c);
    }
}

static void without_typing_nothing_is_taken(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    const uint64_t lines = b.live->lines;
    static const char *const bodies[] = {"{}", "{\"keystrokes\":null}"};
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct call *c = call_new(&d->api);
        assert_ok(json_parse(span_of(bodies[i]), &c->json, NULL));
        take_keystrokes(c, b.owner, b.live, "mpin");
        assert_int_equal(b.live->lines, lines);
        call_free(&c);
    }
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(typing_that_could_have_been_is_taken),
        DESK_TEST(typing_that_cannot_have_been_is_refused_at_its_place),
        DESK_TEST(up_to_512_keys_are_taken),
        DESK_TEST(what_was_typed_is_journalled_and_scored),
        DESK_TEST(without_typing_nothing_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
