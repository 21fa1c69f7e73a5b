/* Members of a body, each fault in the words of docs/api.md. */
#include "api/body.h"

#include "api/desk_test.h"
#include "base/limits.h"

struct reading {
    struct call *c;
    struct faults f;
};

static void read_body(struct desk *d, struct reading *r, const char *body)
{
    *r = (struct reading){.c = call_new(&d->api)};
    assert_ok(json_parse(span_of(body), &r->c->json, NULL));
}

static void expect_fault(const struct reading *r, const char *field, const char *message)
{
    if (r->f.count != 1 || strcmp(r->f.row[0].field, field) != 0 ||
        strcmp(r->f.row[0].message, message) != 0) {
        fail_msg("%zu faults, first \"%s\" \"%s\" instead of \"%s\" \"%s\"", r->f.count,
                 r->f.row[0].field, r->f.row[0].message, field, message);
    }
}

static void a_text_is_there_and_has_its_length(void **state)
{
    static const struct {
        const char *body;
        const char *message;  /* NULL: taken */
        const char *optional; /* the same, when it may be absent */
    } cases[] = {
        {"{\"x\":\"ab\"}", NULL, NULL},
        {"{\"x\":\"abcd\"}", NULL, NULL},
        {"{\"x\":\"\\u00e9\"}", NULL, NULL}, /* two bytes */
        {"{\"x\":\"a\"}", "must be 2 to 4 bytes long", "must be 2 to 4 bytes long"},
        {"{\"x\":\"\"}", "must be 2 to 4 bytes long", "must be 2 to 4 bytes long"},
        {"{\"x\":\"abcde\"}", "must be 2 to 4 bytes long", "must be 2 to 4 bytes long"},
        {"{}", "field required", NULL},
        {"{\"x\":null}", "field required", NULL},
        {"{\"y\":\"ab\"}", "field required", NULL},
        {"{\"x\":12}", "must be a string", "must be a string"},
        {"{\"x\":true}", "must be a string", "must be a string"},
        {"{\"x\":[\"ab\"]}", "must be a string", "must be a string"},
        {"{\"x\":{}}", "must be a string", "must be a string"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int optional = 0; optional < 2; optional++) {
            const char *const message = optional == 1 ? cases[i].optional : cases[i].message;
            struct reading r;
            span_t text = SPAN_LIT("before");
            read_body(*state, &r, cases[i].body);
            const bool taken = optional == 1 ? body_text_optional(r.c, &r.f, "x", 2, 4, &text)
                                             : body_text(r.c, &r.f, "x", 2, 4, &text);
            assert_true(taken == (message == NULL));
            if (message != NULL) {
                expect_fault(&r, "x", message);
                assert_span_text(text, "before");
            } else {
                assert_true(text.len == 2 || text.len == 4 || (optional == 1 && text.len == 0));
            }
            call_free(&r.c);
        }
    }
}

static void an_address_is_one(void **state)
{
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"{\"email\":\"Ann@Example.ORG\"}", NULL},
        {"{\"email\":\"ann\"}", "must be an email address"},
        {"{\"email\":\"\"}", "must be an email address"},
        {"{\"email\":\"a@b@c\"}", "must be an email address"},
        {"{\"email\":1}", "must be a string"},
        {"{}", "field required"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reading r;
        email_t email = {0};
        read_body(*state, &r, cases[i].body);
        assert_true(body_email(r.c, &r.f, "email", &email) == (cases[i].message == NULL));
        if (cases[i].message != NULL) {
            expect_fault(&r, "email", cases[i].message);
        } else {
            assert_string_equal(email.key, "ann@example.org");
        }
        call_free(&r.c);
    }
}

static void a_new_password_is_long_rare_and_not_the_address(void **state)
{
    static const struct {
        const char *password, *message;
        const char *in_debug; /* the samples of the contract pass there */
    } cases[] = {
        {"correct horse battery", NULL, NULL},
        {"12 4 6 8", NULL, NULL},
        {"short 1", "must be 8 to 128 bytes long", "must be 8 to 128 bytes long"},
        {"password1", "is too common", "is too common"},
        {"abcdefgh", "is too common", "is too common"},
        {"ANN@example.org", "must not contain the email address",
         "must not contain the email address"},
        {"securepassword", NULL, NULL},
        {"demo123", "must be 8 to 128 bytes long", NULL},
    };
    struct desk *d = *state;
    email_t email = {0};
    assert_ok(email_parse(span_of(ANN), &email, NULL));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int debug = 0; debug < 2; debug++) {
            const char *const message = debug == 1 ? cases[i].in_debug : cases[i].message;
            char body[256];
            struct reading r;
            span_t text = {0};
            d->house.svc.rules.debug = debug == 1;
            (void)snprintf(body, sizeof body, "{\"p\":\"%s\"}", cases[i].password);
            read_body(d, &r, body);
            assert_true(body_new_password(r.c, &r.f, "p", &email, &text) == (message == NULL));
            if (message != NULL) {
                expect_fault(&r, "p", message);
            } else {
                assert_span_text(text, cases[i].password);
            }
            call_free(&r.c);
        }
    }
}

