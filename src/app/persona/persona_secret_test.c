/* persona_secret_test.c - secrets are typed alike every day by one person, and otherwise by another. */
#include "app/persona/persona_secret.h"

#include "base/util.h"
#include "codec/json_read.h"
#include "tests/support/unit.h"

#include <math.h>

enum { SESSIONS = 24, ACCOUNTS = 6 };

static struct persona_secret typist(enum persona_kind kind, uint64_t account, unsigned session)
{
    struct persona p;
    struct persona_secret s;
    persona_init(&p, kind, account, session);
    secret_init(&s, &p, account, session);
    return s;
}

static struct json *typed(enum persona_kind kind, uint64_t account, unsigned session,
                          enum secret_field field)
{
    struct persona_secret s = typist(kind, account, session);
    struct json *tree = NULL;
    struct json_writer w;
    CLEANUP(buf_deinit) struct buf text;
    buf_init(&text, PERSONA_EVENT_MAX);
    json_writer_init(&w, &text);
    assert_true(secret_type(&s, field, true, &w) > 0.0);
    assert_ok(json_finish(&w));
    assert_ok(json_parse(buf_span(&text), &tree, NULL));
    return tree;
}

static double number(const struct json *key, const char *name)
{
    double x = NAN;
    assert_true(json_get_double(key, name, &x));
    return x;
}

/* Keys come in order, are held, and say nothing of what they are. */
static void a_secret_is_typed_as_the_format_wants_it(void **state)
{
    (void)state;

    static const enum persona_kind kinds[] = {PERSONA_OWNER, PERSONA_OTHER, PERSONA_REMOTE};

    for (size_t i = 0; i < ARRAY_LEN(kinds) * ACCOUNTS; i++) {
        CLEANUP(json_free)
        struct json *tree = typed(kinds[i % 3], i / 3, (unsigned)i, SECRET_PASSWORD);
        const struct json *const keys = json_get(tree, "keys");
        span_t text = {0};
        double last = 0.0;
        assert_true(json_get_text(tree, "field", &text) && span_eq(text, SPAN_LIT("password")));
        assert_in_range(json_count(keys), 8, SECRET_KEYS_MAX);
        for (size_t k = 0; k < json_count(keys); k++) {
            const struct json *const key = json_item(keys, k);
            assert_true(number(key, "down") >= last);
            assert_true(number(key, "up") > number(key, "down"));
            assert_true(json_get_text(key, "class", &text) && span_eq(text, SPAN_LIT("other")));
            last = number(key, "down");
        }
    }
    CLEANUP(json_free) struct json *mpin = typed(PERSONA_OWNER, 1, 0, SECRET_MPIN);
    assert_int_equal(json_count(json_get(mpin, "keys")), 4);
}

/* Mean absolute difference of the logs of the gaps. */
static double apart(const struct json *a, const struct json *b)
{
    const struct json *const x = json_get(a, "keys");
    const struct json *const y = json_get(b, "keys");
    const size_t n = json_count(x);
    double sum = 0.0;
    assert_int_equal(n, json_count(y)); /* of the account: a thief types as many */
    for (size_t i = 1; i < n; i++) {
        const double gap[2] = {
            number(json_item(x, i), "down") - number(json_item(x, i - 1), "down"),
            number(json_item(y, i), "down") - number(json_item(y, i - 1), "down")};
        sum += fabs(log(gap[0]) - log(gap[1]));
    }
    return sum / (double)(n - 1);
}

static void the_owner_is_nearer_to_himself_than_a_stranger_is(void **state)
{
    (void)state;
    double own = 0.0;
    double other = 0.0;
    for (uint64_t account = 0; account < ACCOUNTS; account++) {
        CLEANUP(json_free) struct json *first = typed(PERSONA_OWNER, account, 0, SECRET_PASSWORD);
        for (unsigned i = 1; i < SESSIONS; i++) {
            CLEANUP(json_free)
            struct json *again = typed(PERSONA_OWNER, account, i, SECRET_PASSWORD);
            CLEANUP(json_free)
            struct json *thief = typed(PERSONA_OTHER, account, i, SECRET_PASSWORD);
            own += apart(first, again);
            other += apart(first, thief);
        }
    }
    assert_true(other > 1.2 * own);
}

static void equal_arguments_give_equal_bytes_and_a_replay_the_first_session(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct persona_secret a = typist(PERSONA_OWNER, 7, 0);
        struct persona_secret b = typist(i == 0 ? PERSONA_OWNER : PERSONA_REPLAY, 7, i);
        CLEANUP(buf_deinit) struct buf one;
        CLEANUP(buf_deinit) struct buf two;
        int64_t took[2] = {0, 0};
        buf_init(&one, PERSONA_EVENT_MAX);
        buf_init(&two, PERSONA_EVENT_MAX);
        assert_ok(secret_event(&a, SECRET_PASSWORD, &one, &took[0]));
        assert_ok(secret_event(&b, SECRET_PASSWORD, &two, &took[1]));
        assert_true(span_eq(buf_span(&one), buf_span(&two)));
        assert_true(took[0] > 0 && took[0] == took[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_typed_as_the_format_wants_it),
        cmocka_unit_test(the_owner_is_nearer_to_himself_than_a_stranger_is),
        cmocka_unit_test(equal_arguments_give_equal_bytes_and_a_replay_the_first_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