static bool is_taken(struct desk *d, const char *address, const char *password)
{
    char body[512];
    struct reading r;
    email_t email = {0};
    span_t text = {0};
    assert_ok(email_parse(span_of(address), &email, NULL));
    (void)snprintf(body, sizeof body, "{\"p\":\"%s\"}", password);
    read_body(d, &r, body);
    const bool taken = body_new_password(r.c, &r.f, "p", &email, &text);
    if (!taken) {
        expect_fault(&r, "p", "must not contain the email address");
    }
    call_free(&r.c);
    return taken;
}

static void an_address_is_found_anywhere_in_a_password(void **state)
{
    static const struct {
        const char *address, *password;
        bool taken;
    } cases[] = {
        {ANN, "ann@example.org", false},
        {ANN, "ann@example.org!", false},
        {ANN, "7ann@example.org", false},
        {ANN, "my ann@example.org 7", false},
        {ANN, "aNN@eXaMpLe.OrG 2", false},
        {ANN, "ann@ann@example.org", false}, /* begins anew inside of itself */
        {ANN, "annann@example.organn", false},
        {"Ann@Example.ORG", "xx ann@example.org", false},
        {"a@a.aa", "a@a@a.aa", false},
        {ANN, "\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87" ANN "\xd0\xba", false}, /* UTF-8 around it */
        {ANN, "ann@example.or", true},
        {ANN, "ann@example.or g", true},
        {ANN, "nn@example.org 42", true},
        {ANN, "ann\xc2\xad@example.org", true},
        {ANN, "ann@ex\xc3\xa4mple.org", true},
        {ANN, "ann at example.org", true},
        {ANN, "ann-plover-77", true}, /* the local part alone */
        {"plover-granite@example.org", "plover-granite", true},
        {"plover-granite@example.org", "example.org 77", true},
        {"k@plover.example", "\xe2\x84\xaa@plover.example", true}, /* the Kelvin sign: no ASCII */
        {"somebody.with.a.long.name@mail.example.org", "mail.example", true},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (is_taken(d, cases[i].address, cases[i].password) != cases[i].taken) {
            fail_msg("%s, %s", cases[i].address, cases[i].password);
        }
    }
}

/* Whatever stands before and behind. */
static void an_address_is_found_at_every_place(void **state)
{
    struct desk *d = *state;
    char around[64] = "";
    const size_t len = strlen(ANN);
    for (size_t at = 0; at + len < sizeof around; at++) {
        memset(around, '-', sizeof around - 1);
        for (size_t i = 0; i < len; i++) {
            around[at + i] = ANN[i];
        }
        assert_false(is_taken(d, ANN, around));
        around[at + len / 2] = '-';
        assert_true(is_taken(d, ANN, around));
    }
}

static void a_password_of_any_length_is_answered(void **state)
{
    struct desk *d = *state;
    for (size_t len = LIMIT_PASSWORD_BYTES - 1; len <= LIMIT_PASSWORD_BYTES + 1; len++) {
        char body[256] = "{\"p\":\"";
        struct reading r;
        span_t text = {0};
        for (size_t i = 0; i < len; i++) { /* no pattern that is on a list */
            body[6 + i] = (char)('a' + ((i + 3) * (i + 7) * 2654435761U >> 9) % 26);
        }
        memcpy(body + 6 + len, "\"}", 3);
        read_body(d, &r, body);
        assert_true(body_new_password(r.c, &r.f, "p", NULL, &text) ==
                    (len <= LIMIT_PASSWORD_BYTES));
        call_free(&r.c);
    }
}

static void an_mpin_has_exactly_its_digits(void **state)
{
    static const struct {
        const char *mpin;
        unsigned length;
        bool good;
    } cases[] = {
        {"8305", 4, true},
        {"830512", 6, true},
        {"8305", 6, false},
        {"830512", 4, false},
        {"830", 4, false},
        {"", 4, false},
        {"83o5", 4, false},
        {"8305 ", 4, false},
        {"-305", 4, false},
        {"+305", 4, false},
        {"\xd9\xa3\xd9\xa4", 4, false}, /* Arabic */
    };
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reading r;
        char words[64];
        d->house.svc.rules.mpin_length = cases[i].length;
        read_body(d, &r, "{}");
        assert_true(body_mpin_form(r.c, span_of(cases[i].mpin)) == cases[i].good);
        if (!cases[i].good) {
            (void)snprintf(words, sizeof words, "\"detail\":\"MPIN must be exactly %u digits\"",
                           cases[i].length);
            assert_int_equal(r.c->status, 400);
            assert_non_null(memmem(r.c->reply.ptr, r.c->reply.len, words, strlen(words)));
        }
        call_free(&r.c);
    }
}

static void an_mpin_that_anybody_would_try_first_is_refused(void **state)
{
    static const struct {
        const char *mpin;
        bool weak, weak_in_debug;
    } cases[] = {{"8305", false, false},
                 {"1111", true, true},
                 {"1234", true, false},
                 {"0000", true, false},
                 {"4321", true, true}};
    struct desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int debug = 0; debug < 2; debug++) {
            struct reading r;
            d->house.svc.rules.debug = debug == 1;
            read_body(d, &r, "{}");
            body_mpin_strength(r.c, &r.f, "new_mpin", span_of(cases[i].mpin));
            assert_int_equal(r.f.count, debug == 1 ? cases[i].weak_in_debug : cases[i].weak);
            if (r.f.count > 0) {
                expect_fault(&r, "new_mpin", "is too easy to guess");
            }
            call_free(&r.c);
        }
    }
}

static void an_id_is_a_uuid(void **state)
{
    static const struct {
        const char *body, *message, *optional;
    } cases[] = {
        {"{\"id\":\"11111111-1111-4111-8111-111111111111\"}", NULL, NULL},
        {"{\"id\":\"11111111-1111-4111-8111-11111111111\"}", "must be a UUID", "must be a UUID"},
        {"{\"id\":\"\"}", "must be a UUID", "must be a UUID"},
        {"{\"id\":7}", "must be a string", "must be a string"},
        {"{\"id\":null}", "field required", NULL},
        {"{}", "field required", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int optional = 0; optional < 2; optional++) {
            const char *const message = optional == 1 ? cases[i].optional : cases[i].message;
            struct reading r;
            uuid_t id = {{9}};
            read_body(*state, &r, cases[i].body);
            assert_true(body_uuid(r.c, &r.f, "id", optional == 0, &id) == (message == NULL));
            if (message != NULL) {
                expect_fault(&r, "id", message);
            } else {
                assert_true(id.byte[0] == 0x11 || uuid_eq(id, (uuid_t){{0}}));
            }
            call_free(&r.c);
        }
    }
}

static void a_flag_is_true_false_or_absent(void **state)
{
    static const struct {
        const char *body;
        bool good, value;
    } cases[] = {
        {"{\"enforce\":true}", true, true},  {"{\"enforce\":false}", true, false},
        {"{\"enforce\":null}", true, false}, {"{}", true, false},
        {"{\"enforce\":1}", false, false},   {"{\"enforce\":\"true\"}", false, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reading r;
        bool value = true;
        read_body(*state, &r, cases[i].body);
        assert_true(body_flag(r.c, &r.f, "enforce", &value) == cases[i].good);
        assert_true(value == cases[i].value);
        if (!cases[i].good) {
            expect_fault(&r, "enforce", "must be true or false");
        }
        call_free(&r.c);
    }
}

/* All at once, in the order of the route's document. */
static void every_fault_of_a_body_is_told(void **state)
{
    static const char *const fields[] = {"email", "password", "device_id"};
    struct call *c =
        ask_from(*state, &(arrival_t){.from = "127.0.0.1"}, "POST", "/api/v1/auth/login",
                 "Content-Type: application/json\r\n", "{\"device_id\":7,\"other\":1}");
    assert_int_equal(c->status, 422);
    struct json *tree = answer_of(c);
    const struct json *errors = json_get(tree, "errors");
    assert_int_equal(json_count(errors), ARRAY_LEN(fields));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        span_t field = {0};
        assert_true(json_get_text(json_item(errors, i), "field", &field));
        assert_span_text(field, fields[i]);
    }
    json_free(&tree);
    call_free(&c);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_text_is_there_and_has_its_length),
        DESK_TEST(an_address_is_one),
        DESK_TEST(a_new_password_is_long_rare_and_not_the_address),
        DESK_TEST(an_address_is_found_anywhere_in_a_password),
        DESK_TEST(an_address_is_found_at_every_place),
        DESK_TEST(a_password_of_any_length_is_answered),
        DESK_TEST(an_mpin_has_exactly_its_digits),
        DESK_TEST(an_mpin_that_anybody_would_try_first_is_refused),
        DESK_TEST(an_id_is_a_uuid),
        DESK_TEST(a_flag_is_true_false_or_absent),
        DESK_TEST(every_fault_of_a_body_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
